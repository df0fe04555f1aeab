"""Peak memory of a run over JSON lines of different sizes, and what a second job gains.

The input is made up: articles of about a thousand characters, of the sentences of the seeds, one in ten a copy with a
change. Each size is one file, which is cleaned in processes of their own; the table has the peak of the
main process and of the workers, and the time. Sizes need three times their own in free disk space.

    python benchmarks/memory.py [--megabytes 100 1000] [--jobs 1 2] [--command clean] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cleanzh import clean

SEEDS = Path(__file__).parent.parent / "seeds"


def articles(seed: int) -> Iterator[str]:
    """Articles without end, of some thirty sentences of the seeds each, in which names and numbers differ."""
    chosen = random.Random(seed)
    texts = [clean(path.read_text(encoding="utf-8")) for path in sorted(SEEDS.glob("*.txt"))]
    sentences = sorted({part for text in texts for part in re.split(r"(?<=[。！？])|\n", text) if 15 < len(part) < 80})
    characters = sorted(set("".join(sentences)))
    article: list[str] = []
    while True:
        if article and chosen.random() < 0.1:
            article[chosen.randrange(len(article))] = chosen.choice(sentences)
        else:
            name = "".join(chosen.choices(characters, k=2))
            article = [f"{name}{chosen.choice(sentences)}" for _ in range(chosen.randint(15, 45))]
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


def run(command: str, path: Path, out: Path, jobs: int) -> dict[str, Any]:
    """The summary of a run in a process of its own."""
    shutil.rmtree(out, ignore_errors=True)
    arguments = [sys.executable, "-m", "cleanzh", command, str(path), str(out), "--jobs", str(jobs)]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    summary: dict[str, Any] = json.loads((out / "_cleanzh/summary.json").read_bytes())
    shutil.rmtree(out)
    return summary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, nargs="+", default=[100, 1000], help="sizes of the input")
    parser.add_argument("--jobs", type=int, nargs="+", default=[2], help="numbers of processes")
    parser.add_argument("--command", choices=["clean", "dedup"], default="clean", help="what is run")
    parser.add_argument("--folder", help="where there is room for input and output (default: the temporary folder)")
    asked = parser.parse_args()
    print("| MB | jobs | documents | main process, MB | worker, MB | seconds | MB/s |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        path, out = Path(folder) / "made.jsonl", Path(folder) / "out"
        for megabytes in asked.megabytes:
            write(path, megabytes)
            for jobs in asked.jobs:
                summary = run(asked.command, path, out, jobs)
                spent, peak = summary["throughput"], summary["throughput"]["peak_memory"]
                row = (f"{megabytes:g}", jobs, f"{summary['documents']['in']:,}", round(peak["main"] / 1e6))
                rates = (f"{spent['seconds']:.0f}", f"{spent['megabytes_per_second']:.1f}")
                print("|", " | ".join(map(str, (*row, round(peak["worker"] / 1e6), *rates))), "|", flush=True)


if __name__ == "__main__":
    main()
