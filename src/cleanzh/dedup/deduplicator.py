"""Documents stream in, verdicts come out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.bands import Plan, plan
from cleanzh.dedup.containment import excerpts
from cleanzh.dedup.exhaustive import LIMIT, join
from cleanzh.dedup.index import DuplicateIndex
from cleanzh.dedup.keep import KEEP, Keep, keep_policy, moment, visiting_order
from cleanzh.dedup.key import Keys, fold
from cleanzh.dedup.leaders import (
    Aside,
    leaders_by_bands,
    leaders_by_pairs,
    partners_by_bands,
    partners_by_pairs,
    revisit,
)
from cleanzh.dedup.minhash import minhash_keys
from cleanzh.dedup.shingles import SHINGLE
from cleanzh.dedup.similarity import Match, Pair, Sets
from cleanzh.dedup.sketch import WIDTH, Sketches, sketch_keys
from cleanzh.dedup.sketches import SketchStore, band_runs
from cleanzh.dedup.store import KeyStore
from cleanzh.dedup.stored import Known, joined, records
from cleanzh.errors import UsageError

__all__ = ["Deduplicator", "Signed", "Verdict", "sign"]

# Setting an excerpt aside can bring back a document that contains or is another; it settles at once or in a few rounds.
_EXCERPT_ROUNDS = 10
_BATCH = 1 << 10

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


class Signed(NamedTuple):
    """What is compared of a batch of texts: made by :func:`sign` in any process, taken by ``add_signed``."""

    keys: Keys
    digests: NDArray[np.uint64]  # (documents, 2): equal for equal keys
    sketches: Sketches
    blemishes: NDArray[np.int64]  # irreparable marks seen in the text


def sign(texts: Sequence[str], *, sketch: str = "fast") -> Signed:
    """Fold, hash and sketch a batch of texts; depends on nothing but the texts.

    ``sketch`` is ``fast`` or ``minhash``, as in :class:`Deduplicator`.
    """
    keys = fold(texts)
    narrow = keys.codes.astype("<u2") if keys.codes.max(initial=0) < 1 << 16 else None
    ends = keys.bounds.tolist()
    digests = b"".join(
        _digest(text, keys.codes[start:stop], narrow[start:stop] if narrow is not None else None)
        for text, start, stop in zip(texts, ends, ends[1:], strict=False)
    )
    blemishes = np.array([text.count("\ufffd") + text.count("锟斤拷") for text in texts], dtype=np.int64)
    return Signed(keys, np.frombuffer(digests, "<u8").reshape(len(texts), 2), _SKETCHES[sketch](keys), blemishes)


def _digest(text: str, key: NDArray[np.uint32], narrow: NDArray[np.uint16] | None) -> bytes:
    """Equal for equal keys; of a text too short for a shingle for equal texts: "C++" and "C#" share the key "c"."""
    if len(key) < SHINGLE:
        data = b"short" + text.encode("utf-8", "surrogatepass")
    elif narrow is not None:  # two bytes a character are hashed twice as fast as four
        data = narrow.tobytes()
    else:
        data = key.astype("<u2").tobytes() if key.max() < 1 << 16 else b"wide" + key.astype("<u4").tobytes()
    return hashlib.blake2b(data, digest_size=16).digest()


def _by_minhash(keys: Keys) -> Sketches:
    """Of each value its low 16 bits, as they are spread evenly."""
    return (minhash_keys(keys, num_perm=WIDTH) & np.uint32(0xFFFF)).astype(np.uint16)


_SKETCHES: dict[str, Callable[[Keys], Sketches]] = {"fast": sketch_keys, "minhash": _by_minhash}


class Deduplicator:
    """Finds the documents that say the same, over any number of batches; each costs bytes, not its text.

    >>> said = "京东与OPPO的战略合作进一步落地，双方签署了专项协议，将共同投入资源。"
    >>> dedup = Deduplicator(keep="longest")
    >>> dedup.add_batch(["a.txt", "b.txt", "c.txt"], [said, "来源：新浪网" + said, "另一篇文章，说的是不同的事情。"])
    >>> [(v.id, v.kept, v.duplicate_of) for v in dedup.verdicts()]
    [('a.txt', False, 'b.txt'), ('b.txt', True, None), ('c.txt', True, None)]

    ``threshold`` is the Jaccard similarity of 5-gram sets from which on two documents are the same article.
    With ``containment`` a document also is set aside if that share of it is found in a longer one that is kept.
    ``keep`` says which copy stays, see :mod:`cleanzh.dedup.keep`.
    ``sketch`` proposes the pairs that are compared: ``fast`` (Fast Similarity Sketching), or ``minhash`` for those who
    share datasketch's signatures (:mod:`cleanzh.dedup.minhash`); it is slower.
    ``index`` is a :class:`~cleanzh.dedup.index.DuplicateIndex` (or its path) of what earlier runs kept: what is in it
    wins over what comes. Its ids and those given here are text. :meth:`remember` adds what was kept this time.
    ``fetch`` takes positions (in the order of adding) and returns their texts; with it, keys are not stored but made
    again for the pairs that are compared.
    ``memory`` is how many bytes of keys, and of sketches, are held before they go to temporary files.

    The verdicts depend on the documents alone: not on their order, on the batches, or on the kernel.
    """

    def __init__(
        self,
        *,
        threshold: float = 0.7,
        containment: float | None = None,
        keep: Keep = KEEP,
        sketch: str = "fast",
        index: DuplicateIndex | str | Path | None = None,
        fetch: Callable[[Sequence[int]], list[str]] | None = None,
        memory: int = 1 << 28,
    ) -> None:
        if not 0 < threshold <= 1:
            raise UsageError(f"the threshold must be above 0 and at most 1, not {threshold}")
        if containment is not None and not 0 < containment <= 1:
            raise UsageError(f"the containment must be above 0 and at most 1, not {containment}")
        self.threshold, self.containment = threshold, containment
        if sketch not in _SKETCHES:
            raise UsageError(f"unknown sketch {sketch!r}; choose from {', '.join(_SKETCHES)}")
        if sketch != "fast" and index is not None:
            raise UsageError(f"an index is made with the sketch 'fast', not {sketch!r}")
        self.sketch = sketch
        self.keep = keep_policy(keep)
        self.index = DuplicateIndex(index) if isinstance(index, str | Path) else index
        self._fetch = fetch
        self._ids: list[Any] = []
        self._keys = KeyStore(memory=memory)
        self._lengths: list[NDArray[np.int64]] = []
        self._digests: list[NDArray[np.uint64]] = []
        self._sketches = SketchStore(memory=memory)
        self._damage: list[NDArray[np.int64]] = []
        self._published: list[NDArray[np.int64]] = []

    def __len__(self) -> int:
        return len(self._ids)

    def add_batch(
        self,
        ids: Sequence[Any],
        texts: Sequence[str],
        *,
        published: Sequence[str | None] | None = None,
        damage: Sequence[int] | None = None,
    ) -> None:
        """Take in documents. ``damage`` counts what was removed and what could not be mended in each."""
        self.add_signed(ids, sign(texts, sketch=self.sketch), published=published, damage=damage)

    def add_signed(
        self,
        ids: Sequence[Any],
        signed: Signed,
        *,
        published: Sequence[str | None] | None = None,
        damage: Sequence[int] | None = None,
    ) -> None:
        """:meth:`add_batch` of texts that were signed elsewhere."""
        count = len(signed.keys)
        for name, column in {"ids": ids, "published": published, "damage": damage}.items():
            if column is not None and len(column) != count:
                raise UsageError(f"{name} has {len(column)} entries for {count} texts")
        self._ids += ids
        if self._fetch is None:
            self._keys.append(signed.keys)
        self._lengths.append(np.diff(signed.keys.bounds))
        self._digests.append(signed.digests)
        self._sketches.append(signed.sketches)
        self._damage.append(signed.blemishes if damage is None else np.array(damage, dtype=np.int64))
        self._published.append(np.array([moment(p) for p in published or [None] * count], dtype=np.int64))

    def verdicts(self) -> list[Verdict]:
        """One verdict a document, in the order in which they were added."""
        if not self._ids:
            return []
        length, digests = np.concatenate(self._lengths), np.concatenate(self._digests)
        order = visiting_order(
            self.keep,
            self._ids,
            damage=np.concatenate(self._damage),
            published=np.concatenate(self._published),
            length=length,
        )
        stands_for = _same_digest(digests[order], length[order] > 0)  # places in the order
        firsts = np.flatnonzero(stands_for == np.arange(len(order)))
        known = self._known(order[firsts], length[order[firsts]])
        unknown = np.array([place for place in range(len(firsts)) if place not in known], dtype=np.int64)
        found = self._set_aside(order[firsts[unknown]], length[order[firsts[unknown]]])
        aside: dict[int, Match] = {}
        for i, place in enumerate(unknown.tolist()):
            match = found.get(i)
            if match is not None:
                aside[place] = match._replace(other=int(unknown[match.other]))
        place_of = np.full(len(order), -1)
        place_of[firsts] = np.arange(len(firsts))
        group = place_of[stands_for]  # of each document in the order: its distinct key
        clusters = [
            known[place].id
            if place in known
            else self._ids[order[firsts[aside[place].other if place in aside else place]]]
            for place in range(len(firsts))
        ]
        sizes = Counter(clusters[place] for place in group.tolist())
        own = {self._ids[position] for position in order[firsts[unknown]].tolist()} if known else set()
        sizes.update({match.id for match in known.values()} - own)  # what is stored stands for itself as well
        made: list[Verdict | None] = [None] * len(order)
        for at, position in enumerate(order.tolist()):
            name, place = self._ids[position], int(group[at])
            cluster = clusters[place]
            size = sizes[cluster]
            near: Match | Known | None = known.get(place) or aside.get(place)
            if near is not None:
                same = isinstance(near, Known) and near.exact
                made[position] = Verdict(
                    name,
                    kept=False,
                    reason="exact_duplicate" if same else "near_duplicate",
                    duplicate_of=cluster,
                    jaccard=near.jaccard,
                    containment=near.containment,
                    cluster=cluster,
                    cluster_size=size,
                    estimated=isinstance(near, Known) and near.estimated,
                )
            elif stands_for[at] != at:
                made[position] = Verdict(name, False, "exact_duplicate", cluster, 1.0, 1.0, cluster, size)
            else:
                made[position] = Verdict(name, True, None, None, None, None, cluster, size)
        return [verdict for verdict in made if verdict is not None]

    def remember(self, verdicts: Sequence[Verdict]) -> int:
        """Add what was kept, and is not in it yet, to the index, in one step; says how many that were.

        To be called when the output of the run is in its place: a run that is killed before is repeated with the same
        result, and one that is killed after is repeated with the same result too.
        """
        if self.index is None:
            raise UsageError("there is no index to remember in; pass `index` to the Deduplicator")
        length, digests = np.concatenate(self._lengths), np.concatenate(self._digests)
        fresh = [i for i, v in enumerate(verdicts) if v.kept and length[i] >= SHINGLE]
        stored = self.index.stored([self._ids[i] for i in fresh], digests[fresh])
        fresh = [i for i, there in zip(fresh, stored, strict=True) if not there]
        parts = []
        for start in range(0, len(fresh), _BATCH):
            keys = self._keys_at(fresh[start : start + _BATCH])
            parts.append(records(keys, store_keys=self.index.store_keys))
        if parts:
            sketches = self._sketches.rows(np.array(fresh))
            self.index.append([self._ids[i] for i in fresh], digests[fresh], sketches, joined(parts))
        return len(fresh)

    def clusters(self) -> list[list[Any]]:
        """The ids of each cluster of two and more, the kept one first, the others in the order of adding."""
        members: dict[Any, list[Any]] = {}
        for verdict in self.verdicts():
            if verdict.cluster_size > 1:
                members.setdefault(verdict.cluster, [verdict.cluster])
                if not verdict.kept:
                    members[verdict.cluster].append(verdict.id)
        return list(members.values())

    def _keys_at(self, positions: Sequence[int]) -> Keys:
        return self._keys[positions] if self._fetch is None else fold(self._fetch(positions))

    def _known(self, positions: NDArray[np.int64], length: NDArray[np.int64]) -> dict[int, Known]:
        """Which documents, by place, are stored in the index already."""
        if self.index is None:
            return {}
        places = np.flatnonzero(length >= SHINGLE)
        wanted = positions[places]
        found = self.index.lookup(
            [self._ids[i] for i in wanted],
            lambda i: self._keys_at([int(wanted[i])]),
            np.concatenate(self._digests)[wanted],
            self._sketches.rows(wanted),
            threshold=self.threshold,
            containment=self.containment,
        )
        return {int(place): match for place, match in zip(places, found, strict=True) if match is not None}

    def _set_aside(self, positions: NDArray[np.int64], length: NDArray[np.int64]) -> Aside:
        """By the leader rule, over documents with distinct keys in visiting order."""
        sets = Sets(lambda places: self._keys_at(positions[list(places)].tolist()))
        windows = np.maximum(length - (SHINGLE - 1), 0)
        small = int(windows.sum()) <= LIMIT
        joined = join(sets.of(range(len(positions))), self.threshold) if small else None
        cut = plan(self.threshold)
        compare = Comparison(sets, self._sketches, positions, cut, self.threshold)
        if joined is not None:
            compared = sets.pairs(joined[0].tolist(), joined[1].tolist())
            pairs = [pair for pair in compared if pair.jaccard >= self.threshold]
            aside = leaders_by_pairs(len(positions), pairs)
        else:
            places = np.full(len(self), -1, dtype=np.int32)
            places[positions] = np.where(windows > 0, np.arange(len(positions)), -1)
            bands = band_runs(self._sketches, places, cut)
            aside = leaders_by_bands(len(positions), bands, compare)
        if self.containment is None:
            return aside
        for _ in range(_EXCERPT_ROUNDS):
            kept = aside.kept()
            gone = excerpts(kept[windows[kept] > 0], sets, self.containment, limit=LIMIT if small else 0)
            if not gone:
                break
            orphans = aside.led_by(gone)
            for place, match in gone.items():
                aside[place] = match
            for place in orphans:
                container = gone[aside.pop(place).other].other
                pair = sets.pairs([place], [container])[0]
                smaller, larger = sets.sizes([place, container])
                if pair.jaccard >= self.threshold or (pair.containment >= self.containment and smaller < larger):
                    aside[place] = Match(container, pair.jaccard, pair.containment)
            orphans = [place for place in orphans if place not in aside]
            partners = partners_by_bands(orphans, bands) if joined is None else partners_by_pairs(orphans, pairs)
            revisit(orphans, partners, compare, aside)
            if all(place in aside for place in orphans):  # nobody came back, so nothing new to compare
                break
        return aside


class Comparison:
    """Says which of the proposed pairs are similar: by the sketches who is worth counting, then by counting."""

    def __init__(
        self, sets: Sets, sketches: SketchStore, positions: NDArray[np.int64], cut: Plan, threshold: float
    ) -> None:
        self._sets, self._sketches, self._positions = sets, sketches, positions
        self._cut, self._threshold = cut, threshold

    def __call__(self, heads: NDArray[np.int64], members: NDArray[np.int64]) -> list[Pair | None]:
        found: list[Pair | None] = [None] * len(heads)
        for start in range(0, len(heads), 1 << 12):
            a, b = heads[start : start + (1 << 12)], members[start : start + (1 << 12)]
            agree = self._sketches.agreement(self._positions[a], self._positions[b])
            worth = np.flatnonzero(agree >= self._cut.agree)
            pairs = self._sets.pairs(a[worth].tolist(), b[worth].tolist())
            for place, pair in zip(worth.tolist(), pairs, strict=True):
                if pair.jaccard >= self._threshold:
                    found[start + place] = pair
        return found


def _same_digest(digests: NDArray[np.uint64], real: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each document the first with the same digest; for one with nothing to compare, itself."""
    order = np.lexsort((digests[:, 1], digests[:, 0]))  # stable: the first of equals comes first
    ordered = digests[order]
    fresh = np.concatenate(([True], (ordered[1:] != ordered[:-1]).any(axis=1)))
    first = np.empty(len(order), dtype=np.int64)
    first[order] = order[np.flatnonzero(fresh)[np.cumsum(fresh) - 1]]
    own = np.arange(len(order))
    return np.where(real, first, own)
