"""A rule that was renamed keeps its old names, wherever a name is asked for, and says what it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Cleanzh

from cleanzh.errors import RuleError
from cleanzh.rulebook import Rulebook, parse
from cleanzh.rulebook.history import OldNameWarning, current_names

SLOGAN = """
[[rule]]
id = "slogan"
reason = "slogan of the evening paper"
pattern = '^柿子山晚报,天天见面$'
needs = ["柿子山晚报"]
max_length = 20
must_match = ["柿子山晚报，天天见面", "柿子山晚报,天天见面"]
must_not_match = ["他在柿子山晚报，天天见面的同事有三个"]
since = "0.2.0"
renamed_from = ["papers.motto", "papers.cry", "journals.slogan"]
changes = ["0.3.0: the line must hold nothing else"]
"""
ARTICLE = "清晨的菜市场已经很热闹，摊主们把刚到的蔬菜一筐筐搬下车。\n柿子山晚报，天天见面\n"

pytestmark = pytest.mark.filterwarnings("default::cleanzh.rulebook.history.OldNameWarning")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "papers.toml").write_text(SLOGAN)
    (tmp_path / "cleanzh.toml").write_text('rules = ["papers.toml"]\n')
    (tmp_path / "a.txt").write_text(ARTICLE)
    return tmp_path


@pytest.mark.parametrize(
    ("prefix", "names", "warned"),
    [
        ("papers.motto", ("papers.motto", "papers.slogan"), 1),
        ("papers.mo", ("papers.mo", "papers.slogan"), 1),
        ("papers.slogan", ("papers.slogan",), 0),
        ("papers", ("papers",), 1),
        ("journals", ("papers.slogan",), 1),
        ("ads", ("ads",), 0),
    ],
)
def test_an_old_name_names_the_rule_of_today(prefix: str, names: tuple[str, ...], warned: int) -> None:
    rules = parse(SLOGAN, family="papers")
    if prefix == "papers":  # both old names and the new one begin so: nothing to say
        warned = 0
    import warnings

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert current_names([prefix], ("ads", "papers"), rules) == names
    assert [w.category for w in caught] == [OldNameWarning] * warned


def test_every_option_takes_an_old_name(cleanzh: Cleanzh, project: Path) -> None:
    warning = "Warning: papers.motto is called papers.slogan now; use that name"
    done = cleanzh("check", "a.txt", "--select", "papers.motto", code=1)
    assert "a.txt:2:1: papers.slogan slogan of the evening paper" in done.stdout
    assert warning in done.stderr
    assert warning in cleanzh("check", "a.txt", "--ignore", "papers.motto").stderr
    assert "1 warning among them" in cleanzh("check", "a.txt", "--warn", "papers.motto").stdout
    assert "0 of 1 documents" in cleanzh("diff", "a.txt", "--ignore", "journals").stdout
    cleanzh("clean", "a.txt", "out", "--rules", "papers.toml", "--ignore", "papers.motto")
    assert (project / "out/a.txt").read_text() == ARTICLE
    with (project / "cleanzh.toml").open("a") as file:
        file.write('[per-file-ignores]\n"*.txt" = ["papers.motto"]\n')
    assert warning in cleanzh("check", "a.txt").stderr


def test_a_baseline_holds_under_an_old_name(cleanzh: Cleanzh, project: Path) -> None:
    (project / "before").mkdir()
    before = SLOGAN.replace('id = "slogan"', 'id = "motto"').replace('"papers.motto", ', "")
    (project / "before/papers.toml").write_text(before)
    cleanzh("check", "a.txt", "--baseline", "known.json", "--rules", "before/papers.toml")
    done = cleanzh("check", "a.txt", "--baseline", "known.json")
    assert "Warning: known.json: has papers.motto, which is called papers.slogan now; record it again" in done.stderr
    (project / "a.txt").write_text(ARTICLE * 2)
    assert (
        "Found 1 finding" in cleanzh("check", "a.txt", "--baseline", "known.json", "--select", "papers", code=1).stdout
    )


def test_show_has_the_history(cleanzh: Cleanzh, project: Path) -> None:
    shown = cleanzh("rules", "show", "papers.cry").stdout
    assert shown.startswith("papers.cry is called papers.slogan now\n")
    for line in (
        "  since: 0.2.0",
        "  renamed from: papers.motto, papers.cry, journals.slogan",
        "    0.3.0: the line must hold nothing else",
        "  severity: error",
        "  safety: safe",
    ):
        assert line in shown.splitlines()
    assert "  since: 0.1.0" in cleanzh("rules", "show", "ads.scan-code").stdout.splitlines()
    listed = json.loads(cleanzh("rules", "list", "papers", "--output-format", "json").stdout)
    assert [row["name"] for row in listed] == ["papers.slogan"]


def test_a_rule_may_only_warn(cleanzh: Cleanzh, project: Path) -> None:
    (project / "mild").mkdir()
    (project / "mild/papers.toml").write_text(SLOGAN + 'severity = "warning"\n')
    (project / "cleanzh.toml").write_text("")
    found = cleanzh("check", "a.txt", "--rules", "mild/papers.toml").stdout
    assert "a.txt:2:1: papers.slogan warning: slogan of the evening paper" in found
    assert "  severity: warning" in cleanzh("rules", "show", "papers.slogan", "--rules", "mild/papers.toml").stdout
    with pytest.raises(RuleError, match="severity: must be one of warning, error"):
        parse(SLOGAN + 'severity = "fatal"\n', family="papers")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"papers.cry"', '"cry"', "renamed_from: must be a list of full names"),
        ('since = "0.2.0"', "since = 2", "since: must be a version"),
        ('changes = ["0.3.0', 'changes = [3, "0.3.0', "changes: must be a list of strings"),
    ],
)
def test_what_can_not_be_a_history_is_told(old: str, new: str, says: str) -> None:
    with pytest.raises(RuleError, match=says):
        parse(SLOGAN.replace(old, new), family="papers")


def test_an_old_name_is_not_given_again() -> None:
    other = SLOGAN.replace('"slogan"', '"cry"').replace("renamed_from", "# ")
    with pytest.raises(RuleError, match=r"papers\.slogan was called papers\.cry, as another rule is"):
        Rulebook(parse(SLOGAN + other, family="papers"))
