"""Documents to read: every change in its place, with its rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from cleanzh.report.html.charts import number, percent, strip
from cleanzh.report.html.collect import DocumentView, Report
from cleanzh.report.html.families import css_class, family_of, strongest
from cleanzh.report.html.markup import Html, corpus, element, join
from cleanzh.report.html.stories import Gap, Line, Piece
from cleanzh.report.html.tables import document_link, option
from cleanzh.report.html.tags import Tags, value_words
from cleanzh.report.html.words import both, family_words, phrase, say, set_aside_words

__all__ = ["Numbered", "document_section", "gap", "pieces"]

_PARTS = 240  # of a document, that its strip tells apart
_FACETS = ("why", "reason", "flag", "share", "script", "encoding", "month", "source")


class Numbered:
    """The rules that the page speaks of, by number: what attributes hold instead of names."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._starts: dict[tuple[str, ...], str] = {}

    def __call__(self, rules: Iterable[str]) -> str:
        return " ".join(str(self._numbers.setdefault(rule, len(self._numbers))) for rule in rules)

    def start(self, rules: tuple[str, ...]) -> str:
        """The start of the element of a change by these rules: a page has thousands, of a few."""
        if rules not in self._starts:
            whole = element("span", class_=f"e {css_class(strongest(rules))}", data_r=self(rules), tabindex=-1)
            self._starts[rules] = whole.removesuffix("</span>")
        return self._starts[rules]

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)


def document_section(report: Report, tags: Tags, articles: Sequence[Html]) -> Html:
    """The section; ``articles`` are those documents that found room."""
    total = report.summary["documents"]["in"]
    left_out = len(report.documents) - len(articles)
    lead = [element("p", say("documents-lead"))]
    if not report.alone:
        chosen = say("chosen", number(len(articles)), number(total))
        lead.append(element("p", chosen, Html(" "), element("span", say("any-other"), class_="note")))
    if left_out:
        lead.append(element("p", say("room-left-out", number(left_out)), class_="note"))
    return element(
        "section",
        element("h2", say("documents"), id="documents-title"),
        *lead,
        _controls(tags, alone=report.alone),
        *(articles or [element("p", say("none-here"))]),
        id="documents",
        aria_labelledby="documents-title",
    )


def _controls(tags: Tags, *, alone: bool) -> Html:
    views = [
        element(
            "button", say(f"view-{view}"), type="button", data_view=view, aria_pressed=str(view == "inline").lower()
        )
        for view in ("inline", "split", "before", "after")
    ]
    switch = element(
        "div",
        element("span", say("view"), id="view-title"),
        element("span", *views, class_="segments"),
        role="group",
        aria_labelledby="view-title",
        class_="views",
    )
    if alone:
        return element("div", switch, class_="controls js-only")
    choices = [option("", *phrase("all-documents"))]
    for facet in _FACETS:
        titles = phrase(f"group-{facet}")
        for (name, value), place in tags.numbers.items():
            if name == facet:
                count = tags.counts[name, value]
                words = value_words(name, value)
                choices.append(
                    option(
                        str(place), *(f"{title}: {word} ({count})" for title, word in zip(titles, words, strict=True))
                    )
                )
    return element(
        "div",
        element("label", say("filter-documents"), element("input", type="search", id="doc-words", autocomplete="off")),
        element("label", say("show-those"), element("select", *choices, id="doc-tag")),
        element("output", class_="count", id="doc-count", for_="doc-words doc-tag"),
        switch,
        class_="controls js-only",
    )


def article(
    place: int, view: DocumentView, tags: Tags, rules: Numbered, links: dict[str, str], *, opened: bool
) -> Html:
    """One document, closed but for its head."""
    families: Counter[str] = Counter()
    for rule, count in view.rules.items():
        families[family_of(rule)] += count
    body = [_facts(view, links)]
    if view.problem:
        body.append(element("p", say("no-text", ""), corpus(view.problem), class_="note"))
    if families:
        body.append(_legend(families))
    if view.lines:
        body.append(
            element(
                "div",
                *(_line(line, rules) for line in view.lines),
                class_="text",
                tabindex=0,
                role="group",
                lang="zh-Hans",
                aria_labelledby=f"d{place}-id",
            )
        )
    return element(
        "article",
        element("details", _head(place, view), *body, open=opened),
        id=f"d{place}",
        class_="document",
        data_tags=" ".join(str(tags.numbers[tag]) for tag in dict.fromkeys(view.tags)),
    )


