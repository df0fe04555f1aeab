"""What is done with one partition of a collection: pure functions, from arrays to arrays.

A collection that lies on many machines is parted twice. By *document*: a partition of documents has their keys and
sketches, and is read from where it was signed. By *band key*: a partition of bands has, of each band, the runs of
documents whose keys begin with the same bits; as all partitions in a row it is what one machine would have.
Documents go by their place in visiting order, sets of them by one bit each. Nothing here knows who calls it, or where.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.bands import Plan, band_keys
from cleanzh.dedup.containment import Probes, found, smallest
from cleanzh.dedup.deduplicator import Signed
from cleanzh.dedup.index import DuplicateIndex
from cleanzh.dedup.keep import moment
from cleanzh.dedup.key import Keys
from cleanzh.dedup.runs import HEAD, WHO, Runs, runs_of
from cleanzh.dedup.shingles import Hashes
from cleanzh.dedup.similarity import Sets
from cleanzh.dedup.sketch import Sketches
from cleanzh.dedup.stored import Known

__all__ = [
    "Banded",
    "Bits",
    "Columns",
    "Counted",
    "Lent",
    "Partition",
    "Profile",
    "Proposed",
    "asked",
    "bits_of",
    "count",
    "either",
    "found_in",
    "in_a_row",
    "known",
    "lend",
    "meetings",
    "members_of",
    "partners",
    "profile",
    "proposed",
    "runs_from",
    "standing",
    "tagged",
    "without",
]

Bits = NDArray[np.uint8]  # one bit a document, packed
Rows = NDArray[np.int64]


class Columns(NamedTuple):
    """What is known of the documents of a partition beside what is compared."""

    ids: Sequence[str]
    published: Sequence[str | None]
    damage: Sequence[int]


class Partition(Hashable, Protocol):
    """Some documents, and where to read what was signed of them. It pickles, and is small."""

    def columns(self) -> Columns:
        """Of each document, in order."""

    def signed(self) -> Signed:
        """Of the same documents, in the same order."""


def in_a_row(batches: Iterable[Signed]) -> Signed:
    """Signed batches as one; each is dropped when the next is made. Keys have two bytes a character if they can."""
    batches = [batch._replace(keys=Keys(_narrow(batch.keys.codes), batch.keys.bounds)) for batch in batches]
    bounds = np.cumsum(np.concatenate([[0], *(np.diff(batch.keys.bounds) for batch in batches)]), dtype=np.int64)
    return Signed(
        Keys(np.concatenate([batch.keys.codes for batch in batches]), bounds),
        np.concatenate([batch.digests for batch in batches]),
        np.concatenate([batch.sketches for batch in batches]),
        np.concatenate([batch.blemishes for batch in batches]),
    )


def _narrow(codes: NDArray[Any]) -> NDArray[Any]:
    return codes.astype(np.uint16, copy=False) if int(codes.max(initial=0)) < 1 << 16 else codes


class Profile(NamedTuple):
    """What the one who decides has to know of each document."""

    ids: Sequence[str]
    published: NDArray[np.int64]
    damage: NDArray[np.int64]
    lengths: NDArray[np.int64]
    digests: NDArray[np.uint64]


class Banded(NamedTuple):
    """An array for each band, one after the other."""

    values: NDArray[Any]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, bands: Sequence[NDArray[Any]]) -> Banded:
        return cls(np.concatenate(bands), np.array([len(band) for band in bands], dtype=np.int64))

    def bands(self) -> list[NDArray[Any]]:
        return np.split(self.values, np.cumsum(self.counts)[:-1])


class Lent(NamedTuple):
    """Keys and sketches of some documents, on their way to those that they are compared with."""

    codes: NDArray[Any]  # two bytes a character where that is enough
    lengths: NDArray[np.int64]
    sketches: Sketches


class Proposed(NamedTuple):
    """Pairs to compare: kept documents, others, and the first band in which the two meet."""

    heads: NDArray[np.int64]
    others: NDArray[np.int64]
    bands: NDArray[np.int16]


class Counted(NamedTuple):
    """Exact similarities of pairs, and how many 5-grams each of the two has. NaN where the sketches differ too much."""

    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    sizes: NDArray[np.int64]  # (pairs, 2)


@lru_cache(maxsize=2)  # one that is worked on, and the one before: the rounds come back to the same few
def _signed(partition: Partition) -> Signed:
    return partition.signed()


def profile(partition: Partition) -> Profile:
    """What the verdicts depend on, beside similarities."""
    columns, signed = partition.columns(), _signed(partition)
    return Profile(
        columns.ids,
        np.array([moment(when) for when in columns.published], dtype=np.int64),
        np.array(columns.damage, dtype=np.int64),
        np.diff(signed.keys.bounds),
        signed.digests,
    )


# -- bands ------------------------------------------------------------------------------------------------------------


def tagged(partition: Partition, places: NDArray[np.int64], cut: Plan, bits: int, parts: int) -> tuple[Banded, ...]:
    """Band keys with the places of their documents, sorted, one :class:`Banded` for each partition of bands.

    ``places`` has -1 for documents that do not take part; the low ``bits`` of a key give way to the place. ``parts`` is
    a power of two: the leading bits of a key say where it goes.
    """
    sketches, chosen = _signed(partition).sketches, places >= 0
    low = np.uint64((1 << bits) - 1)
    parted: list[list[NDArray[Any]]] = [[] for _ in range(parts)]
    firsts = np.arange(1, parts, dtype=np.uint64) << np.uint64(65 - parts.bit_length())
    there = places[chosen].astype(np.uint64)
    for band in range(cut.bands):
        values = (band_keys(sketches, band, cut.rows)[chosen] & ~low) | there
        values.sort()
        for part, own in zip(parted, np.split(values, np.searchsorted(values, firsts)), strict=True):
            part.append(own)
    return tuple(Banded.of(part) for part in parted)


def runs_from(bits: int, *parts: Banded) -> Banded:
    """The runs of a partition of bands, from what all partitions of documents have for it."""
    split = [part.bands() for part in parts]
    made = []
    for band in range(len(parts[0].counts)):
        values = np.concatenate([own[band] for own in split])
        values.sort(kind="stable")  # sorted parts in a row: a merge
        made.append(runs_of(values, bits))
    return Banded.of(made)


def meetings(runs: Banded) -> int:
    """How many pairs there are if each document of a run meets each; those who meet in two bands count twice."""
    total = 0
    for run in runs.bands():
        sizes = np.diff(np.append(np.flatnonzero(run >= HEAD), len(run)))
        total += int((sizes * (sizes - 1) // 2).sum())
    return total


# -- the leader rule, a round ------------------------------------------------------------------------------------------


def bits_of(documents: NDArray[np.bool_]) -> Bits:
    return np.packbits(documents)


def members_of(bits: Bits, count: int) -> NDArray[np.bool_]:
    return np.unpackbits(bits, count=count).astype(bool)


def _has(bits: Bits, places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of some documents are in the set; the set is not unpacked, it may be of a hundred million."""
    within: NDArray[np.bool_] = (bits[places >> 3] >> (7 - (places & 7)).astype(np.uint8)) & 1 == 1
    return within


