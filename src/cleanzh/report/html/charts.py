"""Pictures: bars and columns of inline SVG with their words in HTML, so that those wrap, scale and translate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cleanzh.report.html.families import css_class
from cleanzh.report.html.markup import Html, element
from cleanzh.report.html.words import say

__all__ = ["Bar", "bars", "columns", "number", "percent", "strip"]


class Bar(NamedTuple):
    """One bar. ``target`` is the id of its first example, ``tag`` the number of the tag that shows all of them."""

    label: Html
    value: int
    target: str | None = None
    tag: int | None = None
    family: str | None = None


def number(value: float) -> str:
    return f"{value:,}"


def percent(share: float) -> str:
    """A share as people write it: no digits that say nothing, never 0 % for a little nor 100 % for almost all.

    >>> percent(0), percent(0.0004), percent(0.0234), percent(0.5), percent(0.9999), percent(1)
    ('0 %', '< 0.1 %', '2.3 %', '50 %', '> 99.9 %', '100 %')
    """
    hundredths = 100 * share
    if 0 < hundredths < 0.1:
        return "< 0.1 %"
    if 99.9 < hundredths < 100:
        return "> 99.9 %"
    return f"{hundredths:.0f} %" if hundredths in (0, 100) or 10 <= hundredths < 99 else f"{hundredths:.1f} %"


def bars(title: str, rows: Sequence[Bar], *, more: int = 0) -> Html:
    """Bars that lie, one a row; nothing if there is none."""
    if not rows:
        return Html("")
    most = max(row.value for row in rows) or 1
    items = [
        element(
            "li",
            _link(
                row,
                element("span", row.label, class_="label"),
                element("span", number(row.value), class_="n"),
                element(
                    "svg",
                    element("rect", width=f"{max(0.6, 100 * row.value / most):.2f}", height=1),
                    viewBox="0 0 100 1",
                    preserveAspectRatio="none",
                    aria_hidden="true",
                ),
            ),
            class_=css_class(row.family) if row.family else None,
        )
        for row in rows
    ]
    rest = element("p", say("more-values", number(more)), class_="rest") if more else None
    return _figure(title, element("ul", *items, class_="bars"), rest, wide=False)


def columns(title: str, rows: Sequence[Bar], *, upright: bool = False) -> Html:
    """Columns that stand, in an order that means something; nothing if all are empty.

    ``upright`` labels are as wide as a line is high, for those that are long or many.
    """
    if not any(row.value for row in rows):
        return Html("")
    most = max(row.value for row in rows)
    items = []
    for row in rows:
        high = 100 * row.value / most
        high = max(high, 2) if row.value else 0
        picture = element(
            "svg",
            element("rect", y=f"{100 - high:.2f}", width=10, height=f"{high:.2f}"),
            viewBox="0 0 10 100",
            preserveAspectRatio="none",
            aria_hidden="true",
        )
        count = element("span", number(row.value), class_="n")
        label = element("span", row.label, class_="label")
        items.append(element("li", _link(row, count, picture, label), class_=None if row.value else "zero"))
    upright = upright or len(rows) > 11
    kind = "columns upright" if upright else "columns"
    return _figure(title, element("ol", *items, class_=kind), wide=len(rows) > 16)


def strip(shares: Sequence[tuple[float, float, str]]) -> Html:
    """Where in a document its changes are: start and width as shares of it, and the family of each."""
    return element(
        "svg",
        *(
            Html(f'<rect x="{100 * start:.1f}" width="{max(0.5, 100 * width):.1f}" height="1" class="{family}"/>')
            for start, width, family in shares
        ),
        viewBox="0 0 100 1",
        preserveAspectRatio="none",
        aria_hidden="true",
        class_="strip",
    )


def _figure(title: str, *children: Html | None, wide: bool) -> Html:
    return element(
        "figure",
        element("figcaption", element("h3", say(title))),
        *children,
        class_="chart wide" if wide else "chart",
    )


def _link(row: Bar, *children: Html) -> Html:
    if row.target is None or not row.value:
        return element("span", *children, class_="row")
    return element("a", *children, class_="row", href=f"#{row.target}", data_tag=row.tag)
