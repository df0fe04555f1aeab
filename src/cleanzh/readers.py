"""Files to documents: which files there are, and how they are cut into work.

A *source* is one input file. A *shard* is a piece of a source, or a few small sources, that one worker reads, cleans
and forgets; how the input is cut depends on the input alone, so that the result does too.
A *record* is one document as it lies in its source: a whole ``.txt`` file, a line, an object, a row. What a record is,
and what of it is text, is for the formats to say.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from cleanzh.errors import UsageError
from cleanzh.formats import (
    Frame,
    Piece,
    Reading,
    Record,
    Shard,
    Skipped,
    Source,
    format_of,
    known_suffixes,
    named,
    output_name,
    require,
)

__all__ = ["Frame", "Piece", "Reading", "Record", "Shard", "Skipped", "Source", "cut", "find_sources", "read"]

# A worker holds one shard in memory; a few million characters keep it busy for a tenth of a second.
_SHARD_BYTES = 4 << 20
_SHARD_FILES = 200
# Towards the end shards are smaller: this part of what is left, as others have nothing to do while the last is cleaned.
_PART_OF_THE_REST = 8
_SMALLEST_SHARD = 1 << 19
_AS_BY_DEFAULT = Reading()


def find_sources(inputs: Sequence[str | Path], *, form: str = "auto") -> tuple[list[Source], list[Skipped]]:
    """All sources below the inputs, by name, and what was left out.

    One folder is mirrored as it is; several inputs lie side by side under their own names. Links to files are
    followed, links to folders are not: a folder would be read twice, or for ever. An address such as ``s3://…`` is
    read by fsspec.

    Raises :class:`UsageError` if an input is missing, can not be read as asked, or two would have the same name.
    """
    sources: list[Source] = []
    skipped: list[Skipped] = []
    alone = len(inputs) == 1
    for given in inputs:
        if "://" in str(given):
            from cleanzh.remote import find_remote

            find_remote(str(given), form, sources, skipped, alone=alone)
            continue
        path = Path(given)
        if not os.path.lexists(path):
            raise UsageError(f"{path}: no such file or folder; check the path")
        if path.is_dir():
            _walk(path, "" if alone else path.resolve().name, form, sources, skipped)
            continue
        kind = format_of(path.name, form)
        if kind is None:
            raise UsageError(f"{path}: not one of {known_suffixes()}; say what it is with --format txt, or another")
        sources.append(Source(path, path.name, *kind))
    sources.sort(key=lambda source: source.name)
    _refuse_what_would_meet(sources)
    for form, compression in {(source.format, source.compression) for source in sources}:
        require(form, compression, next(s.path for s in sources if (s.format, s.compression) == (form, compression)))
    return sources, sorted(skipped)


def _refuse_what_would_meet(sources: Iterable[Source]) -> None:
    named_so = sorted((output_name(source.name, source.format), source.url or str(source.path)) for source in sources)
    for (name, one), (other_name, other) in pairwise(named_so):
        if name == other_name:
            raise UsageError(f"{one} and {other} would both become {name}; clean them into two folders")


def _walk(top: Path, prefix: str, form: str, sources: list[Source], skipped: list[Skipped]) -> None:
    def unreadable(error: OSError) -> None:
        skipped.append(
            Skipped(_below(top, prefix, Path(error.filename or top)), f"unreadable folder: {error.strerror}")
        )

    for folder, folders, files in os.walk(top, onerror=unreadable):
        here = Path(folder)
        for name in list(folders):
            if name == "_cleanzh" or name.startswith("."):
                folders.remove(name)
            elif (here / name).is_symlink():
                folders.remove(name)
                skipped.append(
                    Skipped(_below(top, prefix, here / name), "link to a folder; name the folder as an input")
                )
        for name in files:
            if name.startswith("."):
                continue
            kind = format_of(name, form)
            place = _below(top, prefix, here / name)
            if kind is None:
                skipped.append(Skipped(place, f"not one of {known_suffixes()}"))
            else:
                sources.append(Source(here / name, place, *kind))


def _below(top: Path, prefix: str, path: Path) -> str:
    name = path.relative_to(top).as_posix()
    return f"{prefix}/{name}" if prefix else name


def cut(
    sources: Iterable[Source], reading: Reading = _AS_BY_DEFAULT, total: int | None = None
) -> Iterator[tuple[Shard, int]]:
    """Shards in the order of the sources, each with how many bytes of the files it took; ``total`` are those of all.

    To be drawn from one by one: of a compressed file, which is read from begin to end, a shard holds its bytes. A
    large file is cut between records; of one that can not be read, the reading says why.
    """
    pieces: list[Piece] = []
    size = taken = 0
    left, most = total, _most(total)
    for source in sources:
        for piece, length in named(source.format).cut(source, reading):
            held = max(length, len(piece.data or b""))
            if pieces and (size + held > most or len(pieces) >= _SHARD_FILES):
                yield tuple(pieces), taken
                left = None if left is None else left - taken
                pieces, size, taken, most = [], 0, 0, _most(left)
            pieces.append(piece)
            size += held
            taken += length
    if pieces:
        yield tuple(pieces), taken


def _most(left: int | None) -> int:
    """The bytes of the next shard, at the most."""
    if left is None:
        return _SHARD_BYTES
    return max(min(_SHARD_BYTES, left // _PART_OF_THE_REST), min(_SHARD_BYTES, _SMALLEST_SHARD))


def read(shard: Shard, reading: Reading = _AS_BY_DEFAULT) -> Iterator[Record]:
    """The records of a shard, in order."""
    for piece in shard:
        yield from named(piece.source.format).read(piece, reading)
