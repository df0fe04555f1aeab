"""Which document of its file a line of the ledger is: documents lie there in the order of the ledger.

To count them from the begin, for a few chosen ones, would be to read the ledger once more; so the pass that counts all
leaves marks.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from cleanzh import prepared

__all__ = ["Mark", "Marks", "numbered"]

_EVERY = 64  # lines: to read so many takes less than to look them up
_HEAD = prepared.compiled(rb'\{"id": "(?:[^"\\]|\\.)*", "source": ("(?:[^"\\]|\\.)*")')
_ASIDE = b'"set_aside": "'  # what a line ends with; in a text, the quotes of the key would be escaped


class Mark(NamedTuple):
    """At ``place`` of the ledger, so many documents of ``source`` came before: kept, and set aside."""

    place: int
    source: str
    kept: int
    aside: int


class Marks:
    """The marks of a ledger, or of a chunk of it."""

    __slots__ = ("_first", "_lines", "_now", "_source", "marks")

    def __init__(self) -> None:
        self.marks: list[Mark] = []
        self._lines = 0
        self._source: str | None = None
        self._now = [0, 0]
        self._first: int | None = None  # marks before the source of the first line ended

    def see(self, place: int, source: str, *, aside: bool) -> None:
        """The next line."""
        if source != self._source:
            if self._first is None and self._source is not None:
                self._first = len(self.marks)
            self._source, self._now = source, [0, 0]
        if self._lines % _EVERY == 0:
            self.marks.append(Mark(place, source, *self._now))
        self._lines += 1
        self._now[aside] += 1

    def add(self, other: Marks) -> None:
        """The chunk that comes next; its first documents may be of the source that this one ends with."""
        if not other.marks:
            return
        goes_on = other.marks[0].source == self._source
        kept, aside = self._now if goes_on else (0, 0)
        alone = other._first is None
        first = len(other.marks) if other._first is None else other._first
        if self._first is None and self._source is not None and not (goes_on and alone):
            self._first = len(self.marks) + first * goes_on
        self.marks += [mark._replace(kept=mark.kept + kept, aside=mark.aside + aside) for mark in other.marks[:first]]
        self.marks += other.marks[first:]
        self._source = other._source
        self._now = [other._now[0] + kept * alone, other._now[1] + aside * alone]


def numbered(
    book: Path, places: Sequence[int], marks: Sequence[Mark] = ()
) -> Iterator[tuple[int, dict[str, Any], int]]:
    """The ledger lines at ``places``, each with its number among those of its source that went the same way.

    Where documents are files of their own, nothing else is read; else the lines from the last of the marks are counted.
    """
    with book.open("rb") as file:
        lines = []
        for place in places:
            file.seek(place)
            lines.append((place, json.loads(file.readline())))
        if not any("line" in line for _, line in lines):
            yield from ((place, line, 0) for place, line in lines)
            return
        file.seek(0)
        at, source, quoted, numbers = 0, "", b"", [0, 0]
        for place, line in lines:
            index = bisect_right(marks, place, key=attrgetter("place"))
            if index and marks[index - 1].place > at:
                at, source, *numbers = marks[index - 1]
                quoted = b""
                file.seek(at)
            while at <= place:
                raw = file.readline()
                head = _HEAD.match(raw)
                if head is None or head[1] != quoted:
                    quoted = head[1] if head else b""
                    name = json.loads(quoted) if head else json.loads(raw)["source"]
                    if name != source:
                        source, numbers = name, [0, 0]
                numbers[_ASIDE in raw[-80:]] += 1
                at += len(raw)
            yield place, line, numbers["set_aside" in line] - 1
