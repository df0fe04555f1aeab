"""The stages of a run: pure functions over shards, with files between them.

``clean_shard`` reads a shard, cleans its documents and writes a *staged file*; for each document, in order,

1. a header, all that the later stages need to know: a line of JSON, the fields of :class:`Header`;
2. its ledger line, ready to be written;
3. the bytes that may come out; for one that is set aside already, those that were found.

Beside it, where near duplicates are looked for, lies the *signed file*: the signatures of what may come out.
``staged`` and ``signed`` read them back. So the comparing and the writing stage run over files of any size in bounded
memory, and what an engine moves between machines are these files.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cleanzh import ledger
from cleanzh.document import Cleaned, Step
from cleanzh.errors import FilterError
from cleanzh.formats import Stamp
from cleanzh.formats.outcome import Row
from cleanzh.formats.tokens import SAME, style_of
from cleanzh.judge import set_aside_reason
from cleanzh.kernels import kernel
from cleanzh.pipeline import REMOVERS, Pipeline, default_pipeline
from cleanzh.plugins import PlugIn, own_filters
from cleanzh.readers import Frame, Reading, Record, Shard
from cleanzh.rulebook import own_rules
from cleanzh.stages.changes import ChangedError, unchanged
from cleanzh.stages.deaths import survivors
from cleanzh.stages.ids import other_ids, settle_ids

if TYPE_CHECKING:
    from cleanzh.dedup import Signed

__all__ = [
    "Header",
    "Recipe",
    "Staged",
    "Tally",
    "clean_shard",
    "examine",
    "headers",
    "pipeline_of",
    "settle",
    "signed",
    "signed_file",
    "staged",
]


EXAMPLES = 3
"""Documents that are named for each rule and each reason."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides the result of cleaning: the same recipe and input give the same output everywhere."""

    script: str = "simplified"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    text_field: str = "text"
    rules: tuple[str, ...] = ()  # paths of rule files, beside those of cleanzh
    clean: bool = True  # False: compare only, nothing is changed or judged
    max_removed: float = 0.5  # the share of a document that removals may take
    filters: tuple[PlugIn, ...] = ()  # of the project; those of installed packs run, too
    to: str | None = None  # one collection of this kind instead of files in the form of the input
    id_field: str | None = None
    max_bytes: int = Reading().max_bytes

    @property
    def reading(self) -> Reading:
        """How records are read."""
        return Reading(self.text_field, self.id_field, self.max_bytes)


@lru_cache(maxsize=4)
def pipeline_of(recipe: Recipe) -> Pipeline:
    """The pipeline of a recipe, made once in a process."""
    if not recipe.clean:
        return Pipeline()
    return default_pipeline(
        script=recipe.script,
        select=recipe.select,
        ignore=recipe.ignore,
        rules=own_rules(recipe.rules),
        filters=own_filters(recipe.filters),
        max_removed=recipe.max_removed,
    )


@dataclass(slots=True)
class Tally:
    """What a shard, or a run, came to. ``edits`` ``touched`` ``removed`` ``flags`` count by rule.

    ``examples`` are the ids of the first documents that a rule has changed, or a flag was set on.
    """

    documents: int = 0
    bytes: int = 0
    characters: int = 0
    edits: Counter[str] = field(default_factory=Counter)
    touched: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    @classmethod
    def from_json(cls, made: dict[str, Any]) -> Tally:
        tally = cls()
        for name, value in made.items():
            setattr(tally, name, Counter(value) if isinstance(getattr(tally, name), Counter) else value)
        return tally

    def add(self, other: Tally) -> None:
        self.documents += other.documents
        self.bytes += other.bytes
        self.characters += other.characters
        for name in ("edits", "touched", "removed", "flags"):
            getattr(self, name).update(getattr(other, name))
        for name, ids in other.examples.items():
            self.examples[name] = (self.examples.get(name, []) + ids)[:EXAMPLES]

    def count(self, name: str, cleaned: Cleaned) -> None:
        found = _counted(cleaned.steps)
        for rule, (edits, less) in found.items():
            self.edits[rule] += edits
            self.touched[rule] += 1
            self.removed[rule] += less
            if self.touched[rule] <= EXAMPLES:
                self.examples.setdefault(rule, []).append(name)
        for flag, count in Counter([flag.name for flag in cleaned.flags]).items() if cleaned.flags else ():
            self.flags[flag] += count
            ids = self.examples.setdefault(flag, [])
            if len(ids) < EXAMPLES:
                ids.append(name)


