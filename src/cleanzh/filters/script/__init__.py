"""One script for the whole text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from cleanzh import prepared
from cleanzh.edits import Edit, Findings
from cleanzh.errors import UsageError
from cleanzh.filters.script.conversion import convert
from cleanzh.kernels import kernel
from cleanzh.lexicon.kinds import (
    BEYOND,
    HANGUL,
    KANA,
    SIMPLIFIED,
    TRADITIONAL,
    kinds_of,
    places_of,
)
from cleanzh.lexicon.script import Letters, character_class, characters, letters, region_of
from cleanzh.patterns import lazily

__all__ = ["UnifyScript", "unify_script"]

_TARGETS = ("simplified", "traditional", "taiwan", "hongkong", "keep")
_SOURCES = ("auto", "simplified", "traditional", "taiwan", "hongkong")

# (source, target): the OpenCC configurations to run one after the other.
_CONFIGS: dict[tuple[str, str], tuple[str, ...]] = {
    ("traditional", "simplified"): ("t2s",),
    ("taiwan", "simplified"): ("tw2s",),
    ("hongkong", "simplified"): ("hk2s",),
    ("simplified", "traditional"): ("s2t",),
    ("simplified", "taiwan"): ("s2tw",),
    ("simplified", "hongkong"): ("s2hk",),
    ("traditional", "taiwan"): ("t2tw",),
    ("hongkong", "taiwan"): ("hk2t", "t2tw"),
    ("traditional", "hongkong"): ("t2hk",),
    ("taiwan", "hongkong"): ("tw2t", "t2hk"),
}
# The same with the region's vocabulary (軟體 → 软件), where OpenCC has it.
_PHRASE_CONFIGS = {
    ("taiwan", "simplified"): ("tw2sp",),
    ("hongkong", "simplified"): ("hk2sp",),
    ("simplified", "taiwan"): ("s2twp",),
    ("simplified", "hongkong"): ("s2hkp",),
}

_FOREIGN = lazily("[ぁ-ゖァ-ヺ가-힣ᄀ-ᇿㄱ-ㆎ]")
# What a mixed line is decided by: everything up to a mark or a blank.
_CLAUSE = lazily(r"[^\s，。；：！？,;:!?、（）()「」『』“”《》|/]+")
# Text in brackets or quotes that has kana or hangul in it is a foreign name or title: 「進撃の巨人」.
_INSIDE = "[^「」『』《》“”（）()【】\\n]{0,60}"
_FOREIGN_TITLE = f"[「『《“（(【]{_INSIDE}?[ぁ-ゖァ-ヺ가-힣]{_INSIDE}[」』》”）)】]"
_QUOTATION = "「[^「」\n]{6,}」|『[^『』\n]{6,}』|“[^“”\n]{6,}”"
_CLASSICAL, _MODERN = (
    prepared.compiled("[之乎者也矣焉哉曰兮其於于以而乃]"),
    prepared.compiled("[的了是們们這这個个嗎吗呢吧沒没你妳他她它]"),
)

# More than this share of kana and hangul among kana, hangul and Han, and a document, or a line, is Japanese or Korean.
# Japanese documents have half and more; one line in thirty has less than a third.
_FOREIGN_DOCUMENT, _FOREIGN_LINE = 0.3, 0.1
# Telling characters of the other script below this share are strays (names, variants, misprints: 鄴 纔 硃 in Simplified
# editions of old texts), and stay. 77 of 840 published Simplified documents have some; their shares end at 0.054.
_STRAY_SHARE = 0.06
# In a document with no more than strays, a line or clause that is all in the other script is converted when it has this
# many different telling characters.
_LEAST_DISTINCT = 3
# One form alone does not make a text Taiwanese: 著 is also in 著有.
_LEAST_REGIONAL = 2
# Behind these it is the particle, and the text has the forms of Taiwan, or of a converter that learned from them.
_PARTICLE = lazily("著(?:(?<=意味.)|(?<=存在.)|(?<=[隨随沿接跟朝帶带拿坐站笑走看].))(?![名稱称書书作者述])")

# Two changed characters with at most this many unchanged between them are one edit: an edit costs the ledger about as
# much as eight characters written twice. Of a fully Traditional text that leaves about one edit a line.
_RUN_GAP = 8

_MAX_ROUNDS = 5


class UnifyScript:
    """Convert what is written in another script to the script ``to``: document by document, line by line.

    Scraped corpora mix Simplified and Traditional: mirror sites convert, or half convert, what they copy. A text is
    converted by OpenCC where its characters say that it is called for. ``to`` is ``simplified``, ``traditional``
    (OpenCC's standard), ``taiwan``, ``hongkong``, or ``keep``.

    >>> UnifyScript()("京東與OPPO")
    '京东与OPPO'
    >>> UnifyScript(to="taiwan")("他们在教室里看着窗外")
    '他們在教室裡看著窗外'
    >>> UnifyScript().edits("乾隆著作等身，後羿瞭望。")
    [Edit(rule='script.to-simplified', start=7, before='後', after='后')]

    Options:

    * ``source``: what the text is written in, if that is known (``simplified``, ``traditional``, ``taiwan``,
      ``hongkong``); otherwise (``auto``) it is found for each document. Lines that tell nothing (步步高陞) are then
      converted, too.
    * ``phrases``: convert the vocabulary too (軟體 → 软件), from text found Taiwanese or from Hong Kong, and to those.
    * ``protect``: words to leave as they are.
    * ``quotations``: with ``"keep"``, quotations of four words and more that read as classical Chinese stay.

    Left alone: characters that both scripts write, in a text that is in the wanted script already (乾隆, 皇后); strays
    in such a text, since names and rare characters have no certain counterpart there (鄴, 纔); Japanese and Korean
    documents and lines, and names in brackets that have kana in them; Traditional text when any Traditional is wanted.
    A wrong conversion can not be told from an author's choice later, a missed one can.
    """

    __name__ = "unify_script"
    families = ("script",)

    def __init__(
        self,
        to: str = "simplified",
        *,
        source: str = "auto",
        phrases: bool = False,
        protect: Iterable[str] = (),
        quotations: str = "convert",
    ) -> None:
        for name, value, choices in (
            ("script", to, _TARGETS),
            ("source script", source, _SOURCES),
            ("treatment of quotations", quotations, ("convert", "keep")),
        ):
            if value not in choices:
                raise UsageError(f"unknown {name} {value!r}; choose one of {', '.join(choices)}")
        if isinstance(protect, str):
            raise UsageError("protect takes a list of words, not one string")
        self.to, self.source, self.phrases, self.quotations = to, source, phrases, quotations
        self.protect = tuple(sorted({word for word in protect if word}, key=lambda word: (-len(word), word)))
        self.kinds = TRADITIONAL | BEYOND if to == "simplified" and source == "auto" else 0

    def __repr__(self) -> str:
        return f"UnifyScript(to={self.to!r})"

    def __call__(self, text: str) -> str:
        for _ in range(_MAX_ROUNDS):  # a document can read otherwise once most of it is converted
            after = self._unified(text)
            if after == text or self.source != "auto":
                return after
            text = after
        return text

    def edits(self, text: str) -> list[Edit]:
        """What would be converted: one edit a changed run of text, never more than a line."""
        return self.examine(text).edits

    def examine(self, text: str) -> Findings:
        """:meth:`edits`; a script says nothing about the document."""
        after = self(text)
        if after == text:
            return Findings([])
        rule = f"script.to-{self.to}"
        edits = (_changed_runs if len(after) == len(text) else _changed_lines)(rule, text, after)
        return Findings(edits, after=after)

    def _unified(self, text: str) -> str:
        if self.to == "keep":
            return text
        other_forms = _other_region(self.to) is not None and _foreign_forms(self.to).search(text)
        other = TRADITIONAL if self.to == "simplified" else SIMPLIFIED
        if self.source == "auto" and not other_forms and not kinds_of(text) & (other | BEYOND):
            return text
        count = letters(text)
        if _is_foreign(count, _FOREIGN_DOCUMENT):
            return text
        wrong, right = _sides(count, self.to)
        if self.source != "auto":
            return self._document(text, self.source, True)
        if wrong and wrong >= _STRAY_SHARE * (wrong + right) and (wrong > right or self._is_telling(text)):
            return self._document(text, self._source(text), wrong > right)
        if other_forms and self._source(text) == _other_region(self.to):
            return self._regional(text, self._source(text))
        if wrong >= _LEAST_DISTINCT:
            return self._without_strays(text, other)
        return text

    def _without_strays(self, text: str, other: int) -> str:
        """A document in the wanted script, of which single lines may not be."""
        parts: list[str] = []
        done = 0
        places = places_of(other | BEYOND, text)
        for first, last in zip(places, places[_LEAST_DISTINCT - 1 :], strict=False):
            if first < done or text.find("\n", first, last) >= 0:
                continue
            start, stop = text.rfind("\n", 0, first) + 1, text.find("\n", last)
            stop = len(text) if stop < 0 else stop
            parts += text[done:start], self._stray(text[start:stop])
            done = stop
        return "".join([*parts, text[done:]])

    def _is_telling(self, text: str) -> bool:
        """Whether one of the few characters of the other script is common enough to be no stray."""
        return self.to != "simplified" or not _common_traditional().isdisjoint(text)

    def _source(self, text: str) -> str:
        if self.to == "simplified":
            region = region_of(text, least=_LEAST_REGIONAL)
            return region or ("taiwan" if "著" in text and _PARTICLE.search(text) else "traditional")
        if character_class("simplified").search(text):
            return "simplified"
        return region_of(text, least=_LEAST_REGIONAL) or "traditional"

    def _document(self, text: str, source: str, all_of_it: bool) -> str:
        """A document in the other script, or in both. Most lines have nothing special and are converted in one call."""
        same = SIMPLIFIED if self.to == "simplified" else TRADITIONAL
        plain_text = not kinds_of(text) & (same | KANA | HANGUL | BEYOND)
        if plain_text and all_of_it and not self.protect and self.quotations != "keep":
            return self._convert(text, source)
        wrong, right = character_class(_other(self.to)), character_class(_same(self.to))
        keep = self.kept_as_it_is()
        has_foreign = _FOREIGN.search(text) is not None
        has_kept = (has_foreign or self.protect or self.quotations == "keep") and keep.search(text)
        if all_of_it and not has_foreign and not has_kept and not right.search(text):
            return self._convert(text, source)
        lines = text.split("\n")
        plain = []
        for number, line in enumerate(lines):
            if right.search(line) or (has_foreign and _FOREIGN.search(line)) or (has_kept and keep.search(line)):
                lines[number] = self._line(line, source, all_of_it)
            elif all_of_it or wrong.search(line):
                plain.append(number)
        if plain:
            converted = self._convert("\n".join([lines[number] for number in plain]), source).split("\n")
            for number, line in zip(plain, converted, strict=True):
                lines[number] = line
        return "\n".join(lines)

    def _regional(self, text: str, source: str) -> str:
        """A Traditional document in the forms of another region; lines with something to keep stay as they are."""
        keep = self.kept_as_it_is()
        if not keep.search(text):
            return self._convert(text, source)
        return "\n".join([line if keep.search(line) else self._convert(line, source) for line in text.split("\n")])

    def _line(self, line: str, source: str, all_of_it: bool) -> str:
        """A line that is not all in the other script."""
        count = letters(line)
        if _is_foreign(count, _FOREIGN_LINE):
            return line
        spans = [found.span() for found in self.kept_as_it_is().finditer(line) if self._is_kept(found[0])]
        if spans:
            return self._around(line, spans, source, all_of_it)
        wrong, right = _sides(count, self.to)
        if not right:
            return self._convert(line, source) if wrong or all_of_it else line
        if self.source != "auto" and (not wrong or self.to != "simplified"):
            return _CLAUSE.sub(lambda clause: self._clause(clause[0], source, True), line)
        if wrong < _STRAY_SHARE * (wrong + right) or (self.to == "simplified" and not wrong):
            return line
        if self.to == "simplified":
            sure = self.source != "auto" or wrong > right or self._is_telling(line)
            return self._convert(line, source) if sure else line
        if right < _STRAY_SHARE * (wrong + right):
            return self._convert(line, source)
        # To Traditional the ambiguous characters matter (皇后, 公里), so a mixed line goes clause by clause.
        return _CLAUSE.sub(lambda clause: self._clause(clause[0], source, wrong >= right), line)

    def _clause(self, clause: str, source: str, all_of_it: bool) -> str:
        wrong, right = _sides(letters(clause), self.to)
        if not wrong and right:
            return (
                self._convert(clause, "traditional") if self.to != "simplified" and source == "simplified" else clause
            )
        if wrong >= right:
            return self._convert(clause, source) if wrong or all_of_it else clause
        converted = self._convert(clause, source)
        if len(converted) != len(clause):
            return clause
        telling = characters("simplified")
        return "".join([new if old in telling else old for old, new in zip(clause, converted, strict=True)])

    def _around(self, line: str, spans: Sequence[tuple[int, int]], source: str, all_of_it: bool) -> str:
        parts: list[str] = []
        position = 0
        for start, end in [*spans, (len(line), len(line))]:
            piece = line[position:start]
            wrong, right = _sides(letters(piece), self.to)
            if wrong > right or (all_of_it and not right):
                piece = self._convert(piece, source)
            parts += piece, line[start:end]
            position = end
        return "".join(parts)

    def _stray(self, line: str) -> str:
        """A line of a document in the wanted script: converted only if it, or a clause of it, is all in the other."""
        if len(set(character_class(_other(self.to)).findall(line))) < _LEAST_DISTINCT:
            return line
        wrong, right = _sides(letters(line), self.to)
        source = "traditional" if self.to == "simplified" else "simplified"
        if wrong > right:
            return self._line(line, source, True)
        return _CLAUSE.sub(lambda clause: self._stray_clause(clause[0], source), line)

    def _stray_clause(self, clause: str, source: str) -> str:
        if len(set(character_class(_other(self.to)).findall(clause))) < _LEAST_DISTINCT:
            return clause
        wrong, right = _sides(letters(clause), self.to)
        return self._line(clause, source, True) if wrong > right else clause

    def kept_as_it_is(self) -> re.Pattern[str]:
        """What the conversion may have to leave as it is written."""
        return _keep_pattern(self.protect, self.quotations)

    def _is_kept(self, found: str) -> bool:
        if found in self.protect or _FOREIGN.search(found):
            return True
        return len(_CLASSICAL.findall(found)) >= 0.1 * len(found) and not _MODERN.search(found)

    def _convert(self, text: str, source: str) -> str:
        configs = _CONFIGS.get((source, self.to), ())
        if self.phrases:
            configs = _PHRASE_CONFIGS.get((source, self.to), configs)
        for config in configs:
            text = convert(config, text)
        return text


unify_script = UnifyScript()


def _other(to: str) -> str:
    return "traditional" if to == "simplified" else "simplified"


def _same(to: str) -> str:
    return "simplified" if to == "simplified" else "traditional"


def _other_region(to: str) -> str | None:
    return {"taiwan": "hongkong", "hongkong": "taiwan"}.get(to)


@cache
def _common_traditional() -> frozenset[str]:
    return characters("traditional") - characters("rare")


@cache
def _foreign_forms(to: str) -> re.Pattern[str]:
    return character_class(str(_other_region(to)))


@cache
def _keep_pattern(protect: tuple[str, ...], quotations: str) -> re.Pattern[str]:
    parts = [re.escape(word) for word in protect]
    if quotations == "keep":
        parts.append(_QUOTATION)
    return prepared.compiled("|".join([*parts, _FOREIGN_TITLE]))


def _sides(count: Letters, to: str) -> tuple[int, int]:
    """How many telling characters are not of the wanted script, and how many are."""
    return (count.traditional, count.simplified) if to == "simplified" else (count.simplified, count.traditional)


def _is_foreign(count: Letters, share: float) -> bool:
    foreign = count.kana + count.hangul
    return foreign > share * (foreign + count.han)


def _changed_runs(rule: str, before: str, after: str) -> list[Edit]:
    """One edit a changed run, for texts of one length."""
    compiled = kernel("script")
    if compiled is not None and (edits := compiled.changed(before, after, _RUN_GAP, Edit, rule)) is not None:
        return edits  # type: ignore[no-any-return]
    spans = _changed(before, after, _RUN_GAP)
    # A text may have thousands; the constructor of a named tuple takes three times as long.
    return [tuple.__new__(Edit, (rule, start, before[start:end], after[start:end])) for start, end in spans]


def _changed(before: str, after: str, gap: int) -> list[tuple[int, int]]:
    """Where two texts of one length differ; up to so many characters, but no line break, in a run may be the same."""
    spans: list[tuple[int, int]] = []
    start = end = -1
    for place, (old, new) in enumerate(zip(before, after, strict=True)):
        if start >= 0 and (old == "\n" or (old != new and place - end >= gap)):
            spans.append((start, end))
            start = -1
        if old != new:
            start, end = place if start < 0 else start, place + 1
    return spans if start < 0 else [*spans, (start, end)]


def _changed_lines(rule: str, before: str, after: str) -> list[Edit]:
    """One edit a changed line, where words became longer or shorter; without what both lines start and end with."""
    edits, start = [], 0
    for old, new in zip(before.split("\n"), after.split("\n"), strict=True):
        if old != new:
            head = _shared(old, new)
            tail = _shared(old[head:][::-1], new[head:][::-1])
            edits.append(Edit(rule, start + head, old[head : len(old) - tail], new[head : len(new) - tail]))
        start += len(old) + 1
    return edits


def _shared(left: str, right: str) -> int:
    """How many characters two texts share from their start; by halves, so that a long line costs no loop over it."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
