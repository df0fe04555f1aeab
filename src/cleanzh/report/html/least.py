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

    __slots__ = ("_kept", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept: list[tuple[Any, Any]] = []

    def __iter__(self) -> Iterator[Any]:
        return (item for _, item in self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def wants(self, rank: Any) -> bool:
        """Whether an item of this rank might be kept."""
        return len(self._kept) < self.size or rank <= self._kept[-1][0]

    def offer(self, rank: Any, item: Any) -> None:
        """Keep ``item`` if its rank is among the least."""
        kept = self._kept
        if len(kept) < self.size:
            insort(kept, (rank, item))
        elif (rank, item) < kept[-1]:
            kept.pop()
            insort(kept, (rank, item))

    def add(self, other: Least) -> None:
        for rank, item in other._kept:
            self.offer(rank, item)
