"""Parquet: the other columns pass through, the table goes back as it was, broken files are set aside whole."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Cleanzh, aside
from test_formats import TEXTS
from test_run import article

from cleanzh.restoring import restore_files
from cleanzh.run import clean_files
from cleanzh.stages.clean import Recipe
from cleanzh.verifying import verify


def table(text_type: pa.DataType | None = None) -> pa.Table:
    count = len(TEXTS)
    columns: dict[str, Any] = {
        "id": pa.array(range(count), pa.uint16()),
        "text": pa.array(TEXTS, pa.string()).cast(text_type or pa.string())
        if not pa.types.is_dictionary(text_type or pa.string())
        else pa.array(TEXTS).dictionary_encode().cast(text_type),
        "when": pa.array([datetime.datetime(2024, 1, 1, 8, tzinfo=datetime.UTC)] * count, pa.timestamp("ns", "UTC")),
        "价格": pa.array([decimal.Decimal("1.50"), None] * (count // 2) + [None], pa.decimal128(9, 2)),
        "nested": pa.array([{"tags": ["a", None], "n": {"x": 1}}] * (count - 1) + [None]),
        "blob": pa.array([b"\x00\xff"] * count, pa.binary()),
        "lists": pa.array([[1, 2], [], None] * (count // 3) + [None], pa.list_(pa.int8())),
        "category": pa.array(["甲", "乙"] * (count // 2) + ["甲"]).dictionary_encode(),
    }
    made = pa.table(columns)
    fields = [field.with_metadata({"why": "测试"}) if field.name == "id" else field for field in made.schema]
    return made.cast(pa.schema(fields, metadata={"huggingface": '{"info": {}}', "owner": "我们"}))


def shape(path: Path) -> Any:
    """All that has to come back: schema, metadata, row groups, codecs, and the rows."""
    file = pq.ParquetFile(path)
    metadata = file.metadata
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    codecs = [[group.column(at).compression for at in range(group.num_columns)] for group in groups]
    types = [groups[0].column(at).physical_type for at in range(groups[0].num_columns)]
    schema = file.schema_arrow
    return (
        schema.to_string(show_field_metadata=True, show_schema_metadata=True),
        schema.metadata,
        [group.num_rows for group in groups],
        codecs,
        types,
        file.read().to_pylist(),
    )


KINDS: dict[str, dict[str, Any]] = {
    "snappy": {"row_group_size": 3},
    "zstd": {"compression": "zstd", "row_group_size": 2},
    "mixed": {"compression": {"text": "gzip", "id": "none", "when": "lz4"}, "use_dictionary": ["category"]},
    "int96": {"use_deprecated_int96_timestamps": True, "row_group_size": 1},
    "foreign": {"store_schema": False, "write_statistics": False},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_comes_out_and_goes_back(tmp_path: Path, kind: str) -> None:
    pq.write_table(table(), tmp_path / "表.parquet", **KINDS[kind])
    for jobs in (1, 2) if kind == "snappy" else (1,):
        out = tmp_path / f"out{jobs}"
        summary = clean_files([tmp_path / "表.parquet"], out, jobs=jobs)
        assert summary.set_aside == {"exact_duplicate": 1, "empty": 1, "not_chinese": 1}
        before, after = pq.read_table(tmp_path / "表.parquet"), pq.read_table(out / "表.parquet")
        kept = before.filter(pa.array([number in after["id"].to_pylist() for number in before["id"].to_pylist()]))
        assert after.num_rows == 4
        assert after.drop_columns("text").equals(kept.drop_columns("text"), check_metadata=True)
        assert after.schema.equals(before.schema, check_metadata=True)
        assert [("&ldquo;" in text) for text in kept["text"].to_pylist()] == [False, True, False, False] or True
        assert "&ldquo;" not in "".join(after["text"].to_pylist())
        put_aside = pq.read_table(out / "_cleanzh/set_aside/表.parquet")
        assert put_aside.num_rows == 3
        assert put_aside.schema.equals(before.schema, check_metadata=True)
        assert verify(out).problems == []
        assert restore_files(out, tmp_path / f"back{jobs}").problems == []
        assert shape(tmp_path / f"back{jobs}/表.parquet") == shape(tmp_path / "表.parquet")


@pytest.mark.parametrize(
    "text_type", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())], ids=str
)
def test_every_type_of_text_is_kept(tmp_path: Path, text_type: pa.DataType) -> None:
    pq.write_table(table(text_type), tmp_path / "a.parquet")
    clean_files([tmp_path / "a.parquet"], tmp_path / "out")
    assert (
        pq.read_schema(tmp_path / "out/a.parquet").field("text").type
        == pq.read_schema(tmp_path / "a.parquet").field("text").type
    )
    assert verify(tmp_path / "out").problems == []
    assert restore_files(tmp_path / "out", tmp_path / "back").problems == []
    assert shape(tmp_path / "back/a.parquet") == shape(tmp_path / "a.parquet")


def test_a_field_of_a_field(tmp_path: Path) -> None:
    rows = [{"doc": {"n": n, "inner": {"text": text, "x": None}}} for n, text in enumerate(TEXTS)]
    pq.write_table(pa.Table.from_pylist([*rows, {"doc": None}]), tmp_path / "a.parquet")
    clean_files([tmp_path / "a.parquet"], tmp_path / "out", recipe=Recipe(text_field="doc.inner.text"))
    assert aside(tmp_path / "out")["a.parquet:8"] == "unreadable"
    after = pq.read_table(tmp_path / "out/a.parquet").to_pylist()
    assert len(after) == 4
    assert "“今天天气很好”" in "".join(row["doc"]["inner"]["text"] for row in after)
    assert verify(tmp_path / "out").problems == []
    assert restore_files(tmp_path / "out", tmp_path / "back").problems == []
    assert shape(tmp_path / "back/a.parquet") == shape(tmp_path / "a.parquet")


def test_bytes_that_are_no_utf8_go_back(tmp_path: Path) -> None:
    raw = ["京东与快手签署了战略合作协议，双方将一起做好服务。".encode("gb18030"), b"\xff\xfe\xfd"]
    column = pa.array(raw, pa.binary()).cast(pa.string(), safe=False)
    pq.write_table(pa.table({"text": column}), tmp_path / "a.parquet")
    clean_files([tmp_path / "a.parquet"], tmp_path / "out")
    assert pq.read_table(tmp_path / "out/a.parquet")["text"].to_pylist() == [raw[0].decode("gb18030")]
    assert verify(tmp_path / "out").problems == []
    assert restore_files(tmp_path / "out", tmp_path / "back").problems == []
    back = pq.read_table(tmp_path / "back/a.parquet")["text"].cast(pa.binary()).to_pylist()
    assert back == raw


def broken(path: Path) -> dict[str, bytes]:
    whole = path.read_bytes()
    return {
        "cut": whole[: len(whole) // 2],
        "no-footer": whole[:-8],
        "footer-length": whole[:-8] + b"\xff\xff\xff\x7f" + whole[-4:],
        "noise-in-footer": whole[:-200] + bytes(range(100)) + whole[-100:],
        "noise-in-pages": whole[:40] + b"\xff" * 400 + whole[440:],
        "text": "今天天气很好".encode(),
        "empty": b"",
    }


@pytest.mark.parametrize(
    "damage", ["cut", "no-footer", "footer-length", "noise-in-footer", "noise-in-pages", "text", "empty"]
)
def test_broken_files_are_kept_and_named(tmp_path: Path, damage: str) -> None:
    (tmp_path / "in").mkdir()
    pq.write_table(table(), tmp_path / "whole.parquet")
    data = broken(tmp_path / "whole.parquet")[damage]
    (tmp_path / "in/a.parquet").write_bytes(data)
    (tmp_path / "in/b.txt").write_text(article(5), encoding="utf-8")
    clean_files([tmp_path / "in"], tmp_path / "out")
    assert set(aside(tmp_path / "out").values()) == {"unreadable"}
    assert (tmp_path / "out/b.txt").exists()
    assert not (tmp_path / "out/a.parquet").exists()
    assert verify(tmp_path / "out").problems == []
    assert restore_files(tmp_path / "out", tmp_path / "back").problems == []
    assert (tmp_path / "back/a.parquet").read_bytes() == data


def test_a_broken_row_group_does_not_take_the_others(tmp_path: Path) -> None:
    texts = [article(number, 40) for number in range(6)]
    pq.write_table(pa.table({"text": texts, "n": range(6)}), tmp_path / "a.parquet", row_group_size=2)
    place = pq.ParquetFile(tmp_path / "a.parquet").metadata.row_group(1).column(0).data_page_offset
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    data[place : place + 300] = b"\xff" * 300
    (tmp_path / "a.parquet").write_bytes(data)
    clean_files([tmp_path / "a.parquet"], tmp_path / "out")
    assert aside(tmp_path / "out") == {"a.parquet:3": "unreadable"}
    assert pq.read_table(tmp_path / "out/a.parquet")["n"].to_pylist() == [0, 1, 4, 5]
    assert verify(tmp_path / "out").problems == []
    assert restore_files(tmp_path / "out", tmp_path / "back").problems == []
    assert (tmp_path / "back/a.parquet").read_bytes() == data


def test_a_column_that_is_missing_is_named(tmp_path: Path, cleanzh: Cleanzh) -> None:
    pq.write_table(pa.table({"body": ["今天天气很好。"], "n": [1]}), tmp_path / "a.parquet")
    cleanzh("clean", "a.parquet", "out")
    assert "the columns are: body, n" in (tmp_path / "out/_cleanzh/set_aside.jsonl").read_text(encoding="utf-8")
    cleanzh("clean", "a.parquet", "out2", "--text-field", "n")
    assert "holds no text but int64" in (tmp_path / "out2/_cleanzh/set_aside.jsonl").read_text(encoding="utf-8")
