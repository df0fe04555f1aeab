"""Filters and rules from elsewhere: of the project, by its configuration, and of installed packages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Cleanzh

from cleanzh import default_pipeline, restore
from cleanzh.configuration import find_configuration
from cleanzh.errors import FilterError, UsageError
from cleanzh.pipeline import Pipeline
from cleanzh.plugins import Foreign, PlugIn

ONE = "清晨的菜市场已经很热闹，摊主们把刚到的蔬菜一筐筐搬下车。\n"
TWO = "老城区的改造方案公布以后，居民最关心的是停车位够不够。\n"

OUR_FILTERS = '''
def drop_stamp(text):
    """Stamp of our archive."""
    return text.replace("【柿子山藏】", "")

def fails(text):
    return str(1 / text.count("摊"))

def wrong(text):
    return text.encode()

def shout(text):
    return text.replace("。", "！")

class Cut:
    def __call__(self, text):
        return text.replace("很热闹", "")

cut = Cut()
not_a_filter = 3
'''


OUR_RULES = """
[[rule]]
id = "slogan"
reason = "slogan of the evening paper"
pattern = '^柿子山晚报,天天见面$'
needs = ["柿子山晚报"]
max_length = 20
must_match = ["柿子山晚报，天天见面", "柿子山晚报,天天见面"]
must_not_match = ["他在柿子山晚报，天天见面的同事有三个"]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [*sys.path])  # a plug-in adds its folder
    monkeypatch.delitem(sys.modules, "our_filters", raising=False)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.txt").write_text(f"【柿子山藏】{ONE}她说&ldquo;你好&rdquo;。\n")
    (tmp_path / "data/b.txt").write_text(TWO)
    (tmp_path / "our_filters.py").write_text(OUR_FILTERS)
    return tmp_path


def configure(project: Path, toml: str) -> None:
    (project / "cleanzh.toml").write_text(toml)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_filter_of_the_project_runs_and_is_on_record(cleanzh: Cleanzh, project: Path) -> None:
    configure(project, 'filters = ["our_filters:drop_stamp", "our_filters:cut"]\n')
    cleanzh("clean", "data", "out", "--jobs", "2")
    assert (project / "out/a.txt").read_text() == f"{ONE}她说“你好”。\n".replace("很热闹", "")
    [ledger, _] = lines(project / "out/_cleanzh/ledger.jsonl")
    rules = [edit["rule"] for step in ledger["steps"] for edit in step["edits"]]
    assert rules == ["entity.named", "entity.named", "foreign.drop_stamp", "foreign.Cut"]
    summary = json.loads((project / "out/_cleanzh/summary.json").read_text())
    assert summary["rules"]["foreign.drop_stamp"]["documents"] == 1
    shown = json.loads(cleanzh("config", "show", "--json").stdout)["filters"]
    assert [named["call"] for named in shown["value"]] == ["our_filters:drop_stamp", "our_filters:cut"]
    assert "our_filters:drop_stamp, our_filters:cut" in cleanzh("config", "show").stdout
    assert "foreign.drop_stamp" in cleanzh("rules", "list", "foreign").stdout
    assert [named["call"] for named in summary["configuration"]["filters"]] == [
        "our_filters:drop_stamp",
        "our_filters:cut",
    ]
    cleanzh("restore", "out", "back")
    assert (project / "back/a.txt").read_bytes() == (project / "data/a.txt").read_bytes()


def test_check_diff_and_explain_know_it(cleanzh: Cleanzh, project: Path) -> None:
    configure(project, 'filters = ["our_filters:drop_stamp"]\n')
    done = cleanzh("check", "data", code=1)
    assert "data/a.txt:1:1: foreign.drop_stamp Stamp of our archive 「【柿子山藏】」" in done.stdout
    assert "foreign.drop_stamp" in cleanzh("diff", "data").stdout
    assert "foreign.drop_stamp" in cleanzh("explain", "data/a.txt:1").stdout
    cleanzh("check", "data", "--ignore", "foreign.drop,entity")
    assert "entity" not in cleanzh("check", "data", "--select", "foreign", code=1).stdout
    cleanzh("check", "data", "--fix")
    assert (project / "data/a.txt").read_text() == f"{ONE}她说“你好”。\n"