def _counted(steps: tuple[Step, ...]) -> Mapping[str, tuple[int, int]]:
    """By rule: how many edits, and how many characters less they made of the document."""
    compiled = kernel("tally")
    counted: Mapping[str, tuple[int, int]] | None = compiled.count(steps) if compiled is not None else None
    if counted is not None:
        return counted
    found: dict[str, tuple[int, int]] = {}
    for step in steps:
        for rule, _, before, after in step.edits:
            edits, less = found.get(rule, (0, 0))
            found[rule] = edits + 1, less + len(before) - len(after)
    return found


class Header(NamedTuple):
    """What the later stages need to know of a document.

    ``ledger`` and ``out`` are the bytes of the parts that follow it; the fields after them are those of its record.
    """

    id: str
    source: str
    line: int | None
    reason: str | None
    detail: str
    published: str | None
    damage: int
    characters: int
    ledger: int
    out: int
    before: str = ""
    after: str = ""
    charset: str = ""
    span: tuple[int, int] | None = None
    digest: str = ""
    container: bool = False
    group: int | None = None


class Staged(NamedTuple):
    """One document of a staged file."""

    header: Header
    ledger: bytes
    out: bytes

    def row(self, *, aside: bool, collect: bool = False) -> Row:
        """What is written of it: what came out, or, ``aside``, its bytes as they were found.

        To ``collect`` it, its text stands by itself, and is empty in what came out.
        """
        head, body = self.header, self.out
        text: str | None = None
        metadata: dict[str, str] | None = None
        if collect and not aside:
            entry = ledger.decoded(self.ledger.decode())
            text, body = ledger.parted(entry, body)
            metadata = entry["metadata"]
        if aside and head.reason is None and head.span is None and not head.container:
            body = ledger.as_found(ledger.entry(self.ledger), body)
        return Row(
            head.id,
            aside,
            None if aside and head.span is not None else body,
            ledger.glue(head.before),
            ledger.glue(head.after),
            head.charset,
            head.span,
            head.digest,
            head.container,
            head.group,
            text,
            metadata,
        )


def clean_shard(
    shard: Shard,
    recipe: Recipe,
    target: Path,
    *,
    sign: bool,
    note: Path,
    stamps: Sequence[Stamp | None],
    changed: frozenset[int] = frozenset(),
) -> Tally:
    """Clean the documents of a shard into the staged file ``target``; with ``sign``, make the signed file too.

    ``note`` is where it tells how far it came, for the case that it is killed, see ``stages.deaths``; ``stamps`` and
    ``changed`` are of files that may change meanwhile, see ``stages.changes``.
    """
    pipeline, tally = pipeline_of(recipe), Tally()
    texts = []
    try:
        with target.open("wb", ledger.BUFFER) as file:
            for record in survivors(unchanged(shard, recipe.reading, stamps, changed), note):
                parts, text = _clean(record, pipeline, tally, parted=recipe.to is not None)
                file.writelines(parts)
                if text is not None:
                    texts.append(text)
    except ChangedError as found:
        note.unlink()
        changed |= {found.number}
        return clean_shard(shard, recipe, target, sign=sign, note=note, stamps=stamps, changed=changed)
    if sign:
        _sign(texts, signed_file(target))
    return tally


def _clean(
    record: Record, pipeline: Pipeline, tally: Tally, *, parted: bool
) -> tuple[tuple[bytes, bytes, bytes], str | None]:
    """What stands in the staged file of a document, and the text that may come out."""
    tally.documents += 1
    tally.bytes += record.span[1] - record.span[0] if record.span else len(record.raw)
    tally.characters += len(record.text or "")
    record, cleaned, reason = examine(record, pipeline)
    text, out, frame, style = None, record.raw, None, ""
    if reason is None and cleaned is not None:
        tally.count(record.id, cleaned)
        text = cleaned.text
        frame, style = _framed(record, text, parted=parted)
        if text != record.text or record.encoding != "utf-8" or record.lossy or record.container:
            out = (frame.line if frame else text).encode("utf-8", "surrogatepass")
    book = ledger.line_of(record, cleaned, reason, frame, style)
    return (_header(record, cleaned, reason, len(text or ""), len(book), len(out)), book, out), text


