"""Build the data of ``cleanzh.lexicon`` from word lists that are free to use.

    python scripts/build_lexicon.py            every part
    python scripts/build_lexicon.py bigrams    one part

Needs ``jieba`` (MIT; its dictionary of words and frequencies), ``opencc`` (Apache-2.0; the traditional forms) and
``pypinyin`` (MIT; the readings of characters) at build time only. The same inputs give the same bytes.
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import opencc

LEXICON = Path(__file__).parent.parent / "src" / "cleanzh" / "lexicon"


# --- bigrams ---------------------------------------------------------------------------------------------------------
#
# A word list knows no sentences, so the model is that of words drawn at random by their frequency: behind a character
# comes the next of its word, or the word ends and another begins.
#
#     P(b | a) = (inside(a, b) + ends(a) * P(a word begins with b)) / count(a)
#
# Only pairs that the second term alone gets wrong by a factor of two are stored; the others are its back-off.

MOST_PAIRS = 300_000
LEAST_GAIN = math.log(2)
STEP = 1 / 12  # natural logarithms in steps of a twelfth, so that a byte reaches from 0 to -21
LEAST_ALONE = -6.0  # for a character that is never a word
RARE_HAN = -15.0  # Han characters that the word list lacks
LEAST_COMMON = -14.5  # and the rarest that it has


def dictionary() -> Iterator[tuple[str, int]]:
    """Words and frequencies of jieba's dictionary, Han characters only."""
    spec = find_spec("jieba")
    if spec is None or spec.origin is None:
        raise SystemExit("jieba is not installed: pip install jieba")
    for line in (Path(spec.origin).parent / "dict.txt").read_text("utf-8").splitlines():
        word, frequency, *_ = line.split(" ")
        if all("\u3400" <= char <= "\u9fff" or char == "〇" for char in word):
            yield word, int(frequency)


def characterwise() -> dict[int, str]:
    """What converters do that know no words: a character that is traditional as it stands stays (范文, 制造, 里面)."""
    convert = opencc.OpenCC("s2tw").convert

    def traditional(char: str) -> bool:
        try:
            return bool(char.encode("big5"))
        except UnicodeEncodeError:
            return False

    return {code: convert(chr(code)) for code in range(0x4E00, 0xA000) if not traditional(chr(code))}


def both_scripts() -> Iterator[tuple[str, float]]:
    """The dictionary in both scripts, the traditional half shared among the standards and the characterwise form."""
    converters: list[Callable[[str], str]] = [opencc.OpenCC(mode).convert for mode in ("s2t", "s2tw", "s2hk")]
    plain = characterwise()
    converters.append(lambda word: word.translate(plain))
    for word, frequency in dictionary():
        weight = math.sqrt(frequency) if len(word) > 4 else float(frequency)  # sayings are worth less than their pairs
        yield word, weight
        for convert in converters:
            traditional = convert(word)
            if max(traditional) < "\U00010000":  # a few conversions lead out of the table, and out of any old charset
                yield traditional, weight / len(converters)


def quantized(logarithms: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(-logarithms / STEP), 0, 255).astype(np.uint8)


