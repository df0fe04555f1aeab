"""Staged documents, with the verdicts on them, become what is written: bytes of the record, and rows for the formats.

What that takes for one staged file can be done in a process while another is written: to give a near duplicate back as
it was found takes as long as to clean some.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from cleanzh import ledger
from cleanzh.stages.clean import Header, Staged, staged
from cleanzh.stages.compare import verdicts

if TYPE_CHECKING:
    from cleanzh.dedup import Verdict

__all__ = ["InOrder", "Outcome", "outcomes"]

_BYTES = 1 << 20  # of the record and of documents that are held
_LENGTH = 8  # bytes that say how long what follows is


class Outcome(NamedTuple):
    """What some documents of a staged file come to."""

    ledger: bytes
    """Their lines in each book of the record."""
    aside: bytes
    verdicts: bytes
    rows: Sequence[tuple[str, tuple[Any, ...]]]
    """Of each the source, and the fields of its :class:`~cleanzh.formats.outcome.Row`."""
    characters: int
    """Of those that came out."""
    set_aside: Mapping[str, list[str]]
    """By reason, the documents that were set aside for it."""


_Make = Callable[[Path], Iterator[Outcome]]


class InOrder(Protocol):
    """``map``, whoever does the work."""

    def __call__(self, work: Callable[[Path], Path], tasks: Iterable[Path], /) -> Iterator[Path]: ...


def outcomes(
    staged_files: Iterable[Path], *, compared: bool, collect: bool, in_order: InOrder | None = None
) -> Iterator[Iterator[Outcome]]:
    """What each staged file comes to, in order, a megabyte or a document at a time.

    With ``in_order`` other processes find out, and leave it beside the staged files until it is read.
    """
    make = partial(_outcomes, compared=compared, collect=collect)
    if in_order is None:
        return map(make, staged_files)
    return map(partial(_read, make), in_order(partial(_store, make), staged_files))


def _outcomes(staged_file: Path, *, compared: bool, collect: bool) -> Iterator[Outcome]:
    made = verdicts(staged_file) if compared else iter(())
    batch = _Batch()
    for document in staged(staged_file):
        verdict, line = next(made, (None, b"")) if document.header.reason is None else (None, b"")
        batch.add(document, verdict, line, collect=collect)
        if batch.size >= _BYTES:
            yield batch.outcome()
            batch = _Batch()
    if batch.rows:
        yield batch.outcome()


@dataclass(slots=True)
class _Batch:
    """Documents whose outcome is held."""

    size: int = 0
    ledger: list[bytes] = field(default_factory=list)
    aside: list[bytes] = field(default_factory=list)
    verdicts: list[bytes] = field(default_factory=list)
    rows: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    characters: int = 0
    set_aside: dict[str, list[str]] = field(default_factory=dict)

    def add(self, document: Staged, verdict: Verdict | None, verdict_line: bytes, *, collect: bool) -> None:
        head, line = document.header, document.ledger
        reason = head.reason if verdict is None else verdict.reason
        if reason is None:
            self.characters += head.characters
        else:
            if verdict is not None:
                line = ledger.set_aside(line, reason)
            self.aside.append(ledger.json_line(_entry(head, reason, verdict)))
            self.set_aside.setdefault(reason, []).append(head.id)
        self.ledger.append(line)
        self.verdicts.append(verdict_line)
        self.rows.append((head.source, tuple(document.row(aside=reason is not None, collect=collect))))
        self.size += len(line) + len(document.out)

    def outcome(self) -> Outcome:
        book, aside, verdicts = map(b"".join, (self.ledger, self.aside, self.verdicts))
        return Outcome(book, aside, verdicts, self.rows, self.characters, self.set_aside)


def _store(make: _Make, staged_file: Path) -> Path:
    """What a staged file comes to in a file beside it; the staged file itself where that is too much."""
    target = staged_file.with_suffix(".outcome.part")
    with target.open("wb", ledger.BUFFER) as file:
        for outcome in make(staged_file):
            plain: Any = tuple(outcome)
            try:
                stored = marshal.dumps(plain)  # to and from a file itself it takes much longer
            except ValueError:  # of two gigabytes and more
                return staged_file
            file.write(len(stored).to_bytes(_LENGTH, "big"))
            file.write(stored)
    return target


def _read(make: _Make, stored: Path) -> Iterator[Outcome]:
    if not stored.name.endswith(".outcome.part"):
        yield from make(stored)
        return
    with stored.open("rb", ledger.BUFFER) as file:
        while length := file.read(_LENGTH):
            plain = file.read(int.from_bytes(length, "big"))
            yield Outcome(*marshal.loads(plain))  # noqa: S302  # a process of this run wrote it
    stored.unlink()


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
