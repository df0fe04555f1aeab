"""What a second job gains: whole runs of ``cleanzh clean`` with one job and with two, in turns.

The input is one file of JSON lines, of the published Simplified texts and of the scraped articles of the folder that
the environment variable CLEANZH_EVAL names (``clean/simp_*.jsonl.gz``, ``docs/*.raw.txt``), repeated where they are too
few, each copy with a number of its own. Each run is a process as a user starts it, to its end, with record and report;
seconds are by the clock, as that is what a second job is for, so nothing else should run.

    CLEANZH_EVAL=folder python benchmarks/jobs.py [--megabytes 120] [--turns 3] [--dedup] [--folder DIR]
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from statistics import median


def kinds(folder: Path) -> dict[str, list[str]]:
    """Texts by kind."""
    clean = [gzip.decompress(path.read_bytes()) for path in sorted(folder.glob("clean/simp_*.jsonl.gz"))]
    return {
        "clean Simplified text": [json.loads(line)["text"] for part in clean for line in part.splitlines()],
        "scraped articles": [path.read_text(encoding="utf-8") for path in sorted(folder.glob("docs/*.raw.txt"))],
    }


def write(path: Path, texts: Sequence[str], size: int) -> None:
    """Texts again and again up to a size, as JSON lines."""
    with path.open("w", encoding="utf-8") as file:
        for number, text in enumerate(cycle(texts)):
            if size <= 0:
                break
            file.write(json.dumps({"id": number, "text": f"{text}\n{number}"}, ensure_ascii=False) + "\n")
            size -= len(text.encode())


def seconds(path: Path, out: Path, jobs: int, *options: str) -> float:
    """One run by the clock."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "cleanzh", "clean", str(path), str(out), "--jobs", str(jobs), *options]
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, nargs="+", default=[120])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--dedup", action="store_true", help="search near duplicates too, which one process does")
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    asked = parser.parse_args()
    if not os.environ.get("CLEANZH_EVAL"):
        sys.exit("CLEANZH_EVAL is not set: there is no text to measure with")
    options = () if asked.dedup else ("--no-dedup",)
    print("| text | MB | one job, s | two jobs, s | ratio of the medians | of each turn |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        path, out = Path(folder, "in.jsonl"), Path(folder, "out")
        for kind, texts in kinds(Path(os.environ["CLEANZH_EVAL"])).items():
            for megabytes in asked.megabytes:
                write(path, texts, round(megabytes * 1e6))
                turns = [[seconds(path, out, jobs, *options) for jobs in (1, 2)] for _ in range(asked.turns)]
                one, two = (median(turn) for turn in zip(*turns, strict=True))
                each = ", ".join(f"{alone / shared:.2f}" for alone, shared in turns)
                print(f"| {kind} | {megabytes:g} | {one:.1f} | {two:.1f} | {one / two:.2f}× | {each} |", flush=True)


if __name__ == "__main__":
    main()
