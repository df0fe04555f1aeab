"""The exceptions of cleanzh, in one tree.

::

    CleanzhError
    ├── UsageError      wrong paths, options or configuration; the command exits with 2
    ├── FilterError     a filter from elsewhere that failed; names the filter
    ├── RuleError       a rule file that can not be used; names file and rule
    ├── EditError       edits that do not fit the text they are applied to
    ├── LedgerError     a record of a run that is missing, broken or of another run
    └── DuplicateIndexError  an index of documents that is damaged, busy or of another scheme

A message says what is wrong, where, and what to do next.
"""

from __future__ import annotations

__all__ = ["CleanzhError", "DuplicateIndexError", "EditError", "FilterError", "LedgerError", "RuleError", "UsageError"]


class CleanzhError(Exception):
    """Whatever cleanzh raises on purpose."""


class UsageError(CleanzhError):
    """Wrong paths, options or configuration."""


class FilterError(CleanzhError):
    """A filter from elsewhere that failed; ``__cause__`` is what it raised."""


class RuleError(CleanzhError):
    """A rule file that can not be used."""


class EditError(CleanzhError, ValueError):
    """Edits that do not fit the text they are applied to."""


class LedgerError(CleanzhError):
    """A record of a run that is missing, broken or of another run."""


class DuplicateIndexError(CleanzhError):
    """An index of documents that is damaged, busy or of another scheme."""
