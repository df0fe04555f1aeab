"""What the build prepares, so that a start need not: the built-in rules read, and patterns compiled.

To read 250 KB of rules and to compile the patterns that a dirty text asks for takes a third of a second, most of the
time of a check of one file. ``prepared.bin`` beside this module holds both; it is made when the package is built
(``hatch_build.py``) by the Python that builds it, and is in no repository. It is a cache: where it is missing, was made
by another Python, or from other rules, all is made as if there were none, and the result is the same.

The file is a line of JSON that says whom it is for, what there is as :mod:`marshal` writes it (as in a ``.pyc``; read
in a third of the time of JSON), and behind that the codes of the patterns. To hand them to ``_sre`` is what :mod:`re`
itself does; it checks them, and its magic number says whether it can read them.
"""

from __future__ import annotations

import json
import marshal
import re
import sys
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Screens", "compiled", "rule_tables", "screens", "write"]

FILE = Path(__file__).with_name("prepared.bin")


def compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """What :func:`re.compile` returns, in a fiftieth of the time if it was prepared.

    >>> compiled("[0-9]+").findall("2019年3月")
    ['2019', '3']
    """
    if found := _patterns().get((pattern, flags)):
        import _sre  # type: ignore[import-not-found]  # has no stubs

        all_flags, groups, named, start, length = found
        names: list[str | None] = [None] * (groups + 1)
        for name, number in named.items():
            names[number] = name
        code = array("I")
        code.frombytes(_content()[1][start : start + length])
        made: re.Pattern[str] = _sre.compile(pattern, all_flags, code.tolist(), groups, named, tuple(names))
        return made
    return re.compile(pattern, flags)


def rule_tables(files: Iterable[Path]) -> list[dict[str, Any]] | None:
    """The rules of these files as they were read; None if that was not these files, or not at all."""
    stored = _content()[0].get("rules")
    if stored is None or stored["from"] != _sum_of(files):
        return None
    tables: list[dict[str, Any]] = stored["tables"]
    return tables


def screens(files: Iterable[Path]) -> Screens | None:
    """The screens of the patterns of the rules; None if these are not the files."""
    if rule_tables(files) is None:
        return None
    stored = _content()[0]["screens"]
    programs = {pattern: list(map(_part, parts)) for pattern, parts in stored["programs"].items()}
    codes, beyond, plain, sets = map(_part, stored["tables"])
    return Screens(codes, beyond, plain, sets, stored["size"], programs)


def _part(place: Sequence[int]) -> bytes:
    return bytes(_content()[1][place[0] : place[0] + place[1]])


class Screens(NamedTuple):
    """What :mod:`cleanzh.rulebook.screen` makes: automata over codes of characters.

    ``codes`` are two bytes for each character below U+10000, of what it folds to; ``beyond`` has for those above, by
    ranges, the first character and the code, four bytes each. ``plain`` is what each below U+10000 folds to, two bytes,
    0 if that is above. ``sets`` has ``size`` bytes for each set of codes.
    ``programs`` are by pattern: each a conjunction of programs, instructions of three numbers of four bytes.
    """

    codes: bytes
    beyond: bytes
    plain: bytes
    sets: bytes
    size: int
    programs: Mapping[str, list[bytes]]


def write(
    path: Path,
    files: Iterable[Path],
    tables: list[dict[str, Any]],
    patterns: Iterable[tuple[str, int]],
    screens: Screens,
) -> None:
    """Prepare rules that were read from ``files``, patterns with their flags, and the screens of those of the rules."""
    from re import _compiler, _parser  # type: ignore[attr-defined]  # what re.compile is made of

    rows, codes = [], bytearray()

    def stored(part: bytes) -> tuple[int, int]:
        codes.extend(part)
        return len(codes) - len(part), len(part)

    for pattern, flags in dict.fromkeys(patterns):
        parsed = _parser.parse(pattern, flags)
        code = array("I", _compiler._code(parsed, flags)).tobytes()
        state = parsed.state
        rows.append([pattern, flags, flags | state.flags, state.groups - 1, state.groupdict, *stored(code)])
    tables_of_screens = [stored(part) for part in (screens.codes, screens.beyond, screens.plain, screens.sets)]
    programs = {pattern: [stored(part) for part in parts] for pattern, parts in screens.programs.items()}
    content = marshal.dumps(
        {
            "rules": {"from": _sum_of(files), "tables": tables},
            "patterns": rows,
            "screens": {"tables": tables_of_screens, "size": screens.size, "programs": programs},
        }
    )
    head = {"python": _python(), "sizes": [len(content), len(codes)], "sum": zlib.crc32(content)}
    path.write_bytes(json.dumps(head).encode() + b"\n" + content + codes)


def _python() -> list[Any]:
    """What must be the same where the codes are made and where they run."""
    import _sre

    return [sys.implementation.cache_tag, _sre.MAGIC, _sre.CODESIZE, sys.byteorder]


def _sum_of(files: Iterable[Path]) -> int:
    total = 0
    for file in files:
        total = zlib.crc32(file.read_bytes(), zlib.crc32(file.name.encode(), total))
    return total


@cache
def _content() -> tuple[Mapping[str, Any], memoryview]:
    try:
        whole = FILE.read_bytes()
        begin = whole.index(b"\n") + 1
        head, rest = json.loads(whole[:begin]), memoryview(whole)[begin:]
        size, of_codes = head["sizes"]
        content = rest[:size]
        if head["python"] == _python() and len(rest) == size + of_codes and zlib.crc32(content) == head["sum"]:
            return marshal.loads(content), rest[size:]  # noqa: S302  # what the build wrote, whole
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return {}, memoryview(b"")


@cache
def _patterns() -> Mapping[tuple[str, int], tuple[Any, ...]]:
    return {(row[0], row[1]): tuple(row[2:]) for row in _content()[0].get("patterns", ())}
