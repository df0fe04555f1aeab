"""The record of a run: one line a document, enough to replay what was done to it, and to give its bytes back.

A ledger line is a JSON object:

``id source line``
    the document, the file it lies in (the same below IN and OUT) and, in a ``.jsonl``, its line.
``sha256 encoding json raw``
    how its bytes come back: the charset, how the JSON string was written (``ascii`` or ``utf8``, or the string itself),
    and the bytes as base64 where text and charset alone do not lead back.
``steps``
    what each filter changed: ``{"filter": …, "edits": [{"rule", "start", "before", "after"}, …]}``, spans of the text
    that the steps before lead to.
``metadata flags``
    what the document says of itself, and what could not be mended.
``set_aside``
    the reason, for a document that is not in OUT but below ``_cleanzh/set_aside/``, as it was found.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from cleanzh.document import Cleaned, Flag, Step, restore
from cleanzh.edits import Edit
from cleanzh.encoding import encode
from cleanzh.errors import EditError, LedgerError
from cleanzh.readers import Frame, Record, locate

__all__ = [
    "FOLDER",
    "cleaned_from",
    "entry",
    "json_line",
    "json_style",
    "json_token",
    "original",
    "originals",
    "read_lines",
    "set_aside",
]

FOLDER = "_cleanzh"
"""The folder in OUT that holds the record of the run."""


def entry(record: Record, cleaned: Cleaned | None, reason: str | None) -> dict[str, Any]:
    """The ledger line of one document, before near duplicates are known."""
    line: dict[str, Any] = {"id": record.id, "source": record.source}
    if record.line is not None:
        line["line"] = record.line
    line |= {"sha256": record.sha256, "encoding": record.encoding}
    if record.frame is not None and record.text is not None:
        line["json"] = json_style(record.frame, record.text)
    if record.lossy:
        line["raw"] = base64.b64encode(record.raw).decode("ascii")
    done = cleaned or Cleaned("")
    line["steps"] = [{"filter": step.filter, "edits": [edit._asdict() for edit in step.edits]} for step in done.steps]
    line["metadata"] = dict(done.metadata)
    line["flags"] = [flag._asdict() for flag in done.flags]
    if reason is not None:
        line["set_aside"] = reason
    return line


def json_token(value: str, style: str) -> str:
    """A string as JSON, ``ascii`` (escaped) or ``utf8`` (as it is).

    >>> json_token("你", "ascii"), json_token("你", "utf8")
    ('"\\\\u4f60"', '"你"')
    """
    return json.dumps(value, ensure_ascii=style == "ascii")


def json_style(frame: Frame, text: str) -> str:
    """How ``text`` is written as the JSON string of ``frame``: a style of :func:`json_token`, or the string itself."""
    token = frame.line[frame.start : frame.end]
    for style in ("utf8", "ascii"):
        if json_token(text, style) == token:
            return style
    return token


def cleaned_from(line: Mapping[str, Any], text: str) -> Cleaned:
    """A :class:`Cleaned` from its ledger line and its text."""
    steps = tuple(Step(step["filter"], [Edit(**edit) for edit in step["edits"]]) for step in line["steps"])
    return Cleaned(text, steps, line["metadata"], tuple(Flag(**flag) for flag in line["flags"]))


def original(line: Mapping[str, Any], out: str, text_field: str) -> bytes:
    """The bytes of a document as it was found, from its ledger line and what came out.

    ``out`` is the text of a ``.txt``, the whole line of a ``.jsonl``. Raises :class:`LedgerError` if they do not fit.
    """
    try:
        if "raw" in line:
            raw: bytes | None = base64.b64decode(line["raw"])
        elif "json" in line:
            start, end, text = locate(out, text_field)
            was = restore(cleaned_from(line, text))
            token = line["json"] if line["json"] not in ("ascii", "utf8") else json_token(was, line["json"])
            raw = encode(Frame(out, start, end).holding(token).line, line["encoding"])
        else:
            raw = encode(restore(cleaned_from(line, out)), line["encoding"])
    except (EditError, ValueError) as error:
        raise LedgerError(f"{line['id']}: what lies in OUT is not what this run wrote ({error})") from error
    if raw is None or hashlib.sha256(raw).hexdigest() != line["sha256"]:
        raise LedgerError(f"{line['id']}: what lies in OUT is not what this run wrote; clean the input again")
    return raw


def originals(lines: Iterable[Mapping[str, Any]], out: Path, aside: Path, text_field: str) -> Iterator[bytes]:
    """The bytes of one source, document by document, from its ledger lines and the two files it was parted into."""
    with ExitStack() as files:
        opened = {path: files.enter_context(path.open("rb")) for path in (out, aside) if path.exists()}
        for line in lines:
            path = aside if "set_aside" in line else out
            if path not in opened:
                raise LedgerError(f"{line['id']}: {path} is missing")
            raw = opened[path].readline() if "line" in line else opened[path].read()
            if "set_aside" not in line:
                yield original(line, raw.decode("utf-8", "surrogatepass"), text_field)
            elif hashlib.sha256(raw).hexdigest() == line["sha256"]:
                yield raw
            else:
                raise LedgerError(f"{line['id']}: what lies in {path} is not what this run wrote")
        for path, file in opened.items():
            if file.read(1):
                raise LedgerError(f"{path}: has more in it than this run wrote")


def set_aside(line: bytes, reason: str) -> bytes:
    """A ledger line with the reason why the document did not come out after all."""
    return json_line({**json.loads(line), "set_aside": reason})


def json_line(value: Any) -> bytes:
    """One line of JSON in UTF-8; escaped where a text holds half a surrogate pair, which UTF-8 can not write."""
    try:
        return json.dumps(value, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value).encode() + b"\n"


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a file of the record. Raises :class:`LedgerError` naming the line that is broken."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise LedgerError(
                        f"{path}:{number}: broken line ({error}); the run that wrote it is not whole"
                    ) from error
    except OSError as error:
        raise LedgerError(f"{path}: {error.strerror}; is {path.parent.parent} the output of cleanzh?") from error
