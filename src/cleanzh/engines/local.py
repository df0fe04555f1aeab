"""The processes of this machine."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from cleanzh.errors import CleanzhError

__all__ = ["in_order"]

A = TypeVar("A")
B = TypeVar("B")

# Tasks handed out ahead of the one awaited, for each process: none waits, and memory is bounded.
_AHEAD = 3


def in_order(work: Callable[[A], B], tasks: Iterable[A], *, jobs: int) -> Iterator[B]:
    """``map(work, tasks)`` on ``jobs`` processes; results come in the order of the tasks.

    With one job the work is done here. ``work`` and tasks must pickle; processes are spawned, so it works alike on
    Linux, macOS and Windows. Raises :class:`CleanzhError` if a process dies.
    """
    if jobs == 1:
        yield from map(work, tasks)
        return
    waiting: deque[Future[B]] = deque()
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_leave_interrupts_to_parent)
    try:
        for task in tasks:
            waiting.append(pool.submit(work, task))
            if len(waiting) >= jobs * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise CleanzhError("a worker process was killed (out of memory?); run again, with fewer --jobs") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
