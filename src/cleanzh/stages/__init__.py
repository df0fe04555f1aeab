"""The stages of a run: pure functions, with files between them.

1. ``clean_shard`` cleans a shard into a *staged file*, and signs what may come out;
2. ``compare`` finds near duplicates among the signed, and writes the verdicts of each shard beside it;
3. ``write`` parts the staged documents by their verdicts: into OUT, or set aside, with the record.

What an engine moves between processes, or machines, are these files. Each stage can be done again from what the one
before it left, with the same result.
"""

from cleanzh.stages.clean import (
    Header,
    Recipe,
    Staged,
    Tally,
    clean_shard,
    examine,
    headers,
    pipeline_of,
    settle,
    signed,
    staged,
)
from cleanzh.stages.compare import Dedup, compare, remember, verdicts
from cleanzh.stages.tasks import ShardTask, clean_task
from cleanzh.stages.write import Written, write

__all__ = [
    "Dedup",
    "Header",
    "Recipe",
    "ShardTask",
    "Staged",
    "Tally",
    "Written",
    "clean_shard",
    "clean_task",
    "compare",
    "examine",
    "headers",
    "pipeline_of",
    "remember",
    "settle",
    "signed",
    "staged",
    "verdicts",
    "write",
]
