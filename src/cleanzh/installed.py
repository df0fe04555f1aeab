"""What is installed beside us: what :mod:`importlib.metadata` would say, of the folders that it would read.

To import it takes as long as a tenth of the start of a run, most of that for what reads mail.
"""

from __future__ import annotations

import os
import sys
from functools import cache

__all__ = ["mentions", "version"]


@cache
def _folders() -> tuple[str, ...] | None:
    """The folders that describe packages, the one that counts first; None where one may lie in something else, such
    as a zip file, and has to be asked for.
    """
    found: list[str] = []
    for place in dict.fromkeys(sys.path):
        try:
            names = os.listdir(place or ".")  # noqa: PTH208  # a thousand names, and no object for each
        except FileNotFoundError:
            continue
        except OSError:
            return None
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                found.append(os.path.join(place, name))  # noqa: PTH118
            elif name == "EGG-INFO" or name.endswith(".egg"):
                return None
    return tuple(found)


def mentions(group: bytes) -> bool:
    """Whether some package may have entry points in a group whose name begins so."""
    folders = _folders()
    return folders is None or any(b"[" + group in _read(folder, "entry_points.txt") for folder in folders)


@cache
def version(package: str) -> str | None:
    """The version of a package, whose name has letters only; None if it is not installed.

    >>> version("no-such-package") is None, version("numpy") is None
    (True, False)
    """
    folders = _folders()
    for folder in folders or ():
        name, _, kind = os.path.basename(folder).rpartition(".")  # noqa: PTH119
        if name.partition("-")[0].lower() == package:
            found = _version_in(_read(folder, "METADATA")) if kind == "dist-info" else None
            return found or _ask(package)
    return _ask(package) if folders is None else None


def _version_in(described: bytes) -> str | None:
    for line in described.partition(b"\n\n")[0].splitlines():
        if line.startswith(b"Version: "):
            return line.removeprefix(b"Version: ").strip().decode()
    return None


def _ask(package: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _read(folder: str, name: str) -> bytes:
    try:
        with open(os.path.join(folder, name), "rb", 0) as file:  # noqa: PTH118, PTH123
            return file.read()
    except OSError:
        return b""
