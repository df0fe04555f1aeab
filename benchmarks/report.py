"""What the report of a large run costs: seconds, memory, bytes, and the time to first paint in a browser.

    python benchmarks/report.py [--documents 1000000] [--jobs 2] [--folder FOLDER]

Makes the output of a run over so many documents in one file of JSON lines: some hundred articles, made by seeded chance
and cleaned in earnest, again and again under new ids; a tenth of them duplicates. Prints a Markdown table. First paint
is what the browser itself reports (``chromium``, by Playwright), the median of five.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

WHO = ["渔民", "邮差", "木匠", "老师傅", "护林员", "船长", "裁缝", "园丁", "修表匠", "列车长", "养蜂人"]
WHERE = ["清晨的码头上", "河岸的步道旁", "老城区的巷口", "山下的水库边", "雨后的果园中", "冬天的站台上"]
WHAT = ["记下每天的水位", "修好了三把旧椅子", "数着飞过的候鸟", "等一封迟到的信", "把网补了又补"]
DIRT = [
    "&ldquo;你好&rdquo;,她说",
    "京東戰(zhàn)略合作進(jìn)一步落地",
    "湖邊的風(fēng)很大,漁(yú)船都回來了",
    "</p><br>",
    "不过，。",
]
LINES = [
    "扫码关注我们的公众号，回复资料领取",
    "分享到：微信 微博 QQ空间",
    "责任编辑：王小明",
    "上一篇：湖边的一天",
    "版权声明：本文来自网络，如有侵权请联系删除",
]


def article(seed: int) -> str:
    chosen = random.Random(seed)
    lines = [f"发布时间：20{chosen.randint(10, 24)}-0{chosen.randint(1, 9)}-11 来源：{chosen.choice(WHO)}日报"]
    for _ in range(chosen.randint(8, 30)):
        sentences = [f"{chosen.choice(WHO)}在{chosen.choice(WHERE)}{chosen.choice(WHAT)}" for _ in range(3)]
        if not chosen.randrange(3):
            sentences.append(chosen.choice(DIRT))
        lines.append(chosen.choice(["，", ",", ","]).join(sentences) + "。")
    return "\n".join([*lines, *chosen.sample(LINES, chosen.randint(0, 3))]) + "\n"


def templates(folder: Path, count: int) -> tuple[list[tuple[dict[str, Any], bytes]], dict[str, Any]]:
    """Ledger lines and the lines of OUT that belong to them, of a run in earnest; and its summary."""
    from cleanzh.run import clean_files

    rows = [json.dumps({"text": article(seed)}, ensure_ascii=False) + "\n" for seed in range(count)]
    (folder / "some.jsonl").write_text("".join(rows))
    clean_files([folder / "some.jsonl"], folder / "some", dedup=None, report=False)
    record = folder / "some/_cleanzh"
    entries = [json.loads(line) for line in (record / "ledger.jsonl").open()]
    kept = [entry for entry in entries if "set_aside" not in entry]
    with (folder / "some/some.jsonl").open("rb") as file:
        return list(zip(kept, file, strict=True)), json.loads((record / "summary.json").read_text())


def make(folder: Path, documents: int) -> Path:
    """The output of a run over so many documents."""
    made, summary = templates(folder, 400)
    out = folder / "out"
    record = out / "_cleanzh"
    (record / "set_aside").mkdir(parents=True)
    chosen = random.Random(1)
    bodies = []
    for entry, _ in made:
        body = json.dumps(
            {key: value for key, value in entry.items() if key not in ("id", "source", "line")}, ensure_ascii=False
        )
        bodies.append(body[1:-1].encode())
    raws = [(folder / "some.jsonl").read_bytes().splitlines(keepends=True)[entry["line"] - 1] for entry, _ in made]
    with (
        (record / "ledger.jsonl").open("wb") as book,
        (out / "all.jsonl").open("wb") as kept,
        (record / "set_aside/all.jsonl").open("wb") as aside,
        (record / "set_aside.jsonl").open("wb") as asides,
        (record / "verdicts.jsonl").open("wb") as verdicts,
    ):
        leader, size = 1, 1
        for number in range(1, documents + 1):
            which = chosen.randrange(len(made)) if number % 10 else (leader * 7) % len(made)
            name = f'{{"id": "all.jsonl:{number}", "source": "all.jsonl", "line": {number}, '.encode()
            if number % 10 or number < 20:
                leader, size = number, 1
                book.write(name + bodies[which] + b"}\n")
                kept.write(made[which][1])
            else:
                size += 1
                similarity = round(chosen.uniform(0.7, 1.0), 4)
                book.write(name + bodies[which] + b', "set_aside": "near_duplicate"}\n')
                aside.write(raws[which])
                asides.write(
                    f'{{"id": "all.jsonl:{number}", "source": "all.jsonl", "line": {number}, '
                    f'"reason": "near_duplicate", '
                    f'"kept_id": "all.jsonl:{leader}", "similarity": {similarity}, "containment": 1.0}}\n'.encode()
                )
            stays = "true" if number % 10 or number < 20 else "false"
            verdicts.write(
                f'{{"id": "all.jsonl:{number}", "kept": {stays}, "reason": null, '
                f'"duplicate_of": null, "jaccard": null, "containment": null, "cluster": "all.jsonl:{leader}", '
                f'"cluster_size": {2 if number % 10 == 9 and number > 18 else 1}, "estimated": false}}\n'.encode()
            )
    summary["documents"] = {"in": documents, "out": documents * 9 // 10, "set_aside": documents // 10}
    (record / "summary.json").write_text(json.dumps(summary))
    return out


MEASURED = """
import resource, sys, time
from cleanzh.report.html import write_report
begun = time.perf_counter()
path = write_report(sys.argv[1], jobs=int(sys.argv[2]))
seconds = time.perf_counter() - begun
usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
cpu = sum(one.ru_utime + one.ru_stime for one in usage)
print(seconds, cpu, usage[0].ru_maxrss / 1024, usage[1].ru_maxrss / 1024, path.stat().st_size)
"""


def first_paint(page: Path) -> float | None:
    """Milliseconds, by the browser's own entries."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if chromium is None:
        return None
    times = []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(5):
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            tab.goto(page.as_uri())
            times.append(tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
            tab.close()
        browser.close()
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--folder", type=Path, help="keep what is made here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        out = folder / "out"
        if not out.exists():
            begun = time.perf_counter()
            make(folder, options.documents)
            print(f"made in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, out, str(options.jobs)], capture_output=True, text=True, check=True
        )
        seconds, cpu, main_memory, worker_memory, size = map(float, done.stdout.split())
        paint = first_paint(out / "_cleanzh/report.html")
        ledger = (out / "_cleanzh/ledger.jsonl").stat().st_size
        print("| what | measured | asked for |\n|---|---|---|")
        print(f"| ledger | {options.documents:,} documents, {ledger / 1e9:.2f} GB | |")
        print(f"| report made, {options.jobs} jobs | {seconds:.1f} s ({cpu:.1f} s of processor) | ≤ 60 s |")
        print(f"| memory: main process / largest worker | {main_memory:.0f} / {worker_memory:.0f} MB | ≤ 500 MB |")
        print(f"| file | {size / 1e6:.2f} MB | ≤ 5 MB |")
        print(f"| first contentful paint | {'no browser' if paint is None else f'{paint:.0f} ms'} | ≤ 1,000 ms |")


if __name__ == "__main__":
    main()
