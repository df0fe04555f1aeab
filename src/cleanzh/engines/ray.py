"""A Ray cluster: the same stage functions, on as many machines as there are.

Ray lives in a process of its own, the *driver* (:mod:`cleanzh.engines.ray_driver`), and this one talks to it through a
pipe. So what a cluster writes to the terminal goes into a file, Ctrl-C is ours, and when the cluster is lost (which may
end Ray's process on the spot, or leave it waiting for ever) there is someone left to say so.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar

from cleanzh.engines.ray_driver import Connect, serve
from cleanzh.errors import CleanzhError
from cleanzh.stages.compare import Dedup

__all__ = ["RayEngine"]

A = TypeVar("A")
B = TypeVar("B")

# Tasks that are one dataset: enough that the wait for the last of them does not show, few enough to hold.
_WINDOW, _WINDOW_BYTES = 64, 1 << 26
# Seconds without a sign of life, which is given every two; and for a driver to come up or to leave.
_PATIENCE, _STARTING, _LEAVING = 60.0, 300.0, 10.0


class RayEngine:
    """An :class:`~cleanzh.engines.Engine` on Ray, to be used as a context manager.

    ``address`` is that of a running cluster (``auto``: the one this machine belongs to); without one, a cluster of
    this machine alone is started, with ``jobs`` processors, and ended with the engine. ``jobs`` bounds how many tasks
    run at a time. ``store`` is how many bytes of memory the object store of a cluster started here has.

    Raises :class:`CleanzhError` if Ray is not installed, if the cluster can not be reached, and, at any later moment,
    if it is lost: the shards that are finished stay, and the run can be resumed, on any engine.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        jobs: int | None = None,
        store: int = 1 << 29,
        patience: float = _PATIENCE,
    ) -> None:
        if importlib.util.find_spec("ray") is None:
            raise CleanzhError("Ray is not installed; install it with: pip install 'cleanzh[ray]'")
        if address and address.startswith("ray://"):
            raise CleanzhError(
                f"{address}: the address of a Ray Client, through which no data can be moved; start cleanzh on a "
                "machine of the cluster, with --ray-address auto"
            )
        self._connect = Connect(address, jobs, store)
        self._where = f"the Ray cluster at {address}" if address else "the Ray cluster of this machine"
        self._patience = patience
        self._pipe: Connection | None = None
        self._process: BaseProcess | None = None
        self._log: IO[bytes] | None = None

    @cached_property
    def jobs(self) -> int:
        """How many tasks are done at the same time; asked for the first time, it connects to the cluster."""
        context = multiprocessing.get_context("spawn")
        self._log = tempfile.NamedTemporaryFile(prefix="cleanzh-ray-", suffix=".log")  # noqa: SIM115  # see `close`
        self._pipe, there = context.Pipe()
        self._process = context.Process(target=serve, args=(there, self._connect, self._log.name), daemon=True)
        self._process.start()
        there.close()  # so that its end closes when it dies
        return int(self._answer(_STARTING)[1])

    @property
    def worker_memory(self) -> int:
        return 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the driver, and with it what it has running on the cluster."""
        if self._pipe is None or self._process is None or self._log is None:
            return
        self._pipe.close()  # it ends at that
        for end in (self._process.terminate, self._process.kill):
            self._process.join(_LEAVING)
            if self._process.is_alive():
                end()
        self._process.join()
        self._log.close()

    def run(
        self, work: Callable[[A, Path], B], tasks: Iterable[A], /, folder: Path, needs: Sequence[str] = ()
    ) -> Iterator[B]:
        for window in _windows(tasks, _WINDOW * max(1, self.jobs)):
            self._send(("run", work, window, folder, list(needs)))
            ready: dict[int, Any] = {}
            for number in range(len(window)):
                while number not in ready:
                    _, done, result = self._answer()
                    ready[done] = result
                try:
                    yield ready.pop(number)
                except GeneratorExit:  # nobody waits for the rest
                    self.close()
                    raise
            self._answer()

    def compare(
        self, staged_files: Iterable[Path], dedup: Dedup, places: Mapping[str, str], tell: Callable[[int, int], None], /
    ) -> None:
        self._send(("compare", list(staged_files), dedup, dict(places)))
        while (answer := self._answer())[0] != "done":
            tell(*answer[1:])

    def _send(self, message: tuple[Any, ...]) -> None:
        assert self._pipe is not None
        try:
            self._pipe.send(message)
        except OSError as error:
            raise self._lost("its process ended") from error

    def _answer(self, patience: float | None = None) -> tuple[Any, ...]:
        """The next answer of the driver that is more than a sign of life."""
        assert self._pipe is not None
        while True:
            try:
                if not self._pipe.poll(patience or self._patience):
                    raise self._lost("no sign of life")
                answer: tuple[Any, ...] = self._pipe.recv()
            except (EOFError, OSError) as error:
                raise self._lost("its process ended") from error
            if answer[0] == "failed":
                raise answer[1]
            if answer[0] == "lost":
                raise self._lost(answer[1])
            if answer[0] != "alive":
                return answer

    def _lost(self, why: str) -> CleanzhError:
        if self._process is not None:
            self._process.kill()  # whatever it waits for does not come
        return CleanzhError(f"{self._where} is lost ({why}); look whether its machines run, and start it again")


def _windows(tasks: Iterable[Any], most: int) -> Iterator[list[bytes]]:
    """Tasks, pickled, some at a time: they may carry what they are about."""
    window: list[bytes] = []
    for task in tasks:
        window.append(pickle.dumps(task))
        if len(window) >= most or sum(map(len, window)) >= _WINDOW_BYTES:
            yield window
            window = []
    if window:
        yield window
