"""Bytes to text, and back: which charset a file is in, by what reads as Chinese."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

from cleanzh import prepared
from cleanzh.lexicon import bigrams
from cleanzh.patterns import lazily

__all__ = ["BINARY", "Decoded", "decode", "encode", "looks_binary"]

BINARY: Final = "binary"
"""The ``encoding`` of what is no text at all (an image, an archive)."""


class Decoded(NamedTuple):
    """A decoded file: the text, the charset it was read in, and whether something could not be read.

    Unless ``lossy``, ``encode(text, encoding)`` is the file byte for byte; if it is, the file itself must be kept.
    ``encoding`` is a codec's name, or

    * one with ``-sig`` behind it, if a byte order mark came first: ``utf-8-sig``, ``utf-16-le-sig``;
    * ``cp936``: GB18030 with Windows' single byte 0x80 for the euro sign;
    * ``mixed:utf-8*12,gb18030*3``: so many lines in each charset;
    * ``binary``: no text.
    """

    text: str
    encoding: str
    lossy: bool


# --- byte order marks, and what is no text ---------------------------------------------------------------------------

_MARKS: Final = (  # the longer ones first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_MAGIC: Final = lazily(
    rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|%PDF-|PK\x03\x04|PK\x05\x06|\x1f\x8b\x08|\x28\xb5\x2f\xfd|BZh[1-9]1AY"
    rb"|7z\xbc\xaf|Rar!\x1a|\xfd7zXZ|\x7fELF|RIFF....(?:WEBP|WAVE|AVI )|\xd0\xcf\x11\xe0\xa1\xb1|SQLite format 3\x00"
    rb"|PAR1|ARROW1|\x00\x00\x01\x00|MZ.{30,}This program|OggS|ID3[\x02-\x04]|....ftyp|wOF[F2]",
    re.DOTALL,
)
_CONTROLS: Final = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\x1b\a\b"))
_MOST_CONTROLS = 0.02  # of the bytes; in compressed data it is a tenth, in text with debris some in a thousand
_LOOK = 1 << 16


def looks_binary(raw: bytes) -> bool:
    r"""Whether ``raw`` is no text in any charset: an image, an archive, a program.

    >>> looks_binary(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), looks_binary("你好".encode("utf-16"))
    (True, False)
    """
    head = raw[:_LOOK]
    if _MAGIC.match(head):
        return True
    if head.startswith(tuple(mark for mark, _ in _MARKS)):
        return False
    head = head.rstrip(b"\x00") if len(raw) <= _LOOK else head
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > _MOST_CONTROLS * len(head) and _unmarked_utf16(raw) is None


def _unmarked_utf16(raw: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, seen by the zero bytes of its ASCII and by how it reads."""
    if len(raw) % 2 or not raw:
        return None
    head = raw[:_ENOUGH]
    best: tuple[float, str] | None = None
    for name in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        text = head.decode(name, "replace")
        if text.count("\ufffd") > 1:  # one where the head is cut
            continue
        if "\x00" in text.rstrip("\x00"):
            continue
        ascii_only = text.isascii()
        value = -5.0 if ascii_only and text.isprintable() else bigrams.score(text[:500])
        if best is None or value > best[0]:
            best = value, name
    return best[1] if best and best[0] > _READS_AT_ALL else None


# --- charsets --------------------------------------------------------------------------------------------------------

