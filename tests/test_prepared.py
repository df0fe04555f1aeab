"""What the build prepares is what would be made without it; and where it does not fit, it is made without it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from cleanzh import prepared
from cleanzh.filters.ads import remove_ads
from cleanzh.rulebook import builtin, index
from cleanzh.rulebook.files import MADE_FROM


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file as the build makes it, from a copy of the source."""
    copy = tmp_path_factory.mktemp("source")
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "prepared.bin"))
    (copy / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/prepare.py", copy / "scripts")
    subprocess.run([sys.executable, str(copy / "scripts/prepare.py")], check=True, capture_output=True)
    return copy / "src/cleanzh/prepared.bin"


def use(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "FILE", file)
    prepared._content.cache_clear()
    prepared._patterns.cache_clear()


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    prepared._content.cache_clear()
    prepared._patterns.cache_clear()


def test_rules_are_those_of_the_tables(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(made, monkeypatch)
    assert prepared.rule_tables(MADE_FROM) is not None
    stored = builtin.__wrapped__()
    use(made.with_name("none"), monkeypatch)
    assert prepared.rule_tables(MADE_FROM) is None
    read = builtin.__wrapped__()
    fields = ("written", "file", "trusted")  # which do not count where rules are compared
    assert stored == read
    assert [[getattr(rule, name) for name in fields] for rule in stored] == [
        [getattr(rule, name) for name in fields] for rule in read
    ]


def test_patterns_are_what_re_makes_of_them(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(made, monkeypatch)
    stored = prepared._patterns()
    assert len(stored) > len(builtin()) + 100
    for pattern, flags in stored:
        ours: re.Pattern[Any] = prepared.compiled(pattern, flags)
        theirs: re.Pattern[Any] = re.compile(pattern, flags)
        assert ours is not theirs, "it was compiled, and not prepared"
        assert (ours.pattern, ours.flags, ours.groups, dict(ours.groupindex)) == (
            theirs.pattern,
            theirs.flags,
            theirs.groups,
            dict(theirs.groupindex),
        )
    for rule in builtin():
        assert (rule.pattern, 0) in stored
        ours, theirs = prepared.compiled(rule.pattern), re.compile(rule.pattern)
        for line in (*rule.must_match, *rule.must_not_match):
            found, expected = ours.search(line), theirs.search(line)
            assert (found is None) == (expected is None)
            if found and expected:
                assert (found.span(), found.groupdict()) == (expected.span(), expected.groupdict())


def test_a_build_without_the_packages_prepares_the_rest(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An isolated build has only what it asks for; what needs more is made at a start."""
    script = made.parents[2] / "scripts/prepare.py"
    packages = ("ahocorasick_rs", "click", "datasketch", "ftfy", "numpy", "opencc", "regex")
    code = (
        "import runpy, sys; sys.modules.update(dict.fromkeys(sys.argv[3:]));"
        "sys.argv = sys.argv[1:3]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    kept = made.read_bytes()
    try:
        file = tmp_path / "prepared.bin"
        subprocess.run([sys.executable, "-c", code, str(script), str(file), *packages], check=True, capture_output=True)
    finally:
        made.write_bytes(kept)  # the script takes the old one away
    use(file, monkeypatch)
    assert prepared.rule_tables(MADE_FROM) is not None
    assert len(prepared._patterns()) > len(builtin()) + 50
    known = prepared._content()[0]["made"]
    assert "cleanzh.lexicon.outline._table" in known
    assert "cleanzh.lexicon.bigrams._arrays" not in known  # which numpy makes


def test_tables_are_what_is_made_without(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(made, monkeypatch)
    assert len(prepared._makers) > 10
    for name, (make, files) in prepared._makers.items():
        stored, expected = prepared._made(name, files), make()
        if isinstance(stored, tuple):
            stored = tuple(map(bytes, stored))
        same = (bytes(stored) if isinstance(stored, memoryview) else stored) == expected
        assert same, name  # to show where two tables differ takes minutes
        assert all(file.exists() for file in files)


def test_literals_are_those_of_the_rules_in_use(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(made, monkeypatch)
    assert prepared.literals(MADE_FROM) == index.literals(remove_ads.rulebook.rules)
    assert prepared.literals(MADE_FROM[1:]) is None


@pytest.mark.parametrize("damage", ["cut", "python", "content", "no-json", "empty"])
def test_what_does_not_fit_is_not_used(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    line, _, rest = made.read_bytes().partition(b"\n")
    head = json.loads(line)
    if damage == "python":
        head["python"][0] = "cpython-399"
    elif damage == "cut":
        rest = rest[:-4]
    elif damage == "content":
        rest = rest[:1000] + bytes([rest[1000] ^ 1]) + rest[1001:]
    line = json.dumps(head).encode() + b"\n"
    (tmp_path / "prepared.bin").write_bytes({"no-json": b"\xff\x00" + rest, "empty": b""}.get(damage, line + rest))
    use(tmp_path / "prepared.bin", monkeypatch)
    assert prepared._patterns() == {}
    assert prepared.rule_tables(MADE_FROM) is None
    assert prepared.compiled("京东+").fullmatch("京东东")


def test_changed_rules_are_read_again(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(made, monkeypatch)
    changed = tmp_path / MADE_FROM[0].name
    changed.write_bytes(MADE_FROM[0].read_bytes() + b"# another line\n")
    assert prepared.rule_tables((changed, *MADE_FROM[1:])) is None
