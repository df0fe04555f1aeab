"""Bytes to text, and back."""

from __future__ import annotations

import codecs
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanzh.encoding import BINARY, decode, encode, looks_binary

SIMPLIFIED = "昨日，记者从市交通局获悉，地铁三号线将于下月开通试运营，首班车时间为早上六点。\n票价仍按里程计算。\n"
TRADITIONAL = "昨日，記者從市交通局獲悉，捷運三號線將於下月開通試營運，首班車時間為早上六點。\n票價仍按里程計算。\n"
JAPANESE = "昨日、記者が市の交通局から聞いたところによると、地下鉄の新しい路線は来月から営業を始める。\n"
KOREAN = "어제 시 교통국에 따르면 지하철 새 노선은 다음 달부터 운행을 시작한다고 기자에게 말했다.\n"
FRENCH = "Hier, le métro a été inauguré à l'heure où les élèves vont à l'école; le préfet était là.\n"

CHARSETS = ["utf-8", "utf-8-sig", "gb18030", "utf-16-le", "utf-16-be"]


def there_and_back(raw: bytes) -> str:
    decoded = decode(raw)
    assert not decoded.lossy
    assert encode(decoded.text, decoded.encoding) == raw
    return decoded.text


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("text", [SIMPLIFIED, TRADITIONAL, SIMPLIFIED[:9]], ids=["simplified", "traditional", "short"])
def test_chinese_in_any_charset(charset: str, text: str) -> None:
    assert decode(text.encode(charset)).encoding == charset
    assert there_and_back(text.encode(charset)) == text


def test_big5() -> None:
    raw = TRADITIONAL.encode("big5")
    assert decode(raw).encoding == "cp950"
    assert there_and_back(raw) == TRADITIONAL


def test_big5_with_hong_kong_characters() -> None:
    text = TRADITIONAL + "佢哋喺度食嘢，唔知點解咁嘈。\n"
    raw = text.encode("big5hkscs")
    assert decode(raw).encoding == "big5hkscs"
    assert there_and_back(raw) == text


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (b"\x84\x31\x95\x33", "gb18030"),
    ],
)
def test_a_byte_order_mark_decides_and_comes_back(mark: bytes, codec: str) -> None:
    raw = mark + SIMPLIFIED.encode(codec)
    assert there_and_back(raw) == SIMPLIFIED
    assert decode(raw).encoding == f"{codec}-sig"


@pytest.mark.parametrize("text", ["", "a", "plain ascii\n", "é", "I • you – «yes»", "😀"])
def test_small_utf8(text: str) -> None:
    assert there_and_back(text.encode()) == text


@pytest.mark.parametrize("declared", ["gb2312", "GBK", "gb18030", "big5", "utf-8", "iso-8859-1", "nonsense"])
def test_a_wrong_declaration_is_not_believed(declared: str) -> None:
    page = f'<html><head><meta charset="{declared}"></head><body>{SIMPLIFIED * 3}</body></html>'
    assert there_and_back(page.encode("gb18030")) == page
    assert there_and_back(page.encode("utf-8")) == page


@pytest.mark.parametrize(
    ("head", "text", "charset"),
    [
        ('<?xml version="1.0" encoding="shift_jis"?>\n', JAPANESE, "cp932"),
        ("Content-Type: text/html; charset=euc-jp\n\n", JAPANESE, "euc_jp"),
        ("<meta http-equiv=Content-Type content='text/html; charset=euc-kr'>\n", KOREAN, "cp949"),
        ('<meta charset="windows-1252">\n', FRENCH, "cp1252"),
        ("", JAPANESE, "cp932"),
        ("", KOREAN, "cp949"),
        ("", FRENCH, "cp1252"),
    ],
)
def test_what_is_not_chinese(head: str, text: str, charset: str) -> None:
    raw = (head + text).encode(charset)
    assert there_and_back(raw) == head + text
    assert decode(raw).encoding == charset


