"""Which line is the title, where that is clear."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Collection

from cleanzh.lexicon.outline import INK, Outline
from cleanzh.patterns import lazily

__all__ = ["ABOVE", "find_title", "find_title_above"]

_ANY = sys.maxsize
_REMEMBERED = 1024
_HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
_FOUR, _SIX = (lazily(f"(?:[^{_HAN}]*[{_HAN}]){{{least}}}") for least in (4, 6))
# A search skips to the characters of the set that a pattern begins with, ten times as fast as it tries each place.
_NAVIGATION = lazily(
    "[>»›首登注註客搜当您](?:(?<=[>»›])|(?<=首)[页頁]|(?<=登)[录錄]|(?<=注)册|(?<=註)冊|(?<=客)户端|(?<=搜)索|(?<=当)前位置|(?<=您)的位置)"
)
_BULLETS = "▲▼►▸●◆■"
_WORDS = lazily(r"\S(?: +\S+){3} +\S")  # five of them are a menu
_BLANKS = 4
_CAPTION = lazily(r"[（(][^（）()]*(?:图|圖|摄|攝|照|截图)[^（）()]*[）)]\s*$|[摄攝]\s*$")
_CAPTION_ENDS = "）)摄攝"
_OPENS_SUBTITLE = ("——", "--", "（", "(", "【")
_CLOSES_SUBTITLE = ("）", ")")
_PATH = lazily(r"\S\s*[>»›]\s*\S|[>»›]\s*$")  # where on the site the page is
_EMPTY = frozenset({"正文", "内容", "原文", "文章正文"})
_CLOSED = "。，；：、,;:…"
ABOVE = 12  # lines above the header, or the first paragraph, that are looked at


def find_title(outline: Outline, gone: list[int], first: int, names: Collection[str]) -> str | None:
    """The title of an article whose header lines are ``gone`` and whose first paragraph is line ``first``.

    It is the line right above the header, or right below a header that opens the text, or the first line if the first
    paragraph follows it. Anything else may be a menu, a caption or a heading, and is not guessed at.
    """
    if not gone or gone[0] > first:
        return find_title_above(outline, outline.pick(first - ABOVE, first, 0, _ANY, INK), names)
    header = gone[0]
    above = _nearest(outline, outline.pick(header - ABOVE, header, 0, _ANY, INK), names)
    return _title_of(above) if above else _below(outline, gone, header, first)


def find_title_above(outline: Outline, numbers: list[int], names: Collection[str]) -> str | None:
    """The title among the lines of these numbers, the first paragraph being next."""
    above = _nearest(outline, numbers, names)
    if not above or (len(above) > 1 and not _is_path(above[1])):
        return None
    return _title_of(above)


def _nearest(outline: Outline, numbers: list[int], names: Collection[str]) -> list[str]:
    """The last of these lines and the one before it, if it is no menu nor one of the ``names`` that a header said."""
    above: list[str] = []
    for number in reversed(numbers):
        line = outline[number].strip()
        if line and line not in names and line not in _EMPTY:
            above.append(line)
            if len(above) == 2:
                break
    return above


def _title_of(above: list[str]) -> str | None:
    """The nearest line, or the one above it."""
    title = above[0]
    if len(above) == 1:  # the first line of the text is less likely a menu
        return title if _is_titular(title, _FOUR) else None
    if not _is_titular(title, _SIX):
        return None
    above_it = above[1]
    subtitle = title.startswith(_OPENS_SUBTITLE) or title.endswith((*_CLOSES_SUBTITLE, above_it))
    return above_it if subtitle and _is_titular(above_it, _SIX) else title


def _is_path(line: str) -> bool:
    return (">" in line or "»" in line or "›" in line) and _PATH.search(line) is not None


def _below(outline: Outline, gone: list[int], header: int, first: int) -> str | None:
    """The first line below a header that opens the text."""
    removed = set(gone)
    for number in outline.pick(header, first, 0, _ANY, INK):
        if number not in removed:
            line = outline[number]
            return line.strip() if _is_titular(line, _SIX) else None
    return None


@functools.lru_cache(maxsize=_REMEMBERED)  # asked again of what is left when lines went, and in the next round
def _is_titular(line: str, enough: re.Pattern[str]) -> bool:
    line = line.strip()
    if not 4 <= len(line) <= 100 or line[-1] in _CLOSED or "。" in line:
        return False
    if enough.match(line) is None or line[0] in _BULLETS or _NAVIGATION.search(line):
        return False
    if line.count(" ") >= _BLANKS and _WORDS.search(line):
        return False
    return not (line[-1] in _CAPTION_ENDS and _CAPTION.search(line))
