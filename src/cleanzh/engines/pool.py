"""Processes of this machine that work together, each with a pipe to this one."""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import ModuleType, TracebackType
from typing import Any, NoReturn, Self, TypeVar

from cleanzh.engines import TaskLostError, peak
from cleanzh.errors import CleanzhError

__all__ = ["Pool"]

A = TypeVar("A")
B = TypeVar("B")

# Results that wait for an earlier one, for each process: a slow task does not stop the others, and memory is bounded.
_AHEAD = 3
# A document that kills its process is found out after a few deaths (see ``stages.deaths``); a task may hold some.
_DEATHS = 10
_PATIENCE = 5.0  # seconds that processes have to end by themselves


@dataclass(slots=True)
class _Task:
    what: Any
    deaths: int = 0
    done: bool = False
    result: Any = None


class Pool:
    """Processes with a pipe each, so that of one that dies it is known what it did.

    They begin with the import of ``modules``; with :meth:`start` they do that before there is work.
    """

    def __init__(self, jobs: int, modules: Sequence[str] = ()) -> None:
        self.peak_memory = 0
        """The most bytes that a process had."""
        self._jobs, self._modules = jobs, modules
        self._work: Callable[[Any], Any] | None = None
        self._told: set[Connection] = set()  # those that know the work at hand
        self._context = multiprocessing.get_context("spawn")
        self._processes: dict[Connection, SpawnProcess] = {}
        self._idle: list[Connection] = []
        self._busy: dict[Connection, _Task] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._end(list(self._processes) if kind is not None else self._processes.keys() - self._told)
        for pipe in self._processes:
            pipe.close()  # one that waits for a task ends at that
        self._end(list(self._processes), _PATIENCE)

    def start(self) -> None:
        """Start as many processes as there are cores for; the others start when there is work for them."""
        self._idle += [self._start() for _ in range(min(self._jobs, os.cpu_count() or 1))]

    def map(self, work: Callable[[A], B], tasks: Iterable[A]) -> Iterator[B]:
        """The results of ``work``, in the order of the tasks."""
        self._work = work
        self._told.clear()
        try:
            yield from self._map(tasks)
        finally:
            self._end(list(self._busy))  # of which nobody awaits the result

    def _map(self, tasks: Iterable[Any]) -> Iterator[Any]:
        waiting: deque[_Task] = deque()  # in order, from the first without a result on
        ready: deque[_Task] = deque()
        source, drained = iter(tasks), False
        while True:
            # The next task is drawn before a process asks for it, as drawing may mean to read a file.
            if not ready and not drained and len(waiting) < self._jobs * _AHEAD:
                for what in source:
                    ready.append(_Task(what))
                    waiting.append(ready[-1])
                    break
                else:
                    drained = True
            if ready and (self._idle or len(self._processes) < self._jobs):
                self._give(ready)
                continue
            while waiting and waiting[0].done:  # processes that can be are at work while one looks at it
                yield waiting.popleft().result
            if drained and not waiting:
                return
            if self._busy and (ready or drained or len(waiting) >= self._jobs * _AHEAD):
                self._take(ready)

    def _give(self, ready: deque[_Task]) -> None:
        task = ready.popleft()
        pipe = self._idle.pop() if self._idle else self._start()
        self._busy[pipe] = task
        try:
            pipe.send((None if pipe in self._told else self._work, task.what))
            self._told.add(pipe)
        except OSError:  # it died while it had nothing to do
            self._bury(pipe, ready)

    def _start(self) -> Connection:
        here, there = self._context.Pipe()
        given = there, self._modules, gc.get_threshold()
        process = self._context.Process(target=_serve, args=given, daemon=True)
        with _no_main_module():
            process.start()
        there.close()  # so that its end closes when it dies
        self._processes[here] = process
        return here

    def _take(self, ready: deque[_Task]) -> None:
        for pipe in wait(list(self._busy)):
            assert isinstance(pipe, Connection)
            try:
                good, result, memory = pipe.recv()
            except (EOFError, OSError):
                self._bury(pipe, ready)
                continue
            task = self._busy.pop(pipe)
            self._idle.append(pipe)
            self.peak_memory = max(self.peak_memory, memory)
            if not good:
                raise result
            task.done, task.result = True, result

    def _bury(self, pipe: Connection, ready: deque[_Task]) -> None:
        process, task = self._processes.pop(pipe), self._busy.pop(pipe)
        pipe.close()
        process.join()
        task.deaths += 1
        if task.deaths >= _DEATHS:
            raise TaskLostError(task.what, task.deaths, process.exitcode)
        ready.appendleft(task)

    def _end(self, pipes: Iterable[Connection], patience: float = 0.0) -> None:
        """End processes, after so many seconds that they have to end by themselves."""
        for pipe in pipes:
            process = self._processes.pop(pipe)
            self._busy.pop(pipe, None)
            if patience:
                process.join(patience)
            process.terminate()
            pipe.close()
            process.join(_PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Processes that start here import nothing of the program that starts them.

    All that they do is in modules. A script would be run again, as far as nothing in it prevents that, and the command
    takes a tenth of a second to import what it parses options with.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _serve(pipe: Connection, modules: Sequence[str], cycles: tuple[int, int, int]) -> None:
    """A process of the pool: do what comes, until nothing can come any more.

    It searches for ``cycles`` of objects as seldom as the process that started it.
    """
    gc.set_threshold(*cycles)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent decides
    for module in modules:
        importlib.import_module(module)
    work: Callable[[Any], Any] | None = None
    while True:
        try:
            given, task = pipe.recv()
        except (EOFError, OSError):
            _leave()
        work = given or work
        assert work is not None
        try:
            answer = True, work(task)
        except MemoryError:
            os._exit(1)  # as if the system had ended it: a process that ran out of memory is not to be trusted
        except Exception as error:
            error.add_note(traceback.format_exc())
            answer = False, error
        try:
            pipe.send((*answer, peak.own()))
        except OSError:  # the parent is gone
            _leave()
        except Exception as error:  # a result or an exception that does not pickle
            pipe.send((False, CleanzhError(f"{answer[1]!r} can not be sent back: {error}"), 0))


def _leave() -> NoReturn:
    """End at once: to take down all that is loaded takes a fifth of a second, for which the run would wait."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
