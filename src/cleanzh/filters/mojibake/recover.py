"""UTF-8 read as GBK with a loss: the text that reads best of all that one program would have shown so.

What a program does to bytes is known to the last detail (:mod:`.programs`). So the search goes from character to
character, keeps those that the program would have shown as what stands there, and weighs them by how they read. Where
nothing was lost one character alone is left; where bytes were, some tens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from math import exp, log1p
from typing import Final, NamedTuple

from cleanzh.filters.mojibake.gaps import MARKS
from cleanzh.filters.mojibake.programs import PROGRAMS, Program, damaged, pairs, step, sure
from cleanzh.filters.mojibake.settled import HOLE, other_script
from cleanzh.lexicon import bigrams
from cleanzh.lexicon.wording import following
from cleanzh.lexicon.words import segmented

__all__ = ["recover"]

_BEAM = 10
_WIDTH = 16.0  # nats behind the best at which a way is given up
_SURE = 0.1  # nats by which a character must beat the next to be put back; of those under half a nat, most are right
_SAID = -3.5, -1.6  # log P of what the line has elsewhere behind the same character, and behind the same two
_MIXED = -3.0  # a character of the script that the rest of the line is not in

_MOST = 16  # characters tried for one of which nothing is left
_REACH = 3  # characters from a gap on that weigh it
_WORDS = 6  # and on either side, of which words are made
_IN_WORDS = 0.4  # what the words weigh beside the characters; from 0.3 to 0.6 as many are right
_ROUNDS = 2


class _Way(NamedTuple):
    """The best way to have shown the text so far that ends in ``last``; the way before it, and whether the last
    character was one of several."""

    value: float
    last: str
    char: str
    before: _Way | None
    chosen: str  # of which characters
    whole: bool  # none of its bytes was lost


class _Pool(NamedTuple):
    """The usual characters of three bytes, by what is known of them."""

    first: dict[int, str]  # the first byte, and the two others make no pair
    two: dict[tuple[int, int], dict[int, str]]  # the first two, and then the third
    rest: dict[tuple[int, int], str]  # the last two
    hidden: str  # nothing: the last two make no pair


@lru_cache(maxsize=2)
def _pool(codec: str) -> _Pool:
    table = pairs(codec)
    first: dict[int, list[str]] = {}
    two: dict[tuple[int, int], dict[int, str]] = {}
    rest: dict[tuple[int, int], list[str]] = {}
    hidden: list[str] = []
    for char in [*map(chr, bigrams.usual()), *MARKS]:
        a, b, c = char.encode()
        two.setdefault((a, b), {})[c] = char
        rest.setdefault((b, c), []).append(char)
        if not table[b << 8 | c]:
            first.setdefault(a, []).append(char)
            hidden.append(char)
    joined = {key: "".join(chars) for key, chars in rest.items()}
    return _Pool({key: "".join(chars) for key, chars in first.items()}, two, joined, "".join(hidden))


def recover(text: str) -> str | None:
    """``text`` before it lost bytes, with a hole for each character that could be another as well; None if no program
    known here shows anything so."""
    text = text.replace(HOLE, "?")  # either may be the mark
    best: tuple[float, str] | None = None
    marked = "?" in text
    for program in PROGRAMS:
        if program in _MARKING and not marked:
            continue
        if marked and not program.mark and best is not None:  # a question mark is hardly one of the author's
            continue
        way = _Search(text, program).best()
        if way is not None and (best is None or way[0] > best[0] + 1e-6):
            best = way
    return best[1] if best else None


class _Search:
    def __init__(self, text: str, program: Program) -> None:
        self.text, self.program = text, program
        self.raw = [_bytes(char, program) for char in text]
        self.sure = sure(text)
        self.other = other_script(self.sure)
        self.said = Counter(self.sure[at : at + size] for size in (2, 3) for at in range(len(self.sure) - size + 1))

    def best(self) -> tuple[float, str] | None:
        text, mark = self.text, self.program.mark
        ways: dict[int, dict[tuple[int, str], _Way]] = {0: {(0, "\n\n"): _Way(0.0, "\n\n", "", None, "", False)}}
        ends: list[_Way] = []
        for position in range(len(text) + 1):
            here = ways.pop(position, None)
            if here is None:
                continue
            for holding in (True, False):  # what is held may go without a trace, and leads on from the same place
                states = [(way, lead) for (lead, _), way in here.items() if (lead > 0) == holding]
                states.sort(key=lambda state: -state[0].value)
                for way, lead in states[:_BEAM]:
                    if way.value < states[0][0].value - _WIDTH:
                        break
                    if text[position:] == (mark if lead else ""):
                        end = following(way.last, "\n")[0]
                        ends.append(way._replace(value=way.value + end))
                    for new, behind, held in self._on(way, position, lead):
                        reached = here if behind == position else ways.setdefault(behind, {})
                        key = held, new.last
                        if key not in reached or reached[key].value < new.value:
                            reached[key] = new
        if not ends:
            return None
        best = max(ends, key=lambda way: way.value)
        return best.value, self._settled(best)

    def _on(self, way: _Way, position: int, lead: int) -> Iterator[tuple[_Way, int, int]]:
        """The ways that go on with one more character: where they stand then, and what byte is held."""
        text, program = self.text, self.program
        found: list[tuple[str, int, int]] = []
        for char in dict.fromkeys(self._candidates(position, lead, way.last)):
            shown, held = step(program, lead, char)
            if text.startswith(shown, position) and (not held or self._may_hold(held, position + len(shown))):
                found.append((char, position + len(shown), held))
        if not found:
            return
        several = "".join(char for char, _, _ in found) if len(found) > 1 else ""
        whole = self._whole(position, lead)
        values = following(way.last, several or found[0][0])
        for (char, behind, held), value in zip(found, values, strict=True):
            if several or way.chosen:
                value = self._weighed(way.last, char, value, itself=way.whole and char == whole)
            yield _Way(way.value + value, way.last[1:] + char, char, way, several, char == whole), behind, held

    def _weighed(self, last: str, char: str, value: float, *, itself: bool = False) -> float:
        """``log P`` of a character in this line: what it says elsewhere than here ``itself``, it is likely to say."""
        if self.said[last[-1] + char] > itself and last[-1].isalpha() and char.isalpha():
            again = _SAID[self.said[last + char] > itself and last.isalpha()]
            value = max(value, again) + log1p(exp(-abs(value - again)))
        return value + _MIXED * (char in self.other)

    def _whole(self, position: int, lead: int) -> str:
        """The character that stands at ``position`` if nothing was lost."""
        here = self._bytes_at(position)
        raw = here + self._bytes_at(position + 1)
        if lead:
            raw = raw[1:] if here[:1] == bytes((lead,)) else b""
        return "".join(_decoded(raw[:3]))

    def _candidates(self, position: int, lead: int, last: str) -> Iterator[str]:
        """Characters that may be shown from ``position`` on, some of them in vain."""
        raw, program = self.raw, self.program
        here = raw[position] if position < len(raw) else b""
        if lead in _GOING and program.both:
            yield from self._hidden(position, last)
        if not here:
            return
        after = raw[position + 1] if position + 1 < len(raw) else b""
        pool = _pool(program.codec)
        if here[0] < 0x80:
            yield self.text[position]
            if lead and self.text[position] == program.mark:
                if program.eats:
                    yield " "
                if after and after[0] < 0x80:
                    yield self.text[position + 1]
                elif not program.both:
                    yield from self._opening(position + 1)
            return
        if not lead:
            yield from self._opening(position)
            return
        if here[0] == lead and len(here) == 2:
            byte = here[1]
            if byte < 0x80:
                yield chr(byte)
            elif 0xC2 <= byte < 0xE0:
                yield from (chr((byte & 0x1F) << 6 | low) for low in range(0x40))
            elif byte >= 0xE0:
                yield from _decoded(bytes((byte,)) + after + (self._bytes_at(position + 2) if byte >= 0xF0 else b""))
                yield from pool.first.get(byte, "")
        if not program.both and not program.mark and lead in _GOING:
            yield from self._opening(position)

    def _opening(self, position: int) -> Iterable[str]:
        """Characters whose first two bytes stand at ``position`` as a pair."""
        here = self._bytes_at(position)
        if len(here) != 2:
            return
        after = self._bytes_at(position + 1)
        if here[0] < 0xE0:
            yield from _decoded(here)
            return
        yield from _decoded(here + after[: 2 if here[0] >= 0xF0 else 1])
        thirds = _pool(self.program.codec).two.get((here[0], here[1]), {})
        yield from thirds.values()

    def _hidden(self, position: int, last: str) -> Iterable[str]:
        """Characters whose first byte went with the one before it, without a trace."""
        here = self._bytes_at(position)
        pool = _pool(self.program.codec)
        if len(here) == 2 and here[0] < 0xC0:
            yield from pool.rest.get((here[0], here[1]), "")
        else:
            following = "".join(_decoded(here + self._bytes_at(position + 1)[:1])) if here else "\n"
            yield from _likeliest(pool.hidden, last, following)
        if here[:1] == _DOT[1:]:
            yield "·"

    def _bytes_at(self, position: int) -> bytes:
        return self.raw[position] if position < len(self.raw) else b""

    def _may_hold(self, lead: int, position: int) -> bool:
        """Whether what follows can be shown after this byte."""
        here, program = self._bytes_at(position), self.program
        if len(here) == 2 and here[0] == lead:
            return True
        if lead not in _GOING:
            return self.text.startswith(program.mark, position) and (program.mark != "" or _ends(here))
        if program.both:  # the first byte of the next character went with it, and what follows are the two others
            return _ends(here) or here[0] >= 0xC2 or here[1:] < b"\xc0" or here[:1] == _DOT[1:]
        if program.mark:
            return self.text.startswith(program.mark, position)
        return _ends(here) or here[0] >= 0xC2

    def _settled(self, end: _Way) -> str:
        """The text of a way, now that what stands behind each gap is known as well, and which words that makes; with a
        hole for each gap that another character fills nearly as well.
        """
        ways: list[_Way] = []
        way = end
        while way.before is not None:
            ways.append(way)
            way = way.before
        ways.reverse()
        chars = [way.char for way in ways]
        for _ in range(_ROUNDS):  # gaps may stand side by side
            before = list(chars)
            holes = [place for place, way in enumerate(ways) if way.chosen and self._settle(chars, place, ways)]
            if chars == before:
                break
        for place in holes:
            chars[place] = HOLE
        return "".join(chars)

    def _settle(self, chars: list[str], place: int, ways: Sequence[_Way]) -> bool:
        """Put what fits best into a gap; whether another one would do nearly as well."""
        now = chars[place]
        left = ["\n", "\n", *chars[max(0, place - _REACH) : place]][-2:]
        right = [*chars[place + 1 : place + _REACH], *"\n" * (place + _REACH > len(chars))]
        around = "".join(chars[max(0, place - _WORDS) : place]), "".join(chars[place + 1 : place + 1 + _WORDS])
        # whether what stands at each place is there to be found again, by ``said``
        whole = [way.whole for way in ways[max(0, place - 1) : place + _REACH]]

        def worth(char: str) -> float:
            text = [*left, char, *right]
            there = [*whole, *[True] * _REACH]
            if place:
                there[1] = there[1] and char == ways[place].char
            else:
                there = [False, there[0] and char == ways[0].char, *there[1:]]
            total = _IN_WORDS * segmented(around[0] + char + around[1])
            for at in range(2, len(text)):
                last = text[at - 2] + text[at - 1]
                value = following(last, text[at])[0]
                total += self._weighed(last, text[at], value, itself=there[at - 2] and there[at - 1])
            return total

        tried = {now, *_likeliest(ways[place].chosen, "".join(left), right[0] if right else "")}
        ranked = sorted(((worth(char), char) for char in tried), reverse=True)
        best: float | None = None
        for value, char in ranked:
            if best is not None and value < best - _SURE:
                break
            if char == now or damaged(self.program, "".join((*chars[:place], char, *chars[place + 1 :]))) == self.text:
                if best is not None:
                    return True
                best, chars[place] = value, char
        return False


_MARKING: Final = frozenset((PROGRAMS[0], *PROGRAMS[3:]))  # of which Windows alone can do without its mark
_GOING: Final = frozenset((0xA2, *range(0xA8, 0xB0)))  # bytes that make no pair with the first one of some character


@lru_cache(maxsize=4096)
def _likeliest(chars: str, last: str, behind: str) -> str:
    """Those of many characters that read best between others, as far as what stands ``behind`` is known."""
    ranked = sorted(zip(following(last, chars), chars, strict=True), reverse=True)[: 8 * _MOST]
    if behind:
        ranked = sorted(((value + bigrams.following(char, behind)[0], char) for value, char in ranked), reverse=True)
    return "".join(char for _, char in ranked[:_MOST])


def _bytes(char: str, program: Program) -> bytes:
    if char == "€" and program.euro:
        return b"\x80"
    try:
        raw = char.encode(program.codec)
    except UnicodeEncodeError:
        return b""
    return raw if len(raw) <= 2 else b""


_DOT: Final = "·".encode()  # of the characters of two bytes, the one that names have


def _ends(raw: bytes) -> bool:
    """Whether no character of three bytes goes on here."""
    return not raw or raw[0] < 0x40


def _decoded(raw: bytes) -> Iterator[str]:
    try:
        char = raw.decode()
    except UnicodeDecodeError:
        return
    if len(char) == 1:
        yield char
