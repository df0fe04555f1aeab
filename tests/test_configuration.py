"""The configuration of a check, baselines and duplicates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Cleanzh
from test_check import CLEAN, DIRTY

from cleanzh.cli.config import CONFIGURABLE
from cleanzh.cli.options import key_of
from cleanzh.configuration import KEYS, find_configuration, load_configuration
from cleanzh.dedup import Deduplicator
from cleanzh.errors import UsageError

OURS = """
[[rule]]
id = "morning-paper"
reason = "asks the reader to subscribe to the morning paper"
pattern = '^订阅晨报.{0,20}$'
needs = ["订阅晨报"]
must_match = ["订阅晨报，每天早上送到您家", "订阅晨报！"]
must_not_match = ["他每年都订阅晨报和晚报，读完以后剪下来贴在本子上，一贴就是三十多年，从来没有断过"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "data/poems").mkdir(parents=True)
    (tmp_path / "data/a.txt").write_text(DIRTY)
    (tmp_path / "data/poems/b.txt").write_text(DIRTY)
    return tmp_path


def found(cleanzh: Cleanzh, *arguments: str, code: int = 1) -> list[tuple[str, str]]:
    entries = json.loads(cleanzh("check", *arguments, "--output-format", "json", code=code).stdout)
    return sorted({(entry["path"], entry["rule"]) for entry in entries})


def test_a_project_says_what_is_looked_for(cleanzh: Cleanzh, project: Path) -> None:
    (project / "cleanzh.toml").write_text('ignore = ["punctuation"]\n[per-file-ignores]\n"data/poems/*" = ["entity"]\n')
    assert found(cleanzh, "data") == [("data/a.txt", "entity.named")]
    assert ("data/a.txt", "punctuation.half-width") in found(cleanzh, "data", "--ignore", "entity")


def test_fix_leaves_what_is_ignored_in_a_file(cleanzh: Cleanzh, project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.cleanzh.per-file-ignores]\n"b.txt" = ["entity", "punctuation"]\n')
    cleanzh("check", "data", "--fix")
    assert (project / "data/poems/b.txt").read_text() == DIRTY
    assert "&ldquo;" not in (project / "data/a.txt").read_text()


def test_excluded_files_are_not_looked_at_even_if_named(cleanzh: Cleanzh, project: Path) -> None:
    (project / "cleanzh.toml").write_text('exclude = ["data/poems/*"]\n')
    assert {path for path, _ in found(cleanzh, "data", "data/poems/b.txt")} == {"data/a.txt"}


def test_the_nearest_configuration_counts(project: Path) -> None:
    (project / "cleanzh.toml").write_text('script = "keep"\n')
    (project / "data/pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert find_configuration(project / "data/poems").values == {"script": "keep"}
    (project / "data/pyproject.toml").write_text('[tool.cleanzh]\nscript = "taiwan"\n')
    assert find_configuration(project / "data/poems").values == {"script": "taiwan"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('selct = ["ads"]', "unknown key 'selct'; did you mean 'select'?"),
        ('text_field = "a"', "did you mean 'text-field'?"),
        ("colour = 1", "the keys are"),
        ('select = "ads"', "select must be a list of strings"),
        ("max-bytes = true", "cleanzh.toml:1: max-bytes must be a whole number, 1 or more"),
        ('# one\nscript = "klingon"', "cleanzh.toml:2: script: 'klingon' is not one of 'simplified'"),
        ("max-removed = 2", "max-removed must be a number from 0 to 1"),
        ('[per-file-ignores]\n"*" = "ads"', "per-file-ignores must be a table"),
        ("select = [", "not valid TOML"),
        ('ignore = ["nonsense"]', "no rule's name begins with 'nonsense'"),
        ('rules = ["missing.toml"]', "missing.toml"),
    ],
)
def test_a_wrong_configuration_is_2_and_says_where(cleanzh: Cleanzh, project: Path, content: str, says: str) -> None:
    (project / "cleanzh.toml").write_text(content)
    assert says in cleanzh("check", "data", code=2).stderr


def test_a_named_configuration(cleanzh: Cleanzh, project: Path) -> None:
    (project / "other.toml").write_text('select = ["entity"]\n')
    assert {rule for _, rule in found(cleanzh, "data", "--config", "other.toml")} == {"entity.named"}
    assert "missing.toml" in cleanzh("check", "data", "--config", "missing.toml", code=2).stderr
    (project / "other.toml").write_text("selct = 1\n")
    with pytest.raises(UsageError, match="selct"):
        load_configuration(project / "other.toml")


# Options that say what one call does, and so belong to no project.
ACTS = {"config", "diff", "fix", "log-json", "output", "overwrite", "progress", "resume", "statistics"}


