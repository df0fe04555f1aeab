"""Files to documents: which files there are, how they are cut into work, and what a record's bytes say.

A *source* is one input file. A *shard* is a piece of a source, or a few small sources, that one worker reads, cleans
and forgets; how the input is cut depends on the input alone, so that the result does too.
A *record* is one document as it lies in its source: a whole ``.txt`` file, or one line of a ``.jsonl`` file.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from json.decoder import scanstring  # type: ignore[attr-defined]  # public in CPython and PyPy, missing in typeshed
from pathlib import Path
from typing import Any, Literal, NamedTuple

from cleanzh.encoding import decode, encode, looks_binary
from cleanzh.errors import UsageError

__all__ = ["FORMATS", "Frame", "Piece", "Record", "Shard", "Skipped", "Source", "cut", "find_sources", "locate", "read"]

Format = Literal["txt", "jsonl"]
FORMATS: dict[str, Format] = {".txt": "txt", ".jsonl": "jsonl", ".ndjson": "jsonl"}

# A worker holds one shard in memory; a few million characters keep it busy for a tenth of a second.
_SHARD_BYTES = 4 << 20
_SHARD_FILES = 200


class Source(NamedTuple):
    """An input file: where it lies, and its place below OUT, which is also its name in every record."""

    path: Path
    name: str
    format: Format


class Skipped(NamedTuple):
    """A path below IN that is no source, and why."""

    name: str
    why: str


class Piece(NamedTuple):
    """Bytes ``start:stop`` of a source; its first line is line ``line`` of the file. ``stop`` is None for all of it."""

    source: Source
    start: int = 0
    stop: int | None = None
    line: int = 1


Shard = tuple[Piece, ...]


class Frame(NamedTuple):
    """The line around the text of a record: ``line[start:end]`` is the JSON string that holds it."""

    line: str
    start: int
    end: int

    def holding(self, token: str) -> Frame:
        """The same line around another JSON string.

        >>> Frame('{"text": "旧"}', 9, 12).holding('"新的"').line
        '{"text": "新的"}'
        """
        return Frame(self.line[: self.start] + token + self.line[self.end :], self.start, self.start + len(token))


@dataclass(frozen=True, slots=True)
class Record:
    """One document as found. Either ``text`` is there, or ``problem`` says why not."""

    id: str
    source: str
    line: int | None
    raw: bytes
    text: str | None = None
    encoding: str = "utf-8"
    lossy: bool = False
    frame: Frame | None = None
    problem: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


def find_sources(inputs: Sequence[str | Path], *, form: str = "auto") -> tuple[list[Source], list[Skipped]]:
    """All sources below the inputs, by name, and what was left out.

    One folder is mirrored as it is; several inputs lie side by side under their own names. Links to files are
    followed, links to folders are not: a folder would be read twice, or for ever.

    Raises :class:`UsageError` if an input is missing, can not be read as asked, or two would have the same name.
    """
    sources: list[Source] = []
    skipped: list[Skipped] = []
    alone = len(inputs) == 1
    for given in inputs:
        path = Path(given)
        if not os.path.lexists(path):
            raise UsageError(f"{path}: no such file or folder; check the path")
        if path.is_dir():
            _walk(path, "" if alone else path.resolve().name, form, sources, skipped)
            continue
        kind = _format(path.name, form)
        if kind is None:
            known = ", ".join(FORMATS)
            raise UsageError(f"{path}: not one of {known}; say what it is with --format txt or --format jsonl")
        sources.append(Source(path, path.name, kind))
    sources.sort(key=lambda source: source.name)
    for one, other in pairwise(sources):
        if one.name == other.name:
            raise UsageError(f"{one.path} and {other.path} would both become {one.name}; clean them into two folders")
    return sources, sorted(skipped)


def _walk(top: Path, prefix: str, form: str, sources: list[Source], skipped: list[Skipped]) -> None:
    def unreadable(error: OSError) -> None:
        skipped.append(
            Skipped(_below(top, prefix, Path(error.filename or top)), f"unreadable folder: {error.strerror}")
        )

    for folder, folders, files in os.walk(top, onerror=unreadable):
        here = Path(folder)
        for name in list(folders):
            if name == "_cleanzh" or name.startswith("."):
                folders.remove(name)
            elif (here / name).is_symlink():
                folders.remove(name)
                skipped.append(
                    Skipped(_below(top, prefix, here / name), "link to a folder; name the folder as an input")
                )
        for name in files:
            kind = _format(name, form)
            place = _below(top, prefix, here / name)
            if name.startswith("."):
                continue
            if kind is None:
                skipped.append(Skipped(place, f"not one of {', '.join(FORMATS)}"))
            else:
                sources.append(Source(here / name, place, kind))


def _below(top: Path, prefix: str, path: Path) -> str:
    name = path.relative_to(top).as_posix()
    return f"{prefix}/{name}" if prefix else name


def _format(name: str, form: str) -> Format | None:
    if form != "auto":
        return "jsonl" if form == "jsonl" else "txt"
    return FORMATS.get(os.path.splitext(name)[1].lower())  # noqa: PTH122  # a third of the time of Path.suffix


def cut(sources: Iterable[Source]) -> Iterator[tuple[Shard, int]]:
    """Shards in the order of the sources, each with its size in bytes.

    A large ``.jsonl`` is cut at line ends; of a file that can not be read, the reading says why.
    """
    pieces: list[Piece] = []
    size = 0
    for source in sources:
        for piece, length in _pieces(source):
            if pieces and (size + length > _SHARD_BYTES or len(pieces) >= _SHARD_FILES):
                yield tuple(pieces), size
                pieces, size = [], 0
            pieces.append(piece)
            size += length
    if pieces:
        yield tuple(pieces), size


def _pieces(source: Source) -> Iterator[tuple[Piece, int]]:
    try:
        length = source.path.stat().st_size
    except OSError:
        length = 0
    if source.format == "txt" or length <= _SHARD_BYTES:
        yield Piece(source), length
        return
    with source.path.open("rb") as file:
        start, line = 0, 1
        while block := file.read(_SHARD_BYTES):
            rest = b"" if block.endswith(b"\n") else file.readline()
            stop = start + len(block) + len(rest)
            yield Piece(source, start, stop, line), stop - start
            start, line = stop, line + block.count(b"\n") + rest.endswith(b"\n")


def read(shard: Shard, *, text_field: str = "text") -> Iterator[Record]:
    """The records of a shard, in order."""
    for piece in shard:
        source = piece.source
        try:
            raw = _bytes(piece)
        except OSError as error:
            yield Record(source.name, source.name, None, b"", problem=f"can not be read: {error.strerror}")
            continue
        if source.format == "txt":
            yield _txt(source, raw)
        elif raw:
            for number, line in enumerate(
                raw.splitlines(keepends=True) if b"\r" not in raw else _lines(raw), piece.line
            ):
                yield _jsonl(source, number, line, text_field)
        else:
            yield Record(source.name, source.name, None, b"", text="")


def _lines(raw: bytes) -> list[bytes]:
    """Lines that end in LF alone: a carriage return inside a line is the record's, not ours."""
    lines = raw.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _bytes(piece: Piece) -> bytes:
    # A pipe or a device would block or never end; only a plain file has a size that can be trusted.
    if not stat.S_ISREG(piece.source.path.stat().st_mode):
        raise OSError(0, "not a plain file")
    with piece.source.path.open("rb") as file:
        file.seek(piece.start)
        return file.read() if piece.stop is None else file.read(piece.stop - piece.start)


