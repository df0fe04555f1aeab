"""Filters from elsewhere: of the project, and of packages that bring some (or rules) by an entry point."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from cleanzh.errors import CleanzhError, FilterError, UsageError
from cleanzh.installed import mentions

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["Foreign", "PlugIn", "entry_points", "installed_filters", "installed_packs", "own_filters", "package_of"]

_GROUPS = ("cleanzh.filters", "cleanzh.rules")


class Foreign:
    """A filter from elsewhere, under the name that its edits have on record: ``foreign.NAME``.

    ``after`` names the filter that it runs behind; empty for the end, behind all others. Whatever the function raises
    becomes a :class:`FilterError`, so that it costs one document and not the run.
    """

    def __init__(self, name: str, function: Callable[[str], str], after: str = "") -> None:
        self.__name__ = name
        self.function = function
        self.after = after or getattr(function, "after", "")

    def __call__(self, text: str) -> str:
        try:
            changed = self.function(text)
        except CleanzhError:
            raise
        except Exception as error:
            raise FilterError(f"foreign.{self.__name__}: {type(error).__name__}: {error}") from error
        if not isinstance(changed, str):
            raise FilterError(f"foreign.{self.__name__}: gave back {type(changed).__name__}, not a text")
        return changed

    @property
    def reason(self) -> str:
        """What its findings say: the first line of the function's docstring."""
        return (getattr(self.function, "__doc__", None) or "").strip().partition("\n")[0].rstrip(".")


@dataclass(frozen=True, slots=True)
class PlugIn:
    """A filter that a configuration names: ``call`` is ``module:function``, ``root`` a folder that may hold the module.

    It travels to other processes by name, so they may be started in any way.
    """

    call: str
    after: str = ""
    root: str = ""

    def load(self) -> Foreign:
        """The filter. Raises :class:`UsageError` if there is no such function."""
        from importlib import import_module

        module, _, path = self.call.partition(":")
        if self.root and self.root not in sys.path:
            sys.path.append(self.root)  # last: no file of a project takes the place of an installed module
        try:
            function: Any = import_module(module)
            for name in path.split("."):
                function = getattr(function, name)
        except Exception as error:
            where = f" (looked in {self.root}, too)" if self.root and isinstance(error, ModuleNotFoundError) else ""
            raise UsageError(f"filters: {self.call}: {type(error).__name__}: {error}{where}") from error
        if not callable(function):
            raise UsageError(f"filters: {self.call} is {type(function).__name__}, not a function from text to text")
        return Foreign(getattr(function, "__name__", type(function).__name__), function, self.after)


@cache
def own_filters(named: tuple[PlugIn, ...]) -> tuple[Foreign, ...]:
    """The filters that a configuration names, in its order."""
    return tuple(plug_in.load() for plug_in in named)


@cache
def installed_filters() -> tuple[Foreign, ...]:
    """The filters of installed packages: entry points of the group ``cleanzh.filters``, by name."""
    found = []
    for entry in entry_points("cleanzh.filters"):
        try:
            found.append(Foreign(entry.name, entry.load()))
        except Exception as error:
            what = f"the filter {package_of(entry)} can not be loaded: {type(error).__name__}: {error}"
            raise UsageError(f"{what}; repair or uninstall the package") from error
    return tuple(found)


def package_of(entry: EntryPoint) -> str:
    """An entry point, and the package that brings it: ``name = module:function (package 1.0)``."""
    package = f" ({entry.dist.name} {entry.dist.version})" if entry.dist else ""
    return f"{entry.name} = {entry.value}{package}"


def installed_packs() -> list[str]:
    """What installed packages bring, for the record of a run."""
    return [f"{group}: {package_of(entry)}" for group in _GROUPS for entry in entry_points(group)]


@cache
def entry_points(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of a group, by name."""
    if not _any():  # hardly anybody has one
        return ()
    from importlib import metadata

    return tuple(sorted(metadata.entry_points(group=group), key=lambda entry: (entry.name, entry.value)))


@cache
def _any() -> bool:
    """Whether some installed package may have an entry point for us."""
    return mentions(b"cleanzh.")
