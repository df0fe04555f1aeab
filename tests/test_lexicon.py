"""The data of the lexicon, and what it says of texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanzh.lexicon import bigrams, sentences, wording, words

DATA = Path(bigrams.__file__).parent
SEEDS = sorted((Path(__file__).parent.parent / "seeds").glob("*.txt"))

SIMPLIFIED = "京东与供应商签署战略合作协议，双方将在智能家居领域展开合作。"
TRADITIONAL = "京東與供應商簽署戰略合作協議，雙方將在智能家居領域展開合作。"


def test_the_file_is_small_and_licensed() -> None:
    assert (DATA / "bigrams.npz").stat().st_size <= 1_000_000
    assert "Sun Junyi" in (DATA / "LICENSE-jieba").read_text("utf-8")


def test_the_arrays_fit_each_other() -> None:
    with np.load(DATA / "bigrams.npz", allow_pickle=False) as data:
        firsts, counts = data["firsts"].astype(int), data["counts"].astype(int)
        assert (np.diff(firsts) > 0).all()
        assert counts.min() > 0
        assert counts.sum() == len(data["steps"]) == len(data["pairs"])
        assert data["begin"].shape == data["end"].shape == (0x10000,)
    model = bigrams._model()
    assert (np.diff(model.keys.astype(np.int64)) > 0).all()
    han = (model.keys >> 16 >= 0x3007) & (model.keys & 0xFFFF >= 0x3007)
    assert han.all()


@pytest.mark.parametrize("text", [SIMPLIFIED, TRADITIONAL], ids=["simplified", "traditional"])
def test_both_scripts_read_as_chinese(text: str) -> None:
    assert bigrams.score(text) > -6.5


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("utf-8", "gb18030"),
        ("utf-8", "big5hkscs"),
        ("utf-8", "latin-1"),
        ("gb18030", "latin-1"),
        ("gb18030", "big5hkscs"),
        ("gb18030", "euc-kr"),
        ("gb18030", "shift_jis"),
    ],
)
@pytest.mark.parametrize("text", [SIMPLIFIED, TRADITIONAL], ids=["simplified", "traditional"])
def test_the_wrong_charset_does_not(text: str, written: str, read: str) -> None:
    damaged = text.encode(written).decode(read, "replace")
    assert bigrams.score(damaged) < bigrams.score(text) - 3


def test_common_pairs_are_known_in_both_scripts() -> None:
    words = ["我们", "我們", "公司", "發展", "发展", "设备", "設備", "歷史", "历史", "范围", "範圍", "范圍"]
    strangers = [word[0] + "鏄" for word in words]
    for word, stranger in zip(bigrams.scores(words), bigrams.scores(strangers), strict=True):
        assert word > stranger + 3


@given(st.lists(st.text(max_size=80), max_size=4))
def test_arrays_and_tables_say_the_same(texts: list[str]) -> None:
    for text, value in zip(texts, bigrams.scores(texts), strict=True):
        profile = bigrams.profile(text)
        assert len(profile) == len(text)
        assert value == pytest.approx(float(profile.mean()) if text else 0.0, abs=1e-3)


def test_inside_a_word_is_the_profile_against_two_words() -> None:
    pairs = ["公司", "司的", "的的", "龘好", "增长"]
    for pair in pairs:
        whole, (_, across) = bigrams.profile(pair), bigrams.profile(f"，{pair[1]}")
        end = bigrams.profile(f"{pair[0]}，")[1] - bigrams.profile("，")[0]
        assert bigrams.inside(pair) == pytest.approx(float(whole[1] - end - across), abs=1e-3)
    assert bigrams.inside("公司") > 3 > bigrams.inside("司的")


def test_any_string_is_scored() -> None:
    for text in ("", "\ud800", "\x00", "😀", "\U00020000", "\U0010ffff", "\ufffd" * 100_000):
        assert -40 < bigrams.score(text) <= 0


def test_rare_is_worse_than_common_and_damage_worst() -> None:
    common, rare, private = bigrams.scores(["的", "龘", "\ue000"])
    assert common > rare > private == bigrams.FLOOR


@pytest.mark.parametrize("limit", [-30.0, -14.0, -12.5, -10.0, 5.0])
def test_what_is_rare_is_told_without_arrays_as_with_them(limit: float) -> None:
    begin = bigrams._model().begin
    han = [code for low, high in bigrams._HAN for code in range(low, high + 1)]
    assert bigrams.rarer_than(limit) == [code for code in han if begin[code] < limit]
    assert bigrams.usual(limit) == [code for code in range(0x4E00, 0xA000) if begin[code] >= limit]


def test_the_sentences_are_small_and_licensed() -> None:
    assert (DATA / "sentences.npz").stat().st_size <= 1_700_000
    assert "Apache Lucene" in (DATA / "LICENSE-lucene").read_text("utf-8")


def test_the_arrays_of_sentences_fit_each_other() -> None:
    with np.load(DATA / "sentences.npz", allow_pickle=False) as data:
        assert data["start"].shape == data["back"].shape == (0x10000,)
        assert len(data["firsts"]) == len(data["counts"])
        assert data["counts"].sum() == len(data["steps"]) == len(data["pairs"])
        assert len(data["contexts"]) == len(data["contexts2"]) == len(data["counts3"])
        assert len(data["contexts"]) == len(data["back3"]) == len(data["begin3"])
        assert data["counts3"].sum() == len(data["steps3"]) == len(data["triples"])
        contexts = data["contexts"].astype(np.int64) << 16 | data["contexts2"]
        assert (np.diff(contexts) > 0).all()


@pytest.mark.parametrize(
    ("before", "right", "wrong"),
    [("不允", "许", "被"), ("不允", "許", "被"), ("公司", "的", "司"), ("我们", "要", "被"), ("2024", "年", "罅")],
)
def test_what_follows_in_a_sentence(before: str, right: str, wrong: str) -> None:
    likely, unlikely = sentences.following(before, right + wrong)
    assert likely > unlikely


def test_words_and_messages_are_small_and_licensed() -> None:
    assert (DATA / "words.npz").stat().st_size <= 320_000
    assert (DATA / "messages.npz").stat().st_size <= 260_000
    licence = (DATA / "LICENSE-messages").read_text("utf-8")
    assert all(name in licence for name in ("Home Assistant", "Visual Studio Code", "Project Jupyter"))


def test_the_arrays_of_words_and_messages_fit_each_other() -> None:
    with np.load(DATA / "words.npz", allow_pickle=False) as data:
        lengths = data["lengths"]
        assert lengths.sum() == len(data["values"])
        assert (lengths * np.arange(len(lengths))).sum() == len(data["codes"])
    with np.load(DATA / "messages.npz", allow_pickle=False) as data:
        assert len(data["firsts"]) == len(data["seconds"]) == len(data["thirds"]) == len(data["counts"])
        keys = np.cumsum(data["firsts"], dtype=np.int64) << 32 | data["seconds"].astype(np.int64) << 16 | data["thirds"]
        assert (np.diff(keys) > 0).all()
        assert data["counts"].min() > 0


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("请告诉我", "警告诉我"), ("文献中检索", "文献中科索"), ("請告訴我", "警告訴我"), ("今天开会", "令天开会")],
)
def test_words_are_told_from_characters_that_only_look_like_them(right: str, wrong: str) -> None:
    assert words.segmented(right) > words.segmented(wrong)


@pytest.mark.parametrize(
    ("before", "right", "wrong"), [("\n\n", "请", "被"), ("。", "请", "警"), ("使用", "者", "諸"), ("正在", "加", "仗")]
)
def test_what_follows_in_a_message(before: str, right: str, wrong: str) -> None:
    likely, unlikely = wording.following(("\n" + before)[-2:], right + wrong)
    assert likely > unlikely


@settings(deadline=None)
@given(st.text(min_size=2, max_size=4), st.text(min_size=1, max_size=20))
def test_what_follows_is_a_probability(before: str, chars: str) -> None:
    assert all(value < 1e-6 for value in wording.following(before, chars))
    assert words.segmented(chars) < 0


@settings(deadline=None)  # the first text reads the model
@given(st.text(min_size=2, max_size=3), st.text(max_size=5))
def test_anything_may_follow_anything(before: str, chars: str) -> None:
    values = sentences.following(before, chars)
    assert len(values) == len(chars)
    assert all(-40 < value <= 0 for value in values)
