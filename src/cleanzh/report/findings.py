"""Findings in the formats that people and continuous integration read.

A format takes ``(path, findings)`` pairs, document by document, and gives pieces of text to be written one after the
other, each whole lines.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import cleanzh
from cleanzh.checking.findings import Finding, fingerprint
from cleanzh.checking.reasons import reason_of
from cleanzh.patterns import lazily
from cleanzh.report.terminal import visible

__all__ = ["FORMATS", "statistics"]

Found = Iterable[tuple[str, Sequence[Finding]]]

_QUOTED = 32  # characters of a finding that are shown


def text(found: Found) -> Iterator[str]:
    """``path:line:col: family.rule reason 「what was found」``; what a line has twice is one row with a count."""
    for _, findings in found:
        yield from (f"{row}\n" for row in map(_row, _by_line(findings)))


def _row(group: Sequence[Finding]) -> str:
    first = group[0]
    times = f" (×{len(group)})" if len(group) > 1 else ""
    return f"{visible(str(first))}{times}{_quoted(first)}"


def _quoted(finding: Finding) -> str:
    shown = " ".join(finding.found.split())
    if not shown:
        return ""
    return f" 「{visible(shown if len(shown) <= _QUOTED else shown[: _QUOTED - 1] + '…')}」"


def _by_line(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Findings of the same rule in the same line, in the order of their first."""
    groups: dict[tuple[int, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.line, finding.rule), []).append(finding)
    return list(groups.values())


def github(found: Found) -> Iterator[str]:
    """Workflow commands that GitHub Actions shows beside the lines of a pull request."""
    for path, findings in found:
        for group in _by_line(findings):
            first = group[0]
            place = {
                "file": path,
                "line": first.line,
                "col": first.column,
                "endLine": first.end_line,
                "endColumn": first.end_column,
                "title": first.rule,
            }
            if first.end_line != first.line:  # columns of an annotation are those of one line
                del place["col"], place["endColumn"]
            properties = ",".join(f"{key}={_command(str(value), ':,')}" for key, value in place.items())
            yield f"::{first.severity} {properties}::{_command(_row(group))}\n"


def _command(value: str, also: str = "") -> str:
    return "".join(f"%{ord(char):02X}" if char in "%\r\n" + also else char for char in value)


def json_(found: Found) -> Iterator[str]:
    """A JSON array of objects, one a finding; ``offset`` counts code points from the start of the document."""
    before = "["
    for path, findings in found:
        for finding in findings:
            yield f"{before}\n  {_json(_as_json(path, finding))}"
            before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def _as_json(path: str, finding: Finding) -> dict[str, Any]:
    return {
        "path": path,
        "line": finding.line,
        "column": finding.column,
        "end_line": finding.end_line,
        "end_column": finding.end_column,
        "field": finding.field or None,
        "offset": finding.start,
        "rule": finding.rule,
        "severity": finding.severity,
        "reason": finding.reason,
        "found": finding.found,
        "after": finding.after,
    }


def _json(value: Any, **layout: Any) -> str:
    whole = json.dumps(value, ensure_ascii=False, **layout)
    try:
        whole.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return json.dumps(value, **layout)
    return whole


def sarif(found: Found) -> Iterator[str]:
    """SARIF 2.1.0, which GitHub code scanning, GitLab, Azure DevOps and editors read."""
    rules: list[dict[str, Any]] = []
    numbers: dict[str, int] = {}
    results = []
    for path, findings in found:
        for finding in findings:
            if finding.rule not in numbers:
                numbers[finding.rule] = len(rules)
                described = {"id": finding.rule, "shortDescription": {"text": reason_of(finding.rule)}}
                rules.append({**described, "properties": {"tags": [finding.family]}})
            results.append(_result(path, finding, numbers[finding.rule]))
    driver = {"name": "cleanzh", "version": cleanzh.__version__, "rules": rules}
    log = {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }
    yield _json(log, indent=1) + "\n"


def _result(path: str, finding: Finding, index: int) -> dict[str, Any]:
    from urllib.parse import quote  # needed for this format alone

    region: dict[str, Any] = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.end_line,
        "endColumn": finding.end_column,
    }
    if finding.found:
        region["snippet"] = {"text": finding.found}
    place: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(path.replace("\\", "/"), errors="replace")},
            "region": region,
        }
    }
    if finding.field:
        place["logicalLocations"] = [{"name": finding.field, "kind": "member"}]
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": f"{finding.reason}{_quoted(finding)}"},
        "locations": [place],
        "partialFingerprints": {"cleanzh/v1": fingerprint(path, finding)},
        "properties": {"offset": finding.start},
    }


def junit(found: Found) -> Iterator[str]:
    """JUnit's XML, which GitLab, Jenkins and others show as tests: a file is a test, and fails by its findings."""
    cases = []
    failed = total = 0
    for path, group in groupby(found, key=lambda pair: pair[0]):
        findings = [finding for _, some in group for finding in some]
        total += 1
        wrong = [finding for finding in findings if finding.severity != "warning"]
        failed += bool(wrong)
        rows = "".join(
            f"<failure type={_attribute(one[0].rule)} message={_attribute(one[0].reason)}>{_xml(_row(one))}</failure>"
            for one in _by_line(wrong)
        )
        if len(findings) > len(wrong):
            told = "\n".join(map(_row, _by_line([finding for finding in findings if finding.severity == "warning"])))
            rows += f"<system-out>{_xml(told)}</system-out>"
        cases.append(f'<testcase classname="cleanzh" name={_attribute(path)}>{rows}</testcase>\n')
    head = f'tests="{total}" failures="{failed}" errors="0"'
    yield f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites {head}>\n<testsuite name="cleanzh" {head}>\n'
    yield from cases
    yield "</testsuite>\n</testsuites>\n"


_NOT_XML = lazily("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _xml(value: str) -> str:
    return html.escape(_NOT_XML.sub("\ufffd", value))


def _attribute(value: str) -> str:
    return f'"{_xml(value)}"'


FORMATS: dict[str, Callable[[Found], Iterator[str]]] = {
    "text": text,
    "json": json_,
    "github": github,
    "sarif": sarif,
    "junit": junit,
}
"""The formats by the names that ``--output-format`` takes."""


def statistics(findings: Iterable[Finding]) -> Iterator[str]:
    """How often each rule found something, most first: count, rule, reason."""
    rows = [
        (len(group), rule, group[0].reason)
        for rule, group in (
            (rule, list(some))
            for rule, some in groupby(sorted(findings, key=attrgetter("rule")), key=attrgetter("rule"))
        )
    ]
    width = max((len(rule) for _, rule, _ in rows), default=0)
    for count, rule, reason in sorted(rows, key=lambda row: (-row[0], row[1])):
        yield f"{count:>7,}  {rule:<{width}}  {reason}\n"
