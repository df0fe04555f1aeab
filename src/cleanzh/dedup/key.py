"""What near-duplicate detection compares: the text folded to one script, width and case, letters and numbers only.

The slow definition of a key is short: put the text into NFKC, lower its case, take each character by itself to its
simplified form, and keep letters and numbers. The fast one is a table with one entry a code point, built once by
``scripts/build_key_table.py`` and shipped, so that a key does not depend on the Unicode version of this Python. A text
with a character that can not be decided alone (a combining mark, ``㎡``, a part of a Hangul syllable) takes the detour
over the slow definition; few Chinese texts do.
"""

from __future__ import annotations

import functools
import json
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["Keys", "comparison_key", "fold", "table_fingerprint"]

CONTEXT = 1 << 31
_CODE = np.uint32(CONTEXT - 1)
_SIZE = 0x110000
_WIDER = np.uint32(0xFFFF)  # no character, so no key holds it
# Characters folded in one go: arrays of this length stay in the second-level cache through all passes over them.
_SLICE = 1 << 16


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a batch, one after the other: key ``i`` is ``codes[bounds[i]:bounds[i + 1]]``, in code points."""

    codes: NDArray[np.uint32]
    bounds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def at(self, positions: Sequence[int]) -> Keys:
        """The keys at some positions, as a batch."""
        chosen = [self[position] for position in positions]
        bounds = np.zeros(len(chosen) + 1, dtype=np.int64)
        np.cumsum([len(key) for key in chosen], out=bounds[1:])
        return Keys(np.concatenate(chosen) if chosen else self.codes[:0], bounds)

    def __getitem__(self, index: int) -> NDArray[np.uint32]:
        return self.codes[self.bounds[index] : self.bounds[index + 1]]


@functools.cache
def _table() -> tuple[NDArray[np.uint32], str]:
    head, _, packed = resources.files(__package__).joinpath("key_table.bin").read_bytes().partition(b"\n")
    payload = zlib.decompress(packed)
    dropped = np.unpackbits(np.frombuffer(payload, np.uint8, _SIZE // 8)).astype(bool)
    table = np.frombuffer(payload, "<u4", offset=_SIZE // 8).astype(np.uint32)
    table += np.arange(_SIZE, dtype=np.uint32)
    table[dropped] = 0
    return table, json.loads(head)["fingerprint"]


@functools.cache
def _narrow_table() -> NDArray[np.uint16]:
    """The table for UTF-16: ``_WIDER`` at surrogates, and where it says more than 16 bits can."""
    table = _table()[0][: 1 << 16].copy()
    table[0xD800:0xE000] = _WIDER
    return np.minimum(table, _WIDER).astype(np.uint16)


def table_fingerprint() -> str:
    """What names the folding: part of the scheme of every stored index."""
    return _table()[1]


def comparison_key(text: str) -> str:
    """What near-duplicate detection compares of ``text``.

    Folded to full forms of one width (NFKC), lower case, simplified character by character (Taiwan's and Hong Kong's
    variants as well: ``裡``, ``著``), and only letters and numbers: white space, punctuation, symbols, emoji, marks,
    control and private-use characters and lone surrogates are dropped.

    >>> comparison_key("京東　與 ＯＰＰＯ：「戰略合作」！")
    '京东与oppo战略合作'

    Words are left alone: ``軟體`` is ``软体`` and not ``软件``. A key is for comparing, not for reading.
    """
    return fold([text]).codes.astype("<u4").tobytes().decode("utf-32-le")


def fold(texts: Sequence[str]) -> Keys:
    """The keys of a batch of texts, by the table.

    Two bytes a character are folded in a third of the time of four, so a text takes the wider way only if it holds what
    the narrow table can not say: a character past U+FFFF, or one that can not be decided alone.
    """
    narrow = _narrow_table()
    counts = np.zeros(len(texts), dtype=np.int64)
    parts: list[NDArray[np.uint16] | NDArray[np.uint32]] = []
    for first, stop in _batches(texts):
        batch = texts[first:stop]
        folded = np.concatenate([np.take(narrow, units, mode="clip") for units in _units(batch)])
        keep = folded != 0
        kept = np.compress(keep, folded)
        lengths = [len(text) for text in batch]
        if len(folded) != sum(lengths):  # pairs of surrogates
            lengths = [len(text.encode("utf-16-le", "surrogatepass")) // 2 for text in batch]
        ends = [0, *accumulate(lengths)]  # by lengths: nothing inside a text can be taken for its end
        counts[first:stop] = [np.count_nonzero(keep[start:end]) for start, end in pairwise(ends)]
        done = 0
        if kept.max(initial=0) == _WIDER:
            places = np.cumsum(counts[first:stop])
            for i in np.unique(np.searchsorted(ends, np.flatnonzero(folded == _WIDER), side="right") - 1).tolist():
                parts += (kept[done : places[i] - counts[first + i]], _fold_wide(batch[i]))
                done = int(places[i])
                counts[first + i] = len(parts[-1])
        parts.append(kept[done:])
    bounds = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(counts, out=bounds[1:])
    return Keys(np.concatenate(parts, dtype=np.uint32) if parts else np.zeros(0, np.uint32), bounds)


def _fold_wide(text: str) -> NDArray[np.uint32]:
    folded = np.concatenate([_table()[0][codes] for codes in _code_points(text)])
    return _fold_in_context(text) if int(folded.max()) >= CONTEXT else folded[folded != 0]


def _batches(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Runs of texts that are about ``_SLICE`` characters together."""
    first = size = 0
    for i, text in enumerate(texts):
        if size and size + len(text) > _SLICE:
            yield first, i
            first, size = i, 0
        size += len(text)
    if first < len(texts):
        yield first, len(texts)


def _units(texts: Sequence[str]) -> Iterator[NDArray[np.uint16]]:
    joined = texts[0] if len(texts) == 1 else "".join(texts)
    for start in range(0, max(1, len(joined)), _SLICE):
        yield np.frombuffer(joined[start : start + _SLICE].encode("utf-16-le", "surrogatepass"), "<u2")


def _code_points(text: str) -> Iterator[NDArray[np.uint32]]:
    for start in range(0, max(1, len(text)), _SLICE):
        yield np.frombuffer(text[start : start + _SLICE].encode("utf-32-le", "surrogatepass"), "<u4")


def _fold_in_context(text: str) -> NDArray[np.uint32]:
    """The slow definition, of one text.

    What the table drops or does not know is blanked out before: two Pythons normalize the rest alike, since Unicode
    never changes the normal form of an assigned character. Parts of Hangul syllables may meet after the dropping.
    """
    table = _table()[0]
    codes = np.concatenate(list(_code_points(text)))
    codes[np.take(table, codes, mode="clip") == 0] = 0
    for _ in range(2):
        text = unicodedata.normalize("NFKC", codes.astype("<u4").tobytes().decode("utf-32-le"))
        codes = np.take(table, np.concatenate(list(_code_points(text))), mode="clip") & _CODE
        codes = codes[codes != 0]
    return codes
