"""What is remembered of each document while they stream past: kept in memory up to a limit, then in a file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import IO

import numpy as np

from cleanzh.dedup.columns import Column
from cleanzh.dedup.files import temporary
from cleanzh.dedup.key import Keys

__all__ = ["KeyStore"]

_NARROW, _WIDE = np.dtype("<u2"), np.dtype("<u4")
_PLACE = np.dtype([("start", "<i8"), ("length", "<u4"), ("width", "u1")])


class KeyStore:
    """Keys by position. Two bytes a character, four in a batch that leaves the basic plane; 13 a document more."""

    def __init__(self, *, memory: int = 1 << 28) -> None:
        self._memory = memory
        self._parts: list[memoryview] = []
        self._part_starts: list[int] = []
        self._file: IO[bytes] | None = None
        self._size = 0
        self._places = Column(_PLACE)

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
        places = np.empty(len(keys), _PLACE)
        places["start"] = keys.bounds[:-1] * dtype.itemsize + self._size
        places["length"] = np.diff(keys.bounds)
        places["width"] = dtype.itemsize
        self._places.append(places)
        self._size += len(data)

    def __getitem__(self, positions: Sequence[int]) -> Keys:
        """The keys at some positions."""
        parts = [np.zeros(0, np.uint32)]
        places = self._places.take(np.array(positions, dtype=np.int64))
        for start, length, width in places.tolist():
            if self._file is None:
                number = bisect_right(self._part_starts, start) - 1
                data, offset = self._parts[number], start - self._part_starts[number]
            else:
                self._file.seek(start)
                data, offset = memoryview(self._file.read(length * width)), 0
            parts.append(np.frombuffer(data, _NARROW if width == 2 else _WIDE, length, offset))
        bounds = np.zeros(len(places) + 1, dtype=np.int64)
        np.cumsum(places["length"], out=bounds[1:])
        return Keys(np.concatenate(parts, dtype=np.uint32), bounds)
