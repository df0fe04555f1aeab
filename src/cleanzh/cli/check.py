"""The data check: cleanzh check."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleanzh.cli.options import FOUND, cleaning, names, printable, reading

if TYPE_CHECKING:
    from cleanzh.checking import Checked, Checks
    from cleanzh.configuration import Configuration
    from cleanzh.readers import Source

__all__ = ["check", "checks_of", "configuration_of"]

FORMATS = ("text", "json", "github", "sarif", "junit")


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--fix", is_flag=True, help="Write what can be fixed to the same files.")
@click.option("--diff", is_flag=True, help="Show what would change instead of findings.")
@click.option(
    "--output-format", type=click.Choice(FORMATS), default="text", show_default=True, help="How findings are printed."
)
@click.option("--statistics", is_flag=True, help="Print how often each rule found something instead of findings.")
@cleaning
@click.option("--warn", multiple=True, metavar="RULE,…", help="Tell what these rules find, and do not fail for it.")
@click.option("--unsafe", is_flag=True, help="Use unsafe rules too, which take good text now and then.")
@click.option(
    "--baseline", metavar="FILE", help="Tell only what is not in FILE; if there is none, record what is found now."
)
@click.option("--duplicates", is_flag=True, help="Find near duplicates among the documents too.")
@click.option("--index", metavar="PATH", help="Find near duplicates of what an index of earlier runs holds too.")
@click.option("--max-bytes", type=click.IntRange(min=1), metavar="N", help="Leave larger files out.")
@reading
@click.option("--jobs", "-j", type=click.IntRange(min=1), help="Processes.  [default: one a core, if it pays]")
@click.option(
    "--config", metavar="FILE", help="Configuration.  [default: cleanzh.toml or pyproject.toml, here or above]"
)
def check(paths: tuple[str, ...], **options: Any) -> None:
    """List what is wrong in files and folders; nothing is written without --fix.

    A finding is a line path:line:column: rule reason, by its place in the file as it is. Exit code 0: nothing found,
    or all of it fixed; 1: findings; 2: something is wrong with paths, options or configuration.

    \b
      cleanzh check articles/
      cleanzh check data/ --select ads,pinyin --output-format github
      cleanzh check a.jsonl --text-field content --fix
    """
    from cleanzh.checking import check_files, files_of, fix_files, with_duplicates

    if options["fix"] and options["diff"]:
        raise click.UsageError("--fix writes, --diff only shows; choose one")
    config = configuration_of(options)
    checks = checks_of(options, config)
    largest = options["max_bytes"] or config.max_bytes
    if "-" in paths:
        checked = _check_stdin(paths, checks, options)
    else:
        largest = options["max_bytes"] or config.max_bytes
        sources, skipped = files_of(
            paths, form=options["form"], max_bytes=largest, exclude=config.exclude, root=config.root
        )
        for one in skipped:
            if not one.why.startswith("not one of"):
                click.echo(f"Warning: {printable(f'{one.name}: {one.why}')}; not checked", err=True)
        checked = (
            fix_files(sources, checks) if options["fix"] else check_files(sources, checks, jobs=_jobs(sources, options))
        )
    if options["duplicates"] or options["index"]:
        checked = with_duplicates(checked, checks, index=options["index"])
    checked = _against_baseline(checked, options["baseline"] or (config.baseline and config.root / config.baseline))
    tally = _Tally()
    checked = tally.count(checked)
    if options["diff"]:
        _print_differences(checked)
    else:
        _print(checked, options["output_format"], options["statistics"])
    _conclude(tally, options)


def _jobs(sources: list[Source], options: dict[str, Any]) -> int:
    import os

    if options["jobs"]:
        return int(options["jobs"])
    total = sum(source.path.stat().st_size for source in sources if source.path.is_file())
    return max(1, min(os.cpu_count() or 1, total // (8 << 20)))


def _check_stdin(paths: tuple[str, ...], checks: Checks, options: dict[str, Any]) -> Iterator[Checked]:
    """``-``: the same check of a file that is thrown away; its name is ``-``."""
    import shutil
    import tempfile

    from cleanzh.checking import check_files, files_of

    if len(paths) > 1 or options["fix"]:
        raise click.UsageError("- stands alone, and --fix has no file to write; for a pipe there is cleanzh clean - -")
    with tempfile.TemporaryDirectory(prefix="cleanzh-") as folder:
        path = Path(folder) / ("stdin.jsonl" if options["form"] == "jsonl" else "stdin.txt")
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        for document in check_files(files_of([path])[0], checks):
            found = [finding._replace(path="-") for finding in document.findings]
            yield document._replace(path="-", findings=found)


def configuration_of(options: dict[str, Any]) -> Configuration:
    """The configuration that is named, or found."""
    from cleanzh.configuration import find_configuration, load_configuration

    return load_configuration(Path(options["config"])) if options["config"] else find_configuration(Path())


def checks_of(options: dict[str, Any], config: Configuration) -> Checks:
    """What is looked for: an option that was given wins over the configuration."""
    from cleanzh.checking import Checks

    def chosen(name: str, configured: Any) -> Any:
        if name not in options:  # another command, without this option
            return configured
        source = click.get_current_context().get_parameter_source(name)
        given = source is not click.core.ParameterSource.DEFAULT
        return options[name] if given or not configured else configured

    checks = Checks(
        script=chosen("script", config.script),
        select=names(chosen("select", config.select)),
        ignore=names(chosen("ignore", config.ignore)),
        warn=names(chosen("warn", config.warn)),
        per_file_ignores=config.per_file_ignores,
        text_field=chosen("text_field", config.text_field),
        unsafe=options["unsafe"] or config.unsafe,
        rules=(*(str(config.root / path) for path in config.rules), *options.get("rules", ())),
        root=config.root,
    )
    checks.pipeline("")  # a wrong option is told before anything is done
    return checks


def _against_baseline(checked: Iterable[Checked], path: str | Path | None) -> Iterator[Checked]:
    """The documents with what is not in the baseline; if there is none, it is made of what is found."""
    from cleanzh.baseline import Baseline

    if not path:
        yield from checked
    elif Path(path).exists():
        accepted = Baseline.load(Path(path))
        for document in checked:
            yield document._replace(findings=list(accepted.new(document.findings)))
    else:
        made = Baseline(Path(path))
        count = 0
        for document in checked:
            made.add(document.findings)
            count += len(document.findings)
            yield document._replace(findings=[])
        made.save()
        recorded = f"Recorded {_count(count, 'finding')} in {printable(str(path))}"
        click.echo(f"{recorded}; from now on only others will be told.", err=True)


class _Tally:
    """What a check came to, counted while it is printed."""

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()  # by file
        self.fixed: Counter[str] = Counter()
        self.fixable = self.warnings = 0

    def count(self, checked: Iterable[Checked]) -> Iterator[Checked]:
        for document in checked:
            self.found[document.path] += len(document.findings)
            self.fixed[document.path] += len(document.fixed)
            self.fixable += sum(finding.fixable for finding in document.findings)
            self.warnings += sum(finding.severity == "warning" for finding in document.findings)
            if document.note:
                click.echo(f"Warning: {printable(f'{document.name}: {document.note}')}", err=True)
            yield document


def _print(checked: Iterable[Checked], form: str, statistics: bool) -> None:
    from cleanzh.report import findings as report

    if statistics:
        pieces = report.statistics(finding for document in checked for finding in document.findings)
    else:
        pieces = report.FORMATS[form]((document.path, document.findings) for document in checked)
    for piece in pieces:
        click.echo(printable(piece), nl=False)


def _print_differences(checked: Iterable[Checked]) -> None:
    from cleanzh.report.terminal import differences

    for document in checked:
        if document.cleaned is None or document.reason is not None:
            continue
        for line in differences(document.name, document.record.text or "", document.cleaned):
            click.echo(printable(line))


def _conclude(tally: _Tally, options: dict[str, Any]) -> None:
    """The last lines, for people, and the exit code."""
    if options["output_format"] == "text":
        for line in _last_lines(tally, fix=options["fix"]):
            click.echo(line)
    if not tally.found:
        click.echo("Warning: no document was found in the input", err=True)
    if tally.found.total() > tally.warnings:
        sys.exit(FOUND)


def _last_lines(tally: _Tally, *, fix: bool) -> Iterator[str]:
    found, fixed, files = tally.found.total(), tally.fixed.total(), _count(len(tally.found), "file")
    if fixed:
        yield f"Fixed {_count(fixed, 'finding')} in {_count(len(+tally.fixed), 'file')}."
    if found:
        warnings = f", {_count(tally.warnings, 'warning')} among them" if tally.warnings else ""
        yield f"Found {_count(found, 'finding')} in {len(+tally.found):,} of {files}{warnings}."
        if tally.fixable and not fix:
            yield f"{_count(tally.fixable, 'finding')} can be fixed with --fix; --diff shows how."
    elif tally.found and not fixed:
        yield f"Nothing found in {files}."


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
