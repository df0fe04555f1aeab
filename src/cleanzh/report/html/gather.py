"""One pass over the record of a run: what it counts to, and which documents to look at.

Nothing here holds texts, and of documents only a few places in the ledger, so memory does not grow with the corpus.
What is chosen is chosen by rank (a number made of the document's id, or a size), so that the order of the ledger and
the number of processes make no difference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from cleanzh.engines.local import in_order
from cleanzh.errors import LedgerError
from cleanzh.report.html.families import CONVERTED, REMOVED, kind_of
from cleanzh.report.html.least import Least, chance

__all__ = ["SHARES", "Counts", "Facet", "RuleCount", "facets_of", "gather", "removed_share"]

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
"""Upper bounds of the classes of the share of a document that was removed."""

_CHUNK = 16 << 20  # bytes of the ledger that a worker reads at a time
_SPREAD = 96 << 20  # a ledger below this is read sooner than processes start
_MOST_VALUES = 50_000  # of a facet such as the source; the rare ones are given up beyond that
_PARTS = itemgetter("rule", "before", "after")
_MONTH = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])")
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
    characters: dict[str, int] = field(default_factory=dict)  # by kind of what was done to them
    rules: dict[str, RuleCount] = field(default_factory=dict)
    facets: dict[str, dict[str, Facet]] = field(default_factory=dict)
    sample: Least = field(default_factory=lambda: Least(24))
    most_removed: Least = field(default_factory=lambda: Least(10))
    largest_share: Least = field(default_factory=lambda: Least(6))
    places: dict[str, int] = field(default_factory=dict)  # of the documents that were asked for, by id

    def add(self, other: Counts) -> None:
        self.documents += other.documents
        for kind, count in other.characters.items():
            self.characters[kind] = self.characters.get(kind, 0) + count
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

    def count(self, line: Mapping[str, Any], place: int) -> None:
        """Count one document; ``place`` is where its line begins in the ledger."""
        self.documents += 1
        rank = chance(line["id"])
        reason = line.get("set_aside")
        self.sample.offer(rank, place)
        done: dict[str, list[int]] = {}
        if reason is None or reason.endswith("_duplicate"):
            done = _tallied(line["steps"])
        removed = converted = 0
        for name, (edits, taken, given, longest) in done.items():
            rule = self.rules.get(name)
            if rule is None:
                rule = self.rules[name] = RuleCount()
            rule.edits += edits
            rule.documents += 1
            rule.taken += taken
            rule.given += given
            rule.longest = max(rule.longest, longest)
            rule.some.offer(rank, place)
            rule.largest.offer((-longest, rank), place)
            kind = kind_of(name)
            if kind == REMOVED:
                removed += taken - given
            elif kind == CONVERTED:
                converted += taken
            self.characters[kind] = self.characters.get(kind, 0) + (taken - given if kind == REMOVED else taken)
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


def _tallied(steps: Iterable[Mapping[str, Any]]) -> dict[str, list[int]]:
    """By rule: edits, characters taken and given, and the most that one edit took."""
    done: dict[str, list[int]] = {}
    for step in steps:
        for name, before, after in map(_PARTS, step["edits"]):
            taken, given = len(before), len(after)
            row = done.get(name)
            if row is None:
                done[name] = [1, taken, given, taken - given]
                continue
            row[0] += 1
            row[1] += taken
            row[2] += given
            if taken - given > row[3]:
                row[3] = taken - given
    return done


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
    for flag in dict.fromkeys(flag["name"] for flag in line["flags"]):
        yield "flag", flag
    characters = line.get("characters", 0)
    if characters and (reason is None or reason.endswith("_duplicate")):
        yield "share", str(_class(removed / characters))
        yield "script", "none" if not converted else "pieces" if converted < _MIXED * characters else "most"


def _class(share: float) -> int:
    return next(number for number, bound in enumerate(SHARES) if share <= bound or bound == SHARES[-1])


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
    done = _tallied(line["steps"])
    removed = sum(row[1] - row[2] for rule, row in done.items() if kind_of(rule) == REMOVED)
    converted = sum(row[1] for rule, row in done.items() if kind_of(rule) == CONVERTED)
    return removed, converted


def gather(book: Path, wanted: Iterable[str] = (), *, jobs: int = 1) -> Counts:
    """Count the ledger ``book``, and find the places of the documents ``wanted``.

    Raises :class:`LedgerError` naming the line that is broken.
    """
    try:
        size = book.stat().st_size
    except OSError as error:
        raise LedgerError(f"{book}: {error.strerror}; is {book.parent.parent} the output of cleanzh?") from error
    counts = Counts()
    work = partial(_count, book, frozenset(wanted))
    for part in in_order(work, range(0, size, _CHUNK), jobs=jobs if size > _SPREAD else 1):
        counts.add(part)
    return counts


def _count(book: Path, wanted: frozenset[str], start: int) -> Counts:
    counts = Counts()
    with book.open("rb") as file:
        if start:
            file.seek(start - 1)
            file.readline()  # a line belongs to the chunk it begins in
        place = file.tell()
        while place < start + _CHUNK and (raw := file.readline()):
            try:
                line = json.loads(raw)
                counts.count(line, place)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise LedgerError(
                    f"{book}: broken line at byte {place} ({error}); the run that wrote it is not whole"
                ) from error
            if wanted and line["id"] in wanted:
                counts.places[line["id"]] = place
            place += len(raw)
    return counts
