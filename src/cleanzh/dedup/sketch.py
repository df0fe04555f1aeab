"""Fast Similarity Sketching (Dahlgaard, Knudsen, Thorup, FOCS 2017), a batch of documents at a time.

Each shingle falls into one of ``width`` buckets and the smallest value of a bucket stays. Further rounds, with other
hashes, run only while a bucket of the document is empty; from round ``width`` on, round ``width + j`` fills bucket
``j``. Two documents agree in a bucket with a probability that is their Jaccard similarity, at every length, and with
less variance than in classic MinHash. Of each smallest value 16 bits are kept: a sketch of 128 is 256 bytes.

Here a shingle is a hash of 32 bits, half the work of 64: of 4,000 pairs of documents of 1,000 characters one has two
shingles that are taken for one. A sketch only proposes pairs. What is reported is counted, from 64 bits.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.key import Keys
from cleanzh.dedup.shingles import SHINGLE

__all__ = ["WIDTH", "Sketches", "sketch_keys"]

WIDTH = 128
_EMPTY = np.uint32(2**32 - 1)
_PAIR, _FOUR, _FIVE, _MIX = (np.uint32(odd) for odd in (0x9E3779B1, 0xC2B2AE3D, 0x27D4EB2F, 0x85EBCA6B))
_TURN = 0x2C1B3C6D
# Shingles and documents per call of the kernel: some MB of arrays. Each call goes through the rounds that its shortest
# document needs, so that many small calls take twice as long.
_SLICE, _DOCUMENTS = 1 << 18, 1 << 10
# A document as long as this is sketched piece by piece; it has far more 5-grams than buckets.
_LONG = 1 << 20
_WORTH = 50_000_000
_seen = 0

Sketches = NDArray[np.uint16]  # (documents, buckets)
Kernel = Callable[[NDArray[np.uint32], NDArray[np.int64], int], Sketches]


def sketch_keys(keys: Keys, width: int = WIDTH, kernel: Kernel | None = None) -> Sketches:
    """The sketches of a batch: (documents, ``width``) of uint16; all ones for a key shorter than a shingle.

    ``width`` is a power of two; more buckets estimate better (the deviation is 0.5 / sqrt(width) or less).
    ``kernel`` is chosen by :func:`default_kernel` if it is not given; all give the same bits.
    """
    run = kernel or default_kernel(len(keys.codes))
    sketches = np.empty((len(keys), width), dtype=np.uint16)
    first = 0
    while first < len(keys):
        stop = int(np.searchsorted(keys.bounds, keys.bounds[first] + _SLICE, side="right")) - 1
        stop = min(max(stop, first + 1), first + _DOCUMENTS, len(keys))
        bounds = keys.bounds[first : stop + 1]
        codes = keys.codes[bounds[0] : bounds[-1]]
        sketches[first:stop] = (run if len(codes) < _LONG else _long_kernel)(codes, bounds - bounds[0], width)
        first = stop
    return sketches


def default_kernel(size: int) -> Kernel:
    """The compiled kernel of the extra ``cleanzh[fast]`` where it is installed and worth it, else :func:`numpy_kernel`.

    Loading it takes half a second, and compiling it on first use several: more than a small run takes with numpy. So it
    is looked for once this process has sketched as many characters as make up for that; ``size`` counts those to come.
    """
    global _seen  # both kernels give the same bits, so this is no state that shows
    _seen += size
    return _compiled_kernel() if _seen >= _WORTH else numpy_kernel


@functools.cache
def _compiled_kernel() -> Kernel:
    try:
        from cleanzh.dedup.compiled import compiled_kernel
    except ImportError:
        return numpy_kernel
    return compiled_kernel


def numpy_kernel(codes: NDArray[np.uint32], bounds: NDArray[np.int64], width: int) -> Sketches:
    """Sketch the keys ``codes[bounds[i]:bounds[i + 1]]``."""
    count = len(bounds) - 1
    lengths = np.diff(bounds)
    hashes = _window_hashes(codes)
    # A window that begins in the last four characters of a key runs into the next key: it belongs to nobody.
    for back in range(1, SHINGLE):
        last = bounds[1:][lengths >= back] - back
        hashes[last[last < len(hashes)]] = _EMPTY
    places = np.repeat(np.arange(0, count * width, width, dtype=np.uint32), lengths)[: len(hashes)]
    places += _buckets(hashes, width)
    lanes = np.full(count * width, _EMPTY, dtype=np.uint32)
    np.minimum.at(lanes, places.astype(np.intp), hashes)  # in a bucket the leading bits are the same
    grid = lanes.reshape(count, width)
    unfilled = np.flatnonzero((grid == _EMPTY).any(axis=1) & (lengths >= SHINGLE))
    if len(unfilled):
        _fill(grid, unfilled, hashes, bounds)
    return _narrowed(grid)


def _window_hashes(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    pairs = codes[:-1] * _PAIR
    pairs += codes[1:]
    fours = pairs[:-2] * _FOUR
    fours += pairs[2:]
    hashes = fours[:-1] * _FIVE
    hashes += codes[4:]
    hashes ^= hashes >> np.uint32(16)
    hashes *= _MIX
    return hashes


def _narrowed(lanes: NDArray[np.uint32]) -> Sketches:
    return (lanes ^ (lanes >> np.uint32(15))).astype(np.uint16)


def _long_kernel(codes: NDArray[np.uint32], bounds: NDArray[np.int64], width: int) -> Sketches:
    """Sketch one long key, in memory for a part of it; the numpy kernel if it says the same again and again."""
    lanes = np.full(width, _EMPTY, dtype=np.uint32)
    for start in range(0, len(codes) - (SHINGLE - 1), _SLICE):
        hashes = _window_hashes(codes[start : start + _SLICE + SHINGLE - 1])
        np.minimum.at(lanes, _buckets(hashes, width).astype(np.intp), hashes)
    if (lanes == _EMPTY).any():
        return numpy_kernel(codes, bounds, width)
    return _narrowed(lanes)[None]


def _fill(
    grid: NDArray[np.uint32], documents: NDArray[np.int64], hashes: NDArray[np.uint32], bounds: NDArray[np.int64]
) -> None:
    """The rounds after the first, of the ``documents`` that have empty buckets."""
    starts, stops = bounds[documents], bounds[documents + 1] - (SHINGLE - 1)
    rows = grid[documents]
    width = grid.shape[1]
    parts = [hashes[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
    # So long a key with empty buckets says the same over and over: each round is to see it once.
    parts = [np.unique(part) if len(part) > 32 * width else part for part in parts]
    pool = np.concatenate(parts)
    owners = np.repeat(np.arange(len(documents)), [len(part) for part in parts])
    for turn in range(1, 2 * width):
        fresh = np.full(rows.shape, _EMPTY, dtype=np.uint32)
        turned = pool * np.uint32(pow(_TURN, turn, 2**32))
        if turn < width:
            np.minimum.at(fresh.reshape(-1), owners * width + _buckets(turned, width), turned)
        else:
            least = np.full(len(documents), _EMPTY, dtype=np.uint32)
            np.minimum.at(least, owners, turned)
            fresh[:, turn - width] = least
        np.copyto(rows, fresh, where=rows == _EMPTY)
        still = (rows == _EMPTY).any(axis=1)
        if not still.all():
            grid[documents[~still]] = rows[~still]
            if not still.any():
                return
            keep = still[owners]
            pool, owners = pool[keep], (np.cumsum(still) - 1)[owners[keep]]
            documents, rows = documents[still], rows[still]
    grid[documents] = rows  # one shingle in four thousand million has a hash that is the mark of an empty bucket


def _buckets(hashes: NDArray[np.uint32], width: int) -> NDArray[np.uint32]:
    buckets: NDArray[np.uint32] = hashes >> np.uint32(33 - width.bit_length())
    return buckets
