"""Dates as headers write them in Taiwan, in English and in words, brought to one form: ``2023-05-27 14:30``."""

from __future__ import annotations

import re

from cleanzh.patterns import lazily

__all__ = ["DATES", "plain_dates"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]{{0,6}}\.?"
_HAN = "〇○零一二三四五六七八九"
_MINGUO = 1911  # the year before the first of the Republic

_SHORT = 90  # what a label dates by fewer years is not of the Republic

# How a date of another form begins or goes on; the gate for what follows, and a trigger for a line to be read.
# Most characters can begin none of it: the look-ahead is what makes the search quick.
DATES = (
    r"(?=[民日期間间\d一二JFMASOND午晨晚早])(?:"
    rf"\d(?:[./]\d\d?[./](?:19|20)\d\d|\s(?:{'|'.join(_MONTHS)})|\s?[AaPp]\.?[Mm]\b)|(?:19|20)\d{{6}}(?!\d)"
    rf"|民[国國]\s?\d|[日期間间][:：]\s?(?:[019]\d|1?[012]\d)[-./年]|[一二][{_HAN}]{{3}}年"
    rf"|(?:{'|'.join(_MONTHS)})[a-z]{{0,6}}\.?\s?\d|[午晨]\s?\d\d?[:：]\d\d|[晚早]上\s?\d\d?[:：]\d\d)"
)
_GATE = lazily(DATES)
_REPUBLIC = lazily(
    r"(?:民[国國]\s?(\d{2,3})|(?<=[日期間间][:：])\s?(9\d|1[012]\d|[012]\d))(?:\s?[-./]\s?|\s?年\s?)(\d\d?)(?:\s?[-./]\s?|\s?月\s?)(\d\d?)日?"
)
_DAY_FIRST = lazily(r"(?<!\d)(\d\d?)([./])(\d\d?)\2((?:19|20)\d\d)(?!\d)")
_COMPACT = lazily(r"(?<!\w)((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\w)")
_ENGLISH = lazily(
    rf"\b({_MONTH})\s?(\d\d?)(?:st|nd|rd|th)?,?\s((?:19|20)\d\d)\b|\b(\d\d?)\s({_MONTH}),?\s((?:19|20)\d\d)\b"
)
_WORDS = lazily(
    rf"([一二][{_HAN}]{{3}})年([一二三四五六七八九十]{{1,2}})月(?:([一二三四五六七八九十]{{1,3}})[日号號])?"
)
_HALF = lazily(
    r"(?P<half>凌晨|[清早]晨|早上|上午|中午|下午|傍晚|晚上)\s?(?P<hour>\d\d?)(?P<rest>[:：]\d\d)"
    r"|(?P<hour2>\d\d?)(?P<rest2>[:：]\d\d(?:[:：]\d\d)?)\s?(?P<half2>[AaPp])\.?[Mm]\b\.?"
)
_LATE = ("下午", "傍晚", "晚上", "p", "P")


def plain_dates(line: str) -> str:
    """The line with its dates and times as the rest of the world's headers write them.

    >>> plain_dates("發布日期：112年5月27日 下午 02:30")
    '發布日期：2023-05-27  14:30'
    >>> plain_dates("May 27, 2023"), plain_dates("27.05.2023 9:30 PM"), plain_dates("二〇二三年五月二十七日")
    ('2023-05-27', '2023-05-27 21:30', '2023-05-27')
    """
    if _GATE.search(line) is None:
        return line
    line = _DAY_FIRST.sub(lambda m: _day(m[4], m[3], m[1]) if int(m[3]) <= 12 else _day(m[4], m[1], m[3]), line)
    line = _REPUBLIC.sub(lambda m: _day(_year(m[1], m[2]), m[3], m[4]), line)
    line = _COMPACT.sub(r"\1-\2-\3", line)
    line = _ENGLISH.sub(lambda m: _day(m[3] or m[6], _number(m[1] or m[5]), m[2] or m[4]), line)
    line = _WORDS.sub(lambda m: _day("".join(map(_digit, m[1])), _count(m[2]), _count(m[3]) if m[3] else None), line)
    return _HALF.sub(_clock, line)


def _year(republic: str | None, short: str | None) -> int:
    """``民國112``, ``日期:112``, and ``日期:23``, where the century is left out."""
    year = int(republic or short or 0)
    return year + (2000 if republic is None and year < _SHORT else _MINGUO)


def _day(year: int | str, month: int | str, day: int | str | None) -> str:
    return f"{year}-{int(month):02}" + ("" if day is None else f"-{int(day):02}")


def _number(month: str) -> int:
    return _MONTHS.index(month[:3]) + 1


def _digit(char: str) -> str:
    return str(max(0, _HAN.index(char) - 2))


def _count(number: str) -> int:
    """``二十七`` → 27."""
    tens, ten, ones = number.rpartition("十")
    return 10 * (int(_digit(tens)) if tens else 1 if ten else 0) + (int(_digit(ones)) if ones else 0)


def _clock(found: re.Match[str]) -> str:
    hour, rest = int(found["hour"] or found["hour2"]), found["rest"] or found["rest2"]
    half = found["half"] or found["half2"]
    if half.startswith(_LATE) and hour < 12:
        hour += 12
    elif half in "Aa凌晨" and hour == 12:
        hour = 0
    return f" {hour:02}{rest}" if found["half"] else f"{hour:02}{rest}"
