"""Who stands for whom, told document by document."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.columns import Column, Names, Scratch
from cleanzh.dedup.distinct import Distinct
from cleanzh.dedup.leaders import Aside
from cleanzh.dedup.stored import Known

__all__ = ["Standing", "Verdict", "verdicts_on"]

Reason = Literal["exact_duplicate", "near_duplicate"]


class Verdict(NamedTuple):
    """What became of one document.

    ``duplicate_of`` is a kept document, and ``jaccard`` and ``containment`` are exact between the two. ``cluster`` is
    the id of the kept document, ``cluster_size`` counts all that it stands for, itself included. ``estimated`` are
    similarities to documents of an index that does not store keys, and no others.
    """

    id: Any
    kept: bool
    reason: Reason | None
    duplicate_of: Any
    jaccard: float | None
    containment: float | None
    cluster: Any
    cluster_size: int
    estimated: bool = False


# What `Verdict._make` does, at two thirds of its cost.
_made: Callable[[tuple[Any, ...]], Verdict] = partial(tuple.__new__, Verdict)


class Standing:
    """The distinct documents: those that an index knows, by number, and the others, which are compared with one another
    and go by their *place* among them, in visiting order."""

    def __init__(self, distinct: Distinct, known: Mapping[int, Known]) -> None:
        self.distinct, self.known = distinct, known
        self._known = np.array(sorted(known), dtype=np.int64)

    def positions(self) -> Column:
        """Of each place the position of its document."""
        if not self.known:
            return self.distinct.positions
        made, number = Column(np.int32), 0
        for block in self.distinct.positions.blocks():
            made.append(np.delete(block, self._known[self._here(number, len(block))] - number))
            number += len(block)
        return made

    def places(self) -> Iterator[NDArray[np.int32]]:
        """Of each document, by position, its place; -1 for one that another stands for, or that the index knows."""
        for group in self.distinct.group.blocks():
            unknown = (group >= 0) & ~self.is_known(group)
            yield np.where(unknown, self.place(group), -1).astype(np.int32)

    def is_known(self, numbers: NDArray[Any]) -> NDArray[np.bool_]:
        return np.isin(numbers, self._known)

    def place(self, numbers: NDArray[Any]) -> NDArray[np.int64]:
        """The places of documents that the index does not know."""
        return numbers - np.searchsorted(self._known, numbers)

    def number(self, places: NDArray[Any]) -> NDArray[np.int64]:
        """The numbers of those at some places."""
        before = self._known - np.arange(len(self._known))
        found: NDArray[np.int64] = places + np.searchsorted(before, places, side="right")
        return found

    def _here(self, start: int, count: int) -> slice:
        return slice(*np.searchsorted(self._known, [start, start + count]).tolist())


def verdicts_on(ids: Names, standing: Standing, aside: Aside) -> Iterator[Iterable[Verdict]]:
    """The verdict on each document, in the order in which they were added, some thousand at a time."""
    distinct, known = standing.distinct, standing.known
    names, own = _names_in_index(ids, standing)
    count = len(distinct.positions)  # who stands for others is one of these, or past them a name in the index
    leads = Column(np.int32)  # of each document
    sizes = Scratch(count + len(names), np.int32)
    for group in distinct.group.blocks():
        numbers = np.where(group < 0, ~group, group)
        lead = numbers.astype(np.int64)
        there = standing.is_known(numbers)
        gone, matches = aside.of(standing.place(numbers[~there]))
        unknown = np.flatnonzero(~there)
        lead[unknown[gone]] = standing.number(matches["other"])
        for at in np.flatnonzero(there).tolist():
            name = known[int(numbers[at])].id
            lead[at] = own[name] if name in own else count + names[name]
        for part in sizes.parts(lead):
            np.add.at(sizes.values, lead[part], 1)
        leads.append(lead)
    sizes.values[count:] += 1  # what is stored stands for itself as well
    stored = list(names)
    start = 0
    for group, lead in zip(distinct.group.blocks(), leads.blocks(), strict=True):
        numbers = np.where(group < 0, ~group, group)
        there = standing.is_known(numbers)
        gone, matches = aside.of(standing.place(numbers[~there]))
        leaders = distinct.positions.take(np.minimum(lead, count - 1))
        size_of = sizes.take(lead).tolist()
        names_here = ids.slice(start, start + len(group))
        told: dict[int, tuple[Reason, float, float, bool]] = {}  # of those that are set aside
        told.update(dict.fromkeys(np.flatnonzero(group < 0).tolist(), ("exact_duplicate", 1.0, 1.0, False)))
        for at, (_, *similar) in zip(np.flatnonzero(~there)[gone].tolist(), matches.tolist(), strict=True):
            told[at] = ("near_duplicate", *similar, False)
        for at in np.flatnonzero(there).tolist():
            match = known[int(numbers[at])]
            reason: Reason = "exact_duplicate" if match.exact else "near_duplicate"
            told[at] = (reason, match.jaccard, match.containment, match.estimated)
        # Most documents are kept, and stand for themselves: columns of that, and the others put in.
        count_here = len(group)
        kept, estimated, clusters = [True] * count_here, [False] * count_here, list(names_here)
        reasons: list[Reason | None] = [None] * count_here
        leads_to: list[Any] = [None] * count_here
        jaccards: list[float | None] = [None] * count_here
        containments: list[float | None] = [None] * count_here
        led = np.flatnonzero((leaders != np.arange(start, start + count_here)) | (lead >= count))
        for at, name in zip(led.tolist(), ids.take(leaders[led].tolist()), strict=True):
            clusters[at] = name if lead[at] < count else stored[lead[at] - count]
        for at, (why, jaccards[at], containments[at], estimated[at]) in told.items():
            kept[at], reasons[at], leads_to[at] = False, why, clusters[at]
        columns = (kept, reasons, leads_to, jaccards, containments, clusters, size_of, estimated)
        yield map(_made, zip(names_here, *columns, strict=True))
        start += count_here


def _names_in_index(ids: Names, standing: Standing) -> tuple[dict[str, int], dict[str, int]]:
    """The ids in the index of those who stand for documents of this run, in their order; and the numbers of those that
    are documents of this run themselves."""
    names = {match.id: 0 for match in standing.known.values()}
    own: dict[str, int] = {}
    numbers = itertools.count()
    for positions in standing.distinct.positions.blocks() if names else ():
        for name, number in zip(ids.take(positions.tolist()), numbers, strict=False):
            if name in names and number not in standing.known:
                own[name] = number
    for name in own:
        del names[name]
    return {name: place for place, name in enumerate(names)}, own
