"""Clean and deduplicate scraped Chinese articles.

>>> import cleanzh
>>> cleanzh.clean("京東與OPPO戰(zhàn)略合作進(jìn)一步落地,雙方簽署專項(xiàng)協(xié)議。")
'京东与OPPO战略合作进一步落地，双方签署专项协议。'

Names are imported on first use, so that the command starts fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "cleanzh.checking.checks": ("check",),
    "cleanzh.dedup": (
        "Deduplicator",
        "DuplicateIndex",
        "Pair",
        "Verdict",
        "comparison_key",
        "find_duplicates",
        "similar_pairs",
    ),
    "cleanzh.document": ("Cleaned", "Flag", "Step", "restore"),
    "cleanzh.edits": ("Edit",),
    "cleanzh.encoding": ("Decoded", "decode"),
    "cleanzh.errors": ("CleanzhError",),
    "cleanzh.filters": (
        "NormalizeWhitespace",
        "UnifyScript",
        "decode_entities",
        "fix_mojibake",
        "normalize_whitespace",
        "remove_ads",
        "remove_invisible",
        "remove_markup",
        "remove_metadata",
        "remove_pinyin_notes",
        "remove_repeats",
        "remove_title_echoes",
        "restore_punctuation",
        "unify_script",
    ),
    "cleanzh.checking.findings": ("Finding",),
    "cleanzh.pipeline": ("Pipeline", "clean", "default_pipeline", "explain"),
}
_WHERE = {name: module for module, names in _HOME.items() for name in names}
__all__ = ["__version__", *_WHERE]

if TYPE_CHECKING:
    from cleanzh.checking.checks import check as check
    from cleanzh.checking.findings import Finding as Finding
    from cleanzh.dedup import Deduplicator as Deduplicator
    from cleanzh.dedup import DuplicateIndex as DuplicateIndex
    from cleanzh.dedup import Pair as Pair
    from cleanzh.dedup import Verdict as Verdict
    from cleanzh.dedup import comparison_key as comparison_key
    from cleanzh.dedup import find_duplicates as find_duplicates
    from cleanzh.dedup import similar_pairs as similar_pairs
    from cleanzh.document import Cleaned as Cleaned
    from cleanzh.document import Flag as Flag
    from cleanzh.document import Step as Step
    from cleanzh.document import restore as restore
    from cleanzh.edits import Edit as Edit
    from cleanzh.encoding import Decoded as Decoded
    from cleanzh.encoding import decode as decode
    from cleanzh.errors import CleanzhError as CleanzhError
    from cleanzh.filters import NormalizeWhitespace as NormalizeWhitespace
    from cleanzh.filters import UnifyScript as UnifyScript
    from cleanzh.filters import decode_entities as decode_entities
    from cleanzh.filters import fix_mojibake as fix_mojibake
    from cleanzh.filters import normalize_whitespace as normalize_whitespace
    from cleanzh.filters import remove_ads as remove_ads
    from cleanzh.filters import remove_invisible as remove_invisible
    from cleanzh.filters import remove_markup as remove_markup
    from cleanzh.filters import remove_metadata as remove_metadata
    from cleanzh.filters import remove_pinyin_notes as remove_pinyin_notes
    from cleanzh.filters import remove_repeats as remove_repeats
    from cleanzh.filters import remove_title_echoes as remove_title_echoes
    from cleanzh.filters import restore_punctuation as restore_punctuation
    from cleanzh.filters import unify_script as unify_script
    from cleanzh.pipeline import Pipeline as Pipeline
    from cleanzh.pipeline import clean as clean
    from cleanzh.pipeline import default_pipeline as default_pipeline
    from cleanzh.pipeline import explain as explain


def __getattr__(name: str) -> Any:
    if name == "adapters":
        return importlib.import_module("cleanzh.adapters")
    if name not in _WHERE:
        raise AttributeError(f"module 'cleanzh' has no attribute {name!r}")
    value = getattr(importlib.import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
