"""How a text is written inside of a record: as a JSON string, as a cell of a table; and the way back.

A token has a *kind*, ``json`` or ``csv``, and a *style*: how this text was written, so that it can be written so again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring, encode_basestring_ascii

from cleanzh import prepared
from cleanzh.kernels import kernel

__all__ = ["SAME", "original", "style_of", "token", "value"]

SAME = "same"
"""The style of a token that came out as it was found."""

_STYLES = {"json": ("utf8", "ascii"), "csv": ("quoted", "bare")}
_quoted: Callable[[str], str] = getattr(kernel("json"), "quoted", encode_basestring)
_SPECIAL = prepared.compiled('[",;\t|\r\n]')


def token(text: str, kind: str, style: str) -> str:
    """``text`` as it is written; a bare cell is quoted where it has to be.

    >>> token("你", "json", "ascii"), token("你", "json", "utf8"), token('一"二', "csv", "bare")
    ('"\\\\u4f60"', '"你"', '"一""二"')
    """
    if kind == "json":
        return encode_basestring_ascii(text) if style == "ascii" else _quoted(text)
    if style == "bare" and not _SPECIAL.search(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def style_of(written: str, text: str, kind: str) -> str:
    """The style in which ``text`` is ``written``; the token itself if it is none of them."""
    if kind == "csv" and not written.startswith('"'):
        return "bare"
    for style in _STYLES[kind]:
        if token(text, kind, style) == written:
            return style
    return written


def original(text: str, kind: str, style: str) -> str:
    """The token that had this ``style``, by :func:`style_of`."""
    if style == "bare":
        return text
    return token(text, kind, style) if style in _STYLES[kind] else style


def value(written: str, kind: str) -> str:
    """The text of a token. Raises :class:`ValueError` if it is none."""
    if kind == "json":
        text = _loosely.decode(written)
        if not isinstance(text, str):
            raise ValueError("not a JSON string")  # of the input, not of a call
        return text
    if not written.startswith('"'):
        return written
    found = _QUOTED.match(written)
    if found is None:
        raise ValueError("a quote is opened and not closed")
    return found[1].replace('""', '"') + written[found.end() :]


_loosely = json.JSONDecoder(strict=False)
_QUOTED = prepared.compiled(r'"([^"]*+(?:""[^"]*+)*+)"')
