"""Files checked as they lie in a repository; nothing is written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from cleanzh.checking.checks import Checks
from cleanzh.checking.findings import Finding
from cleanzh.configuration import matches
from cleanzh.document import Cleaned
from cleanzh.errors import UsageError
from cleanzh.readers import Record, Shard, Skipped, Source, cut, find_sources, read
from cleanzh.remote import is_remote
from cleanzh.stages.clean import examine

__all__ = ["Checked", "check_files", "files_of"]


_NO_LINES = ("parquet", "html", "warc")  # what would be a place in them nobody could look up


# In a repository they are documentation and settings, more often than articles.
_SELDOM_DATA = ("md", "json")


class Checked(NamedTuple):
    """One document of a file that was checked: what was found, by position, and what would come out."""

    path: str
    record: Record
    cleaned: Cleaned | None
    reason: str | None
    findings: list[Finding]
    fixed: tuple[Finding, ...] = ()
    note: str = ""

    @property
    def name(self) -> str:
        """The path, and for a JSON line its number."""
        return self.path if self.record.line is None else f"{self.path}:{self.record.line}"


def files_of(
    paths: Iterable[str | Path],
    *,
    form: str = "auto",
    max_bytes: int | None = None,
    exclude: Sequence[str] = (),
    root: Path = Path(),
) -> tuple[list[Source], list[Skipped]]:
    """The files to check, each once, in the order of ``paths``; and what was left out, and why.

    Raises :class:`UsageError` for a path that is missing or can not be read as asked.
    """
    sources: dict[str, Source] = {}
    skipped: list[Skipped] = []
    for path in paths:
        if is_remote(path):
            raise UsageError(f"{path}: check reads files of this machine; use cleanzh diff")
        found, left = find_sources([path], form=form)
        skipped += [Skipped(str(Path(path) / name), why) for name, why in left]
        for source in found:
            if source.format in _SELDOM_DATA and form == "auto" and Path(path).is_dir():
                skipped.append(Skipped(str(source.path), "not one of those that are checked without being named"))
                continue
            if source.format in _NO_LINES:
                skipped.append(Skipped(str(source.path), f"has no lines to name: {source.format}; use cleanzh diff"))
                continue
            if exclude and matches(source.path, exclude, root):
                continue
            if max_bytes is not None and (size := source.size()) > max_bytes:
                skipped.append(Skipped(str(source.path), f"{size:,} bytes are more than --max-bytes"))
            else:
                sources.setdefault(os.path.abspath(source.path), source)  # noqa: PTH100  # a link is a file of its own
    return list(sources.values()), skipped


def check_files(sources: Iterable[Source], checks: Checks, *, jobs: int = 1) -> Iterator[Checked]:
    """Check files; nothing is written. Documents come in the order of their files, however many processes work."""
    shards = (shard for shard, _ in cut(sources, checks.reading))
    if jobs == 1:
        for shard in shards:
            yield from _check_shard(shard, checks)
        return
    from cleanzh.engines.local import in_order  # what it imports costs more than a small check

    for documents in in_order(partial(_checked_shard, checks=checks), shards, jobs=jobs):
        yield from documents


def _checked_shard(shard: Shard, checks: Checks) -> list[Checked]:
    return list(_check_shard(shard, checks))


def _check_shard(shard: Shard, checks: Checks) -> Iterator[Checked]:
    for piece in shard:
        path = str(piece.source.path)
        pipeline = checks.pipeline(path)
        for record in read((piece,), checks.reading):
            record, cleaned, reason = examine(record, pipeline)
            yield Checked(path, record, cleaned, reason, checks.findings(record, cleaned, reason, path))
