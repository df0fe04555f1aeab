"""Where records begin and end, however the file comes in blocks; against parsers that hold it whole."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanzh.formats import Reading
from cleanzh.formats.delimited import Delimited
from cleanzh.formats.json_array import Json
from cleanzh.formats.jsonl import JsonLines
from cleanzh.formats.spans import Scanner, Spanned

READING = Reading()


def blocks(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    for start, stop in pairwise(places):
        yield data[start:stop]


def scanned(form: Spanned, data: bytes, cuts: list[int]) -> list[tuple[int, int]]:
    scanner: Scanner = form.scanner(data, READING)[0]
    found: list[tuple[int, int]] = []
    offset = 0
    for block in blocks(data, cuts):
        found += scanner.feed(block, offset)
        offset += len(block)
    return [*found, *scanner.end(offset)]


def checked(form: Spanned, data: bytes, cuts: list[int]) -> list[bytes]:
    """The records, after it was seen that the blocks do not matter and that spans follow one another."""
    spans = scanned(form, data, cuts)
    assert spans == scanned(form, data, [])
    ends = [0, *(place for span in spans for place in span)]
    assert ends == sorted(ends)
    assert not spans or spans[-1][1] <= len(data)
    return [data[start:stop] for start, stop in spans]


CUTS = st.lists(st.integers(0, 10_000), max_size=12)
TEXTS = st.text(st.sampled_from('一"\\,[]{}\n\r\t;| a:\ud83d\ufeff'), max_size=12) | st.text(max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(
    st.lists(VALUES, max_size=6), CUTS, st.sampled_from([None, 1, "\t"]), st.booleans(), st.sampled_from(["", "\ufeff"])
)
def test_values_of_an_array(values: list[Any], cuts: list[int], indent: Any, escaped: bool, mark: str) -> None:
    text = mark + json.dumps(values, ensure_ascii=escaped, indent=indent) + "\n"
    found = checked(Json(), text.encode("utf-8", "surrogatepass"), cuts)
    assert [json.loads(value.decode("utf-8", "surrogatepass")) for value in found] == values


@given(
    st.lists(st.dictionaries(TEXTS, VALUES, max_size=3), min_size=1, max_size=5),
    CUTS,
    st.sampled_from(["", "\n", " \r\n"]),
)
def test_objects_one_after_the_other(values: list[Any], cuts: list[int], between: str) -> None:
    data = between.join(json.dumps(value) for value in values).encode()
    assert [json.loads(value) for value in checked(Json(), data, cuts)] == values


@given(st.binary(max_size=60), CUTS, st.sampled_from([b"[", b"{", b'{"a":"', b"[1,", b"[]"]))
def test_noise_after_a_begin_is_cut_alike(noise: bytes, cuts: list[int], begin: bytes) -> None:
    checked(Json(), begin + noise, cuts)


@given(
    st.lists(st.lists(st.text(max_size=8) | TEXTS, min_size=2, max_size=4).map(lambda row: ["x", *row]), max_size=5),
    CUTS,
    st.sampled_from(",;\t|"),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_rows(rows: list[list[str]], cuts: list[int], delimiter: str, quoting: Any, end: str) -> None:
    rows = [[cell.replace("\x00", "").replace("\r", "") for cell in row] for row in rows]
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerow(["id", "text", "more"])
    writer.writerows(rows)
    data = file.getvalue().encode("utf-8", "surrogatepass")
    form = Delimited("csv")
    found = checked(form, data, cuts)
    assert len(found) == len(rows)
    layout = form.scanner(data, READING)[1]
    for row, raw in zip(rows, found, strict=True):
        line = raw.decode("utf-8", "surrogatepass")
        assert next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter)) == row
        assert form.find(line, layout, READING).text == row[1]


@given(st.binary(max_size=80), CUTS)
def test_noise_in_a_table_is_cut_alike(noise: bytes, cuts: list[int]) -> None:
    found = checked(Delimited("csv"), b"id,text\n" + noise, cuts)
    assert b"".join(found) == noise


@given(st.binary(max_size=80), CUTS)
def test_lines(data: bytes, cuts: list[int]) -> None:
    found = checked(JsonLines(), data, cuts)
    assert found == list(io.BytesIO(data))


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("1,好,x\n", "好"),
        ('1,"好,""很""好",x\r\n', '好,"很"好'),
        ('1,好"很"好,x\n', '好"很"好'),
        ('1,"好"的,x\n', "好的"),
        ("1,好\n", "好"),
        ('1,"好\n好",x', "好\n好"),
        ("1,好,x,y,z\n", "好"),
        ("1,\x00好\x00,x\n", "\x00好\x00"),
    ],
)
def test_cells_of_every_kind(row: str, text: str) -> None:
    form = Delimited("csv")
    layout = form.scanner(b"id,text,more\n", READING)[1]
    found = form.find(row, layout, READING)
    assert found.text == text
    assert row[found.start : found.end] in row


@pytest.mark.parametrize(("row", "why"), [("1\n", "ends after 1 of 3 cells"), ('1,"好,x\n', "opened and not closed")])
def test_rows_that_have_no_text(row: str, why: str) -> None:
    form = Delimited("csv")
    with pytest.raises(ValueError, match=why):
        form.find(row, form.scanner(b"id,text,more\n", READING)[1], READING)


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [("id,text", ","), ("id;text", ";"), ("id\ttext", "\t"), ("id|text", "|"), ('"id,x";"text"', ";"), ("text", ",")],
)
def test_the_delimiter_is_that_of_the_header(header: str, delimiter: str) -> None:
    assert Delimited("csv").scanner(f"\ufeff{header}\r\n".encode(), READING)[1].delimiter == delimiter
