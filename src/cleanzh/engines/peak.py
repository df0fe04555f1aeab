"""How much memory processes had at the most."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["ended", "own"]

_UNIT = 1 if sys.platform == "darwin" else 1024


def own() -> int:
    """The most bytes that this process had in memory; 0 where that is not known."""
    # Where Linux counts, a process has what the one had that started it; its own peak stands elsewhere.
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])
    with suppress(ImportError):  # on Windows
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT
    return 0


def ended() -> int:
    """The same, of those that it started and that have ended."""
    with suppress(ImportError):
        import resource

        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _UNIT
    return 0
