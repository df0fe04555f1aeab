"""What the commands share: options, what they mean, exit codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

__all__ = ["cleaning", "comparing", "names", "printable", "reading", "running", "together"]

DONE, FOUND, FAILED, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: done, ``check`` found something, usage or input or output is wrong, stopped by Ctrl-C."""

SCRIPTS = ("simplified", "traditional", "taiwan", "hongkong", "keep")

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def together(*options: Decorator) -> Decorator:
    """One decorator for several options."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


# fmt: off
reading = together(
    click.option("--text-field", default="text", show_default=True, metavar="NAME",
                 help="Field of a JSON record that holds the text; a.b is field b of field a."),
    click.option("--format", "form", type=click.Choice(["auto", "txt", "jsonl"]), default="auto", show_default=True,
                 help="What the files are; auto goes by their names."),
)
cleaning = together(
    click.option("--script", type=click.Choice(SCRIPTS), default="simplified", show_default=True,
                 help="Script of the output; keep leaves every line in its own."),
    click.option("--select", multiple=True, metavar="RULE,…",
                 help="Use these rules only: a family (ads) or the beginning of a rule's name (ads.follow)."),
    click.option("--ignore", multiple=True, metavar="RULE,…", help="Do not use these rules."),
    click.option("--rules", multiple=True, metavar="FILE", help="Rule files of your own, beside the built-in rules."),
)
comparing = together(
    click.option("--threshold", type=click.FloatRange(0.1, 1.0), default=0.7, show_default=True,
                 help="Jaccard similarity of character 5-grams from which two documents are near duplicates."),
    click.option("--containment", type=click.FloatRange(0.1, 1.0),
                 help="Also set aside a document of which this share lies inside another, such as an excerpt."),
    click.option("--keep", default="cleanest,earliest,longest", show_default=True, metavar="POLICY,…",
                 help="Which of near duplicates stays: cleanest, earliest, longest, first."),
    click.option("--index", metavar="FOLDER",
                 help="Compare with what earlier runs kept, and remember what this run keeps; made if not there."),
)
running = together(
    click.option("--jobs", "-j", type=click.IntRange(min=1), help="Processes.  [default: one a core, if it pays]"),
    click.option("--overwrite", is_flag=True, help="Replace what an earlier run on another input left in OUT."),
)
# fmt: on


def names(values: Sequence[str]) -> tuple[str, ...]:
    """Names of an option that may be given again and may hold a list with commas."""
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


def printable(text: str) -> str:
    """File names may hold bytes that are no text."""
    return text.encode("utf-8", "replace").decode("utf-8")
