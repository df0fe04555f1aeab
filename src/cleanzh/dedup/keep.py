"""Which copy of an article stays: the order in which documents are visited by the leader rule.

A policy is a tuple of ``cleanest`` (fewest removals and irreparable marks), ``earliest`` (``published``), ``longest``
(of its key) and ``first`` (the smallest id), each deciding where those before it are even. It ends with the id in any
case, so that the survivor does not depend on the order in which documents come.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cleanzh.errors import UsageError

__all__ = ["KEEP", "Keep", "keep_policy", "moment", "visiting_order"]

KEEP = ("cleanest", "earliest", "longest")
_KNOWN = (*KEEP, "first")
_NEVER = 2**62

Keep = str | Sequence[str]


class Positional(Protocol):
    """What has names by position."""

    def __len__(self) -> int: ...

    def __getitem__(self, position: int, /) -> Any: ...


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


def visiting_order(
    policy: Sequence[str],
    ids: Positional,
    *,
    damage: NDArray[np.int64],
    published: NDArray[np.int64],
    length: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Positions in the order in which the policy prefers them."""
    columns = {"cleanest": damage, "earliest": published, "longest": length.max(initial=0) - length}
    deciding = [columns[name] for name in takewhile(columns.__contains__, policy)]  # ids are never even
    order = np.lexsort(deciding[::-1]) if deciding else np.arange(len(ids))
    even = np.ones(max(len(ids) - 1, 0), dtype=bool)
    for column in deciding:
        there = column[order]
        even &= there[1:] == there[:-1]
    edges = np.flatnonzero(np.diff(even, prepend=False, append=False))  # where a stretch of even ones begins, and ends
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        order[start : stop + 1] = sorted(order[start : stop + 1].tolist(), key=ids.__getitem__)
    return order
