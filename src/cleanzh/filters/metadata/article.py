"""Where the article of a page begins and ends: its paragraphs of running text, and the line that names the editor."""

from __future__ import annotations

import sys

from cleanzh.filters.metadata.headers import TRIGGER
from cleanzh.filters.metadata.lines import LONGEST, read_header
from cleanzh.lexicon.outline import CLAUSE, EDITOR, INK, STOP, Outline
from cleanzh.patterns import lazily

__all__ = ["EDGE", "PARAGRAPH", "closing_line", "paragraphs"]

# A paragraph of running text: the page's own lines stand above the first and below the last.
PARAGRAPH = 50
_SENTENCES = lazily(r"[。！？!?…]|，[^，]*，|,[^,]*,")
_EDITOR = lazily(r"[责責](?:任[编編][辑輯]|[编編])")
EDGE = 12  # lines from either end that count as head and tail of a text without a paragraph
_ANY = sys.maxsize


def paragraphs(outline: Outline) -> tuple[int, int, bool]:
    """The first and the last paragraph of running text, and whether there is any.

    Without any, what lies between the edges of the text.
    """
    first, last = outline.edges(PARAGRAPH, STOP) or (_ANY, -1)
    if doubtful := outline.pick(0, _ANY, PARAGRAPH, _ANY, CLAUSE, STOP):
        first = next((line for line in doubtful if line < first and _is_paragraph(outline[line])), first)
        last = next((line for line in reversed(doubtful) if line > last and _is_paragraph(outline[line])), last)
    if last >= 0:
        return first, last, True
    filled = outline.pick(0, _ANY, 0, _ANY, INK)
    if not filled:
        return 0, -1, False
    edge = min(EDGE, len(filled))
    return filled[edge - 1] + 1, filled[-edge] - 1, False


def _is_paragraph(line: str) -> bool:
    """Of a line that is long enough and has a mark of a clause, whether it is one."""
    if not _SENTENCES.search(line):
        return False
    return len(line) > LONGEST or not TRIGGER.search(line) or read_header(line) is None


def closing_line(outline: Outline, first: int, last: int) -> int:
    """The line below the article. The one that names the editor ends it too, though comments may follow it."""
    for index in outline.pick(first + 1, last, 0, _ANY, EDITOR, STOP) if last - first > 1 else ():
        line = outline[index]
        if _EDITOR.search(line) and (header := read_header(line)) and "editor" in header.kinds:
            return index
    return max(last + 1, 0)
