"""Remove pinyin notes of byte-blind converters, and undo the shift they caused."""

from __future__ import annotations

from cleanzh.edits import Edit, apply, compose, text_filter
from cleanzh.filters.pinyin.notes import NO_NOTES, judge
from cleanzh.filters.pinyin.scan import next_lost
from cleanzh.lexicon.kinds import BRACKET, LOST, kinds_of

__all__ = ["remove_pinyin_notes"]


@text_filter("pinyin", repeat=True, kinds=BRACKET | LOST)
def remove_pinyin_notes(text: str) -> list[Edit]:
    """Remove the readings that a page converter pushed behind characters, and undo what they did to the bytes.

    **Where it comes from.** Spinners turn a simplified page traditional and put the reading of each listed character
    behind it, ``戰(zhàn)略``, so that the page passes for another one. They replace bytes of GBK without looking where
    a character begins. So the note also stands behind a trail byte and a letter (``以O(shè)PPO``: D4 4F is 設), and
    where a listed pair lies across two characters, or a blank goes before the bytes of ``！`` and ``？``, everything up
    to the next ASCII byte is shifted by one: ``因為我們拍攝`` → ``因?yàn)槲覀兣臄z``, ``。快手S`` → ``？？焓諷``.

    >>> remove_pinyin_notes("京東與OPPO戰(zhàn)略合作，以O(shè)PPO全面入駐為起點(diǎn)")
    '京東與OPPO戰略合作，以OPPO全面入駐為起點'
    >>> remove_pinyin_notes("品牌是快手戰(zhàn)略布局的第二個(gè)方向??焓蛛娚蘏KA品牌運(yùn)營")
    '品牌是快手戰略布局的第二個方向。快手電商SKA品牌運營'
    >>> remove_pinyin_notes("他寫道：“因?yàn)槲覀兣臄z過(guò)許多短片”")
    '他寫道：“因為我們拍攝過許多短片”'

    **How it decides.** No single note tells. A converter annotates common traditional characters, always with the same
    reading, at every occurrence, in ASCII brackets without a blank. The notes of a text are weighed together; then each
    goes that is a reading of the character before it. A shifted run is read again with the lost byte put back: the
    byte is known from the reading, or it is the one that reads as Chinese.

    **What is left alone, and why.** A gloss of a rare character or of an unusual reading (``亳(bó)州``,
    ``强(qiǎng)迫``), notes in full-width brackets or with capitals, a text that annotates every character (it teaches
    reading), a joke whose reading differs (``好(kēng)``), foreign words in brackets: an author wrote those. A lost
    byte that nothing determines stays ``?``, since a guess would read like the truth. Two things are gone for good: the
    digit or letter that was read together with a lost byte, and pairs in the user-defined zones of GBK where more than
    one way to fill the gap reads well.
    """
    lost = kinds_of(text) & LOST
    found = judge(text) if "(" in text else NO_NOTES
    if not lost:
        return found.edits
    bare = apply(text, found.edits)
    if next_lost(bare) is None:
        return found.edits
    from cleanzh.filters.pinyin.shift import find_shifts

    return compose(found.edits, find_shifts(bare, spun=bool(found.edits), listed=found.listed))
