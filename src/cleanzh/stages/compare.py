"""The comparing stage: which of the staged documents are near duplicates of one another, and of an index.

Beside each staged file it writes a *verdict file*: for every document that may come out, in order, the verdict on it as
a line of JSON. Joined they are ``verdicts.jsonl``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from cleanzh import ledger
from cleanzh.stages.clean import Header, headers, signed

if TYPE_CHECKING:
    from cleanzh.dedup import Signed, Verdict
    from cleanzh.dedup.partitions import Columns

__all__ = ["Dedup", "StagedPartition", "compare", "remember", "verdict_file", "verdicts"]

_KEPT = b', "kept": true, '  # in a line of a verdict file; within a string its quotes would be escaped
# Bytes of keys, and of sketches, that are held before they go to files in the work folder.
_MEMORY = 1 << 26
Tell = Callable[[int, int], None]
"""What a stage tells while it works: how much is done, of how much."""


@dataclass(frozen=True, slots=True)
class Dedup:
    """How near duplicates are found; see :class:`cleanzh.Deduplicator`."""

    threshold: float = 0.7
    containment: float | None = None
    keep: tuple[str, ...] = ("cleanest", "earliest", "longest")
    index: str | None = None
    """Folder of a :class:`cleanzh.DuplicateIndex`: what it holds wins, and what is kept is added to it."""


def compare(staged_files: Iterable[Path], dedup: Dedup, places: Mapping[str, str], tell: Tell) -> None:
    """Write the verdict file of each staged file; they may come while others are still made.

    An index outlives the run, so there a document goes by the full path of its file: ``1.txt`` of today is not that of
    yesterday. ``places`` has these paths by source; it is empty where there is no index.
    """
    from cleanzh.dedup import Deduplicator, temporaries_in  # numpy takes as long to import as a small run

    coming = iter(staged_files)
    if (first := next(coming, None)) is None:
        return
    with temporaries_in(first.parent):
        compared = Deduplicator(
            threshold=dedup.threshold,
            containment=dedup.containment,
            keep=dedup.keep,
            index=dedup.index,
            memory=_MEMORY,
        )
        names: dict[str, str] = {}  # of what an index knows this run's documents by
        counts = []
        for file in chain([first], coming):
            rows = _may_come_out(file)
            ids = _ids(rows, places)
            if places:
                names.update(zip(ids, (row.id for row in rows), strict=True))
            compared.add_signed(
                ids,
                signed(file),
                published=[row.published for row in rows],
                damage=[row.damage for row in rows],
            )
            counts.append((file, len(rows)))
        tell(0, len(counts))
        made = compared.each_verdict()
        for number, (file, count) in enumerate(counts, 1):
            _write(file, (_named(verdict, names) for verdict in islice(made, count)))
            tell(number, len(counts))


@dataclass(frozen=True)
class StagedPartition:
    """Staged files as one partition of a collection (:class:`cleanzh.dedup.partitions.Partition`)."""

    files: tuple[Path, ...]
    places: tuple[tuple[str, str], ...]
    """As of :func:`compare`."""
    run: int
    """What tells these files from those that lay there before."""

    def columns(self) -> Columns:
        from cleanzh.dedup.partitions import Columns

        rows, places = [row for file in self.files for row in _may_come_out(file)], dict(self.places)
        return Columns(_ids(rows, places), [row.published for row in rows], [row.damage for row in rows])

    def signed(self) -> Signed:
        from cleanzh.dedup.partitions import in_a_row

        return in_a_row(signed(file) for file in self.files)

    def names(self) -> dict[str, str]:
        """What the documents are called here, by what an index knows them by."""
        rows = [row for file in self.files for row in _may_come_out(file)]
        return dict(zip(_ids(rows, dict(self.places)), (row.id for row in rows), strict=True))

    def write(self, made: Iterable[Verdict], names: Mapping[str, str]) -> None:
        """The verdict file of each staged file, from the verdicts on all."""
        left = iter(made)
        for file in self.files:
            count = len(_may_come_out(file))
            _write(file, (_named(verdict, names) for verdict in islice(left, count)))


def _may_come_out(file: Path) -> list[Header]:
    return [header for header in headers(file) if header.reason is None]


def _ids(rows: Sequence[Header], places: Mapping[str, str]) -> list[str]:
    if not places:
        return [row.id for row in rows]
    return [
        places[row.source] + (row.id[len(row.source) :] if row.id.startswith(row.source) else f":{row.id}")
        for row in rows
    ]


def _named(verdict: Verdict, names: Mapping[str, str]) -> Verdict:
    if not names:
        return verdict
    return verdict._replace(
        id=names.get(verdict.id, verdict.id),
        duplicate_of=names.get(verdict.duplicate_of, verdict.duplicate_of),
        cluster=names.get(verdict.cluster, verdict.cluster),
    )


def verdict_file(staged_file: Path) -> Path:
    """Where the verdicts on the documents of a staged file lie."""
    return staged_file.with_suffix(".verdicts")


def _write(staged_file: Path, made: Iterable[Verdict]) -> None:
    target = verdict_file(staged_file)
    part = target.with_suffix(".verdicts.part")
    with part.open("wb", ledger.BUFFER) as file:
        file.writelines(map(_line, made))
    part.replace(target)


def _line(verdict: Verdict) -> bytes:
    return ledger.json_line(dict(zip(verdict._fields, verdict, strict=True)))


def verdicts(staged_file: Path) -> Iterator[tuple[Verdict | None, bytes]]:
    """The verdicts on the documents of a staged file that may come out, in order, each with its line.

    None for one that is kept: most are, and there is nothing else to know.
    """
    from cleanzh.dedup import Verdict

    with verdict_file(staged_file).open("rb", ledger.BUFFER) as file:
        for line in file:
            yield None if _KEPT in line else Verdict(**ledger.decoded(line.decode())), line


def remember(staged_files: Iterable[Path], dedup: Dedup, places: Mapping[str, str]) -> int:
    """Add what was kept, and is not in it yet, to the index, in one step; says how many documents that were.

    To be done when OUT is in its place: whether a run is killed before or after, it can be gone on with.
    """
    from cleanzh.dedup import Addition, DuplicateIndex

    assert dedup.index is not None
    addition = Addition(DuplicateIndex(dedup.index))
    for file in staged_files:
        ids, made = _ids(_may_come_out(file), places), signed(file)
        kept = [place for place, (verdict, _) in enumerate(verdicts(file)) if verdict is None]
        addition.add([ids[place] for place in kept], made.keys.at(kept), made.digests[kept], made.sketches[kept])
    return addition.commit()
