"""One pass over the record of a run: what it counts to, and which documents to look at.

Nothing here holds texts, and of documents only a few places in the ledger, so memory does not grow with the corpus.
What is chosen is chosen by rank (a number made of the document's id, or a size), so that the order of the ledger and
the number of processes make no difference.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from cleanzh import ledger, prepared
from cleanzh.engines.local import LocalEngine
from cleanzh.errors import LedgerError
from cleanzh.report.html.families import CONVERTED, REMOVED, kind_of
from cleanzh.report.html.least import Least, chance
from cleanzh.report.html.places import Marks
from cleanzh.report.html.tally import Tally

__all__ = ["SHARES", "Counts", "Facet", "RuleCount", "facets_of", "gather", "removed_share"]

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
"""Upper bounds of the classes of the share of a document that was removed."""

_CHUNK = 2 << 20  # bytes of the ledger that a worker reads at a time
_SPREAD = 32 << 20  # a ledger below this is read sooner than processes start
_MOST_VALUES = 50_000  # of a facet such as the source; the rare ones are given up beyond that
_MONTH = prepared.compiled(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])")
_MIXED = 0.05  # a document of which less than this share was converted had only pieces of another script


@dataclass(slots=True)
class RuleCount:
    """What one rule did; ``some`` and ``largest`` are places of documents in the ledger."""

    edits: int = 0
    documents: int = 0
    taken: int = 0
    given: int = 0
    longest: int = 0
    some: Least = field(default_factory=lambda: Least(8))
    largest: Least = field(default_factory=lambda: Least(3))

    def add(self, other: RuleCount) -> None:
        self.edits += other.edits
        self.documents += other.documents
        self.taken += other.taken
        self.given += other.given
        self.longest = max(self.longest, other.longest)
        self.some.add(other.some)
        self.largest.add(other.largest)


@dataclass(slots=True)
class Facet:
    """One value of one property of documents: how many have it, and some of them."""

    documents: int = 0
    some: Least = field(default_factory=lambda: Least(3))

    def add(self, other: Facet) -> None:
        self.documents += other.documents
        self.some.add(other.some)


@dataclass(slots=True)
class Counts:
    """What the ledger comes to."""

    documents: int = 0
    rules: dict[str, RuleCount] = field(default_factory=dict)
    facets: dict[str, dict[str, Facet]] = field(default_factory=dict)
    sample: Least = field(default_factory=lambda: Least(24))
    most_removed: Least = field(default_factory=lambda: Least(10))
    largest_share: Least = field(default_factory=lambda: Least(6))
    places: dict[str, int] = field(default_factory=dict)  # of the documents that were asked for, by id
    marks: Marks = field(default_factory=Marks)

    def add(self, other: Counts) -> None:
        """Count what comes next in the ledger."""
        self.documents += other.documents
        for name, rule in other.rules.items():
            self.rules.setdefault(name, RuleCount()).add(rule)
        for name, values in other.facets.items():
            mine = self.facets.setdefault(name, {})
            for value, facet in values.items():
                mine.setdefault(value, Facet()).add(facet)
            if len(mine) > _MOST_VALUES:
                common = sorted(mine, key=lambda value: (-mine[value].documents, value))[: _MOST_VALUES // 2]
                self.facets[name] = {value: mine[value] for value in common}
        self.sample.add(other.sample)
        self.most_removed.add(other.most_removed)
        self.largest_share.add(other.largest_share)
        self.places |= other.places
        self.marks.add(other.marks)

    @property
    def characters(self) -> dict[str, int]:
        """By kind of what was done to them."""
        characters: dict[str, int] = {}
        for name, rule in self.rules.items():
            kind = kind_of(name)
            taken = rule.taken - rule.given if kind == REMOVED else rule.taken
            characters[kind] = characters.get(kind, 0) + taken
        return characters

    def count(self, line: Mapping[str, Any], done: Mapping[str, Sequence[int]], place: int) -> None:
        """Count one document, without its steps, and what :class:`Tally` says of these.

        ``place`` is where its line begins in the ledger.
        """
        self.documents += 1
        rank = chance(line["id"])
        self.sample.offer(rank, place)
        removed = converted = 0
        for name, (edits, taken, given, longest) in done.items() if _is_cleaned(line) else ():
            rule = self.rules.get(name)
            if rule is None:
                rule = self.rules[name] = RuleCount()
            rule.edits += edits
            rule.documents += 1
            rule.taken += taken
            rule.given += given
            if longest > rule.longest:
                rule.longest = longest
            rule.some.offer(rank, place)
            rule.largest.offer((-longest, rank), place)
            kind = kind_of(name)
            if kind == REMOVED:
                removed += taken - given
            elif kind == CONVERTED:
                converted += taken
        if removed > 0:
            self.most_removed.offer((-removed, rank), place)
            self.largest_share.offer((-removed / max(line.get("characters", 0), removed), rank), place)
        for name, value in _facets(line, removed, converted):
            values = self.facets.setdefault(name, {})
            facet = values.get(value)
            if facet is None:
                facet = values[value] = Facet()
            facet.documents += 1
            facet.some.offer(rank, place)


def _is_cleaned(line: Mapping[str, Any]) -> bool:
    """Whether a document was not set aside for what it is."""
    reason: str | None = line.get("set_aside")
    return reason is None or reason.endswith("_duplicate")


def _facets(line: Mapping[str, Any], removed: int, converted: int) -> Iterator[tuple[str, str]]:
    """The properties of a document by which it can be looked up."""
    yield "encoding", line["encoding"]
    metadata = line["metadata"]
    if source := metadata.get("source"):
        yield "source", source[:60]
    if month := _MONTH.match(metadata.get("published", "")):
        yield "month", month[0]
    reason = line.get("set_aside")
    if reason is not None:
        yield "reason", reason
    if line["flags"]:
        yield from (("flag", name) for name in dict.fromkeys(flag["name"] for flag in line["flags"]))
    characters = line.get("characters", 0)
    if characters and _is_cleaned(line):
        yield "share", str(min(bisect_left(SHARES, removed / characters), len(SHARES) - 1))
        yield "script", "none" if not converted else "pieces" if converted < _MIXED * characters else "most"


def facets_of(line: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The same, of one document."""
    return list(_facets(line, *_removed_and_converted(line)))


