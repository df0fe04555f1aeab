"""Files that are broken, lie, or are traps: nothing ends the run, nothing is lost, the reason is said."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard
from conftest import Cleanzh, aside, tree
from test_formats import PACK, UNPACK, parsed
from test_run import article

from cleanzh import compression
from cleanzh.restoring import restore_files
from cleanzh.run import clean_files
from cleanzh.stages.clean import Recipe
from cleanzh.verifying import verify

GOOD = "今天天气很好，我们去公园散步，看见很多人在湖边放风筝。"


AS_IT_IS: dict[str, Any] = {"clean": False, "script": "keep"}
"""For tests of what is read and written alone: cleaning takes ten times as long."""


def run(folder: Path, files: dict[str, bytes], **recipe: Any) -> dict[str, str]:
    """Clean files and give them back; what was set aside, and why, in words."""
    for name, data in files.items():
        (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "in" / name).write_bytes(data)
    clean_files([folder / "in"], folder / "out", dedup=None, recipe=Recipe(**recipe))
    assert verify(folder / "out").problems == []
    assert restore_files(folder / "out", folder / "back").problems == []
    back = tree(folder / "back")
    assert back.keys() == files.keys()
    for name, data in files.items():
        if back[name] != data:  # a container may differ, its content may not
            unpack = UNPACK[Path(name).suffix]
            assert unpack(back[name]) == unpack(data)
    ids = aside(folder / "out")
    documents = [json.loads(line)["id"] for line in (folder / "out/_cleanzh/ledger.jsonl").read_text().splitlines()]
    assert len(documents) == len(set(documents))
    lines = (folder / "out/_cleanzh/set_aside.jsonl").read_text(encoding="utf-8").splitlines()
    details = {entry["id"]: entry.get("detail", "") for entry in map(json.loads, lines)}
    return {name: f"{reason}: {details[name]}" for name, reason in ids.items()}


def lines_of(count: int, size: int = 30) -> bytes:
    return b"".join(json.dumps({"text": article(n, size)}, ensure_ascii=False).encode() + b"\n" for n in range(count))


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".xz", ".bz2"])
def test_what_is_cut_off_gives_what_it_has(tmp_path: Path, suffix: str) -> None:
    whole = PACK[suffix](lines_of(900))
    found = run(tmp_path, {f"a.jsonl{suffix}": whole[: len(whole) * 2 // 3]}, **AS_IT_IS)
    [(name, why)] = found.items()
    assert "is cut off" in why
    assert int(name.rpartition(":")[2]) > (1 if suffix == ".xz" else 100)
    kept = UNPACK[suffix]((tmp_path / f"out/a.jsonl{suffix}").read_bytes()).splitlines()
    assert len(kept) == int(name.rpartition(":")[2]) - 1
    assert all(json.loads(line) for line in kept)


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".xz", ".bz2"])
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.json", "a.csv"])
def test_what_is_not_compressed_as_its_name_says(tmp_path: Path, suffix: str, name: str) -> None:
    found = run(tmp_path, {f"{name}{suffix}": GOOD.encode()})
    assert found == {f"{name}{suffix}": f"unreadable: is named as {compression.COMPRESSIONS[suffix]}, and is not; "
                     "give it its right name"}  # fmt: skip
    assert (tmp_path / f"out/_cleanzh/set_aside/{name}{suffix}").read_bytes() == GOOD.encode()


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv"])
def test_what_is_compressed_without_saying_so(tmp_path: Path, name: str) -> None:
    found = run(tmp_path, {name: gzip.compress(lines_of(3))})
    assert found == {name: "unreadable: is gzip data; give it the name that says so"}


BOMB = {
    ".gz": lambda data: gzip.compress(data),
    ".bz2": lambda data: bz2.compress(data),
    ".xz": lambda data: lzma.compress(data),
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
}


@pytest.mark.parametrize("suffix", BOMB)
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.json", "a.csv"])
def test_a_bomb_is_not_let_go_off(tmp_path: Path, suffix: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "_ALWAYS_ALLOWED", 1 << 19)
    head = {"a.json": b"[", "a.csv": b"text\n"}.get(name, b"")
    good = json.dumps({"text": GOOD}).encode() + b"\n" if name == "a.jsonl" else b""
    data = BOMB[suffix](head + good + b" " * (4 << 20))
    # Larger than allowed, and than any document: whichever is met first.
    for name_, raw in {f"{name}{suffix}": data, "b.txt": GOOD.encode()}.items():
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name_).write_bytes(raw)
    clean_files([tmp_path / "in"], tmp_path / "out", dedup=None, recipe=Recipe(max_bytes=1 << 20))
    assert (tmp_path / "out/b.txt").exists()
    [entry] = [json.loads(x) for x in (tmp_path / "out/_cleanzh/set_aside.jsonl").read_text().splitlines()]
    assert "times as large" in entry["detail"] or "no record in" in entry["detail"]
    assert entry["source"] == f"{name}{suffix}"
    assert verify(tmp_path / "out").problems == []
    assert restore_files(tmp_path / "out", tmp_path / "back").problems == []
    assert (tmp_path / "back" / f"{name}{suffix}").read_bytes() == data


def test_joined_members_are_one_file(tmp_path: Path) -> None:
    half = lines_of(3)
    files = {f"a.jsonl{suffix}": PACK[suffix](half) + PACK[suffix](half) for suffix in (".gz", ".xz", ".bz2")}
    files["a.jsonl.zst"] = PACK[".zst"](half) + PACK[".zst"](half)
    for name, data in files.items():
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(data)
    summary = clean_files([tmp_path / "in"], tmp_path / "out", dedup=None)
    assert (summary.kept, summary.set_aside) == (24, {})
    assert verify(tmp_path / "out").problems == []
    assert restore_files(tmp_path / "out", tmp_path / "back").problems == []
    for name, data in tree(tmp_path / "back").items():
        assert UNPACK[Path(name).suffix](data) == half * 2


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("name", "data", "kept"),
    [
        ("deep.jsonl", f'{{"text": "{GOOD}"}}\n{{"text": "{GOOD}", "x": {DEEP}{"]" * 100_000}}}\n', 1),
        ("deep.json", f'[{{"text": "{GOOD}"}}, {{"x": {DEEP}{"]" * 100_000}, "text": "好"}}, {{"text": "{GOOD}"}}]', 2),
        ("only-deep.json", DEEP, 0),
        ("never-closed.json", f'[{{"text": "{GOOD}"}}, {{"text": "{GOOD}', 1),
        ("no-end.json", f'[{{"text": "{GOOD}"}}, {{"text": "{GOOD}"}}', 2),
        ("comma.json", f'[{{"text": "{GOOD}"}}, {{"text": "{GOOD}"}},]', 2),
        ("no-comma.json", f'[{{"text": "{GOOD}"}} {{"text": "{GOOD}"}}]', 2),
        ("after.json", f'[{{"text": "{GOOD}"}}] {{"text": "nothing"}}', 1),
        ("others.json", f'[1, null, "x", {{"text": "{GOOD}"}}, [], {{"text": 5}}, {{}}]', 1),
        ("words.json", GOOD, 0),
        ("blank.json", " \n ", 0),
        ("none.json", "[]", 0),
        ("lines.json", f'{{"text": "{GOOD}"}}\n{{"text": "{GOOD}"}}\n', 2),
        ("huge-number.jsonl", f'{{"n": {"9" * 5000}, "text": "{GOOD}"}}\n', 1),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value[:20] else "",
)
def test_json_that_is_broken_or_odd(tmp_path: Path, name: str, data: str, kept: int) -> None:
    run(tmp_path, {name: data.encode()})
    out = tmp_path / "out" / name
    assert out.exists() == (kept > 0)
    if kept:
        if name == "lines.json" or name.endswith("jsonl"):
            rows = [json.loads(line, parse_int=str) for line in out.read_bytes().splitlines()]
        else:
            rows = json.loads(out.read_bytes())
        assert [row["text"] for row in rows] == [GOOD] * kept


def test_what_is_set_aside_of_an_array_is_an_array(tmp_path: Path) -> None:
    data = json.dumps([{"text": GOOD}, {"text": ""}, {"text": GOOD}, {"text": "no Chinese is in this text"}], indent=1)
    run(tmp_path, {"a.json": data.encode()})
    assert json.loads((tmp_path / "out/_cleanzh/set_aside/a.json").read_text()) == [
        {"text": ""},
        {"text": "no Chinese is in this text"},
    ]


@pytest.mark.parametrize(
    ("name", "data", "kept", "why"),
    [
        ("ragged.csv", f"id,text\n1,{GOOD}\n2\n3,{GOOD},more,and more\n\n4,{GOOD}", 3, "ends after 1 of 2 cells"),
        ("open.csv", f'id,text\n1,{GOOD}\n2,"{GOOD}\n3,{GOOD}\n', 1, "opened and not closed"),
        ("header.csv", "id,text\r\n", 0, ""),
        ("empty.csv", "", 0, ""),
        ("other.csv", f"id;body\n1;{GOOD}\n", 0, "no column 'text' in the first row; it has: id, body"),
        ("nul.csv", f"id,text\n1,\x00{GOOD}\x00\n", 1, ""),
        ("quotes.csv", f'id,"text"\n"1","{GOOD}"\n2,{GOOD}\n', 2, ""),
        ("cr.tsv", f"id\ttext\r\n1\t{GOOD}\r\n2\t{GOOD}\r\n", 2, ""),
        ("bad-header.csv", 'id,"text\n1,2\n', 0, "the first row"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value[:20] else "",
)
def test_tables_that_are_broken_or_odd(tmp_path: Path, name: str, data: str, kept: int, why: str) -> None:
    found = run(tmp_path, {name: data.encode()})
    assert not why or any(why in said for said in found.values()), found
    if kept:
        rows = parsed(name, (tmp_path / "out" / name).read_bytes())
        assert [row["text"] for row in rows] == [GOOD] * kept


def test_a_table_in_gb18030_with_bytes_that_are_none(tmp_path: Path) -> None:
    data = f"id,text\n1,{GOOD * 20}\n2,{GOOD}".encode("gb18030")
    run(tmp_path, {"a.csv": data + b"\xff\x80\n", "b.csv": data + "€".encode("gb18030") + b"\x80\n"})


def test_what_comes_out_is_utf8_even_where_a_character_is_cut(tmp_path: Path) -> None:
    line = json.dumps({"text": GOOD}, ensure_ascii=False).encode()
    run(
        tmp_path, {"a.txt": GOOD.encode()[:-1], "a.jsonl": line.replace("风".encode(), b"\xe9\xa3") + b"\n"}, **AS_IT_IS
    )
    for name in ("a.txt", "a.jsonl"):
        assert "\ufffd" in (tmp_path / "out" / name).read_bytes().decode("utf-8")


SIZES = {
    "a.txt": GOOD.encode() * 200,
    "a.md": GOOD.encode() * 200,
    "a.jsonl": f'{{"text": "{GOOD}"}}\n{{"text": "{GOOD * 200}"}}\n{{"text": "{GOOD}"}}\n'.encode(),
    "a.json": f'[ {{"text": "{GOOD}"}},\n{{"text": "{GOOD * 200}"}},\n{{"text": "{GOOD}"}} ]\n'.encode(),
    "a.csv": f'id,text\n1,{GOOD}\n2,"{GOOD * 200}\n"\n3,{GOOD}\n'.encode(),
    "last.jsonl": f'{{"text": "{GOOD}"}}\n{{"text": "{GOOD * 200}"}}'.encode(),
    "only.csv": f"id,text\n2,{GOOD * 200}\n".encode(),
}


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("block", [1 << 20, 700])
def test_documents_that_are_too_large(tmp_path: Path, suffix: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "_BLOCK", block)
    files = {name + suffix: PACK[suffix](data) for name, data in SIZES.items()}
    found = run(tmp_path, files, max_bytes=2000, **AS_IT_IS)
    assert len(found) == len(SIZES)
    assert all(why.startswith("too_large: ") and "--max-document-bytes" in why for why in found.values())
    for name in ("a.jsonl", "a.json", "a.csv"):
        rows = parsed(name, UNPACK[suffix]((tmp_path / "out" / f"{name}{suffix}").read_bytes()))
        assert [row["text"] for row in rows] == [GOOD, GOOD]
        rows = parsed(name, UNPACK[suffix]((tmp_path / "out/_cleanzh/set_aside" / f"{name}{suffix}").read_bytes()))
        assert [row["text"].strip() for row in rows] == [GOOD * 200]


def test_small_pieces_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cut in a hundred pieces comes out as what is cut in one."""
    rows = [{"text": article(n % 7, 5), "n": n} for n in range(40)]
    table = io.StringIO()
    writer = csv.DictWriter(table, ["n", "text"])
    writer.writeheader()
    writer.writerows(rows)
    (tmp_path / "in").mkdir()
    for suffix in ("", ".gz"):
        for name, text in {
            "a.jsonl": "".join(json.dumps(row) + "\n" for row in rows),
            "a.json": json.dumps(rows, indent=2, ensure_ascii=False),
            "b.json": json.dumps(rows, ensure_ascii=False),
            "a.csv": table.getvalue(),
        }.items():
            (tmp_path / "in" / f"{name}{suffix}").write_bytes(PACK[suffix](text.encode()))
    clean_files([tmp_path / "in"], tmp_path / "whole", recipe=Recipe(**AS_IT_IS))
    for module in ("cleanzh.formats.spans.PIECE_BYTES", "cleanzh.readers._SHARD_BYTES"):
        monkeypatch.setattr(module, 1500)
    monkeypatch.setattr(compression, "_BLOCK", 1100)
    clean_files([tmp_path / "in"], tmp_path / "pieces", recipe=Recipe(**AS_IT_IS))
    ignore = ("_cleanzh/summary.json", "_cleanzh/report.html")
    assert tree(tmp_path / "pieces", ignore=ignore) == tree(tmp_path / "whole", ignore=ignore)
    assert verify(tmp_path / "pieces").problems == []
    assert restore_files(tmp_path / "pieces", tmp_path / "back").problems == []
    for name, data in tree(tmp_path / "back").items():
        suffix = ".gz" if name.endswith(".gz") else ""
        assert UNPACK[suffix](data) == UNPACK[suffix]((tmp_path / "in" / name).read_bytes())


@pytest.mark.parametrize(
    ("name", "extra", "module"),
    [
        ("a.parquet", "parquet", "pyarrow"),
        ("a.html", "html", "trafilatura"),
        ("a.warc.gz", "warc", "warcio"),
        ("a.jsonl.zst", "zstd", "zstandard"),
    ],
)
def test_an_extra_that_is_not_there_is_named(
    tmp_path: Path, cleanzh: Cleanzh, name: str, extra: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cleanzh.formats.find_spec", lambda package: None if package == module else sys)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(b"x")
    said = cleanzh("clean", "in", "out", code=2).stderr
    assert f"{module} is needed" in said
    assert f"pip install 'cleanzh[{extra}]'" in said
    assert not (tmp_path / "out").exists()
