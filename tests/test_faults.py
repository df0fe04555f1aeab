"""Faults, really produced: what a run leaves when it is stopped, and that it goes on to the same result."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from conftest import Cleanzh, aside, tree

from cleanzh.document import Cleaned
from cleanzh.engines import TaskLostError
from cleanzh.engines.local import LocalEngine, in_order
from cleanzh.pipeline import Pipeline
from cleanzh.readers import Record
from cleanzh.restoring import restore_files
from cleanzh.run import clean_files
from cleanzh.stages import clean
from cleanzh.verifying import verify

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")

COMMAND = [sys.executable, "-m", "cleanzh", "clean", "in", "out"]
GONE_ON = "the same command with --resume goes on"
LINES = (
    "清晨的菜市场已经很热闹，摊主们把刚到的蔬菜一筐筐搬下车。",
    "老城区的改造方案公布以后,居民最关心的是停车位够不够。",
    "圖書館延長了開放時間，備考的學生不用再到咖啡店裡佔座。",
    "這家小店只賣三樣點心,開了四十年，味道一點也沒有變。",
    "研究人员在湖边架起相机，记录候鸟每天到达和离开的时刻。",
    "地铁新线试运行的第一天，站台上站满了来看热闹的老人。",
)
SHARDS, IN_A_SHARD = 4, 200


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small files, enough for some shards: copies among them, files of blanks, one that is no text."""
    folder = tmp_path_factory.mktemp("corpus") / "in"
    chosen = random.Random(1)
    text = ""
    for number in range(SHARDS * IN_A_SHARD):
        path = folder / f"{number // IN_A_SHARD}/{number:04}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        if number % 9:
            text = "\n".join(f"{chosen.choice(LINES)}这是第{chosen.randrange(10**6)}次。" for _ in range(2)) + "\n"
        path.write_text(text if number % 97 else " \n", encoding="utf-8")
    (folder / "0/0007.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)))
    return folder


@pytest.fixture(scope="module")
def result(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run leaves that nobody disturbs."""
    place = tmp_path_factory.mktemp("reference")
    (place / "in").symlink_to(corpus)
    subprocess.run([*COMMAND, "--jobs", "2"], cwd=place, check=True, capture_output=True, timeout=100)
    return everything(place / "out")


@pytest.fixture
def place(corpus: Path, tmp_path: Path) -> Path:
    """A folder to run in, with the corpus as ``in``."""
    (tmp_path / "in").symlink_to(corpus)
    return tmp_path


def everything(out: Path) -> dict[str, bytes]:
    """All of OUT but how long it took."""
    found = tree(out)
    summary = json.loads(found["_cleanzh/summary.json"])
    del summary["throughput"]
    found["_cleanzh/summary.json"] = json.dumps(summary).encode()
    del found["_cleanzh/report.html"]  # which shows that, too
    return found


def start(place: Path, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


def run(place: Path, *arguments: str, code: int = 0, **options: Any) -> str:
    """Run to the end; what it says on stderr."""
    with start(place, *arguments, **options) as process:
        errors = process.communicate(timeout=100)[1]
    assert process.returncode == code, errors
    return errors


def workers(process: subprocess.Popen[str]) -> list[int]:
    """The processes that work for it."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == process.pid and b"spawn_main" in (path / "cmdline").read_bytes():
                found.append(int(path.name))
        except (OSError, IndexError):
            continue
    return found


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.timeout(900)  # a minute where nothing else runs
@pytest.mark.skipif(not Path("/proc").exists(), reason="finds workers in /proc")
def test_killed_at_fifty_random_moments(place: Path, result: dict[str, bytes]) -> None:
    chosen = random.Random(50)
    begun = time.monotonic()
    run(place, "--jobs", "2")
    longest = time.monotonic() - begun
    shutil.rmtree(place / "out")
    killed = finished = 0
    resume: list[str] = []
    while killed < 50:
        with start(place, "--jobs", chosen.choice("112"), *resume) as process:
            try:
                process.wait(chosen.uniform(0, longest * 0.8))
            except subprocess.TimeoutExpired:
                victims = workers(process)
                match chosen.choice(["run", "all", "worker"]):
                    case "worker" if victims:  # the run goes on without it
                        kill(chosen.choice(victims))
                        process.communicate(timeout=100)
                        assert process.returncode == 0
                    case "all":
                        os.killpg(process.pid, signal.SIGKILL)
                    case _:  # its workers find out by themselves
                        kill(process.pid)
                killed += 1
            process.communicate(timeout=100)
        resume = ["--resume"]
        if process.returncode == 0:
            assert everything(place / "out") == result
            finished += 1
            shutil.rmtree(place / "out")
    run(place, "--resume")
    assert everything(place / "out") == result
    assert finished < killed


@pytest.mark.skipif(not Path("/proc").exists(), reason="finds workers in /proc")
def test_killed_workers_cost_nothing_but_time(place: Path, result: dict[str, bytes]) -> None:
    with start(place, "--jobs", "2") as process:
        killed: set[int] = set()
        while process.poll() is None and len(killed) < 5:
            time.sleep(0.3)
            for pid in workers(process)[:1]:
                kill(pid)
                killed.add(pid)
        errors = process.communicate(timeout=100)[1]
    assert killed
    assert (process.returncode, errors) == (0, "")
    assert everything(place / "out") == result


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("stage", ["clean", "compare", "write"])
def test_interrupted_in_each_stage(place: Path, result: dict[str, bytes], stage: str, jobs: str) -> None:
    with start(place, "--jobs", jobs, "--log-json") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if json.loads(line).get("stage") == stage:
                os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: to the command and its workers
                break
        *_, last = process.communicate(timeout=100)[1].splitlines()
    assert process.returncode == 130
    assert json.loads(last)["event"] == "error"
    assert GONE_ON in json.loads(last)["message"]
    assert "holds a run that was stopped" in run(place, code=2)
    assert run(place, "--resume") == ""
    assert everything(place / "out") == result
    assert not (place / "out/_cleanzh/work").exists()


def test_what_is_done_is_not_done_again(place: Path, result: dict[str, bytes]) -> None:
    done = place / "out/_cleanzh/work/00000000.done"
    with start(place) as process:
        while not done.exists() and process.poll() is None:
            time.sleep(0.01)
        kill(process.pid)
    staged = done.with_suffix(".staged")
    before = staged.stat().st_mtime_ns
    os.link(staged, place / "kept")
    assert run(place, "--resume", "--log-json").count('"before": 0,') >= 1
    assert (place / "kept").stat().st_mtime_ns == before
    assert everything(place / "out") == result


def limited(size: int) -> Any:
    import resource

    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("size", [80_000, 300_000], ids=["while it cleans", "while it writes"])
def test_a_file_that_may_not_grow(place: Path, result: dict[str, bytes], size: int) -> None:
    errors = run(place, "--jobs", "2", code=2, preexec_fn=limited(size))
    assert "File too large" in errors
    assert GONE_ON in errors
    assert (place / "out/_cleanzh/work/00000000.done").exists() == (size > 80_000)
    assert run(place, "--resume") == ""
    assert everything(place / "out") == result


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, one and a half megabytes of it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "none", disk], check=False, capture_output=True)
    if made.returncode:
        pytest.skip("only root may mount a disk")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_full_disk(place: Path, small_disk: Path, result: dict[str, bytes]) -> None:
    (place / "out").symlink_to(small_disk)
    errors = run(place, code=2)
    assert "No space left on device" in errors
    assert GONE_ON in errors
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    assert run(place, "--resume") == ""
    assert everything(small_disk) == result


