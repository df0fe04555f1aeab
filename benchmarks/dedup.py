"""Measures of near-duplicate detection: ``python benchmarks/dedup.py {speed,quality,pairs,scale,index,file}``.

``quality``, ``speed`` and ``file`` read a corpus of JSON lines with ``text`` (and ``cluster``, ``op``): neardup.jsonl
in the folder that the environment variable CLEANZH_EVAL names, or ``--corpus FILE``. ``pairs`` reads its ``neardup/``.
``scale`` and ``index`` make signatures up. Times are CPU time of this process; a ratio compares two that were measured
by turns in one run. Peers take the keys, folded beforehand, and cut them into shingles as their interface asks for;
ours take the raw texts. Peers that are not installed are named and left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from cleanzh.dedup import Deduplicator, comparison_key, deduplicator, pairs, similar_pairs, sketch
from cleanzh.dedup.bands import plan
from cleanzh.dedup.key import fold
from cleanzh.kernels import kernel as compiled

# -- what is measured on ----------------------------------------------------------------------------------------------


def evaluation() -> Path:
    folder = os.environ.get("CLEANZH_EVAL")
    if not folder:
        sys.exit("set CLEANZH_EVAL to the folder with the labelled data (neardup/, neardup.jsonl), or pass --corpus")
    return Path(folder)


def corpus(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    path = Path(arguments.corpus) if arguments.corpus else evaluation() / "neardup.jsonl"
    if not path.exists():
        sys.exit(f"{path} is not there; make it with make_neardup.py from published texts")
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines][: arguments.documents or None]


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    for row in (head, ["---"] * len(head), *rows):
        print("|", " | ".join(map(str, row)), "|")
    print()


def cpu(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def without_joins() -> None:
    """Large collections take bands; so does the sample of one."""
    pairs.LIMIT = deduplicator.LIMIT = 0


OURS = 9  # runs in a turn
PEERS = ("datasketch", "rensa", "gaoya", "daft")


def use(kernel: Any) -> None:
    """Sketch with one of the kernels; what else is compiled is used with the compiled one only."""
    os.environ["CLEANZH_KERNELS"] = "" if kernel is sketch.c_kernel else "off"
    compiled.cache_clear()
    sketch.default_kernel = lambda size: kernel


# -- speed against peers ----------------------------------------------------------------------------------------------


def ours(texts: Sequence[str], threshold: float) -> Callable[[], object]:
    def run() -> object:
        dedup = Deduplicator(threshold=threshold)
        for start in range(0, len(texts), 1000):
            dedup.add_batch(range(start, start + len(texts[start : start + 1000])), texts[start : start + 1000])
        return dedup.verdicts()

    return run


def shingled(key: str) -> list[bytes]:
    return [key[i : i + 5].encode() for i in range(len(key) - 4)]


def datasketch(keys: Sequence[str], threshold: float) -> Callable[[], object]:
    from datasketch import MinHash, MinHashLSH

    def run() -> object:
        lsh = MinHashLSH(threshold=threshold, num_perm=128)
        found = []
        for name, minhash in enumerate(MinHash.bulk(map(shingled, keys), num_perm=128)):
            found.append(lsh.query(minhash))
            lsh.insert(name, minhash)
        return found

    return run


def datasketch_signing(keys: Sequence[str]) -> Callable[[], object]:
    from datasketch import MinHash

    lists = list(map(shingled, keys))
    return lambda: MinHash.bulk(lists, num_perm=128)


def rensa(keys: Sequence[str], _threshold: float) -> Callable[[], object]:
    from rensa import RMinHash

    def run() -> object:
        made = []
        for key in keys:
            minhash = RMinHash(num_perm=128, seed=42)
            minhash.update([key[i : i + 5] for i in range(len(key) - 4)])
            made.append(minhash.digest())
        return made

    return run


def gaoya(keys: Sequence[str], threshold: float) -> Callable[[], object]:
    from gaoya.minhash import MinHashStringIndex

    def run() -> object:
        index = MinHashStringIndex(
            hash_size=32, jaccard_threshold=threshold, num_bands=25, band_size=5, analyzer="char", ngram_range=(5, 5)
        )
        for name, key in enumerate(keys):
            index.insert_document(name, key)
        return [index.query(key) for key in keys]

    return run


def daft(keys: Sequence[str], _threshold: float) -> Callable[[], object]:
    import daft as engine
    from daft.functions import minhash

    def run() -> object:
        frame = engine.from_pydict({"id": list(range(len(keys))), "text": [" ".join(key) for key in keys]})
        signed = frame.with_column("m", minhash(frame["text"], num_hashes=128, ngram_size=5)).to_pydict()
        buckets: dict[object, list[int]] = {}
        for name, values in zip(signed["id"], signed["m"], strict=True):
            for band in range(25):
                buckets.setdefault((band, *values[band * 5 : band * 5 + 5]), []).append(name)
        return [bucket for bucket in buckets.values() if len(bucket) > 1]

    return run


def measure_speed(arguments: argparse.Namespace) -> None:
    without_joins()
    texts = [row["text"] for row in corpus(arguments)]
    keys = [comparison_key(text) for text in texts]
    peers = {
        "datasketch": ("datasketch `bulk` + `MinHashLSH`", datasketch),
        "rensa": ("rensa `RMinHash`, signing alone", rensa),
        "gaoya": ("gaoya, insert + query", gaoya),
        "daft": ("Daft `minhash` + bands", daft),
    }
    kernels: list[tuple[str, Any]] = [("numpy", sketch.numpy_kernel)]
    if compiled("sketch") is not None:
        kernels.insert(0, ("compiled", sketch.c_kernel))
    else:
        print("nothing is compiled here: run scripts/compile_kernels.py", file=sys.stderr)
    if importlib.util.find_spec("numba"):
        from cleanzh.dedup.compiled import compiled_kernel

        kernels.append(("fast", compiled_kernel))
    else:
        print("numba is not installed: `fast` is left out", file=sys.stderr)
    run = ours(texts, 0.7)
    rows = []
    for module, (name, make) in peers.items():
        if module not in arguments.peers:
            continue
        if importlib.util.find_spec(module) is None:
            print(f"{module} is not installed: left out", file=sys.stderr)
            continue
        other = make(keys, 0.7)
        times: dict[str, list[float]] = {}
        for turn in range(arguments.repeats + 1):  # the first turn only warms up
            for which, kernel in kernels:
                use(kernel)
                # A tenth of a second is soon full of others' work on the machine; the peers' turns are longer.
                times.setdefault(which, []).append(median(cpu(run) for _ in range(OURS)) if turn else 1e9)
            times.setdefault("its", []).append(cpu(other) if turn else 1e9)
        theirs = min(times.pop("its"))
        row = [name, f"{len(texts) / theirs:,.0f}"]
        for best in map(min, times.values()):
            row += [f"{len(texts) / best:,.0f}", f"{theirs / best:.1f}×"]
        rows.append(row)
    if len(kernels) > 1 and "datasketch" in arguments.peers and importlib.util.find_spec("datasketch"):
        folded, signing = fold(texts), datasketch_signing(keys)
        theirs = min(cpu(signing) for _ in range(arguments.repeats))
        row = ["datasketch `bulk`, signing alone", f"{len(texts) / theirs:,.0f}"]
        for _, kernel in kernels:
            use(kernel)
            best = min(cpu(lambda kernel=kernel: sketch.sketch_keys(folded, kernel=kernel)) for _ in range(9))
            row += [f"{len(texts) / best:,.0f}", f"{theirs / best:.0f}×"]
        rows.append(row)
    print(f"{len(texts):,} documents, {np.mean([len(key) for key in keys]):,.0f} characters of key each, one core\n")
    head = ["peer", "its documents/s", *(f"{text} {which}" for which, _ in kernels for text in ("ours,", "ratio,"))]
    table(head, rows)


# -- recall and precision ---------------------------------------------------------------------------------------------


def measure_quality(arguments: argparse.Namespace) -> None:
    rows = corpus(arguments)
    texts = [row["text"] for row in rows]
    result = []
    for threshold in (0.7, 0.8):
        pairs.LIMIT = 1 << 62
        truth = set(similar_pairs(texts, threshold=threshold))
        without_joins()
        found = set(similar_pairs(texts, threshold=threshold))
        recall, precision = len(found & truth) / len(truth), len(found & truth) / len(found)
        result.append([threshold, f"{len(truth):,}", f"{recall:.5f}", f"{precision:.5f}"])
    table(["threshold", "true pairs", "recall", "precision"], result)
    by_kind(rows)


def by_kind(rows: Sequence[dict[str, Any]]) -> None:
    """Of each copy whose exact similarity to its original is at least 0.7 (or containment 0.9): was it found?"""
    originals = {row["cluster"]: i for i, row in enumerate(rows) if row.get("cluster", -1) >= 0 and not row["op"]}
    names = {
        "head": "header",
        "ad": "advert",
        "punct": "punctuation",
        "trad": "script",
        "seo": "title echo",
        "trunc": "truncated",
    }
    dedup = Deduplicator(threshold=0.7, containment=0.9)
    dedup.add_batch(range(len(rows)), [row["text"] for row in rows])
    cluster = [verdict.cluster for verdict in dedup.verdicts()]
    shingles = [set(_shingles(row["text"])) for row in rows]
    result = []
    for op, name in names.items():
        due = found = 0
        for i, row in enumerate(rows):
            original = originals.get(row.get("cluster", -1), i)
            if op not in row["op"].split("+") or original == i:
                continue
            a, b = shingles[i], shingles[original]
            shared = len(a & b)
            if not shared:
                continue
            if shared / len(a | b) >= 0.7 or (op == "trunc" and shared / min(len(a), len(b)) >= 0.9):
                due += 1
                # Both may lie with a third that is better; what matters is that not both are kept.
                found += cluster[i] == cluster[original] or cluster[i] != i or cluster[original] != original
        result.append([name, due, found, f"{found / max(1, due):.1%}"])
    table(["kind of copy", "similar by truth", "set aside", "share"], result)


def _shingles(text: str) -> list[str]:
    key = comparison_key(text)
    return [key[i : i + 5] for i in range(len(key) - 4)]


def measure_pairs(_arguments: argparse.Namespace) -> None:
    folder = evaluation() / "neardup"
    counts: dict[str, list[int]] = {}
    for line in (folder / "index.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        dedup = Deduplicator(threshold=0.7, containment=0.9)
        dedup.add_batch("ab", [(folder / row[side]).read_text(encoding="utf-8") for side in "ab"])
        merged = not all(verdict.kept for verdict in dedup.verdicts())
        counts.setdefault(row["label"], [0, 0])[merged] += 1
    table(["label", "pairs", "merged"], [[label, a + b, b] for label, (a, b) in sorted(counts.items())])


# -- scale ------------------------------------------------------------------------------------------------------------


def simulated(count: int, seed: int, share: float = 0.3) -> Any:
    """Sketches of ``count`` documents, a share of them near copies of another (nine buckets in ten alike)."""
    rng = np.random.default_rng(seed)
    sketches = rng.integers(0, 1 << 16, (count, sketch.WIDTH), dtype=np.uint16)
    copies = np.flatnonzero(rng.random(count) < share)
    copies = copies[copies > 0]
    for start in range(0, len(copies), 4096):
        chosen = copies[start : start + 4096]
        same = rng.random((len(chosen), sketch.WIDTH), dtype=np.float32) < 0.9
        originals = (rng.random(len(chosen)) * chosen).astype(np.int64)
        sketches[chosen] = np.where(same, sketches[originals], sketches[chosen])
    return sketches


def measure_scale(arguments: argparse.Namespace) -> None:
    rows = []
    for mode in ("memory", "files"):
        for count in (100_000, 1_000_000):
            command = [sys.executable, __file__, "scale-one", "--documents", str(count), "--mode", mode]
            report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            rows.append(
                [mode, f"{count:,}", f"{report['seconds']:.1f}", f"{report['peak'] / 2**20:,.0f}", report["aside"]]
            )
    table(["sketches in", "documents", "CPU seconds", "peak MB of the process", "set aside"], rows)


def scale_one(arguments: argparse.Namespace) -> None:
    from cleanzh.dedup.columns import Column
    from cleanzh.dedup.leaders import leaders_by_bands
    from cleanzh.dedup.similarity import Similarities
    from cleanzh.dedup.sketches import SketchStore, band_runs

    store = SketchStore(memory=1 << 62 if arguments.mode == "memory" else 0)
    for start in range(0, arguments.documents, 10_000):
        store.append(simulated(min(10_000, arguments.documents - start), start))
    cut = plan(0.7)

    def compare(heads: Any, members: Any) -> Similarities:
        share = store.agreement(heads, members) / 128
        return Similarities(np.where(share >= 90 / 128, share, np.nan), np.ones(len(share)))

    start_time = time.process_time()
    order = np.arange(arguments.documents, dtype=np.int32)
    aside = leaders_by_bands(len(order), band_runs(store, Column.of(order), cut), compare)
    seconds = time.process_time() - start_time
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak": peak, "aside": len(aside)}))


# -- the index --------------------------------------------------------------------------------------------------------


def measure_index(arguments: argparse.Namespace) -> None:
    from cleanzh.dedup.index import DuplicateIndex
    from cleanzh.dedup.stored import Records

    def records(count: int, rng: Any) -> Records:
        return Records(np.full(count, 1500, np.uint32), rng.integers(0, 256, (count, 256), dtype=np.uint8), None)

    rng = np.random.default_rng(5)
    stored, fresh = arguments.documents or 1_000_000, 20_000
    with tempfile.TemporaryDirectory() as folder:
        index = DuplicateIndex(Path(folder) / "index")
        digests = rng.integers(0, 1 << 63, (stored, 2), dtype=np.uint64)
        sketches = simulated(stored, 1, share=0)
        start = time.process_time()
        index.append([f"{i:07d}" for i in range(stored)], digests, sketches, records(stored, rng))
        build = time.process_time() - start
        new = simulated(fresh, 2, share=0)
        new_digests = rng.integers(0, 1 << 63, (fresh, 2), dtype=np.uint64)
        names = [f"n{i}" for i in range(fresh)]
        keys = fold(["一二三四五六七八九十" * 20])
        lookups, appends = [], []
        for _ in range(5):
            start = time.process_time()
            index.lookup(names, lambda _: keys, new_digests, new)
            lookups.append(time.process_time() - start)
        for _ in range(3):
            extra = records(fresh, rng)
            start = time.process_time()
            index.append(names, new_digests, new, extra)
            appends.append(time.process_time() - start)
        size = sum(path.stat().st_size for path in (Path(folder) / "index").iterdir())
    table(
        ["what", "CPU seconds"],
        [
            [f"build with {stored:,}", f"{build:.1f}"],
            [f"look up {fresh:,} (first, median)", f"{lookups[0]:.2f}, {median(lookups):.2f}"],
            [f"append {fresh:,}", f"{median(appends):.3f}"],
            ["bytes a document", f"{size / (stored + 3 * fresh):.0f}"],
        ],
    )


# -- file to file -----------------------------------------------------------------------------------------------------


def measure_file(arguments: argparse.Namespace) -> None:
    try:
        import orjson
    except ImportError:
        sys.exit("file needs orjson: pip install orjson")
    if arguments.numpy:
        use(sketch.numpy_kernel)
    rows = corpus(arguments)
    pieces = "\n".join(row["text"] for row in rows)
    count = min(arguments.documents or 20_000, len(pieces) // 1500)
    with tempfile.TemporaryDirectory() as folder:
        source, kept, verdict_file = (Path(folder) / name for name in ("in.jsonl", "out.jsonl", "verdicts.jsonl"))
        with source.open("wb") as file:
            for i in range(count):
                file.write(orjson.dumps({"id": i, "text": pieces[i * 1500 : i * 1500 + 1500]}) + b"\n")

        def copy() -> None:
            with source.open("rb") as lines, kept.open("wb") as out:
                for line in lines:
                    out.write(orjson.dumps(orjson.loads(line)) + b"\n")

        def dedup() -> None:
            found = Deduplicator(threshold=0.7)
            ids: list[int] = []
            texts: list[str] = []
            with source.open("rb") as lines:
                for line in lines:
                    row = orjson.loads(line)
                    ids.append(row["id"])
                    texts.append(row["text"])
                    if len(ids) == 1000:
                        found.add_batch(ids, texts)
                        ids, texts = [], []
            if ids:
                found.add_batch(ids, texts)
            verdicts = found.verdicts()
            with source.open("rb") as lines, kept.open("wb") as out, verdict_file.open("wb") as record:
                for line, verdict in zip(lines, verdicts, strict=True):
                    record.write(orjson.dumps(verdict._asdict()) + b"\n")
                    if verdict.kept:
                        out.write(line)

        dedup()
        times = [(cpu(copy), cpu(dedup)) for _ in range(arguments.repeats)]
    copying, working = median(t[0] for t in times), median(t[1] for t in times)
    table(
        ["documents", "documents/s", "`orjson` read and write", "ratio of times"],
        [[f"{count:,} of 1,500", f"{count / working:,.0f}", f"{count / copying:,.0f}", f"{working / copying:.1f}×"]],
    )


MEASURES = {
    "speed": measure_speed,
    "quality": measure_quality,
    "pairs": measure_pairs,
    "scale": measure_scale,
    "scale-one": scale_one,
    "index": measure_index,
    "file": measure_file,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measure", choices=MEASURES)
    parser.add_argument("--corpus", help="JSON lines with text, cluster, op")
    parser.add_argument("--documents", type=int, help="how many documents (default: all, a million, 20,000)")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peers", nargs="+", default=PEERS, choices=PEERS, help="speed: measure against these")
    parser.add_argument("--numpy", action="store_true", help="file: without the compiled kernel")
    parser.add_argument("--mode", choices=["memory", "files"], default="memory", help="scale-one: where sketches are")
    arguments = parser.parse_args()
    MEASURES[arguments.measure](arguments)


if __name__ == "__main__":
    main()
