"""The command line: parse, call the library, print."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

import cleanzh
from cleanzh.cli.check import check
from cleanzh.cli.index import index
from cleanzh.cli.learn import learn
from cleanzh.cli.options import DONE, FAILED, INTERRUPTED, printable
from cleanzh.cli.rules import explain, rules
from cleanzh.cli.run import clean, dedup, diff, restore
from cleanzh.errors import CleanzhError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit; every error that can be foreseen is one line and a code."""
    try:
        code = command.main(arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = FAILED
    except (click.Abort, KeyboardInterrupt):
        click.echo("\ninterrupted; what is finished is whole, and the same command starts again", err=True)
        code = INTERRUPTED
    except CleanzhError as error:
        click.echo(f"Error: {printable(str(error))}", err=True)
        code = FAILED
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = DONE
    except OSError as error:
        where = f"{printable(str(error.filename))}: " if error.filename else ""
        click.echo(f"Error: {where}{error.strerror or error}", err=True)
        code = FAILED
    sys.exit(code if isinstance(code, int) else DONE)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(cleanzh.__version__, prog_name="cleanzh")
def command() -> None:
    """Clean and deduplicate scraped Chinese articles.

    Every change is on record and can be undone; a document that does not come out is set aside with a reason.

    \b
      cleanzh clean articles/ out/        clean a folder
      cleanzh diff articles/             see what would change
      cleanzh check articles/            list what is wrong, and exit with 1 if anything is
      cleanzh restore out/ back/         get the input back, byte for byte
    """


for _command in (check, clean, dedup, diff, explain, index, learn, restore, rules):
    command.add_command(_command)
