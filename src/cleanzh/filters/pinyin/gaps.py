"""Where a pair of bytes vanished without a trace: which two characters stood around it.

A pair in a user-defined zone of GBK takes the second half of the character before it and the first half of the one
behind it along. Some 1,300 pairs of characters have the other two halves; here they are weighed by the bigrams.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cleanzh.filters.pinyin.gbk import beginning_with, ending_in, is_usual, vanishing
from cleanzh.filters.pinyin.notes import sounding
from cleanzh.lexicon.bigrams import compiled_model
from cleanzh.lexicon.fluency import alone, code_points, transitions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["two_for_one"]

_FEW: Final = 5

_Halves = tuple[str, bytes]  # characters, and of each the byte that is not given


@lru_cache(maxsize=256)
def _firsts(lead: int) -> _Halves:
    """The usual characters that begin with ``lead``, and their trail bytes, of those that some pair may follow."""
    return _usual(beginning_with(lead), _inner()[0])


@lru_cache(maxsize=256)
def _seconds(trail: int) -> _Halves:
    """The usual characters that end with ``trail``, and their lead bytes, of those that some pair may precede."""
    return _usual(ending_in(trail), _inner()[1])


@lru_cache(maxsize=1)
def _inner() -> tuple[list[bool], list[bool]]:
    """Which bytes begin a vanished pair, and which end one."""
    table = vanishing()
    return [1 in table[byte << 8 : byte + 1 << 8] for byte in range(256)], [
        1 in table[byte::256] for byte in range(256)
    ]


def _usual(halves: dict[str, int], inner: Sequence[bool]) -> _Halves:
    chars = sorted(char for char, byte in halves.items() if is_usual(char) and inner[byte])
    return "".join(chars), bytes(map(halves.__getitem__, chars))


@lru_cache(maxsize=8192)
def two_for_one(lead: int, trail: int, left: str, right: str, wanted: str = "") -> tuple[tuple[float, str], ...]:
    """The few pairs of characters that read best between ``left`` and ``right``, of those that ``lead`` begins and
    ``trail`` ends with a vanished pair between, and how well; if ``wanted`` is given, the second is read so.
    """
    firsts, seconds = _firsts(lead), _seconds(trail)
    if wanted:
        sound = sounding(wanted)
        fitting = [half for half in zip(*seconds, strict=True) if half[0] in sound]
        seconds = "".join(char for char, _ in fitting), bytes(byte for _, byte in fitting)
    compiled = compiled_model()
    if compiled is not None:
        return tuple(compiled.two_for_one(left, right, *firsts, *seconds, vanishing(), _FEW))
    return _best(left, right, firsts, seconds)


def _best(left: str, right: str, firsts: _Halves, seconds: _Halves) -> tuple[tuple[float, str], ...]:
    import numpy as np

    table = np.frombuffer(vanishing(), np.bool_).reshape(256, 256)
    gone = table[np.ix_(_bytes(firsts), _bytes(seconds))]
    first, second = np.nonzero(gone)
    if not len(first):
        return ()
    before, ahead, behind, after = map(code_points, (left, firsts[0], seconds[0], right[0]))
    middle, joined = transitions(ahead[first], behind[second])
    to_first, in_first = transitions(before, ahead)
    to_right, in_right = transitions(behind, after)
    worth = to_first[first] + middle + to_right[second]
    worth += ~joined * ((~in_first * alone(ahead))[first] + (~in_right * alone(behind))[second])
    if len(right) > 1:
        worth += (~in_right * alone(after) * ~transitions(after, code_points(right[1]))[1])[second]
    # All that are as good as the last of the few: which of equals a partial sort puts first differs by machine.
    least = np.partition(worth, -_FEW)[-_FEW] if len(worth) > _FEW else -np.inf
    few = np.flatnonzero(worth >= least)
    pairs = zip(ahead[first[few]].tolist(), behind[second[few]].tolist(), strict=True)
    return tuple((value, chr(a) + chr(b)) for value, (a, b) in zip(worth[few].tolist(), pairs, strict=True))


def _bytes(halves: _Halves) -> NDArray[np.uint8]:
    import numpy as np

    return np.frombuffer(halves[1], np.uint8)
