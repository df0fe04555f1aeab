"""Which kinds of characters a text has: one scan that the gates of all filters share.

A filter that looks for a kind which the text does not have has nothing to do. Each asks :func:`kinds_of` with its own
bits; the text is scanned for the first that asks, and the others are told what was found.
"""

from __future__ import annotations

import itertools
import re
import sys
from array import array
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from cleanzh import prepared
from cleanzh.kernels import kernel
from cleanzh.lexicon.classes import ENTRIES, ranges
from cleanzh.lexicon.readings import LETTERS
from cleanzh.lexicon.script import characters
from cleanzh.lexicon.strange import BOXES, LEADS, SHORT, TRAILS, strange
from cleanzh.lexicon.units import code_points
from cleanzh.patterns import lazily

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "AMPERSAND",
    "ANGLE",
    "BEYOND",
    "BLANK",
    "BRACE",
    "BRACKET",
    "CODE",
    "COMMA",
    "COUNTER",
    "DAMAGED",
    "DIGIT",
    "DOTS",
    "ESCAPE",
    "FORMAT",
    "HANGUL",
    "KANA",
    "LATIN",
    "LINE_FEEDS",
    "LOST",
    "OCTET",
    "ODD_BLANK",
    "ODD_BREAK",
    "QUOTE",
    "RULE",
    "SEMICOLON",
    "SIMPLIFIED",
    "SQUARE",
    "TRADITIONAL",
    "UNDERSCORE",
    "UNSEEN",
    "count_of",
    "damaged",
    "kinds_of",
    "places_of",
]

(
    BLANK,  # U+0020
    ODD_BLANK,  # all other white space but the line feed
    ODD_BREAK,  # of it, what ends a line
    UNSEEN,  # nothing is seen of it, or it only looks like a common character
    BEYOND,  # past U+FFFF, or half of a surrogate pair
    AMPERSAND,  # & and its full-width form
    SEMICOLON,
    ANGLE,
    BRACE,  # {
    SQUARE,  # [
    UNDERSCORE,
    CODE,  # begins or fences code: < [ ` ~
    COMMA,  # half-width forms of Chinese punctuation: , ; : ! ?
    BRACKET,  # ( )
    QUOTE,
    LATIN,
    DIGIT,
    KANA,
    HANGUL,  # whole or in parts, jamo
    SIMPLIFIED,  # written in one of the scripts only
    TRADITIONAL,
    RULE,  # of a table: box drawing and |
    LINE_FEEDS,  # three in a row
    DOTS,  # three of . and 。 in a row
    ESCAPE,  # two in a row: \\u or \\x
    OCTET,  # two in a row that begin an escape of addresses: %u %E %e
    FORMAT,  # two in a row that end a place holder: %s %d $s $d
    COUNTER,  # two in a row that are in the name of a script that counts visits or places adverts
    LOST,  # two in a row: what a lost byte is shown as (? ？ U+FFFD), and what may stand behind it
    DAMAGED,  # two that are strange close to each other, or the two bytes of a character; any short text may be
) = (1 << bit for bit in range(30))  # in more bits, a number takes twice the room and the time

