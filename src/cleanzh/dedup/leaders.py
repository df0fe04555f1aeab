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

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.columns import BLOCK, Column, Scratch
from cleanzh.dedup.members import Members
from cleanzh.dedup.runs import HEAD, WHO, RunStore, first_everywhere, first_times, without, worth_comparing
from cleanzh.dedup.similarity import Match, Pair, Similarities
from cleanzh.dedup.sorting import ordered

__all__ = [
    "ROUNDS",
    "Aside",
    "Compare",
    "leaders_by_bands",
    "leaders_by_pairs",
    "partners_by_bands",
    "partners_by_pairs",
    "revisit",
]

ROUNDS = 12
_AT_ONCE = 1 << 13
# Entries of runs in mapped files that are touched before these may leave memory.
_TOUCHED = 1 << 9
# Pairs of a round that are known not to be similar: past these they are compared again.
_FAILED = 1 << 21
_MATCH = np.dtype([("other", "<i4"), ("jaccard", "<f8"), ("containment", "<f8")])
_ENTRY = np.dtype([("member", "<u4"), ("run", "<i4")])

# Takes kept documents and others, position by position; says of each pair how similar they are, if they are.
Compare = Callable[[NDArray[np.int64], NDArray[np.int64]], Similarities]


class Aside:
    """Who is set aside for whom: like a dictionary of matches, at 4 bytes a document and 20 for each set aside.

    Past some megabytes these are in files.
    """

    def __init__(self, count: int) -> None:
        self._slots = Scratch(count, np.int32)  # 1 and up; 0 is for one that is kept
        self._matches = Column(_MATCH)
        self._fresh: list[tuple[int, float, float]] = []  # matches that are not in the column yet

    def __len__(self) -> int:
        return sum(int(np.count_nonzero(slots)) for _, slots in self._blocks())

    def __contains__(self, position: int) -> bool:
        return bool(self._slots.values[position])

    def __getitem__(self, position: int) -> Match:
        slot = int(self._slots.values[position]) - 1
        if slot >= len(self._matches):
            return Match(*self._fresh[slot - len(self._matches)])
        return Match(*self._matches.slice(slot, slot + 1).tolist()[0])

    def __setitem__(self, position: int, match: Match) -> None:
        self._fresh.append(match)
        self._slots.values[position] = len(self._matches) + len(self._fresh)
        if len(self._fresh) >= _AT_ONCE:
            self._settle()

    def add(self, positions: NDArray[np.int64], others: NDArray[np.int64], found: Similarities) -> None:
        """Set many aside, each once."""
        self._settle()
        for part in self._slots.parts(positions):
            self._slots.values[positions[part]] = len(self._matches) + 1 + part
        made = np.empty(len(positions), _MATCH)
        made["other"], made["jaccard"], made["containment"] = others, *found
        self._matches.append(made)

    def get(self, position: int) -> Match | None:
        """The match, or None for one that is kept."""
        return self[position] if self._slots.values[position] else None

    def pop(self, position: int) -> Match:
        """Take one back."""
        match = self[position]
        self._slots.values[position] = 0
        return match

    def of(self, positions: NDArray[Any]) -> tuple[NDArray[np.bool_], NDArray[Any]]:
        """Which of some positions are set aside, and the matches of these, as records."""
        self._settle()
        slots = self._slots.take(positions)
        gone = slots > 0
        return gone, self._matches.take(slots[gone] - 1)

    def kept(self) -> NDArray[np.int64]:
        """The positions that are not set aside."""
        return np.concatenate(
            [np.zeros(0, np.int64), *(start + np.flatnonzero(slots == 0) for start, slots in self._blocks())]
        )

    def led_by(self, leaders: Iterable[int]) -> list[int]:
        """The positions that are set aside for one of these."""
        wanted = np.array(sorted(leaders), dtype=np.int64)
        found: list[int] = []
        for start, slots in self._blocks():
            aside = start + np.flatnonzero(slots)
            found += aside[np.isin(self.of(aside)[1]["other"], wanted)].tolist()
        return found

    def _blocks(self) -> Iterator[tuple[int, NDArray[np.int32]]]:
        for start in range(0, len(self._slots.values), BLOCK):
            yield start, self._slots.values[start : start + BLOCK]
            self._slots.release()

    def _settle(self) -> None:
        self._matches.append(np.array(self._fresh, dtype=_MATCH))
        self._fresh.clear()
        self._slots.release()


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
    for _ in range(ROUNDS if rounds is None else rounds):
        kept = first_everywhere(bands, count)
        if not kept.bits.any():
            return aside
        gone = Members(count)
        failed = np.zeros(0, dtype=np.int64)  # of this round, as far as they are remembered
        for run in bands:
            codes = worth_comparing(run, kept, gone, count)
            while len(codes):
                if len(failed):
                    codes = codes[failed[np.minimum(np.searchsorted(failed, codes), len(failed) - 1)] != codes]
                # Whom a document stands behind in several runs it meets in their order, one at a time.
                now = first_times(codes, count)
                similar = _compared(codes[now], count, compare, aside)
                gone.add(codes[now][similar] % count)
                if len(failed) < _FAILED:
                    failed = np.sort(np.concatenate((failed, codes[now][~similar])))
                codes = codes[~now]
                codes = codes[~gone.have(codes % count)]
        # Kept documents have met all that they could meet, those set aside need not meet anyone any more.
        rest = RunStore()
        for run in bands:
            rest.append(without(run, kept, gone, count))
        bands = rest
    _one_by_one(bands, compare, aside)
    return aside


