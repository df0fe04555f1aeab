"""Blanks between Chinese characters that split a word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cleanzh.filters.whitespace.blanks import BMP_HAN, Found, Spans
from cleanzh.filters.whitespace.places import LIST, WORDS, Places, compiled_search
from cleanzh.lexicon.bigrams import inside
from cleanzh.patterns import lazily

__all__ = ["inside_words"]

_SPACED_OUT = lazily(f"(?<![{BMP_HAN}A-Za-z0-9 ])(?:[{BMP_HAN}] ){{4,}}[{BMP_HAN}](?![{BMP_HAN}A-Za-z0-9 ])")
_BETWEEN_HAN = lazily(f" (?<=[{BMP_HAN}] )(?=[{BMP_HAN}])")
_SPACED_MARK = lazily(f" (?<=[{BMP_HAN}] )[，、；](?= [{BMP_HAN}])")
_SENTENCE = lazily("[。！？]$")
_FEWEST_WORDS, _LONGEST_WORD, _LONGEST_LINE = 6, 3.6, 1000  # of a line that was cut into words, blanks counted

# How much likelier (natural logarithm) the two characters are inside a word than at the end of one and the beginning of
# the next. At 3, seven in ten blanks put into the words of clean text are found, and in 1,200 blanks of clean prose
# that mark a lost quotation, two.
_IN_WORD = 3.0
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
    if places.spaced_out:
        for m in _SPACED_OUT.finditer(text):
            pairs = [text[i] + text[i + 2] for i in range(m.start(), m.end() - 2, 2)]
            if sum(inside(pair) >= _IN_WORD for pair in pairs) * 3 >= len(pairs):
                yield [m.span()], "whitespace.spaced-out", m[0].replace(" ", "")
    if places.beside and (segmented := list(_segmented(text, places.beside))):
        yield segmented, "whitespace.segmented", ""
    if places.sentences:
        yield from _between_words(text, places.sentences)
    if places.keywords:
        yield list(_around_words(text, places.keywords)), "whitespace.around-word", ""


def _around_words(text: str, keywords: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Two blanks around a word that the text otherwise writes without."""
    known: dict[str, bool] = {}
    for first, second in keywords:
        word = text[first + 1 : text.index(" ", first + 1)]
        if word not in known:
            known[word] = len(known) < _MOST_WORDS and _is_common(text, word)
        if known[word]:
            yield first, first + 1
            yield second, second + 1


def _between_words(text: str, sentences: Sequence[tuple[int, int]]) -> Iterator[Found]:
    """Single blanks in sentences, each looked at for itself."""
    words: list[tuple[int, int]] = []
    particles: list[tuple[int, int]] = []
    written: dict[str, bool] = {}
    for place, where in sentences:
        pair = text[place - 1 : place + 2 : 2]
        if where != LIST:
            if inside(pair) >= (_IN_WORD if where == WORDS else _WITH_A_REST):
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


def _is_sticky(text: str, pair: str) -> bool:
    """Whether the text itself says that the two are one word: each mostly stands beside the other."""
    compiled = compiled_search()
    if compiled is not None:
        counts = compiled.beside(text, pair, _FAR, _TIMES_ELSEWHERE)
        return counts is not None and counts[0] * 3 >= max(counts)
    times = text.count(pair, 0, _FAR)
    return times >= _TIMES_ELSEWHERE and times * 3 >= max(text.count(char, 0, _FAR) for char in pair)


def _is_common(text: str, word: str) -> bool:
    """Whether the text writes the word without blanks on either side, and more often so."""
    compiled = compiled_search()
    if compiled is not None:
        flush, apart = compiled.around(text, word, _FAR, _ENOUGH)
        return flush >= _TIMES_ELSEWHERE and flush > apart  # type: ignore[no-any-return]
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
