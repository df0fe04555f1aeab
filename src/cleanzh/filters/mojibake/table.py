"""The gate for much text: the same lines as :mod:`.gate` finds, by table look-ups in numpy.

It takes 0.15 s to import numpy and make the tables, and a fifth of the time for each text from then on.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cleanzh.filters.mojibake.gate import BOXES, NEAR
from cleanzh.filters.mojibake.western import LEAD_AND_TRAIL
from cleanzh.lexicon import bigrams
from cleanzh.lexicon.kinds import RARE, STRANGE, TYPICAL, code_units

__all__ = ["lines_by_table"]

_ACCENTED: Final = "À-ÖØ-öø-ÿ"  # what the first byte of a UTF-8 character is in Latin-1, and more
_HANGUL: Final = "가-힣"
_HAN: Final = "一-鿿ぁ-ヿ"

_STRANGE_HERE, _BOX_HERE, _ACCENT_HERE, _HANGUL_HERE, _HAN_HERE = range(1, 6)
# Three characters of the kind that damage is made of with a few others between, or two at an end.
_SEVERAL: Final = re.compile(
    rb"[\x01\x03](?=[^\n]{0,3}?[\x01-\x03](?:[^\n]{0,4}?[\x01-\x03]|[^\n]{0,4}$))", re.MULTILINE
)


@lru_cache(maxsize=1)
def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The class of each code point of the BMP: what damage is made of, and apart from that, hangul and Han."""
    everything = "".join(map(chr, range(0x10000)))

    def fill(table: NDArray[np.uint8], characters: str, value: int) -> None:
        table[[ord(char) for char in re.findall(f"[{characters}]", everything)]] = value

    damage, scripts = np.zeros((2, 0x10000), np.uint8)
    damage[bigrams.rarer_than(RARE)] = _STRANGE_HERE
    fill(damage, BOXES, _BOX_HERE)
    fill(damage, TYPICAL + STRANGE, _STRANGE_HERE)
    fill(damage, _ACCENTED, _ACCENT_HERE)
    fill(damage, _HANGUL, _HANGUL_HERE)
    fill(scripts, _HANGUL, _HANGUL_HERE)
    fill(scripts, _HAN, _HAN_HERE)
    damage[10] = scripts[10] = 10  # lines stay lines
    return damage, scripts


def lines_by_table(text: str) -> Iterator[tuple[int, int]]:
    """Where the lines lie that have some of what mojibake is made of."""
    damage, scripts = _tables()
    codes = code_units(text)
    if len(codes) != len(text):  # what is past the BMP counts as U+FFFF, which is in no class
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).clip(max=0xFFFF)
    codes = codes.astype(np.intp)
    classes = damage.take(codes)
    last = -1
    for place in heapq.merge(_several(text, classes), _abutting(scripts, codes, classes)):
        if place > last:
            start = text.rfind("\n", 0, place) + 1
            last = text.find("\n", place)
            last = len(text) if last < 0 else last
            yield start, last


def _several(text: str, classes: NDArray[np.uint8]) -> Iterator[int]:
    """The places where something begins that may be damage."""
    places = np.flatnonzero((classes > 0) & (classes < _HANGUL_HERE))
    near = places[:-1][np.diff(places) <= NEAR]
    accents = places[classes[places] == _ACCENT_HERE]
    if len(accents):
        near = np.union1d(near, accents)
    if not len(near):
        return
    searched = classes.tobytes()
    for place in near.tolist():
        if _SEVERAL.match(searched, place) or (
            searched[place] == _ACCENT_HERE and LEAD_AND_TRAIL.match(text, place) is not None
        ):
            yield place


def _abutting(scripts: NDArray[np.uint8], codes: NDArray[Any], classes: NDArray[np.uint8]) -> Iterator[int]:
    """The places of hangul and Han side by side, which Korean does not write and GBK read as EUC-KR does."""
    if (classes == _HANGUL_HERE).any():
        found = scripts.take(codes)
        yield from np.flatnonzero(found[:-1] * found[1:] == _HANGUL_HERE * _HAN_HERE).tolist()
