"""Patterns as automata that ask less than they do: where one of these finds nothing, the pattern finds nothing.

Most lines that hold a literal of a rule are not what the rule is for, and its pattern takes microseconds to say so. Its
screen, which the kernel of that name runs, takes a tenth of one. It is made of the pattern when the package is built
(``cleanzh.prepared``): what looks around is left out, what forbids to try again as well, and a repetition bounded by
more than a few is not bounded. It says yes to some lines too many, and never no to one that the pattern matches.
"""

from __future__ import annotations

import itertools
import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cleanzh.prepared import Screens
from cleanzh.shadow import folds

__all__ = ["screens"]

# What an instruction does: end, take one character or one of a set, go on in two places, ask for the line's begin or
# end, do what that one of the next instructions does which takes the character.
_MATCH, _ONE, _SET, _SPLIT, _BEGIN, _END, _SWITCH = range(7)
_COUNTED = 4  # a repetition is counted up to here
_COPIES = 8  # of the least that it asks for
_SMALL = 64  # a range of so many characters is a list of them
_SIZE = 20_000  # instructions; a pattern that needs more has no screen
# What most of a text consists of.
_COMMONEST = (
    ',。:!?"()、-.·; 0123456789'
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种"
    "面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些"
    "然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者"
    "最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运"
)

Set = tuple[tuple[str, Any], ...]
Instruction = tuple[int, Any, int]
Program = list[Instruction]
"""What to do, with what, and where to go on; for a split both are places to go on. It begins with the last."""
Way = tuple[Any, int]
"""Items of a pattern, and the instruction behind them."""


def screens(patterns: Iterable[str]) -> Screens:
    """The screens of all patterns that can have one."""
    made = {pattern: _programs(pattern) for pattern in patterns}
    alphabet = _Alphabet(itertools.chain.from_iterable(made.values()))
    codes, beyond = alphabet.tables()
    sets: dict[Set, int] = {}

    def packed(program: Program) -> bytes:
        row = array("I")
        for kind, what, then in _by_code(program, alphabet.codes):
            if kind == _ONE:
                what = alphabet.codes[what]
            elif kind == _SET:
                what = sets.setdefault(what, len(sets))
            row.extend((kind, what, then))
        return row.tobytes()

    packed_programs = {pattern: [*map(packed, programs)] for pattern, programs in made.items()}
    plain = array("H", range(0x10000))
    for code, char in folds().items():
        if code < 0x10000:
            plain[code] = ord(char) if char < "\U00010000" else 0
    members = b"".join(map(alphabet.members, sets))
    return Screens(codes, beyond, plain.tobytes(), members, alphabet.size, packed_programs)


def _by_code(program: Program, codes: Mapping[str, int]) -> Program:
    """The same with the letters of each switch in the order of their codes, by which the kernel looks for one."""
    ordered = list(program)
    for at, (kind, count, _) in enumerate(program):
        if kind == _SWITCH:
            letters = slice(at + 1, at + 1 + count)
            ordered[letters] = sorted(program[letters], key=lambda letter: codes[letter[1]])
    return ordered


def _programs(pattern: str) -> list[Program]:
    from re import _parser  # type: ignore[attr-defined]  # what re.compile is made of

    parsed = _parser.parse(pattern)
    if parsed.state.flags & ~int(re.UNICODE):
        return []
    try:
        return [_Maker().program(items) for items in _conjuncts(list(parsed))]
    except _UnableError:
        return []


class _UnableError(Exception):
    """The pattern has what no screen can be made of."""


def _conjuncts(items: list[Any]) -> list[list[Any]]:
    """What must all match: the pattern, and what its beginning looks ahead to."""
    found = [items]
    if items and str(items[0][1]) == "AT_BEGINNING":
        for kind, value in items[1:]:
            if str(kind) == "ASSERT" and value[0] == 1:
                found.append([items[0], *value[1]])
            elif not str(kind).startswith("ASSERT"):
                break
    return found