_CLASSES = {
    BLANK: " ",
    ODD_BLANK: "\t\r\x0b\x0c\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    ODD_BREAK: "\r\x0b\x0c\x85\u2028\u2029",
    UNSEEN: (
        "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
        "\u2e80-\u2fd5\u3164\ue000-\uf8ff\uf900-\ufad9\ufe00-\ufe0f\ufeff\uffa0\ufff9-\uffff"
    ),
    BEYOND: "\ud800-\udfff\U00010000-\U0010ffff",
    AMPERSAND: "&＆",
    SEMICOLON: ";",
    ANGLE: "<>＜",
    BRACE: "{",
    SQUARE: "\\[",
    UNDERSCORE: "_",
    CODE: "<\\[`~",
    COMMA: ",;:!?",
    BRACKET: "()",
    QUOTE: '"',
    LATIN: "A-Za-z",
    DIGIT: "0-9０-９",
    KANA: "ぁ-ヿ",
    HANGUL: "가-힣\u1100-\u11ff\u3131-\u318e",
    RULE: "─-▟|",
}
_ROWS = {LINE_FEEDS: "\n", DOTS: ".。"}
_STOPS = [lazily(f"{stop}[.。]{{2}}") for stop in (r"\.", "。")]  # from a literal, a search runs at the speed of memchr
# The first of two characters, and the second. There can be 15 of them, and one whose characters are only close.
_PAIRS = {
    ESCAPE: [("\\", "ux")],
    OCTET: [("%", "uEe")],
    FORMAT: [("%$", "sd")],
    COUNTER: [(".", "w"), ("y", "g"), ("g", "lt"), ("Z", "Z"), ("d", "S")],
    DAMAGED: [(LEADS, TRAILS)],
    LOST: [("?？\ufffd", f"( !！?？{LETTERS}")],
}
_NEIGHBOURS = {  # a pattern that begins with a literal is searched for at the speed of memchr
    kind: [lazily(f"{re.escape(one)}[{second}]") for first, second in of for one in first]
    for kind, of in _PAIRS.items()
    if kind != DAMAGED
}
_CLOSE, _FAR = 15, 4  # which pair that is, and how far its second character may stand behind the first
_SINGLE = sum(_CLASSES) | SIMPLIFIED | TRADITIONAL
_BITS = 256 * 8  # bytes of the table
_SECOND, _FIRST = 32, 48  # from these bits on, the table says of which pairs a character is a part

# To look up so many characters one by one takes less than to import numpy; and a text of so many, less than to call it.
_FEW, _VERY_FEW = 20_000, 60
_seen = 0


class _Table(NamedTuple):
    """The class of each entry, and of each class its kinds and pairs, as bits."""

    classes: memoryview
    bits: memoryview


@prepared.at_build(
    *("lexicon/classes.py", "lexicon/readings.py", "lexicon/script.py", "lexicon/script.txt", "lexicon/strange.py"),
    *("lexicon/bigrams.npz", "lexicon/bigrams.py"),
)
def _as_bytes() -> bytes:
    """The bits of each class, the kinds of the pairs, which kinds are rows, and the class of each entry."""
    classes, bits, numbers = bytearray(ENTRIES), [0], {0: 0}

    def number(of: int) -> int:
        if of not in numbers:
            numbers[of] = len(bits)
            bits.append(of)
        return numbers[of]

    for bit, chars in _bits():
        for span in ranges(chars):
            part = classes[span.start : span.stop]
            to = bytearray(range(256))
            for one in set(part):
                to[one] = number(bits[one] | bit)
            classes[span.start : span.stop] = part.translate(to)
    for name, kind in (("simplified", SIMPLIFIED), ("traditional", TRADITIONAL)):
        for char in sorted(characters(name)):  # the numbers shall not depend on the order of a set
            if char <= "\uffff":
                code = ord(char)
                classes[code] = number(bits[classes[code]] | kind)
    pairs = array("I", [kind for kind, of in _PAIRS.items() for _ in of])
    pairs.extend([0] * (_CLOSE - len(pairs)) + [DAMAGED])
    table = array("Q", bits).tobytes().ljust(_BITS, b"\0") + pairs.tobytes()
    return table + array("I", [sum(_ROWS), 0]).tobytes() + classes


def _bits() -> Iterator[tuple[int, str]]:
    """The bits of the table, each with the characters that have it."""
    yield from (*_CLASSES.items(), *_ROWS.items())
    pairs = [*enumerate(itertools.chain.from_iterable(_PAIRS.values())), (_CLOSE, (strange(), strange() + BOXES))]
    for place, (first, second) in pairs:
        yield 1 << _FIRST + place, first.replace("\\", r"\\")
        yield 1 << _SECOND + place, second


