"""How fast the data check is: one file from start to finish, many files, and beside a run of the same files.

    python benchmarks/check.py [--files 1000] [--repeat 5]

Texts are made from seeded chance. With ``CLEANZH_EVAL`` (a folder with ``docs/*.raw.txt``) it also checks that every
finding of those documents quotes what stands at its place. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SENTENCES = (
    "清晨的菜市场已经很热闹，摊主们把刚到的蔬菜一筐筐搬下车。",
    "老城区的改造方案公布以后，居民最关心的是停车位够不够。",
    "图书馆延长了开放时间，备考的学生不用再到咖啡店里占座。",
    "今年的雨水比往年多，山下的水库在七月初就开始泄洪。",
    "研究人员在湖边架起相机，记录候鸟每天到达和离开的时刻。",
)
DIRT = (
    "&ldquo;你好&rdquo;，她说。",
    "京東戰(zhàn)略合作進(jìn)一步落地。",
    "</p",
    "扫码关注本站公众号，回复666领取资料",
    "不过，。",
)


def article(seed: int, size: int, *, dirty: bool) -> str:
    chosen = random.Random(seed)
    lines = []
    while sum(len(line.encode()) + 1 for line in lines) < size - 100:
        line = f"{chosen.choice(SENTENCES)}这是第{chosen.randrange(10**6)}次。"
        lines.append(line + chosen.choice(DIRT) if dirty and not chosen.randrange(10) else line)
    return "\n".join(lines) + "\n"


def run(*arguments: str) -> tuple[float, float]:
    """Wall and processor seconds of the command, from start to finish."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def best(repeat: int, *arguments: str) -> str:
    runs = [run(*arguments) for _ in range(repeat)]
    return f"{min(wall for wall, _ in runs):.2f} | {min(cpu for _, cpu in runs):.2f}"


def positions(folder: Path) -> tuple[int, int, int]:
    """Documents, findings, and findings whose place does not hold what they quote."""
    from cleanzh.checking.checks import Checks
    from cleanzh.checking.files import check_files, files_of

    documents = findings = wrong = 0
    sources, _ = files_of(sorted(folder.glob("*.raw.txt")))
    for checked in check_files(sources, Checks()):
        text = checked.record.text or ""
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        documents += 1
        for finding in checked.findings:
            findings += 1
            quoted = text[finding.start :].startswith(finding.found)
            first = finding.found.replace("\r", "\n").split("\n")[0]
            wrong += not (quoted and lines[finding.line - 1][finding.column - 1 :].startswith(first))
    return documents, findings, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in ("clean", "dirty"):
            (folder / kind).mkdir()
            for number in range(options.files):
                text = article(number, 5000, dirty=kind == "dirty")
                (folder / kind / f"{number}.txt").write_text(text, encoding="utf-8")
        command = ("-m", "cleanzh", "check")
        print("| start to finish | seconds | processor seconds |\n|---|---|---|")
        print(f"| python -c pass | {best(options.repeat, '-c', 'pass')} |")
        print(f"| cleanzh --version | {best(options.repeat, '-m', 'cleanzh', '--version')} |")
        print(f"| import of the filters | {best(options.repeat, '-c', 'import cleanzh.checking.files')} |")
        for kind in ("clean", "dirty"):
            print(
                f"| check, one {kind} file of 5 KB | {best(options.repeat, *command, str(folder / kind / '0.txt'))} |"
            )
        for kind in ("clean", "dirty"):
            print(f"| check, {options.files:,} {kind} files | {best(1, *command, str(folder / kind))} |")
        out = str(folder / "out")
        print(
            f"| clean, the same dirty files | {best(1, '-m', 'cleanzh', 'clean', str(folder / 'dirty'), out, '-j1')} |"
        )
    if "CLEANZH_EVAL" not in os.environ:
        print("\nCLEANZH_EVAL is not set: places of findings were not checked on documents of others.")
        return
    documents, findings, wrong = positions(Path(os.environ["CLEANZH_EVAL"]) / "docs")
    print(f"\n{findings:,} findings in {documents} documents; {wrong} whose place does not hold what they quote")


if __name__ == "__main__":
    main()
