"""One line: damaged as a whole, in a run of Latin letters, or in a run of anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanzh.filters.mojibake.charsets import SINGLE, Mistake, inverses, read_again, to_bytes
from cleanzh.filters.mojibake.doubt import ACCENTS, BAD, HANGUL, KANA, LONG, LOW, LOW_AT_ALL, ROW, lowest
from cleanzh.filters.mojibake.lost import may_be_utf8, reread
from cleanzh.filters.mojibake.reading import NEUTRAL, NOT_JAPANESE, READS, READS_WELL, convinces, reading, total
from cleanzh.filters.mojibake.runs import LEAST_GAIN, damaged_runs, likely_mistakes, utf8_runs
from cleanzh.filters.mojibake.western import fix_western
from cleanzh.lexicon import bigrams
from cleanzh.patterns import lazily

__all__ = ["Repair", "repair_line"]


class Repair(NamedTuple):
    """A span of a line and what it was; ``rule`` says what happened to it."""

    start: int
    end: int
    text: str
    rule: str


_MUCH = 12.0  # nats by which runs must read better than the whole line
WHOLE_GAIN: Final = 12.0  # nats; a line of two characters can have it
_WORD, _WORD_GAIN = (
    2,
    10.5,
)  # a line of two; of 60,000 names and words of two to four that stand alone one gains as much
_VERY_BAD = -8.2  # and one that was damaged twice
_LOW_TWICE = -11.0  # and of sixteen characters that were damaged twice
_SHORT = 12
_PART = 1000

# Runs of what single-byte charsets hold; Han, kana, hangul and full-width forms end them.
_WESTERN: Final = lazily("[^\u2e80-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00010000-\U0010ffff\n]+")
_ASCII: Final = lazily("[\x00-\x7f]+")
_PRIVATE: Final = lazily("[\ue000-\uf8ff]")
_NOT_ASCII: Final = lazily("[^\x00-\x7f]")
_DENSE: Final = lazily("[\x80-\u052f\u2013-\u203a€™\u2219-\u25a0]{3}")
# What no text is written with: a candidate that has some may be the middle of a chain, and is not its end.
_GARBAGE: Final = lazily("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufffd\uff61-\uff9f]")
_MOST_GARBAGE = 20  # characters for each of it
_CHAIN: Final = 0.7  # nats a character by which a chain must read better than a single mistake
_FINE: Final = -7.0  # a repair that reads as well as this is taken before chains are tried
_QUOTES: Final = "“”‘’—…·"


def repair_line(line: str) -> Sequence[Repair]:
    """The repairs of a line, by position; none if nothing in it reads better.

    What can not be repaired costs most, and comes again: in the next round, and at the foot of the next page.
    """
    return _repaired_before(line) if len(line) <= _PART else _repaired(line)


@lru_cache(maxsize=256)
def _repaired_before(line: str) -> tuple[Repair, ...]:
    return tuple(_repaired(line))


def _repaired(line: str) -> list[Repair]:
    if len(KANA.findall(line)) * 4 > len(line) and _PRIVATE.search(line) is None and NOT_JAPANESE.search(line) is None:
        return []  # Japanese: where Big5 becomes kana it becomes private use as well, beginning with the comma
    plain, blanks = _ASCII.subn(" ", line)
    if len(plain) == blanks:
        return []
    values = bigrams.profile(plain)
    value = (float(values.sum()) - NEUTRAL * blanks) / (len(plain) - blanks)  # as ``reading`` has it
    accents = ACCENTS.search(line) is not None
    least = lowest(values, ROW)
    if value < BAD and (accents or least < LOW_AT_ALL):
        whole = _undo_long(line) if len(line) > LONG else _undo(line, 2 if value < _VERY_BAD else 1)
        gain = WHOLE_GAIN if len(line) > _WORD else _WORD_GAIN
        if whole is not None and convinces(line, whole[1], gain, _reads(whole[0])):
            return _whole_or_runs(line, *whole)
    repairs = list(_western(line)) if accents else []
    if repairs:
        return repairs
    gain = 0.0
    short = len(plain) <= _SHORT and value <= LOW  # what was lost counts for nothing there
    low = least <= LOW or short
    very_low = short or (low and lowest(values, 12) <= LOW)
    dense = accents and _DENSE.search(line) is not None
    if low or HANGUL.search(line):
        # of a line of megabytes its worst part is tried first
        worst = line if len(line) <= LONG else _around(line, plain, values)
        for mistake in likely_mistakes(worst):
            if worst is not line and not damaged_runs(worst, mistake):
                continue
            found = [Repair(run.start, run.end, run.text, mistake.name) for run in damaged_runs(line, mistake)]
            more = _gain(line, found)
            if more > gain:
                gain, repairs = more, found
        if not repairs and very_low and len(line) <= LONG and lowest(values, 16) <= _LOW_TWICE:
            repairs = list(_chains(line))
    if len(line) <= LONG and (very_low or dense) and not (repairs and repairs[0].end - repairs[0].start == len(line)):
        for read in (*(("gbk", "big5") if very_low else ()), *(SINGLE if dense else ())):
            lossy = _lossy(line, Mistake("utf-8", read)) if may_be_utf8(line, read) else None
            if lossy is not None and (more := _gain(line, [lossy])) > gain:
                gain, repairs = more, [lossy]
    return repairs or list(_ftfy(line))


def _ftfy(line: str) -> Iterator[Repair]:
    again = fix_western(line)
    if again != line:
        head, tail = _shared(line, again)
        yield Repair(head, len(line) - tail, again[head : len(again) - tail], "utf-8-as-cp1252")


def _shared(a: str, b: str) -> tuple[int, int]:
    """How many characters two strings have in common at their beginning, and at their end."""
    head = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    most = min(len(a), len(b)) - head
    pairs = zip(reversed(a[len(a) - most :]), reversed(b[len(b) - most :]), strict=True)
    return head, next((i for i, (x, y) in enumerate(pairs) if x != y), most)


def _gain(line: str, repairs: list[Repair]) -> float:
    return sum(total(repair.text) - total(line[repair.start : repair.end]) for repair in repairs)


def _chains(line: str) -> Iterator[Repair]:
    """Runs that were damaged twice, the second time by reading UTF-8 in a double-byte charset."""
    for run in utf8_runs(line):
        once = run.text.rstrip(" ")
        undone = _undo(once.lstrip(" "), 1)
        if undone is None:
            continue
        before = line[run.start : run.end]
        again = run.text[: len(once) - len(once.lstrip(" "))] + undone[1] + run.text[len(once) :]
        if convinces(before, again, LEAST_GAIN):
            yield Repair(run.start, run.end, again, _rule([*undone[0], run.mistake]))
            return


def _whole_or_runs(line: str, mistakes: list[Mistake], again: str) -> list[Repair]:
    """The whole line, unless runs of it read much better and the rest was clean.

    Double-byte charsets make Han of Han, so that clean text beside the damage becomes other Han and passes unseen.
    """
    if len(mistakes) == 1 and mistakes[0].read not in SINGLE and mistakes[0].written != "utf-8" and len(line) < LONG:
        runs = damaged_runs(line, mistakes[0])
        parts: list[str] = []
        position = 0
        for run in runs:
            parts += line[position : run.start], run.text
            position = run.end
        if runs and total("".join((*parts, line[position:]))) > total(again) + _MUCH:
            return [Repair(run.start, run.end, run.text, run.mistake.name) for run in runs]
    return [Repair(0, len(line), again, _rule(mistakes))]


def _lossy(line: str, mistake: Mistake) -> Repair | None:
    """The part of a line that lost bytes when it was read, and what it was as far as that can be told."""
    again = reread(line, mistake.read)
    if again == line:
        return None
    head, tail = _shared(line, again)
    before, after = line[head : len(line) - tail], again[head : len(again) - tail]
    if not before or not after or not convinces(before, after, LEAST_GAIN):
        return None
    return Repair(head, len(line) - tail, after, f"{mistake.name}-lossy")


def _around(line: str, plain: str, values: NDArray[np.float32]) -> str:
    """The part of a long line that reads worst."""
    sums = np.cumsum(values, dtype=np.float64)
    at = int(np.argmin(sums[_PART:] - sums[:-_PART])) if len(values) > _PART else 0
    at = at * len(line) // len(plain)  # near enough, wherever the ASCII is
    return line[at : at + 2 * _PART]


def _undo(text: str, depth: int) -> tuple[list[Mistake], str] | None:
    """What reads best of all that ``text`` may have been before ``depth`` mistakes or fewer."""
    best: tuple[float, list[Mistake], str] | None = None
    seen = {text}
    level: list[tuple[list[Mistake], str]] = [([], text)]
    for _ in range(depth):
        reached: list[tuple[list[Mistake], str]] = []
        for mistakes, current in level:
            for mistake, again in inverses(current):
                if again in seen or _NOT_ASCII.search(again) is None:
                    continue
                seen.add(again)
                chain = [mistake, *mistakes]
                reached.append((chain, again))
                if len(_GARBAGE.findall(again)) * _MOST_GARBAGE > len(again):
                    continue
                reads = reading(again)
                value = reads - _CHAIN * len(mistakes)
                if reads > READS and (best is None or value > best[0]):
                    best = value, chain, again
        if best is not None and best[0] > _FINE:
            break
        level = reached
    return (best[1], best[2]) if best else None


def _undo_long(line: str) -> tuple[list[Mistake], str] | None:
    """The same for a line of megabytes: what happened to its beginning is undone in the whole of it."""
    for length in range(LONG // 2, LONG // 2 - 4, -1):  # the cut may fall into a character
        begun = _undo(line[:length], 2)
        if begun is None:
            continue
        for mistake in reversed(begun[0]):
            again = (read_again(raw, mistake.written) for raw in to_bytes(line, mistake.read))
            line = next((text for text in again if text is not None), "")
        return (begun[0], line) if line else None
    return None


def _reads(mistakes: list[Mistake]) -> float:
    last = mistakes[-1]
    return READS if last.read in SINGLE or last.written == "utf-8" else READS_WELL


def _rule(mistakes: list[Mistake]) -> str:
    if len(mistakes) == 1:
        return mistakes[0].name
    return "twice" if len(set(mistakes)) == 1 else "chain"


def _western(line: str) -> Iterator[Repair]:
    """Runs that were read in a single-byte charset, between characters that none of those hold."""
    for match in _WESTERN.finditer(line):
        strange = [found.start() for found in _NOT_ASCII.finditer(match[0])]
        if len(strange) < 3:
            continue
        repair = _western_run(match[0], strange[0], strange[-1] + 1)
        if repair is not None:
            start, end, text, rule = repair
            yield Repair(match.start() + start, match.start() + end, text, rule)


def _western_run(run: str, start: int, end: int) -> Repair | None:
    """The run with and without an ASCII trail byte behind it, and the quotation marks of clean text around it."""
    inner_start = start + len(run[start:end]) - len(run[start:end].lstrip(_QUOTES))
    inner_end = end - len(run[start:end]) + len(run[start:end].rstrip(_QUOTES))
    for first in dict.fromkeys((start, inner_start)):
        for last in dict.fromkeys((end, min(end + 1, len(run)), inner_end)):
            undone = _undo(run[first:last], 2) if last - first <= LONG else _undo_long(run[first:last])
            if undone is not None and convinces(run[first:last], undone[1], WHOLE_GAIN):
                return Repair(first, last, undone[1], _rule(undone[0]))
    return None
