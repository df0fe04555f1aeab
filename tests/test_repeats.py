"""``remove_repeats``: what goes and what stays."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from contract import cases
from hypothesis import given
from hypothesis import strategies as st

from cleanzh.edits import apply
from cleanzh.filters import remove_repeats

SEEDS = Path(__file__).parent.parent / "seeds"


@pytest.mark.parametrize("case", cases("repeats"))
def test_fixture(case: dict[str, Any]) -> None:
    assert remove_repeats(case["before"]) == case.get("after", case["before"])


def test_pickles() -> None:
    assert pickle.loads(pickle.dumps(remove_repeats)) is remove_repeats  # noqa: S301 (our own object)


LONG = "这是一段足够长的文字，用来试验重复的段落，它的字数超过了四十个，所以不会被当作诗行或者标题来对待。"
lines = st.sampled_from(
    [
        LONG,
        LONG[:30] + "...",
        "摘要：" + LONG,
        LONG + "又多了一句。",
        LONG * 3,
        "短句",
        "",
        "  ",
        LONG + "7",
        LONG + "8",
    ]
)


@given(st.lists(lines | st.text(max_size=4), max_size=14).map("\n".join))
def test_any_text(text: str) -> None:
    edits = remove_repeats.edits(text)
    once = apply(text, edits)
    assert remove_repeats(once) == once
    assert set(once.split("\n")) <= set(text.split("\n"))


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.txt")), ids=lambda path: path.name[:3])
def test_no_seed_repeats_a_paragraph(path: Path) -> None:
    assert remove_repeats.edits(path.read_text(encoding="utf-8")) == []


def test_many_equal_lines_are_quick() -> None:
    text = "\n".join(f"{LONG}{number % 50}" for number in range(20_000))
    assert len(remove_repeats(text)) <= len(text)
