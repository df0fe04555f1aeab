"""What the tests of the filters share: cases from files, and what must hold for any text."""

from __future__ import annotations

import itertools
import json
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cleanzh.edits import Filter, apply

FIXTURES = Path(__file__).parent.parent / "fixtures"


def cases(area: str) -> list[Any]:
    """The cases of ``fixtures/AREA``; known failures must fail."""
    found = []
    for path in sorted((FIXTURES / area).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line:
                case = json.loads(line)
                marks = [pytest.mark.xfail(strict=True)] if path.stem == "known_failure" else []
                found.append(pytest.param(case, id=f"{path.stem}-{case['id']}", marks=marks))
    return found


def holds(run: Filter, text: str) -> None:
    """The contract of a filter: sorted edits that change something and apply to the result, and a second run idle."""
    edits = run.edits(text)
    assert all(edit.before != edit.after for edit in edits)
    assert all(one.end <= two.start for one, two in itertools.pairwise(edits))
    assert all(edit.rule.split(".")[0] in run.families for edit in edits)
    once = apply(text, edits)
    assert run.examine(text).applied(text) == once
    assert run(text) == once
    assert run(once) == once


def pickles(run: Filter) -> None:
    again = pickle.loads(pickle.dumps(run))  # noqa: S301 (our own object)
    assert again("&ldquo;甲 。</p>\u200b") == run("&ldquo;甲 。</p>\u200b")


def is_linear(run: Callable[[str], str], unit: str, *, times: int = 400) -> None:
    """Eight times the text takes nowhere near sixty-four times as long; best of three, since machines are shared."""

    def seconds(count: int) -> float:
        text, best = unit * count, 1e9
        for _ in range(3):
            start = time.process_time()
            run(text)
            best = min(best, time.process_time() - start)
        return best

    seconds(10)
    assert seconds(times * 8) < 32 * seconds(times) + 0.2
