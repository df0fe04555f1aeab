"""Rules to look at, to test and to write: cleanzh rules, cleanzh explain."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from cleanzh.cli.check import checks_of
from cleanzh.cli.options import FOUND, cleaning, configuration, configured, names, printable, reading
from cleanzh.errors import UsageError

__all__ = ["explain", "rules"]


@click.group()
def rules() -> None:
    """Look at the rules, test your own, begin a new one."""


_own = click.option("--rules", "files", multiple=True, metavar="FILE", help="Rule files of your own.")


def _known(files: tuple[str, ...]) -> list[Any]:
    from cleanzh.rulebook import builtin, installed, own_rules

    return [*builtin(), *installed(), *own_rules(files)]


@rules.command("list")
@click.argument("prefixes", nargs=-1, metavar="[RULE…]")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@_own
@configured
def list_(prefixes: tuple[str, ...], output_format: str, files: tuple[str, ...]) -> None:
    """List the rules, or those whose names begin with RULE: name, kind, reason.

    safe and unsafe rules are data, an unsafe one runs with --unsafe only; code is a filter's own; what is reported is
    never changed; filter is one of the configuration or of an installed package.
    """
    from cleanzh.plugins import installed_filters, own_filters
    from cleanzh.report.rules import as_json, listing

    filters = (*installed_filters(), *own_filters(configuration().get("filters")))
    chosen = names(prefixes)
    if output_format == "json":
        click.echo(as_json(_known(files), filters, chosen))
        return
    for line in listing(_known(files), filters, chosen):
        click.echo(line)


@rules.command()
@click.argument("rule")
@_own
@configured
def show(rule: str, files: tuple[str, ...]) -> None:
    """Show what a rule looks for, why, what it finds and leaves, and what it was before.

    \b
      cleanzh rules show ads.scan-code
    """
    import difflib

    from cleanzh.checking.reasons import reasons
    from cleanzh.report.rules import sheet
    from cleanzh.rulebook.history import old_names

    known = _known(files)
    renamed = old_names(known)
    if rule in renamed:
        click.echo(f"{rule} is called {renamed[rule]} now")
        rule = renamed[rule]
    lines = list(sheet(rule, known))
    if not lines:
        close = difflib.get_close_matches(rule, [*reasons(), *(one.name for one in known)], n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "cleanzh rules list has their names"
        raise UsageError(f"no rule {rule!r}; {hint}")
    for line in lines:
        click.echo(printable(line))


@rules.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--strict", is_flag=True, help="A clause without a near miss fails, too.")
def test(files: tuple[str, ...], strict: bool) -> None:
    """Test rule files as the built-in ones are tested, and say which clause of a pattern has no near miss.

    Exit code 1 if a rule does not do what its table says.
    """
    from cleanzh.rulebook import load
    from cleanzh.rulebook.trial import problems, unguarded

    failed = count = 0
    for file in files:
        for rule in load(file):
            count += 1
            wrong = list(problems(rule))
            idle = [] if wrong else unguarded(rule)
            for problem in wrong:
                click.echo(printable(f"{file}: {rule.name}: {problem}"))
            for clause in idle:
                near_miss = "no near miss; add a line to must_not_match that only this clause keeps"
                click.echo(printable(f"{file}: {rule.name}: note: {clause}: {near_miss}"))
            failed += bool(wrong or (strict and idle))
    click.echo(f"{count} {'rule' if count == 1 else 'rules'}, {failed} failed")
    if failed:
        sys.exit(FOUND)


@rules.command()
@click.argument("file")
@click.argument("name")
@click.option("--line", "lines", multiple=True, metavar="TEXT", help="A line that it takes.")
def new(file: str, name: str, lines: tuple[str, ...]) -> None:
    """Add the table of a new rule NAME, to be filled in, to the rule file FILE; its name is the family.

    \b
      cleanzh rules new ours.toml morning-paper --line 订阅晨报，每天早上送到您家
    """
    import re

    from cleanzh.report.rules import skeleton

    path = Path(file)
    for what, value in (("the name of the file", path.stem), ("NAME", name)):
        if not re.fullmatch("[a-z][a-z0-9]*(?:-[a-z0-9]+)*", value):
            raise click.UsageError(f"{what} must be lower-case kebab-case, such as morning-paper, not {value!r}")
    if path.suffix != ".toml":
        raise click.UsageError(f"{file}: a rule file ends in .toml")
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    if f'id = "{name}"' in there:
        raise UsageError(f"{file}: has a rule {name!r}")
    path.write_text(f"{there.rstrip()}\n\n{skeleton(name, lines)}".lstrip(), encoding="utf-8")
    click.echo(f"{file}: fill in {path.stem}.{name}, near misses first; then: cleanzh rules test {file}")


@click.command()
@click.argument("place", metavar="FILE:LINE")
@cleaning
@click.option("--unsafe", is_flag=True, help="Use unsafe rules too.")
@reading
@configured
def explain(place: str, **options: Any) -> None:
    """Tell what would happen to a line, step by step, why, and which rules came close.

    \b
      cleanzh explain articles/a.txt:12
    """
    from cleanzh.checking.line_story import tell_line
    from cleanzh.report.line_story import told

    path, _, number = place.rpartition(":")
    if not path or not number.isdecimal() or not int(number):
        raise click.UsageError(f"{place}: give a file and a line, such as a.txt:12")
    checks = checks_of(options)
    for story in tell_line(path, int(number), checks, form=options["form"]):
        for line in told(*story):
            click.echo(printable(line))