_DECLARED: Final = lazily(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z][\w.:-]{2,20})""", re.IGNORECASE)
_CALLED: Final = {  # what pages call a charset, and the one that holds what they then write
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb18030": "gb18030",
    "cp936": "gb18030",
    "big5": "cp950",
    "x-x-big5": "cp950",
    "big5-hkscs": "big5hkscs",
    "cp950": "cp950",
    "utf8": "utf-8",
    "utf-8": "utf-8",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "windows-1252": "cp1252",
    "windows-1250": "cp1250",
    "iso-8859-2": "iso8859_2",
    "windows-1251": "cp1251",
    "koi8-r": "koi8_r",
    "windows-1253": "cp1253",
    "windows-1254": "cp1254",
    "windows-1258": "cp1258",
}
_CHINESE: Final = ("gb18030", "cp950", "big5hkscs")
_FOREIGN: Final = ("cp932", "euc_jp", "cp949")
_SINGLE: Final = ("cp1252", "latin-1")
_SUGGESTION = 1.0  # what a declaration is worth, in nats a character: right more often than not, and often wrong
_READS = -8.5  # mean log-probability above which a text is Chinese; see the table in docs/quality/charset.md
_READS_FINE = -6.5
_READS_AT_ALL = -10.0  # and bytes at random have -13
_ERROR = 60.0  # what a byte that cannot be read costs
_CLEARLY = 1.5
_VALID_UTF8 = 3.0  # two-byte characters are valid UTF-8 by chance now and then, and mostly they are meant

_WIDE: Final = lazily("[\u0800-\U0010ffff]")
_ASCII: Final = lazily("[\x00-\x7f]+")
_NOT_ASCII: Final = lazily("[^\x00-\x7f]")
_SYLLABLES: Final = {  # what a page of Japanese or Korean is never without, and the share of it
    "cp932": (prepared.compiled("[\u3041-\u3096]"), 0.15),
    "euc_jp": (prepared.compiled("[\u3041-\u3096]"), 0.15),
    "cp949": (prepared.compiled("[이다는에의가을를은하고도지로서기사리대인한]"), 0.25),
}
_ACCENTED: Final = lazily("(?<=[A-Za-z])[À-ÖØ-öø-ÿ](?=[a-z\\s.,;:!?)])|(?<![^\\s(])[À-ÖØ-ÞÉé](?=[a-z])|«|»|°|’|–|“|”")
_UTF8_WORDS: Final = lazily(rb"(?:[\xe3-\xe9\xef][\x80-\xbf]{2}){2}")
_SAMPLE = 500


def _euro(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError) and error.object[error.start] == 0x80:
        return "€", error.start + 1
    raise error


def _euro_or_replace(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return "€" if error.object[error.start] == 0x80 else "\ufffd", error.start + 1
    raise error


codecs.register_error("cleanzh.euro", _euro)
codecs.register_error("cleanzh.euro-or-replace", _euro_or_replace)


def decode(raw: bytes) -> Decoded:
    """Decode a file of unknown charset.

    In this order: a byte order mark; UTF-8, if the bytes are; then GB18030, Big5 and UTF-16 by what reads as Chinese,
    a declaration in the head of the file (``<meta charset>``, XML, ``Content-Type``) counting as a hint; lines in
    different charsets one by one. ``gb2312`` and ``gbk`` mean GB18030, ``big5`` Big5-HKSCS or CP950. Bytes that cannot
    be read, a cut character at the end among them, become U+FFFD, and the result is ``lossy``.

    >>> decode("北京的天气很好".encode("gbk"))
    Decoded(text='北京的天气很好', encoding='gb18030', lossy=False)
    >>> decode("中華民國的首都在哪裡".encode("big5"))
    Decoded(text='中華民國的首都在哪裡', encoding='cp950', lossy=False)

    Never raises: what is no text comes back as ``binary``. Japanese, Korean and Western charsets are recognized only so
    far as not to be taken for Chinese.
    """
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return _checked(raw, _read(raw[len(mark) :], name), f"{name}-sig")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and _WIDE.search(text := raw[: error.start].decode()):
            return Decoded(f"{text}\ufffd", "utf-8", True)  # cut in the middle of its last character
    else:
        if b"\x00" not in raw and (text.isascii() or _WIDE.search(text) is not None):
            return Decoded(text, "utf-8", False)
    if looks_binary(raw):
        return Decoded(raw.decode("utf-8", "replace"), BINARY, True)
    narrow = -99.0 if b"\x00" in raw else _best(raw[:_ENOUGH])[0]
    if narrow < _READS_FINE and (wide := _unmarked_utf16(raw)) is not None:
        text = _read(raw, wide)
        if _reading(text) > narrow:
            return _checked(raw, text, wide)
    return _by_lines(raw) or _whole(raw)


def encode(text: str, encoding: str) -> bytes | None:
    """The bytes that :func:`decode` read as ``text`` in ``encoding``; None if the charset cannot hold them.

    >>> encode("价格€5", "cp936")
    b'\\xbc\\xdb\\xb8\\xf1\\x805'
    """
    try:
        if encoding.startswith("mixed:"):
            return _encode_lines(text, encoding.removeprefix("mixed:"))
        for mark, name in _MARKS:
            if encoding == f"{name}-sig":
                return mark + text.encode(name)
        if encoding == "cp936":
            return b"\x80".join(part.encode("gb18030") for part in text.split("€"))
        return text.encode(encoding)
    except (UnicodeError, LookupError, ValueError):
        return None


def _checked(raw: bytes, text: str, encoding: str) -> Decoded:
    return Decoded(text, encoding, encode(text, encoding) != raw)


def _read(raw: bytes, name: str) -> str:
    return raw.decode(name, "cleanzh.euro-or-replace" if name == "gb18030" else "replace")


def _reading(text: str) -> float:
    """How well the part of ``text`` that is not ASCII reads as Chinese, errors counted in the whole of it."""
    sample = _ASCII.sub(" ", text[:_LOOK])[:_SAMPLE] + _ASCII.sub(" ", text[_LOOK:][-_LOOK:])[-_SAMPLE:]
    errors = text.count("\ufffd")
    share = errors / max(len(sample), len(text) - text.count(" "), 1) if errors else 0.0
    return bigrams.score(sample) - _ERROR * share


def _foreign_reading(text: str, name: str) -> float:
    """The same for Japanese and Korean: running Chinese reads worse than their particles in their number."""
    sample = _ASCII.sub("", text[:_LOOK])[:_SAMPLE]
    syllables, share = _SYLLABLES[name]
    found = len(syllables.findall(sample))
    return -6.0 if found > max(4, share * len(sample)) else -99.0


def _latin_reading(text: str) -> float:
    """The same for Western letters: fine where letters of words stand around them."""
    strange = len(_NOT_ASCII.findall(text[:_LOOK]))
    return -13.0 + 7.0 * len(_ACCENTED.findall(text[:_LOOK])) / strange if strange else -99.0


def _best(raw: bytes, declared: str | None = None) -> tuple[float, str, str]:
    """The charset in which ``raw`` reads best: how well, its name, and the text."""
    readings: list[tuple[float, str, str]] = []
    for name in (*_CHINESE, "utf-8"):
        text = _read(raw, name)
        valid = _VALID_UTF8 * (name == "utf-8" and "\ufffd" not in text)
        readings.append((_reading(text) + valid + _SUGGESTION * (name == declared), name, text))
        if readings[-1][0] > _READS_FINE and name != "cp950":
            break  # no other charset makes running Chinese of the same bytes
    best = max(readings, key=lambda reading: reading[0])  # of equals CP950, whose marks browsers follow, before HKSCS
    if best[0] > _READS:
        return best
    for name in dict.fromkeys((declared or "cp932", *_FOREIGN, *_SINGLE)):
        try:
            text = raw.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
        if name in _FOREIGN:
            value = _foreign_reading(text, name)
        elif name in _SINGLE:
            value = _latin_reading(text)
        elif name in ("utf-8", *_CHINESE):
            continue
        else:
            value = _READS  # a declared charset of another alphabet, in bytes that do not read as Chinese
        value += _SUGGESTION * (name == declared)
        if value > best[0] + (_CLEARLY if name in _FOREIGN else 0):
            best = value, name, text
    return best


def _declared(raw: bytes) -> str | None:
    found = _DECLARED.search(raw[:4096])
    return _CALLED.get(found[1].decode("ascii").lower()) if found else None


def _sample_of(raw: bytes) -> bytes:
    """The first bytes that are not ASCII, and some from the middle: enough to tell a charset by."""
    if len(raw) <= 2 * _ENOUGH:
        return raw
    found = _HIGH.search(raw)
    start = found.start() if found else 0
    line = raw.find(b"\n", max(len(raw) // 2, start + _ENOUGH)) + 1
    return raw[start : start + _ENOUGH] + (b"\n" + raw[line : line + _ENOUGH // 2] if line else b"")


_HIGH: Final = lazily(rb"[\x80-\xff]")
_ENOUGH = 2000


def _whole(raw: bytes) -> Decoded:
    sample = _sample_of(raw)
    _, name, text = _best(sample, _declared(raw))
    if sample is not raw:
        text = _read(raw, name)
    if name == "cp950" and encode(text, name) != raw:
        other = _read(raw, "big5hkscs")  # the two have some rules and numerals twice, but not the same ones
        if encode(other, "big5hkscs") == raw or other.count("\ufffd") < text.count("\ufffd"):
            name, text = "big5hkscs", other
    if name == "gb18030" and "€" in text and encode(text, "cp936") == raw:
        name = "cp936"
    return _checked(raw, text, name)


# --- lines in different charsets -------------------------------------------------------------------------------------


def _by_lines(raw: bytes) -> Decoded | None:
    """``raw`` as lines of UTF-8 and lines of another charset, or None if it is all one."""
    if b"\n" not in raw or _UTF8_WORDS.search(raw) is None:
        return None
    lines = raw.split(b"\n")
    utf8 = [_utf8_or_none(line) for line in lines]
    rest = b"\n".join(line for line, text in zip(lines, utf8, strict=True) if text is None)
    if not rest or all(text is None or text.isascii() for text in utf8):
        return None
    _, other, _ = _best(_sample_of(rest), _declared(raw))
    if other == "utf-8" or other in _SINGLE:
        return None
    texts: list[str] = []
    names: list[str] = []
    for line, text in zip(lines, utf8, strict=True):
        if text is not None and text.isascii():
            name = names[-1] if names else "utf-8"
            texts.append(text)
            names.append(name)
            continue
        there = _read(line, other)
        here = _read(line, "utf-8") if text is None else text
        # a character cut off or broken within a line of UTF-8 does not make it a line of GB18030
        text, name = (here, "utf-8") if _reading(here) + _SUGGESTION > _reading(there) else (there, other)
        if name == "gb18030" and "€" in there and encode(there, "cp936") == line:
            name = "cp936"
        texts.append(text)
        names.append(name)
    if len(set(names)) == 1:
        return None
    runs = ",".join(f"{name}*{len(list(run))}" for name, run in groupby(names))
    return _checked(raw, "\n".join(texts), f"mixed:{runs}")


def _utf8_or_none(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _charsets(runs: str) -> Iterator[str]:
    for run in runs.split(","):
        name, _, count = run.rpartition("*")
        for _ in range(int(count)):
            yield name


def _encode_lines(text: str, runs: str) -> bytes | None:
    encoded: list[bytes] = []
    for line, name in zip(text.split("\n"), _charsets(runs), strict=True):
        part = encode(line, name)
        if part is None:
            return None
        encoded.append(part)
    return b"\n".join(encoded)
