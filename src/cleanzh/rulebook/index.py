"""The literal index: which rules are worth trying on which line, and what they find there."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import ahocorasick_rs
import regex

from cleanzh.rulebook.rule import Rule
from cleanzh.shadow import Shadow, shadow, spellings

__all__ = ["HEAD", "SHORT", "TAIL", "Decision", "Index", "found"]

# A pattern of a user that needs longer for one line is a runaway; the line is kept.
_SECONDS = 0.5
_CHINESE = re.compile("[\u3400-\u9fff]")
# Headings and lists of Markdown and AsciiDoc, front matter, tags, statements.
_CODE = re.compile(
    r"^(?:#+ |#[^#]*$|=+ |//|!\[|[a-z]+::|[*+-] |\||:[a-z-]+:)|[{}`]|\\[a-z]|</|/>|<[a-z!]|=>|;$|^[a-z_]+: [\[\"']"
)
_INFINITE = 1 << 60
_SLACK = 8
SHORT = 200
_REMEMBERED = 8192
_LONGEST_NOTED = 400
# How the notes of a spinner end: 戰(zhàn), 網(wǎng ).
_NOTE_ENDS = tuple(
    f"{vowel}{end})"
    for vowel in "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
    for end in ("", "i", "o", "u", "n", "ng", " ", "i ", "o ", "u ", "n ", "ng ")
)

Decision = tuple[tuple[int, int, int, Any, Shadow], ...]

HEAD, TAIL = 1, 2  # the zones of a line, as bits
_ASKS = {"head": HEAD, "tail": TAIL}


class Index:
    """The literals of all rules: as shadows spell them, and as texts may. A set of rules is the bits of an integer."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._searches: list[Callable[[str], Any] | None] = [None] * len(rules)
        self._parts: list[str | int] = [0] * len(rules)  # the group that goes
        self.decide_again = functools.lru_cache(maxsize=_REMEMBERED)(self.decide)
        self._numbers = functools.lru_cache(maxsize=_REMEMBERED)(_bits)
        self.all = (1 << len(rules)) - 1
        self.always = _set(number for number, rule in enumerate(rules) if not rule.needs)
        self.unbounded = _set(number for number, rule in enumerate(rules) if rule.max_length is None)
        self.zoned = _set(number for number, rule in enumerate(rules) if rule.zone != "any")
        self._in_zones = [
            _set(n for n, rule in enumerate(rules) if rule.zone == "any" or _ASKS[rule.zone] & zones)
            for zones in range(4)
        ]
        longest = max((rule.max_length or 0 for rule in rules), default=0)
        self._fitting = [self.all] * (min(longest, _LONGEST_NOTED) + 2)  # by length; the last is for all that is longer
        for number, rule in enumerate(rules):
            if rule.max_length is not None:
                for length in range(rule.max_length + 1, len(self._fitting)):
                    self._fitting[length] &= ~(1 << number)
        by_literal: dict[str, int] = {}
        for number, rule in enumerate(rules):
            for literal in rule.needs:
                by_literal[literal] = by_literal.get(literal, 0) | 1 << number
        self._literals = _automaton(list(by_literal))
        self._wanted = list(by_literal.values())
        reach: dict[str, int] = {}  # spelling: the longest line that it makes worth a try
        wanted_by: dict[str, int] = {}
        for literal, wanted in by_literal.items():
            far = max(_INFINITE if (bound := rules[n].max_length) is None else bound for n in _bits(wanted))
            for spelling in spellings(literal):
                # A literal in disguise comes in a line that is longer than its shadow.
                slack = _SLACK if len(spelling) == len(literal) else far + _SLACK
                reach[spelling] = max(far + slack, reach.get(spelling, 0))
                wanted_by[spelling] = wanted_by.get(spelling, 0) | wanted
        if reach:  # a pinyin note may stand inside any literal, so it makes a line worth a look
            for spelling in _NOTE_ENDS:
                reach[spelling] = _LONGEST_NOTED
                wanted_by[spelling] = self.all
        self.gate = _automaton(list(reach))
        self.reach = list(reach.values())
        self.wanted_by = list(wanted_by.values())

    def triggered(self, seen: str) -> int:
        """The rules that a shadow holds a literal of."""
        rules, wanted = self.always, self._wanted
        for literal, _, _ in found(self._literals, seen):
            rules |= wanted[literal]
        return rules

    def decide(self, line: str, zones: int, wanted: int, among: int, *, every: bool = False) -> Decision:
        """What the rules ``wanted`` find on a line: number, span in the line, match, shadow.

        If it is negative, or something was dropped that may have hidden a literal, they are those of ``among`` whose
        literal shows.
        Rules behind one that finds the whole line find nothing longer, and are tried only for ``every`` match.
        """
        if wanted >= 0:
            wanted &= self._in_zones[zones]
            if not wanted:
                return ()
        cast = shadow(line)
        seen = cast.text
        if wanted < 0 or cast.offsets is not None:
            wanted = self.triggered(seen) & among & self._in_zones[zones]
        length, fitting = len(seen), self._fitting
        wanted &= fitting[length] if length < len(fitting) else fitting[-1]
        searches = self._searches
        decided: list[tuple[int, int, int, Any, Shadow]] = []
        chinese: bool | None = None
        for number in self._numbers(wanted):
            match = (searches[number] or self._search(number))(seen)
            if match is None:
                continue
            rule = self._rules[number]
            if rule.max_length is not None and length > rule.max_length:
                continue
            if rule.text == "chinese":
                if chinese is None:
                    chinese = _CHINESE.search(seen) is not None and _CODE.search(seen) is None
                if not chinese:
                    continue
            low, high = cast.span(*match.span(self._parts[number]))
            if low < high:
                decided.append((number, low, high, match, cast))
                if high - low == len(line) and not every:
                    break
        return tuple(decided)

    def _search(self, number: int) -> Callable[[str], Any]:
        """The search for a rule's pattern, compiled when a line first asks for it."""
        rule = self._rules[number]
        pattern = _compiled(rule.pattern, rule.trusted)
        search: Callable[[str], Any] = pattern.search if rule.trusted else functools.partial(_timed, rule, pattern)
        if "ad" in pattern.groupindex:
            self._parts[number] = "ad"
        self._searches[number] = search
        return search


