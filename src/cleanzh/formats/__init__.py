"""The formats of documents: how a file is cut into records, what of a record is text, and how it is written again.

Each format is a file here and a line in the table below. ``spans`` is the base of those whose records are spans of the
file's bytes; ``content`` is what a file holds, whatever its compression and charset.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol

from cleanzh.compression import COMPRESSIONS
from cleanzh.errors import UsageError
from cleanzh.formats.outcome import Restored, Row, Target
from cleanzh.formats.record import Frame, Piece, Reading, Record, Shard, Skipped, Source, Stamp

__all__ = [
    "FORMATS",
    "Format",
    "Frame",
    "Piece",
    "Reading",
    "Record",
    "Shard",
    "Skipped",
    "Source",
    "Stamp",
    "format_of",
    "known_suffixes",
    "named",
    "output_name",
    "require",
]


class Format(Protocol):
    """What a format knows to do."""

    name: str

    def cut(self, source: Source, reading: Reading) -> Iterator[tuple[Piece, int]]:
        """The pieces of a source, one after the other, and how many bytes of the file each took."""

    def read(self, piece: Piece, reading: Reading) -> Iterator[Record]:
        """The records of a piece. A record that can not be read is one with a problem; nothing is raised."""

    def write(self, source: Source, rows: Iterable[Row], target: Target) -> None:
        """Write all documents of a source, in order, each into OUT or to what is set aside."""

    def restore(self, lines: Iterable[Mapping[str, Any]], back: Restored, reading: Reading) -> None:
        """Write the source again, from its ledger lines and what was written; raises :class:`LedgerError`."""


class _Entry(NamedTuple):
    suffixes: tuple[str, ...]
    module: str
    maker: str
    arguments: tuple[str, ...] = ()
    needs: str = ""  # a package
    extra: str = ""  # and the extra of cleanzh that brings it
    becomes: str = ""  # what is added to the name of a file in OUT, where another format comes out


FORMATS: dict[str, _Entry] = {
    "txt": _Entry((".txt",), "whole", "Text", ("txt",)),
    "md": _Entry((".md",), "whole", "Text", ("md",)),
    "jsonl": _Entry((".jsonl", ".ndjson"), "jsonl", "JsonLines"),
    "json": _Entry((".json",), "json_array", "Json"),
    "csv": _Entry((".csv",), "delimited", "Delimited", ("csv",)),
    "tsv": _Entry((".tsv",), "delimited", "Delimited", ("tsv", "\t")),
    "parquet": _Entry((".parquet",), "parquet", "Parquet", needs="pyarrow", extra="parquet"),
    "html": _Entry((".html", ".htm"), "html", "Html", needs="trafilatura", extra="html", becomes=".txt"),
    "warc": _Entry((".warc",), "warc", "Warc", needs="warcio", extra="warc", becomes=".jsonl"),
}

_BY_SUFFIX = {suffix: name for name, entry in FORMATS.items() for suffix in entry.suffixes}


@lru_cache
def named(name: str) -> Format:
    """The format of this name."""
    entry = FORMATS[name]
    made: Format = getattr(importlib.import_module(f"cleanzh.formats.{entry.module}"), entry.maker)(*entry.arguments)
    return made


def format_of(name: str, form: str = "auto") -> tuple[str, str] | None:
    """The format and the compression of a file, by its name; None if it is none of ours.

    >>> format_of("a.jsonl.gz"), format_of("b.csv"), format_of("c.pdf")
    (('jsonl', 'gzip'), ('csv', ''), None)
    """
    name = name.lower()
    compression = ""
    for suffix, meant in COMPRESSIONS.items():
        if name.endswith(suffix):
            name, compression = name[: -len(suffix)], meant
    if form != "auto":
        return form, compression
    found = _BY_SUFFIX.get(name[name.rfind(".") :]) if "." in name else None
    return (found, compression) if found else None


def output_name(name: str, form: str) -> str:
    """What a source is called in OUT: the same, unless another format comes out.

    >>> output_name("a.html.gz", "html"), output_name("a.csv", "csv")
    ('a.html.txt.gz', 'a.csv')
    """
    added = FORMATS[form].becomes
    if not added:
        return name
    suffix = next((suffix for suffix in COMPRESSIONS if name.lower().endswith(suffix)), "")
    stem = name[: len(name) - len(suffix)]
    return f"{stem}{added}{name[len(stem) :]}"


def known_suffixes() -> str:
    """For messages: what a file may be called."""
    return ", ".join(_BY_SUFFIX)


def require(form: str, compression: str, path: object) -> None:
    """Raise :class:`UsageError` if what a file asks for is not installed."""
    entry = FORMATS[form]
    missing = [(entry.needs, entry.extra)] if entry.needs else []
    if compression == "zstd":
        missing.append(("zstandard", "zstd"))
    for package, extra in missing:
        if find_spec(package) is None:
            raise UsageError(f"{path}: {package} is needed to read this; pip install 'cleanzh[{extra}]'")
