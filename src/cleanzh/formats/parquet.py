"""Parquet: a row is a record, and of the row only the text column changes.

The other columns are read from the source again when the file is written, row group by row group: they pass through as
Arrow tables. No part of a Parquet file is code, and nothing here loads a pickle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import groupby
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleanzh.encoding import decode, encode
from cleanzh.errors import CleanzhError
from cleanzh.formats.outcome import Restored, Row, Target
from cleanzh.formats.record import Piece, Reading, Record, Source

__all__ = ["Parquet"]

# A large row group is read in slices; what comes before a slice is decoded again, which is cheap beside cleaning.
_SLICE_BYTES = 32 << 20
_BATCH_ROWS = 256

_UNREADABLE = (pa.ArrowException, OSError, ValueError, KeyError, TypeError, MemoryError, OverflowError)
"""What the reader raises for files that are broken, or lie about themselves."""


class _Rows(NamedTuple):
    """The layout of a piece: rows ``start:stop`` of a row group."""

    group: int
    start: int
    stop: int


class Parquet:
    """``.parquet``. Kept are the schema, its metadata, the row groups, and the codec of each column."""

    name = "parquet"

    # --- reading ----------------------------------------------------------------------------------------------------

    def cut(self, source: Source, reading: Reading) -> Iterator[tuple[Piece, int]]:
        size = source.size()
        try:
            with _opened(source) as file:
                _checked_type(file.schema_arrow, reading.text_field)
                if not file.metadata.num_rows:
                    yield Piece(source, problem="a table without rows"), size
                    return
                yield from _pieces(source, file, size)
        except _UNREADABLE as error:
            yield Piece(source, problem=_said(error)), size

    def read(self, piece: Piece, reading: Reading) -> Iterator[Record]:
        name = piece.source.name
        try:
            if not piece.problem:
                yield from _records(piece, reading)
                return
            problem = piece.problem
        except _UNREADABLE as error:
            problem = _said(error)
        place = f"{name}:{piece.number}" if piece.layout else name
        group = piece.layout.group if piece.layout else None
        yield Record(place, name, None, b"", problem=problem, container=True, group=group)

    # --- writing ----------------------------------------------------------------------------------------------------

    def write(self, source: Source, rows: Iterable[Row], target: Target) -> None:
        """Write the table again, in two parts: the rows that come out, with their new texts, and those set aside."""
        with ExitStack() as stack:
            parts: dict[bool, pq.ParquetWriter] = {}
            for group, members in groupby(rows, key=lambda row: row.group):
                held = list(members)
                if any(row.container for row in held):
                    target.keep_container()
                    continue
                assert group is not None
                with _opened(source) as file:
                    table = file.read_row_group(group, use_threads=False)
                    if len(held) != table.num_rows:
                        raise CleanzhError(f"{source.name}: the file was changed while it was read; run again")
                    for aside in (False, True):
                        places = [place for place, row in enumerate(held) if row.aside is aside]
                        if not places:
                            continue
                        part = _rows(table, places)
                        if not aside and held[places[0]].text is not None:
                            for at, others in zip(places, _without_text(part, target.reading.text_field), strict=True):
                                target.collect(held[at], others)
                        if not aside:
                            part = _with_texts(part, target.reading.text_field, [held[at].body for at in places])
                        if aside not in parts:
                            parts[aside] = stack.enter_context(_writer_like(file, target.file(aside=aside)))
                        parts[aside].write_table(part, row_group_size=len(places))

    # --- giving back ------------------------------------------------------------------------------------------------

    def restore(self, lines: Iterable[Mapping[str, Any]], back: Restored, reading: Reading) -> None:
        """Write the table again: from each row group of the source, the rows of both parts in their order."""
        with ExitStack() as stack:
            parts: dict[bool, Iterator[pa.Table]] = {}
            writer: pq.ParquetWriter | None = None
            for _, members in groupby(lines, key=lambda line: line["group"]):
                group = list(members)
                tables, order, before = [], [0] * len(group), 0
                for aside in (False, True):
                    places = [place for place, line in enumerate(group) if ("set_aside" in line) is aside]
                    if not places:
                        continue
                    first = group[places[0]]
                    try:
                        if aside not in parts:
                            file = stack.enter_context(_opened(back.source(first, aside=aside)))
                            parts[aside] = _row_groups(file)
                            writer = writer or stack.enter_context(_writer_like(file, back.part))
                        table = next(parts[aside], None)
                    except _UNREADABLE as error:
                        raise back.does_not_fit(first, _said(error)) from error
                    if table is None or table.num_rows != len(places):
                        raise back.does_not_fit(first, "the row group has other rows")
                    texts = _bytes_of(_column(table, reading.text_field))
                    found = [back.as_found(group[at], raw or b"") for at, raw in zip(places, texts, strict=True)]
                    tables.append(table if aside else _with_texts(table, reading.text_field, found))
                    for number, place in enumerate(places, before):
                        order[place] = number
                    before += len(places)
                assert writer is not None
                writer.write_table(_rows(pa.concat_tables(tables), order), row_group_size=len(group))
            if any(next(left, None) is not None for left in parts.values()):
                raise back.has_more()


def _pieces(source: Source, file: pq.ParquetFile, size: int) -> Iterator[tuple[Piece, int]]:
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    shapes = [(group.num_rows, group.total_byte_size) for group in groups]
    total = sum(length for _, length in shapes) or 1
    number = 1
    for group, (rows, length) in enumerate(shapes):
        if not rows:
            continue
        step = max(1, min(rows, rows * _SLICE_BYTES // max(length, 1)))
        # The whole row group is looked at before any of its rows is given out: either all come, or none.
        if (problem := _problem_of(file, group, rows)) is not None:
            layout = _Rows(group, 0, rows)
            said = f"row group {group} with its {rows} rows can not be read: {problem}"
            yield Piece(source, number=number, layout=layout, problem=said), size * length // total
        else:
            for start in range(0, rows, step):
                stop = min(rows, start + step)
                piece = Piece(source, number=number + start, layout=_Rows(group, start, stop))
                yield piece, size * length * (stop - start) // (total * rows)
        number += rows


def _problem_of(file: pq.ParquetFile, group: int, rows: int) -> str | None:
    try:
        found = sum(b.num_rows for b in file.iter_batches(_BATCH_ROWS, row_groups=[group], use_threads=False))
    except _UNREADABLE as error:
        return _said(error)
    return None if found == rows else f"there are {found}"


def _records(piece: Piece, reading: Reading) -> Iterator[Record]:
    name, (group, start, stop) = piece.source.name, piece.layout
    with _opened(piece.source) as file:
        columns = [reading.text_field]
        if reading.id_field and _type_of(file.schema_arrow, reading.id_field) is not None:
            columns.append(reading.id_field)
        at = 0
        for batch in file.iter_batches(_BATCH_ROWS, row_groups=[group], columns=columns, use_threads=False):
            first, last = max(start - at, 0), min(stop - at, batch.num_rows)
            if first < last:
                texts = _bytes_of(_column(batch, columns[0]))[first:last]
                own = _column(batch, columns[1]).to_pylist()[first:last] if len(columns) > 1 else [None] * len(texts)
                for number, (raw, mine) in enumerate(zip(texts, own, strict=True), piece.number + at + first - start):
                    place = f"{name}:{number}" if mine in (None, "") else str(mine)
                    yield _record(place, name, group, raw, reading)
            at += batch.num_rows
            if at >= stop:
                return


def _record(place: str, name: str, group: int, raw: bytes | None, reading: Reading) -> Record:
    if raw is None:
        return Record(place, name, None, b"", problem=f"{reading.text_field} is null", group=group)
    if len(raw) > reading.max_bytes:
        why = f"{len(raw):,} bytes, and the limit is {reading.max_bytes:,}; --max-document-bytes sets it"
        digest = hashlib.sha256(raw).hexdigest()
        return Record(place, name, None, b"", problem=why, reason="too_large", digest=digest, group=group)
    try:
        return Record(place, name, None, raw, raw.decode("utf-8"), group=group)
    except UnicodeDecodeError:
        text, encoding, lossy = decode(raw)
        lossy = lossy or encode(text, encoding) != raw
        return Record(place, name, None, raw, text, encoding, lossy, group=group)


# --- columns --------------------------------------------------------------------------------------------------------


def _type_of(schema: pa.Schema, field: str) -> pa.DataType | None:
    if field in schema.names:
        return schema.field(field).type
    first, *inner = field.split(".")
    found = schema.field(first).type if first in schema.names else None
    for name in inner:
        if found is None or not pa.types.is_struct(found) or found.get_field_index(name) < 0:
            return None
        found = found.field(name).type
    return found


def _checked_type(schema: pa.Schema, field: str) -> None:
    found = _type_of(schema, field)
    if found is None:
        there = ", ".join(schema.names[:8])
        raise ValueError(f"no column {field!r}; the columns are: {there}; name the right one with --text-field")
    inner = found.value_type if pa.types.is_dictionary(found) else found
    if not (pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_string_view(inner)):
        raise ValueError(f"column {field!r} holds no text but {found}")


def _column(table: pa.Table | pa.RecordBatch, field: str) -> Any:
    if field in table.schema.names:
        return table.column(field)
    first, *inner = field.split(".")
    return pc.struct_field(table.column(first), inner)


def _bytes_of(column: Any) -> list[bytes | None]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string_view(column.type):
        column = column.cast(pa.large_string())
    wide = pa.types.is_large_string(column.type)
    found: list[bytes | None] = column.cast(pa.large_binary() if wide else pa.binary()).to_pylist()
    return found


def _without_text(table: pa.Table, field: str) -> Iterator[dict[str, Any]]:
    """The rows, without their texts."""
    *outer, last = [field] if field in table.schema.names else field.split(".")
    for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
        for row in batch.to_pylist():
            inner = row
            for name in outer:
                inner = inner[name]
            del inner[last]
            yield row


def _with_texts(table: pa.Table, field: str, texts: Sequence[bytes | None]) -> pa.Table:
    """The table with other texts in the column ``field``, of the same type."""
    path = [field] if field in table.schema.names else field.split(".")
    at = table.schema.get_field_index(path[0])
    column = _with_field(table.column(at), path[1:], texts)
    return table.set_column(at, table.schema.field(at), column)


def _with_field(column: Any, inner: Sequence[str], texts: Sequence[bytes | None]) -> Any:
    if not inner:
        return _as_type(texts, column.type)
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(whole, pa.ChunkedArray):  # more than one array can hold
        whole = pa.concat_arrays(whole.chunks)
    at = whole.type.get_field_index(inner[0])
    fields = [pc.struct_field(whole, [number]) for number in range(whole.type.num_fields)]
    changed = _with_field(fields[at], inner[1:], texts)
    fields[at] = changed.combine_chunks() if isinstance(changed, pa.ChunkedArray) else changed
    return pa.StructArray.from_arrays(fields, fields=list(whole.type), mask=whole.is_null())


def _as_type(texts: Sequence[bytes | None], wanted: pa.DataType) -> Any:
    if pa.types.is_dictionary(wanted):
        return _as_type(texts, wanted.value_type).dictionary_encode().cast(wanted)
    if pa.types.is_string_view(wanted):
        return pa.array(texts, pa.large_binary()).cast(pa.large_string(), safe=False).cast(wanted)
    wide = pa.types.is_large_string(wanted)
    # Not safe: bytes that are no UTF-8 go back as they were.
    return pa.array(texts, pa.large_binary() if wide else pa.binary()).cast(wanted, safe=False)


# --- files ----------------------------------------------------------------------------------------------------------


@contextmanager
def _opened(source: Source) -> Iterator[pq.ParquetFile]:
    if source.compression:
        raise ValueError(
            f"a Parquet file within {source.compression}; unpack it, its columns are compressed as they are"
        )
    with source.open() as raw, pq.ParquetFile(raw, pre_buffer=False) as file:
        yield file


def _rows(table: pa.Table, places: Sequence[int]) -> pa.Table:
    """Some rows of a table, in this order."""
    if list(places) == list(range(table.num_rows)):
        return table
    try:
        return table.take(places)
    except pa.ArrowNotImplementedError:  # there are types, such as string_view, that it can only slice
        return pa.concat_tables([table.slice(place, 1) for place in places])


def _row_groups(file: pq.ParquetFile) -> Iterator[pa.Table]:
    for number in range(file.metadata.num_row_groups):
        yield file.read_row_group(number, use_threads=False)


def _writer_like(file: pq.ParquetFile, target: Any) -> pq.ParquetWriter:
    """A writer of files such as ``file``: the same schema and metadata, codecs, dictionaries, kind of time stamps."""
    schema = file.schema_arrow
    group = file.metadata.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    dictionaries = [c.path_in_schema for c in columns if any("DICTIONARY" in encoding for encoding in c.encodings)]
    return pq.ParquetWriter(
        target,
        schema,
        compression={c.path_in_schema: "NONE" if c.compression == "UNCOMPRESSED" else c.compression for c in columns},
        use_dictionary=dictionaries or False,
        write_statistics=[c.path_in_schema for c in columns if c.is_stats_set] or False,
        use_deprecated_int96_timestamps=any(c.physical_type == "INT96" for c in columns),
        use_compliant_nested_type=not any(".list.item" in c.path_in_schema for c in columns),
        store_schema=b"ARROW:schema" in (file.metadata.metadata or {}),
    )


def _said(error: BaseException) -> str:
    """What an error says, in one line."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(said.split())[:300]