def test_two_byte_characters_that_happen_to_be_utf8() -> None:
    raw = "下雪".encode("gbk") + "的一天，我们去了公园".encode("gbk")
    assert there_and_back(raw) == "下雪的一天，我们去了公园"


def test_the_euro_sign_of_windows() -> None:
    raw = "价格为".encode("gbk") + b"\x80" + "一百二十元整".encode("gbk")
    assert decode(raw).encoding == "cp936"
    assert there_and_back(raw) == "价格为€一百二十元整"


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "big5"])
def test_a_cut_character_at_the_end(charset: str) -> None:
    text = TRADITIONAL.strip("\n。")
    decoded = decode(text.encode(charset)[:-1])
    assert decoded.text == text[:-1] + "\ufffd"
    assert decoded.lossy
    assert decoded.encoding == ("cp950" if charset == "big5" else charset)


def test_one_broken_byte_does_not_spoil_the_rest() -> None:
    raw = (SIMPLIFIED * 5).encode("gb18030")
    at = raw.index("通试".encode("gb18030"))
    decoded = decode(raw[:at] + b"\xff" + raw[at:])
    assert decoded.lossy
    assert decoded.text.replace("\ufffd", "") == SIMPLIFIED * 5
    raw = (SIMPLIFIED * 5).encode("utf-8")
    decoded = decode(raw[:100] + raw[101:])
    assert decoded.encoding == "utf-8"
    assert decoded.lossy


@pytest.mark.parametrize("other", ["gb18030", "big5"])
def test_lines_in_different_charsets(other: str) -> None:
    text = SIMPLIFIED if other == "gb18030" else TRADITIONAL
    first, second = text.splitlines(keepends=True)
    parts = [
        (first, "utf-8"),
        ("ascii\n", "ascii"),
        (second, other),
        (first, other),
        ("\n", "ascii"),
        (second, "utf-8"),
    ]
    raw = b"".join(line.encode(charset) for line, charset in parts)
    assert there_and_back(raw) == "".join(line for line, _ in parts)
    assert decode(raw).encoding.startswith("mixed:")


@pytest.mark.parametrize(
    "raw",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01",
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
        b"PK\x03\x04" + bytes(range(256)),
        zlib.compress(SIMPLIFIED.encode() * 20),
        bytes(range(256)) * 20,
        b"\x00\x01\x02\x03" * 50,
    ],
    ids=["png", "jpeg", "zip", "deflate", "all bytes", "controls"],
)
def test_what_is_no_text(raw: bytes) -> None:
    assert looks_binary(raw)
    assert decode(raw)[1:] == (BINARY, True)


@pytest.mark.parametrize("charset", [*CHARSETS, "big5hkscs", "utf-16", "utf-32"])
def test_text_is_no_binary(charset: str) -> None:
    assert not looks_binary(TRADITIONAL.encode(charset))
    assert not looks_binary(b"")


def test_encode_says_when_it_cannot() -> None:
    assert encode("한국", "big5") is None
    assert encode("a", "no-such-charset") is None
    assert encode("a\nb", "mixed:utf-8*1") is None
    assert encode("a", "mixed:utf-8*x") is None


@given(st.binary(max_size=300))
def test_any_bytes(raw: bytes) -> None:
    decoded = decode(raw)
    assert decoded.lossy or encode(decoded.text, decoded.encoding) == raw


@given(
    st.lists(
        st.sampled_from(
            [b"\xe4\xbd\xa0\xe5\xa5\xbd", b"\xc4\xe3\xba\xc3", b"\x80", b"\xa4\xa4\xa4\xe5", b"\n", b"a", b"\x00"]
        )
    )
)
def test_any_mixture(parts: list[bytes]) -> None:
    raw = b"".join(parts)
    decoded = decode(raw)
    assert decoded.lossy or encode(decoded.text, decoded.encoding) == raw