def write_bigrams() -> Path:
    """``bigrams.npz``: see ``cleanzh/lexicon/bigrams.py`` for the arrays."""
    inside: defaultdict[tuple[str, str], float] = defaultdict(float)
    count, begins, ends = (defaultdict[str, float](float) for _ in range(3))
    for word, weight in both_scripts():
        begins[word[0]] += weight
        ends[word[-1]] += weight
        for char in word:
            count[char] += weight
        for pair in pairwise(word):
            inside[pair] += weight
    words, characters = sum(begins.values()), sum(count.values())

    begin = np.zeros(0x10000)
    end = np.zeros(0x10000)
    for char, number in count.items():
        likely = max(begins[char] / words, 0.1 * number / characters)
        begin[ord(char)] = max(math.log(likely), LEAST_COMMON)
        end[ord(char)] = math.log(max(ends[char] / number, 0.02))
    missing = [
        code for low, high in ((0x3400, 0xA000), (0xF900, 0xFB00)) for code in range(low, high) if not begin[code]
    ]
    begin[missing] = RARE_HAN
    end[missing] = -1.0

    kept: list[tuple[float, int, float]] = []
    for (a, b), number in inside.items():
        back_off = math.exp(end[ord(a)] + begin[ord(b)])
        likely = min(number / count[a] + back_off, 1.0)
        gain = math.log(likely / back_off)
        if gain >= LEAST_GAIN:
            kept.append((-gain * math.log1p(number), ord(a) << 16 | ord(b), math.log(likely)))
    kept = sorted(sorted(kept)[:MOST_PAIRS], key=lambda item: item[1])
    keys = np.array([key for _, key, _ in kept], np.int64)
    firsts, counts = np.unique(keys >> 16, return_counts=True)
    seconds = keys & 0xFFFF
    steps = np.diff(seconds, prepend=0)
    steps[np.concatenate([[0], np.cumsum(counts)[:-1]])] = seconds[np.concatenate([[0], np.cumsum(counts)[:-1]])]
    path = LEXICON / "bigrams.npz"
    np.savez_compressed(
        path,
        firsts=firsts.astype(np.uint16),
        counts=counts.astype(np.uint16),
        steps=steps.astype(np.uint16),
        pairs=quantized(np.array([value for _, _, value in kept])),
        begin=quantized(begin),
        end=quantized(end),
    )
    return path


# --- readings --------------------------------------------------------------------------------------------------------


def write_readings() -> Path:
    """``readings.txt``: how the characters of GBK are read, as pypinyin lists them, the usual reading first.

    One line for all characters that are read alike: the readings, a tab, the characters in the order of code points.
    """
    from pypinyin.constants import PINYIN_DICT

    alike: defaultdict[str, list[str]] = defaultdict(list)
    for code in range(0x4E00, 0xA000):
        try:
            chr(code).encode("gbk")
        except UnicodeEncodeError:
            continue
        if code in PINYIN_DICT:
            alike[PINYIN_DICT[code].replace(",", " ")].append(chr(code))
    path = LEXICON / "readings.txt"
    lines = [f"{readings}\t{''.join(alike[readings])}\n" for readings in sorted(alike)]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")
    return path


# --- words of one character -----------------------------------------------------------------------------------


def write_alone() -> Path:
    """``alone.npz``: for each code point of the BMP, log P(a word ends after it | a word begins with it), a byte."""
    begins, alone = (defaultdict[str, float](float) for _ in range(2))
    for word, weight in both_scripts():
        begins[word[0]] += weight
        if len(word) == 1:
            alone[word] += weight
    table = np.zeros(0x10000)
    table[0x3400:0xA000] = LEAST_ALONE
    for char, number in begins.items():
        table[ord(char)] = math.log(max(alone[char] / number, math.exp(LEAST_ALONE)))
    path = LEXICON / "alone.npz"
    np.savez_compressed(path, alone=quantized(table))
    return path


# --- words ------------------------------------------------------------------------------------------------------------

MOST_WORDS, LONGEST_WORD = 60_000, 5


def write_words() -> Path:
    """``words.npz``: the commonest words in one row, how many there are of each length, and log P of each, a byte."""
    total = sum(frequency for _, frequency in dictionary())
    common = sorted(((-frequency, word) for word, frequency in dictionary() if 1 < len(word) <= LONGEST_WORD))
    single = [(word, frequency) for word, frequency in dictionary() if len(word) == 1 and frequency > 1]
    kept = sorted(
        [*single, *((word, -number) for number, word in common[:MOST_WORDS])], key=lambda item: (len(item[0]), item[0])
    )
    path = LEXICON / "words.npz"
    np.savez_compressed(
        path,
        lengths=np.bincount([len(word) for word, _ in kept]).astype(np.uint32),
        codes=np.array([ord(char) for word, _ in kept for char in word], np.uint16),
        values=quantized(np.log([frequency / total for _, frequency in kept])),
    )
    return path


# --- the command -----------------------------------------------------------------------------------------------------

PARTS: dict[str, Callable[[], Path]] = {
    "bigrams": write_bigrams,
    "readings": write_readings,
    "alone": write_alone,
    "words": write_words,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("part", nargs="*", help=f"which part to build: {', '.join(PARTS)} (all by default)")
    for name in parser.parse_args().part or PARTS:
        path = PARTS[name]()
        print(f"{name}: {path.relative_to(LEXICON.parent.parent.parent)}, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
