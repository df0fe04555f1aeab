"""Programs that read UTF-8 as GBK, each with its way to lose what GBK has no character for.

All go through the bytes from the left and take two where the first is a lead byte. They differ in what becomes of a
byte that leads to nothing, and of a pair without a character: CP936 has its user-defined zones there, which are read as
private use and dropped somewhere later.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

__all__ = ["PROGRAMS", "Program", "Step", "damaged", "pairs", "step", "sure"]


class Program(NamedTuple):
    """``mark`` stands for a byte that leads to nothing; it is empty where that goes without a trace. Of a pair without
    a character both bytes go unmarked (``both``), or the first one alone as if it were such a byte. 0x80 may be shown
    as the euro sign, and the blank behind a lead byte may go with it.
    """

    mark: str
    both: bool = False
    euro: bool = False
    eats: bool = False
    codec: str = "gbk"


PROGRAMS: Final = (
    Program("?"),  # Python's gbk, errors="replace"
    Program(""),  # and errors="ignore"
    Program("?", both=True, euro=True),  # Windows
    Program("?", both=True, euro=True, eats=True),
    Program("?", both=True, codec="gb18030"),  # GB 18030, as iconv and Python have it
)


class Step(NamedTuple):
    """What a program shows when it has read on, and the lead byte that it holds then; 0 if none."""

    shown: str
    lead: int


@lru_cache(maxsize=2)
def pairs(codec: str = "gbk") -> list[str]:
    """The character of each pair of bytes, by number; empty where there is none but for private use."""
    table = [""] * 0x10000
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            char = bytes((lead, trail)).decode(codec, "ignore")
            if len(char) == 1 and char >= "\x80" and not "\ue000" <= char <= "\uf8ff":
                table[lead << 8 | trail] = char
    return table


@lru_cache(maxsize=1 << 16)
def step(program: Program, lead: int, char: str) -> Step:
    """The program, holding ``lead``, reads the bytes of one more character.

    >>> step(PROGRAMS[0], 0, "你"), step(PROGRAMS[0], 0xA0, "好")
    (Step(shown='浣', lead=160), Step(shown='犲ソ', lead=0))
    """
    table, shown = pairs(program.codec), ""
    for byte in char.encode("utf-8", "surrogatepass"):
        if lead:
            if read := table[lead << 8 | byte]:
                shown, lead = shown + read, 0
                continue
            if program.both and byte >= 0x40 and byte != 0x7F:
                lead = 0
                continue
            shown, lead = shown + program.mark, 0
            if byte == 0x20 and program.eats:
                continue
        if byte < 0x80:
            shown += chr(byte)
        elif byte == 0x80 or byte == 0xFF:
            shown += "€" if program.euro else program.mark
        else:
            lead = byte
    return Step(shown, lead)


def damaged(program: Program, text: str) -> str:
    """All of a text as the program shows it.

    >>> damaged(PROGRAMS[0], "你好。"), damaged(PROGRAMS[1], "你好。")
    ('浣犲ソ銆?', '浣犲ソ銆')
    """
    shown, lead = [], 0
    for char in text:
        now, lead = step(program, lead, char)
        shown.append(now)
    return "".join(shown) + (program.mark if lead else "")


def sure(text: str) -> str:
    """What of a damaged text is UTF-8 as it stands, with a line break for the rest."""
    return text.encode("gbk", "replace").decode("utf-8", "replace").replace("\ufffd", "\n").replace("?", "\n")
