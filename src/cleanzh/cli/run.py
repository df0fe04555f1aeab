"""The commands of a run: clean, dedup, diff, and restore, which undoes it."""

from __future__ import annotations

import os
import sys
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleanzh.cli.options import (
    FAILED,
    INTERRUPTED,
    cleaning,
    comparing,
    configuration,
    configured,
    described,
    keep_input,
    keeping,
    names,
    printable,
    reading,
    running,
)
from cleanzh.errors import CleanzhError, UsageError

if TYPE_CHECKING:
    from cleanzh.engines import Engine
    from cleanzh.report.progress import Teller
    from cleanzh.run import Dedup
    from cleanzh.stages.clean import Recipe

__all__ = ["clean", "dedup", "diff", "restore"]

_KEPT = "What is done is kept; when that is mended, the same command with --resume goes on."


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="IN… OUT")
@cleaning
@reading
@keeping
@click.option(
    "--dedup/--no-dedup",
    "deduplicating",
    default=True,
    show_default=True,
    help="Set near duplicates aside, or keep them.",
)
@comparing
@running
@configured
def clean(paths: tuple[str, ...], deduplicating: bool, **options: Any) -> None:
    """Clean files and folders into the folder OUT, each file in its own form.

    Read are .txt .md .jsonl .json .csv .tsv .parquet .html and .warc, plain or .gz .zst .xz .bz2, of one folder all.

    OUT mirrors IN; OUT/_cleanzh holds the record: summary.json, ledger.jsonl (every change), set_aside.jsonl and
    set_aside/ (what did not come out, and why). IN is never written to. - is standard input or output.

    A run that was stopped (Ctrl-C, a full disk, killed) goes on with --resume, to the same result.

    \b
      cleanzh clean articles/ out/
      cleanzh clean articles/ out/ --resume --log-json 2>> run.log
      cleanzh clean a.jsonl.gz b.parquet out/ --text-field content --id-field url --jobs 8
      cleanzh clean articles/ out/ --script taiwan --ignore ads,repeat
      cleanzh clean s3://bucket/articles/ s3://bucket/out/ --engine ray --ray-address auto
      cat a.txt | cleanzh clean - - > clean.txt
    """
    _run(paths, options, cleaning=True, comparing=deduplicating)


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="IN… OUT")
@reading
@keeping
@comparing
@running
@configured
def dedup(paths: tuple[str, ...], **options: Any) -> None:
    """Set near duplicates aside and change nothing else.

    Documents are compared under their comparison key: folded, lower case, Simplified, without blanks and punctuation.
    OUT is as that of clean; _cleanzh/verdicts.jsonl says for each document what it is like.

    \b
      cleanzh dedup articles/ out/
      cleanzh dedup corpus.jsonl out/ --threshold 0.8 --keep earliest,longest
    """
    _run(paths, options, cleaning=False, comparing=True)


def _run(paths: tuple[str, ...], options: dict[str, Any], *, cleaning: bool, comparing: bool) -> None:
    *inputs, out = paths
    if not inputs:
        raise click.UsageError(f"give an input and an output: cleanzh clean {out} OUT/")
    if "-" in paths:
        compared = _dedup(options) if comparing else None
        _run_stream(inputs, out, _recipe(options, clean=cleaning), compared, options["form"])
        return
    if options["resume"] and options["overwrite"]:
        raise click.UsageError("--resume goes on with what is in OUT, --overwrite throws it away; choose one")
    tell = _teller(options)
    try:
        with _engine(options) as engine:  # first: its processes import what they need while this one does
            from cleanzh.remote import is_remote, without_scheme
            from cleanzh.run import clean_files

            out = str(without_scheme(out))
            summary = clean_files(
                inputs,
                out,
                recipe=_recipe(options, clean=cleaning),
                form=options["form"],
                dedup=_dedup(options) if comparing else None,
                jobs=options["jobs"],
                engine=engine,
                overwrite=options["overwrite"],
                resume=options["resume"],
                progress=tell,
            ).to_json()
    except KeyboardInterrupt:
        kept = "what is done is kept: the same command with --resume goes on" if _kept(out) else "nothing was done"
        tell.fail(f"interrupted; {kept}", INTERRUPTED)
        sys.exit(INTERRUPTED)
    except (CleanzhError, OSError) as error:
        kept = "" if isinstance(error, UsageError) or not _kept(out) else f"\n{_KEPT}"
        tell.fail(f"Error: {described(error)}{kept}", FAILED)
        sys.exit(FAILED)
    from cleanzh.report.terminal import summary_table

    if not summary["documents"]["in"]:
        tell.warn("no document was found in the input")
    tell.end(summary)
    record = f"{out.rstrip('/')}/_cleanzh/" if is_remote(out) else f"{Path(out) / '_cleanzh'}{os.sep}"
    click.echo(printable(summary_table(summary, record)))


def _kept(out: str) -> bool:
    from cleanzh.run import unfinished

    return unfinished(out)


