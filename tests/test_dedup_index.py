"""The index of earlier runs: what it finds, and what happens when things go wrong."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from test_dedup import article, edited, shingles

from cleanzh.dedup import Deduplicator, DuplicateIndex, Verdict
from cleanzh.errors import DuplicateIndexError, UsageError
from cleanzh.lock import alone

RNG = random.Random(11)
ARTICLES = [article(RNG, 400) for _ in range(12)]
NAMES = [f"day1/{i:02d}.txt" for i in range(12)]


def run(index: DuplicateIndex | Path | None, documents: dict[str, str], **options: Any) -> dict[str, Verdict]:
    dedup = Deduplicator(index=index, **options)
    dedup.add_batch(list(documents), list(documents.values()))
    verdicts = dedup.verdicts()
    if index is not None:
        dedup.remember(verdicts)
    return {verdict.id: verdict for verdict in verdicts}


@pytest.fixture
def first_day(tmp_path: Path) -> Path:
    path = tmp_path / "index"
    assert all(verdict.kept for verdict in run(path, dict(zip(NAMES, ARTICLES, strict=True))).values())
    return path


def second_day() -> dict[str, str]:
    rng = random.Random(3)
    return {
        "day2/same.txt": ARTICLES[0],
        "day2/header.txt": "来源：某某网 " + ARTICLES[1],
        "day2/edited.txt": edited(rng, ARTICLES[2], 0.02),
        "day2/new.txt": article(rng, 400),
        "day2/short.txt": "好",
        "day2/empty.txt": "",
    }


@pytest.mark.parametrize("store_keys", [False, True])
def test_what_is_stored_wins_over_what_comes(tmp_path: Path, store_keys: bool) -> None:
    index = DuplicateIndex(tmp_path / "index", store_keys=store_keys)
    run(index, dict(zip(NAMES, ARTICLES, strict=True)))
    documents = second_day()
    found = run(DuplicateIndex(tmp_path / "index"), documents)
    assert found["day2/same.txt"][1:7] == (False, "exact_duplicate", NAMES[0], 1.0, 1.0, NAMES[0])
    for name, original in (("day2/header.txt", 1), ("day2/edited.txt", 2)):
        verdict = found[name]
        assert (verdict.kept, verdict.reason, verdict.duplicate_of) == (False, "near_duplicate", NAMES[original])
        assert verdict.estimated is not store_keys
        assert verdict.cluster_size == 2
        a, b = shingles(documents[name]), shingles(ARTICLES[original])
        assert verdict.jaccard == pytest.approx(len(a & b) / len(a | b), abs=0 if store_keys else 0.08)
    assert all(found[name].kept for name in ("day2/new.txt", "day2/short.txt", "day2/empty.txt"))
    assert [segment.documents for segment in DuplicateIndex(tmp_path / "index").info()] == [12, 1]


def test_a_run_can_be_repeated(first_day: Path) -> None:
    documents = second_day() | {"day2/copy.txt": second_day()["day2/new.txt"] + "完"}
    once = run(first_day, documents, keep="first")
    assert run(first_day, documents, keep="first") != {}
    again = run(first_day, documents, keep="first")
    assert {n: (v.kept, v.reason, v.duplicate_of, v.cluster_size) for n, v in once.items()} == {
        n: (v.kept, v.reason, v.duplicate_of, v.cluster_size) for n, v in again.items()
    }
    assert len(DuplicateIndex(first_day)) == 13


def test_compaction_changes_no_answer(first_day: Path) -> None:
    for day in range(3):
        run(first_day, {f"more{day}/{i}.txt": article(random.Random(100 * day + i), 300) for i in range(5)})
    index = DuplicateIndex(first_day)
    before = run_only(index, second_day())
    assert len(index.info()) == 4
    index.compact()
    assert [segment.documents for segment in index.info()] == [27]
    assert index.verify() == []
    assert run_only(DuplicateIndex(first_day), second_day()) == before
    assert sorted(index.ids()) == sorted([*NAMES, *(f"more{day}/{i}.txt" for day in range(3) for i in range(5))])
    assert sorted(path.name for path in first_day.iterdir()) == ["000005.seg", "lock", "manifest.json"]


def run_only(index: DuplicateIndex, documents: dict[str, str]) -> list[Verdict]:
    dedup = Deduplicator(index=index)
    dedup.add_batch(list(documents), list(documents.values()))
    return dedup.verdicts()


def test_old_segments_expire(first_day: Path) -> None:
    run(first_day, {"new.txt": article(random.Random(99), 300)})
    index = DuplicateIndex(first_day)
    assert index.expire(datetime.now(UTC) - timedelta(days=1)) == 0
    assert index.expire(datetime.fromisoformat(index.info()[1].created)) == 12
    assert list(DuplicateIndex(first_day).ids()) == ["new.txt"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a child to kill")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("job", ["append", "compact", "expire"])
def test_killed_between_any_two_writes_the_index_is_whole(first_day: Path, job: str) -> None:
    run(first_day, {"more.txt": article(random.Random(99), 300)})
    before = sorted(DuplicateIndex(first_day).ids())
    outcomes = set()
    for fatal in range(200):
        copy = first_day.with_name("copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(first_day, copy)
        child = os.fork()
        if not child:
            killed_at(fatal, copy, job)
        status = os.waitpid(child, 0)[1]
        index = DuplicateIndex(copy)
        assert index.verify() == []
        ids = sorted(index.ids())
        outcomes.add(tuple(ids))
        if job == "append":
            assert ids in (before, sorted([*before, "late.txt"]))
        elif job == "compact":
            assert ids == before
        else:
            assert ids in (before, [])
        run(index, {"after.txt": article(random.Random(5), 300)})  # the next writer sweeps up and goes on
        assert sorted(index.ids()) == sorted([*ids, "after.txt"])
        assert not list(copy.glob("*.partial"))
        if os.waitstatus_to_exitcode(status) == 0:
            break
    else:
        pytest.fail("the job never came to its end")
    assert fatal > 4
    assert len(outcomes) == (1 if job == "compact" else 2)


def killed_at(fatal: int, path: Path, job: str) -> None:
    """In a child: do the job, and die right before the given call that writes."""
    seen = 0

    def watch(_frame: object, event: str, called: Any) -> None:
        nonlocal seen
        if event == "c_call" and getattr(called, "__name__", "") in {"write", "fsync", "replace", "unlink", "truncate"}:
            if seen == fatal:
                os._exit(9)
            seen += 1

    try:
        index = DuplicateIndex(path)
        dedup = Deduplicator(index=index)
        dedup.add_batch(["late.txt"], [article(random.Random(98), 300)])
        verdicts = dedup.verdicts()
        sys.setprofile(watch)
        if job == "append":
            dedup.remember(verdicts)
        elif job == "compact":
            index.compact()
        else:
            index.expire(datetime.now(UTC) + timedelta(days=1))
        sys.setprofile(None)
        os._exit(0)
    except BaseException:  # a child must not run on in the parent's tests
        os._exit(1)


def test_a_truncated_segment_is_named_and_can_be_dropped(first_day: Path) -> None:
    run(first_day, {"more.txt": article(random.Random(99), 300)})
    segment = first_day / "000001.seg"
    segment.write_bytes(segment.read_bytes()[:-100])
    index = DuplicateIndex(first_day)
    with pytest.raises(DuplicateIndexError, match=r"000001\.seg: .* bytes where .* were written"):
        run_only(index, second_day())
    with pytest.raises(DuplicateIndexError, match="drop-damaged"):
        index.compact()
    assert len(index.verify()) == 1
    index.compact(drop_damaged=True)
    assert list(DuplicateIndex(first_day).ids()) == ["more.txt"]


def test_a_changed_byte_is_found_by_verify(first_day: Path) -> None:
    segment = first_day / "000001.seg"
    data = bytearray(segment.read_bytes())
    data[-200] ^= 1
    segment.write_bytes(data)
    assert "checksum differs" in DuplicateIndex(first_day).verify()[0]


def test_a_second_writer_is_refused_and_readers_go_on(first_day: Path) -> None:
    index, other = DuplicateIndex(first_day), DuplicateIndex(first_day)
    with alone(first_day / "lock"):
        with pytest.raises(DuplicateIndexError, match=rf"number {os.getpid()}.* is writing"):
            index.compact()
        assert not run_only(other, second_day())[0].kept
    run(index, {"one.txt": article(random.Random(1), 300)})
    run(other, {"two.txt": article(random.Random(2), 300)})  # opened before, writes after: nothing is lost
    assert sorted(DuplicateIndex(first_day).ids()) == sorted([*NAMES, "one.txt", "two.txt"])


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_index_as_it_was(first_day: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    index = DuplicateIndex(first_day)
    dedup = Deduplicator(index=index)
    dedup.add_batch(["late.txt"], [article(random.Random(98), 300)])
    verdicts = dedup.verdicts()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(DuplicateIndexError, match=r"No space left on device.*unchanged"):
            dedup.remember(verdicts)
    assert sorted(index.ids()) == sorted(DuplicateIndex(first_day).ids()) == NAMES
    assert not list(first_day.glob("*.partial"))
    assert dedup.remember(verdicts) == 1


def test_another_scheme_is_refused(first_day: Path) -> None:
    manifest = json.loads((first_day / "manifest.json").read_text())
    manifest["scheme"]["key_table"] = "0123456789abcdef"
    (first_day / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DuplicateIndexError, match="another scheme: key_table '0123456789abcdef'"):
        DuplicateIndex(first_day)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"scheme": {}, "segments": [{}]}'])
def test_a_broken_manifest_is_refused(first_day: Path, text: str) -> None:
    (first_day / "manifest.json").write_text(text)
    with pytest.raises(DuplicateIndexError, match="not the manifest of an index"):
        DuplicateIndex(first_day)


def test_a_lost_manifest_is_not_an_empty_index(first_day: Path) -> None:
    (first_day / "manifest.json").unlink()
    with pytest.raises(DuplicateIndexError, match="segments are"):
        DuplicateIndex(first_day)


def test_wrong_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DuplicateIndexError, match="an index is a folder"):
        DuplicateIndex(tmp_path / "file")
    dedup = Deduplicator(index=tmp_path / "index")
    dedup.add_batch([1], [ARTICLES[0]])
    with pytest.raises(UsageError, match="ids that are text"):
        dedup.remember(dedup.verdicts())
    with pytest.raises(UsageError, match=r"from 0\.6 on"):
        run(tmp_path / "index", {"a": ARTICLES[0]}, threshold=0.3)
    with pytest.raises(UsageError, match="no index"):
        Deduplicator().remember([])
