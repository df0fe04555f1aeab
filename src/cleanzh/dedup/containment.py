"""Excerpts: documents most of which is found in a longer one, at whatever Jaccard similarity.

Only documents that survived the leader rule are looked at: no two of them are the same article, and the question is
whether one is a piece of another. The longest are visited first, so that the excerpt goes and the article stays,
whatever the keep policy prefers between copies. What had been set aside in favour of an excerpt is visited once more,
so that in the end each document again was compared with the kept one that it is set aside for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.exhaustive import join
from cleanzh.dedup.key import Keys
from cleanzh.dedup.shingles import SHINGLE, Hashes, window_hashes
from cleanzh.dedup.similarity import Match, Sets

__all__ = ["excerpts"]

# The smallest hashes of a document that are looked for in all others; a hash that many ask for says nothing.
_PROBES, _COMMON = 24, 64
_BITS = 27
_BATCH = 64
# Documents looked for at once: 24 probes of 16 bytes each, so 100 MB.
_AT_ONCE = 1 << 18

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]
KeysOf = Callable[[Sequence[int]], Keys]


def excerpts(kept: NDArray[np.int64], sets: Sets, share: float, *, limit: int) -> dict[int, Match]:
    """Which of the ``kept`` are excerpts, and of which one that stays. Positions are in visiting order.

    Candidates come from a join that misses none if there are fewer shingles than ``limit``, else by probes.
    """
    pairs = join(sets.of(kept.tolist()), 1.0, contained=share, limit=limit) if limit else None
    first, second = (kept[pairs[0]], kept[pairs[1]]) if pairs else _by_probes(kept, sets.keys_of, share)
    longer: dict[int, list[Match]] = {}
    sizes: dict[int, int] = {}
    for pair in sets.pairs(first.tolist(), second.tolist()):
        if pair.containment >= share:
            sizes[pair.a], sizes[pair.b] = sets.sizes([pair.a, pair.b])
            small, large = sorted((pair.a, pair.b), key=lambda position: (sizes[position], -position))
            longer.setdefault(small, []).append(Match(large, pair.jaccard, pair.containment))
    aside: dict[int, Match] = {}
    for position in sorted(longer, key=lambda position: (-sizes[position], position)):
        found = [match for match in longer[position] if match.other not in aside]
        if found:
            aside[position] = max(found, key=lambda match: (match.containment, match.jaccard, -match.other))
    return aside


def _by_probes(kept: NDArray[np.int64], keys_of: KeysOf, share: float) -> Pairs:
    """Look for the smallest hashes of each document in all others.

    Of a document contained to nine tenths nine tenths of its probes are found, give or take; a pair that has 4.5
    standard deviations fewer is passed over, about one in 300,000.
    """
    firsts, seconds = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    spread = (share * (1 - share)) ** 0.5
    for start in range(0, len(kept), _AT_ONCE):
        asking = kept[start : start + _AT_ONCE]
        hashes, askers = _probes(asking, keys_of)
        asked = np.bincount(askers, minlength=len(asking))
        enough = np.maximum(1, np.floor(asked * share - 4.5 * spread * np.sqrt(asked)))
        filter_bits = np.zeros(1 << (_BITS - 3), dtype=np.uint8)
        slots = (hashes >> np.uint64(8)) & np.uint64((1 << _BITS) - 1)
        np.bitwise_or.at(filter_bits, slots >> np.uint64(3), _bit(slots))
        for batch, windows, owners in _windows(kept, keys_of):
            slots = (windows >> np.uint64(8)) & np.uint64((1 << _BITS) - 1)
            hit = (filter_bits[slots >> np.uint64(3)] & _bit(slots)) != 0
            windows, owners = windows[hit], owners[hit]
            low = np.searchsorted(hashes, windows, side="left")
            real = hashes[np.minimum(low, len(hashes) - 1)] == windows if len(hashes) else np.zeros(len(low), bool)
            once = np.unique((owners[real] << 32) | low[real])  # what a document says twice counts once
            owners, low = once >> 32, once & 0xFFFFFFFF
            high = np.searchsorted(hashes, hashes[low], side="right")
            found, hits = np.unique(
                (np.repeat(owners, high - low) << 32) | askers[_ranges(low, high)], return_counts=True
            )
            owners, found = batch[found >> 32], found & 0xFFFFFFFF
            chosen = (hits >= enough[found]) & (asking[found] != owners)
            firsts.append(asking[found[chosen]])
            seconds.append(owners[chosen])
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    codes = np.unique(np.stack((np.minimum(first, second), np.maximum(first, second)), axis=1), axis=0)
    return codes[:, 0], codes[:, 1]


def _probes(asking: NDArray[np.int64], keys_of: KeysOf) -> tuple[Hashes, NDArray[np.int64]]:
    """The probes of all, sorted, and who asks."""
    parts: list[Hashes] = []
    for batch, hashes, owners in _windows(asking, keys_of):
        bounds = np.searchsorted(owners, np.arange(len(batch) + 1)).tolist()
        for first, stop in pairwise(bounds):
            windows = hashes[first:stop]
            if (
                len(windows) > 4 * _PROBES
            ):  # repeats among the smallest are few: twice as many are enough to choose from
                windows = np.partition(windows, 2 * _PROBES)[: 2 * _PROBES]
            parts.append(np.unique(windows)[:_PROBES])
    askers = np.repeat(np.arange(len(asking)), [len(part) for part in parts])
    hashes = np.concatenate(parts)
    order = np.argsort(hashes, kind="stable")
    hashes, askers = hashes[order], askers[order]
    fresh = np.concatenate(([True], hashes[1:] != hashes[:-1]))
    rare = (np.bincount(np.cumsum(fresh) - 1) <= _COMMON)[np.cumsum(fresh) - 1]
    return hashes[rare], askers[rare]


def _windows(
    positions: NDArray[np.int64], keys_of: KeysOf
) -> Iterator[tuple[NDArray[np.int64], Hashes, NDArray[np.int64]]]:
    """Documents, a batch at a time: their positions, the hashes of their 5-grams, and which of them each is of."""
    for start in range(0, len(positions), _BATCH):
        batch = positions[start : start + _BATCH]
        keys = keys_of(batch.tolist())
        hashes = window_hashes(keys.codes)
        owners = np.repeat(np.arange(len(batch)), np.diff(keys.bounds))[: len(hashes)]
        inside = np.ones(len(keys.codes), dtype=bool)
        for back in range(1, SHINGLE):  # a window that runs into the next key is of nobody
            inside[np.maximum(keys.bounds[1:] - back, keys.bounds[:-1])[np.diff(keys.bounds) > 0]] = False
        inside = inside[: len(hashes)]
        yield batch, hashes[inside], owners[inside]


def _bit(slots: Hashes) -> NDArray[np.uint8]:
    return np.left_shift(np.uint8(1), (slots & np.uint64(7)).astype(np.uint8))


def _ranges(low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.int64]:
    """All integers of the ranges ``low[i]:high[i]``."""
    counts = high - low
    return np.repeat(low - (np.cumsum(counts) - counts), counts) + np.arange(int(counts.sum()))