def stopped(place: Path) -> None:
    """A run that was killed when its first shard was done."""
    with start(place) as process:
        while not (place / "out/_cleanzh/work/00000000.done").exists() and process.poll() is None:
            time.sleep(0.01)
        kill(process.pid)


def test_another_configuration_is_no_resuming(place: Path) -> None:
    stopped(place)
    errors = run(place, "--resume", "--script", "taiwan", "--threshold", "0.8", code=2)
    assert 'script was "simplified", is "taiwan"' in errors
    assert "dedup threshold was 0.7, is 0.8" in errors
    assert "--overwrite" in errors


def test_another_input_is_no_resuming(corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus, tmp_path / "in")
    stopped(tmp_path)
    (tmp_path / "in/2/0500.txt").write_text("今天天气很好，我们去公园散步。")
    assert "2/0500.txt has changed" in run(tmp_path, "--resume", code=2)
    (tmp_path / "in/2/0500.txt").unlink()
    assert "files were added to the input, or removed" in run(tmp_path, "--resume", code=2)
    run(tmp_path, "--overwrite")
    assert len(tree(tmp_path / "out")["_cleanzh/ledger.jsonl"].splitlines()) == SHARDS * IN_A_SHARD - 1


def test_a_finished_run_is_not_done_again(place: Path, result: dict[str, bytes]) -> None:
    (place / "out").mkdir()
    assert run(place, "--resume") == "", "nothing to go on with: it begins"
    before = (place / "out/_cleanzh/ledger.jsonl").stat().st_mtime_ns
    assert run(place, "--resume") == ""
    assert (place / "out/_cleanzh/ledger.jsonl").stat().st_mtime_ns == before
    assert everything(place / "out") == result


