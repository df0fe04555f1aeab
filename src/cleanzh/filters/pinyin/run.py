"""Read a shifted run again, from the byte that was lost to where both readings agree.

Three things stand in the way, and what reads as Chinese decides all three: a second lost byte at the end of the run,
pairs that fell into a user-defined zone and are gone without a trace, and marks whose width was folded since.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from cleanzh.filters.pinyin.context import Context, between
from cleanzh.filters.pinyin.gaps import two_for_one
from cleanzh.filters.pinyin.gbk import (
    EURO,
    beginning_with,
    char_of,
    in_zone,
    is_private,
    pair_anew,
    pair_of,
    vanishing,
)
from cleanzh.filters.pinyin.notes import reads_as, sounding
from cleanzh.lexicon.kinds import UNSEEN, kinds_of
from cleanzh.lexicon.readings import LETTERS
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
_SOUND = lazily("[^?\ue000-\uf8ff\ufffd]{1,2}")  # what is nothing broken
_LONGEST_RUN: Final = 4000

_SURE: Final = 0.6  # how likely a lost character must be, among all that fit, to be put back


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
        return pair_of(char) or -1

    def start(self, position: int, pending: int) -> str:
        """The first characters that :meth:`read` would make, if nothing is missing; empty where they are none."""
        first, second = (pair_of(glyph) for glyph in self.text[position : position + 2].ljust(2))
        if not first:
            glyph = self.text[position : position + 1]
            return char_of(pending << 8 | ord(glyph)) if "\x40" <= glyph <= "\x7e" else ""
        start = char_of(pending << 8 | first >> 8)
        return start + char_of((first & 0xFF) << 8 | second >> 8) if start and second else start

    def read(self, position: int, pending: int, line: str) -> Iterator[Run]:
        """Pair ``pending`` and the bytes from ``position`` on anew, up to where both readings agree again.

        ``line`` is what stands before the run on its line, already mended.
        """
        text, chars, seams = self.text, "", b""
        stop = min(len(text), position + _LONGEST_RUN)
        while True:
            more, bytes_of_more, position, pending = pair_anew(text, position, stop, pending)
            chars += more
            seams += bytes_of_more
            if "\ufffd" in more and self._private_survives:
                return
            if more and pending < 0x80:
                mended = self._mend(chars, seams, line, chr(pending))
                if mended is not None:
                    yield Run(position, mended + chr(pending))
                return
            if position == stop:
                return
            glyph = text[position]
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
                    yield from self._at_ascii(position + 1, chars, seams + bytes((pending, byte)), line)
                if not 0x21 <= code <= 0x7E or not self._folded:
                    return
            pair = self.encoded(glyph)  # full-width once, if it was folded since
            if pair < 0:
                return
            chars += char_of(pending << 8 | pair >> 8) or "\ufffd"
            seams += bytes((pending, pair >> 8))
            if chars[-1] == "\ufffd" and self._private_survives:
                return
            pending = pair & 0xFF
            position += 1

    def _at_ascii(self, end: int, chars: str, seams: bytes, line: str) -> Iterator[Run]:
        """The last trail byte is ASCII, and both readings agree from there on; the character may have a note yet."""
        text = self.text
        note = _NOTE.match(text, end)
        stop = note.end() if note else end
        after = text[stop : stop + 1]
        last = char_of(seams[-2] << 8 | seams[-1]) or "\ufffd"
        wanted = note[1] if note else ""
        mended = self._mend(chars + last, seams, line, after, wanted)
        if mended is None:
            return
        if note and reads_as(mended[-1], note[1]):
            yield Run(note.end(), mended, 6.0)
        else:
            yield Run(end, mended)

    # --- pairs that are gone -----------------------------------------------------------------------------------------

    def _mend(self, chars: str, seams: bytes, line: str, after: str, wanted: str = "") -> str | None:
        """The run with the characters put back that vanished pairs took along; None where nothing fits.

        ``seams`` has the two bytes of each character, ``wanted`` is what the last one reads.
        """
        if not chars or self._private_survives:
            return None if any(map(_broken, chars)) else chars
        key = chars, seams[0], after, wanted
        if key not in self._mended:
            self._mended[key] = self._mend_anew(chars, seams, line, after, wanted)
        return self._mended[key]

    def _mend_anew(self, chars: str, seams: bytes, line: str, after: str, wanted: str) -> str | None:
        before = line[-1:] or "\n"
        unread = len(chars) - 1 if wanted and not reads_as(chars[-1], wanted) else -1
        doubtful = self._context.doubtful(before, chars, after or "\n", seams)
        if unread >= 0 and doubtful[-1:] != [unread]:
            doubtful.append(unread)
        out, done = "", 0
        for index in doubtful:
            out += chars[done:index]
            done = index + 1
            char, broken = chars[index], index == unread or _broken(chars[index])
            left = (out or before)[-1]
            sound = _SOUND.match(chars[done : done + 2] + after)
            right = sound[0] if sound else "\n"
            read = wanted if done == len(chars) else ""
            found = two_for_one(seams[2 * index], seams[2 * index + 1], left, right, read)
            two = self._context.instead(found, left, char, right, broken)
            if two is None and _broken(char):
                return None
            out += two or char
        return out + chars[done:]

    @cached_property
    def _folded(self) -> bool:
        return "，" not in self.text

    @cached_property
    def _private_survives(self) -> bool:
        return bool(kinds_of(self.text) & UNSEEN) and _PRIVATE.search(self.text) is not None

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
                    yield Run(end, so_far + self.likeliest(both, left, right, 2), 2.0)
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
        char, chance = self.chance(_all_beginning_with(pending), left, right)
        twin = self._twin(pending, line + so_far) if chance < 0.95 else ""
        if twin:
            char = twin
        elif chance < _SURE:
            yield Run(after, so_far + "?")
            return
        if unknown and char not in _ENDS and char not in _QUOTES_CLOSE:
            char += "?"
        yield Run(after, so_far + char + ("<" if tag else ""), 2.0 if tag else 0.0)

    def _twin(self, lead: int, line: str) -> str:
        """Two characters around a vanished pair, when the line has them once already."""
        chars = beginning_with(lead)
        for char in sorted(chars.keys() & set(line), key=chars.__getitem__):
            at = line.index(char)
            pair = pair_of(line[at + 1 : at + 2])
            if pair and in_zone(chars[char], pair >> 8):
                return line[at : at + 2]
        return ""

    def likeliest(self, choices: str, left: str, right: str, width: int = 1) -> str:
        """What reads best between ``left`` and ``right`` among choices of ``width`` characters."""
        return self.chance(choices, left, right, width)[0]

    def chance(self, choices: str, left: str, right: str, width: int = 1) -> tuple[str, float]:
        """:meth:`likeliest`, and how likely it is among all choices."""
        if not choices:
            return "?", 0.0
        left, right = left[-1:] or "\n", right[:1] or "\n"
        place, chance = self._context.choose(between(choices, width, left, right), left, right)
        return choices[place * width : (place + 1) * width], chance

    def worth(self, left: str, middle: str, right: str) -> float:
        """How well ``middle`` reads between the two."""
        return self._context.worth(left[-1:] or "\n", middle, right[:1] or "\n")


@lru_cache(maxsize=8192)
def read_as(lead: int, note: str) -> str:
    """The characters with this lead byte and this reading; those that only traditional text has, if there are any."""
    fitting = [char for char in sounding(note) if pair_of(char) >> 8 == lead and not is_private(char)]
    return "".join([char for char in fitting if _only_gbk(char)] or fitting)


@lru_cache(maxsize=4096)
def _both(lead: int, note: str) -> str:
    """Two characters with a vanished pair between, of which ``lead`` begins the first and the second reads ``note``."""
    seconds = [(char, pair_of(char) >> 8) for char in sounding(note) if _only_gbk(char)]
    firsts, gone = beginning_with(lead).items(), vanishing()
    return "".join([a + b for a, first in firsts for b, second in seconds if gone[first << 8 | second]])


@lru_cache(maxsize=256)
def _all_beginning_with(lead: int) -> str:
    return "".join(beginning_with(lead))


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
