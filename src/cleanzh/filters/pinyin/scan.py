"""Where a text has notes in brackets, and what lost bytes look like."""

from __future__ import annotations

import re
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Final, NamedTuple

from cleanzh import prepared
from cleanzh.edits import Edit
from cleanzh.kernels import kernel
from cleanzh.lexicon.classes import bits_of
from cleanzh.lexicon.readings import LETTERS
from cleanzh.patterns import lazily

__all__ = ["Key", "Note", "Notes", "counts_of", "next_lost", "notes_in", "removed"]

Key = tuple[str, str]  # a character and its note
Note = tuple[int, int, Key]  # with where the note begins and ends

_BRACKET: Final = lazily(r"\(")
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


@prepared.at_build("lexicon/classes.py", "lexicon/readings.py")
def _classes() -> bytes:
    """Of each character, as bits: letter of a note, mark of a lost byte, ! or ?, Han."""
    return bytes(bits_of((LETTERS, _MARKS, _CALLS, _HAN)))


class Notes(NamedTuple):
    """The notes of a text: their keys, of each how many there are and whether one is in running text; where they are;
    the other brackets that open; and how many Han the lines have that they stand on."""

    keys: list[Key]
    totals: list[int]
    in_text: list[bool]
    places: bytes  # of each three numbers of the machine's size: where it begins, where it ends, which key it has
    brackets: list[int]
    han: int


def notes_in(text: str, ask: Callable[[str], Key | None]) -> Notes:
    """The notes of a text.

    ``ask`` says the key of a note, or None for what is none; it is given the Han before it or else two characters, too.
    In running text is one with Han behind, or before the character that it belongs to; one right behind another with
    its character; and one with a blank inside, which nobody leaves but the converter.

    >>> found = notes_in("戰(zhàn)略合作", lambda note: (note[0], note[2:-1]))
    >>> found.keys, found.totals, found.in_text, found.han
    ([('戰', 'zhàn')], [1], [True], 4)
    """
    compiled = kernel("notes")
    if compiled is not None:
        return Notes(*compiled.find(text, _classes(), ask))
    numbers: dict[Key, int] = {}
    totals: Counter[int] = Counter()
    in_text: set[int] = set()
    places = array("q" if sys.maxsize > 1 << 32 else "i")
    last = line_end = -1
    han = 0
    brackets = []
    for bracket in _BRACKET.finditer(text):
        start = bracket.start()
        match = _NOTE.match(text, start)
        if match is None:
            brackets.append(start)
            continue
        end = match.end()
        key = ask(text[start - 1 if start and _is_han(text[start - 1]) else max(0, start - 2) : end])
        if key is None:
            continue
        if start > line_end:
            line_end = text.find("\n", start)
            line_end = len(text) if line_end < 0 else line_end
            han += len(_NOT_HAN.sub("", text[text.rfind("\n", 0, start) + 1 : line_end]))
        number = numbers.setdefault(key, len(numbers))
        places.extend((start, end, number))
        totals[number] += 1
        if last == start - 1 or _attached(text, start, end):
            in_text.add(number)
        last = end
    of_each = range(len(numbers))
    found = [totals[number] for number in of_each], [number in in_text for number in of_each]
    return Notes(list(numbers), *found, places.tobytes(), brackets, han)


def _attached(text: str, start: int, end: int) -> bool:
    return text[end - 2] == " " or (start > 1 and _is_han(text[start - 2])) or _is_han(text[end : end + 1])


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def removed(text: str, notes: Notes, going: Set[Key], rule: str) -> tuple[list[Edit], list[Note]]:
    """The edits that take out the notes whose keys are ``going``, and the other notes."""
    goes = bytes([key in going for key in notes.keys])
    compiled = kernel("notes")
    if compiled is not None:
        edits, others = compiled.removed(text, notes.places, goes, Edit, rule)
    else:
        numbers = memoryview(notes.places).cast("q" if sys.maxsize > 1 << 32 else "i").tolist()
        rows = list(zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True))
        edits = [Edit(rule, start, text[start:end], "") for start, end, number in rows if goes[number]]
        others = [row for row in rows if not goes[row[2]]]
    return edits, [(start, end, notes.keys[number]) for start, end, number in others]


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
