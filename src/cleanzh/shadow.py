"""The shadow of a line: what it says once spelling tricks are taken off, with the way back to the original offsets.

Adverts are spelt so that word lists miss them (``幕.思.城``, ``微 信``, ``薇信``, ``Ｖ❤``, ``①③⑧…``), and the same page
comes in both scripts. Rules see the shadow, where a word has one spelling; what a rule deletes is the original.
"""

from __future__ import annotations

import functools
import re
import sys
from array import array
from collections.abc import Sequence
from typing import NamedTuple

from cleanzh import prepared
from cleanzh.lexicon.script import simplified_forms
from cleanzh.patterns import lazily

__all__ = ["MAY_HIDE", "UNSTEADY", "Shadow", "folded", "folds", "forms", "shadow", "shadows"]

_HAN = "\u3400-\u9fff"
# What stands between single characters to hide a word. No comma: 一，二，三 is a list.
_GAPS = " .·*|/_~+♥-"
_SAME = {
    ":": "：∶︰﹕",
    ";": "；",
    ",": "，",
    "!": "！",
    "?": "？",
    "(": "（",
    ")": "）",
    "[": "【〔〖［",
    "]": "】〕〗］",
    '"': "“”„‟「」『』〝〞＂",
    "'": "‘’",
    "|": "｜丨︱│┃¦",
    "~": "～〜∼",
    "-": "－—–―─━‐‑",
    "·": "・•‧∙●▪◦⋅．",
    ">": "›»＞→➔➜➤⇒▶►▸☞☛👉",
    "<": "‹«＜←⇐◀◄☜👈",
    "♥": "❤💗💓💕💖💚💙🧡💛💜",
    " ": "\t\u3000\xa0\u2002\u2003\u2009\u202f\x0b\x0c\r",
}
_VANISHING = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufe0f\ufeff"
_DIGITS = str.maketrans("零〇一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖", "0012345678912123456789")

