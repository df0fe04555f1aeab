"""Rule files: read, and checked key by key."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from cleanzh import prepared
from cleanzh.errors import RuleError, UsageError
from cleanzh.plugins import entry_points, package_of
from cleanzh.rulebook.rule import Rule
from cleanzh.shadow import shadow

__all__ = ["builtin", "installed", "load", "parse"]

RULE_FILES = sorted((Path(__file__).parents[1] / "rules").glob("*.toml"))
"""The rule files that come with cleanzh."""
MADE_FROM = (
    *RULE_FILES,
    *(Path(__file__).with_name(f"{name}.py") for name in ("files", "rule", "screen", "gate", "index")),
    Path(__file__).parents[1] / "shadow.py",
    Path(__file__).parents[1] / "lexicon/simplified.txt",
)
"""All that decides what the built-in rules are, their screens, and the forms of their literals."""

_ALLOWED = {
    "zone": ("head", "tail", "any"),
    "safety": ("safe", "unsafe"),
    "severity": ("warning", "error"),
    "takes": ("", "above", "fragments", "list", "rest"),
    "text": ("chinese", "any"),
}
_NAME = prepared.compiled(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_REFERENCE = prepared.compiled(r"\{\{([a-z][a-z0-9-]*)\}\}")
_KEYS = {f.name for f in fields(Rule)} - {"family", "written", "file", "trusted"}
_FEW = 8  # words that are as quickly tried as guarded
_MANY, _TOGETHER = 100, 16  # first characters that are parted, and of a part
_REQUIRED = ("id", "reason", "pattern", "must_match", "must_not_match")


def parse(toml: str, *, family: str, file: str = "", trusted: bool = False) -> list[Rule]:
    """The rules of a rule file's text. Raises :class:`RuleError`, which names file, rule and key."""
    file = file or f"{family}.toml"
    if not _NAME.fullmatch(family):
        raise RuleError(f"{file}: the file is named after the family; {family!r} must be lower-case kebab-case")
    import tomllib  # only where there is something to parse

    try:
        tables = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"{file}: not valid TOML: {error}") from error
    for key in tables.keys() - {"rule", "words"}:
        raise RuleError(f"{file}: unknown key {key!r}; a rule file holds [[rule]] tables and one [words] table")
    words = _words(tables.get("words", {}), file)
    rules = tables.get("rule", [])
    if not isinstance(rules, list) or not all(isinstance(table, dict) for table in rules):
        raise RuleError(f"{file}: rules are [[rule]] tables, with double brackets")
    return [_rule(table, number, words, family, file, trusted) for number, table in enumerate(rules, 1)]


def _words(table: Any, file: str) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(table, dict):
        raise RuleError(f"{file}: [words] is a table of lists of strings")
    for name, listed in table.items():
        if not _is_strings(listed) or not listed:
            raise RuleError(f"{file}: words.{name} must be a list of strings, and not empty")
    return {name: tuple(dict.fromkeys(listed)) for name, listed in table.items()}


def _rule(
    table: dict[str, Any], number: int, words: Mapping[str, tuple[str, ...]], family: str, file: str, trusted: bool
) -> Rule:
    where = f"{file}: rule {table['id']!r}" if isinstance(table.get("id"), str) else f"{file}: rule number {number}"

    def fail(key: str, what: str) -> RuleError:
        return RuleError(f"{where}: {key}: {what}")

    for key in table.keys() - _KEYS:
        raise fail(key, f"unknown key; the keys of a rule are {', '.join(sorted(_KEYS))}")
    for key in _REQUIRED:
        if key not in table:
            raise fail(key, "is missing")
    for key in ("id", "reason", "pattern", "zone", "safety", "source", "takes", "text"):
        if key in table and not isinstance(table[key], str):
            raise fail(key, "must be a string")
    if not _NAME.fullmatch(table["id"]):
        raise fail("id", "must be lower-case kebab-case, such as 'follow-account'")
    for key, allowed in _ALLOWED.items():
        if table.get(key, allowed[-1]) not in allowed:
            raise fail(key, f"must be one of {', '.join(value for value in allowed if value)}")
    for key in ("must_match", "must_not_match"):
        if not _is_strings(table[key]) or not table[key]:
            raise fail(key, "must be a list of strings, and not empty")
    length = table.get("max_length")
    if length is not None and (not isinstance(length, int) or isinstance(length, bool) or length < 1):
        raise fail("max_length", "must be a number of characters, 1 or more")
    for old in table.get("renamed_from", []):
        if not isinstance(old, str) or not all(map(_NAME.fullmatch, old.split("."))) or old.count(".") != 1:
            raise fail("renamed_from", f"must be a list of full names, such as 'ads.follow-account', not {old!r}")
    if not all(isinstance(change, str) for change in table.get("changes", [])):
        raise fail("changes", 'must be a list of strings, such as "0.2.0: takes circled digits, too"')
    if not isinstance(table.get("since", ""), str):
        raise fail("since", 'must be a version, such as "0.2.0"')
    literals = {key: _literals(table.get(key, []), key, words, trusted, fail) for key in ("needs", "unless")}
    pattern = _expanded(table["pattern"], words, fail, guarded=trusted)
    if not trusted:  # ours are compiled when a line asks for them; the tests compile them all
        import regex  # only rules of users are matched by it

        try:
            empty = regex.compile(pattern).match("")
        except regex.error as error:
            raise fail("pattern", f"not a regular expression: {error}") from error
        if empty is not None:
            raise fail("pattern", "matches the empty string; make something in it required")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    values.update(literals, pattern=pattern, written=table["pattern"])
    return Rule(family=family, file=file, trusted=trusted, **values)


