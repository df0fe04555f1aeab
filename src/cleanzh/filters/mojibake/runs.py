"""Damage within a line: where a run of it begins and ends."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from cleanzh.filters.mojibake.charsets import READ, SINGLE, WRITTEN, Mistake, char_bytes, variants
from cleanzh.filters.mojibake.reading import READS, READS_WELL, convinces, reading, total
from cleanzh.lexicon import bigrams
from cleanzh.patterns import lazily

__all__ = ["Run", "damaged_runs", "likely_mistakes", "utf8_runs"]

LEAST_GAIN: Final = 22.0  # nats by which a run must read better: about four characters
_WINDOWS = (10, 4)  # the longer one is surer, the shorter one fits between digits
_CLEARLY = 2.0  # nats a character by which the worst part of a line must read better
_BARRIER = -1e6
_NEAR = 3  # characters by which the edges of a run may be off
_EDGE = 12.0  # nats by which its gain may be
_RARE = -12.5  # characters rarer than this beside damage are damage
_PUNCTUATION: Final = frozenset("，。、；：？！“”‘’（）《》「」『』【】〈〉·—…～％")
_STRANGE_GAIN = 6.0
_COMMON_LOSS = 1.5  # and common ones must gain something to be part of it
_HALF_WIDTH: Final = lazily("[\uff61-\uff9f\ue000-\uf8ff]")
_EAST: Final = lazily("[\u2e80-\ufaff\uff01-\uffdc]")
_DOUBLE: Final = tuple(read for read in READ if read not in SINGLE)
_SURROGATE: Final = lazily("[\ud800-\udfff]")


class Run(NamedTuple):
    """A run of damage in a line, and what it was."""

    start: int
    end: int
    text: str
    mistake: Mistake


def _bytes_by_char(text: str, read: str) -> list[list[bytes]]:
    """The bytes of each character in each variant that differs; none for one that the variant cannot hold."""
    found: list[list[bytes]] = []
    for column in zip(*[_in_variants(char, read) for char in text], strict=True):
        parts = list(column)
        if parts not in found:
            found.append(parts)
    return found or [[]]


@lru_cache(maxsize=1 << 16)
def _in_variants(char: str, read: str) -> tuple[bytes, ...]:
    return tuple(char_bytes(char, variant) for variant in variants(read))


def likely_mistakes(text: str) -> list[Mistake]:
    """The mistakes whose inverse makes the worst part of a text read better, the likeliest first."""
    values = np.cumsum(bigrams.profile(text), dtype=np.float64)
    found: dict[Mistake, float] = {}
    for width in _WINDOWS:
        window = text
        if len(values) > width:
            start = int(np.argmin(values[width:] - values[:-width]))
            window = text[start : start + width + 2]
        for mistake, gain in _gains(window):
            found[mistake] = max(gain, found.get(mistake, gain))
    return sorted(found, key=lambda mistake: -found[mistake])[:3]


def _gains(window: str) -> Iterator[tuple[Mistake, float]]:
    """The mistakes whose inverse makes a short text read clearly better, and by how much."""
    before = reading(window)
    for read in _DOUBLE if _EAST.search(window) else READ:
        held = [parts for parts in _bytes_by_char(window, read) if parts.count(b"") <= len(parts) // 4]
        for written, codecs in WRITTEN.items() if held else ():
            if written == read:
                continue
            best = -99.0
            for parts in held:
                for skip in range(2 if written != "utf-8" and (read in SINGLE or read == "shift-jis") else 1):
                    again = b"".join(parts[skip:]).decode(codecs[0], "surrogateescape")
                    if len(again) > 1 and len(_SURROGATE.findall(again)) * 3 < len(again):
                        best = max(best, reading(again[1:-1] or again))
            if best > before + _CLEARLY:
                yield Mistake(written, read), best - before


def damaged_runs(line: str, mistake: Mistake) -> list[Run]:
    """The runs of a line that read as Chinese once ``mistake`` is undone in them, and as nothing before."""
    return sorted(_search(line, 0, mistake))


def utf8_runs(line: str) -> Iterator[Run]:
    """The runs of a line whose bytes are UTF-8, however that reads: it may have been damaged before as well.

    That six characters in a row are valid UTF-8 by chance happens once in a million; that they make Chinese after
    another repair, never.
    """
    for read in _DOUBLE:
        parts = _bytes_by_char(line, read)[0]
        starts = np.cumsum([0, *(len(part) or 1 for part in parts)]).tolist()
        char_at = {start: index for index, start in enumerate(starts)}
        raw = b"".join(part or b"\xff" for part in parts)
        for match in _UTF8.finditer(raw):
            text, position = match[0].decode(), match.start()
            shared: list[tuple[int, int]] = []  # where a character of the line and one of the UTF-8 begin together
            for index, char in enumerate(text):
                if position in char_at:
                    shared.append((char_at[position], index))
                position += len(char.encode())
            if position in char_at:
                shared.append((char_at[position], len(text)))
            # clean characters beside the run may be valid UTF-8 by chance
            edges = [(i, j) for i in shared[:_TRIMS] for j in shared[-_TRIMS:] if j[1] - i[1] >= _LEAST_UTF8]
            for i, j in sorted(edges, key=lambda edge: edge[0][1] - edge[1][1]):
                yield Run(i[0], j[0], text[i[1] : j[1]], Mistake("utf-8", read))


_UTF8: Final = lazily(
    rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|[\x20-\x7e])*"
    rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}){6}"
    rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|[\x20-\x7e])*"
)
_LEAST_UTF8 = 6
_TRIMS = 5


def _search(text: str, offset: int, mistake: Mistake) -> Iterator[Run]:
    found = [run for again in _rereadings(text, mistake) if (run := _best_run(text, *again)) is not None]
    if not found:
        return
    start, end, again, _ = max(found, key=lambda run: run[3])
    reads = READS if mistake.written == "utf-8" else READS_WELL
    if not convinces(text[start:end], again, LEAST_GAIN, reads):
        return
    if start > 2:
        yield from _search(text[:start], offset, mistake)
    yield Run(offset + start, offset + end, again, mistake)
    if len(text) - end > 2:
        yield from _search(text[end:], offset + end, mistake)


_Aligned = tuple[str, list[int], list[int]]  # a rereading, and where both texts have a character boundary


def _rereadings(text: str, mistake: Mistake) -> Iterator[_Aligned]:
    """The whole text read again, in the ways that its bytes can be aligned."""
    for parts in _bytes_by_char(text, mistake.read):
        if mistake.written != "utf-8" and mistake.read in ("gbk", "big5", "euc-kr"):
            yield _by_pairs(parts, mistake.written)
        elif mistake.written == "utf-8" or mistake.read in SINGLE:
            yield _by_bytes(parts, mistake.written, 0)
        else:
            for start in _starts(text):
                yield _by_bytes(parts, mistake.written, start)


def _by_pairs(parts: list[bytes], written: str) -> _Aligned:
    """Both charsets write a character in two bytes or in one: each stands for itself."""
    again = [_one_character(part, written) for part in parts]
    offsets = [0]
    for char in again:
        offsets.append(offsets[-1] + len(char))
    return "".join(again), list(range(len(parts) + 1)), offsets


@lru_cache(maxsize=1 << 15)
def _one_character(raw: bytes, written: str) -> str:
    for codec in WRITTEN[written]:
        try:
            return raw.decode(codec) or _NOTHING
        except UnicodeDecodeError:
            continue
    return _NOTHING


_NOTHING: Final = "\udc80"  # bytes that do not decode, as surrogateescape shows them


def _by_bytes(parts: list[bytes], written: str, skip: int) -> _Aligned:
    codecs = WRITTEN[written]
    again: list[str] = []
    lengths: list[int] = []
    position = 0
    while position < len(parts):
        stop = position + 1
        if position < skip or not parts[position]:
            again.append(_NOTHING)  # bounds the bytes before and behind it
            lengths.append(len(parts[position]) or 1)
        else:
            while stop < len(parts) and parts[stop]:
                stop += 1
            raw = b"".join(parts[position:stop])
            piece = next((text for codec in codecs if (text := _strictly(raw, codec)) is not None), None)
            if piece is None:
                piece = raw.decode(codecs[0], "surrogateescape")
            again += piece
            lengths += [_length(char, written, codecs) for char in piece]
        position = stop
    here = np.cumsum([0, *(len(part) or 1 for part in parts)])
    there = np.cumsum([0, *lengths])
    _, at_here, at_there = np.intersect1d(here, there, assume_unique=True, return_indices=True)
    return "".join(again), at_here.tolist(), at_there.tolist()


def _starts(text: str) -> list[int]:
    """Where to begin reading the bytes: Shift_JIS does not find its way back after clean text."""
    starts = {0}
    if (found := _HALF_WIDTH.search(text)) is not None:
        starts.update(range(max(0, found.start() - 2), found.start() + 1))
    values = bigrams.profile(text)
    if len(values) > 6:
        sums = np.cumsum(np.concatenate([[0.0], values]))
        low = np.flatnonzero((sums[4:] - sums[:-4]) / 4 < -10.0)
        first = int(low[0]) if len(low) else 0
        starts.update(range(max(0, first - 2), min(len(text), first + 6)))
    return sorted(starts)


def _best_run(text: str, again: str, at_here: list[int], at_there: list[int]) -> tuple[int, int, str, float] | None:
    """The run that gains most, between common boundaries: from where to where, what it becomes, how much it gains."""
    if len(at_here) < 2:
        return None
    before = np.concatenate([[0.0], np.cumsum(bigrams.profile(text), dtype=np.float64)])
    values = bigrams.profile(again).astype(np.float64)
    codes = np.frombuffer(again.encode("utf-32-le", "surrogatepass"), np.uint32)
    values[(codes >= 0xD800) & (codes < 0xE000)] = _BARRIER
    after = np.concatenate([[0.0], np.cumsum(values)])
    gains = np.diff(after[at_there]) - np.diff(before[at_here])
    sums = np.concatenate([[0.0], np.cumsum(gains)])
    lowest = np.minimum.accumulate(sums)
    stop = int(np.argmax(sums - lowest))
    start = int(np.flatnonzero(sums[: stop + 1] == lowest[stop])[-1])
    if stop <= start or sums[stop] - sums[start] < LEAST_GAIN - _EDGE:
        return None

    def whole(edges: tuple[int, int]) -> float:
        i, j = edges
        left, right = text[max(0, at_here[max(0, start - _NEAR)] - 2) : at_here[i]], text[at_here[j] :][: 2 * _NEAR]
        here, there = text[at_here[i] : at_here[j]], again[at_there[i] : at_there[j]]
        return total(left + there + right) - total(left + here + right)

    outside = text[: at_here[max(0, start - _NEAR)]] + text[at_here[min(len(at_here) - 1, stop + _NEAR)] :]
    scripts = [codec for codec in ("gb2312", "big5") if _mostly(outside, codec)]

    def strange(char: str) -> bool:
        """Whether a character beside damage is damage: rare, of another alphabet, or of the other script."""
        han = "\u4e00" <= char <= "\u9fff"
        if not han and char not in _PUNCTUATION:
            return char > "\x7f"
        return bigrams.following("", char)[0] < _RARE or any(not _encoded(char, codec) for codec in scripts)

    def biased(edges: tuple[int, int]) -> float:
        here = text[at_here[edges[0]] : at_here[edges[1]]]
        odd = sum(map(strange, here))
        return whole(edges) + _STRANGE_GAIN * odd - _COMMON_LOSS * (len(here) - odd)

    # the edges again, now with the clean text that really stands beside them
    best = max(
        (
            (i, j)
            for i in range(max(0, start - _NEAR), min(stop, start + _NEAR + 1))
            for j in range(max(i + 1, stop - _NEAR), min(len(at_here), stop + _NEAR + 1))
            if not _SURROGATE.search(again, at_there[i], at_there[j])
        ),
        key=biased,
        default=None,
    )
    if best is None or whole(best) < LEAST_GAIN:
        return None
    i, j = best
    while i < j and text[at_here[i] : at_here[i + 1]] == again[at_there[i] : at_there[i + 1]]:
        i += 1
    while i < j and text[at_here[j - 1] : at_here[j]] == again[at_there[j - 1] : at_there[j]]:
        j -= 1
    return at_here[i], at_here[j], again[at_there[i] : at_there[j]], whole((i, j))


def _mostly(text: str, codec: str) -> bool:
    """Whether a text is written with the characters of a charset, a few names aside."""
    return bool(text) and len(text.encode(codec, "ignore").decode(codec)) > 0.95 * len(text)


def _strictly(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return None


def _length(char: str, written: str, codecs: tuple[str, ...]) -> int:
    code = ord(char)
    if code < 0x80 or 0xDC80 <= code < 0xDD00:
        return 1
    if written == "utf-8":
        return 2 if code < 0x800 else 3 if code < 0x10000 else 4
    return next((len(raw) for codec in codecs if (raw := _encoded(char, codec))), 2)


@lru_cache(maxsize=1 << 15)
def _encoded(char: str, codec: str) -> bytes:
    return char.encode(codec, "ignore")
