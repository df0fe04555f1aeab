"""Remove a line that stands again."""

from __future__ import annotations

import itertools
import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from cleanzh.edits import Edit, text_filter
from cleanzh.kernels import kernel
from cleanzh.lexicon.lines import lines_of
from cleanzh.lexicon.outline import INK, OPENING, SUMMARIES, SUMMARY, Outline, outline_of, without
from cleanzh.patterns import lazily

__all__ = ["remove_repeats"]

# A paragraph of this length does not come twice by chance; refrains, headings, replies and formulae are shorter.
# The cost: a short sentence printed twice stays.
_LONG = 40
# Formulae of law and of minutes are as long as short paragraphs, so far from its first copy a line has to be longer,
# or to bring its neighbours along, as it does when a page prints its article twice.
_FAR = 100
_ANY = sys.maxsize
_RUN = 3
_OPENING = 3  # paragraphs at the top that may be a summary
_TOP, _HEAD = 20, 6  # lines at the top, and those of them that are not blank, that may be the title
_OVER = 20
_COMPARED = 8
_KEY = 16  # lines that agree in their first characters are compared
_NOT_HAN = lazily("[^\u3400-\u9fff\U00020000-\U0003ffff]+")
_FOUR_HAN = lazily("(?:[^\u3400-\u9fff\U00020000-\U0003ffff]*[\u3400-\u9fff\U00020000-\U0003ffff]){4}")
_DIGITS = lazily(r"[0-9０-９]+")
_MORE = "详细|詳細|详情|更多|全文|查看全文|阅读全文|展开|展開"
_CUT = lazily(rf"(?:\s*(?:\.{{2,6}}|…{{1,2}}|。{{2,6}}))+(?:\s*[\[【(（<]?(?:{_MORE})[\]】)）>]?)?\s*$")
_ABSTRACT = "摘要|提要|简介|簡介|導讀|导读|導語|导语|核心提示|概要|概述"
_SUMMARY = lazily(rf"\s*[\[【(（〈]?(?:本文|内容|內容|文章)?(?:{_ABSTRACT})(?:[\]】)）〉]\s*[:：|｜]?|\s*[:：|｜])\s*")
_FILLED = lazily(r"\s*+(\S[^\n]*)")
_COLUMNS = lazily(r"[\t|｜│┃]")
_ITEM = lazily(r"\s*(?:[-*#>=<]|[(（]?第?[\d一二三四五六七八九十百]+[条條章章节節款项項、.．)）])")
_SPEAKER = lazily(r"^(?:[\u4e00-\u9fff·○ ]{1,12}[:：]|[\w-]+\s*:)")
_END = lazily(r"[。！？!?…；;]")
_CAPTION = lazily(r"(?:[摄攝图圖照]|资料图|供图)[）)]?\s*$")  # two pictures may share one
# `关键词：标题` and `标题详情如下：`, as templates print the title again.
_TITLED = lazily(r"^[\u4e00-\u9fffA-Za-z0-9]{2,14}[:：]\s*|\s*[,，]?(?:详情|詳情|内容|具体)如下[:：]?$")
_LAW = lazily(r"^\s*第[\d一二三四五六七八九十百千零〇]+[条條]", re.MULTILINE)


@text_filter("repeat", repeat=True)
def remove_repeats(text: str) -> list[Edit]:
    """Remove a paragraph that stands again.

    Pages print their first paragraph above the article as a summary, cut off or whole, a heading twice over the text,
    and a template sometimes prints the whole article twice. The first copy stays; of a cut copy and the whole one, the
    whole. A copy may differ in one number, such as a counter.

    >>> first = "秋收一过，山下的集市又热闹起来，卖柿子的、编竹筐的、修农具的挤满了半条街，晌午时连自行车也推不过去。"
    >>> remove_repeats(f"{first[:40]}...\\n{first}\\n傍晚才散。\\n{first}") == f"{first}\\n傍晚才散。"
    True
    >>> remove_repeats(f"山下集市见闻\\n山下集市见闻\\n{first}") == f"山下集市见闻\\n{first}"
    True

    Left alone: short lines (a refrain, a reply, a heading that comes again in the text), lists and tables, what a
    speaker says, and paragraphs that differ in more than a number: they are written that way on purpose. Formulae of
    law and of minutes come again and again; so a copy far below counts only if it is long, or is one of several.
    """
    if "\n" not in text:
        return []
    gone = _title_again(text)
    if _may_have_copies(text):
        _find_copies(outline_of(text), gone)
    return without(outline_of(text), gone) if gone else []