_DIGIT = "零〇一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖0-9"
# The words that are hidden most, and what is written for them; each pattern looks back at its first character.
_HIDDEN = {
    "微信": (
        rf"(?<=[微薇徽葳溦嶶])[{_GAPS}]?[信亻芯♥]|(?<=[微薇])xin|(?<=w)ei[{_GAPS}]?xin"
        rf"|(?<=w)(?<![a-z] .)(?<![a-z].)echat(?! [a-z])|(?<=w)(?<![a-z].)[{_GAPS}]?x(?![a-z])"
        rf"|(?<=v)[{_GAPS}]?(?:信|♥|x(?![a-z]))|(?<=威)信(?=[号:]|\s?[a-z0-9])"
        r"|(?:(?<=[加+][薇威微])|(?<=[加+]v))(?![a-z])(?=[:\s]*[a-z0-9])"
    ),
    "qq": rf"(?<=[扣抠])扣|(?<=q)[{_GAPS}]q|(?<=加q)(?![a-z])|(?<=q)(?<!q.)(?=群|号)|(?<=扣)(?=群)",
    "公众号": rf"(?<=公)(?:[{_GAPS}]众[{_GAPS}]?号|众[{_GAPS}]号|众平台账?号|众[账帐]号|号(?=[:\"]))",
    "关注": rf"(?<=关)[{_GAPS}][注註]",
    "扫码": rf"(?<=扫)[{_GAPS}]码",
    "免费": rf"(?<=免)[{_GAPS}]费",
    "领取": rf"(?<=领)[{_GAPS}]取",
    "客服": rf"(?<=客)[{_GAPS}]服",
    "二维码": rf"(?<=二)[{_GAPS}]?维[{_GAPS}]码|(?<=2)维码",
}
_TONED = "āáǎàēéěèêīíǐìōóǒòūúǔùǖǘǚǜńňḿ"
# It starts with a class, which the search skips to; a plain sentence has little of it.
_TRICK = lazily(
    rf"(?P<first>[(vwq2二微薇徽葳溦嶶威扣抠公关扫免领客{_DIGIT}{_VANISHING}{_GAPS}])(?:"
    rf"(?P<gone>(?<=[{_VANISHING}])[{_VANISHING}]*|(?<=[{_HAN}]\()[a-zü]*[{_TONED}][a-zü]*\s?\)"
    # between two characters that stand alone (微 信 号), and around one that does (加幕.思.城老师)
    rf"|(?<=[{_GAPS}])(?:(?<=^[{_HAN}].)|(?<=[^{_HAN}][{_HAN}].))(?=[{_HAN}](?:[^{_HAN}]|$)))"
    rf"|(?<=[{_HAN}][{_GAPS}])(?P<kept>[{_HAN}])(?P=first)(?=[{_HAN}])|"
    + "|".join(f"(?P<w{number}>{pattern})" for number, pattern in enumerate(_HIDDEN.values()))
    + rf"|(?P<digits>(?<=[{_DIGIT}])[{_DIGIT}]{{6,}}))"
)
# Where _TRICK may match, and most of what it asks there: it is several times as fast on a plain line. Digits, gaps and
# brackets are most of what it stops at, so they come first, and the rest is asked of no such character.
_RARE = f"{_VANISHING}vwq微薇徽葳溦嶶威扣抠"
_HINT = lazily(
    rf"[(2二公关扫免领客{_RARE}{_DIGIT}{_GAPS}](?:(?<=[{_DIGIT}])(?:(?=[{_DIGIT}]{{6}})|(?<=[2二])(?=[{_GAPS}]?维))"
    rf"|(?<=[{_GAPS}])(?=[{_HAN}](?:[^{_HAN}]|$))|(?<=\()(?=[a-zü]*[{_TONED}])|(?<![({_DIGIT}{_GAPS}])(?:"
    rf"(?<=[{_VANISHING}])|(?<=公)(?=[{_GAPS}]|众[平账帐{_GAPS}]|号[:\"])|(?<=[关扫免领客])(?=[{_GAPS}])"
    rf"|(?<=[vwq微薇徽葳溦嶶])(?=[{_GAPS}]|x)|(?<=[薇徽葳溦嶶威v])(?=信)|(?<=[微薇徽葳溦嶶])(?=[亻芯♥])"
    r"|(?<=w)(?=e)|(?<=v)(?=♥)|(?<=q)(?=[q群号])|(?<=[扣抠])(?=[扣群])|(?<=[加+][vq薇威微])))"
)
# Where _TRICK may change something, for a screen, which knows no looking around: as much as it can tell of each trick.
_LONE = f"[{_GAPS}][{_HAN}](?:[^{_HAN}]|$)"
_HAN_DIGIT = _DIGIT.removesuffix("0-9")
MAY_HIDE = "|".join(
    (
        rf"[{_VANISHING}]|[{_HAN}]\([a-zü]*[{_TONED}][a-zü]*\s?\)|(?:^|[^{_HAN}])[{_HAN}]{_LONE}",
        *(f"[{_HAN}][{gap}][{_HAN}][{gap}][{_HAN}]" for gap in _GAPS),
        *(f"[{_DIGIT}]{{{number}}}[{_HAN_DIGIT}][{_DIGIT}]{{{6 - number}}}" for number in range(7)),
        rf"[微薇徽葳溦嶶](?:[{_GAPS}][信亻芯♥]|[亻芯♥])|[薇徽葳溦嶶]信|[微薇]xin|wei[{_GAPS}]?xin|wechat",
        rf"(?:^|[^a-z])w[{_GAPS}]?x(?:[^a-z]|$)|v[{_GAPS}]?(?:信|♥|x(?:[^a-z]|$))|威信(?:[号:]|\s?[a-z0-9])",
        r"[加+][薇威微v](?:[0-9]|[:\s]+[a-z0-9])",
        rf"[扣抠]扣|q[{_GAPS}]q|加q(?:[^a-z]|$)|(?:^|[^q])q[群号]|扣群",
        rf"公(?:[{_GAPS}]众[{_GAPS}]?号|众[{_GAPS}]号|众平台账?号|众[账帐]号|号[:\"])|关(?:[{_GAPS}][注註]|註)",
        rf"扫[{_GAPS}]码|免[{_GAPS}]费|领[{_GAPS}]取|客[{_GAPS}]服|二[{_GAPS}]?维[{_GAPS}]码|2维码",
    )
)
_HIDDEN_WORDS = tuple(_HIDDEN)
UNSTEADY = frozenset("vw薇徽葳溦嶶威扣抠0123456789零〇一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖")
"""The folded characters in the place of which a shadow may have another."""
# How they are written, folded, for the gate.
_DISGUISES = {
    "微信": (
        "薇信 徽信 葳信 溦信 嶶信 威信号 威信: 微亻 微芯 v信 v♥ 微♥ 薇♥ vx v.x v-x v+x wx"
        " 微xin 薇xin weixin wei.xin wechat 加v 加薇 加威 加微 +v +薇 +微"
    ),
    "qq": "扣扣 抠抠 q.q q-q q·q q群 q号 扣群 加q +q",
    "公众号": "公.众.号 公众.号 公众平台 公众账号 公众帐号 公号 公·众·号",
    "二维码": "2维码 二·维·码",
}


