"""The gate of the rules: it finds the same places, whether its automaton is made or not."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cleanzh.rulebook.gate as module
from cleanzh.rulebook import Rulebook, builtin
from cleanzh.rulebook.gate import Gate, Needed, spelled
from cleanzh.shadow import folded, folds, forms, shadow

LITERALS = sorted({literal for rule in builtin() for literal in rule.needs})


def test_literals_are_spelt_as_the_shadow_has_them() -> None:
    """For rules that people bring the reading of the file asks; for ours, a start would pay for it."""
    unless = {literal for rule in builtin() for literal in getattr(rule, "unless", ())}
    wrong = {literal for literal in {*LITERALS, *unless} if literal not in shadow(f"跳到{literal}").text}
    assert {literal for literal in wrong if shadow(literal).text != literal} == set()


@cache
def gates() -> tuple[Gate, Gate]:
    """One for few texts, and one that has its automaton."""
    few, many = Rulebook(builtin())._index.gate, Rulebook(builtin())._index.gate
    few._compiled = many._compiled = None
    many._seen = module._FEW + 1
    return few, many


@cache
def compiled_gate() -> Gate:
    return Rulebook(builtin())._index.gate


OTHERS: dict[str, list[str]] = {}
for code, plain in folds().items():
    OTHERS.setdefault(plain, []).append(chr(code))


@st.composite
def written(draw: st.DrawFn) -> str:
    """A literal as a text may write it."""
    form = draw(st.sampled_from(forms(draw(st.sampled_from(LITERALS)))))
    return "".join(draw(st.sampled_from([char, *OTHERS.get(char, ())])) for char in form)


pieces = st.one_of(
    written(),
    st.text("，。 微信vVx·關注\n(ǎo)", max_size=4),
    st.characters(),
)


@settings(deadline=None)  # the first text makes what the others use
@given(st.lists(pieces, max_size=8).map("".join))
def test_few_texts_are_searched_as_many_are(text: str) -> None:
    few, many = gates()
    few._seen = 0
    assert sorted(few.look(text)) == sorted(many.look(text))


@settings(deadline=None)
@given(st.lists(st.one_of(pieces, st.just("\n")), max_size=12).map("".join), st.integers(0, 9), st.integers(0, 9))
def test_compiled_it_finds_the_same_lines(text: str, low: int, short: int) -> None:
    compiled = compiled_gate()
    if compiled._compiled is None:
        pytest.skip("the kernel forms is not compiled here")
    places = compiled.look(text)
    assert sorted(places) == sorted(gates()[1].look(text))
    assert [start for _, start in places] == sorted(start for _, start in places)
    low, high = min(low, len(text)), max(min(low, len(text)), len(text) - short)
    assert compiled.lines(text, low, high) == gates()[1].lines(text, low, high)


@settings(deadline=None)
@given(written())
def test_a_literal_is_found_however_it_is_written(text: str) -> None:
    assert gates()[1].look(f"甲{text}乙")


def test_what_lies_beyond_the_table_is_no_form() -> None:
    gate = Gate(spelled({"好": Needed(1, 9)}, ["a"]))
    text = "\U0010ffff好\ud800好"
    assert [start for _, start in gate.look(text)] == [1, 3]
    gate._compiled, gate._seen = None, module._FEW + 1
    assert [start for _, start in gate.look(text)] == [1, 3]


def test_the_automaton_is_made_when_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FEW", 10)
    made = Gate(spelled({"关注": Needed(1, 9)}, ["a"]))
    made._compiled = None
    made.look("扫码关注")
    assert "_automaton" not in vars(made)
    made.look("扫码关注我们的公众号")
    assert "_automaton" in vars(made)


@given(st.text(st.characters(), min_size=100, max_size=200), st.sampled_from(sorted(folds())))
def test_long_texts_are_folded_as_short_ones_are(text: str, code: int) -> None:
    text += chr(code)
    assert folded(text) == text.translate(folds())
