"""Why each rule that is code objects to what it finds; rules that are data say it themselves.

A reason continues the sentence "this …" and names what is found, not what is done about it.
"""

from __future__ import annotations

import functools

__all__ = ["FAMILIES", "REPORTED", "reason_of", "reasons"]

REPORTED = ("budget", "damage", "document", "doubt", "duplicate")
"""Families of findings that no filter makes: what is reported, and never changed."""

FAMILIES = {
    "budget": "removals would take more than half of the document, so none is made",
    "damage": "damaged beyond repair",
    "document": "would be set aside",
    "doubt": "may be wrong, and nothing in the text says how",
    "duplicate": "duplicates another document",
    "echo": "repeats the title inside a sentence",
    "entity": "escaped character",
    "foreign": "changed by a filter from elsewhere",
    "invisible": "character that nobody sees",
    "markup": "debris of markup",
    "metadata": "header line, which belongs into metadata",
    "mojibake": "text that was read in the wrong charset",
    "pinyin": "left behind by a tool that adds pinyin",
    "punctuation": "mark that is not the one Chinese uses here",
    "repeat": "says again what the document said already",
    "script": "not in the script asked for",
    "whitespace": "white space that Chinese does not have here",
}
"""What a family finds, for rules that have no reason of their own."""

_REASONS = {
    "budget.exceeded": "removals would take more than half of the document, so none is made",
    "damage.cut-entity": "HTML entity of which a cut left the beginning",
    "damage.digits-stripped": "numbers that lost their digits",
    "damage.hole": "something is missing between these marks",
    "damage.irreparable": "characters that were lost when the text was read in the wrong charset",
    "document.empty": "no text",
    "document.filter-failed": "a filter from elsewhere failed",
    "document.not-chinese": "not a Chinese document",
    "document.too-large": "larger than a document may be",
    "document.unreadable": "can not be read",
    "doubt.two-articles": "another article may begin here",
    "doubt.word-swapped": "word that a spinner may have swapped",
    "duplicate.exact": "the same document again",
    "duplicate.near": "nearly the same document again",
    "echo.keyword-phrase": "keyword phrase pushed into a sentence",
    "echo.title": "title pushed into a sentence",
    "echo.title-phrase": "part of the title pushed into a sentence",
    "entity.backslash": "escape of a program source",
    "entity.full-width": "HTML entity in full-width characters",
    "entity.named": "HTML entity",
    "entity.no-ampersand": "HTML entity that lost its ampersand",
    "entity.numeric": "HTML entity by number",
    "entity.percent": "percent-encoded text",
    "entity.spaced": "HTML entity with blanks inside",
    "entity.unterminated": "HTML entity without semicolon",
    "invisible.bidi": "mark of writing direction in text that has one direction",
    "invisible.byte-order-mark": "byte order mark inside the text",
    "invisible.compatibility-ideograph": "ideograph that only looks like the common one",
    "invisible.control": "control character",
    "invisible.escape": "escape sequence of a terminal",
    "invisible.filler": "blank Hangul letter",
    "invisible.joiner": "joiner in a script that has none",
    "invisible.object": "place of an object that is gone",
    "invisible.private-use": "character without a meaning",
    "invisible.radical": "radical in the place of the character it looks like",
    "invisible.soft-hyphen": "soft hyphen",
    "invisible.tag-character": "tag character",
    "invisible.variation-selector": "variation selector without effect",
    "invisible.zero-width": "character without width",
    "markup.attribute": "attribute of a tag that is gone",
    "markup.bbcode": "forum code",
    "markup.broken-tag": "half an HTML tag",
    "markup.comment": "HTML comment",
    "markup.dead-mention": "mention that leads nowhere",
    "markup.data": "data for a program in an article",
    "markup.declaration": "declaration of an HTML page",
    "markup.image": "Markdown image",
    "markup.link-target": "Markdown link that leads nowhere",
    "markup.script": "source of a script or a style",
    "markup.style": "source of a style sheet",
    "markup.tag": "HTML tag",
    "markup.template": "place holder that no template filled",
    "metadata.byline": "byline",
    "metadata.credit": "credit",
    "metadata.editor": "names the editor",
    "metadata.header": "header line of a page",
    "metadata.original-title": "names the original title",
    "metadata.published": "date line",
    "metadata.source": "names the source",
    "metadata.url": "names the address of the page",
    "metadata.views": "counter of views",
    "mojibake.chain": "text that was read in the wrong charset more than once",
    "mojibake.twice": "text that was read in the wrong charset twice",
    "pinyin.note": "pinyin note behind the character it spells",
    "pinyin.note-with-spam": "pinyin note with an advert in it",
    "pinyin.shifted-bytes": "characters read one byte off, from a pinyin note in the middle of one",
    "punctuation.ellipsis": "ellipsis of full stops",
    "punctuation.half-width": "half-width mark in Chinese text",
    "punctuation.straight-quote": "straight quotation mark in Chinese text",
    "repeat.line": "the same line again",
    "repeat.number-differs": "the same line again, with another number",
    "repeat.summary": "summary that repeats the text",
    "repeat.title": "title again",
    "script.to-hongkong": "not in the script of Hong Kong",
    "script.to-simplified": "not in Simplified script",
    "script.to-taiwan": "not in the script of Taiwan",
    "script.to-traditional": "not in Traditional script",
    "whitespace.around-word": "blanks around a word that stands without elsewhere in the text",
    "whitespace.beside-mark": "blank beside a Chinese mark",
    "whitespace.beside-particle": "blank beside a particle, which leans on its neighbour",
    "whitespace.between-words": "blank between Chinese and other words",
    "whitespace.blank-lines": "more than one blank line",
    "whitespace.form": "blank of another form",
    "whitespace.indent": "indent from the layout of a page",
    "whitespace.inside-word": "blank inside a word",
    "whitespace.line-break": "line end of another form",
    "whitespace.run": "blanks in a row",
    "whitespace.segmented": "blanks of a program that cuts a sentence into words",
    "whitespace.spaced-out": "letters set apart by blanks",
    "whitespace.trailing": "blanks at the end of a line",
}


@functools.cache
def reasons() -> dict[str, str]:
    """The reason of every rule that has a name of its own, by full name: of code, and of the rules that are data."""
    from cleanzh.rulebook import builtin

    return _REASONS | {rule.name: rule.reason for rule in builtin()}


@functools.lru_cache(maxsize=4096)
def reason_of(rule: str) -> str:
    """Why a rule objects to what it finds.

    >>> reason_of("pinyin.note")
    'pinyin note behind the character it spells'
    >>> reason_of("entity.of-a-kind-that-is-new")
    'escaped character'
    >>> reason_of("mojibake.utf-8-as-gbk-lossy")
    'utf-8 that was read as gbk'
    """
    family, _, name = rule.partition(".")
    if family == "mojibake" and "-as-" in name:
        return name.removesuffix("-lossy").replace("-as-", " that was read as ")
    return _REASONS.get(rule) or (FAMILIES[family] if family in FAMILIES else reasons().get(rule, rule))
