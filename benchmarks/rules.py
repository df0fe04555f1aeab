"""The rules against labelled data; prints Markdown tables.

The data is not part of the project: CLEANZH_EVAL names its folder (``lines.jsonl``, ``docs/``, ``clean/``).

A third of the documents and sites, chosen by a hash, was kept apart while the rules were written. After a first measure
one half of that third was read, to see what was missed; the other half was never read. The three are reported apart.
"""

from __future__ import annotations

import argparse
import difflib
import gzip
import hashlib
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from cleanzh import remove_ads, remove_metadata, remove_repeats, remove_title_echoes

GROUP = (remove_metadata, remove_ads, remove_repeats, remove_title_echoes)
PARTS = ("written from", "read later", "never read")


def part(key: str) -> str:
    """Which part a document or site belongs to."""
    first, second = hashlib.sha256(key.encode()).digest()[:2]
    return PARTS[0] if first % 3 else PARTS[1 + (second % 2 == 0)]


def site(line: dict[str, Any]) -> str:
    """What a line was taken from: its document, or its file without the place in it."""
    if line.get("doc"):
        return str(line["doc"])
    source = re.sub(r"[ #]line\s*\d+$", "", line["source"])
    return re.sub(r"(#\w+/\d+)/\d+$", r"\1", source)


