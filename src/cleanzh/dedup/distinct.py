"""Documents with keys of their own: the first of each key in visiting order stands for all that have it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cleanzh.dedup.columns import Column, Names
from cleanzh.dedup.keep import visiting_order
from cleanzh.dedup.sorting import Records, ordered

__all__ = ["DOCUMENT", "Distinct", "distinct_keys"]

DOCUMENT = np.dtype(
    [("position", "<i4"), ("damage", "<i4"), ("published", "<i8"), ("length", "<i4"), ("high", "<u8"), ("low", "<u8")]
)
"""What is known of a document that decides whether another one stands for it."""

_PLACED = np.dtype([("position", "<i4"), ("length", "<i4"), ("high", "<u8"), ("low", "<u8"), ("place", "<i4")])
_LED = np.dtype([("position", "<i4"), ("length", "<i4"), ("first", "<i4")])
_NUMBERED = np.dtype([("position", "<i4"), ("number", "<i4")])


@dataclass(frozen=True, slots=True)
class Distinct:
    """Distinct keys by number, in visiting order."""

    positions: Column
    """Of each the position of the document that stands for it."""
    lengths: Column
    """Of each how long it is."""
    group: Column
    """Of each document, by position, the number of its key; ``~number`` for those that another one stands for."""


def distinct_keys(policy: Sequence[str], ids: Names, documents: Iterable[Records]) -> Distinct:
    """The distinct keys of documents, which come as records of :data:`DOCUMENT`. Documents without a key are each
    their own."""
    made = Distinct(Column(np.int32), Column(np.int32), Column(np.int32))
    placed = ordered(_placed(visiting_order(policy, ids, documents)), "high", "low")
    numbered = _numbered(ordered(_led(placed), "first"), made)
    for block in ordered(numbered, "position"):
        made.group.append(block["number"])
    return made


def _placed(blocks: Iterable[Records]) -> Iterator[Records]:
    place = 0
    for block in blocks:
        placed = np.empty(len(block), _PLACED)
        for name in ("position", "length", "high", "low"):
            placed[name] = block[name]
        placed["place"] = np.arange(place, place + len(block))
        place += len(block)
        yield placed


def _led(blocks: Iterable[Records]) -> Iterator[Records]:
    """Of each document the place of the first one with its digest, given documents by digest and place."""
    before, first = None, 0
    for block in blocks:
        fresh = block["length"] == 0
        fresh[1:] |= (block["high"][1:] != block["high"][:-1]) | (block["low"][1:] != block["low"][:-1])
        fresh[:1] |= before is None or bool((block["high"][:1] != before["high"]) | (block["low"][:1] != before["low"]))
        firsts = np.concatenate(([first], block["place"][fresh]))
        led = np.empty(len(block), _LED)
        led["position"], led["length"] = block["position"], block["length"]
        led["first"] = firsts[np.cumsum(fresh)]
        before, first = block[-1], int(led["first"][-1])
        yield led


def _numbered(blocks: Iterable[Records], made: Distinct) -> Iterator[Records]:
    """Documents with the number of their key, given those of the same key in a row; the keys enter ``made``."""
    before, number = -1, -1
    for block in blocks:
        fresh = np.diff(block["first"], prepend=before) != 0
        numbers = number + np.cumsum(fresh)
        made.positions.append(block["position"][fresh])
        made.lengths.append(block["length"][fresh])
        before, number = int(block["first"][-1]), int(numbers[-1])
        numbered = np.empty(len(block), _NUMBERED)
        numbered["position"] = block["position"]
        numbered["number"] = np.where(fresh, numbers, ~numbers)
        yield numbered
