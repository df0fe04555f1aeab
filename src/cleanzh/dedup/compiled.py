"""The kernel of the extra ``cleanzh[fast]``: the same bits as :func:`cleanzh.dedup.sketch.numpy_kernel`, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["compiled_kernel"]

_EMPTY = np.uint32(2**32 - 1)
_PAIR, _FOUR, _FIVE, _MIX = (np.uint32(odd) for odd in (0x9E3779B1, 0xC2B2AE3D, 0x27D4EB2F, 0x85EBCA6B))
_TURN = np.uint32(0x2C1B3C6D)
_S15, _S16 = np.uint32(15), np.uint32(16)


def compiled_kernel(codes: NDArray[Any], bounds: NDArray[np.int64], width: int) -> NDArray[np.uint16]:
    """Sketch the keys ``codes[bounds[i]:bounds[i + 1]]``: (documents, width) of uint16."""
    out = np.empty((len(bounds) - 1, width), dtype=np.uint16)
    _sketch(codes.astype(np.uint32, copy=False), bounds, out)
    return out


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]  # numba is an extra, and has no types
def _sketch(codes: Any, bounds: Any, out: Any) -> None:
    width = out.shape[1]
    shift = np.uint32(32)
    while (1 << (32 - shift)) < width:
        shift -= np.uint32(1)
    longest = 0
    for d in range(len(bounds) - 1):
        longest = max(longest, bounds[d + 1] - bounds[d])
    hashes = np.empty(longest, dtype=np.uint32)
    lanes = np.empty(width, dtype=np.uint32)
    for d in range(len(bounds) - 1):
        key = codes[bounds[d] : bounds[d + 1]]
        size = max(len(key) - 4, 0)
        lanes[:] = _EMPTY
        # Two passes, the first in vectors, run twice as fast as one loop that does all.
        for i in range(size):
            h = (key[i] * _PAIR + key[i + 1]) * _FOUR + key[i + 2] * _PAIR + key[i + 3]
            h = np.uint32(h * _FIVE + key[i + 4])
            hashes[i] = (h ^ (h >> _S16)) * _MIX
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
        turn, factor = 1, _TURN
        while empty > 0 and turn < 2 * width:
            fresh = np.full(width, _EMPTY, dtype=np.uint32)
            for i in range(size):
                h = np.uint32(hashes[i] * factor)
                bucket = h >> shift if turn < width else np.uint32(turn - width)
                fresh[bucket] = min(fresh[bucket], h)
            for j in range(width):
                if lanes[j] == _EMPTY and fresh[j] != _EMPTY:
                    lanes[j] = fresh[j]
                    empty -= 1
            turn, factor = turn + 1, np.uint32(factor * _TURN)
        for j in range(width):
            out[d, j] = np.uint16(lanes[j] ^ (lanes[j] >> _S15))
