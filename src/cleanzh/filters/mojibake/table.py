"""The gate for much text: the same lines as :mod:`.gate` finds, from the scan that all gates share."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cleanzh.filters.mojibake.gate import BOXES, NEAR
from cleanzh.filters.mojibake.western import LEAD_AND_TRAIL
from cleanzh.lexicon.kinds import ACCENT, BOX, HAN, HANGUL, KANA, kinds_by_character, kinds_of

__all__ = ["lines_by_table"]

_FAR = NEAR + 1  # how far the third character of damage, or the end of the line, is from the second at most


def lines_by_table(text: str) -> Iterator[tuple[int, int]]:
    """Where the lines lie that have some of what mojibake is made of."""
    kinds = kinds_of(text)
    here = kinds_by_character(text)
    found: list[Iterator[int]] = [_several(text, np.flatnonzero(here >= np.uint32(BOX)).tolist())]
    if kinds & ACCENT:
        found.append(_accents(text, np.flatnonzero((here & np.uint32(ACCENT)) != 0).tolist()))
    if kinds & HANGUL:
        found.append(_abutting(here))
    last = -1
    for place in heapq.merge(*found) if len(found) > 1 else found[0]:
        if place > last:
            start = text.rfind("\n", 0, place) + 1
            last = text.find("\n", place)
            last = len(text) if last < 0 else last
            yield start, last


def _several(text: str, places: list[int]) -> Iterator[int]:
    """The places where something begins that may be damage: three characters near each other, or two at an end."""
    for first, second, third in zip(places, places[1:], [*places[2:], len(text)], strict=False):
        if (
            second - first <= NEAR
            and (third - second <= _FAR or text.find("\n", second + 1, second + _FAR + 1) >= 0)
            and text.find("\n", first, second) < 0
            and not BOXES[0] <= text[first] <= BOXES[-1]
        ):
            yield first


def _accents(text: str, places: list[int]) -> Iterator[int]:
    """The places where the first byte of a UTF-8 character and a second one stand, read as Latin-1 or CP1252."""
    return (place for place in places if LEAD_AND_TRAIL.match(text, place) is not None)


def _abutting(here: NDArray[np.uint32]) -> Iterator[int]:
    """The places of hangul and Han side by side, which Korean does not write and GBK read as EUC-KR does."""
    hangul = (here & np.uint32(HANGUL)) != 0
    han = (here & np.uint32(HAN | KANA)) != 0
    yield from np.flatnonzero((hangul[:-1] & han[1:]) | (han[:-1] & hangul[1:])).tolist()
