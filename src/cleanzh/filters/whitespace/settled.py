"""Whether a second search for blanks could find anything that the first did not."""

from __future__ import annotations

from collections.abc import Sequence

from cleanzh.edits import Edit
from cleanzh.filters.whitespace.blanks import Places
from cleanzh.filters.whitespace.han import FAR, LONGEST_KEYWORD, MOST_WORDS, is_numbering, sentence
from cleanzh.lexicon.kinds import BOX, KANA, kinds_of

__all__ = ["is_settled"]

_LONE = frozenset(f"whitespace.{rule}" for rule in ("trailing", "beside-mark", "inside-word", "beside-particle"))
# Code and tables are known by what may stand far from a blank. In `… 」 他`, once the first blank is gone, the second
# stands behind a quotation.
_FAR_REACHING = "`~<[|」』"


def is_settled(text: str, edits: Sequence[Edit], places: Places, after: str) -> bool:
    """Whether no blank of ``after``, which is ``text`` without those of ``edits``, may go.

    The characters beside a blank decide about it, and they stay: each edit takes all blanks between two others. Those
    between two Chinese characters are judged by more, so each is looked at again: by the sentence around it, by its
    distance from the next, and by how often the text has the two characters together, which an edit between the same
    two changes. What else is judged by the line or the text (runs, indents, tables, code) is left to the search.
    """
    if places.runs or places.indents or len(text) > FAR or len(places.split) > MOST_WORDS:
        return False
    if kinds_of(text) & (BOX | KANA) or any(char in text for char in _FAR_REACHING):
        return False
    if not {edit.rule for edit in edits} <= _LONE:
        return False
    gone = {edit.start for edit in edits}
    kept = [place for place in places.split if place not in gone]
    joined = {text[place - 1] + text[place + 1] for place in places.split if place in gone}
    return not kept or _stay(text, edits, kept, joined, after)


def _stay(text: str, edits: Sequence[Edit], kept: list[int], joined: set[str], after: str) -> bool:
    """Whether the blanks between Chinese characters that were ``kept`` are judged as before."""
    index = shift = 0
    last = -LONGEST_KEYWORD - 1
    for place in kept:
        while index < len(edits) and edits[index].start < place:
            shift += len(edits[index].before)
            index += 1
        now = place - shift
        if now - last <= LONGEST_KEYWORD or text[place - 1] + text[place + 1] in joined:
            return False
        if not is_numbering(text, place) and sentence(text, place) != sentence(after, now):
            return False
        last = now
    return True
