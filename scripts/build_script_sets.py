"""Derive ``src/cleanzh/lexicon/script.txt`` from the dictionaries of an OpenCC release.

    python scripts/build_script_sets.py OpenCC/data/dictionary 1.4.2 jieba/dict.txt > src/cleanzh/lexicon/script.txt

The dictionaries are the text files of OpenCC's source (``STCharacters.txt`` and so on), or what its own ``opencc_dict``
makes of the ``.ocd2`` files of the wheel. Run it again when a release changes its tables; a test compares the result
with the OpenCC that is installed.
"""

from __future__ import annotations

import argparse
import collections
from pathlib import Path

HEAD = """\
# Characters that tell the script of a Chinese text, derived from the dictionaries of OpenCC
# by scripts/build_script_sets.py.
# OpenCC is Copyright Carbo Kuo and contributors, Apache License 2.0; this file is under the same licence.
#
# traditional, simplified: written in that script and never in the other. What both know (后 里 干 著 乾) is in neither.
# rare: of traditional, those that are rare words (鄴 兗) or not the main form (硃 纔); strays in a Simplified text.
#     Which are rare is counted in jieba's dictionary (Copyright Sun Junyi, MIT).
# phrases: what OpenCC converts to Simplified otherwise than character by character, or longer than such a phrase.
# taiwan-phrases, hongkong-phrases: what it brings from the forms of the region to the standard ones as a whole.
# release: of OpenCC, whose the phrases are.
# taiwan, hongkong: the commonest forms that only one of the two regions writes (裡 / 裏, 著 / 着).
"""

# OpenCC knows these only as Simplified, but Traditional text writes them too (冲 and 庄 in names, 并 in 并州).
ALSO_TRADITIONAL = set("冲庄并瓮晒")

# Of the forms in TWVariants.txt and HKVariants.txt, those that tell the regions apart in running text. 為 is in both
# standards, 説 and 綫 are rare even in Hong Kong, and 群 床 污 煙 are written everywhere.
TAIWAN = set("裡著啟麵")
HONGKONG = set("裏着啓麪綫衞説")

# What jieba's dictionary counts for a character that is not rare.
COMMON = 2000


def read(folder: Path, name: str) -> dict[str, list[str]]:
    """A dictionary: what is converted, to one of what."""
    rows = (
        line.split("\t") for line in (folder / name).read_text("utf-8").splitlines() if "\t" in line and line[0] != "#"
    )
    return {key: values.split() for key, values in rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder with STCharacters.txt, TSCharacters.txt, …")
    parser.add_argument("release", help="version of OpenCC, such as 1.4.2")
    parser.add_argument("words", type=Path, help="dict.txt of jieba: words and how often they occur")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    to_traditional = read(folder, "STCharacters.txt")
    to_simplified = read(folder, "TSCharacters.txt")
    if (folder / "TSCharactersExt.txt").exists():
        to_simplified = {**read(folder, "TSCharactersExt.txt"), **to_simplified}
    taiwan, hongkong = read(folder, "TWVariants.txt"), read(folder, "HKVariants.txt")
    regional = {char for table in (taiwan, hongkong) for key, forms in table.items() for char in (key, *forms)}
    traditional = {key for key, forms in to_simplified.items() if len(key) == 1 and key not in forms}
    traditional -= {key for key, forms in to_traditional.items() if key in forms}
    simplified = {key for key, forms in to_traditional.items() if len(key) == 1 and key not in forms}
    simplified -= set(to_simplified) | regional | ALSO_TRADITIONAL
    counts: collections.Counter[str] = collections.Counter()
    for line in arguments.words.read_text("utf-8").splitlines():
        word, count, *_ = line.split(" ")
        for char in set(word):
            counts[char] += int(count)
    main_forms = {
        key: {forms[0], *taiwan.get(forms[0], ()), *hongkong.get(forms[0], ())} for key, forms in to_traditional.items()
    }
    common = {
        key
        for key in traditional
        for form in to_simplified[key]
        if counts[form] >= COMMON and key in main_forms.get(form, ())
    }
    print(HEAD, end="")
    for name, chars in {
        "hongkong": HONGKONG,
        "rare": traditional - common,
        "simplified": simplified,
        "taiwan": TAIWAN,
        "traditional": traditional,
    }.items():
        print(f"{name}\t{''.join(sorted(chars))}")
    for name, file in {
        "hongkong-phrases": "HKVariantsRevPhrases.txt",
        "phrases": "TSPhrases.txt",
        "taiwan-phrases": "TWVariantsRevPhrases.txt",
    }.items():
        print(f"{name}\t{' '.join(sorted(read(folder, file)))}")
    print(f"release\t{arguments.release}")


if __name__ == "__main__":
    main()
