"""Which kinds of characters a text has: one scan that the gates of all filters share.

A filter that looks for a kind which the text does not have has nothing to do. Each asks :func:`kinds_of` with its own
bits; the text is scanned for the first that asks, and the others are told what was found.
"""

from __future__ import annotations

import sys
from array import array
from functools import cache
from typing import TYPE_CHECKING

from cleanzh import prepared
from cleanzh.kernels import kernel
from cleanzh.lexicon.classes import ENTRIES, ranges
from cleanzh.lexicon.script import characters
from cleanzh.lexicon.units import code_points
from cleanzh.patterns import lazily

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "AMPERSAND",
    "ANGLE",
    "BACKSLASH",
    "BEYOND",
    "BLANK",
    "BOX",
    "BRACE",
    "BRACKET",
    "CALL",
    "CODE",
    "COMMA",
    "DIGIT",
    "DOT",
    "DOTS",
    "HANGUL",
    "JAMO",
    "KANA",
    "LATIN",
    "LINE_FEEDS",
    "ODD_BLANK",
    "PERCENT",
    "QUESTION",
    "QUOTE",
    "SEMICOLON",
    "SIMPLIFIED",
    "SQUARE",
    "TRADITIONAL",
    "UNDERSCORE",
    "UNSEEN",
    "count_of",
    "kinds_of",
    "places_of",
]

(
    BLANK,  # U+0020
    ODD_BLANK,  # all other white space but the line feed
    UNSEEN,  # nothing is seen of it, or it only looks like a common character
    BEYOND,  # past U+FFFF, or half of a surrogate pair
    AMPERSAND,  # & and its full-width form
    BACKSLASH,
    PERCENT,
    SEMICOLON,
    ANGLE,
    BRACE,  # {
    SQUARE,  # [
    UNDERSCORE,
    CALL,  # ( =
    CODE,  # begins or fences code: < [ ` ~
    COMMA,  # half-width forms of Chinese punctuation: , ; : ! ?
    BRACKET,  # ( )
    QUOTE,
    DOT,  # . 。
    QUESTION,  # what a lost byte is shown as: ? ？ U+FFFD
    LATIN,
    DIGIT,
    KANA,
    HANGUL,
    JAMO,
    SIMPLIFIED,  # written in one of the scripts only
    TRADITIONAL,
    BOX,  # box drawing
    LINE_FEED,
    LINE_FEEDS,  # three in a row
    DOTS,  # three of DOT in a row
) = (1 << bit for bit in range(30))

_CLASSES = {
    BLANK: " ",
    ODD_BLANK: "\t\r\x0b\x0c\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    UNSEEN: (
        "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
        "\u2e80-\u2fd5\u3164\ue000-\uf8ff\uf900-\ufad9\ufe00-\ufe0f\ufeff\uffa0\ufff9-\uffff"
    ),
    BEYOND: "\ud800-\udfff\U00010000-\U0010ffff",
    AMPERSAND: "&＆",
    BACKSLASH: "\\\\",
    PERCENT: "%",
    SEMICOLON: ";",
    ANGLE: "<>＜",
    BRACE: "{",
    SQUARE: "\\[",
    UNDERSCORE: "_",
    CALL: "(=",
    CODE: "<\\[`~",
    COMMA: ",;:!?",
    BRACKET: "()",
    QUOTE: '"',
    DOT: ".。",
    QUESTION: "?？\ufffd",
    LATIN: "A-Za-z",
    DIGIT: "0-9０-９",
    KANA: "ぁ-ヿ",
    HANGUL: "가-힣",
    JAMO: "\u1100-\u11ff\u3131-\u318e",
    BOX: "─-▟",
    LINE_FEED: "\n",
}
_IN_A_ROW = {LINE_FEEDS: LINE_FEED, DOTS: DOT}
_STOPS = [lazily(f"{stop}[.。]{{2}}") for stop in (r"\.", "。")]  # from a literal, a search runs at the speed of memchr

_EVERY = (1 << 32) - 1  # a kind of single characters has one of these bits
_ROWS_OF_THEM = sum(_IN_A_ROW.values()) << 32

# To look up so many characters one by one takes less than to import numpy; and a text of so many, less than to call it.
_FEW, _VERY_FEW = 20_000, 60
_seen = 0


@cache
def _table() -> memoryview:
    return memoryview(_kinds_as_bytes()).cast("I")


@prepared.at_build("lexicon/classes.py", "lexicon/script.py", "lexicon/script.txt")
def _kinds_as_bytes() -> bytes:
    """The kinds of each character of the BMP, as bits, and behind them those of the 16 planes beyond."""
    table = array("I", bytes(4 * ENTRIES))
    for kind, chars in _CLASSES.items():
        for span in ranges(chars):
            part = slice(span.start, span.stop)
            if any(table[part]):
                table[part] = array("I", [kinds | kind for kinds in table[part]])
            else:
                table[part] = array("I", [kind]) * len(span)
    for name, kind in (("simplified", SIMPLIFIED), ("traditional", TRADITIONAL)):
        for char in characters(name):
            if char <= "\uffff":
                table[ord(char)] |= kind
    return table.tobytes()


@cache
def _lookup() -> NDArray[np.uint32]:
    import numpy as np

    return np.frombuffer(_table(), np.uint32)


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
        found: int = compiled.kinds_of(text, _table())
        kinds = found & _EVERY
        if found & _ROWS_OF_THEM:
            kinds |= sum(kind for kind, one in _IN_A_ROW.items() if found >> 32 & one)
    elif _is_short(text):
        kinds = _kinds_of_few(text) | _rows_of(text)
    else:
        import numpy as np

        kinds = int(np.bitwise_or.reduce(_kinds_by_place(text))) | _rows_of(text)
    _last = text, kinds
    return kinds


def _is_short(text: str) -> bool:
    global _seen  # both ways say the same, so this is no state that shows
    if len(text) < _VERY_FEW:
        return True
    _seen += len(text)
    return _seen < _FEW and "numpy" not in sys.modules


def _rows_of(text: str) -> int:
    rows = LINE_FEEDS if "\n\n\n" in text else 0
    return rows | DOTS if any(dots.search(text) for dots in _STOPS) else rows


def _kinds_of_few(text: str) -> int:
    kinds, table = 0, _table()
    for char in set(text):
        code = ord(char)
        kinds |= table[code] if code <= 0xFFFF else BEYOND
    return kinds


def places_of(kinds: int, text: str) -> list[int]:
    """Where the characters of some kinds stand.

    >>> places_of(DIGIT, "5月27日")
    [0, 2, 3]
    """
    compiled = kernel("kinds")
    if compiled is not None:
        places: list[int] = compiled.places_of(text, _table(), kinds)
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
    return len(places_of(kinds, text)) if compiled is None else int(compiled.count_of(text, _table(), kinds))


def _kinds_by_place(text: str) -> NDArray[np.uint32]:
    import numpy as np

    points = code_points(text)
    if points.itemsize > 2:
        points = np.minimum(points, 0x10000)
    # The table is asked four times as fast with indices of the machine's own size.
    places: NDArray[np.uint32] = _lookup().take(points.astype(np.intp))
    return places
