"""Every format in every compression: what comes out, that nothing else changes, and the way back."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import zstandard
from conftest import Cleanzh, aside, tree
from test_run import article

from cleanzh.cli import main
from cleanzh.errors import UsageError
from cleanzh.remote import upload
from cleanzh.restoring import restore_files
from cleanzh.run import clean_files
from cleanzh.stages.clean import Recipe
from cleanzh.verifying import verify

PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": zstandard.ZstdCompressor().compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
}
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.decompress,
    ".zst": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    ".xz": lzma.decompress,
    ".bz2": bz2.decompress,
}

DIRTY = '他说&ldquo;今天天气很好&rdquo;,我们去公园。\n“两行的文章”,带逗号；还有"直引号"。\n'
TEXTS = [article(1), DIRTY, article(2), article(1), "", "Nothing but English words stands in this one.", article(3)]
"""The fourth is a copy of the first, the fifth is empty, the sixth is not Chinese."""


def rows() -> Iterator[dict[str, Any]]:
    for number, text in enumerate(TEXTS):
        yield {"id": f"doc-{number}", "标题": "第,一", "n": 1.50, "text": text, "tags": ["a", {"b": None}]}


def as_csv(delimiter: str = ",", **how: Any) -> str:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, **how)
    writer.writerow(["id", "标题", "text", "n"])
    writer.writerows([row["id"], row["标题"], row["text"], row["n"]] for row in rows())
    return file.getvalue()


def as_lines(**how: Any) -> str:
    return "".join(json.dumps(row, **how) + "\n" for row in rows())


FILES: dict[str, bytes] = {
    "a.txt": DIRTY.encode(),
    "a.md": f"# 标题\n\n{DIRTY}".encode("gb18030"),
    "a.jsonl": as_lines(ensure_ascii=False).encode(),
    "escaped.ndjson": as_lines().encode().rstrip(b"\n"),
    "pretty.json": (json.dumps(list(rows()), ensure_ascii=False, indent=2) + "\n").encode(),
    "one-line.json": json.dumps(list(rows())).encode(),
    "object.json": json.dumps(next(rows()), indent=4).encode(),
    "a.csv": as_csv().encode(),
    "excel.csv": as_csv(";").encode("utf-8-sig"),
    "all-quoted.csv": as_csv(quoting=csv.QUOTE_ALL, lineterminator="\n").encode(),
    "gbk.csv": as_csv().encode("gb18030"),
    "a.tsv": as_csv("\t", lineterminator="\n").encode(),
    "utf16.tsv": as_csv("\t").encode("utf-16"),
}


def parsed(name: str, data: bytes) -> list[Any]:
    """What a stranger's parser reads in a file."""
    kind = name.partition(".")[2].partition(".")[0]
    if kind in ("txt", "md"):
        return [data.decode()]
    if kind == "json":
        found = json.loads(data)
        return found if isinstance(found, list) else [found]
    if kind in ("csv", "tsv"):
        text = data.decode("utf-8-sig")
        delimiter = ";" if name.startswith("excel") else "\t" if kind == "tsv" else ","
        return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    return [json.loads(line) for line in data.splitlines()]


