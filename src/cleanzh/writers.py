"""Documents to files: beside first, then renamed, so that a file is there whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

__all__ = ["Mirror", "beside"]


class Mirror:
    """Files below ``root``, one after the other: what is written to a name goes to the end of that file.

    Names come in an order in which each is finished before the next begins. The file in hand lies at ``part``, on the
    same file system; when an exception ends the writing, it is thrown away, and the finished ones stay.
    """

    def __init__(self, root: Path, part: Path) -> None:
        self.root, self.names = root, list[str]()
        self._part = part
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        if kind is None:
            self._finish()
        elif self._file is not None:
            self._file.close()
            self._part.unlink(missing_ok=True)

    def write(self, name: str, data: bytes) -> None:
        """Add ``data`` to the end of the file ``name``."""
        if self._file is None or self.names[-1] != name:
            self._finish()
            self._file = self._part.open("wb")
            self.names.append(name)
        self._file.write(data)

    def _finish(self) -> None:
        if self._file is None:
            return
        self._file.close()
        self._file = None
        target = self.root / self.names[-1]
        target.parent.mkdir(parents=True, exist_ok=True)
        self._part.replace(target)


@contextmanager
def beside(path: Path, work: Path) -> Iterator[BinaryIO]:
    """A file to write, in ``work`` first, and at ``path`` once it is whole."""
    part = work / f"{path.name}.part"
    with part.open("wb") as file:
        yield file
    part.replace(path)
