"""The leader rule: visit documents in the order of the keep policy, set aside what is directly similar to a kept one.

Connected components would chain: a copy of a copy of a copy is set aside in favour of something it does not resemble.
Here every document that is set aside was compared, exactly, with the kept document that it is set aside for.

The rule is sequential by nature, but not in practice. A document that comes first in all its bands has nobody before it
to resemble: it is kept, whatever else happens. All such documents are taken at once, compared with those that share a
band with them, and the rest goes into the next round. It is the same result, in a few rounds over arrays; every
comparison has a kept document on one side, so that an article with 20,000 copies costs 20,000 comparisons. What is left
after some rounds (texts of one template, similar but not similar enough) is visited one by one.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import IO

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.similarity import Match, Pair
from cleanzh.dedup.store import temporary

__all__ = [
    "HEAD",
    "ROUNDS",
    "WHO",
    "Aside",
    "Compare",
    "RunStore",
    "Runs",
    "leaders_by_bands",
    "leaders_by_pairs",
    "partners_by_bands",
    "partners_by_pairs",
    "revisit",
    "runs_of",
]

HEAD = np.uint32(1 << 31)
WHO = np.uint32((1 << 31) - 1)
ROUNDS = 12
_AT_ONCE = 1 << 13
_CHUNK = 1 << 16

# The documents that share a band key with another, run after run: positions in visiting order, ascending in a run,
# the first of each run marked by its highest bit.
Runs = NDArray[np.uint32]
# Takes kept documents and others, position by position; says for each pair whether they are similar.
Compare = Callable[[NDArray[np.int64], NDArray[np.int64]], list[Pair | None]]


class Aside:
    """Who is set aside for whom: like a dictionary of matches, at 4 bytes a document and 20 for each set aside."""

    def __init__(self, count: int) -> None:
        self._slot = np.full(count, -1, dtype=np.int32)
        self._leaders = array("i")
        self._similarities = array("d")  # Jaccard and containment by turns

    def __len__(self) -> int:
        return int(np.count_nonzero(self._slot >= 0))

    def __contains__(self, position: int) -> bool:
        return bool(self._slot[position] >= 0)

    def __getitem__(self, position: int) -> Match:
        return self._match(int(self._slot[position]))

    def __setitem__(self, position: int, match: Match) -> None:
        self._slot[position] = len(self._leaders)
        self._leaders.append(match.other)
        self._similarities.extend(match[1:])

    def get(self, position: int) -> Match | None:
        """The match, or None for one that is kept."""
        return self[position] if self._slot[position] >= 0 else None

    def at(self, positions: NDArray[np.int32]) -> list[Match | None]:
        """The matches of some positions; None for those that are kept, and for -1."""
        slots = np.full(len(positions), -1, dtype=np.int32)
        slots[positions >= 0] = self._slot[positions[positions >= 0]]
        return [None if slot < 0 else self._match(slot) for slot in slots.tolist()]

    def _match(self, slot: int) -> Match:
        return Match(self._leaders[slot], *self._similarities[2 * slot : 2 * slot + 2])

    def pop(self, position: int) -> Match:
        """Take one back."""
        match = self[position]
        self._slot[position] = -1
        return match

    def leaders(self) -> NDArray[np.int32]:
        """For each position the one that it is set aside for; for one that is kept, itself."""
        own = np.arange(len(self._slot), dtype=np.int32)
        gone = self._slot >= 0
        own[gone] = np.array(self._leaders, dtype=np.int32)[self._slot[gone]]
        return own

    def kept(self) -> NDArray[np.int64]:
        """The positions that are not set aside."""
        return np.flatnonzero(self._slot < 0)

    def led_by(self, leaders: Iterable[int]) -> list[int]:
        """The positions that are set aside for one of these."""
        wanted = set(leaders)
        aside: list[int] = np.flatnonzero(self._slot >= 0).tolist()
        return [position for position in aside if self[position].other in wanted]


class RunStore:
    """The runs of each band, in memory or in a file each."""

    def __init__(self, *, in_memory: bool) -> None:
        self.in_memory = in_memory
        self._held: list[Runs | IO[bytes]] = []

    def __len__(self) -> int:
        return len(self._held)

    def append(self, runs: Runs) -> None:
        """Add the runs of the next band."""
        if self.in_memory:
            self._held.append(runs)
            return
        file = temporary(self)
        file.write(runs.data)
        self._held.append(file)

    def __getitem__(self, band: int) -> Runs:
        held = self._held[band]
        if isinstance(held, np.ndarray):
            return held
        held.seek(0)
        return np.frombuffer(held.read(), dtype=np.uint32)

    def __iter__(self) -> Iterator[Runs]:
        return (self[band] for band in range(len(self)))


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


def leaders_by_pairs(count: int, pairs: Iterable[Pair]) -> Aside:
    """Who is set aside for whom, given all similar pairs; positions are in visiting order."""
    before: dict[int, list[Pair]] = {}
    for pair in pairs:
        before.setdefault(pair.b, []).append(pair)
    aside = Aside(count)
    for position in sorted(before):
        kept = [pair for pair in before[position] if pair.a not in aside]
        if kept:
            best = max(kept, key=lambda pair: (pair.jaccard, -pair.a))
            aside[position] = Match(best.a, best.jaccard, best.containment)
    return aside


def leaders_by_bands(
    count: int, bands: RunStore, compare: Compare, *, aside: Aside | None = None, rounds: int | None = None
) -> Aside:
    """Who is set aside for whom, among documents that share a band; positions are in visiting order.

    ``aside`` and ``rounds`` go on where earlier rounds ended: whom they set aside, and how many are left.
    """
    aside = Aside(count) if aside is None else aside
    place = np.empty(count, dtype=np.int32)
    for _ in range(ROUNDS if rounds is None else rounds):
        kept = _first_everywhere(bands, count)
        if not kept.any():
            return aside
        gone = np.zeros(count, dtype=bool)
        failed = np.zeros(0, dtype=np.int64)
        for run in bands:
            codes = _worth_comparing(run, kept, gone)
            while len(codes):
                if len(failed):
                    codes = codes[failed[np.minimum(np.searchsorted(failed, codes), len(failed) - 1)] != codes]
                # Whom a document stands behind in several runs it meets in their order, one at a time.
                now = _first_times(codes % count, place)
                similar = _compared(codes[now], count, compare, aside)
                gone[codes[now][similar] % count] = True
                failed = np.sort(np.concatenate((failed, codes[now][~similar])))
                codes = codes[~now]
                codes = codes[~gone[codes % count]]
        # Kept documents have met all that they could meet, those set aside need not meet anyone any more.
        decided = kept | gone
        rest = RunStore(in_memory=bands.in_memory)
        for run in bands:
            rest.append(_without(run, decided))
        bands = rest
    _one_by_one(bands, compare, aside)
    return aside


def _first_times(members: NDArray[np.int64], place: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which are there for the first time; ``place`` is room for a number a document."""
    order = np.arange(len(members), dtype=np.int32)
    place[members[::-1]] = order[::-1]  # the last one written stands
    firsts: NDArray[np.bool_] = place[members] == order
    return firsts


