"""Read a shifted run again, from the byte that was lost to where both readings agree.

Three things stand in the way, and what reads as Chinese decides all three: a second lost byte at the end of the run,
pairs that fell into a user-defined zone and are gone without a trace, and marks whose width was folded since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from math import exp
from typing import Final, NamedTuple

from cleanzh.filters.pinyin.context import Context
from cleanzh.filters.pinyin.gaps import two_for_one
from cleanzh.filters.pinyin.gbk import (
    EURO,
    beginning_with,
    decoder,
    encoder,
    in_zone,
    is_private,
)
from cleanzh.filters.pinyin.notes import reads_as, sounding
from cleanzh.filters.pinyin.scan import LETTERS
from cleanzh.lexicon.fluency import cost_alone, fluency, in_a_word, profile
from cleanzh.patterns import lazily

__all__ = ["Reader", "Run", "expected", "read_as"]

_NOTE_TAIL = lazily(rf"([{LETTERS}]{{1,9}}) ?\)")
_NOTE = lazily(rf"\(([{LETTERS}]{{1,9}}) ?\)")
# What is left of a tag whose "<" was read together with the lost byte.
_TAG_REST = lazily(
    r"/(?:p|div|span|strong|b|i|a|em|font|section|li|ul|ol|td|tr|table|h[1-6]|center|blockquote|u|article)(?![a-z])"
    r"|br ?/?>|(?:p|div|span|strong|img|a|em|font|section|li|ul|td|tr|table|h[1-6]|b|u)\b[^<>\n]{0,300}>"
)
_MARK_AFTER_BLANK = lazily(r" ?[，。、；：！？,.;:!?)）”]")
_OPENERS: Final = {
    "“": "”",
    "‘": "’",
    "《": "》",
    "〈": "〉",
    "「": "」",
    "『": "』",
    "【": "】",
    "〔": "〕",
    "（": "）",
}
_QUOTES = lazily("[“”‘’《》〈〉「」『』【】〔〕（）]")
_QUOTES_CLOSE: Final = "”’》」』"
_ENDS: Final = "。！？…；："
_PRIVATE = lazily("[\ue000-\uf8ff]")
_LONGEST_RUN: Final = 4000

# All in nats, tuned on pages made by the simulator.
_DULL: Final = -7.5  # a seam that reads better than this is not looked at: it costs a look at a thousand candidates
_GONE: Final = -1.0  # how much better two characters must read than the one that hides them, negated
_HARDLY: Final = 3.0  # the same, where the one is hardly ever a word and the two are one
_ODD: Final = -11.0  # or at least this, where it begins a word
_SURE: Final = 0.6  # how likely a lost character must be, among all that fit, to be put back


_FEW: Final = 5  # a quarter of the candidates that are compared with the rest of the document
_PLAUSIBLE: Final = 6.0  # sets them apart from those that are not


class Run(NamedTuple):
    """One way to read on: where the damage ends, what follows the lost byte, and what speaks for it beside the text."""

    end: int
    text: str
    bonus: float = 0.0


class Reader:
    """Reads runs of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._context = Context(text)
        self._mended: dict[tuple[str, int, str, str], str | None] = {}

    def encoded(self, char: str) -> int:
        """The two bytes of a character, also of a mark that was folded since; -1 for what has none."""
        if self._folded and "!" <= char <= "~":
            return 0xA380 | ord(char)
        return encoder().get(char, -1)

    def start(self, position: int, pending: int) -> str:
        """The first characters that :meth:`read` would make, if nothing is missing; empty where they are none."""
        first, second = (encoder().get(glyph) for glyph in self.text[position : position + 2].ljust(2))
        if first is None:
            glyph = self.text[position : position + 1]
            return decoder().get(pending << 8 | ord(glyph), "") if "\x40" <= glyph <= "\x7e" else ""
        start = decoder().get(pending << 8 | first >> 8, "")
        return start + decoder().get((first & 0xFF) << 8 | second >> 8, "") if start and second else start

    def read(self, position: int, pending: int, line: str) -> Iterator[Run]:
        """Pair ``pending`` and the bytes from ``position`` on anew, up to where both readings agree again.

        ``line`` is what stands before the run on its line, already mended.
        """
        text, decode, encode = self.text, decoder(), encoder()
        chars: list[str] = []
        seams: list[tuple[int, int]] = []
        stop = min(len(text), position + _LONGEST_RUN)
        while position < stop:
            glyph = text[position]
            pair = encode.get(glyph)
            if pair is None or glyph in "？€":  # most are others
                if glyph in "?？\ufffd":
                    so_far = self._mend(chars, seams, line, "")
                    if so_far is not None:
                        yield from self._at_loss(position, pending, so_far, line)
                    if glyph != "？":
                        return
                code = ord(glyph)
                if code < 0x80 or code == 0x20AC:
                    byte = EURO if code == 0x20AC else code
                    if byte >= 0x40:
                        yield from self._at_ascii(position + 1, chars, [*seams, (pending, byte)], line)
                    if not 0x21 <= code <= 0x7E or not self._folded:
                        return
                    pair = 0xA3 << 8 | code | 0x80  # full-width once, and folded since
                if pair is None:
                    return
            chars.append(decode.get(pending << 8 | pair >> 8, "\ufffd"))
            seams.append((pending, pair >> 8))
            if chars[-1] == "\ufffd" and self._private_survives:
                return
            pending = pair & 0xFF
            position += 1
            if pending < 0x80:
                mended = self._mend(chars, seams, line, chr(pending))
                if mended is not None:
                    yield Run(position, mended + chr(pending))
                return

    def _at_ascii(self, end: int, chars: list[str], seams: list[tuple[int, int]], line: str) -> Iterator[Run]:
        """The last trail byte is ASCII, and both readings agree from there on; the character may have a note yet."""
        text = self.text
        note = _NOTE.match(text, end)
        stop = note.end() if note else end
        after = text[stop : stop + 1]
        last = decoder().get(seams[-1][0] << 8 | seams[-1][1], "\ufffd")
        wanted = note[1] if note else ""
        mended = self._mend([*chars, last], seams, line, after, wanted)
        if mended is None:
            return
        if note and reads_as(mended[-1], note[1]):
            yield Run(note.end(), mended, 6.0)
        else:
            yield Run(end, mended)

    # --- pairs that are gone -----------------------------------------------------------------------------------------

    def _mend(
        self, chars: Sequence[str], seams: Sequence[tuple[int, int]], line: str, after: str, wanted: str = ""
    ) -> str | None:
        """The run with the characters put back that vanished pairs took along; None where nothing fits.

        ``wanted`` is what the last character reads.
        """
        if not chars or self._private_survives:
            return None if any(map(_broken, chars)) else "".join(chars)
        key = "".join(chars), seams[0][0], after, wanted
        if key not in self._mended:
            self._mended[key] = self._mend_anew(chars, seams, line, after, wanted)
        return self._mended[key]

    def _mend_anew(
        self, chars: Sequence[str], seams: Sequence[tuple[int, int]], line: str, after: str, wanted: str
    ) -> str | None:
        before = line[-1:] or "\n"
        worth = profile(before + "".join(chars) + (after or "\n"))
        out: list[str] = []
        unread = len(chars) - 1 if wanted and not reads_as(chars[-1], wanted) else -1
        for index, char in enumerate(chars):
            own = worth[index + 1]
            broken = index == unread or _broken(char)
            dull = own <= _DULL and (own <= _ODD or worth[index + 2] <= _DULL + 2)
            if not dull and not broken and seams[index][0] != 0xA3:  # a mark is worth a look
                out.append(char)
                continue
            last_one = index + 1 == len(chars)
            left = ("".join(out) or before)[-1]
            right = _sound("".join(chars[index + 1 : index + 3]) + after)
            found = self._two_for_one(*seams[index], left, right, wanted if last_one else "")
            if found is not None and not broken:
                here = sum(profile(left + char + right)[1:3]) + self._context.fit(left, [char], right)[0]
                margin = _HARDLY if _hardly_a_word(left, char, right, found[1]) else _GONE
                if found[0] + margin < here:
                    found = None
            if found is not None:
                out.append(found[1])
            elif broken and _broken(char):
                return None
            else:
                out.append(char)
        return "".join(out)

    def _two_for_one(self, lead: int, trail: int, left: str, right: str, wanted: str = "") -> tuple[float, str] | None:
        """The best two characters that ``lead`` begins and ``trail`` ends, with a vanished pair between."""
        found = two_for_one(lead, trail, left, right[:2], wanted)
        fits = self._context.fit(left, [both for _, both in found], right)
        return max(((value + fit, both) for (value, both), fit in zip(found, fits, strict=True)), default=None)

    @cached_property
    def _folded(self) -> bool:
        return "，" not in self.text

    @cached_property
    def _private_survives(self) -> bool:
        return _PRIVATE.search(self.text) is not None

    # --- a second lost byte ------------------------------------------------------------------------------------------

    def _at_loss(self, position: int, pending: int, so_far: str, line: str) -> Iterator[Run]:
        """The trail byte of ``pending`` is gone, and so is the byte that was read with it."""
        text, after = self.text, position + 1
        left = (line + so_far)[-1:]
        if note := _NOTE_TAIL.match(text, after):
            end = note.end()
            right = text[end : end + 1]
            choices = read_as(pending, note[1])
            if choices:
                yield Run(end, so_far + self.likeliest(choices, left, right), 4.0)
            elif not self._private_survives:
                both = _both(pending, note[1])
                if both:
                    yield Run(end, so_far + self.likeliest(both, left, right), 2.0)
            return
        tag = _TAG_REST.match(text, after) is not None
        ends = tag or after == len(text) or text[after] == "\n"
        mark = _MARK_AFTER_BLANK.match(text, after)
        if ends and pending == 0xA1:
            char, bonus = _closing(line + so_far)
            yield Run(after, so_far + char + ("<" if tag else ""), bonus + (2.0 if tag else 0.0))
            return
        unknown = not ends and not mark  # a digit, a letter, a blank or the end of a line: nobody knows
        right = "\n" if ends else mark[0].strip() if mark else ""
        char, chance = self.chance(beginning_with(pending), left, right)
        twin = self._twin(pending, line + so_far)
        if twin and chance < 0.95:
            char = twin
        elif chance < _SURE:
            yield Run(after, so_far + "?")
            return
        if unknown and char not in _ENDS and char not in _QUOTES_CLOSE:
            char += "?"
        yield Run(after, so_far + char + ("<" if tag else ""), 2.0 if tag else 0.0)

    def _twin(self, lead: int, line: str) -> str:
        """Two characters around a vanished pair, when the line has them once already."""
        for char, byte in beginning_with(lead).items():
            at = line.find(char)
            if 0 <= at < len(line) - 1:
                pair = encoder().get(line[at + 1])
                if pair is not None and in_zone(byte, pair >> 8):
                    return line[at : at + 2]
        return ""

    def likeliest(self, choices: Iterable[str], left: str, right: str) -> str:
        """What reads best between ``left`` and ``right`` among ``choices`` (of one length)."""
        listed = tuple(choices)
        if not listed:
            return "?"
        plausible, others, _ = self._ranked(listed, left, right)
        return listed[-max(plausible + others)[1]]

    def chance(self, choices: Iterable[str], left: str, right: str) -> tuple[str, float]:
        """:meth:`likeliest`, and how likely it is among all choices."""
        listed = tuple(choices)
        if not listed:
            return "?", 0.0
        plausible, others, chances = self._ranked(listed, left, right)
        best, place = max(plausible + others)
        return listed[-place], 1 / (chances * exp(-best) + sum([exp(value - best) for value, _ in plausible]))

    def _ranked(self, choices: tuple[str, ...], left: str, right: str) -> tuple[_Ranked, _Ranked, float]:
        """:func:`_between`, with what the text says of the best ones."""
        left, right = left[-1:] or "\n", right[:1] or "\n"
        fluent, best, others, chances = _between(choices, left, right)
        fits = self._context.fit(left, best, right)
        worth = [(value + fit + _PLAUSIBLE, place) for (value, place), fit in zip(fluent, fits, strict=True)]
        return worth, others, chances

    def worth(self, left: str, middle: str, right: str) -> float:
        """How well ``middle`` reads between the two."""
        left, right = left[-1:] or "\n", right[:1] or "\n"
        return sum(profile(left + middle + right)) + self._context.fit(left, [middle], right)[0]


