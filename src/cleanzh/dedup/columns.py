"""What is known of each document besides its key: numbers and names, one after the other, at the bytes they take.

A list of arrays would have to be joined, and held twice, each time it is looked at; a list of strings takes 80 bytes a
document.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from cleanzh.dedup.store import temporary

__all__ = ["Column", "Names"]


class Column:
    """Numbers of one type, ``width`` a document."""

    def __init__(self, dtype: DTypeLike, width: int = 1) -> None:
        self._dtype, self._width = np.dtype(dtype), width
        self._data = bytearray()

    def append(self, values: NDArray[Any]) -> None:
        """Add those of a batch."""
        self._data += np.ascontiguousarray(values, dtype=self._dtype).tobytes()

    @property
    def values(self) -> NDArray[Any]:
        """All of them, as a view: while it is in use nothing can be added."""
        found: NDArray[Any] = np.frombuffer(self._data, self._dtype)
        return found if self._width == 1 else found.reshape(-1, self._width)


class Names:
    """Names of documents by position: 8 bytes and their UTF-8 each, in a file past ``memory`` bytes.

    Names that are no text are held as they are.
    """

    def __init__(self, *, memory: int = 1 << 25) -> None:
        self._memory = memory
        self._ends = array("q", [0])
        self._data = bytearray()
        self._file: IO[bytes] | None = None
        self._objects: list[Any] | None = None

    def __len__(self) -> int:
        return len(self._ends) - 1 if self._objects is None else len(self._objects)

    def __iadd__(self, names: Iterable[Any]) -> Names:
        names = list(names)
        if self._objects is None and not all(type(name) is str for name in names):
            self._objects = [self[position] for position in range(len(self))]
        if self._objects is not None:
            self._objects += names
            return self
        end = self._ends[-1]
        for name in names:
            raw = name.encode("utf-8", "surrogatepass")
            self._data += raw
            end += len(raw)
            self._ends.append(end)
        if len(self._data) > self._memory:
            self._file = self._file or temporary(self)
            self._file.seek(0, 2)
            self._file.write(self._data)
            self._data.clear()
        return self

    def __getitem__(self, position: int) -> Any:
        if self._objects is not None:
            return self._objects[position]
        start, stop = self._ends[position], self._ends[position + 1]
        written = self._ends[-1] - len(self._data)
        if start >= written or self._file is None:
            return self._data[start - written : stop - written].decode("utf-8", "surrogatepass")
        self._file.seek(start)
        return self._file.read(stop - start).decode("utf-8", "surrogatepass")
