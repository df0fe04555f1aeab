"""What the build prepares, so that a start need not: the built-in rules read, patterns compiled, tables made.

To read 250 KB of rules, to compile the patterns and to make the tables that a dirty text asks for takes half a second,
most of the time of a check of one file. ``prepared.bin`` beside this module holds all of it; it is made when the
package is built (``hatch_build.py``) by the Python that builds it, and is in no repository. It is a cache: where it is
missing, was made by another Python, or from other files, all is made as if there were none, and the result is the same.

The file is a line of JSON that says whom it is for, what there is as :mod:`marshal` writes it (as in a ``.pyc``; read
in a third of the time of JSON), and behind that the parts: the codes of the patterns, and tables. It is mapped, so what
no text asks for is not read. To hand codes to ``_sre`` is what :mod:`re` itself does; it checks them, and its magic
number says whether it can read them.
"""

from __future__ import annotations

import functools
import json
import marshal
import mmap
import re
import sys
import zlib
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, AnyStr, NamedTuple, TypeVar, cast

__all__ = ["Literals", "Screens", "at_build", "compiled", "literals", "rule_tables", "screens", "write"]

FILE = Path(__file__).with_name("prepared.bin")

T = TypeVar("T")
_makers: dict[str, tuple[Callable[[], Any], tuple[Path, ...]]] = {}
_ALIGNED = 16  # a part begins at a multiple of it: kernels read numbers of eight bytes
_ARCHIVE_END = 4096


def at_build(*made_from: str) -> Callable[[Callable[[], T]], Callable[[], T]]:
    """For a function without arguments: what it returns is made at the build, and at a start read, once.

    That must be plain values, as :mod:`marshal` takes them; of ``bytes``, and of a tuple of them, a view is given. What
    is empty is not stored: it could not be made where the package was built. ``made_from`` are the files that decide
    what is made, below the package; the one of the function is always one.
    """

    def decorate(make: Callable[[], T]) -> Callable[[], T]:
        name = f"{make.__module__}.{make.__qualname__}"
        own = Path(sys.modules[make.__module__].__file__ or "")
        files = (own, *map(FILE.parent.joinpath, made_from))
        _makers[name] = make, files

        @functools.cache
        @functools.wraps(make)
        def given() -> T:
            known = _made(name, files)
            return make() if known is None else cast("T", known)

        return given

    return decorate


def _made(name: str, files: tuple[Path, ...]) -> Any:
    """What the build made, or None."""
    made_from, kind, places = _content()[0].get("made", {}).get(name, (None, "", ()))
    if made_from is None or made_from != _sum_of(files):
        return None
    parts = tuple(map(_view, places))
    return marshal.loads(parts[0]) if kind == "plain" else parts if kind == "views" else parts[0]  # noqa: S302


