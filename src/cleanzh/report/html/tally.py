"""Counting the edits of a ledger line as they are written, without making objects of them.

A run writes every edit in one way: ``{"rule": …, "start": …, "before": …, "after": …}``. Cut in front of ``before``,
and without the number before the cut, the same change stands there in the same bytes wherever it was made: a comma, a
blank, a name. It is read once, and known from then on.
"""

from __future__ import annotations

import json

from cleanzh import prepared
from cleanzh.kernels import kernel

__all__ = ["Tally"]

_CUT, _BETWEEN = b', "before": ', ', "after": '
_DIGITS = b"0123456789"
_NEXT = prepared.compiled(r'\{"rule": ("(?:[^"\\]|\\.)*"), "start": \Z')
_MOST, _LONGEST = 50_000, 200  # pieces that are known, and bytes of one: some 15 MB
_LESS_THAN_ANY = -1 << 60

_value = json.JSONDecoder().raw_decode


class Tally:
    """Counts the edits of documents, one after the other.

    >>> Tally()(b'[{"filter": "f", "edits": [{"rule": "ads.a", "start": 3, "before": "ad!", "after": ""}]}]')
    {'ads.a': [1, 3, 0, 3]}
    """

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[int, int, int, str]] = {}

    def __call__(self, steps: bytes) -> dict[str, list[int]]:
        """By rule: edits, characters taken and given, and the most that one edit took.

        ``steps`` are as :func:`cleanzh.ledger.glance` gives them. Raises :class:`ValueError` if they are broken.
        """
        compiled = kernel("tally")
        counted: dict[str, list[int]] | None = compiled.tally(steps) if compiled is not None else None
        return self._counted(steps) if counted is None else counted

    def _counted(self, steps: bytes) -> dict[str, list[int]]:
        """What the kernel does, and what it leaves."""
        done: dict[str, list[int]] = {}
        head, *pieces = steps.split(_CUT)
        name = _rule(head.rstrip(_DIGITS).decode())
        known = self._known.get
        for piece in pieces:
            row = done.get(name)
            if row is None:
                row = done[name] = [0, 0, 0, _LESS_THAN_ANY]
            piece = piece.rstrip(_DIGITS)
            taken, given, less, name = known(piece) or self._read(piece)
            row[0] += 1
            row[1] += taken
            row[2] += given
            if less > row[3]:
                row[3] = less
        return done

    def _read(self, piece: bytes) -> tuple[int, int, int, str]:
        """Characters taken and given, their difference, and the rule of the next edit."""
        text = piece.decode()
        before, at = _value(text)
        after, at = _value(text, at + len(_BETWEEN))
        read = len(before), len(after), len(before) - len(after), _rule(text[at:])
        if len(piece) <= _LONGEST:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[piece] = read
        return read


def _rule(text: str) -> str:
    """The name of the rule of the edit that ``text`` ends in the middle of; empty if it does not."""
    found = _NEXT.search(text)
    return json.loads(found[1]) if found else ""
