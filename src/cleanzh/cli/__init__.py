"""The command line: parse, call the library, print."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

import cleanzh
from cleanzh.cli.options import DONE, FAILED, INTERRUPTED, described, printable
from cleanzh.errors import CleanzhError

__all__ = ["command_line", "main"]

_CYCLES = 50_000
"""Objects made between two searches for cycles: to search as often as Python does takes a tenth of a small run."""

_MODULES = {
    "check": "check",
    "clean": "run",
    "config": "config",
    "dedup": "run",
    "diff": "run",
    "explain": "rules",
    "index": "index",
    "learn": "learn",
    "report": "report",
    "restore": "run",
    "rules": "rules",
    "verify": "verify",
}


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit; every error that can be foreseen is one line and a code."""
    warnings.showwarning = _show
    gc.set_threshold(_CYCLES, *gc.get_threshold()[1:])
    try:
        colour = False if os.environ.get("NO_COLOR") else None  # https://no-color.org
        code = command.main(arguments, standalone_mode=False, color=colour)
    except click.ClickException as error:
        error.show()
        code = FAILED
    except (click.Abort, KeyboardInterrupt):
        click.echo("\ninterrupted", err=True)
        code = INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = DONE
    except (CleanzhError, OSError) as error:
        click.echo(f"Error: {described(error)}", err=True)
        code = FAILED
    sys.exit(code if isinstance(code, int) else DONE)


def command_line() -> NoReturn:
    """:func:`main` as a process of its own: to take down all that is loaded would take a tenth of a second."""
    try:
        main()
    except SystemExit as end:
        atexit._run_exitfuncs()
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:
            os._exit(FAILED)
        os._exit(end.code if isinstance(end.code, int) else FAILED)


def _show(message: Warning | str, *_: Any, **__: Any) -> None:
    """A warning of the library as one of the command."""
    click.echo(f"Warning: {printable(str(message))}", err=True)


class _Commands(click.Group):
    """Of its commands, the one that is asked for is imported."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.commands.update(dict.fromkeys(_MODULES, self))  # their names; what they are comes from below

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULES:
            return None
        made: click.Command = getattr(import_module(f"{__name__}.{_MODULES[cmd_name]}"), cmd_name)
        return made


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(cleanzh.__version__, prog_name="cleanzh")
def command() -> None:
    """Clean and deduplicate scraped Chinese articles.

    Every change is on record and can be undone; a document that does not come out is set aside with a reason.

    \b
      cleanzh clean articles/ out/        clean a folder
      cleanzh diff articles/             see what would change
      cleanzh check articles/            list what is wrong, and exit with 1 if anything is
      cleanzh report out/               see what a run did, as a page or on the terminal
      cleanzh restore out/ back/         get the input back, byte for byte
      cleanzh verify out/                recount that nothing is lost
    """
