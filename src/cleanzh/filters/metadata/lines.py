"""Which line is a header or a byline: a line that is nothing but fields."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import NamedTuple

from cleanzh.filters.metadata.anchors import anchors, kind_of_label
from cleanzh.filters.metadata.dates import DATES, plain_dates
from cleanzh.filters.metadata.fields import DATE, count, iso_date, name, url_in
from cleanzh.filters.metadata.folding import (
    BY,
    CREDIT,
    DATED,
    EDITION,
    PROSE,
    REPORTER,
    SIGNATURE,
    STOP,
    fold,
    fold_and_see,
)
from cleanzh.filters.metadata.labels import (
    ACCOUNT,
    BUTTONS,
    CREDITS,
    GLUED,
    PERSON,
    PERSONS,
    PROVINCES,
)
from cleanzh.filters.metadata.names import NAMES, is_publisher, paper_and_writer
from cleanzh.patterns import lazily

__all__ = ["DATES", "LONGEST", "Header", "fold", "named", "read_header"]

_REMEMBERED = 4096
LONGEST = 160  # characters of a line that can be a header

_WITHOUT_COLON = frozenset({"author", "editor", "credit", "source", "category", "ignored", "published"})
_ON_SITE = lazily(r"/[\w./?=&%-]+")
_FILLER = lazily(rf"(?:{BUTTONS}|[\s|/,;:!?()\[\]<>·•+\-_.*#&@▼])*")
_SENTENCE = lazily(r"[。!?…“”\"：]|,.*,.*,")
_CLOSED = lazily(r"[。!?…]|,.*,.*,")  # in brackets, where a description may be quoted
_CODE = lazily(r"[A-Za-z]+\s*:|['=<>{}`]")

_OPENING, _CLOSING = lazily(r"[\[(（【〔]"), lazily(r"[)）】〕］\]]")
_APPENDED = lazily(r"[（(](?:ID|微信|公众号|查看|原文)[^（）()]*[）)]?$|[，,][系为是].*$")
_WORD = lazily(r"(?!.*(?:[上下]午|[早晚]上|星期|周[一二三四五六日]))[\u4e00-\u9fffA-Za-z0-9]{2,12}")
_ONE = lazily(f"(?!施行|公布|发布|通过|成立){PERSON}")
_TOGETHER = lazily(rf"(?:{PERSON}){{2,6}}")  # names run together
_REPORTER = lazily(
    rf"[\u4e00-\u9fff]{{0,6}}?[记記]者(?P<names>{PERSONS})(?:[／/]?[\u4e00-\u9fff]{{0,6}}[报報][导導道])?"
)
_MONTH = lazily(r"((?:19|20)\d\d)[-./](0?[1-9]|1[0-2])")
_ENGLISH = lazily(r"(?:Updated|Posted|Published)(?: on)?\s?:?\s?\d{4}-")
# Above or below the date of an account: where its post was sent from, and what the platform says of it.
_SENT = lazily(
    rf"(?:发[表布]于)?(?:{PROVINCES}|未知|海外)(?:省|市)?"
    r"|(?:微博|手机|移动|电脑|苹果|安卓|iPhone|Android|iPad)\w{0,6}(?:网页版|客户端|手机端|电脑端|版|端)"
    r"|(?:优质|知名)?\w{2,8}(?:创作者|领域作者|博主|达人)|官方账号|IP ?属地\w{2,4}"
)
_WRITTEN = lazily(r"由\s?(?P<who>[\w-]{2,16}?)\s?(?P<verb>(?:发表|发布|上传|创建|张贴|撰写)[于在]?\s?(?=\d))")
_PRESS = lazily(
    r"\(?(?!本报)(?P<press>[\u4e00-\u9fff]{1,7}(?:报|网|社|新闻|电视台|周刊|时报|新闻网))"
    r"[\s/|]+(?=[\u4e00-\u9fff/ ]{0,8}记者|.*报[导道]\)?$)"
)
_ALONE = lazily(
    r"[\u4e00-\u9fffA-Za-z]{1,8}(?:日报|晚报|时报|周报|早报|晨报|都市报|商报|青年报|新闻网|新闻|在线|客户端|通讯社|电视台|周刊|杂志|财经|网)"
)
_FILED = lazily(r"\s[\u4e00-\u9fff]{2,4}[报報][导導道]$")
_TOLD = lazily(
    r"一[个個]|什[么麼]|[怎这這那][么麼]|如何|[为為]何|[你您我他她]是|被.+的|[吗嗎呢]$"
)  # no name, but a title or a question
_DESK = lazily(r"\(?[\u4e00-\u9fff]{2,4}(?:中心|组|小组|编辑部)\s?/\s?[\u4e00-\u9fff]{0,6}报[导道]\)?")
_REPORTED = r"(?:报导|报道|编译|\d{1,2}日[电電])(?:[\u4e00-\u9fff]{2,4}[报報网])?"
_BYLINE = lazily(
    rf"\(?(?:本报讯\s)?[\u4e00-\u9fff]{{0,10}}?(?:记者|通讯员|特约撰稿人?)\s?:?\s?(?P<names>{PERSONS})\s?"
    rf"(?:通讯员\s?:?\s?{PERSONS}|[\u4e00-\u9fff]{{0,6}}{_REPORTED})?\)?"
    rf"|\(?(?:[\u4e00-\u9fff]{{1,8}}/)?(?:[\u4e00-\u9fff]{{0,4}}记者)?\s?(?P<wrote>{PERSONS})\s?/?"
    rf"[\u4e00-\u9fff]{{0,6}}{_REPORTED}\)?"
    r"|(?:图文|文|文字|撰文|执笔|编译|采访撰文)\s?[/|·•]\s?(?P<desk>[\w&、 ]{2,20})"
    rf"|(?P<correspondent>{PERSON})/(?P<paper>[\u4e00-\u9fff]{{2,10}}(?:报|网|社|刊|新闻))"
)
_PRINTED = lazily(
    rf"\(?\s*(?:《\s?(?P<paper>[\w ]{{2,12}}?)\s?》|(?P<press>[\u4e00-\u9fff]{{1,9}}报))\s*\(?\s*{DATE}\s*"
    r"第?\s*[A-Z]?\d{1,3}\s*版(?:\s?:\s?\w{2,8})?\s*\)*"
)
_ORIGINAL_TITLE = lazily(r"\(?(?:原标题|原题为?)\s?:?\s?(?:《.{2,60}》|[^《》]{2,70}?)\)?")
_CREDIT = lazily(CREDITS)
_CREDITED = lazily(r"[网由首供经](?:(?<=网)络?\)?$|(?<=由)|(?<=首)发|(?<=供)稿|(?<=^经))")
_EDITED = lazily(r"(?:编辑|责编)[/|:]\s?([\w、]{2,12})")
_ACCOUNT = lazily(ACCOUNT)


class Header(NamedTuple):
    """What a line says that is nothing but fields.

    ``kinds`` are the kinds of its fields, ``labels`` how many are named; ``metadata`` is what is worth keeping of them.
    ``exact`` is set if a date stands with its time of day, which running text seldom does. ``guesses`` are values that
    no label names, good only right above an article; ``vague`` is set if some such text is not known for a name.
    """

    kinds: frozenset[str]
    metadata: dict[str, str]
    exact: bool = False
    labels: int = 1
    guesses: Mapping[str, str] = {}
    vague: bool = False


@functools.lru_cache(
    maxsize=_REMEMBERED
)  # a line is asked about as a paragraph, as a header, and again in the next round
def read_header(line: str) -> Header | None:
    """The fields of a line, or None for a line that says anything else.

    >>> read_header("2022-03-26|22:15|發布在分類 / 淘寶運營| 閱讀:172").metadata
    {'published': '2022-03-26T22:15', 'category': '淘寶運營', 'views': '172'}
    >>> read_header("来源：据央视新闻报道，三人获救。")
    """
    folded, signs = fold_and_see(line)
    if not folded or folded[0].isspace() or folded[-1].isspace():
        start = len(folded) - len(folded.lstrip())
        folded = folded.strip()
        line = line[start : start + len(folded)]
    if signs & (DATED | BY):
        plain = plain_dates(line)
        if signs & BY:
            plain = _WRITTEN.sub(r"作者:\g<who> \g<verb>", plain)
        if plain != line:
            line = plain
            folded, signs = fold_and_see(line)
    if not 2 <= len(folded) <= LONGEST or signs & (STOP | PROSE) or folded.startswith(("- ", "* ")):
        return None
    if (
        folded.isascii() and _CODE.search(folded) and not _ENGLISH.match(folded)
    ):  # front matter, a log, a header of mail
        return None
    return _read_byline(line, folded, signs) or _Fields(line, folded).read()


def named(folded: str) -> str:
    """The field that a line with nothing but a name would be, if it is one: ``source`` or ``author``."""
    if _ALONE.fullmatch(folded):
        return "source"
    return "author" if NAMES.fullmatch(folded) and not folded.isascii() else ""


def _read_byline(line: str, folded: str, signs: int) -> Header | None:
    """A line in one of the fixed shapes of bylines and credits."""
    if len(folded) > 90:
        return None
    reported = signs & REPORTER
    if reported and (press := _PRESS.match(folded)):
        rest = _read_byline(line[press.end() :], folded[press.end() :], signs)
        if rest:
            return rest._replace(metadata={"source": line[slice(*press.span("press"))], **rest.metadata})
    if reported and _DESK.fullmatch(folded):
        return Header(frozenset({"author"}), {})
    if signs & (REPORTER | SIGNATURE) and (found := _BYLINE.fullmatch(folded)):
        metadata = {}
        for group in ("names", "wrote", "desk", "correspondent"):
            if found[group]:
                *papers, metadata["author"] = paper_and_writer(name(line[slice(*found.span(group))]))
                metadata.update(("source", paper) for paper in papers)
        if found["paper"]:
            metadata["source"] = found["paper"]
        return Header(frozenset({"author"}), metadata)
    if signs & EDITION and (found := _PRINTED.fullmatch(folded)):
        metadata = {"source": name(line[slice(*found.span("paper" if found["paper"] else "press"))])}
        if published := iso_date(found):
            metadata["published"] = published
        return Header(frozenset({"source", "published"}), metadata, labels=2)
    if "原" in folded[:2] and _ORIGINAL_TITLE.fullmatch(folded):
        return Header(frozenset({"title"}), {})
    if not (signs & CREDIT and _CREDITED.search(folded) and _CREDIT.fullmatch(folded)):
        return None
    edited = _EDITED.search(folded)
    return Header(frozenset({"source"}), {"editor": line[slice(*edited.span(1))]} if edited else {})


class _Fields:
    """One reading of a line as a row of labelled values, dates, counts and buttons."""

    def __init__(self, line: str, folded: str) -> None:
        self.line, self.folded = line, folded
        self.kinds: set[str] = set()
        self.metadata: dict[str, str] = {}
        self.exact = False
        self.labels = 0
        self.bare: list[tuple[str, str]] = []  # text that no label names, and whether it stands before or after a date
        self.guesses: dict[str, str] = {}
        self.vague = False

    def read(self) -> Header | None:
        kind, position = "", 0  # the label that waits for its value, and where that starts
        pointed = False  # whether the text from there on follows a date
        for anchor in anchors(self.folded):
            label, found = kind_of_label(anchor), anchor.lastgroup
            if label and found != "origin" and not self._bounded(anchor, label):
                continue
            dated = found == "when"
            if not self._value(kind, position, anchor.start(), "after" if pointed else "before" if dated else ""):
                return None
            kind, position, pointed = label, anchor.end(), dated or found == "clock"
            if label:
                self.labels += found == "colon" or label != "published"
                self.kinds.add(label)
            else:
                self._point(anchor)
        if not self.kinds or not self._value(kind, position, len(self.folded), "after" if pointed else ""):
            return None
        if not self._bare_is_fine():
            return None
        return Header(frozenset(self.kinds), self.metadata, self.exact, self.labels, self.guesses, self.vague)

    def _bounded(self, anchor: re.Match[str], kind: str) -> bool:
        """Whether a label stands where a label can stand."""
        before = self.folded[anchor.start() - 1] if anchor.start() else " "
        glued = before.isalpha() and before not in "日号"
        if anchor.lastgroup != "colon":
            return not glued and kind in _WITHOUT_COLON
        dated = kind == "published" and self.labels and self.folded[anchor.end() :].lstrip()[:2] in ("19", "20")
        published = bool(self.labels) and anchor["label"] == "发布"  # `来源:某网发布:某网`
        return not glued or kind in GLUED or bool(dated) or published

    def _point(self, anchor: re.Match[str]) -> None:
        """Take a date, a time or a count."""
        found = anchor.lastgroup
        if found == "when":
            self.kinds.add("published")
            self.exact = self.exact or anchor["hour"] is not None
            if published := iso_date(anchor):
                self.metadata.setdefault("published", published)
        elif found == "clock":
            self.exact = self.exact or "published" in self.kinds
            self.kinds.add("clock")
            known, clock = self.metadata.get("published", ""), anchor["clock"]
            if len(known) == 10 and clock[:2].strip(":").isdigit() and " " not in clock:
                self.metadata["published"] = f"{known}T{clock if clock[2] == ':' else '0' + clock}"
        elif found in ("ago", "lately"):
            self.kinds.add("clock")
        else:
            self.labels += 1
            seen = anchor["seen"] or anchor["saw"]
            self.kinds.add("views" if seen else "reaction")
            if seen and (number := count(anchor[0])):
                # `82阅读` is also what a list of other articles shows
                (self.metadata if anchor["saw"] else self.guesses).setdefault("views", number)

    def _value(self, kind: str, start: int, stop: int, side: str) -> bool:
        """Take ``start:stop`` as the value of a ``kind``, or as what stands on a ``side`` of a date.

        False if it can be neither.
        """
        gap = self.folded[start:stop]
        if not gap or gap.isspace() or _FILLER.fullmatch(gap):
            return True
        value = name(self.line[start:stop])
        if kind == "url":
            address = url_in(value)
            if address:
                self.metadata.setdefault("url", address)
            return address is not None or _ON_SITE.fullmatch(value) is not None
        if kind == "source" and (address := url_in(value)):
            self.metadata.setdefault("url", address)
            self.metadata.setdefault("source", value)
            return len(value) <= len(address) + 12
        bracketed = self.folded[0] == "("
        if (_CLOSED if bracketed else _SENTENCE).search(gap.rstrip("? ")) or len(value) > (60 if bracketed else 40):
            return False
        if kind in ("author", "editor") and _TOLD.search(value):
            return False
        if kind == "views":
            if number := count(value):
                self.metadata.setdefault("views", number)
            return len(value) <= 10
        if kind == "reaction":
            return len(value) <= 8
        if kind == "published" and (month := _MONTH.fullmatch(value)):
            self.metadata.setdefault("published", f"{month[1]}-{int(month[2]):02}")
            return True
        if kind in ("", "published"):
            words = [
                word for word in value.split() if not (word == "于" or word.isdigit() or _says_nothing(fold(word)))
            ]
            self.bare += [(" ".join(words), side)] if words else []
            return not _CODE.search(gap)
        if bracketed and "(" not in gap:
            value = name(_CLOSING.split(value)[0])
        if not value.isalnum():
            value = _APPENDED.sub("", _unbuttoned(value))
        if kind == "source" and _SENT.fullmatch(fold(value)):
            return True
        if kind == "author":
            *papers, value = paper_and_writer(_FILED.sub("", value))
            self.guesses.update(("source", paper) for paper in papers)
        if kind == "author" and "供稿" in self.folded[max(0, start - 4) : start]:
            self.guesses.setdefault(kind, value)  # an office, unless it is all there is
        elif kind in ("source", "author", "editor", "category"):
            self.metadata.setdefault(kind, value)
        return True

    def _bare_is_fine(self) -> bool:
        """Text without a label is a name beside a date with its time, and short; else the line says something."""
        if not self.bare:
            return True
        if not (self.exact or "reaction" in self.kinds or self._dated()):
            return False
        if sum(len(text) for text, _ in self.bare) > 26:
            return False
        if self.exact and (self.folded.startswith("原创") or self._named_twice()):
            self._guess_account()
        else:
            self._guess()
        return True

    def _dated(self) -> bool:
        """Whether a date without its time of day is one of a header: beside a named field, or a publisher's name."""
        if "published" not in self.kinds:
            return False
        if self.kinds & {"source", "author", "editor", "views"}:
            return True
        text = self.bare[0][0]
        one = len(self.bare) == 1 and len(text) <= 12
        if len(text) >= 5 and _TOGETHER.fullmatch(text):
            return True
        if len(self.bare) == 1 and len(text) <= 4 and _ONE.fullmatch(text):
            return True
        return one and bool(is_publisher(text) or (self.labels and _WORD.fullmatch(text)))

    def _named_twice(self) -> bool:
        """`江城夜话 江城夜话 2023-05-27 14:30`: an account that names no writer."""
        words = self.bare[0][0].split()
        return len(words) == 2 and words[0] == words[1]

    def _guess_account(self) -> None:
        """`原创 作者  公众号   2024-11-15 10:58`, as a page of WeChat prints it."""
        pieces = [name(piece) for piece in " ".join(text for text, _ in self.bare).removeprefix("原创").split()]
        pieces = [piece for piece in pieces if piece]
        if len(pieces) > 1 and pieces[0] != pieces[-1]:
            self.guesses["author"] = " ".join(pieces[:-1])
        if pieces:
            self.guesses["source"] = pieces[-1]

    def _guess(self) -> None:
        """Names beside a date: a reporter's, a user's or a publisher's."""
        for piece, side in self.bare:
            value = piece if piece.isalnum() else name(_OPENING.split(piece)[0])
            if address := url_in(value):
                self.guesses.setdefault("url", address)
                value = name(value.replace(address, ""))
            account = _ACCOUNT.fullmatch(value)
            if account and account["account"]:
                self.guesses.setdefault("source", account["account"])
            elif not account:
                self._guess_names(value, side)

    def _guess_names(self, value: str, side: str) -> None:
        pieces = [value] if NAMES.fullmatch(value) else value.split()
        for piece in pieces:
            if reporter := _REPORTER.fullmatch(piece):
                self.guesses.setdefault("author", reporter["names"])
            elif is_publisher(fold(piece).removesuffix("讯")):
                self.guesses.setdefault("source", piece.removesuffix("讯").removesuffix("訊"))
            elif NAMES.fullmatch(piece) or _TOGETHER.fullmatch(piece):
                self.guesses.setdefault("author", piece)
            else:
                self.vague = True
                if self.exact and len(pieces) == 1 and _WORD.fullmatch(piece):
                    # a writer stands before the date, or a short title; a publisher after it
                    if side == "after":
                        self.guesses.setdefault("source", piece)
                    elif side == "before" and len(piece) <= 5:
                        self.guesses.setdefault("author", piece)


def _says_nothing(word: str) -> bool:
    return bool(_FILLER.fullmatch(word) or _SENT.fullmatch(word))


def _unbuttoned(value: str) -> str:
    """A value without the buttons that stand behind it on the page."""
    words = value.split(" ")
    while len(words) > 1 and _FILLER.fullmatch(fold(words[-1])):
        words.pop()
    return " ".join(words)
