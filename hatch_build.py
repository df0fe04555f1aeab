"""The build step of the wheel: what a start need not do again is done now; see ``cleanzh.prepared``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Prepare(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """In a process of its own: the build imports nothing of what it builds. Without the file all works, too."""
        script = Path(self.root, "scripts/prepare.py")
        subprocess.run([sys.executable, str(script)], check=False, stdout=subprocess.DEVNULL)  # noqa: S603  # our own
        build_data["artifacts"].append("src/cleanzh/prepared.bin")
