"""``normalize_whitespace``: what is changed and what stays."""

from __future__ import annotations

from typing import Any

import pytest
from contract import cases, holds, is_linear, pickles
from hypothesis import given
from hypothesis import strategies as st

from cleanzh.edits import Findings, apply
from cleanzh.errors import UsageError
from cleanzh.filters import NormalizeWhitespace, normalize_whitespace
from cleanzh.filters.whitespace import _find


@pytest.mark.parametrize("case", cases("whitespace"))
def test_fixture(case: dict[str, Any]) -> None:
    assert normalize_whitespace(case["before"]) == case.get("after", case["before"])


def test_pickles() -> None:
    pickles(normalize_whitespace)


BLANKS = ["\r", "\n", "\r\n", "\u2028", "\f", " ", "  ", "\t", "\u3000", "\u3000\u3000", "\xa0"]
PIECES = st.sampled_from([*BLANKS, *"京东互动。，（）“”a1#`│|是：？の", "快手", "第一条", "```"])


@given(st.text(max_size=40) | st.lists(PIECES | st.text(max_size=2), max_size=24).map("".join))
def test_any_text(text: str) -> None:
    holds(normalize_whitespace, text)


@given(st.lists(PIECES, max_size=16).map("".join), st.sampled_from(["remove", "add"]))
def test_any_text_with_spacing(text: str, between: Any) -> None:
    holds(NormalizeWhitespace(between), text)


LONGER = ("国家", "国 家，", "国家，国家，国家，", "增 长", "公司", "一个，", "，他 说", "和 平", "张三 李四", "作者：")
SENTENCES = st.sampled_from([*"，。…」、：” 是为的和节中家A9%", "  ", " ，", "。 ", " \n", *LONGER])


@given(st.lists(SENTENCES, max_size=24).map("".join))
def test_any_sentence(text: str) -> None:
    holds(normalize_whitespace, text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("他说… 」 他在。", "他说…」他在。"),  # a blank behind a quotation, once the mark before it is beside it
        ("他。 \n ，公司。", "他。\n，公司。"),  # an indent, once the line before it ends in a mark
        (
            "他国家的 国 家，国家国家作者：司\n，好。",
            "他国家的国家，国家国家作者：司\n，好。",
        ),  # no list, once a blank is gone
        ("他 三 十 公 司 。，好。", "他三十公司。，好。"),  # spaced out to the end
        (  # the text has the two characters together once more
            "国家，国家，他说国 家富强，强国 家乡建设的好人 张三，好。",
            "国家，国家，他说国家富强，强国家乡建设的好人 张三，好。",
        ),
    ],
)
def test_what_an_edit_uncovers_goes_too(before: str, after: str) -> None:
    assert normalize_whitespace(before) == after


@given(st.lists(PIECES | SENTENCES | st.sampled_from("国 家 ” ， 的 张 “"), max_size=24).map("".join))
def test_what_needs_no_second_look(text: str) -> None:
    found = _find(text, "keep")
    if isinstance(found, Findings):
        assert found.after == apply(text, found.edits)
        assert found.after is not None
        again = _find(found.after, "keep")
        assert not (again.edits if isinstance(again, Findings) else again)


@given(st.lists(PIECES, max_size=24).map("".join))
def test_only_white_space_changes(text: str) -> None:
    assert "".join(normalize_whitespace(text).split()) == "".join(text.split())


@pytest.mark.parametrize(
    "unit",
    [
        " ",
        "\n",
        " \n",
        "\u3000",
        "甲 ",
        "甲 乙",
        "甲 。",
        "\t\n",
        "\r",
        "  甲\n",
        "互 动，",
        "甲  乙。",
        "　甲\n",
        " 快手 甲",
    ],
)
def test_long_text(unit: str) -> None:
    is_linear(normalize_whitespace, unit)


@pytest.mark.parametrize(
    ("between", "after"),
    [
        ("keep", "在 React 中用3个组件，占5%以上"),
        ("remove", "在React中用3个组件，占5%以上"),
        ("add", "在 React 中用 3 个组件，占 5% 以上"),
    ],
)
def test_spacing_of_words_is_a_choice(between: Any, after: str) -> None:
    assert NormalizeWhitespace(between)("在 React 中用3个组件，占5%以上") == after
    pickles(NormalizeWhitespace(between))


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(UsageError, match="keep, remove, add"):
        NormalizeWhitespace("some")  # type: ignore[arg-type]
