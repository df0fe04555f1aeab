"""What would happen to one line of a file, step by step, and which rules came close to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from cleanzh.checking.checks import Checks
from cleanzh.checking.files import Checked, check_files, files_of
from cleanzh.checking.findings import Finding, line_spans
from cleanzh.edits import Edit, compose
from cleanzh.errors import UsageError
from cleanzh.rulebook import Rule, builtin
from cleanzh.shadow import shadow

__all__ = ["LineStory", "NearMiss", "tell_line"]


class NearMiss(NamedTuple):
    """A rule that looked at the line and left it, and what kept it."""

    rule: str
    kept_by: str


class LineStory(NamedTuple):
    """A line as found, what each step makes of it, all that was found in it, and what came close."""

    place: str
    line: str
    steps: list[tuple[str, str]]  # filter, the line after it
    findings: list[Finding]
    near: list[NearMiss]
    reason: str | None  # why the whole document would be set aside


def tell_line(path: str | Path, number: int, checks: Checks, *, form: str = "auto") -> Iterator[LineStory]:
    """The story of line ``number`` of a file; of a JSON line, of each line of its text that changes.

    Raises :class:`UsageError` if the file has no such line.
    """
    sources, _ = files_of([path], form=form)
    found = False
    for checked in check_files(sources, checks):
        record = checked.record
        if record.line is not None and not record.line <= number < record.line + _lines(record.raw):
            continue
        text = record.text or ""
        for position, (start, end) in enumerate(line_spans(text), 1):
            inside = [f for f in checked.findings if f.start <= end and f.start + len(f.found) >= start]
            if position == number if record.line is None else inside or not text:
                found = True
                yield _story(checked, start, end, position, [f for f in inside if _touches(f, start, end)])
        if record.line is not None and not found:
            found = True
            yield _story(checked, 0, 0, 1, checked.findings)
    if not found:
        raise UsageError(f"{path}: has no line {number}")


def _lines(raw: bytes) -> int:
    """How many lines of its file a record stands on: one of a table, or of a JSON file, may have several."""
    return max(1, raw.count(b"\n") + (not raw.endswith(b"\n")))


def _touches(finding: Finding, start: int, end: int) -> bool:
    stop = finding.start + len(finding.found)
    return (
        start <= finding.start <= end if stop == finding.start else finding.start < max(end, start + 1) and stop > start
    )


def _story(checked: Checked, start: int, end: int, position: int, findings: list[Finding]) -> LineStory:
    text = checked.record.text or ""
    steps: list[tuple[str, str]] = []
    edits: list[Edit] = []
    now = text[start:end]
    if checked.cleaned is not None and checked.reason is None:
        for step in checked.cleaned.steps:
            edits = compose(edits, step.edits)
            before, now = now, _image(text, start, end, edits)
            if now != before:
                steps.append((step.filter, now))
    place = checked.name if checked.record.line is not None else f"{checked.path}:{position}"
    if checked.record.line is not None and position > 1:
        place += f", line {position} of the text"
    near = list(_near(text[start:end], {finding.rule for finding in findings}, builtin()))
    return LineStory(place, text[start:end], steps, findings, near, checked.reason)


def _image(text: str, start: int, end: int, edits: Sequence[Edit]) -> str:
    """What became of ``text[start:end]``; what an edit puts in belongs to the line in which it begins."""
    parts: list[str] = []
    position = start
    for edit in edits:
        if edit.end < start or edit.start > end or (edit.end == start and edit.before):
            continue
        parts.append(text[position : max(position, edit.start)])
        if edit.start >= start:
            parts.append(edit.after)
        position = max(position, edit.end)
    parts.append(text[position:end])
    return "".join(parts).strip("\r\n")


def _near(line: str, hit: set[str], rules: Iterable[Rule]) -> Iterator[NearMiss]:
    """Rules whose literal is in the line, and what of them it did not fit."""
    seen = shadow(line.strip()).text
    for rule in rules:
        if rule.name in hit or not any(literal in seen for literal in rule.needs):
            continue
        if rule.matches(line):
            kept = f"it looks at the {rule.zone} of a document only, or another rule took the line"
            yield NearMiss(
                rule.name, kept if rule.zone != "any" else "another rule took the line, or it is not selected"
            )
        elif rule.max_length is not None and replace(rule, max_length=None).matches(line):
            yield NearMiss(rule.name, f"the line is longer than {rule.max_length} characters")
        else:
            literal = next(literal for literal in rule.needs if literal in seen)
            yield NearMiss(rule.name, f"「{literal}」 is there, and the rest of its pattern is not")
