"""datasketch as the oracle: the same bits, and objects that go both ways."""

from __future__ import annotations

import random

import numpy as np
import pytest
from datasketch import LeanMinHash, MinHash, MinHashLSH
from hypothesis import given, settings
from hypothesis import strategies as st
from test_dedup import article, corpus

from cleanzh.dedup import Deduplicator
from cleanzh.dedup.minhash import (
    SCHEME,
    from_datasketch,
    from_lsh,
    minhash_signatures,
    shingle_hash,
    shingles,
    to_lean,
    to_lsh,
)
from cleanzh.errors import UsageError


def theirs(text: str, num_perm: int = 128, seed: int = 1) -> MinHash:
    minhash = MinHash(num_perm=num_perm, seed=seed, hashfunc=shingle_hash)
    minhash.update_batch(shingles(text))
    return minhash


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text("京东与华为战略合作𠮷A1 。", max_size=700), max_size=3), st.sampled_from([(128, 1), (16, 7)]))
def test_signatures_are_bit_identical(texts: list[str], how: tuple[int, int]) -> None:
    num_perm, seed = how
    ours = minhash_signatures(texts, num_perm=num_perm, seed=seed)
    assert ours.dtype == np.uint32
    for text, signature in zip(texts, ours, strict=True):
        assert (theirs(text, num_perm, seed).hashvalues == signature).all()


def test_a_shingle_hashes_alike_as_text_and_bytes() -> None:
    assert shingle_hash("京东与华为") == shingle_hash("京东与华为".encode()) < 2**32
    with pytest.raises(UsageError, match="5 characters, not 2"):
        shingle_hash("京东")


def test_lean_minhashes_go_both_ways() -> None:
    texts = corpus(1)
    signatures = minhash_signatures(texts, seed=3)
    lean = to_lean(signatures, seed=3)
    assert all(mine == LeanMinHash(theirs(text, seed=3)) for mine, text in zip(lean, texts, strict=True))
    stored = [bytearray(minhash.bytesize()) for minhash in lean]
    for minhash, buffer in zip(lean, stored, strict=True):
        minhash.serialize(buffer)
    assert (from_datasketch(LeanMinHash.deserialize(buffer) for buffer in stored) == signatures).all()


def test_an_lsh_goes_both_ways() -> None:
    texts = corpus(2)
    signatures = minhash_signatures(texts)
    mine = to_lsh(range(len(texts)), signatures, threshold=0.7)
    other = MinHashLSH(threshold=0.7, num_perm=128)
    for name, text in enumerate(texts):
        other.insert(name, theirs(text))
    for name, text in enumerate(texts):
        assert sorted(mine.query(theirs(text))) == sorted(other.query(to_lean(signatures[name : name + 1])[0]))
    names, back = from_lsh(other)
    assert names == list(range(len(texts)))
    assert (back == signatures[:, : other.b * other.r]).all()


def test_another_scheme_is_refused() -> None:
    with pytest.raises(UsageError, match="'legacy'"):
        from_datasketch([MinHash(scheme="legacy")])
    with pytest.raises(UsageError, match="different numbers"):
        from_datasketch([MinHash(num_perm=16, scheme=SCHEME), MinHash(num_perm=32, scheme=SCHEME)])
    with pytest.raises(UsageError, match="hashfunc"):
        from_lsh(MinHashLSH(hashfunc=bytes))
    lsh = MinHashLSH()
    lsh.insert("a", MinHash(scheme="legacy"))
    with pytest.raises(UsageError, match="'legacy'"):
        from_lsh(lsh)


def test_the_same_verdicts_with_either_sketch() -> None:
    texts = [article(random.Random(1), 100), *corpus(6, families=20)]
    found = []
    for sketch in ("fast", "minhash"):
        dedup = Deduplicator(sketch=sketch)
        dedup.add_batch(range(len(texts)), texts)
        found.append(dedup.verdicts())
    assert found[0] == found[1]
    with pytest.raises(UsageError, match="unknown sketch 'slow'"):
        Deduplicator(sketch="slow")
