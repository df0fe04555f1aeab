"""A set of documents by place, one bit each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Members"]

_BITS = np.left_shift(1, np.arange(8)).astype(np.uint8)


class Members:
    """Some of ``count`` documents: none at first."""

    def __init__(self, count: int) -> None:
        self.bits = np.zeros((count + 7) // 8, dtype=np.uint8)

    def add(self, places: NDArray[Any]) -> None:
        np.bitwise_or.at(self.bits, places >> 3, _BITS[places & 7])

    def have(self, places: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether each of some documents is one of them."""
        within: NDArray[np.bool_] = (self.bits[places >> 3] & _BITS[places & 7]) != 0
        return within
