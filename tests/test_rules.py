"""The rule tables: every rule finds what it says it finds, leaves what it says it leaves, and holds nothing idle.

The tests are generated from the tables. A rule file of a user is held to the same by ``complaints``.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import pytest

from cleanzh.rulebook import Rule, Rulebook, builtin
from cleanzh.shadow import shadow

EVERY_RULE = pytest.mark.parametrize("rule", builtin(), ids=lambda rule: rule.name)

BEFORE = "天黑了。风很大。雨也停了。"
BEHIND = "。天黑了。风很大。雨也停了。"
BEHIND_A_NOTICE = BEHIND + "街上没有人。灯都灭了。"  # notices run over some sentences
LONG = "那天晚上他很晚才回家，路上没有一个人" * 25


@EVERY_RULE
def test_the_table_is_true(rule: Rule) -> None:
    assert list(complaints(rule)) == []


@EVERY_RULE
def test_no_part_of_the_pattern_is_idle(rule: Rule) -> None:
    """Whoever drops an anchor, a bound, a look-ahead or an alternative's trigger is told so."""
    idle = [what for what, mutant in mutants(rule) if not any(complaints(mutant))]
    assert idle == []


@EVERY_RULE
def test_needs_are_literals_of_the_matches(rule: Rule) -> None:
    assert rule.needs, "without a literal every line of every text is tried"
    assert not re.match(rule.pattern, "")
    for line in rule.must_match:
        assert any(literal in shadow(line.strip()).text for literal in rule.needs), line


@EVERY_RULE
def test_a_near_miss_shares_a_word_with_what_it_misses(rule: Rule) -> None:
    assert len(rule.must_match) >= 2
    pairs = {line[at : at + 2] for line in map(_seen, rule.must_match) for at in range(len(line) - 1)}
    for line in map(_seen, rule.must_not_match):
        shared = any(literal in line for literal in rule.needs)
        assert shared or any(line[at : at + 2] in pairs for at in range(len(line) - 1)), line


def complaints(rule: Rule) -> Iterator[str]:
    """What the rule does that its table forbids."""
    book = Rulebook([rule])

    def found(line: str) -> bool:
        return any(True for _ in book.scan(line))

    for line in rule.must_match:
        if not found(line):
            yield f"misses {line}"
    for line in rule.must_not_match:
        if found(line):
            yield f"finds {line}"
    if not rule.max_length:
        if rule.pattern.startswith("^"):
            yield "says not how long a line may be"
        return
    for line in rule.must_match:
        if found(BEFORE + line):
            yield f"finds it behind sentences: {line}"
        if found(line + (BEHIND if rule.max_length < 180 else BEHIND_A_NOTICE)):
            yield f"finds it before sentences: {line}"
        if any(map(found, _padded(line))):
            yield f"finds it in a long line: {line}"


def _padded(line: str) -> Iterator[str]:
    yield f"{line} " * 60
    yield line + LONG
    middle = len(line) // 2
    yield line[:middle] + LONG + line[middle:]


def mutants(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """The rule without one of the parts that hold it back."""
    pattern = rule.pattern
    if pattern.startswith("^"):
        yield "^", dataclasses.replace(rule, pattern=pattern[1:])
    if pattern.endswith("$"):
        yield "$", dataclasses.replace(rule, pattern=pattern[:-1])
    if rule.max_length:
        yield "max_length", dataclasses.replace(rule, max_length=None)
    if rule.unless:
        yield "unless", dataclasses.replace(rule, unless=())
    for start, stop in _looks(pattern):
        try:
            re.compile(cut := pattern[:start] + pattern[stop:])
        except re.error:
            continue
        if not re.match(cut, ""):
            yield pattern[start:stop], dataclasses.replace(rule, pattern=cut)


def _looks(pattern: str) -> Iterator[tuple[int, int]]:
    """The look-aheads that open the pattern."""
    start = 1
    while pattern.startswith(("(?=", "(?!"), start):
        depth, at = 0, start
        while True:
            if pattern[at] == "\\":
                at += 1
            elif pattern[at] == "[":
                at = pattern.index("]", at + 2)
            elif pattern[at] in "()":
                depth += 1 if pattern[at] == "(" else -1
                if not depth:
                    break
            at += 1
        yield start, at + 1
        start = at + 1


def _seen(line: str) -> str:
    return shadow(line).text


def test_names_are_unique() -> None:
    assert len({rule.name for rule in builtin()}) == len(builtin())
    families = ("ads", "comments", "credits", "disclaimers", "downloads", "navigation", "sharing")
    assert Rulebook(builtin()).families == families
