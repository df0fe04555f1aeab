"""Looks at files that write nothing: what a run would do, and what recurs in a corpus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cleanzh.document import Cleaned
from cleanzh.readers import Reading, Record, cut, find_sources, read
from cleanzh.stages.clean import Recipe, examine, pipeline_of

if TYPE_CHECKING:
    from cleanzh.learn import Template

__all__ = ["learn_files", "preview"]


def preview(
    inputs: Sequence[str | Path], *, recipe: Recipe, form: str = "auto"
) -> Iterator[tuple[Record, Cleaned | None, str | None]]:
    """What a run would do to each document, without near duplicates, and without writing anything.

    Yields the record as found, the cleaned text with its steps (None for one that can not be read), and the reason
    why it would be set aside (None for one that comes out).
    """
    pipeline = pipeline_of(recipe)
    sources, _ = find_sources(inputs, form=form)
    for shard, _ in cut(sources, recipe.reading):
        for record in read(shard, recipe.reading):
            yield examine(record, pipeline)


def learn_files(
    inputs: Sequence[str | Path], *, text_field: str = "text", form: str = "auto", least: int = 20, share: float = 0.0
) -> list[Template]:
    """The lines that recur over many documents of the inputs; see :func:`cleanzh.learn.learn`.

    Documents are compared as they were found, and copies of one another count as one.
    """
    from cleanzh.dedup import Deduplicator
    from cleanzh.learn import learn

    reading = Reading(text_field)

    def texts() -> Iterator[list[tuple[str, str]]]:
        for shard, _ in cut(find_sources(inputs, form=form)[0], reading):
            records = read(shard, reading)
            yield [(record.id, record.text) for record in records if record.text]

    compared = Deduplicator()
    for batch in texts():
        compared.add_batch([name for name, _ in batch], [text for _, text in batch])
    clusters = [verdict.cluster for verdict in compared.verdicts()]
    return learn((text for batch in texts() for _, text in batch), clusters=clusters, least=least, share=share)
