"""One script for the whole text: what is converted, what stays, and that only configuration travels."""

from __future__ import annotations

import json
import pickle
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import opencc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cleanzh.filters.script.conversion as module
import cleanzh.filters.script.table as table
import cleanzh.lexicon.script as counting
from cleanzh.edits import apply
from cleanzh.errors import UsageError
from cleanzh.filters import UnifyScript, unify_script
from cleanzh.kernels import kernel
from cleanzh.lexicon.script import characters, letters, region_of, script_of, simplified_forms

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "fixtures" / "script"
SEEDS = {path.name[:3]: path.read_text("utf-8") for path in sorted((ROOT / "seeds").glob("*.txt"))}
TARGETS = ("simplified", "traditional", "taiwan", "hongkong")


def cases(kind: str) -> list[Any]:
    lines = (FIXTURES / f"{kind}.jsonl").read_text("utf-8").splitlines()
    marks = [pytest.mark.xfail(strict=True)] if kind == "known_failure" else []
    return [pytest.param(case, id=f"{kind}-{case['id']}", marks=marks) for case in map(json.loads, lines)]


@pytest.mark.parametrize("case", [*cases("wild"), *cases("synthetic"), *cases("negative"), *cases("known_failure")])
def test_case(case: dict[str, Any]) -> None:
    options = {key: case[key] for key in ("source", "protect", "quotations", "phrases") if key in case}
    unify = UnifyScript(case.get("to", "simplified"), **options)
    after = case.get("after", case["before"])
    assert unify(case["before"]) == after
    assert unify(after) == after


def test_traditional_seed_is_simplified_and_keeps_its_length() -> None:
    before, after = SEEDS["001"], unify_script(SEEDS["001"])
    assert len(after) == len(before)
    assert letters(after).traditional == 0
    assert "京东与OPPO全渠道战" in after


@pytest.mark.parametrize("number", ["000", "002", "003", "004"])
def test_simplified_seeds_stay(number: str) -> None:
    assert unify_script.edits(SEEDS[number]) == []


@pytest.mark.parametrize("to", TARGETS)
def test_rule_names_the_target(to: str) -> None:
    (edit,) = UnifyScript(to).edits("戰爭" if to == "simplified" else "战争")
    assert edit.rule == f"script.to-{to}"
    assert UnifyScript(to).families == ("script",)


def test_unknown_target_names_the_choices() -> None:
    with pytest.raises(UsageError, match="simplified, traditional, taiwan, hongkong, keep"):
        UnifyScript("klingon")


@pytest.mark.parametrize("options", [{"source": "latin"}, {"quotations": "maybe"}, {"protect": "臺灣"}])
def test_wrong_options(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        UnifyScript(**options)


def test_only_the_configuration_is_pickled() -> None:
    unify = UnifyScript("taiwan", protect=["台湾"])
    unify("战争")  # loads a converter, which does not pickle
    again = pickle.loads(pickle.dumps(unify))  # noqa: S301  (our own bytes)
    assert vars(again) == vars(unify)
    assert again("台湾的战争") == unify("台湾的战争") == "台湾的戰爭"


def test_clean_text_loads_no_converter(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(config: str) -> None:
        raise AssertionError(config)

    monkeypatch.setattr(module, "converter", fail)
    monkeypatch.setattr(table, "converter", fail)
    assert unify_script("京东与快手的皇后在公里外") == "京东与快手的皇后在公里外"


@pytest.fixture
def other_opencc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "opencc", types.ModuleType("opencc"))
    for cached in (module.converter, table._tables):
        cached.cache_clear()
    yield
    for cached in (module.converter, table._tables):
        cached.cache_clear()


@pytest.mark.usefixtures("other_opencc")
def test_other_package_of_the_same_name_is_refused() -> None:
    with pytest.raises(UsageError, match="opencc-python-reimplemented"):
        unify_script("戰爭")


_TO_SIMPLIFIED = {config: opencc.OpenCC(config).convert for config in table.CONFIGS}
_PHRASES = {
    config: counting.opencc_phrases(name) + counting.opencc_phrases("phrases")
    for config, (name, _) in table.CONFIGS.items()
}
_IN_PHRASES = {config: "".join(sorted(set("".join(phrases)))) for config, phrases in _PHRASES.items()}

needs_kernel = pytest.mark.skipif(kernel("script") is None, reason="without the kernel, OpenCC converts all")


@needs_kernel
@settings(max_examples=600, deadline=None)
@given(st.sampled_from(sorted(table.CONFIGS)), st.data())
def test_the_tables_convert_as_opencc_does(config: str, data: st.DataObject) -> None:
    phrases = st.sampled_from(_PHRASES[config])
    # Heads and tails of phrases overlap with others.
    parts = st.one_of(
        phrases,
        phrases.map(lambda phrase: phrase[1:]),
        phrases.map(lambda phrase: phrase[:-1]),
        st.text(_IN_PHRASES[config], max_size=6),
        st.text("著着名作么麼藉憑慰這裡裏秘祕乾", max_size=6),
        st.text(max_size=6),
    )
    text = data.draw(st.lists(parts, max_size=12).map("".join))
    simplified = table.to_simplified(config, text)
    if simplified is not None:
        assert simplified == _TO_SIMPLIFIED[config](text)


@needs_kernel
@pytest.mark.parametrize("config", sorted(table.CONFIGS))
def test_the_tables_convert_what_a_text_is_written_with(config: str) -> None:
    """All of the BMP but what it leaves to OpenCC, each character behind one that changes and before a phrase."""
    framed = [f"國{chr(code)}乾隆" for code in range(1, 0x10000) if not 0xD800 <= code <= 0xDFFF]
    made = [table.to_simplified(config, text) for text in framed]
    convert = _TO_SIMPLIFIED[config]
    assert [text for text, now in zip(framed, made, strict=True) if now not in (None, convert(text))] == []
    assert made.count(None) < 2000
    assert table.to_simplified(config, "\ud800") is None
    assert table.to_simplified(config, "豈".join(framed)) is None


def test_another_release_of_opencc_converts_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opencc, "__version__", "9.9.9")
    table._tables.cache_clear()
    assert table.to_simplified("t2s", "戰爭") is None
    table._tables.cache_clear()


