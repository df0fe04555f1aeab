"""Rules together, matched against a text."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from cleanzh.errors import RuleError
from cleanzh.kernels import kernel
from cleanzh.lexicon.lines import lines_of
from cleanzh.rulebook.index import HEAD, TAIL, WINDOW, Found, Index, Question
from cleanzh.rulebook.rule import Rule
from cleanzh.shadow import Shadow

__all__ = ["Candidate", "Hit", "Rulebook"]

# A line to try rules on: start, end, the set of rules, its zones, those it was tried in before (-1: not yet), and what
# its shadow says, if that is known.
Candidate = tuple[int, int, int, int, int, str | None]


class Hit(NamedTuple):
    """Where a rule matched: ``start`` and ``end`` are what goes, ``line`` the span of the line (without line end).

    ``whole`` says that the line holds nothing else.

    >>> from cleanzh.rulebook import parse
    >>> book = Rulebook(parse('''
    ... [[rule]]
    ... id = "author"
    ... reason = "names the author"
    ... pattern = '^作者:(?P<author>.{2,8})$'
    ... needs = "作者"
    ... must_match = ["作者：张三", "作者:李四"]
    ... must_not_match = ["作者说"]
    ... ''', family="bylines"))
    >>> hit, = book.scan("第一行\\n作者：張三\\n")
    >>> hit.rule.name, hit.start, hit.end, hit.group("author")
    ('bylines.author', 4, 9, '張三')
    """

    rule: Rule
    start: int
    end: int
    line: tuple[int, int]
    zones: tuple[str, ...]
    match: Any
    cast: Shadow
    shift: int
    text: str
    whole: bool

    def group(self, name: str | int) -> str | None:
        """What a group of the pattern matched, as the text spells it."""
        if self.match.start(name) < 0:
            return None
        start, end = self.cast.span(*self.match.span(name))
        return self.text[self.shift + start : self.shift + end]


class Rulebook:
    """Rules, ready to be matched; keeps nothing but them, and pickles.

    >>> from cleanzh.rulebook import builtin
    >>> [rule.name for rule in Rulebook(builtin()).choosing(["sharing"], ()).rules][:1]
    ['sharing.emoji-words']
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: rule.name))
        names = [rule.name for rule in self.rules]
        for first, second in zip(self.rules, self.rules[1:], strict=False):
            if first.name == second.name:
                files = " and ".join(dict.fromkeys((first.file, second.file)))
                raise RuleError(f"{files}: {first.name} is defined twice; rename one of them")
        for rule in self.rules:
            for old in rule.renamed_from:
                if old in names:
                    raise RuleError(f"{rule.file}: {rule.name} was called {old}, as another rule is; rename that")
        self.families = tuple(dict.fromkeys(rule.family for rule in self.rules))
        self._names = dict(zip(names, self.rules, strict=True))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.rules,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rulebook) and self.rules == other.rules

    def __hash__(self) -> int:
        return hash(self.rules)

    def __getitem__(self, name: str) -> Rule:
        return self._names[name]

    def choosing(self, select: Sequence[str], ignore: Sequence[str]) -> Rulebook:
        """The rules that are selected and not ignored, by prefixes of their full names.

        An unsafe rule is in only if ``select`` names it, or a part of it that reaches into its id.
        """
        chosen = []
        for rule in self.rules:
            named = rule.name.startswith(tuple(prefix for prefix in select if "." in prefix))
            if rule.safety == "unsafe" and not named:
                continue
            if (not select or rule.name.startswith(tuple(select))) and not rule.name.startswith(tuple(ignore)):
                chosen.append(rule)
        return Rulebook(chosen)

    def holds_a_literal(self, text: str) -> bool:
        """Whether the gate lets the text through: it holds a literal that some rule needs, in some spelling."""
        return bool(self._index.always or self._index.gate.look(text))

    def scan(self, text: str) -> Iterator[Hit]:
        """For each line on which a rule matches, the longest match (of equals, the first by rule name)."""
        return self.hits(text, self.candidates(text))

    def hits(self, text: str, candidates: Iterable[Candidate]) -> Iterator[Hit]:
        """:meth:`scan`, on these lines only."""
        index = self._index
        in_zones = index.in_zones
        lines: list[tuple[int, int]] = []
        questions: list[Question] = []
        for start, end, wanted, zones, tried, seen in candidates:
            if zones == tried:
                continue
            among, low = index.all, start
            if end - start > WINDOW:
                among, low = index.unbounded, end - WINDOW
                wanted &= among
            wanted &= in_zones[zones]
            if wanted and (line := seen or text[low:end].strip()):
                lines.append((start, end))
                questions.append((line, zones, wanted, among, seen is not None))
        for span, question, decided in zip(lines, questions, index.decide_each(questions), strict=True):
            if decided:
                best = decided[0] if len(decided) == 1 else max(decided, key=_size)
                yield self._hit(text, span, _WHERE[question[1]], best)

    def on_line(self, text: str, start: int, end: int, zones: tuple[str, ...] | None = None) -> list[Hit]:
        """All matches on the line ``text[start:end]``, by rule name; zones are judged within ``text`` if not given."""
        where = _zones(start, _bounds(text)) if zones is None else _WHERE.index(zones)
        window = text[max(start, end - WINDOW) : end]
        line = window.strip()
        if not line:
            return []
        among = self._index.all if len(window) == end - start else self._index.unbounded
        found = self._index.decide_all(line, where, among)
        return [self._hit(text, (start, end), _WHERE[where], one) for one in found]

    def _hit(self, text: str, line: tuple[int, int], zones: tuple[str, ...], found: Found) -> Hit:
        number, low, high, match, shadow = found
        start, end = line
        begin = end - len(text[max(start, end - WINDOW) : end].lstrip())
        whole = high - low == shadow.length and not text[start:begin].strip()
        return Hit(self.rules[number], begin + low, begin + high, line, zones, match, shadow, begin, text, whole)

    def candidates(self, text: str) -> Iterable[Candidate]:
        """The lines to try rules on."""
        always = self._index.always
        if not always:
            return self._held(text)
        return self._every(text, {start: wanted for start, _, wanted, *_ in self._held(text)})

    def _every(self, text: str, held: Mapping[int, int]) -> Iterator[Candidate]:
        start, bounds = 0, _bounds(text)
        while start < len(text):
            end = _line_end(text, start)
            wanted = held.get(start, 0) | self._index.always
            yield start, end, wanted, _zones(start, bounds) if wanted & self._index.zoned else 0, -1, None
            start = end + 1

    def _held(self, text: str, bounds: Bounds | None = None, low: int = 0, high: int | None = None) -> list[Candidate]:
        """The lines of ``text[low:high]`` that hold a literal which a rule of their length needs."""
        found = self._index.lines(text, low, high)
        if not found:
            return []
        bounds, zoned = bounds or _bounds(text), self._index.zoned
        return [
            (start, end, wanted, _zones(start, bounds) if wanted & zoned else 0, -1, seen)
            for start, end, wanted, seen in found
        ]

    def after(self, text: str, cuts: Iterable[tuple[int, str]], candidates: Iterable[Candidate]) -> Iterable[Candidate]:
        """The candidates of ``text``, which lost these cuts (start, content) where something was found.

        On a line that lost nothing, only rules that ask for a zone can find more: it may have come into one.
        """
        if self._index.always:
            return self.candidates(text)
        spans: list[tuple[int, int, int]] = []
        again: list[Candidate] = []
        gone = 0
        looked = -1
        bounds = _bounds(text)
        for low, before in cuts:
            at, high = low - gone, low + len(before)
            gone += len(before)
            fresh = not at or text[at - 1] == "\n"
            if (fresh and before[-1] == "\n") or (at == len(text) and (fresh or before[0] == "\n")):
                spans.append((low, high, gone))
                continue
            spans.append((low - 1, high + 1, gone))  # what is beside it is on the line, too
            start = text.rfind("\n", 0, at) + 1
            if start != looked:
                again += self._held(text, bounds, start, _line_end(text, at))
                looked = start
        zoned = self._index.zoned
        left: list[Candidate] = []
        number = gone = 0
        for start, end, wanted, tried, _, seen in candidates:
            while number < len(spans) and spans[number][1] <= start:
                gone = spans[number][2]
                number += 1
            if wanted & zoned and (number == len(spans) or spans[number][0] >= end):
                start -= gone
                left.append((start, end - gone, wanted & zoned, _zones(start, bounds), tried, seen))
        return sorted(left + again) if again else left

    @functools.cached_property
    def _index(self) -> Index:
        return Index(self.rules)


