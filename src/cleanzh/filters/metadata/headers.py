"""Which of the lines of fields are the page's and go, and what the document says of itself in them."""

from __future__ import annotations

import functools
import re
import sys
from bisect import bisect_left
from collections.abc import Mapping
from typing import NamedTuple

from cleanzh import prepared
from cleanzh.filters.metadata.lines import DATES, Header, fold, named, read_header
from cleanzh.lexicon.outline import EVENT, INK, WORK, Outline
from cleanzh.patterns import lazily

__all__ = ["TRIGGER", "Line", "choose", "headers"]

# A header line has a label, a time of day, a date or a reporter; no other line need be looked at.
TRIGGER = prepared.compiled(
    r"(?=[\d:：/来來源出作编編记記责責原阅閱浏瀏点點时時日转轉摘执執报報撰供投首发發评評赞贊文链鏈排校审審人所分字地网網])(?:"
    r"\d[:：]\d\d|(?:19|20)\d\d\s?[-./年]|[来來]源|源自|[来來]自|出[处處品]|作者|[编編][辑輯译譯排]|[记記]者|[责責][编編]"
    r"|原[标標]?[题題]|[阅閱][读讀]|[浏瀏][览覽]|[点點][击擊]|[时時][间間]|日期|[转轉摘][载載]?自|[执執][笔筆]|[报報][导導道]"
    r"|撰[文稿]|[供投]稿|首[发發]|[发發][布佈]|[:：]\s*$|[评評][论論]|[赞贊]同|文\s?[/／|｜︱丨·•]|[链鏈]接|排版|校[对對]"
    r"|字[号號体體]|所[属屬]|分[类類]|[地网網]址|[审審][核校]|人[浏瀏阅閱参參收]|/[\u4e00-\u9fff]{2,8}[报報網网社刊]\s*$)"
)
_OTHER_DATE = lazily(DATES)
_STAMP = lazily(r"(?:19|20)\d\d(?:[-./]|年)\d\d?(?:[-./]|月)\d\d?日?[\s|｜T]{0,3}\d\d?[:：]\d\d")
_SIZES = lazily(
    r"[( ]*(?:(?:小|大|调整)?字号|(?:调整)?字体(?=\s*[:|(大小])|调整字体)\s*[:|)]?"
    r"[\s()|大中小+-]*(?:打印|关闭|分享)?[\s()|]*"
)
# The next are asked of lines as they are: to fold them takes longer than to look.
_LINE = r"[\W丨]*"
_BAR = "|｜︱丨┃│¦∣"
_DAY = lazily(
    _LINE + r"(?:[时時][间間]|日期|更新)\s?[:：]"
)  # of an event, or under a letter, if no time of day is given
_REPLY = lazily(  # and then what a reader wrote
    _LINE + r"(?:[发發]表|[发發][布佈]|回复|[评評][论論]|回答|[时時][间間])(?:[于於]|[时時][间間])?\s?[:：]?\s?\d"
)
_EVENT = lazily(
    _LINE + r"(?:活动|会议|[报報]名|比赛|考试|演出|集合)?"
    rf"(?:地[点點]|地址|嘉宾|票价|主办|承办|费用|对象|主讲|主持|人[数數]|内容)\s?[:：/／{_BAR}]"
)
# The other lines of a notice about a book, a film or a song, of which the author's is one.
_WORK = lazily(
    _LINE
    + r"(?:书名|出版社|出版[时時][间間]|ISBN|定价|页[数數]|丛书|装帧|开本|片名|剧名|[导導]演|主演|[编編]剧|[类類]型"
    r"|歌名|歌手|作曲|作词|[编編]曲|演唱|[专專]辑|品牌)\s?[:：/／]"
)
_OWN = lazily(r"(?:本文|原文|文章|转载)[链网地]|所属")
_REMEMBERED = 4096
_ANY = sys.maxsize
_ALIKE = 3  # more lines than this with the same lone field are a list of works, a forum or an interview
_MAIN = frozenset({"published", "source", "author", "editor", "views", "category"})
_DATED = _MAIN | {"clock"}
_NAMED = frozenset({"author", "editor", "source", "credit"})
_LONE = frozenset({"author", "source", "published", "credit"})
_MINOR = frozenset({"ignored", "category", "reaction", "credit", "url"})
_RULES = {
    "author": "metadata.byline",
    "editor": "metadata.editor",
    "source": "metadata.source",
    "published": "metadata.published",
    "clock": "metadata.published",
    "views": "metadata.views",
    "title": "metadata.original-title",
    "url": "metadata.url",
}


