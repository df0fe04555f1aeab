"""Blanks within a line: their form, their number, and those beside Chinese marks."""

from __future__ import annotations

from collections.abc import Iterator

from cleanzh import prepared
from cleanzh.patterns import lazily

__all__ = ["BLANK", "WIDE", "beside_marks", "forms", "is_table", "runs", "word_spacing"]

WIDE = "\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
BLANK = rf" \t{WIDE}"

_WIDE_RUN = lazily(f"[{WIDE}]+")
_RUN = lazily(r" (?<=[^\s] ) +(?=[^\s])")
_HAN = "\u3400-\u9fff\U00020000-\U0003134f"
_CLOSING = "，。、；：！？）》】」』〕"
_OPENING = "（《【「『〔"
_TEXT = f"0-9A-Za-z{_HAN}"
# 是 and 为: `正确的是 。` is a gap to fill in.
_BEFORE_MARK = lazily(rf" (?<=[{_TEXT}%％’”\"')\]）》】」』〕…—`℃°] )(?<![是为為] ) ?(?=[{_CLOSING}])")
_AFTER_MARK = lazily(
    rf" (?<=[，。、；！？] ) ?(?=[{_TEXT}“‘{_OPENING}])| (?<=[：{_OPENING}] )(?=[{_TEXT}“‘{_OPENING}])"
    rf"| (?<=[，。！？…][”」』’] )(?=[{_HAN}])"
)
_TABLE = lazily("[\u2500-\u257f]|\\|.*\\|")
_SENTENCE_END = lazily(r"[。！？…][”’」』）]?[ \t]*$")
_WIDEST_RUN, _LABEL = 4, 8  # wider is a gap; so near the start of a line, what stands before is a number or a label
_KANA = lazily("[\u3041-\u30ff]")  # Japanese sets a blank after ！ and ？
_TABLE_OR_KANA = lazily("[|\u2500-\u257f\u3041-\u30ff]")  # without any, no line has to be looked at
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


def forms(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Ideographic, no-break and thin blanks inside a line: one plain blank for each, so that columns stay apart."""
    for m in _WIDE_RUN.finditer(text):
        start, end = m.span()
        low = max(0, start - _NEAR)
        before = text[max(low, text.rfind("\n", low, start) + 1) : start]
        if not before or before.isspace():  # an indent, of which a text may have one a line
            continue
        after = text[end : end + _NEAR].partition("\n")[0]
        if after.strip() and not _TABLE.search(before + after):
            yield start, end, "form", " " * (end - start)


def beside_marks(text: str) -> Iterator[tuple[int, int, str, str]]:
    """A blank before or after a Chinese mark, which brings its own."""
    elsewhere: bool | None = None  # asked once a blank is found
    for pattern in (_BEFORE_MARK, _AFTER_MARK):
        for m in pattern.finditer(text):
            if elsewhere is None:
                elsewhere = _TABLE_OR_KANA.search(text) is not None
            if elsewhere:
                line = _line(text, m.start())
                if _TABLE.search(line) or _KANA.search(line):
                    continue
            yield *m.span(), "beside-mark", ""


def runs(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Two blanks and more inside a sentence, if they are its only ones: more would be columns."""
    if "  " not in text:
        return
    for m in _RUN.finditer(text):
        if len(m[0]) > _WIDEST_RUN or m.start() - text.rfind("\n", max(0, m.start() - _LABEL), m.start()) <= _LABEL:
            continue
        line = _line(text, m.start())
        if _SENTENCE_END.search(line) and len(_RUN.findall(line)) == 1 and not _TABLE.search(line):
            yield *m.span(), "run", " "


def word_spacing(text: str, between: str) -> Iterator[tuple[int, int, str, str]]:
    """Blanks between Chinese and words or numbers: all away, or one everywhere."""
    for m in _BETWEEN[between].finditer(text):
        yield *m.span(), "between-words", "" if between == "remove" else f"{m[0]} "
