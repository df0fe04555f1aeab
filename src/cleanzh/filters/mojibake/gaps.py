"""What is left of characters of UTF-8 when bytes are lost, and which characters that may have been."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from cleanzh.lexicon import bigrams

__all__ = ["MARKS", "Bytes", "Gap", "Way", "choices", "fitting"]

Bytes = tuple[int | None, ...]

_CHOICES = 8  # characters that a gap is tried with, the likeliest behind the character before

# CP936 has no characters for these pairs (its user zones, mostly), so that they go without a trace: the second and
# third byte of a character, or the third and the first of the next.
_LOST_LEADS: Final = frozenset((0xA2, *range(0xAA, 0xB0)))


def _undefined(b: int, c: int) -> bool:
    return (0xAA <= b <= 0xAF and c >= 0xA1) or (0xA1 <= b <= 0xA7 and c <= 0xA0) or (b == 0xA8 and 0x96 <= c <= 0xC0)


MARKS: Final = "—‘’“”…、。《》「」『』【】！，：；？（）％～"


class Gap(NamedTuple):
    """A character that was chosen: which of the text, what was left of it, and whether what was lost left no trace."""

    place: int
    left: Bytes
    hidden: bool


class Way(NamedTuple):
    """A way to read the bytes so far."""

    value: float
    pending: Bytes  # of a character that is not yet complete; None is a lost byte
    text: tuple[str, ...]
    gaps: tuple[Gap, ...]
    clean: bool = False  # the character before was taken as it stands


@lru_cache(maxsize=1)
def fitting() -> dict[tuple[Bytes, bool], str]:
    """The usual characters of three bytes by what is left of them, all or those whose other bytes are undefined."""
    table: dict[tuple[Bytes, bool], list[str]] = {}
    for char in [*map(chr, bigrams.usual()), *MARKS]:
        a, b, c = char.encode()
        for key in ((None, b, c), (a, None, c), (a, b, None), (a, None, None), (None, b, None), (None, None, None)):
            if None not in key[:2]:
                undefined = c in _LOST_LEADS
            elif key[1] is None and key[2] is not None:
                undefined = _undefined(b, c)
            else:
                undefined = key[1] is None and key[2] is None and _undefined(b, c)
            for hidden in {False, undefined}:
                table.setdefault((key, hidden), []).append(char)
    return {key: "".join(chars) for key, chars in table.items()}


@lru_cache(maxsize=1 << 14)
def choices(pattern: Bytes, before: str, hidden: bool) -> tuple[tuple[float, str], ...]:
    """What fits a pattern, the likeliest behind ``before`` first."""
    chars = fitting().get((pattern, hidden), "")
    if not chars:
        return ()
    if pattern[1] is None and pattern[2] is None:  # too many to weigh each: those that words have behind it
        suitable = set(chars)
        behind = [char for char in bigrams.followers(before) if char in suitable][: 4 * _CHOICES]
        common = islice((char for char in bigrams.followers("") if char in suitable), 4 * _CHOICES)  # begin a word
        chars = "".join({**dict.fromkeys(behind), **dict.fromkeys(common)}) + "".join(
            char for char in MARKS if char in suitable
        )
    scored = zip(bigrams.following(before, chars), chars, strict=True)
    return tuple(sorted(scored, reverse=True)[: 2 * _CHOICES if pattern[1] is None and hidden else _CHOICES])
