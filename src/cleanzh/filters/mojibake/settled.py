"""Which of the ways to read what lost bytes it was: by what else the line says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cleanzh.filters.mojibake.gaps import Way, choices, fitting
from cleanzh.lexicon.fluency import profile
from cleanzh.lexicon.script import characters

__all__ = ["HOLE", "in_one_script", "other_script", "settled"]

HOLE: Final = "\ufffd"
"""A character that could not be chosen."""

_SURE = 0.5  # nats between the best character for a gap and the next, from which it is put back
_SAID = 3.0  # what it is worth that the line has the same two characters where nothing was lost
_MIXED = -3.0  # a character of the script that the rest of the line is not in


def in_one_script(way: Way) -> Way:
    """The way, worth less for what was chosen of the script that the rest is not in."""
    if not way.gaps:
        return way
    other = other_script(_sure(way))
    return way._replace(value=way.value + _MIXED * sum(way.text[gap.place] in other for gap in way.gaps))


def _sure(way: Way) -> str:
    """What was read, with line breaks for what was chosen."""
    chosen = {gap.place for gap in way.gaps}
    return "".join("\n" if place in chosen else char for place, char in enumerate(way.text))


def other_script(text: str) -> frozenset[str]:
    """The characters of the script that ``text`` is not in; none if nothing tells."""
    simplified, traditional = characters("simplified"), characters("traditional")
    has_simplified, has_traditional = not simplified.isdisjoint(text), not traditional.isdisjoint(text)
    if has_simplified == has_traditional:
        return frozenset()
    return traditional if has_simplified else simplified


def settled(ends: Sequence[Way]) -> str:
    """The best reading, with a hole for each gap that another reading fills nearly as well."""
    best = ends[0]
    chars = list(best.text)
    sure = _sure(best)
    other = other_script(sure)
    for end in ends[1:]:
        if best.value - end.value > _SURE:
            break
        if len(end.text) != len(chars):
            continue
        for gap in best.gaps:
            if end.text[gap.place] != best.text[gap.place]:
                chars[gap.place] = HOLE
    for place, left, hidden in best.gaps:
        now = best.text[place]
        before = best.text[place - 1] if place else ""

        def bonus(char: str, place: int = place) -> float:
            return _SAID * _said(sure, best.text, place, char) + _MIXED * (char in other)

        left_of, right_of = "".join(best.text[max(0, place - 2) : place]), "".join(best.text[place + 1 : place + 3])

        def worth(char: str, left_of: str = left_of, right_of: str = right_of) -> float:
            return sum(profile(f"\n{left_of}{char}{right_of}\n")) + bonus(char)

        # What was tried was the likeliest behind what stands before; here what stands behind counts as well.
        suitable = fitting().get((left, hidden), "")
        wide = left == (None, None, None) or now in other
        if not wide:
            tried = {char for _, char in choices(left, before, hidden)}
            suitable = "".join(
                char for char in suitable if char in tried or (char in sure and _said(sure, best.text, place, char))
            )
        likeliest = max(suitable, key=worth, default=now)
        if likeliest == now:
            chars[place] = now if suitable and not wide else chars[place]
        elif worth(likeliest) > worth(now) + _SURE:
            chars[place] = likeliest
    return "".join(chars)


def _said(sure: str, text: Sequence[str], place: int, char: str) -> int:
    """How many of the words around a place the line has elsewhere, where nothing was lost."""
    before, behind = "".join(text[max(0, place - 2) : place]), "".join(text[place + 1 : place + 3])
    around = {before[-1:] + char, char + behind[:1], before + char, char + behind}
    return sum(len(word) > 1 and word.isalpha() and word in sure for word in around)
