"""The report of a run: what is counted, what is chosen, and that the page is whole and holds nothing but text."""

from __future__ import annotations

import csv
import gzip
import html.parser
import json
import re
import tempfile
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import Cleanzh
from corpora import ATTACKS, article, hostile, ordinary
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanzh import ledger
from cleanzh.checking.reasons import FAMILIES, reasons
from cleanzh.document import Cleaned, Step
from cleanzh.edits import Edit, apply
from cleanzh.pipeline import explain
from cleanzh.report.html import gather as gathering
from cleanzh.report.html import places as placing
from cleanzh.report.html import read_report, write_report
from cleanzh.report.html.collect import Report
from cleanzh.report.html.examples import NearMisses
from cleanzh.report.html.gather import gather
from cleanzh.report.html.least import Least
from cleanzh.report.html.markup import corpus, data, element
from cleanzh.report.html.pairs import Row, align
from cleanzh.report.html.places import Marks, numbered
from cleanzh.report.html.stories import Change, Gap, Line, Room, changes, fitted, lines_of
from cleanzh.report.html.tally import Tally
from cleanzh.report.html.words import phrase
from cleanzh.rulebook import Rule, builtin


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a run over the ordinary corpus."""
    from cleanzh.run import clean_files

    folder = tmp_path_factory.mktemp("ordinary")
    clean_files([ordinary(folder / "in")], folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def hostile_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from cleanzh.run import clean_files

    folder = tmp_path_factory.mktemp("hostile")
    clean_files([hostile(folder / "in")], folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def report(out: Path) -> Report:
    return read_report(out)


def summary_of(out: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((out / "_cleanzh/summary.json").read_text())
    return summary


# What is counted


def test_counts_are_those_of_the_summary(out: Path, report: Report) -> None:
    rules = {
        name: {key: value for key, value in counts.items() if key != "examples"}
        for name, counts in summary_of(out)["rules"].items()
    }
    counted = {
        name: {
            "edits": rule.edits,
            "documents": rule.documents,
            "characters_removed": rule.taken - rule.given,
        }
        for name, rule in report.counts.rules.items()
    }
    assert counted == rules
    assert report.counts.documents == 24
    reasons = {value: facet.documents for value, facet in report.counts.facets["reason"].items()}
    assert reasons == summary_of(out)["set_aside"]
    assert reasons == {"exact_duplicate": 2, "empty": 1, "not_chinese": 2}


def test_facets_say_what_the_documents_are(report: Report) -> None:
    facets = {
        name: {value: facet.documents for value, facet in values.items()}
        for name, values in report.counts.facets.items()
    }
    assert facets["encoding"] == {"utf-8": 23, "gb18030": 1}
    assert facets["month"]["2021-05"] == 1
    assert facets["source"]["湖边晚报"] == 1
    assert facets["flag"] == {"damage.hole": 2}
    assert facets["script"]["most"] == 1  # the seed that was Traditional
    assert sum(facets["share"].values()) == 24 - 3  # what is set aside for what it is has no share


def test_the_choice_does_not_depend_on_chunks(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = out / "_cleanzh/ledger.jsonl"
    whole = gather(book, {"rows.jsonl:4"})
    monkeypatch.setattr(gathering, "_CHUNK", 1_000)
    pieces = gather(book, {"rows.jsonl:4"})
    assert list(whole.sample) == list(pieces.sample)
    assert whole.places == pieces.places
    assert {name: (rule.edits, list(rule.largest)) for name, rule in whole.rules.items()} == {
        name: (rule.edits, list(rule.largest)) for name, rule in pieces.rules.items()
    }


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 99)), max_size=30), st.integers(0, 30))
def test_least_is_the_beginning_of_what_is_sorted(rows: list[tuple[int, int]], cut: int) -> None:
    one, other = Least(4), Least(4)
    for rank, item in rows[:cut]:
        one.offer(rank, item)
    for rank, item in rows[cut:]:
        other.offer(rank, item)
    one.add(other)
    assert list(one) == [item for _, item in sorted(rows)[:4]]


names = st.sampled_from(["ads.a", "pinyin.note", "script.to-simplified", "user.第1条", 'odd."name"\\'])
words = st.text(alphabet='甲a1\n"\\{}], :\u200b😀\ud800', max_size=6)
edits = st.builds(Edit, names, st.integers(0, 99_999), words, words)
steps = st.lists(st.builds(Step, st.sampled_from(["one", "two"]), st.lists(edits, max_size=6)), max_size=4)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_edits_are_counted_as_they_are_written(done: list[Step]) -> None:
    line = {"id": "a", **ledger.changes(Cleaned("", tuple(done)))}
    flat = [edit for step in done for edit in step.edits]
    counted = {
        rule: [
            sum(edit.rule == rule for edit in flat),
            sum(len(edit.before) for edit in flat if edit.rule == rule),
            sum(len(edit.after) for edit in flat if edit.rule == rule),
            max(len(edit.before) - len(edit.after) for edit in flat if edit.rule == rule),
        ]
        for rule in dict.fromkeys(edit.rule for edit in flat)
    }
    # The second way is not ours: what somebody has written again counts the same.
    for raw in (ledger.json_line(line), json.dumps(line, sort_keys=True, separators=(",", ":")).encode()):
        rest, written = ledger.glance(raw)
        assert rest == {"id": "a", "metadata": {}, "flags": []}
        tally = Tally()
        assert tally(written) == tally(written) == counted


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("aab"), st.booleans()), max_size=40).map(
        lambda rows: sorted(rows, key=lambda row: row[0])
    ),
    st.lists(st.integers(0, 40), max_size=4),
)
def test_marks_lead_to_the_number_of_a_document(rows: list[tuple[str, bool]], cuts: list[int]) -> None:
    numbers: dict[tuple[str, bool], int] = {}
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(placing, "_EVERY", 3)
        book = Path(folder, "ledger.jsonl")
        places, expected, written = [], [], b""
        for number, (source, aside) in enumerate(rows):
            line = {
                "id": f"{source}:{number}",
                "source": source,
                "line": number,
                **({"set_aside": "empty"} if aside else {}),
            }
            places.append(len(written))
            written += ledger.json_line(line)
            numbers[source, aside] = numbers.get((source, aside), -1) + 1
            expected.append(numbers[source, aside])
        book.write_bytes(written)
        whole = Marks()
        bounds = sorted({0, *cuts, len(rows)})
        for start, stop in pairwise(bounds):
            chunk = Marks()
            for place, (source, aside) in list(zip(places, rows, strict=True))[start:stop]:
                chunk.see(place, source, aside=aside)
            whole.add(chunk)
        for wanted in (slice(None), slice(None, None, 7), slice(5, None, 11), slice(0, 0)):
            found = list(numbered(book, places[wanted], whole.marks))
            assert [number for _, _, number in found] == expected[wanted]
            assert found == list(numbered(book, places[wanted]))


# What is chosen


def test_every_kind_of_document_is_there(report: Report) -> None:
    tags = {tag for view in report.documents for tag in view.tags}
    for facet in ("reason", "flag", "encoding", "share", "month", "source", "script"):
        for value in report.counts.facets[facet]:
            assert (facet, value) in tags
    assert {("why", "sample"), ("why", "most-removed"), ("why", "largest-share")} <= tags


def test_rules_have_examples_and_near_misses(report: Report) -> None:
    rules = {rule.name: rule for rule in report.rules}
    assert [rule.count.longest for rule in report.rules] == sorted(
        (rule.count.longest for rule in report.rules), reverse=True
    )
    for rule in report.rules:
        assert bool(rule.examples) == bool(rule.count.edits)
        if rule.examples and rule.count.longest > 2:
            assert rule.examples[0].size == rule.count.longest
    assert len({example.before for example in rules["pinyin.note"].examples}) > 3
    near = [miss for rule in report.rules for miss in rule.near]
    assert near
    assert all(miss.kept_by in ("pattern", "length", "unless", "zone", "other") for miss in near)


def test_near_misses_stand_in_the_output(out: Path, report: Report) -> None:
    texts = "\n".join(path.read_text() for path in out.iterdir() if path.is_file())
    for rule in report.rules:
        for miss in rule.near:
            assert miss.line in texts or json.dumps(miss.line, ensure_ascii=False)[1:-1] in texts


OWN_RULES = """
[[rule]]
id = "lake-club"
reason = "asks the reader to join the club of the lake"
needs = ["湖边俱乐部"]
pattern = '加入湖边俱乐部(?:领取|$)'
unless = ["不必加入"]
max_length = 20
must_match = ["加入湖边俱乐部领取纪念品", "快来加入湖边俱乐部"]
must_not_match = ["他加入湖边俱乐部已经三年了"]