def _compared(codes: NDArray[np.int64], count: int, compare: Compare, aside: Aside) -> NDArray[np.bool_]:
    """Compare pairs ``head * count + member``, a few thousand at a time; note the members that are similar."""
    similar = np.zeros(len(codes), dtype=bool)
    for start in range(0, len(codes), _AT_ONCE):
        part = codes[start : start + _AT_ONCE]
        heads, members = part // count, part % count
        found = compare(heads, members)
        there = ~np.isnan(found.jaccard)
        aside.add(members[there], heads[there], Similarities(found.jaccard[there], found.containment[there]))
        similar[start : start + _AT_ONCE] = there
    return similar


def _one_by_one(runs: RunStore, compare: Compare, aside: Aside) -> None:
    """The same rule, document by document, over what is left: an entry for each document in each of its runs."""
    count = sum(int(np.count_nonzero(run >= HEAD)) for run in runs)
    entries = sum(map(len, runs))
    latest = Scratch(count, np.int32)  # of each run, the entry of who was kept last, counted from 1
    kept = Scratch(entries + 1, np.int32)  # of each such entry who that is
    before = Scratch(entries + 1, np.int32)  # and the entry before it in its run
    scratch = (latest, kept, before)
    entry = seen = 0
    for member, numbers in _by_member(ordered(_entries(runs), "member")):
        found, at = set(), latest.values[numbers]
        while len(at := at[at > 0]):
            found.update(kept.values[at].tolist())
            at = before.values[at]
        seen += len(found) + len(numbers)
        if seen > _TOUCHED:
            seen = 0
            for each in scratch:
                each.release()
        best: Match | None = None
        if found:
            heads = np.array(sorted(found), dtype=np.int64)
            best = _best(heads, compare(heads, np.full(len(heads), member)))
        if best is not None:
            aside[member] = best
            continue
        fresh = np.arange(entry + 1, entry + 1 + len(numbers), dtype=np.int32)
        entry += len(numbers)
        kept.values[fresh], before.values[fresh], latest.values[numbers] = member, latest.values[numbers], fresh


def _entries(runs: RunStore) -> Iterator[NDArray[Any]]:
    count = 0
    for run in runs:
        made = np.empty(len(run), _ENTRY)
        made["member"] = run & WHO
        made["run"] = np.cumsum(run >= HEAD) + (count - 1)
        count += int(np.count_nonzero(run >= HEAD))
        yield made


def _by_member(blocks: Iterable[NDArray[Any]]) -> Iterator[tuple[int, NDArray[np.int32]]]:
    """Each document with the runs it is in, given entries by document."""
    open_: NDArray[Any] = np.zeros(0, _ENTRY)
    for block in blocks:
        entries = np.concatenate((open_, block))
        starts = np.flatnonzero(np.diff(entries["member"], prepend=np.uint32(HEAD)))
        for start, stop in pairwise(starts.tolist()):
            yield int(entries["member"][start]), entries["run"][start:stop]
        open_ = entries[starts[-1] :]
    if len(open_):
        yield int(open_["member"][0]), open_["run"]


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
        others = np.array(met, dtype=np.int64)
        best = _best(others, compare(others, np.full(len(met), position))) if met else None
        if best is not None:
            aside[position] = best


def _best(others: NDArray[np.int64], found: Similarities) -> Match | None:
    """The most similar one, the first of those that are even."""
    there = np.flatnonzero(~np.isnan(found.jaccard))
    if not len(there):
        return None
    best = there[np.argmax(found.jaccard[there])]
    return Match(int(others[best]), float(found.jaccard[best]), float(found.containment[best]))
