"""HTML: tags, comments, scripts, and what is left of them when a part is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cleanzh.lexicon.html import BLOCKS, BOOLEAN_ATTRIBUTES, CELLS, ELEMENTS, UNPAIRED
from cleanzh.patterns import lazily

__all__ = ["broken_tags", "comments", "tags"]

_HAN = r"\u3400-\u9fff\U00020000-\U0003134f"
_CJK = rf"{_HAN}\u2014\u2018-\u201d\u2026\u3001-\u303f\u3040-\u30ff\uff01-\uff60"


def _any_of(names: frozenset[str]) -> str:
    return "|".join(sorted(names, key=lambda name: (-len(name), name)))


_NAMES = _any_of(ELEMENTS)
_SURE = _any_of(frozenset(name for name in UNPAIRED if len(name) > 1))

# Bounded, so that a `<` without its `>` costs no more than the bound.
_TAG = lazily(
    r"<(?P<gap>\s?)(?P<close>\\?/\s?|)(?P<name>[A-Za-z][A-Za-z0-9]*(?::[A-Za-z][\w-]*)?)"
    r"(?P<attributes>(?:[\s/][^<>]{0,4000})?)>",
    re.ASCII,
)
_QUOTED = r"""\\?"[^"<>]*"|\\?'[^'<>]*'"""
_ATTRIBUTE = rf"""[A-Za-z_:@][\w:.@-]*\s*=\s*(?:{_QUOTED}|[^\s"'<>`]+)"""
_BOOLEAN = rf"(?:{_any_of(BOOLEAN_ATTRIBUTES)})(?![\w=])"
# Old pages leave out the blank behind a quoted value; nowhere else can an attribute begin without one.
_ATTRIBUTES = lazily(rf"""(?:(?:[\s/]+|(?<=["']))(?:{_ATTRIBUTE}|{_BOOLEAN}))*\s*/?\s*""", re.IGNORECASE | re.ASCII)
_HALF_OPEN = lazily(r"<(?:/?[A-Za-z][\w:]{0,20})?$", re.ASCII)

# A tag that is spoken of: 标签 beside it, or a line about markup that sets it off by blanks or quotes.
_SAID_BEFORE = lazily(r"(?:标签|標籤|元素|标记|標記|组件|元件|tag|[“\"'‘「『（(、/和或与與及])[ \t]?$")
_SAID_AFTER = lazily(r"[”\"'’」』）)]?[ \t]?(?:[的与與和或、/]|标签|標籤|元素|标记|標記|组件|元件|属性|屬性|tag)")
_QUOTE_BEFORE = lazily(r"(?:[“\"'‘「『]|[（(](?:例如|如)?)[ \t]?$")
_QUOTE_AFTER = lazily(r"[ \t]?[”\"'’」』）)]")
_ABOUT_MARKUP = lazily(r"标签|標籤|元素|标记|標記|HTML|html|XML|DOM|JSX|网页|網頁|代码|代碼|程式碼")

