"""The pipeline: order, record, choice of rules, and the laws every filter keeps."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest
from conftest import SEEDS
from hypothesis import given, settings
from hypothesis import strategies as st

import cleanzh
from cleanzh import Pipeline, clean, default_pipeline, explain, restore
from cleanzh.edits import Edit, apply
from cleanzh.errors import UsageError

FILTERS = tuple(default_pipeline())

# Pieces of what scrapers bring home, so that random texts meet every filter and the seams between them.
PIECES = st.sampled_from(
    """
    京東與OPPO戰(zhàn)略合作,|发布时间:2023-01-10 18:00:02源自:https://a.cn作者 :网阅读(218)|&amp;ldquo;你好&rdquo|&nbsp
    <br/>|</p|/p>|?！?/p>|锟斤拷|浣犲ソ|ä½ å¥½|关注公众号，回复666领取|微.信：abc123|推荐阅读:|上一篇：春天|责任编辑：王
    联系方式:|复制|第一章 总则|今天天气很好，我们去公园散步。|今天天气很好，我们去公园散步。|不过,。
    \u200b|\ufeff|\u3000|\r\n|\x00|Hello, world.|1,000|(注)|「你好」|......|。。。
    \u4f60|%E4%BD%A0|京 东|@快手>|[b]粗[/b]|{{ title }}|2022-03-26
    22:15|阅读:172|規??蛇_|方向??焓蛛娚蘏KA|以O(shè)PPO|ｗｗｗ|扫码|转载请注明出处|本文网址：/show-1.html
    \n|\n|\n|,|:|”|“|(|)|<|>|&|;|#|%|\\
    """.replace("\n    ", "|")
    .strip()
    .split("|")
)
DIRTY = st.lists(PIECES | st.text(max_size=6), max_size=25).map("".join)
SURROGATES = st.text(st.characters(categories=None, exclude_categories=()), max_size=40)
TEXTS = DIRTY | st.text(max_size=60) | SURROGATES


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_the_record_replays_and_undoes(text: str) -> None:
    cleaned = explain(text)
    replayed = text
    for step in cleaned.steps:
        replayed = apply(replayed, step.edits)
    assert replayed == cleaned.text == clean(text)
    assert restore(cleaned) == text
    assert default_pipeline().edits(text) == [] or apply(text, default_pipeline().edits(text)) == cleaned.text


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_twice_is_once(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@pytest.mark.parametrize("run", FILTERS, ids=lambda run: run.__name__)
@given(text=TEXTS)
@settings(max_examples=60, deadline=None)
def test_every_filter_keeps_the_laws(run: Any, text: str) -> None:
    after = run(text)
    edits = run.edits(text)
    assert apply(text, edits) == after
    assert run(after) == after
    assert [edit.start for edit in edits] == sorted(edit.start for edit in edits)
    for edit in edits:
        assert edit.before != edit.after
        family, _, rule = edit.rule.partition(".")
        assert family in run.families
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule), edit.rule


@pytest.mark.parametrize("run", FILTERS, ids=lambda run: run.__name__)
def test_every_filter_pickles_and_tells_what_it_is(run: Any) -> None:
    again = pickle.loads(pickle.dumps(run))  # noqa: S301  # our own
    text = (SEEDS / "001_004353ab05bf9ada.txt").read_text(encoding="utf-8")
    assert again(text) == run(text)
    assert ">>> " in (run.__doc__ or ""), "a public filter shows an example"


def test_every_name_of_the_design_is_there() -> None:
    for name in cleanzh.__all__:
        assert getattr(cleanzh, name) is not None
    assert set(cleanzh.__all__) <= set(dir(cleanzh))
    with pytest.raises(AttributeError, match="nonsense"):
        cleanzh.nonsense  # noqa: B018


@pytest.mark.parametrize(
    "foreign", [str.strip, lambda text: text.replace("a", "bb"), str.upper, lambda _: "", str.title]
)
@given(text=st.text("a b中\n", max_size=20))
def test_a_foreign_function_is_on_the_record_too(foreign: Callable[[str], str], text: str) -> None:
    cleaned = Pipeline(foreign).explain(text)
    assert restore(cleaned) == text
    assert all(edit.rule.startswith("foreign.") for step in cleaned.steps for edit in step.edits)


def test_a_pipeline_is_a_filter() -> None:
    inner = Pipeline(cleanzh.decode_entities, cleanzh.restore_punctuation)
    outer = Pipeline(inner, str.strip)
    assert outer(" 你好,&ldquo;世界&rdquo; ") == "你好，“世界”"
    assert outer.explain(" &lt; ").steps[0].edits == [Edit("entity.named", 1, "&lt;", "<")]


def test_select_and_ignore_choose_by_prefix() -> None:
    text = "你好,&ldquo;世界&rdquo;!"
    assert explain(text, select=["entity"]).text == "你好,“世界”!"
    assert explain(text, ignore=["entity"]).text != explain(text).text
    assert {f.__name__ for f in default_pipeline(select=["punctuation"])} == {"restore_punctuation"}


@pytest.mark.parametrize("choice", [{"select": ["adz"]}, {"ignore": ["adz.qr"]}])
def test_a_name_that_no_rule_has_is_an_error(choice: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"adz.*the families are ads"):
        default_pipeline(**choice)


def test_metadata_is_in_the_script_of_the_output() -> None:
    header = "2022-03-26|22:15|發布在分類 / 淘寶運營| 閱讀:172\n"
    text = f"京東與OPPO合作推進\n{header}京東與OPPO戰略合作進一步落地，雙方簽署專項協議。\n"
    assert explain(text).metadata["category"] == "淘宝运营"
    assert explain(text, script="keep").metadata["category"] == "淘寶運營"


def test_a_foreign_function_is_applied_once() -> None:
    assert Pipeline(lambda text: f"{text}!", cleanzh.decode_entities)("&lt;") == "<!"
