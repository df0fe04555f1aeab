"""Exact similarities of candidate pairs, from the keys of the documents."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.key import Keys
from cleanzh.dedup.shingles import Hashes, distinct_sets, shared, shared_by_keys
from cleanzh.kernels import kernel

__all__ = ["Match", "Pair", "Sets", "Similarities", "similarity"]

_AT_ONCE = 256


class Pair(NamedTuple):
    """Two documents and what they share: exact, over sets of character 5-grams of their keys.

    ``containment`` is the share of the smaller set that is in the larger one.
    """

    a: int
    b: int
    jaccard: float
    containment: float


def similarity(shared: int, first: int, second: int) -> tuple[float, float]:
    """Jaccard similarity and containment, from what two sets share and their sizes; nothing is similar to nothing."""
    if not first or not second:
        return 0.0, 0.0
    return shared / (first + second - shared), shared / min(first, second)


class Similarities(NamedTuple):
    """Of some pairs, as arrays; NaN for one that is not said to be similar."""

    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]


class Match(NamedTuple):
    """How a document relates to another."""

    other: int
    jaccard: float
    containment: float


class Sets:
    """The 5-gram sets of documents by position, made from their keys when asked for; the last used ones are kept.

    ``keys_of`` gives the keys of some positions; it is asked for many at a time.
    """

    def __init__(self, keys_of: Callable[[Sequence[int]], Keys], *, memory: int = 1 << 26) -> None:
        self.keys_of = keys_of
        self._memory = memory
        self._held: OrderedDict[int, Hashes] = OrderedDict()
        self._bytes = 0

    def __getitem__(self, position: int) -> Hashes:
        return self.of([position])[0]

    def of(self, positions: Sequence[int]) -> list[Hashes]:
        """The sets of some documents."""
        missing = sorted({position for position in positions if position not in self._held})
        if missing:
            keys = self.keys_of(missing)
            for position, made in zip(missing, distinct_sets(keys.codes, keys.bounds), strict=True):
                self._held[position] = made
                self._bytes += made.nbytes
        sets = [self._held[position] for position in positions]
        if self._bytes > self._memory:
            for position in positions:
                self._held.move_to_end(position)
            while self._bytes > self._memory and self._held:
                self._bytes -= self._held.popitem(last=False)[1].nbytes
        return sets

    def sizes(self, positions: Sequence[int]) -> list[int]:
        """How many different 5-grams each document has."""
        return [
            len(hashes)
            for start in range(0, len(positions), _AT_ONCE)
            for hashes in self.of(positions[start : start + _AT_ONCE])
        ]

    def pairs(self, first: Sequence[int], second: Sequence[int]) -> list[Pair]:
        """The exact similarities of ``first[i]`` and ``second[i]``."""
        both = self.compare(first, second)
        return list(map(Pair, first, second, both.jaccard.tolist(), both.containment.tolist()))

    def compare(self, first: Sequence[int], second: Sequence[int]) -> Similarities:
        """:meth:`pairs` as arrays."""
        pairs = np.array([first, second], dtype=np.int64)
        order = np.argsort(pairs[0], kind="stable")  # those of one document together: it is looked through once
        counts = np.empty((len(order), 3), dtype=np.int64)  # what two share, and how many each has
        for start in range(0, len(order), _AT_ONCE):
            some = order[start : start + _AT_ONCE]
            counts[some] = self._counts(pairs[:, some])
        common, size, other_size = counts.T
        least = np.minimum(size, other_size)
        return Similarities(common / np.maximum(size + other_size - common, 1), common / np.maximum(least, 1))

    def _counts(self, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
        if kernel("shared") is not None:
            positions, places = np.unique(pairs, return_inverse=True)
            return shared_by_keys(self.keys_of(positions.tolist()), *places.reshape(pairs.shape))
        first, second = map(self.of, pairs.tolist())
        both = zip(first, second, strict=True)
        return np.array([(shared(one, other), len(one), len(other)) for one, other in both])
