"""Compounds that only a synonym spinner writes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["swapped_words"]


@cache
def swapped_words() -> tuple[str, ...]:
    """The compounds of ``swapped.txt``.

    >>> "收集平安" in swapped_words()
    True
    """
    text = (Path(__file__).parent / "swapped.txt").read_text(encoding="utf-8")
    return tuple(line.split("\t")[0] for line in text.splitlines() if line and not line.startswith("#"))
