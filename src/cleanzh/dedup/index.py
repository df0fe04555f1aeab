"""Documents remembered between runs: today's scrape against everything before.

An index is a folder::

    manifest.json     which segments count, their sizes and checksums, and the scheme they were made with
    lock              held by the one process that writes
    000001.seg …      segments, see :mod:`cleanzh.dedup.segment`

A segment is written beside and made durable before the manifest, replaced in one step, begins to name it. Whenever a
process is killed, the manifest there is complete, and what it does not name is left over and swept up by the next
writer. Readers need no lock.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.key import Keys
from cleanzh.dedup.segment import DROP, Segment, checksum, open_segment, sync_folder, write_segment
from cleanzh.dedup.shingles import SHINGLE, Hashes, distinct
from cleanzh.dedup.sketch import Sketches
from cleanzh.dedup.stored import (
    Known,
    Records,
    candidates,
    compare,
    joined,
    merged,
    name_of,
    records,
    scheme,
    segment_arrays,
)
from cleanzh.errors import DuplicateIndexError, UsageError
from cleanzh.lock import BusyError, alone

__all__ = ["Addition", "DuplicateIndex", "Known", "SegmentInfo"]

_LOWEST = 0.6
_BATCH = 1 << 10


class SegmentInfo(NamedTuple):
    """One segment as ``cleanzh index info`` shows it."""

    name: str
    documents: int
    size: int
    created: str


class DuplicateIndex:
    """What earlier runs kept, in the folder ``path``; made if it is not there.

    With ``store_keys`` (decided when the index is made) the compressed keys are stored as well, about 2 KB an article:
    similarities to stored documents are then counted. Without, they are estimated from sketches of 256 bytes with a
    deviation of about .02, and marked as ``estimated``.

    Raises :class:`~cleanzh.errors.DuplicateIndexError` for an index that is damaged, busy, or of another scheme.
    """

    def __init__(self, path: str | Path, *, store_keys: bool = False) -> None:
        self.path = Path(path)
        self._manifest: dict[str, Any] = {"scheme": scheme(), "store_keys": store_keys, "segments": []}
        self._open: dict[str, Segment] = {}
        if self.path.exists() and not self.path.is_dir():
            raise DuplicateIndexError(f"{self.path}: a file; an index is a folder")
        self._reload()

    @classmethod
    def create(cls, path: str | Path, *, store_keys: bool = False) -> Self:
        """Make an empty index on the disk, so that ``store_keys`` is decided before the first run."""
        made = cls(path, store_keys=store_keys)
        if (made.path / "manifest.json").exists():
            raise UsageError(f"{path}: is there already")
        with made._writing():
            made._write_manifest()
        return made

    @property
    def store_keys(self) -> bool:
        """Whether the keys of documents are stored, so that similarities to them are counted."""
        return bool(self._manifest["store_keys"])

    def __len__(self) -> int:
        return sum(segment["documents"] for segment in self._manifest["segments"])

    def info(self) -> list[SegmentInfo]:
        """The segments, oldest first."""
        return [SegmentInfo(s["name"], s["documents"], s["size"], s["created"]) for s in self._manifest["segments"]]

    def ids(self) -> Iterator[str]:
        """The ids of all stored documents."""
        for segment in self._segments():
            for row in range(len(segment["digests"])):
                yield name_of(segment, row)

    def lookup(
        self,
        ids: Sequence[str],
        key_of: Callable[[int], Keys],
        digests: NDArray[np.uint64],
        sketches: Sketches,
        *,
        threshold: float = 0.7,
        containment: float | None = None,
    ) -> list[Known | None]:
        """For each document the stored one that is most similar, if it is similar enough.

        A document that is stored under its own id is not its own duplicate, so that a run can be repeated. Documents
        without a 5-gram are not to be asked for.
        """
        if threshold < _LOWEST:
            raise UsageError(f"an index finds documents from {_LOWEST} on; the threshold is {threshold}")
        found: list[Known | None] = [None] * len(ids)
        segments = self._segments()
        same, own = self._same(ids, digests)
        for i, name in same.items():
            if i not in own:
                found[i] = Known(name, 1.0, 1.0, exact=True)
        places = np.array([i for i in range(len(ids)) if i not in same and i not in own], dtype=np.int64)
        sets: dict[int, Hashes] = {}
        wide: dict[int, NDArray[np.uint8]] = {}
        for segment in segments:
            for code in candidates(segment, places, sketches).tolist():
                place, row = code >> 32, code & 0xFFFFFFFF
                if place not in sets:
                    key = key_of(place)
                    sets[place] = distinct(key.codes)
                    wide[place] = records(key).wide[0]
                known = compare(segment, row, sets[place], wide[place], threshold)
                if known is None or known.id == ids[place]:
                    continue
                shorter = len(sets[place]) <= int(segment["sizes"][row])
                excerpt = containment is not None and shorter and known.containment >= containment
                best = found[place]
                if (excerpt or known.jaccard >= threshold) and (best is None or known.jaccard > best.jaccard):
                    found[place] = known
        return found

    def stored(self, ids: Sequence[str], digests: NDArray[np.uint64]) -> list[bool]:
        """Which documents are stored, with this key and under this id."""
        own = self._same(ids, digests)[1]
        return [i in own for i in range(len(ids))]

    def append(self, ids: Sequence[str], digests: NDArray[np.uint64], sketches: Sketches, stored: Records) -> None:
        """Store documents, as one new segment; ``stored`` is made by :func:`~cleanzh.dedup.stored.records`."""
        for name in ids:
            if not isinstance(name, str):
                raise UsageError(f"an index needs ids that are text, not {name!r}")
        if self.store_keys and stored.keys is None:
            raise UsageError(f"{self.path} stores keys, and the records have none")
        if ids:
            if not self.store_keys:
                stored = stored._replace(keys=None)
            arrays = segment_arrays(ids, digests, sketches, stored)
            with self._writing():
                self._add_segment(arrays, len(ids))

    def compact(self, *, drop_damaged: bool = False) -> None:
        """Make one segment of all; with ``drop_damaged`` without those that can not be read."""
        with self._writing():
            readable = []
            for segment in self._manifest["segments"]:
                problem = self._problem(segment)
                if problem is None:
                    readable.append(segment)
                elif not drop_damaged:
                    raise DuplicateIndexError(problem)
            if len(readable) == len(self._manifest["segments"]) <= 1:
                return
            arrays = merged([self._segment(segment) for segment in readable])
            created = max((segment["created"] for segment in readable), default="")
            self._manifest["segments"] = []
            if arrays:
                self._add_segment(arrays, sum(segment["documents"] for segment in readable), created=created)
            else:
                self._write_manifest()
            self._sweep()

    def expire(self, before: datetime) -> int:
        """Forget the segments written before that moment; says how many documents they held."""
        limit = (before if before.tzinfo else before.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
        with self._writing():
            old = [segment for segment in self._manifest["segments"] if segment["created"] < limit]
            if old:
                self._manifest["segments"] = [s for s in self._manifest["segments"] if s["created"] >= limit]
                self._write_manifest()
                self._sweep()
        return sum(segment["documents"] for segment in old)

    def verify(self) -> list[str]:
        """What is wrong with the files, one line each; empty if all is well."""
        problems = map(self._problem, self._manifest["segments"])
        return [problem for problem in problems if problem is not None]

    def _problem(self, entry: dict[str, Any]) -> str | None:
        path = self.path / entry["name"]
        try:
            segment = open_segment(path, entry["size"])
        except DuplicateIndexError as error:
            return str(error)
        if checksum(path) != entry["checksum"]:
            return f"{path}: the checksum differs; restore the file from a copy, or {DROP}"
        if len(segment["digests"]) != entry["documents"]:
            return f"{path}: {len(segment['digests'])} documents where the manifest says {entry['documents']}"
        return None

    def _same(self, ids: Sequence[str], digests: NDArray[np.uint64]) -> tuple[dict[int, str], set[int]]:
        """Which documents are stored with the same key, and which of them under their own id."""
        same: dict[int, str] = {}
        own: set[int] = set()
        for segment in self._segments():
            ordered, rows = segment["sorted_digests"], segment["digest_rows"]
            low = np.searchsorted(ordered, digests[:, 0], side="left")
            high = np.searchsorted(ordered, digests[:, 0], side="right")
            for i in np.flatnonzero(high > low).tolist():
                for row in rows[low[i] : high[i]].tolist():
                    if (segment["digests"][row] == digests[i]).all():
                        name = name_of(segment, row)
                        if name == ids[i]:
                            own.add(i)
                        else:
                            same.setdefault(i, name)
        return same, own

    def _segments(self) -> list[Segment]:
        return [self._segment(entry) for entry in self._manifest["segments"]]

    def _segment(self, entry: dict[str, Any]) -> Segment:
        name = entry["name"]
        if name not in self._open:
            self._open[name] = open_segment(self.path / name, entry["size"])
        return self._open[name]

    def _reload(self) -> None:
        path = self.path / "manifest.json"
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            if any(self.path.glob("*.seg")):
                raise DuplicateIndexError(f"{path}: not there, but segments are; restore it from a copy") from None
            return
        except OSError as error:
            raise DuplicateIndexError(f"{path}: can not be read ({error})") from error
        try:
            manifest = json.loads(text)
            made_with = manifest["scheme"]
            [(s["name"], s["documents"], s["size"], s["checksum"], s["created"]) for s in manifest["segments"]]
        except (ValueError, TypeError, KeyError) as error:
            raise DuplicateIndexError(
                f"{path}: not the manifest of an index ({error!r}); restore it from a copy"
            ) from error
        if made_with != scheme():
            different = ", ".join(
                f"{k} {made_with.get(k)!r} (here {v!r})" for k, v in scheme().items() if made_with.get(k) != v
            )
            raise DuplicateIndexError(
                f"{self.path}: made with another scheme: {different}. Use the version of cleanzh that made it, "
                "or start a new index"
            )
        self._manifest = manifest
        self._open = {s["name"]: self._open[s["name"]] for s in manifest["segments"] if s["name"] in self._open}

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """As the only writer, from the newest manifest on; if anything fails, back to what is on the disk."""
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            with alone(self.path / "lock"):
                self._reload()
                self._sweep()
                try:
                    yield
                except BaseException:
                    self._reload()
                    raise
        except BusyError as error:
            raise DuplicateIndexError(f"{self.path}: {error} to the index; try again when it is done") from error

    def _add_segment(self, arrays: Segment, documents: int, *, created: str = "") -> None:
        taken = [int(path.stem) for path in self.path.glob("*.seg") if path.stem.isdigit()]
        name = f"{max(taken, default=0) + 1:06d}.seg"
        written = write_segment(self.path / name, arrays)
        entry = {"name": name, "documents": documents, "created": created or datetime.now(UTC).isoformat()}
        self._manifest["segments"].append({**entry, **written._asdict()})
        self._write_manifest()

    def _write_manifest(self) -> None:
        partial = self.path / "manifest.partial"
        try:
            with partial.open("w", encoding="utf-8") as file:
                file.write(json.dumps(self._manifest, indent=1))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.path / "manifest.json")
            sync_folder(self.path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise DuplicateIndexError(
                f"{self.path}: can not write the manifest ({error}); the index is unchanged"
            ) from error

    def _sweep(self) -> None:
        """Remove what a killed writer, or a compaction, left over."""
        named = {segment["name"] for segment in self._manifest["segments"]}
        for path in (*self.path.glob("*.seg"), *self.path.glob("*.partial")):
            if path.name not in named:
                try:
                    path.unlink()
                except OSError:  # still mapped by a reader, on Windows: the next writer sweeps it up
                    continue


class Addition:
    """Documents on their way into an index: collected batch by batch, stored in one step."""

    def __init__(self, index: DuplicateIndex) -> None:
        self._index = index
        self._ids: list[str] = []
        self._digests: list[NDArray[np.uint64]] = []
        self._sketches: list[Sketches] = []
        self._records: list[Records] = []

    def add(self, ids: Sequence[str], keys: Keys, digests: NDArray[np.uint64], sketches: Sketches) -> None:
        """Take in a batch; what is stored already, and what is too short to be found again, is left out."""
        fresh = np.flatnonzero(keys.lengths >= SHINGLE)
        stored = self._index.stored([ids[i] for i in fresh.tolist()], digests[fresh])
        fresh = fresh[~np.array(stored, dtype=bool)]
        for start in range(0, len(fresh), _BATCH):
            part = fresh[start : start + _BATCH]
            self._ids += [ids[i] for i in part.tolist()]
            self._digests.append(digests[part])
            self._sketches.append(sketches[part])
            self._records.append(records(keys.at(part.tolist()), store_keys=self._index.store_keys))

    def commit(self) -> int:
        """Store them; says how many they are."""
        if self._ids:
            arrays = np.concatenate(self._digests), np.concatenate(self._sketches)
            self._index.append(self._ids, *arrays, joined(self._records))
        return len(self._ids)
