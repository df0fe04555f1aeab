"""The engine of many machines: the same answer as one process, whatever is killed. ``make test-cluster`` runs it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import SEEDS, Cleanzh, aside, tree

from cleanzh.engines.ray import RayEngine
from cleanzh.errors import CleanzhError
from cleanzh.run import Dedup, Step, clean_files, unfinished
from cleanzh.stages.clean import Recipe

pytest.importorskip("ray.data", reason="needs the extra `ray`")
# Ray leaves files and sockets to the garbage collector, and its libraries warn of each other.
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore"),
]

os.environ.setdefault("RAY_worker_niceness", "0")  # other work on this machine is not to starve the clusters
STORE = 150 << 20
COMPARE_ONLY = Recipe(script="keep", clean=False)
TOLD = ("_cleanzh/summary.json", "_cleanzh/report.html")  # seconds, jobs
WORDS = "京东与华为战略合作进一步落地双方签署协议共同投入资源用于研发和渠道建设市场反应积极股价上涨分析师认为前景看好"


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dirty documents in files of both kinds: copies, an empty one, broken ones; several shards."""
    folder = tmp_path_factory.mktemp("articles")
    rng = random.Random(1)
    lines = [line for path in sorted(SEEDS.glob("*.txt")) for line in path.read_text("utf-8").splitlines() if line]
    texts = ["\n".join(rng.choices(lines, k=rng.randint(3, 12))) for _ in range(200)]
    texts += [text + "\n" + rng.choice(lines) for text in rng.choices(texts, k=150)] + rng.choices(texts, k=80) + [""]
    rng.shuffle(texts)
    for number, text in enumerate(texts):
        (folder / f"{number:03}.txt").write_text(text, "utf-8")
    rows = [json.dumps({"id": number, "text": text}, ensure_ascii=False) for number, text in enumerate(texts[::3])]
    (folder / "more.jsonl").write_text("\n".join([*rows, '{"text": 1', '{"other": "field"}']) + "\n", "utf-8")
    (folder / "broken.txt").write_bytes(bytes(range(256)) * 4)
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """So many characters that near duplicates are found by bands, in partitions: copies, and copies of copies."""
    folder = tmp_path_factory.mktemp("corpus")
    rng = random.Random(2)
    texts: list[str] = []
    for number in range(7_000):
        text = "".join(rng.choices(WORDS, k=800))
        if number % 3 == 2:
            old, start = rng.choice(texts[-400:]), rng.randrange(700)
            text = old[:start] + text[: rng.choice([3, 20, 60])] + old[start:]
        texts.append(text)
    for part in range(2):
        rows = (json.dumps({"text": text}, ensure_ascii=False) for text in texts[part::2])
        (folder / f"{part}.jsonl").write_text("\n".join(rows) + "\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def expected(articles: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """What one process makes of both."""
    out = tmp_path_factory.mktemp("expected")
    clean_files([articles], out / "articles", jobs=1)
    clean_files([corpus], out / "corpus", recipe=COMPARE_ONLY, dedup=Dedup(containment=0.9), jobs=1)
    assert {"near_duplicate", "exact_duplicate", "unreadable", "empty"} <= set(aside(out / "articles").values())
    assert len(aside(out / "corpus")) > 1000
    return {name: tree(out / name, ignore=TOLD) for name in ("articles", "corpus")}


@pytest.fixture(scope="module")
def engine() -> Iterator[RayEngine]:
    with RayEngine(jobs=4, store=STORE) as made:
        yield made


@contextmanager
def two_nodes() -> Iterator[tuple[str, Any]]:
    """A cluster of two nodes on this machine: its address, and what can be done to it."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False},
    )
    try:
        cluster.add_node(num_cpus=2, object_store_memory=STORE)
        yield cluster.address, cluster
    finally:
        cluster.shutdown()