def _may_have_copies(text: str) -> bool:
    """Whether paragraphs begin alike, or one of the first is labelled as a summary."""
    compiled = kernel("paragraphs")
    alike, labelled = _alike(text) if compiled is None else compiled.alike(text, _LONG, _KEY, SUMMARIES, _OPENING)
    return alike or any(_SUMMARY.match(text, start, end) for start, end in labelled)


def _alike(text: str) -> tuple[bool, list[tuple[int, int]]]:
    """Whether two long lines begin alike; if not, where those of the first stand that may have a label."""
    outline = outline_of(text)
    long = outline.pick(least=_LONG, some=INK)
    keys = [outline[index][:_KEY] for index in outline.pick(least=_LONG)]
    if len(long) > 1 and len(set(keys)) < len(keys):
        return True, []
    labelled = outline.pick(0, long[:_OPENING][-1] + 1, _LONG, _ANY, SUMMARY << OPENING) if long else []
    return False, [(outline.start(index), outline.start(index + 1) - 1) for index in labelled]


def _title_again(text: str) -> dict[int, str]:
    """The first line, printed again before the first paragraph."""
    first = _FILLED.match(text)
    if first is None:
        return {}
    title = first[1].rstrip()
    if not 6 <= len(title) < 80 or title[-1] in "。，；：、,;:" or text.find(title, first.end()) < 0:
        return {}
    if not _FOUR_HAN.match(title):
        return {}
    filled = [line for line in text.split("\n", _TOP)[:_TOP] if line and not line.isspace()][:_HEAD]
    if len(filled) < 3:
        return {}
    outline = outline_of(text)
    numbers = outline.pick(0, _TOP, some=INK)[:_HEAD]
    below = _title_below(outline, title, numbers[0])
    if not below and not any(title in line for line in filled[1:]):
        return {}
    again = {}
    for index, line in zip(numbers[1:], map(str.strip, filled[1:]), strict=True):
        # What `_TITLED` takes off stands around the title.
        if title in line and (line == title or _TITLED.sub("", line) == title):
            again[index] = "repeat.title"
        elif len(line) >= _LONG:  # an article; a poem, a song or a list may open with the same line twice
            return {**again, **dict.fromkeys(below, "repeat.title")}
    return {}


def _title_below(outline: Outline, title: str, first: int) -> list[int]:
    """Where the title stands again below the last paragraph, in lists of articles that name their own page too."""
    paragraphs = reversed(outline.pick(first + 1, least=_LONG))
    last = next((index for index in paragraphs if _END.search(outline[index])), first)
    return [index for index in outline.pick(last + 1, least=len(title)) if outline[index].strip() == title]


def _find_copies(outline: Outline, gone: dict[int, str]) -> None:
    """Enter the copies among the long lines into ``gone``."""
    labels = {}
    for index in outline.pick(least=_LONG, some=SUMMARY << OPENING):
        if label := _SUMMARY.match(outline[index]):
            labels[index] = outline[index][label.end() :].lstrip()[:_KEY]
    alike: dict[str, list[int]] = defaultdict(list)
    for index in outline.pick(least=_LONG, some=INK):
        key = labels[index] if index in labels else outline[index].lstrip()[:_KEY]
        if key:
            alike[key].append(index)
    if all(len(group) < 2 for group in alike.values()):
        return
    lines = lines_of(outline.text)
    groups = [[index for index in group if _is_prose(lines[index])] for group in alike.values() if len(group) > 1]
    groups = [group for group in groups if len(group) > 1]
    if not groups:
        return
    standing: _Standing | None = None
    original: dict[int, int] = {}  # the line that a removed one copies
    for group in groups:
        whole: dict[str, int] = {}
        masked: dict[str, int] = {}
        for index in group:
            if index in gone:
                continue
            line = lines[index].strip()
            mask = _DIGITS.sub("0", line)
            first = whole.setdefault(line, index)
            other = first if first != index else masked.setdefault(mask, index)
            if other == index or not (rule := _copies(lines[other].strip(), line)):
                continue
            standing = standing or _standing(outline, lines)
            if standing.is_copy(lines, other, index):
                gone[index] = rule
                original[index] = other
        _find_cut(lines, [index for index in group if index not in gone], gone)
    _find_between(lines, original, gone)


