"""What is set aside, and what stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanzh.errors import UsageError
from cleanzh.judge import set_aside_reason

ROOT = Path(__file__).parents[1]
CASES = [json.loads(line) for line in (ROOT / "fixtures/language/cases.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(case: dict[str, Any]) -> None:
    assert set_aside_reason(case["text"]) == case["reason"]


def test_seeds() -> None:
    found = {p.name[:3]: set_aside_reason(p.read_text("utf-8")) for p in (ROOT / "seeds").glob("*.txt")}
    assert found == {"000": None, "001": None, "002": None, "003": None, "004": "not_chinese"}


def test_thresholds_are_options() -> None:
    text = "京东 signed a contract"
    assert set_aside_reason(text) is None
    assert set_aside_reason(text, min_han_share=0.9) == "not_chinese"
    assert set_aside_reason("日语的の", max_foreign_share=0.1) == "not_chinese"
    assert set_aside_reason("日语的の") is None


@pytest.mark.parametrize("options", [{"min_han_share": 2}, {"max_foreign_share": -1}])
def test_a_share_is_a_share(options: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        set_aside_reason("中", **options)


@settings(deadline=None)
@given(st.text())
def test_any_text(text: str) -> None:
    assert set_aside_reason(text) in (None, "empty", "not_chinese")
