"""What the families of rules do to a text, for the eye: removed, repaired, converted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from cleanzh import prepared

__all__ = ["CONVERTED", "REMOVED", "REPAIRED", "css_class", "family_of", "kind_of", "strongest"]

REMOVED, REPAIRED, CONVERTED = "removed", "repaired", "converted"

_KINDS = {
    **dict.fromkeys(("mojibake", "pinyin", "entity", "invisible", "punctuation", "whitespace"), REPAIRED),
    "script": CONVERTED,
}
_NOT_NAME = prepared.compiled("[^a-z0-9-]+")


def family_of(rule: str) -> str:
    """The first part of a rule's full name."""
    return rule.partition(".")[0]


@cache
def kind_of(rule: str) -> str:
    """What a rule does; what is not known, such as a rule of the user, removes: that is where harm hides.

    >>> kind_of("pinyin.note"), kind_of("script.to-simplified"), kind_of("ads.scan-code")
    ('repaired', 'converted', 'removed')
    """
    return _KINDS.get(family_of(rule), REMOVED)


@cache
def _strength(rule: str) -> int:
    return (REMOVED, REPAIRED, CONVERTED).index(kind_of(rule))


def strongest(rules: Sequence[str]) -> str:
    """The family that a change of several rules is shown as: a removal hides a repair, and that a conversion.

    >>> strongest(["script.to-simplified", "pinyin.note"]), strongest(["punctuation.half-width", "ads.scan-code"])
    ('pinyin', 'ads')
    """
    return family_of(min(rules, key=_strength))


@cache
def css_class(family: str) -> str:
    """The class that colours a family."""
    return f"f-{_NOT_NAME.sub('-', family.lower())[:40]}"
