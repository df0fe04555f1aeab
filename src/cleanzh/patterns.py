"""Patterns that are compiled when they are first used.

The filters have some two hundred patterns, most of them behind a gate that few texts open. To compile them all takes a
third of a second, which every start of the command would pay for.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, Generic, cast

from cleanzh import prepared

__all__ = ["Lazy", "lazily"]


def lazily(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What :func:`re.compile` returns, but compiled when it is first used.

    >>> digits = lazily("[0-9]+")
    >>> digits
    lazily('[0-9]+')
    >>> digits.findall("2019年3月")
    ['2019', '3']

    Not for patterns that are searched in every text: those gain nothing. A mistake in a pattern shows at its first use,
    too, so each needs a test. It is no instance of :class:`re.Pattern`: ``re.sub`` and its like do not take it, its own
    methods do all that they do.
    """
    return cast("re.Pattern[AnyStr]", _Uncompiled(pattern, int(flags)))


class Lazy(Generic[AnyStr]):
    """What both states have: how to be made again, in another process or for a person."""

    def __init__(self, pattern: AnyStr, flags: int) -> None:
        self.pattern: AnyStr = pattern
        self.flags_asked = flags

    def __reduce__(self) -> tuple[Any, ...]:
        return lazily, (self.pattern, self.flags_asked)

    def __repr__(self) -> str:
        flags = f", {re.RegexFlag(self.flags_asked)!r}" if self.flags_asked else ""
        return f"lazily({self.pattern!r}{flags})"


class _Compiled(Lazy[AnyStr]):
    """The methods of the compiled pattern are attributes of the instance: found as fast as those of the pattern."""


class _Uncompiled(Lazy[AnyStr]):
    """The first attribute that it does not have compiles the pattern."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what copy, inspect and doctest look for
            raise AttributeError(name)
        pattern, flags = self.pattern, self.flags_asked
        compiled = prepared.compiled(pattern, flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        # A class that has __getattr__ makes each look-up slow, also of what is there.
        self.__class__ = _Compiled  # type: ignore[assignment]
        return getattr(compiled, name)


_METHODS = tuple(name for name in dir(re.Pattern) if not name.startswith("__") and name != "pattern")
