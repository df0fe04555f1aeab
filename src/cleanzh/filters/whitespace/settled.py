"""Whether a second search for blanks could find anything that the first did not."""

from __future__ import annotations

from collections.abc import Sequence

from cleanzh.edits import Edit
from cleanzh.filters.whitespace.blanks import Places, may_be_elsewhere
from cleanzh.filters.whitespace.han import (
    FAR,
    MOST_WORDS,
    REACH,
    around_words,
    may_be_spaced_out,
    sentence,
)

__all__ = ["is_settled"]

_LONE = frozenset(("whitespace.inside-word", "whitespace.beside-particle"))


def is_settled(
    text: str, edits: Sequence[Edit], places: Places, words: Sequence[tuple[int, int, str, str]], after: str
) -> bool:
    """Whether no blank of ``after``, which is ``text`` without those of ``edits``, may go; for a text without code.

    ``words`` are what of the edits was found between two Chinese characters; the rest are ends of lines, and blanks
    beside marks.

    The characters beside a blank decide about it, and they stay: each edit takes all blanks between two others. Those
    between two Chinese characters are judged by more, so each is looked at again: by the sentence around it, by what
    stands between it and the next, and by how often the text has the two characters together, which an edit between
    the same two changes. What else is judged by the line or the text (runs, indents, tables) is left to the
    search, and so is `… 」 他`, where the second blank stands behind a quotation once the first is gone.
    """
    if places.runs or places.indents or len(text) > FAR or len(places.split) > MOST_WORDS:
        return False
    if may_be_elsewhere(text) or "」" in text or "』" in text:
        return False
    if places.empty or not {rule for _, _, rule, _ in words} <= _LONE:
        return False
    gone = {start for start, _, _, _ in words}
    kept = [place for place in places.between_han() if place not in gone]
    joined = {text[place - 1] + text[place + 1] for place in places.split if place in gone}
    return not kept or _stay(text, edits, kept, set(places.split), joined, after)


def _stay(text: str, edits: Sequence[Edit], kept: list[int], judged: set[int], joined: set[str], after: str) -> bool:
    """Whether the blanks between Chinese characters that were ``kept`` are judged as before, if they are at all."""
    index = shift = 0
    blanks: list[int] = []  # where they stand in the text after
    for place in kept:
        while index < len(edits) and edits[index].start < place:
            shift += len(edits[index].before)
            index += 1
        blanks.append(place - shift)
        if place not in judged:
            continue
        if text[place - 1] + text[place + 1] in joined:
            return False
        near = (index and place - edits[index - 1].end <= REACH) or (
            index < len(edits) and edits[index].start - place <= REACH
        )
        if near and sentence(text, place) != sentence(after, place - shift):
            return False
    return not may_be_spaced_out(blanks) and not any(around_words(after, blanks))
