"""Where a text has notes in brackets, and what lost bytes look like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from cleanzh.kernels import kernel
from cleanzh.lexicon.classes import bits_of
from cleanzh.patterns import lazily

__all__ = ["LETTERS", "counts_of", "lines_han", "next_lost", "notes_in"]

# GBK has the letters with tone marks one by one, so the notes have too; a text may have come apart since (NFD).
LETTERS: Final = "a-züāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ\u0300\u0301\u0304\u0308\u030c"
_NOTE: Final = lazily(rf"\(([{LETTERS}]{{1,9}}) ?\)")
# What a lost byte looks like, and what it was lost to: a note whose bracket went with it (kept by readers that mark
# the lost byte with U+FFFD), or the blank before a mark.
_MARKS, _CALLS = "?？\ufffd", "！？!?"
_LOST_TO: Final = rf"(?:\(?([{LETTERS}]{{1,9}}) ?\)| ?([{_CALLS}])(?=[^\s?？!！]|\u3000|[{_MARKS}][/a-z,，。：]))"
_LOST: Final = lazily(f"[{_MARKS}]{_LOST_TO}")
# The same one by one: the search for a literal is five times as fast as that for a class.
_LOST_BY_MARK: Final = {mark: lazily(re.escape(mark) + _LOST_TO) for mark in _MARKS}
_HAN: Final = "\u3400-\u9fff"
_NOT_HAN: Final = lazily(f"[^{_HAN}]+")


@lru_cache(maxsize=1)
def _classes() -> bytearray:
    """Of each character, as bits: letter of a note, mark of a lost byte, ! or ?, Han."""
    return bits_of((LETTERS, _MARKS, _CALLS, _HAN))


def notes_in(text: str) -> Sequence[tuple[int, int, str, bool]]:
    """Where the notes stand, each with the Han before it or else two characters; and whether it is in running text.

    That is with Han behind, or before the character that it belongs to; or with a blank inside, which nobody leaves but
    the converter.

    >>> notes_in("戰(zhàn)略合作")
    [(1, 7, '戰(zhàn)', True)]
    """
    compiled = kernel("notes")
    if compiled is not None:
        return compiled.find(text, _classes())  # type: ignore[no-any-return]
    found = []
    for match in _NOTE.finditer(text):
        start, end = match.span()
        before = start - 1 if start and _is_han(text[start - 1]) else max(0, start - 2)
        found.append((start, end, text[before:end], _attached(text, start, end)))
    return found


def _attached(text: str, start: int, end: int) -> bool:
    return text[end - 2] == " " or (start > 1 and _is_han(text[start - 2])) or _is_han(text[end : end + 1])


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def lines_han(text: str, place: int) -> tuple[int, int]:
    """Where the line ends that has ``place``, and how many Han it has."""
    compiled = kernel("notes")
    if compiled is not None:
        return compiled.line_of(text, _classes(), place)  # type: ignore[no-any-return]
    end = text.find("\n", place)
    end = len(text) if end < 0 else end
    return end, len(_NOT_HAN.sub("", text[text.rfind("\n", 0, place) + 1 : end]))


def counts_of(chars: Iterable[str], text: str) -> Mapping[str, int]:
    """How often each of some characters of the BMP stands in a text.

    >>> counts_of("京東", "京東與京")["京"]
    2
    """
    compiled = kernel("notes")
    if compiled is None:
        return Counter(text)
    listed = list(chars)
    return dict(zip(listed, compiled.counts("".join(listed), text), strict=True))


def next_lost(text: str, start: int = 0) -> re.Match[str] | None:
    """The next lost byte and what it was lost to: a note's letters are the first group, a mark is the second.

    >>> next_lost("因?yàn)槲覀")[1], next_lost("??焓蛛")[2]
    ('yàn', '?')
    """
    compiled = kernel("notes")
    if compiled is None:
        lost = start > 0 or any(mark in text and pattern.search(text) for mark, pattern in _LOST_BY_MARK.items())
        return _LOST.search(text, start) if lost else None
    found = None
    while found is None:
        start = compiled.lost(text, _classes(), start)
        if start < 0:
            return None
        found = _LOST.match(text, start)
        start += 1
    return found
