"""Processes of this machine that work together, each with a pipe to this one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import ModuleType, TracebackType
from typing import Any, Generic, NoReturn, Self, TypeVar

from cleanzh.engines import TaskLostError
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
class _Task(Generic[A]):
    what: A
    deaths: int = 0
    done: bool = False
    result: Any = None


class Pool(Generic[A, B]):
    """Processes with a pipe each, so that of one that dies it is known what it did."""

    def __init__(self, work: Callable[[A], B], jobs: int) -> None:
        self._work, self._jobs = work, jobs
        self._context = multiprocessing.get_context("spawn")
        self._processes: dict[Connection, SpawnProcess] = {}
        self._idle: list[Connection] = []
        self._busy: dict[Connection, _Task[A]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        if kind is not None:
            for process in self._processes.values():
                process.terminate()
        for pipe, process in self._processes.items():
            pipe.close()  # one that waits for a task ends at that
            process.join(_PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()

    def map(self, tasks: Iterable[A]) -> Iterator[B]:
        waiting: deque[_Task[A]] = deque()  # in order, from the first without a result on
        ready: deque[_Task[A]] = deque()
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
            while waiting and waiting[0].done:
                yield waiting.popleft().result
            if drained and not waiting:
                return
            if ready and (self._idle or len(self._processes) < self._jobs):
                self._give(ready)
                continue
            if self._busy and (ready or drained or len(waiting) >= self._jobs * _AHEAD):
                self._take(ready)

    def _give(self, ready: deque[_Task[A]]) -> None:
        task = ready.popleft()
        pipe = self._idle.pop() if self._idle else self._start()
        self._busy[pipe] = task
        try:
            pipe.send(task.what)
        except OSError:  # it died while it had nothing to do
            self._bury(pipe, ready)

    def _start(self) -> Connection:
        here, there = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(there, self._work), daemon=True)
        with _no_main_module():
            process.start()
        there.close()  # so that its end closes when it dies
        self._processes[here] = process
        return here

    def _take(self, ready: deque[_Task[A]]) -> None:
        for pipe in wait(list(self._busy)):
            assert isinstance(pipe, Connection)
            try:
                good, result = pipe.recv()
            except (EOFError, OSError):
                self._bury(pipe, ready)
                continue
            task = self._busy.pop(pipe)
            self._idle.append(pipe)
            if not good:
                raise result
            task.done, task.result = True, result

    def _bury(self, pipe: Connection, ready: deque[_Task[A]]) -> None:
        process, task = self._processes.pop(pipe), self._busy.pop(pipe)
        pipe.close()
        process.join()
        task.deaths += 1
        if task.deaths >= _DEATHS:
            raise TaskLostError(task.what, task.deaths, process.exitcode)
        ready.appendleft(task)


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


def _serve(pipe: Connection, work: Callable[[Any], Any]) -> None:
    """A process of the pool: do what comes, until nothing can come any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent decides
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            _leave()
        try:
            answer = True, work(task)
        except MemoryError:
            os._exit(1)  # as if the system had ended it: a process that ran out of memory is not to be trusted
        except Exception as error:
            error.add_note(traceback.format_exc())
            answer = False, error
        try:
            pipe.send(answer)
        except OSError:  # the parent is gone
            _leave()
        except Exception as error:  # a result or an exception that does not pickle
            pipe.send((False, CleanzhError(f"{answer[1]!r} can not be sent back: {error}")))


def _leave() -> NoReturn:
    """End at once: to take down all that is loaded takes a fifth of a second, for which the run would wait."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
