"""The command line: parse, call the library, print."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

import click

import cleanzh
from cleanzh.cli.check import check
from cleanzh.cli.config import config
from cleanzh.cli.index import index
from cleanzh.cli.learn import learn
from cleanzh.cli.options import DONE, FAILED, INTERRUPTED, described, printable
from cleanzh.cli.report import report
from cleanzh.cli.rules import explain, rules
from cleanzh.cli.run import clean, dedup, diff, restore
from cleanzh.cli.verify import verify
from cleanzh.errors import CleanzhError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit; every error that can be foreseen is one line and a code."""
    warnings.showwarning = _show
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


def _show(message: Warning | str, *_: Any, **__: Any) -> None:
    """A warning of the library as one of the command."""
    click.echo(f"Warning: {printable(str(message))}", err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
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


for _command in (check, clean, config, dedup, diff, explain, index, learn, report, restore, rules, verify):
    command.add_command(_command)
