"""Where a pair of bytes vanished without a trace: which two characters stood around it.

A pair in a user-defined zone of GBK takes the second half of the character before it and the first half of the one
behind it along. Some 1,300 pairs of characters have the other two halves; here they are weighed by the bigrams.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanzh.filters.pinyin.gbk import decoder, is_usual, vanishing
from cleanzh.filters.pinyin.notes import sounding
from cleanzh.lexicon.fluency import alone, code_points, transitions

__all__ = ["two_for_one"]

_FEW: Final = 5


class _Gap(NamedTuple):
    """What may stand before and behind a vanished pair, as code points; and all that may stand there together: where in
    ``firsts`` and in ``seconds``, how well the second reads behind the first, and whether no word has them so."""

    firsts: NDArray[np.uint32]
    seconds: NDArray[np.uint32]
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    middle: NDArray[np.float32]
    apart: NDArray[np.bool_]


@lru_cache(maxsize=1)
def _codes() -> NDArray[np.uint32]:
    """Code points of the usual characters by lead and trail byte; 0 for the others."""
    codes = np.zeros((256, 256), np.uint32)
    for pair, char in decoder().items():
        if is_usual(char):
            codes[pair >> 8, pair & 0xFF] = ord(char)
    return codes


@lru_cache(maxsize=2048)  # of 24,000; each takes some 30 KB
def _gap(lead: int, trail: int) -> _Gap:
    codes, gone = _codes(), vanishing()
    trails = np.flatnonzero((codes[lead] > 0) & gone.any(axis=1))
    leads = np.flatnonzero(codes[:, trail] > 0)
    trails, leads = trails[codes[lead, trails].argsort()], leads[codes[leads, trail].argsort()]  # found faster in order
    first, second = np.nonzero(gone[np.ix_(trails, leads)])
    firsts, seconds = codes[lead, trails], codes[leads, trail]
    middle, joined = transitions(firsts[first], seconds[second])
    return _Gap(firsts, seconds, first, second, middle, ~joined)


@lru_cache(maxsize=8192)
def two_for_one(lead: int, trail: int, left: str, right: str, wanted: str = "") -> tuple[tuple[float, str], ...]:
    """The few pairs of characters that read best between ``left`` and ``right``, of those that ``lead`` begins and
    ``trail`` ends with a vanished pair between, and how well; if ``wanted`` is given, the second is read so.
    """
    gap = _gap(lead, trail)
    firsts, seconds, first, second, middle, apart = gap
    if wanted:
        fitting = np.isin(seconds, code_points("".join(sounding(wanted))))[second]
        first, second, middle, apart = first[fitting], second[fitting], middle[fitting], apart[fitting]
    if not len(first):
        return ()
    before, after = code_points(left), code_points(right[0])
    to_first, in_first = transitions(before, firsts)
    to_right, in_right = transitions(seconds, after)
    worth = to_first[first] + middle + to_right[second]
    worth += apart * ((~in_first * alone(firsts))[first] + (~in_right * alone(seconds))[second])
    if len(right) > 1:
        worth += (~in_right * alone(after) * ~transitions(after, code_points(right[1]))[1])[second]
    # All that are as good as the last of the few: which of equals a partial sort puts first differs by machine.
    least = np.partition(worth, -_FEW)[-_FEW] if len(worth) > _FEW else -np.inf
    few = np.flatnonzero(worth >= least)
    pairs = zip(firsts[first[few]].tolist(), seconds[second[few]].tolist(), strict=True)
    return tuple((value, chr(a) + chr(b)) for value, (a, b) in zip(worth[few].tolist(), pairs, strict=True))
