"""What the formats have in common: sources, the pieces they are cut into, and the records in them."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from cleanzh.formats.tokens import token

__all__ = ["Frame", "Piece", "Reading", "Record", "Shard", "Skipped", "Source", "Stamp", "place_after"]

_stat = os.stat  # a third of the time of Path.stat, and there may be a file for each document


class Reading(NamedTuple):
    """How records are read: which field is the text, which the id, and how large a document may be."""

    text_field: str = "text"
    id_field: str | None = None
    max_bytes: int = 64 << 20


class Stamp(NamedTuple):
    """What a file is known by: its bytes, and when it was written."""

    size: int
    written: int


class Source(NamedTuple):
    """An input file: where it lies, and its place below IN, which is also its name in every record."""

    path: Path
    name: str
    format: str
    compression: str = ""
    url: str = ""

    def open(self) -> BinaryIO:
        """The file, to be read from its begin. Raises ``OSError``."""
        if self.url:
            from cleanzh.remote import open_remote

            return open_remote(self.url)
        # A pipe or a device would block or never end; only a plain file has a size that can be trusted.
        if not stat.S_ISREG(_stat(self.path).st_mode):
            raise OSError(0, "not a plain file")
        return open(self.path, "rb")  # noqa: PTH123  # the caller closes it

    def size(self) -> int:
        """Its bytes as it lies there; of a file that can not be read, none."""
        try:
            if self.url:
                from cleanzh.remote import size_of_remote

                return size_of_remote(self.url)
            return _stat(self.path).st_size
        except OSError:
            return 0

    def stamp(self) -> Stamp | None:
        """What tells whether it is the file it was; None where nothing does."""
        try:
            found = None if self.url else _stat(self.path)
        except OSError:
            return None
        return Stamp(found.st_size, found.st_mtime_ns) if found else None

    @property
    def place(self) -> str:
        """Where it lies, told apart from all other files."""
        return self.url or str(self.path.resolve())


class Skipped(NamedTuple):
    """A path below IN that is no source, and why."""

    name: str
    why: str


class Piece(NamedTuple):
    """Some records of a source. Offsets count the bytes of what the file holds, decompressed.

    ``line`` and ``column`` are where it begins (the column being the code points before it on its line).
    ``spans`` are those of the records, from ``start`` to ``stop``; what lies between them is *glue*. ``number`` is
    that of its first record. ``data`` has its bytes where the file can not be read from
    the middle. A ``large`` one is a record of its own, not to be held in memory; ``problem`` says why the rest of the
    source can not be read.
    """

    source: Source
    start: int = 0
    stop: int = 0
    line: int = 1
    column: int = 0
    number: int = 1
    spans: tuple[tuple[int, int], ...] = ()
    data: bytes | None = None
    glue: bytes = b""
    layout: Any = None
    charset: str = ""
    large: bool = False
    problem: str = ""


Shard = tuple[Piece, ...]


class Frame(NamedTuple):
    """What stands around the text of a record: ``line[start:end]`` is the token that holds it, of ``kind``."""

    line: str
    start: int
    end: int
    kind: str = "json"

    def holding(self, token: str) -> Frame:
        """The same around another token.

        >>> Frame('{"text": "旧"}', 9, 12).holding('"新的"').line
        '{"text": "新的"}'
        """
        line = self.line[: self.start] + token + self.line[self.end :]
        return Frame(line, self.start, self.start + len(token), self.kind)

    def with_text(self, text: str, style: str) -> Frame:
        """The same around another text. A line that was ASCII stays so, where its token was escaped."""
        if style == "ascii" and not self.line.isascii():
            style = "utf8"
        return self.holding(token(text, self.kind, style))


_NO_METADATA: Mapping[str, str] = {}


class Record(NamedTuple):
    """One document as found. Either ``text`` is there, or ``problem`` says why not.

    ``raw`` are its bytes, and ``before`` and ``after`` the glue around it (``after`` of the last one of a file).
    """

    id: str
    source: str
    line: int | None
    raw: bytes
    text: str | None = None
    encoding: str = "utf-8"
    lossy: bool = False
    frame: Frame | None = None
    problem: str = ""
    reason: str = "unreadable"
    """Why a document with a ``problem`` is set aside."""
    column: int = 0
    """The code points that stand before it on its line."""
    before: bytes = b""
    after: bytes = b""
    charset: str = ""
    """The charset of the whole file, where it was read as one; all bytes here are UTF-8 then."""
    span: tuple[int, int] | None = None
    """Where its bytes stand in the source, if they are not here."""
    digest: str = ""
    container: bool = False
    """Whether only the file itself gives back what is in it."""
    group: int | None = None
    metadata: Mapping[str, str] = _NO_METADATA
    """What the file says of the document."""

    @property
    def sha256(self) -> str:
        return self.digest or hashlib.sha256(self.raw).hexdigest()


def place_after(data: bytes | bytearray, line: int, column: int) -> tuple[int, int]:
    """The line and the column behind ``data``, which begins at these.

    >>> place_after("一\\n二三".encode(), 5, 7), place_after(b"ab", 5, 7)
    ((6, 2), (5, 9))
    """
    first = data.find(b"\n")  # mostly at the end; to find it takes a tenth of the time to count
    if 0 <= first == len(data) - 1:
        return line + 1, 0
    if data.endswith(b"\n"):
        return line + data.count(b"\n"), 0
    if not data:
        return line, column
    end = data.rfind(b"\n") + 1
    length = len(data[end:].decode("utf-8", "replace"))
    return (line + data.count(b"\n"), length) if end else (line, column + length)
