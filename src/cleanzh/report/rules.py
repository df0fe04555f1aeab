"""Rules, and the story of a line, for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import click

from cleanzh.checking.reasons import FAMILIES, REPORTED, reason_of, reasons
from cleanzh.plugins import Foreign
from cleanzh.report.terminal import visible
from cleanzh.rulebook import Rule

FIRST_RELEASE = "0.1.0"
"""The version that brought the rules which do not say since when they are."""

__all__ = ["as_json", "listing", "sheet", "skeleton"]


def _all(rules: Iterable[Rule], filters: Iterable[Foreign]) -> dict[str, tuple[str, str]]:
    """Every rule that has a name: its reason, and what it is."""
    named = {f"foreign.{run.__name__}": (run.reason or FAMILIES["foreign"], "filter") for run in filters}
    named |= {
        name: (reason, "reported" if name.split(".")[0] in REPORTED else "code") for name, reason in reasons().items()
    }
    return dict(sorted((named | {rule.name: (rule.reason, rule.safety) for rule in rules}).items()))


def listing(rules: Iterable[Rule], filters: Iterable[Foreign], prefixes: tuple[str, ...]) -> Iterator[str]:
    """One row a rule: name, ``safe`` or ``unsafe`` (data), ``code``, ``reported`` or ``filter`` (a plug-in), reason."""
    chosen = {name: row for name, row in _all(rules, filters).items() if name.startswith(prefixes or ("",))}
    width = max(map(len, chosen), default=0)
    for name, (reason, kind) in chosen.items():
        yield f"{name:<{width}}  {kind:<8}  {reason}"


def as_json(rules: Iterable[Rule], filters: Iterable[Foreign], prefixes: tuple[str, ...]) -> str:
    """The same as a JSON array."""
    rows = [
        {"name": name, "kind": kind, "reason": reason}
        for name, (reason, kind) in _all(rules, filters).items()
        if name.startswith(prefixes or ("",))
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1)


def sheet(name: str, rules: Iterable[Rule]) -> Iterator[str]:
    """All there is to know about a rule; nothing if there is none of that name."""
    rule = next((rule for rule in rules if rule.name == name), None)
    if rule is None:
        family = name.partition(".")[0]
        if name in reasons() or (family == "mojibake" and reason_of(name) != FAMILIES[family]):
            yield click.style(name, bold=True)
            yield f"  {reason_of(name)}"
            yield f"  family: {FAMILIES[family]}"
            yield ("  reported, never changed" if family in REPORTED else "  written in code, with its filter")
        return
    yield click.style(rule.name, bold=True)
    yield f"  {rule.reason}"
    facts: dict[str, Any] = {
        "file": rule.file,
        "severity": rule.severity,
        "safety": rule.safety if rule.safety == "safe" else "unsafe, so it runs with --unsafe or selected by name only",
        "zone": rule.zone,
        "max_length": rule.max_length,
        "takes": rule.takes,
        "needs": ", ".join(rule.needs[:12]) + (f" and {len(rule.needs) - 12} more" if len(rule.needs) > 12 else ""),
        "source": rule.source,
        "since": rule.since or (FIRST_RELEASE if rule.trusted else ""),
        "renamed from": ", ".join(rule.renamed_from),
    }
    yield from (f"  {key}: {value}" for key, value in facts.items() if value)
    if rule.changes:
        yield "  changes:"
        yield from (f"    {visible(change)}" for change in rule.changes)
    yield f"  pattern: {visible(rule.written)}"
    yield "  finds:"
    yield from (f"    {click.style(visible(line), fg='red')}" for line in rule.must_match)
    yield "  leaves:"
    yield from (f"    {click.style(visible(line), fg='green')}" for line in rule.must_not_match)


def skeleton(name: str, lines: Iterable[str]) -> str:
    """The table of a new rule, to be filled in; near misses first."""
    quoted = [f"    {json.dumps(line, ensure_ascii=False)}," for line in lines] or [
        "    # two lines or more that it takes"
    ]
    return "\n".join(
        [
            "[[rule]]",
            f'id = "{name}"',
            'reason = ""  # what a line of this kind does: "asks the reader to …"',
            "must_not_match = [",
            "    # first: good sentences with the same words, one for each clause of the pattern",
            "]",
            "must_match = [",
            *quoted,
            "]",
            "needs = []  # a word that every such line has, in Simplified and lower case",
            "pattern = ''  # searched in the line as a reader would spell it: Simplified, half-width, lower case",
            "max_length = 80",
            "",
        ]
    )
