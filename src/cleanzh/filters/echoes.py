"""Remove the title pushed into sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cleanzh.edits import Edit, text_filter
from cleanzh.kernels import kernel
from cleanzh.patterns import lazily

__all__ = ["remove_title_echoes"]

_HAN = r"\u3400-\u9fff\U00020000-\U0003ffff"
_NOT_HAN = lazily(f"[^{_HAN}]+")
_TEN_HAN = lazily(f"(?:[^{_HAN}]*[{_HAN}]){{10}}")  # no sentence has a title as long by chance
_SHORTEST = 5  # Han in a phrase that can be an echo: shorter ones are names and terms
_MARKS = ":：_|｜︱—–,，!！?？;；"
_PARTS = lazily(rf"[{_MARKS}\s]+")  # what stands between them
_HEAD = 12  # lines that are looked at for the title
_LONGEST = 100
_DANGLING = lazily("(?:是|[的与和在或及为把被让]|哪里有|有哪些|怎么|如何|为什么)$")
_SPACES = r"[^\S\n]*"
_COLON = {
    ":": "[:：]",
    "：": "[:：]",
    ",": "[,，]",
    "，": "[,，]",
    "?": "[?？]",
    "？": "[?？]",
    "!": "[!！]",
    "！": "[!！]",
}
# A sentence that speaks of the article names its title: 题为…的文章, 以…为题.
_NAMING = "为為是叫作称稱题題名即曰以"
_CALLED = "的|为题|為題|一文|一书|一書|等文"
_CLOSING = "》」』”’】〉"
# Searches that sites for the trade in accounts push into sentences. They stand only once each, so they are
# taken for echoes only in a text that has proved to be stuffed.
_ASKED = ("哪里有", "在哪", "怎么")
_PLATFORMS = ("快手", "抖音", "微博", "微信", "小红书", "淘宝", "头条", "视频号", "公众号", "直播", "B站", "QQ")
_ASKED_ON, _ON = ("|".join(f"(?<={word[0]}){word[1:]}" for word in words) for words in (_ASKED, _PLATFORMS))
_TRADE = lazily(
    rf"[{''.join(word[0] for word in (*_ASKED, *_PLATFORMS))}](?<=[{_HAN}”].)"  # which is what a search skips to
    rf"(?:(?:{_ASKED_ON})(?:{'|'.join(_PLATFORMS)})|{_ON})(?:小店|店铺|视频)?"
    r"(?:老|实名|万粉)?(?:号出售|号购买|账号购买|账号出售|账号交易|号交易|卖号|买号|买粉|涨粉平台|刷粉|刷赞|号转让|粉丝出售)(?:平台|网站|网)?"
    r"(?=[，。、；,])"
)


@text_filter("echo", repeat=True)
def remove_title_echoes(text: str) -> list[Edit]:
    """Remove the title, or its leading phrase, where it is pushed into sentences.

    Sites that live on search results paste the words they want to be found for into an article taken elsewhere: the
    title as a whole, or the searched phrase at its head, in the middle of sentences that have nothing to do with it.
    A line above the first paragraph is taken for the title; both halves of the sentence join again.

    >>> title = "养猫的注意事项是：新手必读：从买粮到看病到绝育"
    >>> print(remove_title_echoes(f"{title}\\n5月10日{title} ，医院开张。\\n猫粮要看成分养猫的注意事项是，这很要紧。"))
    养猫的注意事项是：新手必读：从买粮到看病到绝育
    5月10日，医院开张。
    猫粮要看成分，这很要紧。

    Left alone: the title at the top; a title quoted, or standing between marks as a clause of its own; a phrase that
    recurs as names and terms do: a short phrase counts only if the whole title was found inside a sentence too, or if
    no clause can end with it.
    """
    echoes: list[Edit] = []
    if not 0 <= text.find("\n") <= _LONGEST:
        return []
    compiled = kernel("topics")
    titles = _titles(text) if compiled is None else compiled.again(text, _HEAD, _LONGEST, _SHORTEST, _MARKS)
    for start, stop in titles:
        title = text[start:stop].strip()
        parts = [part for part in _PARTS.split(title) if part]
        whole = _find_whole(text, stop, title, parts)
        echoes += whole
        if len(parts[0]) >= _SHORTEST and (whole or _DANGLING.search(parts[0])):
            echoes += _find_phrase(text, stop, parts[0], sure=bool(whole))
    if not echoes:
        return []
    echoes += [Edit("echo.keyword-phrase", m.start(), m[0], "") for m in _TRADE.finditer(text)]
    echoes.sort(key=lambda edit: (edit.start, -edit.end))
    apart: list[Edit] = []
    for echo in echoes:
        if not apart or echo.start >= apart[-1].end:
            apart.append(echo)
    return apart


def _titles(text: str) -> Iterator[tuple[int, int]]:
    """The lines of parts that can be the title, from where to where: those above the first paragraph.

    A sentence is none: verse and dialogue open with lines that are as short. Of most, the first part does not come
    again, and they have no echoes; or it is short, and another one does not.
    """
    start = 0
    *lines, _ = text.split("\n", _HEAD)
    for line in lines:
        if len(line) > _LONGEST:
            return
        stop = start + len(line)
        title = line.strip()
        if len(title) >= _SHORTEST and title[-1] != "。":
            first, *others = [part for part in _PARTS.split(title) if part] or [""]
            asked = others if len(first) < _SHORTEST else ()
            if others and all(text.find(part, stop) >= 0 for part in (first, *asked)):
                yield start, stop
        start = stop + 1


def _find_phrase(text: str, start: int, phrase: str, *, sure: bool) -> list[Edit]:
    """The places where the phrase that leads the title is glued behind a clause that was complete without it.

    A text that has the whole title in its sentences is stuffed for ``sure``. In any other, only a phrase that no clause
    can end with (``…的运营规则是，``) counts, and only if it comes twice.
    """
    if len(_NOT_HAN.sub("", phrase)) < _SHORTEST or text.count(phrase, start) < (1 if sure else 2):
        return []
    phrase = re.escape(phrase)
    pushed = re.compile(rf"{phrase}(?<=[\w”」）]{phrase}){_SPACES}(?=[，。；、,;])")
    found = [Edit("echo.title-phrase", m.start(), m[0], "") for m in pushed.finditer(text, start)]
    return found if sure or len(found) > 1 else []


def _find_whole(text: str, start: int, title: str, parts: list[str]) -> list[Edit]:
    """The places where the whole title stands inside a sentence and breaks it.

    It breaks the sentence if it is longer than a name, has marks of its own inside, and is glued to what stands before.
    """
    if not _TEN_HAN.match(title):
        return []
    # The longest part is the one that is hardly ever there again, and the search for it the fastest.
    if text.find(max(parts, key=len), start) < 0 or any(text.find(part, start) < 0 for part in parts):
        return []
    spelled = [
        _SPACES if c.isspace() else _COLON.get(c, re.escape(c)) + (_SPACES if c in _COLON else "") for c in title
    ]
    # A search skips to the characters that a pattern begins with, so what stands before them is asked for behind them.
    head = next((number for number, c in enumerate(title) if c.isspace() or c in _COLON), len(title))
    begin, rest = "".join(spelled[:head]), "".join(spelled[head:])
    pushed = re.compile(
        rf"{begin}(?<=[\w”」）]{begin})(?<![{_NAMING}]{begin}){rest}{_SPACES}(?=[^\n{_CLOSING}])(?!{_CALLED})"
    )
    return [Edit("echo.title", m.start(), m[0], "") for m in pushed.finditer(text, start)]
