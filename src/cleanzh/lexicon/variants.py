"""Characters that stand for a common one: compatibility ideographs, radicals, and places of GB 18030 for private use.

Sources: the canonical and compatibility decompositions of Unicode; its ``EquivalentUnifiedIdeograph.txt`` for the
radicals that have none, as far as they are whole characters (⻋ is 车; ⺡, a component, stays); the order in which
GBK's row FE was put into the private use area, and what GB 18030 assigns there since 2005.
"""

from __future__ import annotations

import unicodedata

from cleanzh import prepared

__all__ = ["common_form", "from_private_use"]

_RADICALS = (
    "⺁厂⺎兀⺒巳⺓幺⺜日⺝月⺟母⺠民⺧牛⺩王⺪疋⺫目⺬示⺮竹⺶羊⺷羊⺻聿⺽臼⻁虎⻄西⻅见⻆角⻇角⻉贝⻊足⻋车⻑長⻓长⻔门⻗雨⻘青⻙韦"
    "⻚页⻛风⻜飞⻝食⻞食⻡首⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻬齐⻮齿⻰龙⻱龜⻳龟"
)
# GB 18030 of 2000 had these in the private use area, and Python's codec still has.
_SINCE_2005 = {
    0xE7C7: 0x1E3F,
    0xE7C8: 0x01F9,
    0xE816: 0x20087,
    0xE817: 0x20089,
    0xE818: 0x200CC,
    0xE81E: 0x9FB4,
    0xE826: 0x9FB5,
    0xE82B: 0x9FB6,
    0xE82C: 0x9FB7,
    0xE831: 0x215D7,
    0xE832: 0x9FB8,
    0xE83B: 0x2298F,
    0xE843: 0x9FB9,
    0xE854: 0x9FBA,
    0xE855: 0x241FE,
    0xE864: 0x9FBB,
}


@prepared.at_build()
def from_private_use() -> dict[str, str]:
    """What stands where GBK's fonts had a rare character, by its place in the private use area."""
    common = common_form()
    trails = [trail for trail in range(0x50, 0xA1) if trail != 0x7F]
    found = {}
    for place, trail in enumerate(trails, 0xE815):
        char = bytes([0xFE, trail]).decode("gb18030")
        found[chr(place)] = chr(_SINCE_2005.get(place, ord(char)))
    found.update((chr(place), chr(now)) for place, now in _SINCE_2005.items())
    return {place: common.get(char, char) for place, char in found.items()}


@prepared.at_build()
def common_form() -> dict[str, str]:
    """The common character that a compatibility ideograph or a radical stands for."""
    places = [*range(0x2F00, 0x2FD6), *range(0xF900, 0xFADA), *range(0x2F800, 0x2FA1E)]
    forms = ((chr(place), unicodedata.normalize("NFKC", chr(place))) for place in places)
    found = {char: form for char, form in forms if form != char and len(form) == 1}
    found.update(zip(_RADICALS[::2], _RADICALS[1::2], strict=True))
    return found
