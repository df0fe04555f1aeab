"""Machines that share no folder: what they read lies at addresses, what they leave is brought."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import tree

from cleanzh.engines.ray import RayEngine
from cleanzh.errors import UsageError
from cleanzh.restoring import restore_files
from cleanzh.run import Dedup, clean_files
from cleanzh.stages.clean import Recipe

pytest.importorskip("ray.data", reason="needs the extra `ray`")
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(
        bool(subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode)
        if Path("/usr/bin/unshare").exists()
        else True,
        reason="needs a system on which a process may have mounts of its own",
    ),
]

STORE = 150 << 20
OPTIONS: dict[str, Any] = {"recipe": Recipe(script="keep", clean=False), "dedup": Dedup(containment=0.9)}
TOLD = ("_cleanzh/summary.json", "_cleanzh/report.html")  # seconds, jobs
WORDS = "京东与华为战略合作进一步落地双方签署协议共同投入资源用于研发和渠道建设市场反应积极股价上涨分析师认为前景看好"


class Apart(NamedTuple):
    engine: RayEngine
    own: Path
    """A folder that the machine which does the work does not see."""
    bucket: Any
    """A file system of an object store, with the bucket ``articles``."""


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    """A cluster of a machine that only drives and one that works and has other folders; and an object store."""
    s3fs = pytest.importorskip("s3fs")
    moto = pytest.importorskip("moto.server")
    from ray.cluster_utils import Cluster

    own, patch = tmp_path_factory.mktemp("own"), pytest.MonkeyPatch()
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "RAY_worker_niceness": "0",
    }.items():
        patch.setenv(name, value)
    head = {"num_cpus": 0, "object_store_memory": STORE, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    ray = Path(sys.executable).with_name("ray")  # whether or not the environment is activated
    start = f"'{ray}' start --address={cluster.address} --num-cpus=2 --object-store-memory={STORE} --block"
    node = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", f"mount -t tmpfs none '{own}' && exec {start}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_a_second(cluster)
        bucket = s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False)
        bucket.mkdir("articles")
        with RayEngine(cluster.address) as engine:
            assert engine.jobs == 2
            yield Apart(engine, own, bucket)
    finally:
        node.terminate()
        node.wait()
        cluster.shutdown()
        server.stop()
        patch.undo()


def wait_for_a_second(cluster: Any) -> None:
    options = import_module("ray._raylet").GcsClientOptions
    state = import_module("ray._private.state").GlobalState()
    state._initialize_global_state(options.create(cluster.address, None, True, fetch_cluster_id_if_nil=False))
    until = time.monotonic() + 90
    while len([node for node in state.node_table() if node["Alive"]]) < 2:
        assert time.monotonic() < until, "the second node does not come up"
        time.sleep(0.5)


def made_up(count: int, length: int) -> list[str]:
    rng, texts = random.Random(3), list[str]()
    for number in range(count):
        text = "".join(rng.choices(WORDS, k=length))
        if number % 3 == 2:
            old, start = rng.choice(texts[-400:]), rng.randrange(length // 2)
            text = old[:start] + text[: rng.choice([3, 20, 60])] + old[start:]
        texts.append(text)
    return texts


def lines(texts: Sequence[str]) -> bytes:
    return "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts).encode()


def test_an_object_store_is_all_that_they_share(apart: Apart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet, arrow = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
    texts = made_up(300, 400)
    apart.bucket.pipe("articles/in/深/a.jsonl", lines(texts[::2]))
    parquet.write_table(arrow.table({"text": texts[1::2]}), tmp_path / "b.parquet", row_group_size=60)
    apart.bucket.put(str(tmp_path / "b.parquet"), "articles/in/b.parquet")
    monkeypatch.setattr(tempfile, "tempdir", str(apart.own))  # where the run is made
    clean_files(["s3://articles/in"], "s3://articles/out", engine=apart.engine)
    clean_files(["s3://articles/in"], tmp_path / "expected", jobs=1)
    apart.bucket.get("articles/out/", str(tmp_path / "out"), recursive=True)
    assert tree(tmp_path / "out", ignore=TOLD) == tree(tmp_path / "expected", ignore=TOLD)
    assert {"b.parquet", "深/a.jsonl"} <= set(tree(tmp_path / "out"))
    assert list(apart.own.iterdir()) == []
    assert restore_files("s3://articles/out", tmp_path / "back").problems == []
    assert (tmp_path / "back/深/a.jsonl").read_bytes() == lines(texts[::2])


def test_partitions_are_lent_to_machines_that_do_not_see_them(apart: Apart, tmp_path: Path) -> None:
    texts = made_up(7_000, 800)
    for day in (0, 1):
        (tmp_path / f"{day}.jsonl").write_bytes(lines(texts[day::2]))
    clean_files([tmp_path / "0.jsonl", tmp_path / "1.jsonl"], tmp_path / "expected", jobs=1, **OPTIONS)
    made = apart.own / "out"
    clean_files([tmp_path / "0.jsonl", tmp_path / "1.jsonl"], made, engine=apart.engine, **OPTIONS)
    assert tree(made, ignore=TOLD) == tree(tmp_path / "expected", ignore=TOLD)


def test_pages_are_read_where_they_lie(apart: Apart, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(made_up(50, 200)))
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        clean_files([f"http://127.0.0.1:{server.server_port}/a.jsonl"], apart.own / "pages", engine=apart.engine)
        server.shutdown()
    clean_files([tmp_path / "a.jsonl"], tmp_path / "expected", jobs=1)
    assert (apart.own / "pages/a.jsonl").read_bytes() == (tmp_path / "expected/a.jsonl").read_bytes()


@pytest.mark.parametrize("before", ["", "file://"])
def test_input_that_one_machine_does_not_see_is_told(before: str, apart: Apart, tmp_path: Path) -> None:
    """It is not set aside as if it could not be read anywhere."""
    (apart.own / "in").mkdir(exist_ok=True)
    (apart.own / "in/a.txt").write_text("今天天气很好，我们去公园散步。", "utf-8")
    with pytest.raises(UsageError, match=r"own\d*/in: is not there on .*each machine|all machines"):
        clean_files([f"{before}{apart.own}/in"], tmp_path / "out", engine=apart.engine)
    assert not (tmp_path / "out/a.txt").exists()


def test_an_index_that_one_machine_does_not_see_is_told(apart: Apart, tmp_path: Path) -> None:
    """It would be an empty one there."""
    (tmp_path / "a.jsonl").write_bytes(lines(made_up(50, 200)))
    dedup = Dedup(index=str(apart.own / "index"))
    clean_files([tmp_path / "a.jsonl"], tmp_path / "first", jobs=1, dedup=dedup)
    with pytest.raises(UsageError, match="index: is not there on"):
        clean_files([tmp_path / "a.jsonl"], tmp_path / "second", engine=apart.engine, dedup=dedup)
    assert os.listdir(tmp_path / "second/_cleanzh")  # noqa: PTH208  # it can be gone on with
