"""Measures of parts of the engine of many machines: ``python benchmarks/scale.py {bytes,signatures,driver}``.

Whole runs on a cluster are measured by ``benchmarks/cluster.py``.
``bytes`` compares made-up documents over partitions in this process, and counts what would travel between machines.
``signatures`` runs the stages that go by band key on made-up keys of one partition of a collection of any size.
``driver`` does what the driver does for each document.
Documents are made up: three in ten are an edited copy of another, one in fifty of one that many copy.
"""

from __future__ import annotations

import argparse
import pickle
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cleanzh.dedup import partitioned, partitions, sign
from cleanzh.dedup.bands import plan
from cleanzh.dedup.columns import BLOCK, Names
from cleanzh.dedup.deduplicator import Signed
from cleanzh.dedup.distinct import DOCUMENT, distinct_keys
from cleanzh.dedup.keep import KEEP
from cleanzh.dedup.partitioned import PartitionedDeduplicator

SEEDS = Path(__file__).parent.parent / "seeds"


def texts(count: int, length: int, seed: int = 1) -> Iterator[str]:
    """Made-up articles: sentences of words of the seeds, with a share of copies."""
    rng = random.Random(seed)
    said = "".join(path.read_text("utf-8") for path in sorted(SEEDS.glob("*.txt")))
    words = sorted({said[i : i + 2] for i in range(len(said) - 1) if all("一" <= c <= "鿿" for c in said[i : i + 2])})
    viral = "".join(rng.choices(words, k=length // 2))
    last: list[str] = []
    for _ in range(count):
        kind = rng.random()
        if kind < 0.3 and last:
            old, at = rng.choice(last), rng.randrange(length)
            text = old[:at] + rng.choice(words) + old[at:]
        elif kind < 0.32:
            at = rng.randrange(length)
            text = viral[:at] + rng.choice(words) + viral[at:]
        else:
            drawn = rng.choices(words, k=length // 2)
            text = "，".join("".join(drawn[i : i + 6]) for i in range(0, len(drawn), 6)) + "。"
        last = [*last[-500:], text]
        yield text


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    for row in (head, ["---"] * len(head), *rows):
        print("|", " | ".join(map(str, row)), "|", flush=True)
    print()


# -- bytes ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """A partition of made-up documents; signed once, as a run reads it from its files."""

    number: int
    count: int
    length: int

    def columns(self) -> partitions.Columns:
        ids = [f"articles/{self.number:05}.jsonl:{i}" for i in range(self.count)]
        return partitions.Columns(ids, [None] * self.count, [0] * self.count)

    def signed(self) -> Signed:
        if self not in _SIGNED:
            _SIGNED[self] = sign(list(texts(self.count, self.length, seed=self.number)))
        return _SIGNED[self]


_SIGNED: dict[Made, Signed] = {}


class Counting:
    """An executor in this process that counts bytes and seconds by function."""

    def __init__(self, parallel: int) -> None:
        self.parallel = parallel
        self.moved: dict[str, list[float]] = {}

    def submit(self, function: Callable[..., Any], *arguments: Any, parts: int = 1) -> list[Any]:
        given = [pickle.loads(a) if isinstance(a, bytes) else a for a in arguments]  # noqa: S301
        begun = time.process_time()
        result = function(*given)
        seconds = time.process_time() - begun
        made = [pickle.dumps(part, protocol=5) for part in (result if parts > 1 else [result])]
        sizes = [len(part) for part in made]
        entry = self.moved.setdefault(function.__name__.strip("_"), [0, 0, 0, 0])
        for i, more in enumerate((1, sum(sizes), seconds)):
            entry[i] += more
        entry[3] = max(entry[3], *sizes)
        return made

    def fetch(self, references: Sequence[Any]) -> list[Any]:
        return [pickle.loads(reference) for reference in references]  # noqa: S301

    def share(self, value: Any) -> bytes:
        return pickle.dumps(value)


def measure_bytes(arguments: argparse.Namespace) -> None:
    partitioned.LIMIT = partitioned.IN_ONE_PLACE = 0
    for count in sorted(arguments.documents):
        parts = max(2, count // 12_500)
        made = [Made(number, count // parts, arguments.length) for number in range(parts)]
        for part in made:
            part.signed()
        executor = Counting(arguments.parallel)
        begun = time.process_time()
        found = PartitionedDeduplicator(made, executor).verdicts()
        seconds = time.process_time() - begun
        aside = sum(not verdict.kept for verdict in found)
        print(
            f"{len(found):,} documents of {arguments.length} characters in {parts} partitions, {aside:,} set aside, "
            f"{seconds:.1f} CPU seconds; {sum(entry[2] for entry in executor.moved.values()):.1f} of them in tasks\n"
        )
        table(
            ["task", "tasks", "bytes a document out of it", "largest result, MB", "µs a document"],
            [
                [f"`{name}`", f"{tasks:.0f}", f"{size / len(found):.1f}", f"{most / 1e6:.1f}",
                 f"{used / len(found) * 1e6:.1f}"]
                for name, (tasks, size, used, most) in executor.moved.items()
            ],
        )  # fmt: skip


# -- simulated signatures ---------------------------------------------------------------------------------------------


def measure_signatures(arguments: argparse.Namespace) -> None:
    cut, rows = plan(0.7), []
    for count in sorted(arguments.documents):
        parts = min(
            partitioned.MOST_PARTS, 1 << max(0, count * 8 * cut.bands // partitioned.BAND_BYTES - 1).bit_length()
        )
        bits, here = count.bit_length(), count // parts
        rng = np.random.default_rng(count)
        low = np.uint64((1 << bits) - 1)
        banded = []
        for _ in range(cut.bands):
            keys = rng.integers(0, 1 << 63, here, dtype=np.uint64)
            copies = np.flatnonzero(rng.random(here) < 0.2)  # three in ten are copies, and meet in two bands of three
            keys[copies] = keys[rng.integers(0, here, len(copies))]
            values = (keys & ~low) | rng.integers(0, count, here, dtype=np.uint64)
            values.sort()
            banded.append(values)
        tagged = partitions.Banded.of(banded)
        seconds = {}
        nobody = partitions.bits_of(np.zeros(count, dtype=bool))

        def timed(name: str, function: Callable[..., Any], *given: Any, seconds: dict[str, float] = seconds) -> Any:
            begun = time.process_time()
            made = function(*given)
            seconds[name] = time.process_time() - begun
            return made

        runs = timed("runs", partitions.runs_from, bits, tagged)
        both = timed("standing", partitions.standing, runs, nobody, count)
        active, later = (partitions.members_of(half, count) for half in np.split(both, 2))
        kept = partitions.bits_of(active & ~later)
        made = timed("proposed", partitions.proposed, runs, kept, nobody, count)
        timed("without", partitions.without, runs, kept, nobody)
        whole = sum(seconds.values()) * parts
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        rows.append([
            f"{count:,}", parts, f"{tagged.values.nbytes / 1e6:.0f}", f"{runs.values.nbytes / 1e6:.0f}",
            f"{len(made.heads):,}", *(f"{used:.2f}" for used in seconds.values()),
            f"{whole:,.0f}", f"{whole / count * 1e6:.1f}", f"{peak / 1e6:,.0f}",
        ])  # fmt: skip
    table(
        ["documents", "partitions", "keys of one, MB", "runs of one, MB", "pairs it proposes", "runs, s", "standing, s",
         "proposed, s", "without, s", "all partitions, core seconds", "µs a document", "peak of the process, MB"],
        rows,
    )  # fmt: skip


def measure_driver(arguments: argparse.Namespace) -> None:
    rows = []
    for count in sorted(arguments.documents):
        rng = np.random.default_rng(count)
        ids = [f"articles/{i // 100_000:05}.jsonl:{i % 100_000}" for i in range(count)]
        held = sum(map(sys.getsizeof, ids[:1000])) / 1000 + 8
        documents = np.zeros(count, DOCUMENT)
        documents["position"] = np.arange(count)
        documents["high"], documents["low"] = rng.integers(0, 1 << 63, (2, count), dtype=np.uint64)
        for name in ("damage", "published", "length"):
            documents[name] = rng.integers(0, 1000, count)
        names = Names()
        names += ids
        begun = time.process_time()
        distinct_keys(KEEP, names, (documents[start : start + BLOCK] for start in range(0, count, BLOCK)))
        rows.append([f"{count:,}", f"{time.process_time() - begun:.1f}", DOCUMENT.itemsize, f"{held:.0f}"])
    table(["documents", "visiting order and exact duplicates, s", "bytes a document", "of its id"], rows)


MEASURES = {
    "bytes": measure_bytes,
    "signatures": measure_signatures,
    "driver": measure_driver,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measure", choices=MEASURES)
    parser.add_argument("--documents", type=int, nargs="+", default=[10_000, 90_000], help="(default 10000 90000)")
    parser.add_argument("--length", type=int, default=500, help="characters of a document (default 500)")
    parser.add_argument("--parallel", type=int, default=4, help="band partitions of `bytes`, at least (default 4)")
    arguments = parser.parse_args()
    MEASURES[arguments.measure](arguments)


if __name__ == "__main__":
    main()
