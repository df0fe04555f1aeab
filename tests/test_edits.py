"""Arithmetic on edits, against its definition."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanzh.edits import Edit, apply, compose, diff, invert, origins, revert, text_filter
from cleanzh.errors import EditError
from cleanzh.filters import decode_entities

TEXTS = st.text("ab中文\n,。", max_size=30)


@st.composite
def edited(draw: st.DrawFn, text: str | None = None) -> tuple[str, list[Edit]]:
    """A text and edits that fit it."""
    if text is None:
        text = draw(TEXTS)
    cuts = draw(st.lists(st.integers(0, len(text)), unique=True, max_size=8).map(sorted))
    edits = []
    for start, stop in zip(cuts[::2], cuts[1::2], strict=False):
        after = draw(st.text("ab中", max_size=4))
        if text[start:stop] != after:
            edits.append(Edit("demo.rule", start, text[start:stop], after))
    return text, edits


@given(edited())
def test_invert_undoes_apply(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    assert apply(apply(text, edits), invert(edits)) == revert(apply(text, edits), edits) == text


@given(st.data())
def test_compose_is_one_after_the_other(data: st.DataObject) -> None:
    text, first = data.draw(edited())
    middle = apply(text, first)
    _, second = data.draw(edited(middle))
    both = compose(first, second)
    assert apply(text, both) == apply(middle, second)
    assert all(edit.before != edit.after for edit in both)
    assert apply(apply(text, both), invert(both)) == text


@given(TEXTS, TEXTS)
def test_diff_leads_from_one_to_the_other(before: str, after: str) -> None:
    edits = diff(before, after, "demo.rule")
    assert apply(before, edits) == after
    assert bool(edits) == (before != after)


def test_a_book_with_blank_lines_is_compared_at_once() -> None:
    """Blank lines are all alike: to compare each with each takes longer than a test may."""
    before = "".join(f"第{number}段的正文在这里。\n\n" for number in range(40_000))
    after = before.replace("第10段的正文在这里。\n\n", "").replace("第39990段的正文在这里。\n", "")
    edits = diff(before, after, "foreign.demo")
    assert apply(before, edits) == after
    assert len(edits) == 2


@given(edited())
def test_origins_of_what_no_edit_touched(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    after = apply(text, edits)
    for position, origin in enumerate(origins(range(len(after)), edits)):
        inside = any(e.start == origin and e.after for e in edits)
        assert inside or text[origin] == after[position]


@pytest.mark.parametrize(
    "edits",
    [
        [Edit("demo.rule", 0, "x", "")],
        [Edit("demo.rule", 0, "ab", ""), Edit("demo.rule", 1, "b", "")],
        [Edit("demo.rule", 9, "a", "")],
    ],
)
def test_edits_that_do_not_fit_are_an_error(edits: list[Edit]) -> None:
    with pytest.raises(EditError, match=r"demo\.rule does not fit"):
        apply("abc", edits)


def test_a_filter_pickles_and_is_documented_as_itself() -> None:
    assert pickle.loads(pickle.dumps(decode_entities)) is decode_entities  # noqa: S301  # our own
    assert decode_entities.__doc__ is not None
    assert decode_entities.__name__ == "decode_entities"


def test_rounds_go_on_until_nothing_is_found() -> None:
    @text_filter("demo", repeat=True)
    def halve(text: str) -> list[Edit]:
        return [Edit("demo.dash", 0, "--", "-")] if text.startswith("--") else []

    found = halve.examine("---")
    assert found.applied("---") == found.after == "-"
    assert halve.examine("-").after is None
