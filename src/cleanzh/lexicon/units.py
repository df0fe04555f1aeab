"""A text as an array: its code units of UTF-16, which all look-ups of characters in tables start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["code_points", "code_units"]

# The last text and its units, which the next filter asks for as well; replaced as a whole, so threads may share them.
# Those of a long text are not kept.
_last: tuple[str, NDArray[np.uint16] | None] = ("", None)
_LONG = 1_000_000


def code_units(text: str) -> NDArray[np.uint16]:
    """The code units of UTF-16, read only; one for each character, but two for one past U+FFFF.

    >>> code_units("5月").tolist(), len(code_units("😀"))
    ([53, 26376], 2)
    """
    import numpy as np

    global _last
    before, known = _last
    if known is not None and before == text:
        return known
    units: NDArray[np.uint16] = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")
    if len(text) < _LONG:
        _last = text, units
    return units


def code_points(text: str) -> NDArray[np.uint16] | NDArray[np.uint32]:
    """One number for each character, read only: the code units, where all characters are below U+10000.

    >>> code_points("5月").tolist(), code_points("😀").tolist()
    ([53, 26376], [128512])
    """
    import numpy as np

    units = code_units(text)
    if len(units) == len(text):
        return units
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
