"""What a format is given to write the outcome of a run, and to read it back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from cleanzh.compression import Sink
from cleanzh.errors import LedgerError
from cleanzh.formats.record import Reading, Source

__all__ = ["Restored", "Row", "Target"]


class Row(NamedTuple):
    """One document to be written: what comes out, or, if it is set ``aside``, as it was found.

    Without a ``body`` its bytes are the ``span`` of the source. The other fields are those of its record.
    """

    id: str
    aside: bool
    body: bytes | None
    before: bytes = b""
    after: bytes = b""
    charset: str = ""
    span: tuple[int, int] | None = None
    digest: str = ""
    container: bool = False
    group: int | None = None
    text: str | None = None
    """Of one that goes into a collection: its text, which is empty in ``body`` then."""
    metadata: Mapping[str, str] | None = None


class Target(Protocol):
    """Where the documents of a source go."""

    def sink(self, *, aside: bool, small: bool = False) -> Sink:
        """The file in OUT, or that of what is set aside, to be written from its begin; compressed as the source is.

        ``small`` is one of a single document, for which a buffer of many is not worth its memory.
        """

    reading: Reading
    """How the source was read."""

    def file(self, *, aside: bool) -> BinaryIO:
        """The same file as it lies on the disk, for formats that compress what they hold themselves."""

    def collect(self, row: Row, fields: Mapping[str, Any]) -> None:
        """Add a document to the collection, with its other fields."""

    def keep_container(self) -> None:
        """Keep the file itself: below ``_cleanzh/originals``, or as what is set aside, if nothing else is."""

    def checked(self, row: Row, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """What is read from the source a second time. Raises :class:`CleanzhError` if it is not the same."""


class Restored(Protocol):
    """What is there to give a source back from, and where to."""

    @property
    def part(self) -> Path:
        """The file to write."""

    def sink(self) -> AbstractContextManager[Sink]:
        """The same, compressed as the source was."""

    @property
    def collected(self) -> bool:
        """Whether the texts lie in a collection, and the files here are without them."""

    def source(self, line: Mapping[str, Any], *, aside: bool) -> Source: ...

    def as_found(self, line: Mapping[str, Any], body: bytes) -> bytes:
        """The bytes of a document as found. Raises :class:`LedgerError` if they do not fit."""

    def glue(self, line: Mapping[str, Any], name: str) -> bytes:
        """What stands ``before`` or ``after`` a document."""

    def checked(self, line: Mapping[str, Any], blocks: Iterable[bytes]) -> Iterator[bytes]:
        """The same for bytes of any number that were not changed."""

    def does_not_fit(self, line: Mapping[str, Any], why: str) -> LedgerError: ...

    def has_more(self) -> LedgerError: ...
