"""Which lines may be mojibake: cheap enough to ask of every text."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from cleanzh import prepared
from cleanzh.filters.mojibake.western import LEAD_AND_TRAIL
from cleanzh.lexicon import bigrams
from cleanzh.lexicon.kinds import DAMAGE, HANGUL, RARE, STRANGE, TYPICAL, kinds_of
from cleanzh.patterns import lazily

__all__ = ["BOXES", "NEAR", "lines_by_pattern", "suspicious_lines"]

BOXES: Final = "─-▟"
_BOX: Final = lazily(f"[{BOXES}]")
_HANGUL: Final = lazily("[가-힣]")
_HAN: Final = lazily("[一-鿿ぁ-ヿ]")
# The two side by side; the rarer one is looked for.
_HANGUL_BY_HAN: Final = lazily("[가-힣](?:(?=[一-鿿ぁ-ヿ])|(?<=[一-鿿ぁ-ヿ].))")
_HAN_BY_HANGUL: Final = lazily("[一-鿿ぁ-ヿ](?:(?=[가-힣])|(?<=[가-힣].))")
_HEAD = 400
_MUCH = 20_000  # characters from which on numpy pays for its import
NEAR: Final = 4  # how far one character of damage is from the next at most
_SHORT = 20  # a name or a cell of a table: two characters must do
_LINE: Final = lazily("[^\n]+")


@lru_cache(maxsize=1)
def patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A character of the kind that damage is made of; and three of them with a few others between, or two at an end."""
    ranges = (chr(low) if low == high else f"{chr(low)}-{chr(high)}" for low, high in bigrams.rare_ranges(RARE))
    strange = f"{''.join(ranges)}{TYPICAL}{STRANGE}"
    more = f"[{strange}{BOXES}]"
    several = f"[{strange}][^\n]{{0,3}}?{more}(?:[^\n]{{0,4}}?{more}|[^\n]{{0,4}}$)"
    return prepared.compiled(f"[{strange}]"), lazily(several, re.MULTILINE)


def suspicious_lines(text: str) -> Iterator[tuple[int, int]]:
    """Where the lines lie that have some of what mojibake is made of."""
    if text.isascii():
        return
    if len(text) <= _SHORT:
        yield from ((m.start(), m.end()) for m in _LINE.finditer(text))
        return
    if not kinds_of(text) & (DAMAGE | HANGUL):
        return
    if len(text) >= _MUCH or "numpy" in sys.modules:
        from cleanzh.filters.mojibake.table import lines_by_table

        yield from lines_by_table(text)
    else:
        yield from lines_by_pattern(text)


def lines_by_pattern(text: str) -> Iterator[tuple[int, int]]:
    """The same without numpy, which takes longer to import than a small text takes to clean."""
    strange, several = patterns()
    mixed = _mixed(text)
    other = mixed.search(text) if mixed else None
    hit = strange.search(text)
    while hit is not None or other is not None:
        if hit is not None and (other is None or hit.start() < other.start()):
            first = hit.start()
            after = strange.search(text, first + 1)
            # Most stand alone, and the longer pattern takes 40 ms to compile.
            alone = (after is None or after.start() > first + 4) and _BOX.search(text, first + 1, first + 5) is None
            if (alone or several.match(text, first) is None) and LEAD_AND_TRAIL.match(text, first) is None:
                hit = after
                continue
        else:
            assert other is not None
            first = other.start()
        start = text.rfind("\n", 0, first) + 1
        end = text.find("\n", first)
        end = len(text) if end < 0 else end
        yield start, end
        if hit is not None and hit.start() < end:
            hit = strange.search(text, end)
        if mixed and other is not None and other.start() < end:
            other = mixed.search(text, end)


def _mixed(text: str) -> re.Pattern[str] | None:
    """What finds hangul and Han side by side, which Korean does not write and GBK read as EUC-KR does."""
    if _HANGUL.search(text) is None or _HAN.search(text) is None:
        return None
    head = text[:_HEAD]
    return _HAN_BY_HANGUL if len(_HANGUL.findall(head)) > len(_HAN.findall(head)) else _HANGUL_BY_HAN