def _literals(listed: Any, key: str, words: Mapping[str, tuple[str, ...]], trusted: bool, fail: Any) -> tuple[str, ...]:
    listed = [listed] if isinstance(listed, str) else listed
    if not _is_strings(listed):
        raise fail(key, "must be a string, or a list of strings")
    literals: list[str] = []
    for literal in listed:
        reference = _REFERENCE.fullmatch(literal)
        if reference and reference[1] not in words:
            raise fail(key, f"{{{{{reference[1]}}}}} is not in [words]")
        literals += words[reference[1]] if reference else [literal]
    for literal in () if trusted else literals:  # the tests ask it of ours
        if shadow(literal).text != literal:
            raise fail(key, f"{literal!r} must be spelt as the shadow has it: {shadow(literal).text!r}")
    return tuple(dict.fromkeys(literals))


def _expanded(pattern: str, words: Mapping[str, tuple[str, ...]], fail: Any, *, guarded: bool) -> str:
    """The pattern with its lists of words in place.

    Before a long list stands a look-ahead for its first characters: most places are left after one look, not after one
    for each word. The same again parts a very long one. A user's pattern goes without, since its clauses are tested one
    by one.
    """

    def alternatives(reference: re.Match[str]) -> str:
        if reference[1] not in words:
            raise fail("pattern", f"{{{{{reference[1]}}}}} is not in [words]")
        listed = sorted(words[reference[1]], key=lambda word: (-len(word), word))
        if not guarded or len(listed) <= _FEW:
            return _one_of(listed)
        firsts = sorted({word[0] for word in listed})
        if len(firsts) <= _MANY:
            return _guard(firsts) + _one_of(listed)
        parts = [firsts[at : at + _TOGETHER] for at in range(0, len(firsts), _TOGETHER)]
        each = (_guard(part) + _one_of([word for word in listed if word[0] in part]) for part in parts)
        return f"{_guard(firsts)}(?:{'|'.join(each)})"

    return _REFERENCE.sub(lambda reference: f"(?:{alternatives(reference)})", pattern)


def _guard(firsts: list[str]) -> str:
    return f"(?=[{''.join(map(re.escape, firsts))}])"


def _one_of(words: list[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, words))})"


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def load(path: str | Path) -> list[Rule]:
    """The rules of a file; its name is their family. Raises :class:`RuleError` if it can not be used."""
    path = Path(path)
    try:
        toml = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{path}: can not be read: {error}") from error
    return parse(toml, family=path.stem, file=str(path))


@functools.lru_cache(maxsize=4)
def own_rules(paths: tuple[str, ...]) -> tuple[Rule, ...]:
    """The rules of a project's own files."""
    return tuple(rule for path in paths for rule in load(path))


@functools.cache
def builtin() -> tuple[Rule, ...]:
    """The rules that come with cleanzh."""
    if tables := prepared.rule_tables(MADE_FROM):
        return tuple(map(_prepared, tables))
    return tuple(
        rule
        for file in RULE_FILES
        for rule in parse(file.read_text(encoding="utf-8"), family=file.stem, file=file.name, trusted=True)
    )


def _prepared(table: Mapping[str, Any]) -> Rule:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return Rule(**values)


@functools.cache
def installed() -> tuple[Rule, ...]:
    """The rules of installed packs: entry points of the group ``cleanzh.rules``, each a package of rule files."""
    rules: list[Rule] = []
    for entry in entry_points("cleanzh.rules"):
        from importlib import resources

        try:
            files = sorted(resources.files(entry.value).iterdir(), key=lambda f: f.name)
        except Exception as error:
            what = f"the rules {package_of(entry)} can not be loaded: {type(error).__name__}: {error}"
            raise UsageError(f"{what}; repair or uninstall the package") from error
        for file in files:
            if file.name.endswith(".toml"):
                label = f"{entry.value}/{file.name}"
                rules += parse(file.read_text(encoding="utf-8"), family=file.name[:-5], file=label)
    return tuple(rules)
