"""Two documents beside each other: which lines belong together, and what differs in them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cleanzh import prepared
from cleanzh.report.html.stories import Gap, Line, Piece

__all__ = ["Row", "Side", "align"]

_MOST_LINES = 300
_MOST_CHARACTERS = 1_500  # of a line that is compared character by character, which takes the square of it
_STRETCH = 120
_NOT_WORD = prepared.compiled(r"[\W_]+")


class Side(NamedTuple):
    """A line of one of the two; ``differs`` says of each piece whether the other text lacks it."""

    line: Line
    differs: list[bool]


class Row(NamedTuple):
    """Lines that belong together; one of the two may be missing."""

    left: Side | None
    right: Side | None


def align(left: Sequence[Line], right: Sequence[Line]) -> list[Row | Gap]:
    """The two texts as rows; stretches in which both are alike and unchanged are left out.

    Lines belong together by what is left of them after cleaning, without punctuation: what was removed from one of
    them stands alone.
    """
    rest = max(len(left), len(right)) - _MOST_LINES
    rows = list(_shown(_rows(left[:_MOST_LINES], right[:_MOST_LINES])))
    if rest > 0:
        rows.append(Gap(rest, 0, end=True))
    return rows


def _rows(left: Sequence[Line], right: Sequence[Line]) -> Iterator[Row]:
    keys = [[_NOT_WORD.sub("", line.after).lower() for line in side] for side in (left, right)]
    stay = [[number for number, key in enumerate(side) if key] for side in keys]
    matcher = difflib.SequenceMatcher(
        None, [keys[0][n] for n in stay[0]], [keys[1][n] for n in stay[1]], autojunk=False
    )
    done = [0, 0]

    def gone(i: int, j: int) -> Iterator[Row]:
        """The lines that were removed before line ``i`` of the left and ``j`` of the right."""
        lefts, rights = left[done[0] : i], right[done[1] : j]
        for number in range(max(len(lefts), len(rights))):
            yield Row(
                _whole(lefts[number]) if number < len(lefts) else None,
                _whole(rights[number]) if number < len(rights) else None,
            )
        done[:] = i, j

    for kind, i, i2, j, j2 in matcher.get_opcodes():
        for number in range(max(i2 - i, j2 - j)):
            a = stay[0][i + number] if i + number < i2 else None
            b = stay[1][j + number] if j + number < j2 else None
            yield from gone(done[0] if a is None else a, done[1] if b is None else b)
            one = None if a is None else left[a]
            other = None if b is None else right[b]
            done[:] = done[0] + (one is not None), done[1] + (other is not None)
            if one is not None and other is not None:
                yield _compared(one, other) if kind != "equal" else Row(_alike(one), _alike(other))
            else:
                yield Row(_whole(one, differs=True) if one else None, _whole(other, differs=True) if other else None)
    yield from gone(len(left), len(right))


def _alike(line: Line) -> Side:
    return Side(line, [False] * len(line.pieces))


def _whole(line: Line, *, differs: bool = False) -> Side:
    return Side(line, [differs and bool(piece.after) for piece in line.pieces])


def _compared(one: Line, other: Line) -> Row:
    left, right = one.after, other.after
    if max(len(left), len(right)) > _MOST_CHARACTERS:
        return Row(_whole(one, differs=True), _whole(other, differs=True))
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    if matcher.ratio() < 0.3:  # two sentences that only stand at the same place
        return Row(_whole(one, differs=True), _whole(other, differs=True))
    codes = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    return Row(
        _marked(one, [(i, i2) for _, i, i2, _, _ in codes if i < i2]),
        _marked(other, [(j, j2) for _, _, _, j, j2 in codes if j < j2]),
    )


def _marked(line: Line, spans: Sequence[tuple[int, int]]) -> Side:
    """The line with its unchanged pieces cut where ``spans`` of what is left of it begin and end."""
    pieces: list[Piece] = []
    differs: list[bool] = []
    position = 0
    for piece in line.pieces:
        end = position + len(piece.after)
        inside = [(max(low, position), min(high, end)) for low, high in spans if low < end and high > position]
        if piece.rules:
            pieces.append(piece)
            differs.append(bool(inside))
        else:
            for low, high, mark in _alternating(position, end, inside):
                part = piece.after[low - position : high - position]
                pieces.append(Piece(part, part))
                differs.append(mark)
        position = end
    return Side(Line(line.number, pieces), differs)


def _alternating(start: int, end: int, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, bool]]:
    for low, high in spans:
        if start < low:
            yield start, low, False
        yield low, high, True
        start = high
    if start < end:
        yield start, end, False


def _shown(rows: Iterable[Row]) -> Iterator[Row | Gap]:
    run: list[Row] = []
    for row in rows:
        plain = row.left and row.right and _same(row.left, row.right)
        if plain:
            run.append(row)
            continue
        yield from _closed(run)
        run = []
        yield row._replace(left=_trimmed(row.left), right=_trimmed(row.right))
    yield from _closed(run)


def _same(left: Side, right: Side) -> bool:
    """Whether there is nothing to look at: both are as they were, or the same was done to both."""
    if any((*left.differs, *right.differs)):
        return False
    one, other = left.line, right.line
    return not (one.changed or other.changed) or (one.before, one.after) == (other.before, other.after)


def _closed(run: list[Row]) -> Iterator[Row | Gap]:
    if len(run) == 1:
        yield run[0]._replace(left=_trimmed(run[0].left), right=_trimmed(run[0].right))
    elif run:
        yield Gap(len(run), sum(len(row.left.line.before) for row in run if row.left))


def _trimmed(side: Side | None) -> Side | None:
    """Without the middle of long stretches that are alike."""
    if side is None:
        return None
    pieces: list[Piece] = []
    differs: list[bool] = []
    for piece, mark in zip(side.line.pieces, side.differs, strict=True):
        room = _STRETCH if not (mark or piece.rules) else 4 * _STRETCH
        if max(len(piece.before), len(piece.after)) <= room:
            pieces.append(piece)
            differs.append(mark)
            continue
        half = room // 2
        before, after = piece.before, piece.after
        pieces += [
            Piece(before[:half], after[:half] if after else "", piece.rules),
            Piece("", "", hidden=max(len(before), len(after)) - 2 * half),
            Piece(before[half:][-half:], after[half:][-half:], piece.rules),
        ]
        differs += [mark, False, mark]
    return Side(Line(side.line.number, pieces), differs)
