"""The main job: files in, clean files and the record out.

Three stages, each a pass over files, so that memory does not grow with the corpus: *clean* every shard into a staged
file, on all cores; *compare* what is left (near duplicates need to see every document); *write* OUT and the record.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib import metadata as packages
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import cleanzh
from cleanzh import ledger
from cleanzh.document import Cleaned
from cleanzh.engines.local import in_order
from cleanzh.errors import LedgerError, UsageError
from cleanzh.readers import Record, Shard, Skipped, Source, cut, find_sources, read
from cleanzh.stages import Recipe, Tally, clean_shard, examine, headers, pipeline_of, signed, staged
from cleanzh.writers import Mirror, beside

if TYPE_CHECKING:
    from cleanzh.dedup import Verdict
    from cleanzh.learn import Template

__all__ = ["Dedup", "RestoreReport", "Summary", "clean_files", "learn_files", "preview", "restore_files"]


@dataclass(frozen=True, slots=True)
class Dedup:
    """How near duplicates are found; see :class:`cleanzh.Deduplicator`."""

    threshold: float = 0.7
    containment: float | None = None
    keep: tuple[str, ...] = ("cleanest", "earliest", "longest")
    index: str | None = None
    """Folder of a :class:`cleanzh.DuplicateIndex`: what it holds wins, and what is kept is added to it."""


@dataclass(slots=True)
class Summary:
    """What a run came to; ``summary.json`` holds it as :meth:`to_json` gives it."""

    inputs: list[str]
    recipe: Recipe
    dedup: Dedup | None
    jobs: int
    tally: Tally = field(default_factory=Tally)
    kept: int = 0
    kept_characters: int = 0
    set_aside: dict[str, int] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The summary as plain values; all but ``throughput`` depends on input, configuration and versions alone."""
        tally = self.tally
        rules = {
            rule: {"edits": count, "documents": tally.touched[rule], "characters_removed": tally.removed[rule]}
            for rule, count in sorted(tally.edits.items())
        }
        return {
            "documents": {"in": tally.documents, "out": self.kept, "set_aside": sum(self.set_aside.values())},
            "characters": {"in": tally.characters, "out": self.kept_characters},
            "rules": rules,
            "set_aside": dict(sorted(self.set_aside.items())),
            "flags": dict(sorted(tally.flags.items())),
            "skipped": [skipped._asdict() for skipped in self.skipped],
            "configuration": {
                **asdict(self.recipe),
                "dedup": asdict(self.dedup) if self.dedup else None,
                "inputs": self.inputs,
            },
            "throughput": {
                "seconds": round(self.seconds, 3),
                "bytes": tally.bytes,
                "megabytes_per_second": round(tally.bytes / 1e6 / max(self.seconds, 1e-9), 3),
                "documents_per_second": round(tally.documents / max(self.seconds, 1e-9), 3),
                "jobs": self.jobs,
            },
            "versions": {
                "cleanzh": cleanzh.__version__,
                "python": platform.python_version(),
                **{name: packages.version(name) for name in ("opencc", "ftfy", "numpy", "datasketch")},
            },
        }


@dataclass(slots=True)
class RestoreReport:
    """How many files were given back, and what could not be."""

    files: int = 0
    problems: list[str] = field(default_factory=list)


class Progress(Protocol):
    """What a run tells while it works: bytes read, of how many; documents done."""

    def __call__(self, done: int, total: int, documents: int, /) -> None: ...


