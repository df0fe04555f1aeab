"""Near duplicates of a collection that lies in partitions, on as many machines as there are.

The same rule as in one place, over partitions (:mod:`cleanzh.dedup.partitions`), which an *executor* works on:

1. of each document its id, digest, length and rank come to the driver: visiting order, exact duplicates;
2. documents are parted by band key, whole partitions become runs;
3. rounds of the leader rule go over the runs: who stands first in all of them is kept, is proposed to all behind it,
   and each pair is counted where the document lies, which borrows the keys of those it is compared with;
4. as soon as all pairs that could still meet fit the driver (``edges``), they are counted at once, and the rule ends
   there, in memory. If they never do, the rounds go on to the end: the last ones as the rule visits one by one.

The driver holds some hundred bytes a document, its id included, and at most ``edges`` pairs at a time. Verdicts are
those of :class:`~cleanzh.dedup.Deduplicator`, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup import partitions as work
from cleanzh.dedup.bands import plan
from cleanzh.dedup.columns import Column
from cleanzh.dedup.containment import AT_ONCE, Probes, choose
from cleanzh.dedup.deduplicator import Deduplicator
from cleanzh.dedup.distinct import Distinct
from cleanzh.dedup.evidence import Collected, Evidence
from cleanzh.dedup.exhaustive import LIMIT
from cleanzh.dedup.index import DuplicateIndex
from cleanzh.dedup.keep import KEEP, Keep
from cleanzh.dedup.leaders import ROUNDS, Aside, Compare, leaders_by_bands
from cleanzh.dedup.pairs import all_pairs
from cleanzh.dedup.partitions import Banded, Counted, Lent, Partition, Profile
from cleanzh.dedup.runs import RunStore
from cleanzh.dedup.shingles import SHINGLE
from cleanzh.dedup.similarity import Match, Pair, Similarities
from cleanzh.dedup.sketch import Sketches
from cleanzh.dedup.sketches import SketchStore
from cleanzh.dedup.stored import Known
from cleanzh.dedup.verdict import Standing

__all__ = ["BAND_BYTES", "EDGES", "IN_ONE_PLACE", "MOST_PARTS", "Executor", "PartitionedDeduplicator", "Reference"]

Reference = Any
"""A result that lies where it was made; given as an argument, the function gets the result."""

EDGES = 1 << 22
"""Pairs that the driver holds at a time; each costs it some 50 bytes."""

IN_ONE_PLACE = 1 << 22
"""So few 5-grams are compared at once in one place."""

# Bytes of band keys in one partition of bands; sorting takes as much again.
BAND_BYTES = 1 << 26
# More partitions would each answer with two bits for all documents: past 250 million they grow instead.
MOST_PARTS = 1 << 10
# Sets united by one task.
_TOGETHER = 16


class Executor(Protocol):
    """Where functions run."""

    parallel: int
    """How many run at a time."""

    def submit(self, function: Callable[..., Any], *arguments: Any, parts: int = 1) -> list[Reference]:
        """Have it run; with ``parts`` above 1 it returns so many results, each with a reference of its own."""

    def fetch(self, references: Sequence[Reference]) -> list[Any]:
        """The results."""

    def share(self, value: Any) -> Reference:
        """A value for many functions, sent once."""


class PartitionedDeduplicator(Deduplicator):
    """A :class:`Deduplicator` of documents that stay where they are; the verdicts are in the order of the partitions.

    ``edges`` bounds how many pairs the driver holds; the result does not depend on it.
    """

    def __init__(
        self,
        partitions: Sequence[Partition],
        executor: Executor,
        *,
        threshold: float = 0.7,
        containment: float | None = None,
        keep: Keep = KEEP,
        index: DuplicateIndex | str | Path | None = None,
        edges: int = EDGES,
    ) -> None:
        super().__init__(threshold=threshold, containment=containment, keep=keep, index=index)
        self._collection = collection = _Collection(partitions, executor, edges)
        references = [executor.submit(work.profile, partition)[0] for partition in partitions]
        self.counts: list[int] = []
        """How many documents each partition has."""
        for reference in references:
            made: Profile = executor.fetch([reference])[0]
            self.counts.append(len(made.ids))
            self._ids += made.ids
            self._lengths.append(made.lengths)
            self._digests.append(made.digests)
            self._damage.append(made.damage)
            self._published.append(made.published)
        collection.starts = np.cumsum([0, *self.counts])

    def _known(self, distinct: Distinct) -> dict[int, Known]:
        found: dict[int, Known] = {}
        if self.index is None:
            return found
        numbers = np.flatnonzero(distinct.lengths.values >= SHINGLE)
        positions = distinct.positions.values[numbers].astype(np.int64)
        asked = []
        for partition, chosen, rows in self._collection.by_partition(positions):
            ids = self._ids.take(positions[chosen].tolist())
            asked.append(
                (numbers[chosen], work.known, partition, rows, ids, self.index.path, self.threshold, self.containment)
            )
        for (own, *_), answers in zip(asked, self._collection.run(task[1:] for task in asked), strict=True):
            found.update((int(number), match) for number, match in zip(own, answers, strict=True) if match is not None)
        return found

    def _evidence(self, standing: Standing) -> Evidence:
        positions = standing.positions().values.astype(np.int64)
        length = self._lengths.take(positions)
        shingles = int(np.maximum(length - (SHINGLE - 1), 0).sum())
        if shingles <= IN_ONE_PLACE:
            keys, sketches = self._collection.gathered(positions)
            store = SketchStore()
            store.append(sketches)
            own = np.arange(len(positions), dtype=np.int32)
            places = Column.of(np.where(length >= SHINGLE, own, -1))
            return Collected(Column.of(own), places, shingles, keys.at, store, self.threshold, limit=LIMIT)
        return _Parted(self._collection, positions, length >= SHINGLE, self.threshold)


class _Collection:
    """The partitions, and what can be asked of documents in them by position."""

    def __init__(self, partitions: Sequence[Partition], executor: Executor, edges: int) -> None:
        self.partitions, self.executor, self.edges = partitions, executor, edges
        self.starts = np.zeros(1, dtype=np.int64)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def run(self, tasks: Iterator[tuple[Any, ...]]) -> list[Any]:
        """The results of functions with their arguments."""
        return self.executor.fetch([self.executor.submit(*task)[0] for task in tasks])

    def by_partition(self, positions: NDArray[np.int64]) -> Iterator[tuple[Partition, NDArray[np.int64], NDArray[Any]]]:
        """Each partition with some of the positions: which of them, and what rows they are."""
        where = np.searchsorted(self.starts, positions, side="right") - 1
        order = np.argsort(where, kind="stable")
        bounds = np.searchsorted(where[order], np.arange(len(self.partitions) + 1))
        for number, partition in enumerate(self.partitions):
            chosen = order[bounds[number] : bounds[number + 1]]
            if len(chosen):
                yield partition, chosen, positions[chosen] - self.starts[number]

    def gathered(self, positions: NDArray[np.int64]) -> tuple[Any, Sketches]:
        """Keys and sketches, in that order."""
        parted = list(self.by_partition(positions))
        lent = self.run((work.lend, partition, rows) for partition, _, rows in parted)
        keys, sketches = work.borrowed([part for [part] in lent] or [_nothing()])
        order = np.argsort(np.concatenate([chosen for _, chosen, _ in parted])) if parted else np.zeros(0, np.int64)
        return keys.at(order.tolist()), sketches[order]

    def count(self, first: NDArray[np.int64], second: NDArray[np.int64], agree: int) -> Counted:
        """How similar documents are, pair by pair; each is counted where the second one lies."""
        executor, starts = self.executor, self.starts
        lenders = np.searchsorted(starts, first, side="right") - 1
        wanted: dict[int, list[tuple[int, NDArray[np.int64]]]] = {}  # of each lender: who asks, for what
        counting = []
        for number, (partition, chosen, rows) in enumerate(self.by_partition(second)):
            unique, index = np.unique(first[chosen], return_inverse=True)  # by partition, as it is lent
            for lender in np.unique(lenders[chosen]).tolist():
                own = unique[(unique >= starts[lender]) & (unique < starts[lender + 1])]
                wanted.setdefault(lender, []).append((number, own - starts[lender]))
            counting.append((partition, chosen, index, rows))
        lent: list[list[Reference]] = [[] for _ in counting]
        for lender in sorted(wanted):
            asked = wanted[lender]
            answers = executor.submit(
                _lend if len(asked) > 1 else _lend_one,
                self.partitions[lender],
                *(rows for _, rows in asked),
                parts=len(asked),
            )
            for (number, _), answer in zip(asked, answers, strict=True):
                lent[number].append(answer)
        made: list[Counted] = self.run(
            (work.count, partition, agree, index, rows, *borrowed)
            for (partition, _, index, rows), borrowed in zip(counting, lent, strict=True)
        )
        found = Counted(np.empty(len(first)), np.empty(len(first)), np.empty((len(first), 2), dtype=np.int64))
        for (_, chosen, _, _), own in zip(counting, made, strict=True):
            for column, part in zip(found, own, strict=True):
                column[chosen] = part
        return found


def _lend(partition: Partition, *wanted: NDArray[np.int64]) -> tuple[Lent, ...]:
    return work.lend(partition, *wanted)


def _lend_one(partition: Partition, wanted: NDArray[np.int64]) -> Lent:
    return work.lend(partition, wanted)[0]


def _nothing() -> Lent:
    from cleanzh.dedup.sketch import WIDTH

    return Lent(np.zeros(0, np.uint16), np.zeros(0, np.int64), np.zeros((0, WIDTH), np.uint16))


class _Parted:
    """The evidence of a large collection in partitions. Documents go by their place in visiting order."""

    def __init__(
        self, collection: _Collection, positions: NDArray[np.int64], real: NDArray[np.bool_], threshold: float
    ) -> None:
        self._collection, self._executor = collection, collection.executor
        self._positions, self._real, self._threshold = positions, real, threshold
        self._cut = plan(threshold)
        self._size = len(positions)
        self._runs = self._banded()

    def _banded(self) -> list[Reference]:
        """The runs, a reference for each partition of bands."""
        places = np.full(len(self._collection), -1, dtype=np.int64)
        places[self._positions] = np.where(self._real, np.arange(self._size), -1)
        bits = max(1, len(places).bit_length())
        least = max(self._executor.parallel, self._size * 8 * self._cut.bands // BAND_BYTES)
        parts = min(MOST_PARTS, 1 << max(0, least - 1).bit_length())
        starts = self._collection.starts
        tagged = [
            self._executor.submit(
                _tagged if parts > 1 else _tagged_one,
                partition,
                places[starts[number] : starts[number + 1]],
                self._cut,
                bits,
                parts,
                parts=parts,
            )
            for number, partition in enumerate(self._collection.partitions)
        ]
        return [self._executor.submit(work.runs_from, bits, *column)[0] for column in zip(*tagged, strict=True)]

    # -- the leader rule -----------------------------------------------------------------------------------------------

    def leaders(self) -> Aside:
        aside, runs, done = Aside(self._size), self._runs, 0
        gone = np.zeros(self._size, dtype=bool)  # while documents are visited as if one by one
        while True:
            if done and (left := self._meetings(runs)) <= self._collection.edges:
                if not left:
                    return aside
                if done <= ROUNDS:
                    return self._in_memory(runs, aside, ROUNDS - done)
            active, later = self._standing(runs, gone)
            if not active.any():
                return aside
            kept = active & ~later
            if done < ROUNDS:
                fresh = self._compared(runs, kept, gone, aside, best=False)
                runs = self._without(runs, kept | fresh, gone)
            else:
                gone |= self._compared(runs, kept, gone, aside, best=True)
                runs = self._without(runs, kept, gone)
            done += 1

    def _meetings(self, runs: Sequence[Reference]) -> int:
        return sum(self._collection.run((work.meetings, part) for part in runs))

    def _standing(self, runs: Sequence[Reference], gone: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[Any]]:
        aside = self._executor.share(work.bits_of(gone))
        sets = [self._executor.submit(work.standing, part, aside, self._size)[0] for part in runs]
        while len(sets) > 1:
            sets = [
                self._executor.submit(work.either, *sets[start : start + _TOGETHER])[0]
                for start in range(0, len(sets), _TOGETHER)
            ]
        [both] = self._executor.fetch(sets)
        active, later = np.split(both, 2)
        return work.members_of(active, self._size), work.members_of(later, self._size)

    def _without(
        self, runs: Sequence[Reference], decided: NDArray[np.bool_], gone: NDArray[np.bool_]
    ) -> list[Reference]:
        out, aside = (self._executor.share(work.bits_of(documents)) for documents in (decided, gone))
        return [self._executor.submit(work.without, part, out, aside)[0] for part in runs]

    def _compared(
        self, runs: Sequence[Reference], kept: NDArray[Any], gone: NDArray[Any], aside: Aside, *, best: bool
    ) -> NDArray[np.bool_]:
        """Compare the kept with those behind them; says who is similar to one, and notes to whom.

        It is the one met in the lowest band; with ``best`` the most similar one of this and of earlier rounds.
        """
        stays, out = (self._executor.share(work.bits_of(documents)) for documents in (kept, gone))
        fresh = np.zeros(self._size, dtype=bool)
        met: dict[int, int] = {}  # in which band
        for heads, others, bands in self._batches(runs, stays, out):
            for i, pair in enumerate(self._pairs(heads, others, screened=True)):
                if pair is None:
                    continue
                known = aside.get(pair.b)
                if best:
                    worse = known is not None and (known.jaccard, -known.other) >= (pair.jaccard, -pair.a)
                else:
                    worse = known is not None and met[pair.b] <= bands[i]
                if not worse:
                    aside[pair.b] = Match(pair.a, pair.jaccard, pair.containment)
                    met[pair.b] = int(bands[i])
                    fresh[pair.b] = True
        return fresh

    def _batches(self, runs: Sequence[Reference], kept: Reference, gone: Reference) -> Iterator[tuple[Any, Any, Any]]:
        """The proposed pairs, so many at a time as the driver may hold."""
        made = [self._executor.submit(work.proposed, part, kept, gone, self._size)[0] for part in runs]
        while made:
            reference = made.pop()
            [(heads, others, bands)] = self._executor.fetch([reference])
            del reference
            for start in range(0, len(heads), max(1, self._collection.edges)):
                yield tuple(column[start : start + max(1, self._collection.edges)] for column in (heads, others, bands))

    def _in_memory(self, runs: Sequence[Reference], aside: Aside, rounds: int) -> Aside:
        """The rest of the rule, with all pairs that could meet counted beforehand."""
        store = RunStore()
        parts: list[Banded] = self._executor.fetch(runs)
        codes = np.zeros(0, np.int64)
        for bands in zip(*(part.bands() for part in parts), strict=True):
            band = np.concatenate(bands)
            store.append(band)
            codes = np.union1d(codes, all_pairs(band, self._size))
        return leaders_by_bands(self._size, store, self._counted(codes), aside=aside, rounds=rounds)

    # -- similarities --------------------------------------------------------------------------------------------------

    def _pairs(self, first: NDArray[np.int64], second: NDArray[np.int64], *, screened: bool) -> Iterator[Pair | None]:
        """The similarities of pairs; with ``screened`` None for those that are not similar."""
        order = np.lexsort((second, first))
        agree = self._cut.agree if screened else 0
        made = self._collection.count(self._positions[first[order]], self._positions[second[order]], agree)
        back = np.argsort(order)
        jaccard, containment = made.jaccard[back], made.containment[back]
        similar = jaccard >= self._threshold
        for i, (a, b) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
            yield Pair(a, b, float(jaccard[i]), float(containment[i])) if similar[i] or not screened else None

    def _counted(self, codes: NDArray[np.int64]) -> Compare:
        """A comparison that knows the pairs ``first * size + second``, and no others."""
        similar: dict[tuple[int, int], Pair] = {}
        for start in range(0, len(codes), max(1, self._collection.edges)):
            part = codes[start : start + max(1, self._collection.edges)]
            for pair in self._pairs(part // self._size, part % self._size, screened=True):
                if pair is not None:
                    similar[pair[:2]] = pair

        def compare(heads: NDArray[np.int64], members: NDArray[np.int64]) -> Similarities:
            found = np.full((2, len(heads)), np.nan)
            for i, both in enumerate(zip(heads.tolist(), members.tolist(), strict=True)):
                if both in similar:
                    found[:, i] = similar[both][2:]
            return Similarities(*found)

        return compare

    def pairs(self, first: Sequence[int], second: Sequence[int]) -> list[Pair]:
        a, b = np.array(first, dtype=np.int64), np.array(second, dtype=np.int64)
        return [pair for pair in self._pairs(a, b, screened=False) if pair is not None]

    def sizes(self, positions: Sequence[int]) -> list[int]:
        own = self._positions[np.array(positions, dtype=np.int64)]
        sizes: list[int] = self._collection.count(own, own, 0).sizes[:, 0].tolist()
        return sizes

    def partners(self, wanted: Sequence[int]) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {place: set() for place in wanted}
        asked = self._executor.share(np.array(sorted(wanted), dtype=np.int64))
        for rows in self._collection.run((work.partners, part, asked) for part in self._runs):
            for place, other in rows.tolist():
                found[place].add(other)
        return found

    def comparing(self, partners: Mapping[int, set[int]]) -> Compare:
        codes = [other * self._size + place for place, others in partners.items() for other in others]
        return self._counted(np.array(sorted(codes), dtype=np.int64))

    # -- excerpts ------------------------------------------------------------------------------------------------------

    def excerpts(self, kept: NDArray[np.int64], share: float) -> dict[int, Match]:
        kept = kept[self._real[kept]]
        codes = [np.zeros((0, 2), np.int64)]
        here = list(self._collection.by_partition(self._positions[kept]))
        for start in range(0, len(kept), AT_ONCE):
            asking = kept[start : start + AT_ONCE]
            parted = list(self._collection.by_partition(self._positions[asking]))
            answers = self._collection.run((work.asked, partition, rows) for partition, _, rows in parted)
            hashes = np.concatenate([own for own, _ in answers])
            askers = np.concatenate([chosen[own] for (_, chosen, _), (_, own) in zip(parted, answers, strict=True)])
            probes = self._executor.share(Probes.of(asking, hashes, askers, share))
            codes += self._collection.run(
                (work.found_in, partition, rows, kept[chosen], probes) for partition, chosen, rows in here
            )
        met = np.unique(np.concatenate(codes), axis=0)
        contained, sizes = [], {}
        for start in range(0, len(met), max(1, self._collection.edges)):
            first, second = met[start : start + max(1, self._collection.edges)].T
            made = self._collection.count(self._positions[first], self._positions[second], 0)
            for i in np.flatnonzero(made.containment >= share).tolist():
                a, b = int(first[i]), int(second[i])
                contained.append(Pair(a, b, float(made.jaccard[i]), float(made.containment[i])))
                sizes[a], sizes[b] = made.sizes[i].tolist()
        return choose(contained, sizes)


def _tagged(*arguments: Any) -> tuple[Banded, ...]:
    return work.tagged(*arguments)


def _tagged_one(*arguments: Any) -> Banded:
    return work.tagged(*arguments)[0]
