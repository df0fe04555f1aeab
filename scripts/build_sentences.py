"""Build ``src/cleanzh/lexicon/sentences.npz``: which character follows which two, in running text.

    python scripts/build_sentences.py lucene-analyzers-smartcn.jar

The jar is Apache Lucene's analyzer of Chinese (Apache-2.0; Debian's ``liblucene8-java`` has it). In it are the words
and pairs of words of ICTCLAS, with how often a newspaper had them; the pairs as hashes, so all pairs of the words that
are not rare are hashed as well, which takes some ten minutes. Needs ``jieba`` (MIT) besides; the same inputs give the
same bytes.

All counts are of characters in the end: those within a word; those of two words side by side; and of three with one
character in the middle, as if the third depended on the second alone. What is not counted is backed off to: behind two
characters, to what follows the second one, or begins a word.
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "src/cleanzh/lexicon/sentences.npz"
FOLDER = "org/apache/lucene/analysis/cn/smart/hhmm/"

WORDS = 30_000  # whose pairs are looked for: 99 % of all pairs are theirs
MOST_PAIRS, MOST_TRIPLES, MOST_CONTEXTS = 200_000, 250_000, 100_000
LEAST_GAIN_PAIR, LEAST_GAIN_TRIPLE = 0.5, 0.4  # nats by which what is stored must differ from the back-off
JIEBA = 0.1  # of the newspaper's words, so many more by the frequencies of jieba's dictionary
ONWARD = 0.3  # of what is left behind two characters, so much goes on from the second; the rest begins a word
LEAST_MIDDLE = 0.002  # how likely a word behind one of one character must be, to be counted behind the one before
STEP = 1 / 12

CLASSES = {"始##始": "\n", "末##末": "\n", "未##数": "0", "未##时": "0", "未##串": "A"}


# --- what Java has written -------------------------------------------------------------------------------------------


KINDS = {"J": ">i8", "I": ">i4", "S": ">i2", "C": ">u2"}


class Serialized:
    """Reads arrays of numbers, and arrays of those, as Java's ``ObjectOutputStream`` writes them."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self.at, self.seen = raw, 4, list[object]()

    def __iter__(self) -> Iterator[object]:
        while self.at < len(self.raw):
            yield self.value()

    def number(self, size: int) -> int:
        self.at += size
        return int.from_bytes(self.raw[self.at - size : self.at], "big")

    def value(self) -> object:
        tag = self.number(1)
        if tag == 0x70:  # null
            return None
        if tag == 0x71:  # what was written before
            return self.seen[self.number(4) - 0x7E0000]
        name = self.name()
        place = len(self.seen)
        self.seen.append(None)
        length = self.number(4)
        if kind := KINDS.get(name[1]):
            array = np.frombuffer(self.raw, kind, length, self.at)
            self.at += array.nbytes
            self.seen[place] = array
        else:
            self.seen[place] = [self.value() for _ in range(length)]
        return self.seen[place]

    def name(self) -> str:
        if self.number(1) == 0x71:
            return str(self.seen[self.number(4) - 0x7E0000])
        length = self.number(2)
        name = self.raw[self.at : self.at + length].decode()
        self.at += length + 8 + 1 + 2 + 1 + 1  # its number, flags, no fields, the end of the block, no parent
        self.seen.append(name)
        return name