def _txt(source: Source, raw: bytes) -> Record:
    if looks_binary(raw):
        return Record(source.name, source.name, None, raw, problem="not text: binary data")
    text, encoding, lossy = decode(raw)
    lossy = lossy or encode(text, encoding) != raw
    return Record(source.name, source.name, None, raw, text, encoding, lossy)


def _jsonl(source: Source, number: int, raw: bytes, text_field: str) -> Record:
    name = f"{source.name}:{number}"
    if not raw.strip():
        return Record(name, source.name, number, raw, text="")
    try:
        line, encoding, lossy = raw.decode("utf-8"), "utf-8", False
        if number == 1 and line.startswith("\ufeff"):
            line, encoding = line[1:], "utf-8-sig"
    except UnicodeDecodeError:
        line, encoding, lossy = decode(raw)
        lossy = lossy or encode(line, encoding) != raw
    try:
        start, end, text = locate(line, text_field)
    except (ValueError, RecursionError) as error:
        return Record(name, source.name, number, raw, encoding=encoding, problem=f"line {number}: {_reason(error)}")
    return Record(name, source.name, number, raw, text, encoding, lossy, Frame(line, start, end))


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "JSON nested too deep"
    if isinstance(error, json.JSONDecodeError):
        return f"broken JSON at column {error.colno}: {error.msg}"
    return str(error)


