"""The commands for an index of what earlier runs kept."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cleanzh.cli.options import FAILED
from cleanzh.errors import UsageError

if TYPE_CHECKING:
    from cleanzh.dedup import DuplicateIndex

__all__ = ["index"]


@click.group()
def index() -> None:
    """Look after an index: the documents that earlier runs kept, which `--index` compares with.

    \b
      cleanzh clean monday/ out-1/ --index seen/     makes it, and remembers what was kept
      cleanzh clean tuesday/ out-2/ --index seen/    sets aside what monday had
      cleanzh index info seen/
    """


@index.command()
@click.argument("path")
@click.option("--store-keys", is_flag=True,
              help="Store what is compared, 2 KB an article; similarities are then counted.")  # fmt: skip
def create(path: str, store_keys: bool) -> None:
    """Make an empty index in the folder PATH; `--index` of clean makes one too, without --store-keys."""
    from cleanzh.dedup import DuplicateIndex

    DuplicateIndex.create(path, store_keys=store_keys)
    click.echo(f"made {path}")


@index.command()
@click.argument("path")
def info(path: str) -> None:
    """Say what PATH holds: its segments, oldest first."""
    held = _open(path)
    segments = held.info()
    for segment in segments:
        click.echo(f"{segment.name}  {segment.documents:>10,} documents  {segment.size:>14,} bytes  {segment.created}")
    how = "counted" if held.store_keys else "estimated"
    click.echo(f"{len(held):,} documents in {len(segments)} segments; similarities to them are {how}")


@index.command()
@click.argument("path")
@click.option("--drop-damaged", is_flag=True, help="Leave out segments that can not be read.")
def compact(path: str, drop_damaged: bool) -> None:
    """Make one segment of all in PATH."""
    held = _open(path)
    held.compact(drop_damaged=drop_damaged)
    click.echo(f"{len(held):,} documents in one segment")


@index.command()
@click.argument("path")
@click.option("--before", required=True, type=click.DateTime(), help="Forget what was written before this moment, UTC.")
def expire(path: str, before: datetime) -> None:
    """Forget old segments of PATH.

    \b
      cleanzh index expire seen/ --before 2026-01-01
    """
    click.echo(f"forgot {_open(path).expire(before.replace(tzinfo=UTC)):,} documents")


@index.command()
@click.argument("path")
def verify(path: str) -> None:
    """Read all of PATH and compare it with its checksums."""
    problems = _open(path).verify()
    for problem in problems:
        click.echo(f"Error: {problem}", err=True)
    if problems:
        sys.exit(FAILED)
    click.echo("every segment is whole")


def _open(path: str) -> DuplicateIndex:
    from pathlib import Path

    from cleanzh.dedup import DuplicateIndex

    if not Path(path, "manifest.json").is_file():
        raise UsageError(f"{path}: no index; `cleanzh clean IN OUT --index {path}` makes one")
    return DuplicateIndex(path)