def compiled(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
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
        made: re.Pattern[AnyStr] = _sre.compile(pattern, all_flags, code.tolist(), groups, named, tuple(names))
        return made
    return re.compile(pattern, flags)


def rule_tables(files: tuple[Path, ...]) -> list[dict[str, Any]] | None:
    """The rules of these files as they were read; None if that was not these files, or not at all."""
    stored = _content()[0].get("rules")
    if stored is None or stored["from"] != _sum_of(files):
        return None
    tables: list[dict[str, Any]] = stored["tables"]
    return tables


def screens(files: tuple[Path, ...]) -> Screens | None:
    """The screens of the patterns of the rules; None if these are not the files."""
    if rule_tables(files) is None:
        return None
    stored = _content()[0]["screens"]
    programs = {pattern: list(map(_part, parts)) for pattern, parts in stored["programs"].items()}
    codes, beyond, plain, sets = map(_part, stored["tables"])
    return Screens(codes, beyond, plain, sets, stored["size"], programs)


class Literals(NamedTuple):
    """What :mod:`cleanzh.rulebook.gate` makes of the literals of the built-in rules.

    ``rules`` are the names of those that need them. ``forms`` are what texts may write, sorted; ``values`` has for each
    the number of what it is good for, four bytes. Of that, ``reach`` has eight bytes, and ``sets`` a bit for each rule.
    """

    rules: list[str]
    forms: list[str]
    values: bytes
    reach: bytes
    sets: bytes


def literals(files: tuple[Path, ...]) -> Literals | None:
    """The literals of the rules that are in use unless others are chosen; None if these are not the files."""
    if rule_tables(files) is None:
        return None
    stored = _content()[0]["literals"]
    forms, *tables = map(_part, stored["tables"])
    return Literals(stored["rules"], forms.decode().split("\n"), *tables)


def _part(place: Sequence[int]) -> bytes:
    return bytes(_view(place))


def _view(place: Sequence[int]) -> memoryview:
    return _content()[1][place[0] : place[0] + place[1]]


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
    files: tuple[Path, ...],
    tables: list[dict[str, Any]],
    patterns: Iterable[tuple[str | bytes, int]],
    screens: Screens,
    literals: Literals,
) -> None:
    """Prepare rules that were read from ``files``, patterns with their flags, screens and literals of the rules, and
    what is made :func:`at_build`.
    """
    from re import _compiler, _parser  # type: ignore[attr-defined]  # what re.compile is made of

    rows, parts = [], bytearray()

    def stored(part: bytes) -> tuple[int, int]:
        parts.extend(bytes(-len(parts) % _ALIGNED))
        parts.extend(part)
        return len(parts) - len(part), len(part)

    def made(value: Any) -> tuple[str, list[tuple[int, int]]]:
        if isinstance(value, bytes):
            return "view", [stored(value)]
        if isinstance(value, tuple) and all(isinstance(part, bytes) for part in value):
            return "views", list(map(stored, value))
        return "plain", [stored(marshal.dumps(value))]

    for pattern, flags in dict.fromkeys(patterns):
        parsed = _parser.parse(pattern, flags)
        code = array("I", _compiler._code(parsed, flags)).tobytes()
        state = parsed.state
        rows.append([pattern, flags, flags | state.flags, state.groups - 1, state.groupdict, *stored(code)])
    tables_of_screens = [stored(part) for part in (screens.codes, screens.beyond, screens.plain, screens.sets)]
    programs = {pattern: [stored(part) for part in parts] for pattern, parts in screens.programs.items()}
    tables_of_literals = [stored(part) for part in ("\n".join(literals.forms).encode(), *literals[2:])]
    content = marshal.dumps(
        {
            "rules": {"from": _sum_of(files), "tables": tables},
            "patterns": rows,
            "screens": {"tables": tables_of_screens, "size": screens.size, "programs": programs},
            "literals": {"rules": literals.rules, "tables": tables_of_literals},
            "made": {
                name: (_sum_of(of), *made(value))
                for name, (make, of) in _makers.items()
                if (value := _value_of(make)) is not None
            },
        }
    )
    head = json.dumps({"python": _python(), "sizes": [len(content), len(parts)], "sum": zlib.crc32(content)}).encode()
    head += b" " * (-(len(head) + 1 + len(content)) % _ALIGNED) + b"\n"
    path.write_bytes(head + content + parts)


def _value_of(make: Callable[[], Any]) -> Any:
    """What is made at the build; None where that needs a package that is missing there, or there is nothing to make."""
    try:
        return make() or None
    except ImportError:
        return None


def _python() -> list[Any]:
    """What must be the same where the codes are made and where they run."""
    import _sre

    return [sys.implementation.cache_tag, _sre.MAGIC, _sre.CODESIZE, sys.byteorder]


@cache
def _sum_of(files: tuple[Path, ...]) -> int:
    total = 0
    for file in files:
        total = zlib.crc32(_read(file), zlib.crc32(file.name.encode(), total))
    return total


@cache
def _read(file: Path) -> bytes:
    """What tells whether the file is the same; the end of an archive holds the sums of all that is in it."""
    with file.open("rb", 0) as opened:
        if file.suffix == ".npz":
            opened.seek(-_ARCHIVE_END, 2)
        return opened.read()


@cache
def _content() -> tuple[Mapping[str, Any], memoryview]:
    try:
        with FILE.open("rb") as file:
            whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            begin = len(file.readline())
        head, rest = json.loads(bytes(whole[:begin])), whole[begin:]
        size, of_parts = head["sizes"]
        content = rest[:size]
        if head["python"] == _python() and len(rest) == size + of_parts and zlib.crc32(content) == head["sum"]:
            return marshal.loads(content), rest[size:]  # noqa: S302  # what the build wrote, whole
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return {}, memoryview(b"")


@cache
def _patterns() -> Mapping[tuple[str | bytes, int], tuple[Any, ...]]:
    return {(row[0], row[1]): tuple(row[2:]) for row in _content()[0].get("patterns", ())}
