"""``remove_title_echoes``: what goes and what stays."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from contract import cases
from hypothesis import given
from hypothesis import strategies as st

from cleanzh.edits import apply
from cleanzh.filters import remove_title_echoes

SEEDS = Path(__file__).parent.parent / "seeds"


@pytest.mark.parametrize("case", cases("echoes"))
def test_fixture(case: dict[str, Any]) -> None:
    assert remove_title_echoes(case["before"]) == case.get("after", case["before"])


def test_pickles() -> None:
    assert pickle.loads(pickle.dumps(remove_title_echoes)) is remove_title_echoes  # noqa: S301 (our own object)


TITLE = "养猫的注意事项是：新手必读：从买粮到看病到绝育"
pieces = st.sampled_from([TITLE, TITLE[:8], "，", "。", "\n", " ", "猫", "“", "快手卖号，"])


@given(st.lists(pieces | st.text(max_size=3), max_size=20).map("".join))
def test_any_text(text: str) -> None:
    text = f"{TITLE}\n{text}"
    once = apply(text, remove_title_echoes.edits(text))
    assert once.startswith(TITLE)
    assert remove_title_echoes(once) == once


def test_the_echoes_of_seed_003() -> None:
    text = next(SEEDS.glob("003*")).read_text(encoding="utf-8")
    after = remove_title_echoes(text)
    phrase = "快手电商的运营规则是"
    assert after.startswith(phrase)
    assert after.count(phrase) == 1
    for joined in (
        "5月10日,董明珠带货",
        "从而提高GMV变现效率,实现流量价值",
        "供应链资源,而这正是",
        "快手的电商业务外,与品牌合作",
        "带来了一定的障碍,腰尾商家",
        "“快手产品”,即在快手门店",
    ):
        assert joined in after.replace("，", ",")


@pytest.mark.parametrize("name", ["000", "001", "002", "004"])
def test_other_seeds_have_none(name: str) -> None:
    text = next(SEEDS.glob(f"{name}*")).read_text(encoding="utf-8")
    assert remove_title_echoes.edits(text) == []
