"""Undo the byte shift: what became of the characters between which a note or a blank was pushed.

The converter replaced pairs of bytes without looking where a character begins. Where its pair was the trail byte of
one character and the lead byte of the next, what it inserted cut the next one in two. The lead byte before the
insertion has nothing valid to follow it; Windows reads the two as one ``?``. The trail byte after it pairs with the
next lead byte, and so on until an ASCII byte puts the reader right again::

    因    為     我    們            D2 F2 | 9E E9 | CE D2 | 82 83
    因    ?  yàn)  槲    覀          D2 F2 | 9E 28 | y à n ) | E9 CE | D2 82 | 83 …

So the bytes of the run are all there but one, and that one is known: from the reading when a note was inserted,
from what reads as Chinese when it was the blank before ``！`` or ``？``.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from cleanzh.edits import Edit
from cleanzh.filters.pinyin.gbk import char_of, ending_in, pair_of
from cleanzh.filters.pinyin.notes import is_syllable
from cleanzh.filters.pinyin.run import Reader, Run, expected, read_as
from cleanzh.filters.pinyin.scan import next_lost
from cleanzh.lexicon.bigrams import compiled_model, scores

__all__ = ["find_shifts"]

_FIRST_HALF: Final = {"!": 0xA1, "！": 0xA1, "?": 0xBF, "？": 0xBF}
_MARKS: Final = ("?", "？", "!", "！")
_LINE: Final = 400  # characters in which an opened quotation mark is looked for
_WINDOW: Final = 48  # characters that decide about a run
_PATIENCE: Final = 200  # marks that may be looked at in vain before a text is taken to be sound
_STOP: Final = 1.0  # how much more often a full stop was cut than another character with its second byte
_GAIN: Final = 0.2  # how much better the mean character must read after the repair
_READS: Final = -8.5  # mean of what may be taken for Chinese without other evidence
_MOST_TRIED: Final = 3  # of the characters that may have been cut in two, each is a run to read
_UNLIKELY: Final = 25.0
_LISTED: Final = 4.0  # what it is worth that the converter annotates a character elsewhere


@cache
def _not_stop() -> str:
    return "".join(ending_in(0xA3)).replace("。", "")


def find_shifts(text: str, *, spun: bool, listed: frozenset[str] = frozenset()) -> list[Edit]:
    """The repairs of shifted runs. ``spun``: other evidence says that a converter had the page in its hands."""
    edits: list[Edit] = []
    reader = Reader(text)
    before_seen: dict[tuple[str, str], Edit | None] = {}  # a page repeats itself, and so does an attack
    position = in_vain = done = 0
    mended = ""  # what stands before ``done`` on its line (not all of a long one), with the repairs
    while match := next_lost(text, position):
        start = match.start()
        position = start + 1
        before = text[start - 1 : start]
        if match[1]:
            bracket_kept = match[0][1] == "(" and match[0][0] != "\ufffd"
            if reader.encoded(before) < 0 or not is_syllable(match[1]) or bracket_kept:
                continue
        elif in_vain > _PATIENCE or before in _MARKS or text[match.end()] in "<>\"'":
            continue
        since = text[max(done, start - _LINE) : start]
        line = (mended + since if start - _LINE <= done else since)[-_LINE:].rsplit("\n", 1)[-1]
        key = line[-1:] + expected(line), text[start - 1 : start + _WINDOW]
        if key in before_seen:
            edit = before_seen[key]
            edit = edit and edit._replace(start=start)
        else:
            edit = _after_note(reader, match, line, listed) if match[1] else _after_blank(reader, match, line, spun)
            if edit is None or len(edit.before) < _WINDOW - 2:
                before_seen[key] = edit
        if edit is not None:
            edits.append(edit)
            mended, done = line + edit.after, edit.end
            position = max(edit.end, position)
        elif not match[1]:
            in_vain += 1
    return edits


def _after_note(reader: Reader, match: re.Match[str], line: str, listed: frozenset[str]) -> Edit | None:
    """``因?yàn)槲``: the second byte before and the lost one make a pair with this reading."""
    text, start = reader.text, match.start()
    before, left = reader.encoded(text[start - 1]), line[-1:]
    trails: list[tuple[float, int]] = []
    for char in read_as(before & 0xFF, match[1]):
        trail = pair_of(char) & 0xFF
        first = reader.start(match.end(), trail)
        likely = _mean(left + first) * 2 if first else _mean(char) - _UNLIKELY
        trails.append((likely + (_LISTED if char in listed else 0.0), trail))
    choices: list[tuple[float, Run]] = []
    for likely, trail in sorted(trails, reverse=True)[:_MOST_TRIED]:
        for run in reader.read(match.end(), trail, line):
            whole = left + run.text + text[run.end : run.end + 1]
            choices.append((_mean(whole) * len(whole) + run.bonus + likely, run))
    if not choices:
        return None
    _, run = max(choices, key=lambda choice: choice[0])
    damaged = "".join(filter(is_han, text[match.end() : run.end]))
    if len(damaged) > 1 and _mean(left + run.text) < _mean(left + damaged) - 0.5:
        return None
    return Edit("pinyin.shifted-bytes", start, text[start : run.end], run.text)


def _after_blank(reader: Reader, match: re.Match[str], line: str, spun: bool) -> Edit | None:
    """``??焓蛛``: the lost lead byte stood before A3, and A3 with the byte after it is the mark."""
    text, start = reader.text, match.start()
    left = line[-1:]
    half = _FIRST_HALF[match[2]]
    other = reader.likeliest(_not_stop(), left, char_of(half << 8 | 0xB0))
    best: tuple[float, float, Run] | None = None
    for first in ("。", other):
        for run in reader.read(match.end(), half, line + first):
            if first != "。":
                first = reader.likeliest(_not_stop(), left, run.text[:1])
            mended, right = first + run.text, text[run.end : run.end + 1]
            worth = (reader.worth(left, mended, right) + _STOP * (first == "。")) / (len(mended) + 1) + run.bonus / 2
            gain = _mean(left + mended + right) - _mean(left + text[start : run.end + 1]) + run.bonus
            if best is None or worth > best[0]:
                best = worth, gain, Run(run.end, mended)
    if best is None:
        return None
    _, gain, run = best
    if not spun:  # a page of its own evidence: a longer run, and every doubt against it
        han = sum(map(is_han, text[match.end() : run.end]))
        if gain < 1.5 or han < 4 or _mean(run.text) < _READS:
            return None
    elif gain < _GAIN or len(run.text) < 2:
        return None
    return Edit("pinyin.shifted-bytes", start, text[start : run.end], run.text)


def is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def _mean(text: str) -> float:
    model = compiled_model()
    return scores([text])[0] if model is None else model.score(text)
