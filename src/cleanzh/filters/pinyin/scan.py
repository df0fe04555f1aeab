"""Where a text has notes in brackets, and what lost bytes look like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Set
from functools import lru_cache
from typing import Final

from cleanzh.edits import Edit
from cleanzh.kernels import kernel
from cleanzh.lexicon.classes import bits_of
from cleanzh.patterns import lazily

__all__ = ["LETTERS", "Key", "Note", "counts_of", "next_lost", "notes_in", "removed"]

Key = tuple[str, str]  # a character and its note
Note = tuple[int, int, Key]  # with where the note begins and ends

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


def notes_in(text: str, ask: Callable[[str], Key | None]) -> tuple[list[Note], set[Key], int]:
    """The notes; the keys of those in running text; and how many Han the lines have that they stand on.

    ``ask`` says the key of a note, or None for what is none; it is given the Han before it or else two characters, too.
    In running text is one with Han behind, or before the character that it belongs to; one right behind another with
    its character; and one with a blank inside, which nobody leaves but the converter.

    >>> notes_in("戰(zhàn)略合作", lambda note: (note[0], note[2:-1]))
    ([(1, 7, ('戰', 'zhàn'))], {('戰', 'zhàn')}, 4)
    """
    compiled = kernel("notes")
    if compiled is not None:
        return compiled.find(text, _classes(), ask)  # type: ignore[no-any-return]
    notes: list[Note] = []
    in_text: set[Key] = set()
    last = line_end = -1
    han = 0
    for match in _NOTE.finditer(text):
        start, end = match.span()
        key = ask(text[start - 1 if start and _is_han(text[start - 1]) else max(0, start - 2) : end])
        if key is None:
            continue
        if start > line_end:
            line_end = text.find("\n", start)
            line_end = len(text) if line_end < 0 else line_end
            han += len(_NOT_HAN.sub("", text[text.rfind("\n", 0, start) + 1 : line_end]))
        notes.append((start, end, key))
        if last == start - 1 or _attached(text, start, end):
            in_text.add(key)
        last = end
    return notes, in_text, han


def _attached(text: str, start: int, end: int) -> bool:
    return text[end - 2] == " " or (start > 1 and _is_han(text[start - 2])) or _is_han(text[end : end + 1])


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def removed(text: str, notes: list[Note], going: Set[Key], rule: str) -> tuple[list[Edit], list[Note]]:
    """The edits that take out the notes whose keys are ``going``, and the other notes."""
    compiled = kernel("notes")
    if compiled is not None:
        return compiled.removed(text, notes, going, Edit, rule)  # type: ignore[no-any-return]
    edits = [Edit(rule, start, text[start:end], "") for start, end, key in notes if key in going]
    return edits, [note for note in notes if note[2] not in going]


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