_Ranked = list[tuple[float, int]]


@lru_cache(maxsize=1024)
def _between(choices: tuple[str, ...], left: str, right: str) -> tuple[_Ranked, list[str], _Ranked, float]:
    """How well each of the choices reads between the two and its place, negated: of the best ones, which these are, and
    of the next; and how likely all but the best ones are together."""
    worth = sorted(
        zip(fluency([left + choice + right for choice in choices]), range(0, -len(choices), -1), strict=True)
    )
    worth.reverse()
    best, others = worth[: 4 * _FEW], worth[4 * _FEW :]
    return best, [choices[-place] for _, place in best], others[:1], sum([exp(value) for value, _ in others])


@lru_cache(maxsize=8192)
def read_as(lead: int, note: str) -> tuple[str, ...]:
    """The characters with this lead byte and this reading; those that only traditional text has, if there are any."""
    fitting = [char for char in sounding(note) if encoder()[char] >> 8 == lead and not is_private(char)]
    return tuple([char for char in fitting if _only_gbk(char)] or fitting)


@lru_cache(maxsize=4096)
def _both(lead: int, note: str) -> tuple[str, ...]:
    """Two characters with a vanished pair between, of which ``lead`` begins the first and the second reads ``note``."""
    seconds = [(char, encoder()[char] >> 8) for char in sounding(note) if _only_gbk(char)]
    return tuple(a + b for a, first in beginning_with(lead).items() for b, second in seconds if in_zone(first, second))


