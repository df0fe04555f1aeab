"""The story of a line for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import click

from cleanzh.checking.findings import Finding
from cleanzh.report.terminal import visible

__all__ = ["told"]

_NEAR = 8  # rules that came close are shown


def told(
    place: str,
    line: str,
    steps: Sequence[tuple[str, str]],
    findings: Sequence[Finding],
    near: Sequence[tuple[str, str]],
    reason: str | None,
) -> Iterator[str]:
    """A line as found, after each step, why, and what came close: the parts of a ``LineStory``."""
    yield click.style(place, bold=True)
    yield f"  {visible(line)}"
    for filter_, after in steps:
        yield click.style(filter_, fg="cyan")
        yield f"  {visible(after) if after else '(nothing is left of it)'}"
    if reason:
        yield f"the document would be set aside: {reason}"
    elif not steps:
        yield "nothing changes"
    counts = Counter((finding.rule, finding.reason) for finding in findings)
    if counts:
        yield "why"
        for (rule, reason), count in counts.items():
            yield f"  {rule}{f' (×{count})' if count > 1 else ''}: {reason}"
    if near:
        yield "came close"
        yield from (f"  {rule}: {kept}" for rule, kept in near[:_NEAR])
        if len(near) > _NEAR:
            yield f"  and {len(near) - _NEAR} more"
