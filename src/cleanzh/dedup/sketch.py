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
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.key import Codes, Keys, runs_of_documents
from cleanzh.dedup.shingles import SHINGLE, polynomials
from cleanzh.kernels import kernel as compiled

__all__ = ["WIDTH", "Sketches", "sketch_keys"]

WIDTH = 128
_EMPTY = np.uint32(2**32 - 1)
_PAIR, _FOUR, _FIVE, _MIX = (np.uint32(odd) for odd in (0x9E3779B1, 0xC2B2AE3D, 0x27D4EB2F, 0x85EBCA6B))
_TURN = 0x2C1B3C6D
# Characters per call of the kernel. Each call goes through the rounds that its shortest document needs, so that small
# calls take twice as long.
_SLICE = 1 << 18
# Characters that are hashed in one go: the arrays of all passes over them stay in the second-level cache.
_CACHED = 1 << 16
# Hashes of the later rounds that are made in one go.
_AT_ONCE = 1 << 12
# A document as long as this is sketched piece by piece; it has far more 5-grams than buckets.
_LONG = 1 << 20
_WORTH = 50_000_000
_seen = 0

Sketches = NDArray[np.uint16]  # (documents, buckets)
Kernel = Callable[[Codes, NDArray[np.int64], int], Sketches]


def sketch_keys(keys: Keys, width: int = WIDTH, kernel: Kernel | None = None) -> Sketches:
    """The sketches of a batch: (documents, ``width``) of uint16; all ones for a key shorter than a shingle.

    ``width`` is a power of two; more buckets estimate better (the deviation is 0.5 / sqrt(width) or less).
    ``kernel`` is chosen by :func:`default_kernel` if it is not given; all give the same bits.
    """
    sketches = np.empty((len(keys), width), dtype=np.uint16)
    for numbers, part in keys.by_width():
        run = kernel or default_kernel(len(part.codes))
        made = sketches if numbers == slice(None) else np.empty((len(part), width), dtype=np.uint16)
        for first, stop in runs_of_documents(part.bounds, _SLICE):
            bounds = part.bounds[first : stop + 1]
            codes = part.codes[bounds[0] : bounds[-1]]
            made[first:stop] = (run if len(codes) < _LONG else _long_kernel)(codes, bounds - bounds[0], width)
        if made is not sketches:
            sketches[numbers] = made
    return sketches


def default_kernel(size: int) -> Kernel:
    """:func:`c_kernel` where it was compiled; else that of the extra ``cleanzh[fast]`` where it is installed and worth
    it, else :func:`numpy_kernel`.

    Loading that of the extra takes half a second, and compiling it on first use several: more than a small run takes
    with numpy. So it is looked for once this process has sketched as many characters as make up for that; ``size``
    counts those to come.
    """
    global _seen  # all kernels give the same bits, so this is no state that shows
    if compiled("sketch") is not None:
        return c_kernel
    _seen += size
    return _numba_kernel() if _seen >= _WORTH else numpy_kernel


def c_kernel(codes: Codes, bounds: NDArray[np.int64], width: int) -> Sketches:
    """:func:`numpy_kernel`, compiled when cleanzh was built."""
    sketches = np.empty((len(bounds) - 1, width), dtype=np.uint16)
    compiled("sketch").sketch(codes, bounds, width, sketches)
    return sketches


@functools.cache
def _numba_kernel() -> Kernel:
    try:
        from cleanzh.dedup.compiled import compiled_kernel
    except ImportError:
        return numpy_kernel
    return compiled_kernel


