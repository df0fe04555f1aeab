"""What is remembered of each document while they stream past: kept in memory up to a limit, then in a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.columns import Column
from cleanzh.dedup.files import bytes_at, temporary
from cleanzh.dedup.key import Codes, Keys

__all__ = ["KeyStore"]

_NARROW, _WIDE = np.dtype("<u2"), np.dtype("<u4")
_PLACE = np.dtype([("start", "<i8"), ("length", "<u4"), ("width", "u1")])


class KeyStore:
    """Keys by position. Two bytes a character, four in a batch that leaves the basic plane; 13 a document more."""

    def __init__(self, *, memory: int = 1 << 28) -> None:
        self._memory = memory
        self._parts: list[Codes] = []
        self._part_starts: list[int] = []
        self._file: IO[bytes] | None = None
        self._size = 0
        self._places = Column(_PLACE)

    def append(self, keys: Keys) -> None:
        """Remember a batch."""
        places = np.empty(len(keys), _PLACE)
        for numbers, part in keys.by_width():
            dtype = _WIDE if part.codes.itemsize > 2 and int(part.codes.max(initial=0)) >= 1 << 16 else _NARROW
            here = np.empty(len(part), _PLACE)
            here["start"] = part.bounds[:-1] * dtype.itemsize + self._size
            here["length"] = part.lengths
            here["width"] = dtype.itemsize
            places[numbers] = here
            self._put(part.codes.astype(dtype, copy=False))
        self._places.append(places)

    def _put(self, codes: Codes) -> None:
        if self._file is None and self._size + codes.nbytes > self._memory:
            self._file = temporary(self)
            for part in self._parts:
                self._file.write(part.data)
            self._parts.clear()
        if self._file is None:
            self._parts.append(codes)
            self._part_starts.append(self._size)
        else:
            self._file.seek(0, 2)
            self._file.write(codes.data)
        self._size += codes.nbytes

    def __getitem__(self, positions: Sequence[int]) -> Keys:
        """The keys at some positions."""
        places = self._places.take(np.array(positions, dtype=np.int64))
        lie = np.zeros((len(places), 3), dtype=np.int64)
        lie[:, 2] = places["length"]
        if self._file is not None:
            lie[:, 0] = np.arange(len(places))
            return Keys.lying(list(self._read(self._file, places)), lie)
        lie[:, 0] = np.searchsorted(self._part_starts, places["start"], side="right") - 1
        lie[:, 1] = (places["start"] - np.array(self._part_starts, np.int64)[lie[:, 0]]) // places["width"]
        return Keys.lying(self._parts, lie)

    def _read(self, file: IO[bytes], places: NDArray[Any]) -> Iterator[Codes]:
        file.flush()
        for start, length, width in places.tolist():
            yield np.frombuffer(bytes_at(file, start, length * width), _NARROW if width == 2 else _WIDE)