def test_two_runs_at_once(place: Path) -> None:
    with start(place) as process:
        while not (place / "out/_cleanzh/work/plan.json").exists():
            time.sleep(0.01)
        errors = run(place, "--resume", code=2)
        process.communicate(timeout=100)
    assert f"another process (number {process.pid}) is writing to it" in errors
    assert process.returncode == 0


def test_killed_while_what_is_clean_is_written(place: Path) -> None:
    """Where nothing is compared, OUT is written while others are at work."""
    run(place, "--no-dedup", "--jobs", "2")
    result = everything(place / "out")
    shutil.rmtree(place / "out")
    with start(place, "--no-dedup", "--jobs", "2") as process:
        while not list((place / "out").glob("[0-9]*")):
            time.sleep(0.001)
        kill(process.pid)
        process.communicate(timeout=100)
    written = {name: data for name, data in tree(place / "out").items() if not name.startswith("_cleanzh")}
    assert written.items() <= result.items()
    assert len(list((place / "out/_cleanzh/work").glob("*.done"))) > 0
    assert run(place, "--no-dedup", "--resume") == ""
    assert everything(place / "out") == result


def process_of(_: int) -> int:
    time.sleep(0.01)
    return os.getpid()


def test_the_processes_of_an_engine_stay_while_it_does() -> None:
    with LocalEngine(2) as engine:
        first = set(engine.in_order(process_of, range(40)))
        assert os.getpid() not in first
        assert set(engine.in_order(process_of, range(40))) <= first
        assert next(engine.in_order(process_of, range(40))) in first  # of the rest nobody awaits the result
        assert list(engine.in_order(abs, range(-9, 0))) == list(range(9, 0, -1))
        assert engine.worker_memory > 0
    assert not engine.begun


def cycles_of(_: int) -> tuple[int, int, int]:
    return gc.get_threshold()


def test_processes_search_for_cycles_as_seldom_as_the_one_that_starts_them() -> None:
    before = gc.get_threshold()
    gc.set_threshold(31_415, 9, 26)
    try:
        assert set(in_order(cycles_of, range(4), jobs=2)) == {(31_415, 9, 26)}
    finally:
        gc.set_threshold(*before)


def die_at_four(number: int) -> int:
    if number == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_work_that_kills_each_process_ends() -> None:
    with pytest.raises(TaskLostError, match="signal 9") as told:
        list(in_order(die_at_four, range(8), jobs=2))
    assert told.value.task == 4


# --- documents that end the process that cleans them -----------------------------------------------------------------