def words_of(jar: ZipFile) -> dict[str, int]:
    """The words and how often the newspaper has each."""
    found: defaultdict[str, int] = defaultdict(int)
    _, _, tails, counts = Serialized(jar.read(FOLDER + "coredict.mem"))
    for place, (rest, numbers) in enumerate(zip(tails, counts, strict=True)):  # type: ignore[call-overload]
        if rest is None:
            continue
        try:
            first = bytes((place // 94 + 0xA1, place % 94 + 0xA1)).decode("gb2312")
        except UnicodeDecodeError:
            first = "?"  # no character: the classes of words stand there
        for tail, number in zip(rest, numbers, strict=True):
            found[first + ("" if tail is None else "".join(map(chr, tail.tolist())))] += int(number)
    return found


def pairs_of(jar: ZipFile, words: dict[str, int]) -> Iterator[tuple[str, str, int]]:
    """Words side by side and how often: FNV-1 of ``first@second``, two bytes a character, is looked up."""
    stored, counts = Serialized(jar.read(FOLDER + "bigramdict.mem"))
    assert isinstance(stored, np.ndarray)
    assert isinstance(counts, np.ndarray)
    there = stored != 0
    hashes, numbers = stored[there].astype("<i8").view(np.uint64), counts[there].astype(np.int64)
    order = hashes.argsort()
    hashes, numbers = hashes[order], numbers[order]
    low = np.uint64(0xFFFFFF)
    maybe = np.zeros(1 << 24, np.bool_)
    maybe[hashes & low] = True
    listed = sorted(words, key=lambda word: -words[word])
    by_length: defaultdict[int, list[str]] = defaultdict(list)
    for word in listed:
        by_length[len(word)].append(word)
    columns = [
        (alike, [np.array([ord(word[at]) for word in alike], np.uint64) for at in range(length)])
        for length, alike in sorted(by_length.items())
    ]
    for first in listed[:WORDS]:
        for alike, chars in columns:
            state: NDArray[np.uint64] = np.array([0xCBF29CE484222325], np.uint64)
            for char in [*(np.array([ord(char)], np.uint64) for char in first + "@"), *chars]:
                state = fnv(state, char)
            likely = np.flatnonzero(maybe[state & low])
            at = np.minimum(hashes.searchsorted(state[likely]), len(hashes) - 1)
            for second, place in zip(likely.tolist(), at.tolist(), strict=True):
                if hashes[place] == state[second]:
                    yield first, alike[second], int(numbers[place])


def fnv(state: NDArray[np.uint64], chars: NDArray[np.uint64]) -> NDArray[np.uint64]:
    prime = np.uint64(1099511628211)
    return ((state ^ (chars & np.uint64(255))) * prime ^ (chars >> np.uint64(8))) * prime


def jieba_words() -> Iterator[tuple[str, int]]:
    spec = find_spec("jieba")
    if spec is None or spec.origin is None:
        raise SystemExit("jieba is not installed: pip install jieba")
    for line in (Path(spec.origin).parent / "dict.txt").read_text("utf-8").splitlines():
        word, frequency, *_ = line.split(" ")
        if all("\u3400" <= char <= "\u9fff" for char in word):
            yield word, int(frequency)


# --- counts of characters --------------------------------------------------------------------------------------------


def spelled(word: str) -> str:
    """A word in characters; those of names, of which only the class is known, are none."""
    return CLASSES.get(word, "" if word.startswith("未##") else word)


class Counts:
    """How often characters stand alone, side by side, and three in a row."""

    def __init__(self, words: dict[str, int], pairs: Iterable[tuple[str, str, int]]) -> None:
        self.one, self.two, self.three = (defaultdict[str, float](float) for _ in range(3))
        self.begins = defaultdict[str, float](float)
        alone = defaultdict[str, float](float)
        for word, number in words.items():
            if chars := spelled(word):
                alone[chars] += number
                self.begins[chars[0]] += number
        weights = defaultdict(float, {word: number + 0.05 for word, number in alone.items()})
        listed = dict(jieba_words())
        share = JIEBA * sum(alone.values()) / sum(listed.values())
        for word, number in listed.items():
            weights[word] += share * number
        for word, weight in weights.items():
            self._inside(word, weight)
        before, behind = (defaultdict[str, dict[str, float]](dict) for _ in range(2))
        for one, other, number in pairs:
            a, b = spelled(one), spelled(other)
            if not a or not b:
                continue
            self.two[a[-1] + b[0]] += number
            if len(a) > 1:
                self.three[a[-2:] + b[0]] += number
            else:
                behind[a][b[0]] = behind[a].get(b[0], 0) + number
            if len(b) > 1:
                self.three[a[-1] + b[:2]] += number
            else:
                before[b][a[-1]] = before[b].get(a[-1], 0) + number
        for middle in before.keys() & behind.keys():
            self._around(middle, before[middle], behind[middle], alone[middle])

    def _inside(self, word: str, weight: float) -> None:
        for at, char in enumerate(word):
            self.one[char] += weight
            if at > 0 and len(word) > 1:
                self.two[word[at - 1 : at + 1]] += weight
            if at > 1:
                self.three[word[at - 2 : at + 1]] += weight

    def _around(self, middle: str, before: dict[str, float], behind: dict[str, float], of: float) -> None:
        of = max(of, sum(behind.values()), 1)
        likely = [(char, number / of) for char, number in behind.items() if number / of > LEAST_MIDDLE]
        for first, number in before.items():
            for char, share in likely:
                if number >= 3 and number * share >= 0.5:
                    self.three[first + middle + char] += number * share


# --- probabilities ---------------------------------------------------------------------------------------------------


class Model:
    """What is stored, chosen from the counts, and what is left for the rest."""

    def __init__(self, counts: Counts) -> None:
        total, words = sum(counts.one.values()), sum(counts.begins.values())
        self.least = 0.3 / total
        self.begin = {
            char: max(0.9 * counts.begins[char] / words + 0.1 * number / total, self.least)
            for char, number in counts.one.items()
        }
        self._pairs(counts)
        self._triples(counts)

    def _pairs(self, counts: Counts) -> None:
        sums, kinds = defaultdict[str, float](float), defaultdict[str, int](int)
        for key, number in counts.two.items():
            sums[key[0]] += number
            kinds[key[0]] += 1
        left = {
            char: (rest := max(number - sums[char], 0) + kinds[char] + 1) / (sums[char] + rest)
            for char, number in counts.one.items()
        }
        likely = {
            key: number * (1 - left[key[0]]) / sums[key[0]] + left[key[0]] * self.beginning(key[1])
            for key, number in counts.two.items()
            if sums[key[0]]
        }
        gains = []
        for key, value in likely.items():
            gain = abs(math.log(value / (left[key[0]] * self.beginning(key[1]))))
            if gain > LEAST_GAIN_PAIR and max(key) <= "\uffff":
                gains.append((-counts.two[key] * gain, key))
        self.pairs = {key: likely[key] for _, key in sorted(gains)[:MOST_PAIRS]}
        stored, missed = defaultdict[str, float](float), defaultdict[str, float](float)
        for key, value in self.pairs.items():
            stored[key[0]] += value
            missed[key[0]] += self.beginning(key[1])
        self.left = {char: max(1 - stored[char], 1e-4) / max(1 - missed[char], 1e-3) for char in counts.one}

    def _triples(self, counts: Counts) -> None:
        sums, kinds = defaultdict[str, float](float), defaultdict[str, int](int)
        for key, number in counts.three.items():
            sums[key[:2]] += number
            kinds[key[:2]] += 1
        self.onward, self.ended, of = {}, {}, {}
        for context in {**counts.two, **sums}:
            rest = kinds[context] + 0.5 * (context in counts.two)
            ended = max(counts.two.get(context, 0) - sums[context], 0)
            of[context] = sums[context] + ended + rest
            self.ended[context] = (ended + (1 - ONWARD) * rest) / of[context]
            self.onward[context] = ONWARD * rest / of[context]
        likely = {key: number / of[key[:2]] + self.behind(key) for key, number in counts.three.items()}
        gains = []
        for key, value in likely.items():
            gain = math.log(value / self.behind(key))
            if gain > LEAST_GAIN_TRIPLE and max(key) <= "\uffff":
                gains.append((-counts.three[key] * gain, key))
        self.triples = {key: likely[key] for _, key in sorted(gains)[:MOST_TRIPLES]}
        stored, missed = defaultdict[str, float](float), defaultdict[str, float](float)
        for key, value in self.triples.items():
            stored[key[:2]] += value
            missed[key[:2]] += self.behind(key)
        self.contexts = set(stored)
        ending = ((counts.two.get(key, 0) * share, key) for key, share in self.ended.items() if share > 0.3)
        others = sorted((each for each in ending if each[1] not in stored and max(each[1]) <= "\uffff"), reverse=True)
        self.contexts.update(key for number, key in others[:MOST_CONTEXTS] if number >= 3)
        for key in self.contexts:
            scale = max(1 - stored[key], 1e-3) / max(1 - missed[key], 1e-3)
            self.onward[key] *= scale
            self.ended[key] *= scale

    def beginning(self, char: str) -> float:
        return self.begin.get(char, self.least)

    def second(self, key: str) -> float:
        return self.pairs.get(key) or self.left.get(key[0], 1) * self.beginning(key[1])

    def behind(self, key: str) -> float:
        return self.ended[key[:2]] * self.beginning(key[2]) + self.onward[key[:2]] * self.second(key[1:])


# --- the file --------------------------------------------------------------------------------------------------------


def quantized(likely: Iterable[float]) -> NDArray[np.uint8]:
    logarithms = -np.log(np.clip(np.array(list(likely), float), 1e-9, 1))
    rounded: NDArray[np.uint8] = np.clip(np.rint(logarithms / STEP), 0, 255).astype(np.uint8)
    return rounded


def grouped(contexts: list[str], keys: Iterable[str]) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """How many keys begin with each context, and their last characters as differences."""
    lasts: dict[str, list[int]] = {context: [] for context in contexts}
    for key in keys:
        lasts[key[:-1]].append(ord(key[-1]))
    steps = [step for found in lasts.values() for step in np.diff(found, prepend=0)]
    return np.array([len(found) for found in lasts.values()], np.uint16), np.array(steps, np.uint16)


def write(model: Model) -> None:
    table = [model.least * 0.1] * 0x10000
    back = [1.0] * 0x10000
    for char in model.begin:
        if char <= "\uffff":
            table[ord(char)], back[ord(char)] = model.begin[char], model.left[char]
    pairs, triples, contexts = sorted(model.pairs), sorted(model.triples), sorted(model.contexts)
    firsts = sorted({key[0] for key in pairs})
    counts, steps = grouped(firsts, pairs)
    counts3, steps3 = grouped(contexts, triples)
    np.savez_compressed(
        TARGET,
        start=quantized(table),
        back=quantized(back),
        firsts=np.array([ord(char) for char in firsts], np.uint16),
        counts=counts,
        steps=steps,
        pairs=quantized(model.pairs[key] for key in pairs),
        contexts=np.array([ord(context[0]) for context in contexts], np.uint16),
        contexts2=np.array([ord(context[1]) for context in contexts], np.uint16),
        counts3=counts3,
        steps3=steps3,
        triples=quantized(model.triples[key] for key in triples),
        back3=quantized(model.onward[context] for context in contexts),
        begin3=quantized(model.ended[context] for context in contexts),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jar", type=Path, help="lucene-analyzers-smartcn, any version")
    with ZipFile(parser.parse_args().jar) as jar:
        words = words_of(jar)
        model = Model(Counts(words, pairs_of(jar, words)))
    write(model)
    print(f"{len(model.pairs):,} pairs, {len(model.triples):,} triples: {TARGET}, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
