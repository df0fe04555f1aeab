"""The words of the page in two languages, from ``words.toml`` and ``reasons.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from cleanzh import prepared
from cleanzh.checking.reasons import FAMILIES, reason_of
from cleanzh.report.html.markup import Html, element, join

__all__ = ["LANGUAGES", "both", "family_words", "phrase", "reason_words", "say", "set_aside_words"]

LANGUAGES = {"en": "en", "zh": "zh-Hans"}

_FILES = ("words.toml", "reasons.toml")
_MAYBE_MANY = prepared.compiled(r"(\{\d\})( [\w ]*?)\(s\)")


@prepared.at_build(*(f"report/html/{file}" for file in _FILES))
def _tables() -> dict[str, Any]:
    import tomllib

    return {file: tomllib.loads(Path(__file__).with_name(file).read_text(encoding="utf-8")) for file in _FILES}


def _table(file: str, name: str) -> dict[str, Any]:
    table: dict[str, Any] = _tables()[file].get(name, {})
    return table


def phrase(key: str, *values: str) -> tuple[str, str]:
    """A phrase of the page, in English and in Chinese, with ``values`` in its places {0}, {1}.

    >>> phrase("edits-here", "1"), phrase("edits-here", "0")
    (('1 edit', '1 处修改'), ('0 edits', '0 处修改'))
    """
    english, chinese = _table("words.toml", "page")[key]
    english = _MAYBE_MANY.sub(
        lambda many: f"{many[1]}{many[2]}{'' if many[1].format(*values) == '1' else 's'}", english
    )
    return english.format(*values), chinese.format(*values)


@lru_cache(maxsize=1024)
def say(key: str, *values: str) -> Html:
    """A phrase in both languages, of which the page shows one."""
    return both(*phrase(key, *values))


@lru_cache(maxsize=1024)
def both(english: str, chinese: str) -> Html:
    """Two wordings of the same, of which the page shows one."""
    if english == chinese:
        return join(english)
    return join(
        element("span", english, class_="t", lang=LANGUAGES["en"]),
        element("span", chinese, class_="t", lang=LANGUAGES["zh"]),
    )


def set_aside_words(reason: str) -> tuple[str, str]:
    """A reason why a document was set aside."""
    known = _table("words.toml", "set-aside").get(reason)
    return (known[0], known[1]) if known else (reason, reason)


def family_words(family: str) -> tuple[str, str]:
    """What a family of rules finds."""
    english = FAMILIES.get(family, family)
    known = _table("words.toml", "families").get(family)
    return (known[0], known[1]) if known else (english, english)


def reason_words(rule: str, own: Mapping[str, str]) -> tuple[str, str]:
    """Why a rule objects to what it finds; ``own`` are the reasons of rules that did not come with cleanzh.

    These say it in one language only.
    """
    if rule in own:
        return own[rule], own[rule]
    family, _, name = rule.partition(".")
    return reason_of(rule), _table("reasons.toml", family).get(name) or family_words(family)[1]
