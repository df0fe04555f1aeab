"""Quality floors: figures that may rise and must not fall. Exits with 1 if one is below its floor.

A sample of what the pages of docs/quality.md measure in full, quick enough for every change. The labelled data is not
part of the project: the environment variable CLEANZH_EVAL names its folder.

    CLEANZH_EVAL=folder python benchmarks/floors.py
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import unicodedata
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from cleanzh import clean, explain, fix_mojibake, remove_pinyin_notes, restore_punctuation
from cleanzh.pipeline import REMOVERS

SAMPLE = 25  # documents of each published collection
REPAIRS = ("fix_mojibake", "remove_pinyin_notes", "decode_entities")
MARKS = "，；：！？（）"


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def lines(folder: Path) -> Iterator[tuple[str, float, float]]:
    """Each labelled line as a document: is it gone?"""
    wrong = found = missed = hard = hard_gone = 0
    for row in rows(folder / "lines.jsonl"):
        gone = not clean(row["text"]).strip()
        if row["label"] == "keep":
            wrong += gone
            if row.get("hard_negative"):
                hard, hard_gone = hard + 1, hard_gone + gone
        elif row["label"] == "drop" and not row.get("needs_context"):
            found, missed = found + gone, missed + (not gone)
    yield "lines removed: precision", found / (found + wrong), 0.99
    yield "lines removed: recall", found / (found + missed), 0.9
    yield "good lines that look like adverts: kept", 1 - hard_gone / hard, 0.995


def repairs(folder: Path) -> Iterator[tuple[str, float, float]]:
    """Real damage, against its truth."""
    exact: dict[bool, list[bool]] = {True: [], False: []}
    kept = []
    for row in rows(folder / "mojibake.jsonl"):
        spun = row["category"] == "pinyin_spinner"
        after = remove_pinyin_notes(fix_mojibake(row["text"]))
        if row["label"] == "keep":
            kept.append(after == row["text"])
        elif row["truth"] is not None:
            truths = {row["truth"], row.get("depinyin")}
            exact[spun].append(after in truths or unicodedata.normalize("NFKC", after) in truths)
    yield "spun lines restored", sum(exact[True]) / len(exact[True]), 0.95
    yield "real decodings restored", sum(exact[False]) / len(exact[False]), 0.72
    yield "legitimate notes kept", sum(kept) / len(kept), 1.0


def published(folder: Path) -> Iterator[tuple[str, float, float]]:
    """Published text: repairs change nothing, removals next to nothing, folded marks come back."""
    characters = removed = documents = repaired = marks = back = 0
    for path in sorted((folder / "clean").glob("*.jsonl.gz")):
        chinese = path.name.startswith(("simp", "trad"))
        for row in islice(rows(path), SAMPLE):
            text = row["text"]
            cleaned = explain(text)
            characters, documents = characters + len(text), documents + chinese
            repaired += chinese and any(step.filter in REPAIRS for step in cleaned.steps)
            edits = (edit for step in cleaned.steps if step.filter in REMOVERS for edit in step.edits)
            removed += sum(len(edit.before.strip()) for edit in edits)
            if chinese:
                folded = "".join(unicodedata.normalize("NFKC", c) if c in MARKS else c for c in text)
                pairs = [(a, b) for a, b in zip(text, restore_punctuation(folded), strict=False) if a in MARKS]
                marks, back = marks + len(pairs), back + sum(a == b for a, b in pairs)
    yield "published documents that repairs leave alone", 1 - repaired / documents, 1.0
    yield "published characters kept", 1 - removed / characters, 1 - 100e-6
    yield "folded marks that come back", back / marks, 0.985


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    name = os.environ.get("CLEANZH_EVAL")
    if not name:
        sys.exit("CLEANZH_EVAL is not set: it names the folder with lines.jsonl, mojibake.jsonl and clean/")
    failed = False
    print("| quality | floor | measured |\n|---|---|---|")
    for part in (lines, repairs, published):
        for what, measured, floor in part(Path(name)):
            failed |= measured < floor
            print(f"| {what} | {floor:.4%} | {measured:.4%}{' BELOW' if measured < floor else ''} |", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
