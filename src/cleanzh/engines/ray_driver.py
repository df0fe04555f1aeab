"""The driver of :class:`~cleanzh.engines.ray.RayEngine`: a process of its own that knows Ray.

It answers on its pipe: ``("ready", jobs)``; ``("result", number, what)`` and ``("told", done, total)``; ``("done",)``;
``("failed", exception)``; ``("lost", why)``; and ``("alive",)`` as long as the cluster answers.
"""

from __future__ import annotations

import logging
import os
import pickle
import platform
import signal
import socket
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import cleanzh
from cleanzh.engines.place import Distant, Home, Place, bring, not_there
from cleanzh.errors import CleanzhError
from cleanzh.stages.compare import Dedup

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Connect", "serve"]

# A document that kills its process is found out after a few deaths; a shard may hold some.
_DEATHS = 10
_PULSE = 2.0
# Signed files of one partition: several fit the memory of a worker, one is worth a task.
_PARTITION_BYTES = 1 << 26


class Connect(NamedTuple):
    """Which cluster, and how."""

    address: str | None
    jobs: int | None
    store: int


def serve(pipe: Connection, connect: Connect, log: str) -> None:
    """What the process does, until its pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent decides
    told = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(told, 1)
    os.dup2(told, 2)
    try:
        driver = _Driver(pipe, connect)
    except Exception as error:
        pipe.send(("failed", error if isinstance(error, CleanzhError) else CleanzhError(_told(error))))
        return
    try:
        while True:
            driver.answer(pipe.recv())
    except (EOFError, OSError, _Gone):
        driver.close()


class _Gone(BaseException):
    """The parent is gone, or has enough."""


class _Driver:
    def __init__(self, pipe: Connection, connect: Connect) -> None:
        self._pipe, self._sending = pipe, threading.Lock()
        _reach(connect.address)
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        os.environ["RAY_DATA_DISABLE_PROGRESS_BARS"] = "1"
        os.environ.setdefault("RAY_worker_niceness", "0")  # of a cluster started here; Ray's own choice is 15
        import ray
        import ray.data

        self._ray: Any = ray
        try:
            if connect.address:
                ray.init(address=connect.address, log_to_driver=False, logging_level=logging.ERROR)
            else:
                ray.init(
                    address="local",  # not a cluster that someone left running
                    num_cpus=connect.jobs,
                    object_store_memory=connect.store,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                )
        except Exception as error:
            raise _no_cluster(connect.address, error) from error
        processors = int(self._ray.cluster_resources().get("CPU", 1))
        self._jobs = min(connect.jobs or processors, processors)
        self._same_everywhere()
        self._send("ready", self._jobs)
        threading.Thread(target=self._pulse, daemon=True).start()

    def close(self) -> None:
        self._ray.shutdown()

    def answer(self, request: tuple[Any, ...]) -> None:
        """Do what is asked for, and say so."""
        try:
            if request[0] == "run":
                self._run(*request[1:])
            else:
                self._compare(*request[1:])
        except (CleanzhError, OSError) as error:
            self._send("failed", error)
        except Exception as error:
            self._send("failed", CleanzhError(_told(error)))
        else:
            self._send("done")

    def _send(self, *answer: Any) -> None:
        try:
            with self._sending:
                self._pipe.send(answer)
        except OSError as error:
            raise _Gone from error

    def _pulse(self) -> None:
        """A sign of life, for as long as the cluster and the part of it on this machine give one."""
        own = self._ray.get_runtime_context().get_node_id()
        try:
            while True:
                if not any(node["NodeID"] == own and node["Alive"] for node in self._ray.nodes()):
                    self._send("lost", "its process on this machine ended")
                self._send("alive")
                threading.Event().wait(_PULSE)
        except _Gone:  # also while there is work: nobody waits for it
            os.kill(os.getpid(), signal.SIGTERM)
        except Exception:  # the cluster does not answer: the other end misses the sign of life
            return

    def _same_everywhere(self) -> None:
        """Other versions would give other results, or none."""
        for address, answer in self._asked(_versions).items():
            if isinstance(answer, Exception):
                raise CleanzhError(
                    f"cleanzh does not run on {address} ({_line(answer)}); install it on each machine of the cluster: "
                    f"pip install 'cleanzh[ray]=={cleanzh.__version__}'"
                ) from answer
            if answer != _versions():
                ours, theirs = (", ".join(f"{name} {version}" for name, version in v) for v in (_versions(), answer))
                raise CleanzhError(f"{address} has {theirs}, and this machine {ours}; install the same on each")

    def _asked(self, function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
        """What a function says on each machine, or what it raises there."""
        ray, asked, answers = self._ray, dict[str, Any](), dict[str, Any]()
        for node in ray.nodes():
            if node["Alive"]:
                remote = ray.remote(num_cpus=0, max_retries=_DEATHS, **_on(node["NodeID"]))(function)
                asked[f"{node['NodeManagerAddress']} ({node['NodeID'][:6]})"] = remote.remote(*arguments)
        for name, answer in asked.items():
            try:
                answers[name] = ray.get(answer, timeout=120)
            except ray.exceptions.RayTaskError as error:
                answers[name] = error.cause
            except Exception as error:
                answers[name] = error
        return answers

    def _run(self, work: Callable[..., Any], tasks: list[bytes], folder: Path, needs: Sequence[str]) -> None:
        ray, place = self._ray, Place.of(folder, needs)
        rows = [{"number": number, "task": task} for number, task in enumerate(tasks)]
        done: set[int] = set()
        failed: Exception | None = None
        try:
            dataset = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
                _each,
                fn_args=(pickle.dumps(work), place),
                batch_size=1,
                batch_format="pyarrow",
                **_bounded(ray.data, self._jobs),
                max_retries=_DEATHS,
            )
            for row in dataset.iter_rows():
                result, left, failed = pickle.loads(row["result"])  # noqa: S301  # made by `_each`
                if failed is not None:
                    break
                bring(left, folder)
                done.add(row["number"])
                self._send("result", row["number"], result)
        except Exception as error:
            waiting = [str(pickle.loads(task)) for number, task in enumerate(tasks) if number not in done]  # noqa: S301
            raise CleanzhError(f"{_told(error)}; it happened to one of: {', '.join(waiting[:3])[:500]}") from error
        finally:
            place.leave()
        if failed is not None:
            raise failed

    def _seen_by_all(self, folder: Path, needs: Sequence[str]) -> bool:
        """Whether all machines see a folder; raises :class:`UsageError` if one does not see what is needed."""
        place = Place.of(folder, needs)
        try:
            answers = list(self._asked(Place.seen, place).values())
        finally:
            place.leave()
        for answer in answers:
            if isinstance(answer, CleanzhError):
                raise answer
        return all(answer is True or isinstance(answer, Exception) for answer in answers)  # or has just been lost

    def _compare(self, staged_files: Sequence[Path], dedup: Dedup, places: Mapping[str, str]) -> None:
        from cleanzh.dedup import temporaries_in
        from cleanzh.dedup.partitioned import PartitionedDeduplicator
        from cleanzh.stages.compare import StagedPartition

        named, run = tuple(sorted(places.items())), time.time_ns()
        partitions = [StagedPartition(files, named, run) for files in _parted(staged_files, self._jobs)]
        folder = staged_files[0].parent if staged_files else Path()
        executor = _Executor(self._ray, self._jobs)
        at_home, compared_ones = executor.submit, list[Any](partitions)
        index = [dedup.index] if dedup.index and Path(dedup.index).exists() else []
        if partitions and not self._seen_by_all(folder, index):
            at_home = executor.at_home()
            compared_ones = [
                Distant(
                    number,
                    run,
                    self._ray.get,
                    *at_home(StagedPartition.columns, part),
                    *at_home(StagedPartition.signed, part),
                )
                for number, part in enumerate(partitions)
            ]
        with temporaries_in(folder):
            compared = PartitionedDeduplicator(
                compared_ones,
                executor,
                threshold=dedup.threshold,
                containment=dedup.containment,
                keep=dedup.keep,
                index=dedup.index,
            )
            steps = 2 * len(partitions)
            self._send("told", len(partitions), steps)
            names: dict[str, str] = {}
            if places:
                for own in executor.fetch([at_home(StagedPartition.names, part)[0] for part in partitions]):
                    names |= own
            verdicts = compared.each_verdict()
            written: deque[Any] = deque()
            for number, (partition, count) in enumerate(zip(partitions, compared.counts, strict=True)):
                made = list(islice(verdicts, count))
                known = {name: names[name] for each in made for name in (each.id, each.cluster) if name in names}
                written += at_home(StagedPartition.write, partition, made, known)
                if number >= self._jobs:  # verdicts that are not written yet are held
                    executor.fetch([written.popleft()])
                self._send("told", len(partitions) + number, steps)
            executor.fetch(list(written))


def _reach(address: str | None) -> None:
    """Whether anything answers there; Ray itself would try for a minute and more."""
    host, _, port = (address or "").rpartition(":")
    if host and port.isdigit():
        try:
            socket.create_connection((host, int(port)), timeout=10).close()
        except OSError as error:
            raise _no_cluster(address, error) from error


def _no_cluster(address: str | None, error: Exception) -> CleanzhError:
    where = f"no Ray cluster answers at {address}" if address else "Ray does not start here"
    return CleanzhError(f"{where} ({_line(error)}); start one with: ray start --head")


class _Executor:
    """An :class:`~cleanzh.dedup.partitioned.Executor` of Ray tasks; what is lost with a node is made again."""

    def __init__(self, ray: Any, parallel: int) -> None:
        self._ray, self.parallel = ray, parallel
        self._remote = ray.remote(num_cpus=1, max_retries=_DEATHS)(_at)

    def submit(self, function: Callable[..., Any], *arguments: Any, parts: int = 1) -> list[Any]:
        made = self._remote.options(num_returns=parts).remote(Path.cwd(), function, *arguments)
        return made if parts > 1 else [made]

    def at_home(self) -> Callable[..., list[Any]]:
        """A ``submit`` for what is to be done on this machine, two at a time."""
        own = _on(self._ray.get_runtime_context().get_node_id())
        options = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1, "max_concurrency": 2}
        home = self._ray.remote(**options, **own)(Home).remote(Path.cwd())
        return lambda function, *arguments: [home.do.remote(function, *arguments)]

    def fetch(self, references: Sequence[Any]) -> list[Any]:
        try:
            results: list[Any] = self._ray.get(list(references))
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, CleanzhError | OSError):
                raise error.cause from error
            raise
        return results

    def share(self, value: Any) -> Any:
        return self._ray.put(value)


def _parted(files: Sequence[Path], jobs: int) -> Iterator[tuple[Path, ...]]:
    """Staged files in a row, so many that each partition is about as large, and each processor has some."""
    from cleanzh.stages.clean import signed_file

    sizes = [signed_file(file).stat().st_size for file in files]
    most = min(_PARTITION_BYTES, max(1, sum(sizes) // (2 * jobs)))
    part: list[Path] = []
    held = 0
    for file, size in zip(files, sizes, strict=True):
        if part and held + size > most:
            yield tuple(part)
            part, held = [], 0
        part.append(file)
        held += size
    if part:
        yield tuple(part)


def _bounded(data: Any, jobs: int) -> dict[str, Any]:
    """The argument that says how many tasks run at a time; it has another name before Ray 2.51."""
    if hasattr(data, "TaskPoolStrategy"):
        return {"compute": data.TaskPoolStrategy(size=jobs)}
    return {"concurrency": jobs}


def _on(node: str) -> dict[str, Any]:
    """Options of what is to be done on one machine."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return {"scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=False)}


