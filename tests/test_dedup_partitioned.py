"""Near duplicates over partitions: the verdicts of one place, to the last bit, whatever the bounds and partitions."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleanzh.dedup import Deduplicator, DuplicateIndex, Verdict, deduplicator, leaders, partitioned, sign
from cleanzh.dedup.deduplicator import Signed
from cleanzh.dedup.partitioned import PartitionedDeduplicator
from cleanzh.dedup.partitions import Columns

WORDS = "京东与华为战略合作进一步落地双方签署协议共同投入资源用于研发和渠道建设市场反应积极股价上涨分析师认为前景看好"


@dataclass(frozen=True)
class Texts:
    """A partition that lies in memory."""

    rows: tuple[tuple[str, str, str | None, int], ...]

    def columns(self) -> Columns:
        return Columns([r[0] for r in self.rows], [r[2] for r in self.rows], [r[3] for r in self.rows])

    def signed(self) -> Signed:
        return sign([r[1] for r in self.rows])


def loads(sent: bytes) -> Any:
    return pickle.loads(sent)  # noqa: S301  # our own


class Here:
    """An executor in this process, where all that would travel is pickled, and counted."""

    def __init__(self, parallel: int) -> None:
        self.parallel = parallel
        self.calls: dict[str, int] = {}

    def submit(self, function: Callable[..., Any], *arguments: Any, parts: int = 1) -> list[Any]:
        self.calls[function.__name__] = self.calls.get(function.__name__, 0) + 1
        sent = pickle.dumps((function, [loads(a) if isinstance(a, bytes) else a for a in arguments]))
        function, arguments = loads(sent)
        result = function(*arguments)
        return [pickle.dumps(part) for part in (result if parts > 1 else [result])]

    def fetch(self, references: Sequence[Any]) -> list[Any]:
        return [loads(reference) for reference in references]

    def share(self, value: Any) -> bytes:
        return pickle.dumps(value)


def article(rng: random.Random, length: int) -> str:
    return "".join(rng.choice(WORDS) for _ in range(length))


def documents(seed: int, families: int = 10) -> list[tuple[str, str, str | None, int]]:
    """Copies, chains in which each is like the next only, templates, excerpts, two in one, exact copies, nothing."""
    rng = random.Random(seed)
    texts = ["", "。", "好", "好的！", "C++", "C#", "C++"]
    for _ in range(families):
        base = article(rng, rng.randint(40, 200))
        texts.append(base)
        kind = rng.choice(["copies", "chain", "template", "excerpts", "viral", "joined"])
        for _ in range(rng.randint(1, 20 if kind == "viral" else 6)):
            if kind in ("copies", "viral"):
                texts.append("".join(rng.choice(WORDS) if rng.random() < 0.015 else char for char in base))
            elif kind == "chain":  # four characters more in front, four less behind: like the next, not like the last
                last = texts[-1]
                cut = max(4, len(last) // 12)
                texts.append(article(rng, cut) + last[:-cut])
            elif kind == "template":
                middle = rng.randint(6, max(7, len(base) // 3))
                texts.append(base[: len(base) // 2] + article(rng, middle) + base[len(base) // 2 :])
            elif kind == "joined":  # like each of two that have nothing in common, if the threshold is low
                other = article(rng, len(base))
                texts += [other, base + other]
            else:
                start = rng.randint(0, len(base) // 2)
                texts.append(base[start : start + rng.randint(20, 80)] + article(rng, rng.randint(0, 6)))
        texts += rng.sample(texts, 2)
    rng.shuffle(texts)
    dates = [None, "2020-01-01", "2021-05-06 10:00", "nonsense"]
    return [(f"d{i}", text, rng.choice(dates), rng.randint(0, 3)) for i, text in enumerate(texts)]


def parted(rows: list[tuple[str, str, str | None, int]], count: int, seed: int) -> list[Texts]:
    rng = random.Random(seed)
    ends = sorted(rng.randint(0, len(rows)) for _ in range(count - 1))
    return [Texts(tuple(rows[a:b])) for a, b in zip([0, *ends], [*ends, len(rows)], strict=True)]


def in_one_place(rows: list[tuple[str, str, str | None, int]], **options: Any) -> list[Verdict]:
    dedup = Deduplicator(**options)
    dedup.add_batch(
        [r[0] for r in rows], [r[1] for r in rows], published=[r[2] for r in rows], damage=[r[3] for r in rows]
    )
    return dedup.verdicts()


@pytest.fixture
def by_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large collections take bands, and partitions for them."""
    for module, name in ((deduplicator, "LIMIT"), (partitioned, "LIMIT"), (partitioned, "IN_ONE_PLACE")):
        monkeypatch.setattr(module, name, 0)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_verdicts_are_those_of_one_place(
    by_bands: None, monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    seed = data.draw(st.integers(0, 10_000), "seed")
    rounds = data.draw(st.sampled_from([0, 1, 2, 12]), "rounds")
    for module in (leaders, partitioned):
        monkeypatch.setattr(module, "ROUNDS", rounds)
    edges = data.draw(st.sampled_from([0, 60, 1 << 22]), "edges")
    options: dict[str, Any] = {
        "threshold": data.draw(st.sampled_from([0.4, 0.7, 0.9])),
        "containment": data.draw(st.sampled_from([None, 0.9, 0.6])),
        "keep": data.draw(st.sampled_from(["cleanest,earliest,longest", "longest", "first", "earliest"])),
    }
    rows = documents(seed)
    expected = in_one_place(rows, **options)
    executor = Here(data.draw(st.sampled_from([1, 2, 8]), "parallel"))
    partitions = parted(rows, data.draw(st.integers(1, 5), "partitions"), seed)
    found = PartitionedDeduplicator(partitions, executor, edges=edges, **options)
    assert found.verdicts() == expected
    assert executor.calls["runs_from"] >= executor.parallel


def test_of_two_that_stay_the_one_met_first_leads(by_bands: None) -> None:
    rng = random.Random(9)
    rows: list[tuple[str, str, str | None, int]] = []
    for i in range(30):
        a, b = article(rng, 100), article(rng, 100)
        rows += [(f"{i:02}a", a, None, 0), (f"{i:02}b", b, None, 0), (f"{i:02}c", a + b, None, 0)]
    expected = in_one_place(rows, threshold=0.4, keep="first")
    assert {verdict.duplicate_of[2] for verdict in expected if verdict.duplicate_of} == {"a", "b"}
    found = PartitionedDeduplicator(parted(rows, 3, 2), Here(4), threshold=0.4, keep="first")
    assert found.verdicts() == expected


@pytest.mark.parametrize("containment", [None, 0.8])
def test_a_small_collection_is_compared_in_one_place(containment: float | None) -> None:
    rows = documents(1)
    executor = Here(2)
    found = PartitionedDeduplicator(parted(rows, 3, 1), executor, containment=containment)
    assert found.verdicts() == in_one_place(rows, containment=containment)
    assert "runs_from" not in executor.calls
    assert executor.calls["lend"] == 3


def test_the_corpora_have_what_the_rule_is_about(by_bands: None) -> None:
    """Else the property above would say little: chains whose ends differ, and leaders that depend on the order."""
    rows = documents(3, families=40)
    verdicts = in_one_place(rows, containment=0.9)
    reasons = [verdict.reason for verdict in verdicts]
    assert reasons.count("near_duplicate") > 40
    assert reasons.count("exact_duplicate") > 20
    assert any((verdict.jaccard or 1) < 0.7 for verdict in verdicts)  # excerpts
    longest = in_one_place(rows, keep="longest")
    assert [v.kept for v in longest] != [v.kept for v in verdicts]


def test_a_bound_on_the_driver_is_one(by_bands: None, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(4)
    base = article(rng, 150)
    rows: list[tuple[str, str, str | None, int]] = [
        (f"{i}", base + article(rng, rng.randint(0, 20)), None, 0) for i in range(200)
    ]
    sizes: list[int] = []
    count = partitioned._Collection.count

    def counting(self: Any, first: Any, second: Any, agree: int) -> Any:
        sizes.append(len(first))
        return count(self, first, second, agree)

    monkeypatch.setattr(partitioned._Collection, "count", counting)
    found = PartitionedDeduplicator(parted(rows, 4, 4), Here(2), edges=50).verdicts()
    assert found == in_one_place(rows)
    assert max(sizes) <= 50
    assert sum(sizes) < 3 * len(rows)  # a viral article stays linear


@pytest.mark.parametrize("by", ["bands", "join"])
def test_an_index_says_the_same(by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if by == "bands":
        for module, name in ((deduplicator, "LIMIT"), (partitioned, "LIMIT"), (partitioned, "IN_ONE_PLACE")):
            monkeypatch.setattr(module, name, 0)
    rows = documents(6)
    index = DuplicateIndex(tmp_path / "index")
    before = Deduplicator(index=index)
    before.add_batch([f"old{i}" for i in range(0, len(rows), 3)], [row[1] for row in rows[::3]])
    before.remember(before.verdicts())
    expected = in_one_place(rows, index=tmp_path / "index", containment=0.9)
    found = PartitionedDeduplicator(parted(rows, 3, 2), Here(2), index=tmp_path / "index", containment=0.9)
    assert found.verdicts() == expected
    assert any(verdict.estimated for verdict in expected)


def test_nothing_in_nothing_out(by_bands: None) -> None:
    assert PartitionedDeduplicator([], Here(2)).verdicts() == []
    assert PartitionedDeduplicator([Texts(())], Here(2)).verdicts() == []
    empty: list[tuple[str, str, str | None, int]] = [(f"{i}", "", None, 0) for i in range(5)]
    assert PartitionedDeduplicator(parted(empty, 2, 1), Here(2), containment=0.9).verdicts() == in_one_place(
        empty, containment=0.9
    )
