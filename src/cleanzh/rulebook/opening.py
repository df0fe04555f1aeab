"""What a line begins with if a pattern matches it, read off the pattern: most lines that hold a literal fail there."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cleanzh import prepared
from cleanzh.rulebook.files import MADE_FROM

__all__ = ["opening"]

_Found = tuple[frozenset[str] | None, bool]
"""What letters and digits may come first (None: any), and whether there may be none."""

_NONE: _Found = (frozenset(), True)
_ANY: _Found = (None, False)
_WIDEST = 64  # characters of a range that are listed


@functools.lru_cache(maxsize=4096)
def opening(pattern: str) -> str:
    """The letters of which one is the first of any line that the pattern matches; empty if it could be any.

    Digits are not told apart, and not among them.

    >>> opening(r"^[\\W_]*(?:上一?篇|[后前]\\d?页|(?:\\d+ )?更多)[^。]{0,9}$")
    '上前后更'
    >>> opening("^[^。]{0,9}更多"), opening("更多$")
    ('', '')
    """
    known = _prepared().get(pattern)
    return _read(pattern) if known is None else known


@functools.cache
def _prepared() -> Mapping[str, str]:
    return prepared.openings(MADE_FROM)


def _read(pattern: str) -> str:
    from re import _parser  # type: ignore[attr-defined]  # what re.compile is made of

    try:
        parsed = _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError):  # the patterns of users are read by another module
        return ""
    if parsed.state.flags & ~int(re.UNICODE) or not _is_anchored(parsed):
        return ""
    letters, empty = _first(parsed)
    return "" if letters is None or empty else "".join(sorted(letters))


def _is_anchored(items: Any) -> bool:
    """Whether what a pattern matches starts where the line does."""
    if not len(items):
        return False
    kind, value = items[0]
    if str(kind) == "BRANCH":
        return all(map(_is_anchored, value[1]))
    return str(value) == "AT_BEGINNING" or (str(kind) == "SUBPATTERN" and _is_anchored(value[3]))


def _first(items: Iterable[tuple[Any, Any]]) -> _Found:
    letters: frozenset[str] = frozenset()
    for kind, value in items:
        more, empty = _of(str(kind), value)
        if more is None:
            return _ANY
        letters |= more
        if not empty:
            return letters, False
    return letters, True


def _of(kind: str, value: Any) -> _Found:
    if kind == "LITERAL":
        char = chr(value)
        return (frozenset(char), False) if char.isalnum() else _NONE
    if kind == "IN":
        return _of_class(value)
    if kind.endswith("REPEAT"):
        least, _, items = value
        letters, empty = _first(items)
        return letters, empty or not least
    if kind == "SUBPATTERN":
        return _first(value[3])
    if kind == "ATOMIC_GROUP":
        return _first(value)
    if kind == "BRANCH":
        found = [_first(items) for items in value[1]]
        if any(letters is None for letters, _ in found):
            return _ANY
        return frozenset().union(*(letters or () for letters, _ in found)), any(empty for _, empty in found)
    return _NONE if kind in ("AT", "ASSERT", "ASSERT_NOT") else _ANY


def _of_class(items: Sequence[tuple[Any, Any]]) -> _Found:
    kinds = [str(value if str(kind) == "CATEGORY" else kind) for kind, value in items]
    if kinds[0] == "NEGATE":
        return _NONE if "CATEGORY_WORD" in kinds else _ANY
    letters: set[str] = set()
    empty = False
    for kind, (_, value) in zip(kinds, items, strict=True):
        if kind == "LITERAL":
            chars = {chr(value)}
        elif kind == "RANGE" and value[1] - value[0] < _WIDEST:
            chars = set(map(chr, range(value[0], value[1] + 1)))
        elif kind in ("CATEGORY_NOT_WORD", "CATEGORY_SPACE"):
            chars = {" "}
        elif kind == "CATEGORY_DIGIT":
            chars = set()
        else:
            return _ANY
        found = set(filter(str.isalnum, chars))
        letters |= found
        empty = empty or found != chars
    return frozenset(letters), empty