def removed_share(line: Mapping[str, Any]) -> float:
    """The share of a document's characters that was removed."""
    removed, _ = _removed_and_converted(line)
    characters: int = line.get("characters", 0)
    return max(0.0, removed / max(characters, 1))


def _removed_and_converted(line: Mapping[str, Any]) -> tuple[int, int]:
    """Characters of one document, each as :meth:`Counts.count` counts them."""
    removed = converted = 0
    for step in line["steps"]:
        for edit in step["edits"]:
            kind = kind_of(edit["rule"])
            if kind == REMOVED:
                removed += len(edit["before"]) - len(edit["after"])
            elif kind == CONVERTED:
                converted += len(edit["before"])
    return removed, converted


def gather(book: Path, wanted: Iterable[str] = (), engine: LocalEngine | None = None) -> Counts:
    """Count the ledger ``book``, and find the places of the documents ``wanted``.

    Raises :class:`LedgerError` naming the line that is broken.
    """
    try:
        size = book.stat().st_size
    except OSError as error:
        raise LedgerError(f"{book}: {error.strerror}; is {book.parent.parent} the output of cleanzh?") from error
    counts = Counts()
    work = partial(_count, book, frozenset(wanted))
    if engine is None or size <= (_CHUNK if engine.begun else _SPREAD):
        engine = LocalEngine()
    for part in engine.in_order(work, range(0, size, _CHUNK)):
        counts.add(part)
    return counts


def _count(book: Path, wanted: frozenset[str], start: int) -> Counts:
    counts, tally = Counts(), Tally()
    with book.open("rb") as file:
        if start:
            file.seek(start - 1)
            file.readline()  # a line belongs to the chunk it begins in
        place = file.tell()
        while place < start + _CHUNK and (raw := file.readline()):
            try:
                line, steps = ledger.glance(raw)
                counts.count(line, tally(steps), place)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise LedgerError(
                    f"{book}: broken line at byte {place} ({error}); the run that wrote it is not whole"
                ) from error
            counts.marks.see(place, line["source"], aside="set_aside" in line)
            if line["id"] in wanted:
                counts.places[line["id"]] = place
            place += len(raw)
    return counts
