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
    "decoder",
    "encoder",
    "ending_in",
    "in_zone",
    "is_private",
    "is_usual",
    "pair_anew",
    "usual",
    "vanishing",
]

LEADS: Final = tuple(range(0x81, 0xFF))
TRAILS: Final = tuple(byte for byte in range(0x40, 0xFF) if byte != 0x7F)
EURO: Final = 0x80
_MARKS: Final = frozenset("，。、；：！？“”‘’（）《》…—·【】〈〉「」『』")


@lru_cache(maxsize=1)
def decoder() -> dict[int, str]:
    """What two bytes stand for; pairs of the user-defined zones stand for private use."""
    pairs, chars = _known()
    return dict(zip(memoryview(pairs).cast("H"), str(chars, "utf-16-le"), strict=True))


@lru_cache(maxsize=1)
def encoder() -> dict[str, int]:
    """The two bytes of a character, as one number: lead byte first."""
    pairs, chars = _known()
    return dict(zip(str(chars, "utf-16-le"), memoryview(pairs).cast("H"), strict=True))


@prepared.at_build()
def _known() -> tuple[bytes, bytes]:
    """The pairs that stand for a character, and these, in UTF-16."""
    pairs = [lead << 8 | trail for lead in LEADS for trail in TRAILS]
    chars = [pair.to_bytes(2, "big").decode("gb18030", "replace") for pair in pairs]
    known = [(pair, char) for pair, char in zip(pairs, chars, strict=True) if len(char) == 1 and char != "\ufffd"]
    return array("H", (pair for pair, _ in known)).tobytes(), "".join(char for _, char in known).encode("utf-16-le")


def is_private(char: str) -> bool:
    return "\ue000" <= char <= "\uf8ff"


@lru_cache(maxsize=256)
def beginning_with(lead: int) -> dict[str, int]:
    """The characters with this lead byte, and their trail bytes."""
    found = ((decoder().get(lead << 8 | trail, "\ue000"), trail) for trail in TRAILS)
    return {char: trail for char, trail in found if not is_private(char)}


@lru_cache(maxsize=256)
def ending_in(trail: int) -> dict[str, int]:
    """The characters with this trail byte, and their lead bytes."""
    found = ((decoder().get(lead << 8 | trail, "\ue000"), lead) for lead in LEADS)
    return {char: lead for char, lead in found if not is_private(char)}


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
    return first << 8 | second in _zones()


@lru_cache(maxsize=1)
def _zones() -> frozenset[int]:
    return frozenset(pair for pair, char in decoder().items() if is_private(char))


@lru_cache(maxsize=1)
def vanishing() -> bytes:
    """:func:`in_zone` of all pairs, 0 or 1 for each."""
    table = bytearray(1 << 16)
    for pair in _zones():
        table[pair] = 1
    return bytes(table)


def pair_anew(text: str, position: int, stop: int, pending: int) -> tuple[str, bytes, int, int]:
    """What the bytes from ``position`` on stand for when each trail byte is taken for a lead byte, ``pending`` first.

    Up to ``stop``, to a character that has no two bytes or is ``？`` or ``€``, which may be others; or behind one whose
    trail byte is ASCII, or that together with the one before stands for nothing. Beside the characters their bytes,
    where the reading ended, and the byte that is pending there.

    >>> chars, _, position, pending = pair_anew("槲覀兣臄z", 0, 5, 0x9E)
    >>> chars, position, hex(pending)
    ('為我們拍', 4, '0x94')
    """
    compiled = kernel("notes")
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
    """:func:`encoder` and :func:`decoder` as arrays; the first one has 0 for what may be another character."""
    pairs, glyphs = array("H", bytes(2 * ENTRIES)), array("H", [0xFFFD]) * 0x10000
    for pair, char in decoder().items():
        glyphs[pair] = ord(char)
    for char, pair in encoder().items():
        pairs[ord(char)] = 0 if char in "？€" else pair
    return pairs.tobytes(), glyphs.tobytes()
