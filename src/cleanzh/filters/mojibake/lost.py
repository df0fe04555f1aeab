"""UTF-8 that lost bytes when it was read in the wrong charset: put back what only one character fits.

A character of UTF-8 has three bytes, one of GBK or Big5 two. So a run of an odd number of them leaves a byte over,
which becomes ``?`` or U+FFFD, or goes without a trace; a pair that the charset has no character for goes the same way.
What is left of a character of three bytes when one is missing fits at most 64 others, and its neighbours choose.

The search keeps the likeliest ways (a beam) to read the bytes up to each place, by the bigram model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from cleanzh.filters.mojibake.charsets import SINGLE, char_bytes, variants
from cleanzh.filters.mojibake.gaps import Bytes, Gap, Way, choices
from cleanzh.filters.mojibake.recover import recover
from cleanzh.filters.mojibake.settled import HOLE, in_one_script, settled
from cleanzh.lexicon import bigrams
from cleanzh.patterns import lazily

__all__ = ["HOLE", "may_be_utf8", "reread"]

_BEAM = 16
_WIDTH = 30.0  # nats behind the best at which a way is given up
_GAP = -4.0  # what a lost byte costs: less than any wrong character, more than any right one
_SILENT = -9.0  # a pair that left no trace
_EATEN = -3.0  # a blank that went with a lost byte: Windows replaces both by one question mark
_BROKEN = -18.0  # bytes that fit nothing
_HANGING = -5.0  # a line that ends in an opening bracket or a comma
_STOP = 2.0  # and in a full stop
_TURN = -6.0  # from damage to clean text within a line, and back


class _Token(NamedTuple):
    raw: bytes  # of one character as it was read
    char: str
    lost: bool  # it stands for a byte that could not be read
    behind: int  # the first byte of the next character, -1 at the end
    double: bool
    near: bool  # what follows cannot be decoded, so that something may be missing here


def may_be_utf8(text: str, read: str) -> bool:
    """Whether the bytes of ``text``, read in the charset ``read``, are UTF-8 in good part."""
    codec = variants(read)[0]
    if codec in SINGLE or "€" in text:
        raw = b"".join(char_bytes(char, codec) or b"\xff" for char in text)
    else:
        raw = text.replace(HOLE, "?").encode(codec, "replace")  # of what is lost, a byte that is none of UTF-8 is left
    whole = sum(len(run) for run in _RUN.findall(raw))
    high = len(raw) - len(_LOW.findall(raw))
    return whole >= 6 and whole > _LEAST_SHARE * high


_RUN: Final = lazily(rb"(?:[\xe2-\xe9\xef][\x80-\xbf]{2}){2,}")
_LOW: Final = lazily(rb"[\x00-\x7f\xff]")
_LEAST_SHARE = 0.2  # a clause in a line of clean text, and a third of it broken


def reread(text: str, read: str) -> str:
    """``text``, read in the charset ``read``, in UTF-8 with the lost bytes put back, and clean text as it stands.

    What could not be chosen is a :data:`HOLE`.
    """
    if read == "gbk" and (found := recover(text)) is not None:
        return found
    tokens = _tokens(text, read)
    jumps = _jumps(tokens)
    ends = _read(tokens, jumps)
    return settled(ends) if ends else text


def _read(tokens: Sequence[_Token], jumps: dict[int, tuple[int, str]]) -> list[Way]:
    """The likeliest ways to read all of it; the best first."""
    ways = [Way(0.0, (), (), ())]
    index = 0
    while index < len(tokens):
        if index in jumps:
            ready = [way for way in ways if not way.pending and not way.clean and way.value > ways[0].value + _BROKEN]
            if ready:
                index, stretch = jumps[index]
                ways = [_jumped(way, stretch) for way in ready]
                continue
        reached: dict[object, Way] = {}
        for way in ways:
            for new in _steps(way, tokens[index]):
                key = new.pending, new.text[-2:], new.clean
                if key not in reached or reached[key].value < new.value:
                    reached[key] = new
        ways = sorted(reached.values(), key=lambda way: -way.value)[:_BEAM]
        ways = [way for way in ways if way.value > ways[0].value - _WIDTH]
        index += 1
    return sorted((in_one_script(end) for way in ways for end in _end(way)), key=lambda way: -way.value)


def _tokens(text: str, read: str) -> list[_Token]:
    parts = [b"" if char == HOLE else char_bytes(char, variants(read)[0]) for char in text]
    broken: set[int] = set()
    owner = [index for index, raw in enumerate(parts) for _ in raw or _BAD]
    position = 0
    for char in b"".join(raw or _BAD for raw in parts).decode("utf-8", "surrogateescape"):
        if "\udc80" <= char <= "\udcff":
            broken.update(range(owner[position] - 3, owner[position] + 2))
            position += 1
        else:
            position += len(char.encode())
    double = read not in SINGLE
    tokens = []
    for index, (char, raw) in enumerate(zip(text, parts, strict=True)):
        behind = parts[index + 1][0] if index + 1 < len(parts) and parts[index + 1] else -1
        tokens.append(_Token(raw, char, char in "?\ufffd", behind, double, index in broken))
    return tokens


def _jumps(tokens: Sequence[_Token]) -> dict[int, tuple[int, str]]:
    """Where a stretch of whole UTF-8 begins: the token behind it, and its text. There is nothing to choose in it."""
    boundaries: dict[int, int] = {}  # the byte that a character begins with, and which character that is
    position = 0
    again = b"".join(token.raw or _BAD for token in tokens).decode("utf-8", "surrogateescape")
    for number, char in enumerate(again):
        boundaries[position] = number
        position += 1 if "\udc80" <= char <= "\udcff" else len(char.encode())
    boundaries[position] = len(again)
    jumps: dict[int, tuple[int, str]] = {}
    first: tuple[int, int] | None = None
    last = (0, 0)
    position = 0
    for index, token in enumerate(tokens):
        if token.near or token.lost:
            if first is not None and last[0] - first[0] >= _LEAST_JUMP:
                jumps[first[0]] = last[0], again[first[1] : last[1]]
            first = None
        elif position in boundaries:
            last = index, boundaries[position]
            first = first or last
        position += len(token.raw or _BAD)
    if first is not None and position in boundaries and len(tokens) - first[0] >= _LEAST_JUMP:
        jumps[first[0]] = len(tokens), again[first[1] :]
    return jumps


_LEAST_JUMP = 4
_BAD: Final = b"\xff"  # stands for a character that the charset does not hold


def _jumped(way: Way, stretch: str) -> Way:
    value = bigrams.score(stretch) * len(stretch)
    return way._replace(value=way.value + value, text=(*way.text, *stretch))


def _steps(way: Way, token: _Token) -> Iterator[Way]:
    """The ways that go on with one more character as it was read."""
    ascii_here = token.char < "\x80"
    breaks = way.pending and not ascii_here and token.near
    for whole in _close(way, hidden=False) if breaks else (way,):
        if not whole.pending:  # the character itself, in the part of the line that is clean
            turn = 0.0 if ascii_here or whole.clean else _TURN
            taken = _literal(whole, token.char, _logarithm(whole, token.char) + turn)
            yield taken._replace(clean=whole.clean if ascii_here else True)
    if way.clean and not ascii_here:
        way = way._replace(value=way.value + _TURN, clean=False)
    if not token.raw and not token.lost:
        return
    if token.lost:
        lost = way._replace(value=way.value + _GAP)
        if token.double and 0x40 <= token.behind < 0x80:  # a trail byte, were it not for a blank between
            yield from _feed(lost, (None, 0x20), hidden=False)
        else:
            yield from _feed(lost, (None,), hidden=False)
            if token.double and way.pending:
                yield from _hidden(lost._replace(value=lost.value + _EATEN))
        return
    if not ascii_here or way.pending:
        yield from _feed(way, token.raw, hidden=token.double)
    if token.char == " " and not token.double and way.pending:  # a no-break space that was made a plain one
        yield from _feed(way._replace(value=way.value - 1.0), (0xA0,), hidden=False)
    if token.near and token.double and way.pending and token.raw[0] >= 0x80:
        for other in _hidden(way._replace(value=way.value + _SILENT)):
            yield from _feed(other, token.raw, hidden=True)
            if other.pending == (None,):  # and the next pair went as well
                for value, char in choices((None, None, None), other.text[-1], True):
                    chosen = _literal(other, char, value + _SILENT, gap=(None, None, None), hidden=True)
                    yield from _feed(chosen, token.raw, hidden=True)


def _hidden(way: Way) -> Iterator[Way]:
    """The ways to go on with a pair that left no trace."""
    before = way.text[-1] if way.text else ""
    if len(way.pending) == 1:
        for value, char in choices((*way.pending, None, None), before, True):
            yield _literal(way, char, value, gap=(*way.pending, None, None), hidden=True)
    elif len(way.pending) == 2:
        for value, char in choices((*way.pending, None), before, True):
            chosen = _literal(way, char, value, gap=(*way.pending, None), hidden=True)
            yield chosen._replace(pending=(None,))


def _feed(way: Way, raw: Iterable[int | None], *, hidden: bool) -> list[Way]:
    """The ways that go on with some bytes; ``hidden``: only an undefined pair can have been lost before them."""
    ways = [way]
    for byte in raw:
        ways = [new for old in ways for new in _byte(old, byte, hidden)]
    return ways


def _byte(way: Way, byte: int | None, hidden: bool) -> Iterator[Way]:
    pending = way.pending
    if byte is not None and (byte < 0x80 or byte >= 0xC0):  # a character begins here
        for closed in _close(way, hidden and byte >= 0x40) if pending else (way,):
            if byte < 0x80:
                yield _literal(closed, chr(byte), _logarithm(closed, chr(byte)))
            elif byte in _LEADS:
                yield closed._replace(pending=(byte,))
        return
    if not pending:
        if byte is None:
            yield way._replace(pending=(None,))
        else:
            yield _literal(way, HOLE, _BROKEN)
        return
    need = 3 if pending[0] is None or pending[0] >= 0xE0 else 2
    if len(pending) + 1 < need:
        yield way._replace(pending=(*pending, byte))
    else:
        yield from _complete(way, (*pending, byte), hidden and byte is None)
    if byte is None and pending[0] is not None:
        for closed in _close(way, hidden):  # the lost byte is the first of the next character
            yield closed._replace(pending=(None,))


def _close(way: Way, hidden: bool) -> Iterator[Way]:
    """A character that ends before it is complete: the missing byte left no trace."""
    lead = way.pending[0]
    if lead is not None and lead >= 0xE0 and None not in way.pending:
        less = way._replace(value=way.value + _SILENT / 2)
        if len(way.pending) == 2:
            yield from _complete(less, (*way.pending, None), hidden)
            if not hidden:
                yield from _complete(less, (lead, None, way.pending[1]), False)
        elif not hidden:
            yield from _complete(less, (lead, None, None), False)
    yield _literal(way, HOLE, _BROKEN)


def _complete(way: Way, raw: Bytes, hidden: bool) -> Iterator[Way]:
    before = way.text[-1] if way.text else ""
    if None in raw:
        hidden = hidden and raw[1] is not None
        for value, char in choices(raw, before, hidden):
            yield _literal(way, char, value, gap=raw, hidden=hidden)
        return
    try:
        char = bytes(byte for byte in raw if byte is not None).decode()
    except UnicodeDecodeError:
        yield _literal(way, HOLE, _BROKEN)
    else:
        yield _literal(way, char, bigrams.following(before, char)[0])


def _end(way: Way) -> Iterator[Way]:
    for end in _close(way, False) if way.pending else (way,):
        last = end.text[-1:] or ("",)
        hangs = _HANGING if last[0] in tuple("，、；（《“‘「『【") else _STOP if last[0] == "。" else 0.0
        yield end._replace(value=end.value + hangs)


_LEADS: Final = frozenset([*range(0xC2, 0xE0), *range(0xE2, 0xEA), 0xEF])


def _logarithm(way: Way, char: str) -> float:
    return bigrams.following(way.text[-1] if way.text else "", char)[0]


def _literal(way: Way, char: str, value: float, *, gap: Bytes = (), hidden: bool = False) -> Way:
    gaps = (*way.gaps, Gap(len(way.text), gap, hidden)) if gap else way.gaps
    return Way(way.value + value, (), (*way.text, char), gaps, way.clean)