def test_after_says_where_it_runs(cleanzh: Cleanzh, project: Path) -> None:
    configure(project, 'filters = [{ call = "our_filters:shout", after = "decode_entities" }, "our_filters:cut"]\n')
    pipeline = default_pipeline(filters=[plug_in.load() for plug_in in find_configuration(project).get("filters")])
    names = [getattr(run, "__name__", "") for run in pipeline]
    assert names[names.index("decode_entities") + 1] == "shout"
    assert names[-1] == "Cut"
    cleanzh("clean", "data", "out")
    [ledger, _] = lines(project / "out/_cleanzh/ledger.jsonl")
    assert [step["filter"] for step in ledger["steps"]][:2] == ["decode_entities", "shout"]


def test_filters_that_name_the_same_run_in_their_order() -> None:
    def first(text: str) -> str:
        return text

    def second(text: str) -> str:
        return text

    given = [
        Foreign("first", first, "remove_ads"),
        Foreign("second", second, "remove_ads"),
        Foreign("third", first, "first"),
    ]
    names = [getattr(run, "__name__", "") for run in default_pipeline(filters=given)]
    start = names.index("remove_ads")
    assert names[start : start + 4] == ["remove_ads", "first", "third", "second"]


def test_one_that_fails_costs_its_document_and_not_the_run(cleanzh: Cleanzh, project: Path) -> None:
    configure(project, 'filters = ["our_filters:fails"]\n')
    (project / "data/a.txt").write_text(ONE.replace("摊", "店"))
    for arguments in (("--jobs", "1"), ("--jobs", "2", "--overwrite")):
        cleanzh("clean", "data/a.txt", "data/b.txt", "out", *arguments)
        aside = lines(project / "out/_cleanzh/set_aside.jsonl")
        assert {entry["id"]: entry["reason"] for entry in aside} == {"a.txt": "filter_failed", "b.txt": "filter_failed"}
        assert aside[0]["detail"] == "foreign.fails: ZeroDivisionError: division by zero"
    cleanzh("restore", "out", "back")
    assert (project / "back/b.txt").read_text() == TWO
    found = cleanzh("check", "data/b.txt", code=1).stdout
    assert "data/b.txt:1:1: document.filter-failed foreign.fails: ZeroDivisionError: division by zero" in found
    assert "filter_failed: foreign.fails" in cleanzh("diff", "data/b.txt").stdout
    configure(project, 'filters = ["our_filters:wrong"]\n')
    assert "foreign.wrong: gave back bytes, not a text" in cleanzh("check", "data/b.txt", code=1).stdout


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ('"our_filters.py"', "cleanzh.toml:1: filters must be a list of"),
        ('{ call = "our_filters:cut", before = "x" }', "cleanzh.toml:1: filters must be a list of"),
        ('"no_such_module:f"', "no_such_module:f: ModuleNotFoundError: No module named 'no_such_module' (looked in"),
        ('"our_filters:nothing"', "our_filters:nothing: AttributeError"),
        ('"our_filters:not_a_filter"', "our_filters:not_a_filter is int, not a function from text to text"),
        ('{ call = "our_filters:cut", after = "remove_adds" }', "there is no filter 'remove_adds' to run after"),
        ('"our_filters:cut", "our_filters:cut"', "two filters are called Cut"),
    ],
)
def test_a_wrong_filter_is_2_before_anything_is_done(cleanzh: Cleanzh, project: Path, named: str, says: str) -> None:
    configure(project, f"filters = [{named}]\n")
    assert says in cleanzh("clean", "data", "out", code=2).stderr
    assert not (project / "out").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no owner")
def test_filters_of_another_user_are_not_run_unless_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(project, 'filters = ["our_filters:cut"]\n')
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    if (project / "cleanzh.toml").stat().st_uid == 0:
        os.chown(project / "cleanzh.toml", 54321, -1)
    with pytest.raises(UsageError, match="belongs to another user"):
        find_configuration(project / "data")
    configure(project, 'script = "keep"\n')
    assert find_configuration(project / "data").values == {"script": "keep"}