class _Sort(NamedTuple):
    """What the kinds of its fields alone make of a line: the rule under which it goes, and what is asked before."""

    rule: str
    several: bool  # of those that make a header
    dated: bool  # no more than a date
    minor: bool  # none of those that make a header
    named: bool  # no more than names
    lone: str  # what those of a list of works, a forum or an interview have in common


class Line(NamedTuple):
    """A line of fields, and what it has in common with others of a list, a forum, an interview or a chat."""

    header: Header
    sort: _Sort
    pattern: str


def headers(outline: Outline, fields: list[int], first: int, closing: int) -> dict[int, Line]:
    """Those of the lines that are nothing but fields: above and below the paragraphs.

    On a page that has such a line, those with a date and its time of day are found between its paragraphs as well.
    """
    above, below = bisect_left(fields, first), bisect_left(fields, max(first, closing))
    found = {index: line for index in (*fields[:above], *fields[below:]) if (line := _fields(outline[index]))}
    if not found or above == below:
        return found
    stamped = [index for index in fields[above:below] if index > first and _is_stamped(outline, index)]
    between = {index: line for index in stamped if (line := _fields(outline[index]))}
    return dict(sorted({**found, **between}.items())) if between else found


def _is_stamped(outline: Outline, index: int) -> bool:
    """Whether a date with its time of day begins on a line; the time may stand on the next."""
    line = outline[index]
    if "20" not in line and "19" not in line:
        return False
    stamp = _STAMP.search(outline.text, outline.start(index), outline.start(min(index + 4, len(outline))) - 1)
    return stamp is not None and stamp.start() < outline.start(index) + len(line)


@functools.lru_cache(maxsize=_REMEMBERED)  # what stays is asked about again in each round
def _fields(line: str) -> Line | None:
    header = read_header(line)
    return _line_of(header) if header and (TRIGGER.search(line) or _OTHER_DATE.search(line)) else None


def _line_of(header: Header) -> Line:
    sort = _sort_of(header.kinds)
    if header.labels:
        return Line(header, sort, sort.lone if header.labels == 1 else "")
    return Line(header, sort, "spoken" if header.vague or "author" in header.guesses else "")


@functools.cache  # a few of the sets of a dozen kinds
def _sort_of(kinds: frozenset[str]) -> _Sort:
    rule = next((rule for kind, rule in _RULES.items() if kind in kinds), "metadata.credit")
    return _Sort(
        rule="metadata.header" if len(kinds & _DATED) > 1 else rule,
        several=len(kinds & _MAIN) >= 2,
        dated=kinds <= {"published", "clock"},
        minor=kinds <= _MINOR,
        named=kinds <= _NAMED,
        lone=" ".join(sorted(kinds)) if kinds <= _LONE else "",
    )


def choose(outline: Outline, found: dict[int, Line], first: int, closing: int) -> tuple[list[int], dict[str, str]]:
    """Which of the lines of fields go, and what the document says of itself in them."""
    often = _patterns_of_lists(found, first)
    above: list[Header] = []
    below: list[Header] = []
    gone: list[int] = []
    for index, (header, _, pattern) in found.items():
        elsewhere = first <= index < closing or pattern in often
        if not _goes(outline, index, found, first, gone, elsewhere):
            continue
        gone.append(index)
        if index < first:
            above.append(header)
        elif header.labels:  # else a date in a list of other articles
            below.append(header)
    if not gone:
        return gone, dict(_lone_day(found, gone, first))
    said: dict[str, str] = {}
    guesses: dict[str, str] = {}
    for header in reversed(above):  # the first that says it is right
        said.update(header.metadata)
        guesses.update(header.guesses)
    for index in _repeated_names(outline, first, gone, {**guesses, **said}):
        found[index] = _REPEATED
        gone.append(index)
    for index, field in _names_above(outline, first, gone, found):
        if field not in said:
            found[index] = _line_of(Header(frozenset({field}), {}))
            gone.append(index)
            guesses[field] = outline[index].strip()
    gone.sort()
    closes: dict[str, str] = {}
    for header in reversed(below):
        closes.update(header.metadata)
    return gone, {**closes, **guesses, **_lone_day(found, gone, first), **said}