def _run_stream(inputs: list[str], out: str, recipe: Recipe, compared: Dedup | None, form: str) -> None:
    """``-`` as input, output or both: the same run, through a folder that is thrown away."""
    import shutil
    import tempfile

    from cleanzh.formats import output_name
    from cleanzh.parts import part_files
    from cleanzh.readers import find_sources
    from cleanzh.run import clean_files

    if len(inputs) != 1:
        raise click.UsageError("- stands alone: one input, one output")
    with tempfile.TemporaryDirectory(prefix="cleanzh-") as folder:
        source = Path(inputs[0])
        if inputs[0] == "-":
            source = keep_input(Path(folder), form)
        elif source.is_dir():
            raise click.UsageError(f"{source} is a folder; give a folder as OUT, not -")
        kind = find_sources([source], form=form)[0][0].format
        target = Path(folder) / "out" if out == "-" else Path(out)
        summary = clean_files([source], target, recipe=recipe, form=form, dedup=compared, jobs=1, report=out != "-")
        results = part_files(target, recipe.to) if recipe.to else [target / output_name(source.name, kind)]
        for result in results if out == "-" else ():
            if result.exists():
                with result.open("rb") as file:
                    shutil.copyfileobj(file, sys.stdout.buffer)
                    sys.stdout.buffer.flush()
    for reason, count in summary.set_aside.items():
        click.echo(f"set aside: {count} ({reason})", err=True)


@click.command()
@click.argument("out")
@click.argument("back")
def restore(out: str, back: str) -> None:
    """Give back the input of a run, byte for byte, from its output OUT, into the new folder BACK.

    \b
      cleanzh restore out/ back/
    """
    from cleanzh.restoring import restore_files

    report = restore_files(out, back)
    for problem in report.problems:
        click.echo(f"Error: {printable(problem)}", err=True)
    click.echo(f"{report.files:,} files restored to {back}")
    if report.problems:
        sys.exit(FAILED)


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@cleaning
@reading
@configured
def diff(paths: tuple[str, ...], **options: Any) -> None:
    """Show what would change, line by line and by rule; nothing is written.

    \b
      cleanzh diff articles/
      cleanzh diff a.txt --select ads | less -R
    """
    from cleanzh.report.terminal import differences, rule_table
    from cleanzh.run import preview

    recipe = _recipe(options)
    counts: Counter[str] = Counter()
    documents = changed = 0
    for record, cleaned, reason in preview(paths, recipe=recipe, form=options["form"]):
        documents += 1
        if cleaned is None or reason is not None:
            detail = f": {record.problem}" if record.problem else ""
            click.echo(printable(f"{record.id}  would be set aside as {reason}{detail}"))
            continue
        changed += bool(cleaned.steps)
        counts.update(edit.rule for step in cleaned.steps for edit in step.edits)
        for line in differences(record.id, record.text or "", cleaned):
            click.echo(printable(line))
    if counts:
        click.echo(f"\n{rule_table(counts)}\n")
    click.echo(f"{changed:,} of {documents:,} documents would change")


def _recipe(options: dict[str, Any], *, clean: bool = True) -> Recipe:
    from cleanzh.stages.clean import Recipe

    if not clean:
        return Recipe(
            script="keep",
            text_field=options["text_field"],
            clean=False,
            to=options["to"],
            id_field=options["id_field"],
            max_bytes=options["max_document_bytes"],
        )
    return Recipe(
        options["script"],
        names(options["select"]),
        names(options["ignore"]),
        options["text_field"],
        tuple(options["rules"]),
        max_removed=options["max_removed"],
        filters=configuration().get("filters"),
        to=options.get("to"),
        id_field=options.get("id_field"),
        max_bytes=options.get("max_document_bytes") or Recipe().max_bytes,
    )


def _dedup(options: dict[str, Any]) -> Dedup:
    from cleanzh.run import Dedup

    return Dedup(options["threshold"], options["containment"], names(options["keep"]), options["index"])


def _engine(options: dict[str, Any]) -> AbstractContextManager[Engine | None]:
    """The engine that was asked for; None is the run's own choice, of processes on this machine."""
    if options["engine"] == "local":
        if options["ray_address"]:
            raise UsageError("--ray-address is for --engine ray; add that, or leave it out")
        if options["jobs"] is None:
            return nullcontext()
        from cleanzh.engines.local import LocalEngine

        return LocalEngine(options["jobs"])
    from cleanzh.engines.ray import RayEngine

    return RayEngine(options["ray_address"], jobs=options["jobs"])


def _teller(options: dict[str, Any]) -> Teller:
    from cleanzh.report.progress import Bar, JsonLog, Lines, Quiet

    if options["log_json"]:
        return JsonLog()
    chosen = options["progress"]
    if chosen == "auto":
        chosen = "bar" if sys.stderr.isatty() else "none"
    tellers: dict[str, type[Teller]] = {"bar": Bar, "plain": Lines, "none": Quiet}
    return tellers[chosen]()
