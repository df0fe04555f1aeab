"""Files elsewhere (``s3://…``, ``hf://…``, ``https://…``), by fsspec, which the extra ``cleanzh[remote]`` brings."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from cleanzh.errors import UsageError
from cleanzh.formats import Skipped, Source, format_of, known_suffixes

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "download",
    "find_remote",
    "is_remote",
    "is_there",
    "open_remote",
    "size_of_remote",
    "staging",
    "upload",
    "without_scheme",
]

# Stores whose objects appear when they are whole; to move one there is to copy it.
_SEEN_WHOLE = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "oci", "hf", "memory"}


def is_remote(place: object) -> bool:
    """Whether a place is named by an address.

    >>> is_remote("s3://bucket/a.jsonl"), is_remote("C:/a.jsonl")
    (True, False)
    """
    return "://" in str(place)


def without_scheme(place: str | Path) -> str | Path:
    """The path that a ``file://…`` names; any other place as it is."""
    return _file_system(str(place))[1] if str(place).startswith("file://") else place


def _file_system(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError as error:
        raise UsageError(f"{url}: fsspec is needed to read this; pip install 'cleanzh[remote]'") from error
    try:
        return cast("tuple[Any, str]", fsspec.core.url_to_fs(url))
    except (ImportError, ValueError) as error:  # no such kind of place, or what it needs is not installed
        raise UsageError(f"{url}: {error}") from error


def open_remote(url: str) -> BinaryIO:
    """The file at an address, to be read. Raises ``OSError``."""
    system, path = _file_system(url)
    return cast("BinaryIO", system.open(path, "rb"))


def is_there(url: str) -> bool:
    """Whether there is something at an address, as far as this machine can tell."""
    system, path = _file_system(url)
    return bool(system.exists(path))


def size_of_remote(url: str) -> int:
    system, path = _file_system(url)
    return int(system.size(path) or 0)


def find_remote(url: str, form: str, sources: list[Source], skipped: list[Skipped], *, alone: bool) -> None:
    """Add the sources at an address, a file or a folder, to ``sources``, and what was left out to ``skipped``."""
    system, top = _file_system(url)
    top = top.rstrip("/")
    if not system.exists(top):
        raise UsageError(f"{url}: no such file or folder; check the address")
    if not system.isdir(top):
        name = PurePosixPath(top).name
        kind = format_of(name, form)
        if kind is None:
            raise UsageError(f"{url}: not one of {known_suffixes()}; say what it is with --format")
        sources.append(Source(Path(name), name, *kind, url=url))
        return
    prefix = "" if alone else f"{PurePosixPath(top).name}/"
    for path in sorted(system.find(top)):
        below = str(path)[len(top) :].lstrip("/")
        parts = PurePosixPath(below).parts
        if ".." in parts or any(part == "_cleanzh" or part.startswith(".") for part in parts):
            continue
        kind = format_of(below, form)
        if kind is None:
            skipped.append(Skipped(prefix + below, f"not one of {known_suffixes()}"))
        else:
            sources.append(Source(Path(below), prefix + below, *kind, url=system.unstrip_protocol(path)))


def staging(url: str) -> Path:
    """The folder of this machine in which what belongs to an address is made: the same one for as long as it is there,
    so that a run that was stopped can be gone on with.

    It lies where temporary files do, which ``TMPDIR`` says. Raises :class:`UsageError` if it is another user's.
    """
    system, top = _file_system(url)
    name = hashlib.sha256(system.unstrip_protocol(top).rstrip("/").encode()).hexdigest()[:16]
    import tempfile  # half of a start of a check imports less

    folder = Path(tempfile.gettempdir(), f"cleanzh-{name}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or (hasattr(os, "getuid") and folder.stat().st_uid != os.getuid()):
        raise UsageError(f"{folder}: is another user's; set TMPDIR to a folder of your own")
    return folder


def upload(folder: Path, url: str) -> None:
    """Copy what is in a folder to an address; the record of the run last, so that what has one is whole.

    Where a file can be seen while it is written, it has another name until it is whole.
    """
    system, top = _file_system(url)
    protocols = {system.protocol} if isinstance(system.protocol, str) else {*system.protocol}
    files = sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: _is_record(path, folder))
    for path in files:
        target = f"{top.rstrip('/')}/{path.relative_to(folder).as_posix()}"
        place, _, name = target.rpartition("/")
        system.makedirs(place, exist_ok=True)
        if protocols & _SEEN_WHOLE:
            system.put_file(str(path), target)
            continue
        part = f"{place}/.{name}.part"
        system.put_file(str(path), part)
        if system.exists(target):  # not every file system moves onto what is there
            system.rm_file(target)
        system.mv(part, target)


def _is_record(path: Path, folder: Path) -> tuple[bool, str]:
    below = path.relative_to(folder)
    return below.parts[0] == "_cleanzh", below.as_posix()


def download(url: str, folder: Path) -> None:
    """Copy the output of a run from an address into a folder."""
    system, top = _file_system(url)
    top = top.rstrip("/")
    found: Sequence[str] = system.find(top) if system.exists(top) else []
    if not found:
        raise UsageError(f"{url}: no such folder; check the address")
    for path in found:
        target = folder / str(path)[len(top) :].lstrip("/")
        if not target.resolve().is_relative_to(folder.resolve()):
            raise UsageError(f"{url}: {path} lies outside of it")
        target.parent.mkdir(parents=True, exist_ok=True)
        system.get_file(path, str(target))
