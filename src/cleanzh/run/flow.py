"""The main job: files in, clean files and the record out.

Three stages, each a pass over files, so that memory does not grow with the corpus: *clean* every shard into a staged
file, on all cores; *compare* what is left (near duplicates need to see every document: it sorts and joins in files);
*write* OUT and the record.
What is done is kept until the end, so that a run that was stopped can go on.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import shutil
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from itertools import tee
from pathlib import Path
from typing import Any

from cleanzh import ledger
from cleanzh.engines import Engine, TaskLostError
from cleanzh.engines.local import LocalEngine
from cleanzh.errors import CleanzhError, LedgerError, UsageError
from cleanzh.formats import format_of, output_name
from cleanzh.parts import part_files
from cleanzh.readers import Source, cut, find_sources
from cleanzh.remote import is_remote, staging, upload, without_scheme
from cleanzh.report.html import write_report
from cleanzh.report.progress import Progress, Step
from cleanzh.run.summary import Summary, versions
from cleanzh.run.work import Work, unfinished
from cleanzh.stages.clean import Recipe, pipeline_of, settle
from cleanzh.stages.compare import Dedup, remember
from cleanzh.stages.tasks import ShardTask, clean_task
from cleanzh.stages.write import write
from cleanzh.writers import beside

__all__ = ["clean_files"]

_AS_BY_DEFAULT = Dedup()


def clean_files(
    inputs: Sequence[str | Path],
    out: str | Path,
    *,
    recipe: Recipe | None = None,
    form: str = "auto",
    dedup: Dedup | None = _AS_BY_DEFAULT,
    jobs: int | None = None,
    engine: Engine | None = None,
    overwrite: bool = False,
    resume: bool = False,
    report: bool = True,
    progress: Progress | None = None,
) -> Summary:
    """Clean files and folders into the folder ``out``, with the record of it in ``out/_cleanzh``.

    ``engine`` says where the work runs, by default in ``jobs`` processes of this machine: one a core where the input is
    large enough to pay for them. The result depends on the input, ``recipe``, ``form`` and ``dedup`` alone. ``report``
    is whether to write the page that shows it.

    Stopped at any moment, by Ctrl-C or a full disk or because it was killed, it leaves whole files and the work done so
    far; with ``resume`` it goes on with that, to the same result. Raises :class:`UsageError` for paths that can not be
    and for work that can not be gone on with, ``OSError`` where OUT can not be written.
    """
    out = without_scheme(out)
    if is_remote(out):
        asked = {"recipe": recipe, "form": form, "dedup": dedup, "jobs": jobs, "engine": engine, "progress": progress}
        return _into_remote(inputs, str(out), overwrite=overwrite, resume=resume, report=report, **asked)
    begun = time.perf_counter()
    recipe, out = recipe or Recipe(), Path(out)
    pipeline_of(recipe)  # a wrong option is told before anything is done
    sources, skipped = find_sources(inputs, form=form)
    _check_places([Path(given) for given in inputs if not is_remote(given)], out)
    summary = Summary([str(given) for given in inputs], recipe, dedup, form, len(sources), skipped=skipped)
    going_on = unfinished(out) and not overwrite
    if going_on and not resume:
        raise UsageError(f"{out}: holds a run that was stopped; go on with --resume, or start again with --overwrite")
    if resume and not going_on and (finished := _finished(out, summary, sources)):
        Work(out).sweep()
        return finished
    earlier = set() if going_on else _earlier(out, summary.inputs, form, overwrite=overwrite)
    total = sum(source.size() for source in sources)
    work = Work(out)
    own = LocalEngine(jobs or max(1, min(os.cpu_count() or 1, total // (8 << 20))))
    with ExitStack() as begun_here:
        engine = engine or begun_here.enter_context(own)
        summary.jobs = engine.jobs
        begun_here.enter_context(work.open(_plan(summary), sources, earlier, resume=going_on))
        with beside(work.folder.parent / "inputs.json", work.folder) as file:
            file.write(ledger.json_line(summary.inputs))
        later = [*(["cleanzh.dedup"] if dedup else ()), *(["cleanzh.report.html.page"] if report else ())]
        try:
            _stages(work, sources, total, engine, summary, progress, later)
        except TaskLostError as error:
            hint = "with --resume the run goes on there, with fewer --jobs"
            raise CleanzhError(f"{error.task}: {error}; {hint}") from error
        summary.worker_memory = engine.worker_memory
        summary.seconds = time.perf_counter() - begun
        with beside(work.folder.parent / "summary.json", work.folder) as file:
            file.write(ledger.json_line(summary.to_json()))
        if report:
            if progress:
                progress(Step("report", total, total, summary.tally.documents))
            write_report(out, jobs=summary.jobs, engine=engine if isinstance(engine, LocalEngine) else None)
    return summary


def _into_remote(inputs: Sequence[str | Path], out: str, **asked: Any) -> Summary:
    """The run into a folder of this machine, and from there to where it belongs, once it is whole.

    That folder stays when the run is stopped, or the way there is cut, and ``resume`` goes on with it.
    """
    folder = staging(out)
    made = folder / "out"
    try:
        summary = clean_files(inputs, made, **asked)
        upload(made, out)
    except BaseException:
        if not (made / ledger.FOLDER).exists():  # nothing to go on with
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder)
    return summary


def _stages(
    work: Work,
    sources: Sequence[Source],
    total: int,
    engine: Engine,
    summary: Summary,
    progress: Progress | None,
    later: Sequence[str],
) -> None:
    out, recipe, dedup = work.folder.parent.parent, summary.recipe, summary.dedup
    places = {source.name: source.place for source in sources} if dedup and dedup.index else {}

    def tell(stage: str, done: int, of: int) -> None:
        if progress:
            progress(Step(stage, total * done // max(of, 1), total, summary.tally.documents))

    def told(number: int) -> None:
        if staged_files is not None:
            tell("write", number, len(staged_files))

    with closing(_clean(work, sources, total, engine, summary, progress, later)) as cleaned:
        # Where all documents must be seen first they are; otherwise each is written as soon as it is clean.
        comes: Iterator[Path] = cleaned
        staged_files: list[Path] | None = None
        if recipe.id_field:
            settle(staged_files := list(comes))
            comes = iter(staged_files)
        if dedup:
            comes, signed = tee(comes)
            if not work.compared:
                engine.compare(signed, dedup, places, partial(tell, "compare"))
                work.compared = True
            staged_files = list(comes)
        for folder in ("set_aside", "originals", "frames"):
            shutil.rmtree(out / ledger.FOLDER / folder, ignore_errors=True)
        written = write(
            comes if staged_files is None else staged_files,
            out,
            work.folder,
            {source.name: source for source in sources},
            recipe.reading,
            to=recipe.to,
            compared=dedup is not None,
            tell=told,
            in_order=None if staged_files is None or not isinstance(engine, LocalEngine) else engine.beside,
        )
    tell("write", 1, 1)
    summary.kept, summary.kept_characters, summary.examples = written.kept, written.characters, written.examples
    summary.set_aside = written.set_aside
    found, aside = summary.tally.documents, written.set_aside.total()
    if found != written.kept + aside:
        counts = f"{found:,} documents were read, but {written.kept:,} are in OUT and {aside:,} set aside"
        raise CleanzhError(f"{counts}: a file in {work.folder} was changed; start again with --overwrite")
    for name in work.earlier.union(output_name(source.name, source.format) for source in sources) - written.names:
        (out / name).unlink(missing_ok=True)  # an earlier run wrote it, this one did not
    if staged_files is not None and dedup and dedup.index:
        remember(staged_files, dedup, places)  # when OUT is whole: it can be done again without a second entry


def _clean(
    work: Work,
    sources: Sequence[Source],
    total: int,
    engine: Engine,
    summary: Summary,
    progress: Progress | None,
    later: Sequence[str],
) -> Generator[Path]:
    """Have all shards cleaned that are not yet; the staged files, in order.

    While others do it, the modules are imported that are needed ``later``.
    """
    count = done = before = ready = 0
    handed_out: list[tuple[int, int]] = []  # numbers and sizes, of the tasks that are not back

    def tasks() -> Iterator[ShardTask]:
        nonlocal count, done, before
        stamps = work.stamps()
        name, stamp = "", None
        for shard, size in cut(sources, summary.recipe.reading, total):
            known = []
            for piece in shard:  # in the order of the sources
                while name != piece.source.name:
                    name, stamp = next(stamps)
                known.append(stamp)
            task = ShardTask(count, shard, size, tuple(known))
            count += 1
            if work.done(task.number):
                done += size
                before += size
            else:
                handed_out.append((task.number, size))
                yield task

    def whole(until: int) -> Iterator[Path]:
        nonlocal ready
        for number in range(ready, until):
            tally = work.done(number)
            if tally is None:
                lost = f"{work.staged(number)}: was removed or changed while the run was at work; use --resume"
                raise CleanzhError(lost)
            summary.tally.add(tally)
            ready = number + 1
            yield work.staged(number)

    documents = 0
    if progress:
        progress(Step("clean", 0, total, 0))
    clean = partial(clean_task, recipe=summary.recipe, sign=summary.dedup is not None)
    for tally in engine.run(clean, tasks(), work.folder, [*summary.inputs, *summary.recipe.rules]):
        number, size = handed_out.pop(0)
        done += size
        documents += tally.documents
        if progress:
            progress(Step("clean", done, total, documents, before))
        for name in later if engine.jobs > 1 else ():
            importlib.import_module(name)
        yield from whole(number + 1)
    yield from whole(count)


def _plan(summary: Summary) -> dict[str, Any]:
    """What decides the result; two runs with the same plan over the same files come to the same."""
    return {"configuration": summary.configuration(), "contents": _contents(summary.recipe), "versions": versions()}


def _contents(recipe: Recipe) -> dict[str, str]:
    """What the rule files of a recipe hold, and the modules of its filters."""
    modules = (sys.modules[filter_.call.partition(":")[0]].__file__ for filter_ in recipe.filters)
    files = (*recipe.rules, *filter(None, modules))
    return {path: hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in files}


def _finished(out: Path, summary: Summary, sources: Sequence[Source]) -> Summary | None:
    """The summary of the run that OUT holds, if there is nothing that this one would do otherwise."""
    record = out / ledger.FOLDER / "summary.json"
    try:
        when = record.stat().st_mtime_ns
        stored = json.loads(record.read_bytes())
        same = stored["files"] == summary.files and stored["versions"] == versions()
        same = same and stored["configuration"] == json.loads(json.dumps(summary.configuration()))
        files = (*(source.path for source in sources), *map(Path, _contents(summary.recipe)))
        stats = (path.stat() for path in files)
        if same and all(max(found.st_mtime_ns, found.st_ctime_ns) < when for found in stats):
            return replace(summary, stored=stored)
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not there, or not ours to understand: the run finds out
    return None


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


def _earlier(out: Path, inputs: Sequence[str], form: str, *, overwrite: bool) -> set[str]:
    """The files that an earlier run of the same input left in OUT; a folder of anything else is not ours."""
    if not out.exists() or not any(out.iterdir()):
        return set()
    record = out / ledger.FOLDER
    if not record.is_dir():
        raise UsageError(f"{out}: is not empty and not the output of cleanzh; choose another OUT")
    if [*out.iterdir()] == [record] and all(path.name == "work" for path in record.iterdir()):
        return set()  # a run that was killed before it had a plan
    try:
        before = json.loads((record / "inputs.json").read_bytes())
    except (OSError, ValueError):
        before = []
    if before != list(inputs) and not overwrite:
        raise UsageError(f"{out}: holds the output of another input; choose another OUT, or add --overwrite")
    try:
        [made] = ledger.read_lines(record / "summary.json")
        if to := made["configuration"].get("to"):
            return {path.name for path in part_files(out, to)}
    except LedgerError:
        pass
    try:
        names = {line["source"] for line in ledger.read_lines(record / "ledger.jsonl")}
    except LedgerError:
        return set()  # it was interrupted before it wrote its ledger
    return {output_name(name, (format_of(name, form) or ("txt",))[0]) for name in names}