def records(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def table(title: str, head: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    names = list(head)
    print(f"\n{title}\n\n| {' | '.join(names)} |\n|{'---|' * len(names)}")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |")


def share(count: float, of: float) -> str:
    return f"{100 * count / of:.1f} % ({count:g} of {of:g})" if of else "–"


def alone(text: str) -> str:
    return remove_ads(text)


def group(text: str) -> str:
    for run in GROUP:
        text = run(text)
    return text


def gone(run: Callable[[str], str], text: str) -> bool:
    return len(run(text).strip()) <= len(text.strip()) / 2


def lines(folder: Path) -> None:
    every = [line for line in records(folder / "lines.jsonl") if line["label"] != "ambiguous"]
    for name, run in (("`remove_ads` alone", alone), ("with headers, repeats and echoes", group)):
        rows = []
        for which in PARTS:
            ours = [line for line in every if part(site(line)) == which]
            keep = [line for line in ours if line["label"] == "keep"]
            drop = [line for line in ours if line["label"] == "drop"]
            taken = sum(gone(run, line["text"]) for line in drop)
            wrong = sum(run(line["text"]) != line["text"] for line in keep)
            plain = [line for line in drop if not line.get("needs_context")]
            hard = [line for line in keep if line.get("hard_negative")]
            rows.append(
                (
                    which,
                    share(taken, taken + wrong),
                    share(sum(gone(run, line["text"]) for line in plain), len(plain)),
                    share(sum(run(line["text"]) != line["text"] for line in hard), len(hard)),
                )
            )
        table(f"Lines, {name}", ("part", "precision", "recall without needs_context", "hard negatives changed"), rows)
    kinds = Counter(line["kind"] for line in every if line["label"] == "drop" and not line.get("needs_context"))
    rows = []
    for kind, count in kinds.most_common():
        ours = [r for r in every if r["label"] == "drop" and r["kind"] == kind and not r.get("needs_context")]
        cells = [[gone(group, r["text"]) for r in ours if part(site(r)) == which] for which in PARTS]
        rows.append((kind, count, *(f"{sum(cell)} of {len(cell)}" for cell in cells)))
    table("Lines by kind, with headers, repeats and echoes", ("kind", "lines", *PARTS), rows)


def documents(folder: Path) -> None:
    rows = []
    index = [d for d in records(folder / "docs" / "index.jsonl") if "pinyin_spinner" not in d["defects"]]
    for which in (*PARTS, "all"):
        right = wrong = missed = good = 0
        for document in index:
            if which not in ("all", part(document["id"])):
                continue
            raw, gold = (
                (folder / "docs" / f"{document['id']}.{kind}.txt").read_text(encoding="utf-8")
                for kind in ("raw", "gold")
            )
            dirt, taken = (_removed(raw, text) for text in (gold, group(raw)))
            _match_copies(raw.split("\n"), dirt, taken)
            for number, line in enumerate(raw.split("\n")):
                size = len(line.strip())
                if number in document["ambiguous_lines"]:
                    continue
                right += size * (number in dirt and number in taken)
                missed += size * (number in dirt and number not in taken)
                wrong += size * (number not in dirt and number in taken)
                good += size * (number not in dirt)
        precision, recall = right / ((right + wrong) or 1), right / ((right + missed) or 1)
        f1 = 2 * precision * recall / ((precision + recall) or 1)
        rows.append((which, f"{precision:.3f}", f"{recall:.3f}", f"{f1:.3f}", share(wrong, good)))
    head = ("part", "precision", "recall", "F1 of characters removed", "good characters lost")
    table("Documents (without the spun ones, which are repaired first)", head, rows)


def _match_copies(lines: list[str], dirt: set[int], taken: set[int]) -> None:
    """Count a copy for the one that gold lacks: of two equal lines it does not matter which goes."""
    for number in sorted(taken - dirt):
        same = (other for other in sorted(dirt - taken) if lines[other].strip() == lines[number].strip())
        if (other := next(same, None)) is not None:
            taken.remove(number)
            taken.add(other)


def _removed(raw: str, text: str) -> set[int]:
    """The numbers of the lines of ``raw`` that ``text`` lacks."""
    before, after = raw.split("\n"), text.split("\n")
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    kept = {n for tag, i, j, _, _ in matcher.get_opcodes() if tag == "equal" for n in range(i, j)}
    return set(range(len(before))) - kept


def clean(folder: Path, *, show: bool) -> None:
    rows, every = [], []
    characters = 0
    for path in sorted((folder / "clean").glob("*.jsonl.gz")):
        size = taken = 0
        for record in records(path):
            size += len(record["text"])
            for edit in remove_ads.edits(record["text"]):
                taken += len(edit.before)
                every.append((path.name.split(".")[0], edit.rule, repr(edit.before[:80])))
        characters += size
        if taken:
            rows.append((path.name.split(".")[0], size, taken))
    rows.append(("all", characters, sum(row[2] for row in rows)))
    table("Published text: characters removed", ("file", "characters", "removed"), rows)
    print(f"\n{1e6 * rows[-1][2] / characters:.1f} a million")
    if show:
        table("Each of them", ("file", "rule", "removed"), every)


def speed(folder: Path) -> None:
    """CPU time, best of three; the ratio to a bare search for one character class makes machines comparable.

    Decisions about short lines are remembered. "At first sight" they are forgotten before each pass over the texts.
    """
    raw = [p.read_text(encoding="utf-8") for p in sorted((folder / "docs").glob("*.raw.txt"))]
    published = [r["text"] for name in ("simp_modern_prose_niutrans", "simp_laws") for r in
                 list(records(folder / "clean" / f"{name}.jsonl.gz"))[:100]]  # fmt: skip
    holds = remove_ads.rulebook.holds_a_literal
    forget = remove_ads.rulebook._index._decided.clear
    plain = ["\n".join(line for line in text.split("\n") if not holds(line)) for text in published]
    rare = re.compile("[\u0e00-\u0e7f\u0900-\u097f]")
    rows = []
    for name, texts in (("published", published), ("without triggers", plain), ("docs", raw)):
        size = sum(len(text.encode()) for text in texts) / 1e6
        fresh = min(_seconds(remove_ads.edits, texts, forget) for _ in range(3))
        ours, scan = (min(_seconds(run, texts) for _ in range(3)) for run in (remove_ads.edits, rare.search))
        rates = (f"{size / seconds:.1f}" for seconds in (fresh, ours))
        rows.append((name, f"{size:.1f}", *rates, *(f"{seconds / scan:.1f}" for seconds in (fresh, ours))))
    ratio = "times a search for one character class"
    head = ("text", "MB", "MB/s a core at first sight", "seen before", f"{ratio}, at first sight", "seen before")
    table("Speed", head, rows)


def _seconds(run: Callable[[str], object], texts: list[str], before: Callable[[], object] = lambda: None) -> float:
    before()
    start = time.process_time()
    for text in texts:
        run(text)
    return time.process_time() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("lines", "documents", "clean", "speed"), help="one of the measures")
    parser.add_argument("--show", action="store_true", help="name every removal from published text")
    options = parser.parse_args()
    if "CLEANZH_EVAL" not in os.environ:
        print("CLEANZH_EVAL is not set; it names the folder with lines.jsonl, docs/ and clean/", file=sys.stderr)
        return 2
    folder = Path(os.environ["CLEANZH_EVAL"])
    measures = {
        "lines": lambda: lines(folder),
        "documents": lambda: documents(folder),
        "clean": lambda: clean(folder, show=options.show),
        "speed": lambda: speed(folder),
    }
    for name, measure in measures.items():
        if options.only in (None, name):
            measure()
    return 0


if __name__ == "__main__":
    sys.exit(main())
