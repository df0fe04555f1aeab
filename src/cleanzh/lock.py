"""One writer at a time: a lock that the system lets go of when its process ends, however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cleanzh.errors import CleanzhError

__all__ = ["BusyError", "alone"]


class BusyError(CleanzhError):
    """Another process holds the lock."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``; :class:`BusyError` at once if another process (or handle of this one) holds it."""
    with path.open("a+b") as file:
        try:
            if sys.platform == "win32":
                import msvcrt

                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read(40).decode("ascii", "replace").strip() or "unknown"
            raise BusyError(f"another process (number {holder}) is writing") from error
        if sys.platform != "win32":  # there the locked bytes can not be read by others anyway
            file.truncate(0)
            file.write(str(os.getpid()).encode())
            file.flush()
        yield
