"""What follows in a sentence or in a message: the model for choosing where bytes were lost.

:mod:`.sentences` knows a newspaper, which asks nobody to enter a name. ``messages.npz`` (built by
``scripts/build_messages.py``; see ``LICENSE-messages`` beside it) has what programs say: how often a character follows
which two, in 22,000 messages. It counts for half where it knows the two characters, and has no say where it does not.

======= ====== =================================================================================
firsts  uint16 the first code points of three in a row, ascending; each as a difference
seconds uint16 the second ones
thirds  uint16 the third ones
counts  uint16 how often the messages have the three
======= ====== =================================================================================
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, log
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cleanzh.lexicon import bigrams, sentences
from cleanzh.lexicon.sentences import _NEVER, _SENTENCE_END, _SHARE, _behind_two, _forms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["following"]

_DATA: Final = Path(__file__).parent / "messages.npz"
_MESSAGES: Final = 0.5  # their share
_OTHERS: Final = 3.0  # how often others might have followed, for each that did


@lru_cache(maxsize=1)
def _counts() -> dict[int, tuple[NDArray[np.uint64], NDArray[np.int64]]]:
    """Two characters and three as one number each, ascending, and how often they come; by how many stand before."""
    import numpy as np

    with np.load(_DATA, allow_pickle=False) as data:
        firsts = np.cumsum(data["firsts"], dtype=np.uint64)
        seconds, thirds = (data[name].astype(np.uint64) for name in ("seconds", "thirds"))
        counts = data["counts"].astype(np.int64)
    pairs, owners = np.unique(seconds << np.uint64(16) | thirds, return_inverse=True)
    of_pairs = np.bincount(owners, counts).astype(np.int64)
    return {1: (pairs, of_pairs), 2: (firsts << np.uint64(32) | seconds << np.uint64(16) | thirds, counts)}


@lru_cache(maxsize=8192)
def _behind(context: int, size: int) -> tuple[int, float, dict[int, int]]:
    """Of what follows two characters or one: how often anything does, how often others might, and each."""
    import numpy as np

    keys, counts = _counts()[size]
    low, high = keys.searchsorted(np.array([context << 16, context + 1 << 16], np.uint64)).tolist()
    numbers = counts[low:high].tolist()
    found = dict(zip((keys[low:high] & np.uint64(0xFFFF)).tolist(), numbers, strict=True))
    return sum(numbers), _OTHERS * len(numbers), found


def following(before: str, chars: str) -> list[float]:
    """``log P`` of each of ``chars`` behind the two characters ``before``; a line begins behind line breaks.

    >>> please, called = following("。\\n", "请被")
    >>> please > called
    True
    """
    first, second = (min(ord(char), 0xFFFF) for char in before[-2:].translate(_forms()))
    if second in _SENTENCE_END:
        first = second = 0x0A
    likely = list(map(exp, sentences.following(before, chars)))
    # A pair of the bigrams is one word. Behind a word that has ended, the next one begins instead.
    left, begins, _ = _behind_two(first << 16 | second)
    if begins > _NEVER:
        ended = (1 - _SHARE) / (1 + exp(left - begins))
        inside, apart = bigrams.following(before[-1], chars), bigrams.following("", chars)
        likely = [p + ended * (exp(b) - exp(a)) for p, a, b in zip(likely, inside, apart, strict=True)]
    often, others, one = _behind(second, 1)
    often2, others2, two = _behind(first << 16 | second, 2)
    found = []
    for code, value in zip(map(ord, chars.translate(_forms())), likely, strict=True):
        said = (one.get(code, 0) + others * value) / (often + others) if often else value
        said = (two.get(code, 0) + others2 * said) / (often2 + others2) if often2 else said
        found.append(log(_MESSAGES * said + (1 - _MESSAGES) * value))
    return found
