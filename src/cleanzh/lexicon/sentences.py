"""What follows in a sentence: a trigram model of characters, for choosing where bytes were lost.

The bigrams know words, not which word follows which. ``sentences.npz`` (built by ``scripts/build_sentences.py``) is
made of the words and the pairs of words that ICTCLAS counted in a newspaper, which Apache Lucene distributes
(Apache-2.0; see ``LICENSE-lucene`` beside it), and of jieba's dictionary (MIT). It is of Simplified Chinese;
Traditional is looked up as Simplified, and the bigrams, which know both, have half of the say. Logarithms are natural,
stored as one byte: twelfths, negated. Nothing of it is read before a text has a gap to fill.

======================= ====== ======================================================================================
start                   uint8  for each code point of the BMP: log P(a word begins with it)
back                    uint8  log of what is left behind it for what is not stored
firsts                  uint16 the code points that a stored pair begins with, ascending
counts                  uint16 how many stored pairs begin with each of them
steps                   uint16 the second code points, ascending for one first; each but the first one as a difference
pairs                   uint8  log P(second | first) of all pairs
contexts, contexts2     uint16 pairs of code points behind which a third is stored, or a word likely ends; ascending
counts3, steps3         uint16 as ``counts`` and ``steps``, of the third ones
triples                 uint8  log P(third | both)
back3, begin3           uint8  log of what is left for a third that goes on from the second; that begins a word
======================= ====== ======================================================================================
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, log
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from cleanzh.lexicon import bigrams
from cleanzh.lexicon.script import simplified_forms
from cleanzh.patterns import lazily

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["following"]

_DATA: Final = Path(__file__).parent / "sentences.npz"
_STEP: Final = 1 / 12
_ASTRAL: Final = lazily("[\U00010000-\U0010ffff]")
_NEVER: Final = -20.0
_SHARE: Final = 0.5  # of the trigrams; the other half is of the bigrams, which know more words


class _Level(NamedTuple):
    """What follows each context: where it begins in ``codes`` and ``values``, and what is left for all else."""

    at: dict[int, int]
    ends: list[int]
    codes: NDArray[np.uint16]
    values: NDArray[np.uint8]


class _Model(NamedTuple):
    start: list[float]
    back: list[float]
    pairs: _Level
    triples: _Level
    back_triples: list[float]
    begin_triples: list[float]


@lru_cache(maxsize=1)
def _model() -> _Model:
    import numpy as np

    with np.load(_DATA, allow_pickle=False) as stored:
        data = {name: stored[name] for name in stored.files}
    contexts = data["contexts"].astype(np.uint32) << np.uint32(16) | data["contexts2"]
    start, back, back_triples, begin_triples = (
        (data[name] * -_STEP).tolist() for name in ("start", "back", "back3", "begin3")
    )
    return _Model(
        start,
        back,
        _level(data["firsts"], data["counts"], data["steps"], data["pairs"]),
        _level(contexts, data["counts3"], data["steps3"], data["triples"]),
        back_triples,
        begin_triples,
    )


def _level(
    contexts: NDArray[np.generic], counts: NDArray[np.uint16], steps: NDArray[np.uint16], values: NDArray[np.uint8]
) -> _Level:
    import numpy as np

    run = np.cumsum(steps, dtype=np.uint32)
    ends = np.cumsum(counts, dtype=np.int64)
    starts = ends - counts
    some = counts > 0
    codes = run - np.repeat(run[starts[some]] - steps[starts[some]], counts[some].astype(np.intp))
    return _Level(
        {int(context): place for place, context in enumerate(contexts.tolist())},
        ends.tolist(),
        codes.astype(np.uint16),
        values,
    )


@lru_cache(maxsize=1)
def _forms() -> dict[int, int]:
    """The code points of a text as the model has them: Simplified, digits and letters one each, wide marks."""
    forms = {ord(char): ord(form) for char, form in simplified_forms().items() if form <= "\uffff"}
    forms.update({code: ord("0") for digits in ("0123456789", "０１２３４５６７８９") for code in map(ord, digits)})
    forms.update({code: ord("A") for first in "AaＡａ" for code in range(ord(first), ord(first) + 26)})
    forms.update(zip(map(ord, ",;:!?()「」『』"), map(ord, "，；：！？（）“”‘’"), strict=True))
    return forms


@lru_cache(maxsize=8192)
def _behind_one(code: int) -> dict[int, float]:
    return _stored(_model().pairs, code)[1]


@lru_cache(maxsize=8192)
def _behind_two(context: int) -> tuple[float, float, dict[int, float]]:
    place, found = _stored(_model().triples, context)
    if place < 0:
        return 0.0, _NEVER, found
    return _model().back_triples[place], _model().begin_triples[place], found


def _stored(level: _Level, context: int) -> tuple[int, dict[int, float]]:
    place = level.at.get(context, -1)
    if place < 0:
        return place, {}
    span = slice(level.ends[place - 1] if place else 0, level.ends[place])
    return place, dict(zip(level.codes[span].tolist(), (level.values[span] * -_STEP).tolist(), strict=True))


_SENTENCE_END: Final = frozenset(map(ord, "。！？；："))  # behind which the newspaper has its line breaks


def following(before: str, chars: str) -> list[float]:
    """``log P`` of each of ``chars`` behind the two characters ``before``; a line begins behind line breaks.

    >>> allowed, suffered = following("不允", "许被")
    >>> allowed > suffered + 5
    True
    """
    if max(chars + before, default="") > "\uffff":
        chars, before = (_ASTRAL.sub("\uffff", text) for text in (chars, before))
    first, second = map(ord, before[-2:].translate(_forms()))
    if second in _SENTENCE_END:
        first = second = 0x0A
    model = _model()
    left, begins, triples = _behind_two(first << 16 | second)
    pairs = _behind_one(second)
    start, back = model.start, left + model.back[second]
    found = []
    codes = map(ord, chars.translate(_forms()))
    for code, word in zip(codes, bigrams.following(before[-1], chars), strict=True):
        value = triples.get(code)
        if value is None:
            value = pairs.get(code)
            value = back + start[code] if value is None else left + value
            if begins > _NEVER:
                value = log(exp(value) + exp(begins + start[code]))
        found.append(log(_SHARE * exp(value) + (1 - _SHARE) * exp(word)))
    return found
