"""Whether a rule does what its own table says, and whether each clause of its pattern is needed by a near miss.

What the built-in rules are tested for, for the rules that people bring.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import regex

from cleanzh.rulebook import Rule
from cleanzh.shadow import shadow

__all__ = ["problems", "unguarded"]


def problems(rule: Rule) -> Iterator[str]:
    """What is wrong with a rule: lines it should find and does not, and the other way round.

    >>> from cleanzh.rulebook import parse
    >>> [rule] = parse('''
    ... [[rule]]
    ... id = "morning-paper"
    ... reason = "asks the reader to subscribe"
    ... pattern = '^订阅晨报'
    ... needs = ["订阅"]
    ... must_match = ["订阅晨报！", "欢迎订阅晨报"]
    ... must_not_match = ["订阅晨报的人越来越少，订阅晚报的人也一样"]
    ... ''', family="ours")
    >>> print(*problems(rule), sep="\\n")
    must_match: not found: 欢迎订阅晨报
    must_not_match: found: 订阅晨报的人越来越少，订阅晚报的人也一样
    """
    for line in rule.must_match:
        if not rule.matches(line):
            yield f"must_match: not found: {line}"
    for line in rule.must_not_match:
        if rule.matches(line):
            yield f"must_not_match: found: {line}"
    for line in rule.must_match:
        if rule.needs and not any(literal in shadow(line.strip()).text for literal in rule.needs):
            yield f"needs: none of them is in {line}"
    if not rule.needs:
        yield "needs: without a literal every line of every text is tried; name one that any match holds"
    if len(rule.must_match) < 2:
        yield "must_match: give two lines or more, from different kinds of sites"


def unguarded(rule: Rule) -> list[str]:
    """The clauses that no near miss needs: without one, every ``must_not_match`` would still be left alone.

    A clause is an anchor, a look-around, a bound of a repetition, a part of the pattern, ``zone`` or ``max_length``.
    """
    return [clause for clause, without in _mutants(rule) if not any(map(without.matches, rule.must_not_match))]


def _mutants(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Each clause, and the rule without it; a rule without its literals is tried on every line."""
    if rule.max_length is not None:
        yield f"max_length = {rule.max_length}", replace(rule, max_length=None)
    if rule.unless:
        yield "unless", replace(rule, unless=())
    for start, end, instead in _clauses(rule.pattern):
        pattern = rule.pattern[:start] + instead + rule.pattern[end:]
        try:
            compiled = regex.compile(pattern)
        except regex.error:
            continue
        if compiled.match("") is None:
            yield rule.pattern[start:end], replace(rule, pattern=pattern, needs=(), trusted=False)


_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?(?:[:=!]|<[=!]|P?<\w+>|[a-z-]*:?))?|\)|[|^$]|.", re.DOTALL)
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d*(?:,\d*)?\})[?+]?")
_UPPER = re.compile(r"(\{\d*),\d+(\})")


def _clauses(pattern: str) -> Iterator[tuple[int, int, str]]:
    """Spans of a pattern that say something, each with what stands there if it did not."""
    opened: list[tuple[int, str]] = []
    run = -1  # where a run of plain characters began, outside of groups
    position = 0
    while position < len(pattern):
        atom = _ATOM.match(pattern, position)
        assert atom is not None
        end = atom.end()
        quantifier = _QUANTIFIER.match(pattern, end)
        plain = not opened and quantifier is None and re.fullmatch(r"\\\W|[^\\\[()|^$.]", atom[0]) is not None
        if not plain and run >= 0:
            yield run, position, ""
            run = -1
        if atom[0].startswith("("):
            opened.append((position, atom[0]))
        elif atom[0] == ")" and opened:
            begun, kind = opened.pop()
            stop = quantifier.end() if quantifier else end
            optional = quantifier is not None and quantifier[0][0] in "?*"
            if kind in ("(?=", "(?!", "(?<=", "(?<!") or (not opened and not optional):
                yield begun, stop, ""
        elif atom[0] in "^$":
            yield position, end, ""
        elif plain and run < 0:
            run = position
        if quantifier is not None:
            if bound := _UPPER.fullmatch(quantifier[0]):
                yield quantifier.start(), quantifier.end(), f"{bound[1]},{bound[2]}"
            end = quantifier.end()
        position = end
    if run >= 0:
        yield run, len(pattern), ""
