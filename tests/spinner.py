"""The converter at work, byte by byte: what ``remove_pinyin_notes`` has to undo.

A page in GBK is turned traditional, and then every pair of bytes that is a listed character gets its reading behind it
and every pair that is ``！`` or ``？`` a blank before it, without a look at where characters begin. What comes out is
read by Windows, the tags are taken out, and some corpora fold the full-width marks.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping

from cleanzh.lexicon.readings import readings

__all__ = ["FOLD", "read_cp936", "spin", "strip_tags", "table_for"]

FOLD = {ord(wide): chr(ord(wide) - 0xFEE0) for wide in "，！？：；（）％"}
_TAG = re.compile("<[^<>]*>")
_BLANKED = re.compile(b"\xa3[\xa1\xbf]")  # ！ and ？


def table_for(characters: Iterable[str], rng: random.Random, share: float = 0.7) -> dict[str, str]:
    """A converter's list: some of the traditional characters among ``characters``, each with its usual reading."""
    found = {}
    for char in sorted(set(characters)):
        if not "\u4e00" <= char <= "\u9fff" or not readings(char):
            continue
        try:
            char.encode("gb2312")
        except UnicodeEncodeError:
            if rng.random() < share and _in_gbk(char):
                found[char] = readings(char)[0]
    return found


def _in_gbk(char: str) -> bool:
    try:
        return len(char.encode("gbk")) == 2
    except UnicodeEncodeError:
        return False


def spin(
    page: str,
    table: Mapping[str, str],
    rng: random.Random,
    *,
    blanks: float = 0.5,
    private: bool = False,
    inner_blank: bool = False,
    fold: bool = False,
) -> str:
    """``page`` as a reader of the converted page finds it.

    ``blanks`` is how often a mark gets one; ``private`` keeps the private-use characters that Windows makes of
    user-defined pairs; ``inner_blank`` writes ``(luò )``; ``fold`` narrows the marks.
    """
    raw = _BLANKED.sub(lambda pair: (b" " if rng.random() < blanks else b"") + pair[0], page.encode("gbk"))
    for char, reading in table.items():
        note = f"({reading} )" if inner_blank else f"({reading})"
        raw = raw.replace(char.encode("gbk"), (char + note).encode("gbk"))
    text = read_cp936(raw, private=private)
    text = strip_tags(re.sub("(?<![?]) (?=[！？])", "", text))  # the blank shows only where it broke a character
    return text.translate(FOLD) if fold else text


def strip_tags(text: str) -> str:
    return _TAG.sub("", text)


def read_cp936(raw: bytes, *, private: bool = False) -> str:
    """Decode as Windows does: a lead byte swallows what follows, and a pair that stands for nothing is ``?``."""
    out: list[str] = []
    at = 0
    while at < len(raw):
        byte = raw[at]
        if byte < 0x80:
            out.append(chr(byte))
            at += 1
        elif byte in (0x80, 0xFF):
            out.append("€" if byte == 0x80 else "")
            at += 1
        else:
            pair = raw[at : at + 2]
            char = pair.decode("gb18030", "replace") if len(pair) == 2 and pair[1] >= 0x40 else "?"
            if len(char) != 1 or char == "\ufffd":
                char = "?"
            if "\ue000" <= char <= "\uf8ff" and not private:
                char = ""
            out.append(char)
            at += 2
    return "".join(out)
