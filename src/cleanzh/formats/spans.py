"""Formats whose records are spans of the file's bytes, with *glue* between them: brackets, commas, a header row.

The file is read once, from begin to end, by a scanner that finds where records begin and end, and cut into pieces. What
is written, and what is given back, is glue and records in their order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from cleanzh.compression import DamageError
from cleanzh.encoding import decode, encode
from cleanzh.formats.content import Content, encoded, opened, span
from cleanzh.formats.outcome import Restored, Row, Target
from cleanzh.formats.record import Frame, Piece, Reading, Record, Source, place_after

__all__ = ["Found", "Scanner", "Spanned", "UnusableError"]

# As small as the smallest shard; larger shards are of many pieces.
PIECE_BYTES = 1 << 19
_MOST_GLUE = 1 << 20


class UnusableError(Exception):
    """No record of a file can be read; the message says why."""


class Scanner(Protocol):
    """Finds records. Offsets count from the begin of the file, blocks come in order."""

    start: int | None
    """Where the record begins that is not at its end yet."""

    def feed(self, block: bytes, offset: int) -> Iterator[tuple[int, int]]: ...

    def end(self, offset: int) -> Iterator[tuple[int, int]]:
        """What is left when the file ends at ``offset``."""


class Found(NamedTuple):
    """The text in a record, and where it stands."""

    start: int
    end: int
    text: str
    id: str | None = None


class Spanned:
    """The base of these formats: what they do not differ in."""

    name: str
    kind: str
    narrow = True
    lines = False
    """Whether each record is a line, so that lines need not be counted."""

    def scanner(self, head: bytes, reading: Reading) -> tuple[Scanner, Any]:
        """A scanner for a file that begins with ``head``, and the layout that :meth:`find` asks for.

        Raises :class:`UnusableError`.
        """
        raise NotImplementedError

    def find(self, line: str, layout: Any, reading: Reading) -> Found:
        """The text in a record. Raises :class:`ValueError`, with the reason."""
        raise NotImplementedError

    def fields(self, line: str, layout: Any, reading: Reading) -> dict[str, Any]:
        """What else a record has."""
        raise NotImplementedError

    def opening(self, glue: bytes) -> bytes:
        """How a file begins, if the records of the source that ``glue`` began are in it."""
        return glue

    def separator(self, glue: bytes, opening: bytes) -> bytes:
        return glue

    def closing(self, glue: bytes, opening: bytes) -> bytes:
        return glue

    # --- reading ----------------------------------------------------------------------------------------------------

    def cut(self, source: Source, reading: Reading, charset: str | None = None) -> Iterator[tuple[Piece, int]]:
        """The pieces of a source, and how many bytes of the file each took."""
        try:
            with opened(source, charset, narrow=self.narrow) as content:
                done = 0
                for piece in _Cutting(self, source, content, reading).pieces():
                    yield piece, content.position - done
                    done = content.position
        except OSError as error:
            yield Piece(source, problem=f"can not be read: {error.strerror or error}"), 0

    def read(self, piece: Piece, reading: Reading) -> Iterator[Record]:
        source, name = piece.source, piece.source.name
        place = f"{name}:{piece.number}"
        if piece.problem:
            whole = piece.number == 1
            yield Record(
                name if whole else place,
                name,
                None if whole else piece.line,
                piece.data or b"",
                problem=piece.problem,
                charset=piece.charset,
                container=True,
            )
        elif piece.large:
            digest = hashlib.sha256()
            for block in span(source, piece.charset, *piece.spans[0]):
                digest.update(block)
            yield Record(
                place,
                name,
                piece.line,
                b"",
                problem=f"larger than {reading.max_bytes:,} bytes; --max-document-bytes sets the limit",
                reason="too_large",
                before=piece.glue,
                after=piece.data or b"",
                charset=piece.charset,
                span=piece.spans[0],
                digest=digest.hexdigest(),
            )
        else:
            try:
                data = piece.data if piece.data is not None else b"".join(span(source, "", piece.start, piece.stop))
            except (OSError, DamageError) as error:
                reason = f"can not be read: {getattr(error, 'strerror', None) or error}"
                yield Record(place, name, piece.line, b"", problem=reason, container=True)
                return
            yield from self._records(piece, data, reading)

    def _records(self, piece: Piece, data: bytes, reading: Reading) -> Iterator[Record]:
        name, place, done = piece.source.name, (piece.line, piece.column), 0
        if not piece.spans:
            yield Record(name, name, None, data, text="", charset=piece.charset)
        for number, (start, stop) in enumerate(piece.spans, piece.number):
            start, stop = start - piece.start, stop - piece.start
            before, raw = data[done:start], data[start:stop]
            if before:
                place = place_after(before, *place)
            after = data[stop:] if number - piece.number + 1 == len(piece.spans) else b""
            yield self._record(piece, number, place, raw, reading, before, after)
            place = place_after(raw, *place)
            done = stop

    def _record(
        self,
        piece: Piece,
        number: int,
        place: tuple[int, int],
        raw: bytes,
        reading: Reading,
        before: bytes,
        after: bytes,
    ) -> Record:
        source, (line, column) = piece.source.name, place
        own = f"{source}:{number}"
        encoding, lossy = "utf-8", False
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            if piece.charset:
                text = raw.decode("utf-8", "surrogatepass")
            else:
                text, encoding, lossy = decode(raw)
                lossy = lossy or encode(text, encoding) != raw
        else:
            if number == 1 and text.startswith("\ufeff"):
                text, encoding = text[1:], "utf-8-sig"
        more: dict[str, Any] = {"before": before, "after": after, "charset": piece.charset, "column": column}
        if not text or text.isspace():
            return Record(own, source, line, raw, "", encoding, **more)
        try:
            found = self.find(text, piece.layout, reading)
        except ValueError as error:
            return Record(own, source, line, raw, None, encoding, lossy, problem=f"line {line}: {error}", **more)
        frame = Frame(text, found.start, found.end, self.kind)
        return Record(found.id or own, source, line, raw, found.text, encoding, lossy, frame, **more)

    # --- writing ----------------------------------------------------------------------------------------------------

    def write(self, source: Source, rows: Iterable[Row], target: Target) -> None:
        """Write the documents of a source, each to its place, glue between them."""
        opening: bytes | None = None
        closing = b""
        layout: Any = None
        sinks: dict[bool, Any] = {}
        for row in rows:
            glue = b""
            if opening is None:
                opening = self.opening(row.before)
            else:
                glue = self.separator(row.before, opening)
            if row.container:
                target.keep_container()
            if row.container and not sinks and row.aside:
                continue  # there is nothing of it but the file itself
            charset = row.charset if row.aside else ""
            if row.aside not in sinks:
                sinks[row.aside] = target.sink(aside=row.aside), charset
                glue = opening
            sink, _ = sinks[row.aside]
            sink.write(encoded(glue, charset))
            if row.body is not None:
                sink.write(encoded(row.body, charset))
                if row.text is not None:
                    line = row.body.decode("utf-8", "surrogatepass")
                    layout = layout or self.scanner(opening, target.reading)[1]
                    target.collect(row, self.fields(line, layout, target.reading))
            elif row.span is not None:
                for block in target.checked(row, span(source, row.charset, *row.span)):
                    sink.write(encoded(block, charset))
            closing = row.after
        for aside, (sink, charset) in sinks.items():
            # What broke off in the middle of a record is set aside as it broke off.
            sink.write(encoded(closing if aside else self.closing(closing, opening or b""), charset))

    # --- giving back ------------------------------------------------------------------------------------------------

    def restore(self, lines: Iterable[Mapping[str, Any]], back: Restored, reading: Reading) -> None:
        """Write a source again, from its ledger lines and the two files it was parted into."""
        with back.sink() as sink:
            for block in _restored(self, lines, back, reading):
                sink.write(block)


class _Cutting:
    """The cutting of one source."""

    def __init__(self, form: Spanned, source: Source, content: Content, reading: Reading) -> None:
        self._form, self._source, self._content, self._reading = form, source, content, reading
        self._held = bytearray()
        self._base = 0  # the offset of what is held
        self._done = 0  # where the last record ends
        self._place = 1, 0
        self._number = 1
        self._spans: list[tuple[int, int]] = []
        self._large: tuple[bytes, int, int] | None = (
            None  # the glue before the pending record that is not held; its place
        )
        self._layout: Any = None

    def pieces(self) -> Iterator[Piece]:
        scanner: Scanner | None = None
        total = 0
        try:
            for block in self._content:
                if scanner is None:
                    scanner, self._layout = self._form.scanner(block, self._reading)
                offset, total = total, total + len(block)
                self._held += block
                for found in scanner.feed(block, offset):
                    yield from self._take(found)
                yield from self._bound(scanner.start, total)
            if scanner is not None:
                for found in scanner.end(total):
                    yield from self._take(found)
        except DamageError as damage:
            yield from self._flush()
            yield self._piece(data=bytes(self._held), problem=str(damage))
            return
        except UnusableError as unusable:
            yield self._piece(problem=str(unusable))
            return
        if self._spans:
            yield from self._flush(total)
        elif self._number == 1:
            yield self._piece(data=bytes(self._held))

    def _bound(self, start: int | None, total: int) -> Iterator[Piece]:
        """Hold no more than one record may have."""
        if start is not None:
            if total - max(start, self._base) > self._reading.max_bytes:
                yield from self._drop(start, total)
        elif total - max(self._done, self._base) > self._reading.max_bytes + _MOST_GLUE:
            raise DamageError(f"there is no record in {total - self._done:,} bytes")

    def _take(self, found: tuple[int, int]) -> Iterator[Piece]:
        start, stop = found
        if stop - start > self._reading.max_bytes:
            if start >= self._base:
                yield from self._drop(start, stop)
            self._forget(stop)
            self._spans.append(found)
        else:
            if self._spans and (self._large or stop - self._base > PIECE_BYTES):
                yield from self._flush()
            self._spans.append(found)
        self._done = stop

    def _drop(self, start: int, stop: int) -> Iterator[Piece]:
        """A record that is too large to hold begins at ``start`` and reaches to ``stop``, at least."""
        if start >= self._base:
            yield from self._flush()
            glue = bytes(self._held[: start - self._base])
            self._large = glue, *place_after(glue, *self._place)
        self._forget(stop)

    def _forget(self, stop: int, place: tuple[int, int] | None = None) -> None:
        """Hold what comes from ``stop`` on, which is at ``place``."""
        count = stop - self._base
        self._place = place or place_after(self._held[:count], *self._place)
        del self._held[:count]
        self._base = stop

    def _flush(self, stop: int | None = None) -> Iterator[Piece]:
        if not self._spans:
            return
        stop = self._done if stop is None else stop
        place = None
        if self._large is not None:
            glue, line, column = self._large
            tail = bytes(self._held[: stop - self._base])
            piece = self._piece(spans=tuple(self._spans), glue=glue, data=tail, large=True)
            yield piece._replace(line=line, column=column)
        else:
            count = stop - self._base
            there = not self._source.compression and not self._content.charset and not self._source.url
            yield self._piece(stop=stop, spans=tuple(self._spans), data=None if there else bytes(self._held[:count]))
            if self._form.lines:
                place = self._place[0] + len(self._spans), 0
        self._forget(stop, place)
        self._number += len(self._spans)
        self._spans, self._large = [], None

    def _piece(self, **more: Any) -> Piece:
        return Piece(
            self._source, self._base, line=self._place[0], column=self._place[1], number=self._number,
            layout=self._layout, charset=self._content.charset, **more,
        )  # fmt: skip


def _bodies(form: Spanned, source: Source, charset: str, reading: Reading) -> Iterator[bytes | Iterator[bytes]]:
    """The records of a file that a run wrote; a large one block by block."""
    for piece, _ in form.cut(source, reading, charset):
        if piece.problem:
            raise DamageError(piece.problem)
        if piece.large:
            yield span(source, charset, *piece.spans[0])
            continue
        data = piece.data if piece.data is not None else b"".join(span(source, charset, piece.start, piece.stop))
        if not piece.spans:
            yield data
        for start, stop in piece.spans:
            yield data[start - piece.start : stop - piece.start]


def _restored(form: Spanned, lines: Iterable[Mapping[str, Any]], back: Restored, reading: Reading) -> Iterator[bytes]:
    bodies: dict[bool, Iterator[bytes | Iterator[bytes]]] = {}
    for line in lines:
        aside, charset = "set_aside" in line, line.get("charset", "")
        if aside not in bodies:
            bodies[aside] = _bodies(form, back.source(line, aside=aside), charset if aside else "", reading)
        try:
            body = next(bodies[aside], None)
        except (DamageError, OSError) as error:
            raise back.does_not_fit(line, str(error)) from error
        if body is None:
            raise back.does_not_fit(line, "it is not there")
        yield encoded(back.glue(line, "before"), charset)
        if isinstance(body, bytes):
            yield encoded(back.as_found(line, body), charset)
        else:
            for block in back.checked(line, body):
                yield encoded(block, charset)
        yield encoded(back.glue(line, "after"), charset)
    for left in bodies.values():
        if next(left, None) is not None:
            raise back.has_more()