def clean_files(
    inputs: Sequence[str | Path],
    out: str | Path,
    *,
    recipe: Recipe | None = None,
    form: str = "auto",
    dedup: Dedup | None = Dedup(),
    jobs: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Clean files and folders into the folder ``out``, with the record of it in ``out/_cleanzh``.

    ``jobs`` is the number of processes, by default one a core where the input is large enough to pay for them.
    The result depends on the input, ``recipe``, ``form`` and ``dedup`` alone.

    Raises :class:`UsageError` for paths that can not be, ``OSError`` where OUT can not be written. Interrupted, it
    leaves ``out`` without half-written files.
    """
    begun = time.perf_counter()
    recipe, out = recipe or Recipe(), Path(out)
    pipeline_of(recipe)  # a wrong option is told before anything is done
    sources, skipped = find_sources(inputs, form=form)
    _check_places([Path(given) for given in inputs], out)
    summary = Summary([str(given) for given in inputs], recipe, dedup, 1, skipped=skipped)
    earlier = _earlier(out, summary.inputs, overwrite)

    shards = list(cut(sources))
    total = sum(size for _, size in shards)
    summary.jobs = jobs or max(1, min(os.cpu_count() or 1, total // (8 << 20)))
    record = out / ledger.FOLDER
    work = record / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    with beside(record / "inputs.json", work) as file:
        file.write(ledger.json_line(summary.inputs))
    try:
        done = 0
        staged_files = [work / f"{number:08}.staged" for number in range(len(shards))]
        tasks = ((shard, file) for (shard, _), file in zip(shards, staged_files, strict=True))
        for (_, size), tally in zip(
            shards,
            in_order(partial(_clean, recipe=recipe, sign=dedup is not None), tasks, jobs=summary.jobs),
            strict=True,
        ):
            summary.tally.add(tally)
            done += size
            if progress:
                progress(done, total, summary.tally.documents)
        verdicts, remember = _compare(staged_files, dedup, sources) if dedup else ({}, None)
        names = _write(staged_files, verdicts, out, work, recipe.text_field, summary)
        for name in earlier.union(source.name for source in sources) - names:
            (out / name).unlink(missing_ok=True)  # an earlier run wrote it, this one did not
        if remember:
            remember()  # last: a run that is killed before can be repeated as it was
        summary.seconds = time.perf_counter() - begun
        with beside(record / "summary.json", work) as file:
            file.write(ledger.json_line(summary.to_json()))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return summary


def _clean(task: tuple[Shard, Path], recipe: Recipe, sign: bool) -> Tally:
    shard, target = task
    return clean_shard(shard, recipe, target, sign=sign)


def _check_places(inputs: Sequence[Path], out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; OUT must be a folder")
    place = out.resolve()
    for given in inputs:
        found = given.resolve()
        if place == found or place.is_relative_to(found):
            raise UsageError(f"{out}: OUT lies inside the input {given}; choose a folder outside of it")
        if found.is_relative_to(place):
            raise UsageError(f"{given}: the input lies inside OUT ({out}) and might be overwritten; choose another OUT")


def _earlier(out: Path, inputs: Sequence[str], overwrite: bool) -> set[str]:
    """The files that an earlier run of the same input left in OUT; a folder of anything else is not ours."""
    if not out.exists() or not any(out.iterdir()):
        return set()
    record = out / ledger.FOLDER
    if not record.is_dir():
        raise UsageError(f"{out}: is not empty and not the output of cleanzh; choose another OUT")
    try:
        before = json.loads((record / "inputs.json").read_bytes())
    except (OSError, ValueError):
        before = []
    if before != list(inputs) and not overwrite:
        raise UsageError(f"{out}: holds the output of another input; choose another OUT, or add --overwrite")
    try:
        return {line["source"] for line in ledger.read_lines(record / "ledger.jsonl")}
    except LedgerError:
        return set()  # it was interrupted before it wrote its ledger


def _compare(
    files: Sequence[Path], dedup: Dedup, sources: Sequence[Source]
) -> tuple[dict[str, Verdict], Callable[[], int] | None]:
    """The verdicts on near duplicates, by id; and how to add to the index, if there is one, what is kept.

    An index outlives the run, so there a document goes by the full path of its file: ``1.txt`` of today is not that of
    yesterday.
    """
    from cleanzh.dedup import Deduplicator  # numpy takes as long to import as a small run

    compared = Deduplicator(
        threshold=dedup.threshold, containment=dedup.containment, keep=dedup.keep, index=dedup.index
    )
    places = {source.name: str(source.path.resolve()) for source in sources} if dedup.index else {}
    names: dict[str, str] = {}  # of what an index knows this run's documents by
    for file in files:
        rows = [header for header in headers(file) if header.reason is None]
        ids = [row.id if not places else places[row.source] + row.id[len(row.source) :] for row in rows]
        names.update(zip(ids, (row.id for row in rows), strict=True))
        compared.add_signed(
            ids,
            signed(file),
            published=[row.published for row in rows],
            damage=[row.damage for row in rows],
        )
    made, verdicts = compared.verdicts(), {}
    for verdict in made:
        known = verdict._replace(
            id=names[verdict.id],
            duplicate_of=names.get(verdict.duplicate_of, verdict.duplicate_of),
            cluster=names.get(verdict.cluster, verdict.cluster),
        )
        verdicts[known.id] = known
    return verdicts, partial(compared.remember, made) if dedup.index else None


def _write(
    files: Sequence[Path], verdicts: dict[str, Verdict], out: Path, work: Path, text_field: str, summary: Summary
) -> set[str]:
    """Write OUT and the record; the names of the files that came out."""
    record = out / ledger.FOLDER
    shutil.rmtree(record / "set_aside", ignore_errors=True)
    with (
        Mirror(out, work / "out.part") as kept,
        Mirror(record / "set_aside", work / "set_aside.part") as aside,
        beside(record / "ledger.jsonl", work) as book,
        beside(record / "set_aside.jsonl", work) as aside_book,
        beside(record / "verdicts.jsonl", work) as verdict_book,
    ):
        for row in (row for file in files for row in staged(file)):
            head, line = row.header, row.ledger
            verdict = verdicts.get(head.id)
            if verdict is not None:
                verdict_book.write(ledger.json_line(verdict._asdict()))
            reason = head.reason if verdict is None else verdict.reason
            if reason is None:
                kept.write(head.source, row.out)
                summary.kept += 1
                summary.kept_characters += head.characters
            else:
                entry: dict[str, Any] = {"id": head.id, "source": head.source, "line": head.line, "reason": reason}
                if head.detail:
                    entry["detail"] = head.detail
                if verdict is not None:
                    entry |= {"kept_id": verdict.duplicate_of, "similarity": verdict.jaccard}
                    entry["containment"] = verdict.containment
                    if verdict.estimated:  # of a document that an index remembers without its text
                        entry["estimated"] = True
                    line = ledger.set_aside(line, reason)
                aside.write(head.source, row.found(text_field))
                aside_book.write(ledger.json_line(entry))
                summary.set_aside[reason] = summary.set_aside.get(reason, 0) + 1
            book.write(line)
    return set(kept.names)


def preview(
    inputs: Sequence[str | Path], *, recipe: Recipe, form: str = "auto"
) -> Iterator[tuple[Record, Cleaned | None, str | None]]:
    """What a run would do to each document, without near duplicates, and without writing anything.

    Yields the record as found, the cleaned text with its steps (None for one that can not be read), and the reason
    why it would be set aside (None for one that comes out).
    """
    pipeline = pipeline_of(recipe)
    sources, _ = find_sources(inputs, form=form)
    for shard, _ in cut(sources):
        for record in read(shard, text_field=recipe.text_field):
            yield record, *examine(record, pipeline)


def learn_files(
    inputs: Sequence[str | Path], *, text_field: str = "text", form: str = "auto", least: int = 20, share: float = 0.0
) -> list[Template]:
    """The lines that recur over many documents of the inputs; see :func:`cleanzh.learn.learn`.

    Documents are compared as they were found, and copies of one another count as one.
    """
    from cleanzh.dedup import Deduplicator
    from cleanzh.learn import learn

    def texts() -> Iterator[list[tuple[str, str]]]:
        for shard, _ in cut(find_sources(inputs, form=form)[0]):
            records = read(shard, text_field=text_field)
            yield [(record.id, record.text) for record in records if record.text]

    compared = Deduplicator()
    for batch in texts():
        compared.add_batch([name for name, _ in batch], [text for _, text in batch])
    clusters = [verdict.cluster for verdict in compared.verdicts()]
    return learn((text for batch in texts() for _, text in batch), clusters=clusters, least=least, share=share)


def restore_files(out: str | Path, back: str | Path) -> RestoreReport:
    """Give back every input file of a run, byte for byte, from what it wrote: OUT and its record.

    What can not be given back (a document that was edited in OUT since, a file that the run could not read) is left
    out and named in the report. Raises :class:`LedgerError` where ``out`` is no output of cleanzh, :class:`UsageError`
    where ``back`` is not an empty folder.
    """
    out, back = Path(out), Path(back)
    record = out / ledger.FOLDER
    [summary] = ledger.read_lines(record / "summary.json")
    text_field = summary["configuration"]["text_field"]
    if back.exists() and (not back.is_dir() or any(back.iterdir())):
        raise UsageError(f"{back}: BACK must be a new or an empty folder")
    if back.resolve().is_relative_to(out.resolve()) or out.resolve().is_relative_to(back.resolve()):
        raise UsageError(f"{back}: BACK and OUT must lie beside each other, not one in the other")
    back.mkdir(parents=True, exist_ok=True)
    report = RestoreReport()
    for source, lines in groupby(ledger.read_lines(record / "ledger.jsonl"), key=itemgetter("source")):
        part = back / ".part"
        try:
            with part.open("wb") as file:
                for raw in ledger.originals(lines, out / source, record / "set_aside" / source, text_field):
                    file.write(raw)
        except LedgerError as error:
            report.problems.append(str(error))
            part.unlink()
            continue
        target = back / source
        target.parent.mkdir(parents=True, exist_ok=True)
        part.replace(target)
        report.files += 1
    return report
