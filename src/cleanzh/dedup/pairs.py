"""Near duplicates among texts in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.bands import plan
from cleanzh.dedup.columns import Column
from cleanzh.dedup.deduplicator import Deduplicator
from cleanzh.dedup.evidence import Comparison
from cleanzh.dedup.exhaustive import LIMIT, join
from cleanzh.dedup.keep import KEEP, Keep
from cleanzh.dedup.key import fold
from cleanzh.dedup.runs import Runs
from cleanzh.dedup.shingles import SHINGLE
from cleanzh.dedup.similarity import Pair, Sets
from cleanzh.dedup.sketch import sketch_keys
from cleanzh.dedup.sketches import SketchStore, band_runs
from cleanzh.errors import UsageError

__all__ = ["all_pairs", "find_duplicates", "similar_pairs"]


def similar_pairs(texts: Sequence[str], *, threshold: float = 0.7) -> list[Pair]:
    """Every pair of texts whose 5-gram sets have at least that Jaccard similarity, by position.

    >>> said = "京东与OPPO的战略合作进一步落地，双方签署了专项协议，将共同投入资源。"
    >>> similar_pairs([said, "另一篇文章，说的是完全不同的事情。", said.replace("，", ",") + "（完）"])
    [Pair(a=0, b=2, jaccard=0.9666666666666667, containment=1.0)]

    Up to four million characters no pair is missed; past that, pairs come from bands, and one that is exactly at the
    threshold is missed with a probability below 2 in 10,000. Similarities are always counted, never estimated. A text
    with fewer than five letters and numbers has no 5-gram and is in no pair. Identical texts are a pair each with each:
    n copies are n (n - 1) / 2 pairs; :func:`find_duplicates` stays linear.
    """
    if not 0 < threshold <= 1:
        raise UsageError(f"the threshold must be above 0 and at most 1, not {threshold}")
    keys = fold(texts)
    sets = Sets(keys.at)
    windows = np.maximum(keys.lengths - (SHINGLE - 1), 0)
    small = int(windows.sum()) <= LIMIT
    pairs = join(sets.of(range(len(texts))), threshold, limit=LIMIT) if small else None
    if pairs is not None:
        compared = sets.pairs(pairs[0].tolist(), pairs[1].tolist())
        return [pair for pair in compared if pair.jaccard >= threshold]
    cut = plan(threshold)
    store = SketchStore()
    store.append(sketch_keys(keys))
    everyone = np.arange(len(texts))
    codes = np.zeros(0, np.int64)
    places = Column.of(np.where(windows > 0, everyone, -1).astype(np.int32))
    for run in band_runs(store, places, cut):
        codes = np.union1d(codes, all_pairs(run, len(texts)))
    compare = Comparison(sets, store, Column.of(everyone), cut, threshold)
    first, second = codes // len(texts), codes % len(texts)
    made = compare(first, second)
    similar = ~np.isnan(made.jaccard)
    columns = first[similar], second[similar], made.jaccard[similar], made.containment[similar]
    return [Pair(*pair) for pair in zip(*(column.tolist() for column in columns), strict=True)]


def all_pairs(run: Runs, count: int) -> NDArray[np.int64]:
    """Each pair within each run, as one number."""
    heads = run >= 1 << 31
    members = (run & np.uint32((1 << 31) - 1)).astype(np.int64)
    stops = np.append(np.flatnonzero(heads)[1:], len(run)) if len(run) else np.zeros(0, np.int64)
    left = np.repeat(stops, np.diff(np.append(np.flatnonzero(heads), len(run)))) - np.arange(len(run)) - 1
    first = np.repeat(np.arange(len(run)), left)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(left) - left, left)
    codes: NDArray[np.int64] = members[first] * count + members[second]
    return codes


def find_duplicates(texts: Sequence[str], *, threshold: float = 0.7, keep: Keep = KEEP) -> list[list[int]]:
    """The clusters of two and more texts that say the same: positions, the kept one first, the others ascending.

    >>> said = "京东与OPPO的战略合作进一步落地，双方签署了专项协议，将共同投入资源。"
    >>> find_duplicates([said, "另一篇文章，说的是完全不同的事情。", "來源：新浪網　" + said])
    [[2, 0]]

    By the leader rule: each text is directly similar to the kept one of its cluster. ``keep`` as in
    :mod:`cleanzh.dedup.keep`, where the cleanest is the one with the fewest irreparable marks; what is even by then is
    decided by a hash of the text, so that the order of the texts has no say unless ``first`` is asked for.
    """
    dedup = Deduplicator(threshold=threshold, keep=keep)
    first = "first" in dedup.keep
    names = [
        (
            0
            if first
            else int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()),
            i,
        )
        for i, text in enumerate(texts)
    ]
    dedup.add_batch(names, texts)
    clusters = [[position for _, position in cluster] for cluster in dedup.clusters()]
    return sorted(([kept, *sorted(rest)] for kept, *rest in clusters), key=min)
