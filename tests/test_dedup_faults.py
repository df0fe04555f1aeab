"""A run with an index, killed while it writes and gone on with: the same result, and nothing is stored twice."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Cleanzh, tree

from cleanzh.cli import main
from cleanzh.dedup import DuplicateIndex

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a child to kill"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

WRITING = {"write", "fsync", "replace", "unlink", "truncate", "rmdir", "mkdir"}
SAID = "清晨的菜市场已经很热闹，摊主们把刚到的蔬菜一筐筐搬下车，第{}位顾客在第{}个摊位前停下，问起价钱来。\n"


@pytest.fixture
def days(tmp_path: Path, cleanzh: Cleanzh) -> None:
    """Two days of articles that share some, in one folder; the first day is in the index."""
    chosen = random.Random(7)
    articles = ["".join(SAID.format(chosen.random(), chosen.random()) for _ in range(4)) for _ in range(9)]
    for day, part in (("monday", articles[:6]), ("tuesday", articles[3:])):
        (tmp_path / day).mkdir()
        for number, text in enumerate([*part, part[-1] + "转载请注明出处。\n"]):
            (tmp_path / day / f"{number}.txt").write_text(text, encoding="utf-8")
    cleanzh("clean", "monday", "first", "--index", "seen")
    assert len(list(DuplicateIndex("seen").ids())) == 6


def everything(out: Path) -> dict[str, bytes]:
    """All of OUT but how long it took."""
    found = tree(out, ignore=("_cleanzh/report.html",))
    summary = json.loads(found.pop("_cleanzh/summary.json"))
    del summary["throughput"]
    return {**found, "summary": json.dumps(summary).encode()}


def in_a_child(arguments: list[str], fatal: int = -1) -> int:
    """Run the command and die right before that call; the exit code. Without one it notes how many there were."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seen = 0

    def watch(_frame: object, event: str, called: Any) -> None:
        nonlocal seen
        if event == "c_call" and called.__name__ in WRITING and not isinstance(called.__self__, str | bytes):
            if seen == fatal:
                os._exit(9)
            seen += 1

    try:
        sys.setprofile(watch)
        main(arguments)
    except SystemExit as end:
        sys.setprofile(None)
        if fatal < 0:
            Path("calls").write_text(str(seen), encoding="utf-8")
        os._exit(int(end.code or 0))
    finally:  # a child must not run on in the parent's tests
        os._exit(1)


@pytest.mark.parametrize("command", ["clean", "dedup"])
@pytest.mark.usefixtures("days")
def test_killed_while_it_writes_a_run_with_an_index_goes_on(command: str) -> None:
    arguments = [command, "tuesday", "out", "--index", "index", "--jobs", "1"]
    shutil.copytree("seen", "index")
    assert in_a_child(arguments) == 0
    expected, stored = everything(Path("out")), sorted(DuplicateIndex("index").ids())
    assert len(stored) == 9
    calls = int(Path("calls").read_text(encoding="utf-8"))
    moments = range(random.Random(command).randrange(calls // 9), calls, calls // 9)
    unfinished = 0
    for fatal in moments:
        for folder in ("out", "index"):
            shutil.rmtree(folder)
        shutil.copytree("seen", "index")
        assert in_a_child(arguments, fatal) == 9
        assert DuplicateIndex("index").verify() == []
        unfinished += len(list(DuplicateIndex("index").ids())) < 9
        assert in_a_child([*arguments, "--resume"]) == 0
        assert everything(Path("out")) == expected
        assert sorted(DuplicateIndex("index").ids()) == stored
        assert sum(segment.documents for segment in DuplicateIndex("index").info()) == 9
        assert not list(Path("index").glob("*.partial"))
    assert 0 < unfinished < len(moments)
