"""What is known of each document besides its key: numbers and names, one after the other, at the bytes they take.

Each column is held in memory up to a megabyte, then it goes to a temporary file: read from begin to end in blocks,
or at some places. So a process that compares a hundred million documents needs no more memory than for one million.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import IO, Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from cleanzh.dedup.files import bytes_at, temporary

__all__ = ["BLOCK", "Column", "Names", "Scratch"]

BLOCK = 1 << 14
"""Entries that are worked on at a time."""

# Bytes of one column that are held before it goes to a file.
_MEMORY = 1 << 20
# Places of a file that are looked at together; of one that is mapped the system brings pages around each as well.
_TOUCHED = 1 << 9
# Bytes that are read in one go where some of them are asked for.
_STRETCH = 1 << 20


class Column:
    """Numbers of one type, ``width`` a document, by position."""

    def __init__(self, dtype: DTypeLike, width: int = 1) -> None:
        self._dtype, self._width = np.dtype(dtype), width
        self._size = self._dtype.itemsize * width
        self._data = bytearray()
        self._file: IO[bytes] | None = None
        self._written = 0  # bytes

    @classmethod
    def of(cls, values: NDArray[Any]) -> Self:
        """A column of these."""
        made = cls(values.dtype)
        made.append(values)
        return made

    def __len__(self) -> int:
        return (self._written + len(self._data)) // self._size

    def append(self, values: NDArray[Any]) -> None:
        """Add those of a batch."""
        self._data += np.ascontiguousarray(values, dtype=self._dtype).tobytes()
        if len(self._data) > _MEMORY:
            self._file = self._file or temporary(self)
            self._flush(self._file)

    def blocks(self, size: int = BLOCK) -> Iterator[NDArray[Any]]:
        """All of them, ``size`` at a time."""
        for start in range(0, len(self), size):
            yield self.slice(start, start + size)

    def slice(self, start: int, stop: int) -> NDArray[Any]:
        """Those from one position to another."""
        if self._file is None:
            return self._shaped(self._data[start * self._size : stop * self._size])
        self._flush(self._file)
        self._file.seek(start * self._size)
        return self._shaped(self._file.read((stop - start) * self._size))

    def take(self, positions: NDArray[Any]) -> NDArray[Any]:
        """Those at some positions."""
        if self._file is None or not len(positions):
            found: NDArray[Any] = self._shaped(self._data)[positions]
            return found
        self._flush(self._file)
        found = np.empty((len(positions), *self.slice(0, 0).shape[1:]), dtype=self._dtype)
        for part in _near_ones(positions):
            here = positions[part]
            first, last = int(here[0]), int(here[-1])
            if (last - first) * self._size <= _STRETCH:
                found[part] = self.slice(first, last + 1)[here - first]
            else:
                each = [bytes_at(self._file, position * self._size, self._size) for position in here.tolist()]
                found[part] = self._shaped(b"".join(each))
        return found

    @property
    def values(self) -> NDArray[Any]:
        """All of them in memory."""
        return self.slice(0, len(self))

    def _flush(self, file: IO[bytes]) -> None:
        if self._data:
            file.seek(0, 2)
            file.write(self._data)
            file.flush()
            self._written += len(self._data)
            self._data.clear()

    def _shaped(self, data: Any) -> NDArray[Any]:
        found: NDArray[Any] = np.frombuffer(data, self._dtype)
        return found if self._width == 1 else found.reshape(-1, self._width)


class Scratch:
    """Numbers to read and to write at any place, zero at first: ``values``, mapped from a file if they are many."""

    def __init__(self, count: int, dtype: DTypeLike) -> None:
        size = count * np.dtype(dtype).itemsize
        self._mapped: mmap.mmap | None = None
        self.values: NDArray[Any]
        if size <= _MEMORY:
            self.values = np.zeros(count, dtype=dtype)
            return
        file = temporary(self)
        file.truncate(size)
        self._mapped = mmap.mmap(file.fileno(), size)
        self.values = np.frombuffer(self._mapped, dtype)

    def release(self) -> None:
        """What was touched may leave memory; to be called every few hundred places."""
        if self._mapped is not None:
            _release(self._mapped)

    def parts(self, places: NDArray[Any]) -> Iterator[NDArray[np.int64]]:
        """Which of many places to touch together, so that little is in memory at a time."""
        if self._mapped is None:
            yield np.arange(len(places))
            return
        for part in _near_ones(places):
            yield part
            self.release()

    def take(self, places: NDArray[Any]) -> NDArray[Any]:
        """The values at many places."""
        found = np.empty(len(places), dtype=self.values.dtype)
        for part in self.parts(places):
            found[part] = self.values[places[part]]
        return found


def _near_ones(places: NDArray[Any]) -> Iterator[NDArray[np.int64]]:
    """Which of many places lie near one another, ascending."""
    order = np.argsort(places, kind="stable")
    for start in range(0, len(order), _TOUCHED):
        yield order[start : start + _TOUCHED]


def _release(mapped: mmap.mmap) -> None:
    if hasattr(mmap, "MADV_DONTNEED"):  # Windows takes its pages back by itself
        mapped.madvise(mmap.MADV_DONTNEED)  # of a shared mapping of a file: the file keeps what was written


class Names:
    """Names of documents by position. Names that are no text are held as they are, all of them."""

    def __init__(self) -> None:
        self._ends = Column(np.int64)
        self._ends.append(np.zeros(1, np.int64))
        self._end = 0
        self._data = bytearray()
        self._file: IO[bytes] | None = None
        self._objects: list[Any] | None = None

    def __len__(self) -> int:
        return len(self._ends) - 1 if self._objects is None else len(self._objects)

    def __iadd__(self, names: Iterable[Any]) -> Self:
        names = list(names)
        if self._objects is None and not all(type(name) is str for name in names):
            self._objects = self.slice(0, len(self))
        if self._objects is not None:
            self._objects += names
            return self
        encoded = [name.encode("utf-8", "surrogatepass") for name in names]
        ends = self._end + np.cumsum([len(raw) for raw in encoded], dtype=np.int64)
        self._ends.append(ends)
        self._end = int(ends[-1]) if len(ends) else self._end
        self._data += b"".join(encoded)
        if len(self._data) > _MEMORY:
            self._file = self._file or temporary(self)
            self._file.seek(0, 2)
            self._file.write(self._data)
            self._data.clear()
        return self

    def __getitem__(self, position: int) -> Any:
        return self.slice(position, position + 1)[0]

    def slice(self, start: int, stop: int) -> list[Any]:
        """Those from one position to another."""
        if self._objects is not None:
            return self._objects[start:stop]
        ends = self._ends.slice(start, stop + 1).tolist()
        raw = self._bytes(ends[0], ends[-1])
        return [raw[one - ends[0] : other - ends[0]].decode("utf-8", "surrogatepass") for one, other in pairwise(ends)]

    def take(self, positions: Sequence[int]) -> list[Any]:
        """Those at some positions."""
        if self._objects is not None:
            return [self._objects[position] for position in positions]
        places = np.array(positions, dtype=np.int64)
        starts, stops = self._ends.take(places), self._ends.take(places + 1)
        found = [""] * len(places)
        for part in _near_ones(starts):
            first, last = int(starts[part[0]]), int(stops[part[-1]])
            together = self._bytes(first, last) if last - first <= _STRETCH else None
            for at, start, stop in zip(part.tolist(), starts[part].tolist(), stops[part].tolist(), strict=True):
                raw = self._bytes(start, stop) if together is None else together[start - first : stop - first]
                found[at] = raw.decode("utf-8", "surrogatepass")
        return found

    def _bytes(self, start: int, stop: int) -> bytes | bytearray:
        written = self._end - len(self._data)
        if self._file is None or start >= written:
            return self._data[start - written : stop - written]
        self._file.seek(start)
        head = self._file.read(min(stop, written) - start)
        return head if stop <= written else head + self._data[: stop - written]
