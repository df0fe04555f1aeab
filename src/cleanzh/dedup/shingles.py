"""Sets of character 5-grams, as sorted arrays of 64-bit hashes, and what two of them have in common.

The hash of a 5-gram is a polynomial of its code points, mixed to 64 bits (where only equality counts it is not mixed).
Two different 5-grams share a hash with probability 2**-64: a similarity of two documents of 2,000 characters is wrong
by one shingle once in 10**12 pairs.
"""

from __future__ import annotations

import secrets
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.key import Codes, Keys
from cleanzh.kernels import kernel

__all__ = ["SHINGLE", "distinct", "distinct_sets", "polynomials", "shared", "window_hashes"]

SHINGLE = 5

# Odd constants of full width: a product keeps all bits apart, and overflow is the modulus.
_PAIR, _FOUR, _FIVE = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0xD6E8FEB86659FD93)
_MIX, _S32 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(32)

# Windows hashed in one go: arrays of this length stay in the second-level cache through all passes over them.
_SLICE = 1 << 15

# Spreads hashes over the places of the kernel's tables.
_ODD = secrets.randbits(64)

Hashes = NDArray[np.uint64]
Odd = TypeVar("Odd", np.uint32, np.uint64)


def window_hashes(codes: Codes) -> Hashes:
    """A hash for each window of five code points, in order, all bits alike; empty if there are fewer than five."""
    return _windows(codes, mixed=True)


def _windows(codes: Codes, *, mixed: bool) -> Hashes:
    """Not mixed they are polynomials: these are equal where the hashes are, so that sets do without the mixing."""
    count = max(0, len(codes) - (SHINGLE - 1))
    if count <= _SLICE and not mixed:
        return polynomials(codes, _PAIR, _FOUR, _FIVE)
    hashes = np.empty(count, dtype=np.uint64)
    for start in range(0, count, _SLICE):
        part = polynomials(codes[start : start + _SLICE + SHINGLE - 1], _PAIR, _FOUR, _FIVE)
        if mixed:
            part ^= part >> _S32
            part *= _MIX
            part ^= part >> _S32
        hashes[start : start + _SLICE] = part
    return hashes


def polynomials(codes: Codes, pair: Odd, four: Odd, five: Odd) -> NDArray[Odd]:
    """A polynomial for each window of five code points, in constants of one type; its overflow is the modulus."""
    wide = codes.astype(pair.dtype, copy=False)  # once: a product of two types would be promoted element by element
    pairs = wide[:-1] * pair
    pairs += wide[1:]
    fours = pairs[:-2] * four
    fours += pairs[2:]
    hashes: NDArray[Odd] = fours[:-1] * five
    hashes += wide[4:]
    return hashes


def distinct(codes: Codes) -> Hashes:
    """The set of 5-grams of one key: sorted, each once. They are not mixed; only the hashes of windows are."""
    return distinct_sets(codes, np.array([0, len(codes)], dtype=np.int64))[0]


def distinct_sets(codes: Codes, bounds: NDArray[np.int64]) -> list[Hashes]:
    """:func:`distinct` of each key ``codes[bounds[i]:bounds[i + 1]]``; all but the sorting in one go."""
    hashes = _windows(codes, mixed=False)
    starts, stops = bounds[:-1], np.maximum(bounds[1:] - (SHINGLE - 1), bounds[:-1])
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        hashes[start:stop].sort()
    # Equal neighbours within a key are one. (``np.unique`` takes eight times as long.)
    fresh = np.ones(len(hashes), dtype=bool)
    np.not_equal(hashes[1:], hashes[:-1], out=fresh[1:])
    fresh[starts[starts < len(hashes)]] = True
    for back in range(1, SHINGLE):  # a window that runs into the next key is of nobody
        last = bounds[1:][np.diff(bounds) >= back] - back
        fresh[last[last < len(hashes)]] = False
    places = np.flatnonzero(fresh)
    once = hashes.take(places)
    ends = np.searchsorted(places, bounds).tolist()
    return [once[start:stop] for start, stop in pairwise(ends)]


def shared(first: Hashes, second: Hashes) -> int:
    """How many hashes two sets have in common. Both are sorted, so a stable sort of the two in a row is one merge."""
    both = np.concatenate((first, second))
    both.sort(kind="stable")
    return int(np.count_nonzero(both[1:] == both[:-1]))


def shared_by_keys(keys: Keys, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of each pair of keys how many 5-grams they share and how many each has, by the kernel."""
    counts = np.empty((len(first), 3), dtype=np.int64)
    arrays, places = keys.lie
    kernel("shared").shared(arrays, places, first, second, _ODD, counts)
    return counts
