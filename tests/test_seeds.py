"""The five seed documents, end to end, against goldens written by hand."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, SEEDS, aside, tree

from cleanzh.restoring import restore_files
from cleanzh.run import clean_files

GOLDENS = ROOT / "fixtures/goldens"
CLEAN, SPUN, HOLED, ECHOED, ENGLISH = sorted(path.name for path in SEEDS.glob("*.txt"))

# What the goldens leave open: keyword phrases and the marks of a dead mention in 003, which one may see either way.
OPEN = re.compile(r"哪里有快手号出售|快手卖号|[@>]|[.。…”\"]+$", re.MULTILINE)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seeds") / "out"
    clean_files([SEEDS], folder)
    return folder


def canonical(text: str) -> str:
    """Text with widths folded, and without blanks: both are judged by tests of their own."""
    return OPEN.sub("", re.sub(r"[^\S\n]", "", unicodedata.normalize("NFKC", text))).strip()


def entry(out: Path, name: str) -> dict[str, Any]:
    lines = (out / "_cleanzh/ledger.jsonl").read_text(encoding="utf-8").splitlines()
    return next(line for line in map(json.loads, lines) if line["id"] == name)


@pytest.mark.parametrize("name", [CLEAN, SPUN, HOLED, ECHOED])
def test_golden(out: Path, name: str) -> None:
    golden = canonical((GOLDENS / name).read_text(encoding="utf-8")).split("\n")
    found = canonical((out / name).read_text(encoding="utf-8")).split("\n")
    for number, (expected, line) in enumerate(zip(golden, found, strict=False), 1):
        pattern = re.sub(r"\\\{.*?\\\}", ".{10,40}", re.escape(expected))  # {…} stands for what only a guess could give
        assert re.fullmatch(pattern, line), f"line {number}"
    assert len(found) == len(golden)


def test_only_folded_marks_of_the_clean_one_change(out: Path) -> None:
    before, after = ((folder / CLEAN).read_text(encoding="utf-8") for folder in (SEEDS, out))
    assert after.splitlines()[11] == "01"
    assert len(before) == len(after)
    changed = {(old, new) for old, new in zip(before, after, strict=True) if old != new}
    assert changed == {(",", "，"), (";", "；"), (":", "："), ("!", "！"), ("?", "？"), ("(", "（"), (")", "）")}


PHRASES = {
    SPUN: (
        "以OPPO全面入驻京东之家为起点",
        "“不要骗老铁。”\n",
        "私域对于电商交易总额的贡献远超公域。\n",
        "战略布局的第二个方向。快手电商SKA品牌运营中心负责人",
        "‘快手电商是一个品牌的沃土’。”\n",
        "“确定性”这个问题。“品牌在快手电商面临最大的问题不是不知道",
        "到底确定性的资源在哪儿。”\n",
        "预计2025年市场规模可达6万亿元。",
        "或者我们的商家的",
        "，都是永远存在的",
    ),
    ECHOED: ("5月10日，董明珠", "提高GMV变现效率，实现", "供应链资源，而这正是", "电商业务外，与品牌合作"),
    HOLED: ("不过，。", "合作的用意：。", "市场的背后，。", "在宋晓鹏看来，。"),
}


@pytest.mark.parametrize(
    ("name", "phrase"), [(name, phrase) for name, phrases in PHRASES.items() for phrase in phrases]
)
def test_phrase_to_the_letter(out: Path, name: str, phrase: str) -> None:
    assert phrase in (out / name).read_text(encoding="utf-8")


GONE = {
    SPUN: ("咨询", "推荐阅读", "幕", "扫码", "登录", "/p>", "zh", "阅读:"),
    HOLED: ("源自", "阅读(", "欢迎分享"),
    ECHOED: ("作者", "霓虹灯", "联系方式", "本站", "网址", "复制"),
}


@pytest.mark.parametrize(("name", "word"), [(name, word) for name, words in GONE.items() for word in words])
def test_dirt_is_gone(out: Path, name: str, word: str) -> None:
    assert word not in unicodedata.normalize("NFKC", (out / name).read_text(encoding="utf-8"))


def test_no_pinyin_note_is_left(out: Path) -> None:
    assert not re.search(r"[（(][a-zà-ǜ]+[)）]", (out / SPUN).read_text(encoding="utf-8"))


def test_the_title_stays_once_at_the_top(out: Path) -> None:
    text = (out / ECHOED).read_text(encoding="utf-8")
    title = text.split("\n", 1)[0]
    assert canonical(title) == "快手电商的运营规则是:快手破圈:从源头好货到品牌战略到快手分销库"
    assert text.count("快手电商的运营规则是") == 1
    assert (out / SPUN).read_text(encoding="utf-8").startswith("京东与OPPO全渠道战略合作加速推进\n")


def test_headers_become_metadata(out: Path) -> None:
    spun, holed = entry(out, SPUN)["metadata"], entry(out, HOLED)["metadata"]
    assert (spun["published"], spun["category"], spun["views"]) == ("2022-03-26T22:15", "淘宝运营", "172")
    assert (holed["published"], holed["author"], holed["views"]) == ("2023-01-10T18:00:02", "it谈话网", "218")
    assert holed["url"] == "https://www.it-th.com"
    assert "source" in holed


def test_holes_are_flagged(out: Path) -> None:
    flags = entry(out, HOLED)["flags"]
    text = (out / HOLED).read_text(encoding="utf-8")
    assert [flag["name"] for flag in flags].count("damage.hole") == 4
    assert all(text.startswith(flag["text"], flag["start"]) for flag in flags)


def test_english_is_set_aside_with_its_text(out: Path) -> None:
    assert aside(out) == {ENGLISH: "not_chinese"}
    assert not (out / ENGLISH).exists()
    assert (out / "_cleanzh/set_aside" / ENGLISH).read_bytes() == (SEEDS / ENGLISH).read_bytes()


def test_its_own_output_does_not_change(out: Path, tmp_path: Path) -> None:
    clean_files([out], tmp_path / "again")
    ignore = ("_cleanzh",)
    first = {name: data for name, data in tree(out).items() if not name.startswith(ignore)}
    again = {name: data for name, data in tree(tmp_path / "again").items() if not name.startswith(ignore)}
    assert first == again
    assert json.loads((tmp_path / "again/_cleanzh/summary.json").read_text())["rules"] == {}


def test_restore_gives_back_every_byte(out: Path, tmp_path: Path) -> None:
    report = restore_files(out, tmp_path / "back")
    assert report.problems == []
    seeds = {name: data for name, data in tree(SEEDS).items() if name.endswith(".txt")}
    assert tree(tmp_path / "back") == seeds


def test_jobs_do_not_matter(out: Path, tmp_path: Path) -> None:
    clean_files([SEEDS], tmp_path / "out", jobs=2)
    ignore = ("_cleanzh/summary.json", "_cleanzh/report.html")  # tell how long it took
    assert tree(tmp_path / "out", ignore=ignore) == tree(out, ignore=ignore)
    one, two = (json.loads((folder / "_cleanzh/summary.json").read_text()) for folder in (out, tmp_path / "out"))
    one.pop("throughput")
    two.pop("throughput")
    assert one == two
