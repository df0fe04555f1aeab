"""Tables and differences for a terminal: readable without colour, aligned with double-width characters."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from cleanzh.document import Cleaned
from cleanzh.edits import Edit, compose, origins
from cleanzh.patterns import lazily

__all__ = ["amount", "columns", "differences", "rule_table", "summary_table", "visible"]

_CONTEXT = 24  # characters shown around a change in a long line


def summary_table(summary: Mapping[str, Any], out: str) -> str:
    """The end of ``clean``: what came in and out, edits by rule, what was set aside and why.

    ``summary`` is what ``summary.json`` holds.
    """
    documents, characters, run = summary["documents"], summary["characters"], summary["throughput"]
    head = [
        ("documents", f"{documents['in']:,} in", f"{documents['out']:,} out", f"{documents['set_aside']:,} set aside"),
        ("characters", f"{characters['in']:,} in", f"{characters['out']:,} out", ""),
    ]
    blocks = [columns(head)]
    rows: list[tuple[str, ...]]
    if summary["rules"]:
        rows = [("edits by rule", "edits", "documents", "characters removed")]
        rows += [
            (rule, f"{count['edits']:,}", f"{count['documents']:,}", f"{count['characters_removed']:,}")
            for rule, count in sorted(summary["rules"].items())
        ]
        blocks.append(columns(rows, numbers=3))
    tables = (("set aside", "documents", "set_aside"), ("flags (reported, not changed)", "times", "flags"))
    for title, counted, key in tables:
        if summary[key]:
            named = {name: ", ".join(ids[:1]) for name, ids in summary["examples"][key].items()}
            rows = [(title, counted, "such as")]
            rows += [(name, f"{count:,}", visible(named.get(name, ""))) for name, count in summary[key].items()]
            blocks.append(columns(rows, numbers=1))
    if summary["skipped"]:
        names = [visible(f"  {skipped['name']}: {skipped['why']}") for skipped in summary["skipped"][:5]]
        more = len(summary["skipped"]) - len(names)
        blocks.append("\n".join(["not read", *names, *([f"  and {more:,} more, see summary.json"] if more else [])]))
    took = [f"{run['seconds']:.1f} s", f"{amount(run['bytes'] / run['seconds'])}/s" if run["seconds"] else ""]
    took += ["1 job" if run["jobs"] == 1 else f"{run['jobs']} jobs"]
    took += [f"{amount(max(run['peak_memory'].values()))} of memory" if run.get("peak_memory") else ""]
    blocks.append(f"{', '.join(filter(None, took))}; the record of every change is in {out}; report.html shows it")
    return "\n\n".join(blocks)


def amount(size: float) -> str:
    """Bytes as people say them.

    >>> [amount(size) for size in (0, 412, 6_149, 75_600, 999_960, 2_000_000, 31_200_000_000)]
    ['0 B', '412 B', '6.1 KB', '76 KB', '1.0 MB', '2.0 MB', '31 GB']
    """
    unit, *larger = "B", "KB", "MB", "GB"
    while size >= 999.5 and larger:
        size, unit = size / 1000, larger.pop(0)
    return f"{size:.1f} {unit}" if size < 9.95 and unit != "B" else f"{size:,.0f} {unit}"


def rule_table(counts: Mapping[str, int]) -> str:
    """Edits by rule, most first.

    >>> print(rule_table({"ads.qr-code": 1, "pinyin.note": 12}))
    edits by rule
    pinyin.note    12
    ads.qr-code     1
    """
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return columns([("edits by rule", ""), *((rule, f"{count:,}") for rule, count in order)], numbers=1)


def differences(name: str, text: str, cleaned: Cleaned) -> Iterator[str]:
    """What would change in a document, line by line: where, by which rules, before and after.

    ``text`` is the document as found. Changed spans are coloured; without colour, ``-`` and ``+`` tell.
    """
    edits: list[Edit] = []
    rules: list[tuple[int, str]] = []  # where in the text as found a rule has changed something
    for step in cleaned.steps:
        starts = origins((edit.start for edit in step.edits), edits)
        rules += zip(starts, (edit.rule for edit in step.edits), strict=True)
        edits = compose(edits, step.edits)
    rules.sort()
    index = line = counted = 0
    for group in _by_line(text, edits):
        start = text.rfind("\n", 0, group[0].start) + 1
        stop = text.find("\n", group[-1].end)
        stop = len(text) if stop < 0 else stop
        line, counted = line + text.count("\n", counted, start), start
        found: Counter[str] = Counter()
        while index < len(rules) and rules[index][0] <= stop:
            found[rules[index][1]] += 1
            index += 1
        named = ", ".join(rule if count == 1 else f"{rule} ×{count}" for rule, count in sorted(found.items()))
        yield click.style(visible(f"{name}:{line + 1}"), bold=True) + f"  {named}"
        yield from _sides(text, start, stop, group)


def _by_line(text: str, edits: Sequence[Edit]) -> Iterator[list[Edit]]:
    """The edits in groups that share a line of the text as found."""
    group: list[Edit] = []
    for edit in edits:
        if group and "\n" in text[group[-1].end : edit.start]:
            yield group
            group = []
        group.append(edit)
    if group:
        yield group


def _sides(text: str, start: int, stop: int, group: Sequence[Edit]) -> Iterator[str]:
    old, new, position = "", "", start
    for edit in group:
        same = visible(_shortened(text[position : edit.start], first=position == start))
        old += same + _styled(edit.before, "red")
        new += same + _styled(edit.after, "green")
        position = edit.end
    rest = text[position:stop]
    rest = visible(rest if len(rest) <= _CONTEXT else rest[:_CONTEXT] + "…")
    for sign, side in (("-", old + rest), ("+", new + rest)):
        for row in side.split("\n"):
            if row or sign == "-":
                yield f"{sign} {row}"


def _shortened(same: str, *, first: bool) -> str:
    if len(same) <= 2 * _CONTEXT + 1:
        return same
    return f"…{same[-_CONTEXT:]}" if first else f"{same[:_CONTEXT]}…{same[-_CONTEXT:]}"


# What a terminal would obey or not show; a document must not be able to move the cursor or hide text.
_CONTROL = lazily("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def visible(text: str) -> str:
    """``text`` with what a terminal would obey or not show spelt out."""
    return _CONTROL.sub(lambda match: f"⟨{ord(match[0]):04X}⟩", text)


def _styled(text: str, colour: str) -> str:
    return "\n".join(click.style(visible(row), fg=colour) if row else "" for row in text.split("\n"))


def columns(rows: Sequence[Sequence[str]], *, numbers: int = 0) -> str:
    """Rows as aligned columns; after the first so many hold ``numbers``, which stand to the right."""
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = []
        for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - _width(cell))
            cells.append(space + cell if 0 < column <= numbers else cell + space)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _width(text: str) -> int:
    """Columns that a text takes; East Asian wide characters take two, marks that combine none.

    >>> _width("规则 rule"), _width("e\u0301")
    (9, 1)
    """
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
