"""Measure punctuation, script and language on published texts, and print Markdown tables.

    CLEANZH_EVAL=folder python benchmarks/script.py [punctuation] [opencc] [clean] [language] [speed]

The folder has ``clean/*.jsonl.gz`` (published texts ``simp_*`` and ``trad_*``, and the controls ``ctl_*``) and
``opencc/`` (OpenCC's conversion cases and native Traditional sentences). Without section names all of them are
measured, in about two minutes.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import opencc

from cleanzh.filters import UnifyScript, restore_punctuation, unify_script
from cleanzh.judge import set_aside_reason
from cleanzh.lexicon.script import character_class

LIST_MARKER = re.compile(r"^[ \t\u3000]*(?P<marker>\((?:[一二三四五六七八九十百]{1,4}|\d{1,3})\))", re.MULTILINE)
KINDS = LISTS, BRACKETS, OTHERS = "brackets of list markers", "other brackets", "all other marks"
FOLDED = {"，": ",", "；": ";", "：": ":", "！": "!", "？": "?", "（": "(", "）": ")", "…": "..."}
CHINESE = re.compile("[㐀-鿿、。《》「」『』“”]")
TARGETS = {
    "t2s": ("simplified", "traditional"),
    "tw2s": ("simplified", "taiwan"),
    "hk2s": ("simplified", "hongkong"),
    "s2t": ("traditional", "simplified"),
    "s2tw": ("taiwan", "simplified"),
    "s2hk": ("hongkong", "simplified"),
}


def rows(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def clean_sets(folder: Path, *prefixes: str) -> Iterator[tuple[str, list[str]]]:
    for path in sorted((folder / "clean").glob("*.jsonl.gz")):
        name = path.name.removesuffix(".jsonl.gz")
        if name.startswith(prefixes):
            yield name, [row["text"] for row in rows(path)]


def table(*columns: str) -> None:
    print("\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))


def line(*cells: object) -> None:
    print("| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells) + " |")


def fold(text: str) -> tuple[str, list[str]]:
    """The text with its marks folded as NFKC folds them, and what each character was (an empty string: not folded)."""
    parts, origin = [], []
    for char in text:
        new = FOLDED.get(char, char)
        parts.append(new)
        origin += [char if char in FOLDED else ""] * len(new)
    return "".join(parts), origin


def is_uniform(text: str) -> bool:
    """Whether no half-width mark touches Chinese text; after folding, those can not be told from the folded ones."""
    return not any(
        CHINESE.match(text[i - 1 : i]) or CHINESE.match(text, i + 1)
        for i in (found.start() for found in re.finditer("[,;:!?()]", text))
    )


def punctuation(folder: Path) -> None:
    print("\n## Marks folded by NFKC and restored\n")
    print("`uniform`: documents in which no half-width mark touches Chinese text as published.")
    table(
        "texts", "documents", "marks", "back", "wrong", "uniform documents", "marks", "back", "wrong", "clean changed"
    )
    totals: Counter[str] = Counter()
    by_mark: Counter[tuple[str, bool]] = Counter()
    by_kind: Counter[tuple[str, str]] = Counter()
    for name, texts in clean_sets(folder, "simp", "trad"):
        seen: Counter[str] = Counter(documents=len(texts))
        for text in texts:
            folded, origin = fold(text)
            lists = {i for found in LIST_MARKER.finditer(folded) for i in (found.start("marker"), found.end() - 1)}
            back: set[int] = set()
            wrong = 0
            for edit in restore_punctuation.edits(folded):
                span = range(edit.start, edit.end)
                kind = LISTS if edit.start in lists else BRACKETS if edit.before in "()" else OTHERS
                if all(origin[i] and (origin[i] in edit.after) for i in span):
                    back.update(span)
                    by_kind[kind, "back"] += len(span)
                else:
                    times = len(span) if any(origin[i] for i in span) else 1
                    wrong += times
                    by_kind[kind, "wrong"] += times
            marks = [i for i, char in enumerate(origin) if char]
            by_mark.update((origin[i], i in back) for i in marks)
            kind = "uniform " if is_uniform(text) else "mixed "
            seen.update(
                {kind + "documents": 1, kind + "marks": len(marks), kind + "back": len(back), kind + "wrong": wrong}
            )
            seen["changed"] += bool(restore_punctuation.edits(text))
        totals.update(seen)
        line(name, *_marks(seen))
    line("**all**", *_marks(totals))
    print(
        "\nBy mark: "
        + ", ".join(
            f"{mark} {by_mark[mark, True] / (by_mark[mark, True] + by_mark[mark, False]):.2%}" for mark in FOLDED
        )
    )
    print("\nBy kind, and what would be left if a kind were left alone:")
    table("kind", "back", "wrong", "without it: back", "wrong")
    marks = sum(by_mark.values())
    all_back, all_wrong = (sum(by_kind[kind, which] for kind in KINDS) for which in ("back", "wrong"))
    for kind in KINDS:
        good, bad = by_kind[kind, "back"], by_kind[kind, "wrong"]
        line(kind, good, bad, f"{(all_back - good) / marks:.2%}", f"{(all_wrong - bad) / marks:.2%}")


def _marks(seen: Counter[str]) -> list[object]:
    cells: list[object] = [seen["documents"]]
    both = {key: seen["uniform " + key] + seen["mixed " + key] for key in ("marks", "back", "wrong")}
    uniform = {key: seen["uniform " + key] for key in ("documents", "marks", "back", "wrong")}
    cells += [both["marks"], _share(both, "back"), f"{both['wrong']:,} ({_share(both, 'wrong')})"]
    cells += [uniform["documents"], uniform["marks"], _share(uniform, "back")]
    return [*cells, f"{uniform['wrong']:,} ({_share(uniform, 'wrong')})", seen["changed"]]


def _share(counts: dict[str, int], key: str) -> str:
    return f"{counts[key] / max(1, counts['marks']):.3%}"


def conversion(folder: Path) -> None:
    print("\n## OpenCC's own cases\n")
    table("configuration", "`to`", "cases", "OpenCC", "`source` given", "found by itself")
    cases = rows(folder / "opencc" / "testcases.jsonl")
    for config, (to, source) in TARGETS.items():
        mine = [case for case in cases if case["config"] == config]
        ways: list[Callable[[str], str]] = [
            opencc.OpenCC(config).convert,
            UnifyScript(to, source=source),
            UnifyScript(to),
        ]
        line(config, to, len(mine), *[sum(way(case["input"]) == case["expected"] for case in mine) for way in ways])
    print("\n## Native Traditional sentences\n")
    table("direction", "sentences", "right", "OpenCC alone")
    sentences = rows(folder / "opencc" / "ambiguous_native_trad.jsonl")
    for to, config, before, after in (("simplified", "t2s", "trad", "simp"), ("taiwan", "s2tw", "simp", "trad")):
        unify, other = UnifyScript(to), opencc.OpenCC(config)
        right = sum(unify(row[before]) == row[after] for row in sentences)
        theirs = sum(other.convert(row[before]) == row[after] for row in sentences)
        line(f"to {to}", len(sentences), f"{right:,} ({right / len(sentences):.1%})", f"{theirs:,} ({config})")


def unchanged(folder: Path) -> None:
    print("\n## Documents that script conversion changes\n")
    table("texts", "documents", "to simplified", "OpenCC t2s", "to taiwan")
    simplified, taiwan, other = UnifyScript(), UnifyScript("taiwan"), opencc.OpenCC("t2s")
    for name, texts in clean_sets(folder, "simp", "trad", "ctl"):
        line(
            name,
            len(texts),
            sum(bool(simplified.edits(text)) for text in texts),
            sum(other.convert(text) != text for text in texts),
            sum(bool(taiwan.edits(text)) for text in texts),
        )


def language(folder: Path) -> None:
    print("\n## Language\n")
    table("texts", "documents", "kept", "not_chinese", "empty")
    for name, texts in clean_sets(folder, "simp", "trad", "ctl"):
        reasons = Counter(map(set_aside_reason, texts))
        line(name, len(texts), reasons[None], reasons["not_chinese"], reasons["empty"])


def speed(folder: Path) -> None:
    print("\n## Speed\n\nMB of UTF-8 a second of CPU time, best of three, all in one run.")
    simplified = [text for _, texts in clean_sets(folder, "simp") for text in texts]
    stray = character_class("traditional")
    plain = [NOTHING.sub("", stray.sub("", text)) for text in simplified]
    traditional = [text for _, texts in clean_sets(folder, "trad") for text in texts]
    folded = [fold(text)[0] for text in simplified]
    one_class = re.compile("[,;:!?()]").search
    one_sub = re.compile("(?<=[㐀-鿿”’》」』）])[,;:!?]")
    t2s = opencc.OpenCC("t2s").convert
    unify_script("戰爭")
    table("what", "text", "MB/s")
    for what, text, run, texts in (
        ("restore_punctuation", "Simplified, nothing for it", restore_punctuation.edits, plain),
        ("restore_punctuation", "Simplified as published", restore_punctuation.edits, simplified),
        ("restore_punctuation", "Simplified, folded", restore_punctuation, folded),
        ("peer: one character class", "Simplified, nothing for it", one_class, plain),
        ("peer: one `re.sub`", "Simplified, folded", lambda text: one_sub.sub("，", text), folded),
        ("unify_script", "Simplified, nothing for it", unify_script.edits, plain),
        ("unify_script", "Simplified as published", unify_script.edits, simplified),
        ("unify_script", "Traditional", unify_script, traditional),
        ("peer: OpenCC t2s", "Simplified as published", t2s, simplified),
        ("peer: OpenCC t2s", "Traditional", t2s, traditional),
        ("set_aside_reason", "Simplified as published", set_aside_reason, simplified),
    ):
        line(what, text, round(_rate(run, texts)))


NOTHING = re.compile(r"[,;:!?()\"']|\.\.+|。。+")


def _rate(run: Callable[[str], object], texts: list[str]) -> float:
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) / 1e6
    best = min(_seconds(run, texts) for _ in range(3))
    return size / best


def _seconds(run: Callable[[str], object], texts: list[str]) -> float:
    start = time.process_time()
    for text in texts:
        run(text)
    return time.process_time() - start


SECTIONS = {"punctuation": punctuation, "opencc": conversion, "clean": unchanged, "language": language, "speed": speed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="section", help=f"some of {', '.join(SECTIONS)}")
    sections = parser.parse_args().sections or list(SECTIONS)
    if unknown := set(sections) - SECTIONS.keys():
        parser.error(f"unknown section {', '.join(sorted(unknown))}; choose of {', '.join(SECTIONS)}")
    folder = os.environ.get("CLEANZH_EVAL")
    if not folder or not Path(folder, "clean").is_dir():
        sys.exit("Set CLEANZH_EVAL to the folder with the evaluation data (it has clean/ and opencc/ in it).")
    for section in sections:
        SECTIONS[section](Path(folder))


if __name__ == "__main__":
    main()
