"""Arrow record batches in, record batches out: the shape of Spark's ``mapInArrow`` and of Ray Data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from cleanzh.adapters.batch import clean_batch

if TYPE_CHECKING:
    import pyarrow

__all__ = ["clean_arrow"]


def clean_arrow(
    batches: Iterable[pyarrow.RecordBatch],
    *,
    text_field: str = "text",
    script: str = "simplified",
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    record: bool = True,
) -> Iterator[pyarrow.RecordBatch]:
    """Clean the column ``text_field`` of record batches; the others pass through.

    The columns ``cleanzh_set_aside`` and ``cleanzh_record`` of :func:`~cleanzh.adapters.clean_batch` come behind them.

    >>> import pyarrow
    >>> [batch] = clean_arrow([pyarrow.RecordBatch.from_pydict({"text": ["京東與OPPO簽署協議。"], "id": [7]})])
    >>> batch.schema.names, batch["text"][0].as_py()
    (['text', 'id', 'cleanzh_set_aside', 'cleanzh_record'], '京东与OPPO签署协议。')
    """
    import pyarrow

    for batch in batches:
        names = batch.schema.names
        columns = {name: batch.column(name).to_pylist() for name in names if name == text_field} or dict.fromkeys(names)
        made = clean_batch(columns, text_field=text_field, script=script, select=select, ignore=ignore, record=record)
        fields = [batch.schema.field(name) for name in names]
        arrays = [
            pyarrow.array(made[name], type=batch.schema.field(name).type) if name == text_field else batch.column(name)
            for name in names
        ]
        for name in [name for name in made if name != text_field]:
            fields.append(pyarrow.field(name, pyarrow.string()))
            arrays.append(pyarrow.array(made[name], type=pyarrow.string()))
        yield pyarrow.RecordBatch.from_arrays(arrays, schema=pyarrow.schema(fields, metadata=batch.schema.metadata))
