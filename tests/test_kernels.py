"""Each kernel does what its twin in Python does."""

from __future__ import annotations

import functools
import json
import math
import operator
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import cleanzh.filters.ads as ads
import cleanzh.filters.echoes as echoes
import cleanzh.filters.punctuation as punctuation
import cleanzh.filters.repeats as repeats
import cleanzh.filters.script as unifying
import cleanzh.filters.whitespace as whitespace
from cleanzh import edits, flags, ledger
from cleanzh.dedup import bands, columns, deduplicator, key, shingles, sketch, sketches, store
from cleanzh.dedup import runs as banded
from cleanzh.dedup.members import Members
from cleanzh.document import Flag, Step
from cleanzh.edits import Edit
from cleanzh.errors import EditError
from cleanzh.filters.metadata import folding
from cleanzh.filters.mojibake import doubt, gate
from cleanzh.filters.pinyin import context, gaps, gbk, scan, shift
from cleanzh.filters.pinyin.context import Context
from cleanzh.filters.punctuation import context as around
from cleanzh.filters.whitespace import blanks, han, places
from cleanzh.formats import Stamp
from cleanzh.kernels import kernel
from cleanzh.lexicon import bigrams, fluency, kinds, outline, script, strange
from cleanzh.lexicon import literals as few_words
from cleanzh.lexicon.code import Spans
from cleanzh.report.html.tally import Tally
from cleanzh.rulebook import book
from cleanzh.stages import clean

ROOT = Path(__file__).parents[1]

# Texts with one, two and four bytes a character, and with halves of surrogate pairs.
texts = st.one_of(
    st.text(st.characters(max_codepoint=0xFF)),
    st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=())),
    st.text(st.characters(exclude_categories=())),
    st.text("京东（微信：a1 \n😀\ud800锟"),
)


def compiled(name: str) -> Any:
    module = kernel(name)
    if module is None:
        pytest.skip(f"the kernel {name} is not compiled here")
    return module


def test_the_build_compiles_every_kernel_where_there_is_a_compiler() -> None:
    if shutil.which("cc") is None or os.environ.get("CLEANZH_KERNELS") == "off":
        pytest.skip("no compiler, or not wanted")
    for source in sorted((ROOT / "src/cleanzh/kernels").glob("*.c")):
        assert kernel(source.stem) is not None, f"{source.name}: run python scripts/compile_kernels.py"


def test_without_kernels_it_works_the_same() -> None:
    said = "print(__import__('cleanzh').clean('京東與OPPO戰(zhàn)略合作，&ldquo;你好&rdquo;。\\n关注公众号：京东'))"
    outputs = [
        subprocess.run(
            [sys.executable, "-c", said], env={**os.environ, "CLEANZH_KERNELS": value}, check=True, capture_output=True
        ).stdout
        for value in ("off", "")
    ]
    assert outputs[0] == outputs[1] != b""


@settings(deadline=None)  # the twin compiles its pattern first
@given(texts | st.text("\n\n.。京京 %$sduEexwygltZS\\浜─Ã€？?("), st.integers(0, 2**22 - 1))
def test_kinds(text: str, wanted: int) -> None:
    compiled("kinds")
    short = kinds.DAMAGED if 0 < len(text) <= strange.SHORT else 0
    assert kinds.kinds_of(text) == kinds._kinds_of_few(text) | kinds._neighbours_of(text) | short
    places = [place for place, char in enumerate(text) if kinds._kinds_of_few(char) & wanted]
    assert kinds.places_of(wanted, text) == places
    assert kinds.count_of(wanted, text) == len(places)


values = st.recursive(
    texts | st.integers() | st.floats() | st.booleans() | st.none(),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(texts, inner),
)


@given(values)
def test_json(value: object) -> None:
    made = compiled("json").line(value, {})
    try:
        expected = json.dumps(value, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        assert made is None
    else:
        assert made == expected or (made is None and not _is_plain(value))


def _is_plain(value: object) -> bool:
    """Whether a value has no number in it that is left to json."""
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return math.isfinite(value) if isinstance(value, float) else not isinstance(value, int) or abs(value) < 1 << 63


@given(
    st.lists(st.builds(Edit, texts, st.integers(0), texts, texts)),
    st.lists(st.builds(Flag, texts, st.integers(0), texts)),
)
def test_json_of_named_tuples(found: list[Edit], flags: list[Flag]) -> None:
    made = ledger._line([Step("a", found), *flags, Stamp(0, 1)])
    assert ledger._line(Stamp(0, 1)) == b"[0, 1]\n"
    as_objects = [{"filter": "a", "edits": [edit._asdict() for edit in found]}, *(flag._asdict() for flag in flags)]
    assert made == compiled("json").line([*as_objects, (0, 1)], {})


@given(texts)
def test_json_strings(text: str) -> None:
    assert compiled("json").quoted(text) == json.encoder.encode_basestring(text)


def test_json_leaves_what_is_nested_too_deep_and_what_it_does_not_know() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, {1: "a"}, {"a": object()}, Counter("a"), "\ud800"):
        assert compiled("json").line(value, {}) is None


literals = st.lists(st.text("京东a（锟😀\ud800\xe9", min_size=1, max_size=4), max_size=6)


@given(texts, literals, st.dictionaries(st.characters(exclude_categories=()).map(ord), st.sampled_from("东a锟x")))
def test_forms(text: str, words: list[str], folds: dict[int, str]) -> None:
    words = sorted(set(words))
    found = compiled("forms").Forms(words, folds, b"", bytes(8 * len(words))).look(text)
    folded = text.translate(folds)
    wanted = [
        (number, at) for at in range(len(text)) for number, word in enumerate(words) if folded.startswith(word, at)
    ]
    # A literal is spelt as what it folds to, or it is found nowhere.
    assert found == [place for place in wanted if words[place[0]].translate(folds) == words[place[0]]]


