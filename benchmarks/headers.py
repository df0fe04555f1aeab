"""Headers, repeats and echoes against labelled data; prints Markdown tables.

The data is not part of the project: CLEANZH_EVAL names its folder (``lines.jsonl``, ``docs/``, ``clean/``), and
CLEANZH_LABELS a file of labelled headers, one object a line: ``{"doc": id, "metadata": {…}}`` for a document of
``docs/``, ``{"line": first 16 hex digits of its SHA-256, "metadata": {…}}`` for a line of ``lines.jsonl``.

A third of everything, chosen by a hash of the document or line, was kept apart while the rules were written, and is
reported by itself.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import re
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from cleanzh import explain, remove_metadata, remove_repeats, remove_title_echoes
from cleanzh.filters import UnifyScript
from cleanzh.flags import find_flags

FILTERS = (remove_metadata, remove_repeats, remove_title_echoes)
SIMPLIFY = UnifyScript(to="simplified")
OURS = ("publish_meta", "source_attribution")


def read(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def apart(key: str) -> bool:
    """Whether a document or a line belongs to the third that was kept apart."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % 3 == 0


def removed(text: str) -> str:
    for run in FILTERS:
        text = run(text)
    return text


def table(title: str, head: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    names = list(head)
    print(f"\n{title}\n\n| {' | '.join(names)} |\n|{'---|' * len(names)}")
    for row in rows:
        print(f"| {' | '.join(str(cell) for cell in row)} |")


def share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def lines(data: Path, *, verbose: bool) -> None:
    """Each line as a text of its own."""
    rows = []
    every = list(read(data / "lines.jsonl"))
    for name, chosen in (("all", every), ("kept apart", [line for line in every if apart(line["text"])])):
        hit = Counter[str]()
        total = Counter[str]()
        for line in chosen:
            kind = "keep" if line["label"] == "keep" else "other"
            if line["label"] == "drop":
                kind = "context" if line.get("needs_context") else "ours" if line["kind"] in OURS else "dirt"
            if kind == "keep" and line.get("hard_negative"):
                total["hard"] += 1
            total[kind] += 1
            gone = not removed(line["text"]).strip()
            hit[kind] += gone
            if verbose and name == "all" and (gone if kind == "keep" else kind == "ours" and not gone):
                print(kind, line["text"], file=sys.stderr)
        right = hit["ours"] + hit["dirt"] + hit["context"]
        rows.append(
            (name, share(right, right + hit["keep"]), share(hit["ours"], total["ours"]), hit["keep"], total["keep"])
        )
    table(
        "Lines", ("lines", "precision", "recall of publish_meta + source_attribution", "good removed", "of good"), rows
    )


def docs(data: Path, *, verbose: bool) -> None:
    """Whole articles, by characters; pages with pinyin notes left out, since their repair is not measured here."""
    rows = []
    index = [d for d in read(data / "docs" / "index.jsonl") if "pinyin_spinner" not in d["defects"]]
    for name, chosen in (("all", index), ("kept apart", [d for d in index if apart(d["id"])])):
        sums = Counter[str]()
        for doc in chosen:
            raw, gold = (
                (data / "docs" / f"{doc['id']}.{kind}.txt").read_text(encoding="utf-8") for kind in ("raw", "gold")
            )
            had, wanted, left = (Counter(map(str.strip, text.split("\n"))) for text in (raw, gold, removed(raw)))
            unsure = set(doc.get("ambiguous_lines") or ())
            taken, dirt = had - left, had - wanted
            for line, number in taken.items():
                true = min(number, dirt[line])
                sums["true"] += true * len(line)
                if line not in unsure:
                    sums["false"] += (number - true) * len(line)
                    if verbose and name == "all" and number > true and line.strip():
                        print(doc["id"], line, file=sys.stderr)
            sums["dirt"] += sum(len(line) * number for line, number in dirt.items())
            sums["good"] += sum(len(line) * number for line, number in (had & wanted).items())
        rows.append(
            (
                name,
                share(sums["true"], sums["true"] + sums["false"]),
                share(sums["true"], sums["dirt"]),
                share(sums["false"], sums["good"]),
            )
        )
    table("Documents, by characters", ("documents", "precision", "share of all dirt", "good text lost"), rows)


def fields(data: Path, labels: Path, *, verbose: bool) -> None:
    """What the default pipeline reads of each labelled header: a field is right, wrong, missed or made up."""
    every = {
        hashlib.sha256(line["text"].encode()).hexdigest()[:16]: line["text"] for line in read(data / "lines.jsonl")
    }
    counts: dict[str, Counter[str]] = {"all": Counter(), "kept apart": Counter()}
    headers = Counter[str]()
    for label in read(labels):
        key = label.get("doc") or label["line"]
        text = (data / "docs" / f"{label['doc']}.raw.txt").read_text(encoding="utf-8") if "doc" in label else every[key]
        found, wanted = explain(text).metadata, label["metadata"]
        for name in ("all", "kept apart") if apart(key) else ("all",):
            headers[name] += 1
            for field in found.keys() | wanted.keys():
                got, want = (alike(values.get(field, "")) for values in (found, wanted))
                verdict = "right" if got == want else "missed" if not got else "wrong" if want else "made up"
                if field == "title":
                    verdict = f"title {verdict}"
                counts[name][verdict] += 1
                if verbose and name == "all" and verdict.split()[-1] != "right":
                    print(key, field, verdict, "|", found.get(field), "|", wanted.get(field), file=sys.stderr)
    rows = []
    for name, count in counts.items():
        total = sum(count[v] for v in ("right", "missed", "wrong", "made up"))
        titles = sum(count[f"title {v}"] for v in ("right", "missed", "wrong"))
        rows.append(
            (
                name,
                headers[name],
                share(count["right"], total),
                count["missed"],
                count["wrong"],
                count["made up"],
                share(count["title right"], titles),
                count["title wrong"] + count["title made up"],
            )
        )
    table(
        "Fields",
        ("headers", "number", "right", "missed", "wrong", "made up", "titles found", "titles wrong"),
        rows,
    )


def alike(value: str) -> str:
    """A value without the differences that no reader would mind: script, width, blanks and marks."""
    return re.sub(r"[^\w]+", "", unicodedata.normalize("NFKC", SIMPLIFY(value))).lower()


def clean(data: Path, *, verbose: bool) -> None:
    """Published texts, which should not change."""
    taken, flagged = Counter[str](), Counter[str]()
    characters = 0
    for path in sorted((data / "clean").glob("*.gz")):
        for doc in read(path):
            text = doc["text"]
            characters += len(text)
            for run in FILTERS:
                for edit in run.edits(text):
                    taken[edit.rule] += len(edit.before) - len(edit.after)
                    if verbose:
                        print(path.name, edit.rule, repr(edit.before), file=sys.stderr)
            for flag in find_flags(text):
                flagged[flag.name] += 1
                if verbose:
                    print(path.name, flag.name, repr(text[max(0, flag.start - 20) : flag.start + 20]), file=sys.stderr)
    rows = [("removed: " + rule, number, f"{number / characters * 1e6:.1f}") for rule, number in taken.items()]
    rows += [("flagged: " + name, number, f"{number / characters * 1e6:.1f}") for name, number in flagged.items()]
    rows.append(("removed in all", sum(taken.values()), f"{sum(taken.values()) / characters * 1e6:.1f}"))
    table(f"Clean text, {characters:,} characters", ("what", "characters or flags", "a million"), rows)


def speed(data: Path) -> None:
    """MB of UTF-8 a second on clean Chinese text, beside one search for a character class in the same run."""
    texts = [doc["text"] for path in sorted((data / "clean").glob("[st][ir]*.gz")) for doc in read(path)]
    size = sum(len(text.encode()) for text in texts) / 1e6
    absent = re.compile("[\ue000-\uf8ff\ufff9]")
    runs: list[tuple[str, Callable[[str], Any]]] = [("one character class", absent.search)]
    runs += [(run.__name__, run.edits) for run in FILTERS]
    runs.append(("find_flags", find_flags))
    rows = []
    for name, run in runs:
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            for text in texts:
                run(text)
            best = min(best, time.process_time() - start)
        rows.append((name, f"{size / best:.0f}"))
    table(f"Speed on clean text, {size:.0f} MB", ("what", "MB/s"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("fields", "lines", "docs", "clean", "speed"), help="one table")
    parser.add_argument("--verbose", action="store_true", help="name every miss on standard error")
    options = parser.parse_args()
    if "CLEANZH_EVAL" not in os.environ:
        sys.exit("CLEANZH_EVAL is not set: it names the folder of the labelled data (see the top of this file)")
    data = Path(os.environ["CLEANZH_EVAL"])
    for name, run in (("lines", lines), ("docs", docs), ("clean", clean)):
        if options.only in (None, name):
            run(data, verbose=options.verbose)
    if options.only in (None, "fields"):
        if "CLEANZH_LABELS" in os.environ:
            fields(data, Path(os.environ["CLEANZH_LABELS"]), verbose=options.verbose)
        else:
            print("\nCLEANZH_LABELS is not set: no table of fields", file=sys.stderr)
    if options.only in (None, "speed"):
        speed(data)


if __name__ == "__main__":
    main()
