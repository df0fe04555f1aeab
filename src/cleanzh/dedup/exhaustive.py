"""All similar pairs, none missed: the join by prefixes (as in PPJoin), for collections that are not too large.

Put the shingles of every document in one order, rare ones first. Two documents with a Jaccard similarity of at least
``t`` share one among the first ``n - ceil(t n) + 1`` of each. Shingles that only one document has fill most of those
prefixes, so unrelated documents never meet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.shingles import Hashes

__all__ = ["LIMIT", "join"]

# Above so many shingles, or so many meetings in prefixes, bands are used instead.
LIMIT = 1 << 22

Positions = NDArray[np.int64]


def join(
    sets: Sequence[Hashes], threshold: float, *, contained: float | None = None, limit: int = LIMIT
) -> tuple[Positions, Positions] | None:
    """Candidate pairs ``(first, second)``, first < second, among which are all with that Jaccard similarity.

    With ``contained`` also all of which the smaller one is contained in the larger one to that share. None if the work
    would pass ``limit``.
    """
    sizes = np.array([len(hashes) for hashes in sets], dtype=np.int64)
    if int(sizes.sum()) > limit:
        return None
    everything = np.concatenate(list(sets)) if sets else np.zeros(0, np.uint64)
    owners = np.repeat(np.arange(len(sets)), sizes)
    order = np.argsort(everything, kind="stable")
    everything, owners = everything[order], owners[order]
    fresh = np.concatenate(([True], everything[1:] != everything[:-1])) if len(everything) else np.zeros(0, bool)
    number = np.cumsum(fresh) - 1
    frequency = np.bincount(number) if len(number) else np.zeros(0, np.int64)
    shared = frequency[number] > 1
    alone = sizes - np.bincount(owners[shared], minlength=len(sets))
    number, owners = number[shared], owners[shared]
    # Rare first within each document; equal frequencies by number, the same for all documents.
    order = np.lexsort((number, frequency[number], owners))
    number, owners = number[order], owners[order]
    counts = np.bincount(owners, minlength=len(sets))
    place = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
    needed = np.array([_prefix(int(n), threshold) for n in sizes], dtype=np.int64)
    prefix = place < (needed - alone)[owners]
    found = _meetings(number[prefix], owners[prefix], number[prefix], owners[prefix], limit)
    if found is None:
        return None
    codes = [found]
    if contained is not None:
        needed = np.array([_prefix(int(n), contained) for n in sizes], dtype=np.int64)
        prefix = place < (needed - alone)[owners]
        met = _meetings(number[prefix], owners[prefix], number, owners, limit)
        if met is None:
            return None
        codes.append(met)
    unique = _once(np.concatenate(codes))
    first, second = (unique >> np.uint64(32)).astype(np.int64), (unique & np.uint64(0xFFFFFFFF)).astype(np.int64)
    return first, second


def _prefix(size: int, share: float) -> int:
    # One more than the theorem asks for where rounding could matter: a candidate too many costs nothing.
    return size - math.ceil(share * size - 1e-9) + 1 if size else 0


def _meetings(
    number: Positions, owners: Positions, others: Positions, other_owners: Positions, limit: int
) -> NDArray[np.uint64] | None:
    """Pairs of owners of the same number, one code each, smaller position first."""
    order = np.argsort(others, kind="stable")
    others, other_owners = others[order], other_owners[order]
    low = np.searchsorted(others, number, side="left")
    counts = np.searchsorted(others, number, side="right") - low
    total = int(counts.sum())
    if total > 4 * limit:
        return None
    left = np.repeat(owners, counts)
    offsets = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    right = other_owners[np.repeat(low, counts) + offsets]
    differ = left != right
    left, right = left[differ], right[differ]
    first, second = np.minimum(left, right).astype(np.uint64), np.maximum(left, right).astype(np.uint64)
    return _once((first << np.uint64(32)) | second)


def _once(codes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """``np.unique``, which imports masked arrays: a twentieth of a small run."""
    codes = np.sort(codes)
    fresh = np.ones(len(codes), bool)
    fresh[1:] = codes[1:] != codes[:-1]
    once: NDArray[np.uint64] = codes[fresh]
    return once