def _set(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in numbers)


def _bits(rules: int) -> tuple[int, ...]:
    """The numbers in a set, in order."""
    numbers = []
    while rules:
        lowest = rules & -rules
        numbers.append(lowest.bit_length() - 1)
        rules ^= lowest
    return tuple(numbers)


def _automaton(literals: list[str]) -> Any:
    # As a DFA the 22,000 spellings take 130 MB and six times as long to build, and are no faster on dirty text.
    kind = ahocorasick_rs.Implementation.ContiguousNFA
    return ahocorasick_rs.AhoCorasick(literals or ["\U0010ffff\ue000"], implementation=kind, store_patterns=False)


def found(automaton: Any, text: str) -> list[tuple[int, int, int]]:
    try:
        found = automaton.find_matches_as_indexes(text, overlapping=True)
    except UnicodeEncodeError:  # a lone surrogate, which the automaton can not read
        found = automaton.find_matches_as_indexes(_SURROGATE.sub("\ufffd", text), overlapping=True)
    return cast("list[tuple[int, int, int]]", found)


_SURROGATE = re.compile("[\ud800-\udfff]")


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str, trusted: bool) -> Any:
    # The standard module is about twice as fast; only patterns that were not tested here need a time limit.
    return re.compile(pattern) if trusted else regex.compile(pattern)


def _timed(rule: Rule, pattern: Any, seen: str) -> Any:
    try:
        return pattern.search(seen, timeout=_SECONDS)
    except TimeoutError:
        warnings.warn(
            f"{rule.file}: {rule.name} took more than {_SECONDS} s for a line of {len(seen)} characters, which was "
            "kept; give it a max_length, or remove a repetition inside a repetition",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
