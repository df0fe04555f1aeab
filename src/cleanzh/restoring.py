"""The way back: the input of a run, byte for byte, from its output and its record."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path, PurePosixPath
from typing import Any

from cleanzh import ledger
from cleanzh.compression import Sink, compressed
from cleanzh.errors import LedgerError, UsageError
from cleanzh.formats import Reading, Source, format_of, named, output_name
from cleanzh.parts import Texts
from cleanzh.remote import download, is_remote

__all__ = ["NeverReadError", "RestoreReport", "give_back", "name_in_out", "restore_files", "texts_of"]


@dataclass(slots=True)
class RestoreReport:
    """How many files were given back, and what could not be."""

    files: int = 0
    problems: list[str] = field(default_factory=list)


def restore_files(out: str | Path, back: str | Path) -> RestoreReport:
    """Give back every input file of a run, byte for byte, from what it wrote: OUT and its record.

    Of a compressed file that is what it holds; of a Parquet file its table, schema, row groups and codecs. What can not
    be given back (a document that was edited in OUT since, a file that the run could not read) is left out and named in
    the report. Raises :class:`LedgerError` where ``out`` is no output of cleanzh, :class:`UsageError` where ``back`` is
    not an empty folder.
    """
    if is_remote(out):
        with tempfile.TemporaryDirectory(prefix="cleanzh-") as folder:
            download(str(out), Path(folder))
            return restore_files(folder, back)
    out, back = Path(out), Path(back)
    record = out / ledger.FOLDER
    [summary] = ledger.read_lines(record / "summary.json")
    if back.exists() and (not back.is_dir() or any(back.iterdir())):
        raise UsageError(f"{back}: BACK must be a new or an empty folder")
    if back.resolve().is_relative_to(out.resolve()) or out.resolve().is_relative_to(back.resolve()):
        raise UsageError(f"{back}: BACK and OUT must lie beside each other, not one in the other")
    back.mkdir(parents=True, exist_ok=True)
    report, texts = RestoreReport(), texts_of(out, summary["configuration"])
    for name, lines in groupby(ledger.read_lines(record / "ledger.jsonl", ledger.entry), key=itemgetter("source")):
        part = back / ".part"
        try:
            give_back(out, name, lines, part, summary["configuration"], texts)
        except LedgerError as error:
            report.problems.append(str(error))
            part.unlink(missing_ok=True)
            continue
        target = back / name
        target.parent.mkdir(parents=True, exist_ok=True)
        part.replace(target)
        report.files += 1
    return report


class NeverReadError(LedgerError):
    """A file that the run itself could not read."""


def name_in_out(name: str, configuration: Mapping[str, Any]) -> str:
    """What the documents of a source are called in OUT; ``configuration`` is that of ``summary.json``."""
    form, _ = format_of(name, configuration["format"]) or ("txt", "")
    return output_name(name, form)


def texts_of(out: Path, configuration: Mapping[str, Any]) -> Texts | None:
    """The texts of a run whose documents are in one collection."""
    return Texts(out, configuration["to"]) if configuration.get("to") else None


def give_back(
    out: Path,
    name: str,
    lines: Iterable[Mapping[str, Any]],
    part: Path,
    configuration: Mapping[str, Any],
    texts: Texts | None = None,
) -> None:
    """Write the source ``name`` to ``part``, from its ledger lines; ``configuration`` is that of ``summary.json``.

    ``texts``, of :func:`texts_of`, is one for all sources of a run, which are given back in their order.
    Raises :class:`LedgerError` for what can not be given back.
    """
    below = PurePosixPath(name)
    if not name or below.is_absolute() or ".." in below.parts:
        raise LedgerError(f"{out}: its ledger has {name!r}, which is no name of a file below it")
    # What was written may be a little larger than what was read, and is no trap.
    reading = Reading(configuration["text_field"], None, 2 * configuration["max_bytes"])
    _restore(_Outcome(out, out / ledger.FOLDER, name, configuration["format"], part, texts), lines, reading)


@dataclass(frozen=True)
class _Outcome:
    """A :class:`cleanzh.formats.outcome.Restored`: what a run made of the source ``name``."""

    out: Path
    record: Path
    name: str
    form: str
    part: Path
    texts: Texts | None

    @cached_property
    def _mine(self) -> Iterator[str] | None:
        return None if self.texts is None else self.texts.of(self.name)

    @property
    def collected(self) -> bool:
        return self.texts is not None

    @contextmanager
    def sink(self) -> Iterator[Sink]:
        with self.part.open("wb") as file:
            sink = compressed(file, self.format[1])
            yield sink
            sink.close()

    @property
    def format(self) -> tuple[str, str]:
        return format_of(self.name, self.form) or ("txt", "")

    def path(self, *, aside: bool) -> Path:
        if aside:
            return self.record / "set_aside" / self.name
        if self.texts is not None:
            return self.record / "frames" / self.name
        return self.out / output_name(self.name, self.format[0])

    def source(self, line: Mapping[str, Any], *, aside: bool) -> Source:
        path = self.path(aside=aside)
        if not path.exists():
            raise LedgerError(f"{line['id']}: {path} is missing")
        return Source(path, self.name, *self.format)

    def as_found(self, line: Mapping[str, Any], body: bytes) -> bytes:
        if "set_aside" not in line and self._mine is not None:
            text = next(self._mine, None)
            if text is None:
                raise self.does_not_fit(line, "its text is not there")
            return ledger.as_found_of_parted(line, text, body)
        if "set_aside" not in line:
            return ledger.as_found(line, body)
        return b"".join(self.checked(line, (body,)))

    def glue(self, line: Mapping[str, Any], name: str) -> bytes:
        return ledger.glue(line.get(name, ""))

    def checked(self, line: Mapping[str, Any], blocks: Iterable[bytes]) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for block in blocks:
            digest.update(block)
            yield block
        if digest.hexdigest() != line["sha256"]:
            raise self.does_not_fit(line, "its bytes are others")

    def does_not_fit(self, line: Mapping[str, Any], why: str) -> LedgerError:
        path = self.path(aside="set_aside" in line)
        return LedgerError(f"{line['id']}: what lies in {path} is not what this run wrote ({why})")

    def has_more(self) -> LedgerError:
        return LedgerError(f"{self.name}: there is more of it in {self.out} than this run wrote")


def _restore(outcome: _Outcome, lines: Iterable[Mapping[str, Any]], reading: Reading) -> None:
    lines = iter(lines)
    ahead: list[Mapping[str, Any]] = []
    container = outcome.record / "originals" / outcome.name
    if not container.exists():
        ahead = [line for line in (next(lines, None),) if line is not None]
        container = outcome.path(aside=True) if any(line.get("container") for line in ahead) else container
    if container.exists():
        shutil.copyfile(container, outcome.part)
        return
    if ahead and ahead[0].get("container"):
        raise NeverReadError(
            f"{outcome.name}: could not be read when it was cleaned, so nothing of it can be given back"
        )
    named(outcome.format[0]).restore(chain(ahead, lines), outcome, reading)
