"""JSON lines: a record is a line. Of the line only the string of the text changes, to the last blank and digit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cleanzh.formats.json_record import fields, find
from cleanzh.formats.record import Reading
from cleanzh.formats.spans import Found, Scanner, Spanned

__all__ = ["JsonLines"]


class JsonLines(Spanned):
    """``.jsonl`` and ``.ndjson``; lines may differ in their charset."""

    name = "jsonl"
    kind = "json"
    narrow = False
    lines = True

    def scanner(self, head: bytes, reading: Reading) -> tuple[Scanner, Any]:
        return _Lines(), None

    def find(self, line: str, layout: Any, reading: Reading) -> Found:
        return find(line, reading)

    def fields(self, line: str, layout: Any, reading: Reading) -> dict[str, Any]:
        return fields(line, reading)


class _Lines:
    """Lines end in LF alone: a carriage return inside a line is the record's, not ours."""

    def __init__(self) -> None:
        self.start: int | None = 0
        self._begun = 0

    def feed(self, block: bytes, offset: int) -> Iterator[tuple[int, int]]:
        at = 0
        while stop := block.find(b"\n", at) + 1:
            yield self._begun, offset + stop
            self.start = self._begun = offset + stop
            at = stop

    def end(self, offset: int) -> Iterator[tuple[int, int]]:
        if self._begun < offset:
            yield self._begun, offset
