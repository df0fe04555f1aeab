"""How characters are read: the readings in pinyin of every Han character of GBK, the usual one first.

The data is ``readings.txt`` (built by ``scripts/build_lexicon.py`` from pypinyin, MIT; see ``LICENSE-pypinyin`` beside
it): one line for all characters that are read alike, their readings, a tab, the characters.
"""

from __future__ import annotations

import unicodedata
from array import array
from functools import lru_cache
from pathlib import Path
from typing import Final

from cleanzh import prepared

__all__ = ["LETTERS", "read_alike", "readings", "syllables", "toneless"]

# What pinyin is written with, as a range of characters. GBK has the letters with tone marks one by one; a text may have
# come apart since (NFD).
LETTERS: Final = "a-züāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ\u0300\u0301\u0304\u0308\u030c"

_DATA: Final = Path(__file__).parent / "readings.txt"


@prepared.at_build("lexicon/readings.txt")
def _stored() -> tuple[bytes, bytes]:
    """The readings of which line each character of the BMP has, two bytes each; and these lines, of which the first,
    for no Han, has none.
    """
    numbers, rows = array("H", bytes(2 << 16)), [""]
    for line in _DATA.read_text("utf-8").splitlines():
        listed, alike = line.split("\t")
        for char in alike:
            numbers[ord(char)] = len(rows)
        rows.append(listed)
    return numbers.tobytes(), "\n".join(rows).encode()


@lru_cache(maxsize=1)
def _table() -> tuple[memoryview, list[str]]:
    numbers, rows = _stored()
    return memoryview(numbers).cast("H"), str(rows, "utf-8").split("\n")


@lru_cache(maxsize=4096)
def readings(char: str) -> tuple[str, ...]:
    """The readings of a character, the usual one first; none for what is no Han character of GBK.

    >>> readings("長")
    ('zhǎng', 'cháng', 'zhàng')
    >>> readings("A")
    ()
    """
    numbers, rows = _table()
    return tuple(rows[numbers[ord(char)]].split()) if len(char) == 1 and char <= "\uffff" else ()


@lru_cache(maxsize=4096)
def toneless(reading: str) -> str:
    """A reading without its tone mark; ``ü`` is written ``v``, as in notes that were typed on a keyboard.

    >>> toneless("zhàn"), toneless("lǜ"), toneless("men")
    ('zhan', 'lv', 'men')
    """
    plain = unicodedata.normalize("NFD", reading).replace("u\u0308", "v")
    return "".join(mark for mark in plain if not unicodedata.combining(mark))


@prepared.at_build("lexicon/readings.txt")
def _by_syllable() -> dict[str, str]:
    table: dict[str, str] = {}
    for line in _DATA.read_text("utf-8").splitlines():
        listed, alike = line.split("\t")
        for syllable in dict.fromkeys(map(toneless, listed.split())):
            table[syllable] = table.get(syllable, "") + alike
    return table


def read_alike(syllable: str) -> str:
    """The characters that have a reading which is this one but for its tone.

    >>> "戰" in read_alike("zhan"), "戰" in read_alike("zhàn"), "戰" in read_alike("an")
    (True, True, False)
    """
    return _by_syllable().get(toneless(syllable), "")


@prepared.at_build("lexicon/readings.txt")
def syllables() -> frozenset[str]:
    """Every reading there is, with its tone and without (``ü`` as it is, as ``v`` and as ``u``).

    >>> "zhàn" in syllables(), "zhan" in syllables(), "skylab" in syllables()
    (True, True, False)
    """
    toned = {reading for listed in _table()[1] for reading in listed.split()}
    plain = {toneless(reading) for reading in toned}
    return frozenset(toned | {form.replace("v", letter) for form in plain for letter in "vuü"})
