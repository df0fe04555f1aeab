"""The data check in every format that has lines: findings where they stand in the file, and put right in place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Cleanzh
from test_formats import FILES, PACK, UNPACK, as_utf8, parsed

CHECKED = [name for name in FILES if name not in ("a.txt", "a.md", "object.json")]


def found_in(cleanzh: Cleanzh, name: str) -> list[dict[str, Any]]:
    shown = cleanzh("check", name, "--output-format", "json", "--select", "entity,punctuation", code=1).stdout
    return list(json.loads(shown))


@pytest.mark.parametrize("name", CHECKED)
def test_findings_are_where_they_stand(cleanzh: Cleanzh, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    found = found_in(cleanzh, name)
    lines = as_utf8(name, FILES[name]).decode("utf-8-sig").split("\n")
    assert any(finding["found"] == "&ldquo;" for finding in found)
    for finding in found:
        rest = lines[finding["line"] - 1][finding["column"] - 1 :]
        assert rest.startswith((finding["found"], json.dumps(finding["found"])[1:-1]))
        before_end = lines[finding["end_line"] - 1][: finding["end_column"] - 1]
        assert before_end.endswith((finding["found"], json.dumps(finding["found"])[1:-1]))
        assert finding["field"] == "text"


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
@pytest.mark.parametrize("name", FILES)
def test_what_can_be_fixed_is_fixed_in_place(cleanzh: Cleanzh, tmp_path: Path, name: str, suffix: str) -> None:
    path = tmp_path / f"{name}{suffix}"
    path.write_bytes(PACK[suffix](FILES[name]))
    choice = ("--select", "entity,punctuation")
    cleanzh("check", path, "--fix", *choice)
    after = UNPACK[suffix](path.read_bytes())
    assert b"&ldquo;" not in after
    if name == "object.json":
        assert after == FILES[name]
        return
    was, now = parsed(name, as_utf8(name, FILES[name])), parsed(name, as_utf8(name, after))
    assert len(was) == len(now)
    for before, fixed in zip(was, now, strict=True):
        if isinstance(before, dict):
            assert {**before, "text": ""} == {**fixed, "text": ""}
            before, fixed = before["text"], fixed["text"]
        if "&ldquo;" in before:
            assert "“今天天气很好”，我们去公园。" in fixed
        else:
            assert before == fixed


def test_of_a_folder_settings_and_documentation_are_left_out(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(FILES["a.csv"])
    (tmp_path / "package.json").write_text('{"name": "x"}')
    (tmp_path / "README.md").write_text("Words about the data, none of them Chinese.")
    said = cleanzh("check", ".", code=1)
    assert "a.csv:15:" in said.stdout
    assert "package" not in said.stdout + said.stderr
    assert "README" not in said.stdout + said.stderr
    assert "README.md:1:1: document.not-chinese" in cleanzh("check", "README.md", code=1).stdout


def test_any_line_of_a_record_tells_its_story(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(FILES["a.csv"])
    for number in (15, 16):
        assert "“今天天气很好”，" in cleanzh("explain", f"a.csv:{number}").stdout
