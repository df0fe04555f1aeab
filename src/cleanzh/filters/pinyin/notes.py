"""Which notes in brackets a converter put there, and which are an author's.

No single note tells. The converter annotates a closed list of characters, each with one reading, wherever it stands;
an author explains a rare character or an unusual reading, once, and a teaching text explains all of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

from cleanzh.edits import Edit
from cleanzh.filters.pinyin.gbk import char_of, pair_of
from cleanzh.filters.pinyin.scan import Key, Note, counts_of, notes_in, removed
from cleanzh.lexicon.bigrams import scores
from cleanzh.lexicon.readings import LETTERS, read_alike, readings, syllables, toneless
from cleanzh.patterns import lazily

__all__ = ["NO_NOTES", "Judgement", "is_syllable", "judge", "reads_as", "sounding"]

_TONE = lazily("[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ\u0300\u0301\u0304\u030c]")
# Spam was pushed into the pages at random places afterwards, so also into notes: 時(s直播hí).
_SPAM = r"[\u3400-\u9fffA-Z]{2,10}"
_NOTE_WITH_SPAM = lazily(rf"\(([{LETTERS}]{{0,7}}){_SPAM}([{LETTERS}]{{0,7}}) ?\)")
_SPAM_BEFORE = lazily(rf"{_SPAM}\Z")

# Common characters whose readings differ by word, so that a gloss with the usual reading makes sense.
_CONTRASTED: Final = frozenset("好行中得地的和着都大上只相种空将干量率没切强兴血要正分少教背当曾朝重长乐还为了处调传应")
# Where the converters' table gives another reading than the usual one.
_TABLE: Final = {"長": ("cháng",), "了": ("liao", "le"), "著": ("zhe", "zhù")}

_COMMON_TRADITIONAL, _COMMON, _VERY_COMMON = -12.6, -10.5, -8.55  # scores of single characters in the bigram model
_ENOUGH: Final = 1.0  # evidence that makes a page a converter's
_STRONG: Final = 5.0  # and that makes it so beyond doubt

_START: Final = itemgetter(1)


class Judgement(NamedTuple):
    """What the notes of a text come to: how strong the evidence is, which characters the converter's list had, and
    the deletions."""

    strength: float
    listed: frozenset[str]
    edits: list[Edit]


NO_NOTES: Final = Judgement(0.0, frozenset(), [])


def is_syllable(note: str) -> bool:
    return note in syllables() or unicodedata.normalize("NFC", note) in syllables()


def reads_as(char: str, note: str) -> bool:
    """Whether ``note`` is a reading of ``char``, with its tone or without any."""
    return _reads_as(char, unicodedata.normalize("NFC", note))


@lru_cache(maxsize=8192)
def _reads_as(char: str, note: str) -> bool:
    known = readings(char)
    if note in known or note in _TABLE.get(char, ()):
        return True
    if _TONE.search(note):
        return False
    plain = note.replace("ü", "v")
    return any(toneless(reading) in (plain, plain.replace("u", "v")) for reading in known)


@lru_cache(maxsize=2048)
def sounding(note: str) -> tuple[str, ...]:
    """All characters that are read as ``note`` says, in the order of GBK."""
    alike = {*read_alike(note), *read_alike(note.replace("u", "ü"))}  # ü is often written u
    note = unicodedata.normalize("NFC", note)
    return tuple(sorted([char for char in alike if pair_of(char) and _reads_as(char, note)], key=pair_of))


def _annotated(text: str, bracket: int) -> str:
    """The character that a note at ``bracket`` belongs to: the one before it, or the pair of a trail byte and ASCII."""
    if bracket == 0:
        return ""
    char = text[bracket - 1]
    if "\x40" <= char <= "\x7e":
        before = pair_of(text[bracket - 2]) if bracket > 1 else 0
        return char_of((before & 0xFF) << 8 | ord(char)) if before else ""
    return char


@lru_cache(maxsize=8192)
def _key(found: str) -> Key | None:
    """The character and the letters of what :func:`notes_in` found, if they are some."""
    bracket = found.rindex("(")
    char, note = found[bracket - 1 : bracket], found[bracket + 1 : -1].rstrip(" ")
    if not "\u3400" <= char <= "\u9fff":
        char = _annotated(found, bracket)
    return (char, note) if "\u3400" <= char <= "\u9fff" and is_syllable(note) else None


@lru_cache(maxsize=8192)
def _evidence(key: Key) -> float:
    """What one character with its note says for a converter's hand; below zero, for an author's."""
    char, note = key
    note = unicodedata.normalize("NFC", note)
    if not _reads_as(char, note):
        return -2.0
    toned = 1.0 if _TONE.search(note) else 0.35
    usual = (_TABLE.get(char) or readings(char))[0]
    unusual = note != usual and note != toneless(usual)
    if _lacks(char, "gb2312"):  # the converter turned the page traditional, so this is its own work
        common = scores([char])[0] >= _COMMON_TRADITIONAL
        return toned * ((0.6 if unusual else 2.0) if common else 0.3)
    if _lacks(char, "big5"):  # simplified: it never got there
        return -1.5
    commonness = scores([char])[0]
    if unusual or commonness < _COMMON:
        return -1.0 * toned
    if commonness < _VERY_COMMON or char in _CONTRASTED:
        return 0.5 * toned
    return 1.2 * toned


def _lacks(char: str, charset: str) -> bool:
    try:
        char.encode(charset)
    except UnicodeEncodeError:
        return True
    return False


def judge(text: str) -> Judgement:
    """Weigh the notes of a text and say which of them go."""
    notes = notes_in(text, _key)
    keys, totals, in_text, _, brackets, han = notes
    if not keys:
        return NO_NOTES
    number = sum(totals)
    density = number / han if han else 0.0  # the share of Han that has one, in lines with notes
    annotated: dict[str, int] = {}
    for (char, _), total in zip(keys, totals, strict=True):
        annotated[char] = annotated.get(char, 0) + total
    frequency = counts_of(annotated, text)
    kept: list[tuple[Key, float, float, int]] = []
    strength = 0.0
    for key, total, inside in zip(keys, totals, in_text, strict=True):
        weight, char = _evidence(key), key[0]
        share = total / max(annotated[char], frequency[char])
        if weight > 0:
            kept.append((key, weight, share, total))
            if not inside:
                if density > 0.35:
                    continue  # a headword of a vocabulary
                weight /= 2
            if share == 1 and total > 1:
                weight *= 1.5
            elif share < 1:
                weight *= 2 * share - 1
        strength += weight
    if density > 0.7 and (number > 4 or (number > 1 and not all(_lacks(char, "gb2312") for char in annotated))):
        return NO_NOTES  # a text that teaches reading
    if strength < _ENOUGH:
        return Judgement(strength, frozenset(), [])
    sure = strength >= _STRONG
    going = {
        key
        for key, weight, share, total in kept
        if share > 0.25 and (sure or (share >= 0.5 and (weight >= 0.15 or total > 1)))
    }
    gone = frozenset([char for char, _ in going])
    edits, others = removed(text, notes, going, "pinyin.note")
    if sure:
        edits += _with_spam(text, brackets, gone, others, going)
        edits.sort(key=_START)
    return Judgement(strength, gone, edits)


def _with_spam(
    text: str, brackets: list[int], listed: frozenset[str], others: list[Note], going: set[Key]
) -> Iterator[Edit]:
    """Notes with spam inside, 時(s直播hí), and notes that spam drove away from their character, 學直播(xué)."""
    for start in brackets:
        match = _NOTE_WITH_SPAM.match(text, start)
        if match is None:
            continue
        end = match.end()
        char, note = _annotated(text, start), match[1] + match[2]
        if char and note and (char in listed or _evidence((char, note)) >= 1) and reads_as(char, note):
            yield Edit("pinyin.note-with-spam", start, text[start:end], "")
    for start, end, (char, note) in others:
        if reads_as(char, note):
            continue
        window = text[max(0, start - 11) : start]
        for back in range(len(window) - 3, -1, -1):
            if (window[back], note) in going and _SPAM_BEFORE.match(window, back + 1):
                first = start - len(window) + back + 1
                yield Edit("pinyin.note-with-spam", first, text[first:end], "")
                break
