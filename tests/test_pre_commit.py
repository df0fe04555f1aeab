"""The hooks, run by the real pre-commit on commits to a repository of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT
from test_check import CLEAN, DIRTY, FIXED

pytest.importorskip("pre_commit", reason="pre-commit is not installed: pip install --group test")
pytestmark = [
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
    pytest.mark.timeout(600),  # an environment is made and filled
]

PRE_COMMIT = [sys.executable, "-m", "pre_commit"]
# An index that can not be reached says one of these.
OFFLINE = ("No matching distribution", "Could not find a version", "Connection", "Temporary failure", "timed out")

Run = Callable[..., subprocess.CompletedProcess[str]]


def command(
    *arguments: str, cwd: Path, home: Path | None = None, code: int | None = 0
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTHON"))}
    environment |= {"PRE_COMMIT_HOME": str(home)} if home else {}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}
    environment |= {"PIP_NO_COMPILE": "1"}  # most of what an installation costs, and little of it is ever run
    done = subprocess.run(arguments, cwd=cwd, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done


def repository(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for arguments in (
        ["init", "-q", "-b", "main"],
        ["config", "user.name", "a"],
        ["config", "user.email", "a@example.com"],
        ["config", "core.quotePath", "false"],
    ):
        command("git", *arguments, cwd=folder)


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A repository that holds what a checkout of this one does, and a home of pre-commit with its hooks installed."""
    source, home = tmp_path_factory.mktemp("cleanzh"), tmp_path_factory.mktemp("home")
    for name in (".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE", "hatch_build.py"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__", "prepared.bin", "*.so"))
    (source / "scripts").mkdir()
    for name in ("compile_kernels.py", "prepare.py"):
        shutil.copy(ROOT / "scripts" / name, source / "scripts")
    repository(source)
    command("git", "add", ".", cwd=source)
    command("git", "commit", "-qm", "all", cwd=source)
    data = tmp_path_factory.mktemp("first")
    repository(data)
    configure(data, source, "cleanzh-check")
    done = command(*PRE_COMMIT, "install-hooks", cwd=data, home=home, code=None)
    if done.returncode and any(words in done.stdout for words in OFFLINE):
        pytest.skip(f"the package index can not be reached: {done.stdout[-300:]}")
    assert done.returncode == 0, done.stdout
    return source, home


def configure(folder: Path, source: Path, hook: str, *options: str) -> None:
    head = command("git", "rev-parse", "HEAD", cwd=source).stdout.strip()
    hooks = [{"id": hook, "args": list(options)}]
    config = {"repos": [{"repo": str(source), "rev": head, "hooks": hooks}]}
    (folder / ".pre-commit-config.yaml").write_text(json.dumps(config))  # YAML holds JSON


@pytest.fixture
def data(tmp_path: Path, hooks: tuple[Path, Path]) -> Path:
    """A repository of data whose commits the hook sees."""
    source, home = hooks
    repository(tmp_path)
    configure(tmp_path, source, "cleanzh-check")
    command(*PRE_COMMIT, "install", cwd=tmp_path, home=home)
    command("git", "add", ".pre-commit-config.yaml", cwd=tmp_path)
    command("git", "commit", "-qnm", "hooks", cwd=tmp_path)
    return tmp_path


@pytest.fixture
def commit(data: Path, hooks: tuple[Path, Path]) -> Run:
    def run(code: int = 0) -> subprocess.CompletedProcess[str]:
        command("git", "add", ".", cwd=data)
        return command("git", "commit", "-m", "data", cwd=data, home=hooks[1], code=code)

    return run


def test_the_manifest_is_valid() -> None:
    command(*PRE_COMMIT, "validate-manifest", ".pre-commit-hooks.yaml", cwd=ROOT)


@pytest.mark.slow
def test_the_wheel_holds_what_the_build_prepares(hooks: tuple[Path, Path]) -> None:
    assert [path.stat().st_size > 1_000_000 for path in hooks[1].rglob("site-packages/cleanzh/prepared.bin")] == [True]


def test_dirt_is_refused_and_what_is_clean_passes(data: Path, commit: Run) -> None:
    name = "新闻 2024/第 一 篇.txt"
    (data / name).parent.mkdir()
    (data / name).write_text(DIRTY)
    (data / "a.jsonl").write_text(json.dumps({"text": DIRTY}) + "\n")
    (data / "gbk.txt").write_bytes(DIRTY.encode("gb18030"))
    (data / "code.py").write_text("x = '&ldquo;好,'\n")
    refused = commit(code=1)
    said = refused.stdout + refused.stderr
    assert f"{name}:1:17: entity.named HTML entity (×2) 「&ldquo;」" in said
    assert "a.jsonl:1:" in said
    assert "gbk.txt:3:13: punctuation.half-width" in said
    assert "can be fixed with --fix" in said
    assert "code.py" not in said
    (data / name).write_text(CLEAN)
    (data / "a.jsonl").write_text(json.dumps({"text": CLEAN}) + "\n")
    (data / "gbk.txt").write_bytes(CLEAN.encode("gb18030"))
    commit()


@pytest.mark.slow
def test_only_what_is_staged_is_checked(data: Path, hooks: tuple[Path, Path]) -> None:
    (data / "a.txt").write_text(CLEAN)
    command("git", "add", "a.txt", cwd=data)
    (data / "a.txt").write_text(DIRTY)  # and not added
    (data / "b.txt").write_text(DIRTY)
    command("git", "commit", "-m", "data", cwd=data, home=hooks[1])


@pytest.mark.slow
def test_the_fix_repairs_what_is_staged(data: Path, commit: Run, hooks: tuple[Path, Path]) -> None:
    configure(data, hooks[0], "cleanzh-fix")
    for name, text in {"一 篇.txt": DIRTY, "b.txt": CLEAN}.items():
        (data / name).write_text(text)
    (data / "c.txt").write_bytes(DIRTY.encode("gb18030"))
    refused = commit(code=1)
    assert "files were modified by this hook" in refused.stdout + refused.stderr
    assert (data / "一 篇.txt").read_text() == FIXED
    assert (data / "c.txt").read_bytes() == FIXED.encode("gb18030")
    assert (data / "b.txt").read_text() == CLEAN
    commit()


@pytest.mark.slow
def test_ten_thousand_files(data: Path, commit: Run) -> None:
    for number in range(10_000):
        path = data / f"{number % 100}/第{number}篇.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(CLEAN.partition("\n")[0])
    (data / "50/第5050篇.txt").write_text(DIRTY)
    refused = commit(code=1)
    assert "50/第5050篇.txt:1:12: punctuation.half-width" in refused.stdout + refused.stderr
    assert (refused.stdout + refused.stderr).count("第5050篇.txt") == 3
