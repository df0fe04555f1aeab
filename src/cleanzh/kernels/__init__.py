"""What is compiled: loops over the characters of many texts, in C.

Each file ``NAME.c`` here is a module of its own, which the build compiles where there is a compiler
(``scripts/compile_kernels.py``). Without it, and with the environment variable ``CLEANZH_KERNELS=off``, whoever asks
for one does the same in Python: that is what a kernel has to agree with, and tests compare the two.
"""

from __future__ import annotations

import importlib
import os
from functools import cache
from typing import Any

__all__ = ["kernel"]


@cache
def kernel(name: str) -> Any:
    """The compiled module of that name, or None.

    >>> kernel("no-such-kernel") is None
    True
    """
    if os.environ.get("CLEANZH_KERNELS") == "off":
        return None
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except ImportError:
        return None
