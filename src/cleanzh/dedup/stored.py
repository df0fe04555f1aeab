"""What an index stores of each document, and how a new document compares with it.

Band keys to meet by; a digest to be recognized by; a sketch of 512 buckets of 4 bits, which estimates a similarity with
a deviation of about .02 once the text is gone; the number of 5-grams; the id; and, if asked for, the compressed key.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanzh.dedup.bands import band_keys, plan
from cleanzh.dedup.key import Keys, table_fingerprint
from cleanzh.dedup.segment import Segment
from cleanzh.dedup.shingles import SHINGLE, Hashes, distinct, distinct_sets, shared, window_hashes
from cleanzh.dedup.similarity import similarity
from cleanzh.dedup.sketch import WIDTH, Sketches, sketch_keys

__all__ = [
    "Known",
    "Records",
    "candidates",
    "compare",
    "joined",
    "merged",
    "name_of",
    "records",
    "scheme",
    "segment_arrays",
]

_BANDS = plan(0.7)
_WIDE, _NIBBLE = 512, 16
# Estimates this far below the threshold, seven deviations, are not worth counting.
_FAR = 0.15


class Known(NamedTuple):
    """A stored document that is the same article; ``estimated`` if its text is gone and only sketches were compared."""

    id: str
    jaccard: float
    containment: float
    estimated: bool = False
    exact: bool = False


class Records(NamedTuple):
    """What stands in for the texts of a batch once they are gone."""

    sizes: NDArray[np.uint32]  # distinct 5-grams
    wide: NDArray[np.uint8]  # (documents, 256): 512 buckets of 4 bits
    keys: list[bytes] | None  # compressed


def records(keys: Keys, *, store_keys: bool = False) -> Records:
    """The records of a batch."""
    sizes = np.array([len(own) for own in distinct_sets(keys.codes, keys.bounds)], dtype=np.uint32)
    packed = None
    if store_keys:
        packed = [zlib.compress(keys[i].astype("<u4").tobytes(), 1) for i in range(len(keys))]
    lanes = sketch_keys(keys, _WIDE) & np.uint16(_NIBBLE - 1)
    return Records(sizes, (lanes[:, 0::2] | (lanes[:, 1::2] << np.uint16(4))).astype(np.uint8), packed)


def joined(parts: Sequence[Records]) -> Records:
    """Batches of records as one."""
    keys = None if parts[0].keys is None else [key for part in parts for key in part.keys or ()]
    return Records(np.concatenate([part.sizes for part in parts]), np.concatenate([part.wide for part in parts]), keys)


def scheme() -> dict[str, Any]:
    """All that decides whether two documents meet: an index made with another one is refused."""
    return {
        "format": 1,
        "key_table": table_fingerprint(),
        "shingle": SHINGLE,
        "sketch": f"fast-similarity-{WIDTH}x16",
        "bands": f"{_BANDS.bands}x{_BANDS.rows}",
        "stored_sketch": f"fast-similarity-{_WIDE}x4",
        "probe": _probe(),
    }


def _probe() -> str:
    """A fingerprint of the arithmetic: what the hashes, sketches and band keys of a fixed text come to."""
    codes = np.arange(0x4E00, 0x4E00 + 700, dtype=np.uint32)
    sketches = sketch_keys(Keys(codes, np.array([0, len(codes)])))
    keys = band_keys(sketches, 0, _BANDS.rows)
    made = np.sort(window_hashes(codes)), sketches, keys
    return hashlib.blake2b(b"".join(array.tobytes() for array in made), digest_size=8).hexdigest()


def _blobs(name: str, parts: Sequence[bytes]) -> dict[str, NDArray[Any]]:
    bounds = np.zeros(len(parts) + 1, dtype=np.uint64)
    np.cumsum([len(part) for part in parts], out=bounds[1:])
    return {f"{name}_bounds": bounds, f"{name}_bytes": np.frombuffer(b"".join(parts), np.uint8)}


def _blob(segment: Segment, name: str, row: int) -> bytes:
    start, stop = segment[f"{name}_bounds"][row : row + 2]
    return segment[f"{name}_bytes"][int(start) : int(stop)].tobytes()


def name_of(segment: Segment, row: int) -> str:
    return _blob(segment, "id", row).decode("utf-8", "surrogatepass")


def _short(keys: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Half a band key: one stored document in four thousand million meets by accident, and is turned away."""
    return (keys >> np.uint64(32)).astype(np.uint32)


def candidates(segment: Segment, places: NDArray[np.int64], sketches: Sketches) -> NDArray[np.uint64]:
    """Documents that share a band with stored ones: ``place << 32 | row``, sorted."""
    codes = [np.zeros(0, np.uint64)]
    asking = sketches[places]
    for band in range(_BANDS.bands):
        asked = _short(band_keys(asking, band, _BANDS.rows))
        low, counts = _find(segment["band_keys"][band], segment["band_starts"][band], asked)
        hit = np.flatnonzero(counts)
        counts = counts[hit]
        at = np.repeat(low[hit] - (np.cumsum(counts) - counts), counts) + np.arange(int(counts.sum()))
        rows = segment["band_rows"][band][at].astype(np.uint64)
        codes.append((np.repeat(places[hit], counts).astype(np.uint64) << np.uint64(32)) | rows)
    return np.unique(np.concatenate(codes))


