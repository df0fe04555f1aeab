"""Which of several readings of the same bytes is Chinese: the bigram model, with words of one character told apart.

The bigram model knows how often a word ends after a character, not whether that character was the whole word. So it
takes 的·告·或 for good Chinese, since 广告 and 报告 end in 告. ``alone.npz`` (built by ``scripts/build_lexicon.py``
from jieba's dictionary, MIT) has how often a word that begins with a character is that character.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cleanzh.lexicon.bigrams import _model, _tables, _views, compiled_model, inside

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["alone", "code_points", "cost_alone", "fluency", "in_a_word", "profile", "profiles", "transitions"]


def code_points(text: str) -> NDArray[np.uint32]:
    """The code points of a text, of which all past the BMP count as U+FFFF."""
    import numpy as np

    return np.array([min(ord(char), 0xFFFF) for char in text], np.uint32)


def transitions(
    firsts: NDArray[np.uint32], seconds: NDArray[np.uint32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """``log P(second | first)`` for code points of the BMP, broadcast; and whether both are in one word."""
    import numpy as np

    model = _model()
    keys = firsts << np.uint32(16) | seconds
    at = np.minimum(np.searchsorted(model.keys, keys), len(model.keys) - 1)
    joined = model.keys[at] == keys
    return np.where(joined, model.pairs[at], model.end[firsts] + model.begin[seconds]), joined


def alone(codes: NDArray[np.uint32]) -> NDArray[np.float32]:
    """What standing between two words costs each character."""
    return _model().alone.take(codes)


def cost_alone(char: str) -> float:
    """:func:`alone` of one character."""
    cost: float = _views()[-1][min(ord(char), 0xFFFF)]
    return cost


def in_a_word(first: str, second: str) -> bool:
    """Whether some word has the two characters side by side."""
    return inside(first + second) != 0.0


def profile(text: str) -> list[float]:
    """:func:`profiles` of one short text, for which arrays cost more than they save."""
    compiled = compiled_model()
    if compiled is not None:
        return compiled.profile(text)  # type: ignore[no-any-return]
    pairs, begin, end = _tables()
    if not text:
        return []
    worth, before, apart = [0.0], min(ord(text[0]), 0xFFFF), False
    for char in text[1:]:
        code = min(ord(char), 0xFFFF)
        value = pairs.get(before << 16 | code)
        if value is None:
            if apart:
                worth[-1] += cost_alone(chr(before))
            value, apart = end[before] + begin[code], True
        else:
            apart = False
        worth.append(value)
        before = code
    return worth


def profiles(texts: Sequence[str]) -> NDArray[np.float32]:
    """``log P(character | the one before)`` for texts of one length, BMP only; shape (texts, length).

    The first column is neutral. A character that stands alone between two words answers for that in its own column.
    """
    import numpy as np

    raw = "".join(texts).encode("utf-16-le", "surrogatepass")
    codes = np.frombuffer(raw, np.uint16).astype(np.uint32).reshape(len(texts), -1)
    worth = np.zeros(codes.shape, np.float32)
    if codes.shape[1] > 1:
        worth[:, 1:], joined = transitions(codes[:, :-1], codes[:, 1:])
        lone = ~joined[:, :-1] & ~joined[:, 1:]
        worth[:, 1:-1] += np.where(lone, alone(codes[:, 1:-1]), 0)
    return worth


def fluency(texts: Sequence[str]) -> list[float]:
    """How well each of some texts of one length reads on from its first character: sums of :func:`profiles`.

    >>> worse, better = fluency(["的告或者"])[0] / 3, fluency(["的更替或者"])[0] / 4
    >>> better > worse
    True
    """
    compiled = compiled_model()
    if compiled is not None:
        return compiled.fluency(texts)  # type: ignore[no-any-return]
    import numpy as np

    sums: list[float] = np.cumsum(profiles(texts), axis=1)[:, -1].tolist()  # from left to right, as it is compiled
    return sums
