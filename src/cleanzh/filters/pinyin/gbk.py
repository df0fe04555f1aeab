"""The characters of GBK and their two bytes, as Windows reads them.

What a converter broke, it broke between these bytes. GB18030's codec knows the user-defined zones too (they are read as
private use), and a lone 0x80 is ``€``.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from typing import Final

from cleanzh import prepared
from cleanzh.kernels import kernel
from cleanzh.lexicon.classes import ENTRIES

__all__ = [
    "EURO",
    "LEADS",
    "TRAILS",
    "beginning_with",
    "char_of",
    "ending_in",
    "in_zone",
    "is_private",
    "is_usual",
    "pair_anew",
    "pair_of",
    "usual",
    "vanishing",
]

LEADS: Final = tuple(range(0x81, 0xFF))
TRAILS: Final = tuple(byte for byte in range(0x40, 0xFF) if byte != 0x7F)
EURO: Final = 0x80
_OTHERS: Final = {"？": 0xA3BF, "€": 0xA2E3}  # which may be other characters
_MARKS: Final = frozenset("，。、；：！？“”‘’（）《》…—·【】〈〉「」『』")


def char_of(pair: int) -> str:
    """What two bytes, as one number, lead byte first, stand for; empty if for nothing.

    Pairs of the user-defined zones stand for private use.
    """
    glyph = _plain()[1][pair]
    return "" if glyph == 0xFFFD else chr(glyph)


def pair_of(char: str) -> int:
    """The two bytes of a character; 0 if it has none."""
    if char in _OTHERS:
        return _OTHERS[char]
    return _plain()[0][ord(char)] if "" < char <= "\uffff" else 0


def is_private(char: str) -> bool:
    return "\ue000" <= char <= "\uf8ff"


@lru_cache(maxsize=256)
def beginning_with(lead: int) -> dict[str, int]:
    """The characters with this lead byte, and their trail bytes."""
    found = ((char_of(lead << 8 | trail), trail) for trail in TRAILS)
    return {char: trail for char, trail in found if char and not is_private(char)}


@lru_cache(maxsize=256)
def ending_in(trail: int) -> dict[str, int]:
    """The characters with this trail byte, and their lead bytes."""
    found = ((char_of(lead << 8 | trail), lead) for lead in LEADS)
    return {char: lead for char, lead in found if char and not is_private(char)}


def is_usual(char: str) -> bool:
    """Han, the marks of running text and ASCII: not the full-width letters, kana and boxes that GBK has besides."""
    return "\u4e00" <= char <= "\u9fff" or char in _MARKS or char < "\x80"


def usual() -> list[range]:
    """The code points of :func:`is_usual`."""
    return [range(0x80), range(0x4E00, 0xA000), *(range(ord(mark), ord(mark) + 1) for mark in _MARKS)]


def in_zone(first: int, second: int) -> bool:
    """Whether two bytes stand for private use: in a user-defined zone, or not assigned when Unicode took GBK in.

    Such characters seldom survive what a page goes through.
    """
    return is_private(char_of(first << 8 | second))


@prepared.at_build()
def vanishing() -> bytes:
    """:func:`in_zone` of all pairs, 0 or 1 for each."""
    return bytes(0xE000 <= glyph <= 0xF8FF for glyph in _plain()[1])


def pair_anew(text: str, position: int, stop: int, pending: int) -> tuple[str, bytes, int, int]:
    """What the bytes from ``position`` on stand for when each trail byte is taken for a lead byte, ``pending`` first.

    Up to ``stop``, to a character that has no two bytes or is ``？`` or ``€``, which may be others; or behind one whose
    trail byte is ASCII, or that together with the one before stands for nothing. Beside the characters their bytes,
    where the reading ended, and the byte that is pending there.

    >>> chars, _, position, pending = pair_anew("槲覀兣臄z", 0, 5, 0x9E)
    >>> chars, position, hex(pending)
    ('為我們拍', 4, '0x94')
    """
    compiled = kernel("gbk")
    if compiled is not None:
        return compiled.pair_anew(text, position, stop, pending, *_plain())  # type: ignore[no-any-return]
    pairs, glyphs = _plain()
    chars, read = [], bytearray()
    while position < stop and text[position] <= "\uffff" and (pair := pairs[ord(text[position])]):
        read += bytes((pending, pair >> 8))
        chars.append(chr(glyphs[pending << 8 | pair >> 8]))
        pending = pair & 0xFF
        position += 1
        if pending < 0x80 or chars[-1] == "\ufffd":
            break
    return "".join(chars), bytes(read), position, pending


@lru_cache(maxsize=1)
def _plain() -> tuple[memoryview, memoryview]:
    pairs, glyphs = _plain_as_bytes()
    return memoryview(pairs).cast("H"), memoryview(glyphs).cast("H")


@prepared.at_build("lexicon/classes.py")
def _plain_as_bytes() -> tuple[bytes, bytes]:
    """:func:`pair_of` and :func:`char_of` as arrays; the first one has 0 for what may be another character."""
    pairs, glyphs = array("H", bytes(2 * ENTRIES)), array("H", [0xFFFD]) * 0x10000
    for lead in LEADS:
        for trail in TRAILS:
            char = bytes((lead, trail)).decode("gb18030", "replace")
            if len(char) == 1 and char != "\ufffd":
                glyphs[lead << 8 | trail] = ord(char)
                pairs[ord(char)] = 0 if char in _OTHERS else lead << 8 | trail
    return pairs.tobytes(), glyphs.tobytes()
