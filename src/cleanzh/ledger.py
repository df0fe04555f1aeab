"""The record of a run: one line a document, enough to replay what was done to it, and to give its bytes back.

A ledger line is a JSON object:

``id source line``
    the document, the file it lies in (as it is called below IN) and, where it is not all of the file, its line there.
``characters``
    the length of its text as found, in code points: with the steps, how much of it went.
``sha256 encoding raw``
    how its bytes come back: the charset, and the bytes as base64 where text and charset alone do not lead back.
``frame``
    where the text stands in what came out, a line or a row: ``[kind, start, end, style]``, the kind being ``json`` or
    ``csv``, and the style how it was written as found (:mod:`cleanzh.formats.tokens`); ``same`` if just so.
``before after charset group container``
    the bytes around it in its file, such as brackets; the charset of a file that was read as one; the row group of a
    Parquet file; whether only the file itself, which is kept, leads back to it.
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
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any

from cleanzh.document import Cleaned, Flag, Step, restore
from cleanzh.edits import Edit
from cleanzh.encoding import encode
from cleanzh.errors import EditError, LedgerError
from cleanzh.formats import Frame, Record, tokens
from cleanzh.kernels import kernel

__all__ = [
    "BUFFER",
    "FOLDER",
    "as_found",
    "as_found_of_parted",
    "changes",
    "cleaned_from",
    "decoded",
    "entry",
    "glance",
    "glue",
    "json_line",
    "line_of",
    "parted",
    "read_lines",
    "set_aside",
]

FOLDER = "_cleanzh"
"""The folder in OUT that holds the record of the run."""

BUFFER = 1 << 18
"""Bytes of a file of a run that are written, or read, at once: documents are some thousand each."""


def line_of(
    record: Record, cleaned: Cleaned | None, reason: str | None, out: Frame | None = None, style: str = ""
) -> bytes:
    """The ledger line of one document, before near duplicates are known.

    ``out`` is the frame that comes out, ``style`` how the token in it was written as it was found.
    """
    line: dict[str, Any] = {"id": record.id, "source": record.source}
    if record.line is not None:
        line["line"] = record.line
    line["characters"] = len(record.text or "")
    line |= {"sha256": record.sha256, "encoding": record.encoding}
    if out is not None:
        line["frame"] = [out.kind, out.start, out.end, style]
    for name, glue in (("before", record.before), ("after", record.after)):
        if glue:
            line[name] = glue.decode("utf-8", "surrogateescape")
    if record.charset:
        line["charset"] = record.charset
    if record.group is not None:
        line["group"] = record.group
    if record.container:
        line["container"] = True
    if record.lossy:
        line["raw"] = base64.b64encode(record.raw).decode("ascii")
    cleaned = cleaned or Cleaned("")
    line |= {"steps": cleaned.steps, "metadata": cleaned.metadata, "flags": cleaned.flags}
    if reason is not None:
        line["set_aside"] = reason
    return _line(line) or json_line({**line, **changes(cleaned)})


def changes(cleaned: Cleaned) -> dict[str, Any]:
    """``steps metadata flags`` of a ledger line: what :func:`cleaned_from` makes a record of again."""
    return {
        "steps": [{"filter": step.filter, "edits": list(map(_edit, step.edits))} for step in cleaned.steps],
        "metadata": dict(cleaned.metadata),
        "flags": [flag._asdict() for flag in cleaned.flags],
    }


def _edit(edit: Edit) -> dict[str, Any]:
    rule, start, before, after = edit  # a third of the time of ``_asdict``, and spun pages have thousands
    return {"rule": rule, "start": start, "before": before, "after": after}


_fields = itemgetter(*Edit._fields)


def cleaned_from(line: Mapping[str, Any], text: str) -> Cleaned:
    """A :class:`Cleaned` from its ledger line and its text."""
    steps = line["steps"]
    if not isinstance(steps, tuple):
        steps = tuple(Step(step["filter"], [Edit(*_fields(edit)) for edit in step["edits"]]) for step in steps)
    return Cleaned(text, steps, line["metadata"], tuple(Flag(**flag) for flag in line["flags"]))


_STEPS, _BEHIND = b'"steps": [', b'], "metadata": {'
_scan: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # missing in typeshed


def decoded(text: str) -> Any:
    """``json.loads`` of one line, in half the time: it asks for no charset, and looks for no blanks before it.

    >>> decoded('{"id": "a.txt"}')
    {'id': 'a.txt'}
    """
    try:
        value, end = _scan(text, 0)
    except StopIteration as error:
        raise json.JSONDecodeError("Expecting value", text, error.value) from None
    if text[end:].strip():
        raise json.JSONDecodeError("Extra data", text, end)
    return value


def glance(raw: bytes) -> tuple[dict[str, Any], bytes]:
    """A ledger line without its steps, and these as they are written, which :mod:`cleanzh.report.html.tally` counts.

    They are most of a line, and to make objects of them is most of the time it takes to read one. A quote inside of a
    string is escaped, so neither mark can stand in a text.
    """
    start, end = raw.find(_STEPS), raw.rfind(_BEHIND)
    if 0 < start < end:
        return decoded((raw[:start] + raw[end + len(b"], ") :]).decode()), raw[start:end]
    line = json.loads(raw)  # somebody has written it again, in another way
    steps = changes(cleaned_from(line, ""))["steps"]
    del line["steps"]
    return line, json_line(steps)


def entry(raw: bytes) -> dict[str, Any]:
    """A ledger line for :func:`cleaned_from` and :func:`as_found`: its steps may be objects already.

    >>> line = entry(b'{"id": "a.txt", "steps": [{"filter": "f", "edits": []}], "metadata": {}, "flags": []}\\n')
    >>> cleaned_from(line, "").steps
    (Step(filter='f', edits=[]),)
    """
    start, end = raw.find(_STEPS), raw.rfind(_BEHIND)
    compiled = kernel("steps") if 0 < start < end else None
    steps = compiled.steps(raw[start + len(_STEPS) : end], Step, Edit) if compiled is not None else None
    if steps is None:
        return decoded(raw.decode())  # type: ignore[no-any-return]
    line: dict[str, Any] = decoded((raw[:start] + raw[end + len(b"], ") :]).decode())
    line["steps"] = steps
    return line


def as_found(line: Mapping[str, Any], out: bytes) -> bytes:
    """The bytes of a document as it was found, from its ledger line and what came out.

    Raises :class:`LedgerError` if they do not fit.
    """
    try:
        raw = base64.b64decode(line["raw"]) if "raw" in line else _encoded_as_found(line, out)
    except (EditError, ValueError) as error:
        raise LedgerError(f"{line['id']}: what lies in OUT is not what this run wrote ({error})") from error
    if raw is None or hashlib.sha256(raw).hexdigest() != line["sha256"]:
        raise LedgerError(f"{line['id']}: what lies in OUT is not what this run wrote; clean the input again")
    return raw


_EMPTY = '""'


def parted(line: Mapping[str, Any], out: bytes) -> tuple[str, bytes]:
    """The text of what came out, and what came out with an empty text in its place."""
    written = out.decode("utf-8", "surrogatepass")
    if "frame" not in line:
        return written, b""
    kind, start, end, _ = line["frame"]
    empty = f"{written[:start]}{_EMPTY}{written[end:]}"
    return tokens.value(written[start:end], kind), empty.encode("utf-8", "surrogatepass")


def as_found_of_parted(line: Mapping[str, Any], text: str, empty: bytes) -> bytes:
    """:func:`as_found`, of what :func:`parted` gives."""
    if "frame" not in line:
        return as_found(line, text.encode("utf-8", "surrogatepass"))
    kind, start, _, style = line["frame"]
    written = empty.decode("utf-8", "surrogatepass")
    token = tokens.token(text, kind, "quoted")
    whole = f"{written[:start]}{token}{written[start + len(_EMPTY) :]}"
    moved = {**line, "frame": [kind, start, start + len(token), style]}
    return as_found(moved, whole.encode("utf-8", "surrogatepass"))


def _encoded_as_found(line: Mapping[str, Any], out: bytes) -> bytes | None:
    written = out.decode("utf-8", "surrogatepass")
    # Of a file that was read as one, records are UTF-8 as long as the file itself is not written.
    charset = "utf-8" if line.get("charset") else line["encoding"]
    if "frame" not in line:
        return _encode(restore(cleaned_from(line, written)), charset)
    kind, start, end, style = line["frame"]
    if style == tokens.SAME:
        return _encode(written, charset)
    text = restore(cleaned_from(line, tokens.value(written[start:end], kind)))
    return _encode(Frame(written, start, end, kind).holding(tokens.original(text, kind, style)).line, charset)


def _encode(text: str, charset: str) -> bytes | None:
    return text.encode("utf-8", "surrogatepass") if charset == "utf-8" else encode(text, charset)


def glue(text: str) -> bytes:
    """The bytes of ``before`` and ``after``."""
    return text.encode("utf-8", "surrogateescape")


def set_aside(line: bytes, reason: str) -> bytes:
    """A ledger line of a run with the reason why the document did not come out after all.

    >>> set_aside(b'{"id": "a.txt", "flags": []}\\n', "near_duplicate")
    b'{"id": "a.txt", "flags": [], "set_aside": "near_duplicate"}\\n'
    """
    return line[: -len(b"}\n")] + b', "set_aside": ' + json_line(reason)[: -len(b"\n")] + b"}\n"


def json_line(value: Any) -> bytes:
    """One line of JSON in UTF-8; escaped where a text holds half a surrogate pair, which UTF-8 can not write."""
    line = _line(value)
    if line is not None:
        return line
    try:
        return _AS_IT_IS(value).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value).encode() + b"\n"


def _line(value: Any) -> bytes | None:
    """The same, compiled, with steps, edits and flags as the objects that :func:`changes` makes; None if it can not."""
    compiled = kernel("json")
    made: bytes | None = compiled.line(value, _FIELDS) if compiled is not None else None
    return made


_FIELDS = {Step: Step._fields, Edit: Edit._fields, Flag: Flag._fields}
_AS_IT_IS = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


def read_lines(path: Path, read: Callable[[bytes], dict[str, Any]] | None = None) -> Iterator[dict[str, Any]]:
    """The lines of a file of the record; those of the ledger may be read by :func:`entry`.

    Raises :class:`LedgerError` naming the line that is broken.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield read(line) if read is not None else decoded(line.decode())
                except ValueError as error:
                    raise LedgerError(
                        f"{path}:{number}: broken line ({error}); the run that wrote it is not whole"
                    ) from error
    except OSError as error:
        raise LedgerError(f"{path}: {error.strerror}; is {path.parent.parent} the output of cleanzh?") from error
