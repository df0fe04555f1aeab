"""What templates, scripts and style sheets leave in a text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from cleanzh.lexicon.kinds import ANGLE, BRACE, COUNTER, FORMAT, SEMICOLON, SQUARE, UNDERSCORE, kinds_of
from cleanzh.lexicon.literals import has_any
from cleanzh.patterns import lazily

__all__ = ["has_counter", "has_format", "residue", "templates"]

_CJK = r"\u3400-\u9fff\u2014\u2018-\u201d\u2026\u3001-\u303f\uff01-\uff60"

_HOLDER = lazily(
    r"\{\{[ \t]*[\w.|:'\"()\[\] ,/!$@#-]{0,80}\}\}|\{%-?[ \t][^{}%\n]{1,120}%\}|\$\{[\w.\[\]()'\" ]{1,60}\}"
    r"|<%[=@-]?[^<>%\n]{1,200}%>|<\?php\b[^<>\n]{0,300}\?>"
    r"|\{/?(?:dede|pboot|cms|field):[^{}\n]{1,100}\}|\{\$[\w.\[\]']{1,60}\}|\[!--[\w.]{1,40}--\]",  # content managers
    re.ASCII,
)
# `共有%s条评论`: only where Chinese text holds it on both sides, or on one and the line ends on the other.
_FORMAT = lazily(rf"(?:(?<=[{_CJK}])|^)%(?:\d\$)?[sd](?=[{_CJK}])|(?<=[{_CJK}])%(?:\d\$)?[sd]$", re.MULTILINE)
# A line that speaks about them.
_ABOUT = lazily(
    r"模板|模版|范本|範本|插值|变量|變數|占位|佔位|语法|語法|表达式|表達式|格式化|格式符|格式字符|[Vv]ue|[Aa]ngular|[Jj]inja|printf|format|[Ss]hell|脚本|腳本"
    r"|渲染|代码|代碼|程式碼|环境变量|字符串|字串"
)
# The names below have one of these or an underscore; two characters of each are a pair of the kind.
_COUNTERS = ("document.write", "adsbygoogle", "googletag", "gtag(", "CNZZ", "bdShare")
# Counters, share buttons and adverts, known by the names that their scripts use: a whole line.
_COUNTER = lazily(
    r"^[ \t]*(?:(?:var|let|const)[ \t]+)?(?:_hmt\b|_czc\b|cnzz_|CNZZ|_bdhmProtocol|bdShare|bd_cpro|cpro_id|duoshuoQuery"
    r"|jiathis_config|window\._bd_share_config|\(adsbygoogle\b|googletag\.|gtag\(|BAIDU_CLB|document\.write(?:ln)?\()"
    r"[^\n\u3400-\u9fff]{0,2000}$",
    re.MULTILINE | re.ASCII,
)

# What follows goes from articles only: a text that speaks of code may show it.
_TECHNICAL = lazily(
    r"代码|代碼|程式碼|源码|原始碼|程序员|编程|編程|函数|函數|脚本|腳本|前端|样式表|樣式表|正则|变量|變數|接口|[Jj]ava[Ss]cript|CSS|JSON|HTML|API"
    r"|json|`{3}|<code"
)
_HAN = lazily("[\u3400-\u9fff]")
_LEAST_HAN = 40  # characters that make an article
_STYLE = lazily(
    r"^[ \t]*(?:[.#@*]?[A-Za-z][\w .#:,>*-]{0,100}\{[^{}\n\u3400-\u9fff]{0,1000}\b"
    r"(?:font|color|width|height|margin|padding|display|background|border|text-align|float|position|overflow)"
    r"[^{}\n\u3400-\u9fff]{0,1000}\}[ \t]*){1,50}$",
    re.MULTILINE,
)
_SCRIPT = lazily(
    r"^[ \t]*(?:(?:var|let|const) [\w$]+[ \t]*=|function[ \t]+[\w$]*\(|\(function[ \t]*\(|\$\(|window\.|document\."
    r"|jQuery\b|try[ \t]*\{|\}[ \t]*(?:catch|else)\b|return [\w$(!]|if[ \t]*\([\w$!]|else[ \t]*\{)"
    r"[^\n\u3400-\u9fff]{0,2000}[;{}),][ \t]*$|^[ \t]*\}[ \t)}]*[;(){},]*[ \t]*$",
    re.MULTILINE,
)
_DATA = lazily(r"^[ \t]*[\[{][ \t]*[\"{\[].{0,20000}[}\]][ \t]*;?[ \t]*$", re.MULTILINE)

_STATEMENTS = ("var ", "let ", "const ", "return ", "try", "if", "else")
_SCRIPT_WORDS = (*_STATEMENTS, "}", "function", "$(", "window.", "document.", "jQuery")
_SOURCES = (  # each with words of which it has one
    (("{",), _STYLE, "style"),
    (_SCRIPT_WORDS, _SCRIPT, "script"),
    (("[", "{"), _DATA, "data"),
)
_FAR = 100_000
_BARE = 4  # a line of a brace says nothing by itself


def templates(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Place holders that nobody filled in, unless the line is about them."""
    patterns = [_HOLDER] if _may_have_holder(text) else []
    if has_format(text):
        patterns.append(_FORMAT)
    for pattern in patterns:
        for m in pattern.finditer(text):
            low, high = max(0, m.start() - 100), m.end() + 100
            before, after = text[low : m.start()], text[m.end() : high]
            if not _ABOUT.search(before[before.rfind("\n") + 1 :] + "\n" + after.partition("\n")[0]):
                yield *m.span(), "template", ""


def _may_have_holder(text: str) -> bool:
    kinds = kinds_of(text)
    return (
        bool(kinds & BRACE)
        or (bool(kinds & ANGLE) and has_any(text, ("<%", "<?")))
        or (bool(kinds & SQUARE) and "[!--" in text)
    )


def has_format(text: str) -> bool:
    """Whether a place holder for a word or a number may be there."""
    return bool(kinds_of(text) & FORMAT)


def residue(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Lines of scripts that count visits and place adverts; and any script, style or data in an article about else."""
    kinds = kinds_of(text)
    if kinds & UNDERSCORE or has_counter(text):
        for m in _COUNTER.finditer(text):
            yield *m.span(), "script", ""
    if not kinds & (BRACE | SEMICOLON):
        return
    sources = [(pattern, rule) for words, pattern, rule in _SOURCES if has_any(text, words)]
    code = [(m.start(), m.end(), rule) for pattern, rule in sources for m in pattern.finditer(text)]
    if not code or _TECHNICAL.search(text) or len(_HAN.findall(text[:_FAR])) < _LEAST_HAN:
        return
    telling = {rule for start, end, rule in code if len(text[start:end].strip()) > _BARE}
    for start, end, rule in code:
        if rule in telling and (rule != "data" or _is_data(text[start:end])):
            yield start, end, rule, ""


def has_counter(text: str) -> bool:
    """Whether a script that counts visits or places adverts may be there."""
    # A script calls or sets something.
    return bool(kinds_of(text) & COUNTER) and ("(" in text or "=" in text) and has_any(text, _COUNTERS)


def _is_data(line: str) -> bool:
    """Whether a line is JSON that no reader was meant to see: without Chinese, or the description of a page."""
    try:
        value = json.loads(line.strip().rstrip(";"))
    except (ValueError, RecursionError):
        return False
    return bool(value) and (_HAN.search(line) is None or (isinstance(value, dict) and "@context" in value))
