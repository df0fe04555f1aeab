"""Web pages: the article in them, by trafilatura.

What comes out is a text, so ``a.html`` becomes ``a.html.txt``; title, date and author go to the document's metadata.
The page itself can not be made of the text again: it is kept, below ``_cleanzh/originals``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from typing import Any

from cleanzh.encoding import decode
from cleanzh.errors import LedgerError
from cleanzh.formats.outcome import Restored, Row, Target
from cleanzh.formats.record import Piece, Reading, Record, Source
from cleanzh.formats.whole import read_whole

__all__ = ["Html", "article_of"]

# For trafilatura a name of two characters is none.
_AUTHOR = re.compile(r"""<meta\s+name=(["']?)author\1\s+content=["']([^"'<>]{2,40})["']""", re.IGNORECASE)
_METADATA = {"title": "title", "author": "author", "date": "published", "url": "url", "sitename": "source"}


class Html:
    """``.html`` and ``.htm``."""

    name = "html"

    def cut(self, source: Source, reading: Reading) -> Iterator[tuple[Piece, int]]:
        yield Piece(source), source.size()

    def read(self, piece: Piece, reading: Reading) -> Iterator[Record]:
        found = read_whole(piece.source, reading, container=True)
        if isinstance(found, Record):
            yield found
            return
        name = piece.source.name
        page, encoding, _ = decode(found)
        text, metadata = article_of(page)
        problem = "" if text is not None else "no article was found in the page"
        yield Record(name, name, None, found, text, encoding, problem=problem, container=True, metadata=metadata)

    def write(self, source: Source, rows: Iterable[Row], target: Target) -> None:
        for row in rows:
            target.keep_container()
            if row.text is not None:
                target.collect(row, {})
            elif not row.aside and row.body is not None:
                target.sink(aside=False, small=True).write(row.body)

    def restore(self, lines: Iterable[Mapping[str, Any]], back: Restored, reading: Reading) -> None:
        raise LedgerError(f"{next(iter(lines))['id']}: the page that was kept is missing")


def article_of(page: str) -> tuple[str | None, dict[str, str]]:
    """The article of a page, paragraphs as lines, and what the page says of it; None if there is none."""
    import trafilatura

    # It tells of every page in which it finds nothing; here that is a line of the record.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        found: Any = trafilatura.bare_extraction(page, with_metadata=True, include_comments=False)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError, AssertionError):
        # A page may break its parser or its extractor in ways that neither foresees; it is one page of many.
        found = None
    if found is None or not found.text:
        return None, {}
    metadata = {}
    for theirs, ours in _METADATA.items():
        value = getattr(found, theirs, None)
        if isinstance(value, str) and value.strip():
            metadata[ours] = value.strip()
    if "author" not in metadata and (author := _AUTHOR.search(page)):
        metadata["author"] = unescape(author[2]).strip()
    return f"{found.text}\n", metadata
