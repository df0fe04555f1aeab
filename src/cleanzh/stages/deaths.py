"""Documents that end the process that cleans them: found out, and left out.

A process that is killed (for its memory, by a crash in a library) says nothing any more. So before each document a
worker notes which one comes next; the one that takes over reads how far its predecessor came. A document at which a
process died for the third time is left out, as one that can not be read.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

from cleanzh.readers import Record

__all__ = ["survivors"]

# Processes are killed for other reasons, too; three times at one document of a thousand is no accident.
_DEATHS = 3
_PROBLEM = "the process that cleans it is killed each time (out of memory, or a crash)"
_HEAD = struct.Struct("<qq")  # the document in work, and how many processes have died at it


def survivors(records: Iterator[Record], note: Path) -> Iterator[Record]:
    """The records of a shard, with those that have killed a process too often as ones that can not be read.

    ``note`` is the file in which the processes that try the same shard, one after the other, tell how far they came.
    """
    at, deaths, *left_out = _read(note)
    deaths += at >= 0
    if deaths >= _DEATHS:
        left_out.append(at)
    with note.open("wb+", buffering=0) as file:
        file.write(_HEAD.pack(at, deaths) + struct.pack(f"<{len(left_out)}q", *left_out))
        # What is in a map outlives the process, as what is written does, and takes no call of the system.
        with mmap.mmap(file.fileno(), _HEAD.size) as told:
            number = -1
            while True:
                number += 1
                _HEAD.pack_into(told, 0, number, deaths if number == at else 0)
                record = next(records, None)
                if record is None:
                    return
                yield record if number not in left_out else record._replace(text=None, frame=None, problem=_PROBLEM)


def _read(note: Path) -> tuple[int, ...]:
    try:
        raw = note.read_bytes()
    except FileNotFoundError:
        return (-1, 0)
    return struct.unpack(f"<{len(raw) // 8}q", raw)
