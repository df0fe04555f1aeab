"""Which of the suspicious lines must be read again: those that read badly where there can be damage.

Two things are asked, of all lines of a text at once. Whether what stands there can be damage at all (:mod:`.likeness`).
And how it reads at the least: a pair that is stored is worth more than its characters apart, so what reads well enough
without pairs needs no look-up of any.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cleanzh.filters.mojibake.likeness import LEAST, ROW, kinds_by_code, rows_like_damage
from cleanzh.filters.mojibake.reading import NEUTRAL
from cleanzh.filters.mojibake.western import LEAD_AND_TRAIL
from cleanzh.lexicon import bigrams
from cleanzh.patterns import lazily

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ACCENTS", "BAD", "HANGUL", "KANA", "LONG", "LOW", "LOW_AT_ALL", "ROW", "doubtful", "lowest"]

BAD: Final = -7.7  # how a line reads that may be damaged as a whole; clean prose has -6, Big5 read as Latin-1 -8
LOW: Final = -10.3  # mean of eight characters in a row: clean text has it in lists of rare names
LOW_AT_ALL: Final = -9.5  # the same of a line that was damaged as a whole, at its worst
LONG: Final = 6000  # characters of a line in which lost bytes are looked for
_ROUNDING = 1e-3  # by which a sum may differ from one that began elsewhere

_ACCENT: Final = "\x80-\x9f¡-ÿ\u0100-\u024f\u0370-\u052f"
ACCENTS: Final = lazily(f"[{_ACCENT}]")
HANGUL: Final = lazily("[가-힣]")
KANA: Final = lazily("[ぁ-ヿ]")
_OTHERS: Final = lazily(f"[{_ACCENT}ぁ-ヿ가-힣]")
_LIMIT: Final = ROW * LOW_AT_ALL + _ROUNDING
_ASCII_OF_LINE: Final = lazily("[\x00-\x09\x0b-\x7f]+")

# The lines of the last text that read well enough: in the next round most of them come again. Replaced as a whole, so
# threads may share it.
_sound: frozenset[str] = frozenset()


def doubtful(lines: Sequence[str]) -> list[bool]:
    """Which of some lines may have something to repair."""
    global _sound
    before = _sound
    new = [line for line in lines if line not in before]
    bad = _doubted(new) if new else frozenset()
    _sound = frozenset(lines) - bad
    return [line in bad for line in lines]


def _doubted(lines: Sequence[str]) -> frozenset[str]:
    joined = "\n".join(lines)
    others = len(joined) > LONG or _OTHERS.search(joined) is not None
    doubted = [line for line in lines if _unlike_chinese(line)] if others else []
    if doubted:
        lines = [line for line in lines if line not in doubted]
        joined = "\n".join(lines)
    if not lines:
        return frozenset(doubted)
    plain = _ASCII_OF_LINE.sub(" ", joined)
    each = plain.split("\n")
    doubted += (line for line, read in zip(lines, each, strict=True) if len(read) < ROW and _reads_badly(read))
    east, west = _like_damage(plain, each)
    doubted += (lines[number] for number in east if _reads_badly(each[number]))
    doubted += (lines[number] for number in west if ACCENTS.search(lines[number]))
    return frozenset(doubted)


def _unlike_chinese(line: str) -> bool:
    """Whether a line must be read again however its characters read as Chinese."""
    if len(line) > LONG or HANGUL.search(line) is not None or LEAD_AND_TRAIL.search(line) is not None:
        return True
    return len(KANA.findall(line)) * 4 > len(line)


def _like_damage(plain: str, lines: Sequence[str]) -> tuple[list[int], list[int]]:
    """Which lines have a row that reads badly and can be damage; and one that can be by a single-byte charset.

    A row that begins in a line and ends in the next one counts as well: one more line to read does no harm.
    """
    compiled = bigrams.compiled_model()
    if compiled is not None:
        return compiled.damaged_lines(plain, kinds_by_code(), LEAST, _LIMIT)  # type: ignore[no-any-return]
    import numpy as np

    codes = bigrams.codes_of("\n" + plain + "\n" * ROW)
    east, west = rows_like_damage(codes)
    for worth in (bigrams.at_least, bigrams.worth):
        if len(east):
            rows = codes[east[:, None] + np.arange(ROW + 1)]  # a row and what stands before it
            east = east[worth(rows[:, :-1], rows[:, 1:]).sum(axis=1) < _LIMIT]
    ends = np.cumsum([len(line) + 1 for line in lines])
    east, west = (np.unique(ends.searchsorted(rows[rows < len(plain)], "right")) for rows in (east, west))
    return east.tolist(), west.tolist()


def _reads_badly(plain: str) -> bool:
    """Whether a line, with a blank for each run of ASCII, has eight characters in a row that read badly."""
    if not plain:
        return False
    compiled = bigrams.compiled_model()
    if compiled is not None:
        total, worst = compiled.worst_row(plain, ROW)
        least = float(worst) / min(len(plain), ROW)
    else:
        values = bigrams.profile(plain)
        total, least = float(values.sum(dtype="f8")), lowest(values, ROW)
    least -= _ROUNDING
    if least >= LOW_AT_ALL:
        return False
    blanks = plain.count(" ")
    mean: float = (total - NEUTRAL * blanks) / max(len(plain) - blanks, 1)
    return least < LOW or mean - _ROUNDING < BAD


def lowest(values: NDArray[np.float32], width: int) -> float:
    """The least mean of so many characters in a row."""
    if len(values) <= width:
        return float(values.mean())
    sums = values.cumsum(dtype="f8")
    return float(min(sums[width - 1], (sums[width:] - sums[:-width]).min())) / width
