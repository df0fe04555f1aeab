"""Web pages and archives of them: the article comes out, the page is kept."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from conftest import Cleanzh, aside, tree
from test_run import article

from cleanzh.restoring import restore_files
from cleanzh.run import clean_files
from cleanzh.verifying import verify


def page(seed: int, *, charset: str = "utf-8") -> bytes:
    lines = "".join(f"<p>{line}</p>" for line in article(seed, 14).splitlines())
    return (
        f'<html><head><meta charset="{charset}"><title>湖边的清晨{seed}</title><meta name="author" content="李明">'
        f'<meta property="article:published_time" content="2024-03-0{seed}"></head><body><nav>首页 登录 注册</nav>'
        f"<article><h1>湖边的清晨{seed}</h1><p>&ldquo;今天天气很好&rdquo;,我们去公园散步，看见很多人在湖边放风筝。</p>{lines}"
        "</article><footer>版权所有</footer></body></html>"
    ).encode(charset)


def ledger(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "_cleanzh/ledger.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_article_of_a_page_comes_out_and_the_page_goes_back(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.html").write_bytes(page(1))
    (tmp_path / "in/b.htm.gz").write_bytes(gzip.compress(page(2, charset="gb18030")))
    (tmp_path / "in/copy.HTML").write_bytes(page(1))
    (tmp_path / "in/empty.html").write_bytes(b"<html><body></body></html>")
    (tmp_path / "in/deep.html").write_bytes(b"<div>" * 100_000)
    clean_files([tmp_path / "in"], tmp_path / "out")
    out = {name: data for name, data in tree(tmp_path / "out").items() if not name.startswith("_cleanzh")}
    assert set(out) == {"a.html.txt", "b.htm.txt.gz"}
    text = out["a.html.txt"].decode()
    assert "“今天天气很好”，我们去公园散步" in text
    assert "登录" not in text
    assert "<" not in text
    [line] = [line for line in ledger(tmp_path / "out") if line["id"] == "a.html"]
    assert {"title": "湖边的清晨1", "author": "李明", "published": "2024-03-01"}.items() <= line["metadata"].items()  # type: ignore[attr-defined]
    assert aside(tmp_path / "out") == {
        "copy.HTML": "exact_duplicate",
        "deep.html": "unreadable",
        "empty.html": "unreadable",
    }
    assert (tmp_path / "out/_cleanzh/set_aside/copy.HTML").read_bytes() == page(1)
    assert verify(tmp_path / "out").problems == []
    assert restore_files(tmp_path / "out", tmp_path / "back").problems == []
    assert tree(tmp_path / "back") == tree(tmp_path / "in")


def warc_record(kind: str, body: bytes, **headers: str) -> bytes:
    lines = [f"WARC/1.0\r\nWARC-Type: {kind}\r\nContent-Length: {len(body)}\r\nWARC-Date: 2024-03-01T08:00:00Z"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "\r\n"]).encode() + body + b"\r\n\r\n"


def archive(*, packed: bool) -> bytes:
    records = [warc_record("warcinfo", b"software: test\r\n", Content_Type="application/warc-fields")]
    for number, (kind, body) in enumerate(
        [
            ("text/html; charset=utf-8", page(1)),
            ("image/png", b"\x89PNG\r\n\x1a\n" + bytes(50)),
            ("text/html", page(2, charset="gb18030")),
            ("text/html", page(1)),
            ("text/plain", article(5).encode()),
        ]
    ):
        answer = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode() + body
        about = {"WARC_Target_URI": f"https://example.com/{number}", "WARC_Record_ID": f"<urn:uuid:{number}>"}
        records.append(warc_record("response", answer, Content_Type="application/http; msgtype=response", **about))
    return b"".join(gzip.compress(record) if packed else record for record in records)


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_the_pages_of_an_archive(tmp_path: Path, name: str) -> None:
    data = archive(packed=name.endswith("gz"))
    (tmp_path / name).write_bytes(data)
    clean_files([tmp_path / name], tmp_path / "out")
    out = (tmp_path / "out" / name.replace(".warc", ".warc.jsonl")).read_bytes()
    rows = [json.loads(line) for line in (gzip.decompress(out) if name.endswith("gz") else out).splitlines()]
    assert [row["url"] for row in rows] == [f"https://example.com/{number}" for number in (0, 2, 4)]
    assert rows[0]["title"] == "湖边的清晨1"
    assert "“今天天气很好”，我们" in rows[0]["text"]
    assert set(aside(tmp_path / "out").values()) == {"exact_duplicate"}
    put_aside = (tmp_path / "out/_cleanzh/set_aside" / name).read_bytes()
    assert put_aside in data
    assert verify(tmp_path / "out").problems == []
    assert restore_files(tmp_path / "out", tmp_path / "back").problems == []
    assert (tmp_path / "back" / name).read_bytes() == data


@pytest.mark.parametrize("cut", [7, 300])
def test_an_archive_that_is_cut_off(tmp_path: Path, cut: int) -> None:
    data = archive(packed=True)[:-cut]
    (tmp_path / "a.warc.gz").write_bytes(data)
    summary = clean_files([tmp_path / "a.warc.gz"], tmp_path / "out")
    assert summary.kept >= 2
    assert verify(tmp_path / "out").problems == []
    assert restore_files(tmp_path / "out", tmp_path / "back").problems == []
    assert (tmp_path / "back/a.warc.gz").read_bytes() == data


def test_what_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes(article(1).encode())
    (tmp_path / "a.warc.gz").write_bytes(gzip.compress(archive(packed=False)))
    clean_files([tmp_path], tmp_path.parent / f"{tmp_path.name}-out")
    out = tmp_path.parent / f"{tmp_path.name}-out"
    assert set(aside(out).values()) == {"unreadable"}
    assert verify(out).problems == []
    assert restore_files(out, tmp_path.parent / f"{tmp_path.name}-back").problems == []
    assert tree(tmp_path.parent / f"{tmp_path.name}-back") == tree(tmp_path)


def test_check_passes_over_what_has_no_lines(tmp_path: Path, cleanzh: Cleanzh) -> None:
    (tmp_path / "a.html").write_bytes(page(1))
    (tmp_path / "b.txt").write_text(article(1), encoding="utf-8")
    assert "a.html: has no lines to name" in cleanzh("check", ".").stderr
