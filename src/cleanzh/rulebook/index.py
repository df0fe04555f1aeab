"""The literal index: which rules are worth trying on which line, and what they find there."""

from __future__ import annotations

import functools
import re
import warnings
from array import array
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

from cleanzh import prepared
from cleanzh.kernels import kernel
from cleanzh.prepared import Literals
from cleanzh.rulebook.files import MADE_FROM
from cleanzh.rulebook.gate import INFINITE, LONGEST_NOTED, Gate, Line, Needed, spelled
from cleanzh.rulebook.rule import Rule
from cleanzh.shadow import MAY_HIDE, Shadow, shadow, shadows

__all__ = ["HEAD", "NOT_PROSE", "TAIL", "WINDOW", "Found", "Index", "Line", "Nothing", "Question", "literals"]

# A pattern of a user that needs longer for one line is a runaway; the line is kept.
_SECONDS = 0.5
# No Chinese; headings and lists of Markdown and AsciiDoc, front matter, tags, statements.
NOT_PROSE = (
    "^[^\u3400-\u9fff]*$"
    r"|^(?:#+ |#[^#]*$|=+ |//|!\[|[a-z]+::|[*+-] |\||:[a-z-]+:)|[{}`]|\\[a-z]|</|/>|<[a-z!]|=>|;$|^[a-z_]+: [\[\"']"
)
"""What a line has for which rules for Chinese are not; a screen can tell it exactly."""
_NOT_PROSE = prepared.compiled(NOT_PROSE)
_SHORT = 200
WINDOW = 2000
"""Longer lines are read by their last part only: what is an advert there stands at the end."""
_REMEMBERED = 8192
_WINDOWS = 64
_first = itemgetter(0)


Question = tuple[str, int] | tuple[str, int, int, int]
"""A line and the rules to try there. If it is not its own shadow, its zones and the rules that may be tried as well: if
something was dropped that may have hidden a literal, those of them are tried whose literal shows.
"""

Found = tuple[int, int, int, bool, Any, Shadow]
"""What was found: the number of the rule, the span in the line, whether that is all of it, match, shadow."""
Nothing = tuple[()]

HEAD, TAIL = 1, 2  # the zones of a line, as bits
_ASKS = {"head": HEAD, "tail": TAIL}


