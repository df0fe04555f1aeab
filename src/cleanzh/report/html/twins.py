"""Duplicates to look at: the kept document and its copies, line beside line."""

from __future__ import annotations

from collections.abc import Sequence

from cleanzh.report.html.charts import number
from cleanzh.report.html.collect import ClusterView, PairView, Report
from cleanzh.report.html.markup import Html, corpus, element, join
from cleanzh.report.html.pairs import Row, Side
from cleanzh.report.html.reading import Numbered, gap, pieces
from cleanzh.report.html.stories import Gap
from cleanzh.report.html.tables import document_link
from cleanzh.report.html.words import both, say, set_aside_words

__all__ = ["cluster", "duplicate_section"]


def duplicate_section(report: Report, clusters: Sequence[Html]) -> Html:
    """The section; ``clusters`` are those that found room."""
    found = report.duplicates
    if not found.pairs:
        body = [element("p", say("no-duplicates"))]
    else:
        counted = say("clusters-of", number(found.pairs), number(found.clusters), number(len(clusters)))
        body = [element("p", say("duplicates-lead")), element("p", counted), *clusters]
    return element(
        "section",
        element("h2", say("duplicates"), id="duplicates-title"),
        *body,
        id="duplicates",
        aria_labelledby="duplicates-title",
    )


def cluster(place: int, view: ClusterView, rules: Numbered, links: dict[str, str], *, opened: bool) -> Html:
    """One cluster, closed but for its head."""
    found = view.cluster
    known = [copy.similarity for copy in found.copies if copy.similarity is not None]
    facts = [say("copies", number(found.size))]
    if known:
        facts.append(say("jaccard", _ratio(min(known))))
    head = element(
        "summary",
        element("span", element("bdi", corpus(found.kept[:200]), class_="id", id=f"c{place}-id"), class_="names"),
        element("span", *(element("span", fact) for fact in facts), class_="facts"),
    )
    rest = found.size - 1 - len(view.pairs)
    more = element("p", say("more-copies", number(rest)), class_="note") if rest > 0 else None
    body = [_pair(pair, found.kept, rules, links) for pair in view.pairs]
    return element("article", element("details", head, *body, more, open=opened), id=f"c{place}", class_="cluster")


def _ratio(value: float) -> str:
    return "1" if value >= 1 else f"{min(value, 0.999):.3f}"


def _pair(pair: PairView, kept: str, rules: Numbered, links: dict[str, str]) -> Html:
    facts = [both(*set_aside_words(pair.reason))]
    if pair.similarity is not None:
        facts.append(say("jaccard", _ratio(pair.similarity)))
    if pair.containment is not None:
        facts.append(say("containment", _ratio(pair.containment)))
    if pair.estimated:
        facts.append(say("estimated"))
    heads = element(
        "div",
        element("div", element("b", say("kept")), Html(" "), document_link(kept, links)),
        element(
            "div",
            element("b", say("copy")),
            Html(" "),
            document_link(pair.id, links),
            element("span", *(element("span", fact) for fact in facts), class_="facts"),
        ),
        class_="row heads",
    )
    if pair.problem:
        words = say("elsewhere") if pair.problem == "elsewhere" else corpus(pair.problem)
        return element("div", heads, element("p", words, class_="note"), class_="pair")
    if all(isinstance(row, Gap) and not row.end for row in pair.rows):
        return element("div", heads, element("p", say("alike"), class_="note"), class_="pair")
    rows = [gap(row, "gap-alike") if isinstance(row, Gap) else _row(row, rules) for row in pair.rows]
    return element("div", heads, *rows, class_="pair")


def _row(row: Row, rules: Numbered) -> Html:
    return element("div", _side(row.left, rules), _side(row.right, rules), class_="row")


def _side(side: Side | None, rules: Numbered) -> Html:
    if side is None:
        return element("div", class_="none")
    made = join(*pieces(side.line.pieces, rules, side.differs))
    return element("div", element("p", made, data_n=side.line.number), class_="text", lang="zh-Hans")
