"""Which names are a publisher's, and which a writer's."""

from __future__ import annotations

from cleanzh.filters.metadata.folding import fold
from cleanzh.filters.metadata.labels import PERSONS
from cleanzh.patterns import lazily

__all__ = ["NAMES", "is_publisher", "paper_and_writer"]

# What publishers' names end with, and what they and what offices do end with.
_PUBLISHERS = (
    *("网", "报", "社", "新闻", "在线", "客户端", "号", "台", "频道", "杂志", "周刊", "中心", "委", "局", "科技"),
    *("快讯", "财经", "体育", "娱乐", "观察", "头条", "传媒", "媒体", "电视", "广电"),
)
_RELEASE, _OFFICES = "发布", frozenset("院部委局会厅署府行")
NAMES = lazily(rf"{PERSONS}|[A-Za-z_][A-Za-z0-9_-]{{1,19}}")


def is_publisher(folded: str) -> bool:
    """Whether a name ends as those of papers, sites and agencies do."""
    if folded.endswith(_PUBLISHERS):
        return True
    return folded.endswith(_RELEASE) and folded[-len(_RELEASE) - 1 : -len(_RELEASE)] not in _OFFICES


def paper_and_writer(names: str) -> list[str]:
    """`观察者网 王小明` in two, and any other value as it is."""
    words = [word for word in names.split(" ") if word not in "/|"]
    if len(words) == 2 and is_publisher(fold(words[1])) and NAMES.fullmatch(words[0]):
        words.reverse()
    return words if len(words) == 2 and is_publisher(fold(words[0])) and NAMES.fullmatch(words[1]) else [names]
