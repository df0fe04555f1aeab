"""One form of white space."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Literal, get_args

from cleanzh.edits import Edit, Findings, text_filter
from cleanzh.errors import UsageError
from cleanzh.filters.whitespace.blanks import Places, beside_marks, forms, runs, word_spacing
from cleanzh.filters.whitespace.han import inside_words
from cleanzh.filters.whitespace.lines import blank_lines, breaks, indents, trailing
from cleanzh.filters.whitespace.settled import is_settled
from cleanzh.kernels import kernel
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


def _find(text: str, between: Between) -> list[Edit] | Findings:
    kinds = kinds_of(text)
    edge = bool(kinds & LINE_FEEDS) or text[:1].isspace() or text[-2:].isspace()
    if between == "keep" and not edge and not kinds & (BLANK | ODD_BLANK):
        return []
    odd = places_of(ODD_BLANK, text) if kinds & ODD_BLANK else []
    places = Places(text)
    found = beside_marks(text, places.beside)
    more: list[Iterable[tuple[int, int, str, str]]] = []
    if odd:
        more += breaks(text), forms(text, odd)
    if odd or edge or places.ends:
        more.append(trailing(text, None if odd else places.ends))
    if odd or edge or places.empty:
        more.append(blank_lines(text))
    if odd or edge or places.indents:
        more.append(indents(text))
    if places.runs:
        more.append(runs(text))
    words = list(inside_words(text, places)) if places.split or places.numbered else []
    if between != "keep":
        more.append(word_spacing(text, between))
    for finder in more:
        found += finder
    found += words
    if not found:
        return []
    found.sort(key=itemgetter(1), reverse=True)
    found.sort(key=itemgetter(0))  # at one place the longest first
    has_code = may_have_code(text)
    if has_code and (code := code_spans(text)):
        found = [one for one in found if one[2] == "whitespace.line-break" or not code.touches(one[0], one[1])]
    edits, after = _edited(text, found)
    if not (odd or edge or has_code) and between == "keep" and is_settled(text, edits, places, words, after):
        return Findings(edits, after=after)
    return edits


def _edited(text: str, found: list[tuple[int, int, str, str]]) -> tuple[list[Edit], str]:
    """The edits, and the text that they make, which is put together on the way."""
    compiled = kernel("edits")
    return _edited_one_by_one(text, found) if compiled is None else compiled.edited(text, found, Edit)


def _edited_one_by_one(text: str, found: list[tuple[int, int, str, str]]) -> tuple[list[Edit], str]:
    edits: list[Edit] = []
    parts: list[str] = []
    position = 0
    for start, end, rule, after in found:
        if start >= position:
            edits.append(Edit(rule, start, text[start:end], after))
            parts += text[position:start], after
            position = end
    return edits, "".join([*parts, text[position:]])


normalize_whitespace = NormalizeWhitespace()