def _compared(codes: NDArray[np.int64], count: int, compare: Compare, aside: Aside) -> NDArray[np.bool_]:
    """Compare pairs ``head * count + member``, a few thousand at a time; note the members that are similar."""
    similar = np.zeros(len(codes), dtype=bool)
    for start in range(0, len(codes), _AT_ONCE):
        part = codes[start : start + _AT_ONCE]
        heads, members = part // count, part % count
        for i, pair in enumerate(compare(heads, members)):
            if pair is not None:
                aside[int(members[i])] = Match(int(heads[i]), pair.jaccard, pair.containment)
                similar[start + i] = True
    return similar


def _first_everywhere(bands: RunStore, count: int) -> NDArray[np.bool_]:
    """Who stands in a run, and first in each that it stands in; somebody does, as long as there are runs."""
    first, later = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    for run in bands:
        members: Runs = run & WHO
        first[members] = True
        later[members[run < HEAD]] = True
    first &= ~later
    return first


def _worth_comparing(run: Runs, kept: NDArray[np.bool_], gone: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Pairs ``head * count + member`` of a kept document that stands first in a run and one that is still there."""
    is_head = run >= HEAD
    starts = np.flatnonzero(is_head)
    heads = np.repeat(run[starts] & WHO, np.diff(np.append(starts, len(run))))[~is_head]
    others = run[~is_head]
    worth = kept[heads] & ~gone[others]
    return heads[worth].astype(np.int64) * len(kept) + others[worth]


def _without(run: Runs, decided: NDArray[np.bool_]) -> Runs:
    if not len(run):
        return run
    members: Runs = run & WHO
    number = np.cumsum(run >= HEAD)
    stay = ~decided[members]
    members, number = members[stay], number[stay]
    if not len(members):
        return members
    return _only_shared(members, np.concatenate(([True], number[1:] != number[:-1])))


def _one_by_one(runs: RunStore, compare: Compare, aside: Aside) -> None:
    """The same rule, document by document, over what is left: an entry for each document in each of its runs."""
    parts, count = [np.zeros(0, np.int64)], 0
    for run in runs:
        numbers = np.cumsum(run >= HEAD) + (count - 1)
        parts.append((run & WHO).astype(np.int64) << 32 | numbers)
        count += int(np.count_nonzero(run >= HEAD))
    entries = np.concatenate(parts)
    parts.clear()
    entries.sort()
    bounds = [*np.flatnonzero(np.diff(entries >> 32, prepend=-1)).tolist(), len(entries)]
    members, numbers = array("i", (entries >> 32).astype(np.int32).tobytes()), entries & 0xFFFFFFFF
    latest = np.full(count, -1, dtype=np.int32)  # of each run, the entry of who was kept last
    before = array("i", [-1]) * len(entries)  # and of each such entry the one before it
    for start, stop in pairwise(bounds):
        member, found = members[start], set()
        for entry in latest[numbers[start:stop]].tolist():
            while entry >= 0:
                found.add(members[entry])
                entry = before[entry]
        best: Match | None = None
        if found:
            heads = np.array(sorted(found), dtype=np.int64)
            for head, pair in zip(heads.tolist(), compare(heads, np.full(len(heads), member)), strict=True):
                if pair is not None and (best is None or pair.jaccard > best.jaccard):
                    best = Match(head, pair.jaccard, pair.containment)
        if best is not None:
            aside[member] = best
        else:
            for entry, number in enumerate(numbers[start:stop].tolist(), start):
                before[entry], latest[number] = latest[number], entry


def partners_by_pairs(wanted: Iterable[int], pairs: Iterable[Pair]) -> dict[int, set[int]]:
    """Who is similar to each of the ``wanted``."""
    found: dict[int, set[int]] = {position: set() for position in wanted}
    for pair in pairs:
        for one, other in ((pair.a, pair.b), (pair.b, pair.a)):
            if one in found:
                found[one].add(other)
    return found


def partners_by_bands(wanted: Iterable[int], bands: RunStore) -> dict[int, set[int]]:
    """Who shares a band with each of the ``wanted``."""
    found: dict[int, set[int]] = {position: set() for position in wanted}
    chosen = np.fromiter(found, dtype=np.int64, count=len(found))
    for run in bands:
        members = (run & WHO).astype(np.int64)
        number = np.cumsum(run >= HEAD)
        for place in np.flatnonzero(np.isin(members, chosen)).tolist():
            low, high = np.searchsorted(number, [number[place], number[place] + 1])
            found[int(members[place])].update(members[low:high].tolist())
    return found


def revisit(orphans: Sequence[int], partners: Mapping[int, set[int]], compare: Compare, aside: Aside) -> None:
    """Visit once more those whose kept document is kept no longer; everyone else is decided."""
    open_still = set(orphans)
    for position in sorted(orphans):
        met = [other for other in sorted(partners[position]) if other not in aside and other not in open_still]
        open_still.discard(position)
        best: Match | None = None
        pairs = compare(np.array(met, dtype=np.int64), np.full(len(met), position)) if met else []
        for other, pair in zip(met, pairs, strict=True):
            if pair is not None and (best is None or pair.jaccard > best.jaccard):
                best = Match(other, pair.jaccard, pair.containment)
        if best is not None:
            aside[position] = best
