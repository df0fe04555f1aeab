"""Blanks within a line: their form, their number, and those beside Chinese marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cleanzh import prepared
from cleanzh.kernels import kernel
from cleanzh.lexicon.classes import answers, classes_of
from cleanzh.lexicon.kinds import BOX, KANA, kinds_of
from cleanzh.patterns import lazily

__all__ = [
    "BLANK",
    "BMP_HAN",
    "WIDE",
    "Found",
    "Places",
    "Spans",
    "beside_marks",
    "forms",
    "is_table",
    "may_be_elsewhere",
    "plain_blanks",
    "runs",
    "word_spacing",
]

Spans = Sequence[tuple[int, int]]
Found = tuple[Spans, str, str]
"""Some spans, the rule that says that they change, and what stands there afterwards."""

WIDE = "\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
BLANK = rf" \t{WIDE}"

_WIDE_RUN = lazily(f"[{WIDE}]+")
BMP_HAN = "\u3400-\u9fff"
_BEYOND_HAN = "\U00020000-\U0003ffff"  # nothing else is there
_HAN = BMP_HAN + _BEYOND_HAN
_CLOSING = "，。、；：！？）》】」』〕"
_OPENING = "（《【「『〔"
_QUOTES = "“‘"
_QUOTED = "”」』’"
_WORD = "0-9A-Za-z"
_TEXT = _WORD + _HAN
_BEFORE_MARK = "%％’”\"')\\]）》】」』〕…—`℃°"
_MARKS = "，。、；！？"
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
    rf"|(?<=[{_MARKS}] ) ?(?=[{_TEXT}{_QUOTES}{_OPENING}])|(?<=[：{_OPENING}] )(?=[{_TEXT}{_QUOTES}{_OPENING}])"
    rf"|(?<=[，。！？…][{_QUOTED}] )(?=[{_HAN}]))(?P<beside>)"
    r"|(?<=\n ) *$(?P<empty>)"
    r"|(?<!  ) *$(?P<end>)"  # but for the lookbehind, a long run of blanks would be tried from each of them
    r"|(?<=\n )(?P<indent>)"
    r"|(?<=\S ) (?P<run>))",
    re.MULTILINE,
)
# All that it asks of the characters beside a blank, but for the one before a closing quotation mark.
_SETS = (
    *("\n", _OTHER_SPACE, _WORD, BMP_HAN, _BEYOND_HAN, _CLOSING, _OPENING, _QUOTES, _QUOTED),
    *(_BEFORE_MARK, _MARKS, "：", _NUMBERED, _UNITS, _GAP_BEFORE),
)
_DEPENDS = 8  # behind the groups: on the character before the one before the blank
_RUN = lazily(r" (?<=\S ) +(?=\S)")
_TABLE = lazily("[\u2500-\u257f]|\\|.*\\|")
_SENTENCE_END = lazily(r"[。！？…][”’」』）]?[ \t]*$")
_WIDEST_RUN, _LABEL = 4, 8  # wider is a gap; so near the start of a line, what stands before is a number or a label
_KANA = lazily("[\u3041-\u30ff]")  # Japanese sets a blank after ！ and ？
_NEAR = 300  # how far a line is looked at on either side; a text may be one line

_BETWEEN = {
    "remove": prepared.compiled(rf"(?<=[{_HAN}]) (?=[A-Za-z0-9])|(?<=[A-Za-z0-9%]) (?=[{_HAN}])"),
    "add": prepared.compiled(rf"[{_HAN}](?=[A-Za-z0-9])|[A-Za-z0-9%](?=[{_HAN}])"),
}


def is_table(text: str, place: int) -> bool:
    """Whether the line around ``place`` has the rules of a table."""
    return _TABLE.search(_line(text, place)) is not None


def _line(text: str, place: int) -> str:
    before, after = text[max(0, place - _NEAR) : place], text[place : place + _NEAR]
    return before[before.rfind("\n") + 1 :] + after.partition("\n")[0]


def forms(text: str, odd: Sequence[int]) -> Iterator[Found]:
    """Ideographic, no-break and thin blanks inside a line: one plain blank for each, so that columns stay apart.

    ``odd`` is where the blanks stand that are none of U+0020, and some other characters.
    """
    elsewhere = may_be_elsewhere(text)
    end = 0
    for start in odd:
        if start < end or not (m := _WIDE_RUN.match(text, start)):
            continue
        end = m.end()
        low = max(0, start - _NEAR)
        before = text[max(low, text.rfind("\n", low, start) + 1) : start]
        if not before or before.isspace():  # an indent, of which a text may have one a line
            continue
        after = text[end : end + _NEAR].partition("\n")[0]
        if after.strip() and not (elsewhere and _TABLE.search(before + after)):
            yield [(start, end)], "whitespace.form", " " * (end - start)


class Places(NamedTuple):
    """The spans of plain blanks that may have to go, by what they stand beside."""

    split: Spans  # single ones between two Chinese characters
    numbered: Spans  # such as well, in a heading
    beside: Spans
    empty: Spans
    end: Spans
    indent: Spans
    run: Spans


def plain_blanks(text: str) -> Places:
    """Where they are; one may be left out of what only has to be noticed: indents, and runs."""
    compiled = kernel("classes")
    if compiled is None:
        spans: dict[str, list[tuple[int, int]]] = {group: [] for group in Places._fields}
        for m in _PLACE.finditer(text):
            spans[str(m.lastgroup)].append(m.span())
        return Places(**spans)
    table, said = _asked()
    found = compiled.runs_of(text, table, said, " ", _DEPENDS)
    places, depends = Places._make(found[:-1]), found[-1]
    if depends:
        more = [span for span in depends if _PLACE.match(text, span[0])]
        places = places._replace(beside=sorted([*places.beside, *more]))
    return places


@prepared.at_build("lexicon/classes.py", "lexicon/kinds.py")
def _asked() -> tuple[bytes, bytes]:
    """The classes of characters that the pattern tells apart, and what it says of blanks between any two of them."""
    table, samples = classes_of(" ", _SETS)
    return table, answers(samples, _ask)


def _ask(before: str, blanks: str, behind: str) -> int:
    """Which of the groups, counted from 1, the pattern finds blanks in; 0 if it finds none."""
    said = set()
    for far in ("。", "一"):
        start = len(far + before) if before else 0
        m = _PLACE.match(far + before + blanks + behind if before else blanks + behind, start)
        said.add(1 + Places._fields.index(str(m.lastgroup)) if m else 0)
    return said.pop() if len(said) == 1 else _DEPENDS


def may_be_elsewhere(text: str) -> bool:
    """Whether a line may be of a table or in Japanese, where blanks stand beside marks."""
    return "|" in text or bool(kinds_of(text) & (BOX | KANA))


def beside_marks(text: str, spans: Spans) -> Spans:
    """A blank before or after a Chinese mark, which brings its own."""
    if not may_be_elsewhere(text):
        return spans
    lines = ((span, _line(text, span[0])) for span in spans)
    return [span for span, line in lines if not _TABLE.search(line) and not _KANA.search(line)]


def runs(text: str) -> Iterator[tuple[int, int]]:
    """Two blanks and more inside a sentence, if they are its only ones: more would be columns."""
    for m in _RUN.finditer(text):
        if len(m[0]) > _WIDEST_RUN or m.start() - text.rfind("\n", max(0, m.start() - _LABEL), m.start()) <= _LABEL:
            continue
        line = _line(text, m.start())
        if _SENTENCE_END.search(line) and len(_RUN.findall(line)) == 1 and not _TABLE.search(line):
            yield m.span()


def word_spacing(text: str, between: str) -> Iterator[Found]:
    """Blanks between Chinese and words or numbers: all away, or one everywhere."""
    for m in _BETWEEN[between].finditer(text):
        yield [m.span()], "whitespace.between-words", "" if between == "remove" else f"{m[0]} "
