"""Build the table that folds text for comparison: ``python scripts/build_key_table.py``.

One entry a code point: the one character that it compares as, or 0 if it is dropped. It is built once and shipped, so
that a signature does not depend on the Unicode version of the Python that runs, nor on the version of OpenCC. Entries
that the character alone can not decide are marked with :data:`cleanzh.dedup.key.CONTEXT`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import unicodedata
import zlib
from pathlib import Path

import numpy as np
import opencc

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "src/cleanzh/dedup/key_table.bin"
CONTEXT = 1 << 31
SIZE = 0x110000

# Default_Ignorable_Code_Point of the Unicode Character Database: letters and marks that show nothing.
IGNORABLE = {0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0}
IGNORABLE |= {*range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)}
IGNORABLE |= {*range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B)}
IGNORABLE |= set(range(0xE0000, 0xE1000))


def kept(char: str) -> bool:
    """Letters and numbers; also what a later Unicode may assign in the planes reserved for ideographs."""
    code, category = ord(char), unicodedata.category(char)
    if code in IGNORABLE:
        return False
    return category[0] in "LN" or (category == "Cn" and 0x20000 <= code < 0x3FFFE and code & 0xFFFE != 0xFFFE)


def simplifier() -> dict[str, str]:
    """Every character to its simplified form, by itself: Taiwan's and Hong Kong's variants first (著 裡 麪)."""
    to_standard = [opencc.OpenCC("tw2t"), opencc.OpenCC("hk2t")]
    to_simplified = opencc.OpenCC("t2s")
    folded = {}
    for code in (*range(0x3400, 0xA000), *range(0xF900, 0xFB00), *range(0x20000, 0x32400)):
        char = new = chr(code)
        for converter in (*to_standard, to_simplified):
            new = converter.convert(new)
        if new != char and len(new) == 1:
            folded[char] = new
    # 么 is what 麼 is simplified to, and by itself is taken for 幺; so is 苧. Simplified text stays as it is.
    simplified = set(folded.values())
    return {char: new for char, new in folded.items() if char not in simplified}


def folded(char: str, simplified: dict[str, str]) -> str:
    """What a character compares as: NFKC, lower case, simplified, letters and numbers only; to a fixed point."""
    text = char
    while True:
        new = unicodedata.normalize("NFKC", text).lower()
        new = "".join(simplified.get(c, c) for c in unicodedata.normalize("NFKC", new))
        if new == text:
            return "".join(filter(kept, new))
        text = new


def joins_previous(characters: list[str]) -> set[str]:
    """Characters that can melt into or change place with the one before them: marks, vowels and finals of Hangul."""
    found = {chr(c) for c in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}
    for char in characters:
        pair = unicodedata.decomposition(char)
        if pair and not pair.startswith("<") and " " in pair:
            found.add(chr(int(pair.split()[1], 16)))
        if unicodedata.combining(char):
            found.add(char)
    return found


def build() -> np.ndarray:
    characters = [chr(code) for code in range(SIZE) if not 0xD800 <= code < 0xE000]
    simplified, joining = simplifier(), joins_previous(characters)
    table = np.zeros(SIZE, dtype=np.uint32)
    for char in characters:
        if unicodedata.category(char) in {"Co", "Cc"}:
            continue
        result = folded(char, simplified)
        if len(result) == 1:
            table[ord(char)] = ord(result)
        if len(result) > 1 or unicodedata.normalize("NFKD", char)[0] in joining:
            table[ord(char)] |= CONTEXT
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the table that is there; write nothing")
    arguments = parser.parse_args()
    table = build()
    # Most characters are dropped or stand for themselves: a bit each and differences compress to a fifth.
    apart = np.where(table == 0, np.uint32(0), table - np.arange(SIZE, dtype=np.uint32))
    payload = np.packbits(table == 0).tobytes() + apart.astype("<u4").tobytes()
    head = {
        "what": "comparison key table, see scripts/build_key_table.py",
        "unicode": unicodedata.unidata_version,
        "opencc": opencc.__version__,
        "fingerprint": hashlib.blake2b(table.astype("<u4").tobytes(), digest_size=8).hexdigest(),
    }
    if arguments.check:
        there = json.loads(TABLE.read_bytes().partition(b"\n")[0])
        same = there["fingerprint"] == head["fingerprint"]
        print("the table is up to date" if same else f"the table differs: {there} is there, {head} would be built")
        sys.exit(not same)
    TABLE.write_bytes(json.dumps(head).encode() + b"\n" + zlib.compress(payload, 9))
    dropped, context = int((table == 0).sum()), int((table >= CONTEXT).sum())
    print(
        f"{TABLE.name}: {TABLE.stat().st_size:,} bytes; {SIZE - dropped:,} kept, {context:,} need their context", head
    )


if __name__ == "__main__":
    main()
