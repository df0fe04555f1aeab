"""Damage that nobody can mend: what is left when the bytes themselves are gone.

U+FFFD stands for bytes that could not be decoded. Written as UTF-8 and read as GBK, two of them are 锟斤拷. The fillers
of a C++ debugger, 0xCC and 0xCD, are 烫 and 屯. A text *about* these shows them too, in quotation marks or beside the
word for it, and is not damaged.
"""

from __future__ import annotations

import re
from typing import Final

from cleanzh.patterns import lazily

__all__ = ["about_charsets", "irreparable_spans"]

# One class to look for, so that clean text costs one scan; 烫 and 屯 are common, and only runs of them count.
_GATE: Final = lazily("[\ufffd锟]|烫{4}|屯{4}")
_DAMAGE: Final = lazily("\ufffd+|(?:锟斤拷)+锟?|烫{4,}|屯{4,}")
_PROSE_BEFORE, _PROSE_BEHIND = frozenset("，。！？、：；~～"), frozenset("！？。，~～")
# Words that a text about mojibake has near its example.
_ABOUT: Final = lazily(
    "乱码|亂碼|字符集|字元集|字符编码|字元編碼|编码(?:错误|问题|转换|格式)|编解码|mojibake|Unicode|UTF-?8|GBK"
    "|GB ?2312|Big-?5|未初始化|栈内存|堆内存",
    re.IGNORECASE,
)
_QUOTES: Final = {
    "“": "”",
    "「": "」",
    "『": "』",
    "‘": "’",
    '"': '"',
    "'": "'",
    "`": "`",
    "《": "》",
    "（": "）",
    "(": ")",
    "【": "】",
}
_NEAR = 40  # characters of a line on either side that are read for what it is about
_MUCH = 12  # characters of damage that no text shows as an example


def about_charsets(line: str) -> bool:
    """Whether a line speaks of charsets, so that damage in it may be its example.

    >>> about_charsets("把 UTF-8 当作 GBK 读，就成了乱码"), about_charsets("产品编码：20240105")
    (True, False)
    """
    return _ABOUT.search(line) is not None


def irreparable_spans(text: str) -> list[tuple[int, str]]:
    """Where a text has irreparable damage, and what stands there; by position.

    >>> irreparable_spans("欢迎光临锟斤拷锟斤拷的主页")
    [(4, '锟斤拷锟斤拷')]
    >>> irreparable_spans("乱码“锟斤拷”的由来")
    []

    ``len`` of the list is the count of damaged places. One U+FFFD counts; 烫 and 屯 count from four in a row.
    """
    if _GATE.search(text) is None:
        return []
    matches = _DAMAGE.finditer(text)
    return [(match.start(), match[0]) for match in matches if not _shown(text, *match.span())]


def _shown(text: str, start: int, end: int) -> bool:
    """Whether the text shows the damage as an example: it names it, or stands it in quotation marks alone."""
    if end - start > _MUCH:
        return False
    before, after = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
    before, after = before.rpartition("\n")[2], after.partition("\n")[0]
    if before and after and _QUOTES.get(before[-1]) == after[0]:
        return True
    if text[start] in "烫屯" and (before[-1:] in _PROSE_BEFORE or after[:1] in _PROSE_BEHIND):
        return True  # said of tea, or a joke
    return _ABOUT.search(before) is not None or _ABOUT.search(after) is not None
