"""Text decoded with the wrong charset, and what must not be taken for it."""

from __future__ import annotations

import json
import pickle
import re
import time
from operator import and_
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanzh.edits import apply
from cleanzh.filters import fix_mojibake
from cleanzh.filters.mojibake.doubt import doubtful
from cleanzh.filters.mojibake.gate import suspicious_lines
from cleanzh.filters.mojibake.programs import PROGRAMS, Program, damaged
from cleanzh.filters.mojibake.recover import recover
from cleanzh.filters.mojibake.repair import repair_line
from cleanzh.filters.mojibake.western import LEAD_AND_TRAIL
from cleanzh.lexicon import strange
from cleanzh.lexicon.bigrams import rarer_than
from cleanzh.lexicon.damage import about_charsets, irreparable_spans

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures" / "mojibake"


def cases(name: str) -> list[object]:
    lines = (FIXTURES / f"{name}.jsonl").read_text("utf-8").strip().split("\n")
    marks = [pytest.mark.xfail(strict=True)] if name == "known_failure" else []
    samples = [json.loads(line) for line in lines]
    return [pytest.param(sample, id=sample["id"], marks=marks) for sample in samples]


@pytest.mark.parametrize("case", [*cases("wild"), *cases("synthetic"), *cases("negative"), *cases("known_failure")])
def test_case(case: dict[str, str]) -> None:
    after = fix_mojibake(case["before"])
    assert after == case.get("after", case["before"])
    assert fix_mojibake(after) == after
    assert apply(case["before"], fix_mojibake.edits(case["before"])) == after


@pytest.mark.parametrize("name", ["wild", "synthetic", "negative", "known_failure"])
def test_fixtures_are_in_order(name: str) -> None:
    ids = [json.loads(line)["id"] for line in (FIXTURES / f"{name}.jsonl").read_text("utf-8").strip().split("\n")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", sorted((ROOT / "seeds").glob("*.txt")), ids=lambda path: path.stem)
def test_whole_documents(path: Path) -> None:
    """An article read as Latin-1 comes back, and one that is not damaged stays."""
    text = path.read_text("utf-8")
    clean = fix_mojibake(text)
    assert fix_mojibake(clean) == clean
    lines = [line for line in clean.split("\n") if sum("一" <= char <= "鿿" for char in line) > 15]
    damaged = [line.encode("gb18030").decode("latin-1") for line in lines]
    assert [fix_mojibake(line) for line in damaged] == lines


@pytest.mark.parametrize("program", PROGRAMS, ids=["replaced", "ignored", "windows", "blank-eaten", "gb18030"])
@pytest.mark.parametrize(
    "line",
    [
        "本周末图书馆将举办一场旧书交换活动，欢迎附近的居民参加。",
        "第二十三条 申请人应当在三十日内提交材料，逾期不予受理。",
        "圖書館週末將舉辦舊書交換活動，歡迎附近的居民參加。",
    ],
)
def test_lost_bytes_as_each_program_loses_them(program: Program, line: str) -> None:
    shown = damaged(program, line)
    found = recover(shown)
    assert found is not None
    assert sum(a == b for a, b in zip(found, line, strict=True)) >= len(line) - 2
    assert len(shown.replace("?", "")) < len(line.encode().decode("gb18030", "replace"))


@pytest.mark.parametrize("program", PROGRAMS[:2], ids=["replace", "ignore"])
def test_a_program_is_what_python_does(program: Program) -> None:
    for line in ("今天，我们在三楼开会。", "價格是 3 元？", "ABC！", "第七章·完"):
        wanted = line.encode().decode("gbk", "replace" if program.mark else "ignore").replace("\ufffd", "?")
        assert damaged(program, line) == wanted


@settings(deadline=None)  # the first text reads the model
@given(st.text(max_size=40))
def test_what_was_recovered_is_shown_so_again(text: str) -> None:
    found = recover(text)
    assert found is None or "\ufffd" in found + text or text in {damaged(program, found) for program in PROGRAMS}


def test_a_line_among_clean_ones() -> None:
    clean = "今天的会议改到下午三点。\n请大家准时参加，不要迟到。\n"
    text = clean + "地点在三楼的大会议室".encode().decode("gb18030") + "\n" + clean
    assert fix_mojibake(text) == clean + "地点在三楼的大会议室\n" + clean
    (edit,) = fix_mojibake.edits(text)
    assert edit.rule == "mojibake.utf-8-as-gbk"
    assert edit.start >= len(clean)


def test_two_runs_in_a_line() -> None:
    first, second = ("这家面馆开了二十年没有涨价", "附近的居民每天都来排队吃面")
    text = f"记者看到，{first.encode().decode('latin-1')}，而且{second.encode().decode('latin-1')}，生意很好。"
    assert fix_mojibake(text) == f"记者看到，{first}，而且{second}，生意很好。"


def test_lost_bytes_leave_no_worse_text() -> None:
    text = "今年的秋天来得特别早，山上的枫叶已经红了一半。"
    for charset in ("gbk", "big5", "cp1252"):
        for errors in ("replace", "ignore"):
            damaged = text.encode().decode(charset, errors)
            kept = sum(char in text for char in fix_mojibake(damaged))
            assert kept >= sum(char in text for char in damaged)
            if charset == "gbk":
                assert kept > 0.9 * len(text)


RARE = st.text(st.sampled_from("的我们芃芃赑屃魑魅魍魉棫朴，。 a1中人か浣犲é한"), min_size=1, max_size=40)


@given(st.lists(RARE, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_what_is_not_doubtful_is_not_repaired(lines: list[str]) -> None:
    for line, doubt in zip(lines, doubtful(lines), strict=True):
        assert doubt or not repair_line(line)


def test_rare_names_are_not_doubtful() -> None:
    assert doubtful(["魑魅魍魉都在山林里，谁也没有见过它们。"]) == [False]


@pytest.mark.parametrize("before", ["", "😀\n", "\ud800\udc00\n", "한국어\n", "café\n"])
def test_suspicious_lines_have_their_places(before: str) -> None:
    text = before + "今天的会议改到下午三点。\n浣犲ソ锛屼笘鐣岋紝\n请大家准时参加，不要迟到。"
    (span,) = suspicious_lines(text)
    assert text[slice(*span)] == "浣犲ソ锛屼笘鐣岋紝"


def test_it_pickles() -> None:
    assert pickle.loads(pickle.dumps(fix_mojibake))("ÄãºÃ£¬ÊÀ½ç") == "你好，世界"  # noqa: S301


_PIECES = [
    "é",
    "Ã©",
    "锛",
    "鐨勬",
    "浣犲ソ",
    "\ufffd",
    "?",
    "锟斤拷",
    "한",
    "中",
    "ｱ",
    "ÄãºÃ",
    "\ue000",
    "\n",
    " ",
    "a",
    "€",
    "—",
]


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(_PIECES), max_size=25).map("".join)))
def test_any_text(text: str) -> None:
    after = fix_mojibake(text)
    assert apply(text, fix_mojibake.edits(text)) == after
    assert fix_mojibake(after) == after


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["utf-8", "gb18030", "big5"]),
    st.sampled_from(["latin-1", "gb18030", "big5", "cp949", "cp932", "cp866", "cp437"]),
    st.text(alphabet="的一是在不了有和人这中大为上个国我以要他，。", min_size=12, max_size=60),
)
def test_damage_is_undone_or_left(written: str, read: str, text: str) -> None:
    damaged = text.encode(written, "ignore").decode(read, "replace")
    after = fix_mojibake(damaged)
    assert fix_mojibake(after) == after