@pytest.mark.parametrize("filler", ["x", "锟", "😀"])
@pytest.mark.parametrize("length", [*range(122, 134), *range(252, 260)])
def test_forms_at_the_end_of_what_is_judged_together(filler: str, length: int) -> None:
    words = ["a", "ab", "abc", "bc", "京东a"]
    forms = compiled("forms").Forms(words, {}, b"", bytes(8 * len(words)))
    for word in words:
        text = filler * length + word
        wanted = [
            (number, at) for at in range(len(text)) for number, one in enumerate(words) if text.startswith(one, at)
        ]
        assert forms.look(text) == wanted
        assert forms.look(text + filler * length) == wanted


@pytest.mark.parametrize(
    "wrong",
    [
        (["b", "a"], {}, b"", bytes(16)),
        (["a", "a"], {}, b"", bytes(16)),
        (["", "a"], {}, b"", bytes(16)),
        ([1], {}, b"", bytes(8)),
        (["a"], {-1: "a"}, b"", bytes(8)),
        (["a"], {98: "ab"}, b"", bytes(8)),
        (["a"], {}, b"", bytes(7)),
        (["a", "b"], {}, b"abc", bytes(16)),
        (["a", "b"], {}, b"ab", bytes(16), bytes(4)),
        (["a", "b"], {}, b"ab", bytes(16), bytes([0, 0, 0, 0, 2, 0, 0, 0])),
    ],
)
def test_forms_refuses_what_it_can_not_read(wrong: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match="Forms: "):
        compiled("forms").Forms(*wrong)


def test_forms_with_many_characters() -> None:
    words = sorted(map(chr, range(0x7FFF)))
    forms = compiled("forms").Forms(words, {}, b"", bytes(8 * len(words)))
    assert forms.look("\0京\uffff") == [(0, 0), (0x4EAC, 1)]
    with pytest.raises(ValueError, match="too many"):
        compiled("forms").Forms(sorted(map(chr, range(0x8000))), {}, b"", bytes(8 * 0x8000))


@given(texts)
def test_letters(text: str) -> None:
    compiled("classes")
    assert list(script._counts(text)) == script._count_few(text)


@given(
    st.text(st.sampled_from("  \n\u3000\tA1京第条是，：。」”’）（《“\U00020000😀\ud800"), max_size=30)
    | st.text(st.sampled_from("    \n#（第1５三之条，。:_、”（作者张四国家的Aé\u4dc0\U00020000😀\ud800"), max_size=70)
    | st.text(st.sampled_from("  \n，、国家人民A\U00020000\ud800"), max_size=60)
    | texts
)
@example("京\U00031400 ，好")  # of the last plane of Han
@example(f"，{'家' * 59} 国家人")
@example(f"，{'家' * 60} 国家人")
@example(f"国家人 {'家' * 58}，")
@example(f"国家人 {'家' * 59}，")
@example("\u4dc0 \u4dc0，")
@example(f"，{'家' * 299} 国家 人")
@example(f"，{'家' * 300} 国家 人")
@example(f" 国家 人{'家' * 295}，")
@example(f" 国家 人{'家' * 294}，")
@example("， 一二三四五六 一二三四五六七 人")
@example("一 二 三 四 五 ，")
def test_blanks(text: str) -> None:
    compiled("blanks")
    by_kernel, by_pattern = places.survey(text), in_python(lambda: places.survey(text), places)
    if by_kernel is None or by_pattern is None:
        assert by_pattern is None
        assert by_kernel is None or by_kernel.number == len(by_kernel.doubtful)
        return
    for name in ("sentences", "keywords", "beside", "empty", "end"):
        assert list(getattr(by_kernel, name)) == list(getattr(by_pattern, name))
    for name in ("indent", "run"):
        assert bool(getattr(by_kernel, name)) == bool(getattr(by_pattern, name))
    assert (by_kernel.spaced_out, by_kernel.between) == (by_pattern.spaced_out, by_pattern.between)
    if not by_kernel.doubtful and not by_kernel.indent:
        assert by_kernel.number == by_pattern.number


@given(st.text("国家\U00020000é", min_size=1, max_size=700), st.data(), st.integers(0, 800), st.integers(1, 9))
def test_beside(text: str, data: st.DataObject, far: int, least: int) -> None:
    compiled("blanks")
    pair = "".join(data.draw(st.sampled_from(text)) for _ in range(2))
    expected = (text.count(pair, 0, far), *(text.count(char, 0, far) for char in pair))
    counts = places.compiled_search().beside(text, pair, far, least)
    assert counts == (expected if expected[0] >= least else None)


@given(st.text(" 国家民，\U00020000", max_size=300), st.text("国家民", min_size=2, max_size=4))
def test_words_between_blanks(text: str, word: str) -> None:
    compiled("blanks")
    with_blanks = f" {word} {text} {word} 国{word}家"
    by_kernel = han._is_common(with_blanks, word)
    assert by_kernel == in_python(lambda: han._is_common(with_blanks, word), han)


@settings(deadline=None)
@given(st.lists(st.one_of(texts, st.text("ⅢＡ㎡가́瓛𠮷😀京"))))
def test_keys(batch: list[str]) -> None:
    compiled("keys")
    (folded, seen), expected = key.fold_and_see(batch), key._fold_in_arrays(batch)
    assert {i for i, text in enumerate(batch) if set(text) & set(key.MARKS)} <= set(np.flatnonzero(seen).tolist())
    assert folded.lengths.tolist() == np.diff(expected.bounds).tolist()
    parts = list(folded.by_width())
    assert all(part.codes.itemsize == 2 for _, part in parts[:1])
    assert (sketch.sketch_keys(folded) == sketch.sketch_keys(expected)).all()
    assert (deduplicator._digests(batch, folded) == deduplicator._digests(batch, expected)).all()
    assert folded.bounds.tolist() == expected.bounds.tolist()
    assert folded.codes.tolist() == expected.codes.tolist()


