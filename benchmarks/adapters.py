"""What an adapter costs over the library's own call on the same texts.

The library's call is what every run does: clean, judge, and, for adapters that hand on the record, write it as JSON.
CPU time of this process, by turns, the least of some rounds. Libraries that are not installed are named and left out.
Texts: the seeds, repeated, which are dirty from end to end.

    python benchmarks/adapters.py [--documents 300] [--rounds 5]
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cleanzh import ledger
from cleanzh.adapters import clean_arrow, clean_batch, clean_column
from cleanzh.formats import Record
from cleanzh.stages.clean import Recipe, examine, pipeline_of

SEEDS = Path(__file__).parent.parent / "seeds"


def texts(count: int) -> list[str]:
    articles = [path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    return [f"{articles[i % len(articles)]}\n第{i}篇。" for i in range(count)]


def library(batch: list[str], *, record: bool) -> Callable[[], object]:
    pipeline = pipeline_of(Recipe())

    def run() -> None:
        for text in batch:
            _, cleaned, _ = examine(Record("", "", None, b"", text=text), pipeline)
            if record and cleaned is not None:
                ledger.json_line(ledger.changes(cleaned))

    return run


def adapters(batch: list[str]) -> dict[str, tuple[str, Callable[[], Callable[[], object]]]]:
    def pandas() -> Callable[[], object]:
        import pandas

        column = pandas.Series(batch)
        return lambda: clean_column(column)

    def polars() -> Callable[[], object]:
        import polars

        column = polars.Series("text", batch)
        return lambda: clean_column(column)

    def arrow() -> Callable[[], object]:
        import pyarrow

        made = pyarrow.RecordBatch.from_pydict({"text": batch})
        return lambda: list(clean_arrow([made]))

    def huggingface() -> Callable[[], object]:
        import datasets

        datasets.disable_progress_bars()
        datasets.disable_caching()
        dataset = datasets.Dataset.from_dict({"text": batch})
        return lambda: dataset.map(clean_batch, batched=True)

    def datatrove() -> Callable[[], object]:
        from datatrove.data import Document

        from cleanzh.adapters.datatrove import CleanFormatter

        return lambda: list(CleanFormatter().run(Document(text=text, id=str(i)) for i, text in enumerate(batch)))

    def scrapy() -> Callable[[], object]:
        from cleanzh.adapters.scrapy import CleanzhPipeline

        pipeline = CleanzhPipeline()
        return lambda: [pipeline.process_item({"text": text}) for text in batch]

    return {
        "`clean_batch`": ("cleanzh", lambda: lambda: clean_batch({"text": batch})),
        "`clean_column`, pandas": ("pandas", pandas),
        "`clean_column`, polars": ("polars", polars),
        "`clean_arrow`": ("pyarrow", arrow),
        "`Dataset.map(clean_batch)`": ("datasets", huggingface),
        "datatrove `CleanFormatter`": ("datatrove", datatrove),
        "Scrapy `CleanzhPipeline`": ("scrapy", scrapy),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    batch = texts(arguments.documents)
    print("| adapter | over the library's own call |\n|---|---|")
    for name, (needed, make) in adapters(batch).items():
        if not importlib.util.find_spec(needed):
            print(f"| {name} | {needed} is not installed |")
            continue
        run, plain = make(), library(batch, record="column" not in name)
        run()
        plain()
        own, adapted = [], []
        for _ in range(arguments.rounds):
            own.append(cpu(plain))
            adapted.append(cpu(run))
        print(f"| {name} | {100 * (min(adapted) / min(own) - 1):+.0f} % |")


def cpu(run: Callable[[], Any]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


if __name__ == "__main__":
    main()
