"""The command that shows a run again."""

from __future__ import annotations

from pathlib import Path

import click

from cleanzh.cli.options import printable

__all__ = ["report"]


@click.command()
@click.argument("out")
@click.option("--document", "-d", "documents", multiple=True, metavar="ID",
              help="Of this document only, in full: its id as in ledger.jsonl; may be given again.")  # fmt: skip
@click.option("--lang", "language", type=click.Choice(["en", "zh"]),
              help="Language the page opens in.  [default: that of the reader's browser]")  # fmt: skip
@click.option("--terminal", is_flag=True, help="Print it, and write no file.")
@click.option("--output", "-o", metavar="FILE",
              help="[default: report.html in the record of the run, or document.html there]")  # fmt: skip
@click.option("--jobs", "-j", type=click.IntRange(min=1), help="Processes.  [default: one a core, if it pays]")
def report(
    out: str, documents: tuple[str, ...], language: str | None, terminal: bool, output: str | None, jobs: int | None
) -> None:
    """Show what a run did: one HTML file from the record in its output OUT.

    Every clean and dedup writes OUT/_cleanzh/report.html already; this makes it again, or one of single documents.
    The file needs nothing else and opens from disk.

    \b
      cleanzh report out/
      cleanzh report out/ --document a.txt --lang zh -o a.html
      cleanzh report out/ --terminal
    """
    from cleanzh.report.html import read_report, write_report
    from cleanzh.report.run import told
    from cleanzh.report.terminal import amount

    if terminal:
        if output or language:
            raise click.UsageError("--terminal prints; --output and --lang are for the file")
        for line in told(read_report(out, documents=documents, jobs=jobs), Path(out)):
            click.echo(printable(line))
        return
    path = write_report(out, output, documents=documents, language=language, jobs=jobs)
    click.echo(printable(f"{path}  {amount(path.stat().st_size)}"))
