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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cleanzh import ledger
from cleanzh.document import Cleaned
from cleanzh.judge import set_aside_reason
from cleanzh.pipeline import REMOVERS, Pipeline, default_pipeline
from cleanzh.readers import Record, Shard, read
from cleanzh.rulebook import own_rules

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
    "signed",
    "staged",
]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides the result of cleaning: the same recipe and input give the same output everywhere."""

    script: str = "simplified"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    text_field: str = "text"
    rules: tuple[str, ...] = ()  # paths of rule files, beside those of cleanzh
    clean: bool = True  # False: compare only, nothing is changed or judged


@lru_cache(maxsize=4)
def pipeline_of(recipe: Recipe) -> Pipeline:
    """The pipeline of a recipe, made once in a process."""
    if not recipe.clean:
        return Pipeline()
    own = own_rules(recipe.rules)
    return default_pipeline(script=recipe.script, select=recipe.select, ignore=recipe.ignore, rules=own)


@dataclass(slots=True)
class Tally:
    """What a shard, or a run, came to. ``edits`` ``touched`` ``removed`` ``flags`` count by rule."""

    documents: int = 0
    bytes: int = 0
    characters: int = 0
    edits: Counter[str] = field(default_factory=Counter)
    touched: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        self.documents += other.documents
        self.bytes += other.bytes
        self.characters += other.characters
        for name in ("edits", "touched", "removed", "flags"):
            getattr(self, name).update(getattr(other, name))

    def count(self, cleaned: Cleaned) -> None:
        rules = set()
        for step in cleaned.steps:
            for rule, _, before, after in step.edits:
                self.edits[rule] += 1
                self.removed[rule] += len(before) - len(after)
                rules.add(rule)
        self.touched.update(rules)
        self.flags.update(flag.name for flag in cleaned.flags)


class Header(NamedTuple):
    """What the later stages need to know of a document; the last two are the bytes of the parts that follow it."""

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


class Staged(NamedTuple):
    """One document of a staged file."""

    header: Header
    ledger: bytes
    out: bytes

    def found(self, text_field: str) -> bytes:
        """Its bytes as they were found."""
        if self.header.reason is not None:
            return self.out
        return ledger.original(json.loads(self.ledger), self.out.decode("utf-8", "surrogatepass"), text_field)


def clean_shard(shard: Shard, recipe: Recipe, target: Path, *, sign: bool) -> Tally:
    """Clean the documents of a shard into the staged file ``target``; with ``sign``, make the signed file too."""
    pipeline, tally = pipeline_of(recipe), Tally()
    texts = []
    with target.open("wb") as file:
        for record in read(shard, text_field=recipe.text_field):
            row, text = _clean(record, pipeline, tally)
            file.writelines((ledger.json_line(row.header), row.ledger, row.out))
            if text is not None:
                texts.append(text)
    if sign:
        _sign(texts, _signed_file(target))
    return tally


def _clean(record: Record, pipeline: Pipeline, tally: Tally) -> tuple[Staged, str | None]:
    tally.documents += 1
    tally.bytes += len(record.raw)
    tally.characters += len(record.text or "")
    cleaned, reason = examine(record, pipeline)
    entry = ledger.entry(record, cleaned, reason)
    book = ledger.json_line(entry)
    text, out = None, record.raw
    if reason is None and cleaned is not None:
        tally.count(cleaned)
        text = cleaned.text
        out = _out(record, text, entry.get("json")).encode("utf-8", "surrogatepass")
    header = Header(
        id=record.id,
        source=record.source,
        line=record.line,
        reason=reason,
        detail=record.problem,
        published=cleaned.metadata.get("published") if cleaned else None,
        damage=_damage(cleaned),
        characters=len(text or ""),
        ledger=len(book),
        out=len(out),
    )
    return Staged(header, book, out), text


def examine(record: Record, pipeline: Pipeline) -> tuple[Cleaned | None, str | None]:
    """A record cleaned, and the reason why it is set aside, if it is."""
    if record.text is None:
        return None, "unreadable"
    if not pipeline.filters:
        return Cleaned(record.text), None
    cleaned = pipeline.explain(record.text)
    return cleaned, set_aside_reason(cleaned.text)


def _out(record: Record, text: str, style: str | None) -> str:
    """What is written for a record: the text, or the line of a ``.jsonl`` with the text in its place.

    A line that was ASCII stays so, where its string was escaped (``style`` is that of the ledger line).
    """
    if record.frame is None:
        return text
    escaped = style == "ascii" and record.frame.line.isascii()
    return record.frame.holding(ledger.json_token(text, "ascii" if escaped else "utf8")).line


def _damage(cleaned: Cleaned | None) -> int:
    """Removals and irreparable marks: of two copies the one with fewer is the cleaner."""
    if cleaned is None:
        return 0
    removals = sum(len(step.edits) for step in cleaned.steps if step.filter in REMOVERS)
    return removals + sum(flag.name.startswith("damage.") for flag in cleaned.flags)


def staged(path: Path) -> Iterator[Staged]:
    """The documents of a staged file, in order."""
    with path.open("rb") as file:
        while line := file.readline():
            header = Header(*json.loads(line))
            yield Staged(header, file.read(header.ledger), file.read(header.out))


def headers(path: Path) -> Iterator[Header]:
    """The headers of a staged file, in order."""
    with path.open("rb") as file:
        while line := file.readline():
            header = Header(*json.loads(line))
            file.seek(header.ledger + header.out, os.SEEK_CUR)
            yield header


def _signed_file(target: Path) -> Path:
    return target.with_suffix(".signed")


def _sign(texts: Sequence[str], target: Path) -> None:
    import numpy as np  # only where near duplicates are looked for: it takes as long to import as a small run

    from cleanzh.dedup import sign

    made = sign(texts)
    with target.open("wb") as file:
        np.savez(
            file,
            codes=made.keys.codes,
            bounds=made.keys.bounds,
            digests=made.digests,
            sketches=made.sketches,
            blemishes=made.blemishes,
        )


def signed(path: Path) -> Signed:
    """The signatures of the documents of the staged file ``path`` that may come out, in order."""
    import numpy as np

    from cleanzh.dedup import Signed
    from cleanzh.dedup.key import Keys

    with np.load(_signed_file(path), allow_pickle=False) as stored:
        keys = Keys(stored["codes"], stored["bounds"])
        return Signed(keys, stored["digests"], stored["sketches"], stored["blemishes"])
