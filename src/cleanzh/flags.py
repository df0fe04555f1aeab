"""Damage and doubt that a reader should know of, and that nobody could mend without guessing."""

from __future__ import annotations

import bisect
import codecs
import itertools
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from operator import add
from typing import TYPE_CHECKING, Any

from cleanzh.document import Flag
from cleanzh.kernels import kernel
from cleanzh.lexicon.damage import irreparable_spans
from cleanzh.lexicon.html import COMMON_REFERENCES
from cleanzh.lexicon.kinds import AMPERSAND, UNSEEN, kinds_of
from cleanzh.lexicon.swapped import swapped_words
from cleanzh.lexicon.units import code_units
from cleanzh.patterns import lazily

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["find_flags"]

# Two marks of which the first announces something and the second ends the clause: what stood between was lost.
_PAIRS = ("，。", "：。", "、。", ",。", ":。", "，；", "、；", "、，", "，、")
_HOLE = lazily(r"(?<=[\w”」）)》])(?:[，：、,:]。|[，、]；|、，|，、)(?!。)(?=\s|$|[\w“「（(《])")
_LOST = ("锟斤拷", "烫烫烫烫", "屯屯屯屯")

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

# A dateline opens a report (新华社北京5月27日电, 本报讯（记者 …）), and the reporters' names or （完） close it: what
# follows is another one. After a close come two paragraphs, or it may be a note. What stands before its bracket is
# asked for behind it: a search for a class of characters runs many times as fast as one that looks behind at each.
_DATELINE = lazily(
    r"^\s*(?:[\u4e00-\u9fff]{1,6}[社网報报台][\u4e00-\u9fff]{2,8}\d{1,2}月\d{1,2}日[电讯電訊](?=[\s（(，])"
    r"|(?:[\u4e00-\u9fff]{1,7}(?:[报網网報台]|新闻|在线|客户端))?[讯訊]\s?[（(]\s?[\u4e00-\u9fff]{0,6}(?:[记記]者|通[讯訊]员)"
    r"|本[报網网報台刊][讯訊](?=[\s　，]))",
    re.MULTILINE,
)
_REPORTED = "电讯電訊"  # each dateline has one of them
_CLOSE = lazily(
    r"[（(](?:(?<=[。！？”].)|(?<=[。！？”]\s.))(?:[完全]文?完?"
    r"|[\u4e00-\u9fff]{0,8}?(?:[记記]者|[责責]任?[编編][辑輯]?|通[讯訊]员)[\s:：][^（）()\n]{2,24})[)）]"
    r"(?=\s*\n)"
)
_PARAGRAPH = lazily(r"^[^\n]{40,}[。！？”）)]\s*$", re.MULTILINE)
# A line between paragraphs that could be a title: short, without a stop and without a number.
_TITLE = lazily(
    r"\n[ \u3000]*(?![\d一二三四五六七八九十（(#*\-第【●■▲◆>]+)[^\n。；;：:，,]{8,40}"
    r"[^\n。！？!?，,；;：:、…）)”」』]\n+(?=[^\n]{40,})"
)
_HAN = lazily("[\u3400-\u9fff]+")
_TWO_ARTICLES = 400  # characters; shorter than that a text says too little to tell topics apart
_BOOK = 50_000  # characters; what is longer has chapters, and would cost as many searches
_MOST_TITLES = 24
_FEWEST_PAIRS = 5
# Shares of the pairs of a title that a text has which is about something else, and one which is about that.
_STRANGE, _KNOWN = 0.12, 0.4
# As a cleaned text spells them; with more of them the search for all literals takes twice as long.
_REPORTS = ("日电", "讯（", "报讯", "完）", "（记者")
_SWAPPED_LEAST = 2  # different swapped compounds: one may be a slip

# None of a single character: the shared scan of kinds tells whether a text has those.
_LITERALS = (*_PAIRS, *_LOST, *_UNITS, *_REPORTS)
_OTHER = ord("?")  # the code of all characters that no literal has: what the codec puts in their place
# To encode a text of this length character by character takes less than to import numpy.
_FEW = 20_000


