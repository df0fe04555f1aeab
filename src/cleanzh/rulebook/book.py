"""Rules together, matched against a text."""

from __future__ import annotations

import bisect
import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from cleanzh.edits import Edit
from cleanzh.errors import RuleError
from cleanzh.kernels import kernel
from cleanzh.lexicon.lines import lines_of
from cleanzh.rulebook.index import HEAD, TAIL, WINDOW, Found, Index, Line, Question
from cleanzh.rulebook.rule import Rule
from cleanzh.shadow import Shadow

__all__ = ["Hit", "Place", "Rulebook"]

Place = tuple[tuple[int, int, int], Found]
"""Where a line starts and ends, its zones, and what was found on it."""


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
    zones: int
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
        self.names = names = tuple(rule.name for rule in self.rules)
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
        places, _ = self.found(text, self.lines(text))
        return itertools.starmap(functools.partial(self.hit, text), places)

    def lines(self, text: str) -> list[Line]:
        """The lines to try rules on."""
        held = self._index.lines(text)
        return self._every(text, {start: wanted for start, _, wanted, _ in held}) if self._index.always else held

    def new_lines(self, text: str, known: str, waiting: Iterable[Line]) -> list[Line]:
        """The same where another text is known, on which nothing can be found but on the lines that wait.

        The filters behind one that is asked again mostly change what rules do not see, or a line or two.
        """
        index = self._index
        low, high = (0, len(text)) if index.always else index.unlike(text, known)
        if not low and high == len(text):
            return self.lines(text)
        shift = len(text) - len(known)
        above = [line for line in waiting if line[0] < low]
        below = [
            (start + shift, end + shift, wanted, seen)
            for start, end, wanted, seen in waiting
            if start + shift >= high and start >= low
        ]
        return [*above, *(index.lines(text, low, high) if low < high else ()), *below]

    def _every(self, text: str, held: Mapping[int, int]) -> list[Line]:
        lines: list[Line] = []
        start, always = 0, self._index.always
        while start < len(text):
            end = _line_end(text, start)
            lines.append((start, end, held.get(start, 0) | always, None))
            start = end + 1
        return lines

    def found(self, text: str, lines: Iterable[Line]) -> tuple[list[Place], list[Line]]:
        """What is found on these lines, and those that have rules for zones in which they do not stand."""
        index = self._index
        zoned, in_zones = index.zoned, index.in_zones
        places: list[tuple[int, int, int]] = []
        questions: list[Question] = []
        waiting: list[Line] = []
        bounds: Bounds | None = None
        for start, end, wanted, seen in lines:
            zones = 0
            if wanted & zoned:
                bounds = bounds or _bounds(text)
                zones = (HEAD if start < bounds[0] else 0) | (TAIL if start >= bounds[1] else 0)
                # The shadow of a line that hides something may show a literal of other rules.
                if late := wanted & (zoned if seen is None else ~in_zones[zones]):
                    waiting.append((start, end, late, seen))
                wanted &= in_zones[zones]
            low = start
            if end - start > WINDOW:
                wanted &= index.unbounded
                low = end - WINDOW
            if not wanted:
                continue
            if seen is not None:
                questions.append((seen, wanted))
            elif line := text[low:end].strip():
                questions.append((line, wanted, zones, index.all if low == start else index.unbounded))
            else:
                continue
            places.append((start, end, zones))
        decided = index.decide_each(questions)
        return [(place, found) for place, found in zip(places, decided, strict=True) if found], waiting

    def hit(self, text: str, place: tuple[int, int, int], found: Found) -> Hit:
        """What was found there, with all that a rule's match says."""
        number, low, high, whole, match, shadow = found
        start, end, zones = place
        begin = end - len(text[max(start, end - WINDOW) : end].lstrip())
        whole = whole and (end - start <= WINDOW or not text[start:begin].strip())
        rule, span = self.rules[number], (begin + low, begin + high)
        return Hit(rule, *span, (start, end), zones, match, shadow, begin, text, whole)

    def on_line(self, text: str, start: int, end: int, zones: int) -> list[Hit]:
        """All matches on the line ``text[start:end]``, by rule name."""
        window = text[max(start, end - WINDOW) : end]
        line = window.strip()
        if not line:
            return []
        among = self._index.all if len(window) == end - start else self._index.unbounded
        return [self.hit(text, (start, end, zones), one) for one in self._index.decide_all(line, zones, among)]

    def after(self, text: str, edits: Sequence[Edit], cut: Sequence[Edit], waiting: Iterable[Line]) -> list[Line]:
        """The lines of ``text`` on which more can be found than before, when it had not lost ``edits``.

        They are those of which a part was ``cut``, and of those that were ``waiting`` the ones that are left.
        """
        if self._index.always:
            return self.lines(text)
        if not (cut or waiting):
            return []
        starts = [edit.start for edit in edits]
        gone = list(itertools.accumulate((len(edit.before) for edit in edits), initial=0))
        lines: list[Line] = []
        looked = -1
        for edit in cut:
            at = edit.start - gone[bisect.bisect_left(starts, edit.start)]
            start = text.rfind("\n", 0, at) + 1
            if start != looked:
                lines += self._index.lines(text, start, _line_end(text, at))
                looked = start
        for start, end, wanted, seen in waiting:
            number = bisect.bisect(starts, start)
            untouched = number == len(starts) or starts[number] >= end
            if untouched and (not number or edits[number - 1].end <= start):
                lines.append((start - gone[number], end - gone[number], wanted, seen))
        return sorted(lines)

    @functools.cached_property
    def _index(self) -> Index:
        return Index(self.rules)


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


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


# A third of the lines is the head of a document, a third its tail, but never fewer than these.
_LEAST_HEAD, _LEAST_TAIL = 8, 16
