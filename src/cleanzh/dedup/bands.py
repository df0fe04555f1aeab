"""Band keys: documents that agree in all rows of one band become a candidate pair.

Sketches of 128 buckets are cut into bands of as many rows as keep the odds of missing a pair that is exactly at the
threshold below ``MISSED``; pairs above it are missed far more rarely. At 0.7 that is 32 bands of 4 rows.
"""

from __future__ import annotations

import math
import sys
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.sketch import WIDTH, Sketches

__all__ = ["MISSED", "Plan", "band_keys", "plan"]

MISSED = 2e-4
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_S32 = np.uint64(32)


class Plan(NamedTuple):
    """How sketches are cut, and in how many buckets two must agree to be worth counting."""

    bands: int
    rows: int
    agree: int


def plan(threshold: float) -> Plan:
    """The bands for a threshold.

    ``agree`` is 4.5 standard deviations below what a pair at the threshold agrees in: it spares the exact comparison of
    pairs that share much, such as texts of one template, and loses one true pair in 300,000 of those at the threshold.

    >>> plan(0.7), plan(0.8)
    (Plan(bands=32, rows=4, agree=66), Plan(bands=25, rows=5, agree=82))
    """
    rows = 1
    for more in range(2, 17):
        if (1 - threshold**more) ** (WIDTH // more) > MISSED:
            break
        rows = more
    spread = math.sqrt(WIDTH * threshold * (1 - threshold))
    return Plan(WIDTH // rows, rows, max(1, math.floor(WIDTH * threshold - 4.5 * spread)))


def band_keys(sketches: Sketches, band: int, rows: int) -> NDArray[np.uint64]:
    """One key a document, of rows ``band * rows`` and those after it, mixed."""
    keys = np.zeros(len(sketches), dtype=np.uint64)
    for first in range(band * rows, (band + 1) * rows, 4):  # four rows of 16 bits fill a key
        keys ^= _packed(sketches, first, min(first + 4, (band + 1) * rows))
        keys *= _FACTOR
        keys ^= keys >> _S32
        keys *= _FACTOR
    return keys


def _packed(sketches: Sketches, first: int, stop: int) -> NDArray[np.uint64]:
    if stop - first == 4 and first % 4 == 0 and sketches.flags.c_contiguous and sys.byteorder == "little":
        packed: NDArray[np.uint64] = sketches.view(np.uint64)[:, first // 4]  # the same, read in one go
        return packed
    keys = np.zeros(len(sketches), dtype=np.uint64)
    for row in range(first, stop):
        keys |= sketches[:, row].astype(np.uint64) << np.uint64(16 * (row - first))
    return keys
