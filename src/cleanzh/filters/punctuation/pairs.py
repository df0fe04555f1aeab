"""Marks that come in pairs: straight quotes and brackets, which change together or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cleanzh.filters.punctuation.context import CHINESE, CHINESE_CHAR, HAN_CHAR
from cleanzh.patterns import lazily

__all__ = ["bracket_pairs", "double_quotes", "is_chinese_pair", "paired_quotes"]

_SINGLE = lazily(f"(?<![A-Za-z0-9'])'(?=[{CHINESE}])[^'\"\n]{{0,60}}(?<=[{CHINESE}，！？])'(?![A-Za-z0-9'])")
_WORD = lazily(r"[^\W_]")
# A quote behind these opens a string in code, or a name in an English sentence.
_CODE_BEFORE = lazily(r"[A-Za-z0-9=]\Z|[A-Za-z0-9,.:=] \Z|[\w\]]\(\Z", re.ASCII)
# What stands in brackets right behind a Latin word and is no argument of a function: ABC123, 1830-1845, a few words.
_NO_ARGUMENT = lazily(r"[A-Z0-9][A-Z0-9 .,&/%~–-]{2,}\Z|[A-Za-z][\w'-]+(?: [\w'&-]+)+\Z")
_ENGLISH_LEFT = lazily(r"[A-Za-z,.] \Z")
# A pair of brackets may be broken over lines, as in laws set in columns. The history of a law in brackets is long.
_LONGEST_PAIR, _LONGEST_BROKEN_PAIR = 1000, 200


def paired_quotes(text: str, marks: Sequence[int], start: int, end: int) -> Iterator[tuple[int, str]]:
    """Straight quotes in pairs around Chinese text, and one whose partner is curly."""
    if "'" in text:
        yield from _single_quotes(text, marks, start, end)
    yield from double_quotes(text, [i for i in marks if text[i] == '"'])


def double_quotes(text: str, found: Sequence[int], *, pairs: bool = True) -> Iterator[tuple[int, str]]:
    line: list[int] = []
    for i in found:
        if line and "\n" in text[line[-1] : i]:
            yield from _line_quotes(text, line, pairs)
            line = []
        line.append(i)
    if line:
        yield from _line_quotes(text, line, pairs)


def _single_quotes(text: str, marks: Sequence[int], start: int, end: int) -> Iterator[tuple[int, str]]:
    free = set(marks)
    for found in _SINGLE.finditer(text, start, end):
        i, j = found.start(), found.end() - 1
        if i in free and j in free and not _CODE_BEFORE.search(text, max(0, i - 2), i):
            yield i, "‘"
            yield j, "’"


def _line_quotes(text: str, found: list[int], pairs: bool) -> Iterator[tuple[int, str]]:
    start = text.rfind("\n", 0, found[0]) + 1
    end = text.find("\n", found[-1])
    end = len(text) if end < 0 else end
    if len(found) % 2 == 0 and pairs:
        for i, j in zip(found[::2], found[1::2], strict=True):
            inside, before = text[i + 1 : j], text[max(start, i - 2) : i]
            if (
                HAN_CHAR.search(inside)
                and inside[0] not in " ,;:!?)、，。；：！？）”"
                and inside[-1] not in " (（“"
                and not _CODE_BEFORE.search(before)
            ):
                yield i, "“"
                yield j, "”"
    if len(found) > 1:
        return
    i = found[0]
    before, after = text[start:i], text[i + 1 : end]
    left, right = before.count("“") - before.count("”"), after.count("”") - after.count("“")
    if left == 1 and right == 0 and HAN_CHAR.search(before, before.rindex("“")):
        yield i, "”"
    elif left == 0 and right == 1 and HAN_CHAR.search(after, 0, after.index("”")):
        yield i, "“"


def bracket_pairs(text: str, marks: list[int]) -> Iterator[tuple[int, int]]:
    stack: list[int] = []
    for i in marks:
        if text[i - 1 : i] in ("-", "^") and text[i - 2 : i - 1] in (":", ";"):
            continue  # the mouth of :-)
        if text[i] == "(":
            stack.append(i)
        elif text[i] == ")":
            while stack and _too_far(text, stack[-1], i):
                stack.pop()
            if stack:
                yield stack.pop(), i


def _too_far(text: str, i: int, j: int) -> bool:
    return j - i > _LONGEST_PAIR or (j - i > _LONGEST_BROKEN_PAIR and text.find("\n", i, j) >= 0)


def is_chinese_pair(text: str, i: int, j: int, now: dict[int, str]) -> bool:
    before, after = now.get(i - 1, text[i - 1 : i]), now.get(j + 1, text[j + 1 : j + 2])
    if after == " " and text[j + 1 : j + 9].split("\n")[0].strip():
        return False  # a blank behind it is the mark of brackets that always were half-width
    inside = text[i + 1 : j]
    if "\n\n" in inside or (_ENGLISH_LEFT.search(text, max(0, i - 2), i) and not CHINESE_CHAR.match(after or " ")):
        return False
    if HAN_CHAR.search(inside):
        return not (inside[0] in "\"'" and before.isascii() and before.isalnum())
    chinese_before = CHINESE_CHAR.match(before or " ") is not None
    if not _WORD.search(inside):
        return chinese_before and not inside.strip(" ,;:!?-/、，；：！？")
    if chinese_before:
        return True
    if not CHINESE_CHAR.match(after or " "):
        return False
    return not before.isalnum() or _NO_ARGUMENT.match(inside) is not None
