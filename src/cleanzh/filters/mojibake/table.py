"""The gate for much text: the same lines as :mod:`.gate` finds, by table look-ups in numpy.

It takes 0.15 s to import numpy and make the tables, and a fifth of the time for each text from then on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cleanzh.filters.mojibake.gate import BOXES, RARE, STRANGE, TYPICAL
from cleanzh.filters.mojibake.western import LEAD_AND_TRAIL
from cleanzh.lexicon import bigrams

__all__ = ["lines_by_table"]

_ACCENTED: Final = "À-ÖØ-öø-ÿ"  # what the first byte of a UTF-8 character is in Latin-1, and more
_HANGUL: Final = "가-힣"
_HAN: Final = "一-鿿ぁ-ヿ"

# A text is searched as bytes, one for the class of each character: a table look-up and a search for one byte cost a
# fifth of a search for a class of thousands of characters.
_STRANGE_HERE, _BOX_HERE, _ACCENT_HERE, _HANGUL_HERE, _HAN_HERE = b"\1", b"\2", b"\3", b"\4", b"\5"
# Three characters of the kind that damage is made of with a few others between, or two at an end.
_BEHIND = rb"(?=[^\n]{0,3}?[\x01-\x03](?:[^\n]{0,4}?[\x01-\x03]|[^\n]{0,4}$))"
_SEVERAL: Final = re.compile(rb"\x01" + _BEHIND, re.MULTILINE)
_SEVERAL_WITH_ACCENT: Final = re.compile(rb"[\x01\x03]" + _BEHIND, re.MULTILINE)
_SOME_OR_ACCENT: Final = re.compile(rb"\x01" + _BEHIND + rb"|\x03", re.MULTILINE)
_ABUTTING: Final = re.compile(rb"\x04\x05|\x05\x04")


@lru_cache(maxsize=1)
def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The class of each code point of the BMP: what damage is made of, and apart from that, hangul and Han."""
    everything = "".join(map(chr, range(0x10000)))

    def fill(table: NDArray[np.uint8], characters: str, value: bytes) -> None:
        table[[ord(char) for char in re.findall(f"[{characters}]", everything)]] = value[0]

    damage, scripts = np.zeros((2, 0x10000), np.uint8)
    damage[bigrams.rarer_than(RARE)] = _STRANGE_HERE[0]
    fill(damage, BOXES, _BOX_HERE)
    fill(damage, TYPICAL + STRANGE, _STRANGE_HERE)
    fill(damage, _ACCENTED, _ACCENT_HERE)
    fill(damage, _HANGUL, _HANGUL_HERE)
    fill(scripts, _HANGUL, _HANGUL_HERE)
    fill(scripts, _HAN, _HAN_HERE)
    damage[10] = scripts[10] = 10  # lines stay lines
    return damage, scripts


def lines_by_table(text: str) -> Iterator[tuple[int, int]]:
    """Where the lines lie that have some of what mojibake is made of."""
    damage, scripts = _tables()
    codes = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16)
    if len(codes) != len(text):
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    classes = damage.take(codes, mode="clip").tobytes()  # what is past the BMP counts as U+FFFF, which is in no class
    accents = _ACCENT_HERE in classes
    hit = _several(text, classes, 0, accents)
    # hangul and Han side by side, which Korean does not write and GBK read as EUC-KR does
    mixed = scripts.take(codes, mode="clip").tobytes() if _HANGUL_HERE in classes else b""
    other = _abutting(mixed, 0) if b"\4\5" in mixed or b"\5\4" in mixed else len(text)
    while (first := min(hit, other)) < len(text):
        start = text.rfind("\n", 0, first) + 1
        end = text.find("\n", first)
        end = len(text) if end < 0 else end
        yield start, end
        if hit < end:
            hit = _several(text, classes, end, accents)
        if other < end:
            other = _abutting(mixed, end)


def _several(text: str, classes: bytes, position: int, accents: bool) -> int:
    """Where the next of the places begins that damage may be in; behind the text if there is none."""
    if not accents:
        match = _SEVERAL.search(classes, position)
        return len(classes) if match is None else match.start()
    for match in _SOME_OR_ACCENT.finditer(classes, position):
        first = match.start()
        accent = match[0] == _ACCENT_HERE
        if not accent or _SEVERAL_WITH_ACCENT.match(classes, first) or LEAD_AND_TRAIL.match(text, first):
            return first
    return len(classes)


def _abutting(mixed: bytes, position: int) -> int:
    match = _ABUTTING.search(mixed, position)
    return len(mixed) if match is None else match.start()
