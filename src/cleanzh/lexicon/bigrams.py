"""How well a text reads as Chinese: a bigram model of characters, in both scripts.

The model is in ``bigrams.npz`` (built by ``scripts/build_lexicon.py`` from jieba's dictionary, MIT; see
``LICENSE-jieba`` beside it). Logarithms are natural, stored as one byte: twelfths, negated. ``alone.npz`` is of
:mod:`cleanzh.lexicon.fluency`.

======== ====== =====================================================================================================
firsts   uint16 the code points that a stored pair begins with, ascending
counts   uint16 how many stored pairs begin with each of them
steps    uint16 the second code points of all pairs, ascending for one first; each but the first one as a difference
pairs    uint8  log P(second | first) of all pairs
begin    uint8  for each code point of the BMP: log P(a word begins with it)
end      uint8  and log P(a word ends after it); ``end[a] + begin[b]`` is the back-off for a pair that is not stored
======== ====== =====================================================================================================

Han characters that no word has count as rare. What is not Han has one value a class: marks and ASCII are neutral,
letters of other alphabets unlikely, and private use, C1 controls and U+FFFD as unlikely as can be, since that is what
a wrong charset is made of.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cleanzh import prepared
from cleanzh.kernels import kernel

if TYPE_CHECKING:  # numpy is imported where arrays are made: it takes longer than all else that a start imports
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "FLOOR",
    "at_least",
    "begin_weights",
    "codes_of",
    "compiled_model",
    "followers",
    "following",
    "inside",
    "profile",
    "rare_ranges",
    "rarer_than",
    "score",
    "scores",
    "usual",
    "worth",
]

_DATA: Final = Path(__file__).parent / "bigrams.npz"
_ALONE: Final = Path(__file__).parent / "alone.npz"
_STEP: Final = 1 / 12

FLOOR: Final = -16.0
"""What damage itself is worth: private use, C1 controls, lone surrogates, U+FFFD."""

# Code points that are not Han, and what they are worth in a Chinese text. Later ranges overwrite earlier ones.
_CLASSES: Final = (
    (0x0000, 0xFFFF, -13.0),  # anything not named below
    (0x0000, 0x001F, -13.0),
    (0x0020, 0x007E, -5.0),
    (0x007F, 0x009F, FLOOR),
    (0x00A0, 0x024F, -11.0),  # Latin-1 and its extensions: letters of the Western charsets that GBK was read in
    (0x0370, 0x03FF, -10.0),
    (0x0400, 0x052F, -11.0),
    (0x2000, 0x206F, -9.0),
    (0x2070, 0x22FF, -9.0),
    (0x2300, 0x27BF, -9.5),
    (0x3000, 0x303F, -7.0),
    (0x3040, 0x30FF, -11.0),
    (0x3100, 0x312F, -12.0),
    (0x3200, 0x33FF, -12.0),
    (0xAC00, 0xD7A3, -12.0),
    (0xD800, 0xDFFF, FLOOR),
    (0xE000, 0xF8FF, FLOOR),
    (0xFF01, 0xFF5E, -7.0),
    (0xFF61, 0xFFDC, -14.0),
    (0xFFFD, 0xFFFD, FLOOR),
)
_MARKS: Final = (
    ("\t\n\r", -5.0),
    ("?@[\\]^_`{|}~", -8.0),  # what a lost byte leaves behind, and trail bytes that lost their lead
    ("，。", -3.5),
    ("、：；！？“”（）《》", -4.5),
    ("—…·‘’「」『』【】〈〉～　％\u3007", -6.0),
    ("°±×÷·§€£¥©®″′℃№①②③④⑤⑥⑦⑧⑨⑩ⅠⅡⅢⅣ→←↑↓■□●○◆◇★☆▲△▼※−≤≥≠√∞", -8.0),
)
_HAN: Final = ((0x3400, 0x9FFF), (0xF900, 0xFAFF))
_ASTRAL_HAN, _EMOJI = 0xD840, 0xD83C  # where code points past the BMP are looked up, by their high surrogate


class _Model(NamedTuple):
    keys: NDArray[np.uint32]  # first << 16 | second, ascending
    pairs: NDArray[np.float32]
    begin: NDArray[np.float32]
    end: NDArray[np.float32]
    alone: NDArray[np.float32]  # what standing between two words costs a character


@lru_cache(maxsize=1)
def _model() -> _Model:
    import numpy as np

    keys, *others = _arrays()
    return _Model(np.frombuffer(keys, np.uint32), *(np.frombuffer(other, np.float32) for other in others))


@prepared.at_build("lexicon/bigrams.npz", "lexicon/alone.npz")
def _arrays() -> tuple[bytes, bytes, bytes, bytes, bytes]:
    """The arrays of the model."""
    import numpy as np

    with np.load(_ALONE, allow_pickle=False) as data:
        alone = data["alone"].astype(np.float32) * np.float32(-_STEP)
    with np.load(_DATA, allow_pickle=False) as data:
        firsts, counts, steps = (data[name].astype(np.uint32) for name in ("firsts", "counts", "steps"))
        pairs, begin, end = (data[name].astype(np.float32) * np.float32(-_STEP) for name in ("pairs", "begin", "end"))
    run = np.cumsum(steps, dtype=np.uint32)
    starts = np.cumsum(counts) - counts
    seconds = run - np.repeat(run[starts] - steps[starts], counts.astype(np.intp))
    for low, high, value in _CLASSES:
        for start, stop in _without_han(low, high + 1):
            begin[start:stop], end[start:stop] = value, 0
    begin[_EMOJI : _EMOJI + 3] = -8.0
    for marks, value in _MARKS:
        begin[[ord(mark) for mark in marks]] = value
    keys = np.repeat(firsts << np.uint32(16), counts.astype(np.intp)) | seconds
    return keys.tobytes(), pairs.tobytes(), begin.tobytes(), end.tobytes(), (alone - end).tobytes()


def _without_han(low: int, high: int) -> Iterable[tuple[int, int]]:
    for start, stop in _HAN:
        if low < start < high:
            yield low, start
            low = min(stop + 1, high)
    if low < high:
        yield low, high


@lru_cache(maxsize=1)
def compiled_model() -> Any:
    """The model with its look-ups compiled (``kernels/bigrams.c``), or None."""
    compiled = kernel("bigrams")
    return compiled and compiled.Model(*_arrays())


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[int, float], list[float], list[float]]:
    """The model as plain objects, where nothing is compiled: for a few characters, faster than arrays. 70 ms and some
    40 MB, on first use."""
    model = _model()
    return (
        dict(zip(model.keys.tolist(), model.pairs.tolist(), strict=True)),
        model.begin.tolist(),
        model.end.tolist(),
    )


def profile(text: str) -> NDArray[np.float32]:
    """``log P(character | the one before)`` of each code point of ``text``; the first one stands at a word's start.

    >>> profile("你好").shape
    (2,)
    """
    codes = codes_of(text)
    values = _model().begin.take(codes)
    if len(codes) > 1:
        values[1:] = worth(codes[:-1], codes[1:])
    return values


def worth(firsts: NDArray[np.uint32], seconds: NDArray[np.uint32]) -> NDArray[np.float32]:
    """``log P`` of each of some characters behind another one."""
    import numpy as np

    model = _model()
    keys = firsts << np.uint32(16) | seconds
    at = model.keys.searchsorted(keys)
    stored = model.keys.take(at, mode="clip") == keys  # past the last one is no match either
    return np.where(stored, model.pairs.take(at, mode="clip"), at_least(firsts, seconds))


def at_least(firsts: NDArray[np.uint32], seconds: NDArray[np.uint32]) -> NDArray[np.float32]:
    """What :func:`worth` has at the least, without the look-up of pairs that takes its time: stored are those that are
    worth more than their characters apart.

    >>> codes = codes_of("今天天气很好")
    >>> bool((at_least(codes[:-1], codes[1:]) <= worth(codes[:-1], codes[1:])).all())
    True
    """
    model = _model()
    return model.end.take(firsts) + model.begin.take(seconds)


def codes_of(text: str) -> NDArray[np.uint32]:
    """The code points of a text as the model has them: those past the BMP by one that stands for them.

    >>> codes_of("5月😀").tolist()
    [53, 26376, 55356]
    """
    import numpy as np

    codes = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16).astype(np.uint32)
    if len(codes) != len(text):
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        emoji = (codes >= 0x1F000) & (codes < 0x20000)
        codes = np.where(codes > 0xFFFF, np.where(emoji, _EMOJI, _ASTRAL_HAN), codes).astype(np.uint32)
    return codes


def inside(pair: str) -> float:
    """How much likelier (natural logarithm) two characters are inside a word than across two; 0 if no word has them.

    >>> inside("公司") > inside("司的")
    True
    """
    compiled = compiled_model()
    if compiled is not None:
        return compiled.inside(pair)  # type: ignore[no-any-return]
    keys, pairs, begin, end, _ = _views()
    first, second = map(_code, pair)
    key = first << 16 | second
    at = bisect_left(keys, key)
    if at == len(keys) or keys[at] != key:
        return 0.0
    gain: float = pairs[at] - end[first] - begin[second]
    return gain


@lru_cache(maxsize=1)
def _views() -> tuple[Any, ...]:
    """The model for few look-ups: an element of a view is taken in a tenth of the time of an array's."""
    keys, *others = _arrays()
    return memoryview(keys).cast("I"), *(memoryview(other).cast("f") for other in others)


