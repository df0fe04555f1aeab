"""Forum codes and Markdown: what they say stays, where they point to goes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cleanzh.patterns import lazily

__all__ = ["bbcode", "markdown"]

_CODE = lazily(
    r"\[(?P<close>/?)(?P<name>b|i|u|s|url|img|color|size|font|align|quote|code|list|email|attach|attachimg|media|flash|audio"
    r"|video|backcolor|indent|table|tr|td|float|hr|p|sub|sup|center|left|right|hide|strike|postbg|free|password)"
    r"(?P<value>=[^\[\]\n]{1,300})?\]",
    re.IGNORECASE | re.ASCII,
)
_EMBEDDED = lazily(
    r"\[(?P<name>img|attach|attachimg|media|flash|audio|video)(?:=[^\[\]\n]{1,100})?\][^\[\]\s\u3400-\u9fff]{1,500}\[/(?P=name)\]",
    re.IGNORECASE,
)

_TITLE = r"""(?:[ \t]+(?:"[^"\n]{0,300}"|'[^'\n]{0,300}'))?[ \t]*"""
_IN_TARGET = r"[^\s()<>]{0,1000}(?:\([^\s()]{0,200}\)[^\s()<>]{0,200})?"
_TARGET = (
    rf"(?:(?:https?:|ftp:|mailto:|javascript:|//|www\.|\.{{0,2}}/|\#){_IN_TARGET}"
    r"|[\w%./-]{1,300}\.(?:html?|md|php|aspx?|jsp|pdf|png|jpe?g|gif|webp|svg)(?:[?#][^\s()]{0,300})?)"
)
_IMAGE = lazily(
    rf"!\[[^\[\]\n]{{0,300}}\]\(<?(?:{_TARGET}|[^\s()]{{0,300}})>?{_TITLE}\)(?:\{{[^{{}}\n]{{0,100}}\}})?", re.ASCII
)
_LINK = lazily(rf"(?<![!\\\w])\[(?!\d{{1,3}}\])([^\[\]\n]{{0,500}})(\]\(<?{_TARGET}>?{_TITLE}\))", re.ASCII)


def bbcode(text: str) -> Iterator[tuple[int, int, str, str]]:
    """``[b]``, ``[url=…]`` and their like; only in pairs, since ``[i]`` is also a note."""
    if "[/" not in text and "=" not in text:
        return
    for m in _EMBEDDED.finditer(text):
        yield *m.span(), "bbcode", ""
    found = list(_CODE.finditer(text))
    closers = {m["name"].lower() for m in found if m["close"]}
    openers = {m["name"].lower() for m in found if not m["close"]}
    for m in found:
        name = m["name"].lower()
        if name in openers and name in closers:
            yield *m.span(), "bbcode", ""


def markdown(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Images; and the targets of links, whose text stays."""
    if "](" not in text:
        return
    for m in _IMAGE.finditer(text):
        yield *m.span(), "image", ""
    for m in _LINK.finditer(text):
        if not m[1].strip():
            yield *m.span(), "link-target", ""
            continue
        yield m.start(), m.start() + 1, "link-target", ""
        yield *m.span(2), "link-target", ""
