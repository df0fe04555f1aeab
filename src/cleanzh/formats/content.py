"""What a file holds: decompressed, and, where the whole file is in one charset that hides the marks of its format
(UTF-16, GB18030), as UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import BinaryIO

from cleanzh.compression import DamageError, compression_of, decompressed
from cleanzh.encoding import decode
from cleanzh.formats.record import Source

__all__ = ["Content", "encoded", "opened", "span"]

_WIDE = ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
         (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))  # fmt: skip
_NARROW = {"gb18030": "gb18030", "cp936": "gb18030", "cp950": "cp950", "big5hkscs": "big5hkscs"}
_SAMPLE = 1 << 18
_BLOCK = 1 << 22  # bytes that are read at once: those of a shard
_HALF_PAIRS = "surrogatepass"  # halves of surrogate pairs stay what they are


class Content:
    """The blocks of a file. ``charset`` is empty for one that is taken as it is; None means: find out."""

    def __init__(self, file: BinaryIO, source: Source, charset: str | None, *, narrow: bool) -> None:
        self._file = file
        blocks = decompressed(file, source.compression, source.size() if source.compression else 0)
        self.first, self._damage = b"", None
        try:
            self.first = next(blocks, b"")
        except DamageError as damage:
            self._damage = damage
        if not source.compression and (packed := compression_of(self.first)):
            self._damage = DamageError(f"is {packed} data; give it the name that says so")
            self.first = b""
        self.charset = _charset(self.first, narrow=narrow) if charset is None else charset
        self._blocks = blocks

    @property
    def position(self) -> int:
        """How many bytes of the file were read."""
        return self._file.tell()

    def __iter__(self) -> Iterator[bytes]:
        """The blocks; raises :class:`DamageError` where the rest can not be read."""
        return _as_utf8(self._all(), self.charset) if self.charset else self._all()

    def _all(self) -> Iterator[bytes]:
        if self._damage:
            raise self._damage
        if self.first:
            yield self.first
        yield from self._blocks


@contextmanager
def opened(source: Source, charset: str | None = "", *, narrow: bool = False) -> Iterator[Content]:
    """The content of a source. ``narrow``: look for charsets in which bytes of ASCII are parts of characters, too."""
    with source.open() as file:
        yield Content(file, source, charset, narrow=narrow)


def span(source: Source, charset: str, start: int, stop: int) -> Iterator[bytes]:
    """The bytes ``start:stop`` of what a source holds, block by block."""
    with source.open() as file:
        position = 0
        if not source.compression and not charset:
            file.seek(start)
            while start < stop and (block := file.read(min(_BLOCK, stop - start))):
                start += len(block)
                yield block
            return
        for block in Content(file, source, charset, narrow=False):
            if position + len(block) > start:
                yield block[max(0, start - position) : stop - position]
            position += len(block)
            if position >= stop:
                return


def encoded(data: bytes, charset: str) -> bytes:
    """Bytes of UTF-8 in the charset that they were found in."""
    if not charset:
        return data
    return data.decode("utf-8", _HALF_PAIRS).encode(charset, _errors(charset))


def _charset(head: bytes, *, narrow: bool) -> str:
    for mark, name in _WIDE:
        if head.startswith(mark):
            return name
    if not narrow:
        return ""
    sample = head[:_SAMPLE]
    if len(sample) == _SAMPLE:  # the last character may be cut
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    return _NARROW.get(decode(sample).encoding, "")


def _errors(charset: str) -> str:
    return _HALF_PAIRS if charset.startswith("utf") else "surrogateescape"


def _as_utf8(blocks: Iterator[bytes], charset: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(charset)(_errors(charset))
    left = b""
    for block in chain(blocks, (b"",)):
        raw = left + block
        try:
            text = decoder.decode(block, final=not block)
            left = decoder.getstate()[0]
            exact = text.encode(charset, _errors(charset)) == raw[: len(raw) - len(left)]
        except UnicodeError:
            exact = False
        if not exact:
            raise DamageError(f"not every byte can be read as {charset} and written back")
        yield text.encode("utf-8", _HALF_PAIRS)
