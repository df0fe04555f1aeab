"""Memory and speed of reading and writing each format, at two sizes: memory must not grow with the input.

    python benchmarks/formats.py --megabytes 20 200

Articles are made of the lines of the seeds. Nothing is cleaned: what is measured is reading, the record and writing,
each run in a process of its own. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import bz2
import csv
import gzip
import io
import json
import lzma
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

SEEDS = Path(__file__).parent.parent / "seeds"
OPEN: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
NAMES = ("a.jsonl", "a.jsonl.gz", "a.jsonl.bz2", "a.json", "a.csv.gz", "a.parquet")


def rows(megabytes: int) -> Iterator[dict[str, Any]]:
    lines = [line for path in sorted(SEEDS.glob("*.txt")) for line in path.read_text(encoding="utf-8").splitlines()]
    chosen, size, number = random.Random(1), 0, 0
    while size < megabytes << 20:
        text = "\n".join(chosen.choices(lines, k=12))
        size += len(text.encode())
        number += 1
        yield {"id": number, "text": text}


def write(path: Path, megabytes: int) -> None:
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pylist(list(rows(megabytes)))
        pq.write_table(table, path, row_group_size=1000)
        return
    with OPEN.get(path.suffix, open)(path, "wt", encoding="utf-8", newline="") as file:
        _write_text(file, path.name, megabytes)


def _write_text(file: TextIO | io.TextIOBase, name: str, megabytes: int) -> None:
    if ".csv" in name:
        table = csv.DictWriter(file, ["id", "text"])
        table.writeheader()
        table.writerows(rows(megabytes))
    elif name.endswith(".json"):
        for number, row in enumerate(rows(megabytes)):
            file.write(("," if number else "[") + json.dumps(row, ensure_ascii=False) + "\n")
        file.write("]\n")
    else:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(megabytes))


def measure(path: Path) -> None:
    """In a process of its own: its seconds, and the most memory it had, before and in the run."""
    from cleanzh.run import clean_files
    from cleanzh.stages.clean import Recipe

    if path.suffix == ".parquet":
        import pyarrow.parquet  # noqa: F401  # its own weight is not the run's
    unit = 1 if sys.platform == "darwin" else 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    begun = time.process_time()
    clean_files([path], path.parent / "out", dedup=None, jobs=1, recipe=Recipe(script="keep", clean=False))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(json.dumps([time.process_time() - begun, before, most]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, nargs=2, default=[20, 200], metavar="N", help="of text, two sizes")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure)
        return
    small, large = arguments.megabytes
    print(f"| file | peak at {small} MB of text | at {large} MB | before a run | MB of text a second |")
    print("|---|---|---|---|---|")
    for name in NAMES:
        found = []
        for megabytes in (small, large):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / name
                write(path, megabytes)
                done = subprocess.run(
                    [sys.executable, __file__, "--measure", path], capture_output=True, text=True, check=True
                )
                found.append(json.loads(done.stdout.splitlines()[-1]))
        (_, before, first), (seconds, _, second) = found
        peaks = f"{first / 1e6:.0f} MB | {second / 1e6:.0f} MB | {before / 1e6:.0f} MB"
        print(f"| `{name}` | {peaks} | {large / seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
