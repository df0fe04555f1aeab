"""The command that learns rules from a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cleanzh.cli.options import configured, printable, reading

__all__ = ["learn"]


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="IN…")
@reading
@click.option("--least", type=click.IntRange(min=2), default=20, show_default=True,
              help="Documents that a line must stand in, copies of one another counted once.")  # fmt: skip
@click.option("--share", type=click.FloatRange(0, 1), default=0.0, help="And the share of all documents.")
@click.option("--output", "-o", metavar="FILE", help="Where the rule file goes.  [default: standard output]")
@configured
def learn(paths: tuple[str, ...], least: int, share: float, output: str | None, **options: Any) -> None:
    """Learn the boilerplate of a corpus: lines that recur over many documents, as a rule file to look through.

    Digits and Latin words count as alike. Near duplicates count as one document, so that a viral article is not taken
    for boilerplate. Read the file, cut it down, and use it.

    \b
      cleanzh learn articles/ -o learned.toml
      cleanzh rules test learned.toml
      cleanzh clean articles/ out/ --rules learned.toml
    """
    from cleanzh.learn import rule_file
    from cleanzh.run import learn_files

    found = learn_files(paths, text_field=options["text_field"], form=options["form"], least=least, share=share)
    made = rule_file(found)
    if output is None:
        click.echo(printable(made), nl=False)
    else:
        Path(output).write_text(printable(made), encoding="utf-8")
    click.echo(f"{len(found):,} rules; look through them before you use them", err=True)
    if not found:
        click.echo(f"no line stands in {least} documents; try a smaller --least", err=True)
