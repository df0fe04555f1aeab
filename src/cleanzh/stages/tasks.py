"""A shard cleaned into the work folder of a run: what an engine hands to its processes.

They import this module, and nothing of the run that asks for it: what that needs to plan, to tell and to report takes
as long to import as all the filters.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

from cleanzh import ledger
from cleanzh.formats import Stamp
from cleanzh.readers import Shard
from cleanzh.stages.clean import Recipe, Tally, clean_shard

__all__ = ["ShardTask", "clean_task"]


class ShardTask(NamedTuple):
    """A shard to clean, and its place among all."""

    number: int
    shard: Shard
    size: int
    stamps: tuple[Stamp | None, ...]

    def __str__(self) -> str:
        first, last = self.shard[0], self.shard[-1]
        return first.source.name if first.source == last.source else f"{first.source.name} … {last.source.name}"


def clean_task(task: ShardTask, folder: Path, *, recipe: Recipe, sign: bool) -> Tally:
    """Clean a shard into the work folder, or one that stands for it: there its files are whole."""
    staged = folder / f"{task.number:08}.staged"
    note = staged.with_suffix(".at")
    with tempfile.TemporaryDirectory(prefix="part-", dir=folder) as part:
        made = Path(part)
        tally = clean_shard(task.shard, recipe, made / staged.name, sign=sign, note=note, stamps=task.stamps)
        sizes = {path.name: path.stat().st_size for path in sorted(made.iterdir())}
        done = made / staged.with_suffix(".done").name
        done.write_bytes(ledger.json_line({"tally": tally.to_json(), "size": task.size, "files": sizes}))
        for name in (*sizes, done.name):
            (made / name).replace(folder / name)
    note.unlink(missing_ok=True)
    return tally
