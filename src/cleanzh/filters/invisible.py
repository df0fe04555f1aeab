"""Remove characters that nobody sees, and give those that only look like Chinese back their common form."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from cleanzh.edits import Edit, text_filter
from cleanzh.lexicon.code import code_spans
from cleanzh.lexicon.kinds import BEYOND, UNSEEN, kinds_of, places_of
from cleanzh.lexicon.variants import common_form, from_private_use
from cleanzh.patterns import lazily

__all__ = ["remove_invisible"]

_KINDS = {
    "control": "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufff9-\ufffb\ufffe\uffff",
    "zero-width": "\u034f\u180e\u200b\u2060-\u2064\u206a-\u206f",
    "joiner": "\u200c\u200d",
    "byte-order-mark": "\ufeff",
    "soft-hyphen": "\u00ad",
    "bidi": "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069",
    "filler": "\u115f\u1160\u3164\uffa0",
    "object": "\ufffc",
    "tag-character": "",
    "variation-selector": "\ufe00-\ufe0f",
    "private-use": "\ue000-\uf8ff",
    "radical": "\u2e80-\u2fd5",
    "compatibility-ideograph": "\uf900-\ufad9",
}
_KINDS_PAST_BMP = {
    "tag-character": "\U000e0000-\U000e007f",
    "variation-selector": "\U000e0100-\U000e01ef",
    "private-use": "\U000f0000-\U000ffffd\U00100000-\U0010fffd",
    "compatibility-ideograph": "\U0002f800-\U0002fa1d",
}
_GATE_PAST_BMP = lazily(f"[{''.join(_KINDS_PAST_BMP.values())}]")
_ESCAPE = "(?P<escape>\x1b\\[[0-9;?]{0,20}[A-Za-z])"  # of a terminal
_EACH = lazily(
    "|".join(
        [_ESCAPE]
        + [f"(?P<{kind.replace('-', '_')}>[{chars}{_KINDS_PAST_BMP.get(kind, '')}]+)" for kind, chars in _KINDS.items()]
    )
)

_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_EMOJI = lazily("[\u00a9\u00ae\u203c-\u3299\ufe0f\U0001f000-\U0001faff\u20e3]")
# Scripts that are written with joiners, and those that run from the right.
_JOINED_SCRIPT = lazily("[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af]")
_FROM_RIGHT = lazily("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_HANGUL = lazily("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
_JAPANESE_OR_KOREAN = lazily("[\u3041-\u30ff\u1100-\u11ff\uac00-\ud7a3]")
# Text that a variation selector can belong to, if it is not Chinese.
_CHINESE_OR_NOTHING = lazily(f"[{_HAN}\u3001-\u303f\uff01-\uff60\\s]")
_ABOUT_RADICALS = lazily("部首|偏旁|康熙|字根|笔画|筆畫|相容|兼容")
_INSIDE = lazily(f"(?<=[^\\s])[{_KINDS['private-use']}]")  # not at the beginning of a word
_SENTENCE = lazily("[，。；！？]")
_ENDS = "。；：！？"
_NEAR = 200  # how far a line is looked at on either side; a text may be one line


@text_filter("invisible", repeat=True, kinds=UNSEEN | BEYOND)
def remove_invisible(text: str) -> list[Edit]:
    """Remove characters that nobody sees, and give those that only look like Chinese back their common form.

    Editors and copy protection leave zero-width blanks, joiners, soft hyphens and direction marks between characters;
    files glued together a byte order mark in the middle; terminals and old databases controls; icon fonts characters
    for private use beside a menu entry. PDFs store radicals (``⼀`` U+2F00) and converters compatibility ideographs
    (``金`` U+F90A) where the common character is meant, and GBK fonts of the nineties some rare characters in the
    private use area, where GB 18030 still lists them.

    >>> remove_invisible("\\ue608 快\\u200b手\\ufeff⼀\\u00ad般")
    ' 快手一般'
    >>> remove_invisible("名曰\\ue85d，👩\\u200d👩\\u200d👧 和 1\\ufe0f⃣")
    '名曰䴔，👩\\u200d👩\\u200d👧 和 1️⃣'

    Left alone: joiners and selectors in emoji; joiners of scripts that need them; direction marks in a line of Arabic
    or Hebrew; a character for private use among Chinese text, which is a rare character that only its own font shows
    (removed, nobody would know that it is missing); compatibility ideographs in a line of Japanese or Korean, where
    they are distinct readings or names; components such as ``⺡``, and radicals in a line about radicals; code.
    """
    if not _gate(text):
        return []
    code = code_spans(text)
    inside = cache(lambda: frozenset(_INSIDE.findall(text)))  # few ask
    edits: list[Edit] = []
    position = 0
    for place in places_of(UNSEEN | BEYOND, text):
        m = _EACH.match(text, place)
        if m is None or m.start() < position:
            continue
        position = m.end()
        kind = (m.lastgroup or "").replace("_", "-")
        if code.covers(m.start()):
            continue
        after = _instead(text, m, kind, inside)
        if after != m[0]:
            edits.append(Edit(f"invisible.{kind}", m.start(), m[0], after))
    return edits


def _gate(text: str) -> bool:
    kinds = kinds_of(text)
    return bool(kinds & UNSEEN) or (bool(kinds & BEYOND) and _GATE_PAST_BMP.search(text) is not None)


def _instead(text: str, m: re.Match[str], kind: str, inside: Callable[[], frozenset[str]]) -> str:
    start, end = m.span()
    before, next_ = text[start - 1 : start], text[end : end + 1]
    if kind in ("soft-hyphen", "control") and "\x80" <= before <= "\xff" and "\x80" <= next_ <= "\xff":
        return m[0]  # a byte of a wrong charset: damage that another filter may still repair
    if kind == "joiner":
        emoji = _EMOJI.match(before) and _EMOJI.match(next_) if len(m[0]) == 1 and m[0] == "\u200d" else None
        return m[0] if emoji or _JOINED_SCRIPT.match(before) or _JOINED_SCRIPT.match(next_) else ""
    if kind == "bidi":
        return m[0] if _FROM_RIGHT.search(_line(text, start, end)) else ""
    if kind == "filler":
        return m[0] if _HANGUL.match(before) or _HANGUL.match(next_) else ""
    if kind == "tag-character":
        return m[0] if before == "\U0001f3f4" else ""
    if kind == "variation-selector":
        return "" if not before or _CHINESE_OR_NOTHING.match(before) else m[0][:1]
    if kind == "private-use":
        return _private_use(text, m, inside)
    if kind in ("radical", "compatibility-ideograph"):
        stays = _ABOUT_RADICALS if kind == "radical" else _JAPANESE_OR_KOREAN
        if stays.search(_line(text, start, end)) or _ABOUT_RADICALS.search(_line(text, start, end)):
            return m[0]
        return "".join(common_form().get(char, char) for char in m[0])
    return ""


def _private_use(text: str, m: re.Match[str], inside: Callable[[], frozenset[str]]) -> str:
    """The character that GB 18030 has there; nothing for the glyph of an icon; else itself."""
    start, end = m.span()
    known = from_private_use()
    if any(char in known for char in m[0]):
        return "".join(known.get(char, char) for char in m[0])
    before, next_ = text[start - 1 : start], text[end : end + 1]
    open_left = not before.strip()
    open_right = not next_.strip()
    if open_left and (open_right or next_.isascii()):
        return ""
    if open_right and (before.isascii() or before in _ENDS):
        return ""
    if open_left and m[0][0] not in inside() and not _SENTENCE.search(_line(text, start, end)):
        return ""  # before a short label, and nowhere in the text inside a word
    return m[0]


def _line(text: str, start: int, end: int) -> str:
    before, after = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
    return before[before.rfind("\n") + 1 :] + text[start:end] + after.partition("\n")[0]
