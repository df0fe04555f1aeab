"""HTML that can not be anything else: whatever a text holds, it becomes text.

There is one way from a string to :class:`Html`, and it escapes: ``text`` for words of the page, ``corpus`` for words of
documents, which also spells out what a reader would not see, or what would move or hide the words around it.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from cleanzh.patterns import lazily

__all__ = ["Html", "corpus", "data", "element", "join", "plain", "text"]


class Html(str):
    """Markup; everything else is text."""

    __slots__ = ()


_EMPTY = frozenset({"input", "rect"})

_SPECIAL = lazily("[&<>\"']")
# Controls of C0 and C1, marks of direction, what has no width, line separators, halves of surrogate pairs,
# annotations, noncharacters, tags. A browser would obey them, drop them or show nothing.
_UNSEEN = lazily(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e0fff]"
)


def text(words: str) -> Html:
    """Words of the page."""
    return Html(_escaped(words))


def _escaped(words: str) -> str:
    """``html.escape``, which makes five copies; most words need none."""
    return html.escape(words) if _SPECIAL.search(words) else words


def corpus(words: str) -> Html:
    """Words of a document.

    >>> corpus("<b>\\u202e夏\\x00")
    '&lt;b&gt;<i>202E</i>夏<i>0000</i>'
    """
    words = _escaped(words)
    if _UNSEEN.search(words):
        words = _UNSEEN.sub(lambda match: f"<i>{ord(match[0]):04X}</i>", words)
    return Html(words)


def plain(words: str) -> str:
    """Words of a document where no markup can be, such as the choices of a list; to be escaped as any text."""
    return _UNSEEN.sub(lambda match: f"⟨{ord(match[0]):04X}⟩", words)


def element(name: str, *children: str | None, **attributes: str | int | bool | None) -> Html:
    """An element; children that are no :class:`Html` are escaped. ``class_`` is class, ``data_x`` is data-x.

    >>> element("a", "1 < 2", href="#x", class_="n")
    '<a href="#x" class="n">1 &lt; 2</a>'
    """
    start = name
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        start += f" {_attribute(key)}" if value is True else f' {_attribute(key)}="{_escaped(str(value))}"'
    return Html(f"<{start}/>" if name in _EMPTY else f"<{start}>{_joined(children)}</{name}>")


@cache
def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def join(*children: str | None) -> Html:
    """Children in a row."""
    return Html(_joined(children))


def _joined(children: Iterable[str | None]) -> str:
    return "".join([child if isinstance(child, Html) else _escaped(child) for child in children if child])


def data(value: Any) -> Html:
    """JSON that can stand in a ``script`` element: nothing in it ends the element or begins a comment."""
    written = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    for char in "<>&":
        written = written.replace(char, f"\\u{ord(char):04x}")
    return Html(written)
