"""What text is made of that was decoded with the wrong charset, and hardly any other."""

from __future__ import annotations

from functools import cache
from typing import Final

from cleanzh.lexicon import bigrams

__all__ = ["BOXES", "LEADS", "SHORT", "TRAILS", "strange"]

SHORT: Final = 20
"""A name or a cell of a table, which may be damaged whatever it is made of."""

# The first byte of a UTF-8 character and a second one, both read as Latin-1 or CP1252.
LEADS: Final = "ÂÃÅâ-ïð"
TRAILS: Final = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
BOXES: Final = "─-▟"

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


@cache
def strange() -> str:
    """The characters, as a range: rare Han, and what is no letter of any language that is found among Chinese."""
    ranges = (chr(low) if low == high else f"{chr(low)}-{chr(high)}" for low, high in bigrams.rare_ranges(_RARE))
    return f"{''.join(ranges)}{_TYPICAL}{_STRANGE}"
