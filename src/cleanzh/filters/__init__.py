"""Text in, text out: one file a kind of dirt."""

from cleanzh.filters.ads import remove_ads
from cleanzh.filters.echoes import remove_title_echoes
from cleanzh.filters.entities import decode_entities
from cleanzh.filters.invisible import remove_invisible
from cleanzh.filters.markup import remove_markup
from cleanzh.filters.metadata import remove_metadata
from cleanzh.filters.mojibake import fix_mojibake
from cleanzh.filters.pinyin import remove_pinyin_notes
from cleanzh.filters.punctuation import restore_punctuation
from cleanzh.filters.repeats import remove_repeats
from cleanzh.filters.script import UnifyScript, unify_script
from cleanzh.filters.whitespace import NormalizeWhitespace, normalize_whitespace

__all__ = [
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
]
