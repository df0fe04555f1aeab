"""Bring folded punctuation back in Chinese context."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from operator import itemgetter

from cleanzh.edits import Edit, Findings, apply, text_filter
from cleanzh.filters.punctuation.context import (
    CHINESE_CHAR,
    FOREIGN,
    FOREIGN_SHARE,
    FULL,
    FULL_MARKS,
    HAN_CHAR,
    NEVER_MADE,
    OTHERS,
    classes,
    kept_spans,
    other_lines,
)
from cleanzh.filters.punctuation.pairs import bracket_pairs, double_quotes, is_chinese_pair, paired_quotes
from cleanzh.kernels import kernel
from cleanzh.lexicon.code import Spans
from cleanzh.lexicon.kinds import BRACKET, COMMA, DOTS, HANGUL, KANA, QUOTE, kinds_of, places_of
from cleanzh.lexicon.script import letters
from cleanzh.patterns import lazily

__all__ = ["restore_punctuation"]

_MARK = lazily(f"[{''.join(FULL)}{OTHERS}]")
_QUOTES = "\"'"

# A mark that Chinese text has on both sides, or on one and the end of the line on the other. One pattern a mark: from a
# literal, the search takes a tenth of the time, and few texts have more than two of them.
_STRONG = {
    mark: lazily(rf"{re.escape(mark)}(?<=[{NEVER_MADE}].)(?=[{NEVER_MADE}]|[ \u3000]*(?:\n|\Z))") for mark in FULL
}
# One that Chinese text has on one side: enough in a text without any full-width mark.
_WEAK = lazily(rf"[,;:!?()\"](?:(?<=[{NEVER_MADE}].)|(?=[{NEVER_MADE}]))")
# Three or six dots are one ellipsis; more than twelve are a table of contents. Full stops in a row are nothing else,
# and one that is followed by two dots was half folded.
_DOTS = lazily(r"\.{3,12}(?!\.)")
_STOPS = lazily(r"。(?:。{2,11}(?!。)|\.\.(?![.A-Za-z0-9]))")
_SMILE = lazily("[:;][-o^'()DPp]")  # how one begins
_EMOTICON = lazily(r"[:;][-o^']?(?:[()](?![A-Za-z0-9])|[DPp](?!\w))")
# Two English words: the mark behind them ends an English sentence.
_ENGLISH_BEFORE = lazily(r"[A-Za-z][A-Za-z'’-]*,? [A-Za-z'’-]+[\"'”’)]?\Z")
# Characters on each side of a mark that tell whether it stands in Chinese text.
_NEAR = 30

_made = tuple.__new__  # the constructor of a named tuple takes three times as long
_HALF, _QUOTE = "punctuation.half-width", "punctuation.straight-quote"
_START = itemgetter(1)


@text_filter("punctuation", repeat=True, kinds=COMMA | BRACKET | QUOTE | DOTS)
def restore_punctuation(text: str) -> list[Edit] | Findings:
    """Bring folded punctuation back: ``, ; : ! ? ( )`` in Chinese text become full-width again, ``...`` becomes ``……``.

    Sites and corpora fold widths (NFKC, an editor's "half-width" button, a tokenizer), and the punctuation goes with
    the letters: 5月27日,京东. A mark between Han, or between Han and the end of a line, is restored everywhere; for the
    others, what was folded and what was typed is told by the whole text: one that has more half-width marks between
    Han than full-width ones was folded; in another, single lines may be.

    >>> restore_punctuation("5月27日,京东零售集团CEO徐雷(后排左)说:签约!")
    '5月27日，京东零售集团CEO徐雷（后排左）说：签约！'
    >>> restore_punctuation("价格为1,000元,见http://example.com/a,b。。。")
    '价格为1,000元，见http://example.com/a,b……'
    >>> [edit.rule for edit in restore_punctuation.edits('他说:"好..."')][:3]
    ['punctuation.half-width', 'punctuation.straight-quote', 'punctuation.ellipsis']

    Brackets change in pairs, straight quotes in pairs around Chinese text, or where the partner is curly. No blank is
    added or lost.

    Left alone: marks between Latin words and inside numbers, times and ratios, since those are half-width in Chinese
    text too; English sentences, addresses, code, tags, entities, links, emoticons; Japanese and Korean; in a
    text with full-width marks half-width brackets and marks beside Latin, which may be an author's choice (brackets
    are, in many published texts); brackets with a blank behind them, which never were full-width; ``“”`` and ``「」``.
    """
    kinds = kinds_of(text)
    dots = kinds & DOTS and ("..." in text or "。.." in text or "。。。" in text)
    if not dots and not kinds & (COMMA | BRACKET | QUOTE):
        return []
    strong, folded, spans = _folded_spans(text)
    odd_quotes = '"' in text and ("“" in text or "”" in text)
    if not strong and not spans and not dots and not odd_quotes:
        return []
    if kinds & (KANA | HANGUL) and FOREIGN.search(text):
        count = letters(text)
        if FOREIGN_SHARE * (count.kana + count.hangul) > count.han:
            return []
    ellipses = _ellipses(text, folded) if dots else []
    quotes = [*double_quotes(text, places_of(QUOTE, text), pairs=False)] if odd_quotes else []
    if not (strong or spans or ellipses or quotes):
        return []
    places = [*strong, *(m.start() for m in ellipses), *(i for i, _ in quotes)]
    kept = _kept(text, places, spans)
    edits = [
        Edit("punctuation.ellipsis", m.start(), m[0], "……" * max(1, len(m[0]) // 6))
        for m in ellipses
        if not kept.covers(m.start())
    ]
    signs = {place: "…" for edit in edits for place in (edit.start, edit.end - 1)}
    # Strays in a text that has its marks.
    edits += [_made(Edit, (_HALF, i, text[i], FULL[text[i]])) for i in strong if not kept.covers(i)]
    for start, end in spans:
        edits += _restore(text, start, end, kept if end - start == len(text) else kept_spans(text, start, end), signs)
    edits += [Edit(_QUOTE, i, '"', new) for i, new in quotes if not kept.covers(i)]
    if edits and not (spans or dots or odd_quotes):  # none of these comes about by a stray mark less
        return Findings(edits, after=apply(text, edits))
    if strong or quotes:  # found in more than one way
        edits = list({edit.start: edit for edit in edits}.values())
    edits.sort(key=_START)
    return edits


def _kept(text: str, places: list[int], spans: list[tuple[int, int]]) -> Spans:
    """What keeps its own marks on the lines of some places, or in all of a text that was folded."""
    if spans == [(0, len(text))] or "`" in text:  # the code that begins with it may have lines before
        return kept_spans(text, 0, len(text))
    if not places:
        return Spans([])
    end = text.find("\n", max(places))
    return kept_spans(text, text.rfind("\n", 0, min(places)) + 1, end if end >= 0 else len(text))


def _folded_spans(text: str) -> tuple[list[int], bool, list[tuple[int, int]]]:
    """The places of marks between Han, whether the text was folded as a whole (then they are not asked for), and where:
    in a text with full-width marks, in single lines at most.

    A text with full-width marks has its half-width ones by choice or by an author's slip, unless they are more.
    """
    strong, full, weak = _survey(text)
    if (weak and not full and "（" not in text) or len(strong) > full:
        return [], True, [(0, len(text))]
    spans = []
    position = 0
    for first, second in pairwise(strong):
        if first < position:
            continue
        start = text.rfind("\n", 0, first) + 1
        position = text.find("\n", first)
        if position < 0:
            position = len(text)
        if second < position and not any(mark in text[start:position] for mark in FULL_MARKS):
            spans.append((start, position))
    return strong, not full, spans


def _survey(text: str) -> tuple[list[int], int, bool]:
    """Where half-width marks stand between Han, how many full-width ones there are, and whether any half-width one has
    Chinese beside it.
    """
    compiled = kernel("marks")
    if compiled is not None:
        return compiled.survey(text, classes())  # type: ignore[no-any-return]
    strong = sorted([found.start() for mark in FULL if mark in text for found in _STRONG[mark].finditer(text)])
    return strong, sum(map(text.count, FULL_MARKS[:5])), _WEAK.search(text) is not None


def _ellipses(text: str, folded: bool) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    if "。。。" in text or "。.." in text:
        found += [m for m in _STOPS.finditer(text) if text[m.start() - 1 : m.start()] != "。"]
    if folded:
        found += [m for m in _DOTS.finditer(text) if _is_chinese_ellipsis(text, *m.span())]
    return found


def _is_chinese_ellipsis(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    if before == "." or (after.isascii() and after.isalnum()):
        return False
    if before and (CHINESE_CHAR.match(before) or before in FULL_MARKS or before in ",;:!?()"):
        return before not in ",;:!?()" or HAN_CHAR.match(after) is not None
    return before in ("", "\n") and HAN_CHAR.match(after) is not None


def _restore(text: str, start: int, end: int, kept: Spans, signs: Mapping[int, str]) -> list[Edit]:
    """The edits of a span of whole lines. Quotes first, then brackets, then the marks that may lean on both.

    ``signs`` are the characters that other edits make, by position. Not in order.
    """
    kept = Spans([*kept, *other_lines(text, start, end)])
    restored, marks, smiles = _behind_chinese(text, start, end, kept)
    if not marks:
        return restored
    first, last = marks[0], marks[-1]
    if restored:
        first, last = min(first, restored[0].start), max(last, restored[-1].start)
    now = {**signs, **dict(paired_quotes(text, marks, first, last + 1))}
    paired: set[int] = set()
    # Half-width brackets beside full-width ones are an author's choice.
    brackets = text.count("（", start, end) < text.count("(", start, end)
    for i, j in bracket_pairs(text, marks) if brackets else ():
        paired.update((i, j))
        if is_chinese_pair(text, i, j, now):
            now[i], now[j] = "（", "）"
    for i in marks:
        full = FULL.get(text[i])
        if (
            full
            and (i in smiles or _is_chinese_mark(text, i, now))
            and not (full in "：；" and _is_emoticon(text, i, paired))
        ):
            now[i] = full
    made = now.keys() - signs.keys() if signs else now
    return restored + [_made(Edit, (_QUOTE if text[i] in _QUOTES else _HALF, i, text[i], now[i])) for i in made]


def _behind_chinese(text: str, start: int, end: int, kept: Spans) -> tuple[list[Edit], list[int], list[int]]:
    """The edits for marks right behind Chinese, nine in ten; the places of all other marks; and which of these stand
    there too, but may begin an emoticon, as who knows the pairs of brackets can tell.
    """
    spans = list(kept)
    compiled = kernel("marks")
    if compiled is not None:
        return compiled.behind_chinese(text, classes(), start, end, spans, FULL, Edit, _HALF)  # type: ignore[no-any-return]
    edits: list[Edit] = []
    others: list[int] = []
    smiles: list[int] = []
    last = None
    for found in _MARK.finditer(text, start, end):
        i, mark = found.start(), found[0]
        if spans and kept.covers(i):
            continue
        before = text[i - 1 : i]
        chinese = before and (before in FULL_MARKS or CHINESE_CHAR.match(before) or last == i - 1)
        if not chinese or mark in OTHERS or _SMILE.match(text, i):
            others.append(i)
            if chinese and mark in FULL:
                smiles.append(i)
        else:
            edits.append(Edit(_HALF, i, mark, FULL[mark]))
            last = i
    return edits, others, smiles


def _is_emoticon(text: str, i: int, paired: set[int]) -> bool:
    """Whether the mark begins one such as ``:)``."""
    found = _EMOTICON.match(text, i)
    return found is not None and found.end() - 1 not in paired


def _is_chinese_mark(text: str, i: int, now: dict[int, str]) -> bool:
    before = now.get(i - 1) or text[i - 1 : i]
    if "㐀" <= before <= "鿿" or (before and (before in FULL_MARKS or CHINESE_CHAR.match(before))):
        return True
    after = now.get(i + 1) or text[i + 1 : i + 2]
    if after in ("", "\n"):
        return _ends_chinese_line(text, i)
    if not (CHINESE_CHAR.match(after) or after in "（）"):
        return text[i] in ",;" and _parts_number(text, i, before, after)
    if before in ("", " ", "\n", "\u3000"):
        left = _left_of_blank(text, i)
        return left == ")" or CHINESE_CHAR.match(left) is not None
    if text[i] in "!?" and before.isascii() and before.isalpha() and (text[i] == "!" or after in "”’』」"):
        return False  # Yes!卡, Yahoo!奇摩 are as often names as sentences, and “Why?” is English
    return text[i] != "?" or not _ENGLISH_BEFORE.search(text, max(0, i - 40), i)


def _left_of_blank(text: str, i: int) -> str:
    """The character before the blank in front of a mark, also where the line was broken there."""
    left = text[max(0, i - 16) : i].rstrip(" \u3000")
    return left[:-1].rstrip(" \u3000")[-1:] if left.endswith("\n") else left[-1:]


def _ends_chinese_line(text: str, i: int) -> bool:
    """Whether a line that ends in a number or a Latin word and this mark is Chinese for the most part: 不低于50%;"""
    if text[i - 1 : i] in (" ", "\u3000"):
        return HAN_CHAR.match(_left_of_blank(text, i)) is not None
    start = text.rfind("\n", 0, i) + 1
    return text[i] in ",;:" and i > start and 3 * len(HAN_CHAR.findall(text, start, i)) >= i - start


def _parts_number(text: str, i: int, before: str, after: str) -> bool:
    """Whether a mark without a blank stands between a number and a word in Chinese text: 增长65%,GMV为, 36MHz,1个.

    In published text it is full-width there without exception. Between two numbers it may be part of one (1,000), and
    between two words it is half-width one time in five.
    """
    if not (before.isascii() and after.isascii() and after.isalnum()):
        return False
    if before != "%" and not (before.isalnum() and before.isdigit() != after.isdigit()):
        return False
    around = text[max(0, i - _NEAR) : i].rpartition("\n")[2] + text[i : i + _NEAR].partition("\n")[0]
    return 3 * len(HAN_CHAR.findall(around)) > len(around)