def _hardly_a_word(left: str, char: str, right: str, two: str) -> bool:
    """Whether ``char`` stands alone where it hardly ever is a word, and the two characters instead are one."""
    if cost_alone(char) > -1:
        return False
    return in_a_word(*two) and not in_a_word(left[-1], char) and not in_a_word(char, right[0])


def _sound(text: str) -> str:
    """Up to two characters from the start of ``text`` that are nothing broken; a line end if there are none."""
    good = 0
    while good < min(len(text), 2) and text[good] != "?" and not _broken(text[good]):
        good += 1
    return text[:good] or "\n"


def _broken(char: str) -> bool:
    return "\ue000" <= char <= "\uf8ff" or char == "\ufffd"


def _only_gbk(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return True
    return False


def expected(line: str) -> str:
    """The marks that would close what is open at the end of ``line``, the outermost first."""
    found: list[str] = []
    for opener in _QUOTES.finditer(line):
        char = opener[0]
        if char in _OPENERS:
            found.append(_OPENERS[char])
        elif found and char == found[-1]:
            found.pop()
    return "".join(found[-8:])


def _closing(line: str) -> tuple[str, float]:
    """What a line ends with, when all that is known is that it is ``。`` or the mark that closes what it opened."""
    if not line.endswith(tuple(_ENDS)):
        return "。", 1.0
    still_open = expected(line)
    return (still_open[-1], 6.0) if still_open else ("”", 1.0)
