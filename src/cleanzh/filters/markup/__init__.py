"""Remove tags and their debris."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cleanzh.edits import Edit, text_filter
from cleanzh.filters.markup.lightweight import bbcode, markdown
from cleanzh.filters.markup.residue import has_counter, has_format, residue, templates
from cleanzh.filters.markup.tags import broken_tags, comments, tags
from cleanzh.lexicon.code import code_spans
from cleanzh.lexicon.kinds import ANGLE, BRACE, COUNTER, FORMAT, SQUARE, UNDERSCORE, kinds_of
from cleanzh.lexicon.literals import has_any

__all__ = ["remove_markup"]

_Finder = Callable[[str], Iterator[tuple[int, int, str, str]]]


@text_filter("markup", repeat=True, kinds=ANGLE | BRACE | SQUARE | UNDERSCORE | COUNTER | FORMAT)
def remove_markup(text: str) -> list[Edit]:
    """Remove tags and their debris.

    A scraper cuts a page out with regular expressions, and what they miss stays: tags, whole or halved by a cut or by
    a repair (``</p``, ``/p>``), comments, the source of scripts and styles, forum codes, Markdown whose images and
    targets lead nowhere, the place holders of a template that nobody filled in.

    >>> remove_markup("<p>“不要骗老铁。”</p>\\n“老铁。”/p>\\n第一段<br/>第二段")
    '“不要骗老铁。”\\n“老铁。”\\n第一段\\n第二段'
    >>> remove_markup("对快手@比较陌生> 生态，见[公告](https://example.cn/a)[b]全文[/b]")
    '对快手比较陌生 生态，见公告全文'

    A block element between two words becomes a line break and a table cell a tab; a line of nothing but markup goes as
    a line. Superscript and subscript digits keep their place (``m<sup>2</sup>`` is ``m²``).

    Left alone: ``a < b``, ``<<三体>>``, Chinese and foreign titles in angle brackets (``<节约能源法>``,
    ``<Breaking Away>``), names that HTML does not have and place holders of manuals (``git add <file>``), a tag
    that is spoken of (``用 <br> 标签换行``), code (see :mod:`cleanzh.lexicon.code`), and lines of program text in an
    article that speaks of code: only the counters and adverts known by name go from there.
    """
    if not _gate(text):
        return []
    found = [one for finder in _finders(text) for one in finder(text)]
    if not found:
        return []
    found.sort(key=lambda found: (found[0], -found[1]))
    code = code_spans(text)
    edits: list[Edit] = []
    position = 0
    for start, end, rule, after in found:
        if start < position or code.touches(start, end):
            continue
        if not after:
            start, end = _whole_line(text, start, end, position)
        edits.append(Edit(f"markup.{rule}", start, text[start:end], after))
        position = end
    return edits


def _gate(text: str) -> bool:
    """Whether a mark of markup is there; the kinds say so for all but the odd text."""
    kinds = kinds_of(text)
    return (
        bool(kinds & (ANGLE | BRACE | UNDERSCORE))
        or (bool(kinds & SQUARE) and has_any(text, ("[/", "](")))
        or has_format(text)
        or has_counter(text)
    )


def _finders(text: str) -> Iterator[_Finder]:
    """Those that are worth a scan."""
    kinds = kinds_of(text)
    if kinds & ANGLE:
        if "<" in text:
            yield comments
            yield tags
        yield broken_tags
    if kinds & SQUARE:
        yield bbcode
        yield markdown
    yield templates
    yield residue


def _whole_line(text: str, start: int, end: int, position: int) -> tuple[int, int]:
    """The span with the rest of its line and the line break, if nothing else stands there."""
    low, high = start, end
    while low > position and text[low - 1] in " \t\u3000\xa0":
        low -= 1
    while high < len(text) and text[high] in " \t\u3000\xa0\r":
        high += 1
    if (low == position and low > 0 and text[low - 1] != "\n") or (low > 0 and text[low - 1] != "\n"):
        return start, end
    if high < len(text):
        return (low, high + 1) if text[high] == "\n" else (start, end)
    return (low - 1 if low > position else low), high