def test_edits_are_short_runs() -> None:
    text = "戰爭" + "的" * 50 + "開發展開\n國家"
    assert [edit.before for edit in unify_script.edits(text)] == ["戰爭", "開發展開", "國"]


def test_sets_are_what_opencc_converts() -> None:
    """A release that changes its tables asks for ``scripts/build_script_sets.py`` to be run again."""
    to_simplified, to_traditional = opencc.OpenCC("t2s"), opencc.OpenCC("s2t")
    traditional, simplified = sorted(characters("traditional")), sorted(characters("simplified"))
    assert not set(traditional) & set(simplified)
    assert [char for char in traditional if to_simplified.convert(char) == char] == []
    assert [char for char in simplified if to_traditional.convert(char) == char] == []


def test_simplified_forms_are_those_of_opencc() -> None:
    """A release that changes its tables asks for ``scripts/build_simplified.py`` to be run again."""
    han = [chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]
    simple = opencc.OpenCC("t2s").convert("\n".join(han)).split("\n")
    assert simplified_forms() == {char: plain for char, plain in zip(han, simple, strict=True) if char != plain}


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("京东与快手", "simplified"),
        ("京東與快手", "traditional"),
        ("京东與快手", "mixed"),
        ("皇后在公里", "neither"),
        ("", "neither"),
        ("OPPO", "neither"),
        ("𣨼", "simplified"),
    ],
)
def test_script_of(text: str, script: str) -> None:
    assert script_of(text) == script


def test_region_needs_evidence() -> None:
    assert region_of("他看著書", least=2) is None
    assert region_of("他在這裡看著書", least=2) == "taiwan"
    assert region_of("他在這裏看着書", least=2) == "hongkong"


def test_a_long_line() -> None:
    text = "戰爭" + "的" * 2_000_000 + "國"
    assert unify_script(text) == "战争" + "的" * 2_000_000 + "国"


PIECES = [
    *"中国國战戰乾著里裏后後干面麵么麼着鄴a1,，。「」“”（）\n 　のナ가\ud800\0",
    "電視劇",
    "电视剧",
    "這裡",
    "皇后",
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=30))
def test_any_text(text: str) -> None:
    for to in TARGETS:
        unify = UnifyScript(to)
        edits = unify.edits(text)
        after = unify(text)
        assert apply(text, edits) == after
        assert unify.edits(after) == []


@given(st.text(st.characters(categories=None, exclude_categories=())) | st.text("京东東𠮷ぁ가a\ud840"))
def test_few_letters_are_counted_as_many_are(text: str) -> None:
    assert counting._count_few(text) == counting._count_many(text) == list(counting._counts(text))
