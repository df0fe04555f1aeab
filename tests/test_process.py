"""The command as a process of its own: signals, pipes, a terminal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import SEEDS

COMMAND = [sys.executable, "-m", "cleanzh"]


def test_it_says_what_it_is() -> None:
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("cleanzh, version ")


def test_start_up_imports_nothing_heavy() -> None:
    code = "import sys, cleanzh.cli; print(*(m for m in ('numpy', 'opencc', 'ftfy', 'datasketch') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_filters_import_nothing_heavy() -> None:
    code = "import sys, cleanzh.pipeline; print(*(m for m in ('numpy', 'ftfy', 'datasketch') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_small_clean_text_needs_no_numpy() -> None:
    code = (
        "import sys, cleanzh; text = '清晨的菜市场已经很热闹，摊主们把刚到的蔬菜搬下车。\\n' * 50;"
        "print(len(cleanzh.check(text)), 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[1] == "False"


def test_a_pipe_in_and_out() -> None:
    raw = (SEEDS / "003_f7b2b8c62b2cacdb.txt").read_bytes()
    done = subprocess.run([*COMMAND, "clean", "-", "-"], input=raw, capture_output=True, check=True)
    assert "5月10日，董明珠".encode() in done.stdout
    assert done.stderr == b"", "silence in a pipe"


@pytest.mark.skipif(os.name != "posix", reason="head")
def test_a_reader_that_has_seen_enough() -> None:
    command = f"{sys.executable} -m cleanzh diff {SEEDS} | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals")
def test_progress_and_colour_on_a_terminal(tmp_path: Path) -> None:
    import pty

    def on_terminal(*arguments: str) -> str:
        reader, writer = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
        with subprocess.Popen(
            [*COMMAND, *arguments], cwd=tmp_path, stdout=writer, stderr=writer, env=environment
        ) as run:
            os.close(writer)
            shown = b""
            while True:
                try:
                    block = os.read(reader, 65536)
                except OSError:
                    break
                if not block:
                    break
                shown += block
            assert run.wait(timeout=60) == 0
        os.close(reader)
        return shown.decode()

    assert "cleaning" in on_terminal("clean", str(SEEDS), "out")
    assert "\x1b[31m" in on_terminal("diff", str(SEEDS))


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_interrupted_it_leaves_whole_files(tmp_path: Path, jobs: str) -> None:
    line = json.dumps({"text": "京東與快手簽署戰略合作協議,雙方將展開合作。" * 40}, ensure_ascii=False) + "\n"
    (tmp_path / "in").mkdir()
    for number in range(8):
        (tmp_path / f"in/{number}.jsonl").write_text(line * 1500)
    command = [sys.executable, "-m", "cleanzh", "clean", "in", "out", "--jobs", jobs]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, start_new_session=True) as run:
        work = tmp_path / "out/_cleanzh/work"
        deadline = time.monotonic() + 60
        while not list(work.glob("*.staged")) and time.monotonic() < deadline:
            time.sleep(0.01)
        os.killpg(run.pid, signal.SIGINT)  # as Ctrl-C does: to the command and its workers
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 130
    assert errors.decode().strip() == "interrupted; what is done is kept: the same command with --resume goes on"
    for path in (tmp_path / "out").glob("*.jsonl"):
        assert path.read_text().endswith("\n")
