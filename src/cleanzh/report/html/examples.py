"""Examples for each rule: its largest removals, edits that differ from each other, and lines that came close."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from cleanzh import prepared
from cleanzh.document import Cleaned
from cleanzh.edits import apply
from cleanzh.kernels import kernel
from cleanzh.prepared import compiled
from cleanzh.report.html.least import Least, chance
from cleanzh.rulebook import Rule
from cleanzh.shadow import shadows

__all__ = ["Collector", "Example", "NearMiss", "NearMisses"]

_AROUND = 18  # characters shown on either side of a change
_LONGEST = 160  # characters of a change that are shown
_LARGEST, _DIFFERENT = 3, 5
_SECONDS = 0.2  # for a pattern of a user that runs away
_ENOUGH = 40  # the hundredth comma of a document tells nothing new
_DIGITS = prepared.compiled(r"\d+")


class Example(NamedTuple):
    """One edit in its surroundings; ``document`` is the id of its document."""

    document: str
    left: str
    before: str
    after: str
    right: str

    @property
    def size(self) -> int:
        return len(self.before) - len(self.after)


@dataclass(slots=True)
class _Of:
    largest: Least = field(default_factory=lambda: Least(3 * _LARGEST))
    kinds: dict[str, tuple[int, Example]] = field(default_factory=dict)


class NearMiss(NamedTuple):
    """A line that a rule looked at and left.

    ``kept_by`` its ``pattern``, ``length``, ``unless``, ``zone`` or something ``other``; ``detail`` is the word that is
    there, the length allowed, the word that spares, the zone asked for.
    """

    document: str
    line: str
    kept_by: str
    detail: str


class Collector:
    """Edits of chosen documents, by rule; ``wanted`` says by document for which rules it was chosen."""

    def __init__(self) -> None:
        self._rules: dict[str, _Of] = {}

    def add(self, document: str, before: str, cleaned: Cleaned, wanted: Iterable[str]) -> None:
        """Look at all edits of a document, which was ``before``, by the rules ``wanted``."""
        rules = set(wanted)
        rank = chance(document)
        for step in cleaned.steps:
            taken: dict[str, int] = {}
            for edit in step.edits:
                if edit.rule not in rules:
                    continue
                of = self._rules.setdefault(edit.rule, _Of())
                size = len(edit.before) - len(edit.after)
                count = taken[edit.rule] = taken.get(edit.rule, 0) + 1
                if count > _ENOUGH and not of.largest.wants((-size, rank, edit.start)):
                    continue
                example = Example(
                    document,
                    before[max(0, edit.start - _AROUND) : edit.start],
                    edit.before,
                    edit.after,
                    before[edit.end : edit.end + _AROUND],
                )
                of.largest.offer((-size, rank, edit.start), example)
                kind = f"{_DIGITS.sub('0', edit.before[:8])}→{edit.after[:4]}"
                known = of.kinds.get(kind)
                if known is None or rank < known[0]:
                    of.kinds[kind] = (rank, example)
            before = apply(before, step.edits)

    def examples(self, rule: str) -> list[Example]:
        """The largest removals first, then edits that differ: of other documents and other wording where there are."""
        of = self._rules.get(rule)
        if of is None:
            return []
        # Copies of a document have the same removals, of which one is enough.
        removals = {example.before: example for example in reversed(list(of.largest)) if example.size > 2}
        chosen = list(removals.values())[::-1][:_LARGEST]
        left = [example for _, example in sorted(of.kinds.values(), key=lambda row: (row[0], row[1]))]
        for fresh in (True, False):
            for example in left:
                if len(chosen) >= _LARGEST + _DIFFERENT:
                    break
                documents = {one.document for one in chosen}
                if example not in chosen and (example.document not in documents) == fresh:
                    chosen.append(example)
        return chosen


class NearMisses:
    """Lines that were kept although they hold a word that a rule needs: by rule, the shortest ones.

    A rule that needs no word came close where its pattern fits and something else kept the line.
    """

    def __init__(self, rules: Iterable[Rule], *, lines: int = 6_000) -> None:
        self._rules = {rule.name: rule for rule in rules}
        self._every = [rule for rule in self._rules.values() if not rule.needs]
        self._kept: dict[str, Least] = {}
        self._left = lines

    @cached_property
    def _needing(self) -> tuple[Callable[[str], Iterable[int]], list[list[str]]]:
        """What finds the numbers of the words that rules need, and the rules that need each."""
        wanted: dict[str, list[str]] = {}
        for rule in self._rules.values():
            for literal in rule.needs:
                wanted.setdefault(literal, []).append(rule.name)
        literals = sorted(wanted)
        return _searching(literals), [wanted[literal] for literal in literals]

    def add(self, document: str, text: str) -> None:
        """Look at the lines of a cleaned text."""
        lines = [line for line in map(str.strip, text[:20_000].split("\n")) if 2 <= len(line) <= 120][: self._left]
        self._left -= len(lines)
        look, names = self._needing
        for line, (seen, *_) in zip(lines, shadows(lines), strict=True):
            for name in {name for number in look(seen) for name in names[number]}.union(self._fitting(seen)):
                self._kept.setdefault(name, Least(3)).offer((len(line), chance(line)), (document, line, seen))

    def _fitting(self, seen: str) -> Iterator[str]:
        for rule in list(self._every):
            try:
                if _found(rule, seen) is not None:
                    yield rule.name
            except TimeoutError:
                self._every.remove(rule)

    def told(self) -> dict[str, list[NearMiss]]:
        """By rule: the lines, and what kept them."""
        return {
            name: [NearMiss(document, line, *_kept_by(self._rules[name], seen)) for document, line, seen in lines]
            for name, lines in sorted(self._kept.items())
        }


def _searching(literals: list[str]) -> Callable[[str], Iterable[int]]:
    """What finds in a text the numbers of sorted literals."""
    if compiled_forms := kernel("forms"):
        look = compiled_forms.Forms(literals, {}, b"", array("q", bytes(8 * len(literals)))).look
        return lambda text: (number for number, _ in look(text))
    from ahocorasick_rs import AhoCorasick

    automaton = AhoCorasick(literals)

    def find(text: str) -> Iterable[int]:
        try:
            return (number for number, _, _ in automaton.find_matches_as_indexes(text, overlapping=True))
        except UnicodeEncodeError:  # half a surrogate pair
            return ()

    return find


def _kept_by(rule: Rule, seen: str) -> tuple[str, str]:
    try:
        found = _found(rule, seen)
    except TimeoutError:
        found = None
    if found is None:
        return "pattern", next((literal for literal in rule.needs if literal in seen), "")
    if rule.max_length is not None and len(seen) > rule.max_length:
        return "length", str(rule.max_length)
    for word in rule.unless:
        if word in found[0]:
            return "unless", word
    return ("other", "") if rule.zone == "any" else ("zone", rule.zone)


_compiled = lru_cache(maxsize=4096)(compiled)  # each rule is asked for three lines, and one without a literal for all


def _found(rule: Rule, seen: str) -> Any:
    """What the pattern finds; a book of this one rule would decide it all, and costs the index of its literals."""
    if rule.trusted:
        return _compiled(rule.pattern).search(seen)
    import regex

    return regex.search(rule.pattern, seen, timeout=_SECONDS)
