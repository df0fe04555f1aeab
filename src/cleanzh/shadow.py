"""The shadow of a line: what it says once spelling tricks are taken off, with the way back to the original offsets.

Adverts are spelt so that word lists miss them (``幕.思.城``, ``微 信``, ``薇信``, ``Ｖ❤``, ``①③⑧…``), and the same page
comes in both scripts. Rules see the shadow, where a word has one spelling; what a rule deletes is the original.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Sequence
from operator import add
from typing import NamedTuple

from cleanzh import prepared
from cleanzh.lexicon.script import simplified_forms
from cleanzh.patterns import lazily

__all__ = ["Shadow", "opened", "openings", "shadow", "shadows", "spellings"]

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
# Where _TRICK may match, and half of what it asks there: it is four times as fast on a plain line.
_RARE = f"{_VANISHING}vwq微薇徽葳溦嶶威扣抠"
_HINT = lazily(
    rf"[(2二公关扫免领客{_RARE}{_DIGIT}{_GAPS}](?:(?<=[{_RARE}])|(?<=[{_DIGIT}])(?=[{_DIGIT}]{{6}})"
    rf"|(?<=[{_GAPS}])(?=[{_HAN}](?:[^{_HAN}]|$))|(?<=\()(?=[a-zü]*[{_TONED}])"
    rf"|(?<=公)(?=[{_GAPS}]|众[{_GAPS}平账帐]|号[:\"])|(?<=[关扫免领客])(?=[{_GAPS}])|(?<=[2二])(?=[{_GAPS}]?维))"
)
_HIDDEN_WORDS = tuple(_HIDDEN)
# Their spellings in the original text, for the gate; separators and the other script are added by `spellings`.
_DISGUISES = {
    "微信": (
        "薇信 徽信 葳信 溦信 嶶信 威信号 威信: 威信： 微亻 微芯 v信 v♥ v❤ 微♥ 微❤ 薇♥ 薇❤ vx v.x v-x v+x wx"
        " 微xin 薇xin weixin wei.xin wechat 加v 加薇 加威 加微 +v +薇 +微"
    ),
    "qq": "扣扣 抠抠 q.q q-q q·q q群 q号 扣群 加q +q 加Ｑ ＋Ｑ",
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
    folded = _folded(line)
    return Shadow(folded, None, len(line)) if _HINT.search(folded) is None else _cast(folded)


def shadows(lines: Sequence[str]) -> list[Shadow]:
    """The shadow of each line; together they take a third of the time that they take one by one."""
    if not lines:
        return []
    folded = _folded("\n".join(lines))
    casts = [Shadow(line, None, len(line)) for line in folded.split("\n")]
    number = position = 0  # the lines that were passed, and where the next begins
    for hint in _HINT.finditer(folded):
        if hint.start() < position:
            continue
        while position <= hint.start():
            position += casts[number].length + 1
            number += 1
        casts[number - 1] = _cast(casts[number - 1].text)
    return casts


def _cast(folded: str) -> Shadow:
    """The shadow of a folded line, which is as long as the line was."""
    length = len(folded)
    parts: list[str] = []
    offsets: list[int] = []
    position = 0
    for trick in _TRICK.finditer(folded):
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
        parts += folded[position:start], new
        offsets += range(position, start)
        offsets += (start,) * len(new) if len(new) != end - start else range(start, end)
        position = end
    if not parts:
        return Shadow(folded, None, length)
    parts.append(folded[position:])
    offsets += range(position, length)
    return Shadow("".join(parts), offsets, length)


_FREQUENT = {"，": ",", "：": ":", "（": "(", "）": ")", "；": ";", "“": '"', "”": '"', "！": "!", "？": "?"}


def _folded(line: str) -> str:
    """The line with every character of :func:`_table` as that writes it."""
    if seldom().search(line) is not None:
        return line.translate(_plain())
    for char, plain in _FREQUENT.items():
        line = line.replace(char, plain)
    return line


@functools.cache
def seldom() -> re.Pattern[str]:
    """Any character that is folded and not frequent (or lies beyond the first plane, where a class is slow)."""
    chars = (chr(code) for code in _table() if code < 0x10000 and chr(code) not in _FREQUENT)
    return prepared.compiled(f"[{re.escape(''.join(chars))}\U00010000-\U0010ffff]")


@functools.cache
def _table() -> dict[int, str]:
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
def _plain() -> list[int]:
    """:func:`_table` as a list up to its last character: ``str.translate`` reads it twice as fast as a dictionary."""
    table = _table()
    plain = list(range(max(table) + 1))
    for code, char in table.items():
        plain[code] = ord(char)
    return plain


@functools.cache
def _unfold() -> dict[str, list[str]]:
    others: dict[str, list[str]] = {}
    for code, plain in _table().items():
        if not (plain.isascii() and plain.isalnum()) or code < 0x80:
            others.setdefault(plain, []).append(chr(code))
    return others


_SPACES = " \u3000\xa0\t"  # as layout puts them: 首 页, 分 享
_ALL_GAPS = (*_GAPS, "\t", "\u3000", "•", "・", "．")
_OFTEN_SPLIT = (
    "微信",
    "公众号",
    "关注",
    "扫码",
    "二维码",
    "回复",
    "客服",
    "咨询",
    "免费",
    "领取",
    "加群",
    "电话",
    "热线",
    "老师",
)
# A word of many characters with many forms each has more spellings than it is worth; scripts are seldom mixed in it.
_MOST_SPELLINGS = 128


def spellings(word: str) -> list[str]:
    """How ``word`` (as a shadow spells it) may be written in a text: in each script, in disguise, with separators.

    >>> [spelling for spelling in spellings("关注") if "." not in spelling][:4]
    ['关注', '关註', '關注', '關註']
    >>> "微.信" in spellings("微信"), "薇信" in spellings("微信"), "VX" in spellings("微信")
    (True, True, True)
    """
    unfold = _unfold()
    # Latin words are written in one case throughout, or with a capital.
    parts = re.findall(r"[a-z]+|[^a-z]", word)
    forms = [
        [part, part.upper(), part.title()] if part.isascii() and part.isalpha() else [part, *unfold.get(part, ())]
        for part in parts
    ]
    count = 1
    for options in forms:
        count *= len(options)
    if count > _MOST_SPELLINGS:
        forms = [options[:2] for options in forms]
    found = dict.fromkeys("".join(form) for form in itertools.islice(itertools.product(*forms), _MOST_SPELLINGS))
    if 2 <= len(word) <= 5 and re.fullmatch(f"[{_HAN}]+", word):
        uniform = (word, "".join(unfold.get(char, (char,))[0] for char in word))
        gaps = _ALL_GAPS if any(hidden in word for hidden in _OFTEN_SPLIT) else _SPACES
        found.update(dict.fromkeys(gap.join(form) for form in uniform for gap in gaps))
    for disguised, written in _DISGUISES.items():
        if disguised in word:
            for form in written.split(" "):
                found.update(dict.fromkeys((form, form.upper(), form.title())))
    return list(found)


def openings(word: str) -> set[str]:
    """How the spellings of ``word`` may begin: two characters, as :func:`opened` has them; without making them all."""
    found = {word[:2].translate(_opening())}
    if 2 <= len(word) <= 5:
        found.add(f"{word[0].translate(_opening())} ")
    for disguised, written in _DISGUISES.items():
        if disguised in word:
            found.update(form[:2].translate(_opening()) for form in written.split(" "))
    return found


def opened(text: str) -> set[str]:
    """Each two neighbours of a text, and each character, folded: where it holds a word, one of them opens it.

    >>> openings("关注") & opened("請關 注我")
    {'关 '}
    """
    folded = text.translate(_opening())
    return {*map(add, folded, folded[1:]), *folded}


@functools.cache
def _opening() -> dict[int, str]:
    """:func:`_table`, with all that separates characters as one."""
    table = dict(_table())
    table.update((ord(gap), " ") for gap in _ALL_GAPS)
    return {code: " " if plain in _GAPS else plain for code, plain in table.items()}
