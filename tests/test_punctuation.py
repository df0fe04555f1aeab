"""Folded punctuation comes back in Chinese context, and nowhere else."""

from __future__ import annotations

import json
import pickle
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanzh.edits import apply
from cleanzh.filters import restore_punctuation

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "fixtures" / "punctuation"
SEEDS = {path.name[:3]: path.read_text("utf-8") for path in sorted((ROOT / "seeds").glob("*.txt"))}


def cases(kind: str) -> list[Any]:
    lines = (FIXTURES / f"{kind}.jsonl").read_text("utf-8").splitlines()
    marks = [pytest.mark.xfail(strict=True)] if kind == "known_failure" else []
    return [pytest.param(case, id=f"{kind}-{case['id']}", marks=marks) for case in map(json.loads, lines)]


def folded(text: str) -> str:
    """The text as NFKC folds its marks, with ellipses and quotes as one."""
    return unicodedata.normalize("NFKC", text).replace("......", "...").replace("“", '"').replace("”", '"')


@pytest.mark.parametrize("case", [*cases("wild"), *cases("synthetic"), *cases("negative"), *cases("known_failure")])
def test_case(case: dict[str, str]) -> None:
    after = case.get("after", case["before"])
    assert restore_punctuation(case["before"]) == after
    assert restore_punctuation(after) == after


@pytest.mark.parametrize("number", ["000", "001", "002", "003"])
def test_seeds_change_in_their_marks_only(number: str) -> None:
    before, after = SEEDS[number], restore_punctuation(SEEDS[number])
    assert after != before
    assert folded(after).replace("。..", "...") == folded(before).replace("。..", "...")


def test_every_mark_of_seed_000_comes_back() -> None:
    assert not set(",;:!?()") & set(restore_punctuation(SEEDS["000"]))


def test_english_seed_stays() -> None:
    assert restore_punctuation.edits(SEEDS["004"]) == []


def test_rules() -> None:
    edits = restore_punctuation.edits('他说:"好"。。。')
    assert [edit.rule for edit in edits] == [
        "punctuation.half-width",
        "punctuation.straight-quote",
        "punctuation.straight-quote",
        "punctuation.ellipsis",
    ]
    assert restore_punctuation.families == ("punctuation",)


def test_pickles() -> None:
    assert pickle.loads(pickle.dumps(restore_punctuation)) is restore_punctuation  # noqa: S301  (our own bytes)


@pytest.mark.parametrize(
    "piece", ["中,", "(", ")", "中(", '"', '"中', ".", "。", "中,a", "a,", ":)", "```", "<a", "中 ,"]
)
def test_long_lines_take_linear_time(piece: str) -> None:
    text = "中," + piece * (100_000 // len(piece))
    after = restore_punctuation(text)
    assert restore_punctuation(after) == after


PIECES = [
    *"中文的國a b1Z,;:!?()\"'.…。，；：！？（）“”\n =<>`&$-{}[]%_^の가　",
    "快手",
    "http://",
    "www.",
    "```",
    "\ud800",
    "\0",
    "...",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=40))
def test_any_text(text: str) -> None:
    edits = restore_punctuation.edits(text)
    after = restore_punctuation(text)
    assert apply(text, edits) == after
    assert restore_punctuation.edits(after) == []
    assert all(edit.before != edit.after for edit in edits)
