"""Decode HTML entities and other escapes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from cleanzh import prepared
from cleanzh.edits import Edit, text_filter
from cleanzh.lexicon.code import Spans, code_spans, url_spans
from cleanzh.lexicon.html import COMMON_REFERENCES
from cleanzh.lexicon.kinds import AMPERSAND, ESCAPE, OCTET, SEMICOLON, kinds_of
from cleanzh.patterns import lazily

__all__ = ["decode_entities"]

_NAME_END = prepared.compiled(";(?<=[a-z0-9];)")
_PERCENT = prepared.compiled(r"%[Ee][2-9A-Fa-f]%[89A-Ba-b][0-9A-Fa-f]%")
_PERCENT_ANY = prepared.compiled(rf"%(?:u|{_PERCENT.pattern[1:]})")

_PLAIN_WORDS = frozenset(["lt", "gt", "reg", "copy", "times", "deg", "amp", "divide", "trade", "yen", "bull", "shy"])
_NAMES = "|".join(sorted(COMMON_REFERENCES, key=lambda name: (-len(name), name)))
_NUMBERS = r"#(?P<decimal>\d{2,6})|#[xX](?P<hex>[0-9A-Fa-f]{2,5})"
_DISTINCT = "|".join(name for name in _NAMES.split("|") if name not in _PLAIN_WORDS)
_FULL = {code + 0xFEE0: code for code in range(0x21, 0x7F)}  # full-width ASCII and what it stands for
# In Chinese text: what may stand beside a reference that has lost a part of itself.
_BESIDE = "\u2010-\u2027\u2030-\u205e\u3000-\u303f\u3040-\u30ff\u3400-\u9fff\uff01-\uff60\U00020000-\U0003134f"

# `&amp;amp;ldquo;` is one match: a text escaped any number of times is done in one pass.
_ENTITY = lazily(
    r"&(?:amp;)*(?:#(?P<decimal>\d{1,8});|#[xX](?P<hex>[0-9A-Fa-f]{1,7});|(?P<name>[A-Za-z][A-Za-z0-9]{1,31});)"
)
_UNTERMINATED = lazily(
    rf"&(?:amp;)*(?:(?P<name>{_NAMES})|{_NUMBERS})(?=[{_BESIDE}<&]|[ \t]{{0,20}}$| (?:[{_BESIDE}]|\d{{4}}\b))",
    re.MULTILINE,
)
_SPACED = lazily(
    rf"& ?(?:amp ?; ?)*(?:(?P<name>{_NAMES})|# ?(?P<decimal>\d{{2,6}})|# ?[xX] ?(?P<hex>[0-9A-Fa-f]{{2,5}})) ?;"
)
_FULLWIDTH = lazily(
    r"[&＆](?P<body>(?:[aAａＡ][mMｍＭ][pPｐＰ][;；])*(?:[A-Za-zａ-ｚＡ-Ｚ]{2,8}[0-9０-９]{0,2}"
    r"|[#＃](?:[xXｘＸ][0-9A-Fa-f０-９ａ-ｆＡ-Ｆ]{2,5}|[0-9０-９]{2,6})))[;；]"
)
_NO_AMPERSAND = lazily(
    rf"(?:(?<=[{_BESIDE};])|(?<![^\n]))(?:amp;){{0,6}}(?:(?P<name>{_DISTINCT})|#(?P<decimal>8\d{{3}}|12\d{{3}}|160|39|34));"
    rf"(?=[{_BESIDE}&]|[ \t]{{0,20}}$|\s[{_BESIDE}]|(?:#|amp;|nbsp;|[lr][ds]quo;|hellip;|mdash;))",
    re.MULTILINE,
)
_NAME_BEFORE = lazily(rf"(?:{_DISTINCT}|#[0-9]+)\Z")
_LONGEST_NAME = 6
_BACKSLASH = lazily(r"(?:\\{1,4}u[0-9A-Fa-f]{4}|\\{1,4}x[2-7][0-9A-Fa-f])+")
_ESCAPED = frozenset("<>&\"'/=+\xa0\u3000\u200b")  # what JSON and scripts escape beside Chinese
_PERCENT_U = lazily(r"(?:%u[0-9A-Fa-f]{4})+")
_PERCENT_UTF8 = lazily(r"(?:%[0-9A-Fa-f]{2})*%[Ee][2-9A-Fa-f](?:%[0-9A-Fa-f]{2})+")
_CHINESE = lazily("[\u2010-\u2027\u3000-\u303f\u3400-\u9fff\uff01-\uff60\U00020000-\U0003134f]")
_PART_OF_ADDRESS = lazily(r"[\w.~/?=&#+:-]$", re.ASCII)

# A line that speaks about entities. `&nbsp;表示` alone does not: it also stands before what somebody 表示.
_EXPLAINS = lazily(
    r"转义|轉義|(?:字符|字元|HTML|html|XML) ?(?:实体|實體)|(?:实体|實體)(?:字符|字元|编码|編碼|引用|名[称稱]|符[号號])"
    r"|(?:HTML|html|XML) [Ee]ntit|[Ee]ntity (?:name|reference|code)|[Cc]haracter reference"
    r"|&(?:amp;)?#?\w{1,31};[^\n，。]{0,8}(?:表示|代表|代替|替换|替換|取代|显示为|顯示為)[^\n，。]{0,8}"
    r"(?:空格|空白|小于|小於|大于|大於|引号|引號|字符|字元|符号|符號|换行|換行|标签|標籤)"
    r"|(?:写成|寫成|写作|寫作|替换为|替換為|替换成|替換成|转换成|轉換成)[\s“\"'‘「（(]{0,3}&(?:amp;)?#?\w{1,31};"
)
_NEAR = 300


@text_filter("entity", repeat=True, kinds=AMPERSAND | ESCAPE | OCTET | SEMICOLON)
def decode_entities(text: str) -> list[Edit]:
    """Decode HTML entities and other escapes.

    A page is escaped when it is stored, and again when it is copied; a scraper that cuts, folds widths or joins words
    then breaks the escapes, so that no parser knows them any more: without semicolon, with a full-width one, with
    blanks inside, without ampersand. JSON and script sources leave ``\\u4f60``, addresses ``%E4%BD%A0``.

    >>> decode_entities("&amp;ldquo;你好&rdquo，＆nbsp；世界&#8212;&#150;\\\\u4f60")
    '“你好”，\\xa0世界—–你'

    Left alone: query strings (``?a=1&copy=2``) and all of an address but ``&amp;``, ``AT&T``, ``R&D``, numbers that are
    no character, escapes that do not decode to Chinese text, code (see :mod:`cleanzh.lexicon.code`), and a line that
    speaks about entities (``用 &nbsp; 表示空格``): decoding would take its subject away.
    """
    if not _gate(text):
        return []
    found = sorted(_candidates(text), key=lambda found: (found[0], -found[1]))
    if not found:
        return []
    code, urls, explained = code_spans(text), url_spans(text), _explained(text)
    edits: list[Edit] = []
    position = 0
    for start, end, rule, after in found:
        if start < position or code.touches(start, end):
            continue
        before = text[start:end]
        if urls.covers(start) and not (rule == "named" and after == "&"):
            continue
        if rule not in ("backslash", "percent") and explained.covers(start):
            continue
        edits.append(Edit(f"entity.{rule}", start, before, after))
        position = end
    return edits


def _gate(text: str) -> bool:
    """Whether a mark of an escape is there; the kinds say so for all but the odd text."""
    kinds = kinds_of(text)
    return (
        bool(kinds & AMPERSAND)
        or bool(kinds & ESCAPE)
        or (bool(kinds & OCTET) and _PERCENT_ANY.search(text) is not None)
        or (bool(kinds & SEMICOLON) and _loses_ampersand(text))
    )


def _loses_ampersand(text: str) -> bool:
    """Whether a name or a number stands before a semicolon: to look for names anywhere takes ten times as long."""
    return ";" in text and any(
        _NAME_BEFORE.search(text, max(0, m.start() - _LONGEST_NAME), m.start()) for m in _NAME_END.finditer(text)
    )


def _candidates(text: str) -> Iterator[tuple[int, int, str, str]]:
    """``start, end, rule, after`` of whatever may be an escape, in no order."""
    kinds = kinds_of(text)
    if "&" in text:
        for m in _ENTITY.finditer(text):
            after = _reference(m)
            if after is not None:
                yield *m.span(), "numeric" if m.lastgroup in ("decimal", "hex") else "named", after
        for pattern, rule in ((_UNTERMINATED, "unterminated"), (_SPACED, "spaced")):
            for m in pattern.finditer(text):
                after = _reference(m)
                if after is not None:
                    yield *m.span(), rule, after
    if ("&" in text or "＆" in text) and ("；" in text or "＆" in text):
        for m in _FULLWIDTH.finditer(text):
            exact = _ENTITY.fullmatch(f"&{m['body'].translate(_FULL)};")
            after = _reference(exact) if exact and exact.lastgroup else None
            if after is not None and m[0][0] + m[0][-1] != "&;":
                yield *m.span(), "full-width", after
    if _loses_ampersand(text):
        for m in _NO_AMPERSAND.finditer(text):
            after = _reference(m)
            if after is not None:
                yield *m.span(), "no-ampersand", after
    if kinds & ESCAPE:
        for m in _BACKSLASH.finditer(text):
            after = _units(re.findall(r"[0-9A-Fa-f]{4}", m[0].replace("x", "u00")))
            if after is not None and (_CHINESE.search(after) or set(after) <= _ESCAPED):
                yield *m.span(), "backslash", after
    if not kinds & OCTET:
        return
    if "%u" in text:
        for m in _PERCENT_U.finditer(text):
            after = _units(m[0].split("%u")[1:])
            if after is not None and _CHINESE.search(after):
                yield *m.span(), "percent", after
    if _PERCENT.search(text):
        for m in _PERCENT_UTF8.finditer(text):
            try:
                after = bytes.fromhex(m[0].replace("%", "")).decode("utf-8")
            except UnicodeDecodeError:
                continue
            if _CHINESE.search(after) and not _PART_OF_ADDRESS.search(text[max(0, m.start() - 1) : m.start()]):
                yield *m.span(), "percent", after


def _reference(m: re.Match[str]) -> str | None:
    """What a reference stands for, or None if it stands for no character."""
    groups = m.groupdict()
    if groups.get("name"):
        from html.entities import html5  # 2,231 names, for a text that has one

        name = groups["name"]
        return html5.get(f"{name};") or (html5.get(f"{name.lower()};") if name.lower() in COMMON_REFERENCES else None)
    number = int(groups["decimal"]) if groups["decimal"] else int(groups["hex"], 16)
    if number == 0 or number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        return None
    return html.unescape(f"&#{number};")  # as browsers do: numbers of CP1252, controls dropped


def _units(units: list[str]) -> str | None:
    """UTF-16 code units in hexadecimal as text; None if they are half of something."""
    try:
        return bytes.fromhex("".join(units)).decode("utf-16-be")
    except (UnicodeDecodeError, ValueError):
        return None


def _explained(text: str) -> Spans:
    """Where a line speaks about entities; a part of it, if it is long, since a text may be one line."""
    spans = []
    for m in _EXPLAINS.finditer(text):
        low, high = max(0, m.start() - _NEAR), min(len(text), m.end() + _NEAR)
        line_end = text.find("\n", m.end(), high)
        spans.append((max(low, text.rfind("\n", low, m.start()) + 1), high if line_end < 0 else line_end))
    return Spans(spans)
