"""Which lines may be mojibake: cheap enough to ask of every text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from cleanzh import prepared
from cleanzh.kernels import kernel
from cleanzh.lexicon.classes import bits_of
from cleanzh.lexicon.strange import BOXES, LEADS, SHORT, TRAILS, strange
from cleanzh.patterns import lazily

__all__ = ["patterns", "suspicious_lines"]

_LINE: Final = lazily("[^\n]+")
_HANGUL: Final = lazily("[가-힣]")
_HAN: Final = lazily("[一-鿿ぁ-ヿ]")
# The two side by side; the rarer one is looked for.
_HANGUL_BY_HAN: Final = lazily("[가-힣](?:(?=[一-鿿ぁ-ヿ])|(?<=[一-鿿ぁ-ヿ].))")
_HAN_BY_HANGUL: Final = lazily("[一-鿿ぁ-ヿ](?:(?=[가-힣])|(?<=[가-힣].))")
_HEAD = 400


@prepared.at_build("lexicon/bigrams.npz", "lexicon/bigrams.py", "lexicon/classes.py", "lexicon/strange.py")
def _classes() -> bytes:
    """Of each character, as bits: strange, the same or box drawing, first and second byte of a UTF-8
    character, hangul, Han and kana."""
    return bytes(bits_of((strange(), strange() + BOXES, LEADS, TRAILS, "가-힣", "一-鿿ぁ-ヿ")))


@lru_cache(maxsize=1)
def patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds a suspicious line; and the same or any hangul, which most texts have neither of.

    That is three characters of those that damage is made of with a few others between, or two at an end of a line; or
    the first byte of a UTF-8 character and a second one, read as Latin-1 or CP1252.
    """
    more = f"[{strange()}{BOXES}]"
    behind = f"[^\n]{{0,3}}?{more}(?:[^\n]{{0,4}}?{more}|[^\n]{{0,4}}$)|(?<=[{LEADS}])[{TRAILS}]"
    several = lazily(f"[{strange()}](?:{behind})", re.MULTILINE)
    return several, lazily(f"[{strange()}가-힣](?:(?<=[가-힣])|{behind})", re.MULTILINE)


def suspicious_lines(text: str) -> list[tuple[int, int]]:
    """Where the lines lie that have some of what mojibake is made of."""
    if text.isascii():
        return []
    if len(text) <= SHORT:
        return [match.span() for match in _LINE.finditer(text)]
    compiled = kernel("mojibake")
    if compiled is not None:
        return compiled.suspicious_lines(text, _classes())  # type: ignore[no-any-return]
    several, any_of_these = patterns()
    first = any_of_these.search(text)
    if first is None:
        return []
    found = _lines_with(several, text, first.start())
    if _HANGUL.search(text, first.start()) is not None:
        found = sorted({*found, *_lines_with(_mixed(text), text, 0)})
    return found


def _lines_with(pattern: re.Pattern[str], text: str, start: int) -> list[tuple[int, int]]:
    found = []
    match = pattern.search(text, start)
    while match is not None:
        end = text.find("\n", match.start())
        end = len(text) if end < 0 else end
        found.append((text.rfind("\n", 0, match.start()) + 1, end))
        match = pattern.search(text, end)
    return found


def _mixed(text: str) -> re.Pattern[str]:
    """What finds hangul and Han side by side, which Korean does not write and GBK read as EUC-KR does."""
    head = text[:_HEAD]
    return _HAN_BY_HANGUL if len(_HANGUL.findall(head)) > len(_HAN.findall(head)) else _HANGUL_BY_HAN
