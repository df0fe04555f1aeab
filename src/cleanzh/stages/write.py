"""The writing stage: staged documents into OUT or below ``_cleanzh/set_aside``, and the record of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from cleanzh import ledger
from cleanzh.formats import Reading, Source
from cleanzh.formats.outcome import Row
from cleanzh.stages.clean import EXAMPLES
from cleanzh.stages.outcome import InOrder, Outcome, outcomes
from cleanzh.writers import Outputs, beside

__all__ = ["Written", "write"]


@dataclass(slots=True)
class Written:
    """What came out, and what did not."""

    kept: int = 0
    characters: int = 0
    set_aside: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    """Of each reason, the ids of the first documents."""
    names: set[str] = field(default_factory=set)
    """The files in OUT."""


def write(
    staged_files: Iterable[Path],
    out: Path,
    work: Path,
    sources: Mapping[str, Source],
    reading: Reading,
    *,
    to: str | None,
    compared: bool,
    tell: Callable[[int], None],
    in_order: InOrder | None = None,
) -> Written:
    """Write OUT and the record, each file in ``work`` first, on the same file system.

    ``tell`` is told the number of staged files that are written; they may come while others are still made. If they are
    all there, other processes may prepare them: those of ``in_order``.
    """
    record, written = out / ledger.FOLDER, Written()
    with (
        Outputs(out, record, work, reading, to) as outputs,
        beside(record / "ledger.jsonl", work) as book,
        beside(record / "set_aside.jsonl", work) as aside_book,
        beside(record / "verdicts.jsonl", work) as verdict_book,
    ):
        made = outcomes(staged_files, compared=compared, collect=to is not None, in_order=in_order)
        rows = _recorded(made, written, _Books(book, aside_book, verdict_book), tell)
        for name, group in groupby(rows, key=lambda pair: pair[0]):
            outputs.write(sources[name], (row for _, row in group))
    written.names = outputs.names
    return written


@dataclass(frozen=True, slots=True)
class _Books:
    ledger: BinaryIO
    aside: BinaryIO
    verdicts: BinaryIO


def _recorded(
    made: Iterable[Iterator[Outcome]], written: Written, books: _Books, tell: Callable[[int], None]
) -> Iterator[tuple[str, Row]]:
    """Each document, by its source, as it is to be written; before it, it enters the record."""
    for number, of_file in enumerate(made, 1):
        for outcome in of_file:
            books.ledger.write(outcome.ledger)
            books.aside.write(outcome.aside)
            books.verdicts.write(outcome.verdicts)
            written.kept += len(outcome.rows)
            written.characters += outcome.characters
            for reason, named in outcome.set_aside.items():
                written.kept -= len(named)
                written.set_aside[reason] += len(named)
                examples = written.examples.setdefault(reason, [])
                examples += named[: EXAMPLES - len(examples)]
            for source, row in outcome.rows:
                yield source, Row._make(row)
        tell(number)