def _size(found: Found) -> int:
    return found[2] - found[1]


Bounds = tuple[int, int]
"""Where the head of a text ends, and where its tail begins."""


def _bounds(text: str) -> Bounds:
    compiled = kernel("page")
    if compiled is not None:
        return cast("Bounds", compiled.zones(text, _LEAST_HEAD, _LEAST_TAIL))
    return _bounds_by_lines(text)


def _bounds_by_lines(text: str) -> Bounds:
    lines = lines_of(text)
    last = len(lines) - 1 - (not lines[-1])  # the number of the last line
    head, tail = max(_LEAST_HEAD, last // 3 + 1), last + 1 - max(_LEAST_TAIL, last // 3 + 1)
    head_ends = sum(map(len, lines[:head])) + head if head <= last else len(text) + 1
    tail_starts = sum(map(len, lines[:tail])) + tail if tail > 0 else 0
    return head_ends, tail_starts


def _zones(start: int, bounds: Bounds) -> int:
    """The zones of the line that starts there, as bits."""
    return (HEAD if start < bounds[0] else 0) | (TAIL if start >= bounds[1] else 0)


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


# A third of the lines is the head of a document, a third its tail, but never fewer than these.
_LEAST_HEAD, _LEAST_TAIL = 8, 16
_WHERE = ((), ("head",), ("tail",), ("head", "tail"))
