"""Remove header and byline lines; what they say becomes metadata."""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cleanzh import prepared
from cleanzh.edits import Edit, Findings, text_filter
from cleanzh.filters.metadata.labels import PERSONS
from cleanzh.filters.metadata.lines import DATES, LONGEST, Header, fold, named, read_header
from cleanzh.filters.metadata.titles import find_title
from cleanzh.lexicon.lines import lines_of
from cleanzh.patterns import lazily

__all__ = ["remove_metadata"]

# A header line has a label, a time of day, a date or a reporter; no other line need be looked at.
_TRIGGER = prepared.compiled(
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
_EDITOR = lazily(r"[责責](?:任[编編][辑輯]|[编編])")
_RESPONSIBLE = ("责", "责任", "責", "責任")
_OWN = lazily(r"(?:本文|原文|文章|转载)[链网地]|所属")
_DATELINE = lazily(
    r"\s*(?P<agency>[\u4e00-\u9fff]{1,8}?[社网網报報])"
    r"(?:[\u4e00-\u9fff]{0,10}\d{1,2}月\d{1,2}日[电電讯訊]|[讯訊](?=[\s（(]))"
    r"(?:\s*[（(]\s*(?:(?:本报|特约|[\u4e00-\u9fff]{0,6})?[记記]者\s*(?P<names>[^（）()]{2,30}?)\s*"
    rf"(?:通讯员[^（）()]*|整合)?|(?P<persons>{PERSONS}))[）)])?"
)
_REMEMBERED = 4096
# A paragraph of running text: the page's own lines stand above the first and below the last.
_PARAGRAPH = 50
_SENTENCES = lazily(r"[。！？!?…]|，[^，]*，|,[^,]*,")
_EDGE = 12  # lines from either end that count as head and tail of a text without a paragraph
_ALIKE = 3  # more lines than this with the same lone field are a list of works, a forum or an interview
_MAIN = frozenset({"published", "source", "author", "editor", "views", "category"})
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


class _Place(NamedTuple):
    """Where a line stands: above the first paragraph, below the last, right below a line that goes."""

    head: bool
    tail: bool
    beside: bool


@text_filter("metadata", repeat=True)
def remove_metadata(text: str) -> Findings:
    """Remove header and byline lines; what they say becomes metadata.

    A page prints date, source, author, editor, category and a counter above or below its article, on one line or on a
    line each; scrapers keep them as paragraphs, sometimes twice with another count. A line goes if nothing stands in it
    but such fields and its place fits: above the first paragraph, below the last, or anywhere if it has several.

    >>> text = "京东牵手快手\\n发布时间：2023-01-10 18:00:02 来源：某某网 阅读(218)\\n5月27日，京东与快手签署协议。"
    >>> remove_metadata(text)
    '京东牵手快手\\n5月27日，京东与快手签署协议。'
    >>> remove_metadata.examine(text).metadata
    {'published': '2023-01-10T18:00:02', 'source': '某某网', 'views': '218', 'title': '京东牵手快手'}

    Left alone: dates and names in running text; datelines that open a sentence (``新华社北京5月27日电``), which are
    read and stay; a date by itself, which closes a letter or a decree; ``时间：`` beside ``地点：``, which announces an
    event; an interview's ``记者：``; lists of works by author. One field is not enough between two paragraphs, where a
    label may belong to a table or a picture.
    """
    lines = lines_of(text)
    if len(lines) == 1 and len(text) >= _PARAGRAPH and "。" in text:  # nothing stands above or below it
        said: dict[str, str] = {}
        _read_dateline(lines, said)
        return Findings([], said)
    first, last = _paragraphs(lines)
    closing = _closing(text, lines, first, last)
    found = _headers(lines, first, closing)
    gone, metadata = _choose(lines, found, first, closing) if found else ([], {})
    _read_dateline(lines[first : first + _EDGE], metadata)
    if first and (title := find_title(lines, gone, first, metadata)):
        metadata["title"] = title
    return Findings(_edits(lines, gone, found), metadata)


def _choose(
    lines: Sequence[str], found: dict[int, Header], first: int, closing: int
) -> tuple[list[int], dict[str, str]]:
    """Which of the lines of fields go, and what the document says of itself in them."""
    # Lists of other articles below the text look like a chat, so only what stands above it is counted for one.
    alike = Counter(_pattern(header) for i, header in found.items() if header.labels or i < first)
    alike[""] = 0
    above: dict[str, str] = {}
    guesses: dict[str, str] = {}
    below: dict[str, str] = {}
    gone: list[int] = []
    for index, header in found.items():
        place = _Place(index < first, index >= closing, bool(gone) and gone[-1] == index - 1)
        if not _goes(lines, index, found, alike, place):
            continue
        gone.append(index)
        if index < first:
            above, guesses = {**header.metadata, **above}, {**header.guesses, **guesses}
        elif header.labels:  # else a date in a list of other articles
            below = {**header.metadata, **below}
    for index in _repeated_names(lines[:first], set(gone), {**guesses, **above}):
        found[index] = Header(frozenset({"source"}), {})
        gone.append(index)
    for index, field in _names_above(lines[:first], gone, found):
        if field not in above:
            found[index] = Header(frozenset({field}), {})
            gone.append(index)
            guesses[field] = lines[index].strip()
    gone.sort()
    return gone, {**below, **guesses, **_lone_day(found, gone, first), **above}


def _paragraphs(lines: Sequence[str]) -> tuple[int, int]:
    """The first and the last paragraph of running text; without any, what lies between the edges of the text."""
    first = next((i for i, line in enumerate(lines) if len(line) >= _PARAGRAPH and _is_paragraph(line)), None)
    if first is not None:
        last = next(i for i, line in enumerate(reversed(lines)) if len(line) >= _PARAGRAPH and _is_paragraph(line))
        return first, len(lines) - 1 - last
    filled = [i for i, line in enumerate(lines) if line and not line.isspace()]
    if not filled:
        return 0, -1
    edge = min(_EDGE, len(filled))
    return filled[edge - 1] + 1, filled[-edge] - 1


def _is_paragraph(line: str) -> bool:
    """Of a line that is long enough, whether it is one."""
    if "。" in line:
        return True
    if not _SENTENCES.search(line):
        return False
    return len(line) > LONGEST or not _TRIGGER.search(line) or read_header(line) is None


def _closing(text: str, lines: Sequence[str], first: int, last: int) -> int:
    """The line below the article. The one that names the editor ends it too, though comments may follow it."""
    # To part the text at a character takes less than to look for each of the words.
    if any(before.endswith(_RESPONSIBLE) for sign in "编編" if sign in text for before in text.split(sign)):
        for index in _numbers(text, _EDITOR):
            if first < index < last and (header := read_header(lines[index])) and "editor" in header.kinds:
                return index
    return max(last + 1, 0)


def _headers(lines: Sequence[str], first: int, closing: int) -> dict[int, Header]:
    """The lines that are nothing but fields: above and below the paragraphs.

    On a page that has such a line, those with a date and its time of day are found between its paragraphs as well.
    """
    found = dict(_read(lines, itertools.chain(range(first), range(max(first, closing), len(lines)))))
    if found and (between := dict(_read(lines, (i for i in range(first + 1, closing) if _is_stamped(lines, i))))):
        found = dict(sorted({**found, **between}.items()))
    return found


def _is_stamped(lines: Sequence[str], index: int) -> bool:
    """Whether a date with its time of day begins on a line; the time may stand on the next."""
    line = lines[index]
    if "20" not in line and "19" not in line:
        return False
    stamp = _STAMP.search("\n".join(lines[index : index + 4]))
    return stamp is not None and stamp.start() < len(line)


def _read(lines: Sequence[str], numbers: Iterable[int]) -> Iterator[tuple[int, Header]]:
    for index in numbers:
        line = lines[index]
        if 2 <= len(line) <= LONGEST and "。" not in line and (header := _fields(line)):
            yield index, header


@functools.lru_cache(maxsize=_REMEMBERED)  # what stays is asked about again in each round
def _fields(line: str) -> Header | None:
    return read_header(line) if _TRIGGER.search(line) or _OTHER_DATE.search(line) else None


def _numbers(text: str, pattern: re.Pattern[str]) -> Iterator[int]:
    """The numbers of the lines in which a pattern is found."""
    index = position = 0
    for found in pattern.finditer(text):
        index += text.count("\n", position, found.start())
        position = found.start()
        yield index


def _goes(lines: Sequence[str], index: int, found: dict[int, Header], alike: Counter[str], place: _Place) -> bool:
    """Whether a line of fields is the page's and not the article's."""
    header, line = found[index], lines[index]
    kinds = header.kinds
    if header.vague and not place.head and _REPLY.match(line):
        return False
    if len(kinds & _MAIN) >= 2 and header.labels:
        return True
    if not (place.head or place.tail) or alike[_pattern(header)] > _ALIKE:
        return False
    around = lines[max(0, index - 2) : index + 3]
    if kinds <= {"published", "clock"}:
        if not (header.exact or header.labels or (place.head and header.guesses)):
            return False
        if not header.exact and not (place.head and header.metadata) and _DAY.match(line):
            return False
        return not any(map(_EVENT.match, around))
    if kinds <= _MINOR:
        below = found.get(index + 1)
        if kinds == {"ignored"} and place.head and _SIZES.fullmatch(fold(line).strip()):
            return True
        near = place.beside or (below is not None and bool(below.kinds & _MAIN))
        return near or kinds == {"reaction"} or bool(_OWN.match(fold(line).strip()))
    return not (kinds <= _NAMED and any(map(_WORK.match, around)))


def _pattern(header: Header) -> str:
    """What the lines of a list of works, a forum, an interview or a chat have in common; empty for the rest."""
    if header.kinds <= _LONE and header.labels == 1:
        return " ".join(sorted(header.kinds))
    return "spoken" if not header.labels and (header.vague or "author" in header.guesses) else ""


def _lone_day(found: dict[int, Header], gone: list[int], first: int) -> Mapping[str, str]:
    """A date that stands by itself above the text: it stays, since a letter may open with it, but it is read."""
    days = [h for i, h in found.items() if i < first and i not in gone and h.kinds == {"published"}]
    return days[0].metadata if len(days) == 1 and not (days[0].vague or days[0].guesses) else {}


def _repeated_names(lines: Sequence[str], gone: set[int], metadata: dict[str, str]) -> list[int]:
    """The lines beside a header that are nothing but the name it gives: an account prints itself above its post."""
    names = {metadata.get("source"), metadata.get("author")}
    return [
        index
        for index, line in enumerate(lines)
        if index not in gone and line.strip() in names and (index + 1 in gone or index - 1 in gone)
    ]


def _names_above(lines: Sequence[str], gone: list[int], found: dict[int, Header]) -> Iterator[tuple[int, str]]:
    """The name of a paper or a writer on a line of its own between the title and a date with its time of day."""
    filled = [index for index, line in enumerate(lines) if line and not line.isspace()]
    for above, index in itertools.pairwise(filled[1:]):
        if index not in gone or above in gone or not found[index].exact:
            continue
        field = named(fold(lines[above]).strip())
        if field:
            yield above, field


def _read_dateline(lines: Sequence[str], metadata: dict[str, str]) -> None:
    """What a dateline that stays says: ``新华社北京5月27日电（记者唐霁）``, ``本报讯（记者 陈智）``."""
    for line in lines:
        if dateline := _DATELINE.match(line):
            if dateline["agency"] != "本报":
                metadata.setdefault("source", dateline["agency"])
            if names := dateline["names"] or dateline["persons"]:
                metadata.setdefault("author", names.strip())
            return


def _edits(lines: Sequence[str], gone: list[int], found: dict[int, Header]) -> list[Edit]:
    """One edit a line; the line break after it goes along, or the one before it at the end of the text."""
    if not gone:
        return []
    starts, position = [], 0
    for line in lines:
        starts.append(position)
        position += len(line) + 1
    closing, last = len(lines), len(lines) - 1
    removed = set(gone)
    while closing - 1 in removed:
        closing -= 1
    edits = []
    for index in gone:
        rule, start, line = _rule(found[index]), starts[index], lines[index]
        if index >= closing > 0:
            edits.append(Edit(rule, start - 1, "\n" + line, ""))
        else:
            edits.append(Edit(rule, start, line + ("\n" if index < last else ""), ""))
    return edits


def _rule(header: Header) -> str:
    if len(header.kinds & (_MAIN | {"clock"})) > 1:
        return "metadata.header"
    return next((rule for kind, rule in _RULES.items() if kind in header.kinds), "metadata.credit")
