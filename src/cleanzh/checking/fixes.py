"""What can be fixed, put right in place: of a file only what changes is written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import BinaryIO

from cleanzh.checking.checks import Checks
from cleanzh.checking.files import Checked, check_files
from cleanzh.compression import Sink, compressed
from cleanzh.document import Cleaned
from cleanzh.encoding import encode
from cleanzh.formats.content import encoded, span
from cleanzh.formats.tokens import style_of, token
from cleanzh.readers import Frame, Record, Source

__all__ = ["fix_files"]


def fix_files(sources: Iterable[Source], checks: Checks) -> Iterator[Checked]:
    """Check files, and write what can be fixed to the same place: beside and renamed, only if it changed, mode kept.

    A ``.txt`` stays in its charset if that can hold it, of a JSON line only the text changes. Yields what was
    ``fixed``, by its place in the file as it was, and what is left, by its place in the file as it now is.
    """
    for source in sources:
        target = source.path.resolve()
        part = target.with_name(f".{target.name}.cleanzh-{os.getpid()}")
        with ExitStack() as stack:
            sink: Sink | None = None
            file: BinaryIO | None = None
            position = 0
            for checked in check_files([source], checks):
                record = checked.record
                raw, fixed = _fixed(checked, checks)
                if sink is None and raw != record.raw:
                    stack.callback(part.unlink, missing_ok=True)
                    file = stack.enter_context(part.open("wb"))
                    sink = compressed(file, source.compression)
                    for block in span(source, record.charset, 0, position) if position else ():
                        sink.write(encoded(block, record.charset))
                if sink is not None:
                    sink.write(encoded(record.before + raw + record.after, record.charset))
                position += len(record.before) + len(record.raw) + len(record.after)
                yield fixed
            if sink is not None and file is not None:
                sink.close()
                file.close()
                shutil.copymode(target, part)
                part.replace(target)


def _fixed(checked: Checked, checks: Checks) -> tuple[bytes, Checked]:
    """The bytes of a document after the fix, and what there is to say about it."""
    path, record, cleaned, reason, findings = checked[:5]
    if cleaned is None or reason is not None or not cleaned.steps or cleaned.text == record.text:
        return record.raw, checked
    if record.lossy:
        left = f"left as it is: not every byte can be read as {record.encoding}, so it could not be written back"
        return record.raw, checked._replace(note=left)
    raw, frame, encoding = _written(record, cleaned.text)
    note = "" if encoding == record.encoding else f"written as UTF-8: {record.encoding} can not hold what it became"
    after = record._replace(raw=raw, text=cleaned.text, encoding=encoding, frame=frame)
    left_over = checks.findings(after, Cleaned(cleaned.text, (), cleaned.metadata, cleaned.flags), None, path)
    done = tuple(finding for finding in findings if finding.fixable)
    return raw, checked._replace(record=after, findings=left_over, fixed=done, note=note)


def _written(record: Record, text: str) -> tuple[bytes, Frame | None, str]:
    """A record with another text: its bytes, the JSON line around it, and its charset."""
    if record.frame is None:
        # A file in several charsets is dirt of its own; it leaves in one.
        raw = None if record.encoding.startswith("mixed:") else encode(text, record.encoding)
        if raw is not None:
            return raw, None, record.encoding
        return text.encode("utf-8", "surrogatepass"), None, "utf-8"
    line, start, end, kind = record.frame
    if kind == "csv":
        frame = record.frame.with_text(text, style_of(line[start:end], record.text or "", kind))
        raw = encode(frame.line, record.encoding)
        return (raw, frame, record.encoding) if raw is not None else (frame.line.encode(), frame, "utf-8")
    # A token that was ASCII stays so, and what the charset can not hold is escaped.
    for style in ("ascii",) if line[start:end].isascii() else ("utf8", "ascii"):
        frame = record.frame.holding(token(text, kind, style))
        raw = encode(frame.line, record.encoding)
        if raw is not None:
            return raw, frame, record.encoding
    raise AssertionError("a line that is not lossy goes back into its charset, and ASCII is in all of them")