def _patterns_of_lists(found: dict[int, Line], first: int) -> set[str]:
    """What lines have in common of which there are too many.

    Lists of other articles below the text look like a chat, so only what stands above it is counted for one.
    """
    if len(found) <= _ALIKE:
        return set()
    patterns = [line.pattern for index, line in found.items() if line.pattern and (line.header.labels or index < first)]
    return {pattern for pattern in set(patterns) if patterns.count(pattern) > _ALIKE}


def _goes(outline: Outline, index: int, found: dict[int, Line], first: int, gone: list[int], elsewhere: bool) -> bool:
    """Whether a line of fields is the page's and not the article's.

    The lines that are known to go stand above it; ``elsewhere`` is neither above nor below the article, or in a list of
    its like.
    """
    header, sort, _ = found[index]
    head = index < first
    if header.vague and not head and _REPLY.match(outline[index]):
        return False
    if sort.several and header.labels:
        return True
    if elsewhere:
        return False
    if sort.dated:
        if not (header.exact or header.labels or (head and header.guesses)):
            return False
        if not header.exact and not (head and header.metadata) and _DAY.match(outline[index]):
            return False
        return not _stands_by(_EVENT, EVENT, outline, index)
    if sort.minor:
        if (gone and gone[-1] == index - 1) or ("reaction" in header.kinds and len(header.kinds) == 1):
            return True
        below = found.get(index + 1)
        if below is not None and below.header.kinds & _MAIN:
            return True
        folded = fold(outline[index]).strip()
        sizes = head and header.kinds == {"ignored"} and _SIZES.fullmatch(folded)
        return bool(sizes or _OWN.match(folded))
    return not (sort.named and _stands_by(_WORK, WORK, outline, index))


def _stands_by(pattern: re.Pattern[str], kind: int, outline: Outline, index: int) -> bool:
    """Whether a line, or one of the two on either side, begins as the pattern says."""
    around = outline.pick(index - 2, index + 3, 0, _ANY, kind)
    return bool(around) and any(pattern.match(outline[number]) for number in around)


def _lone_day(found: dict[int, Line], gone: list[int], first: int) -> Mapping[str, str]:
    """A date that stands by itself above the text: it stays, since a letter may open with it, but it is read."""
    if len(gone) == len(found):
        return {}
    removed = set(gone)
    stay = [line.header for index, line in found.items() if index < first and index not in removed]
    days = [header for header in stay if header.kinds == {"published"}]
    return days[0].metadata if len(days) == 1 and not (days[0].vague or days[0].guesses) else {}


_REPEATED = _line_of(Header(frozenset({"source"}), {}))


def _repeated_names(outline: Outline, first: int, gone: list[int], metadata: dict[str, str]) -> list[int]:
    """The lines beside a header that are nothing but the name it gives: an account prints itself above its post."""
    names = [metadata[field] for field in ("source", "author") if field in metadata]
    if not names:
        return []
    beside = {*[index - 1 for index in gone], *[index + 1 for index in gone]}.difference(gone)
    return [index for index in sorted(beside) if 0 <= index < first and outline[index].strip() in names]


def _names_above(outline: Outline, first: int, gone: list[int], found: dict[int, Line]) -> list[tuple[int, str]]:
    """The name of a paper or a writer on a line of its own between the title and a date with its time of day."""
    exact = [index for index in gone if index < first and found[index].header.exact]
    if not exact:
        return []
    filled, removed, names = outline.pick(0, exact[-1], 0, _ANY, INK), set(gone), []
    for index in exact:
        place = bisect_left(filled, index)
        if place > 1 and (above := filled[place - 1]) not in removed and (field := named(fold(outline[above]).strip())):
            names.append((above, field))
    return names
