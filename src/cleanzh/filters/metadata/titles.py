"""Which line is the title, where that is clear."""

from __future__ import annotations

from collections.abc import Mapping

from cleanzh.patterns import lazily

__all__ = ["find_title"]

_NOT_HAN = lazily("[^\u3400-\u9fff\U00020000-\U0003ffff]+")
_NAVIGATION = lazily(r">|»|›|首页|首頁|登录|登錄|注册|註冊|客户端|搜索|当前位置|您的位置|^\s*[▲▼►▸●◆■]|\S+(?: +\S+){4}")
_CAPTION = lazily(r"[（(][^（）()]*(?:图|圖|摄|攝|照|截图)[^（）()]*[）)]\s*$|[摄攝]\s*$")
_SUBTITLE = lazily(r"^(?:——|--|[（(【])|[）)]$")
_PATH = lazily(r"\S\s*[>»›]\s*\S|[>»›]\s*$")  # where on the site the page is
_EMPTY = frozenset({"正文", "内容", "原文", "文章正文"})
_CLOSED = "。，；：、,;:…"


def find_title(lines: list[str], gone: list[int], first: int, metadata: Mapping[str, str]) -> str | None:
    """The title of an article whose header lines are ``gone`` and whose first paragraph is line ``first``.

    It is the line right above the header, or right below a header that opens the text, or the first line if the first
    paragraph follows it. Anything else may be a menu, a caption or a heading, and is not guessed at.
    """
    header = next((i for i in gone if i <= first), None)
    if header is None and not first:
        return None
    anchor = header if header is not None else min(first, len(lines))
    names = set(metadata.values())
    above = [
        line
        for line in map(str.strip, reversed(lines[max(0, anchor - 12) : anchor]))
        if line and line not in names and line not in _EMPTY
    ]
    if not above:
        return None if header is None else _below(lines, gone, header, first)
    title = above[0]
    opens = len(above) == 1  # the first line of the text is less likely a menu
    if header is None and not opens and not _PATH.search(above[1]):
        return None
    if not _is_titular(title, 4 if opens else 6):
        return None
    if len(above) > 1 and (_SUBTITLE.search(title) or title.endswith(above[1])) and _is_titular(above[1], 6):
        return above[1]
    return title


def _below(lines: list[str], gone: list[int], header: int, first: int) -> str | None:
    removed, below = set(gone), header
    while below < len(lines) and (below in removed or not lines[below] or lines[below].isspace()):
        below += 1
    return lines[below].strip() if below < first and below < len(lines) and _is_titular(lines[below], 6) else None


def _is_titular(line: str, least: int) -> bool:
    line = line.strip()
    if not 4 <= len(line) <= 100 or line[-1] in _CLOSED or "。" in line:
        return False
    return len(_NOT_HAN.sub("", line)) >= least and not _NAVIGATION.search(line) and not _CAPTION.search(line)
