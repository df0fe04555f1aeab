"""cleanzh inside other people's pipelines: columns of texts, and the classes that other frameworks ask for.

What is here needs none of them installed. Those that subclass a framework's own classes are modules of their own:
:mod:`cleanzh.adapters.datatrove`, :mod:`cleanzh.adapters.cleanzh_mapper` (data-juicer), :mod:`cleanzh.adapters.scrapy`.
"""

from cleanzh.adapters.arrow import clean_arrow
from cleanzh.adapters.batch import clean_batch, restore_batch
from cleanzh.adapters.column import clean_column, kept
from cleanzh.adapters.huggingface import Deduplicated, drop_duplicates

__all__ = [
    "Deduplicated",
    "clean_arrow",
    "clean_batch",
    "clean_column",
    "drop_duplicates",
    "kept",
    "restore_batch",
]
