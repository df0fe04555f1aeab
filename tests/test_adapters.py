"""Adapters that need nothing but cleanzh (and pyarrow): batches, columns, Arrow."""

from __future__ import annotations

from typing import Any

import pytest

import cleanzh
from cleanzh.adapters import clean_arrow, clean_batch, clean_column, kept, restore_batch
from cleanzh.errors import LedgerError, UsageError

DIRTY = "&ldquo;京東&rdquo;與OPPO的戰(zhàn)略合作進(jìn)一步落地,雙方簽署專項(xiàng)協(xié)議。"
CLEAN = "“京东”与OPPO的战略合作进一步落地，双方签署专项协议。"
FOREIGN = "There is not one Chinese word in this line of text."
COPY = "来源：新浪网\n" + CLEAN * 3


def test_a_batch_is_cleaned_on_record_and_leads_back() -> None:
    batch = {"text": [DIRTY, None, FOREIGN, CLEAN, ""], "id": [1, 2, 3, 4, 5]}
    made = clean_batch(batch)
    assert made["text"] == [CLEAN, None, FOREIGN, CLEAN, ""]
    assert made["cleanzh_set_aside"] == [None, "empty", "not_chinese", None, "empty"]
    assert [record is None for record in made["cleanzh_record"]] == [False, True, True, True, True]
    assert restore_batch(made)["text"] == batch["text"]


def test_a_batch_does_what_clean_does() -> None:
    texts = [DIRTY, COPY, CLEAN]
    assert clean_batch({"text": texts})["text"] == [cleanzh.clean(text) for text in texts]


def test_options_of_a_batch() -> None:
    made = clean_batch({"body": [DIRTY]}, text_field="body", select=["entity"], record=False)
    assert made["body"] == [DIRTY.replace("&ldquo;", "“").replace("&rdquo;", "”")]
    assert list(made) == ["body", "cleanzh_set_aside"]


def test_it_is_reached_by_its_full_name() -> None:
    assert cleanzh.adapters.clean_batch is clean_batch


def test_a_text_that_was_changed_since_is_not_led_back() -> None:
    made = clean_batch({"text": [DIRTY]})
    with pytest.raises(LedgerError, match="not what this record is of"):
        restore_batch({**made, "text": ["别的话。"]})


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ({"body": ["甲"]}, "no column 'text'; the columns are: body"),
        ({"text": ["甲", 7]}, "row 1 of the batch, is no text"),
    ],
)
def test_what_is_no_text_is_named(batch: dict[str, list[Any]], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        clean_batch(batch)


def test_a_list_stays_a_list() -> None:
    assert clean_column([DIRTY, None]) == [CLEAN, None]
    assert kept([CLEAN * 3, COPY, None, "另一篇文章，说的是不同的事情。"]) == [False, True, True, True]
    assert kept([]) == []


def test_arrow_batches_keep_their_other_columns_types_and_metadata() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    schema = pyarrow.schema(
        [pyarrow.field("id", pyarrow.int32()), pyarrow.field("text", pyarrow.large_string())],
        metadata={"made": "by us"},
    )
    batch = pyarrow.RecordBatch.from_pydict({"id": [1, 2], "text": [DIRTY, None]}, schema=schema)
    [made] = clean_arrow([batch])
    assert made.schema.names == ["id", "text", "cleanzh_set_aside", "cleanzh_record"]
    assert made.schema.field("text").type == pyarrow.large_string()
    assert made.schema.metadata == schema.metadata
    assert made.column("text").to_pylist() == [CLEAN, None]
    assert made.column("id").equals(batch.column("id"))
    with pytest.raises(UsageError, match="no column 'body'; the columns are: id, text"):
        list(clean_arrow([batch], text_field="body"))


def test_an_arrow_column_stays_one() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    column = pyarrow.chunked_array([[DIRTY], [None]])
    assert clean_column(column).to_pylist() == [CLEAN, None]
    assert kept(column).to_pylist() == [True, True]
