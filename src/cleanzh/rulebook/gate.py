"""The gate of the rules: where a text holds a literal that some rule needs, however it is written."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from operator import add
from typing import Any, NamedTuple, cast

from cleanzh.lexicon.units import code_points
from cleanzh.shadow import folded, folds, forms

__all__ = ["INFINITE", "LONGEST_NOTED", "Gate", "Needed", "Places"]

INFINITE = 1 << 60
_SLACK = 8
LONGEST_NOTED = 400
# How the notes of a spinner end: 戰(zhàn), 網(wǎng ).
_NOTE_ENDS = tuple(
    f"{vowel}{end})"
    for vowel in "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
    for end in ("", "i", "o", "u", "n", "ng", " ", "i ", "o ", "u ", "n ", "ng ")
)
# So many characters are read before the automaton is made, which takes as long as a third of a start.
_FEW = 100_000
# A character is searched as two bytes, of which the first is below this and the second is not: found is what begins
# with a first one.
_FIRST = 192

Places = list[tuple[int, int, int]]
"""The number of a form, and twice its start and end; by start or by end."""


class Needed(NamedTuple):
    """What a literal is good for: the rules that need it, and the longest line that one of them takes."""

    wanted: int
    far: int


class Gate:
    """Literals, each with the rules that need it, in every form that a text may give them.

    A form has a number. ``reach`` says how long a line it makes worth a try, ``wanted`` the rules to try there.

    Texts are searched folded. To fold one takes longer than to search it, so what is searched is two bytes for each of
    its characters, as a table has them for what it folds to, and nothing for what is in no form.
    """

    def __init__(self, needed: Mapping[str, Needed], every: int) -> None:
        self._seen = 0
        self._numbers: dict[str, int] = {}
        self.reach: list[int] = []
        self.wanted: list[int] = []
        spelled = [
            # A literal in disguise comes in a line that is longer than its shadow.
            (form, (far if len(form) == len(literal) else 2 * far) + _SLACK, wanted)
            for literal, (wanted, far) in needed.items()
            for form in forms(literal)
        ]
        # A pinyin note may stand inside any literal, so it makes a line worth a look, for every rule.
        spelled += [(form, LONGEST_NOTED, every) for form in _NOTE_ENDS if needed]
        for form, reach, wanted in spelled:
            number = self._numbers.setdefault(form, len(self.reach))
            if number == len(self.reach):
                self.reach.append(reach)
                self.wanted.append(wanted)
            else:
                self.reach[number] = max(self.reach[number], reach)
                self.wanted[number] |= wanted
        self.forms = list(self._numbers)

    def look(self, text: str) -> Places:
        """Where the text holds a form."""
        if self._seen <= _FEW:
            self._seen += len(text)
            if self._seen <= _FEW:
                return self._look_once(text)
        places: Places = self._automaton.find_matches_as_indexes(self._bytes(text), overlapping=True)
        return places

    def _look_once(self, text: str) -> Places:
        """The same without an automaton: what a form begins with shows which to look for."""
        text = folded(text)
        places: Places = []
        for start in self._by_start.keys() & {*map(add, text, text[1:]), *text}:
            for form in self._by_start[start]:
                at = text.find(form)
                while at >= 0:
                    places.append((self._numbers[form], 2 * at, 2 * (at + len(form))))
                    at = text.find(form, at + 1)
        places.sort(key=lambda place: place[1])
        return places

    @functools.cached_property
    def _by_start(self) -> dict[str, list[str]]:
        starts: dict[str, list[str]] = {}
        for form in self.forms:
            starts.setdefault(form[:2], []).append(form)
        return starts

    @functools.cached_property
    def _codes(self) -> dict[str, bytes]:
        """Two bytes for each character of a form."""
        chars = sorted(set("".join(self.forms)))
        per_first, firsts = 256 - _FIRST, _FIRST - 1
        return {char: bytes((1 + at // per_first % firsts, _FIRST + at % per_first)) for at, char in enumerate(chars)}

    @functools.cached_property
    def _table(self) -> Any:
        """The codes of all characters, as numbers; the last is for those beyond."""
        import numpy as np

        codes = {char: int.from_bytes(code, "little") for char, code in self._codes.items()}
        table = np.zeros(max(0xFFFF, *folds(), *map(ord, codes)) + 2, "<u2")
        for char, code in codes.items():
            table[ord(char)] = code
        for other, plain in folds().items():
            table[other] = codes.get(plain, 0)
        return table

    def _bytes(self, text: str) -> bytes:
        points = code_points(text)
        # What two bytes can say is in the table, which is asked a third faster without a look at its end.
        mode = "raise" if points.itemsize == 2 else "clip"
        return cast("bytes", self._table.take(points, mode=mode).tobytes())

    @functools.cached_property
    def _automaton(self) -> Any:
        import ahocorasick_rs

        literals = [b"".join(map(self._codes.__getitem__, form)) for form in self.forms]
        kind = ahocorasick_rs.Implementation.ContiguousNFA
        return ahocorasick_rs.BytesAhoCorasick(literals or [b"\xff"], implementation=kind)
