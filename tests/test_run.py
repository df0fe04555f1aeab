"""A run over files: what comes out, where, and what the record says."""

from __future__ import annotations

import json
import marshal
import random
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import Cleanzh, aside, tree

from cleanzh.edits import Edit, apply
from cleanzh.engines.local import LocalEngine
from cleanzh.restoring import restore_files
from cleanzh.run import Dedup, clean_files
from cleanzh.stages import outcome

SENTENCES = (
    "清晨的菜市场已经很热闹，摊主们把刚到的蔬菜一筐筐搬下车。",
    "老城区的改造方案公布以后，居民最关心的是停车位够不够。",
    "图书馆延长了开放时间，备考的学生不用再到咖啡店里占座。",
    "今年的雨水比往年多，山下的水库在七月初就开始泄洪。",
    "这家小店只卖三样点心，开了四十年，味道一点也没有变。",
    "研究人员在湖边架起相机，记录候鸟每天到达和离开的时刻。",
    "地铁新线试运行的第一天，站台上站满了来看热闹的老人。",
    "厂里引进了新的设备，工人们花了两个星期学会怎么操作。",
)


def article(seed: int, sentences: int = 12) -> str:
    chosen = random.Random(seed)
    return "\n".join(f"{chosen.choice(SENTENCES)}这是第{chosen.randrange(10**6)}次。" for _ in range(sentences)) + "\n"


def ledger(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "_cleanzh/ledger.jsonl").read_text(encoding="utf-8").splitlines()]


