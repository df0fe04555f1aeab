"""One form of white space."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Literal, get_args

from cleanzh.edits import Edit, Findings, apply, text_filter
from cleanzh.errors import UsageError
from cleanzh.filters.whitespace.blanks import (
    Found,
    Spans,
    beside_marks,
    forms,
    runs,
    word_spacing,
)
from cleanzh.filters.whitespace.han import inside_words
from cleanzh.filters.whitespace.lines import blank_lines, breaks, indents, trailing
from cleanzh.filters.whitespace.places import Places, survey
from cleanzh.kernels import kernel
from cleanzh.lexicon import code as code_lexicon
from cleanzh.lexicon.code import code_spans, may_have_code
from cleanzh.lexicon.kinds import BLANK, LINE_FEEDS, ODD_BLANK, kinds_of, places_of

__all__ = ["NormalizeWhitespace", "normalize_whitespace"]

Between = Literal["keep", "remove", "add"]


class NormalizeWhitespace:
    """One form of white space: line ends, blank lines, indents, blanks beside Chinese marks and inside words.

    Chinese is written without blanks, so what stands in a scraped text comes from elsewhere: ideographic and
    no-break blanks that laid out the page, indents of its source, line ends of three systems and of a PDF, a blank
    where a tag or a cut-out keyword stood, one inside a word where the line was broken.

    >>> normalize_whitespace("　　今年增长219.8% 。私域 ，\\r\\n\\n\\n\\n京 东与OPPO\\u3000签署协议。 \\n")
    '今年增长219.8%。私域，\\n\\n京东与OPPO 签署协议。\\n'

    Blanks between Chinese and words or numbers are a matter of style: ``between`` keeps them (the default), removes
    them, or adds them everywhere.

    >>> NormalizeWhitespace(between="add")("与OPPO签署 3年协议")
    '与 OPPO 签署 3 年协议'

    Left alone, since nothing else says what they say: a blank between Chinese words (``张三 李四``, ``第一条 为了``,
    ``书送希望 情暖四川``): only one goes that splits a word, by the dictionary or by what the same text writes
    elsewhere, that stands beside a particle (``被称作是 射线``), or on both sides of a word that the text otherwise
    writes without blanks; two blanks and more in a row, which are columns or a gap to be filled in; tables; indents
    that differ, of a poem or an outline; Markdown and source code; one blank line; the last line end.
    """

    families: tuple[str, ...] = ("whitespace",)
    __name__ = "normalize_whitespace"

    def __init__(self, between: Between = "keep") -> None:
        if between not in get_args(Between):
            raise UsageError(f"between={between!r} is none of {', '.join(get_args(Between))}")
        self.between = between

        def find(text: str) -> list[Edit] | Findings:
            return _find(text, between)

        self._filter = text_filter("whitespace", repeat=True)(find)

    def __reduce__(self) -> tuple[type[NormalizeWhitespace], tuple[str]]:
        return type(self), (self.between,)

    def __repr__(self) -> str:
        return f"NormalizeWhitespace(between={self.between!r})"

    def __call__(self, text: str, /) -> str:
        return self._filter(text)

    def edits(self, text: str, /) -> list[Edit]:
        """What would change."""
        return self._filter.edits(text)

    def examine(self, text: str, /) -> Findings:
        return self._filter.examine(text)

    def look(self, text: str, /) -> Findings | None:
        """:meth:`examine`, but None where nothing is found."""
        return self._filter.look(text)


_NO_PLACES = Places(
    (), (), spaced_out=False, number=0, between=0, beside=(), empty=(), end=(), indent=(), run=(), doubtful=()
)


def _find(text: str, between: Between) -> list[Edit] | Findings:
    kinds = kinds_of(text)
    edge = bool(kinds & LINE_FEEDS) or text[:1].isspace() or text[-2:].isspace()
    if between == "keep" and not edge and not kinds & (BLANK | ODD_BLANK):
        return []
    places, odd = survey(text), bool(kinds & ODD_BLANK)
    if places is None:
        if between == "keep" and not (edge or odd):
            return []
        places = _NO_PLACES
    found = [one for one in _found(text, places, odd=odd, edge=edge, between=between) if one[0]]
    if not found:
        return []
    code = code_spans(text) if may_have_code(text) else None
    if code:
        found = [one if one[1] == "whitespace.line-break" else (_outside(code, one[0]), *one[1:]) for one in found]
    edits = _edits(text, found)
    if odd or edge or code or between != "keep" or places.empty or places.indent or places.run or places.doubtful:
        return edits
    # Only single blanks went, and beside the others stands what stood there. So nothing more will be found but between
    # Chinese characters, where the sentence counts, and the rest of the text.
    after = apply(text, edits)
    if (
        len(edits) < places.number
        and (left := survey(after))
        and any(spans for spans, _, _ in inside_words(after, left))
    ):
        return edits
    return Findings(edits, after=after)


def _found(text: str, places: Places, *, odd: bool, edge: bool, between: Between) -> Iterator[Found]:
    if places.beside:
        yield beside_marks(text, places.beside), "whitespace.beside-mark", ""
    if odd:
        yield from breaks(text)
        yield from forms(text, places_of(ODD_BLANK, text))
    if odd or edge or places.end or places.empty:
        yield trailing(text, None if odd else [*places.empty, *places.end]), "whitespace.trailing", ""
    if odd or edge or places.empty:
        yield from blank_lines(text)
    if odd or edge or places.indent:
        yield list(indents(text)), "whitespace.indent", ""
    if places.run:
        yield list(runs(text)), "whitespace.run", " "
    if between != "keep":
        yield from word_spacing(text, between)
    if places.between:
        yield from inside_words(text, places)


def _outside(code: code_lexicon.Spans, spans: Spans) -> Spans:
    return [span for span in spans if not code.touches(*span)]


def _edits(text: str, found: list[Found]) -> list[Edit]:
    compiled = kernel("edits")
    if compiled is not None:
        edits: list[Edit] = compiled.edited(text, found, Edit)
        return edits
    return _edits_one_by_one(text, found)


def _edits_one_by_one(text: str, found: list[Found]) -> list[Edit]:
    """By place; of those at one place the longest, and none that begins inside of another."""
    every = [(start, end, rule, after) for spans, rule, after in found for start, end in spans]
    every.sort(key=itemgetter(1), reverse=True)
    every.sort(key=itemgetter(0))
    edits: list[Edit] = []
    position = 0
    for start, end, rule, after in every:
        if start >= position:
            edits.append(Edit(rule, start, text[start:end], after))
            position = end
    return edits


normalize_whitespace = NormalizeWhitespace()
