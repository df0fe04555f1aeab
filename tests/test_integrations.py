"""Adapters against the real libraries, each where it is installed: `make test-integrations` sees to that."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from cleanzh.adapters import clean_batch, clean_column, drop_duplicates, kept, restore_batch
from cleanzh.errors import UsageError

DIRTY = "&ldquo;京東&rdquo;與OPPO的戰(zhàn)略合作進(jìn)一步落地,雙方簽署專項(xiàng)協(xié)議。"
CLEAN = "“京东”与OPPO的战略合作进一步落地，双方签署专项协议。"
FOREIGN = "There is not one Chinese word in this line of text."
ARTICLE = "村口的老槐树下，几位老人正说着今年的收成，说到高兴处，都笑了起来。" + CLEAN
COPY = "来源：新浪网　" + ARTICLE
OTHER = "河对岸新修的桥通了车，赶集的人不用再绕十里山路，天不亮就能到镇上。"

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries, not of ours


class TestPandas:
    pandas = property(lambda self: pytest.importorskip("pandas"))

    def test_a_column(self) -> None:
        column = self.pandas.Series([DIRTY, None, CLEAN], index=[7, 8, 9], name="text")
        made = clean_column(column)
        assert made.tolist()[::2] == [CLEAN, CLEAN]
        assert made.isna().tolist() == [False, True, False]
        assert (made.index.tolist(), made.name, made.dtype) == ([7, 8, 9], "text", column.dtype)

    def test_a_mask(self) -> None:
        frame = self.pandas.DataFrame({"text": [ARTICLE, OTHER, COPY, None], "id": [1, 2, 3, 4]})
        assert frame[kept(frame["text"])]["id"].tolist() == [2, 3, 4]

    def test_a_frame_with_the_record(self) -> None:
        frame = self.pandas.DataFrame({"text": [DIRTY, FOREIGN], "id": [1, 2]})
        made = frame.assign(**clean_batch(frame))
        assert made["text"].tolist() == [CLEAN, FOREIGN]
        assert made["id"].tolist() == [1, 2]


class TestPolars:
    polars = property(lambda self: pytest.importorskip("polars"))

    def test_a_column(self) -> None:
        frame = self.polars.DataFrame({"text": [DIRTY, None, CLEAN]})
        assert frame.with_columns(clean_column(frame["text"]))["text"].to_list() == [CLEAN, None, CLEAN]

    def test_a_mask(self) -> None:
        frame = self.polars.DataFrame({"text": [ARTICLE, OTHER, COPY, None], "id": [1, 2, 3, 4]})
        assert frame.filter(kept(frame["text"]))["id"].to_list() == [2, 3, 4]

    def test_lazily(self) -> None:
        frame = self.polars.LazyFrame({"text": [DIRTY]})
        column = self.polars.col("text").map_batches(clean_column, return_dtype=self.polars.String)
        assert frame.with_columns(column).collect()["text"].to_list() == [CLEAN]


class TestHuggingFace:
    datasets = property(lambda self: pytest.importorskip("datasets"))

    def test_mapped_and_back(self) -> None:
        dataset = self.datasets.Dataset.from_dict({"text": [DIRTY, FOREIGN, None], "id": [1, 2, 3]})
        made = dataset.map(clean_batch, batched=True)
        assert made["text"][:] == [CLEAN, FOREIGN, None]
        assert made["cleanzh_set_aside"][:] == [None, "not_chinese", "empty"]
        assert made["id"][:] == [1, 2, 3]
        assert made.map(restore_batch, batched=True)["text"][:] == dataset["text"][:]

    def test_duplicates(self) -> None:
        dataset = self.datasets.Dataset.from_dict({"text": [ARTICLE, OTHER, COPY, None, OTHER], "id": [1, 2, 3, 4, 5]})
        stays, aside = drop_duplicates(dataset, batch_size=2)
        assert stays["id"][:] == [2, 3, 4]
        assert aside["id"][:] == [1, 5]
        assert aside["cleanzh_set_aside"][:] == ["near_duplicate", "exact_duplicate"]
        assert [stays["id"][row] for row in aside["cleanzh_kept"]] == [3, 2]
        assert aside["cleanzh_jaccard"][1] == 1.0

    def test_the_earliest_stays(self) -> None:
        columns = {"text": [ARTICLE, COPY], "day": ["2021-05-27", "2021-05-28"]}
        dataset = self.datasets.Dataset.from_dict(columns)
        stays, _ = drop_duplicates(dataset, published_field="day", keep="earliest")
        assert stays["day"][:] == ["2021-05-27"]

    def test_what_is_no_dataset_is_named(self) -> None:
        dataset = self.datasets.Dataset.from_dict({"body": ["甲"]})
        with pytest.raises(UsageError, match="no column 'text'; the columns are: body"):
            drop_duplicates(dataset)
        with pytest.raises(UsageError, match="choose a split"):
            drop_duplicates(self.datasets.DatasetDict(train=dataset))


class TestDatatrove:
    @pytest.fixture
    def run(self, tmp_path: Path) -> Any:
        pytest.importorskip("datatrove")
        from datatrove.executor import LocalPipelineExecutor

        def run(*steps: Any, tasks: int = 1) -> dict[str, Any]:
            executor = LocalPipelineExecutor(list(steps), tasks=tasks, workers=1, logging_dir=str(tmp_path / "logs"))
            executor.skip_completed = False
            return {str(stats.name): stats for stats in executor.run().stats}

        return run

    def test_clean_and_set_aside(self, tmp_path: Path, run: Any) -> None:
        from datatrove.pipeline.readers import JsonlReader
        from datatrove.pipeline.writers import JsonlWriter

        from cleanzh.adapters.datatrove import CleanFormatter, SetAsideFilter

        _write(tmp_path / "raw" / "a.jsonl", [DIRTY, FOREIGN, CLEAN])
        stats = run(
            JsonlReader(str(tmp_path / "raw")),
            CleanFormatter(),
            SetAsideFilter(JsonlWriter(str(tmp_path / "aside"))),
            JsonlWriter(str(tmp_path / "out")),
        )
        out, aside = _read(tmp_path / "out"), _read(tmp_path / "aside")
        assert [doc["text"] for doc in out] == [CLEAN, CLEAN]
        assert [doc["text"] for doc in aside] == [FOREIGN]
        assert aside[0]["metadata"]["filter_reason"] == "not_chinese"
        columns = {"text": [out[0]["text"]], "cleanzh_record": [out[0]["metadata"]["cleanzh_record"]]}
        assert restore_batch(columns)["text"] == [DIRTY]
        [formatter] = [stat for name, stat in stats.items() if name.endswith("cleanzh")]
        assert formatter.stats["total"].total == 3
        assert formatter.stats["changed"].total == 1
        assert formatter.stats["edits_entity"].total == 2

    def test_near_duplicates_over_tasks(self, tmp_path: Path, run: Any) -> None:
        from datatrove.pipeline.readers import JsonlReader
        from datatrove.pipeline.writers import JsonlWriter

        from cleanzh.adapters.datatrove import DedupCompare, DedupFilter, DedupSignature

        _write(tmp_path / "in" / "a.jsonl", [ARTICLE, OTHER])
        _write(tmp_path / "in" / "b.jsonl", [COPY, "第三篇短文，与前面两篇都不一样。"])
        reader = str(tmp_path / "in")
        signed, verdicts, out, gone = (str(tmp_path / name) for name in ("signed", "verdicts", "out", "gone"))
        run(JsonlReader(reader), DedupSignature(signed), tasks=2)
        run(DedupCompare(signed, verdicts))
        run(JsonlReader(reader), DedupFilter(verdicts, JsonlWriter(gone)), JsonlWriter(out), tasks=2)
        assert sorted(doc["text"] for doc in _read(tmp_path / "out")) == sorted(
            [OTHER, COPY, "第三篇短文，与前面两篇都不一样。"]
        )
        [copy] = _read(tmp_path / "gone")
        assert copy["text"] == ARTICLE
        assert copy["metadata"]["cleanzh_duplicate_of"] == "b.jsonl/0"
        assert copy["metadata"]["filter_reason"] == "near_duplicate"

    def test_other_documents_than_were_signed_are_told(self, tmp_path: Path, run: Any) -> None:
        from datatrove.data import Document

        from cleanzh.adapters.datatrove import DedupCompare, DedupFilter, DedupSignature

        signed, verdicts = str(tmp_path / "signed"), str(tmp_path / "verdicts")
        list(DedupSignature(signed).run(iter([Document(text=ARTICLE, id="a")])))
        list(DedupCompare(signed, verdicts).run())
        with pytest.raises(UsageError, match="'a' was signed at its place"):
            list(DedupFilter(verdicts).run(iter([Document(text=OTHER, id="b")])))
        with pytest.raises(UsageError, match="there are no more at its place"):
            list(DedupFilter(verdicts).run(iter([Document(text=ARTICLE, id="a"), Document(text=OTHER, id="b")])))
        with pytest.raises(UsageError, match="tasks=1, not 2"):
            list(DedupCompare(signed, verdicts).run(world_size=2))


class TestScrapy:
    @pytest.fixture
    def made(self) -> Any:
        pytest.importorskip("scrapy")
        from scrapy.utils.test import get_crawler

        from cleanzh.adapters.scrapy import CleanzhPipeline

        def made(**settings: Any) -> Any:
            crawler = get_crawler(settings_dict=settings)
            if crawler.stats is None:
                crawler.stats = crawler._load_stats() if hasattr(crawler, "_load_stats") else _Stats()
            return CleanzhPipeline.from_crawler(crawler)

        return made

    def test_an_item_is_cleaned_on_record(self, made: Any) -> None:
        item = made().process_item({"text": DIRTY, "url": "https://example.com/1"})
        assert item["text"] == CLEAN
        assert item["cleanzh_set_aside"] is None
        columns = {"text": [item["text"]], "cleanzh_record": [item["cleanzh_record"]]}
        assert restore_batch(columns)["text"] == [DIRTY]

    def test_an_item_class_with_fields_of_its_own(self, made: Any) -> None:
        import scrapy

        class Article(scrapy.Item):  # type: ignore[misc]  # Scrapy is skipped by the type checker
            body, author, published = scrapy.Field(), scrapy.Field(), scrapy.Field()

        item = Article(body="2021-05-27 22:15 来源：大众报 作者：王小明\n" + ARTICLE, author="编者")
        done = made(CLEANZH_TEXT_FIELD="body").process_item(item)
        assert done["body"] == ARTICLE
        assert done["author"] == "编者"
        assert done["published"].startswith("2021-05-27")
        assert set(done) == {"body", "author", "published"}

    def test_what_is_not_chinese_stays_or_is_dropped(self, made: Any) -> None:
        from scrapy.exceptions import DropItem

        assert made().process_item({"text": FOREIGN})["cleanzh_set_aside"] == "not_chinese"
        with pytest.raises(DropItem, match="not_chinese"):
            made(CLEANZH_DROP=True).process_item({"text": FOREIGN})

    def test_an_item_without_the_field_passes(self, made: Any) -> None:
        assert made().process_item({"title": "甲"}) == {"title": "甲"}


def test_data_juicer_runs_the_operator_of_a_recipe() -> None:
    pytest.importorskip("data_juicer")
    datasets = pytest.importorskip("datasets")
    from data_juicer.ops import load_ops

    import cleanzh.adapters.cleanzh_mapper  # noqa: F401  # registers it

    [operator] = load_ops([{"cleanzh_mapper": {"script": "simplified"}}])
    made = datasets.Dataset.from_dict({"text": [DIRTY, FOREIGN]}).map(operator.process, batched=True)
    assert made["text"][:] == [CLEAN, FOREIGN]
    assert made["cleanzh_set_aside"][:] == [None, "not_chinese"]


@pytest.mark.timeout(300)
def test_data_juicer_runs_the_recipe_of_the_documentation(tmp_path: Path) -> None:
    pytest.importorskip("data_juicer")
    [recipe] = re.findall("```yaml\n(.*?)```", (ROOT / "docs/adapters.md").read_text("utf-8"), re.DOTALL)
    operator = ROOT / "src/cleanzh/adapters/cleanzh_mapper.py"
    (tmp_path / "recipe.yaml").write_text(
        recipe.replace(".../cleanzh/adapters/cleanzh_mapper.py", str(operator)), "utf-8"
    )
    rows = "".join(json.dumps({"text": text}) + "\n" for text in (DIRTY, FOREIGN))
    (tmp_path / "raw.jsonl").write_text(rows, "utf-8")
    command = [sys.executable, "-m", "data_juicer.tools.process_data", "--config", "recipe.yaml"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    made = [json.loads(line) for line in (tmp_path / "clean.jsonl").read_text("utf-8").splitlines()]
    assert [row["text"] for row in made] == [CLEAN, FOREIGN]
    assert [row["cleanzh_set_aside"] for row in made] == [None, "not_chinese"]


class _Stats:
    def inc_value(self, name: str) -> None:
        pass


def _write(path: Path, texts: list[str]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts), encoding="utf-8")


def _read(folder: Path) -> list[dict[str, Any]]:
    rows = []
    for path in sorted(folder.rglob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows += [json.loads(line) for line in lines]
    return rows
