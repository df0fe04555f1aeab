"""Temporary files: what does not fit memory lies in them, for as long as someone needs it."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO

__all__ = ["bytes_at", "temporaries_in", "temporary"]

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


def bytes_at(file: IO[bytes], start: int, size: int) -> bytes:
    """What was written there, and flushed."""
    if hasattr(os, "pread"):  # without the buffer of the file, which is refilled at each place
        return os.pread(file.fileno(), size, start)
    file.seek(start)
    return file.read(size)
