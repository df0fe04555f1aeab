"""``decode_entities``: what is changed and what stays."""

from __future__ import annotations

from typing import Any

import pytest
from contract import cases, holds, is_linear, pickles
from hypothesis import given
from hypothesis import strategies as st

from cleanzh.filters import decode_entities


@pytest.mark.parametrize("case", cases("entities"))
def test_fixture(case: dict[str, Any]) -> None:
    assert decode_entities(case["before"]) == case.get("after", case["before"])


def test_pickles() -> None:
    pickles(decode_entities)


PIECES = st.sampled_from([
    "&", "＆", "amp;", "nbsp;", "ldquo", "rdquo;", "#", "8220", ";", "；", "x27", "&#x4f60;",
    "&lt;", "gt", "quot", "\\u", "\\x", "4f60", "3c", "%", "E4", "BD", "A0", "%u",
    "`", "\n", "你", "。", "a", "=", "表示", "转义",
])  # fmt: skip


@given(st.text(max_size=40) | st.lists(PIECES | st.text(max_size=2), max_size=20).map("".join))
def test_any_text(text: str) -> None:
    holds(decode_entities, text)


@pytest.mark.parametrize(
    "unit", ["&amp;", "&amp;nbsp;你", "& ", "&#", "nbsp;", "%E4%BD", "\\u4f60", "`&", "\n[source]\n----\n&lt;", "amp;"]
)
def test_long_text(unit: str) -> None:
    is_linear(decode_entities, unit)


def test_rules_are_named_by_what_was_found() -> None:
    text = "&amp;甲&#8220;乙&rdquo丙& nbsp;丁＆nbsp；戊nbsp;己\\u4f60%u4f60、%E4%BD%A0"
    names = [edit.rule.removeprefix("entity.") for edit in decode_entities.edits(text)]
    assert names == [
        "named", "numeric", "unterminated", "spaced", "full-width", "no-ampersand", "backslash", "percent", "percent"
    ]  # fmt: skip


def test_a_numeric_reference_is_what_a_browser_shows() -> None:
    assert decode_entities("&#128;&#x80;&#128512;") == "€€😀"