def _set_of(places: NDArray[np.int64], count: int) -> Bits:
    bits = np.zeros((count + 7) // 8, dtype=np.uint8)
    if len(places):
        places.sort()  # several times as fast as np.unique; what is there twice does no harm
        at = places >> 3
        starts = np.flatnonzero(np.concatenate(([True], at[1:] != at[:-1])))
        bits[at[starts]] = np.bitwise_or.reduceat(np.uint8(128) >> (places & 7).astype(np.uint8), starts)
    return bits


def either(*sets: Bits) -> Bits:
    """The documents that are in one of the sets."""
    united: Bits = np.bitwise_or.reduce(sets)
    return united


class _Seen(NamedTuple):
    """A run of runs, as the rule sees it."""

    members: NDArray[np.int64]
    number: NDArray[np.int64]  # which run each is in
    undecided: NDArray[np.bool_]
    first: NDArray[np.int64]  # of each run: where its first undecided member stands; past the end if it has none


def _see(run: Runs, gone: Bits, decided: Bits | None = None) -> _Seen:
    members, number = (run & WHO).astype(np.int64), np.cumsum(run >= HEAD) - 1
    if decided is not None:
        there = ~_has(decided, members)
        members, number = members[there], number[there]
    undecided = ~_has(gone, members)
    first = np.full(int(number[-1]) + 1 if len(number) else 0, len(members))
    at = np.flatnonzero(undecided)[::-1]
    first[number[at]] = at  # the last one written is the first one standing
    return _Seen(members, number, undecided, first)


def standing(runs: Banded, gone: Bits, count: int) -> Bits:
    """Two sets in a row: who is undecided here, and which of them stand behind another undecided one."""
    active, later = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for run in runs.bands():
        seen = _see(run, gone)
        active.append(seen.members[seen.undecided])
        behind = seen.undecided & (np.arange(len(seen.members)) > seen.first[seen.number])
        later.append(seen.members[behind])
    return np.concatenate([_set_of(np.concatenate(part), count) for part in (active, later)])


def proposed(runs: Banded, kept: Bits, gone: Bits, count: int) -> Proposed:
    """The documents that are kept by now and stand first in a run, with all that stand behind them."""
    codes: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    for run in runs.bands():
        seen = _see(run, gone)
        if not len(seen.members):
            codes.append(codes[0])
            continue
        at = seen.first[seen.number]
        heads = seen.members[np.minimum(at, len(seen.members) - 1)]
        worth = (np.arange(len(seen.members)) > at) & _has(kept, heads)
        codes.append(heads[worth] * count + seen.members[worth])
    bands = np.repeat(np.arange(-1, len(codes) - 1), [len(part) for part in codes]).astype(np.int16)
    unique, firsts = np.unique(np.concatenate(codes), return_index=True)  # the first is that of the lowest band
    return Proposed(unique // count, unique % count, bands[firsts])


def without(runs: Banded, decided: Bits, gone: Bits) -> Banded:
    """The runs without the ``decided``, and without those ``gone`` that no undecided one stands before any more."""
    rest: list[NDArray[Any]] = []
    for run in runs.bands():
        seen = _see(run, gone, decided)
        there = np.arange(len(seen.members)) >= seen.first[seen.number]
        members, number = seen.members[there].astype(np.uint32), seen.number[there]
        if not len(members):
            rest.append(members)
            continue
        heads = np.concatenate(([True], number[1:] != number[:-1]))
        alone = heads & np.append(heads[1:], True)
        rest.append((members | (heads.astype(np.uint32) << np.uint32(31)))[~alone])
    return Banded.of(rest)


def partners(runs: Banded, wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Who shares a band with each of the ``wanted``, which ascend: rows of two places."""
    pairs = [np.zeros((0, 2), np.int64)]
    for run in runs.bands():
        members, number = (run & WHO).astype(np.int64), np.cumsum(run >= HEAD)
        for place in np.flatnonzero(np.isin(members, wanted)).tolist():
            low, high = np.searchsorted(number, [number[place], number[place] + 1])
            pairs.append(np.stack((np.full(high - low, members[place]), members[low:high]), axis=1))
    return np.unique(np.concatenate(pairs), axis=0)


# -- exact similarities -----------------------------------------------------------------------------------------------


def lend(partition: Partition, *wanted: Rows) -> tuple[Lent, ...]:
    """Keys and sketches of some documents, one answer for each who asks."""
    signed = _signed(partition)
    answers = []
    for rows in wanted:
        keys = signed.keys.at(rows.tolist())
        answers.append(Lent(_narrow(keys.codes), np.diff(keys.bounds), signed.sketches[rows]))
    return tuple(answers)


def borrowed(lent: Sequence[Lent]) -> tuple[Keys, Sketches]:
    """What several partitions have lent, as one batch."""
    bounds = np.concatenate(([0], np.cumsum(np.concatenate([part.lengths for part in lent]))))
    codes = np.concatenate([part.codes for part in lent])
    return Keys(codes, bounds), np.concatenate([part.sketches for part in lent])


def count(partition: Partition, agree: int, first: Rows, second: Rows, *lent: Lent) -> Counted:
    """How similar documents of others (``first``, rows of what is lent) are to documents here (``second``).

    Pairs whose sketches agree in fewer buckets than ``agree`` are not counted.
    """
    signed = _signed(partition)
    keys, sketches = borrowed(lent)
    own, number = np.unique(second, return_inverse=True)
    same = sketches[first] == signed.sketches[second]
    worth = np.flatnonzero(np.count_nonzero(same, axis=1) >= agree)
    theirs = len(keys)

    def keys_of(positions: Sequence[int]) -> Keys:
        others = keys.at([position for position in positions if position < theirs])
        ours = signed.keys.at(own[[position - theirs for position in positions if position >= theirs]].tolist())
        codes = np.concatenate((others.codes, ours.codes))
        return Keys(codes, np.append(others.bounds[:-1], ours.bounds + len(others.codes)))

    sets = Sets(keys_of)
    left, right = first[worth].tolist(), (number[worth] + theirs).tolist()
    jaccard, containment = np.full(len(first), np.nan), np.full(len(first), np.nan)
    sizes = np.zeros((len(first), 2), dtype=np.int64)
    for start in range(0, len(worth), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        at, pairs = worth[part], sets.pairs(left[part], right[part])
        jaccard[at] = [pair.jaccard for pair in pairs]
        containment[at] = [pair.containment for pair in pairs]
        sizes[at, 0], sizes[at, 1] = sets.sizes(left[part]), sets.sizes(right[part])
    return Counted(jaccard, containment, sizes)


# What `Sets` holds at once.
_AT_ONCE = 256


# -- excerpts ---------------------------------------------------------------------------------------------------------


def asked(partition: Partition, rows: Rows) -> tuple[Hashes, NDArray[np.int64]]:
    """The probes of some documents, and whose each is: a position in ``rows``."""
    signed = _signed(partition)
    return smallest(rows, lambda wanted: signed.keys.at(list(wanted)))


def found_in(partition: Partition, rows: Rows, places: NDArray[np.int64], probes: Probes) -> NDArray[np.int64]:
    """Who asks for what is found in the documents here: pairs of places, the smaller one first."""
    signed, row_of = _signed(partition), dict(zip(places.tolist(), rows.tolist(), strict=True))
    return found(probes, places, lambda wanted: signed.keys.at([row_of[place] for place in wanted]))


# -- an index of earlier runs -----------------------------------------------------------------------------------------


def known(
    partition: Partition, rows: Rows, ids: Sequence[str], index: Path, threshold: float, containment: float | None
) -> list[Known | None]:
    """What an index knows some documents as."""
    signed = _signed(partition)
    return DuplicateIndex(index).lookup(
        ids,
        lambda i: signed.keys.at([int(rows[i])]),
        signed.digests[rows],
        signed.sketches[rows],
        threshold=threshold,
        containment=containment,
    )
