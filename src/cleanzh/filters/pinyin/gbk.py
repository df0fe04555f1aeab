"""The characters of GBK and their two bytes, as Windows reads them.

What a converter broke, it broke between these bytes. GB18030's codec knows the user-defined zones too (they are read as
private use), and a lone 0x80 is ``€``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
    raw = b"".join([bytes((lead, trail, 0x0A)) for lead in LEADS for trail in TRAILS])  # one by one it takes 40 ms
    chars = raw.decode("gb18030", "replace").split("\n")
    pairs = (lead << 8 | trail for lead in LEADS for trail in TRAILS)
    return {pair: char for pair, char in zip(pairs, chars, strict=False) if len(char) == 1 and char != "\ufffd"}


@lru_cache(maxsize=1)
def encoder() -> dict[str, int]:
    """The two bytes of a character, as one number: lead byte first."""
    return {char: pair for pair, char in decoder().items()}


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
def vanishing() -> NDArray[np.bool_]:
    """:func:`in_zone` of all pairs."""
    import numpy as np

    table = np.zeros((256, 256), np.bool_)
    for pair, char in decoder().items():
        table[pair >> 8, pair & 0xFF] = is_private(char)
    return table
