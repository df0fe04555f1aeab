"""Blanks between Chinese characters that split a word."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from cleanzh.filters.whitespace.blanks import BMP_HAN, Places
from cleanzh.lexicon.bigrams import inside
from cleanzh.patterns import lazily

__all__ = ["FAR", "MOST_WORDS", "REACH", "around_words", "inside_words", "may_be_spaced_out", "sentence"]

_HAN = "\u3400-\u9fff"
_SPACED_OUT = lazily(f"(?<![{BMP_HAN}A-Za-z0-9 ])(?:[{BMP_HAN}] ){{4,}}[{BMP_HAN}](?![{BMP_HAN}A-Za-z0-9 ])")
_BETWEEN_HAN = lazily(f" (?<=[{BMP_HAN}] )(?=[{BMP_HAN}])")
_KEYWORD = lazily(f" ([{BMP_HAN}]{{2,6}}) ")
_LONGEST_KEYWORD = 7  # with one of its blanks
_HEADING = lazily(
    r"[\s#*（(]*(?:[\d０-９一二三四五六七八九十百零]+$"
    r"|第[\s\d０-９一二三四五六七八九十百千零〇○两兩之-]*[条條章节節款编編篇卷回课課集讲講部項项季期届屆]?$)"
)
_MARK = lazily("[，。；！？,;]")
_NO_WORD = lazily(r"[^\w ]")
_SPACED_MARK = lazily(f" (?<=[{BMP_HAN}] )[，、；](?= [{BMP_HAN}])")
_SENTENCE = lazily("[。！？]$")
_FEWEST_WORDS, _LONGEST_WORD, _LONGEST_LINE = 6, 3.6, 1000  # of a line that was cut into words, blanks counted
REACH = 60  # how far a sentence is looked at on either side
_LABEL = lazily(f"[{BMP_HAN}]*[：:]")

# How much likelier (natural logarithm) the two characters are inside a word than at the end of one and the beginning of
# the next. At 3, seven in ten blanks put into the words of clean text are found, and in 1,200 blanks of clean prose
# that mark a lost quotation, two.
_IN_WORD = 3.0
_LONGEST_LIST_WORD = 4
_SHORTEST = 4  # Chinese characters on both sides of the blank together
_TIMES_ELSEWHERE = 3
# One character alone beside the blank is half of something more often than not.
_WITH_A_REST = 0.5
# Words that lean on what follows, or on what stands before: no list, slogan or title is divided behind or before them.
_LEAD = frozenset("和与與及或在为為是被将將把对對让讓使由以的")
_FOLLOW = frozenset("的地得了着著和与與及或是为為被将將")
# What is counted in the rest of the text: how many words, in how much of the text, up to which number.
MOST_WORDS, FAR, _ENOUGH = 200, 200_000, 50


def inside_words(text: str, places: Places) -> Iterator[tuple[int, int, str, str]]:
    """Single blanks that split a word, letter by letter spacing of a sentence, and blanks around a common word."""
    blanks = places.between_han()
    if may_be_spaced_out(blanks):
        for m in _SPACED_OUT.finditer(text):
            pairs = [text[i] + text[i + 2] for i in range(m.start(), m.end() - 2, 2)]
            if sum(inside(pair) >= _IN_WORD for pair in pairs) * 3 >= len(pairs):
                yield *m.span(), "whitespace.spaced-out", m[0].replace(" ", "")
    yield from _segmented(text, places)
    yield from _between_words(text, places.split)
    yield from around_words(text, blanks)


def may_be_spaced_out(blanks: list[int]) -> bool:
    """Whether four blanks in a row have one character between each two of them."""
    return any(last - first == 6 for first, last in zip(blanks, blanks[3:], strict=False))


def around_words(text: str, blanks: list[int]) -> Iterator[tuple[int, int, str, str]]:
    """Two blanks around a word that the text otherwise writes without."""
    known: dict[str, bool] = {}
    done = -1
    for first, second in pairwise(blanks):
        if first <= done or second - first > _LONGEST_KEYWORD or not (m := _KEYWORD.match(text, first)):
            continue
        done, word = second, m[1]
        if not _MARK.search(_line(text, first)):
            continue
        if word not in known:
            known[word] = len(known) < MOST_WORDS and _is_common(text, word)
        if known[word]:
            yield first, first + 1, "whitespace.around-word", ""
            yield second, second + 1, "whitespace.around-word", ""


def _between_words(text: str, blanks: list[int]) -> Iterator[tuple[int, int, str, str]]:
    """Single blanks in sentences, each looked at for itself."""
    written: dict[str, bool] = {}
    for place in blanks:
        if not (where := sentence(text, place)):
            continue
        pair = text[place - 1] + text[place + 1]
        if where != "list" and inside(pair) >= (_IN_WORD if where == "words" else _WITH_A_REST):
            yield place, place + 1, "whitespace.inside-word", ""
            continue
        if where != "list" and (pair[0] in _LEAD or pair[1] in _FOLLOW):
            yield place, place + 1, "whitespace.beside-particle", ""
            continue
        if pair not in written:
            written[pair] = len(written) < MOST_WORDS and _is_sticky(text, pair)
        if written[pair]:
            yield place, place + 1, "whitespace.inside-word", ""


def _segmented(text: str, places: Places) -> Iterator[tuple[int, int, str, str]]:
    """The blanks of a sentence that a program cut into words: its marks stand between blanks as well."""
    done = -1
    for place, _ in places.beside:
        if place < max(2, done) or text[place - 2] != " " or not (found := _SPACED_MARK.match(text, place - 2)):
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
                yield *m.span(), "whitespace.segmented", ""


def sentence(text: str, place: int) -> str:
    """What the blank stands between in running text: ``words``, a word and a ``rest`` of one character, a ``list``.

    Empty before a label (作者：), after a number, in a heading or a title set with blanks.
    """
    before, after = text[max(0, place - REACH) : place], text[place + 1 : place + REACH]
    return _kind_of_sentence(before[before.rfind("\n") + 1 :], after.partition("\n")[0])


@lru_cache(maxsize=512)  # the blanks that stay are seen again in each round
def _kind_of_sentence(before: str, after: str) -> str:
    if not _MARK.search(before) and not _MARK.search(after):
        return ""
    if _HEADING.match(before) or _LABEL.match(after):
        return ""
    left, right = _NO_WORD.split(before)[-1], _NO_WORD.split(after, maxsplit=1)[0]
    words = f"{left.lstrip()} {right.rstrip()}".split(" ")
    if len(words) > 2 and sum(map(len, words)) <= len(words) * _LONGEST_LIST_WORD:
        return "list"
    first, second = len(left.rpartition(" ")[2]), len(right.partition(" ")[0])
    if first + second < _SHORTEST:
        return ""
    return "rest" if len(words) == 2 and 1 in (first, second) else "words"


def _is_sticky(text: str, pair: str) -> bool:
    """Whether the text itself says that the two are one word: each mostly stands beside the other."""
    times = text.count(pair, 0, FAR)
    return times >= _TIMES_ELSEWHERE and times * 3 >= max(text.count(char, 0, FAR) for char in pair)


def _is_common(text: str, word: str) -> bool:
    """Whether the text writes the word without blanks on either side, and more often so."""
    flush = apart = 0
    place = text.find(word, 0, FAR)
    while place >= 0 and flush + apart < _ENOUGH:
        before, after = text[place - 1 : place], text[place + len(word) : place + len(word) + 1]
        flush += _is_han(before) and _is_han(after)
        apart += before == after == " "
        place = text.find(word, place + len(word), FAR)
    return flush >= _TIMES_ELSEWHERE and flush > apart


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def _line(text: str, place: int) -> str:
    before, after = text[max(0, place - 300) : place], text[place : place + 300]
    return before[before.rfind("\n") + 1 :] + after.partition("\n")[0]
