"""Each kernel does what its twin in Python does."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanzh.filters.whitespace import blanks
from cleanzh.kernels import kernel
from cleanzh.lexicon import kinds, script

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


@given(texts, st.integers(0, 2**22 - 1))
def test_kinds(text: str, wanted: int) -> None:
    compiled("kinds")
    assert kinds.kinds_of(text) == kinds._kinds_of_few(text)


values = st.recursive(
    texts | st.integers() | st.floats() | st.booleans() | st.none(),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(texts, inner),
)


@given(values)
def test_json(value: object) -> None:
    made = compiled("json").line(value)
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


@given(texts)
def test_json_strings(text: str) -> None:
    assert compiled("json").quoted(text) == json.encoder.encode_basestring(text)


def test_json_leaves_what_is_nested_too_deep_and_what_it_does_not_know() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, {1: "a"}, {"a": object()}, Counter("a"), "\ud800"):
        assert compiled("json").line(value) is None
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
    ],
)
def test_forms_refuses_what_it_can_not_read(wrong: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match="Forms: "):
        compiled("forms").Forms(*wrong)


def test_forms_with_many_characters() -> None:
    words = sorted(map(chr, range(0xFFFF)))
    forms = compiled("forms").Forms(words, {}, b"", bytes(8 * len(words)))
    assert forms.look("\0京\uffff") == [(0, 0), (0x4EAC, 1)]
    with pytest.raises(ValueError, match="too many"):
        compiled("forms").Forms(sorted(map(chr, range(0x10001))), {}, b"", bytes(8 * 0x10001))
    places = [place for place, char in enumerate(text) if kinds._kinds_of_few(char) & wanted]
    assert kinds.places_of(wanted, text) == places
    assert kinds.count_of(wanted, text) == len(places)


@given(texts)
def test_letters(text: str) -> None:
    compiled("classes")
    assert list(script._counts(text)) == script._count_few(text)


@given(st.text(st.sampled_from("  \n\u3000\tA1京第条是，：。」”’）（《“\U00020000😀\ud800"), max_size=30) | texts)
def test_blanks(text: str) -> None:
    compiled("classes")
    by_kernel = blanks.Places(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blanks, "kernel", lambda name: None)
        by_pattern = blanks.Places(text)
    assert by_kernel.between_han() == by_pattern.between_han()
    for name in ("split", "beside", "ends"):
        assert list(getattr(by_kernel, name)) == list(getattr(by_pattern, name))
    for name in ("indents", "runs"):
        assert len(getattr(by_kernel, name)) == len(getattr(by_pattern, name))
