"""Measure entities, markup, invisible characters and white space on published texts, and print Markdown tables.

    CLEANZH_EVAL=folder python benchmarks/normal.py [clean] [documents] [words] [peers] [speed]

The folder has ``clean/*.jsonl.gz`` (published texts ``simp_*`` and ``trad_*``, and the controls ``ctl_*``). Without
section names all of them are measured, in about a minute.
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import os
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from cleanzh.filters import decode_entities, normalize_whitespace, remove_invisible, remove_markup

FILTERS = (decode_entities, remove_markup, remove_invisible, normalize_whitespace)
FIXTURES = Path(__file__).parent.parent / "fixtures"
NOT_PLAIN = re.compile("[^\n\u3001-\u3011\u4e00-\u9fff\uff01\uff08-\uff09\uff0c\uff1a\uff1b\uff1f]")
HAN_PAIR = re.compile("(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])")


def documents(folder: Path, *prefixes: str) -> Iterator[tuple[str, str, str]]:
    """``set, id, text`` of every document whose set begins with a prefix."""
    for path in sorted((folder / "clean").glob("*.jsonl.gz")):
        name = path.name.removesuffix(".jsonl.gz")
        if name.startswith(prefixes):
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                for row in map(json.loads, lines):
                    yield name, row["id"].removeprefix(f"{name}-"), row["text"]


def table(*columns: str) -> None:
    print("\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))


def line(*cells: object) -> None:
    print("| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells) + " |")


def clean(folder: Path) -> None:
    """What changes in published text, by rule."""
    print("\n## Changes in published text\n\nEvery filter alone, on the text as published.")
    sizes: Counter[str] = Counter()
    edits: Counter[tuple[str, str]] = Counter()
    changed: Counter[tuple[str, str]] = Counter()
    count: Counter[str] = Counter()
    for name, _, text in documents(folder, "simp", "trad", "ctl"):
        sizes[name] += len(text)
        count[name] += 1
        for run in FILTERS:
            rules = Counter(edit.rule for edit in run.edits(text))
            for rule, times in rules.items():
                edits[name, rule] += times
                changed[name, rule] += 1
    table("texts", "rule", "edits", "a million characters", "documents")
    for name, rule in sorted(edits, key=lambda key: (not key[0].startswith(("simp", "trad")), key)):
        times = edits[name, rule]
        line(name, rule, times, f"{times / sizes[name] * 1e6:,.1f}", f"{changed[name, rule]:,} of {count[name]:,}")


def listed(folder: Path) -> None:
    """Every document that entities, markup or invisible characters change."""
    print("\n## Documents changed by entities, markup and invisible characters")
    table("texts", "rule", "documents (edits)")
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for name, key, text in documents(folder, "simp", "trad", "ctl"):
        rules = Counter(edit.rule for run in FILTERS[:3] for edit in run.edits(text))
        for rule, times in rules.items():
            found[name, rule].append(f"{key} ({times:,})")
    for name, rule in sorted(found, key=lambda key: (not key[0].startswith(("simp", "trad")), key)):
        line(name, rule, ", ".join(found[name, rule]))


def words(folder: Path) -> None:
    """Blanks put between two Chinese characters of clean prose, and which of them are taken out again."""
    print("\n## Blanks put between Chinese characters\n")
    print("One in a hundred places between two Chinese characters of a document gets a blank.")
    table("texts", "blanks", "taken out")
    total: Counter[str] = Counter()
    for name in ("simp_news_skywork", "simp_wiki_cmrc", "trad_wiki_drcd"):
        draw = random.Random(1)
        put = out = 0
        for _, _, text in documents(folder, name):
            text = normalize_whitespace(text)
            places = [m.start() for m in HAN_PAIR.finditer(text)]
            chosen = sorted(draw.sample(places, len(places) // 100))
            dirty = (
                "".join(text[a:b] + " " for a, b in zip([0, *chosen], chosen, strict=False)) + text[chosen[-1] :]
                if chosen
                else text
            )
            put += len(chosen)
            out += len(dirty) - len(normalize_whitespace(dirty))
        total.update(put=put, out=out)
        line(name, put, f"{out:,} ({out / put:.1%})")
    line("**all**", total["put"], f"{total['out']:,} ({total['out'] / total['put']:.1%})")


def peers(_: Path) -> None:
    """The entity cases of this repository, by what others make of them."""
    import ftfy

    print("\n## The entity cases of this repository\n")
    print("They are ours, so the first column is no surprise; the others show what a parser does not know.")
    table("cases", "number", "decode_entities", "html.unescape", "ftfy.fixes.unescape_html")
    ways: tuple[Callable[[str], str], ...] = (decode_entities, html.unescape, ftfy.fixes.unescape_html)
    for kind in ("wild", "synthetic", "negative"):
        rows = [json.loads(row) for row in (FIXTURES / "entities" / f"{kind}.jsonl").read_text("utf-8").splitlines()]
        line(
            kind,
            len(rows),
            *[sum(way(row["before"]) == row.get("after", row["before"]) for row in rows) for way in ways],
        )


def speed(folder: Path) -> None:
    """MB of UTF-8 a second, one core."""
    print("\n## Speed\n\nMB of UTF-8 a second of CPU time, best of five, all in one run.")
    published = [text for _, _, text in documents(folder, "simp")]
    plain = [NOT_PLAIN.sub("", text) for text in published]
    prose = [text for name, _, text in documents(folder, "simp_news", "simp_laws")]
    rows = [
        ("nothing for them", plain),
        ("news and laws as published", prose),
        ("all Simplified as published", published),
    ]
    table("what", *(title for title, _ in rows))
    one_class = re.compile("[\u200b\ufeff\xad<>&]").search

    def group(text: str) -> None:
        for run in FILTERS:
            run.edits(text)

    ways: list[tuple[str, Callable[[str], object]]] = [(run.__name__, run.edits) for run in FILTERS]
    ways += [("all four", group), ("peer: one character class", one_class), ("peer: html.unescape", html.unescape)]
    for what, way in ways:
        line(what, *(f"{_speed(way, texts):,.0f}" for _, texts in rows))


def _speed(way: Callable[[str], object], texts: list[str]) -> float:
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for text in texts:
            way(text)
        best = min(best, time.process_time() - start)
    return sum(len(text.encode()) for text in texts) / best / 1e6


SECTIONS: dict[str, Callable[[Path], None]] = {
    "clean": clean,
    "documents": listed,
    "words": words,
    "peers": peers,
    "speed": speed,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("section", nargs="*", choices=[[], *SECTIONS], help="what to measure; all of it by default")
    arguments = parser.parse_args()
    folder = os.environ.get("CLEANZH_EVAL")
    if not folder or not (Path(folder) / "clean").is_dir():
        sys.exit("set CLEANZH_EVAL to the folder that has clean/*.jsonl.gz: the texts are not part of this repository")
    for section in arguments.section or SECTIONS:
        SECTIONS[section](Path(folder))


if __name__ == "__main__":
    main()
