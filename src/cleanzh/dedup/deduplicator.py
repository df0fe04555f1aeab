"""Documents stream in, verdicts come out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.columns import Column, Names
from cleanzh.dedup.distinct import DOCUMENT, Distinct, distinct_keys
from cleanzh.dedup.evidence import Collected, Evidence, decide
from cleanzh.dedup.exhaustive import LIMIT
from cleanzh.dedup.index import Addition, DuplicateIndex
from cleanzh.dedup.keep import KEEP, Keep, keep_policy, moment
from cleanzh.dedup.key import MARKS, Codes, Keys, fold, fold_and_see
from cleanzh.dedup.minhash import minhash_keys
from cleanzh.dedup.shingles import SHINGLE
from cleanzh.dedup.sketch import WIDTH, Sketches, sketch_keys
from cleanzh.dedup.sketches import SketchStore
from cleanzh.dedup.sorting import Records
from cleanzh.dedup.store import KeyStore
from cleanzh.dedup.stored import Known
from cleanzh.dedup.verdict import Standing, Verdict, verdicts_on
from cleanzh.errors import UsageError
from cleanzh.kernels import kernel

__all__ = ["Deduplicator", "Signed", "Verdict", "sign"]

_BATCH = 1 << 10


class Signed(NamedTuple):
    """What is compared of a batch of texts: made by :func:`sign` in any process, taken by ``add_signed``."""

    keys: Keys
    digests: NDArray[np.uint64]  # (documents, 2): equal for equal keys
    sketches: Sketches
    blemishes: NDArray[np.int64]  # irreparable marks seen in the text

    def save(self, file: IO[bytes], **columns: NDArray[Any]) -> None:
        """Write it as an ``.npz``, with other columns if there are any; :meth:`load` reads it back."""
        codes = self.keys.codes
        narrow = codes.astype(np.uint16) if codes.max(initial=0) < 1 << 16 else codes  # of few texts it is not
        own: dict[str, Any] = {"codes": narrow, "bounds": self.keys.bounds, **self._asdict()}
        del own["keys"]
        np.savez(file, **{**own, **columns})

    @classmethod
    def load(cls, file: IO[bytes]) -> tuple[Signed, dict[str, NDArray[Any]]]:
        """What :meth:`save` wrote, and the other columns. Nothing that is not an array is ever loaded."""
        with np.load(file, allow_pickle=False) as stored:
            columns = dict(stored)
        keys = Keys(columns.pop("codes"), columns.pop("bounds"))
        own = {name: columns.pop(name) for name in ("digests", "sketches", "blemishes")}
        return cls(keys, **own), columns


def sign(texts: Sequence[str], *, sketch: str = "fast") -> Signed:
    """Fold, hash and sketch a batch of texts; depends on nothing but the texts.

    ``sketch`` is ``fast`` or ``minhash``, as in :class:`Deduplicator`.
    """
    keys, seen = fold_and_see(texts)
    return Signed(keys, _digests(texts, keys), _SKETCHES[sketch](keys), _blemishes(texts, seen))


def _blemishes(texts: Sequence[str], seen: NDArray[np.bool_]) -> NDArray[np.int64]:
    marks = np.zeros(len(texts), np.int64)
    for i in np.flatnonzero(seen).tolist():
        text = texts[i]
        if any(mark in text for mark in MARKS):  # looking for one character is three times as fast as for "锟斤拷"
            marks[i] = text.count("\ufffd") + text.count("锟斤拷")
    return marks


def _digests(texts: Sequence[str], keys: Keys) -> NDArray[np.uint64]:
    """Equal for equal keys; of a text too short for a shingle for equal texts: "C++" and "C#" share the key "c"."""
    digests = np.empty((len(texts), 2), dtype=np.uint64)
    compiled = kernel("digests")
    digest_each: Callable[..., Iterable[int]] = compiled.digests if compiled else _digest_each
    for numbers, part in keys.by_width():
        made = np.empty((len(part), 2), dtype=np.uint64)
        for i in digest_each(part.codes, part.bounds, made):
            made[i] = np.frombuffer(_digest(b"wide" + part[i].astype("<u4").tobytes()), "<u8")
        digests[numbers] = made
    for i in np.flatnonzero(keys.lengths < SHINGLE).tolist():
        digests[i] = np.frombuffer(_digest(b"short" + texts[i].encode("utf-8", "surrogatepass")), "<u8")
    return digests


def _digest_each(codes: Codes, bounds: NDArray[np.int64], digests: NDArray[np.uint64]) -> set[int]:
    """Write the digests of keys as codes of two bytes: hashed twice as fast as four bytes each. Says which keys have
    wider ones."""
    narrow = memoryview(codes.astype("<u2", copy=False).tobytes())
    made = [_digest(narrow[start:end]) for start, end in pairwise((2 * bounds).tolist())]
    digests[:] = np.frombuffer(b"".join(made), "<u8").reshape(-1, 2)
    if codes.itemsize == 2:
        return set()
    wide = np.flatnonzero(codes >= 1 << 16)
    return set((np.searchsorted(bounds, wide, side="right") - 1).tolist())


def _digest(data: bytes | memoryview) -> bytes:
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
        self._ids = Names()
        self._keys = KeyStore(memory=memory)
        self._lengths = Column(np.int32)
        self._digests = Column(np.uint64, 2)
        self._sketches = SketchStore(memory=memory)
        self._damage = Column(np.int32)
        self._published = Column(np.int64)

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
        self._lengths.append(signed.keys.lengths)
        self._digests.append(signed.digests)
        self._sketches.append(signed.sketches)
        marks = signed.blemishes if damage is None else np.array(damage, dtype=np.int64)
        self._damage.append(np.minimum(marks, np.iinfo(np.int32).max))
        self._published.append(np.array([moment(date) for date in published or ()] or [moment(None)] * count, np.int64))

    def verdicts(self) -> list[Verdict]:
        """One verdict a document, in the order in which they were added."""
        return list(self.each_verdict())

    def each_verdict(self) -> Iterator[Verdict]:
        """:meth:`verdicts`, one after the other: a list of them takes more memory than all that leads to them."""
        return chain.from_iterable(self._verdicts())

    def _verdicts(self) -> Iterator[Iterable[Verdict]]:
        if not self._ids:
            return
        distinct = distinct_keys(self.keep, self._ids, self._documents())
        standing = Standing(distinct, self._known(distinct))
        aside = decide(self._evidence(standing), self.threshold, self.containment)
        yield from verdicts_on(self._ids, standing, aside)

    def _documents(self) -> Iterator[Records]:
        position = 0
        columns = (self._damage, self._published, self._lengths, self._digests)
        for damage, published, length, digests in zip(*(column.blocks() for column in columns), strict=True):
            block = np.empty(len(length), DOCUMENT)
            block["position"] = np.arange(position, position + len(length))
            block["damage"], block["published"], block["length"] = damage, published, length
            block["high"], block["low"] = digests[:, 0], digests[:, 1]
            position += len(length)
            yield block

    def remember(self, verdicts: Sequence[Verdict]) -> int:
        """Add what was kept, and is not in it yet, to the index, in one step; says how many that were.

        To be called when the output of the run is in its place: a run that is killed before is repeated with the same
        result, and one that is killed after is repeated with the same result too.
        """
        if self.index is None:
            raise UsageError("there is no index to remember in; pass `index` to the Deduplicator")
        addition = Addition(self.index)
        kept = [i for i, verdict in enumerate(verdicts) if verdict.kept]
        for start in range(0, len(kept), _BATCH):
            part = np.array(kept[start : start + _BATCH])
            keys, sketches = self._keys_at(part.tolist()), self._sketches.rows(part)
            addition.add(self._ids.take(part.tolist()), keys, self._digests.take(part), sketches)
        return addition.commit()

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

    def _known(self, distinct: Distinct) -> dict[int, Known]:
        """Which distinct documents, by number, are stored in the index already."""
        found: dict[int, Known] = {}
        if self.index is None:
            return found
        number = 0
        for positions, lengths in zip(distinct.positions.blocks(_BATCH), distinct.lengths.blocks(_BATCH), strict=True):
            numbers = number + np.flatnonzero(lengths >= SHINGLE)
            wanted = positions[lengths >= SHINGLE]
            number += len(positions)
            matches = self.index.lookup(
                self._ids.take(wanted.tolist()),
                lambda i, wanted=wanted: self._keys_at([int(wanted[i])]),  # type: ignore[misc]  # of this batch
                self._digests.take(wanted),
                self._sketches.rows(wanted),
                threshold=self.threshold,
                containment=self.containment,
            )
            found |= {own: match for own, match in zip(numbers.tolist(), matches, strict=True) if match is not None}
        return found

    def _evidence(self, standing: Standing) -> Evidence:
        """Of documents with distinct keys, in visiting order, that the index does not know."""
        positions = standing.positions()

        def keys_of(places: Sequence[int]) -> Keys:
            return self._keys_at(positions.take(np.array(places, dtype=np.int64)).tolist())

        places, shingles = Column(np.int32), 0
        for own, length in zip(standing.places(), self._lengths.blocks(), strict=True):
            real = (own >= 0) & (length >= SHINGLE)
            places.append(np.where(real, own, -1))
            shingles += int(length[real].sum()) - (SHINGLE - 1) * int(np.count_nonzero(real))
        return Collected(positions, places, shingles, keys_of, self._sketches, self.threshold, limit=LIMIT)