def _header(record: Record, cleaned: Cleaned | None, reason: str | None, characters: int, book: int, out: int) -> bytes:
    """The line of a :class:`Header`, without the fields at its end if all of them say nothing."""
    published = cleaned.metadata.get("published") if cleaned else None
    always = (record.id, record.source, record.line, reason, record.problem, published, _damage(cleaned))
    before, after = (glue.decode("utf-8", "surrogateescape") for glue in (record.before, record.after))
    more = before, after, record.charset, record.span, record.digest, record.container, record.group
    says_more = any(more) or record.group == 0
    return ledger.json_line((*always, characters, book, out, *(more if says_more else ())))


def examine(record: Record, pipeline: Pipeline) -> tuple[Record, Cleaned | None, str | None]:
    """A record with its problem, if it has one; cleaned; and the reason why it is set aside, if it is."""
    if record.text is None:
        return record, None, record.reason
    if not pipeline.filters:
        return record, Cleaned(record.text, metadata=record.metadata), None
    try:
        cleaned = pipeline.explain(record.text)
    except FilterError as error:
        return record._replace(problem=str(error)), None, "filter_failed"
    if record.metadata:  # what the file says goes before what the text seems to say
        cleaned = replace(cleaned, metadata={**cleaned.metadata, **record.metadata})
    return record, cleaned, set_aside_reason(cleaned.text)


def _framed(record: Record, text: str, *, parted: bool) -> tuple[Frame | None, str]:
    """The line or row of a record around its cleaned text, and how the text was written in it; None without one.

    What did not change stays as it is written, unless the text is ``parted`` from what stands around it.
    """
    if record.frame is None or record.text is None:
        return None, ""
    if text == record.text and not parted:
        return record.frame, SAME
    line, start, end, kind = record.frame
    style = style_of(line[start:end], record.text, kind)
    return (record.frame if text == record.text else record.frame.with_text(text, style)), style


def _damage(cleaned: Cleaned | None) -> int:
    """Removals and irreparable marks: of two copies the one with fewer is the cleaner."""
    if cleaned is None:
        return 0
    removals = sum([len(edits) for name, edits in cleaned.steps if name in REMOVERS])
    return removals + sum([flag.name.startswith("damage.") for flag in cleaned.flags])


def staged(path: Path) -> Iterator[Staged]:
    """The documents of a staged file, in order."""
    others = other_ids(path)
    with path.open("rb", ledger.BUFFER) as file:
        for number, line in enumerate(iter(file.readline, b"")):
            header = Header(*ledger.decoded(line.decode()))
            book, out = file.read(header.ledger), file.read(header.out)
            if number in others:
                header = header._replace(id=others[number])
                book = ledger.json_line({**json.loads(book), "id": header.id})
            yield Staged(header, book, out)


def headers(path: Path, *, settled: bool = True) -> Iterator[Header]:
    """The headers of a staged file, in order; not ``settled``, with ids that other documents may have, too."""
    others = other_ids(path) if settled else {}
    with path.open("rb", ledger.BUFFER) as file:
        for number, line in enumerate(iter(file.readline, b"")):
            header = Header(*ledger.decoded(line.decode()))
            file.seek(header.ledger + header.out, os.SEEK_CUR)
            yield header._replace(id=others[number]) if number in others else header


def settle(staged_files: Sequence[Path]) -> None:
    """Give every document an id of its own, where they brought theirs."""
    settle_ids(staged_files, lambda file: (header.id for header in headers(file, settled=False)))


def signed_file(target: Path) -> Path:
    """Where the signatures of the documents of a staged file lie."""
    return target.with_suffix(".signed")


def _sign(texts: Sequence[str], target: Path) -> None:
    from cleanzh.dedup import sign  # only where near duplicates are looked for: numpy takes as long as a small run

    with target.open("wb") as file:
        sign(texts).save(file)


def signed(path: Path) -> Signed:
    """The signatures of the documents of the staged file ``path`` that may come out, in order."""
    from cleanzh.dedup import Signed

    with signed_file(path).open("rb") as file:
        return Signed.load(file)[0]
