"""Which characters belong into a gap of a text: by the bigrams, by what else the text says, and by how marks follow.

The weights are in nats, tuned on pages made by the simulator.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from math import exp
from typing import Any, Final, NamedTuple

from cleanzh import prepared
from cleanzh.filters.pinyin.gbk import is_usual, usual
from cleanzh.kernels import kernel
from cleanzh.lexicon.bigrams import compiled_model
from cleanzh.lexicon.classes import ENTRIES
from cleanzh.lexicon.fluency import cost_alone, fluency, in_a_word, profile
from cleanzh.patterns import lazily

__all__ = ["Context", "Ranking", "between"]

_BLOCK: Final = 8_192  # characters that are looked through for words of the document itself

_SEEN: Final = 3.0  # what it is worth that the document has the same pair of characters elsewhere
_KNOWN: Final = 1.5  # or the same character
_ODD: Final = 6.0  # what it costs that marks stand beside each other as they never do, or that a character is not usual
_PAIRED: Final = 3.0  # or that it is one of two marks that belong together

_FEW: Final = 20  # candidates that are compared with the rest of the document
_PLAUSIBLE: Final = 6.0  # sets them apart from those that are not
_DULL: Final = (
    -7.5
)  # a character that reads better than this is not looked at: it costs a look at a thousand candidates
_BEGINS: Final = -11.0  # or at least this, where it begins a word
_MARK: Final = 0xA3  # what a mark's first byte is, which is worth a look
_GONE: Final = -1.0  # how much better two characters must read than the one that hides them, negated
_HARDLY: Final = 3.0  # the same, where the one is hardly ever a word and the two are one

# Of two marks side by side, which do not go together: each of the first with each of the second.
_ODD_MARKS: Final = (
    ("，。、；：", "，。、；：！？"),
    ("“《「（‘【", "，。、；：！？”」》）’】"),
    ("，、；：", "”」》）’】"),
    ("。，、；：！？·", "·"),
)
_ODD_PAIR: Final = lazily("|".join(f"[{first}][{second}]" for first, second in _ODD_MARKS))
_PAIRED_MARKS: Final = "“”‘’《》「」『』【】（）〈〉"


@prepared.at_build("filters/pinyin/gbk.py", "lexicon/classes.py")
def _marks() -> bytes:
    """For each character: the pairs of marks that it may begin and end, whether it is one of two, and
    whether it is not usual; as ``kernels/context.c`` has them."""
    table = array("H", [0x200]) * ENTRIES
    for span in usual():
        table[span.start : span.stop] = array("H", bytes(2 * len(span)))
    for rule, (firsts, seconds) in enumerate(_ODD_MARKS):
        for first in firsts:
            table[ord(first)] |= 1 << rule
        for second in seconds:
            table[ord(second)] |= 0x10 << rule
    for char in _PAIRED_MARKS:
        table[ord(char)] |= 0x100
    return table.tobytes()


class Ranking(NamedTuple):
    """How some choices read between two characters."""

    worth: tuple[float, ...]  # of the best few and the next one, the best first
    places: tuple[int, ...]  # which ones these are
    best: str  # the best few, side by side
    others: float  # how likely all but the best few are together


@lru_cache(maxsize=1024)
def between(choices: str, width: int, left: str, right: str) -> Ranking:
    """How some choices read, of so many characters each, which stand side by side in ``choices``.

    >>> between("更告", 1, "的", "替").best
    '更告'
    """
    compiled = compiled_model()
    if compiled is not None:
        return Ranking(*compiled.between(choices, width, left, right, _FEW))
    each = [choices[start : start + width] for start in range(0, len(choices), width)]
    worth = fluency([left + choice + right for choice in each])
    order = sorted(range(len(each)), key=lambda place: (-worth[place], place))
    few = order[: _FEW + 1]
    others = [exp(worth[place]) for place in sorted(order[_FEW:])]
    best = "".join([each[place] for place in order[:_FEW]])
    return Ranking(tuple([worth[place] for place in few]), tuple(few), best, sum(others))


class Context:
    """What the first thousands of characters of a text say of others."""

    def __init__(self, text: str) -> None:
        self._text = text[:_BLOCK]

    def fit(self, left: str, middles: Sequence[str], right: str) -> list[float]:
        """How well each of some texts stands between a character and a text.

        >>> better, worse = Context("品牌的更替").fit("的", ["更", "告"], "替")
        >>> better > worse
        True
        """
        if self._compiled is not None:
            return self._compiled.fit(left, middles, right)  # type: ignore[no-any-return]
        return [self._fits(left, middle, right) for middle in middles]

    def _fits(self, left: str, middle: str, right: str) -> float:
        whole = left + middle + right
        seen = sum(pair in self._pairs for pair in map("".join, pairwise(whole)))
        share = sum(char in self._known for char in middle) / max(len(middle), 1)
        odd = _ODD_PAIR.search(whole) is not None or not all(map(is_usual, middle))
        paired = any(char in _PAIRED_MARKS for char in middle)
        return _SEEN * seen + _KNOWN * share - (_ODD * odd + _PAIRED * paired)

    def choose(self, ranking: Ranking, left: str, right: str) -> tuple[int, float]:
        """Which choice stands best between the two characters for which they were ranked, and how likely it is."""
        if self._compiled is not None:
            return self._compiled.choose(ranking, left, right)  # type: ignore[no-any-return]
        worth, places, best, others = ranking
        few = min(_FEW, len(places))
        width = len(best) // few
        fits = self.fit(left, [best[start : start + width] for start in range(0, len(best), width)], right)
        values = [value + fit + _PLAUSIBLE for value, fit in zip(worth, fits, strict=False)]
        highest, place = max((value, -place) for value, place in zip([*values, *worth[few:]], places, strict=True))
        return -place, 1 / (others * exp(-highest) + sum([exp(value - highest) for value in values]))

    def doubtful(self, before: str, chars: str, after: str, pairs: bytes) -> list[int]:
        """Which of some characters may hide two others: they read badly, are broken, or what they are made of, two
        bytes each, begins as a mark does."""
        if self._compiled is not None:
            return self._compiled.doubtful(before, chars, after, pairs)  # type: ignore[no-any-return]
        worth = profile(before + chars + after)[1:]
        return [
            place
            for place, (char, own, then) in enumerate(zip(chars, worth, worth[1:], strict=False))
            if (own <= _DULL and (own <= _BEGINS or then <= _DULL + 2))
            or "\ue000" <= char <= "\uf8ff"
            or char == "\ufffd"
            or pairs[2 * place] == _MARK
        ]

    def instead(self, found: Sequence[tuple[float, str]], left: str, char: str, right: str, broken: bool) -> str | None:
        """The two characters that stand best where ``char`` does, of those found and how each reads; None if it stands
        there better itself, and is not broken."""
        if self._compiled is not None:
            return self._compiled.instead(found, left, char, right, broken)  # type: ignore[no-any-return]
        fits = self.fit(left, [both for _, both in found], right)
        values = ((value + fit, both) for (value, both), fit in zip(found, fits, strict=True))
        worth, two = max(values, default=(0.0, None))
        if two is None or broken:
            return two
        here = profile(left + char + right)
        margin = _HARDLY if _hardly_a_word(left, char, right, two) else _GONE
        return None if worth + margin < here[1] + here[2] + self.fit(left, [char], right)[0] else two

    def worth(self, left: str, middle: str, right: str) -> float:
        """How well a text reads between two characters, and stands there."""
        if self._compiled is not None:
            return self._compiled.worth(left, middle, right)  # type: ignore[no-any-return]
        return sum(profile(left + middle + right)) + self.fit(left, [middle], right)[0]

    @cached_property
    def _compiled(self) -> Any:
        compiled, model = kernel("context"), compiled_model()
        if compiled is None or model is None:
            return None
        weights = _SEEN, _KNOWN, _ODD, _PAIRED, _PLAUSIBLE, _GONE, _HARDLY, _DULL, _BEGINS
        return compiled.Context(self._text, _marks(), model, _FEW, weights)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self._text)

    @cached_property
    def _pairs(self) -> frozenset[str]:
        return frozenset(map("".join, pairwise(self._text)))


def _hardly_a_word(left: str, char: str, right: str, two: str) -> bool:
    """Whether ``char`` stands alone where it hardly ever is a word, and the two characters instead are one."""
    if cost_alone(char) > -1:
        return False
    return in_a_word(*two) and not in_a_word(left, char) and not in_a_word(char, right[0])