@given(st.lists(st.lists(st.one_of(texts, st.text("𠮷京a")), max_size=4), max_size=4), st.booleans(), st.randoms())
def test_keys_that_lie_somewhere(batches: list[list[str]], in_a_file: bool, draw: random.Random) -> None:
    """What a store gives back, where it lies, is what was put in, whatever the widths."""
    kept = store.KeyStore(memory=0 if in_a_file else 1 << 20)
    for batch in batches:
        kept.append(key.fold(batch))
    whole = [key._fold_in_arrays([text])[0].tolist() for batch in batches for text in batch]
    wanted = [draw.randrange(len(whole)) for _ in range(5)] if whole else []
    found = kept[wanted]
    assert found.lengths.tolist() == [len(whole[i]) for i in wanted]
    assert [found[i].tolist() for i in range(len(found))] == [whole[i] for i in wanted]
    pairs = np.array([[draw.randrange(len(wanted)) for _ in range(2)] for _ in range(9)] if wanted else [], np.int64)
    first, second = pairs.reshape(-1, 2).T.copy()
    if kernel("shared") is not None:
        counted = shingles.shared_by_keys(found, first, second).tolist()
        sets = [set(zip(*(codes[i:] for i in range(5)), strict=False)) for codes in (whole[i] for i in wanted)]
        sets = [{gram for gram in own if len(gram) == 5} for own in sets]
        assert counted == [[len(sets[a] & sets[b]), len(sets[a]), len(sets[b])] for a, b in pairs.tolist()]
    assert found.codes.tolist() == [code for i in wanted for code in whole[i]]
    assert found.lengths.tolist() == np.diff(found.bounds).tolist()


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(1, 4), st.sampled_from([0.3, 0.6, 0.7, 0.8, 0.95]), st.randoms())
def test_runs_of_bands(count: int, values: int, threshold: float, draw: random.Random) -> None:
    """Few values, so that runs are long and many; some documents are left out, the others in any order."""
    compiled("bands")
    rng = np.random.default_rng(draw.randrange(1 << 30))
    kept = sketches.SketchStore()
    kept.append(rng.integers(0, values, (count, sketch.WIDTH), dtype=np.uint16))
    order = rng.permutation(count)
    places = columns.Column.of(np.where(rng.random(count) < 0.2, -1, order).astype(np.int32))
    cut = bands.plan(threshold)
    for band in range(cut.bands):
        made = list(sketches._runs(kept, places, band, cut.rows))
        expected = list(sketches._runs_in_arrays(kept, places, band, cut.rows, 1))
        assert np.concatenate(made).tolist() == np.concatenate(expected).tolist()


@given(st.lists(st.sets(st.integers(0, 20), min_size=1), max_size=8), st.sets(st.integers(0, 20)), st.randoms())
def test_rounds_of_the_leader_rule(members: list[set[int]], chosen: set[int], draw: random.Random) -> None:
    compiled("runs")
    run = np.array([who | (i == 0) << 31 for own in members for i, who in enumerate(sorted(own))], np.uint32)
    kept, gone = Members(21), Members(21)
    for who in chosen:
        draw.choice([kept, gone]).add(np.array([who]))
    kept_bands = banded.RunStore()
    kept_bands.append(run)
    codes = np.array([draw.randrange(21 * 21) for _ in range(20)], np.int64)

    def answers() -> list[list[int]]:
        return [
            banded.first_everywhere(kept_bands, 21).bits.tolist(),
            banded.worth_comparing(run, kept, gone, 21).tolist(),
            banded.without(run, kept, gone, 21).tolist(),
            banded.first_times(codes, 21).tolist(),
        ]

    by_kernel = answers()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(banded, "kernel", lambda name: None)
        assert answers() == by_kernel


# Keys as they may be, and such as share long runs and say the same again and again.
keys_of_all_kinds = st.lists(
    st.one_of(
        st.text(max_size=80),
        st.text("ab", max_size=80),
        st.integers(0, 30).flatmap(lambda start: st.just("".join(map(chr, range(0x4E00 + start, 0x4E00 + 4 * start))))),
        st.builds(str.__mul__, st.text("abc", max_size=9), st.integers(1, 1200)),
    ),
    min_size=1,
    max_size=8,
)


def in_a_row(batch: list[str], dtype: type[np.uint16] | type[np.uint32]) -> key.Keys:
    codes = [np.array([ord(char) for char in text], np.uint32).astype(dtype) for text in batch]
    return key.Keys(np.concatenate(codes), np.cumsum([0, *map(len, batch)], dtype=np.int64))


@settings(deadline=None)
@given(keys_of_all_kinds, st.sampled_from([np.uint16, np.uint32]), st.sampled_from([2, 128, 512]))
def test_sketches(batch: list[str], dtype: type[np.uint16] | type[np.uint32], width: int) -> None:
    compiled("sketch")
    keys = in_a_row(batch, dtype)
    made, expected = (run(keys.codes, keys.bounds, width) for run in (sketch.c_kernel, sketch.numpy_kernel))
    assert (made == expected).all()


@settings(deadline=None)
@given(keys_of_all_kinds, st.sampled_from([np.uint16, np.uint32]), st.randoms())
def test_shared(batch: list[str], dtype: type[np.uint16] | type[np.uint32], draw: random.Random) -> None:
    compiled("shared")
    keys = in_a_row(batch, dtype)
    pairs = np.array([[draw.randrange(len(batch)) for _ in range(2)] for _ in range(20)])
    pairs[::2, 0] = pairs[1::2, 0]  # several in a row with the same
    sets = shingles.distinct_sets(keys.codes, keys.bounds)
    expected = [[shingles.shared(sets[a], sets[b]), len(sets[a]), len(sets[b])] for a, b in pairs.tolist()]
    assert shingles.shared_by_keys(keys, pairs[:, 0].copy(), pairs[:, 1].copy()).tolist() == expected


