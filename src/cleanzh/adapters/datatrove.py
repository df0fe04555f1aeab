"""Steps for datatrove's pipelines: a formatter, a filter, and near duplicates in three stages, as its own are.

::

    [JsonlReader("raw/"), CleanFormatter(), SetAsideFilter(JsonlWriter("aside/")), JsonlWriter("clean/")]

    [JsonlReader("clean/"), DedupSignature("signed/")]                                                  # any tasks
    [DedupCompare("signed/", "verdicts/")]                                                              # one task
    [JsonlReader("clean/"), DedupFilter("verdicts/", JsonlWriter("duplicates/")), JsonlWriter("out/")]  # as the first
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from datatrove.data import Document, DocumentsPipeline
from datatrove.io import DataFolderLike, get_datafolder
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.formatters.base import BaseFormatter
from datatrove.pipeline.writers.disk_base import DiskWriter

from cleanzh.adapters.outcome import RECORD, SET_ASIDE, outcome
from cleanzh.dedup import Deduplicator, Signed, sign
from cleanzh.errors import UsageError
from cleanzh.stages.clean import Recipe

__all__ = ["CleanFormatter", "DedupCompare", "DedupFilter", "DedupSignature", "SetAsideFilter"]

_BATCH = 1000
_TYPE = "🫂 - DEDUPS"  # the headings under which datatrove counts its own


class CleanFormatter(BaseFormatter):  # type: ignore[misc]  # datatrove has no types
    """Clean each document; options are those of :func:`cleanzh.default_pipeline`.

    ``doc.metadata`` gets ``cleanzh_record`` (changes, metadata and flags as JSON) and, for a document that does not
    belong into a Chinese corpus, ``cleanzh_set_aside`` (its text is left as it was found). The stats count documents
    that were changed, edits by family, and reasons.
    """

    name = "cleanzh"

    def __init__(self, script: str = "simplified", select: Sequence[str] = (), ignore: Sequence[str] = ()) -> None:
        super().__init__()
        self.recipe = Recipe(script, tuple(select), tuple(ignore))

    def format(self, text: str) -> str:
        """One text, cleaned."""
        return outcome(text, self.recipe, "the text").text

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """All documents, cleaned, on record."""
        for doc in data:
            self.stat_update("total")
            with self.track_time():
                made = outcome(doc.text, self.recipe, f"the text of {doc.id}")
            if made.reason is not None:
                doc.metadata[SET_ASIDE] = made.reason
                self.stat_update(f"set_aside_{made.reason}")
            elif made.cleaned is not None and made.record is not None:
                doc.metadata[RECORD] = made.record
                self.stat_update("changed" if made.cleaned.steps else "flagged")
                for step in made.cleaned.steps:
                    for edit in step.edits:
                        self.stat_update(f"edits_{edit.rule.partition('.')[0]}", unit="edit")
            doc.text = made.text
            yield doc


class SetAsideFilter(BaseFilter):  # type: ignore[misc]  # datatrove has no types
    """Take out what :class:`CleanFormatter` says does not belong into a Chinese corpus, to the ``exclusion_writer``."""

    name = "cleanzh set aside"

    def __init__(self, exclusion_writer: DiskWriter | None = None) -> None:
        super().__init__(exclusion_writer)

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """Whether a document stays, or the reason why not."""
        reason = doc.metadata.get(SET_ASIDE)
        return True if reason is None else (False, reason)


class DedupSignature(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Near duplicates, stage 1: sign documents, in any number of tasks, into ``output_folder``."""

    type, name = _TYPE, "cleanzh stage 1: sign"

    def __init__(self, output_folder: DataFolderLike) -> None:
        super().__init__()
        self.output_folder = get_datafolder(output_folder)

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Sign all documents of a task; nothing goes on to a next step."""
        documents: Iterator[Document] = iter(data)
        number = 0
        while batch := list(islice(documents, _BATCH)):
            with self.track_time("batch"):
                made = sign([doc.text for doc in batch])
                ids = np.array([str(doc.id) for doc in batch], dtype=np.str_)
                with self.output_folder.open(f"{rank:05d}/{number:06d}.npz", "wb") as file:
                    made.save(file, ids=ids, published=np.array([_published(doc) for doc in batch], dtype=np.str_))
            self.stat_update("total", value=len(batch))
            number += 1
        yield from ()


class DedupCompare(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """Near duplicates, stage 2: compare what was signed, in one task, into ``output_folder``.

    Options are those of :class:`cleanzh.Deduplicator`; similarities are exact.
    """

    type, name = _TYPE, "cleanzh stage 2: compare"

    def __init__(
        self,
        input_folder: DataFolderLike,
        output_folder: DataFolderLike,
        *,
        threshold: float = 0.7,
        containment: float | None = None,
        keep: str | Sequence[str] = ("cleanest", "earliest", "longest"),
    ) -> None:
        super().__init__()
        self.input_folder, self.output_folder = get_datafolder(input_folder), get_datafolder(output_folder)
        self.options: dict[str, Any] = {"threshold": threshold, "containment": containment, "keep": keep}

    def run(self, data: DocumentsPipeline = None, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Write a file of verdicts for each task of stage 1."""
        if world_size != 1:
            raise UsageError(f"all documents are compared with all: run this stage with tasks=1, not {world_size}")
        compared = Deduplicator(**self.options)
        owners: list[str] = []
        for path in sorted(self.input_folder.list_files(glob_pattern="**/*.npz")):
            task = path.partition("/")[0]
            with self.track_time("batch"), self.input_folder.open(path, "rb") as file:
                made, columns = Signed.load(file)
                # Documents of two tasks may have one id; what they stand at has not.
                places = [f"{name}\0{task}/{len(owners) + i}" for i, name in enumerate(columns["ids"].tolist())]
                compared.add_signed(places, made, published=[day or None for day in columns["published"].tolist()])
            owners += [task] * len(places)
        with self.output_folder.get_output_file_manager(mode="wt") as files:
            for task, verdict in zip(owners, compared.verdicts(), strict=True):
                self.stat_update("forwarded" if verdict.kept else "dropped")
                line = {name: _name(value) for name, value in verdict._asdict().items()}
                files.write(f"{task}.jsonl", json.dumps(line, ensure_ascii=True) + "\n")
        yield from ()