def with_deadly_documents(work: Callable[[Any, Path], Any], task: Any, folder: Path) -> Any:
    """In a worker: a filter in which a library crashes, or takes all the memory there is, at some documents."""
    import resource

    examine = clean.examine

    def deadly(record: Record, pipeline: Pipeline) -> tuple[Record, Cleaned | None, str | None]:
        if record.text and "崩溃" in record.text:
            os.kill(os.getpid(), signal.SIGKILL)
        if record.text and "内存" in record.text:
            resource.setrlimit(resource.RLIMIT_DATA, (1 << 29, resource.RLIM_INFINITY))
            bytearray(1 << 34)
        return examine(record, pipeline)

    clean.examine = deadly
    try:
        return work(task, folder)
    finally:
        clean.examine = examine


class Deadly(LocalEngine):
    def run(
        self, work: Callable[..., Any], tasks: Iterable[Any], /, folder: Path, needs: Sequence[str] = ()
    ) -> Iterator[Any]:
        return super().run(partial(with_deadly_documents, work), tasks, folder, needs)


def test_documents_that_kill_their_process_are_set_aside(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(12):
        word = {3: "崩溃", 8: "内存"}.get(number, "晴天")
        (tmp_path / f"in/{number:02}.txt").write_text(f"今天是第{number}个{word}，我们去公园散步，看看湖边的柳树。")
    summary = clean_files([tmp_path / "in"], tmp_path / "out", engine=Deadly(2), dedup=None)
    assert aside(tmp_path / "out") == {"03.txt": "unreadable", "08.txt": "unreadable"}
    assert summary.kept == 10
    assert "is killed each time" in (tmp_path / "out/_cleanzh/set_aside.jsonl").read_text()
    assert verify(tmp_path / "out").problems == []
    restore_files(tmp_path / "out", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(tmp_path / "in")


# --- files that are not what they were -------------------------------------------------------------------------------


def test_a_file_that_grows_while_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/quiet.txt").write_text("今天天气很好，我们去公园散步，看看湖边的柳树。")
    line = json.dumps({"text": "清晨的菜市场已经很热闹。" * 60}, ensure_ascii=False) + "\n"
    (tmp_path / "in/grows.jsonl").write_text(line * 2500)  # two pieces
    over = threading.Event()

    def grow() -> None:
        with (tmp_path / "in/grows.jsonl").open("a") as file:
            while not over.wait(0.001):
                file.write(line)
                file.flush()

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        subprocess.run([*COMMAND[:3], "dedup", "in", "out", "--jobs", "2"], cwd=tmp_path, check=True, timeout=100)
    finally:
        over.set()
        writer.join()
    reasons = aside(tmp_path / "out")
    assert set(reasons.values()) == {"unreadable"}
    assert len(reasons) > 1, "one for each piece"
    assert "was changed while the run was at work (from" in (tmp_path / "out/_cleanzh/set_aside.jsonl").read_text()
    assert (tmp_path / "out/quiet.txt").exists()
    assert not (tmp_path / "out/grows.jsonl").exists()
    assert verify(tmp_path / "out").problems == []


def test_a_file_that_is_removed_while_the_run_is_at_work(corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus, tmp_path / "in")
    with start(tmp_path, "--no-dedup") as process:
        while not (tmp_path / "out/_cleanzh/work/plan.json").exists():
            time.sleep(0.001)
        (tmp_path / "in/3/0799.txt").unlink()
        process.communicate(timeout=100)
    assert process.returncode == 0
    assert aside(tmp_path / "out")["3/0799.txt"] == "unreadable"
    assert verify(tmp_path / "out").problems == []


# --- permissions and hostile paths -----------------------------------------------------------------------------------


def as_anyone() -> None:
    """Before a command is started: root must not pass where others may not."""
    prctl, drop = ctypes.CDLL(None).prctl, 24
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        prctl(drop, capability, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="capabilities")
def test_what_may_not_be_read_is_set_aside_or_named(tmp_path: Path) -> None:
    (tmp_path / "in/closed").mkdir(parents=True)
    (tmp_path / "in/open.txt").write_text("今天天气很好，我们去公园散步。")
    (tmp_path / "in/locked.txt").write_text("锁")
    (tmp_path / "in/locked.txt").chmod(0)
    (tmp_path / "in/locked.jsonl").write_text("锁")
    (tmp_path / "in/locked.jsonl").chmod(0)
    (tmp_path / "in/closed").chmod(0)
    run(tmp_path, preexec_fn=as_anyone)
    assert aside(tmp_path / "out") == {"locked.jsonl": "unreadable", "locked.txt": "unreadable"}
    assert "Permission denied" in (tmp_path / "out/_cleanzh/set_aside.jsonl").read_text()
    summary = json.loads((tmp_path / "out/_cleanzh/summary.json").read_text())
    assert summary["skipped"] == [{"name": "closed", "why": "unreadable folder: Permission denied"}]


@pytest.mark.skipif(sys.platform != "linux", reason="capabilities")
def test_an_output_that_may_not_be_written(place: Path, result: dict[str, bytes]) -> None:
    (place / "out").mkdir(mode=0o555)
    assert "Permission denied" in run(place, code=2, preexec_fn=as_anyone)
    (place / "out").chmod(0o755)
    stopped(place)
    (place / "out/_cleanzh/work").chmod(0o555)
    errors = run(place, "--resume", code=2, preexec_fn=as_anyone)
    assert "Permission denied" in errors
    assert GONE_ON in errors
    (place / "out/_cleanzh/work").chmod(0o755)
    run(place, "--resume", preexec_fn=as_anyone)
    assert everything(place / "out") == result


def test_what_is_no_file_does_not_block_and_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    os.mkfifo(tmp_path / "in/pipe.jsonl")
    (tmp_path / "in/endless.txt").symlink_to("/dev/zero")
    (tmp_path / "in/endless.jsonl.gz").symlink_to("/dev/zero")
    (tmp_path / "in/self.txt").symlink_to("/proc/self/mem")
    with socket.socket(socket.AF_UNIX) as listening:
        home = Path.cwd()
        os.chdir(tmp_path / "in")  # the path of a socket must be short
        listening.bind("socket.txt")
        os.chdir(home)
        run(tmp_path)
    assert set(aside(tmp_path / "out").values()) == {"unreadable"}
    assert len(aside(tmp_path / "out")) == 5
    assert verify(tmp_path / "out").problems == []


def test_nothing_is_written_outside_of_out(tmp_path: Path) -> None:
    (tmp_path / "a/in").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("院子里的柿子熟了，孩子们搬来梯子摘。")
    (tmp_path / "a/in/link.txt").symlink_to("../../secret.txt")  # it is followed, and written under its own name
    (tmp_path / "a/in/..\\up.txt").write_text("今天天气很好，我们去公园散步。")
    before = set(tree(tmp_path))
    run(tmp_path / "a", "--no-dedup", "--jobs", "1")
    assert {name for name in tree(tmp_path) if not name.startswith("a/out/")} == before
    assert (tmp_path / "a/out/link.txt").read_text() == "院子里的柿子熟了，孩子们搬来梯子摘。"


@pytest.mark.parametrize("name", ["../stolen.txt", "/tmp/stolen.txt", "x/../../stolen.txt", ""])  # noqa: S108
def test_a_ledger_can_not_lead_out_of_its_folder(cleanzh: Cleanzh, tmp_path: Path, name: str) -> None:
    (tmp_path / "a.txt").write_text("今天天气很好，我们去公园散步。")
    cleanzh("clean", "a.txt", "out")
    (tmp_path / "a.txt").rename(tmp_path / "stolen.txt")
    ledger = tmp_path / "out/_cleanzh/ledger.jsonl"
    ledger.write_text(ledger.read_text().replace('"source": "a.txt"', f'"source": {json.dumps(name)}'))
    (tmp_path / "stolen.txt").unlink()
    before = tree(tmp_path)
    for command in (("verify", "out"), ("restore", "out", "back")):
        assert "no name of a file below it" in cleanzh(*command, code=2).stderr
    assert tree(tmp_path) == before
