"""Characters that a pattern does not tell apart are one class: tables for a kernel that does what the pattern does.

The pattern remains what defines it: a kernel is handed what the pattern says of one character of each class.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

__all__ = ["DIGITS", "ENTRIES", "Classes", "answers", "bits_of", "classes_of", "entry_of", "ranges"]

# A table has an entry for each character of the BMP, and one for each plane beyond.
ENTRIES = 0x10000 + 16
# Of the planes beyond, one has digits, and all that stands in it is taken for one.
DIGITS = "\\d\U00010000-\U0001ffff"

# What the kernels know: how many classes there may be, the classes of a run, of the start of a text and of its end, and
# how many lengths of a run are told apart.
_CLASSES, _LENGTHS = 32, 3
_RUN, _START, _END = range(3)


class Classes(NamedTuple):
    """The class of each entry, and a character of each class; the start and the end of a text have none."""

    table: bytes
    samples: list[str]


def classes_of(run: str, sets: Sequence[str]) -> Classes:
    """One class for all characters that are in the same ``sets``; the character ``run`` is one by itself.

    >>> table, samples = classes_of(" ", ["0-9A-Z", "A-Z"])
    >>> [samples[table[ord(char)]] for char in " B7京"]
    [' ', 'A', '0', '\\x00']
    """
    spans = [(span, 1 << number) for number, chars in enumerate((run, *sets)) for span in ranges(chars)]
    cuts = sorted({0, ENTRIES}.union(*((span.start, span.stop) for span, _ in spans)))
    numbers, samples = {1: _RUN}, [run, "", ""]
    table = bytearray(ENTRIES)
    for first, end in pairwise(cuts):  # all between two cuts are in the same sets
        found = 0
        for span, bit in spans:
            if first in span:
                found |= bit
        if found not in numbers:
            numbers[found] = len(samples)
            samples.append(chr(first if first <= 0xFFFF else (first - 0xFFFF) << 16))
        table[first:end] = bytes([numbers[found]]) * (end - first)
    return Classes(bytes(table), samples)


def answers(samples: Sequence[str], ask: Callable[[str, str, str], int]) -> bytes:
    """What ``ask`` says of a run between two characters, for runs of 1, 2 and 3, and characters of all classes."""
    table = bytearray(_LENGTHS * _CLASSES * _CLASSES)
    for length in range(_LENGTHS):
        run = samples[_RUN] * (length + 1)
        for before, left in enumerate(samples):
            for behind, right in enumerate(samples):
                if (left or before == _START) and (right or behind == _END) and _RUN not in (before, behind):
                    table[(length * _CLASSES + before) * _CLASSES + behind] = ask(left, run, right)
    return bytes(table)


def bits_of(sets: Sequence[str]) -> bytearray:
    """A table that has, for each character, a bit for each of some sets that it is in.

    >>> table = bits_of(["0-9", "0-9A-F"])
    >>> [table[ord(char)] for char in "7BG"]
    [3, 2, 0]
    """
    table = bytearray(ENTRIES)
    for number, chars in enumerate(sets):
        with_bit = bytes([value | 1 << number for value in range(256)])
        for span in ranges(chars):  # some are all of Han: entry by entry they take milliseconds
            table[span.start : span.stop] = table[span.start : span.stop].translate(with_bit)
    return table


def ranges(chars: str) -> Iterator[range]:
    r"""The entries of what stands in the brackets of a character class; planes beyond the BMP are whole or left out.

    >>> list(ranges("a-c\\]"))
    [range(97, 100), range(93, 94)]
    """
    for first, last in re.findall(r"\\?(.)(?:-\\?(.))?", chars, re.DOTALL):
        yield range(entry_of(first), entry_of(last or first) + 1)


def entry_of(char: str) -> int:
    """Where a table has a character: one of the BMP at its code point, of the planes beyond one entry each."""
    code = ord(char)
    return code if code <= 0xFFFF else 0xFFFF + (code >> 16)
