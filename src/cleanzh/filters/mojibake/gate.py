"""Which lines may be mojibake: cheap enough to ask of every text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from cleanzh import prepared
from cleanzh.filters.mojibake.western import LEADS, TRAILS
from cleanzh.kernels import kernel
from cleanzh.lexicon import bigrams
from cleanzh.lexicon.classes import bits_of
from cleanzh.patterns import lazily

__all__ = ["patterns", "suspicious_lines"]

# Han characters that UTF-8 turns into when it is read as GBK, and that hardly any text is written with. Most of what it
# turns into is rarer still, and in the class anyway; with these no clause of ten characters gets by.
_TYPICAL: Final = (
    "涓浜鐨殑浠鍏鍙澶鍦瀹鍒鍚骞灏鍗銆浣涔杩佸寰鏄勫嬪鏂鎴鏃鍥鐢鏉璇屽槸嶅閮竴哄鎵甯姝夊閫佹腑湪鍔湁勬鏀锛鍐搴嗗笉鐜鑷屾湅閲鐩閬闄琛寮兘埌卞囧庡婂嬫佷璁堝鍑娌跺熷戝缁"
    "勭鏁嶆佺笂瀵灞氬姘鍜烘浼渚嬬涘勮鍖楀庢嶈拰粬勪鐐濂栧鍛樺鎶璐佽褰忓鍘轰嬩愬屼嶇蹇炲冨娉熸夋姹鏅鍓鎺栫湴鑳呭侀鍊笅鍩濆犲嗘欐欎鐗嶄瓙瑰夌欏绉岀"
)
_RARE = -12.5  # log-probability of a word that begins with the character
# Half-width katakana, private use, C1 controls; Greek and Cyrillic; accented Latin letters but not the signs among
# them, which Chinese text uses (· × ° ± § ©). Box drawing is for tables; what was read as CP437 or CP866 has letters
# as well.
_STRANGE: Final = "\x80-\x9f¡-¦ª-¯²-¶¸-ÖØ-öø-ƿͰ-ԯ⌐⌠⌡\ue000-\uf8ff\ufffd\uff61-\uff9f"
_SHORT = 20  # a name or a cell of a table: two characters must do
_LINE: Final = lazily("[^\n]+")
_BOXES: Final = "─-▟"
_HANGUL: Final = lazily("[가-힣]")
_HAN: Final = lazily("[一-鿿ぁ-ヿ]")
# The two side by side; the rarer one is looked for.
_HANGUL_BY_HAN: Final = lazily("[가-힣](?:(?=[一-鿿ぁ-ヿ])|(?<=[一-鿿ぁ-ヿ].))")
_HAN_BY_HANGUL: Final = lazily("[一-鿿ぁ-ヿ](?:(?=[가-힣])|(?<=[가-힣].))")
_HEAD = 400


@prepared.at_build("lexicon/bigrams.npz", "lexicon/bigrams.py", "lexicon/classes.py", "filters/mojibake/western.py")
def _classes() -> bytes:
    """Of each character, as bits: strange, the same or box drawing, first and second byte of a UTF-8
    character, hangul, Han and kana."""
    strange = f"{_TYPICAL}{_STRANGE}"
    table = bits_of((strange, f"{strange}{_BOXES}", LEADS[1:-1], TRAILS[1:-1], "가-힣", "一-鿿ぁ-ヿ"))
    for low, high in bigrams.rare_ranges(_RARE):
        for code in range(low, high + 1):
            table[code] |= 3
    return bytes(table)


@lru_cache(maxsize=1)
def patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds a suspicious line; and the same or any hangul, which most texts have neither of.

    That is three characters of those that damage is made of with a few others between, or two at an end of a line; or
    the first byte of a UTF-8 character and a second one, read as Latin-1 or CP1252.
    """
    ranges = (chr(low) if low == high else f"{chr(low)}-{chr(high)}" for low, high in bigrams.rare_ranges(_RARE))
    strange = f"{''.join(ranges)}{_TYPICAL}{_STRANGE}"
    more = f"[{strange}{_BOXES}]"
    behind = f"[^\n]{{0,3}}?{more}(?:[^\n]{{0,4}}?{more}|[^\n]{{0,4}}$)|(?<={LEADS}){TRAILS}"
    several = lazily(f"[{strange}](?:{behind})", re.MULTILINE)
    return several, lazily(f"[{strange}가-힣](?:(?<=[가-힣])|{behind})", re.MULTILINE)


def suspicious_lines(text: str) -> list[tuple[int, int]]:
    """Where the lines lie that have some of what mojibake is made of."""
    if text.isascii():
        return []
    if len(text) <= _SHORT:
        return [match.span() for match in _LINE.finditer(text)]
    compiled = kernel("mojibake")
    if compiled is not None:
        return compiled.suspicious_lines(text, _classes())  # type: ignore[no-any-return]
    several, any_of_these = patterns()
    first = any_of_these.search(text)
    if first is None:
        return []
    found = _lines_with(several, text, first.start())
    if _HANGUL.search(text, first.start()) is not None:
        found = sorted({*found, *_lines_with(_mixed(text), text, 0)})
    return found


def _lines_with(pattern: re.Pattern[str], text: str, start: int) -> list[tuple[int, int]]:
    found = []
    match = pattern.search(text, start)
    while match is not None:
        end = text.find("\n", match.start())
        end = len(text) if end < 0 else end
        found.append((text.rfind("\n", 0, match.start()) + 1, end))
        match = pattern.search(text, end)
    return found


def _mixed(text: str) -> re.Pattern[str]:
    """What finds hangul and Han side by side, which Korean does not write and GBK read as EUC-KR does."""
    head = text[:_HEAD]
    return _HAN_BY_HANGUL if len(_HANGUL.findall(head)) > len(_HAN.findall(head)) else _HANGUL_BY_HAN