def _each(batch: pyarrow.Table, work: bytes, place: Place) -> pyarrow.Table:
    """Tasks in; results out, with the files that are to be brought; an exception is a result."""
    import pyarrow

    run = pickle.loads(work)  # noqa: S301  # both are from the driver
    results = []
    for task in batch["task"].to_pylist():
        try:
            answer: tuple[Any, ...] = *place.do(run, task), None
        except MemoryError:
            os._exit(1)  # as on one machine: it is done again, and the document that takes it all is found out
        except (CleanzhError, OSError) as error:
            answer = None, {}, _placed(error)
        except Exception as error:  # which may not pickle
            told = CleanzhError(f"it failed on {platform.node()}: {type(error).__name__}: {error}")
            told.add_note(traceback.format_exc())
            answer = None, {}, told
        results.append(pickle.dumps(answer))
    return pyarrow.table({"number": batch["number"], "result": pyarrow.array(results, pyarrow.large_binary())})


def _at(folder: Path, function: Callable[..., Any], *arguments: Any) -> Any:
    """Where the driver is: paths may be relative."""
    with suppress(OSError):
        os.chdir(folder)
    return function(*arguments)


def _placed(error: Exception) -> Exception:
    """A file that is missing on another machine only is not where all see it."""
    return not_there(error.filename) if isinstance(error, FileNotFoundError) and error.filename else error


def _versions() -> list[tuple[str, str]]:
    return [("cleanzh", cleanzh.__version__), ("Python", ".".join(platform.python_version_tuple()[:2]))]


def _line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return (lines[-1].strip() if lines else type(error).__name__)[:300]


def _told(error: BaseException) -> str:
    """What Ray says when it gives up on a task; what the task itself raised, if it did."""
    cause = error
    while (inner := getattr(cause, "cause", None) or cause.__cause__) is not None:
        cause = inner
    return f"Ray could not do it: {type(cause).__name__}: {_line(cause)}"
