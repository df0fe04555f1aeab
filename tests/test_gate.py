"""The gate of the rules: it finds the same places, whether its automaton is made or not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cleanzh.rulebook.gate as module
from cleanzh.rulebook import Rulebook, builtin
from cleanzh.rulebook.gate import Gate, Places, Spelled
from cleanzh.shadow import opened, openings, shadow, spellings

LITERALS = sorted({literal for rule in builtin() for literal in rule.needs})


def test_literals_are_spelt_as_the_shadow_has_them() -> None:
    """For rules that people bring the reading of the file asks; for ours, a start would pay for it."""
    unless = {literal for rule in builtin() for literal in getattr(rule, "unless", ())}
    wrong = {literal for literal in {*LITERALS, *unless} if literal not in shadow(f"跳到{literal}").text}
    assert {literal for literal in wrong if shadow(literal).text != literal} == set()


def test_every_spelling_begins_as_an_opening() -> None:
    wrong = [
        (literal, spelling)
        for literal in LITERALS
        for spelling in spellings(literal)
        if not openings(literal) & opened(spelling[:2])
    ]
    assert wrong == []


@cache
def gates() -> tuple[Gate, Gate]:
    """One for few texts, and one that has its automaton."""
    few = Rulebook(builtin())._index.gate
    many = Gate(few._needed, few._every)
    many._seen = module._FEW + 1
    return few, many


def meant(look: tuple[Places, Spelled]) -> Iterator[tuple[int, int, int, int]]:
    places, spelled = look
    for number, start, end in places:
        yield start, end, spelled.reach[number], spelled.wanted[number]


pieces = st.one_of(
    st.sampled_from(LITERALS).map(spellings).flatmap(st.sampled_from),
    st.text("，。 微信vVx·關注\n(ǎo)", max_size=4),
    st.characters(),
)


@settings(deadline=None)  # the first text makes what the others use
@given(st.lists(pieces, max_size=8).map("".join))
def test_few_texts_are_searched_as_many_are(text: str) -> None:
    few, many = gates()
    few._seen = 0
    found = sorted(meant(few.look(text)))
    assert found == sorted(meant(many.look(text)))


def test_the_automaton_is_made_when_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FEW", 10)
    made = Gate(gates()[0]._needed, 1)
    made.look("扫码关注")
    assert "_automaton" not in vars(made)
    made.look("扫码关注我们的公众号")
    assert "_automaton" in vars(made)
