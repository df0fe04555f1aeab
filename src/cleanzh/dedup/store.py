"""What is remembered of each document while they stream past: kept in memory up to a limit, then in a file."""

from __future__ import annotations

import tempfile
import weakref
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO

import numpy as np

from cleanzh.dedup.key import Keys

__all__ = ["KeyStore", "temporaries_in", "temporary"]

_NARROW, _WIDE = np.dtype("<u2"), np.dtype("<u4")


_FOLDER: ContextVar[str | None] = ContextVar("folder of temporary files", default=None)


@contextmanager
def temporaries_in(folder: str | Path) -> Iterator[None]:
    """Within it, temporary files lie in ``folder``: they may be larger than the usual place for such can hold."""
    token = _FOLDER.set(str(folder))
    try:
        yield
    finally:
        _FOLDER.reset(token)


def temporary(owner: object) -> IO[bytes]:
    """A file without a name that lives as long as its owner."""
    file: IO[bytes] = tempfile.TemporaryFile(dir=_FOLDER.get())  # noqa: SIM115  # closed with the owner
    weakref.finalize(owner, file.close)
    return file


class KeyStore:
    """Keys by position. Two bytes a character, four in a batch that leaves the basic plane; 13 a document more."""

    def __init__(self, *, memory: int = 1 << 28) -> None:
        self._memory = memory
        self._parts: list[memoryview] = []
        self._part_starts: list[int] = []
        self._file: IO[bytes] | None = None
        self._size = 0
        self._starts = array("q")
        self._lengths = array("I")
        self._widths = bytearray()

    def append(self, keys: Keys) -> None:
        """Remember a batch."""
        dtype = _NARROW if not len(keys.codes) or int(keys.codes.max()) < 1 << 16 else _WIDE
        data = keys.codes.astype(dtype).tobytes()
        if self._file is None and self._size + len(data) > self._memory:
            self._file = temporary(self)
            for part in self._parts:
                self._file.write(part)
            self._parts.clear()
        if self._file is None:
            self._parts.append(memoryview(data))
            self._part_starts.append(self._size)
        else:
            self._file.seek(0, 2)
            self._file.write(data)
        self._starts.extend((keys.bounds[:-1] * dtype.itemsize + self._size).tolist())
        self._lengths.extend(np.diff(keys.bounds).tolist())
        self._widths.extend(bytes([dtype.itemsize]) * len(keys))
        self._size += len(data)

    def __getitem__(self, positions: Sequence[int]) -> Keys:
        """The keys at some positions."""
        parts = [np.zeros(0, np.uint32)]
        lengths = []
        for position in positions:
            start, length, width = self._starts[position], self._lengths[position], self._widths[position]
            if self._file is None:
                number = bisect_right(self._part_starts, start) - 1
                data, offset = self._parts[number], start - self._part_starts[number]
            else:
                self._file.seek(start)
                data, offset = memoryview(self._file.read(length * width)), 0
            lengths.append(length)
            parts.append(np.frombuffer(data, _NARROW if width == 2 else _WIDE, length, offset))
        bounds = np.zeros(len(lengths) + 1, dtype=np.int64)
        np.cumsum(lengths, out=bounds[1:])
        return Keys(np.concatenate(parts, dtype=np.uint32), bounds)
