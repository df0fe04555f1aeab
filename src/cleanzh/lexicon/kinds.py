"""Which kinds of characters a text has: one scan that the gates of all filters share.

A filter that looks for a kind which the text does not have has nothing to do. Each asks :func:`kinds_of` with its own
bits; the text is scanned for the first that asks, and the others are told what was found.
"""

from __future__ import annotations

import re
import sys
from array import array
from functools import cache
from typing import TYPE_CHECKING, Any

from cleanzh.kernels import kernel
from cleanzh.lexicon.script import characters
from cleanzh.lexicon.units import code_units

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "ANGLE",
    "BEYOND",
    "BLANK",
    "BOX",
    "BRACKET",
    "CALL",
    "COMMA",
    "DIGIT",
    "DOT",
    "ESCAPE",
    "HANGUL",
    "JAMO",
    "KANA",
    "LATIN",
    "MARKUP",
    "ODD_BLANK",
    "QUESTION",
    "QUOTE",
    "SEMICOLON",
    "SIMPLIFIED",
    "TRADITIONAL",
    "UNSEEN",
    "carry_kinds",
    "count_of",
    "kinds_of",
    "places_of",
]

(
    BLANK,  # U+0020
    ODD_BLANK,  # all other white space but the line feed
    UNSEEN,  # nothing is seen of it, or it only looks like a common character
    BEYOND,  # past U+FFFF, or half of a surrogate pair
    ESCAPE,  # begins an escape: & \ %
    SEMICOLON,
    ANGLE,
    MARKUP,  # other marks of markup and templates: { [ _ %
    CALL,  # ( =
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
) = (1 << bit for bit in range(22))

_CLASSES = {
    BLANK: " ",
    ODD_BLANK: "\t\r\x0b\x0c\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    UNSEEN: (
        "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
        "\u2e80-\u2fd5\u3164\ue000-\uf8ff\uf900-\ufad9\ufe00-\ufe0f\ufeff\uffa0\ufff9-\uffff"
    ),
    BEYOND: "\ud800-\udfff",
    ESCAPE: "&＆\\\\%",
    SEMICOLON: ";",
    ANGLE: "<>＜",
    MARKUP: "{\\[_%",
    CALL: "(=",
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
}

# To look up a text of this length character by character takes less than to import numpy, and less than to call it.
_FEW, _VERY_FEW = 20_000, 60


@cache
def _table() -> array[int]:
    """The kinds of each code unit of UTF-16, as bits."""
    table = array("I", bytes(4 * 0x10000))
    for kind, chars in _CLASSES.items():
        for first, last in re.findall(r"\\?(.)(?:-\\?(.))?", chars, re.DOTALL):
            for code in range(ord(first), ord(last or first) + 1):
                table[code] |= kind
    for name, kind in (("simplified", SIMPLIFIED), ("traditional", TRADITIONAL)):
        for char in characters(name):
            if char <= "\uffff":
                table[ord(char)] |= kind
    return table


@cache
def _lookup() -> NDArray[np.uint32]:
    import numpy as np

    return np.frombuffer(_table(), np.uint32)


# The last text, what was found in it and where; replaced as a whole, so threads may share it. Of a long text the places
# are not kept: they take four bytes a character.
_last: tuple[str, int, Any] = ("", 0, None)
_LONG = 1_000_000


def kinds_of(text: str) -> int:
    """The kinds of characters that ``text`` has, as bits; of a text that was changed, those that it may have.

    >>> kinds = kinds_of("京東 &amp;")
    >>> bool(kinds & TRADITIONAL), bool(kinds & ESCAPE), bool(kinds & DIGIT)
    (True, True, False)
    """
    global _last
    known = _last
    if known[0] == text:
        return known[1]
    kinds, places = 0, None
    compiled = kernel("kinds")
    if compiled is not None:
        kinds = compiled.kinds_of(text, _table())
    elif len(text) < _VERY_FEW or (len(text) < _FEW and "numpy" not in sys.modules):
        kinds = _kinds_of_few(text)
    elif text:
        import numpy as np

        places = _kinds_by_place(text)
        kinds = int(np.bitwise_or.reduce(places))
    _last = text, kinds, places if len(text) < _LONG else None
    return kinds


def _kinds_of_few(text: str) -> int:
    kinds, table = 0, _table()
    for char in set(text):
        code = ord(char)
        kinds |= table[code] if code <= 0xFFFF else BEYOND
    return kinds


def carry_kinds(text: str, changed: str, added: str) -> None:
    """Let :func:`kinds_of` know of ``changed``, which is ``text`` but for what was removed and ``added``.

    It will tell the kinds that ``changed`` may have: some may have gone with what was removed.

    >>> carry_kinds("京東 &amp;", "京東 &", "&")
    >>> bool(kinds_of("京東 &") & TRADITIONAL)
    True
    """
    global _last
    known = _last
    if known[0] == text:
        _last = changed, known[1] | _kinds_of_few(added), None


def places_of(kinds: int, text: str) -> NDArray[np.intp]:
    """Where the characters of some kinds stand; in code units of UTF-16, if the text has any :data:`BEYOND`.

    >>> places_of(DIGIT, "5月27日").tolist()
    [0, 2, 3]
    """
    import numpy as np

    return np.flatnonzero((_kinds_by_place(text) & np.uint32(kinds)) != 0)


def count_of(kinds: int, text: str) -> int:
    """How many characters of some kinds there are; in code units of UTF-16, if the text has any :data:`BEYOND`.

    >>> count_of(DIGIT, "5月27日")
    3
    """
    import numpy as np

    return int(np.count_nonzero(_kinds_by_place(text) & np.uint32(kinds)))


def _kinds_by_place(text: str) -> NDArray[np.uint32]:
    import numpy as np

    global _last
    known = _last
    if known[0] == text and known[2] is not None:
        return known[2]  # type: ignore[no-any-return]
    # The table is asked four times as fast with indices of the machine's own size.
    places: NDArray[np.uint32] = _lookup().take(code_units(text).astype(np.intp))
    if known[0] == text and len(text) < _LONG:
        _last = text, known[1], places
    return places
