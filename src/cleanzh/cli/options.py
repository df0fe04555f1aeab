"""What the commands share: options, what they mean, exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleanzh.errors import UsageError

if TYPE_CHECKING:
    from cleanzh.configuration import Configuration

__all__ = [
    "cleaning",
    "comparing",
    "configuration",
    "configured",
    "described",
    "keep_input",
    "keeping",
    "key_of",
    "names",
    "printable",
    "reading",
    "running",
    "together",
]

DONE, FOUND, FAILED, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: done, ``check`` found something, usage or input or output is wrong, stopped by Ctrl-C."""

SCRIPTS = ("simplified", "traditional", "taiwan", "hongkong", "keep")

FORMATS = ("txt", "md", "jsonl", "json", "csv", "tsv", "parquet", "html", "warc")

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
                 help="Field or column that holds the text of a record; a.b is field b of field a."),
    click.option("--format", "form", type=click.Choice(["auto", *FORMATS]), default="auto", show_default=True,
                 metavar="FORMAT", help=f"What the files are: {', '.join(FORMATS)}; auto goes by their names."),
)
keeping = together(
    click.option("--id-field", metavar="NAME", help="Field or column that holds the id of a record.  [default: file "
                 "and number]"),
    click.option("--max-document-bytes", type=click.IntRange(min=1), default=64 << 20, show_default=True, metavar="N",
                 help="Set larger documents aside, without holding them in memory."),
    click.option("--to", type=click.Choice(["jsonl", "parquet"]),
                 help="One collection in OUT, of all documents.  [default: each file in its own form]"),
)
cleaning = together(
    click.option("--script", type=click.Choice(SCRIPTS), default="simplified", show_default=True,
                 help="Script of the output; keep leaves every line in its own."),
    click.option("--select", multiple=True, metavar="RULE,…",
                 help="Use these rules only: a family (ads) or the beginning of a rule's name (ads.follow)."),
    click.option("--ignore", multiple=True, metavar="RULE,…", help="Do not use these rules."),
    click.option("--rules", multiple=True, metavar="FILE", help="Rule files of your own, beside the built-in rules."),
    click.option("--max-removed", type=click.FloatRange(0, 1), default=0.5, show_default=True, metavar="SHARE",
                 help="A document that removals would take more of is left whole, and flagged; 1: no limit."),
)
comparing = together(
    click.option("--threshold", type=click.FloatRange(0.1, 1.0), default=0.7, show_default=True,
                 help="Jaccard similarity of character 5-grams from which two documents are near duplicates."),
    click.option("--containment", type=click.FloatRange(0.1, 1.0),
                 help="Also set aside a document of which this share lies inside another, such as an excerpt."),
    click.option("--keep", multiple=True, default=["cleanest,earliest,longest"], show_default=True, metavar="POLICY,…",
                 help="Which of near duplicates stays: cleanest, earliest, longest, first."),
    click.option("--index", metavar="FOLDER",
                 help="Compare with what earlier runs kept, and remember what this run keeps; made if not there."),
)
running = together(
    click.option("--jobs", "-j", type=click.IntRange(min=1), help="Processes.  [default: one a core, if it pays]"),
    click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True,
                 help="Where the work runs: processes of this machine, or a Ray cluster (extra cleanzh[ray])."),
    click.option("--ray-address", metavar="HOST:PORT",
                 help="A running Ray cluster; auto is the one of this machine.  [default: one is started here]"),
    click.option("--resume", is_flag=True, help="Go on with a run that was stopped; without one, begin."),
    click.option("--overwrite", is_flag=True, help="Replace what another run, or one that was stopped, left in OUT."),
    click.option("--progress", type=click.Choice(["auto", "bar", "plain", "none"]), default="auto", show_default=True,
                 help="plain tells a line every half minute; auto is a bar on a terminal, and nothing elsewhere."),
    click.option("--log-json", is_flag=True, help="Tell progress, warnings and the end as JSON lines on stderr."),
)
# fmt: on


def keep_input(folder: Path, form: str) -> Path:
    """Standard input as a file in ``folder``, named for what it is."""
    import shutil

    from cleanzh.compression import COMPRESSIONS, compression_of

    stream = sys.stdin.buffer
    head = stream.read(64)
    packed = compression_of(head)
    suffix = next((suffix for suffix, name in COMPRESSIONS.items() if name == packed), "")
    path = folder / f"stdin.{'txt' if form == 'auto' else form}{suffix}"
    with path.open("wb") as file:
        file.write(head)
        shutil.copyfileobj(stream, file)
    return path


def configured(command: Callable[..., Any]) -> Callable[..., Any]:
    """The decorator of a command whose options may stand in a configuration; the last one, above the others."""
    return click.option(
        "--config",
        metavar="FILE",
        is_eager=True,
        expose_value=False,
        callback=_configure,
        help="Configuration.  [default: cleanzh.toml or pyproject.toml, here or above]",
    )(command)


_FOUND = "cleanzh.configuration"


def configuration() -> Configuration:
    """The configuration of the command that runs."""
    found: Configuration = click.get_current_context().meta[_FOUND]
    return found


def key_of(option: click.Parameter) -> str:
    """The key that stands for an option: its long name."""
    return max(option.opts, key=len).removeprefix("--")


def _configure(context: click.Context, _: click.Parameter, file: str | None) -> None:
    """Make what the configuration says the defaults of the command's options."""
    from cleanzh.configuration import find_configuration, load_configuration

    found = load_configuration(Path(file)) if file else find_configuration(Path())
    context.meta[_FOUND] = found
    context.default_map = defaults = {}
    for option in context.command.params:
        key = key_of(option)
        if option.name is None or key not in found.values:
            continue
        defaults[option.name] = found.values[key]
        try:
            option.type_cast_value(context, found.values[key])
        except click.BadParameter as error:
            raise UsageError(f"{found.place(key)}: {key}: {error.message}") from error


def names(values: Sequence[str]) -> tuple[str, ...]:
    """Names of an option that may be given again and may hold a list with commas."""
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


def described(error: Exception) -> str:
    """An error in one line: of the system, with the file it is about."""
    if not isinstance(error, OSError):
        return printable(str(error))
    where = f"{printable(str(error.filename))}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


def printable(text: str) -> str:
    """File names may hold bytes that are no text."""
    return text.encode("utf-8", "replace").decode("utf-8")