@cache
def _literals() -> list[str]:
    return sorted({*_LITERALS, *swapped_words()})


@cache
def _compiled() -> Any:
    """The kernel with the literals; None without kernels."""
    words = kernel("words")
    return words and words.Words(_literals())


@cache
def _codes() -> str:
    """The characters of the literals, each at the place that is its code: one byte, where UTF-8 has three."""
    codes = ["\0", *["\ufffe"] * 255]
    codes[_OTHER] = chr(_OTHER)
    free = (code for code in range(1, 256) if code != _OTHER)
    for char in sorted(set("".join(_literals()))):
        codes[next(free)] = char
    return "".join(codes)


@cache
def _code_of() -> NDArray[np.uint8]:
    """The code of each code unit of UTF-16."""
    import numpy as np

    table = np.full(0x10000, _OTHER, np.uint8)
    for code, char in enumerate(_codes()):
        if char not in "\0\ufffe":
            table[ord(char)] = code
    return table


def _coded(text: str) -> bytes:
    if len(text) < _FEW and "numpy" not in sys.modules:
        return codecs.charmap_encode(text, "replace", codecs.charmap_build(_codes()))[0]
    import numpy as np

    return _code_of().take(code_units(text).astype(np.intp)).tobytes()


@cache
def _automaton() -> Any:
    from ahocorasick_rs import BytesAhoCorasick

    return BytesAhoCorasick(list(map(_coded, _literals())))


def _present(text: str) -> set[str]:
    """The literals that the text holds."""
    compiled = _compiled()
    if compiled is not None:
        held: set[str] = compiled.held(text)
        return held
    found = _automaton().find_matches_as_indexes(_coded(text), overlapping=True)
    return {_literals()[place[0]] for place in found}


def find_flags(text: str) -> list[Flag]:
    """The flags of a cleaned text, by position.

    * ``damage.hole``: a clause announced and lost, as when a highlighted quotation was dropped from the page;
    * ``damage.cut-entity``: an entity of which a cut left the beginning (``&mi...``);
    * ``damage.irreparable``: characters that a lossy conversion destroyed (U+FFFD, ``锟斤拷``);
    * ``damage.digits-stripped``: a text whose figures are gone;
    * ``doubt.two-articles``: the dateline of a second report in one document, paragraphs behind the close of one, or a
      title whose words are new where those of the first one end;
    * ``doubt.word-swapped``: compounds that only a synonym spinner writes.

    >>> find_flags("不过，。")
    [Flag(name='damage.hole', start=2, text='，。')]

    Clean text costs one search for all literals at once, and one for titles between paragraphs; what they find is then
    looked at closely.
    """
    kinds, present = kinds_of(text), _present(text)
    flags = list(_flags(text, present)) if present else []
    if kinds & AMPERSAND:
        cuts = _beginning(_CUT, "&", text)
        flags += [Flag("damage.cut-entity", m.start(), m[0]) for m in cuts if _begins_a_name(m[0])]
    if (kinds & UNSEEN and "\ufffd" in text) or not present.isdisjoint(_LOST):
        flags += [Flag("damage.irreparable", start, lost) for start, lost in irreparable_spans(text)]
    if _TWO_ARTICLES <= len(text) <= _BOOK and (title := _second_title(text)) is not None:
        flags.append(Flag("doubt.two-articles", title.start() + 1, title[0].strip()))
    return sorted(flags, key=lambda flag: (flag.start, flag.name))


def _second_reports(text: str) -> list[tuple[int, str]]:
    """Where another report begins, or the first one closes and goes on; and what stands there."""
    found: list[tuple[int, str]] = []
    if sum(map(text.count, _REPORTED)) > 1:
        found += [(dateline.start(), dateline[0]) for dateline in list(_DATELINE.finditer(text))[1:]]
    if closes := list(_beginning(_CLOSE, ("（", r"\("), text)):
        starts = [paragraph.start() for paragraph in _PARAGRAPH.finditer(text)]
        for close in closes:
            start = close.start() - text[close.start() - 1].isspace()
            before = bisect.bisect(starts, start)
            if before and len(starts) - before >= 2:
                found.append((start, text[start : close.end()]))
    return found


