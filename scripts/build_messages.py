"""Build ``src/cleanzh/lexicon/messages.npz``: which character follows which two, in what programs say.

    python scripts/build_messages.py home_assistant_frontend.whl monaco-vscode-language-pack-zh-hans.tgz \\
        jupyterlab_language_pack_zh_cn.whl

The Simplified Chinese messages of Home Assistant (Apache-2.0), Visual Studio Code (MIT) and JupyterLab (BSD-3-Clause),
as their packages have them in JSON, each message once. Counted are characters in the forms of ``lexicon/sentences.py``;
``LICENSE-messages`` says whose they are. The same packages give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

from cleanzh.lexicon.sentences import _SENTENCE_END, _forms

TARGET = Path(__file__).parents[1] / "src/cleanzh/lexicon/messages.npz"
# Names of files with messages; the package of the assistant has all languages.
MESSAGES = re.compile(r"translations/(?:.*/)?zh-Hans-\w+\.json$|\.i18n\.json(?:\.js)?$|zh_CN/LC_MESSAGES/\w+\.json$")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
HAN = re.compile("[一-鿿]")


def files(package: Path) -> Iterator[str]:
    if package.suffix == ".whl":
        with ZipFile(package) as archive:
            for name in filter(MESSAGES.search, archive.namelist()):
                yield archive.read(name).decode()
    else:
        with tarfile.open(package) as packed:
            for member in filter(lambda member: MESSAGES.search(member.name), packed.getmembers()):
                content = packed.extractfile(member)
                assert content is not None
                yield content.read().decode()


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


def messages(text: str) -> Iterator[str]:
    """The lines of all messages in JSON, or in the JavaScript around it."""
    found = strings(json.loads(text)) if text.startswith("{") else map(json.loads, STRING.findall(text))
    return (line for message in found for line in message.split("\n") if len(HAN.findall(line)) > 1)


def counted(lines: Iterator[str]) -> Counter[tuple[int, int, int]]:
    counts: Counter[tuple[int, int, int]] = Counter()
    for line in dict.fromkeys(lines):
        codes = [min(ord(char), 0xFFFF) for char in f"\n\n{line}\n".translate(_forms())]
        for first, second, third in zip(codes, codes[1:], codes[2:], strict=False):
            counts[(0x0A, 0x0A, third) if second in _SENTENCE_END else (first, second, third)] += 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, nargs="+", help="a wheel, or what npm pack makes")
    packages = parser.parse_args().package
    counts = counted(line for package in packages for text in files(package) for line in messages(text))
    keys = np.array(sorted(counts), np.uint16)
    np.savez_compressed(
        TARGET,
        firsts=np.diff(keys[:, 0], prepend=np.uint16(0)),  # as differences, since they ascend
        seconds=keys[:, 1],
        thirds=keys[:, 2],
        counts=np.array([min(counts[key], 0xFFFF) for key in sorted(counts)], np.uint16),
    )
    print(f"{len(keys):,} of {sum(counts.values()):,}: {TARGET}, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
