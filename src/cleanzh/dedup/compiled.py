"""The kernel of the extra ``cleanzh[fast]``: the same bits as :func:`cleanzh.dedup.sketch.numpy_kernel`, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["compiled_kernel"]

_EMPTY = np.uint64(2**64 - 1)
_PAIR, _FOUR, _FIVE = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0xD6E8FEB86659FD93)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_STEP, _FACTOR = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1342543DE82EF95)
_S32 = np.uint64(32)


def compiled_kernel(codes: NDArray[np.uint32], bounds: NDArray[np.int64], width: int) -> NDArray[np.uint16]:
    """Sketch the keys ``codes[bounds[i]:bounds[i + 1]]``: (documents, width) of uint16."""
    out = np.empty((len(bounds) - 1, width), dtype=np.uint16)
    _sketch(codes, bounds, out)
    return out


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]  # numba is an extra, and has no types
def _sketch(codes: Any, bounds: Any, out: Any) -> None:
    width = out.shape[1]
    shift = np.uint64(64)
    while (np.uint64(1) << (np.uint64(64) - shift)) < np.uint64(width):
        shift -= np.uint64(1)
    longest = 0
    for d in range(len(bounds) - 1):
        longest = max(longest, bounds[d + 1] - bounds[d])
    hashes = np.empty(longest, dtype=np.uint64)
    lanes = np.empty(width, dtype=np.uint64)
    for d in range(len(bounds) - 1):
        key = codes[bounds[d] : bounds[d + 1]]
        size = max(len(key) - 4, 0)
        lanes[:] = _EMPTY
        # Two passes, and each pair of characters multiplied once, run twice as fast as one loop that does all.
        if size > 0:
            pair_0 = np.uint64(key[0]) * _PAIR + np.uint64(key[1])
            pair_1 = np.uint64(key[1]) * _PAIR + np.uint64(key[2])
            third = np.uint64(key[2])
            for i in range(size):
                fourth = np.uint64(key[i + 3])
                pair_2 = third * _PAIR + fourth
                h = (pair_0 * _FOUR + pair_2) * _FIVE + np.uint64(key[i + 4])
                h = (h ^ (h >> _S32)) * _MIX
                hashes[i] = h ^ (h >> _S32)
                pair_0, pair_1, third = pair_1, pair_2, fourth
        for i in range(size):
            h = hashes[i]
            bucket = h >> shift
            lanes[bucket] = min(lanes[bucket], h)
        empty = 0
        if size > 0:
            for j in range(width):
                if lanes[j] == _EMPTY:
                    empty += 1
        if empty > 0 and size > 32 * width:  # it says the same over and over: each round is to see it once
            once = np.unique(hashes[:size])
            size = len(once)
            hashes[:size] = once
        turn = 1
        while empty > 0:
            fresh = np.full(width, _EMPTY, dtype=np.uint64)
            for i in range(size):
                h = hashes[i] + np.uint64(turn) * _STEP
                h = (h ^ (h >> _S32)) * _FACTOR
                h = (h ^ (h >> _S32)) * _FACTOR
                bucket = h >> shift if turn < width else np.uint64(turn - width)
                fresh[bucket] = min(fresh[bucket], h)
            for j in range(width):
                if lanes[j] == _EMPTY and fresh[j] != _EMPTY:
                    lanes[j] = fresh[j]
                    empty -= 1
            turn += 1
        for j in range(width):
            out[d, j] = np.uint16(lanes[j] & np.uint64(0xFFFF))
