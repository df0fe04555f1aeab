"""Whether a repaired document belongs into a Chinese corpus.

It is judged last: before its repair, mojibake, entities and notes make a Chinese document look like something else.
Documents are set aside with a reason, and never dropped.
"""

from __future__ import annotations

from typing import Literal

from cleanzh.errors import UsageError
from cleanzh.lexicon.script import letters
from cleanzh.patterns import lazily

__all__ = ["set_aside_reason"]

_READABLE = lazily(r"[^\W_]")
# An English word has five letters where Chinese has about one and a half; so many count as one Han.
_LETTERS_A_WORD = 5


def set_aside_reason(
    text: str, *, min_han_share: float = 0.1, max_foreign_share: float = 0.3
) -> Literal["empty", "not_chinese"] | None:
    """``empty``, ``not_chinese``, or None for a document that stays.

    ``empty`` is a text without a letter or digit. A text is ``not_chinese`` if Han are less than ``min_han_share`` of
    its Han, kana, hangul and words of other scripts, or if kana and hangul are more than ``max_foreign_share`` of its
    Han, kana and hangul.

    Articles full of code or English stay, since a tenth is enough: in a published Chinese manual for programmers the
    least is 0.22; pages left untranslated have 0.03 and less. So do articles in Chinese about Japanese: in Japanese
    text kana are half of the letters and more. Published counts are in ``docs/quality/script.md``.

    >>> set_aside_reason("京东与OPPO签署协议。")
    >>> set_aside_reason("Live broadcast blessing, retail “out of bounds”.")
    'not_chinese'
    >>> set_aside_reason(" …… ")
    'empty'
    """
    for name, share in (("min_han_share", min_han_share), ("max_foreign_share", max_foreign_share)):
        if not 0 <= share <= 1:
            raise UsageError(f"{name} is a share between 0 and 1, not {share}")
    if not _READABLE.search(text):
        return "empty"
    count = letters(text)
    foreign = count.kana + count.hangul
    if not count.han or count.han < min_han_share * (count.han + foreign + count.other / _LETTERS_A_WORD):
        return "not_chinese"
    return "not_chinese" if foreign > max_foreign_share * (foreign + count.han) else None
