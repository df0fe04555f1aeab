"""What a run came to."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import cleanzh
from cleanzh.installed import version
from cleanzh.plugins import installed_packs
from cleanzh.readers import Skipped
from cleanzh.stages.clean import Recipe, Tally
from cleanzh.stages.compare import Dedup

__all__ = ["Summary", "versions"]


@dataclass(slots=True)
class Summary:
    """What a run came to; ``summary.json`` holds it as :meth:`to_json` gives it."""

    inputs: list[str]
    recipe: Recipe
    dedup: Dedup | None
    form: str = "auto"
    files: int = 0
    jobs: int = 1
    tally: Tally = field(default_factory=Tally)
    kept: int = 0
    kept_characters: int = 0
    set_aside: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    seconds: float = 0.0
    stored: dict[str, Any] | None = None
    """What ``summary.json`` says, where the run was finished already."""

    def to_json(self) -> dict[str, Any]:
        """The summary as plain values; all but ``throughput`` depends on input, configuration and versions alone."""
        if self.stored is not None:
            return self.stored
        tally = self.tally
        rules = {
            rule: {
                "edits": count,
                "documents": tally.touched[rule],
                "characters_removed": tally.removed[rule],
                "examples": tally.examples.get(rule, []),
            }
            for rule, count in sorted(tally.edits.items())
        }
        return {
            "files": self.files,
            "documents": {"in": tally.documents, "out": self.kept, "set_aside": sum(self.set_aside.values())},
            "characters": {"in": tally.characters, "out": self.kept_characters},
            "rules": rules,
            "set_aside": dict(sorted(self.set_aside.items())),
            "flags": dict(sorted(tally.flags.items())),
            "examples": {
                "set_aside": dict(sorted(self.examples.items())),
                "flags": {flag: tally.examples.get(flag, []) for flag in sorted(tally.flags)},
            },
            "skipped": [skipped._asdict() for skipped in self.skipped],
            "configuration": self.configuration(),
            "throughput": {
                "seconds": round(self.seconds, 3),
                "bytes": tally.bytes,
                "megabytes_per_second": round(tally.bytes / 1e6 / max(self.seconds, 1e-9), 3),
                "documents_per_second": round(tally.documents / max(self.seconds, 1e-9), 3),
                "jobs": self.jobs,
                "peak_memory": _peak_memory(),
            },
            "versions": versions(),
        }

    def configuration(self) -> dict[str, Any]:
        """What decides the result, beside the input."""
        compared = asdict(self.dedup) if self.dedup else None
        return {
            **asdict(self.recipe),
            "packs": installed_packs(),
            "format": self.form,
            "dedup": compared,
            "inputs": self.inputs,
        }


@cache
def versions() -> Mapping[str, str]:
    """What the result may depend on beside input and configuration."""
    found = {"cleanzh": cleanzh.__version__, "python": platform.python_version()}
    for name in ("opencc", "ftfy", "numpy", "datasketch", "pyarrow", "trafilatura", "warcio"):
        if (known := version(name)) is not None:  # those of the formats are extras
            found[name] = known
    return found


def _peak_memory() -> dict[str, int]:
    """The most bytes that this process, and any that worked for it, had in memory; empty where that is not known."""
    try:
        import resource
    except ImportError:  # on Windows
        return {}
    unit = 1 if sys.platform == "darwin" else 1024
    of = {"main": resource.RUSAGE_SELF, "worker": resource.RUSAGE_CHILDREN}
    peaks = {name: resource.getrusage(who).ru_maxrss * unit for name, who in of.items()}
    # Where Linux counts, a process has what the one had that started it; its own peak stands elsewhere.
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        peaks["main"] = 1024 * int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])
    return peaks
