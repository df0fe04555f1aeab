"""Blanks between Chinese characters that split a word."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from operator import sub

from cleanzh.filters.whitespace.blanks import BMP_HAN, Found, Places, Spans
from cleanzh.kernels import kernel
from cleanzh.lexicon.bigrams import inside
from cleanzh.lexicon.classes import bits_of
from cleanzh.patterns import lazily

__all__ = ["inside_words"]

_HAN = "\u3400-\u9fff"
_SPACED_OUT = lazily(f"(?<![{BMP_HAN}A-Za-z0-9 ])(?:[{BMP_HAN}] ){{4,}}[{BMP_HAN}](?![{BMP_HAN}A-Za-z0-9 ])")
_BETWEEN_HAN = lazily(f" (?<=[{BMP_HAN}] )(?=[{BMP_HAN}])")
_LONGEST_KEYWORD = 6
_KEYWORD = lazily(f" [{BMP_HAN}]{{2,{_LONGEST_KEYWORD}}} ")
_FAR_IN_LINE = 300  # how far a line is looked at on either side; a text may be one line
_MARKS, _BULLETS = "，。；！？,;", "#*（("
_NUMERALS = "０-９一二三四五六七八九十百零"
_COUNTED, _DIVISIONS = f"{_NUMERALS}千〇○两兩之\\-", "条條章节節款编編篇卷回课課集讲講部項项季期届屆"
_HEADING = lazily(rf"[\s{_BULLETS}]*(?:[\d{_NUMERALS}]+$|第[\s\d{_COUNTED}]*[{_DIVISIONS}]?$)")
_MARK = lazily(f"[{_MARKS}]")
_NO_WORD = lazily(r"[^\w ]")
_SPACED_MARK = lazily(f" (?<=[{BMP_HAN}] )[，、；](?= [{BMP_HAN}])")
_SENTENCE = lazily("[。！？]$")
_FEWEST_WORDS, _LONGEST_WORD, _LONGEST_LINE = 6, 3.6, 1000  # of a line that was cut into words, blanks counted
_REACH = 60  # how far a sentence is looked at on either side
_LABEL = lazily(f"[{BMP_HAN}]*[：:]")

# How much likelier (natural logarithm) the two characters are inside a word than at the end of one and the beginning of
# the next. At 3, seven in ten blanks put into the words of clean text are found, and in 1,200 blanks of clean prose
# that mark a lost quotation, two.
_IN_WORD = 3.0
_LONGEST_LIST_WORD = 4
_NOTHING, _WORDS, _REST, _LIST = range(4)
_SHORTEST = 4  # Chinese characters on both sides of the blank together
_TIMES_ELSEWHERE = 3
# One character alone beside the blank is half of something more often than not.
_WITH_A_REST = 0.5
# Words that lean on what follows, or on what stands before: no list, slogan or title is divided behind or before them.
_LEAD = frozenset("和与與及或在为為是被将將把对對让讓使由以的")
_FOLLOW = frozenset("的地得了着著和与與及或是为為被将將")
# What is counted in the rest of the text: how many words, in how much of the text, up to which number.
_MOST_WORDS, _FAR, _ENOUGH = 200, 200_000, 50


def inside_words(text: str, places: Places) -> Iterator[Found]:
    """Single blanks that split a word, letter by letter spacing of a sentence, and blanks around a common word."""
    split = [start for start, _ in places.split]
    blanks = sorted([*split, *(start for start, _ in places.numbered)]) if places.numbered else split
    if _may_be_spaced_out(blanks):
        for m in _SPACED_OUT.finditer(text):
            pairs = [text[i] + text[i + 2] for i in range(m.start(), m.end() - 2, 2)]
            if sum(inside(pair) >= _IN_WORD for pair in pairs) * 3 >= len(pairs):
                yield [m.span()], "whitespace.spaced-out", m[0].replace(" ", "")
    if places.beside and (segmented := list(_segmented(text, places.beside))):
        yield segmented, "whitespace.segmented", ""
    if sentences := _sentences(text, split):
        yield from _between_words(text, sentences)
    if len(blanks) > 1 and (keywords := _keywords(text, blanks)):
        yield list(_around_words(text, keywords)), "whitespace.around-word", ""


def _may_be_spaced_out(blanks: list[int]) -> bool:
    """Whether four blanks in a row have one character between each two of them."""
    return len(blanks) > 3 and 6 in map(sub, blanks[3:], blanks)


def _around_words(text: str, keywords: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Two blanks around a word that the text otherwise writes without."""
    known: dict[str, bool] = {}
    for first, second in keywords:
        word = text[first + 1 : text.index(" ", first + 1)]
        if word not in known:
            known[word] = len(known) < _MOST_WORDS and _is_common(text, word)
        if known[word]:
            yield first, first + 1
            yield second, second + 1


def _keywords(text: str, blanks: list[int]) -> list[tuple[int, int]]:
    """The blanks before a keyword in a line with marks, each with the next blank."""
    compiled = kernel("blanks")
    if compiled is not None:
        return compiled.keywords(text, blanks, _table(), _LONGEST_KEYWORD, _FAR_IN_LINE)  # type: ignore[no-any-return]
    found: list[tuple[int, int]] = []
    done = -1
    for first, second in pairwise(blanks):
        if first > done and second - first <= _LONGEST_KEYWORD + 1 and _KEYWORD.match(text, first):
            done = second
            if _MARK.search(_line(text, first)):
                found.append((first, second))
    return found


