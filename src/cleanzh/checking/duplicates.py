"""Findings on documents that say what another document says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from cleanzh.checking.checks import Checks
from cleanzh.checking.files import Checked
from cleanzh.checking.findings import Finding
from cleanzh.checking.reasons import reason_of
from cleanzh.errors import UsageError

__all__ = ["with_duplicates"]


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