_DECODER = json.JSONDecoder()
_BLANK = " \t\n\r"


def locate(line: str, field: str) -> tuple[int, int, str]:
    """Where the string of ``field`` stands in a line that holds a JSON object: start, end, and its value.

    >>> locate('{"id": 1, "text": "你好"}', "text")
    (18, 22, '你好')

    The rest of the line can so be kept as it is, to the last blank and digit. ``a.b`` names a field of a field.
    Of a key that stands twice the last counts, as everywhere. Raises :class:`ValueError` where there is none.
    """
    names = [field, *([] if "." not in field else field.split("."))]
    start, value = _end_of_blank(line, 0), None
    if not line.startswith("{", start):
        _DECODER.raw_decode(line, start)
        raise ValueError("not a JSON object")
    members = _members(line, start)
    _nothing_after(line, members)
    if field in members.spans:
        return _string(line, field, members.spans[field])
    for depth, name in enumerate(names[1:], 1):
        if name not in members.spans:
            break
        start, end, value = members.spans[name]
        if depth == len(names) - 1:
            return _string(line, field, (start, end, value))
        if not isinstance(value, dict):
            break
        members = _members(line, start)
    there = ", ".join(list(members.spans)[:8]) or "none"
    raise ValueError(f"no field {field!r}; the fields are: {there}; name the right one with --text-field")


class _Members(NamedTuple):
    spans: dict[str, tuple[int, int, Any]]
    end: int


def _members(line: str, start: int) -> _Members:
    """The members of the object that starts at ``start``, each with the span of its value."""
    spans: dict[str, tuple[int, int, Any]] = {}
    position = _end_of_blank(line, start + 1)
    if line.startswith("}", position):
        return _Members(spans, position + 1)
    while True:
        if not line.startswith('"', position):
            raise json.JSONDecodeError("Expecting property name enclosed in double quotes", line, position)
        key, position = scanstring(line, position + 1, False)
        position = _end_of_blank(line, position)
        if not line.startswith(":", position):
            raise json.JSONDecodeError("Expecting ':' delimiter", line, position)
        position = _end_of_blank(line, position + 1)
        value, end = _value(line, position)
        spans[key] = (position, end, value)
        position = _end_of_blank(line, end)
        if line.startswith("}", position):
            return _Members(spans, position + 1)
        if not line.startswith(",", position):
            raise json.JSONDecodeError("Expecting ',' delimiter", line, position)
        position = _end_of_blank(line, position + 1)


def _value(line: str, position: int) -> tuple[Any, int]:
    if line.startswith('"', position):
        # Not strict: a raw control character in a string is dirt for the filters, not a reason to lose the document.
        value, end = scanstring(line, position + 1, False)
        return value, end
    return _DECODER.raw_decode(line, position)


def _string(line: str, field: str, span: tuple[int, int, Any]) -> tuple[int, int, str]:
    start, end, value = span
    if not isinstance(value, str):
        raise ValueError(f"field {field!r} is no string but {line[start : min(end, start + 20)]}")  # noqa: TRY004  # of the input, not of a call
    return start, end, value


def _nothing_after(line: str, members: _Members) -> None:
    end = _end_of_blank(line, members.end)
    if end != len(line):
        raise json.JSONDecodeError("Extra data", line, end)


def _end_of_blank(line: str, position: int) -> int:
    while position < len(line) and line[position] in _BLANK:
        position += 1
    return position
