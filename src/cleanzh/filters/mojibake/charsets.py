"""The wrong charsets: text back to the bytes it was read from, and those bytes read as they were meant.

A mistake has two sides: the bytes were *written* in one charset and *read* in another. Its inverse encodes the text in
the charset it was read in and decodes it in the one it was written in. Each charset stands for its variants, because
nobody knows which of them did the damage, and a character tells.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from cleanzh import prepared

__all__ = ["READ", "SINGLE", "WRITTEN", "Mistake", "char_bytes", "inverses", "read_again", "to_bytes", "variants"]


class Mistake(NamedTuple):
    """Bytes ``written`` in one charset and ``read`` in another."""

    written: str
    read: str

    @property
    def name(self) -> str:
        return f"{self.written}-as-{self.read}"


# What text was written in; the first variant that can decode the bytes is taken.
WRITTEN: Final = {
    "utf-8": ("utf-8",),
    "gbk": ("gb18030",),
    "big5": ("cp950", "big5hkscs", "big5"),
}
# What it was read in. Of single-byte charsets every variant may speak for a character: CP1252 with its holes filled by
# C1 controls (as browsers do) is Latin-1 and CP1252 at once, and Turkish CP1254 differs in six letters.
SINGLE: Final = {
    "cp1252": ("cp1252", "latin-1", "cp1254"),
    "cp1251": ("cp1251", "latin-1"),
    "cp437": ("cp437",),
    "cp866": ("cp866",),
}
_DOUBLE: Final = {
    "gbk": ("gb18030",),
    "big5": ("cp950", "big5hkscs", "big5"),
    "euc-kr": ("cp949",),
    "shift-jis": ("cp932", "shift_jis"),
}
READ: Final = (*_DOUBLE, *SINGLE)  # the GBK family first


# What no single-byte charset holds; an exception costs more to find.
_WIDE: Final = prepared.compiled("[\u3000-\U0010ffff]")


@lru_cache(maxsize=8)
def _single_table(read: str) -> dict[int, int]:
    table: dict[int, int] = {}
    for codec in SINGLE[read]:
        for byte in range(256):
            char = bytes([byte]).decode(codec, "replace")
            if char != "\ufffd" and (codec != "latin-1" or byte < 0xA0 or read == "cp1252"):
                table.setdefault(ord(char), byte)
    if read in ("cp1252", "cp1251"):
        table = {code: byte for code, byte in table.items() if byte >= 0x80 or code < 0x80}
    return table


def to_bytes(text: str, read: str) -> Iterator[bytes]:
    """The bytes that read as ``text`` in a variant of the charset, for each variant that can hold it."""
    if read in SINGLE:
        if _WIDE.search(text) is not None:
            return
        try:
            yield codecs.charmap_encode(text, "strict", _single_table(read))[0]
        except UnicodeEncodeError:
            return
        return
    seen: set[bytes] = set()
    for codec in _DOUBLE[read]:
        try:
            raw = text.encode(codec)
        except UnicodeEncodeError:
            continue
        if read == "gbk" and "€" in text:  # Windows' CP936 shows the byte 0x80 as the euro sign
            raw = b"\x80".join(part.encode(codec) for part in text.split("€"))
        if raw not in seen:
            seen.add(raw)
            yield raw


def variants(read: str) -> tuple[str, ...]:
    """The variants of a charset that may disagree on the bytes of a character; all single-byte ones are one."""
    return _DOUBLE.get(read, (read,))


@lru_cache(maxsize=1 << 16)
def char_bytes(char: str, variant: str) -> bytes:
    """The bytes that read as one character in a variant; none if it does not hold the character."""
    if variant in SINGLE:
        return next(to_bytes(char, variant), b"")
    if variant == "gb18030" and char in "€\ufffd":
        return b"\x80" if char == "€" else b""
    try:
        return char.encode(variant)
    except UnicodeEncodeError:
        return b""


def read_again(raw: bytes, written: str) -> str | None:
    """The bytes in the charset they were written in, or None if they cannot be."""
    for codec in WRITTEN[written]:
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            continue
    return None


def inverses(text: str) -> Iterator[tuple[Mistake, str]]:
    """All that ``text`` may have been before one mistake."""
    seen = {text}
    for read in READ:
        for raw in to_bytes(text, read):
            for written in WRITTEN:
                if written == read:
                    continue
                again = read_again(raw, written)
                if again is not None and again not in seen:
                    seen.add(again)
                    yield Mistake(written, read), again
