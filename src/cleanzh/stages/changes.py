"""Files that change while they are read: of such a one nothing is taken for what it was."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from cleanzh.formats import Piece, Stamp
from cleanzh.readers import Reading, Record, read

__all__ = ["ChangedError", "unchanged"]


class ChangedError(Exception):
    """The file of a piece is not the one it was: what was read of it is not to be used."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def unchanged(
    shard: Sequence[Piece], reading: Reading, stamps: Sequence[Stamp | None], changed: Collection[int]
) -> Iterator[Record]:
    """The records of a shard. Raises :class:`ChangedError` after those of a piece whose file has changed.

    ``stamps`` has, for each piece, that of its file when the run was planned; None where that is not known. Of the
    pieces ``changed``, which are known to have, comes one record each, which can not be read.
    """
    for number, (piece, then) in enumerate(zip(shard, stamps, strict=True)):
        if number in changed:
            yield _gone(piece, then)
            continue
        yield from read((piece,), reading)
        if then is not None and piece.source.stamp() != then:
            raise ChangedError(number)


def _gone(piece: Piece, then: Stamp | None) -> Record:
    now = piece.source.stamp()
    problem = "was removed while the run was at work"
    if then and now:
        problem = f"was changed while the run was at work (from {then.size:,} to {now.size:,} bytes)"
    name, whole = piece.source.name, piece.number == 1
    line = None if whole else piece.line
    return Record(name if whole else f"{name}:{piece.number}", name, line, b"", problem=problem, container=True)