def rarer_than(limit: float) -> list[int]:
    """The Han code points of the BMP with which hardly any word begins: ``log P`` below ``limit``, ascending.

    >>> ord("龘") in rarer_than(-12.5), ord("我") in rarer_than(-12.5)
    (True, False)
    """
    return [code for first, last in rare_ranges(limit) for code in range(first, last + 1)]


def rare_ranges(limit: float) -> list[tuple[int, int]]:
    """:func:`rarer_than`, each run of code points as its first and its last one."""
    begin = begin_weights()
    rare = bytes(value for value in range(256) if -_STEP * value < limit)
    if not rare:
        return []
    run = re.compile(b"[" + re.escape(rare) + b"]+")
    return [(m.start(), m.end() - 1) for low, high in _HAN for m in run.finditer(begin, low, high + 1)]


def usual(limit: float = -14.0) -> list[int]:
    """The other Han code points: those that words are written with."""
    begin = begin_weights()
    return [code for code in range(0x4E00, 0xA000) if -_STEP * begin[code] >= limit]


@lru_cache(maxsize=1)
def begin_weights() -> bytes:
    """How rarely a word begins with each character of the BMP, in steps of ``-log P``; 0 for what is no Han.

    As it is stored, without numpy: of it the gates are made, which all texts ask.
    """
    from zipfile import ZipFile

    with ZipFile(_DATA) as data:
        return data.read("begin.npy")[-0x10000:]  # behind the header