@settings(deadline=None)
@given(keys_of_all_kinds, st.sampled_from([np.uint16, np.uint32]), st.booleans())
def test_digests(batch: list[str], dtype: type[np.uint16] | type[np.uint32], wide: bool) -> None:
    keys = in_a_row([*batch, "𠮷" * wide, "一" * 64, "一" * 65, ""], dtype)
    made, expected = np.empty((2, len(keys), 2), np.uint64)
    left = compiled("digests").digests(keys.codes, keys.bounds, made)
    assert set(left) == deduplicator._digest_each(keys.codes, keys.bounds, expected)
    narrow = np.delete(np.arange(len(keys)), left)
    assert (made[narrow] == expected[narrow]).all()


def test_kernels_refuse_what_would_be_read_out_of_bounds() -> None:
    fold, sketched, counted = compiled("keys").fold, compiled("sketch").sketch, compiled("shared").shared
    keys, counts = in_a_row(["一二三四五六"], np.uint16), np.empty((1, 3), np.int64)
    lie, asked, run = [keys.codes], np.empty(1, bool), np.array([1 << 31, 8], np.uint32)
    shared_by, rounds = compiled("bands").runs, compiled("runs")
    sets, codes, places = (np.zeros(1, np.uint8), np.zeros(1, np.uint8)), np.empty(2, np.int64), np.zeros(1, np.int32)
    one, zero = np.ones(1, np.int64), np.zeros(1, np.int64)
    calls: list[Callable[[], object]] = [
        lambda: sketched(keys.codes, keys.bounds + 1, 128, np.empty((1, 128), np.uint16)),
        lambda: sketched(keys.codes, keys.bounds[::-1].copy(), 128, np.empty((1, 128), np.uint16)),
        lambda: sketched(keys.codes, keys.bounds, 128, np.empty((1, 64), np.uint16)),
        lambda: sketched(keys.codes, keys.bounds, 100, np.empty((1, 100), np.uint16)),
        lambda: sketched(keys.codes.astype(float), keys.bounds, 64, np.empty((1, 64), np.uint16)),
        lambda: compiled("digests").digests(keys.codes, keys.bounds, np.empty((2, 2), np.uint64)),
        lambda: counted(lie, keys.lie[1], zero, one, 1, counts),
        lambda: counted(lie, keys.lie[1], -one, zero, 1, counts),
        lambda: counted(lie, keys.lie[1], zero, zero, 1, counts[:0]),
        lambda: counted(lie, keys.lie[1] + 1, zero, zero, 1, counts),
        lambda: counted(lie, np.array([[0, 1, 6]]), zero, zero, 1, counts),
        lambda: counted(lie, np.array([[0, -1, 6]]), zero, zero, 1, counts),
        lambda: counted([keys.codes.astype(float)], keys.lie[1], zero, zero, 1, counts),
        lambda: fold(["一"], key._narrow_table(), key._table(), keys.codes[:0], keys.bounds, asked),
        lambda: fold(["一"], key._narrow_table(), key._narrow_table(), keys.codes, keys.bounds, asked),
        lambda: fold(["一"], key._narrow_table(), key._table(), keys.codes, keys.bounds, asked[:0]),
        lambda: shared_by([np.zeros((0, 8), np.uint16)], 8, 0, 4, places, 1, np.empty(1, np.uint32)),
        lambda: shared_by([np.zeros((1, 8), np.uint16)], 8, 5, 4, places, 1, np.empty(1, np.uint32)),
        lambda: shared_by([np.zeros((1, 8), np.uint16)], 8, 0, 4, places + 2, 1, np.empty(1, np.uint32)),
        lambda: shared_by([np.zeros((1, 8), np.uint16)], 8, 0, 4, places, 1, np.empty(0, np.uint32)),
        lambda: rounds.standing(run, *sets, 8),
        lambda: rounds.standing(run, *sets, 9),
        lambda: rounds.worth(run, *sets, 9, codes),
        lambda: rounds.worth(run[:1], *sets, 1, codes[:0]),
        lambda: rounds.without(run[:1], *sets, 1, np.empty(0, np.uint32)),
        lambda: rounds.firsts(-codes[:1] * 0 - 1, sets[0], 1, asked),
        lambda: rounds.firsts(codes[:1] * 0, sets[0], 9, asked),
        lambda: rounds.firsts(codes[:1] * 0, sets[0], 1, asked[:0]),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"^\S+"):
            call()
    with pytest.raises(TypeError, match="text 0 is no str"):
        fold([b""], key._narrow_table(), key._table(), keys.codes, keys.bounds, asked)


@given(st.text("ab\n😀", max_size=60), st.text("abc", min_size=60, max_size=60), st.integers(0, 9))
def test_changed_runs(before: str, other: str, gap: int) -> None:
    module = compiled("script")
    after = "".join([old if old == "\n" else new for old, new in zip(before, other, strict=False)])
    spans = unifying._changed(before, after, gap)
    found = module.changed(before, after, gap, Edit, "")
    if found is None:
        assert "😀" in before
        assert "😀" not in after
    else:
        assert found == [Edit("", i, before[i:j], after[i:j]) for i, j in spans]


pieces = st.sampled_from(
    [
        "京东",
        "来源：",
        "责编",
        "新华社",
        "摘要",
        "。",
        "，",
        "！",
        " ",
        "\u3000",
        "\n",
        "地点",
        "书名",
        "2023-01-",
        "1:",
        "T",
        "｜",
        "😀",
        "\ud800",
        "𝟏",
    ]
)


lines = st.one_of(texts, st.lists(pieces, max_size=30).map("".join))


kinds_of_lines = st.lists(
    st.sampled_from(
        [1 << bit for bit in range(7)]
        + [outline.FIELD, outline.EVENT, outline.WORK, 4 << outline.OPENING, outline.AGENCY << outline.OPENING]
    )
).map(lambda given: functools.reduce(operator.or_, given, 0))


numbers = st.integers(-2, 12)


