"""How far a run is: a bar on a terminal, a line now and then in a log, or a JSON object a line."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol, TextIO

from cleanzh.report.terminal import amount

__all__ = ["Bar", "JsonLog", "Lines", "Progress", "Quiet", "Step", "Teller"]

_INTERVAL = 30.0  # seconds between two lines of a log
_BAR_INTERVAL = 0.1
_BAR_WIDTH = 24
_STAGES = {"clean": "cleaning", "compare": "comparing", "write": "writing", "report": "reporting"}


class Step(NamedTuple):
    """How far a run is: of the input, in bytes, what went through ``clean``, ``compare``, ``write`` or ``report``."""

    stage: str
    done: int
    total: int
    documents: int
    before: int = 0
    """What of ``done`` an earlier run has done, which this one goes on with."""


class Progress(Protocol):
    """What is told how far a run is."""

    def __call__(self, step: Step, /) -> None: ...


class Teller(Progress, Protocol):
    """What the command tells of a run, while it works and at its end."""

    def warn(self, message: str) -> None: ...

    def fail(self, message: str, code: int) -> None: ...

    def end(self, summary: Mapping[str, Any]) -> None: ...


class _Clock:
    """The rate of the stage at hand, and the time it has left."""

    def __init__(self) -> None:
        self._stage = ""
        self._begun = self._told = 0.0
        self._first = 0

    def due(self, step: Step, interval: float) -> bool:
        """Whether there is something to tell: a stage begins or ends, or enough time has passed."""
        now = time.monotonic()
        fresh = step.stage != self._stage
        if fresh:
            self._stage, self._begun, self._first = step.stage, now, step.done
        if fresh or step.done >= step.total or now - self._told >= interval:
            self._told = now
            return True
        return False

    def rate(self, step: Step) -> float:
        """Bytes a second of this run, in this stage; 0 where it is not known yet."""
        seconds = time.monotonic() - self._begun if step.stage == self._stage else 0.0
        return max(step.done - max(step.before, self._first), 0) / seconds if seconds > 0.05 else 0.0

    def left(self, step: Step) -> float | None:
        """Seconds."""
        rate = self.rate(step)
        return (step.total - step.done) / rate if rate else None


def _words(step: Step, clock: _Clock) -> str:
    """
    >>> _words(Step("clean", 5_000_000, 20_000_000, 1234), _Clock())
    ' 25 %  1,234 documents, 5.0 of 20.0 MB'
    """
    share = 100 * step.done // step.total if step.total else 100
    told = f"{share:3} %  {step.documents:,} documents, {step.done / 1e6:,.1f} of {step.total / 1e6:,.1f} MB"
    if (left := clock.left(step)) is not None:
        told += f", {amount(clock.rate(step))}/s, {_duration(left)} left"
    return told


def _duration(seconds: float) -> str:
    """
    >>> _duration(75), _duration(7262)
    ('1:15', '2:01:02')
    """
    minutes, seconds_ = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds_:02}" if hours else f"{minutes}:{seconds_:02}"


class Quiet:
    """Nothing but what must be known: silence in a pipe."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr

    def __call__(self, step: Step) -> None:
        pass

    def say(self, line: str) -> None:
        self.stream.write(f"{line}\n")
        self.stream.flush()

    def warn(self, message: str) -> None:
        self.say(f"Warning: {message}")

    def fail(self, message: str, code: int) -> None:
        self.say(message)

    def end(self, summary: Mapping[str, Any]) -> None:
        pass


class Bar(Quiet):
    """One line on a terminal that is written over."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self._clock, self._stage = _Clock(), ""

    def __call__(self, step: Step) -> None:
        if not self._clock.due(step, _BAR_INTERVAL):
            return
        line = "\r" if step.stage == self._stage or not self._stage else "\n"
        self._stage = step.stage
        filled = _BAR_WIDTH * step.done // step.total if step.total else _BAR_WIDTH
        bar = "█" * filled + "░" * (_BAR_WIDTH - filled)
        if (self.stream.encoding or "").lower().replace("-", "") != "utf8":
            bar = "#" * filled + "-" * (_BAR_WIDTH - filled)
        self.stream.write(f"{line}{_STAGES[step.stage]:<9} {bar} {_words(step, self._clock)}\x1b[K")
        self.stream.flush()

    def say(self, line: str) -> None:
        super().say(f"\n{line}" if self._stage else line)
        self._stage = ""

    def end(self, summary: Mapping[str, Any]) -> None:
        if self._stage:
            self.stream.write("\n")
            self.stream.flush()


class Lines(Quiet):
    """A line with the time at the beginning of each stage, every half minute, and at its end."""

    def __init__(self, stream: TextIO | None = None, interval: float = _INTERVAL) -> None:
        super().__init__(stream)
        self._clock, self._interval = _Clock(), interval

    def __call__(self, step: Step) -> None:
        if self._clock.due(step, self._interval):
            self.say(f"{_STAGES[step.stage]} {_words(step, self._clock)}")

    def say(self, line: str) -> None:
        super().say(f"{_now():%Y-%m-%d %H:%M:%S} {line}")

    def end(self, summary: Mapping[str, Any]) -> None:
        documents, run = summary["documents"], summary["throughput"]
        counts = f"{documents['in']:,} documents in, {documents['out']:,} out, {documents['set_aside']:,} set aside"
        self.say(f"done: {counts}, {run['seconds']:,.1f} s")


class JsonLog(Lines):
    """A JSON object a line, each with ``time`` and ``event``: start, progress, warning, set_aside, end, error."""

    def __init__(self, stream: TextIO | None = None, interval: float = _INTERVAL) -> None:
        super().__init__(stream, interval)
        self._log("start", argv=sys.argv[1:])

    def __call__(self, step: Step) -> None:
        if self._clock.due(step, self._interval):
            left = self._clock.left(step)
            rate = {"bytes_per_second": round(self._clock.rate(step)), "seconds_left": left and round(left, 1)}
            self._log("progress", **step._asdict(), **rate)

    def warn(self, message: str) -> None:
        self._log("warning", message=message)

    def fail(self, message: str, code: int) -> None:
        self._log("error", message=message, exit_code=code)

    def end(self, summary: Mapping[str, Any]) -> None:
        self._log("set_aside", counts=summary["set_aside"])
        names = ("documents", "characters", "throughput")
        self._log("end", exit_code=0, **{name: summary[name] for name in names})

    def _log(self, event: str, **values: Any) -> None:
        entry = {"time": _now().isoformat(timespec="milliseconds"), "event": event, **values}
        self.stream.write(json.dumps(entry) + "\n")
        self.stream.flush()


def _now() -> datetime:
    return datetime.now(UTC).astimezone()