def _find(
    stored: NDArray[np.uint32], starts: NDArray[np.uint32], asked: NDArray[np.uint32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each key stands among the sorted ones, and how often.

    ``starts`` tells where the keys with the same leading bits begin, about eight of them: what is left is a search in a
    page or two, done for all keys together.
    """
    leading = asked >> np.uint32(33 - (len(starts) - 1).bit_length())
    low, high = starts[leading].astype(np.int64), starts[leading + 1].astype(np.int64)
    last = max(0, len(stored) - 1)
    while (low < high).any():
        middle = (low + high) >> 1
        less = (stored[np.minimum(middle, last)] < asked) & (low < high)
        high = np.where(less | (low >= high), high, middle)
        low = np.where(less, middle + 1, low)
    counts = np.zeros(len(asked), dtype=np.int64)
    if len(stored):
        hit = np.flatnonzero(stored[np.minimum(low, last)] == asked)
        counts[hit] = np.searchsorted(stored, asked[hit], side="right") - low[hit]
    return low, counts


def _starts(sorted_keys: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The directory of one band for :func:`_find`."""
    bits = min(20, max(1, len(sorted_keys).bit_length() - 3))
    bounds = np.arange((1 << bits) + 1, dtype=np.uint64) << np.uint64(32 - bits)
    return np.searchsorted(sorted_keys.astype(np.uint64), bounds).astype(np.uint32)


def compare(segment: Segment, row: int, own: Hashes, wide: NDArray[np.uint8], threshold: float) -> Known | None:
    """A document and a stored one: counted if the key is stored, else estimated. None if they are far apart."""
    both = segment["wide"][row] ^ wide
    agree = (int(np.count_nonzero(both & 15 == 0)) + int(np.count_nonzero(both >> 4 == 0))) / _WIDE
    jaccard = max(0.0, (agree - 1 / _NIBBLE) / (1 - 1 / _NIBBLE))
    if jaccard < threshold - _FAR:
        return None
    name = name_of(segment, row)
    if "key_bytes" in segment:
        there = distinct(np.frombuffer(zlib.decompress(_blob(segment, "key", row)), "<u4").astype(np.uint32))
        return Known(name, *similarity(shared(there, own), len(there), len(own)))
    size = int(segment["sizes"][row])
    both_have = jaccard * (len(own) + size) / (1 + jaccard)
    return Known(name, jaccard, min(1.0, both_have / max(1, min(len(own), size))), estimated=True)


def segment_arrays(ids: Sequence[str], digests: NDArray[np.uint64], sketches: Sketches, stored: Records) -> Segment:
    """The arrays of a segment that holds these documents."""
    count = len(ids)
    sorted_keys = np.empty((_BANDS.bands, count), dtype=np.uint32)
    rows = np.empty((_BANDS.bands, count), dtype=np.uint32)
    for band in range(_BANDS.bands):
        short = _short(band_keys(sketches, band, _BANDS.rows)).astype(np.uint64)
        tagged = np.sort((short << np.uint64(32)) | np.arange(count, dtype=np.uint64))
        sorted_keys[band], rows[band] = tagged >> np.uint64(32), tagged & np.uint64(0xFFFFFFFF)
    arrays: dict[str, NDArray[Any]] = {
        **_to_look_up(sorted_keys, rows, digests),
        "sizes": stored.sizes,
        "wide": stored.wide,
        **_blobs("id", [name.encode("utf-8", "surrogatepass") for name in ids]),
    }
    if stored.keys is not None:
        arrays.update(_blobs("key", stored.keys))
    return arrays


def _to_look_up(
    keys: NDArray[np.uint32], rows: NDArray[np.uint32], digests: NDArray[np.uint64]
) -> dict[str, NDArray[Any]]:
    """The arrays in which documents are looked up, given the sorted keys of each band with the rows they are of."""
    order = np.argsort(digests[:, 0], kind="stable")
    return {
        "band_keys": keys,
        "band_rows": rows,
        "band_starts": np.stack([_starts(band) for band in keys]),
        "sorted_digests": digests[order, 0],
        "digest_rows": order.astype(np.uint32),
        "digests": digests,
    }


def merged(segments: Sequence[Segment]) -> dict[str, NDArray[Any]]:
    """The arrays of one segment that holds all documents of the given ones, in their order; empty if there are none."""
    if not segments:
        return {}
    counts = [len(segment["digests"]) for segment in segments]
    firsts = np.cumsum([0, *counts])
    bands = segments[0]["band_keys"].shape[0]
    keys = np.empty((bands, firsts[-1]), dtype=np.uint32)
    rows = np.empty((bands, firsts[-1]), dtype=np.uint32)
    for band in range(bands):
        # All parts are sorted: a stable sort of the whole is a merge.
        tagged = np.concatenate(
            [
                (segment["band_keys"][band].astype(np.uint64) << np.uint64(32)) | (segment["band_rows"][band] + first)
                for segment, first in zip(segments, firsts.astype(np.uint64), strict=False)
            ]
        )
        tagged.sort(kind="stable")
        keys[band], rows[band] = tagged >> np.uint64(32), tagged & np.uint64(0xFFFFFFFF)
    digests = np.concatenate([segment["digests"] for segment in segments])
    arrays = _to_look_up(keys, rows, digests)
    for name in ("sizes", "wide", "id_bytes", "key_bytes"):
        if name in segments[0]:
            arrays[name] = np.concatenate([segment[name] for segment in segments])
    for name in ("id", "key"):
        if f"{name}_bounds" in segments[0]:
            shifts = np.cumsum([0, *(len(segment[f"{name}_bytes"]) for segment in segments)]).astype(np.uint64)
            parts = [segment[f"{name}_bounds"][:-1] + shift for segment, shift in zip(segments, shifts, strict=False)]
            arrays[f"{name}_bounds"] = np.concatenate([*parts, shifts[-1:]])
    return arrays
