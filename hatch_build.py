"""The build step of the wheel: loops are compiled, and what a start need not do again is done now.

See ``cleanzh.kernels`` and ``cleanzh.prepared``. Without what is made here all works, slower.
"""

from __future__ import annotations

import compileall
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Prepare(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """In processes of their own: the build imports nothing of what it builds."""
        for script in ("compile_kernels.py", "prepare.py"):
            command = [sys.executable, str(Path(self.root, "scripts", script))]
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL)  # noqa: S603  # our own
        if version == "editable":  # where pip compiles no bytecode: a third of a second a start, for who may write none
            compileall.compile_dir(Path(self.root, "src"), quiet=2)
        kernels = f"src/cleanzh/kernels/*{sysconfig.get_config_var('EXT_SUFFIX')}"  # those of this Python
        build_data["artifacts"] += ["src/cleanzh/prepared.bin", kernels]
        if any(Path(self.root).glob(kernels)):
            build_data["pure_python"], build_data["infer_tag"] = False, True
