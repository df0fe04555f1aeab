"""An operator for data-juicer's recipes: ``cleanzh_mapper``.

A recipe names this file under ``custom_operator_paths``; ``python -m cleanzh.adapters.cleanzh_mapper`` prints where it
is. The file has the name of the operator, since data-juicer makes a module of that name of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data_juicer.ops.base_op import OPERATORS, Mapper

from cleanzh.adapters.batch import clean_batch

__all__ = ["CleanzhMapper"]


@OPERATORS.register_module("cleanzh_mapper")
class CleanzhMapper(Mapper):  # type: ignore[misc]  # data-juicer has no types
    """Clean the text of each sample, on record: what :func:`cleanzh.adapters.clean_batch` does, as an operator."""

    _batched_op = True

    def __init__(
        self,
        script: str = "simplified",
        select: Sequence[str] = (),
        ignore: Sequence[str] = (),
        record: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._cleaning: dict[str, Any] = {
            "script": script,
            "select": tuple(select),
            "ignore": tuple(ignore),
            "record": record,
        }

    def process_batched(self, samples: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """A batch of samples as columns, cleaned."""
        return {**samples, **clean_batch(samples, text_field=self.text_key, **self._cleaning)}


if __name__ == "__main__":
    print(__file__)