class _Maker:
    """Makes the program of one pattern, from its end to its beginning."""

    def __init__(self) -> None:
        self._made: Program = []
        self._known: dict[Instruction, int] = {}
        self._switches: dict[tuple[Instruction, ...], int] = {}

    def program(self, items: Sequence[Any]) -> Program:
        """The instructions."""
        start = self._all(items, self._add(_MATCH, 0, 0))
        if not _is_anchored(items):
            start = self._loop([("ANY", None)], start)
        self._made.append((_SPLIT, start, start))
        return self._made

    def _add(self, kind: int, what: Any, then: int) -> int:
        """The number of an instruction; words that end alike share those for it."""
        asked = kind, what, then
        number = self._known.get(asked)
        if number is None:
            self._made.append(asked)
            number = self._known[asked] = len(self._made) - 1
            if number > _SIZE:
                raise _UnableError
        return number

    def _loop(self, items: Iterable[Any], then: int) -> int:
        """As often as may be, then go on."""
        self._made.append((_SPLIT, 0, 0))
        loop = len(self._made) - 1
        self._made[loop] = _SPLIT, self._all(items, loop), then
        return loop

    def _all(self, items: Iterable[Any], then: int) -> int:
        for kind, value in reversed(list(items)):
            then = self._one(str(kind), value, then)
        return then

    def _one(self, kind: str, value: Any, then: int) -> int:
        if kind == "LITERAL":
            return self._add(_ONE, chr(value), then)
        if kind == "NOT_LITERAL":
            return self._add(_SET, (("NEGATE", None), ("LITERAL", value)), then)
        if kind == "ANY":
            return self._add(_SET, _ANY, then)
        if kind == "IN":
            return self._add(
                _SET, tuple((str(what), str(one) if str(what) == "CATEGORY" else one) for what, one in value), then
            )
        if kind == "AT":
            at = {"AT_BEGINNING": _BEGIN, "AT_END": _END}.get(str(value))
            return then if at is None else self._add(at, 0, then)
        if kind in ("ASSERT", "ASSERT_NOT"):
            return then
        if kind == "SUBPATTERN":
            if value[1] or value[2]:
                raise _UnableError
            return self._all(value[3], then)
        if kind == "ATOMIC_GROUP":
            return self._all(value, then)
        if kind == "GROUPREF":
            return self._loop([("ANY", None)], then)
        if kind == "BRANCH":
            return self._choice([(items, then) for items in value[1]])
        if kind.endswith("REPEAT"):
            least, most, some = value
            return self._repeated(least, most, some, then)
        raise _UnableError

    def _choice(self, ways: list[Way]) -> int:
        """One of some ways; those that begin with a letter are parted by it, so that lists of words become trees."""
        starts: list[int] = []
        by_letter: dict[str, list[Way]] = {}
        while ways:
            items, then = ways.pop()
            if not len(items):
                starts.append(then)
                continue
            kind, value, rest = str(items[0][0]), items[0][1], items[1:]
            if kind == "LITERAL":
                by_letter.setdefault(chr(value), []).append((rest, then))
            elif kind in ("ASSERT", "ASSERT_NOT"):
                ways.append((rest, then))
            elif kind == "BRANCH":
                behind = self._all(rest, then)
                ways += [(one, behind) for one in value[1]]
            elif kind == "ATOMIC_GROUP" or (kind == "SUBPATTERN" and not (value[1] or value[2])):
                ways.append((value if kind == "ATOMIC_GROUP" else value[3], self._all(rest, then)))
            else:
                starts.append(self._all(items, then))
        letters = [(_ONE, letter, self._choice(some)) for letter, some in sorted(by_letter.items())]
        if len(letters) == 1:
            starts.append(self._add(*letters[0]))
        elif letters:
            starts.append(self._switch(tuple(letters)))
        start, *others = sorted(set(starts))
        for other in others:
            start = self._add(_SPLIT, other, start)
        return start

    def _switch(self, letters: tuple[Instruction, ...]) -> int:
        number = self._switches.get(letters)
        if number is None:
            number = self._switches[letters] = len(self._made)
            self._made += [(_SWITCH, len(letters), 0), *letters]
        return number

    def _repeated(self, least: int, most: int, items: Any, then: int) -> int:
        start = then
        if most <= _COUNTED:
            for _ in range(most - least):
                start = self._add(_SPLIT, self._all(items, start), then)
        else:
            start = self._loop(items, then)
        for _ in range(min(least, _COPIES)):
            start = self._all(items, start)
        return start