def _head(place: int, view: DocumentView) -> Html:
    title = view.metadata.get("title") or _beginning(view.lines)
    facts = [say("edits-here", number(sum(view.rules.values())))] if view.rules else [say("no-change")]
    if view.share > 0:
        facts.append(say("percent-removed", percent(view.share)))
    facts += [element("b", both(*set_aside_words(view.reason)), class_="aside")] if view.reason else []
    facts += [element("b", corpus(name), class_="flag") for name in dict.fromkeys(flag[0] for flag in view.flags)]
    return element(
        "summary",
        element(
            "span",
            element("bdi", corpus(view.id[:200]), class_="id", id=f"d{place}-id"),
            element("bdi", corpus(title[:60]), class_="corpus title", lang="zh-Hans") if title else None,
            class_="names",
        ),
        element("span", *(element("span", fact) for fact in facts), class_="facts"),
        strip(_shares(view)) if view.lines else None,
    )


def _beginning(lines: Sequence[Line | Gap]) -> str:
    return next((line.after.strip() for line in lines if isinstance(line, Line) and line.after.strip()), "")


def _shares(view: DocumentView) -> list[tuple[float, float, str]]:
    """Where the changes are: runs of the same family, in so many parts of the document."""
    position = 0
    spans: list[tuple[int, int, str]] = []
    for line in view.lines:
        if isinstance(line, Gap):
            position += line.characters
            continue
        for piece in line.pieces:
            length = len(piece.before) + piece.hidden
            if piece.rules:
                spans.append((position, position + max(length, 1), css_class(strongest(piece.rules))))
            position += length
    parts: list[str] = [""] * _PARTS
    for start, stop, family in spans:
        first, last = start * _PARTS // max(position, 1), (stop - 1) * _PARTS // max(position, 1)
        for part in range(first, min(last + 1, _PARTS)):
            parts[part] = family
    found, begun = [], 0
    for place in range(1, _PARTS + 1):
        if place == _PARTS or parts[place] != parts[begun]:
            if parts[begun]:
                found.append((begun / _PARTS, (place - begun) / _PARTS, parts[begun]))
            begun = place
    return found


def _facts(view: DocumentView, links: dict[str, str]) -> Html:
    rows: list[tuple[Html, Html]] = []
    for key, value in view.metadata.items():
        rows.append((element("code", corpus(key)), element("bdi", corpus(value), class_="corpus")))
    rows.append(
        (say("found-in"), join(corpus(view.encoding), Html(" · "), say("characters-here", number(view.characters))))
    )
    if view.reason:
        words = [both(*set_aside_words(view.reason))]
        if view.kept:
            words += [Html(" · "), say("kept-instead"), document_link(view.kept, links)]
        if view.detail:
            words += [Html(" · "), corpus(view.detail[:300])]
        rows.append((say("group-reason"), join(*words)))
    for name, left, marked, right in view.flags:
        found = element("bdi", corpus(left), element("mark", corpus(marked)), corpus(right), class_="corpus")
        rows.append((element("code", corpus(name)), found))
    return element(
        "dl", *(element("div", element("dt", key), element("dd", value)) for key, value in rows), class_="metadata"
    )


def _legend(families: Counter[str]) -> Html:
    chips = [
        element(
            "button",
            element("span", class_="swatch"),
            both(*family_words(family)),
            Html(" "),
            element("span", number(count), class_="n"),
            type="button",
            aria_pressed="true",
            class_=f"chip {css_class(family)}",
            data_family=css_class(family),
        )
        for family, count in families.most_common()
    ]
    return element("p", element("span", say("families-here"), class_="hidden-words"), *chips, class_="legend")


def _line(line: Line | Gap, rules: Numbered) -> Html:
    if isinstance(line, Gap):
        return gap(line)
    gone = line.changed and not line.after.strip()
    return element("p", *pieces(line.pieces, rules), data_n=line.number, data_gone=gone)


def gap(gap: Gap, key: str = "gap") -> Html:
    """Lines that are not shown."""
    words = say("gap-end" if gap.end else key, number(gap.lines), number(gap.characters))
    return element("p", words, class_="gap")


def pieces(line: Iterable[Piece], rules: Numbered, differs: Iterable[bool] = ()) -> Iterable[Html]:
    """The pieces of a line; those of ``differs`` are marked."""
    marks = iter(differs)
    for piece in line:
        marked = next(marks, False)
        if piece.hidden:
            yield element("small", say("hidden", number(piece.hidden)), class_="hidden")
            continue
        made = corpus(piece.before)
        if piece.rules:
            before = f"<del>{_ends(made)}</del>" if made else ""
            after = f"<ins>{_ends(corpus(piece.after))}</ins>" if piece.after else ""
            made = Html(f"{rules.start(piece.rules)}{before}{after}</span>")
        yield element("mark", made) if marked else made


def _ends(words: Html) -> str:
    return words.replace("\n", "<b>↵</b>")