def _second_title(text: str) -> re.Match[str] | None:
    """A title in the midst of the text whose words were not heard of before, while those of the first end there.

    The headings of one article take up its words; between two articles none goes over.
    """
    begun = text.lstrip()
    first = begun[: max(0, begun.find("\n"))].strip()
    if not 6 <= len(first) <= 60 or first[-1] in "。！？":
        return None
    # A text that ends with the topic it began with has one; in one that never takes up its first line, none ends.
    size = len(text)
    if not _is_strange(first, text, size - _TWO_ARTICLES // 2, size) or not _is_known(first, text, len(first), size):
        return None
    for found in itertools.islice(_TITLE.finditer(text), _MOST_TITLES):
        before, behind = (len(first), found.start()), (found.end(), size)
        if min(before[1] - before[0], behind[1] - behind[0]) < _TWO_ARTICLES // 2:
            continue
        strange = _is_strange(found[0], text, *before) and _is_strange(first, text, *behind)
        if strange and _is_known(found[0], text, *behind) and _is_known(first, text, *before):
            return found
    return None


def _is_strange(line: str, text: str, start: int, end: int) -> bool:
    """Whether next to nothing that a line speaks of is in a part of the text; a line must say enough to tell."""
    pairs, heard = _heard(line, text, start, end)
    return pairs >= _FEWEST_PAIRS and heard / pairs <= _STRANGE


def _is_known(line: str, text: str, start: int, end: int) -> bool:
    pairs, heard = _heard(line, text, start, end)
    return pairs >= _FEWEST_PAIRS and heard / pairs >= _KNOWN


def _heard(line: str, text: str, start: int, end: int) -> tuple[int, int]:
    """How many different pairs of Han a line has, and how many of them a part of the text has."""
    compiled = kernel("topics")
    if compiled is not None:
        return compiled.heard(line, text, start, end)  # type: ignore[no-any-return]
    pairs: set[str] = set()
    for run in _HAN.findall(line):
        pairs.update(map(add, run, run[1:]))
    return len(pairs), sum(text.find(pair, start, end) >= 0 for pair in pairs)


def _begins_a_name(cut: str) -> bool:
    return cut[1] == "#" or any(name.startswith(cut[1:]) for name in COMMON_REFERENCES)


def _beginning(pattern: re.Pattern[str], literals: Iterable[str], text: str) -> Iterator[re.Match[str]]:
    """The matches of a pattern, which begin with one of the literals: to search for these takes a tenth of the time."""
    end = 0
    for start in sorted(found.start() for literal in literals for found in re.finditer(literal, text)):
        if start >= end and (found := pattern.match(text, start)):
            end = found.end()
            yield found


def _flags(text: str, present: set[str]) -> Iterator[Flag]:
    if pairs := present.intersection(_PAIRS):
        yield from (Flag("damage.hole", m.start(), m[0]) for m in _beginning(_HOLE, pairs, text))
    if units := present.intersection(_UNITS):
        places = list(_beginning(_STRIPPED, units, text))
        if len(places) >= _LEAST:
            yield from (Flag("damage.digits-stripped", m.start(), m[0]) for m in places)
    if not present.isdisjoint(_REPORTS):
        yield from (Flag("doubt.two-articles", start, found) for start, found in _second_reports(text))
    swapped = present.intersection(swapped_words())
    if len(swapped) >= _SWAPPED_LEAST:
        found = list(re.finditer("|".join(sorted(swapped)), text))
        if len({m[0] for m in found}) >= _SWAPPED_LEAST:  # two may have been one place
            yield from (Flag("doubt.word-swapped", m.start(), m[0]) for m in found)
