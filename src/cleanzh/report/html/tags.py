"""What documents can be looked up by: each value of each property gets a number, which is all that attributes hold."""

from __future__ import annotations

from collections.abc import Iterable

from cleanzh.report.html.gather import SHARES
from cleanzh.report.html.markup import Html, corpus, plain
from cleanzh.report.html.words import both, phrase, set_aside_words

__all__ = ["Tags", "value_html", "value_words"]

Tag = tuple[str, str]


class Tags:
    """The tags of the documents on the page, by number, and the first document of each."""

    def __init__(self, documents: Iterable[Iterable[Tag]]) -> None:
        self.first: dict[Tag, int] = {}
        self.counts: dict[Tag, int] = {}
        for number, tags in enumerate(documents):
            for tag in dict.fromkeys(tags):
                self.first.setdefault(tag, number)
                self.counts[tag] = self.counts.get(tag, 0) + 1
        self.numbers = {tag: number for number, tag in enumerate(sorted(self.first))}

    def among(self, documents: int) -> Tags:
        """The same numbers, with the tags that one of the first so many documents has."""
        left = Tags(())
        left.first = {tag: first for tag, first in self.first.items() if first < documents}
        left.counts = {tag: self.counts[tag] for tag in left.first}
        left.numbers = {tag: number for tag, number in self.numbers.items() if tag in left.first}
        return left

    def target(self, facet: str, value: str) -> tuple[str | None, int | None]:
        """The id of the first document with this value, and the number of the tag."""
        tag = facet, value
        if tag not in self.first:
            return None, None
        return f"d{self.first[tag]}", self.numbers[tag]


def value_words(facet: str, value: str) -> tuple[str, str]:
    """A value of a property, in both languages; plain text, with nothing in it that a reader would not see."""
    if facet == "share":
        number = int(value)
        if number == 0:
            return phrase("share-0")
        words = f"{100 * SHARES[number - 1]:.0f}–{100 * SHARES[number]:.0f} %"
        return words, words
    if facet == "script":
        return phrase(f"script-{value}")
    if facet == "why":
        return phrase(f"tag-why-{value}")
    if facet == "reason":
        return set_aside_words(value)
    words = plain(value)
    return words, words


def value_html(facet: str, value: str) -> Html:
    """The same as markup."""
    if facet in ("share", "script", "why", "reason"):
        return both(*value_words(facet, value))
    return corpus(value)
