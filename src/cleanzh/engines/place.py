"""Where a run lies, and machines that do not see it: what its stages leave is brought to where it belongs.

The folder of a run is on the machine that began it. Others may see it too, under the same path: a shared folder. One
that does not works in a folder of its own, and what it leaves there comes back with the result; what of a stage before
it needs to see is asked for (:class:`Distant`). What is *read* must be there, or lie at an address such as ``s3://…``.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import secrets
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cleanzh.errors import UsageError
from cleanzh.remote import is_remote, is_there

if TYPE_CHECKING:
    from cleanzh.dedup import Signed
    from cleanzh.dedup.partitions import Columns

__all__ = ["Distant", "Home", "Place", "bring", "not_there"]


class Place(NamedTuple):
    """The folder of a run, where paths begin, and what is read."""

    here: Path
    folder: Path
    token: str
    """The name of a file in the folder: who sees it sees the folder, and not one of the same name."""
    needs: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path, needs: Sequence[str]) -> Place:
        """To be made, and left, on the machine of the folder."""
        place = cls(Path.cwd(), folder.absolute(), f"{secrets.token_hex(8)}.part", tuple(needs))
        (place.folder / place.token).touch()
        return place

    def leave(self) -> None:
        (self.folder / self.token).unlink(missing_ok=True)

    def seen(self) -> bool:
        """Whether this machine sees the folder. Raises :class:`UsageError` if it does not see what is read."""
        with suppress(OSError):
            os.chdir(self.here)  # paths may be relative
        _look_for(self.needs)
        return (self.folder / self.token).exists()

    def do(self, work: Callable[[Any, Path], Any], task: bytes) -> tuple[Any, dict[str, bytes]]:
        """The result of work on a pickled task, and the files it left that are to be brought."""
        if self.seen():
            return work(pickle.loads(task), self.folder), {}  # noqa: S301  # from the driver
        # One for each task, and the same for all who try it here: it may say how far they came.
        name = hashlib.blake2b(task, digest_size=16).hexdigest()
        own = Path(tempfile.gettempdir()) / f"cleanzh-{self.token}" / name
        own.mkdir(parents=True, exist_ok=True)
        result = work(pickle.loads(task), own)  # noqa: S301
        left = {path.name: path.read_bytes() for path in sorted(own.iterdir()) if path.is_file()}
        shutil.rmtree(own, ignore_errors=True)
        with suppress(OSError):  # others are at work there
            own.parent.rmdir()
        return result, left


@lru_cache(maxsize=8)  # once in a process, if all is well: an address takes its time
def _look_for(needs: tuple[str, ...]) -> None:
    """Look before anything is read: what is not there would be a document that can not be read, and set aside."""
    for place in needs:
        why = ""
        try:
            found = is_there(place) if is_remote(place) else os.path.lexists(place)
        except Exception as error:  # file systems raise what they like
            found, why = False, f" ({type(error).__name__}: {error})"
        if not found:
            raise not_there(place, why)


def bring(files: Mapping[str, bytes], folder: Path) -> None:
    """Put files that were left elsewhere into the folder of the run; there they are whole, or not at all."""
    for name, data in files.items():
        part = folder / f"{name}.part"
        part.write_bytes(data)
        part.replace(folder / name)


def not_there(place: object, why: str = "") -> UsageError:
    """What to say of what is missing on one machine."""
    where = f"{place}: is not there on {platform.node()}{why}"
    if is_remote(place):
        return UsageError(f"{where}; each machine of the cluster must be able to read it, with credentials of its own")
    return UsageError(
        f"{where}; what is read must lie where all machines of the cluster see it under the same path, such as a "
        "shared folder, or at an address such as s3://…"
    )


class Home:
    """What is done on the machine of the folder, for those who do not see it."""

    def __init__(self, here: Path) -> None:
        os.chdir(here)

    def do(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)


@dataclass(frozen=True)
class Distant:
    """A partition (:class:`cleanzh.dedup.partitions.Partition`) of files that lie on another machine.

    ``columns_of`` and ``signed_of`` are references to what was read of them there; ``get`` turns one into what it is.
    """

    number: int
    run: int
    get: Callable[[Any], Any] = field(compare=False)
    columns_of: Any = field(compare=False)
    signed_of: Any = field(compare=False)

    def columns(self) -> Columns:
        made: Columns = self.get(self.columns_of)
        return made

    def signed(self) -> Signed:
        made: Signed = self.get(self.signed_of)
        return made
