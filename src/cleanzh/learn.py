"""Boilerplate learned from a corpus: lines that stand in many different documents, as a rule file to look through.

No word list knows the slogan of a site that was never seen. But a line that recurs, exactly or but for its digits and
Latin letters, in dozens of documents that are not copies of one another is not a part of them.

Documents are counted by near-duplicate cluster: a sentence of a viral article stands in a hundred documents, and is the
article. Lines of running text are never learned.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from cleanzh.shadow import shadow

__all__ = ["Template", "learn", "rule_file", "templates"]

_LONGEST = 120
_FEWEST_HAN = 2
_MOST_EXAMPLES = 3
_HAN = re.compile("[\u3400-\u9fff]+")
_MASKED = re.compile(r"\d+|[a-z][a-z0-9]*")
# A sentence with a clause before it; a notice has them too, but so has every quotation.
_RUNNING_TEXT = re.compile(r".{24,}[。;].{12,}")


class Template(NamedTuple):
    """A line as it recurs: digits are ``0`` and Latin words ``a`` in ``text``, which is a shadow.

    ``documents`` counts clusters. ``examples`` are lines as they stand, the first seen first.
    """

    text: str
    documents: int
    examples: tuple[str, ...]


def learn(
    texts: Iterable[str], *, clusters: Sequence[Hashable] | None = None, least: int = 20, share: float = 0.0
) -> list[Template]:
    """The templates that stand in ``least`` clusters of documents or more, and in that ``share`` of all; most first.

    ``clusters`` names the cluster of each text (two texts of one cluster count once); without it each is its own.
    One pass; memory grows with the number of different short lines, about 100 bytes each.

    >>> pages = [f"第{n}篇说的是柿子和山路。\\n某某晚报，天天见面\\n阅读：{n}次" for n in range(30)]
    >>> [(found.text, found.documents) for found in learn(pages, least=20)]
    [('某某晚报,天天见面', 30), ('第0篇说的是柿子和山路。', 30), ('阅读:0次', 30)]
    >>> learn(pages, clusters=[0] * 30, least=20)
    []
    """
    seen: dict[str, set[Hashable]] = {}
    examples: dict[str, list[str]] = {}
    everyone: set[Hashable] = set()
    for number, text in enumerate(texts):
        cluster: Hashable = number if clusters is None else clusters[number]
        everyone.add(cluster)
        for template, line in templates(text):
            seen.setdefault(template, set()).add(cluster)
            known = examples.setdefault(template, [])
            if len(known) < _MOST_EXAMPLES and line not in known:
                known.append(line)
    enough = max(least, share * len(everyone))
    found = [Template(text, len(who), tuple(examples[text])) for text, who in seen.items() if len(who) >= enough]
    return sorted(found, key=lambda template: (-template.documents, template.text))


def templates(text: str) -> Iterator[tuple[str, str]]:
    """The lines of a text that could be boilerplate: template, and the line itself.

    >>> list(templates("阅读(218)\\nhttp://example.com\\n"))
    [('阅读(0)', '阅读(218)')]
    """
    for line in text.split("\n"):
        line = line.strip()
        if not line or len(line) > 2 * _LONGEST:
            continue
        seen = shadow(line).text
        if len(seen) > _LONGEST or _RUNNING_TEXT.search(seen):
            continue
        if sum(map(len, _HAN.findall(seen))) >= _FEWEST_HAN:
            yield _MASKED.sub(_mask, seen), line


def _mask(found: re.Match[str]) -> str:
    return "0" if found[0].isdigit() else "a"


def rule_file(found: Iterable[Template], *, source: str = "") -> str:
    r"""A rule file of what was learned, to be read and cut down before it is used with ``--rules``.

    >>> print(*rule_file([Template("阅读:0次", 30, ("阅读：7次",))]).split("\n")[4:9], sep="\n")
    id = "line-1"
    reason = "stands in 30 documents"
    pattern = '''^阅读:\d+次$'''
    needs = ["阅读"]
    max_length = 25
    """
    head = (
        "# Learned from a corpus: lines that stand in many documents which are no copies of one another.\n"
        "# Look through them before you use them. A line that belongs to the articles must go from this file.\n"
    )
    parts = [head]
    for number, template in enumerate(found, 1):
        literal = max(_HAN.findall(template.text), key=len)
        parts.append(
            "\n[[rule]]\n"
            f'id = "line-{number}"\n'
            f'reason = "stands in {template.documents} documents"\n'
            f"pattern = '''^{_pattern(template.text)}$'''\n"
            f"needs = [{_quoted(literal)}]\n"
            f"max_length = {len(template.text) + 20}\n"
            'text = "any"\n'
            f"must_match = [{', '.join(map(_quoted, template.examples))}]\n"
            f"must_not_match = [{_quoted(template.examples[0] + '，他这样说道')}]\n"
            + (f"source = {_quoted(source)}\n" if source else "")
        )
    return "".join(parts)


def _pattern(template: str) -> str:
    pattern, position = "", 0
    for masked in _MASKED.finditer(template):
        pattern += re.escape(template[position : masked.start()]).replace("'", "\\x27").replace("\\ ", " ")
        pattern += r"\d+" if masked[0] == "0" else "[a-z][a-z0-9]*"
        position = masked.end()
    return pattern + re.escape(template[position:]).replace("'", "\\x27").replace("\\ ", " ")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'
