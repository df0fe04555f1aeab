"""Remove what is wrapped around an article: adverts, buttons, lists of other articles, notices."""

from __future__ import annotations

import bisect
import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cleanzh import prepared
from cleanzh.edits import Edit, Findings, apply, compose
from cleanzh.kernels import kernel
from cleanzh.lexicon.lines import lines_of
from cleanzh.rulebook import Hit, Rulebook, builtin
from cleanzh.rulebook.index import WINDOW, Line

__all__ = ["RemoveAds", "remove_ads"]

FAMILIES = ("ads", "comments", "credits", "disclaimers", "downloads", "navigation", "sharing")

# A paragraph of an article ends a sentence; titles and pieces do not, and a summary breaks off.
_ENDERS = "。！？!?；;：:"
_SENTENCE = prepared.compiled(rf"[{_ENDERS}][^\w\s]*$")
_SHORT_PARAGRAPH = 40
_LONG_PARAGRAPH = 120
_FEWEST_FRAGMENTS = 3
_FRAGMENT = 16
_LONGEST_MENU_WORD = 8
_DEEPEST_TRAIL = 40
_LONG = 1_000_000  # the last text is not kept if it has so many characters
_LIMITS = _SHORT_PARAGRAPH, _LONG_PARAGRAPH, _FEWEST_FRAGMENTS, _FRAGMENT, _LONGEST_MENU_WORD, _DEEPEST_TRAIL


class RemoveAds:
    """Remove adverts, buttons, lists of other articles, comment boxes, notices and credits.

    A scraped page is an article wrapped in what earns the site its living: an account to follow, a code to scan, a
    number to call, neighbours and "you may also like", share bars, comment forms, disclaimers, the editor's name.

    >>> remove_ads("正文的最后一段。\\n\\n微信掃碼回復「666」\\n推薦閱讀:\\n")
    '正文的最后一段。\\n'
    >>> remove_ads.edits("大会昨日闭幕。关注公众号某某，回复666领取")
    [Edit(rule='ads.appeal-at-the-end', start=7, before='关注公众号某某，回复666领取', after='')]

    Left alone: every sentence that only talks about WeChat, codes, reprints or adverts; a line that could be a heading
    of the article; a list of titles that nothing announces; public hot lines; a paragraph below a list of links.
    A rule that is marked ``unsafe`` runs only if it is selected by name.

    ``rulebook`` holds other rules than those that come with cleanzh; a picklable, stateless filter like any other.
    """

    __name__ = "remove_ads"

    def __init__(
        self, rulebook: Rulebook | None = None, *, select: Sequence[str] = (), ignore: Sequence[str] = ()
    ) -> None:
        self._given = rulebook
        self._select, self._ignore = tuple(select), tuple(ignore)
        # The last text as it was left, and its lines that wait; replaced as a whole, so threads may share it.
        self._known: tuple[str, list[Line]] = "", []
        self.families = FAMILIES if rulebook is None else rulebook.families

    @functools.cached_property
    def rulebook(self) -> Rulebook:
        """The rules in use."""
        whole = self._given or Rulebook(rule for rule in builtin() if rule.family in FAMILIES)
        return whole.choosing(self._select, self._ignore)

    def choosing(self, select: Sequence[str], ignore: Sequence[str]) -> RemoveAds:
        """The same filter with some of its rules, by prefixes of their full names."""
        return RemoveAds(self._given, select=select, ignore=ignore)

    def __call__(self, text: str) -> str:
        return self.examine(text).applied(text)

    def edits(self, text: str) -> list[Edit]:
        """What would be removed, as spans of ``text``."""
        return self.examine(text).edits

    def examine(self, text: str) -> Findings:
        """:meth:`edits`, as :class:`~cleanzh.edits.Findings`."""
        return self.look(text) or Findings([])

    def look(self, text: str) -> Findings | None:
        """:meth:`examine`, but None where nothing is found."""
        rulebook = self.rulebook
        lines = rulebook.new_lines(text, *self._known)
        edits: list[Edit] = []
        while lines:
            found, cut, lines = _find(text, rulebook, lines)
            if not found:
                break
            # What went may bring other lines to the tail. The text gets shorter each time, so this ends.
            text = apply(text, found)
            edits = compose(edits, found) if edits else found
            lines = rulebook.after(text, found, cut, lines)
        if len(text) < _LONG:
            self._known = text, lines
        return Findings(edits, after=text) if edits else None

    def __reduce__(self) -> tuple[object, ...]:
        return functools.partial(RemoveAds, select=self._select, ignore=self._ignore), (self._given,)


Span = tuple[int, int]
Taken = tuple[int, int, str, str]
"""A line that a rule takes away: start, end, the rule's name, and what it takes with it."""


def _find(text: str, rulebook: Rulebook, lines: Iterable[Line]) -> tuple[list[Edit], list[Edit], list[Line]]:
    """What goes in one round: parts of lines, whole lines, and the lists below them.

    Beside that the parts by themselves, and the lines that wait for rules of other zones.
    """
    parts: list[Edit] = []
    taken: list[Taken] = []
    places, waiting = rulebook.found(text, lines)
    for place, found in places:
        number, (start, end, _) = found[0], place
        if not found[3] or end - start > WINDOW:
            hit = rulebook.hit(text, place, found)
            low = hit.start if hit.whole else _peeled(hit, rulebook)
            if not hit.whole and text[start:low].strip():
                parts.append(Edit(hit.rule.name, low, text[low : hit.end], ""))
                continue
        taken.append((start, end, rulebook.names[number], rulebook.rules[number].takes))
    if not taken:
        return parts, parts, waiting
    compiled = kernel("page")
    edits = _going(text, taken) if compiled is None else compiled.going(text, taken, _ENDERS, _LIMITS, Edit)
    if not parts:
        return edits, parts, waiting
    starts = [edit.start for edit in edits]
    left = []  # of lines that stay
    for part in parts:
        before = bisect.bisect(starts, part.start) - 1
        if before < 0 or edits[before].end <= part.start:
            left.append(part)
    return sorted(edits + left, key=lambda edit: edit.start), left, waiting


