"""Patterns that are compiled on first use behave as those that are compiled at once."""

from __future__ import annotations

import copy
import importlib
import pickle
import pkgutil
import re

import pytest

import cleanzh
from cleanzh.patterns import lazily


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


def test_every_pattern_compiles() -> None:
    """A mistake in one would show only when a text first opens its gate."""
    lazy = type(lazily(""))
    seen = 0
    for module in pkgutil.walk_packages(cleanzh.__path__, "cleanzh."):
        if module.name.endswith("__main__") or ".adapters" in module.name:
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, lazy) or type(value).__name__ == "_Compiled":
                assert value.groups >= 0
                seen += 1
    assert seen > 100
