"""Tables as text: comma-separated values and their kin. Each row but the header is a record."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from cleanzh import prepared
from cleanzh.encoding import decode
from cleanzh.formats.record import Reading
from cleanzh.formats.spans import Found, Scanner, Spanned, UnusableError
from cleanzh.formats.tokens import value

__all__ = ["Delimited"]

_DELIMITERS = ",;\t|"
# Atomic, not possessive: before Python 3.11.5 a possessive repeat whose last round fails stands where that failed.
_FIRST_ROW = prepared.compiled(rb'(?:\xef\xbb\xbf)?((?>(?:"[^"]*+(?:""[^"]*+)*+"|[^"\n])*)\n?)')


class _Columns(NamedTuple):
    delimiter: str
    text: int
    id: int | None
    names: tuple[str, ...]


class Delimited(Spanned):
    """``.csv`` (by comma, semicolon, tab or bar, as its header has them) and ``.tsv``.

    A cell is quoted where its first character is a quote, and a quote in it is written twice, as in RFC 4180.
    """

    kind = "csv"

    def __init__(self, name: str, delimiters: str = _DELIMITERS) -> None:
        self.name, self._delimiters = name, delimiters

    def scanner(self, head: bytes, reading: Reading) -> tuple[Scanner, _Columns]:
        first = _FIRST_ROW.match(head)
        header = decode(first[1]).text.rstrip("\r\n") if first else ""
        try:
            rows = {mark: _names(header, mark) for mark in self._delimiters}
        except ValueError as error:
            raise UnusableError(f"the first row can not be read: {error}") from error
        # The right one parts the header so that the column is there; of several, the one that parts it most.
        mark = max(self._delimiters, key=lambda mark: (reading.text_field in rows[mark], len(rows[mark])))
        names = rows[mark]
        if reading.text_field not in names:
            there = ", ".join(names[:8])
            raise UnusableError(
                f"no column {reading.text_field!r} in the first row; it has: {there}; name it with --text-field"
            )
        own = names.index(reading.id_field) if reading.id_field in names else None
        return _Rows(mark.encode(), 3 if head.startswith(codecs.BOM_UTF8) else 0), _Columns(
            mark, names.index(reading.text_field), own, names
        )

    def find(self, line: str, layout: _Columns, reading: Reading) -> Found:
        row = line.removesuffix("\n").removesuffix("\r")
        start = 0
        text: tuple[int, int, str] | None = None
        own: str | None = None
        number = 0
        for number, cell in enumerate(_cells(row, layout.delimiter)):
            if number == layout.text:
                text = start, start + len(cell), value(cell, self.kind)
            if number == layout.id:
                own = value(cell, self.kind)
            start += len(cell) + 1
        if text is None:
            name = layout.names[layout.text]
            raise ValueError(f"the row ends after {number + 1} of {len(layout.names)} cells, before {name!r}")
        return Found(*text, own or None)

    def fields(self, line: str, layout: _Columns, reading: Reading) -> dict[str, Any]:
        row = line.removesuffix("\n").removesuffix("\r")
        cells = [value(cell, self.kind) for cell in _cells(row, layout.delimiter)]
        return {
            layout.names[number] if number < len(layout.names) else str(number + 1): cell
            for number, cell in enumerate(cells)
            if number != layout.text
        }


def _names(header: str, delimiter: str) -> tuple[str, ...]:
    return tuple(value(cell, "csv").strip() for cell in _cells(header, delimiter))


def _cells(row: str, delimiter: str) -> list[str]:
    """The cells of a row as they are written. Raises :class:`ValueError` for a quote that is not closed.

    >>> _cells('a,"b,""c"" d",', ",")
    ['a', '"b,""c"" d"', '']
    """
    cells: list[str] = []
    at = 0
    cell = _cell(delimiter)
    while found := cell.match(row, at):
        cells.append(found[0])
        at = found.end() + 1
        if at > len(row):
            return cells
    raise ValueError("a quote is opened and not closed")


@lru_cache
def _cell(delimiter: str) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    return re.compile(rf'"[^"]*+(?:""[^"]*+)*+"[^{mark}]*+|(?!")[^{mark}]*+')


_QUOTED = prepared.compiled(rb'[^"]*+(?:""[^"]*+)*+')


class _Rows:
    """Where rows end: at a line end that is not inside of quotes. The first row is the header, and no record."""

    def __init__(self, delimiter: bytes, begin: int) -> None:
        self._begin = begin
        self.start: int | None = None
        self._begun = 0
        self._header = True
        mark = re.escape(delimiter)
        cell = rb'(?:"[^"]*+(?:""[^"]*+)*+"[^\n%b]*+|[^"\n%b][^\n%b]*+|)' % (mark, mark, mark)
        self._row = re.compile(rb"(?:%b%b)*+%b\n" % (cell, mark, cell))
        self._bare = re.compile(rb"[^\n%b]*+" % mark)
        # Inside of a row that goes on in the next block:
        self._open = False
        self._quoted = False
        self._fresh = True  # at the begin of a cell
        self._quote_last = False  # the last byte was a quote, which ends the cell or is the first of two

    def feed(self, block: bytes, offset: int) -> Iterator[tuple[int, int]]:
        at, length = max(0, self._begin - offset), len(block)
        while at < length:
            row = None if self._open else self._row.match(block, at)
            if row:
                at = row.end()
            else:
                at, ended = self._slowly(block, at)
                self._open = not ended
                if not ended:
                    break
            if not self._header:
                yield self._begun, offset + at
            self._header = False
            self.start = self._begun = offset + at
        if self._header:
            self.start = None

    def _slowly(self, block: bytes, at: int) -> tuple[int, bool]:
        """Cell by cell to the end of the row, or of the block."""
        length = len(block)
        while at < length:
            if self._quote_last:
                self._quote_last = False
                if block[at] == 0x22:
                    at += 1
                else:
                    self._quoted = False
            elif self._quoted:
                found = _QUOTED.match(block, at)
                at = found.end() if found else at
                if at < length:
                    self._quote_last = True
                    at += 1
            elif self._fresh and block[at] == 0x22:
                self._fresh, self._quoted = False, True
                at += 1
            else:
                self._fresh = False
                found = self._bare.match(block, at)
                at = found.end() if found else at
                if at < length:
                    self._fresh = True
                    at += 1
                    if block[at - 1] == 0x0A:
                        return at, True
        return at, False

    def end(self, offset: int) -> Iterator[tuple[int, int]]:
        if self._begun < offset and not self._header:
            yield self._begun, offset