def _going(text: str, taken: Sequence[Taken]) -> list[Edit]:
    """Whole lines: those that are taken, and the lists below them."""
    lines = {(start, end): name for start, end, name, _ in taken}
    taking = {(start, end): (name, takes) for start, end, name, takes in taken if takes}
    if taking:
        lines.update(_company(text, lines, taking))
    return list(_whole(text, lines))


def _peeled(hit: Hit, rulebook: Rulebook) -> int:
    """Where the part that goes starts, with what stands before it: promotions at the end of a line come in a row."""
    start, end = hit.line
    low = hit.start
    if hit.text[hit.end : end].strip():
        return low
    while more := [
        other.start
        for other in rulebook.on_line(hit.text, start, low, hit.zones)
        if not hit.text[other.end : low].strip()
    ]:
        low = min(more)
    return low


def _company(text: str, lines: Mapping[Span, str], taking: Mapping[Span, tuple[str, str]]) -> dict[Span, str]:
    """The lines that go with a heading, a closing line or a trail; paragraphs hold them back.

    Behind a line that closes an article stands the furniture of the page. That is believed if paragraphs stand before
    it, and not more than a summary here and there behind it.
    """
    page: list[Span] = []
    sizes: list[int] = []
    start = 0
    for content in lines_of(text):
        end = start + len(content)
        if content and not content.isspace():
            page.append((start, end))
            sizes.append(0 if len(content) < _SHORT_PARAGRAPH or page[-1] in lines else _paragraph(content.strip()))
        start = end + 1
    paragraphs = list(itertools.accumulate(sizes, initial=0))
    others = [at for at, line in enumerate(page) if line not in lines]
    lengths = list(itertools.accumulate((page[at][1] - page[at][0] for at in others), initial=0))
    resumed = -1  # the last line at which the article goes on
    for at, size in enumerate(sizes):
        if size >= _LONG_PARAGRAPH or (size and at and sizes[at - 1]):
            resumed = at
    company: dict[Span, str] = {}
    rule = ""
    for at, line in enumerate(page):
        name, takes = taking.get(line, ("", ""))
        if not takes:
            if rule and line not in lines:
                company[line] = rule
        elif takes == "above":
            if at <= _DEEPEST_TRAIL and not paragraphs[at]:
                company.update((menu, name) for menu in page[:at] if menu not in lines and _is_word(text, menu))
        elif at > resumed and (rule or _closes(takes, paragraphs, others, lengths, at)):
            rule = name
    return company


def _closes(takes: str, paragraphs: Sequence[int], others: Sequence[int], lengths: Sequence[int], at: int) -> bool:
    """Whether the article is over at this line.

    ``paragraphs`` are sums over the lines before each; ``others`` the lines that do not go, ``lengths`` sums over them.
    """
    before, behind = paragraphs[at], paragraphs[-1] - paragraphs[at + 1]
    if takes == "fragments":
        passed = bisect.bisect(others, at)
        count, length = len(others) - passed, lengths[-1] - lengths[passed]
        return not behind and count >= _FEWEST_FRAGMENTS and length <= _FRAGMENT * count
    if before:
        return 2 * behind <= before
    return takes == "list" and not behind and bool(others) and others[0] < at


def _paragraph(content: str) -> int:
    """How long the paragraph is; 0 if it is a title, a name, a piece of a sentence."""
    if len(content) < _SHORT_PARAGRAPH or content[-1].isalnum() or not _SENTENCE.search(content):
        return 0
    return len(content)


def _is_word(text: str, line: Span) -> bool:
    content = text[line[0] : line[1]].strip()
    return len(content) <= _LONGEST_MENU_WORD and not _SENTENCE.search(content)


def _whole(text: str, lines: Mapping[Span, str]) -> Iterator[Edit]:
    """Edits for lines that go, with their line ends, and with blank lines that would stand doubled or at the end."""
    runs: list[list[Span]] = []
    for line in sorted(lines):
        end = runs[-1][-1][1] if runs else -1
        if runs and (line[0] == end + 1 or not text[end : line[0]].strip()):
            runs[-1].append(line)
        else:
            runs.append([line])
    for run in runs:
        start, stop = run[0][0], min(run[-1][1] + 1, len(text))
        above = start  # where the blank lines above begin
        while above and text[above - 1].isspace():
            above -= 1
        above = start if above == start else (text.find("\n", above) + 1 if above else 0)
        below = stop
        while below < len(text) and text[below].isspace():
            below += 1
        if below == len(text):
            start, stop = above - (1 if above and not text.endswith("\n") else 0), below
        elif text[stop] == "\n":
            start = above
        for number, line in enumerate(run):
            end = run[number + 1][0] if number + 1 < len(run) else stop
            yield Edit(lines[line], start, text[start:end], "")
            start = end


remove_ads = RemoveAds()