[[rule]]
id = "stars"
reason = "a row of stars"
pattern = '^[*]{5,}$'
max_length = 8
text = "any"
must_match = ["*****", "******"]
must_not_match = ["***", "****甲"]
"""


def test_near_misses_of_rules_of_ones_own(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(OWN_RULES)
    (tmp_path / "in").mkdir()
    lines = ["他加入湖边俱乐部已经三年了，每个周末都去划船。", "加入湖边俱乐部领取纪念品", "*" * 16]
    (tmp_path / "in/a.txt").write_text(article_of_one_line() + "\n".join(lines))
    cleanzh("clean", "in", "out", "--rules", "mine.toml")
    rules = {rule.name: rule for rule in read_report(tmp_path / "out").rules}
    assert [example.before for example in rules["mine.lake-club"].examples] == [f"{lines[1]}\n"]
    assert [(miss.line, miss.kept_by, miss.detail) for miss in rules["mine.lake-club"].near] == [
        (lines[0], "pattern", "湖边俱乐部")
    ]
    assert [(miss.line, miss.kept_by, miss.detail) for miss in rules["mine.stars"].near] == [(lines[2], "length", "8")]
    assert "asks the reader to join the club" in (tmp_path / "out/_cleanzh/report.html").read_text()
    (tmp_path / "mine.toml").unlink()
    moved = read_report(tmp_path / "out")
    assert moved.lost == ["mine.toml"]
    assert "mine.stars" not in {rule.name for rule in moved.rules}
    assert "can not be read any more" in write_report(tmp_path / "out").read_text()


def test_a_pattern_that_runs_away_is_given_up() -> None:
    rule = Rule("mine", "slow", "slow", "(?:a|aa)+$", (), ())
    line = f"{'a' * 60}!"
    near = NearMisses([rule])
    near.add("a.txt", "\n".join([line] * 900))  # three minutes, if each line took its time
    assert near.told() == {}


def test_texts_are_those_of_input_and_output(out: Path, report: Report) -> None:
    seen = 0
    for view in report.documents:
        assert not view.problem
        if any(isinstance(line, Gap) or any(piece.hidden for piece in line.pieces) for line in view.lines):
            continue
        lines = [line for line in view.lines if isinstance(line, Line)]
        if view.number is None and view.reason is None:
            after = "".join(line.after + ("" if "\n" in line.before else "\n") for line in lines)
            assert after.rstrip("\n") == (out / view.source).read_text().rstrip("\n")
            seen += 1
        if view.number is not None:
            row = json.loads((out.parent / "in" / view.source).read_text().split("\n")[view.number - 1])
            before = "".join(line.before if "\n" in line.before else f"{line.before}\n" for line in lines)
            assert before.rstrip("\n") == row["text"].rstrip("\n")
            seen += 1
    assert seen > 10


def test_documents_of_all_formats_are_found(tmp_path: Path) -> None:
    from cleanzh.run import clean_files
    from cleanzh.stages.clean import Recipe

    folder = tmp_path / "in"
    folder.mkdir()
    texts = [article(300 + number, after="扫码关注我们的公众号，回复资料领取\n") for number in range(6)]
    texts[2], texts[4] = "An English page that is set aside as it is, and has a few more words.", ""
    rows = [{"text": text, "n": number} for number, text in enumerate(texts)]
    (folder / "a.json").write_text(json.dumps(rows, ensure_ascii=False))
    (folder / "b.jsonl.gz").write_bytes(gzip.compress("\n".join(json.dumps(row) for row in rows).encode()))
    with (folder / "c.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["n", "text"])
        writer.writeheader()
        writer.writerows(rows)
    parquet = pytest.importorskip("pyarrow.parquet")
    arrow = pytest.importorskip("pyarrow")
    parquet.write_table(arrow.Table.from_pylist(rows), folder / "d.parquet", row_group_size=3)
    body = "".join(f"<p>{line}</p>" for line in article(310).splitlines() * 3)
    (folder / "e.html").write_text(f"<html><body><article><h1>湖边的一天</h1>{body}</article></body></html>")
    clean_files([folder], tmp_path / "out", dedup=None)
    clean_files([folder], tmp_path / "parts", dedup=None, recipe=Recipe(to="jsonl"))
    views = {view.id: view for view in read_report(tmp_path / "out").documents}
    assert len(views) == 4 * 6 + 1
    assert [view.problem for view in views.values()] == [""] * 25
    collected = {view.id: view for view in read_report(tmp_path / "parts").documents}
    assert {name: view.lines for name, view in collected.items()} == {name: view.lines for name, view in views.items()}
    for view in views.values():
        before = "\n".join(line.before.rstrip("\n") for line in view.lines if isinstance(line, Line))
        if view.source != "e.html":
            assert before.rstrip("\n") in [text.rstrip("\n") for text in texts]


def test_clusters_show_the_pairs(report: Report) -> None:
    [view] = [view for view in report.clusters if view.cluster.kept.startswith("rows.jsonl")]
    assert view.cluster.size == 3
    assert {pair.reason for pair in view.pairs} <= {"near_duplicate", "exact_duplicate"}
    assert {view.cluster.kept, *(pair.id for pair in view.pairs)} == {"rows.jsonl:4", "rows.jsonl:15", "rows.jsonl:16"}
    rows = [row for pair in view.pairs for row in pair.rows if isinstance(row, Row)]
    one_sided = [row for row in rows if row.left is None or row.right is None]
    assert any("扫码关注" in (row.left or row.right).line.before for row in one_sided)  # type: ignore[union-attr]


def test_one_document_in_full(out: Path) -> None:
    alone = read_report(out, documents=["rows.jsonl:16"])
    assert [view.id for view in alone.documents] == ["rows.jsonl:16"]
    assert alone.clusters[0].cluster.kept in ("rows.jsonl:4", "rows.jsonl:15", "rows.jsonl:16")


def test_what_was_edited_in_out_is_said(out: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "out"
    shutil.copytree(out, copy)
    (copy / "old.txt").write_text("别的文字")
    (copy / "000_35df22f7f2f15d4e.txt").unlink()
    views = {view.id: view for view in read_report(copy).documents}
    assert "not what this run wrote" in views["old.txt"].problem
    assert views["000_35df22f7f2f15d4e.txt"].problem
    assert write_report(copy).exists()


# Lines and their changes


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="京東戰(zhàn)\n，, &ldquo;<br>", max_size=60))
def test_lines_hold_the_text_before_and_after(text: str) -> None:
    cleaned = explain(text)
    lines = list(lines_of(text, changes(cleaned)))
    before = "".join(line.before if "\n" in line.before else f"{line.before}\n" for line in lines)
    assert before.rstrip("\n") == text.rstrip("\n")
    assert [line.number for line in lines] == sorted(line.number for line in lines)
    assert (
        apply(text, [Edit(change.rules[0], change.start, change.before, change.after) for change in changes(cleaned)])
        == cleaned.text
    )


def test_lines_that_went_together_keep_their_own_rules() -> None:
    steps = (
        Step("one", [Edit("metadata.byline", 0, "作者：甲\n", "")]),
        Step("two", [Edit("ads.promo", 0, "扫码\n关注\n", "")]),
    )
    made = changes(Cleaned("正文", steps))
    assert made == [
        Change(0, "作者：甲\n", "", ("metadata.byline",)),
        Change(5, "扫码\n", "", ("ads.promo",)),
        Change(8, "关注\n", "", ("ads.promo",)),
    ]


def test_of_a_converted_sentence_only_what_differs_is_a_change() -> None:
    steps = (
        Step("notes", [Edit("pinyin.note", 5, "(lǐ)", "")]),
        Step("unify", [Edit("script.to-simplified", 0, "東京與家裡有門", "东京与家里有门")]),
    )
    made = changes(Cleaned("东京与家里有门", steps))
    assert [(change.before, change.after, change.rules) for change in made] == [
        ("東", "东", ("script.to-simplified",)),
        ("與", "与", ("script.to-simplified",)),
        ("裡(lǐ)", "里", ("script.to-simplified", "pinyin.note")),
        ("門", "门", ("script.to-simplified",)),
    ]


def test_long_documents_are_cut_and_say_so() -> None:
    text = "\n".join(
        [*("平平常常的一行。" for _ in range(500)), "x" * 50_000, "改" * 3_000, *("又一行。" for _ in range(500))]
    )
    made = [Change(text.index("改"), "改" * 3_000, "", ("ads.promo",))]
    shown = fitted(list(lines_of(text, made)), Room(characters=2_000))
    gaps = [line for line in shown if isinstance(line, Gap)]
    assert sum(gap.lines for gap in gaps) + sum(isinstance(line, Line) for line in shown) == 1_002
    characters = sum(len(piece.before) for line in shown if isinstance(line, Line) for piece in line.pieces)
    hidden = sum(piece.hidden for line in shown if isinstance(line, Line) for piece in line.pieces)
    assert characters < 4_000
    assert characters + hidden + sum(gap.characters for gap in gaps) == len(text) - text.count("\n")


def test_alignment_marks_what_differs() -> None:
    left = list(lines_of("第一句话写得很长很长。\n共同的一行文字在这里。\n只有左边才有这一行。", []))
    right = list(lines_of("第一句话写得很短很长。\n共同的一行文字在这里。", []))
    first, same, only = align(left, right)
    assert isinstance(first, Row)
    assert first.left is not None
    assert [piece.before for piece, mark in zip(first.left.line.pieces, first.left.differs, strict=True) if mark] == [
        "长"
    ]
    assert isinstance(same, Row)
    assert isinstance(only, Row)
    assert only.right is None


def test_what_was_done_to_both_is_no_difference() -> None:
    text = "页眉一行\n第一句话写得很长很长。\n共同的一行文字在这里。\n"
    removed = Change(0, "页眉一行\n", "", ("navigation.menu",))
    left = list(lines_of(text, [removed]))
    assert align(left, list(lines_of(text, [removed]))) == [Gap(3, len(text) - 2)]
    one, *_ = align(left, list(lines_of(text.replace("一行\n", "两行\n", 1), [removed._replace(before="页眉两行\n")])))
    assert isinstance(one, Row)


# The page


class Elements(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("which", ["out", "hostile_out"])
def test_the_page_is_one_file_that_asks_for_nothing(which: str, request: pytest.FixtureRequest) -> None:
    page = write_report(request.getfixturevalue(which)).read_text(encoding="utf-8")
    elements = Elements()
    elements.feed(page)
    tags = [tag for tag, _ in elements.found]
    assert tags.count("script") == 2
    assert tags.count("style") == tags.count("main") == 1
    assert not {"img", "iframe", "link", "object", "base", "form", "textarea", "embed"} & set(tags)
    for tag, attributes in elements.found:
        assert not any(name.startswith("on") or name in ("style", "src", "srcdoc", "action") for name in attributes), (
            tag
        )
        assert (attributes.get("href") or "#").startswith("#")
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {str(attributes["href"])[1:] for _, attributes in elements.found if "href" in attributes}
    assert targets <= set(ids)
    [policy] = [attributes["content"] for tag, attributes in elements.found if attributes.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    data_block = page.rpartition('<script type="application/json" id="data">')[2].partition("</script>")[0]
    assert json.loads(data_block)["rules"]


def test_nothing_unseen_is_in_the_page(hostile_out: Path) -> None:
    page = write_report(hostile_out).read_text(encoding="utf-8")
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]", page
    )
    assert "<i>202E</i>" in page
    assert len(page.encode()) < 5_000_000


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40) | st.sampled_from(ATTACKS))
def test_text_of_documents_is_text(words: str) -> None:
    made = element("p", corpus(words))
    elements = Elements()
    elements.feed(made)
    assert {tag for tag, _ in elements.found} <= {"p", "i"}
    made.encode()
    assert json.loads(data(words)) == words
    assert not set(data(words)) & set("<>&")


def test_both_languages_have_all_words() -> None:
    from cleanzh.report.html import words

    table = tomllib.loads((Path(words.__file__).parent / "words.toml").read_text(encoding="utf-8"))
    for key, pair in [*table["page"].items(), *table["families"].items(), *table["set-aside"].items()]:
        assert len(pair) == 2, key
        english, chinese = pair
        assert english.isascii() or "…" in english or "·" in english or "“" in english, key
        assert sorted(re.findall(r"\{\d\}", english)) == sorted(re.findall(r"\{\d\}", chinese)), key
    assert {*FAMILIES, *(rule.family for rule in builtin())} <= table["families"].keys() | {"document", "duplicate"}
    table = tomllib.loads((Path(words.__file__).parent / "reasons.toml").read_text(encoding="utf-8"))
    named = {f"{family}.{name}" for family, rules in table.items() for name in rules}
    assert named <= reasons().keys() | {"mojibake.chain"}
    assert phrase("jaccard", "0.9") == ("similarity 0.9", "相似度 0.9")


# The command


def test_clean_writes_the_report_and_report_writes_it_again(cleanzh: Cleanzh, tmp_path: Path) -> None:
    ordinary(tmp_path / "in")
    cleanzh("clean", "in", "out")
    path = tmp_path / "out/_cleanzh/report.html"
    first = path.read_bytes()
    assert "report.html" in cleanzh("report", "out").stdout
    assert path.read_bytes() == first
    cleanzh("report", "out", "--document", "old.txt", "--lang", "zh", "-o", "one.html")
    one = (tmp_path / "one.html").read_text()
    assert '<html lang="zh-Hans" data-fixed="true">' in one
    assert "湖边晚报" in one
    assert 'id="rules"' not in one


def test_report_on_a_terminal(cleanzh: Cleanzh, tmp_path: Path) -> None:
    hostile(tmp_path / "in")
    cleanzh("clean", "in", "out")
    told = cleanzh("report", "out", "--terminal").stdout
    for words in ("documents", "largest removals", "duplicates", "[-"):
        assert words in told
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", told)
    one = cleanzh("report", "out", "--terminal", "--document", "attack-07.txt").stdout
    assert "[-" in one
    assert "attack-07.txt" in one


def test_errors_say_what_to_do(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text(article_of_one_line())
    cleanzh("clean", "in", "out")
    assert "no document 'b.txt'" in cleanzh("report", "out", "--document", "b.txt", code=2).stderr
    assert "output of cleanzh" in cleanzh("report", "in", code=2).stderr
    assert "--terminal prints" in cleanzh("report", "out", "--terminal", "-o", "x", code=2).stderr
    (tmp_path / "out/_cleanzh/ledger.jsonl").write_text('{"id": "a.txt", "steps"')
    assert "broken line at byte 0" in cleanzh("report", "out", code=2).stderr


def article_of_one_line() -> str:
    return "今年的雨水比往年多，山下的水库在七月初就开始泄洪。\n"


def test_runs_without_anything_have_a_report(cleanzh: Cleanzh, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    cleanzh("clean", "in", "out")
    assert (tmp_path / "out/_cleanzh/report.html").exists()
    (tmp_path / "in/a.txt").write_text(article_of_one_line())
    cleanzh("dedup", "in", "two")
    assert (tmp_path / "two/_cleanzh/report.html").exists()


def test_no_colour_where_it_is_not_wanted(cleanzh: Cleanzh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import click

    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(click.utils, "should_strip_ansi", lambda stream, color: color is False)
    (tmp_path / "a.txt").write_text("5月27日,京东与快手签约。\n" + article_of_one_line())
    assert "\x1b" not in cleanzh("diff", "a.txt").stdout
    monkeypatch.delenv("NO_COLOR")
    assert "\x1b" in cleanzh("diff", "a.txt").stdout
