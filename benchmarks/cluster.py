"""Whole runs on a Ray cluster and on this machine, by turns: ``python benchmarks/cluster.py --documents 10000 100000``.

Made-up documents (``scale.py``; with ``clean`` dirt is put into half of them) are cleaned, or only compared, by the
local engine and by Ray on a cluster of ``--nodes`` nodes started here, with as many processors together. Of each run,
which is a process of its own: seconds, CPU seconds of all that takes part, the most memory of each kind of process
(without what is shared: the object store), and of Ray what went into the object stores and to their disks. Output,
ledger and verdicts of both engines are compared byte by byte.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import operator
import os
import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from scale import table, texts

from cleanzh.engines.ray import RayEngine
from cleanzh.run import clean_files
from cleanzh.run.summary import Summary
from cleanzh.stages.clean import Recipe

SAME = ("_cleanzh/ledger.jsonl", "_cleanzh/verdicts.jsonl", "_cleanzh/set_aside.jsonl")
BEFORE = ("来源：大众报 作者：李明\n2021-03-04 10:20 阅读：172\n", "分享到：微信 微博 QQ空间\n", "&nbsp;&nbsp;")
AFTER = ("\n更多精彩内容，请关注微信公众号", "\n（责任编辑：王芳）", "<br/>", "\n上一篇：没有了\n下一篇：没有了")
_CONTEXT = multiprocessing.get_context("spawn")
_TICK = 0.25


def dirty(text: str, rng: random.Random) -> str:
    """As scrapers bring it: in half of the cases with a header, half-width commas, entities, a footer."""
    if rng.random() < 0.5:
        return text
    text = text.replace("，", ",") if rng.random() < 0.4 else text
    text = text[:60] + "&ldquo;" + text[60:70] + "&rdquo;" + text[70:] if rng.random() < 0.4 else text
    return rng.choice(BEFORE) + text + rng.choice(AFTER)


def make(target: Path, count: int, length: int, *, clean: bool) -> None:
    rng = random.Random(count)
    with target.open("w", encoding="utf-8") as file:
        for number, text in enumerate(texts(count, length)):
            text = dirty(text, rng) if clean else text
            file.write(json.dumps({"id": number, "text": text}, ensure_ascii=False) + "\n")


# -- what is watched --------------------------------------------------------------------------------------------------


class Watch:
    """CPU seconds and the most memory of a process and all below it, by kind."""

    def __init__(self, root: int, kinds: dict[int, str]) -> None:
        self._root, self._kinds = root, kinds
        self.peaks: Counter[str] = Counter()
        self._used: dict[int, tuple[float, str]] = {}
        self._before: dict[int, tuple[float, str]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watch:
        self._look()
        self._before = dict(self._used)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    @property
    def seconds(self) -> Counter[str]:
        """CPU seconds by kind."""
        found: Counter[str] = Counter()
        for pid, (used, kind) in self._used.items():
            found[kind] += used - self._before.get(pid, (0, ""))[0]
        return found

    def _watch(self) -> None:
        while not self._over.wait(_TICK):
            self._look()

    def _look(self) -> None:
        parents, used = dict[int, int](), dict[int, float]()
        for folder in Path("/proc").iterdir():
            with suppress(OSError, ValueError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split() if folder.name.isdigit() else []
                if fields:
                    parents[int(folder.name)] = int(fields[1])
                    used[int(folder.name)] = sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
        below, last = {self._root}, 0
        while len(below) != last:
            last = len(below)
            below |= {pid for pid, parent in parents.items() if parent in below}
        below.discard(os.getpid())  # who looks
        sums: Counter[str] = Counter()
        for pid in below & used.keys():
            with suppress(OSError, ValueError, KeyError):  # it ends meanwhile
                lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
                held = sum(int(lines[name].split()[0]) for name in ("RssAnon", "RssFile")) // 1024
                title = Path(f"/proc/{pid}/cmdline").read_bytes()  # empty when it ends
                kind = self._kinds.get(pid) or (_kind(title) if title else self._used[pid][1])
                self._used[pid] = used[pid], kind  # of one that has ended, what it had used a moment before
                self.peaks[kind] = max(self.peaks[kind], held)
                sums["all"] += held
        self.peaks["all"] = max(self.peaks["all"], sums["all"])


def _kind(title: bytes) -> str:
    if title.startswith(b"ray::"):
        return "worker"
    return "worker" if b"spawn_main" in title else "of Ray"


# -- the cluster ------------------------------------------------------------------------------------------------------


@contextmanager
def cluster(nodes: int, jobs: int, store: int) -> Iterator[tuple[str, Any]]:
    """A cluster of this machine, held by a process of its own: its address, and what its object stores count."""
    here, there = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_hold, args=(there, nodes, jobs, store))
    process.start()
    there.close()
    address, pid = here.recv()

    def stores() -> Counter[str]:
        here.send("stores")
        return Counter(here.recv())

    stores.pid = pid  # type: ignore[attr-defined]
    try:
        yield address, stores
    finally:
        here.close()
        process.join()


def _hold(pipe: Connection, nodes: int, jobs: int, store: int) -> None:
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112  # so Ray reads it
    import ray
    from ray._private.internal_api import node_stats
    from ray.cluster_utils import Cluster

    processors = [jobs // nodes + (number < jobs % nodes) for number in range(nodes)]
    options = {"object_store_memory": store << 20, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": processors[0], **options})
    for count in processors[1:]:
        made.add_node(num_cpus=count, object_store_memory=store << 20)
    ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
    pipe.send((made.address, os.getpid()))
    with suppress(EOFError):
        while pipe.recv():
            stores: Counter[str] = Counter()
            for node in ray.nodes():
                stats = node_stats(node["NodeManagerAddress"], node["NodeManagerPort"], False).store_stats
                for name in ("cumulative_created_bytes", "spilled_bytes_total", "restored_bytes_total"):
                    stores[name] += getattr(stats, name)
            pipe.send(dict(stores))
    ray.shutdown()
    made.shutdown()


# -- runs -------------------------------------------------------------------------------------------------------------


def _run(pipe: Connection, source: Path, out: Path, recipe: Recipe, jobs: int, address: str | None) -> None:
    """One run, in a process of its own; told are its driver, what starting took, its stages, and what came out."""
    begun = time.perf_counter()
    engine = RayEngine(address, jobs=jobs) if address else None
    if engine:
        list(engine.run(operator.eq, range(jobs), out.parent))  # processes are up, libraries loaded
    pipe.send((engine._process.pid if engine and engine._process else None, time.perf_counter() - begun))
    pipe.recv()
    stages: dict[str, float] = {}

    def tell(step: Any) -> None:
        stages.setdefault(step.stage, time.perf_counter())

    begun = time.perf_counter()
    summary: Summary = clean_files([source], out, recipe=recipe, jobs=jobs, engine=engine, progress=tell)
    ended = time.perf_counter()
    if engine:
        engine.close()
    ends = [*list(stages.values())[1:], ended]
    parts = {name: end - start for (name, start), end in zip(stages.items(), ends, strict=True)}
    pipe.send((ended - begun, parts, summary.tally.documents, summary.kept))


def measure(
    source: Path, out: Path, recipe: Recipe, jobs: int, address: str | None, holder: int | None
) -> tuple[dict[str, Any], Watch, Watch]:
    here, there = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_run, args=(there, source, out, recipe, jobs, address))
    process.start()
    there.close()
    assert process.pid is not None
    kinds = {process.pid: "main"} | ({holder: "of Ray"} if holder else {})
    root = os.getpid() if address else process.pid
    with Watch(root, kinds) as starting:
        driver, fixed = here.recv()
    kinds |= {driver: "driver"} if driver else {}
    with Watch(root, kinds) as running:
        here.send("go")
        seconds, parts, documents, kept = here.recv()
    process.join()
    made = {"fixed": fixed, "seconds": seconds, "parts": parts, "documents": documents, "kept": kept}
    return made, starting, running


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("clean", "dedup"))
    parser.add_argument("--documents", type=int, nargs="+", default=[10_000, 90_000], help="(default 10000 90000)")
    parser.add_argument("--length", type=int, default=450, help="characters of a document (default 450)")
    parser.add_argument("--jobs", type=int, default=2, help="processors, of both engines (default 2)")
    parser.add_argument("--nodes", type=int, default=2, help="of the cluster (default 2)")
    parser.add_argument("--store", type=int, default=400, help="MiB of the object store of a node (default 400)")
    parser.add_argument("--engines", nargs="+", default=["local", "Ray"], help="(default local Ray)")
    parser.add_argument("--folder", help="where to put the documents, and what comes out (default: temporary)")
    arguments = parser.parse_args()
    recipe = Recipe() if arguments.command == "clean" else Recipe(script="keep", clean=False)
    rows: list[Sequence[object]] = []
    used: dict[tuple[str, int], tuple[float, float]] = {}
    with (
        tempfile.TemporaryDirectory(dir=arguments.folder) as name,
        cluster(arguments.nodes, arguments.jobs, arguments.store) as (address, stores),
    ):
        folder = Path(name)
        for count in sorted(arguments.documents):
            source = folder / f"{count}.jsonl"
            make(source, count, arguments.length, clean=arguments.command == "clean")
            size = source.stat().st_size / 1e6
            for engine in arguments.engines:
                out, there = folder / engine, address if engine == "Ray" else None
                before = stores()
                made, starting, running = measure(
                    source, out, recipe, arguments.jobs, there, stores.pid if there else None
                )
                moved = stores() - before
                used[engine, count] = made["seconds"], running.seconds.total()
                peaks = running.peaks
                rows.append([
                    engine, f"{count:,}", f"{size:.0f}", f"{made['fixed']:.0f}", f"{starting.seconds.total():.1f}",
                    f"{made['seconds']:.0f}", f"{running.seconds.total():.1f}",
                    ", ".join(f"{kind} {spent:.1f}" for kind, spent in running.seconds.items() if spent),
                    ", ".join(f"{stage} {spent:.0f}" for stage, spent in made["parts"].items()),
                    peaks["main"], peaks["driver"] or "", peaks["worker"] or "", peaks["all"],
                    f"{moved['cumulative_created_bytes'] / 1e6:,.0f}", f"{moved['spilled_bytes_total'] / 1e6:,.0f}",
                    f"{moved['restored_bytes_total'] / 1e6:,.0f}", f"{made['kept']:,}",
                ])  # fmt: skip
                print("  ".join(map(str, rows[-1])), flush=True)
            if len(arguments.engines) > 1:
                one, other = (folder / engine for engine in arguments.engines[:2])
                same = all((one / name).read_bytes() == (other / name).read_bytes() for name in (source.name, *SAME))
                print(f"{count:,}: the same output, ledger and verdicts: {same}\n", flush=True)
            for left in (source, *(folder / engine for engine in arguments.engines)):
                shutil.rmtree(left) if left.is_dir() else left.unlink()
    table(
        ["engine", "documents", "MB", "starting, s", "CPU", "seconds", "CPU seconds", "of them", "stages, s",
         "main, MB", "driver, MB", "a worker, MB", "all together, MB", "into object stores, MB", "spilled, MB",
         "restored, MB", "kept"],
        rows,
    )  # fmt: skip
    counts = sorted(arguments.documents)
    for first, last in pairwise(counts):
        if ("local", last) in used and ("Ray", last) in used:
            ours, theirs = (
                [b - a for a, b in zip(used[n, first], used[n, last], strict=True)] for n in ("local", "Ray")
            )
            print(
                f"The added {last - first:,} documents: Ray takes {theirs[0] / ours[0]:.2f} times the seconds, "
                f"{theirs[1] / ours[1]:.2f} times the CPU."
            )


if __name__ == "__main__":
    main()
