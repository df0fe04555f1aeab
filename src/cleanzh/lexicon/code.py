"""Where a text shows code: places that a filter of prose keeps away from.

A technical article quotes what elsewhere is dirt: ``&nbsp;``, ``<br>``, four blanks at the start of a line. What is
recognized: fenced blocks (Markdown), delimited source blocks (AsciiDoc), inline code between backticks, ``<pre>`` and
``<code>`` with markup inside, listings of XML or HTML that stand on lines of their own, and addresses (URLs).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from cleanzh.lexicon.html import ELEMENTS
from cleanzh.lexicon.kinds import CODE, kinds_of
from cleanzh.patterns import lazily

__all__ = ["Spans", "code_spans", "may_have_code", "url_spans"]

_FENCE = lazily(r"^[ \t>]*(`{3,}(?=[^`\n]*$)|~{3,4}(?=[A-Za-z]*[ \t]*$))", re.MULTILINE)
_SOURCE_BLOCK = lazily(
    r"^\[(?:source|listing|console)[^\]\n]{0,200}\][ \t]*\n(-{4,}|\.{4,}|={4,})[ \t]*$", re.MULTILINE
)
_BLOCKS = ("[source", "[listing", "[console")
_INLINE = lazily(r"(?<!`)(?:`[^`\n]{1,2000}`|``(?!`)[^`\n]{1,2000}(?:`[^`\n]{1,2000}){0,20}``)(?!`)")
_VERBATIM = lazily(r"<(/?)(pre|code|kbd|samp|xmp)\b[^<>]{0,500}>", re.IGNORECASE)
_URL = lazily(r"(?:https?|ftp)://[!-;=?-~]+|(?<![\w.])www\.[!-;=?-~]+", re.ASCII | re.IGNORECASE)

_TAG_LINE = lazily(r"^[ \t]*<[/!?]?[A-Za-z][^\n]*$", re.MULTILINE)
_TAG_NAME = lazily(r"</?([A-Za-z][\w:.-]*)", re.ASCII)
# What a writer says before a listing follows.
_ANNOUNCED = lazily(
    r"(?:代码|代碼|程式碼|源码|原始碼|示例|範例|例子|配置|設定|写法|寫法|模板|HTML|XML|html|xml)[^\n]{0,30}[：:]?\s*$"
)
_HAN = lazily(r"[\u3400-\u9fff]")


class Spans:
    """Sorted, merged spans of a text, to ask whether a place lies in one.

    >>> spans = Spans([(3, 5), (0, 2), (4, 9)])
    >>> list(spans), spans.covers(1), spans.covers(2), spans.touches(1, 4)
    ([(0, 2), (3, 9)], True, False, True)
    """

    def __init__(self, spans: list[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(end, self._ends[-1])
            else:
                self._starts.append(start)
                self._ends.append(end)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._starts, self._ends, strict=True)

    def __bool__(self) -> bool:
        return bool(self._starts)

    def covers(self, place: int) -> bool:
        """Whether the character at ``place`` lies in a span."""
        index = bisect_right(self._starts, place) - 1
        return index >= 0 and place < self._ends[index]

    def touches(self, start: int, end: int) -> bool:
        """Whether ``start:end`` shares a character with a span."""
        index = bisect_right(self._starts, max(start, end - 1)) - 1
        return index >= 0 and start < self._ends[index]


def url_spans(text: str) -> Spans:
    """Where addresses stand; ASCII only, since a Chinese character ends an address in running text.

    >>> list(url_spans("见https://a.cn/?x=1&copy=2。"))
    [(1, 25)]
    """
    if "://" not in text and "www." not in text:
        return Spans([])
    return Spans([m.span() for m in _URL.finditer(text)])


def code_spans(text: str) -> Spans:
    """Where code stands, each span with its fences.

    >>> text = "用 `&nbsp;` 表示：\\n```html\\n<br>\\n```\\n完"
    >>> [text[start:end] for start, end in code_spans(text)]
    ['`&nbsp;`', '```html\\n<br>\\n```']
    """
    spans: list[tuple[int, int]] = []
    if not may_have_code(text):
        return Spans(spans)
    if "`" in text or "~~~" in text:
        spans += _fenced(text)
        fences = Spans(spans)
        spans += [m.span() for m in _INLINE.finditer(text) if not fences.covers(m.start())]
    if any(block in text for block in _BLOCKS):
        spans += _source_blocks(text)
    if "<" in text:
        spans += _verbatim(text)
        spans += _listings(text)
    return Spans(spans)


def may_have_code(text: str) -> bool:
    """Whether anything is there that code is known by, without which :func:`code_spans` finds none.

    >>> may_have_code("用 `&nbsp;` 表示"), may_have_code("约30~50元")
    (True, False)
    """
    # One character is found in a tenth of the time that more of them take.
    return bool(kinds_of(text) & CODE) and (
        "<" in text
        or "`" in text
        or ("~" in text and "~~~" in text)
        or ("[" in text and any(block in text for block in _BLOCKS))
    )


def _fenced(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    start, fence = -1, ""
    for m in _FENCE.finditer(text):
        if start < 0:
            start, fence = m.start(), m[1]
            continue
        stop = text.find("\n", m.end())
        stop = len(text) if stop < 0 else stop
        if m[1].startswith(fence) and not text[m.end() : stop].strip():
            found.append((start, stop))
            start = -1
    if start >= 0 and fence[0] == "`":  # cut off in the middle of a block; a row of tildes is an ornament
        found.append((start, len(text)))
    return found


def _source_blocks(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    position = 0
    for m in _SOURCE_BLOCK.finditer(text):
        if m.start() < position:
            continue
        position = text.find(f"\n{m[1]}", m.end())
        if position < 0:
            break
        position += 1 + len(m[1])
        found.append((m.start(), position))
    return found


def _verbatim(text: str) -> list[tuple[int, int]]:
    """``<pre>`` and ``<code>`` whose content is markup; Chinese prose in ``<pre>`` is a page layout, not code."""
    found: list[tuple[int, int]] = []
    opened: re.Match[str] | None = None
    for m in _VERBATIM.finditer(text):
        if opened is None:
            opened = None if m[1] else m
        elif m[1] and m[2].lower() == opened[2].lower():
            inner = text[opened.end() : m.start()]
            if ("<" in inner or "&" in inner) and len(_HAN.findall(inner)) * 5 < len(inner):
                found.append((opened.start(), m.end()))
            opened = None
    return found


def _listings(text: str) -> list[tuple[int, int]]:
    """Lines of tags in a row that are XML by their names, or that the line before them announces."""
    found: list[tuple[int, int]] = []
    block: list[re.Match[str]] = []

    def close() -> None:
        if not block:
            return
        names = {name.lower() for m in block for name in _TAG_NAME.findall(m[0])}
        foreign = {name for name in names if name not in ELEMENTS and ":" not in name}
        start = block[0].start()
        before = text[max(0, text.rfind("\n", 0, max(0, start - 1)) + 1) : max(0, start - 1)]
        if len(block) > 1 and (len(foreign) > 1 or _ANNOUNCED.search(before[-60:])):
            found.append((start, block[-1].end()))
        block.clear()

    for m in _TAG_LINE.finditer(text):
        if block and _HAN.search(text, block[-1].end(), m.start()):
            close()
        block.append(m)
    close()
    return found
