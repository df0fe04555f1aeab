"""The gate of the rules: where a text holds a literal that some rule needs, however it is written."""

from __future__ import annotations

import functools
from array import array
from collections.abc import Mapping, Sequence
from operator import add, itemgetter
from typing import Any, NamedTuple, cast

from cleanzh.kernels import kernel
from cleanzh.lexicon.units import code_points
from cleanzh.prepared import Literals
from cleanzh.shadow import folded, folds, forms

__all__ = ["INFINITE", "LONGEST_NOTED", "Gate", "Line", "Needed", "Places", "spelled"]

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
_start = itemgetter(1)

Places = list[tuple[int, int]]
"""The number of a form, and where it starts; by start."""
Line = tuple[int, int, int, str | None]
"""Start and end of a line, the rules to try there, and what its shadow says if it hides nothing and that is known."""


class Needed(NamedTuple):
    """What a literal is good for: the rules that need it, and the longest line that one of them takes."""

    wanted: int
    far: int


def spelled(needed: Mapping[str, Needed], rules: Sequence[str]) -> Literals:
    """The literals that some rules need, in every form that a text may give them."""
    known: dict[str, tuple[int, int]] = {}  # how long a line, and which rules
    for literal, (wanted, far) in needed.items():
        for form in forms(literal):
            # A literal in disguise comes in a line that is longer than its shadow.
            reach = (far if len(form) == len(literal) else 2 * far) + _SLACK
            if before := known.get(form):
                known[form] = max(reach, before[0]), wanted | before[1]
            else:
                known[form] = reach, wanted
    if needed:
        # A pinyin note may stand inside any literal, so it makes a line worth a look, for every rule.
        for form in _NOTE_ENDS:
            reach, _ = known.get(form, (0, 0))
            known[form] = max(reach, LONGEST_NOTED), (1 << len(rules)) - 1
    every = sorted(known)
    # Most literals are of one rule, so there are few different values.
    values: dict[tuple[int, int], int] = {}
    of_form = array("I", (values.setdefault(known[form], len(values)) for form in every))
    reaches = array("q", (reach for reach, _ in values))
    size = (len(rules) + 7) // 8
    sets = b"".join(wanted.to_bytes(size, "little") for _, wanted in values)
    return Literals(list(rules), every, of_form.tobytes(), reaches.tobytes(), sets)


class Gate:
    """Literals, each with the rules that need it, in every form that a text may give them.

    A form has a number, and a value: how long a line it makes worth a try, and the rules to try there.

    Texts are searched folded. The kernel folds each character as it comes to it. Without it, to fold a text would take
    longer than to search it, so what is searched is two bytes for each of its characters, as a table has them for what
    it folds to, and nothing for what is in no form.
    """

    def __init__(self, literals: Literals) -> None:
        self._seen = 0
        self.forms = literals.forms
        self._values, self._reach = array("I", literals.values), array("q", literals.reach)
        self._sets, self._size = literals.sets, (len(literals.rules) + 7) // 8
        compiled = kernel("forms")
        self._compiled = compiled and compiled.Forms(self.forms, folds(), self._sets, self._reach, self._values)

    @functools.cached_property
    def _wanted(self) -> list[int]:
        """Of each value, the rules to try."""
        sets, size = self._sets, self._size
        return [int.from_bytes(sets[at : at + size], "little") for at in range(0, len(sets), size)]

    def lines(self, text: str, low: int = 0, high: int | None = None, narrowing: object = None) -> list[Line]:
        """The lines of ``text[low:high]`` that hold a form which reaches so far; without those, and without the rules
        there, that ``narrowing`` leaves out, which the kernel of screens gives that of forms.
        """
        if high is None:
            high = len(text)
        if self._compiled is not None:
            lines: list[Line] = self._compiled.lines(text, low, high, narrowing)
            return lines
        part = text[low:high]
        found: list[Line] = []
        start, end, wanted = 0, -1, 0
        for number, at in self.look(part):
            if at >= end:
                if wanted:
                    found.append((start + low, end + low, wanted, None))
                    wanted = 0
                start = part.rfind("\n", 0, at) + 1
                end = part.find("\n", at)
                end = len(part) if end < 0 else end
            value = self._values[number]
            if end - start <= self._reach[value]:
                wanted |= self._wanted[value]
        if wanted:
            found.append((start + low, end + low, wanted, None))
        return found

    def look(self, text: str) -> Places:
        """Where the text holds a form."""
        if self._compiled is not None:
            places: Places = self._compiled.look(text)
            return places
        if self._seen <= _FEW:
            self._seen += len(text)
            if self._seen <= _FEW:
                return self._look_once(text)
        found = self._automaton.find_matches_as_indexes(self._bytes(text), overlapping=True)
        # They come by their ends.
        return sorted([(number, start >> 1) for number, start, _ in found], key=_start)

    def _look_once(self, text: str) -> Places:
        """The same without an automaton: what a form begins with shows which to look for."""
        text = folded(text)
        places: Places = []
        for start in self._by_start.keys() & {*map(add, text, text[1:]), *text}:
            for form in self._by_start[start]:
                at = text.find(form)
                while at >= 0:
                    places.append((self._numbers[form], at))
                    at = text.find(form, at + 1)
        return sorted(places, key=_start)

    @functools.cached_property
    def _numbers(self) -> dict[str, int]:
        return {form: number for number, form in enumerate(self.forms)}

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
