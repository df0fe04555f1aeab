"""Excerpts: documents most of which is found in a longer one, at whatever Jaccard similarity.

Only documents that survived the leader rule are looked at: no two of them are the same article, and the question is
whether one is a piece of another. The longest are visited first, so that the excerpt goes and the article stays,
whatever the keep policy prefers between copies. What had been set aside in favour of an excerpt is visited once more,
so that in the end each document again was compared with the kept one that it is set aside for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.exhaustive import join
from cleanzh.dedup.key import Keys
from cleanzh.dedup.shingles import SHINGLE, Hashes, window_hashes
from cleanzh.dedup.similarity import Match, Pair, Sets

__all__ = ["AT_ONCE", "Probes", "choose", "excerpts", "found", "smallest"]

# The smallest hashes of a document that are looked for in all others; a hash that many ask for says nothing.
_PROBES, _COMMON = 24, 64
_BITS = 27
_BATCH = 64
# Documents looked for at once: 24 probes of 16 bytes each, so 100 MB.
AT_ONCE = 1 << 18

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]
KeysOf = Callable[[Sequence[int]], Keys]


def excerpts(kept: NDArray[np.int64], sets: Sets, share: float, *, limit: int) -> dict[int, Match]:
    """Which of the ``kept`` are excerpts, and of which one that stays. Positions are in visiting order.

    Candidates come from a join that misses none if there are fewer shingles than ``limit``, else by probes.
    """
    pairs = join(sets.of(kept.tolist()), 1.0, contained=share, limit=limit) if limit else None
    first, second = (kept[pairs[0]], kept[pairs[1]]) if pairs else _by_probes(kept, sets.keys_of, share)
    compared = [pair for pair in sets.pairs(first.tolist(), second.tolist()) if pair.containment >= share]
    sizes = {position: sets.sizes([position])[0] for pair in compared for position in (pair.a, pair.b)}
    return choose(compared, sizes)


def choose(contained: Iterable[Pair], sizes: Mapping[int, int]) -> dict[int, Match]:
    """Of documents one of which is contained in the other, which give way: the longest are visited first."""
    longer: dict[int, list[Match]] = {}
    for pair in contained:
        small, large = sorted((pair.a, pair.b), key=lambda position: (sizes[position], -position))
        longer.setdefault(small, []).append(Match(large, pair.jaccard, pair.containment))
    aside: dict[int, Match] = {}
    for position in sorted(longer, key=lambda position: (-sizes[position], position)):
        found = [match for match in longer[position] if match.other not in aside]
        if found:
            aside[position] = max(found, key=lambda match: (match.containment, match.jaccard, -match.other))
    return aside


def _by_probes(kept: NDArray[np.int64], keys_of: KeysOf, share: float) -> Pairs:
    """Look for the smallest hashes of each document in all others."""
    codes = [np.zeros((0, 2), np.int64)]
    for start in range(0, len(kept), AT_ONCE):
        asking = kept[start : start + AT_ONCE]
        probes = Probes.of(asking, *smallest(asking, keys_of), share)
        codes.append(found(probes, kept, keys_of))
    pairs = np.unique(np.concatenate(codes), axis=0)
    return pairs[:, 0], pairs[:, 1]


class Probes(NamedTuple):
    """What some documents ask for: hashes, sorted, and by whom each is asked."""

    asking: NDArray[np.int64]
    hashes: Hashes
    askers: NDArray[np.int64]  # places in `asking`
    enough: NDArray[np.float64]  # so many of its probes a document has to find
    filter_bits: NDArray[np.uint8]

    @classmethod
    def of(cls, asking: NDArray[np.int64], hashes: Hashes, askers: NDArray[np.int64], share: float) -> Probes:
        """The probes that few ask for.

        Of a document contained to nine tenths nine tenths of its probes are found, give or take; a pair that has 4.5
        standard deviations fewer is passed over, about one in 300,000.
        """
        order = np.argsort(hashes, kind="stable")
        hashes, askers = hashes[order], askers[order]
        fresh = np.concatenate(([True], hashes[1:] != hashes[:-1]))[: len(hashes)]
        number = np.cumsum(fresh) - 1
        rare = np.bincount(number)[number] <= _COMMON if len(number) else np.zeros(0, bool)
        hashes, askers = hashes[rare], askers[rare]
        asked = np.bincount(askers, minlength=len(asking))
        spread = (share * (1 - share)) ** 0.5
        enough = np.maximum(1, np.floor(asked * share - 4.5 * spread * np.sqrt(asked)))
        filter_bits = np.zeros(1 << (_BITS - 3), dtype=np.uint8)
        slots = _slots(hashes)
        np.bitwise_or.at(filter_bits, slots >> np.uint64(3), _bit(slots))
        return cls(asking, hashes, askers, enough, filter_bits)


def found(probes: Probes, positions: NDArray[np.int64], keys_of: KeysOf) -> NDArray[np.int64]:
    """Who asks for what enough is found of in which of the ``positions``: pairs, the smaller position first."""
    asking, hashes, askers, enough, filter_bits = probes
    codes = [np.zeros((0, 2), np.int64)]
    for batch, windows, owners in _windows(positions, keys_of) if len(hashes) else ():
        slots = _slots(windows)
        hit = (filter_bits[slots >> np.uint64(3)] & _bit(slots)) != 0
        windows, owners = windows[hit], owners[hit]
        low = np.searchsorted(hashes, windows, side="left")
        real = hashes[np.minimum(low, len(hashes) - 1)] == windows
        once = np.unique((owners[real] << 32) | low[real])  # what a document says twice counts once
        owners, low = once >> 32, once & 0xFFFFFFFF
        high = np.searchsorted(hashes, hashes[low], side="right")
        pairs, hits = np.unique((np.repeat(owners, high - low) << 32) | askers[_ranges(low, high)], return_counts=True)
        owners, who = batch[pairs >> 32], pairs & 0xFFFFFFFF
        chosen = (hits >= enough[who]) & (asking[who] != owners)
        codes.append(np.sort(np.stack((asking[who[chosen]], owners[chosen]), axis=1), axis=1))
    return np.concatenate(codes)


def smallest(asking: NDArray[np.int64], keys_of: KeysOf) -> tuple[Hashes, NDArray[np.int64]]:
    """The probes of all, and who asks."""
    parts: list[Hashes] = [np.zeros(0, np.uint64)]
    for batch, hashes, owners in _windows(asking, keys_of):
        bounds = np.searchsorted(owners, np.arange(len(batch) + 1)).tolist()
        for first, stop in pairwise(bounds):
            windows = hashes[first:stop]
            if (
                len(windows) > 4 * _PROBES
            ):  # repeats among the smallest are few: twice as many are enough to choose from
                windows = np.partition(windows, 2 * _PROBES)[: 2 * _PROBES]
            parts.append(np.unique(windows)[:_PROBES])
    return np.concatenate(parts), np.repeat(np.arange(len(asking)), [len(part) for part in parts[1:]])


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


def _slots(hashes: Hashes) -> Hashes:
    return (hashes >> np.uint64(8)) & np.uint64((1 << _BITS) - 1)


def _bit(slots: Hashes) -> NDArray[np.uint8]:
    return np.left_shift(np.uint8(1), (slots & np.uint64(7)).astype(np.uint8))


def _ranges(low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.int64]:
    """All integers of the ranges ``low[i]:high[i]``."""
    counts = high - low
    return np.repeat(low - (np.cumsum(counts) - counts), counts) + np.arange(int(counts.sum()))
