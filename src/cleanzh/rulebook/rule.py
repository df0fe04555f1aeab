"""One rule, as its table says."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Rule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, checked. ``pattern`` is searched in the shadow of a line stripped of white space.

    What matches goes; when that is the whole line, the line goes with its line end. A group named ``ad`` narrows it.
    ``needs`` are literals (as a shadow spells them) of which every match contains one; without them the rule is tried
    on every line. A match that contains one of ``unless`` is none. ``max_length`` bounds the line, in characters of
    its shadow. ``zone`` is the part of the document: ``head`` and ``tail`` overlap in a short one, and a single line is
    both. ``takes`` says what goes with a matched line: ``list``, the titles that it heads; ``rest``, what follows it at
    the end of a page; ``fragments``, the same if it is pieces of a sentence; ``above``, the menu words over it.
    An ``unsafe`` rule runs only if it is selected; for what one of severity ``warning`` finds, a check does not fail.
    ``text`` is what a line must be: ``chinese`` has a Chinese character and does not look like markup or a program;
    ``any`` is not asked.

    ``since`` is the version that brought it, ``renamed_from`` are the full names that it had, which stay good where a
    rule is named, and ``changes`` says by version what it took before and does not now, or the other way round.
    """

    family: str
    id: str
    reason: str
    pattern: str
    must_match: tuple[str, ...]
    must_not_match: tuple[str, ...]
    needs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    zone: str = "any"
    max_length: int | None = None
    safety: str = "safe"
    severity: str = "error"
    source: str = ""
    takes: str = ""
    text: str = "chinese"
    since: str = ""
    renamed_from: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    written: str = field(default="", compare=False, repr=False)  # the pattern as it stands in the file
    file: str = field(default="", compare=False, repr=False)
    trusted: bool = field(default=False, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The full name, ``family.id``."""
        return f"{self.family}.{self.id}"

    def matches(self, line: str) -> bool:
        """Whether the rule finds something in ``line``, read as a document of one line."""
        from cleanzh.rulebook.book import Rulebook  # a book is made of rules

        return any(True for _ in Rulebook([self]).scan(line))