class DedupFilter(BaseFilter):  # type: ignore[misc]  # datatrove has no types
    """Near duplicates, stage 3: take them out, to the ``exclusion_writer``, in the same tasks as stage 1.

    ``doc.metadata`` gets ``cleanzh_cluster_size`` if it stays and there were copies; ``cleanzh_duplicate_of``,
    ``cleanzh_jaccard`` and ``cleanzh_containment`` if not.
    """

    type, name = _TYPE, "cleanzh stage 3: filter"

    def __init__(self, input_folder: DataFolderLike, exclusion_writer: DiskWriter | None = None) -> None:
        super().__init__(exclusion_writer)
        self.input_folder = get_datafolder(input_folder)
        self._verdicts: Iterator[dict[str, Any]] = iter(())

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """The documents of a task that stay."""
        path = f"{rank:05d}.jsonl"
        if not self.input_folder.exists(path):
            self._verdicts = iter(())
            yield from super().run(data, rank, world_size)
            return
        with self.input_folder.open(path, "rt") as lines:
            self._verdicts = map(json.loads, lines)
            yield from super().run(data, rank, world_size)

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """Whether a document stays, or the reason why not."""
        verdict = next(self._verdicts, None)
        if verdict is None or verdict["id"] != str(doc.id):
            signed = "there are no more" if verdict is None else f"{verdict['id']!r} was signed"
            raise UsageError(
                f"{doc.id!r}: {signed} at its place; read the same documents, in as many tasks, as stage 1"
            )
        if verdict["kept"]:
            if verdict["cluster_size"] > 1:
                doc.metadata["cleanzh_cluster_size"] = verdict["cluster_size"]
            return True
        doc.metadata["cleanzh_duplicate_of"] = verdict["duplicate_of"]
        doc.metadata["cleanzh_jaccard"] = verdict["jaccard"]
        doc.metadata["cleanzh_containment"] = verdict["containment"]
        return False, verdict["reason"]


def _published(doc: Document) -> str:
    """The ISO date that a document says it is of, or that cleanzh read in it."""
    if doc.metadata.get("published"):
        return str(doc.metadata["published"])
    record = doc.metadata.get(RECORD)
    return str(json.loads(record)["metadata"].get("published", "")) if record else ""


def _name(value: Any) -> Any:
    return value.partition("\0")[0] if isinstance(value, str) else value
