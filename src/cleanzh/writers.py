"""Documents to files: beside first, then renamed, so that a file is there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Self

from cleanzh import ledger
from cleanzh.compression import Sink, compressed
from cleanzh.errors import CleanzhError
from cleanzh.formats import Reading, Source, named, output_name
from cleanzh.formats.outcome import Row
from cleanzh.parts import Parts

__all__ = ["Outputs", "beside"]

_SMALL = 1 << 13  # bytes of a buffer


class Outputs:
    """The documents of a run, source by source: those that come out below ``out``, the others below ``record``.

    A file in the making lies in ``work``, on the same file system; when an exception ends the writing, it is thrown
    away, and the finished ones stay.
    """

    def __init__(self, out: Path, record: Path, work: Path, reading: Reading, to: str | None = None) -> None:
        self.names: set[str] = set()
        """The files that were written to ``out``."""
        self._out, self._record, self._work, self._reading = out, record, work, reading
        self._parts = Parts(out, work, to) if to else None
        self._folders: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *more: object) -> None:
        if self._parts is not None:
            self._parts.__exit__(kind, *more)
            self.names |= self._parts.names

    def write(self, source: Source, rows: Iterable[Row]) -> None:
        """Write all documents of a source."""
        target = _Target(source, self._work, self._reading, self._parts)
        name = output_name(source.name, source.format)
        try:
            named(source.format).write(source, rows, target)
            for part, kind in target.finish():
                if kind == "out" and self._parts is None:
                    self._place(part, f"{self._out}/{name}")
                    self.names.add(name)
                else:
                    self._place(part, f"{self._record}/{'frames' if kind == 'out' else kind}/{source.name}")
        except BaseException:
            target.discard()
            raise

    def _place(self, part: Path, target: str) -> None:
        # To make a Path takes longer than to rename a file, and there may be one for each document.
        folder = os.path.dirname(target)  # noqa: PTH120
        if folder not in self._folders:
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103
            self._folders.add(folder)
        os.replace(part, target)  # noqa: PTH105


class _Target:
    """A :class:`cleanzh.formats.outcome.Target`."""

    def __init__(self, source: Source, work: Path, reading: Reading, parts: Parts | None) -> None:
        self._parts, self._collected = parts, False
        self._source, self._work, self.reading = source, work, reading
        self._files: dict[bool, tuple[BinaryIO, Sink | None]] = {}
        self._container: Path | None = None

    def _part(self, name: str) -> Path:
        return self._work / f"{name}.part"

    def file(self, *, aside: bool, small: bool = False) -> BinaryIO:
        part = self._part("set_aside" if aside else "out")
        file = open(part, "wb", _SMALL if small else ledger.BUFFER)  # noqa: PTH123, SIM115  # until it is finished
        self._files[aside] = file, None
        return file

    def sink(self, *, aside: bool, small: bool = False) -> Sink:
        file = self.file(aside=aside, small=small)
        sink = compressed(file, self._source.compression)
        self._files[aside] = file, sink
        return sink

    def collect(self, row: Row, fields: Mapping[str, Any]) -> None:
        assert self._parts is not None
        self._collected = True
        self._parts.add(row.id, row.text or "", self._source.name, row.metadata or {}, fields)

    def keep_container(self) -> None:
        if self._container is not None:
            return
        part = self._part("original")
        with suppress(OSError), self._source.open() as file, part.open("wb") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)
            self._container = part

    def checked(self, row: Row, blocks: Iterable[bytes]) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for block in blocks:
            digest.update(block)
            yield block
        if digest.hexdigest() != row.digest:
            raise CleanzhError(f"{row.id}: the file was changed while it was read; run again")

    def finish(self) -> Iterator[tuple[Path, str]]:
        """The files that are whole now, and what each is: ``out``, ``set_aside``, ``originals``."""
        for aside, (file, sink) in self._files.items():
            if sink is not None:
                sink.close()
            file.close()
            kind = "set_aside" if aside else "out"
            yield self._part(kind), kind
        if self._container is not None:
            yield self._container, "originals" if self._files or self._collected else "set_aside"

    def discard(self) -> None:
        for file, _ in self._files.values():
            file.close()
        for name in ("out", "set_aside", "original"):
            self._part(name).unlink(missing_ok=True)


@contextmanager
def beside(path: Path, work: Path) -> Iterator[BinaryIO]:
    """A file to write, in ``work`` first, and at ``path`` once it is whole."""
    part = work / f"{path.name}.part"
    with part.open("wb", ledger.BUFFER) as file:
        yield file
    part.replace(path)
