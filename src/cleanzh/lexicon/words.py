"""How likely a text is as a row of words: which of several characters makes words of what stands around it.

``words.npz`` (built by ``scripts/build_lexicon.py`` from jieba's dictionary, MIT) has the 60,000 commonest words of two
to five characters, and those of one. A model of characters takes 警告诉 for good, since 警告 and 告诉 are; in words it
is 警告 and a rare 诉. The words are Simplified; Traditional is looked up as Simplified.

======= ====== ========================================================================
lengths uint32 how many words there are of each length
codes   uint16 the code points of all words, the short ones first
values  uint8  log P of each word: twelfths, negated
======= ====== ========================================================================
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from cleanzh.lexicon.script import simplified_forms

__all__ = ["segmented"]

_DATA: Final = Path(__file__).parent / "words.npz"
_STEP: Final = 1 / 12
_UNKNOWN: Final = -18.6  # a character that is no word


@lru_cache(maxsize=1)
def _words() -> tuple[dict[str, float], int]:
    """``log P`` of each word, and the length of the longest."""
    import numpy as np

    with np.load(_DATA, allow_pickle=False) as data:
        lengths, codes, values = (data[name] for name in ("lengths", "codes", "values"))
    chars = codes.tobytes().decode("utf-16-le")
    words, start = [], 0
    for length, number in enumerate(lengths.tolist()):
        words += [chars[start + length * at : start + length * (at + 1)] for at in range(number)]
        start += length * number
    return dict(zip(words, (values * -_STEP).tolist(), strict=True)), len(lengths) - 1


@lru_cache(maxsize=1)
def _forms() -> dict[int, str]:
    return {ord(char): form for char, form in simplified_forms().items()}


def segmented(text: str) -> float:
    """``log P`` of the likeliest row of words that makes a text.

    >>> segmented("请告诉我") > segmented("警告诉我")
    True
    """
    words, longest = _words()
    text = text.translate(_forms())
    best = [0.0]
    for end in range(1, len(text) + 1):
        values = [best[end - 1] + words.get(text[end - 1], _UNKNOWN)]
        for start in range(max(0, end - longest), end - 1):
            if (value := words.get(text[start:end])) is not None:
                values.append(best[start] + value)
        best.append(max(values))
    return best[-1]
