"""Which script a text is in, by characters that only one script writes, at scan speed.

The sets come from OpenCC's own tables (``script.txt``, made by ``scripts/build_script_sets.py``). A character that both
scripts know (后 里 干 著 乾) tells nothing and is in neither set.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from cleanzh import prepared
from cleanzh.kernels import kernel
from cleanzh.lexicon.classes import ENTRIES, entry_of
from cleanzh.lexicon.units import code_points
from cleanzh.patterns import lazily

__all__ = [
    "Letters",
    "Script",
    "character_class",
    "characters",
    "letters",
    "opencc_phrases",
    "region_of",
    "script_of",
    "simplified_forms",
]

Script = Literal["simplified", "traditional", "mixed", "neither"]

# One class of two is enough to call a text mixed when it has this share of the telling characters. Below it they are
# strays: names, variants and misprints such as 鄴 and 纔 in Simplified editions of old texts.
_MIXED_SHARE = 0.1

_HAN = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x3007, 0x3007), (0x3005, 0x3005))
_KANA = ((0x3041, 0x3096), (0x309D, 0x309F), (0x30A1, 0x30FA), (0x30FC, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9D))
_HANGUL = ((0xAC00, 0xD7A3), (0x1100, 0x11FF), (0x3131, 0x318E), (0xA960, 0xA97F), (0xD7B0, 0xD7FF))
# The entries of planes 2 and 3, where nothing but Han is.
_HAN_PLANES = ((0x10001, 0x10002),)

_OTHER, _HAN_ONLY, _SIMPLIFIED, _TRADITIONAL, _KANA_LETTER, _HANGUL_LETTER, _LETTER, _HAN_BEYOND = range(8)
# A form of Taiwan or of Hong Kong is written in Traditional text, and most are telling, too.
_TAIWAN, _TAIWAN_TELLING, _HONGKONG, _HONGKONG_TELLING = range(8, 12)
_KINDS = 12

# To count a text of this length character by character takes a millisecond; to import numpy, two hundred.
_FEW = 20_000

_BEYOND = lazily("[\U00020000-\U0003ffff]")


class Letters(NamedTuple):
    """How many letters of each kind a text has; ``han`` counts all Han, also those of one script or region only."""

    han: int
    simplified: int
    traditional: int
    kana: int
    hangul: int
    other: int
    taiwan: int
    hongkong: int

    @property
    def script(self) -> Script:
        """The script that the telling characters speak for."""
        told = self.simplified + self.traditional
        if not told:
            return "neither"
        if min(self.simplified, self.traditional) >= _MIXED_SHARE * told:
            return "mixed"
        return "simplified" if self.simplified > self.traditional else "traditional"


@cache
def characters(name: str) -> frozenset[str]:
    """One of the sets ``simplified``, ``traditional``, ``taiwan``, ``hongkong``."""
    data = (Path(__file__).parent / "script.txt").read_text("utf-8")
    rows = dict(line.split("\t") for line in data.splitlines() if not line.startswith("#"))
    return frozenset(rows[name])


@cache
def simplified_forms() -> dict[str, str]:
    """Each Han character that is no Simplified one, with the Simplified one that OpenCC has for it.

    To ask OpenCC for them takes as long as the check of a small file.
    """
    data = (Path(__file__).parent / "simplified.txt").read_text("utf-8")
    others, plain = (line for line in data.splitlines() if not line.startswith("#"))
    return dict(zip(others, plain, strict=True))


@cache
def opencc_phrases(name: str) -> list[str]:
    """What OpenCC converts as a whole: ``phrases`` to Simplified, ``taiwan-phrases`` and ``hongkong-phrases`` to the
    standard forms; and the ``release`` whose they are.
    """
    data = (Path(__file__).parent / "script.txt").read_text("utf-8")
    rows = dict(line.split("\t") for line in data.splitlines() if not line.startswith("#"))
    return rows[name].split(" ")


@cache
def character_class(name: str) -> re.Pattern[str]:
    """A pattern that matches one character of the set; a search with it is the gate of script conversion.

    Beyond U+FFFF it matches any Han of planes 2 and 3: there :mod:`re` compares one by one what it looks up in a table
    below, and a clean text would pay for it.
    """
    low = "".join(sorted(char for char in characters(name) if char <= "\uffff"))
    return prepared.compiled(f"[{low}\U00020000-\U0003ffff]")


@prepared.at_build("lexicon/script.txt")
def _kinds() -> bytes:
    """The kind of each character of the BMP, and behind them those of the 16 planes beyond."""
    table = bytearray(ENTRIES)
    for code in (*range(0x3041), *range(0xFF21, 0xFF5B)):  # beyond, letters are the Han, kana and hangul set below
        if chr(code).isalpha():
            table[code] = _LETTER
    for ranges, kind in (
        (_HAN, _HAN_ONLY),
        (_KANA, _KANA_LETTER),
        (_HANGUL, _HANGUL_LETTER),
        (_HAN_PLANES, _HAN_BEYOND),
    ):
        for first, last in ranges:
            table[first : last + 1] = bytes([kind]) * (last + 1 - first)
    for name, kind in (("simplified", _SIMPLIFIED), ("traditional", _TRADITIONAL)):
        for char in characters(name):
            if char <= "\uffff":
                table[ord(char)] = kind
    for name, kind in (("taiwan", _TAIWAN), ("hongkong", _HONGKONG)):
        for char in characters(name):
            table[ord(char)] = kind + (table[ord(char)] == _TRADITIONAL)
    return bytes(table)


@cache
def _table() -> Any:
    import numpy as np

    return np.frombuffer(_kinds(), np.uint8)


def _counts(text: str) -> Sequence[int]:
    """How many characters of each kind a text has."""
    compiled = kernel("classes")
    if compiled is not None:
        counts: Sequence[int] = compiled.counts_of(text, _kinds(), _KINDS)
        return counts
    return _count_few(text) if len(text) < _FEW and "numpy" not in sys.modules else _count_many(text)


def _count_few(text: str) -> list[int]:
    kinds, counts = _kinds(), [0] * _KINDS
    for char, count in Counter(text).items():
        counts[kinds[entry_of(char)]] += count
    return counts


def _count_many(text: str) -> list[int]:
    import numpy as np

    points = code_points(text)
    if points.itemsize > 2:
        points = np.where(points > 0xFFFF, 0xFFFF + (points >> 16), points)
    # The table is asked twice as fast with indices of the machine's own size.
    counts: list[int] = np.bincount(_table().take(points.astype(np.intp)), minlength=_KINDS).tolist()
    return counts


# The last text and its letters, which the marks, the script, the budget and the judge ask for one after the other;
# replaced as a whole, so threads may share them. Short texts are pieces of one, and do not come again.
_last: tuple[str, Letters | None] = ("", None)
_SHORT = 60


def letters(text: str) -> Letters:
    """Count the letters of a text by kind.

    >>> letters("京東與OPPO")
    Letters(han=3, simplified=0, traditional=2, kana=0, hangul=0, other=4, taiwan=0, hongkong=0)
    """
    global _last
    before, known = _last
    if known is not None and before == text:
        return known
    counted = _letters(text)
    if len(text) > _SHORT:
        _last = text, counted
    return counted


def _letters(text: str) -> Letters:
    counts = _counts(text)
    taiwan, hongkong = counts[_TAIWAN] + counts[_TAIWAN_TELLING], counts[_HONGKONG] + counts[_HONGKONG_TELLING]
    simplified = counts[_SIMPLIFIED]
    traditional = counts[_TRADITIONAL] + counts[_TAIWAN_TELLING] + counts[_HONGKONG_TELLING]
    han = counts[_HAN_ONLY] + simplified + traditional + counts[_TAIWAN] + counts[_HONGKONG]
    if counts[_HAN_BEYOND]:
        beyond = _BEYOND.findall(text)
        han += len(beyond)
        simplified += sum(map(characters("simplified").__contains__, beyond))
        traditional += sum(map(characters("traditional").__contains__, beyond))
    return Letters(
        han,
        simplified,
        traditional,
        counts[_KANA_LETTER],
        counts[_HANGUL_LETTER],
        counts[_LETTER],
        taiwan,
        hongkong,
    )


def script_of(text: str) -> Script:
    """Whether a text is ``simplified``, ``traditional``, ``mixed``, or ``neither`` for want of telling characters.

    >>> [script_of(text) for text in ("京东与快手", "京東與快手", "京东與快手", "皇后在公里")]
    ['simplified', 'traditional', 'mixed', 'neither']
    """
    return letters(text).script


def region_of(text: str, *, least: int = 1) -> Literal["taiwan", "hongkong"] | None:
    """Whose forms a Traditional text writes, if at least ``least`` of them tell and none of the other.

    >>> [region_of(text) for text in ("他看著窗外", "他看着窗外", "他在窗外")]
    ['taiwan', 'hongkong', None]
    """
    taiwan, hongkong = letters(text)[-2:]
    if taiwan >= least and taiwan > 4 * hongkong:
        return "taiwan"
    return "hongkong" if hongkong >= least and hongkong > 4 * taiwan else None
