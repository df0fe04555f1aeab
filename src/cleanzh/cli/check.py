"""The data check: cleanzh check."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleanzh.cli.options import FOUND, cleaning, configuration, configured, keep_input, names, printable, reading

if TYPE_CHECKING:
    from cleanzh.checking.checks import Checks
    from cleanzh.checking.files import Checked
    from cleanzh.readers import Source

__all__ = ["check", "checks_of"]

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
@configured
def check(paths: tuple[str, ...], **options: Any) -> None:
    """List what is wrong in files and folders; nothing is written without --fix.

    A finding is a line path:line:column: rule reason, by its place in the file as it is. Exit code 0: nothing found,
    or all of it fixed; 1: findings; 2: something is wrong with paths, options or configuration.

    \b
      cleanzh check articles/
      cleanzh check data/ --select ads,pinyin --output-format github
      cleanzh check a.jsonl --text-field content --fix
    """
    from cleanzh.checking.files import check_files, files_of

    if options["fix"] and options["diff"]:
        raise click.UsageError("--fix writes, --diff only shows; choose one")
    checks, config = checks_of(options), configuration()
    if "-" in paths:
        checked = _check_stdin(paths, checks, options)
    else:
        exclude, largest = config.get("exclude"), options["max_bytes"]
        sources, skipped = files_of(paths, form=options["form"], max_bytes=largest, exclude=exclude, root=config.root)
        for one in skipped:
            if not one.why.startswith("not one of"):
                click.echo(f"Warning: {printable(f'{one.name}: {one.why}')}; not checked", err=True)
        if options["fix"]:
            from cleanzh.checking.fixes import fix_files

            checked = fix_files(sources, checks)
        else:
            checked = check_files(sources, checks, jobs=_jobs(sources, options))
    # An index that the configuration names for clean is compared with only if duplicates are asked for.
    if options["duplicates"] or (options["index"] and _given("index")):
        from cleanzh.checking.duplicates import with_duplicates

        checked = with_duplicates(checked, checks, index=options["index"])
    if options["baseline"]:
        checked = _against_baseline(checked, Path(options["baseline"]), checks)
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
    total = sum(source.size() for source in sources)
    return max(1, min(os.cpu_count() or 1, total // (8 << 20)))


def _check_stdin(paths: tuple[str, ...], checks: Checks, options: dict[str, Any]) -> Iterator[Checked]:
    """``-``: the same check of a file that is thrown away; its name is ``-``."""
    import tempfile

    from cleanzh.checking.files import check_files, files_of

    if len(paths) > 1 or options["fix"]:
        raise click.UsageError("- stands alone, and --fix has no file to write; for a pipe there is cleanzh clean - -")
    with tempfile.TemporaryDirectory(prefix="cleanzh-") as folder:
        path = keep_input(Path(folder), options["form"])
        for document in check_files(files_of([path], form=options["form"])[0], checks):
            found = [finding._replace(path="-") for finding in document.findings]
            yield document._replace(path="-", findings=found)


def checks_of(options: dict[str, Any]) -> Checks:
    """What is looked for, by the options of a command and what the configuration adds to them."""
    from cleanzh.checking.checks import Checks

    config = configuration()
    checks = Checks(
        script=options["script"],
        select=names(options["select"]),
        ignore=names(options["ignore"]),
        warn=names(options.get("warn", ())),
        per_file_ignores=config.get("per-file-ignores"),
        text_field=options["text_field"],
        unsafe=options["unsafe"],
        rules=tuple(options["rules"]),
        max_removed=options["max_removed"],
        filters=config.get("filters"),
        root=config.root,
    ).by_current_names()
    checks.pipeline("")  # a wrong option is told before anything is done
    return checks


def _given(option: str) -> bool:
    """Whether an option stands on the command line."""
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE


def _against_baseline(checked: Iterable[Checked], path: Path, checks: Checks) -> Iterator[Checked]:
    """The documents with what is not in the baseline; if there is none, it is made of what is found."""
    from cleanzh.checking.baseline import Baseline
    from cleanzh.rulebook import own_rules
    from cleanzh.rulebook.history import former_names

    if path.exists():
        accepted = Baseline.load(path, former=former_names(own_rules(checks.rules)))
        for document in checked:
            yield document._replace(findings=list(accepted.new(document.findings)))
        for old, new in sorted(accepted.outdated.items()):
            click.echo(printable(f"Warning: {path}: has {old}, which is called {new} now; record it again"), err=True)
    else:
        made = Baseline(path)
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
