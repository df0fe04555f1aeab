"""A line in the plain form that labels and patterns are written in, and signs of what it may be."""

from __future__ import annotations

import functools
import re
import struct
from collections.abc import Iterator, Mapping

from cleanzh import prepared
from cleanzh.kernels import kernel
from cleanzh.lexicon.classes import DIGITS, ENTRIES, ranges

__all__ = ["BY", "CREDIT", "DATED", "EDITION", "PROSE", "REPORTER", "RUN", "SIGNATURE", "STOP", "fold", "fold_and_see"]

# One character for one, so that offsets stay: the traditional characters that labels are made of, and the full-width
# and look-alike marks that stand between fields.
_TRADITIONAL = (
    "發佈時間來閱讀編輯責記點擊瀏覽數類報導欄標題訪問鏈網圖執筆審譯熱評論轉載長創連訊於處專頻觀綜員給貼贊將後說兩號體"
    "單檔機關張樓攝總監"
)
_SIMPLIFIED = (
    "发布时间来阅读编辑责记点击浏览数类报导栏标题访问链网图执笔审译热评论转载长创连讯于处专频观综员给贴赞将后说两号体"
    "单档机关张楼摄总监"
)
_FOLD = str.maketrans(
    {
        **dict(zip(_TRADITIONAL, _SIMPLIFIED, strict=True)),
        **dict(zip("：，；！？／　\u00a0\t", ":,;!?/   ", strict=True)),
        **dict.fromkeys("｜︱丨┃│¦∣", "|"),
        **dict.fromkeys("（［【〔〖", "("),
        **dict.fromkeys("）］】〕〗", ")"),
        **dict.fromkeys("－—–―", "-"),
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
    }
)

# What a pattern can not do without, so that it is not tried on a line that has none of it: a character, two of them, or
# a run. Each is a bit of a line.
_SIGNS = STOP, BY, DATED, REPORTER, SIGNATURE, CREDIT, EDITION, PROSE = tuple(1 << bit for bit in range(8))
RUN = 26  # no name has as many Chinese characters in a row; a sentence of law has
_ALONE: Mapping[int, str] = {
    STOP: "。",
    BY: "由",
    SIGNATURE: "/／|｜︱丨┃│¦∣·•",
    CREDIT: "网網由经",
    EDITION: "版",
}
_PAIRS: Mapping[int, str] = {
    # of the forms of dates that are brought to the usual one
    DATED: r"[\d][./] [JFMASOND][aepuco] [AaPp][Mm.] 民[国國] [日期間间][:：] [一二][〇○零一二三四五六七八九]"
    r" [午晨][\s\d] [晚早]上",
    REPORTER: "[记記]者 [报報][导導道]",
    SIGNATURE: "通[讯訊] 特约 [编編][译譯] 日[电電]",
    CREDIT: "首[发發] 供稿",
}
_RUNS: Mapping[int, tuple[str, int]] = {DATED: (DIGITS, 8), PROSE: ("\u4e00-丧丩-\u9fff", RUN)}  # 丨 is a bar
_CLASSES_AT_MOST = 256


def fold(line: str) -> str:
    """The line with its label characters simplified and its marks in half width; every offset stays.

    >>> fold("發佈時間：２０２２｜來源")
    '发布时间:2022|来源'
    """
    return line.translate(_FOLD) if (compiled := kernel("signs")) is None else compiled.fold(line, _table())[0]


def fold_and_see(line: str) -> tuple[str, int]:
    """The line as :func:`fold` writes it, and the bits of the signs that it has.

    >>> fold_and_see("本報記者 王小河｜１") == ("本报记者 王小河|1", REPORTER | SIGNATURE)
    True
    """
    if (compiled := kernel("signs")) is not None:
        found: tuple[str, int] = compiled.fold(line, _table())
        return found
    return line.translate(_FOLD), sum(sign for sign, pattern in _patterns() if pattern.search(line))


@functools.cache
def _patterns() -> list[tuple[int, re.Pattern[str]]]:
    """What finds each sign."""
    found = []
    for sign in _SIGNS:
        ways = [f"[{_ALONE[sign]}]"] if sign in _ALONE else []
        ways += _PAIRS.get(sign, "").replace(r"\d", DIGITS).split()
        ways += [f"[{members}]{{{least}}}" for members, least in [_RUNS[sign]]] if sign in _RUNS else []
        found.append((sign, re.compile("|".join(ways))))
    return found


@prepared.at_build("lexicon/classes.py")
def _table() -> bytes:
    """What the kernel looks up; its parts are described there."""
    marks: dict[int, list[int]] = {code: [0, 0, 0] for code in _FOLD}
    bits: dict[int, int] = dict.fromkeys(_SIGNS, 0)
    ways = [(sign, (members,)) for sign, members in _ALONE.items()]
    ways += [(sign, tuple(re.findall(r"\[.*?\]|.", pair))) for sign, row in _PAIRS.items() for pair in row.split()]
    for number, (sign, parts) in enumerate(ways):
        bits[sign] |= 1 << number
        for part, members in enumerate(parts, start=len(parts) - 1):
            for entry in _entries(members.strip("[]").replace(r"\d", DIGITS)):
                marks.setdefault(entry, [0, 0, 0])[part] |= 1 << number
    runs: list[int] = []
    run_of: dict[int, int] = {}
    for number, (sign, (members, least)) in enumerate(_RUNS.items(), start=len(ways)):
        bits[sign] |= 1 << number
        runs += 1 << number, least
        run_of.update(dict.fromkeys(_entries(members), len(runs) // 2))
    rows: dict[tuple[int, ...], int] = {(0, 0, 0, 0, run): run for run in range(len(_RUNS) + 1)}
    classes = bytearray(ENTRIES)
    for entry, run in run_of.items():
        classes[entry] = run
    for entry, mark in marks.items():
        row = (*mark, ord(_FOLD.get(entry, "\0")), run_of.get(entry, 0))
        classes[entry] = rows.setdefault(row, len(rows))
    packed = b"".join(struct.pack("=QQQII", *row) for row in rows).ljust(_CLASSES_AT_MOST * 32, b"\0")
    return struct.pack(f"={len(_SIGNS) + len(runs)}Q", *bits.values(), *runs) + packed + classes


def _entries(members: str) -> Iterator[int]:
    """The members of a class as entries of a table."""
    for sign in re.findall(r"\\.|.-.|.", members):
        if sign[0] == "\\":
            yield from _escaped(sign)
        else:
            for entries in ranges(sign):
                yield from entries


@functools.cache
def _escaped(sign: str) -> list[int]:
    """The characters that an escape of :mod:`re` matches; none is a Han or a hangul."""
    others = (*range(0x3100), *range(0xA000, 0xAC00), *range(0xF900, 0x10000))
    return list(map(ord, re.findall(sign, "".join(map(chr, others)))))