def test_every_option_has_a_key_and_every_key_is_documented() -> None:
    options = {key_of(option) for command in CONFIGURABLE for option in command.params} - {"paths", "place"}
    assert options - ACTS <= KEYS.keys()
    assert not ACTS & KEYS.keys()
    page = (Path(__file__).parents[1] / "docs/configuration.md").read_text(encoding="utf-8")
    assert {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")} == KEYS.keys()


def test_every_command_reads_the_configuration(cleanzh: Cleanzh, project: Path) -> None:
    (project / "cleanzh.toml").write_text(
        'ignore = ["punctuation"]\nscript = "traditional"\ndedup = false\nmax-removed = 0.25\n'
    )
    cleanzh("clean", "data", "out")
    assert (project / "out/a.txt").read_text() == (project / "out/poems/b.txt").read_text()
    assert "熱鬧,攤主們把“剛到”" in (project / "out/a.txt").read_text()
    made = json.loads((project / "out/_cleanzh/summary.json").read_text())["configuration"]
    assert (made["script"], made["ignore"], made["max_removed"], made["dedup"]) == (
        "traditional",
        ["punctuation"],
        0.25,
        None,
    )
    cleanzh("clean", "data", "again", "--dedup", "--ignore", "entity")
    made = json.loads((project / "again/_cleanzh/summary.json").read_text())["configuration"]
    assert (made["script"], made["ignore"]) == ("traditional", ["entity"])
    assert made["dedup"]["threshold"] == 0.7
    assert "punctuation" not in cleanzh("diff", "data").stdout
    assert "punctuation" not in cleanzh("explain", "data/a.txt:1").stdout.split("came close")[0]
    (project / "cleanzh.toml").write_text('threshold = 0.9\nkeep = ["longest", "first"]\nindex = "seen"\n')
    cleanzh("dedup", "data", "unique")
    made = json.loads((project / "unique/_cleanzh/summary.json").read_text())["configuration"]["dedup"]
    assert (made["threshold"], made["keep"], made["index"]) == (0.9, ["longest", "first"], str(project / "seen"))
    (project / "cleanzh.toml").write_text("least = 2\n")
    assert "2 documents" in cleanzh("learn", "data/a.txt").stderr


def test_an_index_for_clean_is_compared_with_if_duplicates_are_asked_for(cleanzh: Cleanzh, project: Path) -> None:
    (project / "cleanzh.toml").write_text('index = "seen"\nselect = ["duplicate"]\n')
    cleanzh("check", "data")
    assert "no such index" in cleanzh("check", "data", "--duplicates", code=2).stderr
    assert "no such index" in cleanzh("check", "data", "--index", "other", code=2).stderr
    cleanzh("clean", "data", "out", "--select", "entity")
    assert "duplicate.exact" in cleanzh("check", "data/a.txt", "--duplicates", code=1).stdout


def test_the_configuration_is_shown_with_where_it_is_from(
    cleanzh: Cleanzh, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "pyproject.toml").write_text(
        '[project]\nscript = "no"\n\n[tool.cleanzh]\nrules = ["ours.toml"]\nselect = [\n  "ads"]\n'
        '[tool.cleanzh.per-file-ignores]\n"*.txt" = ["repeat"]\n'
    )
    monkeypatch.chdir(project / "data")
    shown = json.loads(cleanzh("config", "show", "--json", "--threshold", "0.8").stdout)
    assert shown.keys() == KEYS.keys()
    place = project / "pyproject.toml"
    assert shown["rules"] == {"value": [str(project / "ours.toml")], "from": f"{place}:5"}
    assert shown["select"] == {"value": ["ads"], "from": f"{place}:6"}
    assert shown["per-file-ignores"] == {"value": {"*.txt": ["repeat"]}, "from": f"{place}:8"}
    assert shown["threshold"] == {"value": 0.8, "from": "command line"}
    assert shown["script"] == {"value": "simplified", "from": "default"}
    lines = cleanzh("config", "show").stdout.splitlines()
    assert lines[0] == str(place)
    assert any(line.split() == ["select", "ads", f"{place}:6"] for line in lines)
    monkeypatch.chdir(project.parent)
    assert cleanzh("config", "show").stdout.startswith(f"no cleanzh.toml in {project.parent} or above\n")


def test_rules_of_the_project(cleanzh: Cleanzh, project: Path) -> None:
    (project / "cleanzh.toml").write_text('rules = ["rules/ours.toml"]\n')
    (project / "rules").mkdir()
    (project / "rules/ours.toml").write_text(OURS)
    (project / "data/a.txt").write_text(CLEAN + "订阅晨报，每天早上送到您家\n")
    cleanzh("check", "data/a.txt", code=1)
    done = cleanzh("check", "data/a.txt", "--select", "ours", code=1)
    reason = "asks the reader to subscribe to the morning paper"
    assert done.stdout.startswith(f"data/a.txt:3:1: ours.morning-paper {reason} 「订阅晨报，每天早上送到您家」\n")
    cleanzh("check", "data/a.txt", "--fix")
    assert (project / "data/a.txt").read_text() == CLEAN


def test_warnings_are_told_and_do_not_fail(cleanzh: Cleanzh, project: Path) -> None:
    (project / "cleanzh.toml").write_text('warn = ["entity", "punctuation.half"]\n')
    done = cleanzh("check", "data/a.txt")
    assert "data/a.txt:1:17: entity.named warning: HTML entity" in done.stdout
    assert "Found 4 findings in 1 of 1 file, 4 warnings among them." in done.stdout
    assert cleanzh("check", "data/a.txt", "--output-format", "github").stdout.startswith("::warning file=")
    assert 'failures="0"' in cleanzh("check", "data/a.txt", "--output-format", "junit").stdout
    cleanzh("check", "data/a.txt", "--warn", "entity", code=1)
    assert "no rule's name" in cleanzh("check", "data/a.txt", "--warn", "nonsense", code=2).stderr


# --- baselines ---


def test_only_new_dirt_is_told(cleanzh: Cleanzh, project: Path) -> None:
    done = cleanzh("check", "data", "--baseline", "known.json")
    assert "Recorded 8 findings in known.json" in done.stderr
    cleanzh("check", "data", "--baseline", "known.json")
    path = project / "data/a.txt"
    path.write_text(CLEAN + "\n" + DIRTY, newline="")
    cleanzh("check", "data", "--baseline", "known.json")  # the lines moved
    path.write_text(path.read_text() + "他说,&ldquo;好&rdquo;。\n")
    done = cleanzh("check", "data", "--baseline", "known.json", code=1)
    assert [line.split(": ")[0] for line in done.stdout.splitlines()[:2]] == ["data/a.txt:7:3", "data/a.txt:7:4"]
    path.write_text(DIRTY * 2)
    done = cleanzh("check", "data", "--baseline", "known.json", code=1)
    assert "Found 4 findings" in done.stdout, "the same once more is new"


def test_a_baseline_is_the_same_from_any_folder(
    cleanzh: Cleanzh, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "cleanzh.toml").write_text('baseline = "known.json"\n')
    cleanzh("check", "data")
    monkeypatch.chdir(project / "data")
    cleanzh("check", "a.txt")
    cleanzh("check", project / "data/poems/b.txt")
    assert not (project / "data/known.json").exists()


def test_a_broken_baseline_is_2(cleanzh: Cleanzh, project: Path) -> None:
    for content in ("{", "[]", '{"version": 9, "findings": {}}', '{"version": 1, "findings": 3}'):
        (project / "known.json").write_text(content)
        assert "known.json" in cleanzh("check", "data", "--baseline", "known.json", code=2).stderr


# --- duplicates ---

ARTICLE = (
    "".join(f"第{number}天，清晨的菜市场已经很热闹，摊主们把刚到的蔬菜一筐筐搬下车。" for number in range(12)) + "\n"
)


def test_duplicates_among_the_files_and_within_one(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(ARTICLE)
    (tmp_path / "b.txt").write_text(ARTICLE)
    lines = [CLEAN, ARTICLE.replace("第3天", "第三天"), CLEAN]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in lines))
    cleanzh("check", ".", "--ignore", "repeat")
    done = cleanzh("check", ".", "--ignore", "repeat", "--duplicates", code=1)
    assert [line.partition(", similarity")[0] for line in done.stdout.splitlines()] == [
        "b.txt:1:1: duplicate.exact the same document again: a.txt",
        "c.jsonl:2:1: duplicate.near nearly the same document again: a.txt",
        "c.jsonl:3:1: duplicate.exact the same document again: c.jsonl:1",
        "Found 3 findings in 2 of 3 files.",
    ]
    done = cleanzh("check", ".", "--ignore", "repeat,duplicate.exact", "--duplicates", "--warn", "duplicate")
    assert "c.jsonl:2:1: duplicate.near warning: nearly" in done.stdout


def test_duplicates_of_what_was_published(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text(ARTICLE)
    assert "no such index" in cleanzh("check", "b.txt", "--index", "seen", code=2).stderr
    published = Deduplicator(index=tmp_path / "seen")
    published.add_batch(["old/a.txt"], [ARTICLE])
    published.remember(published.verdicts())
    done = cleanzh("check", "b.txt", "--ignore", "repeat", "--index", "seen", code=1)
    assert done.stdout.startswith("b.txt:1:1: duplicate.exact the same document again: old/a.txt in seen")
