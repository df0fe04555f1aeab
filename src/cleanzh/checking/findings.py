"""Findings: what is wrong with a text, and where in the text as it was found."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cleanzh.checking.reasons import reason_of
from cleanzh.document import Cleaned
from cleanzh.edits import Edit, compose, origins
from cleanzh.patterns import lazily

__all__ = ["Finding", "Positions", "find_findings", "fingerprint", "line_spans"]


class Finding(NamedTuple):
    """One finding. ``text[start : start + len(found)] == found``, for the text as it was found, in code points.

    ``before`` becomes ``after``: they are as the filter saw them, which differs from ``found`` where an earlier finding
    lies inside of it, and where a line goes with the line ends around it, which ``found`` leaves out. ``after`` is None
    for what is reported and not changed.

    ``line`` and ``column`` (1 is the first; columns count code points) and their ends (the column behind the last
    character) are those of the file. ``path`` is empty for a text that is in no file; ``field`` names the field of a
    JSON record that holds the text, and ``start`` then counts in the value of that field.
    """

    rule: str
    reason: str
    start: int
    found: str
    before: str = ""
    after: str | None = None
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1
    path: str = ""
    field: str = ""
    severity: str = "error"  # or "warning": told, but nothing fails for it
    context: str = ""  # the line it begins in, without the blanks around it

    @property
    def family(self) -> str:
        return self.rule.partition(".")[0]

    @property
    def fixable(self) -> bool:
        """Whether ``--fix`` changes it."""
        return self.after is not None

    def __str__(self) -> str:
        """``path:line:col: family.rule reason``.

        >>> str(Finding("ads.scan-code", "asks the reader to scan a code", 0, "扫码", line=3, path="a.txt"))
        'a.txt:3:1: ads.scan-code asks the reader to scan a code'
        """
        warning = "warning: " if self.severity == "warning" else ""
        place = f"{self.line}:{self.column}: {self.rule} {warning}{self.reason}"
        return f"{self.path}:{place}" if self.path else place


def fingerprint(path: str, finding: Finding) -> str:
    """What a finding is known by when the lines around it move: its file, rule, quote and line."""
    import hashlib  # for a baseline, and some of the formats

    parts = (path, finding.rule, finding.found, finding.context)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


_LINE_END = lazily("\r\n?|\n")


def line_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the lines of a text begin and end, without their line ends.

    >>> list(line_spans("一\\r\\n二"))
    [(0, 1), (3, 4)]
    """
    start = 0
    for match in _LINE_END.finditer(text):
        yield start, match.start()
        start = match.end()
    if start < len(text) or not text:
        yield start, len(text)


class Positions:
    """Lines and columns of a text, both from 1. A line ends with LF, CR LF or CR, as editors have it.

    >>> Positions("一\\r\\n二三")(4)
    (2, 2)
    """

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(text))]

    def __call__(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def end_of(self, line: int) -> int | None:
        """Where a line ends, its line end included; None for the last."""
        return self._starts[line] if line < len(self._starts) else None


def find_findings(text: str, cleaned: Cleaned) -> list[Finding]:
    """The findings of a text that was cleaned on the record, by position.

    Edits of later steps, and flags, are mapped back through the steps before them.
    """
    found: list[Finding] = []
    before: list[Edit] = []  # leads from the text as found to the text that the step belongs to
    for step in cleaned.steps:
        spans = [(edit.start, edit.start + len(edit.before)) for edit in step.edits]
        for edit, (start, end) in zip(step.edits, _spans_before(spans, before), strict=True):
            found.append(_finding(edit.rule, text, start, end, edit.before, edit.after))
        before = compose(before, step.edits)
    flags = [(flag.start, flag.start + len(flag.text)) for flag in cleaned.flags]
    for flag, (start, end) in zip(cleaned.flags, _spans_before(flags, before), strict=True):
        found.append(_finding(flag.name, text, start, end, flag.text))
    found.sort(key=lambda finding: (finding.start, finding.rule))
    return list(_placed(text, found)) if found else found


def _finding(rule: str, text: str, start: int, end: int, before: str, after: str | None = None) -> Finding:
    quote = text[start:end]
    if bare := quote.strip("\r\n"):
        start, quote = start + quote.index(bare[0]), bare
    return Finding(rule, reason_of(rule), start, quote, before, after)


def _spans_before(spans: Iterable[tuple[int, int]], edits: list[Edit]) -> Iterator[tuple[int, int]]:
    """Where spans (ascending, not overlapping) of the text after ``edits`` stood in the text before them.

    A span that begins or ends inside of what an edit put in takes all that the edit took away.
    """
    spans = list(spans)
    if not edits:
        yield from spans
        return
    starts = origins([start for start, _ in spans], edits)
    for (start, end), first, last in zip(spans, starts, _ends((end for _, end in spans), edits), strict=True):
        yield first, first if start == end else last


def _ends(positions: Iterable[int], edits: Sequence[Edit]) -> Iterator[int]:
    """Where what ends at ``positions`` (ascending) after the edits ended before them."""
    index = shift = 0
    for position in positions:
        while index < len(edits) and position > edits[index].start + shift + len(edits[index].after):
            shift += len(edits[index].after) - len(edits[index].before)
            index += 1
        inside = index < len(edits) and position > edits[index].start + shift
        yield edits[index].end if inside else position - shift


def _placed(text: str, found: Iterable[Finding]) -> Iterator[Finding]:
    position = Positions(text)
    for finding in found:
        line, column = position(finding.start)
        end_line, end_column = position(finding.start + len(finding.found))
        context = text[finding.start - column + 1 : position.end_of(line)].strip()
        yield finding._replace(line=line, column=column, end_line=end_line, end_column=end_column, context=context)
