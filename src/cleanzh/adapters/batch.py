"""Batches of records as columns: what Hugging Face ``datasets`` maps over, and anything else that is name → values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cleanzh.adapters.outcome import RECORD, SET_ASIDE, outcome, restored
from cleanzh.errors import UsageError
from cleanzh.stages.clean import Recipe

__all__ = ["clean_batch", "restore_batch"]


def clean_batch(
    batch: Mapping[str, Any],
    *,
    text_field: str = "text",
    script: str = "simplified",
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    record: bool = True,
) -> dict[str, list[Any]]:
    """Clean a batch of records, given as columns; ``Dataset.map(clean_batch, batched=True)`` fits it.

    Returns the column ``text_field``, cleaned, and two more: ``cleanzh_set_aside``, the reason for a text that does not
    belong into a Chinese corpus (it is left as it was found; None for all others), and, with ``record``,
    ``cleanzh_record``, the changes, metadata and flags as JSON, from which :func:`restore_batch` leads back. No row is
    dropped. A missing text stays missing.

    >>> batch = clean_batch({"text": ["&ldquo;京東&rdquo;與OPPO簽署協議。", "No Chinese here."], "id": [7, 8]})
    >>> batch["text"], batch["cleanzh_set_aside"]
    (['“京东”与OPPO签署协议。', 'No Chinese here.'], [None, 'not_chinese'])

    Raises :class:`~cleanzh.errors.UsageError` if there is no such column, or a value is no text.
    """
    recipe = Recipe(script, tuple(select), tuple(ignore))
    texts: list[str | None] = []
    reasons: list[str | None] = []
    records: list[str | None] = []
    for row, text in enumerate(_column(batch, text_field)):
        if text is None:
            texts.append(None)
            reasons.append("empty")
            records.append(None)
            continue
        made = outcome(text, recipe, f"{text_field!r}, row {row} of the batch,")
        texts.append(made.text)
        reasons.append(made.reason)
        records.append(made.record if record else None)
    columns: dict[str, list[Any]] = {text_field: texts, SET_ASIDE: reasons}
    return {**columns, RECORD: records} if record else columns


def restore_batch(batch: Mapping[str, Any], *, text_field: str = "text") -> dict[str, list[Any]]:
    """The texts as they were found, from a batch that :func:`clean_batch` made.

    >>> restore_batch(clean_batch({"text": ["&ldquo;京東&rdquo;與OPPO簽署協議。"]}))
    {'text': ['&ldquo;京東&rdquo;與OPPO簽署協議。']}

    Raises :class:`~cleanzh.errors.LedgerError` if a text was changed since.
    """
    rows = zip(_column(batch, text_field), _column(batch, RECORD), strict=True)
    return {text_field: [None if text is None else restored(text, record) for text, record in rows]}


def _column(batch: Mapping[str, Any], name: str) -> Sequence[Any]:
    try:
        column: Sequence[Any] = batch[name]
    except KeyError:
        there = ", ".join(map(str, batch)) or "none"
        raise UsageError(f"no column {name!r}; the columns are: {there}") from None
    return column
