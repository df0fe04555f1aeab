"""A run recounted from what it left: every document in one place, as the record says, and none besides."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from cleanzh import ledger
from cleanzh.errors import LedgerError
from cleanzh.parts import part_files
from cleanzh.restoring import NeverReadError, give_back, name_in_out, texts_of

__all__ = ["Verified", "verify"]

_DUPLICATES = ("near_duplicate", "exact_duplicate")
_HELD = ("set_aside", "originals", "frames")
_COUNTS = ("documents", "set_aside", "rules")
_NAMED = 100
"""Problems that are named; the others are counted."""

Line = Mapping[str, Any]


@dataclass(slots=True)
class Verified:
    """What was recounted, and what does not agree: a line a problem, the first hundred of them."""

    files: int = 0
    documents: int = 0
    problems: list[str] = field(default_factory=list)
    found: int = 0
    """Problems, those that are not named included."""

    def add(self, problem: str) -> None:
        self.found += 1
        if self.found <= _NAMED:
            self.problems.append(problem)


def verify(out: str | Path) -> Verified:
    """Recount a run, from ``out`` alone.

    Each document of the ledger must be in OUT or set aside, once, so that its bytes as found come back with the digest
    they had; ``set_aside.jsonl``, ``verdicts.jsonl`` and ``summary.json`` must say the same of it as the ledger; and no
    file may lie there that the run did not write. Nothing is written.

    Raises :class:`LedgerError` where ``out`` is no output of cleanzh.
    """
    out = Path(out)
    record = out / ledger.FOLDER
    [summary] = ledger.read_lines(record / "summary.json")
    made, books = Verified(), _Books(record, compared=summary["configuration"]["dedup"] is not None)
    recount = _Recount()
    there: set[Path] = {record / name for name in ("ledger.jsonl", "set_aside.jsonl", "verdicts.jsonl")}
    before, texts = "", texts_of(out, summary["configuration"])
    if summary["configuration"].get("to"):
        there.update(part_files(out, summary["configuration"]["to"]))
    for name, group in groupby(ledger.read_lines(record / "ledger.jsonl"), key=itemgetter("source")):
        if name <= before:
            made.add(f"{name}: stands twice in the ledger, or out of its order")
        before = max(before, name)
        lines = _seen(group, made, books, recount)
        try:
            give_back(out, name, lines, Path(os.devnull), summary["configuration"], texts)
            made.files += 1
        except NeverReadError:
            pass  # it is set aside, with the reason
        except LedgerError as error:
            made.add(str(error))
        for _ in lines:  # those after a problem are counted all the same
            pass
        there.update((out / name_in_out(name, summary["configuration"]), *_asides(record, name)))
    books.end(made)
    recount.compare(summary, made)
    for path in _files(out, record):
        if path not in there:
            made.add(f"{path}: was not written by this run")
    return made


def _seen(lines: Iterator[Line], made: Verified, books: _Books, recount: _Recount) -> Iterator[Line]:
    """The lines of a source, counted while they pass."""
    last = 0
    for line in lines:
        made.documents += 1
        place = line.get("line", 0)
        if place < last:
            made.add(f"{line['id']}: stands twice in the ledger, or out of its order")
        last = max(last, place)
        recount.add(line)
        books.check(line, made)
        yield line


class _Recount:
    """The counts of the summary, made again."""

    def __init__(self) -> None:
        self.documents: Counter[str] = Counter()
        self.set_aside: Counter[str] = Counter()
        self.rules: dict[str, Counter[str]] = {}

    def add(self, line: Line) -> None:
        reason = line.get("set_aside")
        self.documents["in"] += 1
        if reason is None:
            self.documents["out"] += 1
        else:
            self.documents["set_aside"] += 1
            self.set_aside[reason] += 1
        if reason not in (None, *_DUPLICATES):
            return  # what was found in a document that is not used is not counted
        touched = set()
        for step in line["steps"]:
            for edit in step["edits"]:
                count = self.rules.setdefault(edit["rule"], Counter())
                count["edits"] += 1
                count["characters_removed"] += len(edit["before"]) - len(edit["after"])
                touched.add(edit["rule"])
        for rule in touched:
            self.rules[rule]["documents"] += 1

    def compare(self, summary: Mapping[str, Any], made: Verified) -> None:
        for name in _COUNTS:
            said, counted = _numbers(summary[name]), _numbers(getattr(self, name))
            for key in sorted(said.keys() | counted.keys()):
                if said.get(key, 0) != counted.get(key, 0):
                    made.add(
                        f"summary.json: {name} {key} are {said.get(key, 0):,}, "
                        f"and the ledger has {counted.get(key, 0):,}"
                    )


def _numbers(counts: Mapping[str, Any], path: str = "") -> dict[str, int]:
    """All counts in nested tables, by their path."""
    found: dict[str, int] = {}
    for name, value in counts.items():
        if isinstance(value, Mapping):
            found |= _numbers(value, f"{path}{name} ")
        elif isinstance(value, int):
            found[path + name] = value
    return found


class _Books:
    """``set_aside.jsonl`` and ``verdicts.jsonl``, read beside the ledger: their documents come in the same order."""

    def __init__(self, record: Path, *, compared: bool) -> None:
        self._aside = _Book(record / "set_aside.jsonl")
        self._verdicts = _Book(record / "verdicts.jsonl")
        self._compared = compared

    def check(self, line: Line, made: Verified) -> None:
        name, reason = line["id"], line.get("set_aside")
        if reason is not None:
            entry = self._aside.take(name)
            if entry is None:
                made.add(f"{name}: is set aside as {reason}, but not in set_aside.jsonl at its place")
            elif entry["reason"] != reason or entry["source"] != line["source"]:
                made.add(f"{name}: set_aside.jsonl says {entry['reason']}, the ledger {reason}")
        if self._compared and reason in (None, *_DUPLICATES):
            verdict = self._verdicts.take(name)
            if verdict is None:
                made.add(f"{name}: was compared, but is not in verdicts.jsonl at its place")
            elif verdict["reason"] != reason or verdict["kept"] != (reason is None):
                made.add(f"{name}: verdicts.jsonl says {verdict['reason'] or 'kept'}, the ledger {reason or 'kept'}")

    def end(self, made: Verified) -> None:
        for book in (self._aside, self._verdicts):
            if (left := book.left()) is not None:
                made.add(f"{book.path.name}: {left} has no such place in the ledger")


class _Book:
    """A file of lines with ids, of which the next one is looked at."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines = ledger.read_lines(path)
        self._next = next(self._lines, None)

    def take(self, name: str) -> Line | None:
        """The next line, if it is the one of that document."""
        found = self._next
        if found is None or found["id"] != name:
            return None
        self._next = next(self._lines, None)
        return found

    def left(self) -> str | None:
        """The id of a line that nobody took."""
        return str(self._next["id"]) if self._next else None


def _asides(record: Path, name: str) -> Iterator[Path]:
    return (record / folder / name for folder in _HELD)


def _files(out: Path, record: Path) -> Iterator[Path]:
    """The documents' files, and those of the record that hold documents."""
    for folder, folders, files in os.walk(out):
        here = Path(folder)
        if here == record:
            folders[:] = [name for name in folders if name in _HELD]
            continue
        for name in files:
            yield here / name
