"""The removal budget: a document that would lose more than half stays whole."""

from __future__ import annotations

from cleanzh.budget import exceeds_budget
from cleanzh.document import restore
from cleanzh.filters import decode_entities, remove_metadata, remove_repeats
from cleanzh.pipeline import Pipeline

LINE = "这是一段足够长的文字，用来试验重复的段落，它的字数超过了四十个，所以不会被当作诗行或者标题来对待。"


def test_share_and_floor() -> None:
    assert exceeds_budget("汉" * 100, "汉" * 101)
    assert not exceeds_budget("汉" * 100, "汉" * 100)
    assert not exceeds_budget("", "汉" * 199)
    assert not exceeds_budget("汉" * 300, "no Han at all, however long it may be" * 100)
    assert exceeds_budget("汉" * 90, "汉" * 110, share=0.5, floor=200)
    assert not exceeds_budget("汉" * 90, "汉" * 110, share=0.6)


def test_removals_are_undone_and_repairs_stay() -> None:
    text = "\n".join([LINE + "&ldquo;好&rdquo;"] * 8)
    kept = Pipeline(decode_entities, remove_repeats, max_removed=0.5).explain(text)
    assert kept.text == "\n".join([LINE + "“好”"] * 8)
    assert [flag.name for flag in kept.flags] == ["budget.exceeded"]
    assert restore(kept) == text
    free = Pipeline(decode_entities, remove_repeats).explain(text)
    assert free.text == LINE + "“好”"
    assert not free.flags


def test_a_document_within_its_budget_is_cleaned() -> None:
    rest = "\n".join(
        f"{number}、另外的一段文字，和别的段落都不一样，写在这里是为了让文章长一些，再长一些。" for number in range(9)
    )
    text = f"{LINE}\n{LINE}\n{rest}"
    assert Pipeline(remove_repeats, max_removed=0.5)(text) == f"{LINE}\n{rest}"


def test_what_stands_around_an_article_does_not_count() -> None:
    article = "\n".join(f"{number}、一段文字，和别的段落都不一样，写在这里是为了让文章长一些。" for number in range(9))
    headers = "\n".join(
        f"2023-04-{day:02} 09:30:00 来源：江城晚报 作者：王小明 责任编辑：李大江 阅读：{day}" for day in range(1, 29)
    )
    cleaned = Pipeline(remove_metadata, max_removed=0.5).explain(f"{headers}\n{article}")
    assert cleaned.text == article
    assert not cleaned.flags
