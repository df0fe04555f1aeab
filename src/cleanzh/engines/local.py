"""The processes of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from cleanzh.stages.compare import Dedup, compare

__all__ = ["LocalEngine", "in_order"]

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True)
class LocalEngine:
    """An :class:`~cleanzh.engines.Engine` of processes of this machine; with one job all is done in this process."""

    jobs: int = 1

    def run(
        self, work: Callable[[A, Path], B], tasks: Iterable[A], /, folder: Path, needs: Sequence[str] = ()
    ) -> Iterator[B]:
        return in_order(partial(_into, work, folder), tasks, jobs=self.jobs)

    def compare(
        self, staged_files: Sequence[Path], dedup: Dedup, places: Mapping[str, str], tell: Callable[[int, int], None], /
    ) -> None:
        compare(staged_files, dedup, places, tell)


def _into(work: Callable[[A, Path], B], folder: Path, task: A) -> B:
    return work(task, folder)


def in_order(work: Callable[[A], B], tasks: Iterable[A], *, jobs: int) -> Iterator[B]:
    """``map(work, tasks)`` on ``jobs`` processes; results come in the order of the tasks.

    With one job the work is done here. ``work`` and tasks must pickle; processes are spawned, so it works alike on
    Linux, macOS and Windows. A task whose process dies is done again in a new one; when that has happened too often,
    :class:`~cleanzh.engines.TaskLostError` is raised.
    """
    if jobs == 1:
        yield from map(work, tasks)
        return
    from cleanzh.engines.pool import Pool  # what it imports takes as long as a tenth of a start

    with Pool(work, jobs) as pool:
        yield from pool.map(tasks)
