"""Near duplicates: sketch, band keys, candidate pairs, exact similarity, leader rule."""

from cleanzh.dedup.deduplicator import Deduplicator, Signed, Verdict, sign
from cleanzh.dedup.files import temporaries_in
from cleanzh.dedup.index import Addition, DuplicateIndex
from cleanzh.dedup.key import comparison_key
from cleanzh.dedup.pairs import find_duplicates, similar_pairs
from cleanzh.dedup.similarity import Pair

__all__ = [
    "Addition",
    "Deduplicator",
    "DuplicateIndex",
    "Pair",
    "Signed",
    "Verdict",
    "comparison_key",
    "find_duplicates",
    "sign",
    "similar_pairs",
    "temporaries_in",
]
