"""Which characters can be what each mistake makes of Chinese: of which kinds damage in a text can be, if it is any.

A rare character of clean text is a common one in another charset by chance only, and eight in a row never are. So a
count of such characters tells damage from rare names, without reading anything again.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cleanzh import prepared
from cleanzh.filters.mojibake.charsets import SINGLE, variants
from cleanzh.lexicon import bigrams

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LEAST", "ROW", "kinds_by_code", "rows_like_damage"]

ROW: Final = 8  # characters in which those of one kind are counted
_KINDS: Final = 8
(
    _UTF8_AS_GBK,
    _UTF8_AS_BIG5,
    _UTF8_AS_OTHER,
    _GBK_AS_BIG5,
    _GBK_AS_EUC_KR,
    _BIG5_AS_GBK,
    _AS_SHIFT_JIS,
    _WESTERN,
) = (1 << kind for kind in range(_KINDS))
_EAST: Final = 0xFF & ~_WESTERN
# How many of a row must be of a kind. Of UTF-8 all characters are; the others have marks and names as well. Of what a
# single-byte charset holds, three make a Han character and a half.
LEAST: Final = bytes((7, 8, 8, 6, 6, 6, 6, 3))
# Of UTF-8, as Chinese text has them, and as a wrong charset makes them of it: western letters and private use.
_LEADS: Final = (0xC2, 0xC3, 0xC5, 0xC6, 0xCB, *range(0xCE, 0xD2), *range(0xE2, 0xEA), 0xEE, 0xEF)
_COMMON = -11.0  # log-probability of a word that begins with a character, from which it counts as common
_MARKS: Final = ((0x00B7, 0x00B7), (0x2010, 0x2033), (0x3000, 0x3029), (0xFF01, 0xFF5E))


def rows_like_damage(codes: NDArray[np.uint32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Behind which characters rows begin that one mistake can have made: of Han and the like; of western letters."""
    import numpy as np

    kinds = np.frombuffer(kinds_by_code(), np.uint8)
    sums = _fields().take(kinds.take(codes.astype(np.intp))).cumsum()
    # The sums run over, and what is left of a difference is right all the same.
    enough = (sums[ROW:] - sums[:-ROW] + np.uint64(_MISSING)) & np.uint64(_ENOUGH)
    found = np.flatnonzero(enough)
    return found[enough[found] & np.uint64(_ENOUGH_EAST) != 0], found[enough[found] > np.uint64(_ENOUGH_EAST)]


@lru_cache(maxsize=1)
def _fields() -> NDArray[np.uint64]:
    """The kinds of a character as numbers to add up: eight bits for each kind."""
    import numpy as np

    return np.array([sum((kinds >> kind & 1) << 8 * kind for kind in range(_KINDS)) for kinds in range(256)], np.uint64)


_MISSING: Final = sum((0x80 - least) << 8 * kind for kind, least in enumerate(LEAST))
_ENOUGH: Final = 0x8080808080808080
_ENOUGH_EAST: Final = 0x0080808080808080


@prepared.at_build("lexicon/bigrams.npz", "lexicon/bigrams.py", "filters/mojibake/charsets.py")
def kinds_by_code() -> bytes:
    """Of each code unit of UTF-16, the mistakes that may have made it."""
    import numpy as np

    table = np.zeros(0x10000, np.uint8)
    table[[*b"\n ?", ord("€"), 0xFFFD]] = _EAST  # between lines, for a run of ASCII, for what is lost
    codes = np.arange(0x10000)
    first, second = codes >> 8, codes & 0xFF
    lead, goes_on = np.isin(codes, _LEADS), (codes >= 0x80) & (codes < 0xC0)
    utf8 = ((lead | goes_on)[first] & goes_on[second]) | (goes_on[first] & (lead | (codes < 0x80))[second])
    for read, bit in (
        ("gbk", _UTF8_AS_GBK),
        ("big5", _UTF8_AS_BIG5),
        ("euc-kr", _UTF8_AS_OTHER),
        ("shift-jis", _UTF8_AS_OTHER),
    ):
        for variant in variants(read):
            table[_characters(variant)[utf8]] |= bit
    gbk, big5 = _common(_characters("gb18030")), _common(_characters("cp950"))
    for read, common, bit in (
        ("big5", gbk, _GBK_AS_BIG5),
        ("euc-kr", gbk, _GBK_AS_EUC_KR),
        ("gbk", big5, _BIG5_AS_GBK),
    ):
        for variant in variants(read):
            table[_characters(variant)[common]] |= bit
    for variant in variants("shift-jis"):
        table[_characters(variant)[first >= 0xE0]] |= _AS_SHIFT_JIS
    table[0xFF61:0xFFA0] |= _AS_SHIFT_JIS
    for codec in {codec for codecs in SINGLE.values() for codec in codecs}:
        table[[ord(char) for char in bytes(range(0x80, 0x100)).decode(codec, "ignore")]] |= _WESTERN
    table[0x80:0xA0] |= _WESTERN
    table[0] = 0  # where there is no character
    return table.tobytes()


@lru_cache(maxsize=8)
def _characters(codec: str) -> NDArray[np.uint16]:
    """The character of each pair of bytes, by number; 0 where there is none."""
    import numpy as np

    pairs = np.empty((0x7E, 0xBF, 3), np.uint8)  # each with a line break behind it
    pairs[..., 0], pairs[..., 1], pairs[..., 2] = np.arange(0x81, 0xFF)[:, None], np.arange(0x40, 0xFF), 0x0A
    units = np.frombuffer(pairs.tobytes().decode(codec, "replace").encode("utf-16-le"), np.uint16)
    ends = np.flatnonzero(units == 0x0A)
    alone = np.diff(ends, prepend=-1) == 2  # what is no character, or one past U+FFFF, takes more
    chars = np.where(alone, units[ends - 1], 0)
    table = np.zeros((0x100, 0x100), np.uint16)
    table[0x81:0xFF, 0x40:0xFF] = np.where(chars > 0x7F, chars, 0).reshape(0x7E, 0xBF)
    return table.ravel()


def _common(chars: NDArray[np.uint16]) -> NDArray[np.bool_]:
    import numpy as np

    weights = np.frombuffer(bigrams.begin_weights(), np.uint8)[chars]
    common = (weights > 0) & (weights < -_COMMON * 12)
    for low, high in _MARKS:
        common |= (chars >= low) & (chars <= high)
    return common