class Shadow(NamedTuple):
    """``text`` is what rules see; ``offsets[i]`` is where its i-th character starts in the line (None: at i).

    ``length`` is the length of the line that the shadow belongs to.
    """

    text: str
    offsets: Sequence[int] | None
    length: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the line that casts ``text[start:end]``.

        What was dropped behind its last character belongs to it: notes and separators go with the word they hide.
        """
        if self.offsets is None:
            return start, end
        if start == end:
            return (at := self._offset(start)), at
        return self._offset(start), self._offset(end)

    def _offset(self, index: int) -> int:
        assert self.offsets is not None
        return self.offsets[index] if index < len(self.offsets) else self.length


def shadow(line: str) -> Shadow:
    """The shadow of a line: simplified, folded to one width and lower case, without notes and separators.

    Chinese digits become Arabic in a run of seven and more (a telephone number), not in words.

    >>> shadow("可以加幕.思.城老師，薇 信號(hào)是：①③⑧００").text
    '可以加幕思城老师,微信号是:13800'
    >>> cast = shadow("【關(guān)注】微.信")
    >>> cast.text, cast.span(1, 3), cast.span(4, 6)
    ('[关注]微信', (1, 9), (10, 13))
    """
    plain = folded(line)
    return Shadow(plain, None, len(line)) if _HINT.search(plain) is None else _cast(plain)


def shadows(lines: Sequence[str]) -> list[Shadow]:
    """The shadow of each line. Together they take a third of the time that they take one by one."""
    if not lines:
        return []
    plain = folded("\n".join(lines))
    texts = plain.split("\n")
    casts: dict[int, Shadow] = {}
    number = position = 0  # the lines that were passed, and where the next begins
    for hint in _HINT.finditer(plain):
        if hint.start() < position:
            continue
        while position <= hint.start():
            position += len(texts[number]) + 1
            number += 1
        casts[number - 1] = _cast(texts[number - 1])
    return [casts.get(number) or Shadow(text, None, len(text)) for number, text in enumerate(texts)]


def _cast(line: str) -> Shadow:
    """The shadow of a line, folded before."""
    length = len(line)
    parts: list[str] = []
    offsets: list[int] = []
    position = 0
    for trick in _TRICK.finditer(line):
        start, end = trick.span()
        kind = trick.lastgroup or ""
        if kind in ("gone", "first"):
            new = ""
        elif kind == "kept":
            new = trick["kept"]
        elif kind == "digits":
            new = trick[0].translate(_DIGITS)
        else:
            new = _HIDDEN_WORDS[int(kind[1:])]
        if new == trick[0]:
            continue
        parts += line[position:start], new
        offsets += range(position, start)
        offsets += (start,) * len(new) if len(new) != end - start else range(start, end)
        position = end
    if not parts:
        return Shadow(line, None, length)
    parts.append(line[position:])
    offsets += range(position, length)
    return Shadow("".join(parts), offsets, length)


_MANY = 200  # from so many characters on, numpy takes the least time
_FREQUENT = {"，": ",", "：": ":", "（": "(", "）": ")", "；": ";", "“": '"', "”": '"', "！": "!", "？": "?"}


def folded(text: str) -> str:
    """The text with every character of :func:`folds` as that writes it: simplified, half width, lower case."""
    if len(text) > _MANY and "numpy" in sys.modules:
        import numpy as np

        points, table = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4"), np.frombuffer(_plain(), "=u4")
        if points.max() < len(table):
            return table.take(points).astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    if seldom().search(text) is not None:
        return text.translate(_plain())
    for char, plain in _FREQUENT.items():
        text = text.replace(char, plain)
    return text


@functools.cache
def seldom() -> re.Pattern[str]:
    """Any character that is folded and not frequent (or lies beyond the first plane, where a class is slow)."""
    return prepared.compiled(_seldom())


@prepared.at_build("lexicon/script.py", "lexicon/simplified.txt")
def _seldom() -> str:
    chars = (chr(code) for code in folds() if code < 0x10000 and chr(code) not in _FREQUENT)
    return f"[{re.escape(''.join(chars))}\U00010000-\U0010ffff]"


@prepared.at_build("lexicon/script.py", "lexicon/simplified.txt")
def folds() -> dict[int, str]:
    """Every character that the shadow writes as one other."""
    table = {ord(char): plain for plain, same in _SAME.items() for char in same}
    for first, last, plain in (
        ("Ａ", "Ｚ", "a"),
        ("ａ", "ｚ", "a"),
        ("A", "Z", "a"),
        ("０", "９", "0"),
        ("①", "⑨", "1"),
        ("❶", "❾", "1"),
        ("➀", "➈", "1"),
        ("➊", "➒", "1"),
        ("⑴", "⑼", "1"),
        ("⒈", "⒐", "1"),
        ("Ⓐ", "Ⓩ", "a"),
        ("ⓐ", "ⓩ", "a"),
    ):
        for code in range(ord(first), ord(last) + 1):
            table[code] = chr(ord(plain) + code - ord(first))
    table.update({ord("⓪"): "0", ord("＋"): "+", ord("＆"): "&", ord("＠"): "@", ord("／"): "/", ord("＿"): "_"})
    table.update({ord("＝"): "=", ord("＃"): "#", ord("＊"): "*", ord("％"): "%", ord("✚"): "+", ord("➕"): "+"})
    table.update((ord(char), plain) for char, plain in simplified_forms().items())
    table[ord("着")] = "着"  # t2s leaves 著 as it is; 著作 is a word
    return table


@functools.cache
def _plain() -> memoryview:
    """:func:`folds` as an array up to its last character, for ``str.translate`` and for numpy, ten times as fast."""
    return memoryview(_plain_as_bytes()).cast("I")


@prepared.at_build("lexicon/script.py", "lexicon/simplified.txt")
def _plain_as_bytes() -> bytes:
    table = folds()
    plain = array("I", range(max(table) + 1))
    for code, char in table.items():
        plain[code] = ord(char)
    return plain.tobytes()


_OFTEN_SPLIT = lazily("微信|公众号|关注|扫码|二维码|回复|客服|咨询|免费|领取|加群|电话|热线|老师")
_SPLIT = lazily(f"[{_HAN}]{{2,5}}")


def forms(word: str) -> list[str]:
    """How a text may write ``word`` (as a shadow spells it), :func:`folded`: plain, with separators, in disguise.

    >>> forms("扫码") == ["扫码", *(f"扫{gap}码" for gap in " .·*|/_~+♥-")]
    True
    >>> forms("责任编辑")
    ['责任编辑', '责 任 编 辑']
    >>> folded("責任編輯") in forms("责任编辑"), folded("ＶＸ") in forms("微信"), "薇信" in forms("微信")
    (True, True, True)
    """
    found = [word]
    if 2 <= len(word) <= 5 and _SPLIT.fullmatch(word):
        found += [gap.join(word) for gap in (_GAPS if _OFTEN_SPLIT.search(word) else " ")]
    for disguised, written in _DISGUISES.items():
        if disguised in word:
            found += written.split(" ")
    return found
