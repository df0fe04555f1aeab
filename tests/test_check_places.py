"""Places in tables, arrays and compressed files: what stands there in the file is what the finding quotes."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Cleanzh
from hypothesis import given, settings
from hypothesis import strategies as st
from test_check import DIRTY, DOCUMENTS, FIXED

from cleanzh.checking.checks import Checks
from cleanzh.checking.files import check_files, files_of


def as_table(texts: list[str], *, quoting: int, delimiter: str = ",", end: str = "\r\n") -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=quoting, delimiter=delimiter, lineterminator=end)  # type: ignore[arg-type]
    writer.writerow(["id", "text", "note"])
    writer.writerows([number, text, '他说"好",\n走了'] for number, text in enumerate(texts))
    return file.getvalue()


def as_array(texts: list[str], *, indent: int | None, ascii_only: bool) -> str:
    records = [{"id": number, "text": text, "note": '"\n'} for number, text in enumerate(texts)]
    return json.dumps(records, indent=indent, ensure_ascii=ascii_only)


FORMS: dict[str, tuple[str, Callable[[list[str]], str]]] = {
    "csv": ("a.csv", lambda texts: as_table(texts, quoting=csv.QUOTE_MINIMAL)),
    "csv, all quoted": ("a.csv", lambda texts: as_table(texts, quoting=csv.QUOTE_ALL, end="\n")),
    "tsv": ("a.tsv", lambda texts: as_table(texts, quoting=csv.QUOTE_MINIMAL, delimiter="\t")),
    "array in a line": ("a.json", lambda texts: as_array(texts, indent=None, ascii_only=False)),
    "array in ASCII": ("a.json", lambda texts: as_array(texts, indent=2, ascii_only=True)),
    "array in lines": ("a.json", lambda texts: as_array(texts, indent=2, ascii_only=False)),
}


def written(name: str, raw: str) -> str:
    """What a piece of the file says."""
    return raw.replace('""', '"') if name[-3:] in ("csv", "tsv") else str(json.loads(f'"{raw}"', strict=False))


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25, deadline=None)
@given(texts=st.lists(DOCUMENTS, min_size=1, max_size=3))
def test_the_file_says_there_what_the_finding_quotes(
    tmp_path_factory: pytest.TempPathFactory, form: str, texts: list[str]
) -> None:
    texts = [text.replace("\ud800", "").replace("\x00", "") for text in texts]  # which UTF-8 does not hold
    name, made = FORMS[form]
    path = tmp_path_factory.getbasetemp() / name
    content = made(texts)
    path.write_text(content, newline="")
    offsets: dict[tuple[int, int], int] = {}  # by line (in a file of records it ends with LF) and column
    line, column = 1, 1
    for offset, char in enumerate(f"{content} "):
        offsets[line, column] = offset
        line, column = (line + 1, 1) if char == "\n" else (line, column + 1)
    for checked in check_files(files_of([path])[0], Checks()):
        for finding in checked.findings:
            if finding.rule.startswith("document."):
                assert (finding.line, 1) in offsets
                continue
            start, stop = offsets[finding.line, finding.column], offsets[finding.end_line, finding.end_column]
            assert written(name, content[start:stop]) == finding.found
            assert finding.field == "text"


@pytest.mark.parametrize(
    ("suffix", "pack", "unpack"),
    [
        (".gz", gzip.compress, gzip.decompress),
        (".bz2", bz2.compress, bz2.decompress),
        (".xz", lzma.compress, lzma.decompress),
    ],
)
def test_places_in_a_compressed_file_are_those_of_its_content(
    cleanzh: Cleanzh,
    tmp_path: Path,
    suffix: str,
    pack: Callable[[bytes], bytes],
    unpack: Callable[[bytes], bytes],
) -> None:
    (tmp_path / "a.txt").write_text(DIRTY)
    (tmp_path / f"b.txt{suffix}").write_bytes(pack(DIRTY.encode()))
    (tmp_path / f"c.md{suffix}").write_bytes(pack(DIRTY.encode("gb18030")))
    plain = json.loads(cleanzh("check", "a.txt", "--output-format", "json", code=1).stdout)
    for name in (f"b.txt{suffix}", f"c.md{suffix}"):
        packed = json.loads(cleanzh("check", name, "--output-format", "json", code=1).stdout)
        assert [{**finding, "path": "a.txt"} for finding in packed] == plain
        cleanzh("check", name, "--fix")
    assert unpack((tmp_path / f"b.txt{suffix}").read_bytes()) == FIXED.encode()
    assert unpack((tmp_path / f"c.md{suffix}").read_bytes()) == FIXED.encode("gb18030")


@pytest.mark.parametrize("form", FORMS)
def test_fix_changes_the_texts_and_nothing_else(cleanzh: Cleanzh, tmp_path: Path, form: str) -> None:
    name, made = FORMS[form]
    (tmp_path / name).write_text(made([DIRTY, FIXED, DIRTY]), newline="")
    cleanzh("check", name, "--fix")
    assert (tmp_path / name).read_bytes().decode() == made([FIXED, FIXED, FIXED])
    assert cleanzh("check", name).stdout == "Nothing found in 1 file.\n"
