"""Bring folded punctuation back in Chinese context."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from operator import itemgetter

from cleanzh import prepared
from cleanzh.edits import Edit, text_filter
from cleanzh.kernels import kernel
from cleanzh.lexicon.classes import bits_of
from cleanzh.lexicon.code import Spans
from cleanzh.lexicon.kinds import (
    AMPERSAND,
    ANGLE,
    BRACE,
    BRACKET,
    COMMA,
    DOTS,
    HANGUL,
    KANA,
    LATIN,
    QUOTE,
    kinds_of,
    places_of,
)
from cleanzh.lexicon.script import letters
from cleanzh.patterns import lazily

__all__ = ["restore_punctuation"]

_FULL = dict(zip(",;:!?", "，；：！？", strict=True))
_FULL_MARKS = "，；：！？（）"
_HAN = "㐀-䶿一-鿿豈-﫿〇々\U00020000-\U0003ffff"
# Chinese punctuation that no folding turns into ASCII speaks for a Chinese context like Han.
_SIGNS = "、。《》〈〉「」『』【】〔〕“”‘’…—～·"
_CHINESE = _HAN + _SIGNS
_NEVER_MADE = _CHINESE.replace("…", "")  # no edit of this filter makes them

_OTHERS = "()\"'"
_MARK = lazily(f"[{''.join(_FULL)}{_OTHERS}]")
_QUOTES = "\"'"
_SINGLE = lazily(f"(?<![A-Za-z0-9'])'(?=[{_CHINESE}])[^'\"\n]{{0,60}}(?<=[{_CHINESE}，！？])'(?![A-Za-z0-9'])")
_HAN_CHAR = lazily(f"[{_HAN}]")
_CHINESE_CHAR = lazily(f"[{_CHINESE}]")
_WORD = lazily(r"[^\W_]")
_FOREIGN = lazily("[ぁ-ゖァ-ヺ가-힣]")

# A mark that Chinese text has on both sides, or on one and the end of the line on the other. One pattern a mark: from a
# literal, the search takes a tenth of the time, and few texts have more than two of them.
_STRONG = {
    mark: lazily(rf"{re.escape(mark)}(?<=[{_NEVER_MADE}].)(?=[{_NEVER_MADE}]|[ \u3000]*(?:\n|\Z))") for mark in _FULL
}
# One that Chinese text has on one side: enough in a text without any full-width mark.
_WEAK = lazily(rf"[,;:!?()\"](?:(?<=[{_NEVER_MADE}].)|(?=[{_NEVER_MADE}]))")
# Three or six dots are one ellipsis; more than twelve are a table of contents. Full stops in a row are nothing else,
# and one that is followed by two dots was half folded.
_DOTS = lazily(r"\.{3,12}(?!\.)")
_STOPS = lazily(r"。(?:。{2,11}(?!。)|\.\.(?![.A-Za-z0-9]))")
# What keeps its own marks, by a literal without which it can not be there, and the kind of one of its characters: code,
# addresses, tags, entities, links.
_ADDRESS = rf"""(?:[^\s{_CHINESE}{_FULL_MARKS}"'<>]|(?<=[/=])[{_HAN}]+(?=[/?&=#.]))+"""
_KEPT = {
    "`": (-1, r"```.*?(?:```|\Z)|`[^`\n]+`"),
    "://": (COMMA, rf"://{_ADDRESS}"),
    "www.": (LATIN, rf"\bwww\.{_ADDRESS}"),
    "<": (ANGLE, r"</?[A-Za-z][^<>\n]*>"),
    "&": (AMPERSAND, r"&\#?\w{1,10};"),
    "](": (BRACKET, r"\]\((?:[^()\n]|\([^()\n]*\))*\)"),
    "$": (-1, rf"\$\$?[^$\n{_HAN}]+\$\$?"),
    "-{": (BRACE, r"-\{[^{}\n]*\}-"),
}
_TRAILING = ",;:!?)"

_SMILE = lazily("[:;][-o^'()DPp]")  # how one begins
_EMOTICON = lazily(r"[:;][-o^']?(?:[()](?![A-Za-z0-9])|[DPp](?!\w))")
# Two English words: the mark behind them ends an English sentence.
_ENGLISH_BEFORE = lazily(r"[A-Za-z][A-Za-z'’-]*,? [A-Za-z'’-]+[\"'”’)]?\Z")
# A quote behind these opens a string in code, or a name in an English sentence.
_CODE_BEFORE = lazily(r"[A-Za-z0-9=]\Z|[A-Za-z0-9,.:=] \Z|[\w\]]\(\Z", re.ASCII)
# What stands in brackets right behind a Latin word and is no argument of a function: ABC123, 1830-1845, a few words.
_NO_ARGUMENT = lazily(r"[A-Z0-9][A-Z0-9 .,&/%~–-]{2,}\Z|[A-Za-z][\w'-]+(?: [\w'&-]+)+\Z")
_ENGLISH_LEFT = lazily(r"[A-Za-z,.] \Z")
# A line of data, and one that may be English with a Chinese name in it.
_JSON = lazily(r"""["']\s*:\s*["'\[{\d]|^\s*[\[{].*[\]}],?\s*$""")
_TELLING = "{\\[ぁ-ゖァ-ヺ가-힣"
_DOUBTFUL = lazily(f"[A-Za-z\"'{_TELLING}]")
_LATIN, _LATIN_WORDS = prepared.compiled("[A-Za-z]"), prepared.compiled("[A-Za-z]+ [A-Za-z]+ [A-Za-z]")
# A line with more kana or hangul than one in twelve characters is not Chinese.
_FOREIGN_SHARE = 12
# Characters on each side of a mark that tell whether it stands in Chinese text.
_NEAR = 30
# A pair of brackets may be broken over lines, as in laws set in columns. The history of a law in brackets is long.
_LONGEST_PAIR, _LONGEST_BROKEN_PAIR = 1000, 200


_made = tuple.__new__  # the constructor of a named tuple takes three times as long
_HALF, _QUOTE = "punctuation.half-width", "punctuation.straight-quote"
_START = itemgetter(1)


@cache
def _classes() -> bytearray:
    """What each character is, as ``kernels/marks.c`` has it, in bits."""
    return bits_of(("".join(_FULL), _OTHERS, _FULL_MARKS[:5], _FULL_MARKS[5:], _CHINESE, _HAN, "A-Za-z", _TELLING))


@text_filter("punctuation", repeat=True)
def restore_punctuation(text: str) -> list[Edit]:
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
    if kinds & (KANA | HANGUL) and _FOREIGN.search(text):
        count = letters(text)
        if _FOREIGN_SHARE * (count.kana + count.hangul) > count.han:
            return []
    ellipses = _ellipses(text, folded) if dots else []
    quotes = [*_double_quotes(text, places_of(QUOTE, text), pairs=False)] if odd_quotes else []
    if not (strong or spans or ellipses or quotes):
        return []
    kept = _kept(text, 0, len(text))
    edits = [
        Edit("punctuation.ellipsis", m.start(), m[0], "……" * max(1, len(m[0]) // 6))
        for m in ellipses
        if not kept.covers(m.start())
    ]
    signs = {place: "…" for edit in edits for place in (edit.start, edit.end - 1)}
    # Strays in a text that has its marks.
    edits += [_made(Edit, (_HALF, i, text[i], _FULL[text[i]])) for i in strong if not kept.covers(i)]
    for start, end in spans:
        edits += _restore(text, start, end, kept if end - start == len(text) else _kept(text, start, end), signs)
    edits += [Edit(_QUOTE, i, '"', new) for i, new in quotes if not kept.covers(i)]
    if strong or quotes:  # found in more than one way
        edits = list({edit.start: edit for edit in edits}.values())
    edits.sort(key=_START)
    return edits


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
        if second < position and not any(mark in text[start:position] for mark in _FULL_MARKS):
            spans.append((start, position))
    return strong, not full, spans


def _survey(text: str) -> tuple[list[int], int, bool]:
    """Where half-width marks stand between Han, how many full-width ones there are, and whether any half-width one has
    Chinese beside it.
    """
    compiled = kernel("marks")
    if compiled is not None:
        return compiled.survey(text, _classes())  # type: ignore[no-any-return]
    strong = sorted([found.start() for mark in _FULL if mark in text for found in _STRONG[mark].finditer(text)])
    return strong, sum(map(text.count, _FULL_MARKS[:5])), _WEAK.search(text) is not None


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
    if before and (_CHINESE_CHAR.match(before) or before in _FULL_MARKS or before in ",;:!?()"):
        return before not in ",;:!?()" or _HAN_CHAR.match(after) is not None
    return before in ("", "\n") and _HAN_CHAR.match(after) is not None


def _restore(text: str, start: int, end: int, kept: Spans, signs: Mapping[int, str]) -> list[Edit]:
    """The edits of a span of whole lines. Quotes first, then brackets, then the marks that may lean on both.

    ``signs`` are the characters that other edits make, by position. Not in order.
    """
    kept = Spans([*kept, *_other_lines(text, start, end)])
    restored, marks, smiles = _behind_chinese(text, start, end, kept)
    if not marks:
        return restored
    first, last = marks[0], marks[-1]
    if restored:
        first, last = min(first, restored[0].start), max(last, restored[-1].start)
    now = {**signs, **dict(_quotes(text, marks, first, last + 1))}
    paired: set[int] = set()
    # Half-width brackets beside full-width ones are an author's choice.
    brackets = text.count("（", start, end) < text.count("(", start, end)
    for i, j in _pairs(text, marks) if brackets else ():
        paired.update((i, j))
        if _is_chinese_pair(text, i, j, now):
            now[i], now[j] = "（", "）"
    for i in marks:
        full = _FULL.get(text[i])
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
        return compiled.behind_chinese(text, _classes(), start, end, spans, _FULL, Edit, _HALF)  # type: ignore[no-any-return]
    edits: list[Edit] = []
    others: list[int] = []
    smiles: list[int] = []
    last = None
    for found in _MARK.finditer(text, start, end):
        i, mark = found.start(), found[0]
        if spans and kept.covers(i):
            continue
        before = text[i - 1 : i]
        chinese = before and (before in _FULL_MARKS or _CHINESE_CHAR.match(before) or last == i - 1)
        if not chinese or mark in _OTHERS or _SMILE.match(text, i):
            others.append(i)
            if chinese and mark in _FULL:
                smiles.append(i)
        else:
            edits.append(Edit(_HALF, i, mark, _FULL[mark]))
            last = i
    return edits, others, smiles


def _other_lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The lines that are not Chinese; only such as have something in them that raises the question are looked at."""
    compiled = kernel("marks")
    lines = (
        _doubtful_lines(text, start, end) if compiled is None else compiled.doubtful_lines(text, _classes(), start, end)
    )
    for line_start, line_end in lines:
        if not _is_chinese_line(text[line_start:line_end]):
            yield line_start, line_end


def _doubtful_lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    found = _DOUBTFUL.search(text, start, end)
    while found:
        line_start = text.rfind("\n", start, found.start()) + 1 or start
        line_end = text.find("\n", found.start(), end)
        line_end = end if line_end < 0 else line_end
        yield line_start, line_end
        found = _DOUBTFUL.search(text, line_end, end)


def _is_chinese_line(line: str) -> bool:
    if not _HAN_CHAR.search(line) or _JSON.search(line):
        return False
    if _FOREIGN.search(line) and _FOREIGN_SHARE * len(_FOREIGN.findall(line)) > len(line):
        return False
    return not _LATIN_WORDS.search(line) or 6 * len(_HAN_CHAR.findall(line)) >= len(_LATIN.findall(line))


@cache
def _kept_pattern(literal: str) -> re.Pattern[str]:
    return re.compile(_KEPT[literal][1], re.DOTALL)


def _kept(text: str, start: int, end: int) -> Spans:
    """What keeps its own marks."""
    kept: list[tuple[int, int]] = []
    kinds = kinds_of(text)
    for literal, (kind, _) in _KEPT.items():
        if not kinds & kind or literal not in text:
            continue
        for found in _kept_pattern(literal).finditer(text, start, end):
            i, j = found.span()
            if literal in ("://", "www."):
                j = i + len(found[0].rstrip(_TRAILING))
            kept.append((i, j))
    return Spans(kept)


def _quotes(text: str, marks: Sequence[int], start: int, end: int) -> Iterator[tuple[int, str]]:
    """Straight quotes in pairs around Chinese text, and one whose partner is curly."""
    if "'" in text:
        yield from _single_quotes(text, marks, start, end)
    yield from _double_quotes(text, [i for i in marks if text[i] == '"'])


def _double_quotes(text: str, found: Sequence[int], *, pairs: bool = True) -> Iterator[tuple[int, str]]:
    line: list[int] = []
    for i in found:
        if line and "\n" in text[line[-1] : i]:
            yield from _line_quotes(text, line, pairs)
            line = []
        line.append(i)
    if line:
        yield from _line_quotes(text, line, pairs)


def _single_quotes(text: str, marks: Sequence[int], start: int, end: int) -> Iterator[tuple[int, str]]:
    free = set(marks)
    for found in _SINGLE.finditer(text, start, end):
        i, j = found.start(), found.end() - 1
        if i in free and j in free and not _CODE_BEFORE.search(text, max(0, i - 2), i):
            yield i, "‘"
            yield j, "’"


def _line_quotes(text: str, found: list[int], pairs: bool) -> Iterator[tuple[int, str]]:
    start = text.rfind("\n", 0, found[0]) + 1
    end = text.find("\n", found[-1])
    end = len(text) if end < 0 else end
    if len(found) % 2 == 0 and pairs:
        for i, j in zip(found[::2], found[1::2], strict=True):
            inside, before = text[i + 1 : j], text[max(start, i - 2) : i]
            if (
                _HAN_CHAR.search(inside)
                and inside[0] not in " ,;:!?)、，。；：！？）”"
                and inside[-1] not in " (（“"
                and not _CODE_BEFORE.search(before)
            ):
                yield i, "“"
                yield j, "”"
    if len(found) > 1:
        return
    i = found[0]
    before, after = text[start:i], text[i + 1 : end]
    left, right = before.count("“") - before.count("”"), after.count("”") - after.count("“")
    if left == 1 and right == 0 and _HAN_CHAR.search(before, before.rindex("“")):
        yield i, "”"
    elif left == 0 and right == 1 and _HAN_CHAR.search(after, 0, after.index("”")):
        yield i, "“"


def _pairs(text: str, marks: list[int]) -> Iterator[tuple[int, int]]:
    stack: list[int] = []
    for i in marks:
        if text[i - 1 : i] in ("-", "^") and text[i - 2 : i - 1] in (":", ";"):
            continue  # the mouth of :-)
        if text[i] == "(":
            stack.append(i)
        elif text[i] == ")":
            while stack and _too_far(text, stack[-1], i):
                stack.pop()
            if stack:
                yield stack.pop(), i


def _too_far(text: str, i: int, j: int) -> bool:
    return j - i > _LONGEST_PAIR or (j - i > _LONGEST_BROKEN_PAIR and text.find("\n", i, j) >= 0)


def _is_emoticon(text: str, i: int, paired: set[int]) -> bool:
    """Whether the mark begins one such as ``:)``."""
    found = _EMOTICON.match(text, i)
    return found is not None and found.end() - 1 not in paired


def _is_chinese_pair(text: str, i: int, j: int, now: dict[int, str]) -> bool:
    before, after = now.get(i - 1, text[i - 1 : i]), now.get(j + 1, text[j + 1 : j + 2])
    if after == " " and text[j + 1 : j + 9].split("\n")[0].strip():
        return False  # a blank behind it is the mark of brackets that always were half-width
    inside = text[i + 1 : j]
    if "\n\n" in inside or (_ENGLISH_LEFT.search(text, max(0, i - 2), i) and not _CHINESE_CHAR.match(after or " ")):
        return False
    if _HAN_CHAR.search(inside):
        return not (inside[0] in "\"'" and before.isascii() and before.isalnum())
    chinese_before = _CHINESE_CHAR.match(before or " ") is not None
    if not _WORD.search(inside):
        return chinese_before and not inside.strip(" ,;:!?-/、，；：！？")
    if chinese_before:
        return True
    if not _CHINESE_CHAR.match(after or " "):
        return False
    return not before.isalnum() or _NO_ARGUMENT.match(inside) is not None


def _is_chinese_mark(text: str, i: int, now: dict[int, str]) -> bool:
    before = now.get(i - 1) or text[i - 1 : i]
    if "㐀" <= before <= "鿿" or (before and (before in _FULL_MARKS or _CHINESE_CHAR.match(before))):
        return True
    after = now.get(i + 1) or text[i + 1 : i + 2]
    if after in ("", "\n"):
        return _ends_chinese_line(text, i)
    if not (_CHINESE_CHAR.match(after) or after in "（）"):
        return text[i] in ",;" and _parts_number(text, i, before, after)
    if before in ("", " ", "\n", "\u3000"):
        left = _left_of_blank(text, i)
        return left == ")" or _CHINESE_CHAR.match(left) is not None
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
        return _HAN_CHAR.match(_left_of_blank(text, i)) is not None
    start = text.rfind("\n", 0, i) + 1
    return text[i] in ",;:" and i > start and 3 * len(_HAN_CHAR.findall(text, start, i)) >= i - start


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
    return 3 * len(_HAN_CHAR.findall(around)) > len(around)
