"""What the bigrams do not know of characters that may belong into a text: what else it says, and how marks follow.

The weights are in nats, tuned on pages made by the simulator.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, Final

from cleanzh.filters.pinyin.gbk import is_usual, usual
from cleanzh.kernels import kernel
from cleanzh.lexicon.classes import ENTRIES
from cleanzh.patterns import lazily

__all__ = ["Context"]

_BLOCK: Final = 8_192  # characters that are looked through for words of the document itself

_SEEN: Final = 3.0  # what it is worth that the document has the same pair of characters elsewhere
_KNOWN: Final = 1.5  # or the same character
_ODD: Final = 6.0  # what it costs that marks stand beside each other as they never do, or that a character is not usual
_PAIRED: Final = 3.0  # or that it is one of two marks that belong together

# Of two marks side by side, which do not go together: each of the first with each of the second.
_ODD_MARKS: Final = (
    ("，。、；：", "，。、；：！？"),
    ("“《「（‘【", "，。、；：！？”」》）’】"),
    ("，、；：", "”」》）’】"),
    ("。，、；：！？·", "·"),
)
_ODD_PAIR: Final = lazily("|".join(f"[{first}][{second}]" for first, second in _ODD_MARKS))
_PAIRED_MARKS: Final = "“”‘’《》「」『』【】（）〈〉"


@lru_cache(maxsize=1)
def _marks() -> array[int]:
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
    return table


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

    @cached_property
    def _compiled(self) -> Any:
        compiled = kernel("context")
        return compiled and compiled.Context(self._text, _marks(), _SEEN, _KNOWN, _ODD, _PAIRED)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self._text)

    @cached_property
    def _pairs(self) -> frozenset[str]:
        return frozenset(map("".join, pairwise(self._text)))
