"""Notes of converters go, glosses of authors stay, and shifted bytes come back."""

from __future__ import annotations

import random
import unicodedata
from pathlib import Path

import pytest
from contract import cases, holds, is_linear, pickles
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spinner import FOLD, read_cp936, spin, table_for

from cleanzh.filters import remove_pinyin_notes
from cleanzh.lexicon.readings import readings, syllables, toneless

SEED = (Path(__file__).parent.parent / "seeds" / "001_004353ab05bf9ada.txt").read_text("utf-8")

PAGE = """\
<p>以OPPO全面入駐為起點，雙方將進一步合作。“我們會繼續努力。”他說道。</p>
<p>去年的增長達到219.8%。私域對于電商交易總額的貢獻遠超公域，市場規模可達6萬億元。</p>
<p>據了解，公司運營中心負責人介紹說：“品牌的發展離不開技術創新！”</p>
<p>目前，該項目已經進入實施階段，預計將帶動當地就業。快手電商SKA負責人表示，因為我們拍攝過許多短片。</p>
<p>網絡安全是基礎，經過多年建設，產業結構不斷優化，質量和效益不斷提高。</p>"""


@pytest.mark.parametrize("case", cases("pinyin"))
def test_case(case: dict[str, str]) -> None:
    assert remove_pinyin_notes(case["before"]) == case.get("after", case["before"])
    holds(remove_pinyin_notes, case["before"])


@pytest.mark.parametrize(
    "sentence",
    [
        "以OPPO全面入駐京東之家為起點",
        "“不要騙老鐵。”</p>",
        "219.8% 。私域對于電商交易總額的貢獻遠超公域。",
        "戰略布局的第二個方向。快手電商SKA品牌運營中心負責人",
        "‘快手電商是一個品牌的沃土’。”</p>",
        "“確定性”這個問題。“品牌在快手電商面臨最大的問題不是不知道",
        "到底確定性的資源在哪兒。”</p>",
        "預計2025年市場規模可達6萬億元。",
        "因為品牌的更替或者我們的商家的更替,都是永遠存在的",
    ],
)
def test_seed_001(sentence: str) -> None:
    assert sentence in remove_pinyin_notes(SEED)


def test_no_note_is_left_in_seed_001() -> None:
    cleaned = remove_pinyin_notes(SEED)
    marked = {reading for reading in syllables() if reading != toneless(reading)}
    assert not [reading for reading in marked if f"({reading})" in cleaned or f"?{reading})" in cleaned]
    assert "Specify supply)" in cleaned


@pytest.mark.parametrize("fold", [False, True], ids=["wide", "folded"])
@pytest.mark.parametrize("inner_blank", [False, True], ids=["tight", "blank"])
@pytest.mark.parametrize("seed", range(4))
def test_what_the_converter_does_is_undone(seed: int, inner_blank: bool, fold: bool) -> None:
    rng = random.Random(seed)
    spun = spin(PAGE, table_for(PAGE, rng), rng, private=True, inner_blank=inner_blank, fold=fold)
    plain = spin(PAGE, {}, rng, blanks=0, fold=fold)
    assert spun != plain
    cleaned = remove_pinyin_notes(spun)
    lines = list(zip(cleaned.replace("</p>", "").split("\n"), plain.split("\n"), strict=True))
    assert [got for got, _ in lines] == [wanted for _, wanted in lines]


@pytest.mark.parametrize(
    ("page", "found", "table"),
    [
        ("以OPPO全面入駐", "以O(shè)PPO全面入駐", {"設": "shè"}),
        ("因為我們拍攝過", "因?yàn)槲覀兣臄z過", {"驗": "yàn"}),
        ("方向。快手電商SKA", "方向？？焓蛛娚蘏KA", {}),
        ("老鐵。”</p>", "老鐵？！？/p>", {}),
        ("市場規模可達6萬億元", "市場規(guī)？？蛇_(dá)6萬億元", {"規": "guī", "達": "dá"}),
        ("域對于電商交易總額的", "域?qū)τ陔娚探灰卓傤~的", {"驅": "qū"}),
    ],
)
def test_the_simulator_is_true_to_the_pages(page: str, found: str, table: dict[str, str]) -> None:
    rng = random.Random(0)
    assert spin(page, table, rng, blanks=1, private=True).translate(FOLD) == found.translate(FOLD)


def test_windows_reads_a_lead_byte_with_what_follows() -> None:
    assert read_cp936(b"\xd2\xf2\x9e(y)") == "因?y)"
    assert read_cp936(b"\x80\xa1") == "€?"
    assert read_cp936(b"\xaa\xa1A") == "A"
    assert read_cp936(b"\xaa\xa1A", private=True) == "\ue000A"


def test_readers_that_mark_the_lost_byte() -> None:
    spun = "他寫道：“因\ufffd(yàn)槲覀兣臄z過(guò)許多短片”"
    assert remove_pinyin_notes(spun) == "他寫道：“因為我們拍攝過許多短片”"


def test_decomposed_tone_marks() -> None:
    spun = unicodedata.normalize("NFD", "發(fā)布時(shí)間和專(zhuān)業(yè)服務(wù)")
    assert remove_pinyin_notes(spun) == "發布時間和專業服務"


def test_what_nothing_determines_stays_lost() -> None:
    page = "公司發展迅速，員工數量達到總人口的61.7%，將進一步提高"
    table = {"發": "fā", "數": "shù", "進": "jìn", "丝": "sī", "肆": "sì", "總": "zǒng", "將": "jiāng"}
    spun = spin(page, table, random.Random(0)).replace("總(zǒng)人口的6", "總?cè)丝诘?")
    cleaned = remove_pinyin_notes(spun)
    assert cleaned.startswith("公司發展迅速，員工數量達到總人口")
    assert cleaned.endswith("?1.7%，將進一步提高")


def test_rules() -> None:
    rules = {edit.rule for edit in remove_pinyin_notes.edits(SEED)}
    assert rules <= {"pinyin.note", "pinyin.note-with-spam", "pinyin.shifted-bytes"}
    assert {"pinyin.note", "pinyin.shifted-bytes"} <= rules


def test_readings() -> None:
    assert readings("驗") == ("yàn",)
    assert toneless("lüè") == "lve"
    assert len(syllables()) > 1500
    assert readings("?") == ()


def test_pickles() -> None:
    pickles(remove_pinyin_notes)


PIECES = [
    *["戰(zhàn)", "戰", "?", "？", "！", "!", "(zhàn)", "yàn)", "槲覀兣臄z", "因", "焓蛛娚蘏", "/p>", "\ufffd"],
    *["學(xué直播)", "以O(shè)", "”", "。", "a", "1", "\ud800", "€", "\ue000", " ", "\n"],
]


@settings(deadline=None)  # the first call reads the tables
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=30).map("".join)))
@example("戰(zhàn)略因?yàn)?yàn)槲")
@example("發(fā)展?！?")
def test_any_text(text: str) -> None:
    holds(remove_pinyin_notes, text)


@pytest.mark.parametrize(
    "unit", ["(", "?", "？！", "锟斤拷", "?!拔", "戰(zhàn)", "(zhàn", "?yàn)", "甲?！乙丙", "學(xué直", "因?yàn)槲"]
)
def test_linear(unit: str) -> None:
    is_linear(remove_pinyin_notes, unit)