def following(before: str, chars: str) -> list[float]:
    """``log P`` of each of ``chars`` behind the character ``before``, or at a word's start if that is empty.

    >>> a, b = following("我", "们門")
    >>> a > b
    True
    """
    compiled = compiled_model()
    if compiled is not None:
        return compiled.following(before, chars)  # type: ignore[no-any-return]
    pairs, begin, end = _tables()
    if not before:
        return [begin[_code(char)] for char in chars]
    first = _code(before)
    after = end[first]
    return [
        value if (value := pairs.get(first << 16 | _code(char))) is not None else after + begin[_code(char)]
        for char in chars
    ]


def followers(before: str) -> str:
    """The characters that words have behind ``before``, the likeliest first; at a word's start, the commonest.

    >>> followers("葡")[0]
    '萄'
    """
    import numpy as np

    model = _model()
    if not before or not (first := _code(before)) or (low := first << 16) > model.keys[-1]:
        return _commonest()
    start, stop = np.searchsorted(model.keys, np.array([low, low | 0xFFFF], np.uint32))
    if start == stop:
        return _commonest()
    order = np.argsort(-model.pairs[start:stop], kind="stable")
    return "".join(map(chr, (model.keys[start:stop][order] & np.uint32(0xFFFF)).tolist()))


@lru_cache(maxsize=1)
def _commonest() -> str:
    import numpy as np

    begin = _model().begin[0x4E00:0xA000]
    return "".join(chr(0x4E00 + index) for index in np.argsort(-begin, kind="stable")[:2000].tolist())


def _code(char: str) -> int:
    code = ord(char)
    return code if code <= 0xFFFF else _EMOJI if 0x1F000 <= code < 0x20000 else _ASTRAL_HAN


def score(text: str) -> float:
    """Mean log-probability of a character of ``text``, given the one before; 0 for an empty text.

    Running Chinese has about -6, in either script; text read in the wrong charset -10 or less. Bytes that were
    decoded differently are compared by it; texts of different lengths too, since it is a mean.

    >>> score("京东与OPPO战略合作进一步落地") > score("京東與OPPO戰(zhàn)略合作進(jìn)一步落地") > score("浜笢涓嶰PPO")
    True
    """
    if len(text) < 64:
        return scores([text])[0]
    return float(profile(text).mean())


def scores(texts: Iterable[str]) -> list[float]:
    """:func:`score` of each of many short texts, for choosing among candidates.

    >>> a, b = scores(["规模可达", "规模??蛇_"])
    >>> a > b
    True
    """
    compiled = compiled_model()
    if compiled is not None:
        return compiled.scores(texts)  # type: ignore[no-any-return]
    pairs, begin, end = _tables()
    look_up = pairs.get
    found: list[float] = []
    for text in texts:
        total, before = 0.0, -1
        for char in text:
            code = ord(char)
            if code > 0xFFFF:
                code = _code(char)
            value = look_up(before << 16 | code) if before >= 0 else None
            if value is None:
                value = begin[code] + (end[before] if before >= 0 else 0.0)
            total += value
            before = code
        found.append(total / len(text) if text else 0.0)
    return found
