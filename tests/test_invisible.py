"""``remove_invisible``: what is changed and what stays."""

from __future__ import annotations

from typing import Any

import pytest
from contract import cases, holds, is_linear, pickles
from hypothesis import given
from hypothesis import strategies as st

from cleanzh.filters import remove_invisible


@pytest.mark.parametrize("case", cases("invisible"))
def test_fixture(case: dict[str, Any]) -> None:
    assert remove_invisible(case["before"]) == case.get("after", case["before"])


def test_pickles() -> None:
    pickles(remove_invisible)


PIECES = st.sampled_from(
    [
        "\u200b",
        "\u200c",
        "\u200d",
        "\ufeff",
        "\xad",
        "\x08",
        "\x1b[31m",
        "\u202a",
        "\ufe0f",
        "\U000e0100",
        "\ue608",
        "\ue85d",
        "\u2f00",
        "\u2ea1",
        "\uf90a",
        "\U0001f469",
        "\U0001f3f4",
        "\U000e0067",
        "甲",
        "\u0627",
        "ab",
        "\xd4",
        "ㅤ",
        "\uac00",
        "の",
        "\n",
        "`",
        "部首",
        "。",
        "\ud800",
    ]
)


@given(st.text(max_size=40) | st.lists(PIECES | st.text(max_size=2), max_size=20).map("".join))
def test_any_text(text: str) -> None:
    holds(remove_invisible, text)


@pytest.mark.parametrize(
    "unit", ["\u200b", "甲\u200b", "\ue608 ", "\ue608甲", "\u001b[", "👩\u200d", "⼀\n", "\u202a\n"]
)
def test_long_text(unit: str) -> None:
    is_linear(remove_invisible, unit)


def test_no_common_character_is_touched() -> None:
    text = "".join(map(chr, [9, 10, 13, *range(32, 127), *range(0x3001, 0x3030), *range(0x4E00, 0x9FFF)]))
    assert remove_invisible.edits(text) == []


def test_rules_are_named_by_what_was_found() -> None:
    found = {edit.rule for edit in remove_invisible.edits("\ufeff甲\u200b乙\u00ad丙\u200e丁\u0007⼀\uf90a\ufe0f\ue85d")}
    kinds = "byte-order-mark zero-width soft-hyphen bidi control radical compatibility-ideograph variation-selector"
    assert found == {f"invisible.{kind}" for kind in [*kinds.split(), "private-use"]}
