"""A run for a terminal: the table of ``clean``, the largest removals, what came close, duplicates, single documents.

A change stands in its sentence as ``[-what went-]`` and ``{+what came+}``, so that it reads without colour.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleanzh import ledger
from cleanzh.report.html.stories import Line
from cleanzh.report.terminal import columns, summary_table, visible

if TYPE_CHECKING:
    from cleanzh.report.html.collect import DocumentView, Report

__all__ = ["told"]

_RULES, _NEAR, _CLUSTERS = 10, 6, 10
_NEAR_WORDS = {
    "length": "longer than {}",
    "unless": "「{}」 is there, too, which the rule leaves alone",
    "zone": "looks at the {} only",
}
_LONGEST = 60  # characters of a change that are shown


def told(report: Report, out: Path) -> Iterator[str]:
    """The report, line by line."""
    if report.alone:
        for view in report.documents:
            yield from _document(view)
        yield from _duplicates(report)
        return
    yield summary_table(report.summary, f"{out / ledger.FOLDER}{os.sep}")
    yield from _largest(report)
    yield from _near(report)
    yield from _duplicates(report)


def _largest(report: Report) -> Iterator[str]:
    rules = [rule for rule in report.rules if rule.count.longest > 0 and rule.examples][:_RULES]
    if not rules:
        return
    yield "\n" + click.style("largest removals", bold=True) + ", one a rule: where harm hides"
    width = max(len(rule.name) for rule in rules)
    for rule in rules:
        example = rule.examples[0]
        yield f"{rule.name:<{width}}  {rule.count.longest:>6,}  {visible(example.document)}"
        left = " ".join(example.left.split("\n")[-1:])
        right = " ".join(example.right.split("\n")[:1])
        yield f"  {visible(left)}{_change(example.before, example.after)}{visible(right)}"


def _near(report: Report) -> Iterator[str]:
    near = [(rule.name, miss) for rule in report.rules for miss in rule.near if miss.kept_by in _NEAR_WORDS]
    if near:
        yield "\n" + click.style("came close, kept", bold=True)
        for name, miss in near[:_NEAR]:
            why = _NEAR_WORDS[miss.kept_by].format(visible(miss.detail))
            yield f"{name}  {visible(miss.document)}  ({why})"
            yield f"  {visible(_short(miss.line))}"


def _duplicates(report: Report) -> Iterator[str]:
    pairs = [(view, pair) for view in report.clusters for pair in view.pairs]
    if not pairs:
        return
    yield "\n" + click.style("duplicates", bold=True) + ", the least similar first"
    rows = [("similarity", "containment", "copies", "kept", "set aside")]
    for view, pair in pairs[:_CLUSTERS]:
        rows.append(
            (
                "" if pair.similarity is None else f"{pair.similarity:.3f}",
                "" if pair.containment is None else f"{pair.containment:.3f}",
                f"{view.cluster.size - 1:,}",
                visible(_short(view.cluster.kept)),
                visible(_short(pair.id)),
            )
        )
    yield columns(rows)


def _document(view: DocumentView) -> Iterator[str]:
    yield click.style(visible(view.id), bold=True)
    facts = [*view.metadata.items(), ("charset", view.encoding)]
    if view.reason:
        facts.append(("set aside", view.reason + (f", kept instead: {view.kept}" if view.kept else "")))
    facts += [(name, f"{left}「{marked}」{right}") for name, left, marked, right in view.flags]
    yield columns([(f"  {key}", visible(_short(value))) for key, value in facts])
    if view.problem:
        yield f"  the text can not be shown: {visible(view.problem)}"
    for line in view.lines:
        if isinstance(line, Line) and line.changed:
            yield from _line(line)


def _line(line: Line) -> Iterator[str]:
    rules = dict.fromkeys(rule for piece in line.pieces for rule in piece.rules)
    yield f"{line.number}  " + click.style(", ".join(rules), fg="cyan")
    parts: list[str] = []
    for piece in line.pieces:
        if piece.hidden:
            parts.append(f"…{piece.hidden:,}…")
        elif piece.rules:
            parts.append(_change(piece.before, piece.after, room=400))
        else:
            parts.append(visible(piece.before))
    yield f"  {''.join(parts)}"


def _change(before: str, after: str, *, room: int = _LONGEST) -> str:
    went = click.style(f"[-{visible(_short(before, room))}-]", fg="red") if before else ""
    came = click.style(f"{{+{visible(_short(after, room))}+}}", fg="green") if after else ""
    return went + came


def _short(text: str, room: int = _LONGEST) -> str:
    text = text.replace("\r", "").replace("\n", "⏎")
    return text if len(text) <= room else f"{text[: room // 2]}…{text[-(room // 2) :]}"
