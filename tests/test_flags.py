"""Flags: what is reported of a text and not changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from contract import cases
from hypothesis import given
from hypothesis import strategies as st

from cleanzh.document import Flag
from cleanzh.flags import find_flags

SEEDS = Path(__file__).parent.parent / "seeds"


@pytest.mark.parametrize("case", cases("flags"))
def test_fixture(case: dict[str, Any]) -> None:
    assert find_flags(case["before"]) == [Flag(*flag) for flag in case.get("flags", [])]


def test_the_holes_of_seed_002() -> None:
    text = next(SEEDS.glob("002*")).read_text(encoding="utf-8")
    holes = [flag for flag in find_flags(text) if flag.name == "damage.hole"]
    assert [text[flag.start - 2 : flag.start] for flag in holes] == ["用意", "背后", "不过", "看来"]


@pytest.mark.parametrize("name", ["000", "001", "003", "004"])
def test_other_seeds_have_no_holes(name: str) -> None:
    text = next(SEEDS.glob(f"{name}*")).read_text(encoding="utf-8")
    assert not [flag for flag in find_flags(text) if flag.name == "damage.hole"]


@given(st.text(alphabet="，。：、,；汉字\ufffd锟斤拷 \n"))
def test_spans_are_of_the_text(text: str) -> None:
    flags = find_flags(text)
    assert all(text.startswith(flag.text, flag.start) for flag in flags)
    assert flags == sorted(flags, key=lambda flag: flag.start)
