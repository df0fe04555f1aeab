"""A document to look at: its lines as found, with every change in its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cleanzh.document import Cleaned
from cleanzh.edits import Edit, compose, origins

__all__ = ["Change", "Gap", "Line", "Piece", "Room", "changes", "fitted", "lines_of"]


class Piece(NamedTuple):
    """A stretch of a line. Without rules it is as it was; else ``before`` became ``after``.

    ``hidden`` characters are not shown, and then nothing else is in it.
    """

    before: str
    after: str
    rules: tuple[str, ...] = ()
    hidden: int = 0


class Line(NamedTuple):
    """A line of the text as found."""

    number: int
    pieces: list[Piece]

    @property
    def changed(self) -> bool:
        return any(piece.rules for piece in self.pieces)

    @property
    def before(self) -> str:
        return "".join(piece.before for piece in self.pieces)

    @property
    def after(self) -> str:
        return "".join(piece.after for piece in self.pieces)


class Gap(NamedTuple):
    """Lines that are not shown; ``end`` says that there would be more."""

    lines: int
    characters: int
    end: bool = False


class Change(NamedTuple):
    """A span of the text as found, what became of it, and the rules that had a part in it, in their order."""

    start: int
    before: str
    after: str
    rules: tuple[str, ...]


def changes(cleaned: Cleaned) -> list[Change]:
    """All that was done to a text, as spans of the text as found."""
    done: list[tuple[int, str]] = []
    edits: list[Edit] = []
    for step in cleaned.steps:
        small = list(_refined(step.edits))
        starts = origins((edit.start for edit in small), edits)
        done += zip(starts, (edit.rule for edit in small), strict=True)
        edits = compose(edits, small)
    done.sort(key=lambda row: row[0])
    made: list[Change] = []
    index = 0
    for edit in edits:
        while index < len(done) and done[index][0] < edit.start:
            index += 1
        inside = []
        while index < len(done) and done[index][0] <= edit.end:
            inside.append(done[index])
            index += 1
        made += _by_line(edit, inside)
    return made


def _refined(edits: Iterable[Edit]) -> Iterator[Edit]:
    """The edits, without the characters inside of them that stay: a converted sentence has many."""
    for edit in edits:
        rule, start, before, after = edit
        if len(before) != len(after) or len(before) < 3:
            yield edit
            continue
        begin = None
        for place, (was, becomes) in enumerate(zip(before + "=", after + "=", strict=True)):
            if was != becomes and begin is None:
                begin = place
            elif was == becomes and begin is not None:
                yield Edit(rule, start + begin, before[begin:place], after[begin:place])
                begin = None


def _by_line(edit: Edit, inside: Sequence[tuple[int, str]]) -> Iterator[Change]:
    """An edit as changes. Lines that went one after the other are one edit, and may have gone by different rules."""
    if edit.after or "\n" not in edit.before[:-1]:
        yield Change(edit.start, edit.before, edit.after, _named(rule for _, rule in inside) or (edit.rule,))
        return
    start, index = edit.start, 0
    rules: tuple[str, ...] = (edit.rule,)
    for line in edit.before.splitlines(keepends=True):
        here = []
        while index < len(inside) and inside[index][0] < start + len(line):
            here.append(inside[index][1])
            index += 1
        rules = _named(here) or rules  # a rule that took several lines is known by the first
        yield Change(start, line, "", rules)
        start += len(line)


def _named(rules: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rules))


def lines_of(text: str, made: Iterable[Change]) -> Iterator[Line]:
    """The lines of a text as found, cut into pieces."""
    pieces: list[Piece] = []
    number, position = 1, 0
    for change in [*made, Change(len(text), "", "", ())]:
        same = text[position : change.start].split("\n")
        for part in same[:-1]:
            pieces.append(Piece(part, part))
            yield Line(number, [piece for piece in pieces if piece.before or piece.after])
            pieces, number = [], number + 1
        pieces.append(Piece(same[-1], same[-1]))
        position = change.start + len(change.before)
        if change.rules:
            parts = change.before.split("\n")
            after = change.after
            for part in parts[:-1]:
                pieces.append(Piece(f"{part}\n", after, change.rules))
                yield Line(number, [piece for piece in pieces if piece.before or piece.after])
                pieces, number, after = [], number + 1, ""
            pieces.append(Piece(parts[-1], after, change.rules))
    last = [piece for piece in pieces if piece.before or piece.after]
    if last:
        yield Line(number, last)


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a document is shown."""

    characters: int = 6_000
    lines: int = 240
    stretch: int = 160  # of an unchanged stretch, in a document that has to be cut
    change: int = 1_200  # of one change


def fitted(lines: Sequence[Line], room: Room = Room()) -> list[Line | Gap]:
    """The lines that fit: all of them, or what changed and its surroundings."""
    total = sum(len(piece.before) + len(piece.after) * bool(piece.rules) for line in lines for piece in line.pieces)
    if total <= room.characters and len(lines) <= room.lines:
        return list(lines)
    near = {n + beside for n, line in enumerate(lines) if line.changed for beside in (-1, 0, 1)} or set(range(40))
    shown: list[Line | Gap] = []
    left, count = room.characters, 0
    skipped = characters = 0
    for number, line in enumerate(lines):
        if left <= 0 or count >= room.lines:
            rest = lines[number:]
            if skipped:
                shown.append(Gap(skipped, characters))
            shown.append(Gap(len(rest), sum(len(one.before) for one in rest), end=True))
            return shown
        if number not in near:
            skipped, characters = skipped + 1, characters + len(line.before)
            continue
        if skipped:
            shown.append(Gap(skipped, characters))
            skipped = characters = 0
        cut, used = _cut(line, room, left)
        shown.append(cut)
        left, count = left - used, count + 1
    if skipped:
        shown.append(Gap(skipped, characters))
    return shown


def _cut(line: Line, room: Room, left: int) -> tuple[Line, int]:
    """The line with its long stretches cut, and the characters of it that are left."""
    pieces: list[Piece] = []
    used = 0
    for number, piece in enumerate(line.pieces):
        if used > left:
            pieces.append(Piece("", "", hidden=sum(len(one.before) for one in line.pieces[number:])))
            break
        kept = _shortened(piece, room.change if piece.rules else room.stretch)
        pieces += kept
        used += sum(len(one.before) + len(one.after) * bool(one.rules) for one in kept)
    return Line(line.number, pieces), used


def _shortened(piece: Piece, room: int) -> list[Piece]:
    before, after, rules, _ = piece
    if max(len(before), len(after)) <= room:
        return [piece]
    half = room // 2
    if not rules:
        before, after = before[:half], before[-half:]
        return [Piece(before, before), Piece("", "", hidden=len(piece.before) - 2 * half), Piece(after, after)]
    pieces = [Piece(before, "", rules)]
    if len(before) > room:
        hidden = Piece("", "", hidden=len(before) - 2 * half)
        pieces = [Piece(before[:half], "", rules), hidden, Piece(before[-half:], "", rules)]
    if len(after) > room:
        return [*pieces, Piece("", after[:half], rules), Piece("", "", hidden=len(after) - half)]
    pieces[-1] = pieces[-1]._replace(after=after)
    return pieces
