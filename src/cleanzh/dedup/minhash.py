"""MinHash signatures with the same bits as datasketch's (scheme ``affine32``), and its objects in both directions.

>>> from datasketch import MinHash
>>> text = "京东与OPPO的战略合作进一步落地，双方签署了专项协议。"
>>> theirs = MinHash(hashfunc=shingle_hash)
>>> theirs.update_batch(shingles(text))
>>> ours = minhash_signatures([text])
>>> bool((theirs.hashvalues == ours[0]).all())
True

datasketch makes a MinHash of a list of Python objects, one call of the hash function each; here a batch of texts is one
array. The permutations are those that ``datasketch.MinHash(num_perm, seed)`` draws.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.key import Keys, comparison_key, fold
from cleanzh.dedup.shingles import SHINGLE, window_hashes
from cleanzh.errors import UsageError

if TYPE_CHECKING:
    from datasketch import LeanMinHash, MinHash, MinHashLSH

__all__ = [
    "SCHEME",
    "from_datasketch",
    "from_lsh",
    "minhash_keys",
    "minhash_signatures",
    "shingle_hash",
    "shingles",
    "to_lean",
    "to_lsh",
]

SCHEME = "affine32"
Signatures = NDArray[np.uint32]  # (documents, permutations)

# Hashes permuted in one go: the table of this many by all permutations stays in the second-level cache.
_SLICE = 512
_MURMUR = ((16, 0x85EBCA6B), (13, 0xC2B2AE35))


def shingles(text: str) -> list[str]:
    """The 5-grams of the key of a text, in order: what other libraries are to be fed."""
    key = comparison_key(text)
    return [key[start : start + SHINGLE] for start in range(len(key) - SHINGLE + 1)]


def shingle_hash(shingle: str | bytes) -> int:
    """The 32-bit hash of a 5-gram (as text or its UTF-8), to be given to datasketch as ``hashfunc``."""
    text = shingle.decode("utf-8") if isinstance(shingle, bytes) else shingle
    if len(text) != SHINGLE:
        raise UsageError(f"a shingle has {SHINGLE} characters, not {len(text)}: {text[:20]!r}")
    codes = np.array([ord(char) for char in text], dtype=np.uint32)
    return int(window_hashes(codes)[0] >> np.uint64(32))


@functools.cache
def _permutations(num_perm: int, seed: int) -> NDArray[np.uint32]:
    from datasketch import MinHash

    permutations: NDArray[np.uint32] = MinHash(num_perm=num_perm, seed=seed, scheme=SCHEME).permutations
    return permutations


def minhash_signatures(texts: Sequence[str], *, num_perm: int = 128, seed: int = 1) -> Signatures:
    """The signatures of a batch of texts: (texts, ``num_perm``) of uint32; all ones for one without a 5-gram."""
    return minhash_keys(fold(texts), num_perm=num_perm, seed=seed)


def minhash_keys(keys: Keys, *, num_perm: int = 128, seed: int = 1) -> Signatures:
    """:func:`minhash_signatures` of texts that are folded already."""
    multipliers, offsets = _permutations(num_perm, seed)[:, :, None]
    signatures = np.full((len(keys), num_perm), 2**32 - 1, dtype=np.uint32)
    permuted = np.empty((num_perm, _SLICE), dtype=np.uint32)
    for i, signature in enumerate(signatures):
        hashes = (window_hashes(keys[i]) >> np.uint64(32)).astype(np.uint32)
        for shift, factor in _MURMUR:
            hashes ^= hashes >> np.uint32(shift)
            hashes *= np.uint32(factor)
        hashes ^= hashes >> np.uint32(16)
        for start in range(0, len(hashes), _SLICE):
            part = hashes[start : start + _SLICE]
            table = permuted[:, : len(part)]
            np.multiply(multipliers, part, out=table)
            np.add(table, offsets, out=table)
            np.minimum(signature, table.min(axis=1), out=signature)
    return signatures


def to_lean(signatures: Signatures, *, seed: int = 1) -> list[LeanMinHash]:
    """The signatures as datasketch's objects."""
    from datasketch import LeanMinHash

    return [LeanMinHash(seed=seed, hashvalues=signature, scheme=SCHEME) for signature in signatures]


def from_datasketch(minhashes: Iterable[MinHash]) -> Signatures:
    """Signatures out of datasketch's objects, lean or not, made with :func:`shingle_hash`.

    Raises :class:`~cleanzh.errors.UsageError` if they are of another scheme.
    """
    rows = []
    for minhash in minhashes:
        if minhash.scheme != SCHEME:
            raise UsageError(f"a MinHash of the scheme {minhash.scheme!r} can not be compared with {SCHEME!r}")
        rows.append(minhash.hashvalues)
    if len({len(row) for row in rows}) > 1:
        raise UsageError("the MinHash objects have different numbers of permutations")
    return np.array(rows, dtype=np.uint32)


def to_lsh(
    names: Sequence[Hashable],
    signatures: Signatures,
    *,
    seed: int = 1,
    threshold: float = 0.7,
    params: tuple[int, int] | None = None,
) -> MinHashLSH:
    """An index of datasketch's, filled. ``params`` are (bands, rows), else it chooses them by ``threshold``."""
    from datasketch import MinHashLSH

    lsh = MinHashLSH(threshold=threshold, num_perm=signatures.shape[1], params=params)
    for name, minhash in zip(names, to_lean(signatures, seed=seed), strict=True):
        lsh.insert(name, minhash)
    return lsh


def from_lsh(lsh: MinHashLSH) -> tuple[list[Hashable], Signatures]:
    """The names in an index of datasketch's, and their signatures as far as its bands hold them.

    The index keeps ``bands * rows`` of the values. Raises :class:`~cleanzh.errors.UsageError` if it was made with a
    ``hashfunc``, which leaves nothing of them, or holds another scheme.
    """
    if lsh.hashfunc is not None:
        raise UsageError("the index keeps hashes of its bands, not their values (it was made with a hashfunc)")
    if lsh._minhash_scheme not in (SCHEME, None):
        raise UsageError(f"the index holds the scheme {lsh._minhash_scheme!r}, not {SCHEME!r}")
    names: list[Hashable] = list(lsh.keys)
    # datasketch keys a band by the bytes of its values, the most significant first.
    rows = [np.frombuffer(b"".join(lsh.keys.get(name)), dtype=">u4").astype(np.uint32) for name in names]
    return names, np.array(rows, dtype=np.uint32).reshape(len(names), lsh.b * lsh.r)
