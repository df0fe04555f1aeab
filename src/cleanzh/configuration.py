"""What a project asks of every command, from ``cleanzh.toml`` or the table ``[tool.cleanzh]`` of ``pyproject.toml``.

::

    script = "simplified"                  # a key is named as the option that it stands for
    ignore = ["punctuation.half-width"]
    rules = ["ours.toml"]                  # relative to this file
    dedup = false

    [per-file-ignores]                     # of check
    "poems/*" = ["whitespace", "repeat"]
    "*.jsonl" = ["metadata"]

Paths and patterns are relative to the folder of the file. A pattern with a slash is matched with the whole path, one
without with the name. An option on the command line takes the place of the same key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from cleanzh.errors import UsageError
from cleanzh.plugins import PlugIn

__all__ = ["KEYS", "Configuration", "Kind", "find_configuration", "load_configuration", "matches"]


class Kind(NamedTuple):
    """What the value of a key must be: ``read`` takes it and the folder of the file, and raises ``ValueError``."""

    what: str
    read: Callable[[Any, Path], Any]


def _string(value: Any, root: Path) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _path(value: Any, root: Path) -> str:
    return str(root / _string(value, root))


def _strings(value: Any, root: Path) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError  # noqa: TRY004  # every wrong value is told alike
    return tuple(_string(item, root) for item in value)


def _paths(value: Any, root: Path) -> tuple[str, ...]:
    return tuple(str(root / path) for path in _strings(value, root))


def _number(value: Any, root: Path) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError
    return value


def _share(value: Any, root: Path) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ValueError
    return float(value)


def _truth(value: Any, root: Path) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004  # every wrong value is told alike
    return value


def _by_pattern(value: Any, root: Path) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise ValueError  # noqa: TRY004  # every wrong value is told alike
    return tuple((pattern, _strings(rules, root)) for pattern, rules in value.items())


def _filters(value: Any, root: Path) -> tuple[PlugIn, ...]:
    if not isinstance(value, list):
        raise ValueError  # noqa: TRY004  # every wrong value is told alike
    found = []
    for item in value:
        named = {"call": item} if isinstance(item, str) else item
        if not isinstance(named, dict) or not named.keys() <= {"call", "after"}:
            raise ValueError
        if not all(isinstance(part, str) for part in named.values()):
            raise ValueError
        if not re.fullmatch(r"[\w.]+:[\w.]+", named.get("call", "")):
            raise ValueError
        found.append(PlugIn(**named, root=str(root.resolve())))
    return tuple(found)


STRING = Kind("a string", _string)
STRINGS = Kind("a list of strings", _strings)
PATH = Kind("a path", _path)
PATHS = Kind("a list of paths", _paths)
NUMBER = Kind("a whole number, 1 or more", _number)
SHARE = Kind("a number from 0 to 1", _share)
TRUTH = Kind("true or false", _truth)
FILTERS = Kind('a list of "module:function" or { call = "module:function", after = "a filter" }', _filters)
BY_PATTERN = Kind("a table of patterns, each with a list of rules", _by_pattern)

KEYS: dict[str, Kind] = {
    "baseline": PATH,
    "containment": SHARE,
    "dedup": TRUTH,
    "duplicates": TRUTH,
    "engine": STRING,
    "exclude": STRINGS,
    "filters": FILTERS,
    "format": STRING,
    "id-field": STRING,
    "ignore": STRINGS,
    "index": PATH,
    "jobs": NUMBER,
    "keep": STRINGS,
    "least": NUMBER,
    "max-bytes": NUMBER,
    "max-document-bytes": NUMBER,
    "max-removed": SHARE,
    "output-format": STRING,
    "per-file-ignores": BY_PATTERN,
    "ray-address": STRING,
    "rules": PATHS,
    "script": STRING,
    "select": STRINGS,
    "share": SHARE,
    "text-field": STRING,
    "threshold": SHARE,
    "to": STRING,
    "unsafe": TRUTH,
    "warn": STRINGS,
}
"""The keys: a line each. One that is named as an option stands for it, in every command that has it; what else its
value must be, and its default, the option says."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a file says: values by key, and the line of each. Without a ``file`` it says nothing."""

    root: Path
    file: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    def get(self, key: str) -> tuple[Any, ...]:
        """The value of a key that is a list or a table; empty if it is not there."""
        return tuple(self.values.get(key, ()))

    def place(self, key: str) -> str:
        """Where a key stands: ``cleanzh.toml:3``."""
        line = self.lines.get(key)
        return str(self.file) if line is None else f"{self.file}:{line}"