def numpy_kernel(codes: Codes, bounds: NDArray[np.int64], width: int) -> Sketches:
    """Sketch the keys ``codes[bounds[i]:bounds[i + 1]]``."""
    count = len(bounds) - 1
    lengths, ends = np.diff(bounds), bounds.tolist()
    # A window that begins in the last four characters of a key runs into the next key: it belongs to nobody.
    crossing = (bounds[1:, None] - np.arange(SHINGLE - 1, 0, -1))[np.arange(SHINGLE - 1, 0, -1) <= lengths[:, None]]
    lanes = np.full(count * width, _EMPTY, dtype=np.uint32)
    grid = lanes.reshape(count, width)
    unfilled: dict[int, NDArray[np.uint32]] = {}  # documents with empty buckets, and their hashes
    for first, stop in runs_of_documents(bounds, _CACHED):
        start, end = ends[first], ends[stop]
        hashes = _window_hashes(codes[start : end + SHINGLE - 1])[: end - start]
        here = slice(*np.searchsorted(crossing, [start, start + len(hashes)]).tolist())
        hashes[crossing[here] - start] = _EMPTY
        places = np.repeat(np.arange(first * width, stop * width, width, dtype=np.uint32), lengths[first:stop])
        places = places[: len(hashes)] + _buckets(hashes, width)
        np.minimum.at(lanes, places.astype(np.intp), hashes)  # in a bucket the leading bits are the same
        for i in (first + np.flatnonzero(grid[first:stop].max(axis=1) == _EMPTY)).tolist():
            own = hashes[ends[i] - start : max(ends[i + 1] - (SHINGLE - 1) - start, 0)]
            # So long a key with empty buckets says the same over and over: each round is to see it once.
            unfilled[i] = np.unique(own) if len(own) > 32 * width else own
    _fill(grid, {i: own for i, own in unfilled.items() if len(own)})
    return _narrowed(grid)


def _window_hashes(codes: Codes) -> NDArray[np.uint32]:
    hashes = polynomials(codes, _PAIR, _FOUR, _FIVE)
    hashes ^= hashes >> np.uint32(16)
    hashes *= _MIX
    return hashes


def _narrowed(lanes: NDArray[np.uint32]) -> Sketches:
    return (lanes ^ (lanes >> np.uint32(15))).astype(np.uint16)


def _long_kernel(codes: Codes, bounds: NDArray[np.int64], width: int) -> Sketches:
    """Sketch one long key, in memory for a part of it; the numpy kernel if it says the same again and again."""
    lanes = np.full(width, _EMPTY, dtype=np.uint32)
    for start in range(0, len(codes) - (SHINGLE - 1), _CACHED):
        hashes = _window_hashes(codes[start : start + _CACHED + SHINGLE - 1])
        np.minimum.at(lanes, _buckets(hashes, width).astype(np.intp), hashes)
    if (lanes == _EMPTY).any():
        return numpy_kernel(codes, bounds, width)
    return _narrowed(lanes)[None]


def _fill(grid: NDArray[np.uint32], hashes: Mapping[int, NDArray[np.uint32]]) -> None:
    """The rounds after the first, of documents that have empty buckets, given their hashes."""
    documents, width = np.fromiter(hashes, np.int64, len(hashes)), grid.shape[1]
    sizes = np.array([len(own) for own in hashes.values()], dtype=np.int64)
    pool = np.concatenate([np.zeros(0, np.uint32), *hashes.values()])
    rows = grid[documents]
    turn = 1
    while turn < 2 * width and len(documents):
        starts = np.repeat(np.arange(0, rows.size, width, dtype=np.uint32), sizes)
        # After some rounds only short documents are left: of these many rounds are made before it is seen who is done.
        stop = min(turn + 1 + _AT_ONCE // len(pool), 2 * width)
        for number in range(turn, stop):
            turned = pool * np.uint32(pow(_TURN, number, 2**32))
            places = starts + (_buckets(turned, width) if number < width else np.uint32(number - width))
            fresh = np.full(rows.size, _EMPTY, dtype=np.uint32)
            np.minimum.at(fresh, places.astype(np.intp), turned)
            np.copyto(rows, fresh.reshape(rows.shape), where=rows == _EMPTY)
        turn = stop
        empty = rows.max(axis=1) == _EMPTY
        if not empty.all():
            grid[documents[~empty]] = rows[~empty]
            pool = pool[np.repeat(empty, sizes)]
            documents, rows, sizes = documents[empty], rows[empty], sizes[empty]
    grid[documents] = rows  # one shingle in four thousand million has a hash that is the mark of an empty bucket


def _buckets(hashes: NDArray[np.uint32], width: int) -> NDArray[np.uint32]:
    buckets: NDArray[np.uint32] = hashes >> np.uint32(33 - width.bit_length())
    return buckets