def test_output_mirrors_input(cleanzh: Cleanzh, tmp_path: Path) -> None:
    for name in ("一.txt", "深/二.txt", "深/更深/三.txt"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(article(len(name)), encoding="utf-8")
    cleanzh("clean", "in/", "out/", "--no-dedup")
    out = {name for name in tree(tmp_path / "out") if not name.startswith("_cleanzh")}
    assert out == set(tree(tmp_path / "in"))


LINES = [
    '{"id": 7, "text": "你好,世界。今天天气很好,我们去公园。", "score": 1.50, "tags": ["a",  "b"]}',
    '{"text":"\\u4f60\\u597d,\\u4e16\\u754c\\u3002\\u4eca\\u5929\\u5929\\u6c14\\u5f88\\u597d\\u3002","n":1e3}',
    '  { "a" : {"text": "不是这个"} , "text" : "你好\\n世界,我们去\\/公园散步。" }  ',
    '{"text": "旧的", "text": "后面的,才算数。我们去公园散步。"}',
    '{"n": 12345678901234567890123, "text": "大数,不变。今天天气很好，出去走走。"}',
]


def test_of_a_json_line_only_the_text_changes(cleanzh: Cleanzh, tmp_path: Path) -> None:
    raw = "".join(line + "\n" for line in LINES).encode() + b"\n" + LINES[0].encode()
    (tmp_path / "a.jsonl").write_bytes(raw)
    cleanzh("clean", "a.jsonl", "out", "--no-dedup")
    out = (tmp_path / "out/a.jsonl").read_text(encoding="utf-8").split("\n")
    assert out == [
        LINES[0].replace("好,", "好，"),
        LINES[1].replace("597d,", "597d\\uff0c"),
        LINES[2].replace("界,", "界，").replace("\\/", "/"),
        LINES[3].replace("的,", "的，"),
        LINES[4].replace("数,", "数，"),
        LINES[0].replace("好,", "好，"),
    ]
    assert aside(tmp_path / "out") == {"a.jsonl:6": "empty"}
    cleanzh("restore", "out", "back")
    assert (tmp_path / "back/a.jsonl").read_bytes() == raw


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16", "big5"])
def test_files_of_other_charsets_come_out_as_utf8_and_go_back(cleanzh: Cleanzh, tmp_path: Path, encoding: str) -> None:
    text = "漢字編碼測試：今天天氣很好，我們去公園散步，順便買一些水果回家。\r\n" * 5
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    cleanzh("clean", "a.txt", "out", "--script", "keep", "--ignore", "repeat,whitespace")
    assert (tmp_path / "out/a.txt").read_bytes() == text.encode()
    cleanzh("restore", "out", "back")
    assert tree(tmp_path / "back") == {"a.txt": text.encode(encoding)}


def test_json_lines_in_gb18030_come_out_as_utf8_and_go_back(cleanzh: Cleanzh, tmp_path: Path) -> None:
    raw = "".join(f'{{"text": "{sentence}"}}\n' for sentence in SENTENCES).encode("gb18030")
    (tmp_path / "a.jsonl").write_bytes(raw)
    cleanzh("clean", "a.jsonl", "out")
    assert (tmp_path / "out/a.jsonl").read_bytes() == raw.decode("gb18030").encode()
    cleanzh("restore", "out", "back")
    assert (tmp_path / "back/a.jsonl").read_bytes() == raw


def test_a_field_of_a_field(cleanzh: Cleanzh, tmp_path: Path) -> None:
    line = '{"doc": {"body": "你好,世界。今天天气很好。"}, "doc.x": 1}\n'
    (tmp_path / "a.jsonl").write_text(line, encoding="utf-8")
    cleanzh("clean", "a.jsonl", "out", "--text-field", "doc.body")
    assert (tmp_path / "out/a.jsonl").read_text(encoding="utf-8") == line.replace("好,", "好，")
    cleanzh("restore", "out", "back")
    assert (tmp_path / "back/a.jsonl").read_text(encoding="utf-8") == line


def test_the_ledger_replays(cleanzh: Cleanzh, tmp_path: Path) -> None:
    text = "5月27日,京東與快手簽署協議。&ldquo;你好&rdquo;!\n"
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    cleanzh("clean", "a.txt", "out")
    [line] = ledger(tmp_path / "out")
    assert line["id"] == line["source"] == "a.txt"
    for step in line["steps"]:
        text = apply(text, [Edit(**edit) for edit in step["edits"]])
    assert text == (tmp_path / "out/a.txt").read_text(encoding="utf-8") == "5月27日，京东与快手签署协议。“你好”！\n"


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """Three articles; one of them four times: the same, under another header, in Traditional script."""
    import opencc

    folder = tmp_path / "in"
    folder.mkdir()
    one, two = article(1), article(2)
    texts = {
        "a.txt": one,
        "b.txt": f"发布时间:2023-01-10 18:00:02来源:每日新闻阅读(21)\n{one}",
        "c.txt": opencc.OpenCC("s2t").convert(f"2022-03-26|22:15|閱讀:172\n{one}"),
        "d.txt": one,
        "e.txt": two,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_of_near_duplicates_one_stays(cleanzh: Cleanzh, copies: Path, tmp_path: Path) -> None:
    cleanzh("clean", "in", "out")
    kept = {name for name in tree(tmp_path / "out") if not name.startswith("_cleanzh")}
    assert len(kept) == 2
    assert "e.txt" in kept
    [survivor] = kept - {"e.txt"}
    entries = [json.loads(x) for x in (tmp_path / "out/_cleanzh/set_aside.jsonl").read_text().splitlines()]
    assert {entry["kept_id"] for entry in entries} == {survivor}
    assert {entry["reason"] for entry in entries} <= {"exact_duplicate", "near_duplicate"}
    assert all(0.7 <= entry["similarity"] <= 1 for entry in entries)
    for entry in entries:
        there = tmp_path / "out/_cleanzh/set_aside" / entry["source"]
        assert there.read_bytes() == (copies / entry["source"]).read_bytes()
    cleanzh("restore", "out", "back")
    assert tree(tmp_path / "back") == tree(copies)


def test_no_dedup_keeps_them(cleanzh: Cleanzh, copies: Path, tmp_path: Path) -> None:
    cleanzh("clean", "in", "out", "--no-dedup")
    assert aside(tmp_path / "out") == {}


@pytest.mark.slow
def test_jobs_do_not_matter_where_the_input_is_cut(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    rows = [json.dumps({"text": article(n % 900, 30)}, ensure_ascii=False) + "\n" for n in range(1800)]
    (tmp_path / "in/a.jsonl").write_text("".join(rows), encoding="utf-8")
    (tmp_path / "in/b.jsonl").write_text("".join(rows[::-1]), encoding="utf-8")
    results = []
    for jobs in (1, 2):
        clean_files([tmp_path / "in"], tmp_path / f"out{jobs}", jobs=jobs)
        results.append(tree(tmp_path / f"out{jobs}", ignore=("_cleanzh/summary.json", "_cleanzh/report.html")))
    assert results[0] == results[1]
    restore_files(tmp_path / "out2", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(tmp_path / "in")


@pytest.mark.parametrize("too_much", [False, True])
def test_what_others_prepare_is_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, too_much: bool
) -> None:
    (tmp_path / "in").mkdir()
    rows = [json.dumps({"text": article(n % 25, 9) + "&amp;"}, ensure_ascii=False) + "\n" for n in range(40)]
    (tmp_path / "in/a.jsonl").write_text("".join(rows), encoding="utf-8")
    (tmp_path / "in/b.txt").write_bytes(article(7, 9).encode("gb18030"))
    summary = clean_files([tmp_path / "in"], tmp_path / "out").to_json()
    assert summary["documents"] == {"in": 41, "out": 25, "set_aside": 16}

    stored: list[Path] = []

    def others(work: Callable[[Path], Path], files: Iterable[Path]) -> Iterator[Path]:
        for file in files:
            stored.append(work(file))
            yield stored[-1]

    monkeypatch.setattr(LocalEngine, "beside", staticmethod(others))
    monkeypatch.setattr(outcome, "_BYTES", 2_000)

    def dump(value: tuple[Any, ...]) -> bytes:
        if too_much and value[5]:  # as it says of two gigabytes
            raise ValueError("unmarshallable object")
        return marshal.dumps(value)

    monkeypatch.setattr(outcome, "marshal", SimpleNamespace(dumps=dump, loads=marshal.loads))
    by_others = clean_files([tmp_path / "in"], tmp_path / "by others").to_json()
    times = ("_cleanzh/summary.json", "_cleanzh/report.html")
    assert tree(tmp_path / "by others", ignore=times) == tree(tmp_path / "out", ignore=times)
    assert by_others["documents"] == summary["documents"]
    assert by_others["set_aside"] == summary["set_aside"]
    assert {file.suffix for file in stored} == {".staged" if too_much else ".part"}


def test_the_summary_adds_up(cleanzh: Cleanzh, copies: Path, tmp_path: Path) -> None:
    shown = cleanzh("clean", "in", "out").stdout
    summary = json.loads((tmp_path / "out/_cleanzh/summary.json").read_text(encoding="utf-8"))
    documents = summary["documents"]
    assert documents == {"in": 5, "out": 2, "set_aside": 3}
    assert sum(summary["set_aside"].values()) == 3
    assert summary["configuration"]["script"] == "simplified"
    assert {"seconds", "bytes", "megabytes_per_second", "documents_per_second"} <= summary["throughput"].keys()
    assert {"cleanzh", "python", "opencc"} <= summary["versions"].keys()
    made = [edit["rule"] for line in ledger(tmp_path / "out") for step in line["steps"] for edit in step["edits"]]
    assert {rule: count["edits"] for rule, count in summary["rules"].items()} == {r: made.count(r) for r in set(made)}
    for word in ("documents", "characters", "edits by rule", "exact_duplicate"):
        assert word in shown
    assert re.search(r"[\d.]+ s, [1-9][\d.,]* [KMG]?B/s, \d+ jobs?", shown)  # never 0.00 MB/s


def test_diff_shows_what_would_change_and_writes_nothing(cleanzh: Cleanzh, tmp_path: Path) -> None:
    text = "第一行没有什么可改的。\n5月27日,京東與快手簽署協議。\n"
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    (tmp_path / "b.txt").write_bytes(b"")
    before = tree(tmp_path)
    shown = cleanzh("diff", "a.txt", "b.txt").stdout
    assert shown.splitlines()[:4] == [
        "a.txt:2  punctuation.half-width, script.to-simplified",
        "- 5月27日,京東與快手簽署協議。",
        "+ 5月27日，京东与快手签署协议。",
        "b.txt  would be set aside as empty",
    ]
    assert "1 of 2 documents would change" in shown
    assert tree(tmp_path) == before


def test_diff_shows_what_a_terminal_would_obey(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("今天\x1b[2J天气\u202e很好,我们去公园。", encoding="utf-8")
    shown = cleanzh("diff", "a.txt").stdout
    assert "\x1b" not in shown
    assert "⟨001B⟩" in shown


def test_script_is_chosen(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("京东与快手签署战略合作协议。", encoding="utf-8")
    cleanzh("clean", "a.txt", "out", "--script", "traditional")
    assert (tmp_path / "out/a.txt").read_text(encoding="utf-8") == "京東與快手簽署戰略合作協議。"


def test_dedup_alone_changes_nothing_but_takes_copies_out(cleanzh: Cleanzh, copies: Path, tmp_path: Path) -> None:
    cleanzh("dedup", "in", "out", "--keep", "longest")
    out = {name: data for name, data in tree(tmp_path / "out").items() if not name.startswith("_cleanzh")}
    found = tree(copies)
    assert 2 <= len(out) < len(found)
    assert all(found[name] == data for name, data in out.items())
    cleanzh("restore", "out", "back")
    assert tree(tmp_path / "back") == found


def test_an_index_remembers_between_runs(tmp_path: Path) -> None:
    index = tmp_path / "index"
    for day, seeds in (("monday", (1, 2)), ("tuesday", (2, 3))):
        (tmp_path / day).mkdir()
        for seed in seeds:
            (tmp_path / day / f"{seed}.txt").write_text(article(seed, 30), encoding="utf-8")
        for _ in range(2):  # a run can be repeated: its own documents are no duplicates of themselves
            clean_files([tmp_path / day], tmp_path / f"out-{day}", dedup=Dedup(index=str(index)))
    assert aside(tmp_path / "out-monday") == {}
    assert aside(tmp_path / "out-tuesday") == {"2.txt": "exact_duplicate"}
    [entry] = [json.loads(x) for x in (tmp_path / "out-tuesday/_cleanzh/set_aside.jsonl").read_text().splitlines()]
    assert entry["kept_id"] == str(tmp_path / "monday/2.txt")


def test_the_commands_of_an_index(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(article(1, 30), encoding="utf-8")
    (tmp_path / "b.txt").write_text(article(1, 30), encoding="utf-8")
    assert "no index" in cleanzh("index", "info", "seen", code=2).stderr
    cleanzh("index", "create", "seen", "--store-keys")
    assert "is there already" in cleanzh("index", "create", "seen", code=2).stderr
    cleanzh("dedup", "a.txt", "out", "--index", "seen")
    cleanzh("dedup", "b.txt", "out2", "--index", "seen")
    assert aside(tmp_path / "out2") == {"b.txt": "exact_duplicate"}
    assert "1 documents in 1 segments; similarities to them are counted" in cleanzh("index", "info", "seen").stdout
    assert "whole" in cleanzh("index", "verify", "seen").stdout
    assert "1 documents in one segment" in cleanzh("index", "compact", "seen").stdout
    [segment] = (tmp_path / "seen").glob("*.seg")
    segment.write_bytes(segment.read_bytes()[:-8])
    assert segment.name in cleanzh("index", "verify", "seen", code=2).stderr
    assert "forgot 1 documents" in cleanzh("index", "expire", "seen", "--before", "2999-01-01").stdout


def test_what_recurs_is_learned_and_used(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(8):
        path = tmp_path / f"in/{number}.txt"
        path.write_text(f"{article(number, 20)}柿子山晚报，天天与你相见第{number}版\n", encoding="utf-8")
    (tmp_path / "in/copy.txt").write_bytes((tmp_path / "in/0.txt").read_bytes())
    done = cleanzh("learn", "in", "--least", "8", "-o", "learned.toml")
    assert "rules; look through them" in done.stderr
    learned = (tmp_path / "learned.toml").read_text(encoding="utf-8")
    assert "stands in 8 documents" in learned
    head, *rules = learned.split("\n[[rule]]")  # and the user looks through them
    kept = [rule for rule in rules if "柿子山" in rule]
    (tmp_path / "learned.toml").write_text("\n[[rule]]".join([head, *kept]), encoding="utf-8")
    cleanzh("rules", "test", "learned.toml")
    cleanzh("clean", "in/1.txt", "out", "--rules", "learned.toml")
    assert (tmp_path / "out/1.txt").read_text(encoding="utf-8") == article(1, 20)
    assert "no line stands in" in cleanzh("learn", "in/1.txt").stderr
