"""The screens of patterns: they may let a line pass that does not match, and never the other way round."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanzh.kernels import kernel
from cleanzh.rulebook import builtin
from cleanzh.rulebook.index import NOT_PROSE
from cleanzh.rulebook.screen import _programs, screens
from cleanzh.shadow import MAY_HIDE, folded, folds, shadow

RULES = builtin()
LINES = [line for rule in RULES for line in (*rule.must_match, *rule.must_not_match)]
LETTERS = sorted({char for rule in RULES for char in rule.pattern if char.isalnum()})


def screen_of(
    patterns: list[str], *, tricks: str = "\0", longest: int = 1 << 60, other: str = "\0", prose: int = 0
) -> Any:
    compiled = kernel("screen")
    if compiled is None:
        pytest.skip("the kernel screen is not compiled here")
    made = screens([tricks, other, *patterns])
    programs = [made.programs[tricks] + made.programs[other], *(made.programs[pattern] for pattern in patterns)]
    bounds = longest.to_bytes(8, "little") * len(patterns)
    bits = prose.to_bytes((len(patterns) + 7) // 8, "little")
    return compiled.Screen(made.codes, made.beyond, made.plain, made.sets, made.size, programs, bounds, bits, 2000)


@cache
def builtin_screen() -> Any:
    return screen_of([rule.pattern for rule in RULES], tricks=MAY_HIDE)


def narrowed(screen: Any, text: str, rules: int) -> list[tuple[int, int, int, str | None]]:
    """What a screen leaves of these rules on the lines of a text."""
    literals = sorted(set(text) - {"\n"}) or ["a"]
    size = (rules.bit_length() + 7) // 8
    reach = (1 << 60).to_bytes(8, "little") * len(literals)
    forms = cast("Any", kernel("forms")).Forms(literals, {}, rules.to_bytes(size, "little") * len(literals), reach)
    found: list[tuple[int, int, int, str | None]] = forms.lines(text, 0, len(text), screen.narrowing())
    return found


def may_match(screen: Any, line: str, count: int) -> set[int]:
    """The numbers of the patterns that a screen lets pass."""
    lines = narrowed(screen, line, (1 << count) - 1)
    return {number for number in range(count) if lines and lines[0][2] >> number & 1}


def assert_none_is_missed(line: str) -> None:
    screen = builtin_screen()
    passed = may_match(screen, line, len(RULES))
    for *_, seen in narrowed(screen, line, (1 << len(RULES)) - 1):
        assert seen is None or seen == shadow(line[-2000:].strip()).text
    seen, offsets, _ = shadow(line.strip())
    if offsets is not None:
        assert len(passed) == len(RULES), "what it hides is not known"
        return
    matching = {number for number, rule in enumerate(RULES) if re.search(rule.pattern, seen)}
    assert matching <= passed, [RULES[number].name for number in matching - passed]


tricks = st.text(
    st.sampled_from("的 .·-(（ā)扣抠q群微薇威信weichatxinv♥加+:号1零九公众平台账关註注扫码二维2\u200b"), max_size=12
)


@settings(deadline=None, max_examples=500)
@given(tricks)
def test_no_trick_is_missed(line: str) -> None:
    """A line that its screen knows to hide nothing is its own shadow."""
    screen = builtin_screen()
    plain, offsets, _ = shadow(line.strip())
    for *_, seen in narrowed(screen, line, (1 << len(RULES)) - 1):
        assert seen is None if offsets is not None else seen in (None, plain)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_lines_of_a_rule_pass(rule: Any) -> None:
    assert _programs(rule.pattern), "it has no screen"
    for line in (*rule.must_match, *rule.must_not_match):
        assert_none_is_missed(line)


pieces = st.one_of(
    st.sampled_from(LINES),
    st.sampled_from(LINES).flatmap(lambda line: st.integers(0, len(line)).map(lambda at: line[at:])),
    st.sampled_from(LINES).flatmap(lambda line: st.integers(0, len(line)).map(lambda at: line[:at])),
    st.text(st.sampled_from([*LETTERS, *" 。，:|\u3000"]), max_size=4),
    st.text(st.characters(exclude_categories=()), max_size=3),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(pieces, max_size=3).map("".join))
def test_no_pattern_is_missed(line: str) -> None:
    assert_none_is_missed(line.replace("\n", ""))


def test_most_lines_that_do_not_match_are_told_from_those_that_do() -> None:
    lines = [line for line in LINES if shadow(line.strip()).offsets is None]
    passed = sum(len(may_match(builtin_screen(), line, len(RULES))) for line in lines)
    matching = sum(re.search(rule.pattern, shadow(line.strip()).text) is not None for line in lines for rule in RULES)
    assert passed < 3 * matching


WRITTEN = [
    ("^(?:a|b)c", ["ac", "bcd", " ac "], ["c", "xac", ""]),
    ("a?b$", ["b", "xxab"], ["ba", ""]),
    ("^(?:京东|京城|a|)好$", ["京东好", "京城好", "好", "a好"], ["京好", "东好", "京东"]),
    ("^[^。]{2,9}更多", ["甲乙更多", "甲乙丙更多x"], ["甲更多", "甲。乙更多"]),
    (r"^\w+\d\s\W$", ["甲2 !", "ab９\u3000-"], ["甲2!", "甲 2 !"]),
    ("^(?=.*x)a(?!c)b", ["abx", "ab x"], ["ab", "xab"]),
    ("(?<=z)a++(?>b|bc)", ["ab", "xaab"], ["b", "a"]),
    ("(?:^a|b)$", ["a", "ab", "b"], ["ba", "a."]),
    ("(?:ab){3}", ["ababab", "xabababab"], ["abab", "ababxab"]),
    ("(?:a*)*b", ["b", "aab"], ["aaa", ""]),
    ("[一-龥]{2}", ["京东", "a京东"], ["京", "京a东", "😀😀"]),
    (r"^(a|b)c\1$", ["aca", "bcb"], ["xca", "ba"]),
    ("^😀\ud800$", ["😀\ud800"], ["😀", "\ud800😀"]),
]


@pytest.mark.parametrize(("pattern", "lines", "others"), WRITTEN)
def test_a_screen(pattern: str, lines: list[str], others: list[str]) -> None:
    screen = screen_of([pattern])
    assert [line for line in lines if not may_match(screen, line, 1)] == []
    assert [line for line in others if may_match(screen, line, 1)] == []


@pytest.mark.parametrize("pattern", ["(?i)a", r"(a)\1", "(?s:.)", "a{20000}b{20000}(?:ab){30000}"])
def test_what_no_screen_is_made_of(pattern: str) -> None:
    made = screens([pattern]).programs[pattern]
    assert not made or may_match(screen_of([pattern]), "a" * 50 + "b" * 50 + "ab" * 50, 1)


def test_what_was_found_of_a_line_is_forgotten_when_it_is_too_much() -> None:
    """Of a pattern with two thousand states a thousand are kept at a time."""
    pattern = "^(?:" + "|".join(f"{first}{second}x" for first in LETTERS[:50] for second in LETTERS[:50]) + ")"
    screen = screen_of([pattern])
    for _ in range(2):
        for first in LETTERS[:50]:
            for second in LETTERS[:50]:
                assert may_match(screen, f"{first}{second}x", 1)
                assert not may_match(screen, f"{first}{second}y", 1)


def test_lines_that_no_rule_takes_are_left_out() -> None:
    screen = screen_of(["^a", "b$"], tricks="t", longest=3)
    text = "ab\n  \nab t\n b \nabab\nx\n"
    assert narrowed(screen, text, 3) == [(0, 2, 3, "ab"), (6, 10, 3, None), (11, 14, 2, "b")]
    assert narrowed(screen, text, 1) == [(0, 2, 1, "ab"), (6, 10, 1, None)]
    assert narrowed(screen, "", 3) == []


def test_many_rules() -> None:
    """Sets of rules are read in words of 64."""
    letters = [letter for letter in LETTERS if letter >= "一" and ord(letter) not in folds()][:150]
    screen = screen_of([f"^{letter}.*{letter}$" for letter in letters])
    for first, letter in enumerate(letters):
        for other in (letter, letters[first - 1]):
            left = [(0, 3, 1 << first, f"{letter}的{other}")] if letter == other else []
            assert narrowed(screen, f"{letter}的{other}", (1 << len(letters)) - 1) == left


def test_of_a_long_line_the_end_is_read() -> None:
    screen = screen_of(["^a", "b"])
    line = "b" + "x" * 3000 + "a" + "x" * 1999
    assert narrowed(screen, line, 3) == [(0, len(line), 1, line[-2000:])]


@cache
def begin_and_end() -> Any:
    return screen_of(["^a", "b$"])


@settings(deadline=None)
@given(st.text("ab的\n😀", max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_parts_of_texts(text: str, low: int, high: int) -> None:
    """A line of a part ends where the part does."""
    screen = begin_and_end()
    low, high = sorted((min(low, len(text)), min(high, len(text))))
    forms = cast("Any", kernel("forms")).Forms(["a", "b"], {}, b"\1\2", bytes(7) + b"\1" + bytes(7) + b"\1")
    found, start = [], low
    for line in text[low:high].split("\n"):
        rules = (line.strip().startswith("a")) + 2 * (line.strip().endswith("b"))
        if rules:
            found.append((start, start + len(line), rules))
        start += len(line) + 1
    assert [line[:3] for line in forms.lines(text, low, high, screen.narrowing())] == found


def test_it_refuses_what_it_can_not_read() -> None:
    screen, made = screen_of(["a"]), screens(["a"])
    rows, bound = [made.programs["a"] * 2, made.programs["a"]], bytes(8)
    tables = made.codes, made.beyond, made.plain, made.sets
    forms = cast("Any", kernel("forms")).Forms(["a"], {}, b"\1", bound)
    for low, high in ((0, 2), (-1, 1)):
        with pytest.raises(ValueError, match="places in the text"):
            forms.lines("a", low, high, screen.narrowing())
    many = screen_of(["a"] * 65)
    with pytest.raises(ValueError, match="the rules are the same"):
        forms.lines("a", 0, 1, many.narrowing())
    for wrong in (screen, 1, "a"):
        with pytest.raises(ValueError, match="PyCapsule"):
            forms.lines("a", 0, 1, wrong)
    first, nonsense = rows[0], [bytes(4) + b"\xff" * 8]
    for wrong in ([], [first[:0], first], [first, [b"x"]], [first, nonsense], [first, first, first]):
        with pytest.raises(ValueError, match="Screen: "):
            type(screen)(*tables, made.size, wrong, bound, b"\0", 2000)
    with pytest.raises(ValueError, match="Screen: "):
        type(screen)(b"", *tables[1:], made.size, rows, bound, b"\0", 2000)
    with pytest.raises(ValueError, match="Screen: "):
        type(screen)(*tables, made.size, rows, bound, b"\0\0", 2000)


code = st.text(st.sampled_from("# =/![]a:_z*+-|{`\\<>;'\"京的，。\u33ff\u3400Ａ：＜\u3000\ud800"), max_size=8)


@settings(deadline=None, max_examples=1000)
@given(st.one_of(code, st.lists(pieces, max_size=2).map(lambda parts: "".join(parts).replace("\n", ""))))
def test_rules_for_prose_are_left_out_where_there_is_none(line: str) -> None:
    """It says so exactly: what it lets pass is not asked again."""
    for *_, rules, seen in narrowed(for_prose(), line, 3):
        if seen is not None:
            assert bool(rules & 1) == (re.search(NOT_PROSE, seen) is None)
            assert rules & 2


@cache
def for_prose() -> Any:
    return screen_of(["", ""], tricks=MAY_HIDE, other=NOT_PROSE, prose=1)


unlike_parts = st.lists(st.sampled_from([*"台臺后後！!Ａa。x的 \u3000\n\n\ud800😀", "微信\n"]), max_size=8).map("".join)


@settings(deadline=None, max_examples=1000)
@given(unlike_parts, unlike_parts, unlike_parts, unlike_parts)
def test_beside_what_is_unlike_all_lines_read_alike(before: str, text: str, known: str, behind: str) -> None:
    text, known = before + text + behind, before + known + behind
    low, high = begin_and_end().unlike(text, known)
    assert 0 <= low <= high <= len(text)
    shift = len(known) - len(text)
    for part, other in ((text[:low], known[:low]), (text[high:], known[high + shift :])):
        assert folded(part) == folded(other)
        assert [char for char in part if char.isspace()] == [char for char in other if char.isspace()]
        assert part.strip() == "" or len(part.strip()) == len(other.strip())
    assert not low or text == known or low == len(text) or text[low - 1] == "\n"
    assert high == len(text) or text[high - 1] == known[high + shift - 1] == "\n"
    assert high + shift >= low
    assert low >= before.rfind("\n") + 1


def test_what_is_unlike() -> None:
    screen = begin_and_end()
    assert screen.unlike("甲\n后来\n丙\n丁", "甲\n後來\n丙x\n丁") == (5, 7)
    assert screen.unlike("甲\n乙", "甲\n乙") == (3, 3)
    assert screen.unlike("甲\n乙", "甲\n乙丙") == (2, 3)
    assert screen.unlike("甲\n", "甲\n乙") == (2, 2)
    assert screen.unlike("甲\n丙", "甲\n乙\n丙") == (2, 3)
    assert screen.unlike("", "甲") == (0, 0)
    assert screen.unlike("\u3000甲", " 甲") == (0, 2)