@pytest.fixture(params=list(PACK), ids=lambda suffix: suffix or "plain")
def packed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A folder with every format, in one compression."""
    suffix: str = request.param
    (tmp_path / "in/深").mkdir(parents=True)
    for name, data in FILES.items():
        (tmp_path / "in/深" / f"{name}{suffix}").write_bytes(PACK[suffix](data))
    return tmp_path, suffix


def as_utf8(name: str, data: bytes) -> bytes:
    charset = {"a.md": "gb18030", "gbk.csv": "gb18030", "utf16.tsv": "utf-16"}.get(name, "utf-8")
    return data.decode(charset).encode()


def test_every_format_comes_out_in_its_form_and_goes_back(packed: tuple[Path, str]) -> None:
    folder, suffix = packed
    assert clean_files([folder / "in"], folder / "out", dedup=None).kept
    for name, data in FILES.items():
        out = UNPACK[suffix]((folder / "out/深" / f"{name}{suffix}").read_bytes())
        before, after = parsed(name, as_utf8(name, data)), parsed(name, out)
        kept = [row for row in before if not isinstance(row, dict) or row["id"] not in ("doc-4", "doc-5")]
        assert len(kept) == len(after)
        for was, now in zip(kept, after, strict=True):
            if isinstance(was, dict):
                assert list(was) == list(now)
                assert {k: v for k, v in was.items() if k != "text"} == {k: v for k, v in now.items() if k != "text"}
                was, now = was["text"], now["text"]
            assert ("&ldquo;" in was) == (was != now)
            assert "&ldquo;" not in now
    assert verify(folder / "out").problems == []
    assert restore_files(folder / "out", folder / "back").problems == []
    assert given_back(folder, suffix) == FILES


def given_back(folder: Path, suffix: str) -> dict[str, bytes]:
    return {name.removesuffix(suffix): UNPACK[suffix](data) for name, data in tree(folder / "back/深").items()}


@pytest.mark.parametrize("jobs", [1, 2])
def test_with_copies_set_aside_in_the_middle(packed: tuple[Path, str], jobs: int) -> None:
    folder, suffix = packed
    if jobs == 2 and suffix not in ("", ".gz"):
        pytest.skip("processes take time to start")
    summary = clean_files([folder / "in"], folder / "out", jobs=jobs)
    ledger = (folder / "out/_cleanzh/ledger.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(ledger) == summary.tally.documents == summary.kept + sum(summary.set_aside.values())
    assert summary.set_aside["exact_duplicate"] > 20
    for where in ("out/深", "out/_cleanzh/set_aside/深"):
        for path in (folder / where).iterdir():
            name, data = path.name.removesuffix(suffix), UNPACK[suffix](path.read_bytes())
            # What comes out is UTF-8, what is set aside is as it was.
            assert parsed(name, data if where == "out/深" else as_utf8(name, data))
    assert verify(folder / "out").problems == []
    assert restore_files(folder / "out", folder / "back").problems == []
    assert given_back(folder, suffix) == FILES


def test_ids_of_records(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.jsonl", "pretty.json", "a.csv"):
        (tmp_path / "in" / name).write_bytes(FILES[name])
    (tmp_path / "in/b.jsonl").write_text(
        '{"text": "今天天气很好，我们去公园。"}\n{"id": 7, "text": "他们也去公园散步了。"}\n'
    )
    clean_files([tmp_path / "in"], tmp_path / "out", recipe=Recipe(id_field="id"))
    lines = [json.loads(line) for line in (tmp_path / "out/_cleanzh/ledger.jsonl").read_text().splitlines()]
    ids = [line["id"] for line in lines]
    assert ids[:7] == ["doc-0", "doc-1", "doc-2", "doc-3", "doc-4", "doc-5", "doc-6"]
    assert len(set(ids)) == len(ids)
    assert {"7", "b.jsonl:1", "doc-0#2", "doc-0#3"} <= set(ids)
    entries = [json.loads(line) for line in (tmp_path / "out/_cleanzh/set_aside.jsonl").read_text().splitlines()]
    kept = {line["id"] for line in lines if "set_aside" not in line}
    assert {entry["kept_id"] for entry in entries if "kept_id" in entry} <= kept
    assert verify(tmp_path / "out").problems == []
    assert restore_files(tmp_path / "out", tmp_path / "back").problems == []
    assert tree(tmp_path / "back") == tree(tmp_path / "in")


@pytest.mark.parametrize("name", [name for name in FILES if name != "escaped.ndjson"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_in_a_pipe(tmp_path: Path, name: str, suffix: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    form = name.rpartition(".")[2]
    data = PACK[suffix](FILES[name])
    (tmp_path / f"{name}{suffix}").write_bytes(data)
    clean_files([tmp_path / f"{name}{suffix}"], tmp_path / "out", dedup=None)
    with pytest.raises(SystemExit) as ended, redirected_stdin(data):
        main(["clean", "-", "-", "--format", form, "--no-dedup"])
    assert ended.value.code == 0
    out = (tmp_path / f"out/{name}{suffix}").read_bytes()
    assert UNPACK[suffix](capfdbinary.readouterr().out) == UNPACK[suffix](out)


@contextmanager
def redirected_stdin(data: bytes) -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(data))
    try:
        yield
    finally:
        sys.stdin = before


def test_far_away(tmp_path: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe({f"/far/in/深/{name}.gz": gzip.compress(data) for name, data in FILES.items()})
    memory.pipe({"/far/in/a.txt": DIRTY.encode(), "/far/in/.hidden.txt": b"x", "/far/in/b.pdf": b"x"})
    summary = clean_files(["memory://far/in"], "memory://far/out", dedup=None)
    assert [skipped.name for skipped in summary.skipped] == ["b.pdf"]
    (tmp_path / "in").mkdir()
    memory.get("/far/in/", str(tmp_path / "in"), recursive=True)
    clean_files([tmp_path / "in"], tmp_path / "out", dedup=None)
    memory.get("/far/out/", str(tmp_path / "got"), recursive=True)
    ignore = ("_cleanzh/summary.json", "_cleanzh/report.html", "_cleanzh/inputs.json")
    assert tree(tmp_path / "got", ignore=ignore) == tree(tmp_path / "out", ignore=ignore)
    assert restore_files("memory://far/out", tmp_path / "back").problems == []
    assert set(tree(tmp_path / "back")) == {"a.txt", *(f"深/{name}.gz" for name in FILES)}
    clean_files([f"file://{tmp_path}/in/a.txt"], f"file://{tmp_path}/one", dedup=None)
    assert (tmp_path / "one/a.txt").read_bytes() == (tmp_path / "out/a.txt").read_bytes()


def test_a_run_into_a_folder_named_by_an_address_goes_on(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(DIRTY, "utf-8")
    first = cleanzh("clean", tmp_path / "a.txt", f"file://{tmp_path}/out")
    assert f"{tmp_path}/out/_cleanzh/" in first.stdout
    cleanzh("clean", tmp_path / "a.txt", f"file://{tmp_path}/out", "--resume")
    assert cleanzh("clean", tmp_path / "a.txt", "memory://far/away").stdout.count("memory://far/away/_cleanzh/") == 1


def test_a_run_into_a_far_place_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fsspec

    from cleanzh.run import flow
    from cleanzh.stages.write import write

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "in").mkdir()
    for number in range(3):
        (tmp_path / f"in/{number}.txt").write_text(f"{DIRTY}第{number}篇。", "utf-8")

    seen: list[int] = []

    def cut(*_: object, **__: object) -> None:
        raise OSError("the line is cut")

    monkeypatch.setattr(flow, "upload", cut)
    with pytest.raises(OSError, match="the line is cut"):
        clean_files([tmp_path / "in"], "memory://later/out")
    [made] = tmp_path.glob("cleanzh-*")
    monkeypatch.setattr(flow, "write", cut)
    with pytest.raises(OSError, match="the line is cut"):
        clean_files([tmp_path / "in"], "memory://later/out", overwrite=True)
    with pytest.raises(UsageError, match="--resume"):
        clean_files([tmp_path / "in"], "memory://later/out")
    cleaned = (made / "out/_cleanzh/work/00000000.staged").stat().st_mtime_ns

    def looked(staged_files: list[Path], *arguments: Any, **options: Any) -> Any:
        seen.extend(file.stat().st_mtime_ns for file in staged_files)
        return write(staged_files, *arguments, **options)

    monkeypatch.setattr(flow, "upload", upload)
    monkeypatch.setattr(flow, "write", looked)
    clean_files([tmp_path / "in"], "memory://later/out", resume=True)
    assert seen == [cleaned]  # it was not done again
    assert not list(tmp_path.glob("cleanzh-*"))
    assert fsspec.filesystem("memory").exists("/later/out/_cleanzh/summary.json")


def test_nothing_is_seen_half_where_files_grow_in_sight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.implementations.local import LocalFileSystem

    (tmp_path / "made/_cleanzh").mkdir(parents=True)
    (tmp_path / "made/a.txt").write_text("好", "utf-8")
    (tmp_path / "made/_cleanzh/summary.json").write_text("{}", "utf-8")
    put = LocalFileSystem.put_file
    for _ in range(2):  # the second time onto what is there
        upload(tmp_path / "made", f"file://{tmp_path}/far")
        assert tree(tmp_path / "far") == tree(tmp_path / "made")

    def half(self: Any, source: str, target: str) -> None:
        put(self, source, target)
        raise OSError("the line is cut")

    monkeypatch.setattr(LocalFileSystem, "put_file", half)
    with pytest.raises(OSError, match="the line is cut"):
        upload(tmp_path / "made", f"file://{tmp_path}/farther")
    assert not (tmp_path / "farther/a.txt").exists()


def test_places_that_are_not(cleanzh: Cleanzh) -> None:
    assert "no such file or folder" in cleanzh("clean", "memory://nowhere/at/all", "out", code=2).stderr
    assert "nosuch" in cleanzh("clean", "nosuch://a/b.txt", "out", code=2).stderr


def test_learn_diff_and_dedup_read_all_formats(cleanzh: Cleanzh, packed: tuple[Path, str]) -> None:
    folder, suffix = packed
    if suffix not in ("", ".zst"):
        pytest.skip("the reading is the same")
    shown = cleanzh("diff", folder / "in").stdout
    assert f"深/one-line.json{suffix}:2:" in shown
    assert f"深/gbk.csv{suffix}:2:" in shown
    cleanzh("dedup", folder / "in", folder / "unique")
    assert aside(folder / "unique")[f"深/a.csv{suffix}:4"] == "exact_duplicate"
    assert "rules" in cleanzh("learn", folder / "in", "--least", "3", "-o", folder / "r.toml").stderr
