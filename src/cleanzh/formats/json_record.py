"""A JSON object, and where in it the text stands, so that the rest can be kept as it is."""

from __future__ import annotations

import json
from json.decoder import scanstring  # type: ignore[attr-defined]  # public in CPython and PyPy, missing in typeshed
from typing import Any, NamedTuple

from cleanzh import prepared
from cleanzh.formats.record import Reading
from cleanzh.formats.spans import Found

__all__ = ["fields", "find", "locate"]

# Numbers are kept as they are written: one of ten thousand digits is no error of ours.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
_MOST_DIGITS = 4000  # of what Python makes a number of
_BLANK = " \t\n\r"


def find(line: str, reading: Reading) -> Found:
    """The text of a record, and its own id if there is one; raises :class:`ValueError` as :func:`locate` does."""
    try:
        members = _object(line)
        start, end, text = _text(line, members, reading.text_field)
        found = _member(line, members, reading.id_field) if reading.id_field else None
    except json.JSONDecodeError as error:
        where = f"column {error.colno}" if error.lineno == 1 else f"line {error.lineno} of it, column {error.colno}"
        raise ValueError(f"broken JSON at {where}: {error.msg}") from error
    except RecursionError as error:
        raise ValueError("JSON nested too deep") from error
    own = found[2] if found else None
    return Found(start, end, text, own if isinstance(own, str) and own else None)


def fields(line: str, reading: Reading) -> dict[str, Any]:
    """The fields of a record without its text.

    >>> fields('{"a": 1, "b": {"text": "", "n": []}}', Reading("b.text"))
    {'a': 1, 'b': {'n': []}}
    """
    found: dict[str, Any] = json.JSONDecoder(strict=False, parse_int=_integer).decode(line)
    if found.pop(reading.text_field, None) is None:
        inner: Any = found
        *outer, last = reading.text_field.split(".")
        for name in outer:
            inner = inner[name]
        del inner[last]
    return found


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < _MOST_DIGITS else float(digits)


def locate(line: str, field: str) -> tuple[int, int, str]:
    """Where the string of ``field`` stands in a JSON object: start, end, and its value.

    >>> locate('{"id": 1, "text": "你好"}', "text")
    (18, 22, '你好')

    The rest can so be kept as it is, to the last blank and digit. ``a.b`` names a field of a field. Of a key that
    stands twice the last counts, as everywhere. Raises :class:`ValueError` where there is none.
    """
    return _text(line, _object(line), field)


def _object(line: str) -> _Members:
    start = _end_of_blank(line, 0)
    if not line.startswith("{", start):
        _DECODER.raw_decode(line, start)
        raise ValueError("not a JSON object")
    members = _members(line, start)
    _nothing_after(line, members)
    return members


def _text(line: str, members: _Members, field: str) -> tuple[int, int, str]:
    found = _member(line, members, field)
    if found is None:
        there = ", ".join(list(members.spans)[:8]) or "none"
        raise ValueError(f"no field {field!r}; the fields are: {there}; name the right one with --text-field")
    start, end, value = found
    if line[start] != '"':
        raise ValueError(f"field {field!r} is no string but {line[start : min(end, start + 20)]}")
    return start, end, value


def _member(line: str, members: _Members, field: str) -> tuple[int, int, Any] | None:
    if field in members.spans:
        return members.spans[field]
    *outer, last = field.split(".")
    for name in outer:
        if name not in members.spans or not isinstance(members.spans[name][2], dict):
            return None
        members = _members(line, members.spans[name][0])
    return members.spans.get(last)


class _Members(NamedTuple):
    spans: dict[str, tuple[int, int, Any]]
    end: int


# What stands between values in all but hostile files, and what most are that are no strings, in one step each.
_KEY = prepared.compiled(r'[ \t\n\r]*+"([^"\\\x00-\x1f]*+)"[ \t\n\r]*+:[ \t\n\r]*+')
_NEXT = prepared.compiled(r"[ \t\n\r]*+([,}])")
_WHOLE = prepared.compiled(r"(?:0|-?[1-9][0-9]*+)(?=[,} ])")


def _members(line: str, start: int) -> _Members:
    """The members of the object that starts at ``start``, each with the span of its value."""
    spans: dict[str, tuple[int, int, Any]] = {}
    position = _end_of_blank(line, start + 1)
    if line.startswith("}", position):
        return _Members(spans, position + 1)
    while True:
        found = _KEY.match(line, position)
        key, position = (found[1], found.end()) if found else _key(line, _end_of_blank(line, position))
        value, end = _value(line, position)
        spans[key] = position, end, value
        mark = _NEXT.match(line, end)
        if mark is None:
            raise json.JSONDecodeError("Expecting ',' delimiter", line, _end_of_blank(line, end))
        position = mark.end()
        if mark[1] == "}":
            return _Members(spans, position)


def _key(line: str, position: int) -> tuple[str, int]:
    """A key with escapes in it, or what is none; and where its value begins."""
    if not line.startswith('"', position):
        raise json.JSONDecodeError("Expecting property name enclosed in double quotes", line, position)
    key, position = scanstring(line, position + 1, False)
    position = _end_of_blank(line, position)
    if not line.startswith(":", position):
        raise json.JSONDecodeError("Expecting ':' delimiter", line, position)
    return key, _end_of_blank(line, position + 1)


def _value(line: str, position: int) -> tuple[Any, int]:
    if line.startswith('"', position):
        # Not strict: a raw control character in a string is dirt for the filters, not a reason to lose the document.
        value, end = scanstring(line, position + 1, False)
        return value, end
    number = _WHOLE.match(line, position)
    return (number[0], number.end()) if number else _DECODER.raw_decode(line, position)


def _nothing_after(line: str, members: _Members) -> None:
    end = _end_of_blank(line, members.end)
    if end != len(line):
        raise json.JSONDecodeError("Extra data", line, end)


def _end_of_blank(line: str, position: int) -> int:
    while position < len(line) and line[position] in _BLANK:
        position += 1
    return position
