"""Each kernel does what its twin in Python does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanzh.kernels import kernel
from cleanzh.lexicon import kinds

ROOT = Path(__file__).parents[1]

# Texts with one, two and four bytes a character, and with halves of surrogate pairs.
texts = st.one_of(
    st.text(st.characters(max_codepoint=0xFF)),
    st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=())),
    st.text(st.characters(exclude_categories=())),
    st.text("京东（微信：a1 \n😀\ud800锟"),
)


def compiled(name: str) -> object:
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


@given(texts)
def test_kinds(text: str) -> None:
    compiled("kinds")
    assert kinds.kinds_of(text) == kinds._kinds_of_few(text)
