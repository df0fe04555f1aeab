"""What a header says: dates in ISO form with the precision that is known, counts, names, addresses."""

from __future__ import annotations

import re
from datetime import date

from cleanzh.patterns import lazily

__all__ = ["DATE", "count", "iso_date", "name", "url_in"]

# The year is two digits of a known century, so that an article number or a price is no date. Between date and time
# stand what sites put there: blanks, a bar, a weekday. Seconds and the time as a whole may be missing. Written for the
# half-width letters and marks of a folded line.
DATE = (
    r"(?P<year>(?:19|20)\d\d)(?:\s*[-./]\s*|年\s*|\s)(?P<month>1[0-2]|0?[1-9])(?!\d{3})"
    r"(?:(?:\s*[-./]\s*|月\s*)(?P<day>3[01]|[12]\d|0?[1-9])\s?[日号]?|月)"
    r"(?:[\s|T,]*(?:[(]?(?:星期|周|礼拜)[一二三四五六日天][)]?|[(][一二三四五六日][)])?[\s|T,]*"
    r"(?P<hour>2[0-3]|[01]?\d)(?:\s?:\s?|时|点)(?P<minute>[0-5]\d)(?:(?::|分)(?P<second>[0-5]\d)?秒?)?)?(?!\d)"
)
_URL = lazily(r"(?:https?://|www\.)[\w./?=&%#:~+@-]*[\w/]", re.ASCII)
_COUNT = lazily(r"(\d[\d,.]*)\s*([万千wWkK]?)")
_EDGE = " \t　|/:;,，、·•-—_<>()[]{}（）【】［］〔〕\"'@＠▼▲?"
_OPENS = ("《", "“", "「")
_QUOTED = lazily(r"[《“「](?P<inside>[^《》“”「」]*)[》”」]")


def iso_date(match: re.Match[str]) -> str | None:
    """``2022-03-26T22:15`` from a match of :data:`DATE`; None for a day that no calendar has.

    >>> iso_date(re.search(DATE, "2023年1月10日 18:00:02"))
    '2023-01-10T18:00:02'
    >>> iso_date(re.search(DATE, "2021年5月"))
    '2021-05'
    """
    year, month, day, hour, minute, second = match.group("year", "month", "day", "hour", "minute", "second")
    if day is None:
        return f"{year}-{int(month):02}"
    try:
        known = date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
    if hour is not None:
        known += f"T{int(hour):02}:{minute}" + (f":{second}" if second else "")
    return known


def count(value: str) -> str | None:
    """The number in ``阅读(1.2万)`` as digits.

    >>> count("1.2万"), count("8,704 次")
    ('12000', '8704')
    """
    found = _COUNT.search(value)
    if found is None:
        return None
    digits, unit = found[1].replace(",", "").rstrip("."), found[2].lower()
    if not unit:
        return digits.split(".")[0]
    try:
        return str(round(float(digits) * (10_000 if unit in "万w" else 1_000)))
    except ValueError:
        return None


def name(value: str) -> str:
    """A value without the marks around it.

    >>> name(" EW |夏青仪,曹杰 ")
    'EW |夏青仪,曹杰'
    """
    if value.isalnum():
        return value
    value = " ".join(value.split()).strip(_EDGE)
    if value[:1] in _OPENS and (quoted := _QUOTED.fullmatch(value)):
        return quoted["inside"]
    if "（" not in value and "(" not in value:
        return value
    # a bracket that belongs to the value was taken for an edge
    return value + "".join(
        closing for opening, closing in ("（）", "()") if value.count(opening) > value.count(closing)
    )


def url_in(value: str) -> str | None:
    """The web address in a value, if there is one."""
    if "://" not in value and "www." not in value:
        return None
    found = _URL.search(value)
    return found[0] if found else None
