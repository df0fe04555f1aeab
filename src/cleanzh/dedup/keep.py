"""Which copy of an article stays: the order in which documents are visited by the leader rule.

A policy is a tuple of ``cleanest`` (fewest removals and irreparable marks), ``earliest`` (``published``), ``longest``
(of its key) and ``first`` (the smallest id), each deciding where those before it are even. It ends with the id in any
case, so that the survivor does not depend on the order in which documents come.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice, pairwise, takewhile
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.columns import BLOCK, Column, Names
from cleanzh.dedup.sorting import Records, ordered, taken
from cleanzh.errors import UsageError

__all__ = ["KEEP", "Keep", "keep_policy", "moment", "visiting_order"]

KEEP = ("cleanest", "earliest", "longest")
_KNOWN = (*KEEP, "first")
_NEVER = 2**62
_FIELDS = {"cleanest": "damage", "earliest": "published", "longest": "-length"}
# Documents that only their ids tell apart: so many are sorted at a time.
_EVEN = 1 << 16

Keep = str | Sequence[str]


def keep_policy(keep: Keep) -> tuple[str, ...]:
    """The policy as a tuple, from one or from a comma string.

    >>> keep_policy("earliest, longest")
    ('earliest', 'longest')
    """
    names = tuple(name.strip() for name in (keep.split(",") if isinstance(keep, str) else keep))
    for name in names:
        if name not in _KNOWN:
            raise UsageError(f"unknown keep policy {name!r}; choose from {', '.join(_KNOWN)}")
    return names


def moment(published: str | None) -> int:
    """A date as a number that sorts, in seconds; later than any if there is none or it can not be read.

    >>> moment("2019-05-27") < moment("2019-05-27 10:30") < moment("2019年5月28日") < moment(None)
    True
    """
    if not published:
        return _NEVER
    try:
        when = datetime.fromisoformat(published.strip())
    except ValueError:
        numbers = [int(part) for part in re.findall(r"\d+", published[:40], re.ASCII)[:6]]
        if len(numbers) < 3:
            return _NEVER
        try:
            when = datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type, misc]  # year, month, day and what follows
        except (ValueError, OverflowError):
            return _NEVER
    when = when.replace(tzinfo=when.tzinfo or UTC)
    since = when - datetime(1, 1, 1, tzinfo=UTC)
    return since.days * 86400 + since.seconds


def visiting_order(policy: Sequence[str], ids: Names, documents: Iterable[Records]) -> Iterator[Records]:
    """Documents in the order in which the policy prefers them, a block at a time.

    They are records with, beside whatever else, their ``position`` and ``damage``, ``published``, ``length``.
    """
    fields = tuple(_FIELDS[name] for name in takewhile(_FIELDS.__contains__, policy))  # ids are never even
    even: _Even | None = None
    for block in ordered(documents, *fields):
        heads = np.flatnonzero(_differs(block, [name.lstrip("-") for name in fields], even))
        first = int(heads[0]) if len(heads) else len(block)
        if even is not None:
            even.append(block[:first])
        if not len(heads):
            continue
        if even is not None:
            yield from even.by_id()
        if first < heads[-1]:
            yield _each_by_id(block[first : heads[-1]], np.diff(heads), ids)
        even = _Even(ids, block[heads[-1] :])
    if even is not None:
        yield from even.by_id()


def _differs(block: Records, fields: Sequence[str], even: _Even | None) -> NDArray[np.bool_]:
    """Whether each record differs from the one before it in one of the fields."""
    differs = np.zeros(len(block), dtype=bool)
    differs[:1] = even is None or any(block[name][0] != even.last[name] for name in fields)
    for name in fields:
        differs[1:] |= block[name][1:] != block[name][:-1]
    return differs


def _each_by_id(block: Records, sizes: NDArray[np.int64], ids: Names) -> Records:
    """Each stretch of even records by id; ``sizes`` are theirs."""
    stretch = np.repeat(np.arange(len(sizes)), sizes)
    several = np.flatnonzero(sizes[stretch] > 1)
    by_id = several[_by_id(taken(block, several), ids)]
    places = np.arange(len(block))
    places[several] = by_id[np.argsort(stretch[by_id], kind="stable")]
    return taken(block, places)


def _by_id(records: Records, ids: Names) -> NDArray[np.int64]:
    names = ids.take(records["position"].tolist())
    return np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.int64)


class _Even:
    """Records that are even in all fields: sorted by id as many at a time as are held, and merged."""

    def __init__(self, ids: Names, records: Records) -> None:
        self._ids, self.last = ids, records[-1]
        self._held = [records]
        self._sorted = Column(records.dtype)
        self._bounds = [0]

    def append(self, records: Records) -> None:
        self._held.append(records)
        if sum(map(len, self._held)) >= _EVEN:
            self._put()

    def _put(self) -> None:
        held = np.concatenate(self._held)
        self._sorted.append(held[_by_id(held, self._ids)])
        self._held = []
        self._bounds.append(len(self._sorted))

    def by_id(self) -> Iterator[Records]:
        self._put()
        if len(self._bounds) == 2:
            yield from self._sorted.blocks()
            return
        named = [self._named(*bounds) for bounds in pairwise(self._bounds)]
        merged = heapq.merge(*named, key=itemgetter(0))
        while rows := [record for _, record in islice(merged, BLOCK)]:
            yield np.array(rows)

    def _named(self, start: int, stop: int) -> Iterator[tuple[Any, Any]]:
        for at in range(start, stop, 1 << 10):
            records = self._sorted.slice(at, min(at + (1 << 10), stop))
            yield from zip(self._ids.take(records["position"].tolist()), records, strict=True)
