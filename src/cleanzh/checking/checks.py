"""What is looked for, and what is found in one text or record."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from cleanzh.checking.findings import Finding, find_findings
from cleanzh.checking.reasons import REPORTED, reason_of
from cleanzh.configuration import matches
from cleanzh.document import Cleaned
from cleanzh.errors import UsageError
from cleanzh.judge import set_aside_reason
from cleanzh.patterns import lazily
from cleanzh.pipeline import Pipeline, default_pipeline
from cleanzh.plugins import PlugIn, installed_filters, own_filters
from cleanzh.readers import Frame, Reading, Record
from cleanzh.rulebook import builtin, installed, own_rules
from cleanzh.rulebook.history import current_names, is_name, old_names

__all__ = ["Checks", "check"]


def check(
    text: str, *, script: str = "simplified", select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> list[Finding]:
    """What is wrong with a text: all that :func:`cleanzh.clean` would change, and what could not be mended.

    >>> for finding in check("今天天气很好，我们去公园。\\n她说&ldquo;你好&rdquo;。"):
    ...     print(finding)
    2:3: entity.named HTML entity
    2:12: entity.named HTML entity
    >>> check("今天天气很好，我们去公园。")
    []

    A text that would be set aside has one finding, such as ``document.not-chinese``. ``select`` and ``ignore`` are
    prefixes of rule names. Raises :class:`UsageError` where no rule has such a name.
    """
    checks = Checks(script=script, select=tuple(select), ignore=tuple(ignore)).by_current_names()
    cleaned = checks.pipeline("").explain(text)
    return checks.findings(Record("", "", None, b"", text), cleaned, set_aside_reason(cleaned.text))


@dataclass(frozen=True, slots=True)
class Checks:
    """What is looked for; as the options and the configuration have it."""

    script: str = "simplified"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    warn: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    text_field: str = "text"
    unsafe: bool = False
    rules: tuple[str, ...] = ()  # paths of rule files
    max_removed: float = 0.5
    filters: tuple[PlugIn, ...] = ()
    root: Path = field(default_factory=Path)

    @property
    def reading(self) -> Reading:
        """How records are read."""
        return Reading(self.text_field)

    def by_current_names(self) -> Checks:
        """The same, with rules by the names that they have today; a name that one had before warns."""
        own = own_rules(self.rules)
        if not old_names(own):
            return self
        families = (*default_pipeline(rules=own).families, "foreign", *REPORTED)

        def current(prefixes: tuple[str, ...]) -> tuple[str, ...]:
            return current_names(prefixes, families, own)

        return replace(
            self,
            select=current(self.select),
            ignore=current(self.ignore),
            warn=current(self.warn),
            per_file_ignores=tuple((pattern, current(rules)) for pattern, rules in self.per_file_ignores),
        )

    def pipeline(self, path: str) -> Pipeline:
        """The filters for one file.

        Raises :class:`UsageError` for a prefix that no rule's name has, :class:`RuleError` for a rule file that can
        not be used.
        """
        ignore = self.ignore + self._ignored_in(path)
        return _pipeline(replace(self, ignore=ignore, per_file_ignores=()))

    def findings(self, record: Record, cleaned: Cleaned | None, reason: str | None, path: str = "") -> list[Finding]:
        """The findings of a record that was examined, chosen and placed in its file."""
        if cleaned is None or reason is not None:
            rule = f"document.{(reason or 'unreadable').replace('_', '-')}"
            found = [Finding(rule, record.problem or reason_of(rule), 0, "")]
        else:
            found = find_findings(record.text or "", cleaned)
            own = {rule.name: rule.reason for rule in (*installed(), *own_rules(self.rules))}
            foreign = (*installed_filters(), *own_filters(self.filters))
            own.update({f"foreign.{run.__name__}": run.reason for run in foreign if run.reason})
            if own:
                found = [f._replace(reason=own.get(f.rule, f.reason)) for f in found]
        found = self.chosen(found, path)
        return list(_in_file(found, record, path, self.text_field)) if path and found else found

    def chosen(self, found: list[Finding], path: str) -> list[Finding]:
        """The findings that are selected and not ignored, those of ``warn`` as warnings."""
        if self.select or self.ignore or self.per_file_ignores:
            ignore = self.ignore + self._ignored_in(path)
            found = [f for f in found if f.rule.startswith(self.select or ("",)) and not f.rule.startswith(ignore)]
        mild = _mild(self.rules)
        if self.warn or mild:
            found = [
                f._replace(severity="warning") if f.rule.startswith(self.warn) or f.rule in mild else f for f in found
            ]
        return found

    def _ignored_in(self, path: str) -> tuple[str, ...]:
        if not self.per_file_ignores or not path:
            return ()
        fits = set(matches(path, (pattern for pattern, _ in self.per_file_ignores), self.root))
        return tuple(rule for pattern, rules in self.per_file_ignores if pattern in fits for rule in rules)


@lru_cache(maxsize=4)
def _mild(files: tuple[str, ...]) -> frozenset[str]:
    """The rules that say of themselves that they only warn."""
    rules = (*builtin(), *installed(), *own_rules(files))
    return frozenset(rule.name for rule in rules if rule.severity == "warning")


@lru_cache(maxsize=64)  # a project has few sets of per-file ignores, and files of one set come in a row
def _pipeline(checks: Checks) -> Pipeline:
    own = own_rules(checks.rules)
    whole = default_pipeline(script=checks.script, rules=own, filters=own_filters(checks.filters))
    families = (*whole.families, "foreign")
    known = (*families, *REPORTED)
    for prefix in (*checks.select, *checks.ignore, *checks.warn):
        if not is_name(prefix, known):
            raise UsageError(f"no rule's name begins with {prefix!r}; the families are {', '.join(sorted(known))}")
    # What is only reported is found in the clean text, so it takes all filters, and is chosen afterwards.
    chosen = tuple(prefix for prefix in checks.select if is_name(prefix, families))
    if checks.unsafe:
        named = (rule.name for rule in (*builtin(), *installed(), *own) if rule.safety == "unsafe")
        chosen = (chosen or families) + tuple(name for name in named if name.startswith(checks.select or ("",)))
    return Pipeline(*whole, select=chosen, ignore=checks.ignore, max_removed=checks.max_removed)


def _in_file(found: Iterable[Finding], record: Record, path: str, field: str) -> Iterator[Finding]:
    """Findings with their place in the file: in a JSON string or a cell, where they stand as it is written there."""
    if record.line is None:
        for finding in found:
            yield finding._replace(path=path)
        return
    if record.frame is None:
        for finding in found:
            yield finding._replace(path=path, line=record.line, end_line=record.line)
        return
    place = _Places(record.frame, record.line, record.column)
    for finding in found:
        line, column = place.of(finding.start)
        end_line, end_column = place.of(finding.start + len(finding.found))
        yield finding._replace(
            path=path, field=field, line=line, column=column, end_line=end_line, end_column=end_column
        )


_ESCAPES = {
    "json": lazily(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\."),
    "csv": lazily('""'),
}


class _Places:
    """Where in a file the characters of a text stand that is written as a token, with escapes in it."""

    def __init__(self, frame: Frame, line: int, column: int) -> None:
        written, start, end, kind = frame
        self._line, self._column = line, column
        self._begin = start + 1 if written.startswith('"', start) else start
        escapes = list(_ESCAPES[kind].finditer(written, self._begin, end)) if self._begin > start else []
        self._longer = [0, *accumulate(escape.end() - escape.start() - 1 for escape in escapes)]
        self._escapes = [
            escape.start() - self._begin - more for escape, more in zip(escapes, self._longer, strict=False)
        ]
        self._ends = [at for at, mark in enumerate(written) if mark == "\n"] if "\n" in written[:end] else []

    def of(self, offset: int) -> tuple[int, int]:
        """Line and column of the character ``offset`` of the text."""
        at = self._begin + offset + self._longer[bisect_left(self._escapes, offset)]
        before = bisect_left(self._ends, at)
        if not before:
            return self._line, self._column + at + 1
        return self._line + before, at - self._ends[before - 1]
