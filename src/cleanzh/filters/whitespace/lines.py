"""Where lines end and begin."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cleanzh.filters.whitespace.blanks import BLANK, Found, Spans, is_table, may_be_elsewhere
from cleanzh.lexicon.kinds import ODD_BREAK, kinds_of
from cleanzh.patterns import lazily

__all__ = ["blank_lines", "breaks", "indents", "trailing"]

_BREAK = lazily("[\r\x0b\x0c\x85\u2028\u2029](?:(?<=\r)\r*\n)?")
# From a line feed, the searches run at the speed of memchr.
_BLANK_BEFORE_END = lazily(rf"\n(?<=[{BLANK}]\n)")
_BLANK = lazily(f"[{BLANK}]")
_BLANK_LINES = lazily(rf"\n(?:[{BLANK}]*\n){{2,}}")
_AT_START = lazily(rf"(?:[{BLANK}]*\n)+")
_AT_END = lazily(rf"\n(?:[{BLANK}]*\n)+\Z")
_INDENT = lazily(rf"\n[{BLANK}]+(?=\S)")
_FIRST_INDENT = lazily(rf"[{BLANK}]+(?=\S)")
# Two blanks at the end of a line are a line break to Markdown; these say that the text is Markdown.
_MARKDOWN = lazily(r"^(?:#{1,6} \S|`{3}|={1,5} \S|\[source)", re.MULTILINE)

_CHINESE = lazily("[\u2014\u2018-\u201d\u2026\u3001-\u3017\u3400-\u9fff\uff01-\uff60]")
_PARAGRAPH_ENDS = lazily(r"[。！？：；…”」』）.!?:;]$")
_LONG = 20  # characters: a line of running text, not of a poem, an outline or a signature
_FARTHEST = 8  # columns: what is indented more was centred or set to the right


def breaks(text: str) -> Iterator[Found]:
    """Line ends of other systems, form feeds and the separators of Unicode."""
    if not kinds_of(text) & ODD_BREAK:
        return
    for m in _BREAK.finditer(text):
        around = text[m.start() - 1 : m.start()] + text[m.end() : m.end() + 1]
        if m[0] == "\x85" and len(around) == 2 and all("\x80" <= char <= "\xff" for char in around):
            continue  # a byte of a wrong charset
        beside_another = m[0][0] not in "\r" and "\n" in around
        yield [m.span()], "whitespace.line-break", "" if beside_another else "\n"


def trailing(text: str, plain: Spans | None) -> Spans:
    """Blanks at the end of a line; ``plain`` are their spans, if the text has none but U+0020."""
    spans = list(_trailing(text)) if plain is None else plain
    double = [
        (start, end)
        for start, end in spans
        if end - start == 2
        and start
        and text[start - 1 : end] not in ("\n  ", "\r  ")
        and text[start:end] == "  "
        and end < len(text)
    ]
    if double and _MARKDOWN.search(text):
        stay = frozenset(double)
        return [span for span in spans if span not in stay]
    return spans


def _trailing(text: str) -> Iterator[tuple[int, int]]:
    """All runs of blanks at the end of a line."""
    for end in (*(m.start() for m in _BLANK_BEFORE_END.finditer(text)), len(text)):
        start = end
        while start and _BLANK.match(text, start - 1):
            start -= 1
        if start < end:
            yield start, end


def blank_lines(text: str) -> Iterator[Found]:
    """More than one blank line in a row; any at the start, and at the end all but the last line end."""
    if m := _AT_START.match(text):
        yield [m.span()], "whitespace.blank-lines", ""
    if m := _AT_END.search(text, max(0, len(text.rstrip()) - 1)):
        yield [m.span()], "whitespace.blank-lines", "\n"
    for m in _BLANK_LINES.finditer(text):
        yield [m.span()], "whitespace.blank-lines", "\n\n"


def indents(text: str) -> Iterator[tuple[int, int]]:
    """Indents of paragraphs. Those that differ from each other are structure and stay."""
    wide: list[tuple[int, int]] = []
    plain: list[tuple[int, int]] = []
    found = [(m.start() + 1, m.end()) for m in _INDENT.finditer(text)]
    if m := _FIRST_INDENT.match(text):
        found.insert(0, m.span())
    for start, end in found:
        (plain if text[start:end].isascii() else wide).append((start, end))
    yield from _wide(text, wide)
    if plain and _are_paragraphs(text, plain) and not _MARKDOWN.search(text):
        yield from plain


def _wide(text: str, found: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    short: list[tuple[int, int]] = []
    elsewhere = bool(found) and may_be_elsewhere(text)
    for start, end in found:
        columns = end - start + text.count("\u3000", start, end)
        if columns > _FARTHEST or (elsewhere and is_table(text, end)):
            continue
        if text.find("\n", end, end + _LONG) >= 0 or end + _LONG > len(text):
            short.append((start, end))
        else:
            yield start, end
    if len({text[start:end] for start, end in short}) == 1:
        yield from short


def _are_paragraphs(text: str, found: list[tuple[int, int]]) -> bool:
    """Whether plain blanks are paragraph indents: the same everywhere, before Chinese, and after what ends one."""
    if len({text[start:end] for start, end in found}) > 1:
        return False
    start, end = found[0]
    if end - start > _FARTHEST or not all(_CHINESE.match(text, end) for _, end in found):
        return False
    after_end = sum(
        start == 0
        or text[start - 2 : start - 1] in ("\n", "")
        or _PARAGRAPH_ENDS.search(text, max(0, start - 3), start - 1) is not None
        for start, _ in found
    )
    return after_end * 3 >= len(found) * 2
