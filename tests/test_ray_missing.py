"""The engine of many machines, asked for where it can not be: told before anything is done, without Ray."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from conftest import Cleanzh


def test_ray_that_is_not_installed_is_told(cleanzh: Cleanzh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("今天天气很好。", "utf-8")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, package=None: None)
    done = cleanzh("clean", "a.txt", "out", "--engine", "ray", code=2)
    assert done.stderr == "Error: Ray is not installed; install it with: pip install 'cleanzh[ray]'\n"
    assert not (tmp_path / "out").exists()


def test_an_address_that_can_not_be_is_told(cleanzh: Cleanzh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("今天天气很好。", "utf-8")
    assert "add that, or leave it out" in cleanzh("dedup", "a.txt", "out", "--ray-address", "auto", code=2).stderr
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, package=None: object())
    done = cleanzh("dedup", "a.txt", "out", "--engine", "ray", "--ray-address", "ray://head:10001", code=2)
    assert "ray://head:10001" in done.stderr
    assert "--ray-address auto" in done.stderr
