"""The documentation is true: its commands run, its Python runs, its links lead somewhere."""

from __future__ import annotations

import doctest
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Cleanzh

PAGES = [ROOT / "README.md", ROOT / "docs/README.zh.md"]
BLOCK = re.compile(r"(?:<!-- needs (\w+) -->\n)?```(\w+)\n(.*?)```", re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """The blocks in a language; those that need a library only where it is installed, and Java for Spark."""
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    there = (block for block in found if not block[0] or importlib.util.find_spec(block[0]))
    there = (block for block in there if block[0] != "pyspark" or shutil.which("java"))
    return [body for _, kind, body in there if kind == language]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_the_readme_runs(page: Path, cleanzh: Cleanzh, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    ran = 0
    for block in blocks(page, "console"):
        for line in block.splitlines():
            if line.startswith("$ cleanzh "):
                arguments = line.removeprefix("$ cleanzh ").split("  #")[0].split()
                code = 1 if "exits with 1" in line else 0
                cleanzh(*(argument.strip("'\"") for argument in arguments), code=code)
                ran += 1
    assert ran >= 5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_two_commands_are_there_and_are_targets(page: Path) -> None:
    commands = "".join(blocks(page, "console"))
    for target in ("make demo", "make test"):
        assert f"$ {target}" in commands
        subprocess.run(["make", "--dry-run", target.split()[1]], cwd=ROOT, check=True, capture_output=True)
    assert "make test" in (ROOT / ".ci/run").read_text(encoding="utf-8")


@pytest.mark.timeout(300)  # Spark alone takes half a minute of two cores to start
@pytest.mark.parametrize("page", [*PAGES, *sorted(ROOT.glob("docs/*.md"))], ids=lambda page: page.name)
def test_python_examples_run(page: Path) -> None:
    for number, block in enumerate(blocks(page, "python")):
        if ">>> " in block:
            example = doctest.DocTestParser().get_doctest(block, {}, f"{page.name} block {number}", str(page), 0)
            results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example)
            assert results.failed == 0
        else:
            done = subprocess.run([sys.executable, "-c", block], cwd=ROOT, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", [*PAGES, *sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))], ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target
