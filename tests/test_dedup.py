"""Near duplicates against a slow, obvious reference: sets of strings, all pairs, one document after the other."""

from __future__ import annotations

import json
import random
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanzh.dedup import (
    Deduplicator,
    Pair,
    Verdict,
    bands,
    columns,
    comparison_key,
    deduplicator,
    find_duplicates,
    leaders,
    pairs,
    runs,
    sign,
    similar_pairs,
    similarity,
    sketch,
    sketches,
    sorting,
    store,
    temporaries_in,
)
from cleanzh.dedup import keep as keep_policies
from cleanzh.dedup.files import temporary
from cleanzh.dedup.key import fold
from cleanzh.errors import UsageError

FIXTURES = Path(__file__).parents[1] / "fixtures/dedup"
WORDS = "京东与华为战略合作进一步落地双方签署协议共同投入资源用于研发和渠道建设市场反应积极股价上涨分析师认为前景看好"


def shingles(text: str) -> set[str]:
    key = comparison_key(text)
    return {key[i : i + 5] for i in range(len(key) - 4)}


def reference_pairs(texts: Sequence[str], threshold: float) -> list[tuple[int, int, float, float]]:
    sets = [shingles(text) for text in texts]
    found = []
    for b in range(len(texts)):
        for a in range(b):
            if sets[a] and sets[b]:
                shared = len(sets[a] & sets[b])
                jaccard = shared / len(sets[a] | sets[b])
                if jaccard >= threshold:
                    found.append((a, b, jaccard, shared / min(len(sets[a]), len(sets[b]))))
    return sorted(found)


def article(rng: random.Random, length: int) -> str:
    return "".join(rng.choice(WORDS) for _ in range(length))


def edited(rng: random.Random, text: str, share: float) -> str:
    return "".join(rng.choice(WORDS) if rng.random() < share else char for char in text)


