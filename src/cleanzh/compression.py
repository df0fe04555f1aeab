"""Compressed files, as streams: what a file holds, block by block, and the way back.

Nothing is taken on trust: a file that ends too early, is no such file, or grows out of all proportion raises
:class:`DamageError`, after the blocks that could be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple, Protocol

__all__ = ["COMPRESSIONS", "DamageError", "Sink", "compressed", "compression_of", "decompressed"]

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".xz": "xz", ".bz2": "bz2"}
"""File name suffixes, and what they stand for."""

_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zXZ\x00": "xz", b"BZh": "bz2"}

_BLOCK = 1 << 20
# Text shrinks to a third or a tenth, a corpus of copies to a fiftieth. More than this is not text but a trap.
_MOST_GROWTH = 200
_ALWAYS_ALLOWED = 64 << 20


class DamageError(Exception):
    """The rest of a file can not be read; the message says why."""


class Sink(Protocol):
    """What bytes are written to."""

    def write(self, data: bytes, /) -> object: ...
    def close(self) -> None: ...


def compression_of(head: bytes) -> str:
    """The compression of a file by its first bytes; empty for none.

    >>> compression_of(b"\\x1f\\x8b\\x08"), compression_of(b"BZ")
    ('gzip', '')
    """
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")


def decompressed(file: BinaryIO, compression: str, size: int) -> Iterator[bytes]:
    """What ``file`` holds, in blocks of about a megabyte; ``size`` are its bytes, if they are compressed."""
    if not compression:
        while block := file.read(_BLOCK):
            yield block
        return
    held = bytearray()
    try:
        for part in _bounded_members(file, compression, max(_ALWAYS_ALLOWED, _MOST_GROWTH * size)):
            held += part
            if len(held) >= _BLOCK:
                yield bytes(held)
                held.clear()
    except DamageError:
        if held:
            yield bytes(held)
        raise
    if held:
        yield bytes(held)


def _bounded_members(file: BinaryIO, compression: str, most: int) -> Iterator[bytes]:
    made = 0
    for part in _members(file, compression):
        made += len(part)
        if made > most:
            raise DamageError(f"decompressed it is more than {_MOST_GROWTH} times as large, as no text is")
        yield part


class _Kind(NamedTuple):
    """How to read a kind of compression: how a member begins, how many bytes to take at once, what is raised."""

    begin: Callable[[], Any]
    take: int
    error: type[Exception]


def _kind(compression: str) -> _Kind:
    # Each is imported where such a file is met: the data check starts at every commit.
    if compression == "gzip":
        import zlib

        return _Kind(lambda: zlib.decompressobj(wbits=31), 1 << 16, zlib.error)
    if compression == "xz":
        import lzma

        return _Kind(lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=256 << 20), 1 << 16, lzma.LZMAError)
    if compression == "bz2":
        import bz2

        return _Kind(bz2.BZ2Decompressor, 1 << 16, OSError)
    import zstandard

    # It can not be told to stop at so many bytes out, and a kilobyte becomes 32 MB at the very most.
    return _Kind(lambda: zstandard.ZstdDecompressor().decompressobj(), 1 << 10, zstandard.ZstdError)


def _members(file: BinaryIO, compression: str) -> Iterator[bytes]:
    """Compressed files may be joined: one member after the other is read."""
    kind = _kind(compression)
    member: Any = None
    rest, first = b"", True
    while True:
        data, rest = rest or file.read(kind.take), b""
        if not data:
            if member is not None or first:
                raise DamageError(f"is empty, and no {compression}" if first else f"the {compression} data is cut off")
            return
        if member is None:
            if not first and not data.strip(b"\0"):  # padding, as tapes have it
                continue
            if first and compression_of(data) != compression:
                raise DamageError(f"is named as {compression}, and is not; give it its right name")
            member, first = kind.begin(), False
        try:
            yield from _bounded(member, data, compression)
        except (OSError, EOFError, ValueError, kind.error) as error:
            raise DamageError(f"broken {compression} data ({error})") from error
        if member.eof:
            rest, member = member.unused_data, None


def _bounded(member: Any, data: bytes, compression: str) -> Iterator[bytes]:
    """What ``data`` decompresses to, never more than a few megabytes at once."""
    if compression == "zstd":
        yield member.decompress(data)
        return
    yield member.decompress(data, _BLOCK)
    if compression == "gzip":
        while member.unconsumed_tail:
            yield member.decompress(member.unconsumed_tail, _BLOCK)
    else:
        while not member.needs_input and not member.eof:
            yield member.decompress(b"", _BLOCK)


def compressed(file: BinaryIO, compression: str) -> Sink:
    """Where to write what ``file`` shall hold; closing it leaves ``file`` open. The same bytes come out everywhere."""
    if compression == "gzip":
        import gzip

        return gzip.GzipFile("", "wb", 6, file, mtime=0)
    if compression == "xz":
        import lzma

        return lzma.LZMAFile(file, "wb")
    if compression == "bz2":
        import bz2

        return bz2.BZ2File(file, "wb")
    if compression == "zstd":
        import zstandard

        sink: Sink = zstandard.ZstdCompressor().stream_writer(file, closefd=False)
        return sink
    return _Open(file)


class _Open:
    def __init__(self, file: BinaryIO) -> None:
        self.write = file.write

    def close(self) -> None:
        pass
