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

import numpy as np
from numpy.typing import NDArray

__all__ = ["Keys", "comparison_key", "fold", "table_fingerprint"]

CONTEXT = 1 << 31
_CODE = np.uint32(CONTEXT - 1)
_SIZE = 0x110000
_WIDER = np.uint32(0xFFFF)  # no character, so no key holds it
# Characters folded in one go: some MB of arrays, and few calls.
_SLICE = 1 << 17


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
    """The table for the basic plane: ``_WIDER`` where it says more than 16 bits can, and for all that is past it."""
    table = np.minimum(_table()[0][: 1 << 16], _WIDER)
    table[-1] = _WIDER
    return table.astype(np.uint16)


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
    the narrow table can not say: a character from U+FFFF on, or one that can not be decided alone.
    """
    narrow = _narrow_table()
    counts = np.zeros(len(texts), dtype=np.int64)
    parts: list[NDArray[np.uint16] | NDArray[np.uint32]] = []
    for first, stop in _batches(texts):
        batch = texts[first:stop]
        ends = np.cumsum([len(text) for text in batch])  # nothing inside a text can be taken for its end
        own = np.zeros(len(batch), dtype=np.int64)  # where each ends in what is kept
        pieces = []
        for i, codes in enumerate(_code_points(batch[0] if len(batch) == 1 else "".join(batch))):
            folded = narrow.take(codes.astype(np.intp), mode="clip")
            places = np.flatnonzero(folded != 0)
            own += np.searchsorted(places, ends - i * _SLICE)
            pieces.append(folded.take(places))  # faster than by a mask
        kept = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
        counts[first:stop] = np.diff(own, prepend=0)
        done = 0
        if kept.max(initial=0) == _WIDER:
            for i in np.unique(np.searchsorted(own, np.flatnonzero(kept == _WIDER), side="right")).tolist():
                parts += (kept[done : own[i] - counts[first + i]], _fold_wide(batch[i]))
                done = int(own[i])
                counts[first + i] = len(parts[-1])
        parts.append(kept[done:])
    bounds = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(counts, out=bounds[1:])
    return Keys(np.concatenate(parts, dtype=np.uint32) if parts else np.zeros(0, np.uint32), bounds)


def _fold_wide(text: str) -> NDArray[np.uint32]:
    pieces: list[NDArray[np.uint32]] = []
    undecided: set[str] = set()
    for codes in _code_points(text):
        folded = _narrow_table().take(codes, mode="clip").astype(np.uint32)
        wider = np.flatnonzero(folded == _WIDER)  # few: the whole table, 4 MB, does not stay in the caches
        folded[wider] = _table()[0][codes[wider]]
        undecided.update(map(chr, codes[wider[folded[wider] >= CONTEXT]].tolist()))
        pieces.append(folded[folded != 0])
    if not undecided:
        return np.concatenate(pieces)
    for char in undecided:
        decided = _decided(char)
        if decided is None:
            return _fold_in_context(text)
        text = text.replace(char, decided)
    return _fold_wide(text)


@functools.cache
def _decided(char: str) -> str | None:
    """What a character such as ``Ⅲ`` or ``㎡`` stands for, if each of that can be decided alone."""
    meant = unicodedata.normalize("NFKC", char)
    return meant if all(_table()[0][ord(part)] < CONTEXT for part in meant) else None


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
