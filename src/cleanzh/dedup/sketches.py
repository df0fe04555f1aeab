"""Sketches of a whole collection, and the runs of documents that share a band: in memory, or one band at a time.

In memory a document costs 256 bytes. Past the limit sketches go to temporary files, twice: by document, to compare,
and by bucket, so that a band is read in a few long stretches. Either way the runs, and with them the verdicts, are the
same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.bands import Plan, band_keys
from cleanzh.dedup.columns import Column
from cleanzh.dedup.files import temporary
from cleanzh.dedup.runs import Runs, RunStore, runs_of
from cleanzh.dedup.sketch import WIDTH, Sketches
from cleanzh.kernels import kernel

__all__ = ["SketchStore", "band_runs"]

_BLOCK = 1 << 14
_BLOCK_BYTES = _BLOCK * WIDTH * 2
# From so many places in runs on a band stands alone: the leader rule takes an array in some 50 calls, however short.
_TOGETHER = 1 << 16
# Band keys that are sorted at a time; a document more costs two passes over all keys.
_AT_ONCE = 1 << 20


class SketchStore:
    """Sketches by position."""

    def __init__(self, *, memory: int = 1 << 30) -> None:
        self._memory = memory
        self._blocks: list[Sketches] = []
        self._by_document: IO[bytes] | None = None
        self._by_bucket: IO[bytes] | None = None
        self._count = 0
        self._on_disk = 0  # blocks

    def __len__(self) -> int:
        return self._count

    @property
    def held(self) -> list[Sketches] | None:
        """All sketches, if they are in memory; the last block is larger than what is in it."""
        return None if self._on_disk else self._blocks

    def append(self, sketches: Sketches) -> None:
        """Remember a batch."""
        start = 0
        while start < len(sketches):
            filled = self._count % _BLOCK
            if not filled:
                if len(self._blocks) * _BLOCK_BYTES >= self._memory:
                    self._spill(len(self._blocks))
                self._blocks.append(np.empty((_BLOCK, WIDTH), dtype=np.uint16))
            part = sketches[start : start + _BLOCK - filled]
            self._blocks[-1][filled : filled + len(part)] = part
            self._count += len(part)
            start += len(part)

    def _spill(self, count: int) -> None:
        if self._by_document is None or self._by_bucket is None:
            self._by_document, self._by_bucket = temporary(self), temporary(self)
        for block in self._blocks[:count]:
            for file, layout in ((self._by_document, block), (self._by_bucket, np.ascontiguousarray(block.T))):
                file.seek(0, 2)
                file.write(layout.data)
        self._on_disk += count
        del self._blocks[:count]

    def settle(self) -> None:
        """To be called when all are there: where there are files, what is held goes to them, but for the last block."""
        if self._by_document is not None:
            self._spill(max(0, len(self._blocks) - 1))

    def rows(self, positions: NDArray[np.int64]) -> Sketches:
        """The sketches at some positions."""
        if len(self._blocks) == 1 and not self._on_disk:  # one of the few calls that many small collections make
            return self._blocks[0][positions]
        rows = np.empty((len(positions), WIDTH), dtype=np.uint16)
        numbers = positions // _BLOCK
        for number in np.unique(numbers).tolist():
            there = numbers == number
            if number >= self._on_disk:
                rows[there] = self._blocks[number - self._on_disk][positions[there] % _BLOCK]
        if self._by_document is not None:
            for i in np.flatnonzero(numbers < self._on_disk).tolist():
                self._by_document.seek(int(positions[i]) * WIDTH * 2)
                rows[i] = np.frombuffer(self._by_document.read(WIDTH * 2), np.uint16)
        return rows

    def agreement(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
        """In how many buckets two documents agree."""
        agree: NDArray[np.int64] = np.count_nonzero(self.rows(first) == self.rows(second), axis=1)
        return agree

    def band(self, band: int, rows: int) -> Iterator[tuple[int, NDArray[np.uint64]]]:
        """The keys of one band, block after block, each with the position of its first document."""
        for number in range(self._on_disk + len(self._blocks)):
            start = number * _BLOCK
            count = min(_BLOCK, self._count - start)
            if number >= self._on_disk:
                yield start, band_keys(self._blocks[number - self._on_disk][:count], band, rows)
            elif self._by_bucket is not None:
                self._by_bucket.seek(number * _BLOCK_BYTES + band * rows * _BLOCK * 2)
                lanes = np.frombuffer(self._by_bucket.read(rows * _BLOCK * 2), np.uint16).reshape(rows, _BLOCK)
                yield start, band_keys(lanes.T[:count], 0, rows)


def band_runs(store: SketchStore, places: Column, cut: Plan) -> RunStore:
    """The runs of all bands; bands with few of them go together.

    ``places`` gives the visiting order: each document's place in it, -1 for one left out.
    """
    store.settle()
    bands = RunStore()
    group: list[Runs] = []
    for band in range(cut.bands):
        for runs in _runs(store, places, band, cut.rows):
            group.append(runs)
            if sum(map(len, group)) >= _TOGETHER:
                bands.append(np.concatenate(group))
                group.clear()
    if group:
        bands.append(np.concatenate(group))
    return bands


def _runs(store: SketchStore, places: Column, band: int, rows: int) -> Iterator[Runs]:
    """The runs of one band: of so many keys at a time as are sorted in memory, those that begin with the same bits."""
    parts = 1 << max(0, (len(places) - 1) // _AT_ONCE).bit_length()
    if parts == 1 and store.held is not None and kernel("bands") is not None:
        runs = np.empty(len(places), np.uint32)
        found = kernel("bands").runs(store.held, WIDTH, band * rows, rows, places.values, _bits(places), runs)
        yield runs[:found].copy()
    else:
        yield from _runs_in_arrays(store, places, band, rows, parts)


def _bits(places: Column) -> int:
    return max(1, len(places).bit_length())


def _runs_in_arrays(store: SketchStore, places: Column, band: int, rows: int, parts: int) -> Iterator[Runs]:
    """:func:`_runs` without the kernel, and of sketches in files."""
    bits = _bits(places)
    low = np.uint64((1 << bits) - 1)
    shift = np.uint64(64 - parts.bit_length() + 1)
    for part in range(parts):
        kept = [np.zeros(0, np.uint64)]
        for (_, keys), there in zip(store.band(band, rows), places.blocks(_BLOCK), strict=True):
            chosen = there >= 0
            if parts > 1:
                chosen &= (keys >> shift) == part
            # The key's high bits and the place in one number: sorting that is several times faster than an argsort.
            # Keys that differ in the lost bits only make a candidate pair too many, which the comparison turns away.
            kept.append((keys[chosen] & ~low) | there[chosen].astype(np.uint64))
        tagged = np.concatenate(kept)
        kept.clear()
        tagged.sort()
        yield runs_of(tagged, bits)
