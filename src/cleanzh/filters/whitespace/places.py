"""Where plain blanks stand that may have to go, and what stands around those between two Chinese characters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from operator import sub
from typing import Any, NamedTuple

from cleanzh import prepared
from cleanzh.filters.whitespace.blanks import BEYOND_HAN, BMP_HAN, WIDE, Spans
from cleanzh.kernels import kernel
from cleanzh.lexicon.classes import answers, bits_of, classes_of
from cleanzh.patterns import lazily

__all__ = ["LIST", "NOTHING", "REST", "WORDS", "Places", "compiled_search", "survey"]

_CLOSING = "，。、；：！？）》】」』〕"
_OPENING = "（《【「『〔"
_QUOTES = "“‘"
_QUOTED = "”」』’"
_WORD = "0-9A-Za-z"
_TEXT = _WORD + BMP_HAN + BEYOND_HAN
_BEFORE_MARK = "%％’”\"')\\]）》】」』〕…—`℃°"
_BLANK_MARKS = "，。、；！？"
_NUMBERED, _UNITS = "第编編篇项項", "条條章节節款"
_GAP_BEFORE = "是为為"  # `正确的是 。` is a gap to fill in
_OTHER_SPACE = f"\t\x0b-\r\x1c-\x1f\x85\u2028\u2029{WIDE}"
# Every plain blank that any of the finders may take, in one search, each alternative with a group that names it. It
# begins with the blank it looks for: from a literal, the search runs at the speed of memchr.
_PLACE = lazily(
    # Most blanks stand beside Latin: those need no more than one look at either side.
    rf" (?![{_WORD}](?<=[{_WORD}{BMP_HAN}] .)|[{BMP_HAN}](?<=[{_WORD}] .))"
    # Headings and articles of a law are told apart, since it has one on each line: 第一条 为了, 第 二 節 管轄.
    rf"(?:(?<=[{BMP_HAN}] )(?=[{BMP_HAN}])"
    rf"(?:(?:(?<=[{_NUMBERED}{_UNITS}] )|(?=[{_UNITS}]))(?P<numbered>)|(?P<split>))"
    rf"|(?:(?<=[{_TEXT}{_BEFORE_MARK}] )(?<![{_GAP_BEFORE}] ) ?(?=[{_CLOSING}])"
    rf"|(?<=[{_BLANK_MARKS}] ) ?(?=[{_TEXT}{_QUOTES}{_OPENING}])|(?<=[：{_OPENING}] )(?=[{_TEXT}{_QUOTES}{_OPENING}])"
    rf"|(?<=[，。！？…][{_QUOTED}] )(?=[{BMP_HAN}{BEYOND_HAN}]))(?P<beside>)"
    r"|(?<=\n ) *$(?P<empty>)"
    r"|(?<!  ) *$(?P<end>)"  # but for the lookbehind, a long run of blanks would be tried from each of them
    r"|(?<=\n )(?P<indent>)"
    r"|(?<=\S ) (?P<run>))",
    re.MULTILINE,
)
# All that it asks of the characters beside a blank, but for the one before a closing quotation mark.
_SETS = (
    *("\n", _OTHER_SPACE, _WORD, BMP_HAN, BEYOND_HAN, _CLOSING, _OPENING, _QUOTES, _QUOTED),
    *(_BEFORE_MARK, _BLANK_MARKS, "：", _NUMBERED, _UNITS, _GAP_BEFORE),
)
# In the order of what the kernel says of them, and behind them what depends on the character before the one before.
_GROUPS = ("split", "numbered", "beside", "empty", "end", "indent", "run")
_DEPENDS = 1 + len(_GROUPS)
_DOUBTFUL = lazily(rf" (?<=[{_QUOTED}] )(?=[{BMP_HAN}{BEYOND_HAN}])")

_MARKS, _BULLETS = "，。；！？,;", "#*（("
_NUMERALS = "０-９一二三四五六七八九十百零"
_COUNTED, _DIVISIONS = f"{_NUMERALS}千〇○两兩之\\-", "条條章节節款編编篇卷回课課集讲講部項项季期届屆"
_HEADING = lazily(rf"[\s{_BULLETS}]*(?:[\d{_NUMERALS}]+$|第[\s\d{_COUNTED}]*[{_DIVISIONS}]?$)")
_MARK = lazily(f"[{_MARKS}]")
_NO_WORD = lazily(r"[^\w ]")
_LABEL = lazily(f"[{BMP_HAN}]*[：:]")
_REACH = 60  # how far a sentence is looked at on either side
_LONGEST_LIST_WORD = 4
_SHORTEST = 4  # Chinese characters on both sides of the blank together
_LONGEST_KEYWORD = 6
_KEYWORD = lazily(f" [{BMP_HAN}]{{2,{_LONGEST_KEYWORD}}} ")
_FAR_IN_LINE = 300  # how far a line is looked at on either side; a text may be one line

NOTHING, WORDS, REST, LIST = range(4)


class Places(NamedTuple):
    """Where plain blanks stand that may have to go: places or spans, by what is beside them."""

    sentences: Sequence[tuple[int, int]]
    """Single ones between two Chinese characters in running text, and what each stands between: ``WORDS``, a word and a
    ``REST`` of one character, the items of a ``LIST``."""
    keywords: Sequence[tuple[int, int]]
    """Those before a keyword in a line with marks, each with the next one, behind it."""
    spaced_out: bool
    """Whether four between two Chinese characters have one character between each two of them."""
    number: int
    """How many there are, of all kinds."""
    between: int
    """How many of them are single ones between two Chinese characters."""
    beside: Spans
    empty: Spans
    end: Spans
    indent: Spans
    run: Spans
    doubtful: Spans
    """Those of which the character before the one before says whether they are beside a mark."""


def survey(text: str) -> Places | None:
    """The places, or None if there are none."""
    compiled = compiled_search()
    if compiled is None:
        return _survey(text)
    places: Places | None = compiled.survey(text)
    if places is not None and places.doubtful:
        more = [span for span in places.doubtful if _PLACE.match(text, span[0])]
        return places._replace(beside=sorted([*places.beside, *more])) if more else places
    return places


@cache
def compiled_search() -> Any:
    """The kernel with what it asks of a text, or None."""
    compiled = kernel("blanks")
    if compiled is None:
        return None
    table, said, bits = _asked()
    return compiled.Blanks(
        table, said, bits, Places, _REACH, _LONGEST_LIST_WORD, _SHORTEST, _LONGEST_KEYWORD, _FAR_IN_LINE
    )


@prepared.at_build("lexicon/classes.py", "lexicon/kinds.py", "filters/whitespace/blanks.py")
def _asked() -> tuple[bytes, bytes, bytes]:
    """The classes of characters that the pattern tells apart, what it says of blanks between any two, and the bits."""
    table, samples = classes_of(" ", _SETS)
    bits = bytes(bits_of((_MARKS, _BULLETS, _NUMERALS, _COUNTED, _DIVISIONS, "第", BMP_HAN, "：:")))
    return table, answers(samples, _ask), bits


def _ask(before: str, blanks: str, behind: str) -> int:
    """Which of the groups, counted from 1, the pattern finds blanks in; 0 if it finds none."""
    said = set()
    for far in ("。", "一"):
        start = len(far + before) if before else 0
        m = _PLACE.match(far + before + blanks + behind if before else blanks + behind, start)
        said.add(1 + _GROUPS.index(str(m.lastgroup)) if m else 0)
    return said.pop() if len(said) == 1 else _DEPENDS


def _survey(text: str) -> Places | None:
    spans: dict[str, list[tuple[int, int]]] = {group: [] for group in _GROUPS}
    between: list[int] = []
    for m in _PLACE.finditer(text):
        spans[str(m.lastgroup)].append(m.span())
        if m.lastgroup in ("split", "numbered"):
            between.append(m.start())
    number = sum(map(len, spans.values()))
    if not number:
        return None
    split, _, beside, empty, end, indent, run = spans.values()
    return Places(
        sentences=[(place, where) for place, _ in split if (where := _sentence(text, place))],
        keywords=_keywords(text, between),
        spaced_out=len(between) > 3 and 6 in map(sub, between[3:], between),
        number=number,
        between=len(between),
        beside=beside,
        empty=empty,
        end=end,
        indent=indent,
        run=run,
        doubtful=[m.span() for m in _DOUBTFUL.finditer(text)],
    )


def _sentence(text: str, place: int) -> int:
    """What the blank stands between in running text: words, a word and a rest of one character, the items of a list.

    Nothing before a label (作者：), after a number, in a heading or a title set with blanks.
    """
    before, after = text[max(0, place - _REACH) : place], text[place + 1 : place + _REACH]
    before, after = before[before.rfind("\n") + 1 :], after.partition("\n")[0]
    if not _MARK.search(before) and not _MARK.search(after):
        return NOTHING
    if _HEADING.match(before) or _LABEL.match(after):
        return NOTHING
    left, right = _NO_WORD.split(before)[-1], _NO_WORD.split(after, maxsplit=1)[0]
    words = f"{left.lstrip()} {right.rstrip()}".split(" ")
    if len(words) > 2 and sum(map(len, words)) <= len(words) * _LONGEST_LIST_WORD:
        return LIST
    first, second = len(left.rpartition(" ")[2]), len(right.partition(" ")[0])
    if first + second < _SHORTEST:
        return NOTHING
    return REST if len(words) == 2 and 1 in (first, second) else WORDS


def _keywords(text: str, blanks: list[int]) -> list[tuple[int, int]]:
    """The blanks before a keyword in a line with marks, each with the next blank."""
    found: list[tuple[int, int]] = []
    done = -1
    for first, second in pairwise(blanks):
        if first > done and second - first <= _LONGEST_KEYWORD + 1 and _KEYWORD.match(text, first):
            done = second
            if _MARK.search(_line(text, first)):
                found.append((first, second))
    return found


def _line(text: str, place: int) -> str:
    before, after = text[max(0, place - _FAR_IN_LINE) : place], text[place : place + _FAR_IN_LINE]
    return before[before.rfind("\n") + 1 :] + after.partition("\n")[0]
