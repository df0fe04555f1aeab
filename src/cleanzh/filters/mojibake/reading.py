"""Whether a repair reads as Chinese, and clearly better than what it repairs."""

from __future__ import annotations

from typing import Final

from cleanzh.lexicon import bigrams
from cleanzh.patterns import lazily

__all__ = ["NEUTRAL", "NOT_JAPANESE", "READS", "READS_WELL", "convinces", "reading", "total"]

_ASCII: Final = lazily("[\x00-\x7f]+")
NEUTRAL = -5.0  # what the model gives ASCII
_SAMPLE = 2000  # of a long line, its head, its middle and its end are read

READS = -9.3  # classical prose, the hardest to read of what is clean, has -7 (one line in a hundred -8.4)
READS_WELL = -8.4  # asked of Han made of Han or kana, where any other charset gives Han as well
_READS_FINE = -7.0  # and of Han made of nothing but kana: Big5 has its simplest characters where GBK has those
_MOST_KANA = 0.4
_ALONE: Final = lazily("(?<![^\x00-/:-\x7f])[^\x00-\x7f](?![^\x00-/:-\x7f])")
_KANA: Final = lazily("[ぁ-ヿ]")
# Small kana turn the i of a syllable, or a vowel of a foreign one; behind other kana nobody writes them, and Big5 read
# as GBK does.
NOT_JAPANESE: Final = lazily(
    "[ぁ-ん](?<![きしちにひみりぎじぢびぴ])[ゃゅょ]|[ァ-ヺ](?<![キシチニヒミリギジヂビピクグテデトドツフヴウ])[ャュョ]"
)
_NOT_JAPANESE_GAIN = 8.0  # nats that each of those is worth as a proof
_MEAN_GAIN = 1.0  # nats a character that a repair must gain; damage reads worse by three to eight
_GREAT_GAIN = 4.0  # and one that reads less than well


def _sample(text: str) -> str:
    if len(text) <= 3 * _SAMPLE:
        return text
    middle = len(text) // 2
    return text[:_SAMPLE] + text[middle : middle + _SAMPLE] + text[-_SAMPLE:]


def reading(text: str) -> float:
    """Mean log-probability of the characters that are not ASCII, each run of ASCII before them being a blank."""
    sample, runs = _ASCII.subn(" ", _sample(text))
    if len(sample) == runs:
        return NEUTRAL
    return (bigrams.score(sample) * len(sample) - NEUTRAL * runs) / (len(sample) - runs)


def total(text: str) -> float:
    """Log-probability of the whole text."""
    return bigrams.score(text) * len(text)


def convinces(before: str, after: str, gain: float, reads: float = READS) -> bool:
    """Whether ``after`` reads as Chinese, clearly better than ``before``, and by ``gain`` nats on the whole."""
    value = reading(after)
    odd = len(NOT_JAPANESE.findall(_sample(before)))
    if value < READS or (not odd and value < _READS_FINE and len(_KANA.findall(before)) > _MOST_KANA * len(before)):
        return False
    if len(_ALONE.findall(_sample(after))) * 2 > len(_ASCII.sub("", _sample(after))):
        return False  # Western words with a Han character for each of their accents
    if len(before) > 3 * _SAMPLE:
        before, after = _sample(before), _sample(after)
    gained = total(after) - total(before) + _NOT_JAPANESE_GAIN * odd
    return gained > max(gain, (_MEAN_GAIN if value > reads else _GREAT_GAIN) * len(_ASCII.sub("", before)))
