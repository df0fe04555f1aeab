"""A run to look at: one HTML file that needs nothing else.

:mod:`gather` reads the record once and counts; :mod:`collect` fetches the chosen documents; the other modules write
what they hold as markup. ``page.html``, ``style.css``, ``script.js`` and ``words.toml`` are what a designer changes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cleanzh import ledger
from cleanzh.engines.local import LocalEngine

if TYPE_CHECKING:
    from cleanzh.report.html.collect import Report

__all__ = ["NAME", "read_report", "write_report"]

NAME = "report.html"
"""Its name in the record of a run."""


def write_report(
    out: str | Path,
    path: str | Path | None = None,
    *,
    documents: Sequence[str] = (),
    language: str | None = None,
    jobs: int | None = None,
    engine: LocalEngine | None = None,
) -> Path:
    """Write the report of the run whose output is ``out``, by default into its record; the path of the file.

    With ``documents`` (their ids) it is about these alone. ``language`` is ``en`` or ``zh``; without it the page
    follows the reader's browser. The record is counted by ``engine``, or by ``jobs`` processes of its own. Raises
    :class:`LedgerError` where ``out`` is no output of cleanzh, and :class:`UsageError` for a document that is not in
    it.
    """
    from cleanzh.report.html.page import page

    record = Path(out) / ledger.FOLDER
    target = Path(path) if path is not None else record / (NAME if not documents else "document.html")
    written = page(read_report(out, documents=documents, jobs=jobs, engine=engine), language=language)
    part = target.with_name(f".{target.name}.part")
    part.write_text(written, encoding="utf-8")
    part.replace(target)
    return target


def read_report(
    out: str | Path, *, documents: Sequence[str] = (), jobs: int | None = None, engine: LocalEngine | None = None
) -> Report:
    """What the report says, before it is written."""
    from cleanzh.report.html.collect import collect

    return collect(Path(out), documents, engine or LocalEngine(jobs or min(os.cpu_count() or 1, 8)))
