"""What a run came to."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

import cleanzh
from cleanzh.engines import peak
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
    worker_memory: int = 0  # at the most, of those that are still at work
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
                "peak_memory": _peak_memory(self.worker_memory),
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


def _peak_memory(workers: int) -> dict[str, int]:
    """The most bytes that this process, and any that worked for it, had in memory; empty where that is not known."""
    own = peak.own()
    return {"main": own, "worker": max(peak.ended(), workers)} if own else {}
