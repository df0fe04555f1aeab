"""Where the lines of a text begin, and what characters each has, so that most of them need no further look.

Filters that read lines ask for the numbers of those that could concern them: of a length, with some kind of character
and without another. The text is scanned once for all of them.
"""

from __future__ import annotations

import itertools
import re
import sys
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from cleanzh import prepared
from cleanzh.edits import Edit
from cleanzh.kernels import kernel
from cleanzh.lexicon.classes import DIGITS, ENTRIES
from cleanzh.lexicon.lines import lines_of

__all__ = [
    "AGENCY",
    "CLAUSE",
    "EDITOR",
    "EVENT",
    "FIELD",
    "INK",
    "OPENING",
    "STOP",
    "SUMMARIES",
    "SUMMARY",
    "WORK",
    "Outline",
    "outline_of",
    "without",
]

_BLANK = 1
(
    INK,  # anything but white space
    STOP,  # 。
    CLAUSE,  # other marks between clauses or behind them
    EDITOR,  # 编 of 责编
    AGENCY,  # the last character of a paper's or a news agency's name
    SUMMARY,  # the first character of what a summary is called
) = (1 << bit for bit in range(1, 7))
FIELD, EVENT, WORK = (1 << bit for bit in (31, 30, 29))
"""Two characters in a row that a line of fields has; one that says where an event is; one that describes a work."""
OPENING = 32
"""``kind << OPENING`` is a kind among the first nine characters behind the blanks that a line begins with."""

SUMMARIES = "摘提简簡導导核概"
_CLASSES = {
    _BLANK: r"\s",
    INK: r"\S",
    STOP: "。",
    CLAUSE: "！？!?…，,",
    EDITOR: "编編",
    AGENCY: "社网網报報",
    SUMMARY: SUMMARIES,
}
_OPENS = 9

# What a header line is looked at for (a date, a time of day, a label) has one of these pairs in it: two characters or
# classes, or one and the end of the line. So has what a notice of an event says of its place, or one of a work.
# There can be 64 in all.
_PAIRS = {
    FIELD: r"\d[:：] 19 20 [来來源][源自] 出[處处品] [编編][辑輯译譯排] [记記作]者 [責责][编編] 原[题題标標]"
    r" [阅閱][读讀] [浏瀏][览覽] [点點][击擊] [时時][间間] 日期 [转轉摘][载載自] [执執][笔筆] [报報][导導道] 撰[文稿]"
    r" [供投]稿 首[发發] [发發][布佈] [:：]$ [:：]\s [评評][论論] [赞贊]同 文[/／|｜︱丨·•\s] [链鏈]接 排版 校[对對]"
    r" 字[号號体體] 所[属屬] 分[类類] [地网網]址 [审審][核校] 人[浏瀏阅閱参參收] [报報网網社刊]$ [报報网網社刊]\s"
    r" 民[国國] [日期間间][:：] [一二][〇○零一二三四五六七八九] [JFMASOND][aepuco] [AaPp][Mm.]",
    EVENT: "地[点點址] 嘉宾 [票费][价用] [主承][办讲持] 对象 人[数數] 内容",
    WORK: "[书片剧歌][名手] 出版 IS 定价 页[数數] 丛书 [装开][帧本] [导導主]演 [编編作][剧曲词] [类類]型 演唱 [专專]辑"
    " 品牌",
}
_CLASSES_AT_MOST = 256
_ANY = sys.maxsize


class Outline:
    """The lines of a text, by number.

    >>> outline = Outline("本报讯：\\n四五六。\\n\\n四五")
    >>> len(outline), outline[1], outline.pick(some=INK), outline.pick(some=INK, none=STOP, most=3)
    (4, '四五六。', [0, 1, 3], [3])
    >>> outline.pick(some=AGENCY << OPENING), outline.pick(some=FIELD), outline.edges(2, INK)
    ([0], [0], (0, 3))
    """

    __slots__ = ("_lines", "_starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = lines_of(text)
        self._starts: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, number: int) -> str:
        return self._lines[number]

    def start(self, number: int) -> int:
        """Where a line begins in the text."""
        if not self._starts:
            self._starts = list(itertools.accumulate((len(line) + 1 for line in self._lines), initial=0))
        return self._starts[number]

    def pick(
        self, begin: int = 0, stop: int = _ANY, least: int = 0, most: int = _ANY, some: int = 0, none: int = 0
    ) -> list[int]:
        """The lines of these numbers that have so many characters, of ``some`` kinds (if any are given) and none else.

        Kinds are joined by or.
        """
        lines = self._lines
        numbers = range(max(0, begin), min(stop, len(lines)))
        found = [number for number in numbers if least <= len(lines[number]) <= most]
        if none:
            lacks = _finder(none)
            found = [number for number in found if not lacks(lines[number])]
        if some:
            has = _finder(some)
            found = [number for number in found if has(lines[number])]
        return found

    def edges(self, least: int, some: int) -> tuple[int, int] | None:
        """The first and the last of the lines of at least ``least`` characters that have one of the kinds."""
        found = self.pick(least=least, some=some)
        return (found[0], found[-1]) if found else None

    def without(self, gone: Mapping[int, str], edit: type[Edit]) -> list[Edit]:
        """See the function of this name."""
        last = len(self) - 1
        closing = last + 1
        while closing - 1 in gone:
            closing -= 1
        text, edits = self.text, []
        for number in sorted(gone):
            start, stop = self.start(number), self.start(number + 1)
            if number >= closing > 0:
                start -= 1
                stop -= 1
            elif number == last:
                stop -= 1
            edits.append(edit(gone[number], start, text[start:stop], ""))
        return edits