def _between_words(text: str, sentences: list[tuple[int, int]]) -> Iterator[Found]:
    """Single blanks in sentences, each looked at for itself."""
    words: list[tuple[int, int]] = []
    particles: list[tuple[int, int]] = []
    written: dict[str, bool] = {}
    for place, where in sentences:
        pair = text[place - 1 : place + 2 : 2]
        if where != _LIST:
            if inside(pair) >= (_IN_WORD if where == _WORDS else _WITH_A_REST):
                words.append((place, place + 1))
                continue
            if pair[0] in _LEAD or pair[1] in _FOLLOW:
                particles.append((place, place + 1))
                continue
        if pair not in written:
            written[pair] = len(written) < _MOST_WORDS and _is_sticky(text, pair)
        if written[pair]:
            words.append((place, place + 1))
    if words:
        yield words, "whitespace.inside-word", ""
    if particles:
        yield particles, "whitespace.beside-particle", ""


def _segmented(text: str, beside: Spans) -> Iterator[tuple[int, int]]:
    """The blanks of a sentence that a program cut into words: its marks stand between blanks as well."""
    done = -1
    for place in [start for start, _ in beside if text[start - 2] == " " and start > 1]:
        if place < done or not (found := _SPACED_MARK.match(text, place - 2)):
            continue
        start = text.rfind("\n", max(0, found.start() - _LONGEST_LINE), found.start()) + 1
        done = text.find("\n", found.end() - 1, found.end() + _LONGEST_LINE)
        done = min(len(text), found.end() + _LONGEST_LINE) if done < 0 else done
        words = text[start:done].split(" ")
        if (
            len(words) >= _FEWEST_WORDS
            and done - start < _LONGEST_WORD * len(words)
            and _SENTENCE.search(text, start, done)
        ):
            for m in _BETWEEN_HAN.finditer(text, start, done):
                yield m.span()


def _sentences(text: str, blanks: list[int]) -> list[tuple[int, int]]:
    """Those of the blanks that stand in a sentence, and what they stand between there."""
    compiled = kernel("blanks")
    if compiled is None:
        return [(place, where) for place in blanks if (where := _sentence(text, place))]
    found: list[tuple[int, int]] = compiled.sentences(text, blanks, _table(), _REACH, _LONGEST_LIST_WORD, _SHORTEST)
    return found


@cache
def _table() -> bytes:
    """What the patterns below ask of a character, for the kernel."""
    return bytes(bits_of((_MARKS, _BULLETS, _NUMERALS, _COUNTED, _DIVISIONS, "第", BMP_HAN, "：:")))


def _sentence(text: str, place: int) -> int:
    """What the blank stands between in running text: words, a word and a rest of one character, the items of a list.

    Nothing before a label (作者：), after a number, in a heading or a title set with blanks.
    """
    before, after = text[max(0, place - _REACH) : place], text[place + 1 : place + _REACH]
    before, after = before[before.rfind("\n") + 1 :], after.partition("\n")[0]
    if not _MARK.search(before) and not _MARK.search(after):
        return _NOTHING
    if _HEADING.match(before) or _LABEL.match(after):
        return _NOTHING
    left, right = _NO_WORD.split(before)[-1], _NO_WORD.split(after, maxsplit=1)[0]
    words = f"{left.lstrip()} {right.rstrip()}".split(" ")
    if len(words) > 2 and sum(map(len, words)) <= len(words) * _LONGEST_LIST_WORD:
        return _LIST
    first, second = len(left.rpartition(" ")[2]), len(right.partition(" ")[0])
    if first + second < _SHORTEST:
        return _NOTHING
    return _REST if len(words) == 2 and 1 in (first, second) else _WORDS


def _is_sticky(text: str, pair: str) -> bool:
    """Whether the text itself says that the two are one word: each mostly stands beside the other."""
    compiled = kernel("blanks")
    if compiled is not None:
        times, first, second = compiled.beside(text, pair, _FAR)
        return times >= _TIMES_ELSEWHERE and times * 3 >= max(first, second)  # type: ignore[no-any-return]
    times = text.count(pair, 0, _FAR)
    return times >= _TIMES_ELSEWHERE and times * 3 >= max(text.count(char, 0, _FAR) for char in pair)


def _is_common(text: str, word: str) -> bool:
    """Whether the text writes the word without blanks on either side, and more often so."""
    flush = apart = 0
    place = text.find(word, 0, _FAR)
    while place >= 0 and flush + apart < _ENOUGH:
        before, after = text[place - 1 : place], text[place + len(word) : place + len(word) + 1]
        flush += _is_han(before) and _is_han(after)
        apart += before == after == " "
        place = text.find(word, place + len(word), _FAR)
    return flush >= _TIMES_ELSEWHERE and flush > apart


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def _line(text: str, place: int) -> str:
    before, after = text[max(0, place - _FAR_IN_LINE) : place], text[place : place + _FAR_IN_LINE]
    return before[before.rfind("\n") + 1 :] + after.partition("\n")[0]
