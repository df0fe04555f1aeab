"""From the record of a run to all that the page shows: counts, and chosen documents with their texts."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cleanzh import ledger
from cleanzh.engines.local import LocalEngine
from cleanzh.errors import LedgerError, RuleError, UsageError
from cleanzh.plugins import installed_packs
from cleanzh.report.html.duplicates import Cluster, Duplicates, find_duplicates, set_aside_entries
from cleanzh.report.html.examples import Collector, Example, NearMiss, NearMisses
from cleanzh.report.html.gather import Counts, Facet, RuleCount, facets_of, gather, removed_share
from cleanzh.report.html.pairs import Row, align
from cleanzh.report.html.stories import Gap, Line, Room, changes, fitted, lines_of
from cleanzh.report.html.texts import Found, documents
from cleanzh.rulebook import Rule, Rulebook, builtin, installed, load

__all__ = ["DocumentView", "PairView", "Report", "RuleView", "collect"]

_ROOMS = ((12, Room(characters=24_000, lines=600)), (48, Room()), (1 << 30, Room(characters=2_400, lines=100)))
_WHOLE = Room(characters=400_000, lines=20_000, stretch=4_000, change=40_000)
_MOST_OF_A_FACET = {"source": 15, "encoding": 12, "month": 48, "flag": 20}
_COMPARED = 24_000  # characters of a document that are laid beside another


@dataclass(slots=True)
class DocumentView:
    """A document to look at. ``tags`` are the properties it can be looked up by."""

    id: str
    source: str
    number: int | None
    encoding: str
    reason: str | None
    detail: str
    metadata: dict[str, str]
    flags: list[tuple[str, str, str, str]]  # name, text before it, what it marks, text behind it
    tags: list[tuple[str, str]]
    rules: Counter[str]
    characters: int
    share: float
    lines: list[Line | Gap]
    problem: str = ""
    kept: str | None = None
    similarity: float | None = None


@dataclass(slots=True)
class RuleView:
    """A rule of the run."""

    name: str
    count: RuleCount
    examples: list[Example]
    near: list[NearMiss]


@dataclass(slots=True)
class PairView:
    """A copy beside the document that was kept for it."""

    id: str
    reason: str
    similarity: float | None
    containment: float | None
    estimated: bool
    rows: list[Row | Gap]
    problem: str = ""


@dataclass(slots=True)
class ClusterView:
    """A kept document and some of its copies."""

    cluster: Cluster
    pairs: list[PairView]


@dataclass(slots=True)
class Report:
    """All that the page shows; ``alone`` if it is about single documents."""

    summary: dict[str, Any]
    counts: Counts
    duplicates: Duplicates
    reasons: dict[str, str] = field(default_factory=dict)  # of the rules that did not come with cleanzh
    lost: list[str] = field(default_factory=list)  # files and packages of rules that are gone
    rules: list[RuleView] = field(default_factory=list)
    documents: list[DocumentView] = field(default_factory=list)
    clusters: list[ClusterView] = field(default_factory=list)
    alone: bool = False


def collect(out: Path, only: Sequence[str] = (), engine: LocalEngine | None = None) -> Report:
    """Read the record in ``out``; with ``only``, for these documents alone.

    Raises :class:`LedgerError` where ``out`` is no output of cleanzh, :class:`UsageError` for a document that is not
    in it.
    """
    record = out / ledger.FOLDER
    [summary] = ledger.read_lines(record / "summary.json")
    duplicates = find_duplicates(record, only or None)
    shown: dict[int, list[str]]
    if only:
        counts = Counts(places=_places(record / "ledger.jsonl", {*only, *duplicates.ids}))
        _known(only, counts.places)
        shown = {counts.places[name]: [] for name in only}
    else:
        counts = gather(record / "ledger.jsonl", duplicates.ids, engine)
        shown = _chosen(counts)
    rules, lost = _rules(summary["configuration"]) if summary["configuration"]["clean"] else ((), [])
    reasons = {rule.name: rule.reason for rule in rules if not rule.trusted}
    report = Report(summary, counts, duplicates, reasons, lost, alone=bool(only))
    for_rules: dict[int, list[str]] = {}
    for name, rule in counts.rules.items():
        for place in [*rule.largest, *rule.some]:
            for_rules.setdefault(place, []).append(name)
    room = _WHOLE if only else next(room for most, room in _ROOMS if len(shown) <= most)
    collector, near = Collector(), NearMisses(rules)
    compared: dict[str, list[Line]] = {}
    problems: dict[str, str] = {}
    views: dict[int, DocumentView] = {}
    members = duplicates.ids
    chosen = {*shown, *for_rules, *counts.places.values()}
    for found in documents(out, chosen, counts.marks.marks, summary["configuration"]):
        name = found.line["id"]
        if found.problem:
            problems[name] = found.problem
        before, cleaned = found.before, found.cleaned
        if found.place in for_rules and before is not None and cleaned is not None:
            collector.add(name, before, cleaned, for_rules[found.place])
        lines: list[Line] = []
        if before is not None and (found.place in shown or name in members):
            lines = list(lines_of(before, changes(cleaned) if cleaned is not None else []))
        if name in members:
            compared[name] = _first(lines, _COMPARED)
        if found.place in shown:
            views[found.place] = _view(found, fitted(lines, room), shown[found.place])
        if cleaned is not None and "set_aside" not in found.line and found.place in shown and not only:
            near.add(name, cleaned.text)
    report.documents = [views[place] for place in shown if place in views]
    _explain_set_aside(report.documents, record)
    misses = near.told()
    for name in sorted({*counts.rules, *misses}):
        report.rules.append(
            RuleView(name, counts.rules.get(name, RuleCount()), collector.examples(name), misses.get(name, []))
        )
    report.rules.sort(key=lambda rule: (-rule.count.longest, -rule.count.edits, rule.name))
    report.clusters = _clusters(duplicates, compared, problems)
    return report


def _rules(configuration: Mapping[str, Any]) -> tuple[tuple[Rule, ...], list[str]]:
    """The rules that were data in a run of this configuration, and the files and packages of which are gone."""
    rules, lost = [*builtin()], []
    if configuration["packs"] == installed_packs():
        rules += installed()
    else:
        lost += [pack for pack in configuration["packs"] if pack not in installed_packs()]
    for path in configuration["rules"]:
        try:
            rules += load(path)
        except RuleError:  # files may have moved since, or changed
            lost.append(path)
    return Rulebook(rules).choosing(configuration["select"], configuration["ignore"]).rules, lost


def _chosen(counts: Counts) -> dict[int, list[str]]:
    """The places of the documents to show, and why each was chosen: those that may be wrong first."""
    shown: dict[int, list[str]] = {}

    def choose(places: Iterable[int], why: str = "") -> None:
        for place in places:
            shown.setdefault(place, []).extend([why] if why else [])

    choose(counts.most_removed, "most-removed")
    choose(counts.largest_share, "largest-share")
    for name in ("reason", "flag"):
        for facet in _common(counts, name).values():
            choose(facet.some)
    choose(counts.sample, "sample")
    for name in ("share", "encoding", "script", "source", "month"):
        for facet in _common(counts, name).values():
            choose(list(facet.some)[:1])
    return shown


def _common(counts: Counts, name: str) -> dict[str, Facet]:
    values = counts.facets.get(name, {})
    common = sorted(values, key=lambda value: (-values[value].documents, value))[: _MOST_OF_A_FACET.get(name, 50)]
    return {value: values[value] for value in common}


def _view(found: Found, lines: list[Line | Gap], why: Sequence[str]) -> DocumentView:
    line, after = found.line, found.after
    flags = []
    for flag in line["flags"][:12]:
        start, end = flag["start"], flag["start"] + len(flag["text"])
        around = after if after is not None and after[start:end] == flag["text"] else None
        flags.append(
            (
                flag["name"],
                around[max(0, start - 16) : start] if around else "",
                flag["text"][:60],
                around[end : end + 16] if around else "",
            )
        )
    return DocumentView(
        id=line["id"],
        source=line["source"],
        number=line.get("line"),
        encoding=line["encoding"],
        reason=line.get("set_aside"),
        detail="",
        metadata={key: str(value)[:200] for key, value in line["metadata"].items()},
        flags=flags,
        tags=[*(("why", reason) for reason in why), *facets_of(line)],
        rules=Counter(edit["rule"] for step in line["steps"] for edit in step["edits"]),
        characters=line.get("characters", len(found.before or "")),
        share=removed_share(line),
        lines=lines,
        problem=found.problem,
    )


def _explain_set_aside(views: Sequence[DocumentView], record: Path) -> None:
    entries = set_aside_entries(record, [view.id for view in views if view.reason])
    for view in views:
        entry = entries.get(view.id, {})
        view.detail = entry.get("detail", "")
        view.kept, view.similarity = entry.get("kept_id"), entry.get("similarity")


def _first(lines: Iterable[Line], characters: int) -> list[Line]:
    kept = []
    for line in lines:
        kept.append(line)
        characters -= len(line.before)
        if characters <= 0:
            break
    return kept


def _clusters(duplicates: Duplicates, compared: dict[str, list[Line]], problems: dict[str, str]) -> list[ClusterView]:
    views = []
    for cluster in sorted(duplicates.chosen.values(), key=_doubt):
        pairs = []
        for copy in cluster.copies:
            there = copy.id in compared and cluster.kept in compared
            problem = problems.get(copy.id) or problems.get(cluster.kept) or ""
            rows = align(compared[cluster.kept], compared[copy.id]) if there and not problem else []
            pairs.append(
                PairView(
                    copy.id,
                    copy.reason,
                    copy.similarity,
                    copy.containment,
                    copy.estimated,
                    rows,
                    problem if there else "elsewhere",
                )
            )
        views.append(ClusterView(cluster, pairs))
    return views


def _doubt(cluster: Cluster) -> tuple[float, int, str]:
    least = min((1.0 if copy.similarity is None else copy.similarity for copy in cluster.copies), default=1.0)
    return least, -cluster.size, cluster.kept


def _places(book: Path, wanted: set[str]) -> dict[str, int]:
    """Where the lines of these documents begin in the ledger; other lines are not even parsed."""
    starts = tuple(ledger.json_line({"id": name})[:-2] for name in wanted)
    places: dict[str, int] = {}
    try:
        with book.open("rb") as file:
            place = 0
            for raw in file:
                if raw.startswith(starts):
                    name = json.loads(raw)["id"]
                    if name in wanted:
                        places[name] = place
                place += len(raw)
    except OSError as error:
        raise LedgerError(f"{book}: {error.strerror}; is {book.parent.parent} the output of cleanzh?") from error
    return places


def _known(only: Sequence[str], places: dict[str, int]) -> None:
    for name in only:
        if name not in places:
            close = difflib.get_close_matches(name, places, n=3)
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            raise UsageError(
                f"no document {name!r} in this run{hint or '; ids are those of ledger.jsonl: a.txt, or b.jsonl:12'}"
            )
