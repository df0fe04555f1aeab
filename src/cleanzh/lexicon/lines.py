"""A text as its lines, split once for the filters that read them one after the other."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["lines_of"]

# The last text and its lines; replaced as a whole, so threads may share them. Those of a long text are not kept.
_last: tuple[str, Sequence[str]] = ("", [""])
_LONG = 1_000_000


def lines_of(text: str) -> Sequence[str]:
    """The lines, without their breaks; not to be changed, since others ask for them as well.

    >>> lines_of("一\\n二\\n")
    ['一', '二', '']
    """
    global _last
    before, known = _last
    if before == text:
        return known
    lines = text.split("\n")
    if len(text) < _LONG:
        _last = text, lines
    return lines
