"""The processes of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from cleanzh.engines.pool import Pool
    from cleanzh.stages.compare import Dedup

__all__ = ["LocalEngine", "in_order"]

A = TypeVar("A")
B = TypeVar("B")


class LocalEngine:
    """An :class:`~cleanzh.engines.Engine` of processes of this machine; with one job all is done in this process.

    As a context manager it has the same processes do all there is to do, and starts them at its begin: they import what
    cleans a shard while this process imports what plans the run.
    """

    def __init__(self, jobs: int = 1) -> None:
        self.jobs = jobs
        self._pool: Pool | None = None

    def __enter__(self) -> Self:
        if self.jobs > 1:
            self._pool = _pool(self.jobs)
            self._pool.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.__exit__(kind, error, trace)
            self._pool = None

    @property
    def begun(self) -> bool:
        """Whether its processes are there already."""
        return self._pool is not None

    @property
    def worker_memory(self) -> int:
        return self._pool.peak_memory if self._pool is not None else 0

    @property
    def beside(self) -> Callable[[Callable[[A], B], Iterable[A]], Iterator[B]] | None:
        """:meth:`in_order`, if its processes are there already and wait for work."""
        return self.in_order if self.begun else None

    def run(
        self, work: Callable[[A, Path], B], tasks: Iterable[A], /, folder: Path, needs: Sequence[str] = ()
    ) -> Iterator[B]:
        return self.in_order(partial(_into, work, folder), tasks)

    def in_order(self, work: Callable[[A], B], tasks: Iterable[A]) -> Iterator[B]:
        """``map(work, tasks)``; results come in the order of the tasks.

        ``work`` and tasks must pickle; processes are spawned, so it works alike on Linux, macOS and Windows. A task
        whose process dies is done again in a new one; when that has happened too often,
        :class:`~cleanzh.engines.TaskLostError` is raised.
        """
        if self.jobs == 1:
            yield from map(work, tasks)
        elif self._pool is not None:
            yield from self._pool.map(work, tasks)
        else:
            with _pool(self.jobs) as pool:
                yield from pool.map(work, tasks)

    def compare(
        self, staged_files: Iterable[Path], dedup: Dedup, places: Mapping[str, str], tell: Callable[[int, int], None], /
    ) -> None:
        from cleanzh.stages.compare import compare

        compare(staged_files, dedup, places, tell)


def _pool(jobs: int) -> Pool:
    from cleanzh.engines.pool import Pool  # what it imports takes as long as a tenth of a start

    return Pool(jobs, ["cleanzh.stages.tasks"])


def _into(work: Callable[[A, Path], B], folder: Path, task: A) -> B:
    return work(task, folder)


def in_order(work: Callable[[A], B], tasks: Iterable[A], *, jobs: int) -> Iterator[B]:
    """:meth:`LocalEngine.in_order` on ``jobs`` processes."""
    return LocalEngine(jobs).in_order(work, tasks)
