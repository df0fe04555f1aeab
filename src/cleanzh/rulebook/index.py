"""The literal index: which rules are worth trying on which line, and what they find there."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cleanzh import prepared
from cleanzh.rulebook.gate import INFINITE, LONGEST_NOTED, Gate, Needed
from cleanzh.rulebook.opening import opening
from cleanzh.rulebook.rule import Rule
from cleanzh.shadow import UNSTEADY, Shadow, folded, shadow, shadows

__all__ = ["HEAD", "TAIL", "Decision", "Index", "Question"]

# A pattern of a user that needs longer for one line is a runaway; the line is kept.
_SECONDS = 0.5
_CHINESE = prepared.compiled("[\u3400-\u9fff]")
# Headings and lists of Markdown and AsciiDoc, front matter, tags, statements.
_CODE = prepared.compiled(
    r"^(?:#+ |#[^#]*$|=+ |//|!\[|[a-z]+::|[*+-] |\||:[a-z-]+:)|[{}`]|\\[a-z]|</|/>|<[a-z!]|=>|;$|^[a-z_]+: [\[\"']"
)
_SHORT = 200
_REMEMBERED = 8192


Question = tuple[str, int, int, int]
"""A line, its zones, the rules to try there, and the rules that may be tried.

If something was dropped that may have hidden a literal, the rules to try are those that may be and whose literal shows.
"""

Decision = tuple[tuple[int, int, int, Any, Shadow], ...]
"""What was found: the number of the rule, the span in the line, match, shadow."""

HEAD, TAIL = 1, 2  # the zones of a line, as bits
_ASKS = {"head": HEAD, "tail": TAIL}


class Index:
    """The literals of all rules: as shadows spell them, and as texts may. A set of rules is the bits of an integer."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._searches: list[Callable[[str], Any] | None] = [None] * len(rules)
        self._parts: list[str | int] = [0] * len(rules)  # the group that goes
        self._decided: dict[Question, Decision] = {}
        self.opened = _Opened(self)
        self._numbers = functools.lru_cache(maxsize=_REMEMBERED)(_bits)
        self.all = (1 << len(rules)) - 1
        self.always = _set(number for number, rule in enumerate(rules) if not rule.needs)
        self.unbounded = _set(number for number, rule in enumerate(rules) if rule.max_length is None)
        self.zoned = _set(number for number, rule in enumerate(rules) if rule.zone != "any")
        self.in_zones = [
            _set(n for n, rule in enumerate(rules) if rule.zone == "any" or _ASKS[rule.zone] & zones)
            for zones in range(4)
        ]
        longest = max((rule.max_length or 0 for rule in rules), default=0)
        self._fitting = [self.all] * (min(longest, LONGEST_NOTED) + 2)  # by length; the last is for all that is longer
        for number, rule in enumerate(rules):
            if rule.max_length is not None:
                for length in range(rule.max_length + 1, len(self._fitting)):
                    self._fitting[length] &= ~(1 << number)
        by_literal: dict[str, int] = {}
        for number, rule in enumerate(rules):
            for literal in rule.needs:
                by_literal[literal] = by_literal.get(literal, 0) | 1 << number
        self._wanted = by_literal
        bounds = [INFINITE if rule.max_length is None else rule.max_length for rule in rules]
        self.gate = Gate(
            {
                literal: Needed(wanted, max(bounds[number] for number in _bits(wanted)))
                for literal, wanted in by_literal.items()
            },
            self.all,
        )

    def triggered(self, seen: str) -> int:
        """The rules that a shadow holds a literal of."""
        rules, gate = self.always, self.gate
        for number, _ in gate.look(seen):
            rules |= self._wanted.get(gate.forms[number], 0)
        return rules

    def that_open_with(self, letter: str) -> int:
        """The rules that may match a line which begins with this letter in its shadow."""
        return self._by_opening.get(letter, self._by_opening[""])

    @functools.cached_property
    def _by_opening(self) -> dict[str, int]:
        """The rules by the letter that lines of theirs begin with; those for any are with each, and by themselves."""
        letters = [opening(rule.pattern) for rule in self._rules]
        any_letter = _set(number for number, opens in enumerate(letters) if not opens)
        by_letter = {"": any_letter}
        for number, opens in enumerate(letters):
            for char in opens:
                by_letter[char] = by_letter.get(char, any_letter) | 1 << number
        return by_letter

    def decide_each(self, questions: Sequence[Question]) -> Sequence[Decision | None]:
        """What rules find on each of some lines.

        The foot of a site stands on every page of it, so a short line is often one that was just decided.
        """
        known = self._decided
        found = list(map(known.get, questions))
        new = [at for at, decision in enumerate(found) if decision is None]
        if new:
            if len(known) > _REMEMBERED:
                known.clear()
            texts, casts = shadows([questions[at][0] for at in new])
            for number, at in enumerate(new):
                question = questions[at]
                found[at] = decision = self._decide(question, texts[number], casts.get(number))
                if len(question[0]) <= _SHORT:
                    known[question] = decision
        return found

    def decide_all(self, line: str, zones: int, among: int) -> Decision:
        """What each rule of ``among`` finds on a line."""
        cast = shadow(line)
        wanted = self.triggered(cast.text) & among
        return self._decide((line, zones, wanted, among), cast.text, None if cast.offsets is None else cast, every=True)

    def _decide(self, question: Question, seen: str, cast: Shadow | None, *, every: bool = False) -> Decision:
        """What is found in the text of a shadow; ``cast`` is the shadow, if it is more than the folded line.

        Rules behind one that finds the whole line find nothing longer, and are tried only for ``every`` match.
        """
        line, zones, wanted, among = question
        if cast is not None:
            wanted = self.triggered(seen) & among
        length, fitting = len(seen), self._fitting
        wanted &= (fitting[length] if length < len(fitting) else fitting[-1]) & self.in_zones[zones]
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
            if rule.unless and any(word in match[0] for word in rule.unless):
                continue
            if rule.text == "chinese":
                if chinese is None:
                    chinese = _CHINESE.search(seen) is not None and _CODE.search(seen) is None
                if not chinese:
                    continue
            made = cast or Shadow(seen, None, length)
            low, high = made.span(*match.span(self._parts[number]))
            if low < high:
                decided.append((number, low, high, match, made))
                if high - low == len(line) and not every:
                    break
        return tuple(decided)

    def _search(self, number: int) -> Callable[[str], Any]:
        """The search for a rule's pattern, compiled when a line first asks for it."""
        rule = self._rules[number]
        pattern = _compiled(rule.pattern, rule.trusted)
        search: Callable[[str], Any]
        if rule.trusted:
            # The module tries an anchored pattern at every place of the line; `match` tries it at the first alone.
            search = pattern.match if _is_anchored(rule.pattern) else pattern.search
        else:
            search = functools.partial(_timed, rule, pattern)
        if "ad" in pattern.groupindex:
            self._parts[number] = "ad"
        self._searches[number] = search
        return search


class _Opened(dict[str, int]):
    """The rules that may find something on a line that begins with a character."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def __missing__(self, char: str) -> int:
        plain = folded(char)
        steady = plain.isalpha() and plain not in UNSTEADY
        self[char] = rules = self._index.that_open_with(plain) if steady else self._index.all
        return rules


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


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str, trusted: bool) -> Any:
    # The standard module is about twice as fast; only patterns that were not tested here need a time limit.
    if trusted:
        return prepared.compiled(pattern)
    import regex

    return regex.compile(pattern)


def _is_anchored(pattern: str) -> bool:
    """Whether each alternative of a pattern begins with ``^``.

    >>> [_is_anchored(pattern) for pattern in ("^a(?:b|c)$|^[|]", "^a|b", "(?:^a)")]
    [True, False, False]
    """
    depth, alternatives = 0, [""]
    for part in _PARTS.findall(pattern):
        depth += (part == "(") - (part == ")")
        if part == "|" and not depth:
            alternatives.append("")
        else:
            alternatives[-1] += part
    return all(alternative.startswith("^") for alternative in alternatives)


# What an alternative is made of: escapes, classes and brackets as wholes, so that a `|` in them is none.
_PARTS = prepared.compiled(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[]", re.DOTALL)


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