class Index:
    """The literals of all rules: as shadows spell them, and as texts may. A set of rules is the bits of an integer."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._searches: list[Callable[[str], Any] | None] = [None] * len(rules)
        self._parts: list[str | int] = [0] * len(rules)  # the group that goes
        self._decided: dict[Question, Found | Nothing] = {}
        self._numbers = functools.lru_cache(maxsize=_REMEMBERED)(_bits)
        # A line of a hundred promotions ends in the same window of it again and again, when one after the other goes.
        self.decide_all = functools.lru_cache(maxsize=_WINDOWS)(self._decide_all)
        self.all = (1 << len(rules)) - 1
        self.always = _set(number for number, rule in enumerate(rules) if not rule.needs)
        self.unbounded = _set(number for number, rule in enumerate(rules) if rule.max_length is None)
        self.zoned = _set(number for number, rule in enumerate(rules) if rule.zone != "any")
        self.in_zones = [
            _set(n for n, rule in enumerate(rules) if rule.zone == "any" or _ASKS[rule.zone] & zones)
            for zones in range(4)
        ]
        self._fitting = _by_length(rules, self.all)
        names = [rule.name for rule in rules]
        known = prepared.literals(MADE_FROM) if all(rule.trusted for rule in rules) else None
        self.gate = Gate(known if known is not None and known.rules == names else literals(rules))

    @functools.cached_property
    def _wanted(self) -> dict[str, int]:
        return _by_literal(self._rules)

    def triggered(self, seen: str) -> int:
        """The rules that a shadow holds a literal of."""
        rules, gate = self.always, self.gate
        for number in set(map(_first, gate.look(seen))):
            rules |= self._wanted.get(gate.forms[number], 0)
        return rules

    def lines(self, text: str, low: int = 0, high: int | None = None) -> list[Line]:
        """The lines of ``text[low:high]`` that some rules may find something on, and these."""
        return self.gate.lines(text, low, high, self._narrowing)

    def unlike(self, text: str, known: str) -> tuple[int, int]:
        """The span of ``text``, in whole lines, before and behind which rules see the same lines as in ``known``."""
        screen = self._screen
        span: tuple[int, int] = (0, len(text)) if screen is None else screen.unlike(text, known)
        return span

    @functools.cached_property
    def _narrowing(self) -> object:
        """What tells the gate that a pattern does not match; None without a screen."""
        return self._screen and self._screen.narrowing()

    @functools.cached_property
    def _screen(self) -> Any:
        """The kernel with what is prepared; None without both."""
        compiled, known = kernel("screen"), prepared.screens(MADE_FROM)
        if compiled is None or known is None:
            return None
        programs = [known.programs[MAY_HIDE] + known.programs[NOT_PROSE]]
        programs += [known.programs.get(rule.pattern, []) if rule.trusted else [] for rule in self._rules]
        longest = array("q", (INFINITE if rule.max_length is None else rule.max_length for rule in self._rules))
        chinese = _set(number for number, rule in enumerate(self._rules) if rule.text == "chinese")
        bits = chinese.to_bytes((len(self._rules) + 7) // 8, "little")
        tables = known.codes, known.beyond, known.plain, known.sets, known.size
        return compiled.Screen(*tables, programs, longest, bits, WINDOW)

    def decide_each(self, questions: Sequence[Question]) -> Sequence[Found | Nothing | None]:
        """The longest that a rule finds on each of some lines (of equals, the first by rule name).

        The foot of a site stands on every page of it, so a short line is often one that was just decided.
        """
        known = self._decided
        found = list(map(known.get, questions))
        if None in found:
            new = [at for at, best in enumerate(found) if best is None]
            if len(known) > _REMEMBERED:
                known.clear()
            casts = iter(shadows([questions[at][0] for at in new if len(questions[at]) > 2]))
            for at in new:
                line, wanted, *where = questions[at]
                cast = next(casts) if where else Shadow(line, None, len(line))
                if cast.offsets is not None:
                    wanted = self._shown(cast, *where)
                decided = self._decide(cast, wanted, screened=not where)
                best = () if not decided else decided[0] if len(decided) == 1 else max(decided, key=_size)
                found[at] = best
                if len(line) <= _SHORT:
                    known[questions[at]] = best
        return found

    def _decide_all(self, line: str, zones: int, among: int) -> list[Found]:
        """What each rule of ``among`` finds on a line."""
        cast = shadow(line)
        return self._decide(cast, self._shown(cast, zones, among), every=True)

    def _shown(self, cast: Shadow, zones: int, among: int) -> int:
        """The rules of ``among`` whose literal shows."""
        return self.triggered(cast.text) & among & self.in_zones[zones]

    def _decide(self, cast: Shadow, wanted: int, *, every: bool = False, screened: bool = False) -> list[Found]:
        """What these rules find in a shadow, of which a screen has ``screened`` those that are not for such a line.

        Those behind one that finds the whole line find nothing longer, and are tried only for ``every`` match.
        """
        seen = cast.text
        length, fitting = len(seen), self._fitting
        wanted &= fitting[length] if length < len(fitting) else fitting[-1]
        searches = self._searches
        decided: list[Found] = []
        prose = True if screened else None
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
                if prose is None:
                    prose = _NOT_PROSE.search(seen) is None
                if not prose:
                    continue
            low, high = match.span(self._parts[number])
            if cast.offsets is not None:
                low, high = cast.span(low, high)
            if low < high:
                whole = high - low == cast.length
                decided.append((number, low, high, whole, match, cast))
                if whole and not every:
                    break
        return decided

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


def literals(rules: Sequence[Rule]) -> Literals:
    """What some rules need."""
    bounds = [INFINITE if rule.max_length is None else rule.max_length for rule in rules]
    needed = {
        literal: Needed(wanted, max(bounds[number] for number in _bits(wanted)))
        for literal, wanted in _by_literal(rules).items()
    }
    return spelled(needed, [rule.name for rule in rules])


def _by_literal(rules: Sequence[Rule]) -> dict[str, int]:
    """The rules that need each literal."""
    by_literal: dict[str, int] = {}
    for number, rule in enumerate(rules):
        alone = 1 << number
        for literal in rule.needs:
            by_literal[literal] = by_literal.get(literal, 0) | alone
    return by_literal


def _size(found: Found) -> int:
    return found[2] - found[1]


def _set(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in numbers)


def _by_length(rules: Sequence[Rule], every: int) -> list[int]:
    """By the length of a line, the rules that take it; the last are those that take all that is longer."""
    ending: dict[int, int] = {}
    for number, rule in enumerate(rules):
        if rule.max_length is not None and rule.max_length <= LONGEST_NOTED:
            ending[rule.max_length + 1] = ending.get(rule.max_length + 1, 0) | 1 << number
    fitting = [every]
    for length in range(1, max(ending, default=0) + 1):
        fitting.append(fitting[-1] & ~ending.get(length, 0))
    return fitting


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
    if not pattern.startswith("^"):
        return False
    depth = 0
    for part in _PARTS.findall(pattern):
        depth += (part == "(") - (part == ")")
        if part == "|" and not depth:
            return False
    return True


# What tells where an alternative begins; escapes and classes as wholes, so that a `|` in them is none.
_PARTS = prepared.compiled(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()]|\|\^?", re.DOTALL)


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
