"""Damage and doubt that a reader should know of, and that nobody could mend without guessing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ahocorasick_rs import AhoCorasick

from cleanzh.document import Flag
from cleanzh.lexicon.damage import irreparable_spans
from cleanzh.lexicon.html import COMMON_REFERENCES
from cleanzh.lexicon.swapped import swapped_words
from cleanzh.patterns import lazily

__all__ = ["find_flags"]

# Two marks of which the first announces something and the second ends the clause: what stood between was lost.
_PAIRS = ("，。", "：。", "、。", ",。", ":。", "，；", "、；", "、，", "，、")
_HOLE = lazily(r"(?<=[\w”」）)》])(?:[，：、,:]。|[，、]；|、，|，、)(?!。)(?=\s|$|[\w“「（(《])")
_LOST = ("\ufffd", "锟", "烫烫烫烫", "屯屯屯屯")

_CUT = lazily(r"(?<![A-Za-z0-9])&(?:#x?[0-9A-Fa-f]{0,5}|[a-z]{2,7})(?=\.{3}|…|\s*\Z)")

# Where digits belong and none are: a filter that dropped all ASCII leaves `增长%` and `年月日`. A form to fill in has
# them too, so it takes several.
_UNITS = (
    *("年月", "月日", "第条", "第款", "第届", "第期", "增长%", "下降%", "达到%", "约%", "占%", "为%"),
    *("达亿", "约亿", "超亿", "达万", "约万", "超万"),
)
_STRIPPED = lazily(
    r"(?<![\d〇零一二三四五六七八九十百两几多某半整数每本当同次去今前后近全历生＿_ ])"
    r"(?:年月日?|(?<!年)月日)(?=[，。、,（(\u4e00-\u9fff])"
    r"|(?<=[\u4e00-\u9fff])第[条款届期](?=[规的第全在，。])"
    r"|(?:增长|下降|达到|约|占|为)%|(?:达|约|超)[亿万](?:元|人|辆|吨|美元|平方米)"
)
_LEAST = 3  # places without digits that make it damage

# An agency's dateline opens its report, and （完） closes it: what follows is another one.
_DATELINE = lazily(
    r"^\s*[\u4e00-\u9fff]{2,6}[社网][\u4e00-\u9fff]{2,8}\d{1,2}月\d{1,2}日[电讯](?=[\s（(，])", re.MULTILINE
)
_SWAPPED_LEAST = 2  # different swapped compounds: one may be a slip


@cache
def _index() -> tuple[AhoCorasick, tuple[str, ...]]:
    literals = (*_PAIRS, *_LOST, *_UNITS, "日电", "&", *swapped_words())
    return AhoCorasick(literals), literals


def find_flags(text: str) -> list[Flag]:
    """The flags of a cleaned text, by position.

    * ``damage.hole``: a clause announced and lost, as when a highlighted quotation was dropped from the page;
    * ``damage.cut-entity``: an entity of which a cut left the beginning (``&mi...``);
    * ``damage.irreparable``: characters that a lossy conversion destroyed (U+FFFD, ``锟斤拷``);
    * ``damage.digits-stripped``: a text whose figures are gone;
    * ``doubt.two-articles``: the dateline of a second report in one document;
    * ``doubt.word-swapped``: compounds that only a synonym spinner writes.

    >>> find_flags("不过，。")
    [Flag(name='damage.hole', start=2, text='，。')]

    Clean text costs one search for all literals at once; what it finds is then looked at closely.
    """
    automaton, literals = _index()
    try:
        found = {index for index, _, _ in automaton.find_matches_as_indexes(text)}
    except UnicodeEncodeError:  # lone surrogates, which no literal contains
        found = {index for index, literal in enumerate(literals) if literal in text}
    if not found:
        return []
    return sorted(_flags(text, {literals[index] for index in found}), key=lambda flag: (flag.start, flag.name))


def _begins_a_name(cut: str) -> bool:
    return cut[1] == "#" or any(name.startswith(cut[1:]) for name in COMMON_REFERENCES)


def _flags(text: str, present: set[str]) -> Iterator[Flag]:
    if not present.isdisjoint(_PAIRS):
        yield from (Flag("damage.hole", m.start(), m[0]) for m in _HOLE.finditer(text))
    if not present.isdisjoint(_LOST):
        yield from (Flag("damage.irreparable", start, lost) for start, lost in irreparable_spans(text))
    if "&" in present:
        yield from (Flag("damage.cut-entity", m.start(), m[0]) for m in _CUT.finditer(text) if _begins_a_name(m[0]))
    if not present.isdisjoint(_UNITS):
        places = list(_STRIPPED.finditer(text))
        if len(places) >= _LEAST:
            yield from (Flag("damage.digits-stripped", m.start(), m[0]) for m in places)
    if "日电" in present:
        datelines = list(_DATELINE.finditer(text))
        yield from (Flag("doubt.two-articles", m.start(), m[0]) for m in datelines[1:])
    swapped = present.intersection(swapped_words())
    if len(swapped) >= _SWAPPED_LEAST:
        pattern = re.compile("|".join(sorted(swapped)))
        yield from (Flag("doubt.word-swapped", m.start(), m[0]) for m in pattern.finditer(text))
