"""What comes out of cleanzh: cleaned texts with their record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cleanzh.edits import Edit, revert

__all__ = ["Cleaned", "Flag", "Step", "restore"]


class Flag(NamedTuple):
    """Damage or doubt that is reported and not changed; ``start`` counts code points of the cleaned text.

    >>> Flag("damage.hole", 2, "，。")
    Flag(name='damage.hole', start=2, text='，。')
    """

    name: str
    start: int
    text: str


class Step(NamedTuple):
    """What one filter changed. The edits are spans of the text that the steps before it lead to."""

    filter: str
    edits: list[Edit]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned text and the record of how it came about.

    ``steps`` replay from the text as found to ``text``, and back. ``metadata`` is what the document says of itself
    (``title published source author editor views category url``), ``flags`` what could not be mended.
    """

    text: str
    steps: tuple[Step, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()


def restore(cleaned: Cleaned) -> str:
    """The text as it was found, from the cleaned text and its record.

    >>> restore(Cleaned("战略", (Step("unify_script", [Edit("script.to-simplified", 0, "戰", "战")]),)))
    '戰略'

    Raises :class:`~cleanzh.errors.EditError` if the text was changed after it was cleaned.
    """
    text = cleaned.text
    for step in reversed(cleaned.steps):
        text = revert(text, step.edits)
    return text
