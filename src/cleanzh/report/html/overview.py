"""The first screen: what came in and out, and pictures of it, each of which leads to examples."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from cleanzh.report.html.charts import Bar, bars, columns, number, percent
from cleanzh.report.html.collect import Report
from cleanzh.report.html.duplicates import SIMILARITIES, SIZES
from cleanzh.report.html.families import CONVERTED, REMOVED, REPAIRED, family_of
from cleanzh.report.html.gather import SHARES, Facet
from cleanzh.report.html.markup import Html, corpus, element, join, text
from cleanzh.report.html.tags import Tags, value_html
from cleanzh.report.html.words import both, family_words, say
from cleanzh.report.terminal import amount

__all__ = ["overview"]

_BARS = 12  # of one picture; there are lists and tables for more
_MONTHS = 36  # beyond which years are drawn


def overview(report: Report, tags: Tags) -> Html:
    """The section."""
    return element(
        "section",
        element("h2", say("overview"), id="overview-title"),
        _flow(report),
        _facts(report),
        element("div", *_pictures(report, tags), class_="charts"),
        _not_read(report),
        id="overview",
        aria_labelledby="overview-title",
    )


def _flow(report: Report) -> Html:
    documents, characters = report.summary["documents"], report.summary["characters"]
    out, aside = documents["out"], documents["set_aside"]
    whole = max(documents["in"], 1)

    def part(count: int, key: str, note: Html | None, kind: str | None) -> Html:
        return element(
            "div",
            element("span", number(count), class_="big"),
            element("span", say(key), class_="what"),
            element("span", note, class_="note") if note else None,
            class_=kind,
        )

    bar = element(
        "svg",
        element("rect", width=f"{100 * out / whole:.3f}", height=1, class_="out"),
        element("rect", x=f"{100 * out / whole:.3f}", width=f"{100 * aside / whole:.3f}", height=1, class_="aside"),
        viewBox="0 0 100 1",
        preserveAspectRatio="none",
        aria_hidden="true",
    )
    return element(
        "div",
        part(documents["in"], "documents-in", say("characters-in", number(characters["in"])), "in"),
        part(out, "documents-out", say("characters-in", number(characters["out"])), "out"),
        part(aside, "set-aside", say("nothing-lost") if aside else None, "aside" if aside else None),
        bar,
        class_="flow",
    )


def _facts(report: Report) -> Html:
    run, characters = report.summary["throughput"], report.counts.characters
    whole = max(report.summary["characters"]["in"], 1)
    facts = [
        (
            number(max(0, characters.get(kind, 0))),
            join(element("b", say(f"characters-{kind}")), Html(" "), say("share-of-all", percent(share))),
            say(f"{kind}-note"),
        )
        for kind in (REMOVED, REPAIRED, CONVERTED)
        for share in [max(0, characters.get(kind, 0)) / whole]
    ]
    speed = say("per-second", amount(run["bytes"] / max(run["seconds"], 0.001)))
    rate = run["documents_per_second"]
    took = say("took", f"{run['seconds']:,.1f}", f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}")
    return element(
        "dl",
        *(
            element("div", element("dt", label), element("dd", value), element("dd", note, class_="note"))
            for value, label, note in [*facts, (speed, element("b", say("throughput")), took)]
        ),
        class_="facts",
    )


def _pictures(report: Report, tags: Tags) -> list[Html]:
    rules = [rule for rule in report.rules if rule.count.edits]
    families: Counter[str] = Counter()
    for rule in rules:
        families[family_of(rule.name)] += rule.count.edits
    by_family = [
        Bar(join(element("code", corpus(family)), Html(" "), both(*family_words(family))), count, "rules", None, family)
        for family, count in families.most_common()
    ]
    by_rule = [
        Bar(element("code", corpus(rule.name)), rule.count.edits, f"rule-{number_}", None, family_of(rule.name))
        for number_, rule in enumerate(report.rules)
        if rule.count.edits
    ]
    by_rule.sort(key=lambda bar: -bar.value)
    return [
        bars("edits-by-family", by_family),
        bars("edits-by-rule", by_rule[:_BARS], more=len(by_rule[_BARS:])),
        columns("shares", _shares(report, tags)),
        _facet(report, tags, "reasons-why", "reason"),
        _facet(report, tags, "flags", "flag"),
        columns("similarity", _similarities(report)),
        columns("cluster-sizes", _sizes(report)),
        _published(report, tags),
        _facet(report, tags, "sources", "source"),
        _facet(report, tags, "encodings", "encoding"),
        _facet(report, tags, "scripts", "script") if _converting(report) else Html(""),
    ]


def _converting(report: Report) -> bool:
    """Whether the run looked at the script of its documents: what it converted tells what it found."""
    configuration = report.summary["configuration"]
    return bool(configuration.get("clean", True)) and configuration.get("script") != "keep"


def _facet(report: Report, tags: Tags, title: str, name: str) -> Html:
    values = report.counts.facets.get(name, {})
    common = sorted(values, key=lambda value: (-values[value].documents, value))
    rows = [Bar(value_html(name, value), values[value].documents, *tags.target(name, value)) for value in common]
    return bars(title, rows[:_BARS], more=len(rows[_BARS:]))


def _ordered(report: Report, tags: Tags, name: str, order: list[str]) -> list[Bar]:
    values = report.counts.facets.get(name, {})
    return [
        Bar(value_html(name, value), values.get(value, Facet()).documents, *tags.target(name, value)) for value in order
    ]


def _shares(report: Report, tags: Tags) -> list[Bar]:
    rows = _ordered(report, tags, "share", [str(place) for place in range(len(SHARES))])
    bounds = [f"{100 * low:.0f}–{100 * high:.0f}" for low, high in pairwise(SHARES)]  # their sign is in the title
    return [rows[0], *(row._replace(label=text(words)) for row, words in zip(rows[1:], bounds, strict=True))]


def _published(report: Report, tags: Tags) -> Html:
    months = report.counts.facets.get("month", {})
    if not months:
        return Html("")
    first, last = min(months), max(months)
    span = _count_of(last) - _count_of(first) + 1
    if span <= _MONTHS:
        order = [f"{month // 12}-{month % 12 + 1:02}" for month in range(_count_of(first), _count_of(last) + 1)]
        return columns("months", _ordered(report, tags, "month", order), upright=True)
    rows = []
    for year in range(int(first[:4]), int(last[:4]) + 1):
        inside = [month for month in sorted(months) if month.startswith(str(year))]
        targets = [tags.target("month", month) for month in inside]
        target = next((found for found in targets if found[0]), (None, None))
        rows.append(Bar(text(str(year)), sum(months[month].documents for month in inside), *target))
    return columns("years", rows[-_MONTHS:], upright=True)


def _count_of(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def _similarities(report: Report) -> list[Bar]:
    found = report.duplicates.similarities
    if not found:
        return []
    least = min((number_ for number_ in found if number_ >= 0), default=0)
    rows = []
    for class_ in [*([-1] if -1 in found else []), *range(least, SIMILARITIES + 1)]:
        if class_ < 0:
            label = say("unknown")
        else:
            label = text(f"{class_ / SIMILARITIES:.2f}") if class_ < SIMILARITIES else say("identical")
        facet = found.get(class_, Facet())
        rows.append(Bar(label, facet.documents, _cluster(report, facet)))
    return rows


def _sizes(report: Report) -> list[Bar]:
    found = report.duplicates.sizes
    if not found:
        return []
    rows = []
    for place, least in enumerate(SIZES[: SIZES.index(max(found)) + 1]):
        above = SIZES[place + 1] if place + 1 < len(SIZES) else None
        label = str(least) if above == least + 1 else f"{least:,}–{above - 1:,}" if above else f"≥ {least:,}"
        facet = found.get(least, Facet())
        rows.append(Bar(text(label), facet.documents, _cluster(report, facet)))
    return rows


def _cluster(report: Report, facet: Facet) -> str | None:
    kept = [view.cluster.kept for view in report.clusters]
    return next((f"c{kept.index(name)}" for name in facet.some if name in kept), None)


def _not_read(report: Report) -> Html | None:
    skipped = report.summary.get("skipped", [])
    if not skipped:
        return None
    rows = [
        element("li", element("bdi", corpus(one["name"][:200]), class_="corpus"), Html(" "), corpus(one["why"]))
        for one in skipped[:50]
    ]
    if len(skipped) > len(rows):
        rows.append(element("li", say("more-values", number(len(skipped) - len(rows)))))
    return element(
        "details",
        element("summary", say("not-read"), Html(" "), element("span", number(len(skipped)), class_="n")),
        element("ul", *rows),
        class_="quiet",
    )
