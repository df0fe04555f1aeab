"""Rules as data: reads, checks and matches the tables of ``rules/*.toml``.

A rule file is named after its family. It holds ``[[rule]]`` tables, and may hold ``[words]``: lists that patterns and
``needs`` refer to as ``{{name}}``. The keys of a rule are those of :class:`Rule`; an unknown key is an error.

Rules see the :mod:`~cleanzh.shadow` of one line at a time. A literal index over the whole text, in every spelling that
the shadow folds, says which lines can match at all; a text without any is scanned once, and no line of it is touched.
"""

from cleanzh.rulebook.book import Hit, Place, Rulebook
from cleanzh.rulebook.files import builtin, installed, load, own_rules, parse
from cleanzh.rulebook.rule import Rule

__all__ = ["Hit", "Place", "Rule", "Rulebook", "builtin", "installed", "load", "own_rules", "parse"]
