"""A baseline: findings that were there before, so that a check fails on new ones only.

A baseline file is a JSON object: ``version``, and ``findings`` by file, each a fingerprint with how often it is there.
A finding is known by its rule, what it quotes and the line it begins in, so it survives lines that move; when its own
line is changed, it counts as new.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from cleanzh.checking.findings import Finding, fingerprint
from cleanzh.errors import UsageError

__all__ = ["Baseline"]

_VERSION = 1


class Baseline:
    """The findings that are accepted, by file; files are named relative to the baseline's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._root = path.absolute().parent
        self._known: dict[str, Counter[str]] = {}
        self._former: Mapping[str, Sequence[str]] = {}
        self.outdated: dict[str, str] = {}
        """Names of rules that were met under an old one, with the name of today."""

    @classmethod
    def load(cls, path: Path, *, former: Mapping[str, Sequence[str]] | None = None) -> Baseline:
        """Read a baseline; ``former`` has the names that a rule had before. :class:`UsageError` if the file is none."""
        baseline = cls(path)
        baseline._former = former or {}
        try:
            content = json.loads(path.read_bytes())
            if content["version"] != _VERSION:
                raise UsageError(f"{path}: a baseline of another version of cleanzh; record it again: delete it first")
            baseline._known = {name: Counter(known) for name, known in content["findings"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{path}: not a baseline of cleanzh ({error}); delete it to record a new one") from error
        return baseline

    def new(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """The findings that are not in the baseline, each time one is met counting once."""
        for finding in findings:
            name = self._name(finding.path)
            known = self._known.get(name)
            if known is None or not any(self._take(known, name, finding, rule) for rule in self._names(finding)):
                yield finding

    def _names(self, finding: Finding) -> Sequence[str]:
        return (finding.rule, *self._former.get(finding.rule, ()))

    def _take(self, known: Counter[str], name: str, finding: Finding, rule: str) -> bool:
        """Count a finding of ``rule`` as met, if it is accepted."""
        key = fingerprint(name, finding._replace(rule=rule))
        if not known[key]:
            return False
        known[key] -= 1
        if rule != finding.rule:
            self.outdated[rule] = finding.rule
        return True

    def add(self, findings: Iterable[Finding]) -> None:
        """Accept findings."""
        for finding in findings:
            name = self._name(finding.path)
            self._known.setdefault(name, Counter())[fingerprint(name, finding)] += 1

    def save(self) -> None:
        """Write the file: sorted, a line a finding, so that its changes can be read in a diff."""
        findings = {name: dict(sorted(known.items())) for name, known in sorted(self._known.items())}
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        part.write_text(json.dumps({"version": _VERSION, "findings": findings}, ensure_ascii=False, indent=1) + "\n")
        part.replace(self.path)

    def _name(self, path: str) -> str:
        return os.path.relpath(path, self._root).replace(os.sep, "/")
