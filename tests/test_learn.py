"""Boilerplate that a corpus teaches."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cleanzh.filters.ads import RemoveAds
from cleanzh.learn import Template, learn, rule_file, templates
from cleanzh.rulebook import Rulebook, load, parse

BODY = "秋天是收获的季节，村里的柿子树挂满了果实，远远望去像一盏盏红灯笼；老李一早就上了山，他要把柿子摘完。"


def test_what_was_learned_is_removed(tmp_path: Path) -> None:
    pages = [f"{chr(0x4E00 + n)}村的消息\n{BODY}\n某某网“天天”见面 第{n}期 by User{n}\n" for n in range(25)]
    found = learn(pages, least=20)
    assert [template.documents for template in found] == [25]  # the running text is not a template
    path = tmp_path / "learned.toml"
    path.write_text(rule_file(found, source="test"), encoding="utf-8")
    mine = RemoveAds(Rulebook(load(path)))
    assert mine(pages[3]) == pages[3].replace("某某网“天天”见面 第3期 by User3\n", "")
    assert mine("某某网“天天”见面 第99期 by Someone") == ""


def test_copies_count_once() -> None:
    pages = ["某某晚报，天天见面"] * 30
    assert learn(pages, clusters=[n % 5 for n in range(30)], least=6) == []
    assert learn(pages, clusters=[n % 6 for n in range(30)], least=6)[0].documents == 6


def test_a_share_of_the_corpus_can_be_asked_for() -> None:
    pages = ["某某晚报，天天见面"] * 10 + ["别的"] * 90
    assert [found.text for found in learn(pages, least=5, share=0.5)] == ["别的"]


@settings(deadline=None)
@given(
    st.text(alphabet="天见面'\"\\[]{} 1aＡ，。：\t（关(guān)注", min_size=1, max_size=20).filter(
        lambda line: any(templates(line))
    )
)
def test_every_file_can_be_read_and_is_true(line: str) -> None:
    text, example = next(templates(line))
    (rule,) = parse(rule_file([Template(text, 20, (example,))]), family="learned")
    assert all(map(rule.matches, rule.must_match))
    assert not any(map(rule.matches, rule.must_not_match))
