"""Corpora for the tests of the report: an ordinary one, and one that tries to break the page."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

from conftest import SEEDS

# Drawn from by chance, so that no two articles are alike.
WHO = ["渔民", "邮差", "木匠", "老师傅", "护林员", "船长", "裁缝", "园丁", "修表匠", "列车长", "养蜂人", "画匠"]
WHERE = ["清晨的码头上", "河岸的步道旁", "老城区的巷口", "山下的水库边", "雨后的果园中", "冬天的站台上"]
WHAT = ["记下每天的水位", "修好了三把旧椅子", "数着飞过的候鸟", "等一封迟到的信", "把网补了又补", "晒着新收的稻谷"]
THEN = ["直到天色完全暗下来", "说这样的日子不多了", "路过的人都停下来看", "后来这事写进了县志", "第二年他又回来了"]


def article(number: int, *, before: str = "", after: str = "") -> str:
    chosen = random.Random(number)
    lines = [
        f"{chosen.choice(WHO)}在{chosen.choice(WHERE)}{chosen.choice(WHAT)}，{chosen.choice(THEN)}。" for _ in range(6)
    ]
    return before + "\n".join(lines) + "\n" + after


def ordinary(folder: Path) -> Path:
    """Seeds, a charset of old, JSON lines of which some do not come out, near duplicates in two files."""
    folder.mkdir()
    for seed in SEEDS.glob("*.txt"):
        shutil.copy(seed, folder)
    (folder / "old.txt").write_bytes(article(50, before="发布时间：2021-05-03 来源：湖边晚报\n").encode("gb18030"))
    rows = [
        *({"id": number, "text": article(number)} for number in range(12)),
        {"id": 12, "text": ""},
        {"id": 13, "text": "This is an English page and nothing else, so it is set aside as what it is."},
        {"id": 14, "text": article(3, before="扫码关注我们的公众号，回复资料领取\n", after="分享到：微信 微博\n")},
        {"id": 15, "text": article(3)},
        {"id": 16, "text": article(40, after="不过，。\n")},
        {"id": 17, "text": article(41, after="</p><br>&ldquo;完&rdquo;\n")},
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return folder


# Each of these, where it is not text, sets the title of the page to PWNED or asks the network for something.
ATTACKS = (
    "<script>document.title='PWNED'</script>",
    "</script><script>document.title='PWNED'</script>",
    "</textarea></title></style></noscript><img src=x onerror=\"document.title='PWNED'\">",
    "<!--<script>",
    "-->",
    "]]>",
    "<a href=\"javascript:document.title='PWNED'\">点我</a>",
    '"><svg onload="document.title=\'PWNED\'">',
    "' onmouseover='document.title=`PWNED`' x='",
    '<iframe src="http://tracker.invalid/"></iframe><link rel=stylesheet href=http://tracker.invalid/a.css>',
    "<style>body{display:none}</style><base href=http://tracker.invalid/>",
    "{{sections}} {{script}} ${alert(1)} {0} %s",
    "\u202e盗号\u2066反转\u2069\u200f\u061c",
    "\u2028\u2029\x85\x0b\x0c\x1b[31m红\x07\x00",
    "<i>202E</i> ▸ 搁置：非中文 set aside: not Chinese",
    "a" + "\u0301" * 300,
    "\U000e0041\U000e007f\ufe0f\u200d\ufeff",
)


def hostile(folder: Path) -> Path:
    """Every attack in the text, in what becomes metadata, in names of files and of fields."""
    folder.mkdir()
    for number, attack in enumerate(ATTACKS):
        head = f"标题：{attack}\n来源：{attack}\n作者：{attack}\n"
        text = f"{head}{article(number * 3 + 100)}{attack}，{attack},你好\n不过，。{attack}\n"
        (folder / f"attack-{number:02}.txt").write_text(text, encoding="utf-8")
    (folder / "<img src=x onerror=document.title='PWNED'>.txt").write_text(article(200), encoding="utf-8")
    (folder / "a\u202etxt.exe\n\x1b[2J.txt").write_text(article(201), encoding="utf-8")
    long_line = "湖边的风很大，" * 480_000 + "扫码关注公众号,领取资料"
    (folder / "long.txt").write_text(f"{article(202)}{long_line}\n", encoding="utf-8")
    lines = "\n".join(f"第{number}行，风很大,雨也大" for number in range(6_000))
    (folder / "lines.txt").write_text(lines, encoding="utf-8")
    rows = [
        json.dumps({"text": article(203) + "\ud83d 半个字符，\udc00,你好"}),
        json.dumps({"text": "\ud800" * 50 + article(204)}),
        '{"text": "</script><script>document.title=\'PWNED\'</script>", broken',
        json.dumps({"text": article(205) + ATTACKS[0]}),
        json.dumps({"text": article(205) + ATTACKS[1]}),
    ]
    (folder / "rows.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 20)
    return folder
