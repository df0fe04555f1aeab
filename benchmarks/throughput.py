"""How fast the whole default cleaning is, record on, against what users glue together today.

The glue is ``ftfy.fix_text``, OpenCC ``t2s``, and 200 keyword rules as one ``re`` alternation tried on every line; it
keeps no record. Both run in this process on the same texts, one after the other, and the table gives the ratio.
Texts: the seeds, and, if the environment variable CLEANZH_EVAL names a folder with ``clean/*.jsonl.gz`` and
``docs/*.raw.txt``, those too.

    python benchmarks/throughput.py [--megabytes 4]
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import ftfy
import opencc

from cleanzh import default_pipeline
from cleanzh.pipeline import Pipeline

_FIRST = 20  # texts that are run before the clock: what they need is imported, compiled and built at its first use
SEEDS = Path(__file__).parent.parent / "seeds"

WORDS = re.findall(
    r"\w+",
    """公众号 二维码 扫码 关注 微信 加群 转载 责任编辑 来源 点击 阅读原文 下载 客服 热线 咨询 免费 推荐阅读
    相关文章 上一篇 下一篇 声明 版权 侵权 投稿 广告 赞助 优惠 领取 回复 订阅""",
)


def glue() -> Callable[[str], str]:
    """What is found in notebooks and gists."""
    convert = opencc.OpenCC("t2s").convert
    patterns = [f"{one}.{{0,6}}{other}" for one in WORDS for other in WORDS if one != other][:200]
    rules = re.compile("|".join(patterns))

    def run(text: str) -> str:
        fixed = convert(ftfy.fix_text(text))
        return "\n".join(line for line in fixed.split("\n") if not rules.search(line))

    return run


def sources(limit: int) -> Iterator[tuple[str, list[str]]]:
    """Kinds of text, each about ``limit`` bytes."""
    seeds = [path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    yield "seeds (half of it spun)", seeds * max(1, limit // (4 * sum(len(text.encode()) for text in seeds)))
    folder = os.environ.get("CLEANZH_EVAL")
    if not folder:
        print("CLEANZH_EVAL is not set: the seeds alone are measured\n")
        return
    for name, pattern in (("clean Simplified text", "simp_*"), ("clean Traditional text", "trad_*")):
        yield name, list(_some(Path(folder, "clean").glob(f"{pattern}.jsonl.gz"), limit))
    docs = [path.read_text(encoding="utf-8") for path in sorted(Path(folder, "docs").glob("*.raw.txt"))]
    yield "scraped articles", docs * max(1, limit // sum(len(text.encode()) for text in docs))


def _some(paths: Iterator[Path], limit: int) -> Iterator[str]:
    paths_ = sorted(paths)
    for path in paths_:
        size = 0
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                text = json.loads(line)["text"]
                size += len(text.encode())
                yield text
                if size > limit / len(paths_):
                    break


def seconds(run: Callable[[str], object], texts: list[str]) -> float:
    begun = time.process_time()
    for text in texts:
        run(text)
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=4, help="of each kind of text (default 4)")
    limit = int(parser.parse_args().megabytes * 1e6)
    pipeline, other = default_pipeline(), glue()
    rows = []
    shares: list[tuple[str, dict[str, float]]] = []
    for name, texts in sources(limit):
        for run in (pipeline.explain, other):
            for text in texts[:_FIRST]:
                run(text)
        size = sum(len(text.encode()) for text in texts) / 1e6
        ours, theirs = seconds(pipeline.explain, texts), seconds(other, texts)
        rows.append((name, f"{size:.1f}", f"{size / ours:.1f}", f"{size / theirs:.1f}", f"{theirs / ours:.1f}×"))
        alone = {run.__name__: size / max(seconds(Pipeline(run), texts), 1e-9) for run in pipeline}
        shares.append((name, alone))
    print("| text | MB | cleanzh, MB/s | glue, MB/s | ratio |\n|---|---|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(f"\n| filter alone, MB/s | {' | '.join(name for name, _ in shares)} |\n|---|{'---|' * len(shares)}")
    for run in pipeline:
        print(f"| `{run.__name__}` | {' | '.join(f'{share[run.__name__]:.0f}' for _, share in shares)} |")


if __name__ == "__main__":
    main()
