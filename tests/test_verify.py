"""A run recounted: what is whole passes, and whatever is done to it afterwards is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Cleanzh

from cleanzh.verifying import verify

TEXTS = {
    "a.txt": "今天天气很好,我们去公园散步，看看湖边的柳树。",
    "b.txt": "明天要下雨，大家记得带伞出门，早点回家吃晚饭。",
    "copy.txt": "明天要下雨，大家记得带伞出门，早点回家吃晚饭。",
    "empty.txt": "",
}


@pytest.fixture
def out(cleanzh: Cleanzh, tmp_path: Path) -> Path:
    """A finished run: two files, three lines, a copy, a file of nothing, one that could not be read."""
    (tmp_path / "in").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "in" / name).write_text(text, encoding="utf-8")
    rows = (f'{{"text": "第{number}条消息说,图书馆延长了开放时间。"}}\n' for number in (1, 22, 333))
    (tmp_path / "in/l.jsonl").write_text("".join(rows) + "{\n", encoding="utf-8")
    (tmp_path / "in/gone.txt").symlink_to("nowhere")
    cleanzh("clean", "in", "out", "--threshold", "0.95")
    return tmp_path / "out"


def test_a_whole_run_agrees(cleanzh: Cleanzh, out: Path) -> None:
    assert cleanzh("verify", "out").stdout == (
        "9 documents in 5 files recounted: each is in its place, and comes back as it was\n"
    )
    cleanzh("clean", "in", "out", "--no-dedup")
    assert verify(out).problems == []


def edit(path: str, before: str, after: str) -> Callable[[Path], None]:
    def change(out: Path) -> None:
        text = (out / path).read_text(encoding="utf-8")
        assert before in text
        (out / path).write_text(text.replace(before, after, 1), encoding="utf-8")

    return change


def drop_line(path: str, number: int) -> Callable[[Path], None]:
    def change(out: Path) -> None:
        lines = (out / path).read_text(encoding="utf-8").splitlines(keepends=True)
        del lines[number]
        (out / path).write_text("".join(lines), encoding="utf-8")

    return change


def repeat_line(path: str) -> Callable[[Path], None]:
    def change(out: Path) -> None:
        lines = (out / path).read_text(encoding="utf-8").splitlines(keepends=True)
        (out / path).write_text("".join([lines[0], *lines]), encoding="utf-8")

    return change


RECORD = "_cleanzh"
DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "a document edited": (edit("a.txt", "公园", "花园"), "a.txt: what lies in OUT is not what this run wrote"),
    "a document removed": (lambda out: (out / "b.txt").unlink(), "b.txt is missing"),
    "a document added": (lambda out: (out / "x.txt").touch(), "x.txt: was not written by this run"),
    "a line removed": (drop_line("l.jsonl", 1), "l.jsonl:"),
    "a line added": (repeat_line("l.jsonl"), "l.jsonl"),
    "one set aside edited": (
        edit(f"{RECORD}/set_aside/copy.txt", "明天", "后天"),
        "set_aside/copy.txt is not what this run wrote",
    ),
    "one set aside added": (lambda out: (out / RECORD / "set_aside/x.txt").touch(), "was not written by this run"),
    "a ledger line removed": (drop_line(f"{RECORD}/ledger.jsonl", 0), "documents in are 9, and the ledger has 8"),
    "a ledger line twice": (repeat_line(f"{RECORD}/ledger.jsonl"), "a.txt"),
    "a digest changed": (edit(f"{RECORD}/ledger.jsonl", '"sha256": "', '"sha256": "0'), "a.txt: what lies in OUT"),
    "a reason changed": (
        edit(f"{RECORD}/set_aside.jsonl", '"exact_duplicate"', '"near_duplicate"'),
        "copy.txt: set_aside.jsonl says near_duplicate, the ledger exact_duplicate",
    ),
    "set aside forgotten": (
        drop_line(f"{RECORD}/set_aside.jsonl", 0),
        "but not in set_aside.jsonl at its place",
    ),
    "a verdict changed": (
        edit(f"{RECORD}/verdicts.jsonl", '"kept": true', '"kept": false'),
        "a.txt: verdicts.jsonl says kept, the ledger kept",
    ),
    "a verdict forgotten": (drop_line(f"{RECORD}/verdicts.jsonl", 0), "a.txt: was compared, but is not in verdicts"),
    "a verdict too many": (
        lambda out: edit(f"{RECORD}/verdicts.jsonl", "{", '{"id": "x", "kept": true, "reason": null}\n{')(out),
        "verdicts.jsonl",
    ),
    "a count changed": (edit(f"{RECORD}/summary.json", '"edits": ', '"edits": 7'), "edits are 7"),
    "a reason's count changed": (
        edit(f"{RECORD}/summary.json", '"exact_duplicate": 1', '"exact_duplicate": 2'),
        "set_aside exact_duplicate are 2, and the ledger has 1",
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_what_does_not_agree_is_named(cleanzh: Cleanzh, out: Path, what: str) -> None:
    damage, told = DAMAGE[what]
    damage(out)
    assert told in cleanzh("verify", "out", code=2).stderr


def test_what_is_no_output(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert "is in the output of cleanzh?" in cleanzh("verify", "in", code=2).stderr


def test_a_run_that_is_not_whole_is_no_run(cleanzh: Cleanzh, out: Path) -> None:
    (out / RECORD / "ledger.jsonl").write_text('{"id": ', encoding="utf-8")
    assert "ledger.jsonl:1: broken line" in cleanzh("verify", "out", code=2).stderr


def test_many_problems_are_counted(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(150):
        (tmp_path / f"in/{number:03}.txt").write_text(f"第{number}天的天气很好，我们去公园散步。", encoding="utf-8")
    cleanzh("clean", "in", "out", "--no-dedup")
    for path in (tmp_path / "out").glob("*.txt"):
        path.write_text("改过了")
    done = cleanzh("verify", "out", code=2)
    assert "and 50 more" in done.stderr
    assert "150 documents in 0 files recounted, 150 problems" in done.stdout
    summary = json.loads((tmp_path / "out/_cleanzh/summary.json").read_text())
    assert summary["documents"]["in"] == 150
