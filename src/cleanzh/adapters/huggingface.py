"""Near duplicates of a Hugging Face ``Dataset``. To clean one, map :func:`~cleanzh.adapters.clean_batch` over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cleanzh.dedup import Deduplicator
from cleanzh.errors import UsageError

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["Deduplicated", "drop_duplicates"]


class Deduplicated(NamedTuple):
    """A dataset in two: what stays, and what is set aside, with the columns ``cleanzh_set_aside`` (the reason),
    ``cleanzh_kept`` (the row of ``kept`` that it is a duplicate of), ``cleanzh_jaccard``, ``cleanzh_containment``."""

    kept: Dataset
    set_aside: Dataset


def drop_duplicates(
    dataset: Dataset,
    *,
    text_field: str = "text",
    threshold: float = 0.7,
    containment: float | None = None,
    keep: str | Sequence[str] = ("cleanest", "earliest", "longest"),
    published_field: str | None = None,
    batch_size: int = 1000,
) -> Deduplicated:
    """Part a dataset into what stays and the near duplicates of it; options are those of :class:`Deduplicator`.

    Texts are read a batch at a time and not held. ``published_field`` names a column with ISO dates, for ``earliest``.
    Rows without a text stay. Raises :class:`~cleanzh.errors.UsageError` for what is no ``Dataset`` in one piece.
    """
    if not hasattr(dataset, "select") or isinstance(dataset, dict):
        raise UsageError(f"a Dataset is needed, not {type(dataset).__name__}; choose a split, or load it whole")
    for name in filter(None, (text_field, published_field)):
        if name not in dataset.column_names:
            raise UsageError(f"no column {name!r}; the columns are: {', '.join(dataset.column_names)}")
    compared = Deduplicator(threshold=threshold, containment=containment, keep=keep)
    first = 0
    for batch in dataset.select_columns([name for name in (text_field, published_field) if name]).iter(batch_size):
        texts: list[Any] = batch[text_field]
        there = [i for i, text in enumerate(texts) if text is not None]
        published = [batch[published_field][i] for i in there] if published_field else None
        compared.add_batch([first + i for i in there], [texts[i] for i in there], published=published)
        first += len(texts)
    gone = {verdict.id: verdict for verdict in compared.verdicts() if not verdict.kept}
    rows = [row for row in range(first) if row not in gone]
    place = {row: i for i, row in enumerate(rows)}
    aside = dataset.select(sorted(gone))
    verdicts = [gone[row] for row in sorted(gone)]
    columns = {
        "cleanzh_set_aside": [verdict.reason for verdict in verdicts],
        "cleanzh_kept": [place[verdict.duplicate_of] for verdict in verdicts],
        "cleanzh_jaccard": [verdict.jaccard for verdict in verdicts],
        "cleanzh_containment": [verdict.containment for verdict in verdicts],
    }
    for name, values in columns.items():
        aside = aside.add_column(name, values)
    return Deduplicated(dataset.select(rows), aside)
