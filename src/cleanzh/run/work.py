"""The work folder of a run, ``OUT/_cleanzh/work``: what is planned, and what of it is done, while it is not finished.

::

    plan.json        what decides the result: a run goes on only where all of it is the same
    sources.jsonl    the input files, with size and time
    earlier.json     the files in OUT of the run before, which this one replaces
    lock             held by the process at work
    00000000.staged  one of each for a shard, see ``stages``; they lie here whole or not at all
    00000000.done    what the shard came to; written last, so a shard with it is done (``stages.tasks``)
    compared         written when all verdict files are

Whoever is killed, at whatever moment, leaves files that are whole, and perhaps a folder ``part-…`` of none.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any

from cleanzh import ledger
from cleanzh.errors import UsageError
from cleanzh.formats import Stamp
from cleanzh.lock import BusyError, alone
from cleanzh.readers import Source
from cleanzh.stages.clean import Tally

__all__ = ["Work", "unfinished"]

_NAMED = 3  # changed files that an error names


def unfinished(out: str | Path) -> bool:
    """Whether OUT holds the work of a run that did not come to its end."""
    return (Path(out) / ledger.FOLDER / "work" / "plan.json").exists()


class Work:
    """The work folder, held by this process alone."""

    def __init__(self, out: Path) -> None:
        self.folder = out / ledger.FOLDER / "work"
        self.earlier: set[str] = set()
        """The files of the run before."""

    @contextmanager
    def open(
        self, plan: dict[str, Any], sources: Sequence[Source], earlier: set[str], *, resume: bool
    ) -> Iterator[None]:
        """Begin the work, or, with ``resume``, go on with it; raises :class:`UsageError` if it is another's.

        When the block ends without an exception the work is finished, and the folder removed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with alone(self.folder / "lock"):
                if resume:
                    self._go_on(plan, sources)
                else:
                    self._begin(plan, sources, earlier)
                yield
                (self.folder / "plan.json").unlink()
                self._empty()
        except BusyError as error:
            raise UsageError(f"{self.folder.parent.parent}: {error} to it; wait for its end") from error
        shutil.rmtree(self.folder, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what a run left that was killed when it was finished, while it tidied up."""
        with suppress(OSError, BusyError), alone(self.folder / "lock"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def _begin(self, plan: dict[str, Any], sources: Sequence[Source], earlier: set[str]) -> None:
        self._empty()
        self.earlier = earlier
        self._write("earlier.json", [sorted(earlier)])
        self._write("sources.jsonl", ([source.name, source.stamp()] for source in sources))
        self._write("plan.json", [plan])  # last: from here on there is something to go on with

    def _go_on(self, plan: dict[str, Any], sources: Sequence[Source]) -> None:
        [before] = ledger.read_lines(self.folder / "plan.json")
        now = json.loads(json.dumps(plan))  # tuples are lists there
        changes = [*_changes(before, now), *self._changed_files(sources)]
        if changes:
            raise UsageError(
                f"{self.folder.parent.parent}: can not go on, as it would not give one result: {'; '.join(changes)}. "
                "Put that back, or start again with --overwrite"
            )
        self.earlier = set(json.loads((self.folder / "earlier.json").read_bytes()))
        for path in (*self.folder.glob("part-*"), *self.folder.glob("*.at"), *self.folder.glob("*.part")):
            _remove(path)

    def _changed_files(self, sources: Sequence[Source]) -> list[str]:
        found: list[str] = []
        for was, now in zip_longest(self.stamps(), ((source.name, source.stamp()) for source in sources)):
            if was == now:
                continue
            if was is None or now is None or was[0] != now[0]:
                found.append("files were added to the input, or removed")
                break
            if len(found) == _NAMED:
                found.append("and more")
                break
            found.append(f"{now[0]} has changed")
        return found

    def stamps(self) -> Iterator[tuple[str, Stamp | None]]:
        """Of each input file its name, and what it was known by when the run was planned."""
        lines: Iterator[Any] = ledger.read_lines(self.folder / "sources.jsonl")
        for name, stamp in lines:
            yield name, Stamp(*stamp) if stamp else None

    def staged(self, number: int) -> Path:
        """The staged file of a shard."""
        return self.folder / f"{number:08}.staged"

    def done(self, number: int) -> Tally | None:
        """What a shard came to, if it is done."""
        try:
            made = json.loads(self.staged(number).with_suffix(".done").read_bytes())
            whole = all((self.folder / name).stat().st_size == size for name, size in made["files"].items())
        except (OSError, ValueError):  # not there; or cut off, where the machine went down
            return None
        return Tally.from_json(made["tally"]) if whole else None

    @property
    def compared(self) -> bool:
        """Whether all verdict files are written."""
        return (self.folder / "compared").exists()

    @compared.setter
    def compared(self, _: bool) -> None:
        (self.folder / "compared").touch()

    def _write(self, name: str, lines: Iterable[Any]) -> None:
        part = self.folder / f"{name}.part"
        with part.open("wb") as file:
            file.writelines(map(ledger.json_line, lines))
        part.replace(self.folder / name)

    def _empty(self) -> None:
        for path in sorted(self.folder.iterdir(), key=lambda path: path.name != "plan.json"):
            if path.name != "lock":
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _changes(before: Any, now: Any, name: str = "") -> Iterator[str]:
    """Where two plans differ, in words."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted(before.keys() | now.keys()):
            yield from _changes(
                before.get(key), now.get(key), key if name in ("", "configuration") else f"{name} {key}"
            )
    elif before != now:
        yield f"{name} was {json.dumps(before, ensure_ascii=False)}, is {json.dumps(now, ensure_ascii=False)}"
