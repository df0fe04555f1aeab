"""How much of a document may be removed before the removal itself is in doubt."""

from __future__ import annotations

from cleanzh.lexicon.script import letters

__all__ = ["exceeds_budget"]


def exceeds_budget(kept: str, removed: str, *, share: float = 0.5, floor: int = 200) -> bool:
    """Whether ``removed`` is more than ``share`` of the Han characters of a document of which ``kept`` is left.

    A document with fewer than ``floor`` Han characters has no budget: of a page that is all buttons, nothing may stay.

    >>> [exceeds_budget("汉" * kept, "汉" * removed) for kept, removed in [(149, 151), (150, 150), (0, 199)]]
    [True, False, False]
    """
    if len(removed) <= share * floor:
        return False
    han = letters(kept).han
    if len(removed) <= share * (len(removed) + han):  # even if all of it were Han
        return False
    taken = letters(removed).han
    document = taken + han
    return document >= floor and taken > share * document