class _Standing(NamedTuple):
    """Where the lines stand among those that are not blank."""

    order: list[int]
    place: dict[int, int]
    opening: list[int]
    law: bool

    def is_copy(self, lines: Sequence[str], first: int, second: int) -> bool:
        """Whether a line that reads as the first is near enough to it, or is one of several."""
        distance = self.place[second] - self.place[first]
        if distance == 1 or self.law:
            return distance == 1
        near = distance == 2 or first in self.opening
        return near or _far_copy(lines, self.order, self.place, first, second)


def _standing(outline: Outline, lines: Sequence[str]) -> _Standing:
    order = outline.pick(some=INK)
    long = (index for index in order if len(lines[index]) >= _LONG and _is_prose(lines[index]))
    opening = list(itertools.islice(long, _OPENING))
    law = sum(1 for _ in _LAW.finditer(outline.text)) >= 3
    return _Standing(order, {index: number for number, index in enumerate(order)}, opening, law)


def _is_prose(line: str) -> bool:
    """Whether a line is neither an item of a list nor a row of a table."""
    return _COLUMNS.search(line, 0, 40) is None and _ITEM.match(line[:40]) is None


def _find_between(lines: Sequence[str], original: dict[int, int], gone: dict[int, str]) -> None:
    """Enter the short lines that stand between two copies as they stand between what these copy."""
    copies = sorted(original)
    for upper, lower in itertools.pairwise(copies):
        above, below = original[upper], original[lower]
        if lower - upper > 1 and below - above == lower - upper and lines[above:below] == lines[upper:lower]:
            gone.update((index, "repeat.line") for index in range(upper + 1, lower) if lines[index].strip())


def _copies(first: str, second: str) -> str | None:
    """The rule under which ``second`` is a copy of ``first``."""
    if _SPEAKER.match(first) or _CAPTION.search(first) or len(_NOT_HAN.sub("", first)) < _LONG * 0.6:
        return None
    if first == second:
        return "repeat.line"
    if len(first) < 2 * _LONG or _DIGITS.sub("0", first) != _DIGITS.sub("0", second):
        return None
    one, two = _DIGITS.findall(first), _DIGITS.findall(second)
    return "repeat.number-differs" if sum(a != b for a, b in zip(one, two, strict=True)) == 1 else None


def _far_copy(lines: Sequence[str], order: list[int], place: dict[int, int], first: int, second: int) -> bool:
    """Whether a copy far below its first is one by itself: long, or in the midst of others."""
    if len(lines[second]) >= _FAR:
        return True
    one, two = place[first], place[second]
    run = 0
    while one - run >= 0 and two - run > one and lines[order[one - run]] == lines[order[two - run]]:
        run += 1
    ahead = 1
    while two + ahead < len(order) and one + ahead < two and lines[order[one + ahead]] == lines[order[two + ahead]]:
        ahead += 1
        if run + ahead > _RUN:
            break
    return run + ahead - 1 >= _RUN


def _find_cut(lines: Sequence[str], group: list[int], gone: dict[int, str]) -> None:
    """Enter the lines that are the beginning of another, cut off or under the label of a summary."""
    # Comparing each with each would make a log of a million such lines quadratic.
    others = [(index, _squeeze(lines[index])) for index in group[:_COMPARED]]
    for index in group:
        line = lines[index].strip()
        label = _SUMMARY.match(line)
        cut = _CUT.search(line) if any(mark in line for mark in ("..", "…", "。。")) else None
        part = line[label.end() if label else 0 : cut.start() if cut else len(line)]
        if not (label or cut) or len(_NOT_HAN.sub("", part)) < _LONG // 2:
            continue
        part = _squeeze(part)
        for other, text in others:
            if other == index or other in gone:
                continue
            if text.startswith(part) or (part.startswith(text) and _continues(lines, other, part)):
                gone[index] = "repeat.summary"
                break


def _squeeze(text: str) -> str:
    return "".join(text.split())


def _continues(lines: Sequence[str], first: int, part: str) -> bool:
    """Whether ``part`` is how line ``first`` and those below it begin: a summary runs on over paragraphs."""
    read = ""
    for line in lines[first : first + _OVER]:
        read += _squeeze(line)
        if len(read) >= len(part):
            return read.startswith(part)
        if not part.startswith(read):
            return False
    return False
