"""The scan that the gates share: what it finds, and that no gate hides what its filter would change."""

from __future__ import annotations

import importlib
import json
import re
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from contract import FIXTURES
from hypothesis import given
from hypothesis import strategies as st

from cleanzh.filters import invisible, punctuation, whitespace
from cleanzh.filters.markup.residue import _COUNTERS
from cleanzh.filters.pinyin.scan import next_lost
from cleanzh.lexicon import code, kinds
from cleanzh.lexicon.kinds import kinds_of, places_of
from cleanzh.lexicon.script import characters
from cleanzh.pipeline import default_pipeline
from cleanzh.shadow import shadow, shadows

# The modules of filters that ask for kinds; each has the name in its own namespace.
ASKING = (
    "entities",
    "invisible",
    "markup",
    "pinyin",
    "punctuation",
    "script",
    "whitespace",
)
ALL = (1 << 32) - 1
EVERYTHING = "".join(map(chr, range(0x10000)))
# What gates look for, with what is common beside it.
TELLING = (
    "的一，。：“”《》\n\n 　\t\r\x85\xa0\u200b\u200d\ufeff\xad⼀金\ue608\U0001f469\ud800,;:!?()\"'.…·&＆\\%u4f60<>＜/pb"
    "[]{}_=`~0123９abzsdEywgltZS|$A戰战這这浜笢嶰龘é─가カ？\ufffdàn雋"
)

FILTERS: tuple[Any, ...] = tuple(default_pipeline())


def found(text: str) -> list[Any]:
    """What each filter finds that the pipeline would ask."""
    asked = [getattr(run, "kinds", 0) or ALL for run in FILTERS]
    return [
        run.examine(text).edits if kinds == ALL or kinds_of(text) & kinds else []
        for run, kinds in zip(FILTERS, asked, strict=True)
    ]


def open_all(patch: pytest.MonkeyPatch) -> None:
    """Every text has every kind, so that no gate closes."""
    for name in ASKING:
        patch.setattr(importlib.import_module(f"cleanzh.filters.{name}"), "kinds_of", lambda text: ALL)
    patch.setitem(globals(), "kinds_of", lambda text: ALL)
    for module in (code, importlib.import_module("cleanzh.filters.markup.residue")):
        patch.setattr(module, "kinds_of", lambda text: ALL)


def texts() -> list[str]:
    rows = [
        json.loads(line)
        for area in ("entities", "invisible", "markup", "mojibake", "pinyin", "punctuation", "script", "whitespace")
        for path in sorted((FIXTURES / area).glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").split("\n")
        if line
    ]
    return [row["before"] for row in rows if isinstance(row.get("before"), str)]


def test_no_gate_hides_an_edit_of_the_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    gated = [found(text) for text in texts()]
    open_all(monkeypatch)
    assert gated == [found(text) for text in texts()]
    assert any(edits for one in gated for edits in one)


@given(st.text(st.sampled_from(TELLING), max_size=60), st.booleans())
def test_no_gate_hides_an_edit(text: str, padded: bool) -> None:
    text = f"正文的第一段，写得很长，也没有什么毛病。{text}第二段也一样。" if padded else text
    gated = found(text)
    with pytest.MonkeyPatch.context() as patch:
        open_all(patch)
        assert gated == found(text)


@pytest.mark.parametrize(
    ("kind", "chars"),
    [
        (kinds.UNSEEN, "".join(invisible._KINDS.values())),
        (kinds.ODD_BLANK, whitespace.places._OTHER_SPACE),
        (kinds.COMMA, ",;:!?"),
        (kinds.COMMA | kinds.BRACKET | kinds.QUOTE, punctuation._MARK.pattern[1:-2]),
        (kinds.SIMPLIFIED, "".join(char for char in characters("simplified") if char <= "\uffff")),
        (kinds.TRADITIONAL, "".join(char for char in characters("traditional") if char <= "\uffff")),
    ],
)
def test_a_kind_has_every_character_that_its_filter_looks_for(kind: int, chars: str) -> None:
    assert [char for char in re.findall(f"[{chars}]", EVERYTHING) if not kinds_of(char) & kind] == []


@pytest.mark.parametrize(
    ("kind", "pieces"),
    [
        (kinds.FORMAT, ("%s", "%d", "$s", "$d")),
        (kinds.ESCAPE, ("\\u", "\\x")),
        (kinds.OCTET, ("%u", "%E", "%e")),
        (kinds.COUNTER, _COUNTERS),
        (kinds.LINE_FEEDS, ("\n\n\n",)),
        (kinds.DOTS, ("...", "。..", ".。。")),
    ],
)
def test_a_kind_is_known_by_what_stands_in_a_row(kind: int, pieces: tuple[str, ...]) -> None:
    for piece in pieces:
        assert kinds_of(f"京东{piece}。") & kind
        assert not kinds_of(f"京东{' '.join(piece)}。") & kind
        assert not kinds_of(piece[::-1]) & kind or piece == piece[::-1] or kind in (kinds.DOTS, kinds.COUNTER)


@given(st.text(st.sampled_from("?？\ufffd(yàn) ！!。京")))
def test_the_kinds_tell_of_each_lost_byte(text: str) -> None:
    assert next_lost(text) is None or kinds_of(text) & kinds.LOST
    assert not kinds_of("为什么？”他说？") & kinds.LOST


@given(st.text(st.sampled_from(TELLING)))
def test_a_few_characters_are_looked_up_as_many_are(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kinds, "kernel", lambda name: None)
        patch.setattr(kinds, "_last", ("", 0))
        many = "一" * kinds._VERY_FEW + text
        by_table = kinds_of(many), places_of(kinds.AMPERSAND, many), kinds.count_of(kinds.LATIN, many)
        patch.setattr(kinds, "sys", SimpleNamespace(modules={}))
        patch.setattr(kinds, "_last", ("", 0))
        assert (
            kinds_of(many),
            places_of(kinds.AMPERSAND, many),
            kinds.count_of(kinds.LATIN, many),
        ) == by_table
    assert "numpy" in sys.modules


@given(st.text(st.sampled_from(TELLING)), st.text(st.sampled_from(TELLING)))
def test_one_text_is_not_taken_for_another(one: str, other: str) -> None:
    expected = kinds_of(one)
    kinds_of(other)
    assert kinds_of(one) == expected
    places = [place for place, char in enumerate(one) if char in "&＆"]
    kinds_of(other)
    assert places_of(kinds.AMPERSAND, one) == places


@given(
    st.lists(
        st.text(st.sampled_from("微信v薇 .·加幕思城老师(hào)0123456789一二三四五六七，：Ａa\ud800👉公众号关注\u200b"))
    )
)
def test_lines_cast_the_same_shadow_together(lines: list[str]) -> None:
    assert shadows(lines) == [shadow(line) for line in lines]
