"""What the tests share: the command, run as a user runs it, and a look at what it left."""

from __future__ import annotations

import io
import json
import signal
import sys
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from cleanzh.cli import main

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"

# A shell that runs the tests in the background lets them, and what they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Done(NamedTuple):
    stdout: str
    stderr: str


class Cleanzh(Protocol):
    def __call__(self, *arguments: str | Path, code: int = 0, stdin: bytes = b"") -> Done: ...


@pytest.fixture
def cleanzh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cleanzh:
    """``cleanzh(…)`` runs the command in ``tmp_path``; the exit code must be ``code``.

    In this process, since starting one takes longer than most of what is tested; ``test_process.py`` starts real ones.
    """
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path, code: int = 0, stdin: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capfd.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main([str(argument) for argument in arguments])
        done = Done(*capfd.readouterr())
        assert exit_.value.code == code, done.stdout + done.stderr
        return done

    return run


def tree(folder: Path, *, ignore: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Every file below ``folder``, with its bytes."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in sorted(files.items()) if name not in ignore}


def aside(out: Path) -> dict[str, str]:
    """What a run set aside, and why."""
    lines = (out / "_cleanzh/set_aside.jsonl").read_text(encoding="utf-8").splitlines()
    return {entry["id"]: entry["reason"] for entry in map(json.loads, lines)}
