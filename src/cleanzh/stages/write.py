"""The writing stage: staged documents into OUT or below ``_cleanzh/set_aside``, and the record of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from cleanzh import ledger
from cleanzh.formats import Reading, Source
from cleanzh.formats.outcome import Row
from cleanzh.stages.clean import EXAMPLES, Header, staged
from cleanzh.stages.compare import verdicts
from cleanzh.writers import Outputs, beside

if TYPE_CHECKING:
    from cleanzh.dedup import Verdict

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
) -> Written:
    """Write OUT and the record, each file in ``work`` first, on the same file system.

    ``tell`` is told the number of staged files that are written; they may come while others are still made.
    """
    record, written = out / ledger.FOLDER, Written()
    with (
        Outputs(out, record, work, reading, to) as outputs,
        beside(record / "ledger.jsonl", work) as book,
        beside(record / "set_aside.jsonl", work) as aside_book,
        beside(record / "verdicts.jsonl", work) as verdict_book,
    ):
        rows = _recorded(
            staged_files,
            written,
            _Books(book, aside_book, verdict_book),
            compared=compared,
            tell=tell,
            collect=to is not None,
        )
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
    staged_files: Iterable[Path],
    written: Written,
    books: _Books,
    *,
    compared: bool,
    tell: Callable[[int], None],
    collect: bool,
) -> Iterator[tuple[str, Row]]:
    """Each document, by its source, as it is to be written; with it, it enters the record."""
    for number, file in enumerate(staged_files, 1):
        made = verdicts(file) if compared else iter(())
        for document in staged(file):
            head, line = document.header, document.ledger
            verdict, verdict_line = next(made, (None, b"")) if head.reason is None else (None, b"")
            books.verdicts.write(verdict_line)
            reason = head.reason if verdict is None else verdict.reason
            if reason is None:
                written.kept += 1
                written.characters += head.characters
            else:
                if verdict is not None:
                    line = ledger.set_aside(line, reason)
                books.aside.write(ledger.json_line(_entry(head, reason, verdict)))
                written.set_aside[reason] += 1
                if len(named := written.examples.setdefault(reason, [])) < EXAMPLES:
                    named.append(head.id)
            books.ledger.write(line)
            yield head.source, document.row(aside=reason is not None, collect=collect)
        tell(number)


def _entry(head: Header, reason: str, verdict: Verdict | None) -> dict[str, Any]:
    """The line of ``set_aside.jsonl``."""
    entry: dict[str, Any] = {"id": head.id, "source": head.source, "line": head.line, "reason": reason}
    if head.detail:
        entry["detail"] = head.detail
    if verdict is not None:
        entry |= {"kept_id": verdict.duplicate_of, "similarity": verdict.jaccard, "containment": verdict.containment}
        if verdict.estimated:  # of a document that an index remembers without its text
            entry["estimated"] = True
    return entry
