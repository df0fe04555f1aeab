"""Blanks within a line: their form, their number, and those beside Chinese marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cleanzh import prepared
from cleanzh.lexicon.kinds import KANA, RULE, kinds_of
from cleanzh.patterns import lazily

__all__ = [
    "BEYOND_HAN",
    "BLANK",
    "BMP_HAN",
    "WIDE",
    "Found",
    "Spans",
    "beside_marks",
    "forms",
    "is_table",
    "may_be_elsewhere",
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
BEYOND_HAN = "\U00020000-\U0003ffff"  # nothing else is there
_HAN = BMP_HAN + BEYOND_HAN
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


def may_be_elsewhere(text: str) -> bool:
    """Whether a line may be of a table or in Japanese, where blanks stand beside marks."""
    return bool(kinds_of(text) & (RULE | KANA))


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