def corpus(seed: int, families: int = 12, length: int = 120) -> list[str]:
    """Families of copies at all distances, strangers, and texts with nothing to compare."""
    rng = random.Random(seed)
    texts = ["", "。", "好", "好的！", "C++", "C#"]
    for _ in range(families):
        base = article(rng, rng.randint(length // 2, 2 * length))
        texts += [base] + [edited(rng, base, rng.choice([0, 0.01, 0.03, 0.05, 0.1])) for _ in range(rng.randint(0, 6))]
        texts.append(base[: rng.randint(len(base) // 2, len(base))] + "（未完待续）")
    rng.shuffle(texts)
    return texts


@pytest.fixture(params=["exhaustive", "bands"])
def by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to candidate pairs; the second is what large collections take."""
    if request.param == "bands":
        for module in (pairs, deduplicator):
            monkeypatch.setattr(module, "LIMIT", 0)
    return str(request.param)


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.95, 1.0])
def test_similar_pairs_are_all_there_and_exact(by: str, threshold: float) -> None:
    for seed in range(3):
        texts = corpus(seed)
        found = similar_pairs(texts, threshold=threshold)
        expected = reference_pairs(texts, threshold)
        assert [tuple(pair) for pair in found] == expected
        assert len(expected) > 5


@pytest.mark.parametrize("keep", ["longest", "first", "cleanest,earliest,longest"])
def test_clusters_follow_the_leader_rule(by: str, keep: str) -> None:
    for seed in range(4):
        texts = corpus(seed)
        similar = {frozenset(pair[:2]): pair[2] for pair in reference_pairs(texts, 0.7)}
        clusters = find_duplicates(texts, keep=keep)
        assert all(rest == sorted(rest) and rest for _, *rest in clusters)
        kept = set(range(len(texts))) - {i for _, *rest in clusters for i in rest}
        for leader, *rest in clusters:
            assert leader in kept
            assert all(
                frozenset((leader, i)) in similar or comparison_key(texts[i]) == comparison_key(texts[leader])
                for i in rest
            )
        long_enough = [i for i in kept if shingles(texts[i])]
        assert not any(frozenset((a, b)) in similar for a in long_enough for b in long_enough if a < b)


def verdicts_by_id(
    documents: Sequence[tuple[str, str, str | None, int]], sizes: Sequence[int], **options: object
) -> dict[str, Verdict]:
    dedup = Deduplicator(**options)  # type: ignore[arg-type]  # options are checked by the tests that use them
    start = 0
    for size in [*sizes, len(documents)]:
        batch = documents[start : start + size]
        start += size
        ids, texts, published, damage = (
            (list(column) for column in zip(*batch, strict=True)) if batch else ([], [], [], [])
        )
        dedup.add_batch(ids, texts, published=published, damage=damage)
    return {verdict.id: verdict for verdict in dedup.verdicts()}


@pytest.mark.parametrize("containment", [None, 0.9, 0.6])
def test_verdicts_depend_on_the_documents_alone(by: str, containment: float | None) -> None:
    rng = random.Random(5)
    texts = corpus(9, families=15)
    documents = [
        (f"{i:03d}.txt", text, rng.choice([None, "2019-05-27", "2019-05-28 10:00"]), rng.randint(0, 2))
        for i, text in enumerate(texts)
    ]
    expected = verdicts_by_id(documents, [], containment=containment)
    assert sum(not verdict.kept for verdict in expected.values()) > 10
    for sizes in ([1, 1, 1], [7, 0, 30]):
        rng.shuffle(documents)
        assert verdicts_by_id(documents, sizes, containment=containment) == expected
    by_id = {name: text for name, text, _, _ in documents}
    for verdict in expected.values():
        if not verdict.kept:
            assert expected[verdict.duplicate_of].kept
            if verdict.reason == "near_duplicate":
                a, b = shingles(by_id[verdict.id]), shingles(by_id[verdict.duplicate_of])
                assert verdict.jaccard == len(a & b) / len(a | b)
                assert verdict.containment == len(a & b) / min(len(a), len(b))
                if verdict.jaccard < 0.7:
                    assert containment is not None
                    assert verdict.containment >= containment
                    assert len(a) <= len(b)
        assert verdict.cluster_size == sum(other.cluster == verdict.cluster for other in expected.values())


def test_an_excerpt_gives_way_to_the_article(by: str) -> None:
    for seed in range(5):
        rng = random.Random(seed)
        texts = corpus(seed)
        base = article(rng, 900)
        excerpt = base[200:500]
        texts += [base, excerpt, edited(rng, excerpt, 0.02), article(rng, 30) + excerpt, article(rng, 300) + excerpt]
        documents = [(f"{i}", text, None, i) for i, text in enumerate(reversed(texts))]  # copies before the article
        found = verdicts_by_id(documents, [], containment=0.9)
        sets = {name: shingles(text) for name, text, _, _ in documents}
        kept = [name for name, verdict in found.items() if verdict.kept and sets[name]]
        excerpts = [v for v in found.values() if v.reason == "near_duplicate" and (v.jaccard or 0) < 0.7]
        assert any(sets[v.duplicate_of] == shingles(base) for v in excerpts)
        for a in kept:
            for b in kept:
                if a < b:
                    shared = len(sets[a] & sets[b])
                    assert shared / len(sets[a] | sets[b]) < 0.7
                    assert shared / min(len(sets[a]), len(sets[b])) < 0.9
    assert all(v.kept for v in verdicts_by_id([("a", base, None, 0), ("b", excerpt, None, 0)], []).values())


def test_texts_can_be_fetched_again_instead_of_stored(by: str) -> None:
    texts = corpus(3)
    fetched: list[int] = []

    def fetch(positions: Sequence[int]) -> list[str]:
        fetched.extend(positions)
        return [texts[i] for i in positions]

    stored, remade = Deduplicator(), Deduplicator(fetch=fetch)
    spilled = Deduplicator(memory=100)
    for dedup in (stored, remade, spilled):
        dedup.add_batch(range(len(texts)), texts)
    assert stored.verdicts() == remade.verdicts() == spilled.verdicts()
    assert fetched


@pytest.mark.parametrize("containment", [None, 0.8])
def test_band_files_give_the_same_verdicts(monkeypatch: pytest.MonkeyPatch, containment: float | None) -> None:
    monkeypatch.setattr(deduplicator, "LIMIT", 0)
    texts = corpus(13, families=25)
    found = []
    for memory in (1 << 28, 0):
        if not memory:
            monkeypatch.setattr(sketches, "_BLOCK", 16)
            monkeypatch.setattr(sketches, "_BLOCK_BYTES", 16 * 256)
        dedup = Deduplicator(memory=memory, containment=containment)
        for start in range(0, len(texts), 7):
            batch = texts[start : start + 7]
            dedup.add_batch(range(start, start + len(batch)), batch)
        found.append(dedup.verdicts())
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("keep", "containment"), [("first", None), ("longest", 0.8), ("cleanest,earliest,longest", None)]
)
def test_all_in_files_gives_the_same_verdicts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, keep: str, containment: float | None
) -> None:
    """Columns, sorts, runs and keys past what is held in memory, a few documents at a time."""
    monkeypatch.setattr(deduplicator, "LIMIT", 0)
    monkeypatch.setattr(leaders, "ROUNDS", 1)  # so that some are visited one by one
    rng = random.Random(17)
    texts = corpus(14, families=25)
    texts += [*rng.sample(texts, 10), "", "好", "好", article(rng, 300), *(article(rng, 40) for _ in range(40))]
    pool = [article(rng, 20) for _ in range(8)]
    texts += ["".join(rng.sample(pool, 5)) for _ in range(60)]  # similar, but not similar enough
    damage, dates = [rng.randint(0, 1) for _ in texts], [rng.choice([None, "2019-05-27"]) for _ in texts]
    found = []
    files: list[str] = []

    def noted(owner: object) -> Any:
        files.append(type(owner).__name__)
        return temporary(owner)

    for few in (False, True):
        if few:
            for module, name, value in (
                (columns, "_MEMORY", 40), (columns, "_STRETCH", 30), (columns, "_TOUCHED", 4),
                (sorting, "_MEMORY", 500), (runs, "_HELD", 20), (runs, "_PART", 4),
                (leaders, "_FAILED", 3), (leaders, "_AT_ONCE", 2), (sketches, "_AT_ONCE", 16),
                (sketches, "_BLOCK", 16), (sketches, "_BLOCK_BYTES", 16 * 256), (keep_policies, "_EVEN", 5),
                (columns.Column.blocks, "__defaults__", (7,)), (leaders, "BLOCK", 5), (sorting, "BLOCK", 9),
            ):  # fmt: skip
                monkeypatch.setattr(module, name, value)
            for module in (columns, sorting, runs, sketches, store):
                monkeypatch.setattr(module, "temporary", noted)
        dedup = Deduplicator(memory=0 if few else 1 << 28, containment=containment, keep=keep)
        with temporaries_in(tmp_path):
            for start in range(0, len(texts), 7):
                part = slice(start, start + 7)
                names = [f"{number * 7919 % 1000:03}" for number in range(len(texts))][part]
                dedup.add_batch(names, texts[part], published=dates[part], damage=damage[part])
            found.append(dedup.verdicts())
    assert found[0] == found[1]
    assert set(files) == {"Column", "Names", "_Runs", "RunStore", "Scratch", "KeyStore", "SketchStore"}


def test_documents_can_be_added_after_the_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deduplicator, "LIMIT", 0)
    monkeypatch.setattr(sketches, "_BLOCK", 16)
    monkeypatch.setattr(sketches, "_BLOCK_BYTES", 16 * 256)
    texts = corpus(15, families=20)
    at_once, later = Deduplicator(), Deduplicator(memory=0)
    at_once.add_batch(range(len(texts)), texts)
    later.add_batch(range(37), texts[:37])
    assert len(later.verdicts()) == 37
    later.add_batch(range(37, len(texts)), texts[37:])
    assert later.verdicts() == at_once.verdicts()


def test_a_viral_article_stays_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deduplicator, "LIMIT", 0)
    rng = random.Random(8)
    base = article(rng, 120)
    texts = [base + "".join(rng.choice(WORDS) for _ in range(rng.randint(0, 20))) for _ in range(1500)]
    compared = 0
    count = similarity.Sets.pairs

    def counting(self: similarity.Sets, first: Sequence[int], second: Sequence[int]) -> list[Pair]:
        nonlocal compared
        compared += len(first)
        return count(self, first, second)

    monkeypatch.setattr(similarity.Sets, "pairs", counting)
    clusters = find_duplicates(texts)
    assert [len(cluster) for cluster in clusters] == [1500]
    assert compared < 2 * 1500


def test_a_policy_decides_in_its_order() -> None:
    said = article(random.Random(1), 100)
    longer, shorter = said + "（以上为全部内容）", said
    assert find_duplicates([shorter, longer], keep="longest") == [[1, 0]]
    assert find_duplicates([shorter, longer], keep="first") == [[0, 1]]
    assert find_duplicates([shorter + "\ufffd", longer], keep=("cleanest", "longest")) == [[1, 0]]
    dedup = Deduplicator(keep="earliest,longest")
    dedup.add_batch(["a", "b", "c"], [longer, shorter, longer + "完"], published=["2020-01-02", "2020-01-01", None])
    assert [verdict.duplicate_of for verdict in dedup.verdicts()] == ["b", None, "b"]


def test_short_and_empty_texts_are_a_class_of_their_own(by: str) -> None:
    texts = ["", "", "  ", "。！", "\x01", "好", "好。", "C++", "C#", "c", "\ud800", "👍"]
    assert similar_pairs(texts) == []
    assert find_duplicates(texts) == []
    assert find_duplicates(["好的", "好的", "好 的"]) == [[0, 1]]  # the same text is the same; a like key is not


def test_the_same_key_is_an_exact_duplicate() -> None:
    dedup = Deduplicator()
    dedup.add_batch(["s", "t"], ["京东与华为的战略合作，进一步落地。", "京東與華為的戰略合作,進一步落地"])
    assert dedup.verdicts()[1] == Verdict("t", False, "exact_duplicate", "s", 1.0, 1.0, "s", 2)


def test_a_separator_inside_a_text_shifts_nothing() -> None:
    texts = [article(random.Random(i), 80) for i in range(6)]
    dirty = [text[:40] + mark + text[40:] for text, mark in zip(texts, "\x01\x00\ud800\u2028\x1e\ue000", strict=True)]
    assert [comparison_key(text) for text in dirty] == texts
    keys = fold(dirty)
    assert ["".join(map(chr, keys[i])) for i in range(6)] == texts


@given(st.lists(st.text(max_size=40), max_size=8))
def test_a_batch_folds_as_its_texts_do(texts: list[str]) -> None:
    keys = fold(texts)
    assert ["".join(map(chr, keys[i])) for i in range(len(texts))] == [comparison_key(text) for text in texts]


@given(st.text(max_size=60))
def test_a_key_is_a_fixed_point_and_blind_to_form(text: str) -> None:
    key = comparison_key(text)
    assert comparison_key(key) == key
    assert key == key.lower()
    assert all(unicodedata.category(char)[0] in "LNC" for char in key)
    if text.isascii():
        assert key == "".join(filter(str.isalnum, text)).lower()


def test_signatures_do_not_depend_on_the_batch() -> None:
    texts = corpus(4)
    together = sign(texts)
    backwards = sign(texts[::-1])
    alone = np.concatenate([sign([text]).sketches for text in texts])
    assert (together.sketches == alone).all()
    assert (together.sketches == backwards.sketches[::-1]).all()
    assert (together.digests == backwards.digests[::-1]).all()


def test_a_sketch_estimates_without_bias() -> None:
    rng = random.Random(2)
    deviations = []
    for length in (40, 150, 600):
        for _ in range(40):
            base = article(rng, length)
            other = edited(rng, base, rng.choice([0.02, 0.05, 0.1]))
            a, b = shingles(base), shingles(other)
            sketches = sign([base, other]).sketches
            deviations.append(float((sketches[0] == sketches[1]).mean()) - len(a & b) / len(a | b))
    assert abs(float(np.mean(deviations))) < 0.01
    assert float(np.std(deviations)) < 0.05


def test_bands_grow_stricter_with_the_threshold() -> None:
    rows = [bands.plan(threshold).rows for threshold in (0.2, 0.5, 0.7, 0.8, 0.9, 1.0)]
    assert rows == sorted(rows)
    for threshold in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9):
        plan = bands.plan(threshold)
        assert (1 - threshold**plan.rows) ** plan.bands < 3e-4


@pytest.mark.parametrize("threshold", [0, -1, 1.01])
def test_a_threshold_out_of_range_is_refused(threshold: float) -> None:
    with pytest.raises(UsageError, match="threshold"):
        similar_pairs(["a"], threshold=threshold)
    with pytest.raises(UsageError, match="threshold"):
        Deduplicator(threshold=threshold)


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(UsageError, match=r"newest.*cleanest, earliest, longest, first"):
        find_duplicates(["a"], keep="newest")


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(UsageError, match="ids has 1 entries for 2 texts"):
        Deduplicator().add_batch(["a"], ["a", "b"])


def test_nothing_in_nothing_out() -> None:
    assert similar_pairs([]) == []
    assert find_duplicates([]) == []
    assert Deduplicator().verdicts() == []


def test_the_kernel_of_the_extra_gives_the_same_bits() -> None:
    compiled = pytest.importorskip("cleanzh.dedup.compiled", exc_type=ImportError)
    rng = random.Random(21)
    texts = [article(rng, rng.choice([0, 3, 4, 5, 6, 20, 100, 1500])) for _ in range(60)] + ["𠮷" * 9, "啊" * 3000]
    keys = fold(texts)
    for width in (128, 512):
        ours, theirs = (
            sketch.sketch_keys(keys, width, kernel) for kernel in (sketch.numpy_kernel, compiled.compiled_kernel)
        )
        assert (ours == theirs).all()


@pytest.mark.parametrize("text", ["啊" * 300_000, "".join(map(chr, range(0x4E00, 0x9000))) * 20])
def test_a_long_text_is_sketched_in_pieces(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    keys = fold([text, "短" + text])
    whole = sketch.sketch_keys(keys)
    monkeypatch.setattr(sketch, "_LONG", 1 << 17)
    assert (sketch.sketch_keys(keys) == whole).all()
    assert similar_pairs([text, text + text[:100]])[0][:2] == (0, 1)


def test_many_empty_texts_cost_little() -> None:
    dedup = Deduplicator(containment=0.9)
    dedup.add_batch(range(30_000), [""] * 30_000)
    assert all(verdict.kept and verdict.cluster_size == 1 for verdict in dedup.verdicts())


def cases(kind: str) -> list[Any]:
    lines = (FIXTURES / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines()
    marks = [pytest.mark.xfail(strict=True)] if kind == "known_failure" else []
    return [pytest.param(case, id=case["id"], marks=marks) for case in map(json.loads, lines)]


@pytest.mark.parametrize("case", [*cases("synthetic"), *cases("negative"), *cases("known_failure")])
def test_pairs_are_merged_or_not(case: dict[str, Any]) -> None:
    for ids in ("ab", "ba"):  # whichever comes first
        dedup = Deduplicator(containment=case.get("containment"), keep="longest")
        dedup.add_batch(list(ids), [case[name] for name in ids])
        reasons = {verdict.reason for verdict in dedup.verdicts()} - {None}
        assert reasons == ({case["merged"]} if case["merged"] else set())


CONVERTERS = [opencc.OpenCC(name) for name in ("tw2t", "hk2t", "t2s")]


def slow_key(text: str) -> str:
    """The definition: NFKC, lower case, each character by itself to simplified, letters and numbers only."""
    key = []
    for char in unicodedata.normalize("NFKC", text):
        folded = unicodedata.normalize("NFKC", char.lower())
        for converter in CONVERTERS:
            folded = "".join(c if c in "么苧" else converter.convert(c) for c in folded)  # simplified forms as well
        key += [c for c in folded if unicodedata.category(c)[0] in "LN"]
    return unicodedata.normalize("NFKC", "".join(key))


KNOWN = st.characters(codec="utf-8", exclude_categories=["Cn", "Co", "Cs"]).filter(
    lambda char: unicodedata.ucd_3_2_0.category(char) != "Cn" and char not in "\u115f\u1160\u3164\uffa0"
)
FREQUENT = st.sampled_from("为什么麼戰略着著裡裏麼后後ＡⅣ㎡①½éが゙가각！，。 \n\u0301\u200b🎉𠮷々〇")


@given(st.text(KNOWN | FREQUENT, max_size=12))
def test_the_table_folds_as_the_slow_definition_does(text: str) -> None:
    assert comparison_key(text) == slow_key(text)
