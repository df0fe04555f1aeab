"""Ids that records bring themselves, and that are not the only ones of their name.

A worker can not know that a record elsewhere has the same id. So when all are cleaned, and before they are compared,
the ids are looked through; the second document of an id becomes ``id#2``, and so on, in the order of the input. The new
ids of a staged file lie beside it.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleanzh.dedup.columns import Column

__all__ = ["other_ids", "settle_ids"]


def _beside(staged_file: Path) -> Path:
    return staged_file.with_suffix(".ids")


def other_ids(staged_file: Path) -> dict[int, str]:
    """The documents of a staged file, by number, that go by another id than they brought."""
    try:
        return {int(number): name for number, name in json.loads(_beside(staged_file).read_bytes()).items()}
    except FileNotFoundError:
        return {}


def settle_ids(staged_files: Sequence[Path], ids_of: Callable[[Path], Iterable[str]]) -> None:
    """Give every document an id of its own. ``ids_of`` a staged file, in order; held are the ids that are not alone."""
    from cleanzh.dedup import temporaries_in

    with temporaries_in(staged_files[0].parent if staged_files else Path()):
        all_, shared = _digests(staged_files, ids_of)
    if not shared:
        return
    count: Counter[str] = Counter()
    for file in staged_files:
        others: dict[int, str] = {}
        for number, name in enumerate(ids_of(file)):
            if _digest(name) not in shared:
                continue
            count[name] += 1
            if count[name] == 1:
                continue
            while _is_in(all_, _digest(other := f"{name}#{count[name]}")):
                count[name] += 1
            others[number] = other
        if others:
            part = file.with_suffix(".ids.part")
            part.write_text(json.dumps(others), encoding="utf-8")
            part.replace(_beside(file))


def _digests(staged_files: Sequence[Path], ids_of: Callable[[Path], Iterable[str]]) -> tuple[Column, set[int]]:
    """The digests of all ids, in their order, and those that are there more than once."""
    import numpy as np

    from cleanzh.dedup.columns import Column
    from cleanzh.dedup.sorting import ordered

    made = (np.array([(_digest(name),) for name in ids_of(file)], [("digest", "<u8")]) for file in staged_files)
    sorted_, shared, last = Column(np.uint64), set[int](), np.zeros(0, np.uint64)
    for block in ordered((digests for digests in made if len(digests)), "digest"):
        values = np.concatenate((last, block["digest"]))
        shared.update(values[1:][values[1:] == values[:-1]].tolist())
        last = values[-1:]
        sorted_.append(block["digest"])
    return sorted_, shared


def _is_in(digests: Column, value: int) -> bool:
    place = bisect_left(range(len(digests)), value, key=lambda at: int(digests.slice(at, at + 1)[0]))
    return place < len(digests) and int(digests.slice(place, place + 1)[0]) == value


def _digest(name: str) -> int:
    data = name.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
