"""The table of rules, each with examples and with lines that came close."""

from __future__ import annotations

from cleanzh.report.html.charts import number
from cleanzh.report.html.collect import Report, RuleView
from cleanzh.report.html.examples import Example, NearMiss
from cleanzh.report.html.families import css_class, family_of
from cleanzh.report.html.markup import Html, corpus, element, join, plain
from cleanzh.report.html.words import both, family_words, phrase, reason_words, say

__all__ = ["option", "rule_table"]

_COLUMNS = ("rule", "hits", "in-documents", "removed", "largest", "near")


def rule_table(report: Report, links: dict[str, str]) -> Html:
    """The section; ``links`` are the ids of the documents on the page."""
    heads = [
        element(
            "th",
            element("button", say(key), type="button", class_="sort"),
            scope="col",
            class_=f"c-{key}" if key == "rule" else f"n c-{key}",
            aria_sort="descending" if key == "largest" else None,
        )
        for key in _COLUMNS
    ]
    families = sorted({family_of(rule.name) for rule in report.rules})
    choices = [option("", *phrase("all-families"))]
    choices += [
        option(css_class(family), *(f"{plain(family)} · {words}" for words in family_words(family)))
        for family in families
    ]
    controls = element(
        "div",
        element("label", say("filter-rules"), element("input", type="search", id="rule-words", autocomplete="off")),
        element("label", say("family"), element("select", *choices, id="rule-family")),
        element(
            "label",
            element("input", type="checkbox", id="rule-idle"),
            Html(" "),
            say("rules-idle", number(sum(not rule.count.edits for rule in report.rules))),
            class_="check",
        ),
        element("output", class_="count", id="rule-count", for_="rule-words rule-family"),
        class_="controls js-only",
    )
    table = element(
        "table",
        element("caption", say("rules-lead")),
        element("thead", element("tr", *heads)),
        *(_row(number_, rule, report.reasons, links) for number_, rule in enumerate(report.rules)),
        id="rule-table",
    )
    lost = say("rules-lost", ", ".join(plain(name) for name in report.lost))
    return element(
        "section",
        element("h2", say("rules"), id="rules-title"),
        element("p", lost, class_="note") if report.lost else None,
        *((controls, table) if report.rules else (element("p", say("no-rules")),)),
        id="rules",
        aria_labelledby="rules-title",
    )


def option(value: str, english: str, chinese: str) -> Html:
    """A choice of a list, which can not hold two languages at once: the script of the page changes its words."""
    return element("option", english, value=value, data_en=english, data_zh=chinese)


def _row(place: int, rule: RuleView, reasons: dict[str, str], links: dict[str, str]) -> Html:
    count, family = rule.count, family_of(rule.name)
    values = (count.edits, count.documents, max(0, count.taken - count.given), max(0, count.longest), len(rule.near))
    button = element(
        "button",
        element("span", class_="swatch"),
        element("code", corpus(rule.name)),
        type="button",
        class_="open",
        aria_expanded="false",
        aria_controls=f"rule-{place}-more",
    )
    cells = [
        element("td", number(value), class_=f"n c-{key}" + ("" if value else " zero"))
        for key, value in zip(_COLUMNS[1:], values, strict=True)
    ]
    return element(
        "tbody",
        element(
            "tr",
            element(
                "th", button, element("span", both(*reason_words(rule.name, reasons)), class_="reason"), scope="row"
            ),
            *cells,
        ),
        element("tr", element("td", _more(rule, links), colspan=len(_COLUMNS)), id=f"rule-{place}-more", class_="more"),
        id=f"rule-{place}",
        class_=css_class(family),
        data_family=css_class(family),
    )


def _more(rule: RuleView, links: dict[str, str]) -> Html:
    parts = []
    if rule.examples:
        parts.append(element("h3", say("examples")))
        parts.append(element("ul", *(_example(one, links) for one in rule.examples), class_="examples"))
    else:
        parts.append(element("p", say("no-examples"), class_="note"))
    if rule.near:
        parts.append(element("h3", say("came-close")))
        parts.append(element("ul", *(_near(one, links) for one in rule.near), class_="examples"))
    return join(*parts)


def _example(example: Example, links: dict[str, str]) -> Html:
    before, after = _shortened(example.before), _shortened(example.after)
    changed = join(element("del", before) if before else None, element("ins", after) if after else None)
    return element(
        "li",
        element(
            "bdi",
            _line(example.left),
            element("span", changed, class_="e"),
            _line(example.right),
            class_="corpus",
            lang="zh-Hans",
        ),
        document_link(example.document, links),
    )


def _near(miss: NearMiss, links: dict[str, str]) -> Html:
    key = f"near-zone-{miss.detail}" if miss.kept_by == "zone" else f"near-{miss.kept_by}"
    return element(
        "li",
        element("bdi", corpus(miss.line), class_="corpus", lang="zh-Hans"),
        element("span", say(key, miss.detail), class_="note"),
        document_link(miss.document, links),
    )


_LONGEST = 160


def _shortened(words: str) -> Html:
    if len(words) <= _LONGEST:
        return _line(words)
    half = _LONGEST // 2
    hidden = element("small", say("hidden", number(len(words) - 2 * half)), class_="hidden")
    return join(_line(words[:half]), hidden, _line(words[-half:]))


def _line(words: str) -> Html:
    """Words of a document in one row, ends of lines as a sign."""
    return Html(corpus(words).replace("\n", "<b>↵</b>"))


def document_link(name: str, links: dict[str, str]) -> Html:
    """The id of a document, which leads to it if it is on the page."""
    words = element("bdi", corpus(name if len(name) <= 120 else f"{name[:60]}…{name[-59:]}"))
    if name in links:
        return element("a", words, href=f"#{links[name]}", class_="id")
    return element("span", words, class_="id")
