"""Where the work runs: the processes of this machine, or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cleanzh.errors import CleanzhError

if TYPE_CHECKING:
    from cleanzh.stages.compare import Dedup

__all__ = ["Engine", "TaskLostError"]

A = TypeVar("A")
B = TypeVar("B")


class Engine(Protocol):
    """What a run asks of the place where its stages are done.

    The stages meet in files of one folder, on the machine that asks: what is left there by one is there for the next.
    """

    @property
    def jobs(self) -> int:
        """How many tasks are done at the same time."""

    @property
    def worker_memory(self) -> int:
        """The most bytes that a process had which is still there to work on; 0 where that is not known."""

    def run(
        self, work: Callable[[A, Path], B], tasks: Iterable[A], /, folder: Path, needs: Sequence[str] = ()
    ) -> Iterator[B]:
        """``work(task, folder)`` of each: results in the order of the tasks, which are drawn no faster than done.

        ``work``, tasks and results pickle. Work is given ``folder``, or another that stands for it: the files that it
        leaves there are in ``folder`` when its result comes. ``needs`` are paths and addresses it reads:
        :class:`~cleanzh.errors.UsageError` is raised where some machine does not see them. A task whose process dies
        is done again a bounded number of times; then :class:`TaskLostError` is raised. An exception of ``work`` is
        raised here. When the iterator is closed, for an exception or Ctrl-C, nothing works on.
        """

    def compare(
        self, staged_files: Iterable[Path], dedup: Dedup, places: Mapping[str, str], tell: Callable[[int, int], None], /
    ) -> None:
        """:func:`cleanzh.stages.compare`, wherever the memory for it is: the same verdict files.

        The staged files may be the results of :meth:`run`, which is at work while they are read.
        """


class TaskLostError(CleanzhError):
    """A task whose process died as often as it was tried."""

    def __init__(self, task: Any, deaths: int, exitcode: int | None) -> None:
        how = f"signal {-exitcode}" if exitcode is not None and exitcode < 0 else f"exit code {exitcode}"
        super().__init__(f"a worker process died {deaths} times of the same work ({how}; out of memory?)")
        self.task, self.how = task, how
