"""One collection instead of many files: the documents of a run as JSON lines or Parquet (``--to``).

::

    OUT/part-00000.jsonl     id, text, source, metadata (what the document says of itself), fields (its other fields)
    OUT/_cleanzh/frames/     what stood around the texts, to give the input back: its files, with empty texts

Parts are cut by size alone, and documents are in the order of the input.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Self

from cleanzh.errors import LedgerError

__all__ = ["KINDS", "Parts", "Texts", "part_files"]

KINDS = ("jsonl", "parquet")
_COLUMNS = ("id", "text", "source", "metadata", "fields")
_PART_CHARACTERS = 100_000_000
_GROUP_CHARACTERS = 4_000_000


def part_files(out: Path, kind: str) -> list[Path]:
    """The parts in OUT, in order."""
    return sorted(out.glob(f"part-[0-9]*.{kind}"))


class Parts:
    """The parts while they are written; each lies in ``work`` until it is whole."""

    def __init__(self, out: Path, work: Path, kind: str) -> None:
        self.names: set[str] = set()
        self._out, self._kind = out, kind
        self._part = work / "collection.part"
        self._file: _JsonLines | _Parquet | None = None
        self._characters = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._finish()
        elif self._file is not None:
            self._file.close()
            self._part.unlink(missing_ok=True)

    def add(self, name: str, text: str, source: str, metadata: Mapping[str, str], fields: Mapping[str, Any]) -> None:
        """Add a document."""
        if self._file is None:
            file = self._part.open("wb")
            self._file = _Parquet(file) if self._kind == "parquet" else _JsonLines(file)
        self._file.add({"id": name, "text": text, "source": source, "metadata": metadata, "fields": fields})
        self._characters += len(text)
        if self._characters >= _PART_CHARACTERS:
            self._finish()

    def _finish(self) -> None:
        if self._file is None:
            return
        self._file.close()
        name = f"part-{len(self.names):05}.{self._kind}"
        self._out.mkdir(parents=True, exist_ok=True)
        self._part.replace(self._out / name)
        self.names.add(name)
        self._file, self._characters = None, 0


class _JsonLines:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def add(self, row: Mapping[str, Any]) -> None:
        self._file.write(_json(row).encode() + b"\n")

    def close(self) -> None:
        self._file.close()


class _Parquet:
    """Columns of strings; ``metadata`` and ``fields``, which differ from document to document, are JSON."""

    def __init__(self, file: BinaryIO) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._file = file
        self._schema = pa.schema([(name, pa.string()) for name in _COLUMNS])
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")
        self._held: list[dict[str, bytes]] = []
        self._characters = 0

    def add(self, row: Mapping[str, Any]) -> None:
        values = {key: value if isinstance(value, str) else _json(value) for key, value in row.items()}
        self._held.append({key: value.encode("utf-8", "surrogatepass") for key, value in values.items()})
        self._characters += len(row["text"])
        if self._characters >= _GROUP_CHARACTERS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._held:
            # Not safe: half of a surrogate pair, which a text may hold, is no UTF-8.
            columns = [
                pa.array([row[name] for row in self._held], pa.binary()).cast(pa.string(), safe=False)
                for name in _COLUMNS
            ]
            self._writer.write_table(pa.table(columns, schema=self._schema), row_group_size=len(self._held))
        self._held, self._characters = [], 0

    def close(self) -> None:
        self._flush()
        self._writer.close()
        self._file.close()


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, default=_plain)
    return text


def _plain(value: Any) -> str:
    """What JSON has no type for: times, decimals, bytes."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


class Texts:
    """The texts in the parts of a run, source by source in the order of the ledger."""

    def __init__(self, out: Path, kind: str) -> None:
        self._rows = _rows(out, kind)
        self._ahead: tuple[str, str] | None = None

    def of(self, source: str) -> Iterator[str]:
        """The texts of a source. Those of sources before it, if they were not drawn, are passed over."""
        while True:
            if self._ahead is None:
                self._ahead = next(self._rows, None)
            if self._ahead is None or self._ahead[0] > source:
                return
            (name, text), self._ahead = self._ahead, None
            if name == source:
                yield text


def _rows(out: Path, kind: str) -> Iterator[tuple[str, str]]:
    for path in part_files(out, kind):
        try:
            yield from _of_parquet(path) if kind == "parquet" else _of_lines(path)
        except (OSError, ValueError, KeyError) as error:
            raise LedgerError(f"{path}: is not what this run wrote ({error})") from error


def _of_lines(path: Path) -> Iterator[tuple[str, str]]:
    with path.open("rb") as file:
        for line in file:
            row = json.loads(line)
            yield row["source"], row["text"]


def _of_parquet(path: Path) -> Iterator[tuple[str, str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(256, columns=["source", "text"]):
            sources, texts = (batch.column(name).cast(pa.binary()).to_pylist() for name in ("source", "text"))
            for source, text in zip(sources, texts, strict=True):
                yield source.decode("utf-8", "surrogatepass"), text.decode("utf-8", "surrogatepass")
