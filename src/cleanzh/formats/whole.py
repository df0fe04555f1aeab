"""Formats in which a file is one document: ``.txt`` and ``.md``, in any charset."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cleanzh.compression import DamageError
from cleanzh.encoding import decode, encode, looks_binary
from cleanzh.formats.content import opened
from cleanzh.formats.outcome import Restored, Row, Target
from cleanzh.formats.record import Piece, Reading, Record, Source

__all__ = ["Text", "read_whole"]


class Text:
    """Plain text, and Markdown, which is cleaned as text."""

    def __init__(self, name: str) -> None:
        self.name = name

    def cut(self, source: Source, reading: Reading) -> Iterator[tuple[Piece, int]]:
        yield Piece(source), source.size()

    def read(self, piece: Piece, reading: Reading) -> Iterator[Record]:
        found = read_whole(piece.source, reading)
        if isinstance(found, Record):
            yield found
            return
        name = piece.source.name
        text, encoding, lossy = decode(found)
        lossy = lossy or (encoding != "utf-8" and encode(text, encoding) != found)
        yield Record(name, name, None, found, text, encoding, lossy)

    def write(self, source: Source, rows: Iterable[Row], target: Target) -> None:
        for row in rows:
            if row.container or row.body is None:
                target.keep_container()
            elif row.text is not None:
                target.collect(row, {})
            else:
                target.sink(aside=row.aside, small=True).write(row.body)

    def restore(self, lines: Iterable[Mapping[str, Any]], back: Restored, reading: Reading) -> None:
        for line in lines:
            aside, body = "set_aside" in line, b""
            if aside or not back.collected:
                try:
                    with opened(back.source(line, aside=aside)) as content:
                        body = b"".join(content)
                except (DamageError, OSError) as error:
                    raise back.does_not_fit(line, getattr(error, "strerror", None) or str(error)) from error
            found = back.as_found(line, body)
            with back.sink() as sink:
                sink.write(found)


def read_whole(source: Source, reading: Reading, *, container: bool = False) -> bytes | Record:
    """What a text file holds; or, if it can not be had or is none, a record that says why.

    ``container`` is whether only the file itself leads back to what is made of it.
    """
    blocks: list[bytes] = []
    digest, length = hashlib.sha256(), 0
    name = source.name
    try:
        with opened(source) as content:
            for block in content:
                length += len(block)
                digest.update(block)
                if length <= reading.max_bytes:
                    blocks.append(block)
                else:
                    blocks.clear()
    except DamageError as damage:
        return Record(name, name, None, b"", problem=str(damage), container=True)
    except OSError as error:
        return Record(name, name, None, b"", problem=f"can not be read: {error.strerror or error}", container=True)
    if length <= reading.max_bytes:
        found = b"".join(blocks)
        if looks_binary(found):
            return Record(name, name, None, found, problem="not text: binary data", container=container)
        return found
    why = f"{length:,} bytes, and the limit is {reading.max_bytes:,}; --max-document-bytes sets it"
    return Record(name, name, None, b"", problem=why, reason="too_large", digest=digest.hexdigest(), container=True)
