"""Which line is the title, where that is clear."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence

from cleanzh.lexicon.outline import Outline
from cleanzh.patterns import lazily

__all__ = ["ABOVE", "find_title"]

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
_SUBTITLE = lazily(r"^(?:——|--|[（(【])|[）)]$")
_PATH = lazily(r"\S\s*[>»›]\s*\S|[>»›]\s*$")  # where on the site the page is
_EMPTY = frozenset({"正文", "内容", "原文", "文章正文"})
_CLOSED = "。，；：、,;:…"
ABOVE = 12  # lines above the header, or the first paragraph, that are looked at


def find_title(lines: Outline | Sequence[str], gone: list[int], first: int, metadata: Mapping[str, str]) -> str | None:
    """The title of an article whose header lines are ``gone`` and whose first paragraph is line ``first``.

    It is the line right above the header, or right below a header that opens the text, or the first line if the first
    paragraph follows it. Anything else may be a menu, a caption or a heading, and is not guessed at.
    """
    header = gone[0] if gone and gone[0] <= first else None
    if header is None and not first:
        return None
    anchor = header if header is not None else min(first, len(lines))
    names = metadata.values()
    above: list[str] = []  # the two next lines
    for number in range(anchor - 1, max(0, anchor - ABOVE) - 1, -1):
        line = lines[number].strip()
        if line and line not in names and line not in _EMPTY:
            above.append(line)
            if len(above) == 2:
                break
    if not above:
        return None if header is None else _below(lines, gone, header, first)
    title = above[0]
    opens = len(above) == 1  # the first line of the text is less likely a menu
    if header is None and not opens and not _PATH.search(above[1]):
        return None
    if not _is_titular(title, _FOUR if opens else _SIX):
        return None
    if len(above) > 1 and (_SUBTITLE.search(title) or title.endswith(above[1])) and _is_titular(above[1], _SIX):
        return above[1]
    return title


def _below(lines: Outline | Sequence[str], gone: list[int], header: int, first: int) -> str | None:
    removed, below = set(gone), header
    while below < len(lines) and (below in removed or not lines[below] or lines[below].isspace()):
        below += 1
    return lines[below].strip() if below < first and below < len(lines) and _is_titular(lines[below], _SIX) else None


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
