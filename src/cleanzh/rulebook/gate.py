"""The gate of the rules: where a text holds a literal that some rule needs, in any spelling."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from operator import add
from typing import Any, NamedTuple, cast

from cleanzh.shadow import opened, openings, spellings

__all__ = ["INFINITE", "Gate", "Needed", "Places", "automaton", "found"]

INFINITE = 1 << 60
_SLACK = 8
_LONGEST_NOTED = 400
# How the notes of a spinner end: 戰(zhàn), 網(wǎng ).
_NOTE_ENDS = tuple(
    f"{vowel}{end})"
    for vowel in "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
    for end in ("", "i", "o", "u", "n", "ng", " ", "i ", "o ", "u ", "n ", "ng ")
)
# So many characters are read before the automaton is made: to make it of 50,000 spellings takes as long as the whole
# check of a small file may take, and as long as these characters take without it.
_FEW = 100_000

Places = list[tuple[int, int, int]]
"""Number of a spelling, start and end, by start or by end."""


class Needed(NamedTuple):
    """What a literal is good for: the rules that need it, and the longest line that one of them takes."""

    wanted: int
    far: int


class Spelled(NamedTuple):
    """Spellings by number: the longest line that each makes worth a try, and the rules to try."""

    spellings: dict[str, int]
    reach: list[int]
    wanted: list[int]

    def add(self, literal: str, needed: Needed) -> Iterator[tuple[str, int]]:
        """Enter the spellings of a literal; yields those that are new, with their numbers."""
        for spelling in spellings(literal):
            # A literal in disguise comes in a line that is longer than its shadow.
            slack = _SLACK if len(spelling) == len(literal) else needed.far + _SLACK
            number = self.spellings.setdefault(spelling, len(self.reach))
            if number == len(self.reach):
                self.reach.append(needed.far + slack)
                self.wanted.append(needed.wanted)
                yield spelling, number
            else:
                self.reach[number] = max(self.reach[number], needed.far + slack)
                self.wanted[number] |= needed.wanted

    def add_notes(self, every: int) -> Iterator[tuple[str, int]]:
        """A pinyin note may stand inside any literal, so it makes a line worth a look, for every rule."""
        for spelling in _NOTE_ENDS:
            self.spellings[spelling] = number = len(self.reach)
            self.reach.append(_LONGEST_NOTED)
            self.wanted.append(every)
            yield spelling, number


class Gate:
    """Literals, each with the rules that need it, as texts may spell them."""

    def __init__(self, needed: Mapping[str, Needed], every: int) -> None:
        self._needed, self._every = needed, every
        self._seen = 0

    def look(self, text: str) -> tuple[Places, Spelled]:
        """Where the text holds a spelling, and what each means."""
        if self._seen <= _FEW:
            self._seen += len(text)
            if self._seen <= _FEW:
                return self._few.look(text), self._few.spelled
        return found(self._automaton, text), self.spelled

    @functools.cached_property
    def spelled(self) -> Spelled:
        """All spellings."""
        spelled = Spelled({}, [], [])
        if self._needed:
            for _ in spelled.add_notes(self._every):
                pass
        for literal, needed in self._needed.items():
            for _ in spelled.add(literal, needed):
                pass
        return spelled

    @functools.cached_property
    def _automaton(self) -> Any:
        return automaton(list(self.spelled.spellings))

    @functools.cached_property
    def _few(self) -> _Few:
        return _Few(self._needed, self._every)


class _Few:
    """The same for few texts: of a literal, the spellings are made when a text holds the first two characters of one.

    Every spelling begins as one of the ``openings`` of its literal, so none is missed.
    """

    def __init__(self, needed: Mapping[str, Needed], every: int) -> None:
        self._needed = needed
        self._waiting: dict[str, list[str]] = {}
        for literal in needed:
            for opening in openings(literal):
                self._waiting.setdefault(opening, []).append(literal)
        self.spelled = Spelled({}, [], [])
        self._made: set[str] = set()
        self._starting: dict[str, list[tuple[str, int]]] = {}
        self._file(self.spelled.add_notes(every) if needed else iter(()))

    def look(self, text: str) -> Places:
        for opening in self._waiting.keys() & opened(text):
            for literal in self._waiting.pop(opening):
                if literal not in self._made:
                    self._made.add(literal)
                    self._file(self.spelled.add(literal, self._needed[literal]))
        places: Places = []
        for start in self._starting.keys() & {*map(add, text, text[1:]), *text}:
            for spelling, number in self._starting[start]:
                at = text.find(spelling)
                while at >= 0:
                    places.append((number, at, at + len(spelling)))
                    at = text.find(spelling, at + 1)
        places.sort(key=lambda place: place[1])
        return places

    def _file(self, made: Iterator[tuple[str, int]]) -> None:
        for spelling, number in made:
            self._starting.setdefault(spelling[:2], []).append((spelling, number))


def automaton(literals: list[str]) -> Any:
    """What :func:`found` searches with."""
    import ahocorasick_rs

    # As a DFA the spellings take 130 MB and six times as long to build, and are no faster on dirty text.
    kind = ahocorasick_rs.Implementation.ContiguousNFA
    return ahocorasick_rs.AhoCorasick(literals or ["\U0010ffff\ue000"], implementation=kind, store_patterns=False)


def found(automaton: Any, text: str) -> Places:
    """Where the text holds each of the automaton's literals, also one inside of another."""
    try:
        found = automaton.find_matches_as_indexes(text, overlapping=True)
    except UnicodeEncodeError:  # a lone surrogate, which the automaton can not read
        found = automaton.find_matches_as_indexes(_SURROGATE.sub("\ufffd", text), overlapping=True)
    return cast("Places", found)


_SURROGATE = re.compile("[\ud800-\udfff]")