@pytest.mark.parametrize("unit", ["?", "(", "锟斤拷", "\ufffd", "é", "鐨勬", "Äã啊", "가中"])
def test_time_is_linear(unit: str) -> None:
    """Ten times the text takes about ten times as long: measured against itself, with room for a busy machine."""

    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        start = time.process_time()
        fix_mojibake(text)
        return time.process_time() - start

    seconds(2000)
    assert seconds(80_000) < 30 * seconds(8_000) + 1


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("欢迎光临锟斤拷锟斤拷的主页", [(4, "锟斤拷锟斤拷")]),
        ("姓名：\ufffd\ufffd\ufffd", [(3, "\ufffd\ufffd\ufffd")]),
        ("hello烫烫烫烫烫", [(5, "烫烫烫烫烫")]),
        ("屯屯屯屯屯屯屯屯", [(0, "屯屯屯屯屯屯屯屯")]),
        ("乱码“锟斤拷”的由来", []),
        ("手持两把“锟斤拷”，口中疾呼", []),
        ("为什么未初始化的变量显示成烫烫烫烫？", []),
        ("这茶好烫，烫烫烫烫！", []),
        ("烫烫烫", []),
        ("屯屯", []),
        ("拷贝文件", []),
    ],
)
def test_what_cannot_be_mended(text: str, spans: list[tuple[int, str]]) -> None:
    assert irreparable_spans(text) == spans
    assert fix_mojibake(text) == text


def test_a_line_about_charsets_keeps_its_example() -> None:
    example = "今天天气很好我们去公园".encode().decode("gb18030", "replace")
    assert about_charsets("常见的乱码")
    text = (
        f"把 UTF-8 的文件当作 GBK 打开，就会看到乱码，例如“{example}”，"
        "其实原来的意思是今天天气很好，我们去公园，并没有别的内容。"
    )
    assert fix_mojibake(text) == text


STRANGE = {
    *map(chr, rarer_than(-12.5)),
    *re.findall(f"[{strange._TYPICAL}{strange._STRANGE}]", "".join(map(chr, range(0x10000)))),
}


def may_be_damaged(line: str) -> bool:
    """What the gate looks for, character by character."""
    places = [place for place, char in enumerate(line) if char in STRANGE or "─" <= char <= "▟"]
    several = any(
        line[first] in STRANGE and second - first <= 4 and min(third, len(line)) - second <= 5
        for first, second, third in zip(places, places[1:], [*places[2:], len(line)], strict=False)
    )
    hangul = ["가" <= char <= "힣" for char in line]
    han = ["一" <= char <= "鿿" or "ぁ" <= char <= "ヿ" for char in line]
    mixed = any(map(and_, hangul, han[1:])) or any(map(and_, han, hangul[1:]))
    return several or mixed or LEAD_AND_TRAIL.search(line) is not None


@given(st.text(max_size=80) | st.text("今天天é鐨浣犲하한글─█\ue000\n一 ñ€Ãか", min_size=21, max_size=120))
@settings(max_examples=500, deadline=None)
def test_the_gate_finds_what_may_be_damaged(text: str) -> None:
    if len(text) <= 20 or text.isascii():
        return
    lines = [text[start:end] for start, end in suspicious_lines(text)]
    assert lines == [line for line in text.split("\n") if may_be_damaged(line)]