@given(lines, kinds_of_lines, kinds_of_lines, numbers, numbers, numbers, numbers)
def test_outline(text: str, some: int, none: int, begin: int, stop: int, least: int, most: int) -> None:
    one, other = outline.Outline(text), compiled("lines").Outline(text, outline._table(), None)
    every = range(len(one))
    assert len(one) == len(other)
    assert other.text == text
    assert [one[number] for number in every] == [other[number] for number in every] == text.split("\n")
    assert [one.start(number) for number in (*every, len(one))] == [
        other.start(number) for number in (*every, len(one))
    ]
    assert one.pick(begin, stop, least, most) == other.pick(begin, stop, least, most)
    assert one.pick(some=some, none=none) == other.pick(some=some, none=none)
    assert one.pick(some=some) == other.pick(some=some)
    assert one.edges(least, some) == other.edges(least, some)
    gone = dict.fromkeys(
        {number for number in (begin, stop, least, most, len(one) - 1) if 0 <= number < len(one)}, "a.b"
    )
    assert one.without(gone, Edit) == other.without(gone, Edit)


@given(st.lists(lines, max_size=12), st.lists(lines, max_size=5), st.randoms())
def test_outline_of_a_text_that_was_outlined_before(rows: list[str], others: list[str], chance: Any) -> None:
    made, table = compiled("lines").Outline, outline._table()
    left = [row for row in rows if chance.random() < 0.7]
    for row in others:
        left.insert(chance.randrange(len(left) + 1), row)
    before, text = "\n".join(rows), "\n".join(left)
    again, fresh = made(text, table, made(before, table, None)), made(text, table, None)
    assert [again[number] for number in range(len(again))] == text.split("\n")
    for bit in (*range(8), *range(29, 40)):
        assert again.pick(some=1 << bit) == fresh.pick(some=1 << bit)


def test_outline_says_what_is_asked_for_wrongly() -> None:
    module, table = compiled("lines"), outline._table()
    made = module.Outline("一\n二", table, None)
    calls: list[tuple[Callable[[], object], type[Exception]]] = [
        (lambda: module.Outline("一", b"", None), ValueError),
        (lambda: module.Outline(1, table, None), TypeError),
        (lambda: made[2], IndexError),
        (lambda: made.start(3), IndexError),
        (lambda: made.pick(0, 1, 2, 3, 4, 5, 6), TypeError),
        (lambda: made.pick(many=1), TypeError),
        (lambda: made.edges(1), TypeError),
        (lambda: made.edges("", 1), TypeError),
        (lambda: made.without([1], Edit), TypeError),
        (lambda: made.without({1: "a.b"}, list), TypeError),
        (lambda: made.without({2: "a.b"}, Edit), IndexError),
        (lambda: made.without({"": "a.b"}, Edit), TypeError),
    ]
    for call, error in calls:
        with pytest.raises(error):
            call()


# What the kernels for damage decide about: rare Han, marks, letters of other alphabets, notes, lost bytes.
damage = st.one_of(texts, st.text("一的你好，。\n abé龘鱻浜笢涓嶰─한글ÃÂ€\x85ｱ\ue000\ufffd😀\ud800"))


notes = st.one_of(texts, st.text("戰略的O(zhàn)( )shè？?！!\ufffd\u3000a<，\n\u0300"))


def in_python(measure: Callable[[], Any], *modules: object) -> Any:
    """What comes of it without kernels."""
    with pytest.MonkeyPatch.context() as patch:
        for module in modules:
            for name in ("kernel", "compiled_model", "compiled_search"):
                if hasattr(module, name):
                    patch.setattr(module, name, lambda *_: None)
        return measure()


@settings(deadline=None)  # the twin reads its tables first
@given(damage)
def test_bigrams(text: str) -> None:
    compiled("bigrams")
    measures: list[Callable[[], Any]] = [
        lambda: bigrams.scores([text, text[::-1]]),
        lambda: shift._mean(text),
        lambda: bigrams.following(text[:1], text),
        lambda: [bigrams.inside(text[i : i + 2]) for i in range(len(text) - 1)],
        lambda: fluency.profile(text),
        lambda: fluency.fluency([text[:8], text[:8]]) if text else [],
    ]
    for measure in measures:
        assert measure() == in_python(measure, bigrams, fluency, shift)


@settings(deadline=None)  # the twin reads its tables first
@given(st.integers(0x81, 0xFE), st.integers(0x40, 0xFE), damage, damage, st.sampled_from(["", "yì", "shì", "zhan"]))
def test_two_for_one(lead: int, trail: int, left: str, right: str, wanted: str) -> None:
    compiled("bigrams")

    def best() -> object:
        gaps.two_for_one.cache_clear()
        return gaps.two_for_one(lead, trail, (left or "\n")[-1], (right or "\n")[:2], wanted)

    assert best() == in_python(best, gaps)


@settings(deadline=None)  # the twin reads its tables first
@given(damage)
def test_lines_like_damage(text: str) -> None:
    compiled("bigrams")
    lines = text.split("\n")
    assert doubt._like_damage(text, lines) == in_python(lambda: doubt._like_damage(text, lines), bigrams)
    if text:
        total, worst = bigrams.compiled_model().worst_row(text, doubt.ROW)
        values = bigrams.profile(text).astype(float)
        assert total == pytest.approx(values.sum())
        assert worst / min(len(text), doubt.ROW) == pytest.approx(doubt.lowest(values, doubt.ROW))


@given(damage)
def test_suspicious_lines(text: str) -> None:
    compiled("mojibake")
    assert gate.suspicious_lines(text) == in_python(lambda: gate.suspicious_lines(text), gate)
    long = text + "的" * 20  # of short texts all lines are
    assert not gate.suspicious_lines(long) or kinds.kinds_of(long) & (kinds.DAMAGED | kinds.HANGUL)
    assert gate.suspicious_lines(long) == in_python(lambda: gate.suspicious_lines(long), gate)