def test_files_come_out_as_from_one_process(
    engine: RayEngine, articles: Path, expected: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    seen: list[Step] = []
    summary = clean_files([articles], tmp_path / "out", engine=engine, progress=seen.append)
    assert tree(tmp_path / "out", ignore=TOLD) == expected["articles"]
    assert summary.jobs == 4
    assert seen[-1].documents == summary.tally.documents > 500
    assert {step.stage for step in seen} == {"clean", "compare", "write", "report"}


def test_partitions_are_compared_as_in_one_process(
    engine: RayEngine, corpus: Path, expected: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    clean_files([corpus], tmp_path / "out", recipe=COMPARE_ONLY, dedup=Dedup(containment=0.9), engine=engine)
    assert tree(tmp_path / "out", ignore=TOLD) == expected["corpus"]


def test_parquet_and_addresses_are_read_there(engine: RayEngine, articles: Path, tmp_path: Path) -> None:
    parquet, arrow = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
    texts = [path.read_text("utf-8") for path in sorted(articles.glob("1*.txt"))]
    parquet.write_table(arrow.table({"text": texts}), tmp_path / "articles.parquet", row_group_size=20)
    trees = []
    for there in (None, engine):
        out = tmp_path / ("ray" if there else "local")
        clean_files([f"file://{tmp_path}/articles.parquet"], out, engine=there, jobs=1)
        trees.append(tree(out, ignore=TOLD))
    assert trees[0] == trees[1]
    assert "articles.parquet" in trees[0]


@pytest.mark.parametrize("stage", ["clean", "compare"])
def test_a_killed_worker_changes_nothing(
    stage: str, engine: RayEngine, corpus: Path, expected: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    with Killer(driver_of(engine)) as killer:
        clean_files(
            [corpus],
            tmp_path / "out",
            recipe=COMPARE_ONLY,
            dedup=Dedup(containment=0.9),
            engine=engine,
            progress=lambda step: killer.arm() if step.stage == stage else None,
        )
    assert killer.killed
    assert tree(tmp_path / "out", ignore=TOLD) == expected["corpus"]


def test_the_command_says_nothing_of_ray(
    cleanzh: Cleanzh, articles: Path, expected: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    done = cleanzh("clean", articles, "out", "--engine", "ray", "--jobs", "1")
    assert tree(tmp_path / "out", ignore=TOLD) == expected["articles"]
    assert done.stderr == ""
    assert "ray" not in done.stdout.lower()


def test_one_of_two_nodes_is_killed(corpus: Path, expected: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    with two_nodes() as (address, cluster), RayEngine(address) as engine:
        for stage in ("clean", "compare"):
            [node] = cluster.worker_nodes or [cluster.add_node(num_cpus=2, object_store_memory=STORE)]
            killed: list[Any] = []

            def kill(step: Step, *, stage: str = stage, node: Any = node, killed: list[Any] = killed) -> None:
                if step.stage == stage and step.done and not killed:
                    killed.append(node)
                    cluster.remove_node(node, allow_graceful=False)

            clean_files(
                [corpus],
                tmp_path / stage,
                recipe=COMPARE_ONLY,
                dedup=Dedup(containment=0.9),
                engine=engine,
                progress=kill,
            )
            assert killed
            assert engine.jobs == 3
            assert tree(tmp_path / stage, ignore=TOLD) == expected["corpus"]


def test_a_lost_cluster_is_told_and_the_run_goes_on(
    corpus: Path, expected: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    options: dict[str, Any] = {"recipe": COMPARE_ONLY, "dedup": Dedup(containment=0.9)}
    with two_nodes() as (address, cluster), RayEngine(address, patience=20) as engine:

        def kill(step: Step) -> None:
            if step.stage == "compare" and step.done and cluster.head_node is not None:
                for node in list(cluster.worker_nodes):
                    cluster.remove_node(node, allow_graceful=False)
                cluster.head_node.kill_all_processes(check_alive=False, allow_graceful=False)
                cluster.head_node = None

        with pytest.raises(CleanzhError, match=rf"the Ray cluster at {address} is lost .*; look whether"):
            clean_files([corpus], tmp_path / "out", engine=engine, progress=kill, **options)
    assert unfinished(tmp_path / "out")
    seen: list[Step] = []
    clean_files([corpus], tmp_path / "out", resume=True, jobs=1, progress=seen.append, **options)
    assert all(step.before for step in seen if step.stage == "clean" and step.done)  # nothing is cleaned again
    assert tree(tmp_path / "out", ignore=TOLD) == expected["corpus"]


def test_ctrl_c_ends_it_and_the_run_goes_on(
    corpus: Path, expected: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "cleanzh", "dedup", str(corpus), "out", "--containment", "0.9", "--engine", "ray"]
    process = subprocess.Popen(
        command, cwd=tmp_path, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not list(tmp_path.glob("out/_cleanzh/work/*.done")):
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all
    assert "--resume goes on" in process.communicate(timeout=60)[1]
    assert process.returncode == 130
    clean_files([corpus], tmp_path / "out", recipe=COMPARE_ONLY, dedup=Dedup(containment=0.9), resume=True, jobs=1)
    assert tree(tmp_path / "out", ignore=TOLD) == expected["corpus"]


def test_a_cluster_that_is_not_there_is_told(cleanzh: Cleanzh, articles: Path) -> None:
    done = cleanzh("clean", articles, "out", "--engine", "ray", "--ray-address", "127.0.0.1:1", code=2)
    assert "no Ray cluster answers at 127.0.0.1:1" in done.stderr
    assert "ray start --head" in done.stderr
    assert done.stderr.count("\n") <= 2


def test_an_index_is_asked_and_fed(engine: RayEngine, corpus: Path, tmp_path: Path) -> None:
    trees = []
    for name, there in {"local": None, "ray": engine}.items():
        options: dict[str, Any] = {"recipe": COMPARE_ONLY, "dedup": Dedup(index=str(tmp_path / f"{name}-index"))}
        for day in ("0", "1"):
            clean_files([corpus / f"{day}.jsonl"], tmp_path / name / day, engine=there, jobs=1, **options)
        trees.append(tree(tmp_path / name, ignore=tuple(f"{day}/{told}" for day in "01" for told in TOLD)))
    assert trees[0] == trees[1]


class Killer:
    """Kills one busy worker of the cluster that a process started, as soon as it is armed and there is one."""

    def __init__(self, root: int) -> None:
        self.killed: list[str] = []
        self._root, self._armed, self._over = root, threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._armed.set()
        self._thread.join()

    def arm(self) -> None:
        self._armed.set()

    def _watch(self) -> None:
        self._armed.wait()
        while not self._over.is_set() and not self.killed:
            for pid, title in below(self._root).items():
                if title.startswith("ray::") and "IDLE" not in title and "Agent" not in title:
                    os.kill(pid, signal.SIGKILL)
                    self.killed.append(title)
                    return
            time.sleep(0.01)


def driver_of(engine: RayEngine) -> int:
    """The process in which the engine has Ray; a cluster that it started is below it."""
    assert engine.jobs
    assert engine._process is not None
    assert engine._process.pid is not None
    return engine._process.pid


def below(root: int) -> dict[int, str]:
    """The processes that a process has started, and those they have: their titles."""
    parents: dict[int, int] = {}
    titles: dict[int, str] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat, title = (folder / "stat").read_text(), (folder / "cmdline").read_bytes()
            except OSError:
                continue
            parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
            titles[int(folder.name)] = title.replace(b"\0", b" ").decode("utf-8", "replace")
    return {pid: titles[pid] for pid in titles if root in _line(pid, parents.get)}


def _line(pid: int | None, parent: Callable[[int], int | None]) -> Iterator[int]:
    while pid:
        yield pid
        pid = parent(pid)
