"""Choosing a few of many, the same ones every time."""

from __future__ import annotations

import hashlib
from bisect import insort
from collections.abc import Iterator
from typing import Any

__all__ = ["Least", "chance"]


def chance(name: str) -> int:
    """A number that looks like chance and depends on ``name`` alone."""
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=7).digest(), "big")


class Least:
    """The ``size`` items of least rank, whatever order they come in.

    >>> least = Least(2)
    >>> for rank, item in [(3, "c"), (1, "a"), (2, "b")]:
    ...     least.offer(rank, item)
    >>> list(least)
    ['a', 'b']
    """

    __slots__ = ("_kept", "_last", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept: list[tuple[Any, Any]] = []
        self._last: Any = None  # the rank above which nothing is kept any more

    def __iter__(self) -> Iterator[Any]:
        return (item for _, item in self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def wants(self, rank: Any) -> bool:
        """Whether an item of this rank might be kept."""
        return self._last is None or rank <= self._last

    def offer(self, rank: Any, item: Any) -> None:
        """Keep ``item`` if its rank is among the least."""
        if self._last is not None and rank > self._last:  # almost always, of many
            return
        insort(self._kept, (rank, item))
        del self._kept[self.size :]
        if len(self._kept) == self.size:
            self._last = self._kept[-1][0]

    def add(self, other: Least) -> None:
        for rank, item in other._kept:
            self.offer(rank, item)