def noted(note: str) -> scan.Key | None:
    """A key for most of what looks like a note."""
    return None if "e" in note else (note[0], note)


@given(notes)
def test_notes(text: str) -> None:
    compiled("notes")
    places = range(len(text) + 1)
    noticed = scan.notes_in(text, noted)
    going = set(noticed.keys[::2])
    measures: list[Callable[[], Any]] = [
        lambda: scan.notes_in(text, noted),
        lambda: scan.removed(text, noticed, going, "pinyin.note"),
        lambda: [scan.counts_of("戰a的\ud800", text)[char] for char in "戰a的\ud800"],
        lambda: [(found.span(), found.groups()) if (found := scan.next_lost(text, at)) else None for at in places],
    ]
    for measure in measures:
        assert measure() == in_python(measure, scan)


@given(st.one_of(damage, st.text("槲覀兣臄戰略，？€$A")), st.integers(0, 3), st.integers(0, 0xFF))
def test_pair_anew(text: str, position: int, pending: int) -> None:
    compiled("gbk")
    stop = max(position, len(text) - 1)
    if stop <= len(text):
        found = gbk.pair_anew(text, position, stop, pending)
        assert found == in_python(lambda: gbk.pair_anew(text, position, stop, pending), gbk)


one = st.one_of(st.characters(), st.sampled_from("，。“”《》·的告更替我們龘\ue000\ufffd😀\ud800"))
several = st.lists(st.one_of(notes, st.text("，。“”《》·的告更替我們")), max_size=3).map("".join)


