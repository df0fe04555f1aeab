"""``remove_markup``: what is changed and what stays."""

from __future__ import annotations

from typing import Any

import pytest
from contract import cases, holds, is_linear, pickles
from hypothesis import given
from hypothesis import strategies as st

from cleanzh.filters import remove_markup


@pytest.mark.parametrize("case", cases("markup"))
def test_fixture(case: dict[str, Any]) -> None:
    assert remove_markup(case["before"]) == case.get("after", case["before"])


def test_pickles() -> None:
    pickles(remove_markup)


PIECES = st.sampled_from(
    [
        "<",
        ">",
        "</",
        "/>",
        "<br>",
        "<br",
        "</p>",
        "/p>",
        "p>",
        "<b>",
        "</b>",
        "<a",
        'href="x">',
        'style="a">',
        "<!--",
        "-->",
        "<script>",
        "</script>",
        "<![CDATA[",
        "]]>",
        "[b]",
        "[/b]",
        "[url=x]",
        "[/url]",
        "![",
        "](",
        ")",
        "[",
        "]",
        "(/a)",
        "{{",
        "}}",
        "${a}",
        "%s",
        "@甲",
        "甲",
        "。",
        "\n",
        "`",
        "```",
        "<pre>",
        "</pre>",
        "<x>",
        "标签",
        "a=1",
        '"',
    ]
)


@given(st.text(max_size=40) | st.lists(PIECES | st.text(max_size=2), max_size=16).map("".join))
def test_any_text(text: str) -> None:
    holds(remove_markup, text)


UNITS = [
    "<br>",
    "<a ",
    '<a href="',
    "<!--",
    "<script>",
    "[b]",
    "[甲](",
    "![",
    "{{",
    "<pre>",
    "<p>甲</p>\n",
    "`",
    "``a`",
]
UNITS += [
    "/p>",
    "\n<x>",
    'style="a" ',
    "甲<br>",
    "<b ",
    "@甲",
    "\n```",
    "[img]a",
    "\n.a{color:",
    '\n{"a":',
    "\nvar a = (",
]


@pytest.mark.parametrize("unit", UNITS)
def test_long_text(unit: str) -> None:
    is_linear(remove_markup, unit)


def test_a_table_of_words_stays_a_table() -> None:
    row = "<tr><td>年份</td><td>产量</td></tr>"
    assert remove_markup(f"<table>{row}{row}</table>说明") == "年份\t产量\n年份\t产量\n说明"
