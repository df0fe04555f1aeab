"""Traditional to Simplified as OpenCC has it, by table: a fifth of the time, since nothing is done one by one.

OpenCC takes the longest of its phrases at each place, else the character. Here all characters are looked up at once,
and the few phrases found by an automaton are written over them. The characters are what OpenCC itself makes of each;
the phrases are listed in ``script.txt``, for the release that they were taken from: any other converts for itself.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanzh.filters.script.conversion import converter
from cleanzh.lexicon.script import opencc_phrases
from cleanzh.lexicon.units import code_units

__all__ = ["to_simplified"]

# What OpenCC treats by more than a table: descriptions of characters, compatibility forms, variation selectors,
# surrogates; and NUL.
_OWN_WAY = ((0x0000, 0x0000), (0x2FF0, 0x2FFF), (0x31EF, 0x31EF), (0xD800, 0xDFFF), (0xF900, 0xFAFF), (0xFE00, 0xFE0F))
_HAN = range(0x3400, 0xA000)


class _Table(NamedTuple):
    characters: NDArray[np.uint16]  # by code point of the BMP; 0 for what is left to OpenCC, also where that is beyond
    phrases: Any  # an automaton
    simplified: tuple[NDArray[np.uint16], ...]  # what becomes of each phrase


@cache
def _table() -> _Table | None:
    """The tables, or None if they are not of the OpenCC that is installed."""
    import opencc
    from ahocorasick_rs import AhoCorasick, MatchKind

    to_simplified = converter("t2s").convert
    release, phrases = opencc_phrases()
    if opencc.__version__ != release:
        return None
    characters = np.arange(0x10000, dtype=np.uint16)
    for first, last in _OWN_WAY:
        characters[first : last + 1] = 0
    made = np.array([ord(char) for char in to_simplified(" ".join(map(chr, _HAN)))[::2]])
    characters[_HAN.start : _HAN.stop] = np.where(made > 0xFFFF, 0, made)
    simplified = tuple(map(code_units, to_simplified("\n".join(phrases)).split("\n")))
    return _Table(characters, AhoCorasick(phrases, matchkind=MatchKind.LeftmostLongest), simplified)


def to_simplified(text: str) -> str | None:
    """``text`` as OpenCC's ``t2s`` converts it; None where that has to be asked."""
    table = _table()
    if table is None:
        return None
    made = table.characters[code_units(text)]
    if not made.all():
        return None
    for phrase, start, end in table.phrases.find_matches_as_indexes(text):
        units = table.simplified[phrase]
        if len(units) != end - start:
            return None
        made[start:end] = units
    return str(made.tobytes(), "utf-16-le")
