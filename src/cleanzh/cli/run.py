"""The commands of a run: clean, dedup, diff, and restore, which undoes it."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleanzh.cli.options import FAILED, cleaning, comparing, names, printable, reading, running

if TYPE_CHECKING:
    from cleanzh.run import Dedup
    from cleanzh.stages import Recipe

__all__ = ["clean", "dedup", "diff", "restore"]


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="IN… OUT")
@cleaning
@reading
@click.option("--no-dedup", is_flag=True, help="Keep near duplicates.")
@comparing
@running
def clean(paths: tuple[str, ...], no_dedup: bool, **options: Any) -> None:
    """Clean files and folders of .txt and .jsonl into the folder OUT.

    OUT mirrors IN; OUT/_cleanzh holds the record: summary.json, ledger.jsonl (every change), set_aside.jsonl and
    set_aside/ (what did not come out, and why). IN is never written to. - is standard input or output.

    \b
      cleanzh clean articles/ out/
      cleanzh clean a.jsonl b.jsonl out/ --text-field content --jobs 8
      cleanzh clean articles/ out/ --script taiwan --ignore ads,repeat
      cat a.txt | cleanzh clean - - > clean.txt
    """
    _run(paths, _recipe(options), None if no_dedup else _dedup(options), options)


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="IN… OUT")
@reading
@comparing
@running
def dedup(paths: tuple[str, ...], **options: Any) -> None:
    """Set near duplicates aside and change nothing else.

    Documents are compared under their comparison key: folded, lower case, Simplified, without blanks and punctuation.
    OUT is as that of clean; _cleanzh/verdicts.jsonl says for each document what it is like.

    \b
      cleanzh dedup articles/ out/
      cleanzh dedup corpus.jsonl out/ --threshold 0.8 --keep earliest,longest
    """
    _run(paths, _recipe(options, clean=False), _dedup(options), options)


def _run(paths: tuple[str, ...], recipe: Recipe, compared: Dedup | None, options: dict[str, Any]) -> None:
    from cleanzh.report.terminal import summary_table
    from cleanzh.run import clean_files

    *inputs, out = paths
    if not inputs:
        raise click.UsageError(f"give an input and an output: cleanzh clean {out} OUT/")
    if "-" in paths:
        _run_stream(inputs, out, recipe, compared, options["form"])
        return
    with _progress("cleaning" if recipe.clean else "reading") as progress:
        summary = clean_files(
            inputs,
            out,
            recipe=recipe,
            form=options["form"],
            dedup=compared,
            jobs=options["jobs"],
            overwrite=options["overwrite"],
            progress=progress,
        )
    record = Path(out) / "_cleanzh"
    click.echo(printable(summary_table(summary.to_json(), f"{record}{os.sep}")))
    if not summary.tally.documents:
        click.echo("Warning: no document was found in the input", err=True)


def _run_stream(inputs: list[str], out: str, recipe: Recipe, compared: Dedup | None, form: str) -> None:
    """``-`` as input, output or both: the same run, through a folder that is thrown away."""
    import shutil
    import tempfile

    from cleanzh.run import clean_files

    if len(inputs) != 1:
        raise click.UsageError("- stands alone: one input, one output")
    with tempfile.TemporaryDirectory(prefix="cleanzh-") as folder:
        source = Path(inputs[0])
        if inputs[0] == "-":
            source = Path(folder) / ("stdin.jsonl" if form == "jsonl" else "stdin.txt")
            with source.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        elif source.is_dir():
            raise click.UsageError(f"{source} is a folder; give a folder as OUT, not -")
        target = Path(folder) / "out" if out == "-" else Path(out)
        summary = clean_files([source], target, recipe=recipe, form=form, dedup=compared, jobs=1)
        if out == "-" and (result := target / source.name).exists():
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
    from cleanzh.run import restore_files

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
    from cleanzh.stages import Recipe

    if not clean:
        return Recipe(script="keep", text_field=options["text_field"], clean=False)
    return Recipe(
        options["script"],
        names(options["select"]),
        names(options["ignore"]),
        options["text_field"],
        tuple(options["rules"]),
    )


def _dedup(options: dict[str, Any]) -> Dedup:
    from cleanzh.run import Dedup

    return Dedup(options["threshold"], options["containment"], names([options["keep"]]), options["index"])


@contextmanager
def _progress(label: str) -> Iterator[Callable[[int, int, int], None] | None]:
    """A bar on a terminal; silence elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    begun = time.monotonic()
    with click.progressbar(length=1, label=label, file=sys.stderr, item_show_func=lambda item: item) as bar:

        def tell(done: int, total: int, documents: int) -> None:
            bar.length = max(total, 1)
            rate = done / 1e6 / max(time.monotonic() - begun, 1e-3)
            bar.update(done - bar.pos, f"{documents:,} documents, {done / 1e6:,.1f} MB, {rate:,.1f} MB/s")

        yield tell