_SCRIPTS = {"superscript": ("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "sup"), "subscript": ("₀₁₂₃₄₅₆₇₈₉₊₋", "sub")}
_SMALL = {tag: str.maketrans("0123456789+-", digits) for digits, tag in _SCRIPTS.values()}
_POWER = lazily(r"<(?<=[A-Za-z0-9)]<)(su[pb])>([+-]?[0-9]{1,4}|[+-])</\1>")

_SECTION = lazily(
    r"<(?P<close>/?)(?P<name>script|style|noscript)\b[^<>]{0,2000}>|(?P<open><!--)|(?P<shut>--!?>)"
    r"|(?P<cdata><!\[CDATA\[|\]\]>)|(?P<declared><!DOCTYPE\b[^<>]{0,500}>|<\?xml\b[^<>]{0,500}\?>|<!\[(?:end)?if\b[^<>]{0,100}\]>)",
    re.IGNORECASE,
)
# One of these is in each of them. From a literal, a search runs at the speed of memchr.
_SECTION_BEGINS = lazily("<(?:[!sSnN]|/[sSnN]|[?][xX])")
_SECTION_ENDS = lazily(">(?:(?<=-->)|(?<=--!>)|(?<=]]>))")
_HAN_CHARACTER = lazily(f"[{_HAN}]")
_MOST_HAN_IN_COMMENT = 400  # more than a comment says: its end belongs to another one

# `<br` and `</strong` that lost their end: before Chinese text or at the end of a line.
_NO_END = lazily(
    rf"<(?:/[ ]?(?:{_NAMES})|(?:{_SURE})[ ]?/?)(?=[{_CJK}]|[ \t]*$)"
    rf"|<(?:{_NAMES})(?:[ \t]+{_ATTRIBUTE}){{1,20}}[ \t]*/?$"
    rf"|<(?:{_NAMES})(?:[ \t]+{_ATTRIBUTE}){{0,20}}[ \t]+[A-Za-z-]{{2,20}}=[\"'][^\"'<>\n]{{0,1000}}$",
    re.IGNORECASE | re.MULTILINE | re.ASCII,
)
# `/p>` and `p>` that lost their beginning: the name is read backwards from the `>`.
_NAME_BEFORE = lazily(r"(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9]{0,11})[ ]?/?\Z", re.ASCII)
_END = lazily(r">(?:(?<=[A-Za-z0-9]>)|(?<=[A-Za-z0-9][ /]>)|(?<=[A-Za-z0-9] />))")
_CJK_CHARACTER = lazily(f"[{_CJK}]")
# `style="color:red">` in running text: the tag's name went with what a cut took.
_LOOSE_NAME = (
    r"(?:style|class|href|src|target|id|width|height|alt|title|align|border|rel|color|face|size|lang"
    r"|data-[\w-]{1,40}|on[a-z]{4,12})"
)
_LOOSE_BEFORE = lazily(rf"{_LOOSE_NAME}[ ]?\Z", re.IGNORECASE | re.ASCII)
_LONGEST_NAME = 46
_EQUALS = lazily(r"=(?=[ ]?\\?[\"'])")
_LOOSE = lazily(
    rf"{_LOOSE_NAME}[ ]?=[ ]?(?:{_QUOTED})(?:[ \t]+{_ATTRIBUTE}){{0,20}}[ \t]*/?>",
    re.IGNORECASE | re.ASCII,
)
_WORD_END = lazily(r"[\w-]\Z", re.ASCII)
# `＜br＞`, from a converter of punctuation.
_FULL_WIDTH = lazily(
    rf"＜[ ]?[/／]?[ ]?(?:{_any_of(UNPAIRED)})(?:[ ][^<>＜＞\n]{{0,300}})?[ ]?[/／]?＞", re.IGNORECASE | re.ASCII
)
_INDENT_BEFORE = lazily(r"(?:\n|\A)[ \t]+\Z")
_INDENT_AFTER = lazily(rf"[ \t]*\n[ \t]+(?=[{_CJK}])")
_MENTION = lazily(rf"@([{_HAN}]{{1,16}})>")


def tags(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Whole tags; those with nothing but blanks between them as one."""
    powers = {m.start(): m for m in _POWER.finditer(text)}
    for m in powers.values():
        yield *m.span(), "tag", m[2].translate(_SMALL[m[1]])
    matches = [m for m in _TAG.finditer(text) if _is_element(m, text)]
    closed = {m["name"].lower() for m in matches if m["close"]}
    opened = {m["name"].lower() for m in matches if not m["close"]}
    run: list[re.Match[str]] = []
    for m in matches:
        name = m["name"].lower()
        alone = not m["close"] and name not in closed and name not in UNPAIRED and "=" not in m["attributes"]
        if alone or (m["close"] and name not in opened and name not in UNPAIRED and len(name) == 1 and name != "a"):
            continue
        if m["gap"] and not (name in opened and name in closed) and name not in ("br", "hr"):
            continue  # a < p
        if m["attributes"].strip(" /\t\n") == "" and _spoken_of(text, m):
            continue
        if run and text[run[-1].end() : m.start()].strip(" \t\u3000\xa0"):
            yield _joined(text, run)
            run = []
        run.append(m)
    if run:
        yield _joined(text, run)


def _is_element(m: re.Match[str], text: str) -> bool:
    name = m["name"].lower()
    if name not in ELEMENTS and ":" not in name:
        return False
    if _HALF_OPEN.search(text, max(0, m.start() - 24), m.start()):
        return False  # inside another `<`: what would be left is a new tag
    return _ATTRIBUTES.fullmatch(m["attributes"]) is not None


def _spoken_of(text: str, m: re.Match[str]) -> bool:
    before, after = text[max(0, m.start() - 80) : m.start()], text[m.end() : m.end() + 80]
    before, after = before[before.rfind("\n") + 1 :], after.partition("\n")[0]
    if _SAID_AFTER.match(after) and _ABOUT_MARKUP.search(before + after):
        return True
    if _QUOTE_BEFORE.search(before) and _QUOTE_AFTER.match(after):
        return True
    set_off = bool(before.strip() and after.strip()) and (
        _SAID_BEFORE.search(before) is not None or (before[-1] in " \t" and after[0] in " \t，。、；：")
    )
    return set_off and _ABOUT_MARKUP.search(before + after) is not None


def _joined(text: str, run: list[re.Match[str]]) -> tuple[int, int, str, str]:
    start, end = run[0].start(), run[-1].end()
    names = {m["name"].lower() for m in run}
    if not names & (BLOCKS | CELLS):
        return start, end, "tag", ""
    # The source of a page is indented by its tags: where they go, the blanks before them go, too.
    if (indent := _INDENT_BEFORE.search(text, max(0, start - 100), start)) and (indent.start() or start <= 100):
        start = indent.start() + (indent[0][:1] == "\n")
    if (indented := _INDENT_AFTER.match(text, end)) and text[start - 1 : start] not in ("", "\n"):
        return start, indented.end(), "tag", "\n"
    if text[start - 1 : start].strip() and text[end : end + 1].strip():
        return start, end, "tag", "\n" if names & BLOCKS else "\t"
    return start, end, "tag", ""


def comments(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Comments, scripts and styles with their content; declarations; the brackets of CDATA."""
    if not _SECTION_BEGINS.search(text) and not _SECTION_ENDS.search(text):
        return
    opened: re.Match[str] | None = None
    for m in _SECTION.finditer(text):
        if m["cdata"] or m["declared"]:
            if opened is None:
                yield *m.span(), "declaration", ""
        elif opened is None:
            if m["open"] or (m["name"] and not m["close"] and m["name"].lower() != "noscript"):
                opened = m
        elif opened["open"] and m["shut"]:
            inner = text[opened.end() : m.start()]
            if len(inner) < _MOST_HAN_IN_COMMENT or len(_HAN_CHARACTER.findall(inner)) < _MOST_HAN_IN_COMMENT:
                yield opened.start(), m.end(), "comment", ""
            opened = None
        elif m["close"] and opened["name"] and m["name"].lower() == opened["name"].lower():
            yield opened.start(), m.end(), "script", ""
            opened = None


def broken_tags(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Tags that lost their beginning or end, and mentions whose link is dead."""
    if "<" in text:
        for m in _NO_END.finditer(text):
            if not _HALF_OPEN.search(text, max(0, m.start() - 24), m.start()):
                yield *m.span(), "broken-tag", ""
    if ">" in text:
        yield from _without_start(text)
        if "=" in text:
            for m in _loose(text):
                line = text[max(0, m.start() - 1000) : m.start()]
                if line.rfind("<") <= max(line.rfind(">"), line.rfind("\n")) and not _WORD_END.search(line):
                    blank = line[-1:] in (" ", "\t") and line[-2:-1].strip() != ""
                    yield m.start() - blank, m.end(), "attribute", ""  # else the attribute has its tag
    if "＜" in text:
        for m in _FULL_WIDTH.finditer(text):
            if not _spoken_of(text, m):
                yield *m.span(), "tag", ""
    if "@" in text and ">" in text:
        for m in _MENTION.finditer(text):
            yield m.start(), m.start() + 1, "dead-mention", ""
            yield m.end() - 1, m.end(), "dead-mention", ""


def _loose(text: str) -> Iterator[re.Match[str]]:
    """What ``_LOOSE.finditer`` finds, looked for at each equals sign: the names have no letter in common."""
    position = 0
    for sign in _EQUALS.finditer(text):
        start = max(position, sign.start() - _LONGEST_NAME)
        while name := _LOOSE_BEFORE.search(text, start, sign.start()):
            if m := _LOOSE.match(text, name.start()):
                position = m.end()
                yield m
                break
            start = name.start() + 1


def _without_start(text: str) -> Iterator[tuple[int, int, str, str]]:
    """``/p>`` and ``p>`` at an edge of a line, and ``/span>`` right behind Chinese text."""
    for end in _END.finditer(text):
        m = _NAME_BEFORE.search(text, max(0, end.start() - 16), end.start())
        if m is None:
            continue
        name, low = m["name"].lower(), m.start()
        sure = name in UNPAIRED and len(name) > 1
        if name not in ELEMENTS or not (m["close"] or sure or name == "p"):
            continue
        before = text[max(0, low - 40) : low].rstrip(" \t")
        after = text[end.end() : end.end() + 40].lstrip(" \t")[:1]
        behind_chinese = _CJK_CHARACTER.match(text, low - 1) is not None if low else False
        at_start, at_end = before[-1:] in ("", "\n"), after in ("", "\n")
        if (
            (at_end and (at_start or behind_chinese or (m["close"] and text[low - 1] in "?!.")))
            or (at_start and _CJK_CHARACTER.match(after))
            or (m["close"] and sure and behind_chinese)
        ):
            yield low, end.end(), "broken-tag", ""
