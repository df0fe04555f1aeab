"""The page, whole: one file that needs nothing else, and that lets nothing in it run but its own script."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cleanzh.report.html.collect import Report
from cleanzh.report.html.markup import Html, corpus, data, element, join
from cleanzh.report.html.overview import overview
from cleanzh.report.html.reading import Numbered, article, document_section
from cleanzh.report.html.tables import rule_table
from cleanzh.report.html.tags import Tags
from cleanzh.report.html.twins import cluster, duplicate_section
from cleanzh.report.html.words import LANGUAGES, phrase, reason_words, say

__all__ = ["page"]

# Together they keep the file below 5 MB: half for documents, a quarter for duplicates, the rest for rules.
_DOCUMENT_BYTES, _CLUSTER_BYTES = 2_600_000, 1_200_000


def page(report: Report, *, language: str | None = None) -> str:
    """The HTML of a report; in ``language`` (``en``, ``zh``), or as the reader's browser prefers."""
    shown = LANGUAGES[language or "en"]
    rules = Numbered()
    tags = Tags(view.tags for view in report.documents)
    links = {view.id: f"d{place}" for place, view in enumerate(report.documents)}
    articles = _fitting(
        [
            partial(article, place, view, tags, rules, links, opened=report.alone)
            for place, view in enumerate(report.documents)
        ],
        None if report.alone else _DOCUMENT_BYTES,
    )
    clusters = _fitting(
        [
            partial(cluster, place, view, rules, links, opened=report.alone)
            for place, view in enumerate(report.clusters)
        ],
        None if report.alone else _CLUSTER_BYTES,
    )
    for view in report.documents[len(articles) :]:
        del links[view.id]
    tags = tags if len(articles) == len(report.documents) else tags.among(len(articles))
    report.clusters = report.clusters[: len(clusters)]
    sections = [document_section(report, tags, articles)]
    names = ["documents"]
    if not report.alone:
        sections = [overview(report, tags), rule_table(report, links), *sections]
        names = ["overview", "rules", *names]
    if not report.alone or clusters:
        sections.append(duplicate_section(report, clusters))
        names.append("duplicates")
    script, style = _file("script.js"), _file("style.css")
    policy = (
        f"default-src 'none'; script-src '{_fingerprint(script)}'; style-src '{_fingerprint(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    reasons = [[rule, *reason_words(rule, report.reasons)] for rule in rules]
    told = data({"rules": reasons, "shown": phrase("shown-of", "{0}", "{1}")})
    return _filled(
        _file("page.html"),
        {
            "lang": Html(shown),
            "fixed": Html("true" if language else "false"),
            "policy": Html(policy),
            "title": Html(f"{phrase('document-report' if report.alone else 'report')[shown != 'en']} · cleanzh"),
            "style": Html(style),
            "script": Html(script),
            "skip": say("skip"),
            "heading": say("document-report" if report.alone else "report"),
            "made-of": _made_of(report),
            "language": say("language"),
            "nav": join(*(element("a", say(name), href=f"#{name}") for name in names)),
            "no-script": say("no-script"),
            "sections": join(*sections),
            "configuration": _configuration(report),
            "undo": say("how-to-undo"),
            "data": told,
        },
    )


def _fitting(parts: list[Callable[[], Html]], room: int | None) -> list[Html]:
    """The first parts that fit into ``room`` bytes together."""
    made: list[Html] = []
    for part in parts:
        one = part()
        if room is not None:
            room -= len(one.encode())
            if room < 0:
                break
        made.append(one)
    return made


def _made_of(report: Report) -> Html:
    configuration = report.summary["configuration"]
    inputs = " ".join(configuration.get("inputs", []))
    return join(
        element("bdi", corpus(inputs if len(inputs) <= 120 else f"{inputs[:119]}…")),
        Html(" · cleanzh "),
        report.summary["versions"]["cleanzh"],
    )


def _configuration(report: Report) -> Html:
    told = {key: report.summary.get(key) for key in ("configuration", "versions", "throughput")}
    written = json.dumps(told, ensure_ascii=False, indent=1)
    return element(
        "details",
        element("summary", say("configuration")),
        element("pre", corpus(written), tabindex=0),
        class_="quiet",
    )


def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _fingerprint(source: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}"


def _filled(template: str, parts: dict[str, Html]) -> str:
    """The template with its places ``{{name}}`` filled; what is filled in is not looked at again."""
    pieces = template.split("{{")
    made = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        made += parts[name], rest
    return "".join(made)
