"""How much of what a wrong charset did is undone, and what of clean text is touched.

    CLEANZH_EVAL=FOLDER python benchmarks/charset.py [--lines 200] [--only whole,clause,…]

The folder holds ``clean/*.jsonl.gz`` (one ``{"text": …}`` a line) and ``mojibake.jsonl`` (``category text truth
label``). Clean lines are damaged here, so that the truth is known; prints Markdown tables.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from pathlib import Path

from cleanzh import fix_mojibake

READS = {
    "Latin-1": ("latin-1",),
    "CP1252, C1 kept": ("cp1252-kept",),
    "CP1251": ("cp1251",),
    "CP1254": ("cp1254",),
    "CP437": ("cp437",),
    "CP866": ("cp866",),
    "GBK": ("gb18030",),
    "Big5": ("big5hkscs",),
    "EUC-KR": ("cp949",),
    "Shift_JIS": ("cp932",),
}
WRITES = {"UTF-8": "utf-8", "GB18030": "gb18030", "Big5": "big5hkscs"}
CHAINS = (
    (("UTF-8", "Latin-1"), ("UTF-8", "Latin-1")),
    (("UTF-8", "CP1252, C1 kept"), ("UTF-8", "CP1252, C1 kept")),
    (("GB18030", "Latin-1"), ("UTF-8", "Latin-1")),
    (("GB18030", "CP1252, C1 kept"), ("UTF-8", "GBK")),
    (("UTF-8", "Latin-1"), ("UTF-8", "GBK")),
    (("UTF-8", "GBK"), ("UTF-8", "Latin-1")),
    (("UTF-8", "GBK"), ("UTF-8", "GBK")),
    (("UTF-8", "GBK"), ("GB18030", "Latin-1")),
    (("UTF-8", "Big5"), ("UTF-8", "CP1252, C1 kept")),
    (("Big5", "GBK"), ("UTF-8", "GBK")),
    (("Big5", "Latin-1"), ("UTF-8", "Latin-1")),
    (("GB18030", "Big5"), ("UTF-8", "Latin-1")),
    (("GB18030", "CP1251"), ("UTF-8", "CP1251")),
    (("GB18030", "EUC-KR"), ("UTF-8", "Latin-1")),
)


def read_as(raw: bytes, charset: str) -> str | None:
    """``raw`` in a charset, None if that loses something."""
    try:
        if charset == "cp1252-kept":
            return "".join(
                bytes([b]).decode("cp1252") if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(b) for b in raw
            )
        return raw.decode(charset)
    except UnicodeDecodeError:
        return None


def written_as(text: str, charset: str) -> bytes | None:
    try:
        if charset == "cp1252-kept":
            return b"".join(
                bytes([ord(c)]) if ord(c) in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else c.encode("cp1252") for c in text
            )
        return text.encode(charset)
    except UnicodeEncodeError:
        return None


def damaged(text: str, write: str, read: str) -> str | None:
    """``text`` after one mistake, None if it cannot be undone or did no harm."""
    raw = written_as(text, WRITES[write])
    if raw is None:
        return None
    (charset,) = READS[read]
    wrong = read_as(raw, charset)
    if wrong is None or wrong == text or "\n" in wrong or written_as(wrong, charset) != raw:
        return None
    return wrong


def kinds() -> Iterator[tuple[str, Callable[[str], str | None]]]:
    for write in WRITES:
        for read in READS:
            if WRITES[write] != READS[read][0]:
                yield f"{write} as {read}", lambda text, write=write, read=read: damaged(text, write, read)
    for first, second in CHAINS:
        name = f"{first[0]} as {first[1]}, then {second[0]} as {second[1]}"
        if first == second:
            name = f"{first[0]} as {first[1]}, twice"

        def chain(text: str, first: tuple[str, str] = first, second: tuple[str, str] = second) -> str | None:
            once = damaged(text, *first)
            return once and damaged(once, *second)

        yield name, chain


def texts(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line)["text"] for line in file]


def clean_lines(folder: Path, number: int, seed: int) -> list[str]:
    """Lines of running Chinese of both scripts, the same number from each file."""
    chance = random.Random(seed)
    lines: list[str] = []
    for path in sorted((folder / "clean").glob("[st]*.jsonl.gz")):
        found = [line.strip() for text in texts(path) for line in text.split("\n")]
        found = [
            line for line in found if 12 <= len(line) <= 400 and sum("一" <= c <= "鿿" for c in line) > len(line) / 2
        ]
        lines += chance.sample(found, min(number, len(found)))
    return lines


def clauses(lines: list[str], seed: int) -> list[tuple[str, str, str]]:
    """A clause of 15 to 30 characters in each line, with what stands before and behind it."""
    chance = random.Random(seed)
    found = []
    for line in lines:
        length = chance.randint(15, 30)
        if len(line) < length + 10:
            continue
        start = chance.randint(0, len(line) - length)
        found.append((line[:start], line[start : start + length], line[start + length :]))
    return found


def percent(right: int, of: int) -> str:
    return f"{100 * right / of:.1f} %" if of else "–"


def whole(folder: Path, number: int, show: int) -> None:
    lines = clean_lines(folder, number, 1)
    cut = clauses(lines, 2)
    print(
        "| kind | whole lines | restored | clauses in a line | restored | clauses alone | restored |\n"
        "|---|---|---|---|---|---|---|"
    )
    sums = [0] * 6
    for name, damage in kinds():
        row = [0] * 6
        misses: list[tuple[str, str, str]] = []
        for line in lines:
            wrong = damage(line)
            if wrong is not None:
                row[0] += 1
                ok = fix_mojibake(wrong) == line
                row[1] += ok
                if not ok:
                    misses.append((line, wrong, fix_mojibake(wrong)))
        for left, clause, right in cut:
            wrong = damage(clause)
            if wrong is not None:
                row[2] += 1
                got = fix_mojibake(left + wrong + right)
                row[3] += got == left + clause + right
                if got != left + clause + right:
                    misses.append((left + clause + right, left + wrong + right, got))
                row[4] += 1
                row[5] += fix_mojibake(wrong) == clause
        if row[0] + row[2]:
            cells = [f"{row[i]} | {percent(row[i + 1], row[i])}" for i in (0, 2, 4)]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)
            sums = [a + b for a, b in zip(sums, row, strict=True)]
        for miss in misses[:show]:
            print("   ", *(f"\n      {part[:150]!r}" for part in miss))
    cells = [f"{sums[i]} | {percent(sums[i + 1], sums[i])}" for i in (0, 2, 4)]
    print(f"| **all** | {' | '.join(cells)} |")


def real(folder: Path, number: int, show: int) -> None:
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    negatives = changed = 0
    with (folder / "mojibake.jsonl").open(encoding="utf-8") as file:
        for sample in map(json.loads, file):
            if sample["label"] == "keep":
                negatives += 1
                changed += fix_mojibake(sample["text"]) != sample["text"]
            elif sample["category"].startswith(("utf8", "gbk", "big5")) and sample.get("truth"):
                rows[sample["category"]][0] += 1
                ok = fix_mojibake(sample["text"]) == sample["truth"]
                rows[sample["category"]][1] += ok
                if not ok:
                    print(
                        f"    missed: {sample['text']!r}\n         → {fix_mojibake(sample['text'])!r}\n"
                        f"     truth {sample['truth']!r}"
                    )
    print("| real decodings | number | restored |\n|---|---|---|")
    for category, (of, right) in rows.items():
        print(f"| {category} | {of} | {right} |")
    of, right = (sum(row[i] for row in rows.values()) for i in (0, 1))
    print(f"| **all** | {of} | {percent(right, of)} |\n| negatives changed | {negatives} | {changed} |")


def similar(a: str, b: str) -> int:
    """How many characters of ``a`` stand at their place in ``b``."""
    return sum(block.size for block in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks())


def lossy(folder: Path, number: int, show: int) -> None:
    lines = [line[:120] for line in clean_lines(folder, max(1, number // 4), 3)]

    def dropped(text: str) -> str:
        return text.encode("utf-8").decode("gbk", "ignore")

    kinds: dict[str, Callable[[str], str]] = {
        "UTF-8 as GBK, `?` for what is lost": lambda t: t.encode().decode("gbk", "replace").replace("\ufffd", "?"),
        "UTF-8 as GBK, U+FFFD": lambda t: t.encode().decode("gbk", "replace"),
        "UTF-8 as GBK, dropped": dropped,
        "UTF-8 as GB18030, private use dropped": lambda t: "".join(
            c for c in t.encode().decode("gb18030", "replace") if not "\ue000" <= c <= "\uf8ff"
        ),
        "UTF-8 as Big5, `?`": lambda t: t.encode().decode("big5", "replace").replace("\ufffd", "?"),
        "UTF-8 as Big5, U+FFFD": lambda t: t.encode().decode("big5", "replace"),
        "UTF-8 as CP1252, C1 lost": lambda t: t.encode().decode("cp1252", "ignore"),
        "UTF-8 as CP1252, U+FFFD": lambda t: t.encode().decode("cp1252", "replace"),
        "UTF-8 as CP1252, no-break space as blank": lambda t: (read_as(t.encode(), "cp1252-kept") or "").replace(
            "\xa0", " "
        ),
        "UTF-8 as Latin-1, C1 dropped": lambda t: "".join(
            c for c in t.encode().decode("latin-1") if not "\x80" <= c < "\xa0"
        ),
        "GB18030 as CP1252, C1 lost": lambda t: t.encode("gb18030").decode("cp1252", "ignore"),
    }
    print("| lossy kind | lines | characters right | of them before | lines exact |\n|---|---|---|---|---|")
    for name, damage in kinds.items():
        of = right = untouched = exact = 0
        worse = []
        for line in lines:
            wrong = damage(line)
            if wrong == line:
                continue
            got = fix_mojibake(wrong)
            before, after = similar(line, wrong), similar(line, got)
            of += len(line)
            right += after
            untouched += before
            exact += got == line
            if after < before or show > 1:
                worse.append((line, wrong, got))
        print(f"| {name} | {len(lines)} | {percent(right, of)} | {percent(untouched, of)} | {exact} |", flush=True)
        for miss in worse[:show]:
            print("   ", *(f"\n      {part[:150]!r}" for part in miss))


def clean(folder: Path, number: int, show: int) -> None:
    yardstick = re.compile("[\ue000-\uf8ff\u0400-\u04ff]")
    print("| clean | documents | changed | MB/s | MB/s of one scan for a character class |\n|---|---|---|---|---|")
    fix_mojibake("浣犲ソ，ÄãºÃ，世界，浣犲ソ，世界" * 3)  # the model is loaded on first use
    size = spent = scanned = 0.0
    for path in sorted((folder / "clean").glob("*.jsonl.gz")):
        documents = texts(path)
        start = time.process_time()
        changed = [text for text in documents if fix_mojibake.edits(text)]
        taken = time.process_time() - start
        start = time.process_time()
        for text in documents:
            yardstick.findall(text)
        scan = time.process_time() - start
        scanned += scan
        amount = sum(len(text.encode()) for text in documents)
        size, spent = size + amount, spent + taken
        cells = path.name.split(".")[0], len(documents), len(changed), f"{amount / taken / 1e6:.0f}"
        print(f"| {' | '.join(map(str, cells))} | {amount / scan / 1e6:.0f} |", flush=True)
        for text in changed[:show]:
            print("   ", fix_mojibake.edits(text)[:3])
    print(f"| **all** | | | {size / spent / 1e6:.0f} | {size / scanned / 1e6:.0f} |")


PARTS = {"whole": whole, "real": real, "lossy": lossy, "clean": clean}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--lines", type=int, default=40, help="lines from each clean file (default 40)")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of {','.join(PARTS)}")
    parser.add_argument("--show", type=int, default=0, help="how many misses of each kind to print")
    options = parser.parse_args()
    folder = os.environ.get("CLEANZH_EVAL")
    if not folder:
        sys.exit("set CLEANZH_EVAL to the folder of labelled data (clean/*.jsonl.gz, mojibake.jsonl)")
    for part in options.only.split(","):
        PARTS[part](Path(folder), options.lines, options.show)
        print()


if __name__ == "__main__":
    main()
