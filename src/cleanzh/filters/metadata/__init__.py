"""Remove header and byline lines; what they say becomes metadata."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Iterable

from cleanzh.edits import Findings, apply, text_filter
from cleanzh.filters.metadata.article import EDGE, PARAGRAPH, closing_line, paragraphs
from cleanzh.filters.metadata.headers import Line, choose, headers
from cleanzh.filters.metadata.labels import PERSONS
from cleanzh.filters.metadata.lines import LONGEST
from cleanzh.filters.metadata.titles import ABOVE, find_title, find_title_above
from cleanzh.lexicon.outline import AGENCY, FIELD, OPENING, STOP, Outline, outline_of, without
from cleanzh.patterns import lazily

__all__ = ["remove_metadata"]

_DATELINE = lazily(
    r"\s*(?P<agency>[\u4e00-\u9fff]{1,8}?[社网網报報])"
    r"(?:[\u4e00-\u9fff]{0,10}\d{1,2}月\d{1,2}日[电電讯訊]|[讯訊](?=[\s（(]))"
    r"(?:\s*[（(]\s*(?:(?:本报|特约|[\u4e00-\u9fff]{0,6})?[记記]者\s*(?P<names>[^（）()]{2,30}?)\s*"
    rf"(?:通讯员[^（）()]*|整合)?|(?P<persons>{PERSONS}))[）)])?"
)
_ANY = sys.maxsize


@text_filter("metadata", repeat=True)
def remove_metadata(text: str) -> Findings | None:
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
    if len(text) >= PARAGRAPH and "。" in text and "\n" not in text:  # nothing stands above or below it
        said = _dateline([text])
        return Findings([], said) if said else None
    outline = outline_of(text)
    first, last, running = paragraphs(outline)
    found: dict[int, Line] = {}
    gone: list[int] = []
    metadata: dict[str, str] = {}
    if fields := outline.pick(0, _ANY, 2, LONGEST, FIELD, STOP):
        closing = closing_line(outline, first, last)
        if found := headers(outline, fields, first, closing):
            gone, metadata = choose(outline, found, first, closing)
    said = {}
    if openings := outline.pick(first, first + EDGE, 0, _ANY, AGENCY << OPENING):
        said = _dateline(map(outline.__getitem__, openings))
        metadata = {**metadata, **said, **metadata}
    if first and (title := find_title(outline, gone, first, metadata.values())):
        metadata["title"] = title
    if not gone:
        return Findings([], metadata) if metadata else None
    edits = without(outline, {index: found[index].sort.rule for index in gone})
    if len(gone) < len(found) or not running or first in gone or last in gone:
        return Findings(edits, metadata)
    # All lines of fields go and the paragraphs stay, so nothing more will go: what is left is the same but for them.
    _say_again(outline, gone, first, metadata, said)
    return Findings(edits, metadata, apply(text, edits))


def _say_again(outline: Outline, gone: list[int], first: int, metadata: dict[str, str], said: dict[str, str]) -> None:
    """Add what the document says of itself in its datelines and its title once the lines of fields are gone.

    ``said`` is what its datelines say while they are there.
    """
    place = bisect_left(gone, first)
    if place < len(gone) and gone[place] < first + EDGE:
        removed, stop = set(gone), first + EDGE + len(gone)
        openings = outline.pick(first, stop, 0, _ANY, AGENCY << OPENING)
        stay = [number for number in range(first, stop) if number not in removed][:EDGE]
        said = _dateline(outline[number] for number in openings if number in stay)
    if "title" not in metadata:
        removed = set(gone)
        head = [number for number in range(max(0, first - ABOVE - len(gone)), first) if number not in removed]
        if title := find_title_above(outline, head[-ABOVE:], said.values()):
            metadata["title"] = title
    for key, value in said.items():
        metadata.setdefault(key, value)


def _dateline(lines: Iterable[str]) -> dict[str, str]:
    """What a dateline that stays says: ``新华社北京5月27日电（记者唐霁）``, ``本报讯（记者 陈智）``."""
    said = {}
    for line in lines:
        if dateline := _DATELINE.match(line):
            if dateline["agency"] != "本报":
                said["source"] = dateline["agency"]
            if names := dateline["names"] or dateline["persons"]:
                said["author"] = names.strip()
            break
    return said
