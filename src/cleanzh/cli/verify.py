"""The command that recounts a run."""

from __future__ import annotations

import sys

import click

from cleanzh.cli.options import FAILED, printable

__all__ = ["verify"]


@click.command()
@click.argument("out")
def verify(out: str) -> None:
    """Recount what a run left in OUT: each document in one place, and all of it to be had back.

    Every document of the ledger must be in OUT or set aside, with the bytes that lead back to those it had; the counts
    and lists of the record must agree with it; and no other file may lie in OUT. Nothing is written. Exit code 0: all
    of it agrees; 2: something does not, and is named.

    \b
      cleanzh verify out/
    """
    from cleanzh.verifying import verify as recount

    made = recount(out)
    for problem in made.problems:
        click.echo(f"Error: {printable(problem)}", err=True)
    if made.found > len(made.problems):
        click.echo(f"Error: and {made.found - len(made.problems):,} more", err=True)
    counts = f"{made.documents:,} documents in {made.files:,} files"
    if made.found:
        click.echo(f"{counts} recounted, {made.found:,} problems")
        sys.exit(FAILED)
    click.echo(f"{counts} recounted: each is in its place, and comes back as it was")
