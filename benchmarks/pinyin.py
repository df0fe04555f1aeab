"""Measure ``remove_pinyin_notes`` on real and on made damage, and print a Markdown table.

    CLEANZH_EVAL=folder python benchmarks/pinyin.py [--documents 1000] [--misses]

The folder has ``mojibake.jsonl`` (samples of real pages, with their truth) and ``clean/*.jsonl.gz`` (published texts
``simp_*`` and ``trad_*``, and the controls ``ctl_*``). The made pages are published texts that the simulator in
``tests/spinner.py`` put through the converter: with the user-defined pairs kept as private use or gone, marks wide or
folded, notes with or without a blank inside.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import opencc

from cleanzh.filters import remove_pinyin_notes

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from spinner import FOLD, spin, strip_tags, table_for  # noqa: E402 (the simulator lives with the tests)

NOTE = re.compile(r"\(?[^\W\d_A-Z\u3400-\u9fff]{1,6} ?\)")
ALNUM = re.compile("[0-9A-Za-z]")
LINES_A_PAGE = 12
LISTED_AMONG = 1500  # a converter's list has common characters


def rows(path: Path) -> Iterator[dict[str, Any]]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    yield from map(json.loads, raw.splitlines())


def traditional_pages(folder: Path, most: int) -> list[list[str]]:
    """Pages of a dozen lines from every published text; simplified ones turned traditional character by character."""
    convert = opencc.OpenCC("s2tw").convert
    plain: dict[str, str] = {}
    pages: list[list[str]] = []
    sources = [path for path in sorted((folder / "clean").glob("*.gz")) if not path.name.startswith("ctl_")]
    for path in sources:
        lines: list[str] = []
        for text in (line.strip() for row in rows(path) for line in row["text"].split("\n")):
            line = text
            if not 20 <= len(line) <= 400 or "<" in line or ">" in line:
                continue
            if path.name.startswith("simp_"):
                line = "".join(plain.setdefault(char, convert(char)) for char in line)
            try:
                line.encode("cp936")
            except UnicodeEncodeError:
                continue
            lines.append(line)
            if len(lines) == LINES_A_PAGE:
                pages.append(lines)
                lines = []
                if len(pages) % max(1, most // len(sources)) == 0:
                    break
    return pages


def speed(run: Callable[[str], str], texts: list[str]) -> float:
    """MB of UTF-8 a second, best of three, the tables read."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        for text in texts:
            run(text)
        best = min(best, time.process_time() - start)
    return sum(len(text.encode()) for text in texts) / best / 1e6


def made(folder: Path, most: int, show: bool) -> None:
    rng = random.Random(1)
    pages = traditional_pages(folder, most)
    common = [char for char, _ in Counter("".join(map("".join, pages))).most_common(LISTED_AMONG)]
    done: dict[str, list[int]] = {}
    made_pages: list[str] = []
    seconds = 0.0
    remove_pinyin_notes("戰(zhàn)略")  # reads the tables
    for page in pages:
        table = table_for(common, rng, rng.choice([0.2, 0.35, 0.5]))
        private, fold, inner_blank = rng.random() < 0.5, rng.random() < 0.3, rng.random() < 0.3
        spun = spin(
            "\n".join(f"<p>{line}</p>" for line in page),
            table,
            rng,
            private=private,
            fold=fold,
            inner_blank=inner_blank,
        )
        begun = time.process_time()
        repaired = remove_pinyin_notes(spun)
        seconds += time.process_time() - begun
        cleaned = strip_tags(repaired)
        made_pages.append(spun)
        wanted = "\n".join(page)
        if fold:
            wanted, cleaned = wanted.translate(FOLD), cleaned.translate(FOLD)
        got = cleaned.split("\n")
        damaged = spun.split("\n")
        for index, line in enumerate(wanted.split("\n")):
            right = len(got) == len(page) and got[index] == line
            lost = len(ALNUM.findall(NOTE.sub("", damaged[index]))) < len(ALNUM.findall(line))
            shifted = "?" in damaged[index] and len(re.findall("[?？]", damaged[index])) > len(
                re.findall("[?？]", line)
            )
            kinds = ["lines", f"lines with shifted bytes, user-defined pairs {'kept' if private else 'gone'}"]
            if lost:
                kinds = ["lines", "lines that lost a digit or letter for good"]
            for kind in kinds[: 1 + shifted]:
                tally = done.setdefault(kind, [0, 0])
                tally[0] += right
                tally[1] += 1
            if show and not right:
                print(f"<!-- got    {got[index] if len(got) == len(page) else '?'}\n     wanted {line} -->")
    for kind, (right, number) in sorted(done.items()):
        print(f"| made pages: {kind} exact | {right} of {number} | {right / number:.2%} |")
    ours = speed(remove_pinyin_notes, made_pages)
    peer = speed(opencc.OpenCC("t2s").convert, ["\n".join("".join(page) for page in pages)])
    once = sum(len(page.encode()) for page in made_pages) / seconds / 1e6
    print(f"| speed on made pages, each seen once | {once:.2f} MB/s | |")
    print(f"| speed on made pages, best of three passes | {ours:.2f} MB/s | OpenCC t2s meanwhile: {peer:.0f} MB/s |")


def real(folder: Path, show: bool) -> None:
    done: dict[str, list[int]] = {}
    for row in rows(folder / "mojibake.jsonl"):
        if row["label"] == "keep":
            kind, wanted = "negatives unchanged", row["text"]
        elif row["category"] in ("pinyin_spinner", "shifted_gbk"):
            if row["truth"] is None:
                continue
            kind, wanted = f"real lines, variant {row.get('variant', 'shift only')}, exact", row["truth"]
        else:
            kind, wanted = "other damage left to fix_mojibake", row["text"]
        got = remove_pinyin_notes(row["text"])
        tallies = [kind, "real lines, all, exact"] if kind.startswith("real") else [kind]
        for each in tallies:
            tally = done.setdefault(each, [0, 0])
            tally[0] += got == wanted
            tally[1] += 1
        if show and got != wanted:
            print(f"<!-- {row['id']}: {row['text']}\n     got    {got}\n     wanted {wanted} -->")
    for kind, (right, number) in sorted(done.items()):
        print(f"| {kind} | {right} of {number} | {right / number:.2%} |")


def clean(folder: Path) -> None:
    changed = number = 0
    size = seconds = 0.0
    for path in sorted((folder / "clean").glob("*.gz")):
        for row in rows(path):
            start = time.process_time()
            edits = remove_pinyin_notes.edits(row["text"])
            seconds += time.process_time() - start
            size += len(row["text"].encode())
            number += 1
            changed += bool(edits)
            if edits:
                print(f"<!-- {path.name}: {edits[:3]} -->")
    print(f"| published texts and controls: documents changed | {changed} of {number} | {changed / number:.2%} |")
    print(f"| speed on published texts | {size / seconds / 1e6:.0f} MB/s | |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--documents", type=int, default=1000, help="how many pages to make, at most (default: 1000)")
    parser.add_argument("--misses", action="store_true", help="print each line that did not come out as wanted")
    options = parser.parse_args()
    if "CLEANZH_EVAL" not in os.environ:
        parser.error("CLEANZH_EVAL is not set; it names the folder with mojibake.jsonl and clean/")
    folder = Path(os.environ["CLEANZH_EVAL"])
    print("| what | number | share |\n|---|---|---|")
    real(folder, options.misses)
    made(folder, options.documents, options.misses)
    clean(folder)


if __name__ == "__main__":
    main()
