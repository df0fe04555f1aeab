"""The texts of chosen documents, as found and as they came out, from OUT and the ledger.

The only place of the report that knows how documents lie in files: it reads what a run wrote as a run reads its input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, islice
from pathlib import Path
from typing import Any, NamedTuple

from cleanzh import ledger
from cleanzh.document import Cleaned, restore
from cleanzh.edits import apply
from cleanzh.encoding import decode, looks_binary
from cleanzh.errors import CleanzhError, LedgerError
from cleanzh.formats import Piece, Reading, Record, Source, format_of, output_name
from cleanzh.parts import Texts
from cleanzh.readers import cut, read
from cleanzh.report.html.places import Mark, numbered

__all__ = ["Found", "documents"]

_UNREAD = 20_000  # bytes that are shown of what could not be read


class Found(NamedTuple):
    """A document of the run: its ledger line, as found, as it came out with its record; or why these are not there."""

    place: int
    line: dict[str, Any]
    before: str | None
    cleaned: Cleaned | None
    problem: str

    @property
    def after(self) -> str | None:
        """What came out."""
        return None if self.cleaned is None else self.cleaned.text


def documents(
    out: Path, places: Iterable[int], marks: Sequence[Mark], configuration: Mapping[str, Any]
) -> Iterator[Found]:
    """The documents whose ledger lines begin at ``places``, in the order of the ledger.

    ``configuration`` is that of ``summary.json``.
    """
    lines = numbered(out / ledger.FOLDER / "ledger.jsonl", sorted(set(places)), marks)
    collection = Texts(out, configuration["to"]) if configuration.get("to") else None
    for name, group in groupby(lines, key=lambda row: str(row[1]["source"])):
        kept = _Collected(collection, name) if collection else _Part(out, name, configuration, aside=False)
        aside = _Part(out, name, configuration, aside=True)
        for place, line, number in group:
            texts: tuple[str | None, Cleaned | None]
            try:
                if "set_aside" in line:
                    texts = _set_aside(aside.record(number), line)
                elif isinstance(kept, _Collected):
                    texts = _restored(kept.text(number), line)
                else:
                    texts = _kept(kept.record(number), line)
            except (OSError, ValueError, CleanzhError) as error:
                yield Found(place, line, None, None, str(error))
            else:
                yield Found(place, line, *texts, "")


class _Part:
    """What came out of a source, or what was set aside of it, read forwards."""

    def __init__(self, out: Path, name: str, configuration: Mapping[str, Any], *, aside: bool) -> None:
        form, compression = format_of(name, configuration["format"]) or ("txt", "")
        self._path = out / ledger.FOLDER / "set_aside" / name
        if not aside:
            written = output_name(name, form)
            self._path = out / written
            if written != name:
                form, compression = format_of(written) or ("txt", "")
        self._reading = Reading(configuration["text_field"], None, 2 * configuration["max_bytes"])
        source = Source(self._path, name, form, compression)
        self._pieces = (piece for shard, _ in cut([source], self._reading) for piece in shard)
        self._piece: Piece | None = None
        self._records: Iterator[Record] = iter(())
        self._begun = self._next = 0  # numbers of the first record of the piece, and of that which comes next

    def record(self, number: int) -> Record:
        """Record ``number`` of it, the first being 0."""
        while record := self._look(number):
            if isinstance(record, Record):
                return record
        raise LedgerError(f"{self._path}: is missing, or shorter than this run wrote it")

    def _look(self, number: int) -> Record | bool:
        """The record, or whether to look again, in the next piece."""
        piece = self._piece
        if piece is not None and piece.spans and not piece.large:
            at = number - self._begun
            if at < len(piece.spans):  # of many records in the piece, only this one is read
                start, stop = piece.spans[at]
                alone = piece._replace(spans=((start, stop),), number=piece.number + at)
                if piece.data is None:  # nor are the bytes of the others
                    alone = alone._replace(start=start, stop=stop)
                return next(read((alone,), self._reading))
            self._next = self._begun + len(piece.spans)
        elif piece is not None:
            for record in self._records:
                self._next += 1
                if self._next > number and self._path.exists():
                    return record
        self._piece = piece = next(self._pieces, None)
        self._begun = self._next
        if piece is not None and (not piece.spans or piece.large):
            self._records = read((piece,), self._reading)
        return piece is not None


class _Collected:
    """What came out of a source into the parts of a collection, read forwards."""

    def __init__(self, collection: Texts, name: str) -> None:
        self._texts = collection.of(name)
        self._next = 0

    def text(self, number: int) -> str:
        """Text ``number`` of it, the first being 0."""
        text = next(islice(self._texts, number - self._next, None), None)
        self._next = number + 1
        if text is None:
            raise LedgerError("the parts in OUT are not what this run wrote")
        return text


def _restored(after: str, line: Mapping[str, Any]) -> tuple[str, Cleaned]:
    cleaned = ledger.cleaned_from(line, after)
    return restore(cleaned), cleaned


def _kept(record: Record, line: Mapping[str, Any]) -> tuple[str, Cleaned]:
    if record.problem:
        raise LedgerError(record.problem)
    if not line.get("container"):  # else what lies there leads nowhere back
        ledger.as_found(line, record.raw)  # raises if it was edited since
    after = record.raw.decode("utf-8", "surrogatepass") if record.frame is None else record.text or ""
    return _restored(after, line)


def _set_aside(record: Record, line: Mapping[str, Any]) -> tuple[str | None, Cleaned | None]:
    if record.text is None:
        raw = record.raw[:_UNREAD]
        return None if looks_binary(raw) else decode(raw).text, None
    if record.sha256 != line["sha256"]:
        raise LedgerError(f"{line['id']}: what lies in set_aside is not what this run wrote")
    after, cleaned = record.text, ledger.cleaned_from(line, "")
    for step in cleaned.steps:
        after = apply(after, step.edits)
    return record.text, replace(cleaned, text=after)
