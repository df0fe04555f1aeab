"""One segment of an index: arrays of one batch of documents in one file, written once and memory-mapped.

A file is a magic line, the length of a JSON head, the head (each array's type, shape and place), and the arrays, each
at a multiple of 64 bytes. It is complete or it is refused: its length and checksum are in the manifest.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanzh.errors import DuplicateIndexError

__all__ = ["DROP", "Segment", "Written", "checksum", "open_segment", "sync_folder", "write_segment"]

_MAGIC = b"cleanzh index segment 1\n"
_ALIGN = 64
DROP = "drop the segment with `cleanzh index compact --drop-damaged`"

Segment = Mapping[str, NDArray[Any]]


class Written(NamedTuple):
    """What the manifest remembers of a file."""

    size: int
    checksum: str


def write_segment(path: Path, arrays: Segment) -> Written:
    """Write the arrays to a temporary file beside ``path``, make them durable, and give the file its name."""
    head: dict[str, tuple[str, tuple[int, ...], int]] = {}
    place = 0
    for name, array in arrays.items():
        head[name] = (array.dtype.str, array.shape, place)
        place += -(-array.nbytes // _ALIGN) * _ALIGN
    encoded = json.dumps(head).encode()
    encoded += b" " * (-(len(_MAGIC) + 8 + len(encoded)) % _ALIGN)
    digest = hashlib.blake2b(digest_size=16)
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            first = _MAGIC + len(encoded).to_bytes(8, "little") + encoded
            file.write(first)
            digest.update(first)
            for array in arrays.values():
                for part in (
                    np.ascontiguousarray(array).reshape(-1).view(np.uint8).data,
                    bytes(-array.nbytes % _ALIGN),
                ):
                    file.write(part)
                    digest.update(part)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        partial.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise DuplicateIndexError(f"{path}: can not write the segment ({error}); the index is unchanged") from error
    return Written(size, digest.hexdigest())


def open_segment(path: Path, size: int) -> Segment:
    """The arrays of a segment, mapped from its file."""
    try:
        there = path.stat().st_size
        if there != size:
            raise DuplicateIndexError(
                f"{path}: {there:,} bytes where {size:,} were written; restore the file from a copy, or {DROP}"
            )
        data = np.memmap(path, dtype=np.uint8, mode="r")
    except OSError as error:
        raise DuplicateIndexError(f"{path}: can not be read ({error}); restore it from a copy") from error
    start = len(_MAGIC) + 8
    if bytes(data[: len(_MAGIC)]) != _MAGIC:
        raise DuplicateIndexError(f"{path}: not a segment of an index")
    length = int.from_bytes(bytes(data[len(_MAGIC) : start]), "little")
    try:
        head = json.loads(bytes(data[start : start + length]))
        arrays: dict[str, NDArray[Any]] = {}
        for name, (kind, shape, place) in head.items():
            dtype = np.dtype(kind)
            at = start + length + place
            count = int(np.prod(shape, dtype=np.int64))
            arrays[name] = data[at : at + count * dtype.itemsize].view(dtype).reshape(shape)
    except (ValueError, TypeError) as error:
        raise DuplicateIndexError(f"{path}: the head of the segment can not be read ({error})") from error
    return arrays


def checksum(path: Path) -> str:
    """The checksum of a file as it is now."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Make a rename durable; a system without folder handles (Windows) does so by itself."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
