"""The configuration to look at: cleanzh config."""

from __future__ import annotations

from typing import Any

import click

from cleanzh.cli.check import check
from cleanzh.cli.learn import learn
from cleanzh.cli.options import configuration, configured, key_of, printable
from cleanzh.cli.rules import explain
from cleanzh.cli.run import clean, dedup, diff

__all__ = ["CONFIGURABLE", "config"]

CONFIGURABLE = (clean, dedup, diff, learn, explain, check)
"""The commands whose options may stand in a configuration."""


@click.group()
def config() -> None:
    """Look at the configuration: cleanzh.toml, or [tool.cleanzh] in pyproject.toml, here or above."""


@config.command()
@click.option("--json", "as_json", is_flag=True, help="As a JSON object: each key with its value and where it is from.")
@configured
def show(as_json: bool, **options: Any) -> None:
    """Show the value of every key, and where it comes from: the default, a line of a file, or the command line.

    Takes the options of the commands, so that a call can be looked at before it is made.

    \b
      cleanzh config show
      cleanzh config show --script taiwan --ignore ads
      cleanzh config show --config other.toml --json
    """
    from cleanzh.configuration import BY_PATTERN, KEYS

    found, context = configuration(), click.get_current_context()
    standing_for = {key_of(option): option.name for option in context.command.params}
    rows: dict[str, tuple[Any, str]] = {}
    for key in sorted(KEYS):
        name = standing_for.get(key)
        value = found.values.get(key) if name is None else options[name]
        if name and context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            rows[key] = value, "command line"
        else:
            rows[key] = value, found.place(key) if key in found.values else "default"
    if as_json:
        import json
        from dataclasses import asdict

        values = {
            key: {"value": dict(value or ()) if KEYS[key] is BY_PATTERN else value, "from": place}
            for key, (value, place) in rows.items()
        }
        click.echo(json.dumps(values, ensure_ascii=False, indent=2, default=asdict))  # a filter has fields
        return
    click.echo(printable(f"{found.file or f'no cleanzh.toml in {found.root.resolve()} or above'}\n"))
    shown = [(key, _shown(value), place) for key, (value, place) in rows.items()]
    wide = max(len(value) for _, value, _ in shown)
    for key, value, place in shown:
        click.echo(printable(f"{key:<18}{value:<{min(wide, 50)}}  {place}"))


def _shown(value: Any) -> str:
    """A value as a configuration has it."""
    import json

    if value is None or value == ():
        return "-"
    if isinstance(value, tuple):
        return ", ".join(
            _shown(item) if isinstance(item, tuple) else getattr(item, "call", str(item)) for item in value
        )
    return json.dumps(value) if isinstance(value, bool) else str(value)


_options: dict[str, click.Parameter] = {}
for _command in CONFIGURABLE:
    for _option in _command.params:
        _options.setdefault(key_of(_option), _option)
show.params += [option for key, option in _options.items() if key not in {*map(key_of, show.params), "paths", "place"}]
