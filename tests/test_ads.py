"""What ``remove_ads`` takes off a page, what it leaves, and rules that users bring."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from contract import cases, holds, is_linear
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanzh.errors import RuleError
from cleanzh.filters.ads import FAMILIES, RemoveAds, remove_ads
from cleanzh.rulebook import Rulebook, builtin, load, parse
from cleanzh.shadow import folds, forms, shadow

PIECES = (
    "正文的一句话。", "\n", "\n\n", " ", "关注公众号某某", "微.信：abc12345", "推荐阅读", "首页", "分享到：",
    "上一篇：甲", "责任编辑：乙", "來源：某某網", "关(guān)注", "。", "！", "“", "\u200b", "\ud800", "\0",
    "13812345678", "电话", "二维码", "更多", "标签：甲",
    "一段足够长的话，它说的是村里的柿子树挂满了果实，远远望去像一盏盏红灯笼，老李一早就上了山。",
)  # fmt: skip
RULE = """
[[rule]]
id = "slogan"
reason = "the slogan of a paper"
pattern = '^某某晚报,.{2,10}$'
needs = "某某晚报"
max_length = 20
must_match = ["某某晚报，天天见面", "某某晚報，您的朋友"]
must_not_match = ["某某晚报记者", "他读某某晚报，天天如此"]
"""


@pytest.mark.parametrize("case", cases("ads"))
def test_case(case: dict[str, str]) -> None:
    assert remove_ads(case["before"]) == case.get("after", case["before"])
    holds(remove_ads, case["before"])


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_any_text(text: str) -> None:
    holds(remove_ads, text)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_characters(text: str) -> None:
    holds(remove_ads, text)


@pytest.mark.parametrize(
    "unit",
    [
        "甲。\n首页\n",
        "来源：某某网\n",
        "关注公众号某某。",
        "微 信",
        "柿子熟了，微信里都在说。",
        "首页 ",
        "\n",
        "推荐阅读\n甲\n",
        "责任编辑：乙\n",
    ],
)
def test_time_grows_with_the_text(unit: str) -> None:
    is_linear(remove_ads, unit, times=100)


def test_every_edit_names_its_rule() -> None:
    edits = remove_ads.edits("正文。\n首页\n责任编辑：某某")
    assert [edit.rule for edit in edits] == ["navigation.menu", "credits.editor"]
    assert remove_ads.families == FAMILIES == Rulebook(builtin()).families


def test_rules_are_chosen_by_prefix() -> None:
    text = "正文。\n首页\n复制链接\n责任编辑：某某"
    assert remove_ads.choosing(["navigation"], ())(text) == "正文。\n复制链接\n责任编辑：某某"
    assert remove_ads.choosing((), ["navigation", "sharing.share"])(text) == "正文。\n首页\n复制链接"
    assert pickle.loads(pickle.dumps(remove_ads.choosing(["credits"], ())))(text) == "正文。\n首页\n复制链接"  # noqa: S301


def test_an_unsafe_rule_runs_only_by_name() -> None:
    text = "本文摘要：某某公司昨日宣布，将在全国开设一百家新店。"
    assert remove_ads(text) == text
    assert remove_ads.choosing(["navigation"], ())(text) == text
    assert remove_ads.choosing(["navigation.page-summary"], ())(text) == ""


def test_the_shadow_leads_back() -> None:
    line = "加幕.思.城老師，薇 信號(hào)：Ａｂ①②"
    cast = shadow(line)
    assert cast.text == "加幕思城老师,微信号:ab12"
    start = cast.text.index("微信号")
    low, high = cast.span(start, start + 3)
    assert line[low:high] == "薇 信號(hào)"


@settings(deadline=None)
@given(st.text(alphabet="微信薇.· v加群号(hào)關注公众一二三四五六七138❤\u200b", max_size=30))
def test_spans_of_the_shadow_lie_in_the_line(line: str) -> None:
    cast = shadow(line)
    starts = [cast.span(at, at)[0] for at in range(len(cast.text) + 1)]
    assert starts == sorted(starts)
    assert 0 <= starts[0] <= starts[-1] == len(line)


TRICKS = "微薇vwx信q加公众号帐平台关注扫码二2维免费客服嶶威扣抠 .·-(hào)一二三四五六七138❤\u200bＡ，。：💗𠮷\n"


@settings(deadline=None, max_examples=500)
@given(st.one_of(st.text(alphabet=TRICKS, max_size=30), st.text(max_size=10)))
def test_a_line_without_a_hint_has_no_trick(line: str) -> None:
    fast = shadow(line)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cleanzh.shadow._HINT", re.compile(""))
        patch.setattr("cleanzh.shadow.folded", lambda line: line.translate(folds()))
        slow = shadow(line)
    assert (fast.text, list(fast.offsets or ())) == (slow.text, list(slow.offsets or ()))


@pytest.mark.parametrize("word", ["微信", "公众号", "关注", "责任编辑", "qq"])
def test_every_form_casts_the_word(word: str) -> None:
    others = [form for form in forms(word) if word not in shadow(f"({form})").text]
    assert len(others) <= 0.2 * len(forms(word)), others  # a gate may be wider than the shadow


def test_a_rule_file_of_a_user(tmp_path: Path) -> None:
    path = tmp_path / "papers.toml"
    path.write_text(RULE, encoding="utf-8")
    mine = RemoveAds(Rulebook([*builtin(), *load(path)]))
    assert mine("正文。\n某某晚報，天天見面\n首页") == "正文。"
    assert "papers" in mine.families
    assert mine.edits("正文。\n某某晚报，天天见面\n")[0].rule == "papers.slogan"
    holds(mine, "正文。\n某某晚報，天天見面\n首页")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("reason", "raeson"), "raeson: unknown key"),
        (('id = "slogan"', 'id = "Slogan"'), "id: must be lower-case"),
        (("max_length = 20", 'max_length = "20"'), "max_length: must be a number"),
        (("max_length = 20", 'zone = "middle"'), "zone: must be one of head, tail, any"),
        (("^某某晚报", "^(某某晚报"), "pattern: not a regular expression"),
        (("'^某某晚报,.{2,10}$'", "'.*'"), "pattern: matches the empty string"),
        (
            ('needs = "某某晚报"', 'needs = "某某晚報"'),
            "needs: '某某晚報' must be spelt as the shadow has it: '某某晚报'",
        ),
        (("某某晚报,.{2,10}", "{{papers}}"), "pattern: {{papers}} is not in [words]"),
        (("[[rule]]", "[rule]"), "double brackets"),
        (("[[rule]]", "rules = 1\n[[rule]]"), "unknown key 'rules'"),
        (
            ('must_match = ["某某晚报，天天见面", "某某晚報，您的朋友"]', "must_match = []"),
            "must_match: must be a list",
        ),
        (("[[rule]]", "[[rule"), "not valid TOML"),
    ],
)
def test_a_wrong_rule_file_says_where_and_what(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    path = tmp_path / "papers.toml"
    assert change[0] in RULE
    path.write_text(RULE.replace(*change, 1), encoding="utf-8")
    with pytest.raises(RuleError) as raised:
        load(path)
    assert says in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_missing_rule_file_and_a_name_used_twice(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="can not be read"):
        load(tmp_path / "none.toml")
    with pytest.raises(RuleError, match="defined twice"):
        Rulebook([*parse(RULE, family="papers"), *parse(RULE, family="papers")])


def test_a_runaway_pattern_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleanzh.rulebook.index._SECONDS", 0.05)
    slow = RULE.replace("^某某晚报,.{2,10}$", "^某某晚报(?:,|天|天天)+面$").replace(
        "max_length = 20", "max_length = 90"
    )
    line = "某某晚报，" + "天" * 60
    with pytest.warns(RuntimeWarning, match="papers.slogan took more than"):
        assert RemoveAds(Rulebook(parse(slow, family="papers")))(line) == line


def test_a_rule_without_a_literal_is_tried_on_every_line() -> None:
    rules = parse(RULE.replace('needs = "某某晚报"\n', ""), family="papers")
    assert RemoveAds(Rulebook(rules))("甲。\n某某晚报，天天见面\n乙。") == "甲。\n乙。"


def test_zones() -> None:
    rules: list[Any] = parse(RULE.replace("max_length", 'zone = "head"\nmax_length'), family="papers")
    book = RemoveAds(Rulebook(rules))
    lines = ["正文。"] * 40
    assert book("\n".join(["某某晚报，天天见面", *lines])) == "\n".join(lines)
    late = "\n".join([*lines, "某某晚报，天天见面"])
    assert book(late) == late


def test_a_line_that_comes_into_a_zone_is_read_by_all_its_rules() -> None:
    whole = parse(RULE, family="papers")
    tail = parse(RULE.replace("某某", "某地").replace("max_length", 'zone = "tail"\nmax_length'), family="places")
    book = RemoveAds(Rulebook([*whole, *tail]))
    # The first line shows only the literal of the rule for the tail; in its shadow the other rule finds its own.
    page = "\n".join(["某\u200b某晚报,某地晚报", *["某某晚报，天天见面"] * 5, *["正文。"] * 15])
    assert book(page) == "\n".join(["正文。"] * 15)


def test_promotions_in_a_row_are_not_decided_one_by_one() -> None:
    def decisions(promotions: int) -> int:
        book = RemoveAds()
        assert book("今天下午大会在京闭幕。" + "关注公众号某某。" * promotions) == "今天下午大会在京闭幕。"
        misses: int = book.rulebook._index.decide_all.cache_info().misses
        return misses

    assert decisions(2000) == decisions(1000) < 200


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_what_is_left_after_a_round_is_what_a_fresh_look_finds(text: str) -> None:
    once = remove_ads(text)
    assert not list(remove_ads.rulebook.scan(once))


page_parts = st.lists(st.sampled_from((*PIECES, "关注公众号某某\n", "關注公眾號某某\n", "正文\n")), max_size=12).map(
    "".join
)


@settings(deadline=None, max_examples=300)
@given(page_parts, page_parts, page_parts, page_parts)
def test_a_text_like_the_last_one_is_read_as_any_other(before: str, last: str, text: str, behind: str) -> None:
    """Lines that the last text had too are not read again, but those that may be in another part of the page now."""
    text = before + text + behind
    remove_ads._known = "", []
    alone = remove_ads.edits(text)
    for known in (before + last + behind, remove_ads(text), text.translate({ord("关"): "關", ord("注"): "註"})):
        remove_ads._known = "", []
        remove_ads(known)
        assert remove_ads.edits(text) == alone
