"""Bring back text that was decoded with the wrong charset.

``gate`` finds the few lines that may be damaged, ``doubt`` and ``likeness`` which of them read as damage would,
``repair`` tries on each what may have happened to it: ``charsets``
has the mistakes and their inverses, ``runs`` finds damage within a line, ``lost`` puts back bytes that were lost,
``western`` hands on to ftfy, and ``reading`` says what reads as Chinese.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cleanzh.edits import Edit, text_filter
from cleanzh.filters.mojibake.gate import suspicious_lines
from cleanzh.lexicon.damage import about_charsets
from cleanzh.lexicon.kinds import DAMAGED, HANGUL
from cleanzh.patterns import lazily

__all__ = ["fix_mojibake"]

_LINE = lazily("[^\n]+")
_SHORT = 40


@text_filter("mojibake", repeat=True, kinds=DAMAGED | HANGUL)
def fix_mojibake(text: str) -> list[Edit]:
    """Bring back text that was decoded with the wrong charset: whole lines, or runs within a line.

    It comes about where bytes meet a program that assumes another charset: a page without a declaration, a database
    table in Latin-1, an archive made on another system, a console. Written in UTF-8, GBK or Big5, the bytes were read
    as one of them or as Latin-1, CP1252, CP1251, CP1254, CP437, CP866, EUC-KR or Shift_JIS; sometimes twice, or in
    two different ways. Each mistake has an inverse, and the one whose result reads as Chinese by a clear margin is
    taken. UTF-8 that lost bytes because GBK has two to a character gets back what its neighbours call for.

    >>> fix_mojibake("ÄãºÃ£¬ÊÀ½ç")
    '你好，世界'
    >>> fix_mojibake("他说：浣犲ソ锛屼笘鐣岋紝鎴戞潵浜嗐€�")
    '他说：你好，世界，我来了。'

    Left alone: what reads no better in any other charset, so names in rare characters and all other languages; damage
    without its bytes (锟斤拷, 烫烫烫, U+FFFD), which the flags report; and an example within a line about charsets.
    Western text is mended by ftfy, of which only the charsets are used: its options for quotes, widths and ligatures
    would change Chinese punctuation.
    """
    spans = suspicious_lines(text)
    if not spans:
        return []
    edits = list(_repairs(text, spans))
    if edits:  # what was read in the wrong charset was read so as a whole: lines that do not stand out count, too
        happened = {edit.rule.removesuffix("-lossy") for edit in edits}
        done = set(spans)
        others = [m.span() for m in _LINE.finditer(text) if m.end() - m.start() <= _SHORT and m.span() not in done]
        edits += [edit for edit in _repairs(text, others) if edit.rule.removesuffix("-lossy") in happened]
        edits.sort(key=lambda edit: edit.start)
    return edits


def _repairs(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Edit]:
    """What is repaired in the lines at ``spans``."""
    from cleanzh.filters.mojibake.doubt import doubtful

    lines = [text[start:end] for start, end in spans]
    for (start, _), line, doubt in zip(spans, lines, doubtful(lines) if lines else (), strict=True):
        if not doubt:
            continue
        from cleanzh.filters.mojibake.repair import repair_line  # and numpy with it

        repairs = repair_line(line)
        if repairs and (len(repairs) > 1 or len(repairs[0].text) < len(line) / 4) and about_charsets(line):
            continue
        for repair in repairs:
            before = line[repair.start : repair.end]
            if before != repair.text:
                yield Edit(f"mojibake.{repair.rule}", start + repair.start, before, repair.text)