def matches(path: str | Path, patterns: Iterable[str], root: Path) -> list[str]:
    """The patterns that fit a path.

    >>> matches("data/poems/a.txt", ["poems/*", "*.txt", "data/*", "*.jsonl"], Path())
    ['*.txt', 'data/*']
    """
    # A link counts by its own name, so nothing is resolved.
    below = os.path.relpath(path, root).replace(os.sep, "/")
    name = below.rpartition("/")[2]
    return [pattern for pattern in patterns if fnmatchcase(below if "/" in pattern else name, pattern)]


def find_configuration(start: Path) -> Configuration:
    """The configuration of the nearest folder, from ``start`` upwards, that has one; else one that says nothing."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (path := folder / "cleanzh.toml").is_file():
            return _ours(load_configuration(path))
        path = folder / "pyproject.toml"
        # Only a file that may be meant is parsed: that takes as long as a small check, and what is wrong with the
        # file of a project that never heard of us is not our concern.
        if path.is_file() and b"cleanzh" in path.read_bytes() and "cleanzh" in _toml(path).get("tool", {}):
            return _ours(load_configuration(path))
    return Configuration(start)


def _ours(found: Configuration) -> Configuration:
    """A configuration that was found and not named: its filters are code, and code of another user is not run.

    Who works below a folder that others can write to, such as the one for temporary files, has not asked for theirs.
    """
    if found.file is not None and "filters" in found.values and hasattr(os, "geteuid"):
        owner = found.file.stat().st_uid
        if owner not in (0, os.geteuid()):
            raise UsageError(
                f"{found.place('filters')}: the file belongs to another user (id {owner}), and its filters are code; "
                f"if it is yours, name it: --config {found.file}"
            )
    return found


def load_configuration(path: Path) -> Configuration:
    """The configuration in a file. Raises :class:`UsageError`, which names file, line and key."""
    table = _toml(path)
    inside: tuple[str, ...] = ()
    if path.name == "pyproject.toml":
        inside = ("tool", "cleanzh")
        table = table.get("tool", {}).get("cleanzh", {})
    found = Configuration(path.parent, path, {}, _lines(path.read_text(encoding="utf-8"), inside))
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in KEYS:
            import difflib

            close = difflib.get_close_matches(key.replace("_", "-"), KEYS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"the keys are {', '.join(sorted(KEYS))}"
            raise UsageError(f"{found.place(key)}: unknown key {key!r}; {hint}")
        try:
            values[key] = KEYS[key].read(value, path.parent)
        except ValueError:
            raise UsageError(f"{found.place(key)}: {key} must be {KEYS[key].what}, not {value!r}") from None
    return Configuration(path.parent, path, values, found.lines)


def _toml(path: Path) -> dict[str, Any]:
    import tomllib  # only where there is something to parse

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from error


def _lines(toml: str, inside: tuple[str, ...]) -> dict[str, int]:
    """The line on which each key of a table begins, which the parser does not tell.

    >>> _lines('[tool.cleanzh]\\nscript = "keep"\\n[tool.cleanzh.per-file-ignores]\\n', ("tool", "cleanzh"))
    {'script': 2, 'per-file-ignores': 3}
    """
    lines: dict[str, int] = {}
    table: list[str] = []
    for number, line in enumerate(toml.splitlines(), 1):
        header = re.match(r"\s*\[\[?([^\[\]]+)\]", line)
        key = re.match(r"""\s*((?:[\w.-]|"[^"]*"|'[^']*')+)\s*=""", line)
        if header:
            table = names = _parts(header[1])
        elif key:
            names = [*table, *_parts(key[1])]
        else:
            continue
        if len(names) > len(inside) and tuple(names[: len(inside)]) == inside:
            lines.setdefault(names[len(inside)], number)
    return lines


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]