_ANY: Set = (("NEGATE", None),)


def _is_anchored(items: Sequence[Any]) -> bool:
    """Whether what a pattern matches starts where the line does."""
    if not items:
        return False
    kind, value = items[0]
    if str(kind) == "BRANCH":
        return all(_is_anchored(list(one)) for one in value[1])
    return str(value) == "AT_BEGINNING" or (str(kind) == "SUBPATTERN" and _is_anchored(list(value[3])))


class _Alphabet:
    """The codes of characters: one for each that a program names, and one for all others that none tells apart."""

    def __init__(self, programs: Iterable[Program]) -> None:
        named: set[str] = set()
        ranges: set[tuple[int, int]] = set()
        for kind, what, _ in itertools.chain.from_iterable(programs):
            if kind == _ONE:
                named.add(what)
            elif kind == _SET:
                for part, value in what:
                    if part == "LITERAL":
                        named.add(chr(value))
                    elif part == "RANGE" and value[1] - value[0] < _SMALL:
                        named.update(map(chr, range(value[0], value[1] + 1)))
                    elif part == "RANGE":
                        ranges.add(value)
        self._ranges = sorted(ranges)
        # By code, a character that has it: the commonest first, so that what an automaton knows of a line's characters
        # lies together.
        ranks = {char: rank for rank, char in enumerate(_COMMONEST)}
        self._examples = sorted(named, key=lambda char: (ranks.get(char, len(ranks)), char))
        self.codes = {char: code for code, char in enumerate(self._examples)}

    def tables(self) -> tuple[bytes, bytes]:
        """What :class:`Screens` calls ``codes`` and ``beyond``."""
        alike: dict[Any, int] = {}
        codes, beyond, plain = array("H"), array("I"), folds()
        for low, high in itertools.pairwise(self._cuts()):
            char = plain.get(low) or chr(low)
            code = self.codes.get(char)
            if code is None:
                kind = *_is(char).values(), *(first <= ord(char) <= last for first, last in self._ranges)
                code = alike.setdefault(kind, len(self._examples))
                if code == len(self._examples):
                    self._examples.append(char)
            if low < 0x10000:
                codes.extend((code,) * (high - low))
            else:
                beyond.extend((low, code))
        return codes.tobytes(), beyond.tobytes()

    def _cuts(self) -> list[int]:
        """Where characters begin that may differ from those before."""
        every = "".join(map(chr, range(0x110000)))
        runs = itertools.chain.from_iterable(re.finditer(kind, every) for kind in (r"\w+", r"\d+", r"\s+"))
        alone = (*map(ord, self.codes), *folds())
        cuts = {0, 0x10000, 0x110000, *itertools.chain.from_iterable(run.span() for run in runs)}
        cuts.update(place for low, high in self._ranges for place in (low, high + 1))
        cuts.update(place for number in alone for place in (number, number + 1))
        return sorted(cuts)

    def members(self, what: Set) -> bytes:
        """The codes of a set, as bits."""
        negated = what[0][0] == "NEGATE"
        bits = sum(1 << code for code, char in enumerate(self._examples) if _has(what, char) != negated)
        return bits.to_bytes(self.size, "little")

    @property
    def size(self) -> int:
        return (len(self._examples) + 7) // 8


def _has(what: Set, char: str) -> bool:
    for part, value in what:
        if part == "LITERAL" and ord(char) == value:
            return True
        if part == "RANGE" and value[0] <= ord(char) <= value[1]:
            return True
        if part == "CATEGORY":
            asked = value.removeprefix("CATEGORY_")
            if _is(char)[asked.removeprefix("NOT_")] != asked.startswith("NOT_"):
                return True
    return False


def _is(char: str) -> dict[str, bool]:
    return {"WORD": char.isalnum() or char == "_", "DIGIT": char.isdecimal(), "SPACE": char.isspace()}
