"""One collection of all that comes out, and the way back from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from conftest import Cleanzh, tree
from test_formats import FILES, PACK, UNPACK
from test_formats_pages import archive, page
from test_formats_parquet import shape, table

from cleanzh.restoring import restore_files
from cleanzh.run import clean_files
from cleanzh.stages.clean import Recipe
from cleanzh.verifying import verify


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in/深").mkdir(parents=True)
    for name, data in FILES.items():
        (tmp_path / "in/深" / name).write_bytes(data)
        (tmp_path / "in" / f"{name}.gz").write_bytes(PACK[".gz"](data))
    (tmp_path / "in/p.html").write_bytes(page(1))
    (tmp_path / "in/w.warc.gz").write_bytes(archive(packed=True))
    pq.write_table(table(), tmp_path / "in/t.parquet", row_group_size=3)
    # Halves of surrogate pairs, which no UTF-8 can hold.
    rows = [
        {"text": "今天天气很好，我们去公园。", "x": "\ud83d"},
        {"text": "半\ud83d个，今天天气很好，我们去公园。"},
    ]
    half = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "in/half.jsonl").write_text(half)
    return tmp_path


def collection(out: Path, to: str) -> list[dict[str, Any]]:
    parts = sorted(out.glob(f"part-*.{to}"))
    if to == "jsonl":
        return [json.loads(line) for path in parts for line in path.read_bytes().splitlines()]
    columns = ["id", "source", "metadata", "fields"]
    rows = [row for path in parts for row in pq.read_table(path, columns=columns).to_pylist()]
    return [{**row, "metadata": json.loads(row["metadata"]), "fields": json.loads(row["fields"])} for row in rows]


@pytest.mark.parametrize("to", ["jsonl", "parquet"])
@pytest.mark.parametrize("small", [False, True])
def test_all_in_one_and_back(folder: Path, to: str, small: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if small:
        monkeypatch.setattr("cleanzh.parts._PART_CHARACTERS", 1500)
        monkeypatch.setattr("cleanzh.parts._GROUP_CHARACTERS", 400)
    out = folder / "out"
    summary = clean_files([folder / "in"], out, dedup=None, recipe=Recipe(to=to))
    assert {name.partition(".")[2] for name in tree(out) if not name.startswith("_cleanzh")} == {to}
    assert len(list(out.glob("part-*"))) > 10 * small
    rows = collection(out, to)
    assert len(rows) == summary.kept
    assert len({row["id"] for row in rows}) == len(rows)
    by_id = {row["id"]: row for row in rows}
    assert by_id["深/a.csv:2"]["fields"] == {"id": "doc-1", "标题": "第,一", "n": "1.5"}
    assert by_id["深/one-line.json:2"]["fields"]["tags"] == ["a", {"b": None}]
    assert by_id["p.html"]["metadata"]["title"] == "湖边的清晨1"
    assert by_id["w.warc.gz:1"]["fields"]["url"] == "https://example.com/0"
    assert by_id["t.parquet:2"]["fields"]["when"].startswith("2024-01-01T08:00:00")
    if to == "jsonl":
        assert by_id["深/a.csv:2"]["text"].startswith("他说“今天天气很好”，")
    assert verify(out).problems == []
    assert restore_files(out, folder / "back").problems == []
    for name, data in tree(folder / "back").items():
        was = (folder / "in" / name).read_bytes()
        if name.endswith(".parquet"):
            assert shape(folder / "back" / name) == shape(folder / "in" / name)
        else:
            assert data == was or UNPACK[Path(name).suffix](data) == UNPACK[Path(name).suffix](was)
    assert len(tree(folder / "back")) == len(tree(folder / "in"))


def test_with_copies_and_again_in_another_form(folder: Path) -> None:
    out = folder / "out"
    clean_files([folder / "in"], out, recipe=Recipe(to="parquet"))
    assert verify(out).problems == []
    clean_files([folder / "in"], out, recipe=Recipe(to="jsonl"))
    assert not list(out.glob("*.parquet"))
    assert verify(out).problems == []
    clean_files([folder / "in"], out)
    assert not list(out.glob("part-*"))
    assert verify(out).problems == []
    assert restore_files(out, folder / "back").problems == []


def test_in_a_pipe(cleanzh: Cleanzh) -> None:
    done = cleanzh("clean", "-", "-", "--format", "csv", "--to", "jsonl", "--no-dedup", stdin=FILES["a.csv"])
    assert [json.loads(line)["fields"]["id"] for line in done.stdout.splitlines()] == [
        f"doc-{n}" for n in (0, 1, 2, 3, 6)
    ]


def test_a_text_that_was_edited_since_is_named(folder: Path) -> None:
    out = folder / "out"
    clean_files([folder / "in/深/a.csv"], out, dedup=None, recipe=Recipe(to="jsonl"))
    part = out / "part-00000.jsonl"
    part.write_text(part.read_text().replace("公园", "花园", 1))
    assert len(verify(out).problems) == 1
    [problem] = restore_files(out, folder / "back").problems
    assert "is not what this run wrote" in problem