def test_in_a_pipeline_of_ones_own_the_error_is_what_was_raised() -> None:
    def fails(text: str) -> str:
        raise KeyError(text)

    with pytest.raises(KeyError):
        Pipeline(fails)("一")
    with pytest.raises(FilterError, match=r"foreign\.mine: KeyError") as caught:
        Pipeline(Foreign("mine", fails))("一")
    assert isinstance(caught.value.__cause__, KeyError)
    done = Pipeline(Foreign("mine", str.strip)).explain(" 一 ")
    assert (done.text, restore(done)) == ("一", " 一 ")


# --- installed packages ---


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip installed a package with a filter and a rule file."""
    folder = tmp_path_factory.mktemp("pack")
    wheel = folder / "persimmon-1.2-py3-none-any.whl"
    files = {
        "persimmon/__init__.py": OUR_FILTERS + '\ndrop_stamp.after = "decode_entities"\n',
        "persimmon/rules/__init__.py": "",
        "persimmon/rules/papers.toml": OUR_RULES,
        "persimmon-1.2.dist-info/METADATA": "Metadata-Version: 2.1\nName: persimmon\nVersion: 1.2\n",
        "persimmon-1.2.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "persimmon-1.2.dist-info/entry_points.txt": (
            "[cleanzh.rules]\npersimmon = persimmon.rules\n[cleanzh.filters]\ndrop-stamp = persimmon:drop_stamp\n"
        ),
    }
    record = "persimmon-1.2.dist-info/RECORD"
    files[record] = "".join(f"{name},,\n" for name in (*files, record))
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    target = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-cache-dir"]
    subprocess.run([*pip, "--disable-pip-version-check", "--target", str(target), str(wheel)], check=True)
    return target


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(installed: Path, project: Path) -> Command:
    """The command, started where that package is installed."""
    path = os.pathsep.join(filter(None, (str(installed), os.environ.get("PYTHONPATH"))))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        line = [sys.executable, "-m", "cleanzh", *arguments]
        return subprocess.run(line, cwd=project, env=environment, capture_output=True, text=True, check=False)

    return run


def test_filters_and_rules_of_an_installed_package(command: Command, project: Path) -> None:
    kept = f"{TWO}他在柿子山晚报，天天见面的同事有三个。\n"
    (project / "data/b.txt").write_text(f"{kept}柿子山晚报，天天见面\n")
    done = command("clean", "data", "out", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert (project / "out/a.txt").read_text() == f"{ONE}她说“你好”。\n"
    assert (project / "out/b.txt").read_text() == kept
    summary = json.loads((project / "out/_cleanzh/summary.json").read_text())
    assert {"foreign.drop-stamp", "papers.slogan"} <= summary["rules"].keys()
    assert summary["configuration"]["packs"] == [
        "cleanzh.filters: drop-stamp = persimmon:drop_stamp (persimmon 1.2)",
        "cleanzh.rules: persimmon = persimmon.rules (persimmon 1.2)",
    ]
    page = (project / "out/_cleanzh/report.html").read_text()
    row = page.partition("<code>papers.slogan</code></button>")[2].partition("</tbody>")[0]
    for words in ("slogan of the evening paper", "came close", "天天见面的同事有三个"):
        assert words in row
    found = command("check", "data").stdout
    assert "papers.slogan slogan of the evening paper" in found
    assert "foreign.drop-stamp Stamp of our archive" in found
    assert command("check", "data", "--ignore", "foreign,papers,entity").stdout.startswith("Nothing found")


def test_the_rules_of_packages_are_listed(command: Command) -> None:
    listed = command("rules", "list").stdout
    assert "papers.slogan" in listed
    assert "foreign.drop-stamp" in listed
    assert "同事有三个" in command("rules", "show", "papers.slogan").stdout


def test_a_package_that_can_not_be_loaded_is_named(command: Command, installed: Path) -> None:
    broken = installed / "persimmon/__init__.py"
    there = broken.read_text()
    broken.write_text("import nothing_of_this_name\n")
    try:
        done = command("check", "data")
    finally:
        broken.write_text(there)
    assert done.returncode == 2
    assert "the rules persimmon = persimmon.rules (persimmon 1.2) can not be loaded: ModuleNotFoundError" in done.stderr


def test_plug_ins_travel_by_name() -> None:
    import pickle

    plug_in = PlugIn("os.path:basename")
    assert pickle.loads(pickle.dumps(plug_in)).load()("a/b") == "b"  # noqa: S301  # our own
