"""What stands around a mark: which characters speak for Chinese, which lines do not, and what keeps its own marks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cleanzh import prepared
from cleanzh.kernels import kernel
from cleanzh.lexicon.classes import bits_of
from cleanzh.lexicon.code import Spans
from cleanzh.lexicon.kinds import AMPERSAND, ANGLE, BRACE, BRACKET, COMMA, LATIN, kinds_of
from cleanzh.patterns import lazily

__all__ = [
    "CHINESE",
    "CHINESE_CHAR",
    "FOREIGN",
    "FOREIGN_SHARE",
    "FULL",
    "FULL_MARKS",
    "HAN_CHAR",
    "NEVER_MADE",
    "OTHERS",
    "classes",
    "kept_spans",
    "other_lines",
]

FULL = dict(zip(",;:!?", "，；：！？", strict=True))
FULL_MARKS = "，；：！？（）"
OTHERS = "()\"'"
_HAN = "㐀-䶿一-鿿豈-﫿〇々\U00020000-\U0003ffff"
# Chinese punctuation that no folding turns into ASCII speaks for a Chinese context like Han.
_SIGNS = "、。《》〈〉「」『』【】〔〕“”‘’…—～·"
CHINESE = _HAN + _SIGNS
NEVER_MADE = CHINESE.replace("…", "")  # no edit of this filter makes them

HAN_CHAR = lazily(f"[{_HAN}]")
CHINESE_CHAR = lazily(f"[{CHINESE}]")
FOREIGN = lazily("[ぁ-ゖァ-ヺ가-힣]")
# A line with more kana or hangul than one in twelve characters is not Chinese.
FOREIGN_SHARE = 12

# What keeps its own marks, by the literal that it begins with; the kind of one of its characters, and one that is found
# in a tenth of the time. Code, addresses, tags, entities, links. But code in fences, none goes beyond a line.
_ADDRESS = rf"""(?:[^\s{CHINESE}{FULL_MARKS}"'<>]|(?<=[/=])[{_HAN}]+(?=[/?&=#.]))+"""
_KEPT = {
    "`": (-1, "`", r"```.*?(?:```|\Z)|`[^`\n]+`"),
    "://": (COMMA, "/", rf"://{_ADDRESS}"),
    "www.": (LATIN, "w", rf"\bwww\.{_ADDRESS}"),
    "<": (ANGLE, "<", r"</?[A-Za-z][^<>\n]*>"),
    "&": (AMPERSAND, "&", r"&\#?\w{1,10};"),
    "](": (BRACKET, "]", r"\]\((?:[^()\n]|\([^()\n]*\))*\)"),
    "$": (-1, "$", rf"\$\$?[^$\n{_HAN}]+\$\$?"),
    "-{": (BRACE, "{", r"-\{[^{}\n]*\}-"),
}
_KEPT_PATTERNS = {literal: lazily(pattern, re.DOTALL) for literal, (_, _, pattern) in _KEPT.items()}
_TRAILING = ",;:!?)"

# A line of data, and one that may be English with a Chinese name in it.
_JSON = lazily(r"""["']\s*:\s*["'\[{\d]|^\s*[\[{].*[\]}],?\s*$""")
_TELLING = "{\\[ぁ-ゖァ-ヺ가-힣"
_DOUBTFUL = lazily(f"[A-Za-z\"'{_TELLING}]")
_LATIN, _LATIN_WORDS = prepared.compiled("[A-Za-z]"), prepared.compiled("[A-Za-z]+ [A-Za-z]+ [A-Za-z]")


@prepared.at_build("lexicon/classes.py")
def classes() -> bytes:
    """What each character is, as ``kernels/marks.c`` has it, in bits."""
    sets = "".join(FULL), OTHERS, FULL_MARKS[:5], FULL_MARKS[5:], CHINESE, _HAN, "A-Za-z", _TELLING
    return bytes(bits_of(sets))


def kept_spans(text: str, start: int, end: int) -> Spans:
    """What keeps its own marks."""
    kept: list[tuple[int, int]] = []
    kinds = kinds_of(text)
    for literal, (kind, char, _) in _KEPT.items():
        if not kinds & kind or text.find(char, start, end) < 0 or (first := text.find(literal, start, end)) < 0:
            continue
        for found in _KEPT_PATTERNS[literal].finditer(text, first, end):
            i, j = found.span()
            if literal in ("://", "www."):
                j = i + len(found[0].rstrip(_TRAILING))
            kept.append((i, j))
    return Spans(kept)


def other_lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The lines that are not Chinese; only such as have something in them that raises the question are looked at."""
    compiled = kernel("marks")
    lines = (
        _doubtful_lines(text, start, end) if compiled is None else compiled.doubtful_lines(text, classes(), start, end)
    )
    for line_start, line_end in lines:
        if not _is_chinese_line(text[line_start:line_end]):
            yield line_start, line_end


def _doubtful_lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    found = _DOUBTFUL.search(text, start, end)
    while found:
        line_start = text.rfind("\n", start, found.start()) + 1 or start
        line_end = text.find("\n", found.start(), end)
        line_end = end if line_end < 0 else line_end
        yield line_start, line_end
        found = _DOUBTFUL.search(text, line_end, end)


def _is_chinese_line(line: str) -> bool:
    if not HAN_CHAR.search(line) or _JSON.search(line):
        return False
    if FOREIGN.search(line) and FOREIGN_SHARE * len(FOREIGN.findall(line)) > len(line):
        return False
    return not _LATIN_WORDS.search(line) or 6 * len(HAN_CHAR.findall(line)) >= len(_LATIN.findall(line))