@settings(deadline=None)  # the twin reads its tables first
@given(notes, one, st.one_of(several, damage, st.just("更告的我們戰略這裏" * 5)), st.integers(1, 2), one)
def test_choices(text: str, left: str, choices: str, width: int, right: str) -> None:
    compiled("context")
    choices = "".join([char for char in choices if char <= "\uffff"])  # of one length in UTF-16
    choices = choices[: len(choices) // width * width] or "更告"

    def best() -> object:
        context.between.cache_clear()
        ranking = context.between(choices, width, left, right)
        return *ranking[:3], Context(text).choose(ranking, left, right)[0]

    def likely() -> list[float]:
        ranking = context.between(choices, width, left, right)
        return [ranking.others, Context(text).choose(ranking, left, right)[1]]

    assert best() == in_python(best, context, fluency, bigrams)
    assert likely() == pytest.approx(in_python(likely, context, fluency, bigrams))


pairs_found = st.lists(
    st.tuples(st.sampled_from([-9.5, -12.0, -20.25]), st.text(one, min_size=2, max_size=2)), max_size=3
)


@settings(deadline=None)  # the twin reads its tables first
@given(notes, pairs_found.map(tuple), one, one, st.text(one, min_size=1, max_size=3), st.booleans())
def test_instead(
    text: str, found: tuple[tuple[float, str], ...], left: str, char: str, right: str, broken: bool
) -> None:
    compiled("context")
    measures: list[Callable[[], Any]] = [
        lambda: Context(text).instead(found, left, char, right, broken),
        lambda: Context(text).worth(left, text + right, char),
        lambda: Context(text).doubtful(left, text, right, (char + text).encode("utf-16-le", "surrogatepass")),
    ]
    for measure in measures:
        assert measure() == in_python(measure, context, fluency, bigrams)


@given(notes, st.characters(), st.lists(st.one_of(notes, st.text("，。“”《》·的")), max_size=3), notes)
def test_context(text: str, left: str, middles: list[str], right: str) -> None:
    compiled("context")

    def fits() -> list[float]:
        return Context(text).fit(left, middles, right)

    assert fits() == pytest.approx(in_python(fits, context))


strings = texts.map(json.dumps) | texts.map(json.encoder.encode_basestring)
edit_lines = st.builds(
    '{{"rule": {}, "start": {}, "before": {}, "after": {}}}'.format,
    st.sampled_from(['"ads.a"', '"ads.b"', '"my \\"own\\" rule"', '"规则"']),
    st.integers(0, 1 << 70),
    strings,
    strings,
)
steps = st.lists(
    st.builds('{{"filter": {}, "edits": [{}]}}'.format, strings, st.lists(edit_lines).map(", ".join)), max_size=3
)


@given(steps.map(", ".join))
def test_tally(steps: str) -> None:
    raw = ('"steps": [' + steps).encode("utf-8", "replace")
    made = compiled("tally").tally(raw)
    assert made == Tally()._counted(raw) or (made is None and '\\"own' in steps)


@given(steps.map(", ".join), st.integers(0, 400), st.binary(max_size=2))
def test_tally_never_fails(steps: str, cut: int, put: bytes) -> None:
    raw = steps.encode("utf-8", "replace")
    made = compiled("tally").tally(raw[:cut] + put + raw[cut + len(put) :])
    assert made is None or isinstance(made, dict)


def read_by_json(written: bytes) -> tuple[Step, ...]:
    line = {"steps": json.loads(b"[" + written + b"]"), "metadata": {}, "flags": []}
    return ledger.cleaned_from(line, "").steps


@given(steps.map(", ".join))
@example('{"filter": "f", "edits": [{"rule": "a", "start": 0, "before": "\\n\\u001f\\"京", "after": "\\\\"}]}')
def test_steps(steps: str) -> None:
    raw = steps.encode("utf-8", "replace")
    made = compiled("steps").steps(raw, Step, Edit)
    assert made == read_by_json(raw) if made is not None else re.search(r"\\u(?!00[01])|[0-9]{16}", steps)
    line = b'{"id": "a", "steps": [' + raw + b'], "metadata": {}, "flags": []}\n'
    assert ledger.cleaned_from(ledger.entry(line), "") == ledger.cleaned_from(json.loads(line), "")


@given(steps.map(", ".join), st.integers(0, 400), st.binary(max_size=2))
def test_steps_are_none_where_they_are_broken(steps: str, cut: int, put: bytes) -> None:
    raw = steps.encode("utf-8", "replace")
    broken = raw[:cut] + put + raw[cut + len(put) :]
    made = compiled("steps").steps(broken, Step, Edit)
    assert made is None or made == read_by_json(broken)


@st.composite
def edit_lists(draw: st.DrawFn, text: str) -> list[Edit]:
    """Edits of a text, of which some do nothing, touch each other or do not fit."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    spans = [span for span in zip(cuts[::2], cuts[1::2], strict=False) if draw(st.booleans())]
    drawn = [Edit(draw(st.sampled_from("ab")), a, text[a:b], draw(st.text("京a\xe9😀", max_size=2))) for a, b in spans]
    if drawn and draw(st.integers(0, 5)) == 0:
        drawn[0] = drawn[0]._replace(start=drawn[0].start + draw(st.integers(-3, 100)))
    return drawn


@given(texts, st.data())
def test_edits(text: str, data: st.DataObject) -> None:
    compiled("edits")

    def applied(text: str, made: list[Edit], way: Callable[[str, list[Edit]], str] = edits.apply) -> tuple[str, str]:
        try:
            return way(text, made), ""
        except EditError as error:
            return "", str(error)

    first = data.draw(edit_lists(text))
    middle, error = applied(text, first)
    assert (middle, error) == in_python(lambda: applied(text, first), edits)
    for other in (middle, text):
        back = applied(other, first, edits.revert)
        assert back == in_python(partial(applied, other, first, edits.revert), edits)
    second = data.draw(edit_lists(middle))
    if not error and not applied(middle, second)[1]:
        both = edits.compose(first, second)
        assert both == in_python(lambda: edits.compose(first, second), edits)
        assert all(type(edit) is Edit for edit in both)


@given(st.lists(st.lists(st.builds(Edit, st.sampled_from(["a.x", "a.y", "b.\u00e9"]), st.integers(0), texts, texts))))
def test_edits_counted(found: list[list[Edit]]) -> None:
    compiled("tally")
    steps = tuple(Step("a", edits) for edits in found)
    assert clean._counted(steps) == in_python(lambda: clean._counted(steps), clean)


found_in_texts = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5))),
        st.sampled_from(["a.rule", "a.other"]),
        st.sampled_from(["", "京", "a😀"]),
    )
)


@given(texts, found_in_texts)
def test_edits_of_spans(text: str, drawn: list[tuple[list[tuple[int, int]], str, str]]) -> None:
    compiled("edits")
    found: list[blanks.Found] = [
        ([(start, min(start + size, len(text))) for start, size in spans if start <= len(text)], rule, after)
        for spans, rule, after in drawn
    ]
    made, expected = (run(text, found) for run in (whitespace._edits, whitespace._edits_one_by_one))
    assert made == expected
    assert all(type(edit) is Edit for edit in made)


@pytest.mark.parametrize("wrong", [(0, 4), (-1, 1), (2, 1), (0,), (0, "1"), (0, 1 << 70)])
def test_edits_refuses_what_is_no_span(wrong: tuple[object, ...]) -> None:
    with pytest.raises((TypeError, ValueError, OverflowError)):
        compiled("edits").edited("京东。", [([wrong], "a.rule", "")], Edit)


marks = st.text(",;:!?()\"'，。…（“” \n\u3000-^Dab1[{`/<京的カ한\U00020000\ud800") | texts


@given(marks, st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5))))
@example("好,,:):,a,b c d", [])
def test_marks(text: str, spans: list[tuple[int, int]]) -> None:
    compiled("marks")
    kept = Spans([(start, start + length) for start, length in spans])
    first, last = text.find("\n") + 1, max(text.rfind("\n"), 0) or len(text)
    measures: list[Callable[[], Any]] = [
        lambda: punctuation._survey(text),
        lambda: punctuation._behind_chinese(text, 0, len(text), kept),
        lambda: punctuation._behind_chinese(text, first, max(first, last), kept),
        lambda: list(around.other_lines(text, 0, len(text))),
        lambda: list(around.other_lines(text, first, max(first, last))),
    ]
    for measure in measures:
        assert measure() == in_python(measure, punctuation, around)


def test_marks_refuses_what_it_can_not_read() -> None:
    find, table = compiled("marks").behind_chinese, around.classes()
    wrong: list[tuple[object, ...]] = [
        ("好,", table[1:], 0, 2, [], around.FULL, Edit, ""),
        ("好,", table, 0, 3, [], around.FULL, Edit, ""),
        ("好,", table, -1, 2, [], around.FULL, Edit, ""),
        ("好,", table, 0, 2, [(0,)], around.FULL, Edit, ""),
        ("好,", table, 0, 2, [("0", 1)], around.FULL, Edit, ""),
        ("好,", table, 0, 2, [], {}, Edit, ""),
        ("好,", table, 0, 2, [], around.FULL, str, ""),
        (b"", table, 0, 0, [], around.FULL, Edit, ""),
    ]
    for arguments in wrong:
        with pytest.raises((TypeError, ValueError, KeyError)):
            find(*arguments)


LINES = st.one_of(
    st.sampled_from(["", " ", "首页", "推荐阅读", "一句话。", "她说：“好。”", "甲_", "\u3000乙 ", "\x1c", "a\ud800。"]),
    st.sampled_from("长。a）").flatmap(
        lambda end: st.sampled_from([30, 39, 40, 41, 119, 120]).map(lambda n: "段" * n + end)
    ),
    texts.map(lambda text: text.replace("\n", "")),
)


@given(st.lists(LINES, max_size=60), st.data())
def test_what_goes_of_a_page(lines: list[str], data: st.DataObject) -> None:
    text, taken, start = "\n".join(lines), [], 0
    chosen = data.draw(st.sets(st.integers(0, max(0, len(lines) - 1)), max_size=6))
    for number, line in enumerate(lines):
        if number in chosen and line.strip():
            takes = data.draw(st.sampled_from(["", "above", "fragments", "list", "rest"]))
            taken.append((start, start + len(line), f"a.rule-{number}", takes))
        start += len(line) + 1
    assert compiled("page").going(text, taken, ads._ENDERS, ads._LIMITS, Edit) == (
        ads._going(text, taken) if taken else []
    )


@pytest.mark.parametrize("taken", [[(0, 9, "a.b", "")], [(-1, 1, "a.b", "")], [(0, 1, "a.b", ""), (0, 1, "a.b", "")]])
def test_what_goes_are_parts_of_the_text(taken: list[ads.Taken]) -> None:
    with pytest.raises(ValueError, match="parts of the text"):
        compiled("page").going("a\nb", taken, ads._ENDERS, ads._LIMITS, Edit)
    with pytest.raises(TypeError):
        compiled("page").going("a\nb", [(0, 1)], ads._ENDERS, ads._LIMITS, Edit)


@given(
    st.one_of(
        texts, st.integers(0, 70).flatmap(lambda n: st.sampled_from(["甲\n", "\n", "a\n"]).map(lambda line: line * n))
    )
)
def test_zones_of_a_page(text: str) -> None:
    for one in (text, text + "\n", text + "乙"):
        assert compiled("page").zones(one, book._LEAST_HEAD, book._LEAST_TAIL) == book._bounds_by_lines(one)


words_of_headers = [
    "发佈",
    "时間：",
    "20230527",
    "２０２３",
    "9 ",
    "5.",
    "Ma",
    "PM",
    "記者",
    "首發",
    "供稿",
    "日電",
    "一〇",
]
marks_of_headers = st.sampled_from(words_of_headers) | st.sampled_from("版字丨｜由。¦午9民國\xa0\0\ud800😀a")
long_marks = st.sampled_from(["𝟏" * 8, "汉字" * 12])


@given(st.one_of(texts, st.lists(marks_of_headers | long_marks, max_size=9).map("".join)))
def test_signs_of_a_line(line: str) -> None:
    compiled("signs")
    found = folding.fold_and_see(line)
    assert found == in_python(lambda: folding.fold_and_see(line), folding)
    assert found[0] == folding.fold(line) == line.translate(folding._FOLD)


def test_signs_of_a_long_line_and_of_another_table() -> None:
    fold = compiled("signs").fold
    assert fold("京" * 1_000_000 + "：", folding._table()) == ("京" * 1_000_000 + ":", folding.PROSE)
    with pytest.raises(ValueError, match="what table"):
        fold("京", b"")
    with pytest.raises(TypeError, match="line, table"):
        fold(b"", folding._table())


@given(texts, st.lists(st.text(st.sampled_from("a1% \n("), min_size=1, max_size=3), max_size=4).map(tuple))
@example("gtag(", ("gtag(",))
@example("gtag", ("gtag(",))
def test_has_any(text: str, words: tuple[str, ...]) -> None:
    compiled("ascii")
    assert few_words.has_any(text, words) == in_python(lambda: few_words.has_any(text, words), few_words)
    for wrong in ("", "京"):
        with pytest.raises(ValueError, match="ASCII"):
            compiled("ascii").has_any(text, (wrong,))


some_words = st.lists(st.text("京东a（锟😀\ud800\xe9", min_size=2, max_size=4), max_size=6)


@given(st.one_of(texts, st.text("京东a（锟😀\ud800\xe9", max_size=40)), some_words)
def test_words(text: str, words: list[str]) -> None:
    assert compiled("words").Words(words).held(text) == {word for word in words if word in text}


@pytest.mark.parametrize("wrong", [["京"], ["京东", ""]])
def test_a_word_has_two_characters(wrong: list[str]) -> None:
    with pytest.raises(ValueError, match="two characters"):
        compiled("words").Words(wrong)


@given(
    st.text("京东与快手a，\U00020000\ud800", max_size=12) | texts,
    texts | st.text("京东与快手a", max_size=30),
    st.data(),
)
def test_what_is_heard_of_a_line(line: str, text: str, data: st.DataObject) -> None:
    start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    heard = compiled("topics").heard(line, text, start, end)
    assert heard == in_python(lambda: flags._heard(line, text, start, end), flags)


def test_of_a_long_line_all_is_heard() -> None:
    line = "".join(map(chr, range(0x3400, 0x9FFF)))
    assert compiled("topics").heard(line, line, 0, len(line)) == (len(line) - 1, len(line) - 1)
    with pytest.raises(ValueError, match="no span"):
        compiled("topics").heard(line, "京", 0, 2)


@given(
    st.lists(st.one_of(st.sampled_from(["摘要：", " ", "\n", "\n\n", "　", "甲乙丙", "核心"]), texts), max_size=12),
    st.sampled_from([40, 3]),
)
def test_paragraphs_that_begin_alike(pieces: list[str], times: int) -> None:
    text = "".join(piece if piece.isspace() else piece * times for piece in pieces)
    least, key, first = repeats._LONG, repeats._KEY, repeats._OPENING
    alike, labelled = compiled("paragraphs").alike(text, least, key, outline.SUMMARIES, first)
    again, expected = repeats._alike(text)
    assert alike == again
    assert alike or labelled == expected
    with pytest.raises(ValueError, match="as long as"):
        compiled("paragraphs").alike(text, key, least, "", first)


@given(st.text("京东零售 ：,_\n\n\n。\u3000\ud800\U0001f600") | texts)
def test_titles_that_stand_again(text: str) -> None:
    expected = list(echoes._titles(text))
    got = compiled("topics").again(text, echoes._HEAD, echoes._LONGEST, echoes._SHORTEST, echoes._MARKS)
    assert got == expected


def test_titles_of_many_parts_stand_again() -> None:
    text = "京东：零售\n京东零售酬宾：开业\n京东 零售京东零售酬宾"
    assert compiled("topics").again(text, 12, 100, 5, "：") == list(echoes._titles(text)) == [(0, 5), (6, 15)]
