"""Derive ``src/cleanzh/lexicon/simplified.txt`` from the OpenCC that is installed.

    python scripts/build_simplified.py > src/cleanzh/lexicon/simplified.txt

A test compares the file with that OpenCC; run it again when a release changes its tables.
"""

from __future__ import annotations

import opencc

HEAD = """\
# Han characters that are no Simplified ones, and below each the Simplified one, a character for a character.
# Made with OpenCC (t2s) by scripts/build_simplified.py.
# OpenCC is Copyright Carbo Kuo and contributors, Apache License 2.0; this file is under the same licence.
"""


def main() -> None:
    han = [chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]
    simple = opencc.OpenCC("t2s").convert("\n".join(han)).split("\n")
    print(HEAD, end="")
    pairs = [(char, plain) for char, plain in zip(han, simple, strict=True) if char != plain]
    for chars in zip(*pairs, strict=True):
        print("".join(chars))


if __name__ == "__main__":
    main()
