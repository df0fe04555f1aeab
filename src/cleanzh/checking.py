"""The data check: what is wrong with a text or with files, where, and, if asked, put right in place.

The same filters as a run, over files as they lie in a repository. Nothing is written but by :func:`fix_files`, and of a
file only what changes.
"""

from __future__ import annotations

import os
import shutil
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cleanzh.configuration import matches
from cleanzh.document import Cleaned
from cleanzh.encoding import encode
from cleanzh.errors import UsageError
from cleanzh.findings import Finding, find_findings
from cleanzh.judge import set_aside_reason
from cleanzh.ledger import json_token
from cleanzh.patterns import lazily
from cleanzh.pipeline import Pipeline, default_pipeline
from cleanzh.readers import Frame, Record, Shard, Skipped, Source, cut, find_sources, read
from cleanzh.reasons import REPORTED, reason_of
from cleanzh.rulebook import builtin, own_rules
from cleanzh.stages import examine

__all__ = ["Checked", "Checks", "check", "check_files", "files_of", "fix_files", "with_duplicates"]


def check(
    text: str, *, script: str = "simplified", select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> list[Finding]:
    """What is wrong with a text: all that :func:`cleanzh.clean` would change, and what could not be mended.

    >>> for finding in check("今天天气很好，我们去公园。\\n她说&ldquo;你好&rdquo;。"):
    ...     print(finding)
    2:3: entity.named HTML entity
    2:12: entity.named HTML entity
    >>> check("今天天气很好，我们去公园。")
    []

    A text that would be set aside has one finding, such as ``document.not-chinese``. ``select`` and ``ignore`` are
    prefixes of rule names. Raises :class:`UsageError` where no rule has such a name.
    """
    checks = Checks(script=script, select=tuple(select), ignore=tuple(ignore))
    cleaned = checks.pipeline("").explain(text)
    return checks.findings(Record("", "", None, b"", text), cleaned, set_aside_reason(cleaned.text))


@dataclass(frozen=True, slots=True)
class Checks:
    """What is looked for; as :class:`~cleanzh.configuration.Configuration` has it."""

    script: str = "simplified"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    warn: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    text_field: str = "text"
    unsafe: bool = False
    rules: tuple[str, ...] = ()  # paths of rule files
    root: Path = field(default_factory=Path)

    def pipeline(self, path: str) -> Pipeline:
        """The filters for one file.

        Raises :class:`UsageError` for a prefix that no rule's name has, :class:`RuleError` for a rule file that can
        not be used.
        """
        ignore = self.ignore + self._ignored_in(path)
        return _pipeline(self.script, self.select, ignore, self.warn, self.unsafe, self.rules)

    def findings(self, record: Record, cleaned: Cleaned | None, reason: str | None, path: str = "") -> list[Finding]:
        """The findings of a record that was examined, chosen and placed in its file."""
        if cleaned is None or reason is not None:
            rule = f"document.{(reason or 'unreadable').replace('_', '-')}"
            found = [Finding(rule, record.problem or reason_of(rule), 0, "")]
        else:
            found = find_findings(record.text or "", cleaned)
            if self.rules:
                own = {rule.name: rule.reason for rule in own_rules(self.rules)}
                found = [f._replace(reason=own.get(f.rule, f.reason)) for f in found]
        found = self.chosen(found, path)
        return list(_in_file(found, record, path, self.text_field)) if path and found else found

    def chosen(self, found: list[Finding], path: str) -> list[Finding]:
        """The findings that are selected and not ignored, those of ``warn`` as warnings."""
        if self.select or self.ignore or self.per_file_ignores:
            ignore = self.ignore + self._ignored_in(path)
            found = [f for f in found if f.rule.startswith(self.select or ("",)) and not f.rule.startswith(ignore)]
        if self.warn:
            found = [f._replace(severity="warning") if f.rule.startswith(self.warn) else f for f in found]
        return found

    def _ignored_in(self, path: str) -> tuple[str, ...]:
        if not self.per_file_ignores or not path:
            return ()
        fits = set(matches(path, (pattern for pattern, _ in self.per_file_ignores), self.root))
        return tuple(rule for pattern, rules in self.per_file_ignores if pattern in fits for rule in rules)


@lru_cache(maxsize=64)  # a project has few sets of per-file ignores, and files of one set come in a row
def _pipeline(
    script: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    warn: tuple[str, ...],
    unsafe: bool,
    rules: tuple[str, ...],
) -> Pipeline:
    own = own_rules(rules)
    whole = default_pipeline(script=script, rules=own)
    families = whole.families
    for prefix in (*select, *ignore, *warn):
        if not _names_one(prefix, (*families, *REPORTED)):
            known = ", ".join(sorted((*families, *REPORTED)))
            raise UsageError(f"no rule's name begins with {prefix!r}; the families are {known}")
    # What is only reported is found in the clean text, so it takes all filters, and is chosen afterwards.
    chosen = tuple(prefix for prefix in select if _names_one(prefix, families))
    if unsafe:
        named = (rule.name for rule in (*builtin(), *own) if rule.safety == "unsafe")
        chosen = (chosen or families) + tuple(name for name in named if name.startswith(select or ("",)))
    return Pipeline(*whole, select=chosen, ignore=ignore, max_removed=whole.max_removed)


def _names_one(prefix: str, families: Iterable[str]) -> bool:
    return any(family.startswith(prefix) or prefix.startswith(f"{family}.") for family in families)


class Checked(NamedTuple):
    """One document of a file that was checked: what was found, by position, and what would come out."""

    path: str
    record: Record
    cleaned: Cleaned | None
    reason: str | None
    findings: list[Finding]
    fixed: tuple[Finding, ...] = ()
    note: str = ""

    @property
    def name(self) -> str:
        """The path, and for a JSON line its number."""
        return self.path if self.record.line is None else f"{self.path}:{self.record.line}"


def files_of(
    paths: Iterable[str | Path],
    *,
    form: str = "auto",
    max_bytes: int | None = None,
    exclude: Sequence[str] = (),
    root: Path = Path(),
) -> tuple[list[Source], list[Skipped]]:
    """The files to check, each once, in the order of ``paths``; and what was left out, and why.

    Raises :class:`UsageError` for a path that is missing or can not be read as asked.
    """
    sources: dict[str, Source] = {}
    skipped: list[Skipped] = []
    for path in paths:
        found, left = find_sources([path], form=form)
        skipped += [Skipped(str(Path(path) / name), why) for name, why in left]
        for source in found:
            if exclude and matches(source.path, exclude, root):
                continue
            if max_bytes is not None and (size := _size(source.path)) > max_bytes:
                skipped.append(Skipped(str(source.path), f"{size:,} bytes are more than --max-bytes"))
            else:
                sources.setdefault(os.path.abspath(source.path), source)  # noqa: PTH100  # a link is a file of its own
    return list(sources.values()), skipped


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # the reading says why


def check_files(sources: Iterable[Source], checks: Checks, *, jobs: int = 1) -> Iterator[Checked]:
    """Check files; nothing is written. Documents come in the order of their files, however many processes work."""
    shards = (shard for shard, _ in cut(sources))
    if jobs == 1:
        for shard in shards:
            yield from _check_shard(shard, checks)
        return
    from cleanzh.engines.local import in_order  # what it imports costs more than a small check

    for documents in in_order(partial(_checked_shard, checks=checks), shards, jobs=jobs):
        yield from documents


def _checked_shard(shard: Shard, checks: Checks) -> list[Checked]:
    return list(_check_shard(shard, checks))


def _check_shard(shard: Shard, checks: Checks) -> Iterator[Checked]:
    for piece in shard:
        path = str(piece.source.path)
        pipeline = checks.pipeline(path)
        for record in read((piece,), text_field=checks.text_field):
            cleaned, reason = examine(record, pipeline)
            yield Checked(path, record, cleaned, reason, checks.findings(record, cleaned, reason, path))


def with_duplicates(
    checked: Iterable[Checked], checks: Checks, *, threshold: float = 0.7, index: str | Path | None = None
) -> Iterator[Checked]:
    """The same documents, with a finding on each that says the same as an earlier one, or as one in ``index``.

    Compared by exact Jaccard similarity of what the documents are once clean, as a run does; so all of them are held
    until the last is there. Raises :class:`UsageError` if there is no such index.
    """
    from cleanzh.dedup import Deduplicator  # numpy takes as long to import as a small check

    if index is not None and not Path(index).is_dir():
        raise UsageError(f"{index}: no such index of duplicates")
    held = list(checked)
    compared = Deduplicator(threshold=threshold, keep=("first",), index=index)
    texts = [(number, c.cleaned.text) for number, c in enumerate(held) if c.cleaned is not None and not c.reason]
    ours = "\0{:09}"  # ids that no index has, and that sort as the documents stand
    compared.add_batch([ours.format(number) for number, _ in texts], [text for _, text in texts])
    said: dict[int, tuple[str, str]] = {}
    for verdict in compared.verdicts():
        if verdict.reason is not None:
            kept = str(verdict.duplicate_of)
            other = held[int(kept[1:])].name if kept.startswith("\0") else f"{kept} in {index}"
            rule = "duplicate.exact" if verdict.reason == "exact_duplicate" else "duplicate.near"
            similar = "" if verdict.jaccard is None else f", similarity {verdict.jaccard:.2f}"
            said[int(verdict.id[1:])] = rule, f"{reason_of(rule)}: {other}{similar}"
    for number, document in enumerate(held):
        if number in said:
            rule, reason = said[number]
            line = document.record.line or 1
            finding = Finding(rule, reason, 0, "", line=line, end_line=line, path=document.path)
            document = document._replace(findings=[*checks.chosen([finding], document.path), *document.findings])
        yield document


def fix_files(sources: Iterable[Source], checks: Checks) -> Iterator[Checked]:
    """Check files, and write what can be fixed to the same place: beside and renamed, only if it changed, mode kept.

    A ``.txt`` stays in its charset if that can hold it, of a JSON line only the text changes. Yields what was
    ``fixed``, by its place in the file as it was, and what is left, by its place in the file as it now is.
    """
    for source in sources:
        target = source.path.resolve()
        part = target.with_name(f".{target.name}.cleanzh-{os.getpid()}")
        with ExitStack() as stack:
            file: BinaryIO | None = None
            position = 0
            for checked in check_files([source], checks):
                raw, fixed = _fixed(checked, checks)
                if file is None and raw != checked.record.raw:
                    stack.callback(part.unlink, missing_ok=True)
                    file = stack.enter_context(part.open("wb"))
                    _copy(target, position, file)
                if file is not None:
                    file.write(raw)
                position += len(checked.record.raw)
                yield fixed
            if file is not None:
                file.close()
                shutil.copymode(target, part)
                part.replace(target)


def _copy(source: Path, length: int, target: BinaryIO) -> None:
    """The first ``length`` bytes of ``source``."""
    with source.open("rb") as file:
        while length and (block := file.read(min(length, 1 << 20))):
            target.write(block)
            length -= len(block)


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
    after = replace(record, raw=raw, text=cleaned.text, encoding=encoding, frame=frame)
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
    line, start, end = record.frame
    # A token that was ASCII stays so, and what the charset can not hold is escaped.
    for style in ("ascii",) if line[start:end].isascii() else ("utf8", "ascii"):
        frame = record.frame.holding(json_token(text, style))
        raw = encode(frame.line, record.encoding)
        if raw is not None:
            return raw, frame, record.encoding
    raise AssertionError("a line that is not lossy goes back into its charset, and ASCII is in all of them")


_ESCAPE = lazily(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.")


def _in_file(found: Iterable[Finding], record: Record, path: str, field: str) -> Iterator[Finding]:
    """Findings with their place in the file: for a JSON line, the columns of the string as it is written there."""
    if record.line is None:
        for finding in found:
            yield finding._replace(path=path)
        return
    if record.frame is None:
        for finding in found:
            yield finding._replace(path=path, line=record.line, end_line=record.line)
        return
    line, start, end = record.frame
    escapes = list(_ESCAPE.finditer(line, start, end))
    longer = [0, *accumulate(escape.end() - escape.start() - 1 for escape in escapes)]
    places = [escape.start() - start - 1 - more for escape, more in zip(escapes, longer, strict=False)]

    def column(offset: int) -> int:
        return start + 2 + offset + longer[bisect_left(places, offset)]

    for finding in found:
        stop = finding.start + len(finding.found)
        yield finding._replace(
            path=path,
            field=field,
            line=record.line,
            column=column(finding.start),
            end_line=record.line,
            end_column=column(stop),
        )
