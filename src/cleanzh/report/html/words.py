"""The words of the page in two languages, from ``words.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from cleanzh.checking.reasons import FAMILIES, reason_of
from cleanzh.report.html.families import family_of
from cleanzh.report.html.markup import Html, element, join

__all__ = ["LANGUAGES", "both", "family_words", "phrase", "reason_words", "say", "set_aside_words"]

LANGUAGES = {"en": "en", "zh": "zh-Hans"}


@cache
def _table(name: str) -> dict[str, list[str]]:
    words = resources.files("cleanzh.report.html").joinpath("words.toml").read_text(encoding="utf-8")
    table: dict[str, list[str]] = tomllib.loads(words)[name]
    return table


def phrase(key: str, *values: str) -> tuple[str, str]:
    """A phrase of the page, in English and in Chinese, with ``values`` in its places {0}, {1}."""
    english, chinese = _table("page")[key]
    return english.format(*values), chinese.format(*values)


def say(key: str, *values: str) -> Html:
    """A phrase in both languages, of which the page shows one."""
    return both(*phrase(key, *values))


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
    known = _table("set-aside").get(reason)
    return (known[0], known[1]) if known else (reason, reason)


def family_words(family: str) -> tuple[str, str]:
    """What a family of rules finds."""
    english = FAMILIES.get(family, family)
    known = _table("families").get(family)
    return (known[0], known[1]) if known else (english, english)


def reason_words(rule: str, own: Mapping[str, str]) -> tuple[str, str]:
    """Why a rule objects to what it finds; ``own`` are the reasons of rules that did not come with cleanzh.

    A rule that is data says it in one language only: one of ours in English, so that Chinese has its family's.
    """
    if rule in own:
        return own[rule], own[rule]
    english, known = reason_of(rule), _table("reasons").get(rule)
    return english, known if isinstance(known, str) else family_words(family_of(rule))[1]
