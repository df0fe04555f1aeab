"""Web archives: each page in them is a record, read by warcio and trafilatura.

What comes out is a text with what the archive and the page say of it, so ``a.warc.gz`` becomes ``a.warc.jsonl.gz``, a
line a page: ``id url date title … text``. The archive itself, with the records that are no pages, is kept below
``_cleanzh/originals``; pages that are set aside are WARC records as they were.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from cleanzh.encoding import decode, looks_binary
from cleanzh.errors import LedgerError
from cleanzh.formats.html import article_of
from cleanzh.formats.json_record import fields
from cleanzh.formats.outcome import Restored, Row, Target
from cleanzh.formats.record import Frame, Piece, Reading, Record, Source
from cleanzh.formats.tokens import token

__all__ = ["Warc"]

_SHARD_BYTES = 4 << 20
_PAGES = ("text/html", "application/xhtml+xml", "text/plain")
_BROKEN = (ArchiveLoadFailed, OSError, EOFError, ValueError)


class Warc:
    """``.warc`` and ``.warc.gz``, in which each record is compressed by itself."""

    name = "warc"

    def cut(self, source: Source, reading: Reading) -> Iterator[tuple[Piece, int]]:
        number, start, stop, done = 1, 0, 0, 0
        spans: list[tuple[int, int]] = []
        problem = ""
        if source.compression not in ("", "gzip"):
            yield (
                Piece(source, problem=f"a WARC within {source.compression}; unpack it, or pack its records by gzip"),
                0,
            )
            return
        try:
            with source.open() as file:
                archive = ArchiveIterator(file)
                for record in archive:
                    page = _is_page(record)
                    offset = archive.get_record_offset()
                    stop = offset + archive.get_record_length()  # reads to its end
                    if not page:
                        continue
                    if spans and stop - start > _SHARD_BYTES:
                        yield (
                            Piece(source, start, spans[-1][1], number=number, spans=tuple(spans)),
                            spans[-1][1] - start,
                        )
                        number, start, spans = number + len(spans), spans[-1][1], []
                    spans.append((offset, stop))
        except _BROKEN as error:
            problem = f"can not be read on from byte {stop:,}: {getattr(error, 'strerror', None) or error}"
        if spans:
            yield Piece(source, start, stop, number=number, spans=tuple(spans)), max(0, stop - done)
            number += len(spans)
        if problem or number == 1:
            yield Piece(source, number=number, problem=problem or "no page is in this archive"), 0

    def read(self, piece: Piece, reading: Reading) -> Iterator[Record]:
        name = piece.source.name
        if piece.problem:
            place = name if piece.number == 1 else f"{name}:{piece.number}"
            yield Record(place, name, None, b"", problem=piece.problem, container=True)
            return
        with piece.source.open() as file:
            for number, (start, stop) in enumerate(piece.spans, piece.number):
                yield _record(file, f"{name}:{number}", name, start, stop, reading)

    def write(self, source: Source, rows: Iterable[Row], target: Target) -> None:
        sinks: dict[bool, Any] = {}
        with source.open() as archive:
            for row in rows:
                target.keep_container()
                if row.aside and row.span is None:
                    continue
                if row.aside:
                    # Compressed or not, a record is copied as it lies there.
                    file = sinks.get(True) or sinks.setdefault(True, target.file(aside=True))
                    assert row.span is not None
                    for block in _blocks(archive, *row.span):
                        file.write(block)
                elif row.text is not None:
                    target.collect(row, fields((row.body or b"").decode("utf-8", "surrogatepass"), Reading()))
                else:
                    sink = sinks.get(False) or sinks.setdefault(False, target.sink(aside=False))
                    sink.write(row.body or b"")

    def restore(self, lines: Iterable[Mapping[str, Any]], back: Restored, reading: Reading) -> None:
        raise LedgerError(f"{next(iter(lines))['id']}: the archive that was kept is missing")


def _is_page(record: Any) -> bool:
    if record.rec_type not in ("response", "resource") or record.length == 0:
        return False
    headers = record.http_headers or record.rec_headers
    kind = (headers.get_header("Content-Type") or "").partition(";")[0].strip().lower()
    status = record.http_headers.get_statuscode() if record.http_headers else "200"
    return kind in _PAGES and status == "200"


def _record(file: BinaryIO, place: str, name: str, start: int, stop: int, reading: Reading) -> Record:
    digest = hashlib.sha256()
    for block in _blocks(file, start, stop):
        digest.update(block)
    more: dict[str, Any] = {"span": (start, stop), "digest": digest.hexdigest(), "container": True}
    file.seek(start)
    try:
        found = next(iter(ArchiveIterator(file)))
        payload = found.content_stream().read(reading.max_bytes + 1)
    except (*_BROKEN, StopIteration) as error:
        return Record(place, name, None, b"", problem=f"can not be read: {error}", **more)
    if len(payload) > reading.max_bytes:
        why = f"larger than {reading.max_bytes:,} bytes; --max-document-bytes sets the limit"
        return Record(place, name, None, b"", problem=why, reason="too_large", **more)
    if looks_binary(payload):
        return Record(place, name, None, b"", problem="not text: binary data", **more)
    page, encoding, _ = decode(payload)
    headers = found.http_headers or found.rec_headers
    text: str | None = page
    metadata: dict[str, str] = {}
    if not (headers.get_header("Content-Type") or "").startswith("text/plain"):
        text, metadata = article_of(page)
    if text is None:
        return Record(place, name, None, b"", problem="no article was found in the page", **more)
    given = {
        "id": found.rec_headers.get_header("WARC-Record-ID") or place,
        "url": found.rec_headers.get_header("WARC-Target-URI") or "",
        "date": found.rec_headers.get_header("WARC-Date") or "",
        **{f"page_{key}" if key in ("id", "url", "date") else key: value for key, value in metadata.items()},
    }
    own = given["id"] if reading.id_field else place
    head = json.dumps(given, ensure_ascii=False)[:-1] + ', "text": '
    written = token(text, "json", "utf8")
    frame = Frame(f"{head}{written}}}\n", len(head), len(head) + len(written))
    metadata.setdefault("url", given["url"])
    return Record(own, name, None, b"", text, encoding, frame=frame, metadata=metadata, **more)


def _blocks(archive: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    archive.seek(start)
    left = stop - start
    while left and (block := archive.read(min(left, 1 << 20))):
        yield block
        left -= len(block)
