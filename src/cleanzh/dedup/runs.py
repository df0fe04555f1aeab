"""Runs: the documents that share a band key with another, and what a round of the leader rule asks of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import IO

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.files import temporary
from cleanzh.dedup.members import Members
from cleanzh.kernels import kernel

__all__ = [
    "HEAD",
    "WHO",
    "RunStore",
    "Runs",
    "first_everywhere",
    "first_times",
    "runs_of",
    "without",
    "worth_comparing",
]

HEAD = np.uint32(1 << 31)
WHO = np.uint32((1 << 31) - 1)
_CHUNK = 1 << 16
# Members of runs in one part.
_PART = 1 << 17
# Members that are held before they go to a file.
_HELD = 1 << 20

Runs = NDArray[np.uint32]
"""Run after run: positions in visiting order, ascending in a run, the first of each run marked by its highest bit."""


class RunStore:
    """Runs of all bands: a few thousand at a time, in memory or, past some megabytes, in a file."""

    def __init__(self) -> None:
        self._size = 0
        self._held: list[Runs] = []
        self._file: IO[bytes] | None = None
        self._bounds = array("q", [0])  # of the parts in the file, in members

    def append(self, runs: Runs) -> None:
        """Add runs of the next band, or more of the same."""
        for part in _cut(runs):
            self._held.append(part)
            self._size += len(part)
        if self._size > _HELD:
            self._file = self._file or temporary(self)
            for part in self._held:
                self._file.write(part.data)
                self._bounds.append(self._bounds[-1] + len(part))
            self._held.clear()

    def __iter__(self) -> Iterator[Runs]:
        """All of them, whole runs at a time."""
        for start, stop in pairwise(self._bounds):
            assert self._file is not None
            self._file.seek(4 * start)
            yield np.frombuffer(self._file.read(4 * (stop - start)), dtype=np.uint32)
        yield from self._held


def _cut(runs: Runs) -> Iterator[Runs]:
    """Runs in parts of some thousand members; a run is not parted."""
    start = 0
    while len(runs) - start > _PART:
        heads = np.flatnonzero(runs[start + _PART :] >= HEAD)
        if not len(heads):
            break
        stop = start + _PART + int(heads[0])
        yield runs[start:stop]
        start = stop
    if start < len(runs):
        yield runs[start:]


def runs_of(tagged: NDArray[np.uint64], bits: int) -> Runs:
    """The runs of two and more with the same key, given sorted keys whose low ``bits`` are places."""
    count = len(tagged)
    heads = np.ones(count + 1, dtype=bool)
    for start in range(1, count, _CHUNK):  # in parts: a copy of the keys would double the memory of a band
        part = tagged[start - 1 : start + _CHUNK]
        heads[start : start + len(part) - 1] = (part[1:] >> np.uint64(bits)) != (part[:-1] >> np.uint64(bits))
    shared = ~(heads[:-1] & heads[1:])
    members: Runs = (tagged[shared] & np.uint64((1 << bits) - 1)).astype(np.uint32)
    members |= heads[:-1][shared].astype(np.uint32) << np.uint32(31)
    return members


def _only_shared(members: Runs, heads: NDArray[np.bool_]) -> Runs:
    """Runs of one document dropped, heads marked."""
    alone = heads & np.append(heads[1:], True)
    marked: Runs = (members | (heads.astype(np.uint32) << np.uint32(31)))[~alone]
    return marked


def first_everywhere(bands: RunStore, count: int) -> Members:
    """Who stands in a run, and first in each that it stands in; somebody does, as long as there are runs."""
    first, later = Members(count), Members(count)
    compiled = kernel("runs")
    for run in bands:
        if compiled is not None:
            compiled.standing(run, first.bits, later.bits, count)
            continue
        members = (run & WHO).astype(np.int64)
        first.add(members)
        later.add(members[run < HEAD])
    first.bits &= ~later.bits
    return first


def worth_comparing(run: Runs, kept: Members, gone: Members, count: int) -> NDArray[np.int64]:
    """Pairs ``head * count + member`` of a kept document that stands first in a run and one that is still there."""
    if kernel("runs") is None:
        return _worth_in_arrays(run, kept, gone, count)
    codes = np.empty(len(run), np.int64)
    return codes[: kernel("runs").worth(run, kept.bits, gone.bits, count, codes)].copy()


def without(run: Runs, kept: Members, gone: Members, count: int) -> Runs:
    """The run without those who are decided."""
    if kernel("runs") is None:
        decided = Members(count)
        decided.bits = kept.bits | gone.bits
        return _without_in_arrays(run, decided)
    rest = np.empty(len(run), np.uint32)
    return rest[: kernel("runs").without(run, kept.bits, gone.bits, count, rest)].copy()


def first_times(codes: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """Of which of the pairs ``head * count + member`` the member is there for the first time."""
    firsts = np.zeros(len(codes), dtype=bool)
    if kernel("runs") is None:
        firsts[np.unique(codes % count, return_index=True)[1]] = True
    else:
        kernel("runs").firsts(codes, Members(count).bits, count, firsts)
    return firsts


def _worth_in_arrays(run: Runs, kept: Members, gone: Members, count: int) -> NDArray[np.int64]:
    is_head = run >= HEAD
    starts = np.flatnonzero(is_head)
    heads = np.repeat((run[starts] & WHO).astype(np.int64), np.diff(np.append(starts, len(run))))[~is_head]
    others = run[~is_head].astype(np.int64)
    worth = kept.have(heads) & ~gone.have(others)
    codes: NDArray[np.int64] = heads[worth] * count + others[worth]
    return codes


def _without_in_arrays(run: Runs, decided: Members) -> Runs:
    if not len(run):
        return run
    members: Runs = run & WHO
    number = np.cumsum(run >= HEAD)
    stay = ~decided.have(members)
    members, number = members[stay], number[stay]
    if not len(members):
        return members
    return _only_shared(members, np.concatenate(([True], number[1:] != number[:-1])))
