"""Make ``src/cleanzh/prepared.bin``: what a start need not read and compile again; see ``cleanzh.prepared``.

    python scripts/prepare.py [FILE]

The build does it (``hatch_build.py``), with what is there: a module that needs a package which is missing is left out.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, AnyStr

ROOT = Path(__file__).parents[1]


def lazy_patterns(value: Any) -> Iterator[tuple[str | bytes, int]]:
    """The patterns in the value of a module's name: one, or some in a list or a table."""
    from cleanzh.patterns import Lazy

    if isinstance(value, dict):
        value = tuple(value.values())
    for one in value if isinstance(value, tuple | list) else (value,):
        if isinstance(one, Lazy):
            yield one.pattern, one.flags_asked


def prepare(target: Path) -> int:
    """Write the file; how many patterns it holds."""
    import cleanzh
    from cleanzh import prepared

    patterns: list[tuple[str | bytes, int]] = []

    def noted(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
        patterns.append((pattern, int(flags)))
        return re.compile(pattern, flags)

    prepared.FILE.unlink(missing_ok=True)
    prepared.compiled = noted
    for module in pkgutil.walk_packages(cleanzh.__path__, "cleanzh.", onerror=lambda _: None):
        if module.name != "cleanzh.__main__":
            try:
                importlib.import_module(module.name)
            except ImportError:
                continue
    from cleanzh.filters.ads import remove_ads
    from cleanzh.filters.metadata import anchors
    from cleanzh.filters.mojibake import gate
    from cleanzh.filters.script import unify_script
    from cleanzh.lexicon.kinds import damaged
    from cleanzh.lexicon.script import character_class
    from cleanzh.rulebook.files import MADE_FROM, builtin
    from cleanzh.rulebook.index import NOT_PROSE, literals
    from cleanzh.rulebook.screen import screens
    from cleanzh.shadow import MAY_HIDE, seldom

    seldom()
    anchors.pattern()
    damaged()
    unify_script.kept_as_it_is()
    patterns += lazy_patterns(gate.patterns())
    for name in ("simplified", "traditional"):
        character_class(name)
    for name, loaded in sys.modules.items():
        if name.startswith("cleanzh."):
            for value in vars(loaded).values():
                patterns += lazy_patterns(value)
    patterns += ((rule.pattern, 0) for rule in builtin())
    prepared.write(
        target,
        MADE_FROM,
        [asdict(rule) for rule in builtin()],
        patterns,
        screens((MAY_HIDE, NOT_PROSE, *(rule.pattern for rule in builtin()))),
        literals(remove_ads.rulebook.rules),
    )
    return len(set(patterns))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=ROOT / "src/cleanzh/prepared.bin")
    file: Path = parser.parse_args().file
    sys.path.insert(0, str(ROOT / "src"))
    print(f"{prepare(file)} patterns in {file}, {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
