"""What a project asks of the data check, from ``cleanzh.toml`` or the table ``[tool.cleanzh]`` of ``pyproject.toml``.

::

    script = "simplified"                  # as --script
    select = ["ads", "pinyin"]             # as --select
    ignore = ["punctuation.half-width"]    # as --ignore
    warn = ["whitespace"]                  # as --warn
    text-field = "content"                 # as --text-field
    exclude = ["raw/*", "*.bak.txt"]       # files that are not looked at, even if they are named
    max-bytes = 10_000_000                 # as --max-bytes
    baseline = "cleanzh-baseline.json"     # as --baseline
    unsafe = false                         # as --unsafe
    rules = ["ours.toml"]                  # rule files of the project

    [per-file-ignores]
    "poems/*" = ["whitespace", "repeat"]
    "*.jsonl" = ["metadata"]

Paths and patterns are relative to the file. A pattern with a slash is matched with the whole path, one without with the
name. An option on the command line wins over the same key.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from cleanzh.errors import UsageError

__all__ = ["Configuration", "find_configuration", "load_configuration", "matches"]


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a file says; None or empty where it says nothing."""

    root: Path
    script: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    warn: tuple[str, ...] = ()
    text_field: str | None = None
    exclude: tuple[str, ...] = ()
    max_bytes: int | None = None
    baseline: str | None = None
    unsafe: bool = False
    rules: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()


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
            return load_configuration(path)
        if (path := folder / "pyproject.toml").is_file() and "cleanzh" in _toml(path).get("tool", {}):
            return load_configuration(path)
    return Configuration(start)


def load_configuration(path: Path) -> Configuration:
    """The configuration in a file. Raises :class:`UsageError`, which names file and key."""
    table = _toml(path)
    where = str(path)
    if path.name == "pyproject.toml":
        table = table.get("tool", {}).get("cleanzh", {})
        where = f"{path}: [tool.cleanzh]"
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _KEYS:
            close = difflib.get_close_matches(key.replace("_", "-"), _KEYS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"the keys are {', '.join(sorted(_KEYS))}"
            raise UsageError(f"{where}: unknown key {key!r}; {hint}")
        read, what = _KEYS[key]
        try:
            values[key.replace("-", "_")] = read(value)
        except ValueError:
            raise UsageError(f"{where}: {key} must be {what}, not {value!r}") from None
    return Configuration(path.parent, **values)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from error


def _string(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004  # every wrong value is told alike
    return value


def _script(value: Any) -> str:
    if value not in _SCRIPTS:
        raise ValueError
    return str(value)


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValueError
    return tuple(value)


def _by_pattern(value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise ValueError  # noqa: TRY004  # every wrong value is told alike
    return tuple((pattern, _strings(rules)) for pattern, rules in value.items())


_SCRIPTS = ("simplified", "traditional", "taiwan", "hongkong", "keep")
_LIST = "a list of strings"
_KEYS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "script": (_script, f"one of {', '.join(_SCRIPTS)}"),
    "select": (_strings, _LIST),
    "ignore": (_strings, _LIST),
    "warn": (_strings, _LIST),
    "text-field": (_string, "a string"),
    "exclude": (_strings, _LIST),
    "max-bytes": (_number, "a number of bytes, 1 or more"),
    "baseline": (_string, "a path"),
    "unsafe": (_truth, "true or false"),
    "rules": (_strings, _LIST),
    "per-file-ignores": (_by_pattern, "a table of patterns, each with a list of rules"),
}
