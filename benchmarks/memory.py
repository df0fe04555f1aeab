"""Peak memory of a run over JSON lines of different sizes, and what a second job gains.

The input is made up: articles of about a thousand characters, in sentences of words of the seeds, one in ten a copy
with a change. Each size is one file, which is cleaned in processes of their own; the table has the peak of the main
process and of the workers, and the time. Sizes need four times their own in free disk space. ``--select entity`` has
one filter at work instead of all, so that a large size need not be waited for.

With ``--compare-only`` the comparing stage alone is fed with made-up signatures of documents of 400 characters, three
in twenty of them copies, and the table has its peak, so that as many as 10 GB holds need not be cleaned for it.

    python benchmarks/memory.py [--megabytes 100 1000] [--jobs 1 2] [--command clean] [--folder DIR]
    python benchmarks/memory.py --compare-only 350000 3500000
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cleanzh.dedup import Deduplicator, Signed, temporaries_in
from cleanzh.dedup.key import Keys

SEEDS = Path(__file__).parent.parent / "seeds"
BATCH = 1000
SENTENCES = 200_000
MEMORY = 1 << 26  # bytes of keys, and of sketches, as in a run


def articles(seed: int) -> Iterator[str]:
    """Articles without end, of some thirty sentences each, of which two articles share hardly one."""
    from cleanzh import clean  # not to be counted where only the comparing is measured

    chosen = random.Random(seed)
    text = "".join(clean(path.read_text(encoding="utf-8")) for path in sorted(SEEDS.glob("*.txt")))
    words = sorted(set(re.findall(r"(?=([\u4e00-\u9fff]{2}))", text)))
    sentences = ["".join(chosen.choices(words, k=chosen.randint(8, 20))) + "。" for _ in range(SENTENCES)]
    article: list[str] = []
    while True:
        if article and chosen.random() < 0.1:
            article[chosen.randrange(len(article))] = chosen.choice(sentences)
        else:
            article = chosen.choices(sentences, k=chosen.randint(15, 45))
        yield "\n".join("".join(article[start : start + 3]) for start in range(0, len(article), 3))


def write(path: Path, megabytes: float) -> None:
    """JSON lines of that size."""
    size = 0
    with path.open("wb") as file:
        for number, text in enumerate(articles(7)):
            line = json.dumps({"id": number, "text": text}, ensure_ascii=False).encode() + b"\n"
            file.write(line)
            size += len(line)
            if size >= megabytes * 1e6:
                return


def run(command: str, path: Path, out: Path, jobs: int, select: str) -> dict[str, Any]:
    """The summary of a run in a process of its own."""
    shutil.rmtree(out, ignore_errors=True)
    arguments = [sys.executable, "-m", "cleanzh", command, str(path), str(out), "--jobs", str(jobs)]
    arguments += ["--select", select] if select else []
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    summary: dict[str, Any] = json.loads((out / "_cleanzh/summary.json").read_bytes())
    shutil.rmtree(out)
    return summary


def compare_alone(documents: int, folder: str | None) -> tuple[int, int]:
    """How many are kept, and the peak of this process in bytes."""
    chosen = np.random.default_rng(1)
    codes = chosen.integers(0x4E00, 0x8FFF, 2_000_000).astype(np.uint32)
    with temporaries_in(folder or tempfile.gettempdir()):
        compared = Deduplicator(memory=MEMORY)
        for first in range(1, documents + 1, BATCH):
            starts, lengths = chosen.integers(0, len(codes) - 500, BATCH), chosen.integers(300, 500, BATCH)
            keys = [codes[start : start + length].copy() for start, length in zip(starts, lengths, strict=True)]
            sketches = chosen.integers(0, 1 << 16, (BATCH, 128), dtype=np.uint16)
            digests = chosen.integers(0, 1 << 63, (BATCH, 2), dtype=np.uint64)
            for near in range(1, BATCH, 10):
                keys[near], sketches[near] = keys[near - 1].copy(), sketches[near - 1]
                keys[near][chosen.integers(0, 300, 2)] = 7
                sketches[near][chosen.integers(0, 128, 4)] = 9
            for same in range(5, BATCH, 20):
                keys[same], sketches[same], digests[same] = keys[same - 1], sketches[same - 1], digests[same - 1]
            bounds = np.concatenate(([0], np.cumsum([len(key) for key in keys])))
            made = Signed(Keys(np.concatenate(keys), bounds), digests, sketches, np.zeros(BATCH, np.int64))
            names = [f"made.jsonl:{number}" for number in range(first, first + BATCH)]
            compared.add_signed(names, made, damage=chosen.integers(0, 3, BATCH).tolist())
        kept = sum(verdict.kept for verdict in compared.each_verdict())
    return kept, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure_alone(sizes: list[int], folder: str | None) -> None:
    """A line for each number of documents, each in a process of its own."""
    print("| documents compared | kept | peak, MB |\n|---|---|---|")
    for documents in sizes:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            kept, peak = pool.apply(compare_alone, (documents, folder))
        print(f"| {documents:,} | {kept:,} | {peak / 1e6:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, nargs="+", default=[100, 1000], help="sizes of the input")
    parser.add_argument("--jobs", type=int, nargs="+", default=[2], help="numbers of processes")
    parser.add_argument("--command", choices=["clean", "dedup"], default="clean", help="what is run")
    parser.add_argument("--select", default="", help="rules, as for the command")
    parser.add_argument("--folder", help="where there is room for input and output (default: the temporary folder)")
    parser.add_argument("--compare-only", type=int, nargs="+", metavar="DOCUMENTS", help="the comparing stage alone")
    asked = parser.parse_args()
    if asked.compare_only:
        measure_alone(asked.compare_only, asked.folder)
        return
    print("| MB | jobs | documents | main process, MB | worker, MB | seconds | MB/s |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        path, out = Path(folder) / "made.jsonl", Path(folder) / "out"
        for megabytes in asked.megabytes:
            with multiprocessing.get_context("spawn").Pool(1) as pool:  # a child's peak is at first that of its parent
                pool.apply(write, (path, megabytes))
            for jobs in asked.jobs:
                summary = run(asked.command, path, out, jobs, asked.select)
                spent, peak = summary["throughput"], summary["throughput"]["peak_memory"]
                row = (f"{megabytes:g}", jobs, f"{summary['documents']['in']:,}", round(peak["main"] / 1e6))
                rates = (f"{spent['seconds']:.0f}", f"{spent['megabytes_per_second']:.1f}")
                print("|", " | ".join(map(str, (*row, round(peak["worker"] / 1e6), *rates))), "|", flush=True)


if __name__ == "__main__":
    main()
