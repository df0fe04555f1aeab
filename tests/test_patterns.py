"""Patterns that are compiled on first use behave as those that are compiled at once."""

from __future__ import annotations

import copy
import importlib
import pickle
import pkgutil
import re
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]  # what re.compile is made of
from typing import Any

import pytest

import cleanzh
from cleanzh.patterns import lazily
from cleanzh.rulebook import builtin


def test_it_does_all_that_a_pattern_does() -> None:
    text = "第1章，第20章"
    lazy, eager = lazily(r"第(?P<number>\d+)章", re.ASCII), re.compile(r"第(?P<number>\d+)章", re.ASCII)
    for name in ("search", "match", "findall", "split"):
        assert repr(getattr(lazy, name)(text)) == repr(getattr(eager, name)(text))
    assert [m.span("number") for m in lazy.finditer(text, 2)] == [(5, 7)]
    assert lazy.sub(r"\1", text) == eager.sub(r"\1", text) == "1，20"
    assert lazy.subn("", text) == eager.subn("", text)
    assert lazy.fullmatch("第3章") is not None
    assert (lazy.pattern, lazy.flags, lazy.groups) == (eager.pattern, eager.flags, eager.groups)
    assert dict(lazy.groupindex) == {"number": 1}


def test_bytes() -> None:
    assert lazily(rb"[\x80-\xff]+").findall("a中b".encode()) == ["中".encode()]


def test_it_is_compiled_once_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    compile_now = re.compile

    def compile_and_tell(pattern: str, flags: int = 0) -> re.Pattern[str]:
        compiled.append(pattern)
        return compile_now(pattern, flags)

    monkeypatch.setattr(re, "compile", compile_and_tell)
    lazy = lazily("京+")
    assert repr(lazy) == "lazily('京+')"
    assert lazy.pattern == "京+"
    assert not hasattr(lazy, "__wrapped__")
    assert compiled == []
    assert lazy.search("北京") is not None
    assert lazy.search("北京") is not None
    assert lazy.match("北京") is None
    assert compiled == ["京+"]


@pytest.mark.parametrize("used", [False, True])
def test_copies_and_pickles(used: bool) -> None:
    lazy = lazily("a.b", re.DOTALL | re.IGNORECASE)
    if used:
        assert lazy.match("A\nB")
    for again in (pickle.loads(pickle.dumps(lazy)), copy.copy(lazy), copy.deepcopy(lazy)):  # noqa: S301
        assert again.match("A\nB")
        assert repr(again) == repr(lazy) == "lazily('a.b', re.IGNORECASE|re.DOTALL)"


def _patterns() -> Iterator[Any]:
    kinds = (re.Pattern, type(lazily("")))
    for module in pkgutil.walk_packages(cleanzh.__path__, "cleanzh."):
        if module.name.endswith("__main__") or ".adapters" in module.name:
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, kinds) or type(value).__name__ == "_Compiled":
                yield value


def test_every_pattern_compiles() -> None:
    """A mistake in one would show only when a text first opens its gate."""
    assert sum(pattern.groups >= 0 for pattern in _patterns()) > 100


def test_no_possessive_repeat_of_what_has_several_ways() -> None:
    """Before 3.11.5 Python goes on from where its last round failed. An atomic group says the same: (?>(?:a|b)*)."""
    given = [*((pattern.pattern, pattern.flags) for pattern in _patterns()), *((rule.pattern, 0) for rule in builtin())]
    assert _several_ways(_parser.parse("(?:a|ab)*+c"))
    assert [pattern for pattern, flags in given if _several_ways(_parser.parse(pattern, flags))] == []


def _several_ways(tree: Any, *, possessive: bool = False) -> bool:
    """Whether a possessive repeat in a parsed pattern has alternatives, or repeats that give back."""
    if isinstance(tree, (list, tuple, _parser.SubPattern)):
        here = tree[0] if len(tree) and isinstance(tree, tuple) else None
        if possessive and here in (_constants.BRANCH, _constants.MAX_REPEAT, _constants.MIN_REPEAT):
            return True
        inside = possessive or here is _constants.POSSESSIVE_REPEAT
        return any(_several_ways(part, possessive=inside) for part in tree)
    return False