@cache
def _table() -> _Table:
    table = memoryview(_as_bytes())
    return _Table(table[-ENTRIES:], table[:_BITS].cast("Q"))


@cache
def _lookup() -> NDArray[np.uint32]:
    import numpy as np

    classes, bits = _table()
    return np.array([_one(kinds) for kinds in bits], np.uint32).take(np.frombuffer(classes, np.uint8))


def _one(bits: int) -> int:
    """The kinds that a character has by itself, of those that the table says."""
    return bits & _SINGLE


# The last text and what was found in it; replaced as a whole, so threads may share it.
_last: tuple[str, int] = ("", 0)


def kinds_of(text: str) -> int:
    """The kinds of characters that ``text`` has, as bits.

    >>> kinds = kinds_of("京東 &amp;")
    >>> bool(kinds & TRADITIONAL), bool(kinds & AMPERSAND), bool(kinds & DIGIT)
    (True, True, False)
    """
    global _last
    known = _last
    if known[0] == text:
        return known[1]
    compiled = kernel("kinds")
    if compiled is not None:
        kinds: int = compiled.kinds_of(text, _as_bytes())
    elif _is_short(text):
        kinds = _kinds_of_few(text) | _neighbours_of(text)
    else:
        import numpy as np

        kinds = int(np.bitwise_or.reduce(_kinds_by_place(text))) | _neighbours_of(text)
    if 0 < len(text) <= SHORT:
        kinds |= DAMAGED
    _last = text, kinds
    return kinds


def _is_short(text: str) -> bool:
    global _seen  # both ways say the same, so this is no state that shows
    if len(text) < _VERY_FEW:
        return True
    _seen += len(text)
    return _seen < _FEW and "numpy" not in sys.modules


def _neighbours_of(text: str) -> int:
    """The kinds of two and three characters in a row."""
    kinds = LINE_FEEDS if "\n\n\n" in text else 0
    if any(dots.search(text) for dots in _STOPS):
        kinds |= DOTS
    for kind, pairs in _NEIGHBOURS.items():
        if any(pair.search(text) for pair in pairs):
            kinds |= kind
    return kinds | DAMAGED if damaged().search(text) else kinds


@cache
def damaged() -> re.Pattern[str]:
    """What :data:`DAMAGED` says of a text, as a pattern."""
    return prepared.compiled(f"[{strange()}](?s:.{{0,{_FAR - 1}}}?)[{strange()}{BOXES}]|[{LEADS}][{TRAILS}]")


def _kinds_of_few(text: str) -> int:
    kinds, (classes, bits) = 0, _table()
    for char in set(text):
        code = ord(char)
        kinds |= bits[classes[code]] if code <= 0xFFFF else BEYOND
    return _one(kinds)


def places_of(kinds: int, text: str) -> list[int]:
    """Where the characters of some kinds stand.

    >>> places_of(DIGIT, "5月27日")
    [0, 2, 3]
    """
    compiled = kernel("kinds")
    if compiled is not None:
        places: list[int] = compiled.places_of(text, _as_bytes(), kinds)
    elif _is_short(text):
        found = frozenset(char for char in set(text) if _kinds_of_few(char) & kinds)
        places = [place for place, char in enumerate(text) if char in found] if found else []
    else:
        places = (_kinds_by_place(text) & kinds).nonzero()[0].tolist()
    return places


def count_of(kinds: int, text: str) -> int:
    """How many characters of some kinds there are.

    >>> count_of(DIGIT, "5月27日")
    3
    """
    compiled = kernel("kinds")
    return len(places_of(kinds, text)) if compiled is None else int(compiled.count_of(text, _as_bytes(), kinds))


def _kinds_by_place(text: str) -> NDArray[np.uint32]:
    import numpy as np

    points = code_points(text)
    if points.itemsize > 2:
        points = np.minimum(points, 0x10000)
    # The table is asked four times as fast with indices of the machine's own size.
    places: NDArray[np.uint32] = _lookup().take(points.astype(np.intp))
    return places
