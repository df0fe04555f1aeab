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
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from cleanzh import prepared
from cleanzh.kernels import kernel

__all__ = ["MARKS", "Codes", "Keys", "comparison_key", "fold", "fold_and_see", "table_fingerprint"]

CONTEXT = 1 << 31
_CODE = np.uint32(CONTEXT - 1)
_SIZE = 0x110000
_TWO_PLANES = 1 << 17
_WIDER = np.uint32(0xFFFF)  # no character, so no key holds it
MARKS = "\ufffd锟"
"""What irreparable damage begins with: lost bytes, and lost bytes read as GBK (``锟斤拷``)."""
# Characters folded in one go: some MB of arrays, and few calls.
_SLICE = 1 << 17
_DOCUMENTS = 1 << 12  # at a time, however short they are


Codes = NDArray[Any]  # of uint16 or uint32
"""Code points; two bytes each where all of them fit in these, which saves half of every pass over them."""


class Keys:
    """The keys of a batch, one after the other: key ``i`` is ``codes[bounds[i]:bounds[i + 1]]``, in code points.

    One key in seventy has a character that takes four bytes. Such keys may be given ``apart``, by their numbers: they
    are empty in what the others lie in, which stays at two bytes a character. And keys may lie anywhere in some arrays
    (:meth:`lying`). All look whole to who does not ask for them :meth:`by_width` or where they :attr:`lie`.
    """

    __slots__ = ("_apart", "_bounds", "_codes", "_lie")

    def __init__(self, codes: Codes, bounds: NDArray[np.int64], apart: Mapping[int, Codes] | None = None) -> None:
        self._codes, self._bounds, self._apart = codes, bounds, apart or {}
        self._lie: tuple[list[Codes], NDArray[np.int64]] | None = None

    @classmethod
    def lying(cls, arrays: list[Codes], places: NDArray[np.int64]) -> Self:
        """Keys that are somewhere in these arrays: ``places`` has of each the array, its start there and its length."""
        made = cls(np.zeros(0, np.uint16), np.zeros(len(places) + 1, np.int64))
        made._lie = arrays, places
        return made

    @property
    def lie(self) -> tuple[list[Codes], NDArray[np.int64]]:
        """Some arrays, and of each key in which of them it is, where it starts there, and its length."""
        if self._lie is not None:
            return self._lie
        whole = self.codes  # first, as it changes where the bounds are
        places = np.zeros((len(self), 3), np.int64)
        places[:, 1], places[:, 2] = self._bounds[:-1], np.diff(self._bounds)
        return [whole], places

    @property
    def codes(self) -> Codes:
        self._join()
        return self._codes

    @property
    def bounds(self) -> NDArray[np.int64]:
        self._join()
        return self._bounds

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How long each is."""
        if self._lie is not None:
            lengths: NDArray[np.int64] = self._lie[1][:, 2]
            return lengths
        found = np.diff(self._bounds)
        found[list(self._apart)] = [len(codes) for codes in self._apart.values()]
        return found

    def by_width(self) -> Iterator[tuple[slice | list[int], Keys]]:
        """All keys, those that lie apart as empty; then the numbers of these, and they themselves."""
        if not self._apart:
            yield slice(None), self
            return
        yield slice(None), Keys(self._codes, self._bounds)
        yield list(self._apart), _in_a_row(list(self._apart.values()))

    def _join(self) -> None:
        if self._apart or self._lie is not None:
            whole = _in_a_row([self[i] for i in range(len(self))])
            self._codes, self._bounds, self._apart, self._lie = whole._codes, whole._bounds, {}, None

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def at(self, positions: Sequence[int]) -> Keys:
        """The keys at some positions, as a batch."""
        return _in_a_row([self[position] for position in positions])

    def __getitem__(self, index: int) -> Codes:
        if self._lie is not None:
            array, start, length = self._lie[1][index].tolist()
            own: Codes = self._lie[0][array][start : start + length]
            return own
        apart = self._apart.get(index)
        return self._codes[self._bounds[index] : self._bounds[index + 1]] if apart is None else apart


def _in_a_row(parts: Sequence[Codes]) -> Keys:
    bounds = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)), out=bounds[1:])
    return Keys(np.concatenate(parts) if parts else np.zeros(0, np.uint16), bounds)


@functools.cache
def _table() -> NDArray[np.uint32]:
    return _beginning(_SIZE)


@functools.cache
def _stored() -> tuple[str, bytes]:
    head, _, packed = Path(__file__).with_name("key_table.bin").read_bytes().partition(b"\n")
    return json.loads(head)["fingerprint"], packed


def _table_for(text: str) -> NDArray[np.uint32]:
    """The table, at least as far as the characters of a text go."""
    return _two_planes() if ord(max(text, default="\0")) < _TWO_PLANES else _table()


@functools.cache
def _two_planes() -> NDArray[np.uint32]:
    """Han, and emoji: what most texts need, and prepared: to make the whole takes 0.03 s."""
    return np.frombuffer(_two_planes_as_bytes(), np.uint32)


@prepared.at_build("dedup/key_table.bin")
def _two_planes_as_bytes() -> bytes:
    return _beginning(_TWO_PLANES).tobytes()


def _beginning(size: int) -> NDArray[np.uint32]:
    """The table for the first so many characters; all that is behind them is left packed."""
    payload = zlib.decompressobj().decompress(_stored()[1], _SIZE // 8 + 4 * size)
    dropped = np.unpackbits(np.frombuffer(payload, np.uint8, _SIZE // 8))[:size].astype(bool)
    table = np.frombuffer(payload, "<u4", size, _SIZE // 8).astype(np.uint32)
    table += np.arange(size, dtype=np.uint32)
    table[dropped] = 0
    return table


@functools.cache
def _narrow_table() -> NDArray[np.uint16]:
    """The table for the basic plane: ``_WIDER`` where it says more than 16 bits can, for all that is past it, and for
    ``MARKS``, so that nobody has to look for these."""
    table = np.minimum(_two_planes()[: 1 << 16], _WIDER)
    table[[-1, *map(ord, MARKS)]] = _WIDER
    return table.astype(np.uint16)


def table_fingerprint() -> str:
    """What names the folding: part of the scheme of every stored index."""
    return _stored()[0]


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
    """The keys of a batch of texts, by the table."""
    return fold_and_see(texts)[0]


def fold_and_see(texts: Sequence[str]) -> tuple[Keys, NDArray[np.bool_]]:
    """The keys of a batch of texts, and which of these may hold one of :data:`MARKS`."""
    if kernel("keys") is None:
        return _fold_in_arrays(texts), np.ones(len(texts), dtype=bool)
    codes, bounds, seen, left = _fold_compiled(texts, np.uint16, _two_planes())
    return Keys(codes, bounds, {i: _fold_left(texts[i]) for i in left}), seen


def _fold_compiled(
    texts: Sequence[str], dtype: DTypeLike, table: NDArray[np.uint32]
) -> tuple[Codes, NDArray[np.int64], NDArray[np.bool_], list[int]]:
    """The keys in a row, where they end, in which texts the narrow table did not say all, and which texts are left:
    they hold a character that can not be decided alone, one past ``table``, or one for a code past ``dtype``."""
    codes = np.empty(sum(map(len, texts)), dtype)
    bounds, seen = np.empty(len(texts) + 1, dtype=np.int64), np.empty(len(texts), dtype=bool)
    left: list[int] = kernel("keys").fold(texts, _narrow_table(), table, codes, bounds, seen)
    codes.resize(int(bounds[-1]), refcheck=False)  # where it lies: what was dropped is a sixth
    return codes, bounds, seen, left


def _fold_left(text: str) -> Codes:
    table = _table_for(text)
    codes, _, _, undecided = _fold_compiled([text], np.uint32, table)
    if not undecided:
        return codes
    codes = np.concatenate([codes for _, codes in _code_points(text)])
    return _fold_whole(text, set(map(chr, codes[table[codes] >= CONTEXT].tolist())))


def _fold_in_arrays(texts: Sequence[str]) -> Keys:
    """:func:`fold` without the kernel, and of the texts that it leaves.

    Two bytes a character are folded in a third of the time of four, so a text takes the wider way only if it holds what
    the narrow table can not say: a character from U+FFFF on, or one that can not be decided alone.
    """
    given = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=given[1:])
    counts = np.zeros(len(texts), dtype=np.int64)
    parts: list[Codes] = []
    for first, stop in runs_of_documents(given, _SLICE):
        # Nothing inside a text can be taken for its end.
        kept, ends, undecided = _fold_batch(texts[first:stop], given[first + 1 : stop + 1] - given[first])
        counts[first:stop] = np.diff(ends, prepend=0)
        done = 0
        for i in sorted(undecided):
            parts += (kept[done : ends[i] - counts[first + i]], _fold_whole(texts[first + i], undecided[i]))
            done = int(ends[i])
            counts[first + i] = len(parts[-1])
        parts.append(kept[done:])
    bounds = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(counts, out=bounds[1:])
    return Keys(np.concatenate(parts) if parts else np.zeros(0, np.uint16), bounds)


def _fold_batch(
    texts: Sequence[str], bounds: NDArray[np.int64]
) -> tuple[Codes, NDArray[np.int64], dict[int, set[str]]]:
    """The keys in a row, where each ends, and in which texts there are characters that can not be decided alone;
    ``bounds`` are where the texts end."""
    narrow = _narrow_table()
    ends = np.zeros(len(texts), dtype=np.int64)
    pieces: list[Codes] = []
    undecided: dict[int, set[str]] = {}
    for start, codes in _code_points(texts[0] if len(texts) == 1 else "".join(texts)):
        folded: Codes = narrow.take(codes.astype(np.intp), mode="clip")
        places = np.flatnonzero(folded != 0)
        kept: Codes = folded.take(places)  # faster than by a mask
        if kept.max(initial=0) == _WIDER:
            wide = np.flatnonzero(kept == _WIDER)  # few: the whole table, 4 MB, does not stay in the caches
            unfolded = codes[places[wide]]
            meant = _table()[unfolded]
            for at in np.flatnonzero(meant >= CONTEXT).tolist():
                text = int(np.searchsorted(bounds - start, places[wide[at]], side="right"))
                undecided.setdefault(text, set()).add(chr(unfolded[at]))
                meant[at] = 1  # whatever: the text is folded again
            if meant.max() >= _WIDER:
                kept = kept.astype(np.uint32)
            kept[wide] = meant
            dropped = wide[meant == 0]
            if len(dropped):
                places, kept = np.delete(places, dropped), np.delete(kept, dropped)
        ends += np.searchsorted(places, bounds - start)
        pieces.append(kept)
    return (pieces[0] if len(pieces) == 1 else np.concatenate(pieces)), ends, undecided


def _fold_whole(text: str, undecided: set[str]) -> Codes:
    """The key of a text with some characters that can not be decided alone."""
    for char in undecided:
        decided = _decided(char)
        if decided is None:
            return _fold_in_context(text)
        text = text.replace(char, decided)
    return fold([text]).codes


@functools.cache
def _decided(char: str) -> str | None:
    """What a character such as ``Ⅲ`` or ``㎡`` stands for, if each of that can be decided alone."""
    meant = unicodedata.normalize("NFKC", char)
    table = _table_for(meant)
    return meant if all(table[ord(part)] < CONTEXT for part in meant) else None


def runs_of_documents(bounds: NDArray[np.int64], size: int) -> Iterator[tuple[int, int]]:
    """Runs of documents that have at most so many characters together, or one that has more."""
    first = 0
    while first < len(bounds) - 1:
        stop = int(np.searchsorted(bounds, bounds[first] + size, side="right")) - 1
        stop = max(min(stop, first + _DOCUMENTS), first + 1)
        yield first, stop
        first = stop


def _code_points(text: str) -> Iterator[tuple[int, NDArray[np.uint32]]]:
    """The code points of a text, ``_SLICE`` at a time, each time with where they begin."""
    for start in range(0, max(1, len(text)), _SLICE):
        part = text[start : start + _SLICE]
        # numpy copies a text in a quarter of the time that encoding it takes. (It gives an empty one a place.)
        yield start, np.array([part]).view(np.uint32)[: len(part)]


def _fold_in_context(text: str) -> NDArray[np.uint32]:
    """The slow definition, of one text.

    What the table drops or does not know is blanked out before: two Pythons normalize the rest alike, since Unicode
    never changes the normal form of an assigned character. Parts of Hangul syllables may meet after the dropping.
    """
    table = _table()
    codes = np.concatenate([codes for _, codes in _code_points(text)])
    codes[np.take(table, codes, mode="clip") == 0] = 0
    for _ in range(2):
        text = unicodedata.normalize("NFKC", codes.astype("<u4").tobytes().decode("utf-32-le"))
        codes = np.take(table, np.concatenate([codes for _, codes in _code_points(text)]), mode="clip") & _CODE
        codes = codes[codes != 0]
    return codes
