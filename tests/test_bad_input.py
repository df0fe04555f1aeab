"""Bad input: a clear error or set aside with a reason, and nothing lost."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conftest import Cleanzh, aside, tree


def test_an_empty_file_is_set_aside(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_bytes(b"")
    cleanzh("clean", "in", "out")
    assert aside(tmp_path / "out") == {"a.txt": "empty"}
    assert (tmp_path / "out/_cleanzh/set_aside/a.txt").read_bytes() == b""


def test_a_file_of_blanks_is_empty(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(" \n\u3000\n")
    cleanzh("clean", "a.txt", "out")
    assert aside(tmp_path / "out") == {"a.txt": "empty"}


def test_an_empty_folder_is_no_error_but_is_told(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    done = cleanzh("clean", "in", "out")
    assert "no document was found" in done.stderr
    assert json.loads((tmp_path / "out/_cleanzh/summary.json").read_text())["documents"]["in"] == 0


def test_a_missing_input_is_named(cleanzh: Cleanzh, tmp_path: Path) -> None:
    done = cleanzh("clean", "nowhere", "out", code=2)
    assert "nowhere: no such file or folder" in done.stderr
    assert not (tmp_path / "out").exists()


def test_no_output_named(cleanzh: Cleanzh) -> None:
    assert "give an input and an output" in cleanzh("clean", "in", code=2).stderr


@pytest.mark.parametrize(("source", "out"), [("in", "in/out"), ("in", "in"), ("in/a.txt", "in"), ("in/sub", "in")])
def test_input_and_output_in_one_another_are_refused(cleanzh: Cleanzh, tmp_path: Path, source: str, out: str) -> None:
    (tmp_path / "in/sub").mkdir(parents=True)
    (tmp_path / "in/a.txt").write_text("今天天气很好。")
    (tmp_path / "in/sub/b.txt").write_text("今天天气很好。")
    before = tree(tmp_path)
    assert "inside" in cleanzh("clean", source, out, code=2).stderr
    assert tree(tmp_path) == before


def test_an_output_that_is_a_link_into_the_input_is_refused(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text("今天天气很好。")
    (tmp_path / "out").symlink_to(tmp_path / "in")
    assert "inside" in cleanzh("clean", "in", "out", code=2).stderr


def test_a_folder_of_something_else_is_not_written_to(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("今天天气很好。")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.txt").write_text("不要动")
    assert "not empty" in cleanzh("clean", "a.txt", "out", code=2).stderr
    assert (tmp_path / "out/thesis.txt").read_text() == "不要动"


def test_output_of_another_input_is_replaced_only_when_told(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("今天天气很好，我们去公园散步。")
    (tmp_path / "b.txt").write_text("明天要下雨，大家记得带伞出门。")
    cleanzh("clean", "a.txt", "out")
    assert "--overwrite" in cleanzh("clean", "b.txt", "out", code=2).stderr
    cleanzh("clean", "b.txt", "out", "--overwrite")
    assert [path.name for path in (tmp_path / "out").glob("*.txt")] == ["b.txt"]


def test_what_an_earlier_run_wrote_does_not_stay_behind(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text("今天天气很好，我们去公园散步。")
    (tmp_path / "in/b.txt").write_text("明天要下雨，大家记得带伞出门。")
    cleanzh("clean", "in", "out")
    (tmp_path / "in/b.txt").unlink()
    cleanzh("clean", "in", "out")
    assert [path.name for path in (tmp_path / "out").glob("*.txt")] == ["a.txt"]


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_an_unreadable_file_is_set_aside_and_the_rest_goes_on(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text("今天天气很好，我们去公园散步。")
    (tmp_path / "in/gone.txt").symlink_to("nowhere")
    (tmp_path / "in/locked.txt").write_text("锁")
    (tmp_path / "in/locked.txt").chmod(0)
    cleanzh("clean", "in", "out")
    reasons = aside(tmp_path / "out")
    assert reasons["gone.txt"] == "unreadable"
    if os.geteuid():  # nothing is locked for root
        assert reasons["locked.txt"] == "unreadable"
    assert (tmp_path / "out/a.txt").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names")
def test_a_pipe_does_not_block(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    os.mkfifo(tmp_path / "in/a.txt")
    cleanzh("clean", "in", "out")
    assert aside(tmp_path / "out") == {"a.txt": "unreadable"}


def test_a_folder_named_like_a_file_is_a_folder(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "in/x.txt").mkdir(parents=True)
    (tmp_path / "in/x.txt/y.txt").write_text("今天天气很好，我们去公园散步。")
    cleanzh("clean", "in", "out")
    assert (tmp_path / "out/x.txt/y.txt").is_file()


def test_loops_of_links_end(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text("今天天气很好，我们去公园散步。")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    (tmp_path / "in/x.txt").symlink_to(tmp_path / "in/y.txt")
    (tmp_path / "in/y.txt").symlink_to(tmp_path / "in/x.txt")
    done = cleanzh("clean", "in", "out")
    assert aside(tmp_path / "out") == {"x.txt": "unreadable", "y.txt": "unreadable"}
    assert "loop: link to a folder" in done.stdout


def test_other_files_are_named_not_read(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.pdf").write_bytes(b"%PDF")
    assert "a.pdf: not one of" in cleanzh("clean", "in", "out").stdout
    assert "say what it is with --format" in cleanzh("clean", "in/a.pdf", "out2", code=2).stderr


def test_bytes_that_are_no_text_are_set_aside_whole(cleanzh: Cleanzh, tmp_path: Path) -> None:
    raw = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00" + bytes(range(256)) * 8
    (tmp_path / "a.txt").write_bytes(raw)
    cleanzh("clean", "a.txt", "out")
    assert aside(tmp_path / "out") == {"a.txt": "unreadable"}
    assert (tmp_path / "out/_cleanzh/set_aside/a.txt").read_bytes() == raw


BROKEN = [
    ('{"text": "半截', "broken JSON"),
    ('{"text": "好"} 多余', "broken JSON"),
    ('{"body": "今天天气很好。"}', "no field 'text'; the fields are: body"),
    ('{"text": 12}', "is no string"),
    ('{"text": null}', "is no string"),
    ('["今天"]', "not a JSON object"),
    ('{"text": ' + "[" * 100_000 + "}", "JSON"),
    ("{}", "no field"),
]


@pytest.mark.parametrize(("line", "why"), BROKEN, ids=[why for _, why in BROKEN])
def test_a_broken_line_is_set_aside_with_its_number(cleanzh: Cleanzh, tmp_path: Path, line: str, why: str) -> None:
    good = '{"text": "今天天气很好，我们去公园散步。"}\n'
    (tmp_path / "a.jsonl").write_text(good + line + "\n")
    cleanzh("clean", "a.jsonl", "out")
    [entry] = [json.loads(row) for row in (tmp_path / "out/_cleanzh/set_aside.jsonl").read_text().splitlines()]
    assert (entry["id"], entry["reason"]) == ("a.jsonl:2", "unreadable")
    assert "line 2" in entry["detail"]
    assert why in entry["detail"]
    assert (tmp_path / "out/a.jsonl").read_text() == good
    assert (tmp_path / "out/_cleanzh/set_aside/a.jsonl").read_text() == line + "\n"
    cleanzh("restore", "out", "back")
    assert (tmp_path / "back/a.jsonl").read_bytes() == (tmp_path / "a.jsonl").read_bytes()


def test_a_rule_that_is_none_is_told_before_anything_is_written(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("今天天气很好。")
    assert "adz" in cleanzh("clean", "a.txt", "out", "--select", "adz", code=2).stderr
    assert not (tmp_path / "out").exists()


NAMES = ["中文 名字.txt", "“引号”与'别的'.txt", "很" * 80 + ".txt", "-rf.txt", "a\nb.txt", "𠮷野家.txt"]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_names_of_every_kind(cleanzh: Cleanzh, tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_text("今天天气很好,我们去公园散步。")
    cleanzh("clean", "in", "out")
    assert (tmp_path / "out" / name).is_file()
    assert aside(tmp_path / "out") == {}
    cleanzh("restore", "out", "back")
    assert tree(tmp_path / "back") == tree(tmp_path / "in")


def test_a_name_that_is_no_text(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    name = os.fsdecode(b"\xb4\xf3.txt")
    try:
        (tmp_path / "in" / name).write_text("今天天气很好,我们去公园散步。")
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    cleanzh("clean", "in", "out")
    cleanzh("diff", "in")
    cleanzh("restore", "out", "back")
    assert tree(tmp_path / "back") == tree(tmp_path / "in")


def test_two_inputs_of_one_name(cleanzh: Cleanzh, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").write_text("今天天气很好。")
    assert "would both become x.txt" in cleanzh("clean", "a/x.txt", "b/x.txt", "out", code=2).stderr
    cleanzh("clean", "a", "b", "out", "--no-dedup")
    assert (tmp_path / "out/a/x.txt").is_file()
    assert (tmp_path / "out/b/x.txt").is_file()


def test_restore_of_what_is_no_output(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert "the output of cleanzh?" in cleanzh("restore", "in", "back", code=2).stderr


def test_restore_names_a_document_that_was_edited_since(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("今天天气很好,我们去公园散步。")
    cleanzh("clean", "a.txt", "out")
    (tmp_path / "out/a.txt").write_text("改过了")
    assert "a.txt: what lies in OUT is not what this run wrote" in cleanzh("restore", "out", "back", code=2).stderr


def test_restore_into_a_folder_with_files_is_refused(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("今天天气很好。")
    cleanzh("clean", "a.txt", "out")
    assert "empty folder" in cleanzh("restore", "out", ".", code=2).stderr
