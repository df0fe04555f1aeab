"""One column of texts: a pandas or polars ``Series``, an Arrow array, a list. What comes out is of the same kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from cleanzh.adapters.outcome import outcome
from cleanzh.dedup import Deduplicator
from cleanzh.stages.clean import Recipe

__all__ = ["clean_column", "kept"]

Column = TypeVar("Column")


def clean_column(
    column: Column, *, script: str = "simplified", select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> Column:
    """Clean a column of texts, value by value.

    >>> clean_column(["&ldquo;京東&rdquo;與OPPO簽署協議。", None])
    ['“京东”与OPPO签署协议。', None]

    A text that does not belong into a Chinese corpus is left as it was found. For the reason, and for a record that
    leads back, take :func:`~cleanzh.adapters.clean_batch`. Missing values stay missing; raises
    :class:`~cleanzh.errors.UsageError` if a value is no text.
    """
    recipe = Recipe(script, tuple(select), tuple(ignore))
    texts = enumerate(_texts(column))
    cleaned = [None if text is None else outcome(text, recipe, f"row {row} of the column").text for row, text in texts]
    made: Column = _like(column)(cleaned)
    return made


def kept(
    column: Any,
    *,
    threshold: float = 0.7,
    containment: float | None = None,
    keep: str | Sequence[str] = ("cleanest", "longest"),
) -> Any:
    """A mask over a column of texts: true for those that stay, false for near duplicates of one that stays.

    >>> said = "京东与OPPO的战略合作进一步落地，双方签署了专项协议，将共同投入资源。"
    >>> kept([said, "来源：新浪网" + said, "另一篇文章，说的是不同的事情。", None])
    [False, True, True, True]

    So ``frame[kept(frame["text"])]`` in pandas, ``frame.filter(kept(frame["text"]))`` in polars. Which is a duplicate
    of which, and how similar, is told by :class:`cleanzh.Deduplicator`.
    """
    texts = _texts(column)
    compared = Deduplicator(threshold=threshold, containment=containment, keep=keep)
    there = [row for row, text in enumerate(texts) if text is not None]
    for start in range(0, len(there), 1000):
        rows = there[start : start + 1000]
        compared.add_batch(rows, [texts[row] for row in rows])
    mask = [True] * len(texts)
    for verdict in compared.verdicts():
        mask[verdict.id] = verdict.kept
    return _like(column, mask=True)(mask)


def _texts(column: Any) -> list[Any]:
    match _library(column):
        case "pandas":
            return [None if gone else text for text, gone in zip(column, column.isna(), strict=True)]
        case "pyarrow":
            return list(column.to_pylist())
        case _:
            return list(column)


def _like(column: Any, *, mask: bool = False) -> Callable[[list[Any]], Any]:
    """What makes a column of the same kind as ``column`` from a list; of truth values if it is a mask."""
    match _library(column):
        case "pandas":
            import pandas

            dtype = "bool" if mask else column.dtype
            return lambda values: pandas.Series(values, index=column.index, name=column.name, dtype=dtype)
        case "polars":
            import polars

            dtype = polars.Boolean if mask else column.dtype
            return lambda values: polars.Series(column.name, values, dtype=dtype)
        case "pyarrow":
            import pyarrow

            dtype = pyarrow.bool_() if mask else column.type
            return lambda values: pyarrow.array(values, type=dtype)
        case _:
            return list


def _library(column: Any) -> str:
    return type(column).__module__.partition(".")[0]
