"""JSON files: an array of objects, one object, or objects one after the other. Each object is a record."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any

from cleanzh import prepared
from cleanzh.formats.json_record import fields, find
from cleanzh.formats.record import Reading
from cleanzh.formats.spans import Found, Scanner, Spanned, UnusableError

__all__ = ["Json"]

_BEGIN = prepared.compiled(rb"(?:\xef\xbb\xbf)?\s*(\S)?")
_OPENING = prepared.compiled(rb"(?:\xef\xbb\xbf)?\s*\[\s*")
_SEPARATOR = prepared.compiled(rb"\s*,\s*")
_CLOSING = prepared.compiled(rb"\s*\]\s*")


class Json(Spanned):
    """``.json``. Brackets, commas and blanks between the objects stay as they are."""

    name = "json"
    kind = "json"

    def scanner(self, head: bytes, reading: Reading) -> tuple[Scanner, Any]:
        begin = _BEGIN.match(head)
        first = begin[1] if begin else None
        if first is not None and first not in b"[{":
            raise UnusableError("no JSON array or object begins here")
        return _Values(array=first == b"[", begin=3 if head.startswith(codecs.BOM_UTF8) else 0), None

    def find(self, line: str, layout: Any, reading: Reading) -> Found:
        return find(line, reading)

    def fields(self, line: str, layout: Any, reading: Reading) -> dict[str, Any]:
        return fields(line, reading)

    # An array that was broken off, or lacks a comma, is one when it is written.

    def opening(self, glue: bytes) -> bytes:
        return glue if not _is_array(glue) or _OPENING.fullmatch(glue) else b"[\n"

    def separator(self, glue: bytes, opening: bytes) -> bytes:
        return glue if not _is_array(opening) or _SEPARATOR.fullmatch(glue) else b",\n"

    def closing(self, glue: bytes, opening: bytes) -> bytes:
        return glue if not _is_array(opening) or _CLOSING.fullmatch(glue) else b"\n]\n"


def _is_array(opening: bytes) -> bool:
    return b"[" in opening


_STRING_END = prepared.compiled(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
# Inside of a value only what opens and closes counts; the rest goes by in one step. Atomic, not possessive: before
# Python 3.11.5 a possessive repeat whose last round fails stands where that failed.
_TO_BRACKET = prepared.compiled(rb'(?>(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*)', re.DOTALL)
_TO_VALUE = prepared.compiled(rb"[\s,]*+")
_SCALAR = prepared.compiled(rb'(?>(?:[^",\[\]{}\n]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*)', re.DOTALL)
_LAST_BLANK = prepared.compiled(rb"\s*+\Z")


class _Values:
    """Where the values of an array, or of a sequence, begin and end. No value is read, so none can be too deep."""

    def __init__(self, *, array: bool, begin: int) -> None:
        self._begin = begin
        self.start: int | None = None
        self._array = array
        self._began = False  # the bracket of the array is behind us
        self._ended = False
        self._depth = 0
        self._stop = 0  # the end of the last byte of a scalar that is not blank
        self._in_string = self._escaped = False

    def feed(self, block: bytes, offset: int) -> Iterator[tuple[int, int]]:
        at, length = max(0, self._begin - offset), len(block)
        while at < length and not self._ended:
            if self._in_string:
                at = self._string(block, at)
                self._stop = offset + at
            elif self.start is None:
                at = self._between(block, at, offset)
            elif self._depth:
                at = self._to_bracket(block, at)
                if self._depth == 0:
                    yield self._found(offset + at)
            else:
                at = self._scalar(block, at, offset)
                if at < length and not self._in_string:
                    yield self._found(self._stop)

    def end(self, offset: int) -> Iterator[tuple[int, int]]:
        if self.start is not None:  # a value that is broken off
            yield self._found(offset)

    def _found(self, stop: int) -> tuple[int, int]:
        start, self.start = self.start, None
        assert start is not None
        return start, stop

    def _between(self, block: bytes, at: int, offset: int) -> int:
        found = _TO_VALUE.match(block, at)
        at = found.end() if found else at
        if at == len(block):
            return at
        if self._array and not self._began:
            self._began = True
            return at + 1
        if self._array and block[at] == 0x5D:
            self._ended = True
            return at
        self.start = offset + at
        if block[at] in b"[{":
            self._depth = 1
            return at + 1
        if block[at] in b"]}":  # closes what was never opened: a value of its own, and broken
            self._stop = offset + at + 1
            return at + 1
        return at

    def _to_bracket(self, block: bytes, at: int) -> int:
        found = _TO_BRACKET.match(block, at)
        at = found.end() if found else at
        if at == len(block):
            return at
        if block[at] == 0x22:  # a string that goes on in the next block
            self._in_string = True
            return self._string(block, at + 1)
        self._depth += 1 if block[at] in b"[{" else -1
        return at + 1

    def _scalar(self, block: bytes, at: int, offset: int) -> int:
        found = _SCALAR.match(block, at)
        stop = found.end() if found else at
        blank = _LAST_BLANK.search(block, at, stop)
        end = blank.start() if blank else stop
        if end > at:
            self._stop = offset + end
        if stop < len(block) and block[stop] == 0x22:
            self._in_string = True
            return self._string(block, stop + 1)
        return stop

    def _string(self, block: bytes, at: int) -> int:
        """To the end of the string, or of the block."""
        if self._escaped:
            self._escaped = False
            at += 1
        found = _STRING_END.match(block, at)
        if found:
            self._in_string = False
            return found.end()
        tail = len(block) - len(block.rstrip(b"\\")) if at < len(block) else 0
        self._escaped = min(tail, len(block) - at) % 2 == 1
        return len(block)
