"""CPU time of a whole run against data-juicer doing its nearest recipe on the same shard, in an environment of its own.

The recipe repairs (``fix_unicode``), converts to Simplified, takes out links, addresses, tags, marks and repeated
sentences, normalizes blanks and marks, and removes near duplicates by MinHash over characters, at the threshold of
cleanzh: as much of what ``cleanzh clean`` does as data-juicer has an operator for. It has none for pinyin notes, wrong
charsets of Chinese, headers, adverts, what folded marks were, or a record of what was changed.

Shards are JSON lines: the seeds, and, if the environment variable CLEANZH_EVAL names a folder with
``clean/*.jsonl.gz`` and ``docs/*.raw.txt``, those too, repeated where they are too few. Each runs in processes of its
own, one job, in turns; the time is that of the processor, of all of them, so that other work on the machine counts
little. What a start takes is measured on a shard of one document, and the ratio is given with it and without.

    python3 -m venv peer && peer/bin/pip install py-data-juicer
    python benchmarks/peers.py --data-juicer peer/bin/dj-process [--megabytes 8] [--turns 2]
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path

SEEDS = Path(__file__).parent.parent / "seeds"
RECIPE = Path(__file__).with_name("data_juicer.yaml")


def shards(size: int) -> Iterator[tuple[str, list[str]]]:
    """Kinds of text."""
    yield "seeds", repeated([path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt"))], size)
    folder = os.environ.get("CLEANZH_EVAL")
    if not folder:
        print("CLEANZH_EVAL is not set: the seeds alone are measured\n")
        return
    clean = [gzip.decompress(path.read_bytes()) for path in sorted(Path(folder, "clean").glob("simp_*.jsonl.gz"))]
    published = [json.loads(line)["text"] for part in clean for line in part.splitlines()]
    yield "clean Simplified text", repeated(published, size)
    scraped = [path.read_text(encoding="utf-8") for path in sorted(Path(folder, "docs").glob("*.raw.txt"))]
    yield "scraped articles", repeated(scraped, size)


def repeated(texts: Sequence[str], size: int) -> list[str]:
    """Texts again and again up to a size."""
    made: list[str] = []
    for text in cycle(texts):
        if size <= 0:
            break
        made.append(text)
        size -= len(text.encode())
    return made


def write(path: Path, texts: Sequence[str]) -> int:
    """JSON lines; says how many bytes."""
    with path.open("w", encoding="utf-8") as file:
        for number, text in enumerate(texts):
            file.write(json.dumps({"id": f"{number}", "text": text}, ensure_ascii=False) + "\n")
    return path.stat().st_size


def processor(command: Sequence[str], log: Path) -> float:
    """Seconds of the processor that a command and its processes take."""

    def spent() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    # As in what is installed, bytecode is at hand: both had it compiled once.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = spent()
    with log.open("wb") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{log.read_text(errors='replace')[-2000:]}")
    return spent() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-juicer", required=True, help="dj-process of its environment")
    parser.add_argument("--megabytes", type=float, default=8, help="size of a shard")
    parser.add_argument("--turns", type=int, default=2, help="how often each runs; the least time counts")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)

        def ours(shard: Path) -> list[str]:
            return [
                sys.executable,
                "-m",
                "cleanzh",
                "clean",
                str(shard),
                str(place / "ours"),
                "--jobs",
                "1",
                "--overwrite",
            ]

        def theirs(shard: Path) -> list[str]:
            out = place / "theirs" / "out.jsonl"
            paths = ["--dataset_path", str(shard), "--export_path", str(out), "--ds_cache_dir", str(place / "cache")]
            return [asked.data_juicer, "--config", str(RECIPE), *paths]

        def least(commands: Sequence[Callable[[Path], list[str]]], shard: Path) -> list[float]:
            turns = [[processor(command(shard), place / "log") for command in commands] for _ in range(asked.turns)]
            return list(map(min, zip(*turns, strict=True)))

        commands = (ours, theirs)
        write(place / "one.jsonl", ["今天天气很好，我们去公园散步，然后回家吃饭。"])
        starts = least(commands, place / "one.jsonl")
        print(f"A start: cleanzh {starts[0]:.1f} s, data-juicer {starts[1]:.1f} s.\n")
        print("| text | MB | documents | cleanzh, s | data-juicer, s | ratio | without the start |")
        print("|---|---|---|---|---|---|---|")
        for name, texts in shards(int(asked.megabytes * 1e6)):
            size = write(place / "shard.jsonl", texts)
            mine, other = least(commands, place / "shard.jsonl")
            net = (other - starts[1]) / max(mine - starts[0], 1e-9)
            row = f"{size / 1e6:.1f} | {len(texts):,} | {mine:.1f} | {other:.1f} | {other / mine:.1f}× | {net:.1f}×"
            print(f"| {name} | {row} |", flush=True)


if __name__ == "__main__":
    main()
