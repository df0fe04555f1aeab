"""What became of one text, in the form that adapters hand on: the text, why it would be set aside, the record."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from cleanzh import ledger
from cleanzh.document import Cleaned, restore
from cleanzh.errors import LedgerError, UsageError
from cleanzh.formats import Record
from cleanzh.stages.clean import Recipe, examine, pipeline_of

__all__ = ["RECORD", "SET_ASIDE", "Outcome", "outcome", "restored"]

SET_ASIDE, RECORD = "cleanzh_set_aside", "cleanzh_record"
"""The names of the columns that are added."""


class Outcome(NamedTuple):
    """``text`` is as it was found where there is a ``reason`` to set it aside; ``cleaned`` is None if it failed."""

    text: str
    reason: str | None
    cleaned: Cleaned | None

    @property
    def record(self) -> str | None:
        """Its changes, metadata and flags as JSON, which :func:`restored` reads; None where there are none."""
        if self.cleaned is None or self.reason is not None:
            return None
        changes = ledger.changes(self.cleaned)
        return ledger.json_line(changes).decode().rstrip("\n") if any(changes.values()) else None


def outcome(text: Any, recipe: Recipe, place: str) -> Outcome:
    """Clean one text. ``place`` names it where it is none; raises :class:`UsageError` then."""
    if not isinstance(text, str):
        raise UsageError(f"{place} is no text but {type(text).__name__}; name the right field with text_field=…")
    _, cleaned, reason = examine(Record("", "", None, b"", text=text), pipeline_of(recipe))
    if reason is not None or cleaned is None:
        return Outcome(text, reason, cleaned)
    return Outcome(cleaned.text, None, cleaned)


def restored(text: str, record: str | None) -> str:
    """A text as it was found, from what came out and its record. Raises :class:`LedgerError` if they do not fit."""
    if record is None:
        return text
    try:
        return restore(ledger.cleaned_from(json.loads(record), text))
    except (ValueError, KeyError, TypeError) as error:
        raise LedgerError(f"the text is not what this record is of: {error}") from error