# The last outline; replaced as a whole, so threads may share it. That of a long text is not kept.
_last = Outline("")
_TOO_LONG = 1_000_000


def outline_of(text: str) -> Outline:
    """The outline of a text, made once for the filters that ask for it one after the other.

    A text that has lines of the last one, but for some that went, is not scanned for these again.
    """
    global _last
    known = _last
    if known.text == text:
        return known
    made = Outline(text) if (compiled := kernel("lines")) is None else compiled.Outline(text, _table(), known)
    if len(text) < _TOO_LONG:
        _last = made
    return made


def without(outline: Outline, gone: Mapping[int, str]) -> list[Edit]:
    """The edits that take lines away, by number with their rules: one each.

    The line break behind a line goes along, or the one before it at the end of the text.
    """
    return outline.without(gone, Edit)


@cache
def _finder(kinds: int) -> Callable[[str], object]:
    """Tells whether a line has one of the kinds."""
    if kinds in _QUICK:
        return _QUICK[kinds]
    if kinds >> OPENING:
        opens, has = _finder(kinds >> OPENING), _finder(kinds & ~(-1 << OPENING))
        return lambda line: opens(line.lstrip()[:_OPENS]) or has(line)
    ways = [f"[{chars}]" for kind, chars in _CLASSES.items() if kind & kinds]
    pairs = [
        pair.replace("$", r"\Z").replace(r"\d", f"[{DIGITS}]")
        for kind, row in _PAIRS.items()
        if kind & kinds
        for pair in row.split()
    ]
    if pairs:  # most characters begin none: the look-ahead is what makes the search quick
        ways.append(f"(?=[{''.join(map(_first, pairs))}])(?:{'|'.join(pairs)})")
    return re.compile("|".join(ways)).search


# To look for one character, as is asked most often, takes a tenth of what a pattern does.
_QUICK: Mapping[int, Callable[[str], object]] = {
    0: lambda line: False,
    INK: lambda line: line and not line.isspace(),
    STOP: lambda line: "。" in line,
    EDITOR: lambda line: "编" in line or "編" in line,
}


def _first(pair: str) -> str:
    """The inside of the class that a pair begins with."""
    return pair[1 : pair.index("]")] if pair[0] == "[" else pair[0]


@prepared.at_build("lexicon/classes.py")
def _table() -> bytes:
    """What the scan looks up.

    The pairs of each kind, as bits; for each class of characters the kinds, the pairs begun and ended; all classes.
    """
    marks: dict[int, list[int]] = {}
    for kind, chars in _CLASSES.items():
        if kind != INK:
            _mark(marks, 0, kind, chars)
    pairs = [(kind, pair) for kind, row in _PAIRS.items() for pair in row.split()]
    for bit, (_, pair) in enumerate(pairs):
        for side, part in enumerate(re.findall(r"\[.*?\]|\\.|.", pair), start=1):
            _mark(marks, side, 1 << bit, part)
    numbers: dict[tuple[int, ...], int] = {(INK, 0, 0): 0}
    classes = bytearray(ENTRIES)
    for code, (kinds, first, second) in marks.items():
        bits = kinds if kinds & _BLANK else kinds | INK, first, second
        classes[code] = numbers.setdefault(bits, len(numbers))
    bits_of_classes = array("Q", itertools.chain.from_iterable(numbers)).tobytes()
    bits_of_pairs = array("Q", (sum(1 << bit for bit, (of, _) in enumerate(pairs) if of == kind) for kind in _PAIRS))
    return bits_of_pairs.tobytes() + bits_of_classes.ljust(_CLASSES_AT_MOST * 3 * 8, b"\0") + classes


def _mark(marks: dict[int, list[int]], side: int, bit: int, part: str) -> None:
    """Set a bit for each character that a part of a pattern matches: one, those in brackets, or the line's end."""
    for sign in re.findall(r"\\.|[^\\[\]]", part):
        for char in _escaped(sign) if len(sign) > 1 else "\n" if sign == "$" else sign:
            marks.setdefault(ord(char), [0, 0, 0])[side] |= bit


@cache
def _escaped(sign: str) -> list[str]:
    """The characters that an escape of :mod:`re` matches, one for all of a plane; none is a Han or a hangul."""
    others = (*range(0x3100), *range(0xA000, 0xAC00), *range(0xF900, 0x10001))
    return re.findall(f"[{DIGITS}]" if sign == r"\d" else sign, "".join(map(chr, others)))
