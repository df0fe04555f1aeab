"""What a run tells: on a terminal, in a log, as JSON; and what its summary says."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Cleanzh, aside

from cleanzh.report.progress import Bar, JsonLog, Lines, Step


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(6):
        text = f"第{number}天,天氣很好，我們去公園散步，看看湖邊的柳樹和白鷺。"
        (tmp_path / f"in/{number}.txt").write_text(text, encoding="utf-8")
    (tmp_path / "in/copy.txt").write_bytes((tmp_path / "in/5.txt").read_bytes())
    return tmp_path


def test_silence_in_a_pipe_unless_it_is_asked_for(cleanzh: Cleanzh, corpus: Path) -> None:
    assert cleanzh("clean", "in", "out").stderr == ""
    assert cleanzh("clean", "in", "out", "--progress", "none").stderr == ""
    lines = cleanzh("clean", "in", "out", "--progress", "plain").stderr.splitlines()
    words = [line.split(maxsplit=2)[2] for line in lines]  # without the time
    assert [word.split()[0] for word in words][:2] == ["cleaning", "cleaning"]
    assert {word.split()[0] for word in words} >= {"cleaning", "comparing", "writing", "done:"}
    assert words[-1].startswith("done: 7 documents in, ")


@pytest.mark.skipif(sys.platform != "linux", reason="where a process counts what the one had that started it")
def test_the_memory_of_who_started_it_is_not_its_own(corpus: Path) -> None:
    start = "import subprocess, sys; held = bytearray(b'1') * 600_000_000; subprocess.run(sys.argv[1:], check=True)"
    command = [sys.executable, "-m", "cleanzh", "clean", "in", "out", "--jobs", "1"]
    subprocess.run([sys.executable, "-c", start, *command], cwd=corpus, check=True, capture_output=True)
    summary = json.loads((corpus / "out/_cleanzh/summary.json").read_text(encoding="utf-8"))
    assert summary["throughput"]["peak_memory"]["main"] < 500_000_000


def test_a_log_of_json_lines(cleanzh: Cleanzh, corpus: Path) -> None:
    events = [json.loads(line) for line in cleanzh("clean", "in", "out", "--log-json").stderr.splitlines()]
    assert all({"time", "event"} <= event.keys() for event in events)
    assert events[0]["event"] == "start"
    assert [event["event"] for event in events[-2:]] == ["set_aside", "end"]
    progress = [event for event in events if event["event"] == "progress"]
    assert [stage for stage in ("clean", "compare", "write") if any(event["stage"] == stage for event in progress)]
    assert all(0 <= event["done"] <= event["total"] for event in progress)
    assert sum(events[-2]["counts"].values()) == events[-1]["documents"]["set_aside"] >= 1
    assert events[-1]["exit_code"] == 0


def test_errors_and_warnings_are_in_the_log(cleanzh: Cleanzh, corpus: Path) -> None:
    (corpus / "none").mkdir()
    log = cleanzh("clean", "none", "out", "--log-json").stderr.splitlines()
    [warning] = [json.loads(line) for line in log if json.loads(line)["event"] == "warning"]
    assert warning["message"] == "no document was found in the input"
    *_, last = cleanzh("clean", "in", "out", "--log-json", code=2).stderr.splitlines()
    assert json.loads(last)["event"] == "error"
    assert json.loads(last)["exit_code"] == 2
    assert "--overwrite" in json.loads(last)["message"]


def test_resume_and_overwrite_are_not_both(cleanzh: Cleanzh, corpus: Path) -> None:
    assert "choose one" in cleanzh("clean", "in", "out", "--resume", "--overwrite", code=2).stderr


def test_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    for teller in (Bar, Lines, JsonLog):
        stream = io.StringIO()
        tell = teller(stream)
        tell(Step("clean", 10_000_000, 100_000_000, 5, before=10_000_000))  # of an earlier run: no speed of this one
        now += 41
        tell(Step("clean", 92_000_000, 100_000_000, 25, before=10_000_000))
        told = stream.getvalue()
        assert "2.0 MB/s, 0:04 left" in told or '"bytes_per_second": 2000000, "seconds_left": 4.0' in told
        now += 1
        tell(Step("clean", 93_000_000, 100_000_000, 26, before=10_000_000))
        assert (stream.getvalue() == told) == (teller is not Bar), "a line of a log now and then"


def test_the_summary_names_documents_and_memory(cleanzh: Cleanzh, corpus: Path) -> None:
    shown = cleanzh("clean", "in", "out").stdout
    summary = json.loads((corpus / "out/_cleanzh/summary.json").read_text(encoding="utf-8"))
    assert summary["rules"]["punctuation.half-width"]["examples"] == ["0.txt", "1.txt", "2.txt"]
    for reason, ids in summary["examples"]["set_aside"].items():
        assert ids == [name for name, why in aside(corpus / "out").items() if why == reason][:3]
        assert ids[0] in shown
    assert summary["throughput"]["peak_memory"]["main"] > 1_000_000
    assert re.search(r"[MG]B of memory", shown)
    assert summary["files"] == 7
