"""Traditional to Simplified as OpenCC has it, by tables that a kernel looks up: a tenth of the time.

OpenCC cuts a text at its Traditional phrases (the longest at each place); what is left is brought from the forms of a
region to the standard ones, by phrases or else character by character, and then to Simplified, again by phrases or else
character by character. Here all of it is one table of characters and one of phrases, with what OpenCC itself makes of
each. Beside the phrases that it lists there are those that become one of them when they are brought to the standard.

Where phrases overlap, which of them OpenCC takes depends on which list they are from. Such a clause is left to OpenCC,
and so is each that has a character that OpenCC treats by more than a table. The phrases are listed in ``script.txt``,
for the release that they were taken from: any other converts for itself.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from cleanzh import prepared
from cleanzh.filters.script.conversion import converter
from cleanzh.kernels import kernel
from cleanzh.lexicon.classes import ENTRIES
from cleanzh.lexicon.script import opencc_phrases

__all__ = ["CONFIGS", "by_tables", "to_simplified"]

# OpenCC's configurations that are done by table: from which forms, and the configuration that brings those to the
# standard ones.
CONFIGS = {"t2s": ("phrases", None), "tw2s": ("taiwan-phrases", "tw2t"), "hk2s": ("hongkong-phrases", "hk2t")}

# What OpenCC treats by more than a table: descriptions of characters, compatibility forms, variation selectors,
# surrogates; and NUL.
_OWN_WAY = ((0x0000, 0x0000), (0x2FF0, 0x2FFF), (0x31EF, 0x31EF), (0xD800, 0xDFFF), (0xF900, 0xFAFF), (0xFE00, 0xFE0F))
_HAN = range(0x3400, 0xA000)

# What the kernel is told to heed: no other phrase may begin inside of this one and end beyond it; this one may not be
# there at all.
_NOT_OVERLAPPED, _REFUSED = 1, 2
_PAIRS = 1 << 16  # one place in a hundred has two characters with the hash of a pair; without, no phrase is asked for

# No phrase goes beyond them, so what the tables do not know is looked for between them: OpenCC takes for a clause what
# they take for a text.
_SEAMS = ("\n", "。", "，")


_Tables = tuple[bytes, bytes, bytes, bytes]
"""The characters, two bytes each, 0 for what is left to OpenCC; which two a phrase may begin with, a bit for each hash;
where the phrases start that begin with each character; and the phrases, two bytes for each number."""


def to_simplified(config: str, text: str) -> str | None:
    """``text`` as a configuration of OpenCC converts it; None where that has to be asked."""
    compiled = kernel("script")
    tables = None if compiled is None else _tables(config)
    if tables is None:
        return None
    simplified: str | None = compiled.convert(text, *tables)
    return simplified


def by_tables(config: str, text: str, otherwise: Callable[[str, str], str]) -> str:
    """``text`` as a configuration of OpenCC converts it, and ``otherwise`` only what the tables do not know of it."""
    simplified = to_simplified(config, text)
    if simplified is not None:
        return simplified
    if kernel("script") is None or _tables(config) is None:
        return otherwise(config, text)
    return _pieces(config, text, otherwise, _SEAMS)


def _pieces(config: str, text: str, otherwise: Callable[[str, str], str], seams: Sequence[str]) -> str:
    seam, *finer = seams
    pieces = text.split(seam)
    for number, piece in enumerate(pieces):
        simplified = to_simplified(config, piece)
        if simplified is None:
            simplified = _pieces(config, piece, otherwise, finer) if finer else otherwise(config, piece)
        pieces[number] = simplified
    return seam.join(pieces)


@cache
def _tables(config: str) -> _Tables | None:
    """The tables, or None if they are not of the OpenCC that is installed."""
    if not _is_known():
        return None
    tables = {"t2s": _from_standard, "tw2s": _from_taiwan, "hk2s": _from_hongkong}[config]()
    return tables or None


def _is_known() -> bool:
    """Whether the phrases are those of the OpenCC that is installed."""
    import opencc

    return bool(getattr(opencc, "__version__", "") == opencc_phrases("release")[0])


@prepared.at_build("filters/script/conversion.py", "lexicon/script.py", "lexicon/script.txt")
def _from_standard() -> _Tables | tuple[()]:
    return _made("t2s")


@prepared.at_build("filters/script/conversion.py", "lexicon/script.py", "lexicon/script.txt")
def _from_taiwan() -> _Tables | tuple[()]:
    return _made("tw2s")


@prepared.at_build("filters/script/conversion.py", "lexicon/script.py", "lexicon/script.txt")
def _from_hongkong() -> _Tables | tuple[()]:
    return _made("hk2s")


def _made(config: str) -> _Tables | tuple[()]:
    if not _is_known():
        return ()
    listed, standard = CONFIGS[config]
    phrases = dict.fromkeys(opencc_phrases("phrases"), 0)
    if standard is not None:
        phrases = {**_regional(opencc_phrases(listed), list(phrases), standard), **phrases}
    characters = array("H", [*range(0x10000), *[0] * (ENTRIES - 0x10000)])
    for first, last in _OWN_WAY:
        characters[first : last + 1] = array("H", [0] * (last + 1 - first))
    made = _each(converter(config).convert, map(chr, _HAN))
    characters[_HAN.start : _HAN.stop] = array("H", [ord(char) if char <= "\uffff" else 0 for char in made])
    # With a character that is left to OpenCC, no text gets as far as the phrase.
    chosen = [phrase for phrase in phrases if all(char <= "\uffff" and characters[ord(char)] for char in phrase)]
    rows = zip(chosen, _each(converter(config).convert, chosen), strict=True)
    pairs, starts, book = _book([(phrase, simplified, phrases[phrase]) for phrase, simplified in rows])
    return characters.tobytes(), bytes(pairs), starts.tobytes(), book.tobytes()


def _each(convert: Callable[[str], str], texts: Iterable[str]) -> list[str]:
    """Each of many short texts converted, in one call."""
    return convert("\n".join(texts)).split("\n")


def _regional(listed: list[str], phrases: list[str], config: str) -> dict[str, int]:
    """The phrases of a region, those that it makes of ``phrases`` when they are written in its forms, and what to heed.

    A form that only a phrase of the region would bring to the standard depends on what stands beside it.
    """
    to_standard = converter(config).convert
    han = "".join(map(chr, _HAN))
    changed = [(char, form) for char, form in zip(han, _each(to_standard, han), strict=True) if char != form]
    others = {char for char, _ in changed}
    alone: dict[str, set[str]] = {}  # what becomes a form alone
    for char, form in changed:
        alone.setdefault(form, set() if form in others else {form}).add(char)
    written = {form: set(chars) for form, chars in alone.items()}  # or in a phrase
    for phrase, standard in zip(listed, _each(to_standard, listed), strict=True):
        for char, form in zip(phrase, standard, strict=True):
            written.setdefault(form, set() if form in others else {form}).add(char)
    found = dict.fromkeys(listed, _NOT_OVERLAPPED)
    for phrase in phrases:
        for chars in itertools.product(*(sorted(written.get(form, form)) for form in phrase)):
            sure = all(char in alone.get(form, form) for char, form in zip(chars, phrase, strict=True))
            found["".join(chars)] = _NOT_OVERLAPPED if sure else _REFUSED
    return found


def _book(rows: list[tuple[str, str, int]]) -> tuple[bytearray, array[int], array[int]]:
    """Phrases as the kernel reads them: by their first character the longest first, a 0 behind the last."""
    pairs, starts, book = bytearray(_PAIRS // 8), array("H", bytes(2 * ENTRIES)), array("H", [0])
    for phrase, _, _ in rows:
        pair = (31 * ord(phrase[0]) + ord(phrase[1])) % _PAIRS
        pairs[pair // 8] |= 1 << pair % 8
    rows.sort(key=lambda row: (row[0][0], -len(row[0])))
    for first, group in itertools.groupby(rows, key=lambda row: row[0][0]):
        starts[ord(first)] = len(book)
        for phrase, simplified, heed in group:
            fits = len(simplified) == len(phrase) and max(simplified) <= "\uffff"
            book.extend((len(phrase), heed if fits else _REFUSED))
            book.extend(map(ord, phrase + (simplified if fits else phrase)))
        book.append(0)
    return pairs, starts, book
