"""Where the fields of a header line begin: labels, dates, times and counts, in a folded line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from cleanzh import prepared
from cleanzh.filters.metadata.fields import DATE
from cleanzh.filters.metadata.labels import LABELS, REACTIONS, VIEWS

__all__ = ["anchors", "kind_of_label", "pattern"]

_NUMBER = r"\d[\d,.]*[万千wWkK]?\+?\s?"
_SIGN = prepared.compiled(r"\(\?:|\[[^]]*\]|.")
_BRIEF = {"图": r"(?=\s?[/|:])"}  # labels that are none unless a mark follows
_Tree = dict[str, "_Tree"]  # of words: by the character that comes next; a word ends where the empty string is a key


def anchors(folded: str) -> Iterator[re.Match[str]]:
    """The places where a field may begin, from left to right; ``lastgroup`` of each is what was found.

    >>> [(anchor.lastgroup, anchor[0]) for anchor in anchors("2022-03-26 22:15 来源:某网 作者 王小明 3评论")]
    [('when', '2022-03-26 22:15'), ('colon', '来源:'), ('label', '作者'), ('before', '3评论')]
    """
    return pattern().finditer(folded)


def kind_of_label(anchor: re.Match[str]) -> str:
    """The kind of label that was found, or an empty string for a date, a time or a count."""
    label = anchor["label"]
    if label is not None:
        return _kinds()[label]
    return "source" if anchor["origin"] is not None else ""


@cache
def pattern() -> re.Pattern[str]:
    """The pattern of :func:`anchors`."""
    return prepared.compiled(_pattern())


@prepared.at_build("filters/metadata/fields.py", "filters/metadata/labels.py")
def _pattern() -> str:
    """It as it is written. A label is looked for in a tree of all words: ten times as fast as by kind."""
    tree: _Tree = {}
    for word in _kinds():
        branch = tree
        for char in (*word, ""):
            branch = branch.setdefault(char, {})
    counted = "".join(sorted({word[0] for word in _words(f"{VIEWS}|{REACTIONS}")}))
    # Most characters can start no field, and few can start more than one thing: the look-ahead is what makes it quick.
    return (
        f"(?=[0-9昨前刚本文信{counted}{''.join(tree)}])(?:(?=[0-9])(?:"
        f"(?P<when>{DATE})"
        r"|(?P<clock>(?<!\d)(?:(?:[01]?\d[.月/-])?[0-3]?\d日?\s)?(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?!\d))"
        r"|(?P<ago>\d{1,2}\s?(?:分钟|小时|天|个月)前)"
        rf"|(?P<before>{_NUMBER}[人次条个]{{0,2}}已?(?:(?P<seen>{VIEWS})|{REACTIONS})(?!\s?[:(]\s?\d)))"
        r"|(?P<lately>昨天|前天|刚刚)"
        rf"|(?P<after>(?=[{counted}])(?:(?P<saw>{VIEWS})|{REACTIONS})"
        rf"(?:量|次数|人数|人次|数|次)?\s?[:|(]{{0,2}}\s?{_NUMBER}[人次条]?\)?)"
        r"|(?=[本文信])(?<![^\s(])(?P<origin>(?:本文|文章|信息)(?:来源于|来源自|转载自|摘自|来自))(?=[\w《])"
        rf"|(?P<label>{_written(tree)})(?:\s?(?P<colon>:)|\s?[|/]|(?=\s)|(?=(?:19|20)\d\d)|$))"
    )


@prepared.at_build("filters/metadata/labels.py")
def _kinds() -> dict[str, str]:
    """The kind of each label; if it is in the words of several kinds, or one's first words are a label, the earlier."""
    kinds: dict[str, str] = {}
    for kind, words in LABELS.items():
        for word in _words(words):
            first = word.partition(" ")[0]
            if kinds.get(first, kind) == kind:
                kinds.setdefault(word, kind)
    return kinds


def _words(pattern: str) -> list[str]:
    """All that a pattern of characters, sets, groups and question marks matches, the longest of each first.

    >>> _words("[Bb]y|(?:主|责任)?编辑?")
    ['By', 'by', '主编辑', '主编', '责任编辑', '责任编', '编辑', '编']
    """
    return _alternatives(_SIGN.findall(pattern)[::-1])


def _alternatives(signs: list[str]) -> list[str]:
    """The words up to the bracket that closes; signs are taken off the end of their list."""
    words: list[str] = []
    row = [""]
    while signs and (sign := signs.pop()) != ")":
        if sign == "|":
            words += row
            row = [""]
            continue
        part = _alternatives(signs) if sign == "(?:" else list(sign.strip("[]"))
        if signs and signs[-1] == "?":
            signs.pop()
            part.append("")
        row = [word + more for word in row for more in part]
    return words + row


def _written(tree: _Tree, word: str = "") -> str:
    """A tree of words as a pattern; a longer word goes before one that it begins with."""
    ways = [char + _written(branch, word + char) for char, branch in tree.items() if char]
    if "" not in tree:
        return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"
    end = _BRIEF.get(word, "")
    return f"(?:{'|'.join([*ways, end])})" if ways else end
