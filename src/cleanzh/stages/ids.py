"""Ids that records bring themselves, and that are not the only ones of their name.

A worker can not know that a record elsewhere has the same id. So when all are cleaned, and before they are compared,
the ids are looked through; the second document of an id becomes ``id#2``, and so on, in the order of the input. The new
ids of a staged file lie beside it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
    """Give every document an id of its own. ``ids_of`` a staged file, in order; of each id eight bytes are held."""
    import numpy as np

    seen = np.fromiter((_digest(name) for file in staged_files for name in ids_of(file)), np.uint64)
    values, counts = np.unique(seen, return_counts=True)
    shared = set(values[counts > 1].tolist())
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
            while _is_in(values, _digest(other := f"{name}#{count[name]}")):
                count[name] += 1
            others[number] = other
        if others:
            part = file.with_suffix(".ids.part")
            part.write_text(json.dumps(others), encoding="utf-8")
            part.replace(_beside(file))


def _is_in(values: NDArray[np.uint64], value: int) -> bool:
    place = int(values.searchsorted(value))
    return place < len(values) and int(values[place]) == value


def _digest(name: str) -> int:
    data = name.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
