"""Who is set aside for whom, given the evidence: the leader rule first, then excerpts.

The evidence is what the rule asks of a collection: whom the leader rule sets aside, who is an excerpt, how similar
pairs are. A collection in one place answers by itself (:class:`Collected`), one that lies in partitions over many
machines answers in :mod:`cleanzh.dedup.partitioned`; the rule, and so the result, is the same.
All positions are those of documents with distinct keys, in visiting order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.bands import Plan, plan
from cleanzh.dedup.columns import Column
from cleanzh.dedup.containment import excerpts
from cleanzh.dedup.exhaustive import LIMIT, join
from cleanzh.dedup.key import Keys
from cleanzh.dedup.leaders import (
    Aside,
    Compare,
    leaders_by_bands,
    leaders_by_pairs,
    partners_by_bands,
    partners_by_pairs,
    revisit,
)
from cleanzh.dedup.similarity import Match, Pair, Sets, Similarities
from cleanzh.dedup.sketches import SketchStore, band_runs

__all__ = ["Collected", "Comparison", "Evidence", "decide"]

# Setting an excerpt aside can bring back a document that contains or is another; it settles at once or in a few rounds.
_EXCERPT_ROUNDS = 10


class Evidence(Protocol):
    """What is asked of a collection."""

    def leaders(self) -> Aside:
        """Who is set aside by the leader rule."""

    def excerpts(self, kept: NDArray[np.int64], share: float) -> dict[int, Match]:
        """Which of the kept are excerpts of which others."""

    def pairs(self, first: Sequence[int], second: Sequence[int]) -> list[Pair]:
        """Exact similarities."""

    def sizes(self, positions: Sequence[int]) -> list[int]:
        """How many different 5-grams each document has."""

    def partners(self, wanted: Sequence[int]) -> dict[int, set[int]]:
        """Who may be similar to each of them."""

    def comparing(self, partners: Mapping[int, set[int]]) -> Compare:
        """How each of them and its partners compare."""


def decide(evidence: Evidence, threshold: float, containment: float | None) -> Aside:
    """Who is set aside for whom."""
    aside = evidence.leaders()
    if containment is None:
        return aside
    for _ in range(_EXCERPT_ROUNDS):
        gone = evidence.excerpts(aside.kept(), containment)
        if not gone:
            break
        orphans = aside.led_by(gone)
        for place, match in gone.items():
            aside[place] = match
        containers = [gone[aside.pop(place).other].other for place in orphans]
        sizes = zip(evidence.sizes(orphans), evidence.sizes(containers), strict=True)
        for pair, (smaller, larger) in zip(evidence.pairs(orphans, containers), sizes, strict=True):
            if pair.jaccard >= threshold or (pair.containment >= containment and smaller < larger):
                aside[pair.a] = Match(pair.b, pair.jaccard, pair.containment)
        orphans = [place for place in orphans if place not in aside]
        partners = evidence.partners(orphans)
        revisit(orphans, partners, evidence.comparing(partners), aside)
        if all(place in aside for place in orphans):  # nobody came back, so nothing new to compare
            break
    return aside


class Collected:
    """A collection in one place: all similar pairs by a join if it is small, else by bands.

    ``positions`` says where each document lies in ``sketches``, ``places`` of each that lies there which one it is, -1
    for one that does not take part or has no 5-gram; ``shingles`` is how many they have, at most, and ``keys_of`` gives
    the keys of some.
    """

    def __init__(
        self,
        positions: Column,
        places: Column,
        shingles: int,
        keys_of: Callable[[Sequence[int]], Keys],
        sketches: SketchStore,
        threshold: float,
        *,
        limit: int = LIMIT,
    ) -> None:
        self._count, self._threshold = len(positions), threshold
        self._positions, self._places = positions, places
        self._sets = Sets(keys_of)
        self._limit = limit if shingles <= limit else 0
        cut = plan(threshold)
        self._compare = Comparison(self._sets, sketches, positions, cut, threshold)
        everyone = range(self._count)
        joined = join(self._sets.of(everyone), threshold, limit=self._limit) if self._limit else None
        self._pairs: list[Pair] | None = None
        if joined is not None:
            compared = self._sets.pairs(joined[0].tolist(), joined[1].tolist())
            self._pairs = [pair for pair in compared if pair.jaccard >= threshold]
        else:
            self._bands = band_runs(sketches, places, cut)

    def leaders(self) -> Aside:
        if self._pairs is not None:
            return leaders_by_pairs(self._count, self._pairs)
        return leaders_by_bands(self._count, self._bands, self._compare)

    def excerpts(self, kept: NDArray[np.int64], share: float) -> dict[int, Match]:
        real = self._places.take(self._positions.take(kept)) >= 0
        return excerpts(kept[real], self._sets, share, limit=self._limit)

    def pairs(self, first: Sequence[int], second: Sequence[int]) -> list[Pair]:
        return self._sets.pairs(first, second)

    def sizes(self, positions: Sequence[int]) -> list[int]:
        return self._sets.sizes(positions)

    def partners(self, wanted: Sequence[int]) -> dict[int, set[int]]:
        if self._pairs is not None:
            return partners_by_pairs(wanted, self._pairs)
        return partners_by_bands(wanted, self._bands)

    def comparing(self, partners: Mapping[int, set[int]]) -> Compare:
        return self._compare


class Comparison:
    """Says which of the proposed pairs are similar: by the sketches who is worth counting, then by counting."""

    def __init__(self, sets: Sets, sketches: SketchStore, positions: Column, cut: Plan, threshold: float) -> None:
        self._sets, self._sketches, self._positions = sets, sketches, positions
        self._cut, self._threshold = cut, threshold

    def __call__(self, heads: NDArray[np.int64], members: NDArray[np.int64]) -> Similarities:
        found = Similarities(np.full(len(heads), np.nan), np.full(len(heads), np.nan))
        for start in range(0, len(heads), 1 << 12):
            a, b = heads[start : start + (1 << 12)], members[start : start + (1 << 12)]
            agree = self._sketches.agreement(self._positions.take(a), self._positions.take(b))
            worth = np.flatnonzero(agree >= self._cut.agree)
            counted = self._sets.compare(a[worth].tolist(), b[worth].tolist())
            similar = counted.jaccard >= self._threshold
            for column, values in zip(found, counted, strict=True):
                column[start + worth[similar]] = values[similar]
        return found
