"""Edits: what a filter changes, as spans of the text, and all arithmetic on them.

An edit list is sorted by ``start``, its spans do not overlap, and every edit changes something.
Offsets count code points of the text that the list belongs to.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, cast

from cleanzh.errors import EditError
from cleanzh.kernels import kernel

__all__ = [
    "Edit",
    "Filter",
    "Findings",
    "TextFilter",
    "apply",
    "compose",
    "diff",
    "invert",
    "origins",
    "revert",
    "text_filter",
]


class Edit(NamedTuple):
    """One change: at ``start``, the text ``before`` becomes ``after``, because of ``rule``.

    >>> Edit("ads.follow-account", 12, "关注公众号", "")
    Edit(rule='ads.follow-account', start=12, before='关注公众号', after='')
    """

    rule: str
    start: int
    before: str
    after: str

    @property
    def end(self) -> int:
        """Where the span ends in the text before the edit."""
        return self.start + len(self.before)


_NO_METADATA: Mapping[str, str] = {}


class Findings(NamedTuple):
    """What a filter found: the edits, and what the text says about itself (``author``, ``published``, …).

    ``after`` is the text with the edits applied, where the filter has it already and finds nothing more in it.
    """

    edits: list[Edit]
    metadata: Mapping[str, str] = _NO_METADATA
    after: str | None = None

    def applied(self, text: str) -> str:
        """The text that the edits make of ``text``, in which they were found."""
        return apply(text, self.edits) if self.after is None else self.after


class Filter(Protocol):
    """A ``str -> str`` that can also say what it would change.

    ``families`` are the first parts of the rule names it may use: ``("ads", "sharing")``.
    """

    __name__: str
    families: tuple[str, ...]

    def __call__(self, text: str, /) -> str: ...
    def edits(self, text: str, /) -> list[Edit]: ...
    def examine(self, text: str, /) -> Findings: ...


class TextFilter(Filter, Protocol):
    """What :func:`text_filter` makes. ``look`` is ``examine``, but None where nothing is found: to make the named tuple
    takes as long as some filters do.

    ``kinds`` are those of :mod:`cleanzh.lexicon.kinds` of which a text has one if it has anything for the filter, or 0.
    """

    kinds: int

    def look(self, text: str, /) -> Findings | None: ...


_NOWHERE = sys.maxsize

# A filter that needs more rounds than this has two rules that undo each other; the text is left as it then is.
_MAX_ROUNDS = 10


def text_filter(*families: str, repeat: bool = False, kinds: int = 0) -> Callable[[Callable[[str], Any]], TextFilter]:
    """Make a :class:`Filter` of a function that takes a text and returns its edits (or :class:`Findings`).

    With ``repeat`` the function is applied to its own result until it finds nothing more, and the rounds are
    composed into one edit list, until it finds nothing, or says so by :attr:`Findings.after`. It costs one more scan of
    a dirty text, none of a clean one.

    >>> import re
    >>> @text_filter("demo", repeat=True)
    ... def halve_dashes(text):
    ...     return [Edit("demo.dash", m.start(), "--", "-") for m in re.finditer("--", text)]
    >>> halve_dashes("a----b")
    'a-b'
    >>> halve_dashes.edits("a----b")
    [Edit(rule='demo.dash', start=1, before='----', after='-')]
    """

    def decorate(find: Callable[[str], Any]) -> TextFilter:
        def look(text: str) -> Findings | None:
            found = find(text)
            if not found:
                return None
            if not isinstance(found, Findings):
                found = Findings(found)
            return rounds(text, found) if repeat and found.edits and found.after is None else found

        def examine(text: str) -> Findings:
            return look(text) or Findings([])

        def rounds(text: str, found: Findings) -> Findings:
            edits, metadata = found.edits, dict(found.metadata)
            for _ in range(_MAX_ROUNDS - 1):
                text = found.applied(text)
                again = find(text)
                found = again if isinstance(again, Findings) else Findings(again or [])
                metadata = {**found.metadata, **metadata}
                if not found.edits:
                    break
                edits = compose(edits, found.edits)
                if found.after is not None:
                    break
            return Findings(edits, metadata, found.applied(text))

        def run(text: str) -> str:
            return examine(text).applied(text)

        def edits(text: str) -> list[Edit]:
            return examine(text).edits

        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(run, name, getattr(find, name))  # pickled by name, documented as itself
        run.__annotations__ = {"text": "str", "return": "str"}
        said = {"families": families, "kinds": kinds, "edits": edits, "examine": examine, "look": look}
        for name, value in said.items():
            setattr(run, name, value)
        return cast("TextFilter", run)

    return decorate


def apply(text: str, edits: Sequence[Edit]) -> str:
    """Apply an edit list to the text it belongs to.

    >>> apply("京東與OPPO", [Edit("script.to-simplified", 1, "東與", "东与")])
    '京东与OPPO'

    Raises :class:`EditError` if the edits overlap or the text does not read as they say.
    """
    if not edits:
        return text
    compiled = kernel("edits")
    if compiled is not None and (made := compiled.apply(text, edits)) is not None:
        return made  # type: ignore[no-any-return]
    parts: list[str] = []
    position = 0
    for rule, start, before, after in edits:
        end = start + len(before)
        if start < position or text[start:end] != before:
            there = text[start : start + 40]
            raise EditError(f"{rule} does not fit at {start}: expected {before[:40]!r}, the text has {there!r}")
        parts.append(text[position:start])
        if after:
            parts.append(after)
        position = end
    parts.append(text[position:])
    return "".join(parts)


def invert(edits: Iterable[Edit]) -> list[Edit]:
    """The edits that lead back, as spans of the text that ``edits`` lead to.

    >>> there = [Edit("demo.x", 0, "ab", ""), Edit("demo.x", 3, "d", "DD")]
    >>> apply(apply("abcd", there), invert(there))
    'abcd'
    """
    back, shift = [], 0
    for rule, start, before, after in edits:
        back.append(Edit(rule, start + shift, after, before))
        shift += len(after) - len(before)
    return back


def revert(text: str, edits: Sequence[Edit]) -> str:
    """The text that ``edits`` were made in, from the text that they lead to.

    >>> revert("京东与OPPO", [Edit("script.to-simplified", 1, "東與", "东与")])
    '京東與OPPO'

    Raises :class:`EditError` if that is not the text they lead to.
    """
    compiled = kernel("edits")
    if compiled is not None and (made := compiled.revert(text, edits)) is not None:
        return made  # type: ignore[no-any-return]
    return apply(text, invert(edits))


def compose(first: Sequence[Edit], second: Sequence[Edit]) -> list[Edit]:
    """One edit list that does what ``first`` does and then ``second``; spans of the text before ``first``.

    Edits that touch each other become one, under the rule of the earlier; one that undoes another vanishes with it.

    >>> compose([Edit("a.x", 0, "&amp;lt;", "&lt;")], [Edit("a.y", 0, "&lt;", "<")])
    [Edit(rule='a.x', start=0, before='&amp;lt;', after='<')]
    """
    if not first or not second:
        return list(first or second)
    compiled = kernel("edits")
    if compiled is not None and (both := compiled.compose(first, second, Edit, _merge)) is not None:
        return both  # type: ignore[no-any-return]
    # Both lists as spans of the middle text; those that touch form a group, and a group becomes one edit.
    composed: list[Edit] = []
    drift = 0  # middle offset minus original offset, before the group
    i = j = 0
    while i < len(first) or j < len(second):
        high, shift, begun, then = -1, drift, i, j
        while True:  # take the next span of either list while it touches what is taken
            start = first[i].start + shift if i < len(first) else _NOWHERE
            if j < len(second) and second[j].start <= start:
                start = second[j].start
                if 0 <= high < start:
                    break
                high = max(high, start + len(second[j].before))
                j += 1
            elif i < len(first):
                if 0 <= high < start:
                    break
                added = len(first[i].after)
                high = max(high, start + added)
                shift += added - len(first[i].before)
                i += 1
            else:
                break
        if then == j:
            composed += first[begun:i]
        elif begun == i:
            composed += [Edit(rule, start - drift, before, after) for rule, start, before, after in second[then:j]]
        else:
            low = min(first[begun].start + drift, second[then].start)
            composed += _merge(low, high, drift, first[begun:i], second[then:j])
        drift = shift
    return composed


def _merge(low: int, high: int, drift: int, made: Sequence[Edit], then: Sequence[Edit]) -> list[Edit]:
    """One edit for a group that spans ``low:high`` of the middle text, whose untouched parts the edits spell out."""
    middle: list[str] = [""] * (high - low)
    shift = drift
    for edit in made:
        for offset, char in enumerate(edit.after, edit.start + shift - low):
            middle[offset] = char
        shift += len(edit.after) - len(edit.before)
    for edit in then:
        for offset, char in enumerate(edit.before, edit.start - low):
            middle[offset] = char
    between = "".join(middle)
    local = [Edit(edit.rule, edit.start - low, edit.before, edit.after) for edit in then]
    undo = invert([Edit(edit.rule, edit.start + drift - low, edit.before, edit.after) for edit in made])
    before, after = apply(between, undo), apply(between, local)
    if before == after:
        return []
    return [Edit(made[0].rule, low - drift, before, after)]


def diff(before: str, after: str, rule: str) -> list[Edit]:
    """What a foreign function changed: by whole lines first, then within the lines that differ.

    >>> diff("一\\n二二\\n三", "一\\n二\\n三", "foreign.demo")
    [Edit(rule='foreign.demo', start=3, before='二', after='')]
    """
    if before == after:
        return []
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if len(old) == len(new):  # the usual case, and the only one that must be fast: lines changed in place
        blocks = [(i, i + 1, i, i + 1) for i in range(len(old)) if old[i] != new[i]]
    else:
        import difflib

        # Lines that come often, as blank ones do, are no anchors: to compare each with each takes minutes for a book.
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=True)
        blocks = [opcode[1:] for opcode in matcher.get_opcodes() if opcode[0] != "equal"]
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    edits = []
    for i, j, k, m in blocks:
        left, right = "".join(old[i:j]), "".join(new[k:m])
        edits.append(_trimmed(rule, starts[i], left, right))
    return edits


def _trimmed(rule: str, start: int, before: str, after: str) -> Edit:
    """The edit without what both sides share at their ends."""
    limit = min(len(before), len(after))
    head = 0
    while head < limit and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < limit - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return Edit(rule, start + head, before[head : len(before) - tail], after[head : len(after) - tail])


def origins(positions: Iterable[int], edits: Sequence[Edit]) -> list[int]:
    """Where in the text before ``edits`` the characters stood that are at ``positions`` (ascending) after them.

    For one inside of what an edit put in, it is the start of what the edit took away.

    >>> origins([0, 3], [Edit("demo.x", 0, "abc", "")])
    [3, 6]
    """
    found, index, shift = [], 0, 0
    for position in positions:
        while index < len(edits):
            _, start, before, after = edits[index]
            if position < start + shift + len(after):
                break
            shift += len(after) - len(before)
            index += 1
        inside = index < len(edits) and position >= edits[index].start + shift
        found.append(edits[index].start if inside else position - shift)
    return found
