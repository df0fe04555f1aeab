"""How fast the whole default cleaning is, record on, against what users glue together today.

The glue is ``ftfy.fix_text``, OpenCC ``t2s``, and 200 keyword rules as one ``re`` alternation tried on every line; it
keeps no record. Both run in this process on the same texts, in turns of half a megabyte each, so that other work on the
machine slows both, and neither pays for what the other pushed out of the caches; the table gives the ratio. What a
process does once (compiling rules, reading tables) is not measured: the examples of all rules run first, and one text
in four, which is then left out; articles are measured as a corpus that repeats them.

Texts: the seeds, and, if the environment variable CLEANZH_EVAL names a folder with ``clean/*.jsonl.gz`` and
``docs/*.raw.txt``, those too, and the Simplified ones with nothing but Han and full stops left of them, which is the
price of the gates.

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
from cleanzh.flags import find_flags
from cleanzh.pipeline import Pipeline
from cleanzh.rulebook import builtin

SEEDS = Path(__file__).parent.parent / "seeds"

TURN = 500_000  # bytes
NORMAL = (
    "decode_entities",
    "remove_markup",
    "remove_invisible",
    "normalize_whitespace",
    "restore_punctuation",
    "unify_script",
)
NOT_PLAIN = re.compile("[^\n\u3002\u4e00-\u9fff]")

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


def sources(limit: int) -> Iterator[tuple[str, list[str], list[str]]]:
    """Kinds of text: its name, what runs first, and what is measured, about ``limit`` bytes."""
    seeds = [path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    yield "seeds (half of it spun)", seeds, seeds * max(1, limit // (4 * _size(seeds)))
    folder = os.environ.get("CLEANZH_EVAL")
    if not folder:
        print("CLEANZH_EVAL is not set: the seeds alone are measured\n")
        return
    for name, pattern in (("clean Simplified text", "simp_*"), ("clean Traditional text", "trad_*")):
        texts = list(_some(Path(folder, "clean").glob(f"{pattern}.jsonl.gz"), limit))
        yield name, texts[::4], [text for number, text in enumerate(texts) if number % 4]
        if pattern == "simp_*":
            plain = [NOT_PLAIN.sub("", text) for text in texts]
            yield "Han and full stops of it", plain[::4], [text for number, text in enumerate(plain) if number % 4]
    docs = [path.read_text(encoding="utf-8") for path in sorted(Path(folder, "docs").glob("*.raw.txt"))]
    yield "scraped articles", docs, docs * max(1, limit // _size(docs))


def _size(texts: list[str]) -> int:
    return sum(len(text.encode()) for text in texts)


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


def seconds(runs: list[Callable[[str], object]], texts: list[str]) -> list[float]:
    """The time that each of some functions takes for all texts, in turns."""
    taken = [0.0] * len(runs)
    for turn in _turns(texts):
        for number, run in enumerate(runs):
            begun = time.process_time()
            for text in turn:
                run(text)
            taken[number] += time.process_time() - begun
    return taken


def _turns(texts: list[str]) -> Iterator[list[str]]:
    turn: list[str] = []
    for text in texts:
        turn.append(text)
        if _size(turn) >= TURN:
            yield turn
            turn = []
    yield turn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=4, help="of each kind of text (default 4)")
    limit = int(parser.parse_args().megabytes * 1e6)
    pipeline, other = default_pipeline(), glue()
    alone: dict[str, Callable[[str], object]] = {run.__name__: Pipeline(run) for run in pipeline}
    alone["all that normalize"] = Pipeline(*(run for run in pipeline if run.__name__ in NORMAL))
    alone["find_flags"] = find_flags
    examples = [line for rule in builtin() for line in rule.must_match]
    rows: list[tuple[str, ...]] = []
    shares: list[tuple[str, list[float]]] = []
    for name, first, texts in sources(limit):
        for run in (pipeline.explain, other, *alone.values()):
            for text in (*examples, *first):
                run(text)
        size = _size(texts) / 1e6
        ours, theirs = seconds([pipeline.explain, other], texts)
        rows.append((name, f"{size:.1f}", f"{size / ours:.1f}", f"{size / theirs:.1f}", f"{theirs / ours:.1f}×"))
        shares.append((name, [size / max(taken, 1e-9) for taken in seconds(list(alone.values()), texts)]))
    print("| text | MB | cleanzh, MB/s | glue, MB/s | ratio |\n|---|---|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(f"\n| filter alone, MB/s | {' | '.join(name for name, _ in shares)} |\n|---|{'---|' * len(shares)}")
    for number, name in enumerate(alone):
        print(f"| `{name}` | {' | '.join(f'{share[number]:.0f}' for _, share in shares)} |")


if __name__ == "__main__":
    main()
