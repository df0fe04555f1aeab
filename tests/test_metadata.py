"""Header and byline lines: what goes, what it says, and what stays."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from contract import cases
from hypothesis import given
from hypothesis import strategies as st

from cleanzh.edits import apply
from cleanzh.filters import remove_metadata
from cleanzh.filters.metadata import anchors, folding, lines
from cleanzh.filters.metadata.dates import DATES
from cleanzh.filters.metadata.headers import _EVENT, _WORK, TRIGGER
from cleanzh.filters.metadata.labels import LABELS
from cleanzh.lexicon.outline import EVENT, FIELD, WORK, outline_of

SEEDS = Path(__file__).parent.parent / "seeds"


@pytest.mark.parametrize("case", cases("metadata"))
def test_fixture(case: dict[str, Any]) -> None:
    assert remove_metadata(case["before"]) == case.get("after", case["before"])
    if "metadata" in case:
        assert dict(remove_metadata.examine(case["before"]).metadata) == case["metadata"]


@pytest.mark.parametrize("name", ["000", "004"])
def test_a_seed_without_header_stays(name: str) -> None:
    text = next(SEEDS.glob(f"{name}*")).read_text(encoding="utf-8")
    assert remove_metadata.edits(text) == []


def test_the_glued_header_of_seed_002() -> None:
    text = next(SEEDS.glob("002*")).read_text(encoding="utf-8")
    found = remove_metadata.examine(text)
    assert apply(text, found.edits) == text.split("\n", 1)[1]
    assert dict(found.metadata) == {
        "published": "2023-01-10T18:00:02",
        "url": "https://www.it-th.com",
        "source": "https://www.it-th.com",
        "author": "it谈话网",
        "views": "218",
    }


pieces = st.sampled_from(
    [
        "来源：",
        "作者",
        "编辑：",
        "2023-01-10",
        " 18:00:02",
        "阅读(218)",
        "|",
        "/",
        "\n",
        "记者",
        "王小河",
        "报导",
        "（",
        "）",
        "。",
        "汉字",
    ]
)


@given(st.lists(pieces | st.text(max_size=3), max_size=30).map("".join))
def test_any_text(text: str) -> None:
    found = remove_metadata.examine(text)
    once = apply(text, found.edits)
    assert all(edit.before != edit.after for edit in found.edits)
    assert remove_metadata(once) == once


def test_one_long_line_is_left_alone_quickly() -> None:
    text = "来源：记者2023-01-10 " * 200_000
    assert remove_metadata.edits(text) == []


def test_pickles() -> None:
    assert pickle.loads(pickle.dumps(remove_metadata)) is remove_metadata  # noqa: S301 (our own object)


@pytest.mark.parametrize(
    ("pattern", "kind"), [(TRIGGER.pattern, FIELD), (DATES, FIELD), (_EVENT.pattern, EVENT), (_WORK.pattern, WORK)]
)
def test_the_outline_knows_every_line_that_is_asked_for(pattern: str, kind: int) -> None:
    @given(st.from_regex(pattern))
    def passes(text: str) -> None:
        lines = text.split("\n")
        looked_at = [number for number, line in enumerate(lines) if re.search(pattern, line)]
        assert set(looked_at) <= set(outline_of(text).pick(some=kind))

    passes()


@pytest.mark.parametrize(
    ("pattern", "signs"),
    [
        (DATES, folding.DATED),
        (lines._WRITTEN.pattern, folding.BY),
        (lines._DESK.pattern, folding.REPORTER),
        (lines._BYLINE.pattern, folding.REPORTER | folding.SIGNATURE),
        (lines._PRINTED.pattern, folding.EDITION),
        (lines._CREDIT.pattern, folding.CREDIT),
    ],
)
def test_a_line_has_a_sign_of_each_pattern_that_it_matches(pattern: str, signs: int) -> None:
    @given(st.from_regex(pattern))
    def shows(line: str) -> None:
        assert folding.fold_and_see(line)[1] & signs

    shows()


by_kind = {kind: words.replace("|图|", r"|图(?=\s?[/|:])|") for kind, words in LABELS.items()}
label = re.compile(
    "(?:" + "|".join(f"(?P<{kind}>{words})" for kind, words in by_kind.items()) + ")"
    r"(?:\s?(?P<colon>:)|\s?[|/]|(?=\s)|(?=(?:19|20)\d\d)|$)"
)


@given(
    st.lists(
        st.from_regex("|".join(LABELS.values()), fullmatch=True) | pieces | st.sampled_from(" :|/图2文"), max_size=8
    )
)
def test_the_tree_of_labels_finds_what_the_patterns_of_their_kinds_find(parts: list[str]) -> None:
    text = "".join(parts)
    for place in range(len(text)):
        expected, found = label.match(text, place), anchors.pattern().match(text, place)
        if found is None or found["label"] is None:
            assert expected is None or found is not None
        else:
            assert expected is not None
            kind = next(kind for kind in LABELS if expected[kind] is not None)
            assert (expected.end(), kind) == (found.end(), anchors.kind_of_label(found))
            assert (expected["colon"] is None) == (found.lastgroup != "colon")
