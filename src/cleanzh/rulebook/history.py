"""What rules were called before: an old name stays good wherever a name is asked for."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

from cleanzh.rulebook.files import builtin, installed
from cleanzh.rulebook.rule import Rule

__all__ = ["IN_CODE", "OldNameWarning", "current_names", "former_names", "is_name", "old_names"]

IN_CODE: dict[str, str] = {}
"""Old name and name of rules that are written in code; those that are data say ``renamed_from``."""


class OldNameWarning(UserWarning):
    """A rule is asked for by a name that it had before."""


def old_names(own: Iterable[Rule] = ()) -> dict[str, str]:
    """The names that rules had before, each with the name that the rule has now."""
    return IN_CODE | {old: rule.name for rule in (*builtin(), *installed(), *own) for old in rule.renamed_from}


def former_names(own: Iterable[Rule] = ()) -> dict[str, list[str]]:
    """The same by the name of today: what the rule was called before."""
    former: dict[str, list[str]] = {}
    for old, new in old_names(own).items():
        former.setdefault(new, []).append(old)
    return former


def current_names(prefixes: Sequence[str], families: Iterable[str], own: Iterable[Rule] = ()) -> tuple[str, ...]:
    """Prefixes of names, and the names of today of what they named before, each of which warns.

    A prefix of a family that is no more is left out if it named something.
    """
    if not prefixes or not (renamed := old_names(own)):
        return tuple(prefixes)
    families = tuple(families)
    names: list[str] = []
    for prefix in prefixes:
        moved = {old: new for old, new in renamed.items() if old.startswith(prefix) and not new.startswith(prefix)}
        for old, new in moved.items():
            warnings.warn(f"{old} is called {new} now; use that name", OldNameWarning, stacklevel=3)
        if not moved or is_name(prefix, families):
            names.append(prefix)
        names += moved.values()
    return tuple(dict.fromkeys(names))


def is_name(prefix: str, families: Iterable[str]) -> bool:
    """Whether a prefix may be that of a rule's name."""
    return any(family.startswith(prefix) or prefix.startswith(f"{family}.") for family in families)
