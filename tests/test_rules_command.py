"""Rules people can own: cleanzh rules, cleanzh explain."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import ROOT, Cleanzh
from test_check import CLEAN
from test_configuration import OURS

from cleanzh.checking.reasons import FAMILIES, REPORTED, reasons
from cleanzh.rulebook import builtin, parse
from cleanzh.rulebook.trial import problems, unguarded


def test_every_rule_is_listed_with_its_reason(cleanzh: Cleanzh) -> None:
    lines = cleanzh("rules", "list").stdout.splitlines()
    assert {line.split()[0] for line in lines} == set(reasons())
    assert {rule.name for rule in builtin()} < set(reasons())
    assert all(len(line.split(None, 2)) == 3 for line in lines)
    chosen = json.loads(cleanzh("rules", "list", "pinyin,ads.scan", "--output-format", "json").stdout)
    assert {row["name"].partition(".")[0] for row in chosen} == {"ads", "pinyin"}


def test_reasons_are_of_families_that_are() -> None:
    from cleanzh.pipeline import default_pipeline

    data = {rule.family for rule in builtin()}
    assert set(default_pipeline().families) | set(REPORTED) | {"foreign"} == data | set(FAMILIES)
    assert {name.partition(".")[0] for name in reasons()} <= data | set(FAMILIES)


def test_every_flag_has_a_reason() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src/cleanzh").glob("*.py"))
    flags = set(re.findall(r'Flag\("([a-z]+\.[a-z-]+)"', source))
    assert len(flags) > 4
    assert flags <= set(reasons())
    assert {flag.partition(".")[0] for flag in flags} <= set(REPORTED)


def test_show_has_all_of_a_rule(cleanzh: Cleanzh) -> None:
    [rule] = [rule for rule in builtin() if rule.name == "ads.scan-code"]
    shown = cleanzh("rules", "show", "ads.scan-code").stdout
    for part in (rule.reason, rule.written, *rule.must_match, *rule.must_not_match):
        assert part in shown
    assert "written in code" in cleanzh("rules", "show", "pinyin.note").stdout
    assert "utf-8 that was read as gbk" in cleanzh("rules", "show", "mojibake.utf-8-as-gbk").stdout
    assert "did you mean ads.scan-code" in cleanzh("rules", "show", "ads.scan-kode", code=2).stderr


def test_a_rule_file_is_tested(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(OURS)
    done = cleanzh("rules", "test", "ours.toml")
    assert done.stdout.splitlines()[-1] == "1 rule, 0 failed"
    cleanzh("rules", "test", "ours.toml", "--strict", code=1)
    (tmp_path / "bad.toml").write_text(OURS.replace('"订阅晨报！"', '"请订阅晨报！"'))
    done = cleanzh("rules", "test", "ours.toml", "bad.toml", code=1)
    assert "bad.toml: bad.morning-paper: must_match: not found: 请订阅晨报！" in done.stdout
    assert "2 rules, 1 failed" in done.stdout
    (tmp_path / "bad.toml").write_text(OURS.replace("needs", "neeeds"))
    assert "unknown key" in cleanzh("rules", "test", "bad.toml", code=2).stderr


@pytest.mark.parametrize(
    ("pattern", "near_misses", "idle"),
    [
        ("^订阅晨报$", ["请订阅晨报", "订阅晨报的人"], []),
        ("^订阅晨报$", ["请订阅晨报"], ["$"]),
        ("订阅(?!的)晨报", ["订阅的人"], ["晨报", "订阅", "(?!的)"]),
        ("订阅.{0,3}晨报", ["订阅了很多年的晨报"], []),
        ("订阅.{0,3}晨报", ["晨报订阅"], ["{0,3}"]),
        (r"(?:订阅|购买)晨报\(大字版\)", ["晨报(大字版)", "订阅的人"], []),
    ],
)
def test_a_clause_without_a_near_miss_is_told(pattern: str, near_misses: list[str], idle: list[str]) -> None:
    lines = json.dumps(near_misses, ensure_ascii=False)
    table = (
        f"[[rule]]\nid='a'\nreason='b'\npattern='{pattern}'\nneeds=['晨报']\nmust_match=['x']\nmust_not_match={lines}\n"
    )
    [rule] = parse(table, family="ours")
    assert sorted(unguarded(rule)) == sorted(idle)


@pytest.mark.parametrize("rule", builtin(), ids=lambda rule: rule.name)
def test_built_in_rules_do_what_their_tables_say(rule: object) -> None:
    assert not list(problems(rule))  # type: ignore[arg-type]  # parametrize has no types


def test_a_new_rule_begins_with_its_near_misses(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(OURS)
    cleanzh("rules", "new", "ours.toml", "evening-paper", "--line", "订阅晚报")
    text = (tmp_path / "ours.toml").read_text()
    assert text.startswith(OURS.strip())
    assert text.index("evening-paper") < text.rindex("must_not_match") < text.index('"订阅晚报"')
    assert "must_not_match" in cleanzh("rules", "test", "ours.toml", code=2).stderr, "it is not filled in"
    assert "has a rule" in cleanzh("rules", "new", "ours.toml", "evening-paper", code=2).stderr
    assert "kebab-case" in cleanzh("rules", "new", "ours.toml", "Evening Paper", code=2).stderr


# --- explain ---


def test_a_line_is_told_step_by_step(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        CLEAN + "京東與OPPO戰(zhàn)略合作進(jìn)一步落地，雙方簽署專項(xiàng)協(xié)議。\n" + CLEAN
    )
    done = cleanzh("explain", "a.txt:3")
    assert done.stdout.splitlines()[:7] == [
        "a.txt:3",
        "  京東與OPPO戰(zhàn)略合作進(jìn)一步落地，雙方簽署專項(xiàng)協(xié)議。",
        "remove_pinyin_notes",
        "  京東與OPPO戰略合作進一步落地，雙方簽署專項協議。",
        "unify_script",
        "  京东与OPPO战略合作进一步落地，双方签署专项协议。",
        "why",
    ]
    assert "  pinyin.note (×4): pinyin note behind the character it spells" in done.stdout


def test_a_line_that_goes_and_one_that_nearly_did(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(CLEAN + "扫一扫关注\n市民扫码即可支付，不用再排队。\n" + CLEAN)
    gone = cleanzh("explain", "a.txt:3").stdout
    assert "(nothing is left of it)" in gone
    assert "  ads.scan-code: asks the reader to scan a code" in gone
    stays = cleanzh("explain", "a.txt:4").stdout
    assert "nothing changes" in stays
    assert "came close\n" in stays
    assert "  ads.scan-code: 「扫」 is there, and the rest of its pattern is not" in stays


def test_a_json_line_is_told_by_the_lines_of_its_text(cleanzh: Cleanzh, tmp_path: Path) -> None:
    lines = [CLEAN, "今天天气很好。\n&ldquo;你好&rdquo;，她说，我们去公园。"]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": line}) + "\n" for line in lines))
    assert cleanzh("explain", "a.jsonl:2").stdout.splitlines()[:4] == [
        "a.jsonl:2, line 2 of the text",
        "  &ldquo;你好&rdquo;，她说，我们去公园。",
        "decode_entities",
        "  “你好”，她说，我们去公园。",
    ]
    assert "nothing changes" in cleanzh("explain", "a.jsonl:1").stdout
    assert "has no line 3" in cleanzh("explain", "a.jsonl:3", code=2).stderr
    assert "give a file and a line" in cleanzh("explain", "a.jsonl", code=2).stderr
