"""Compile the kernels, ``src/cleanzh/kernels/*.c``, each to a module beside it; see ``cleanzh.kernels``.

    python scripts/compile_kernels.py

The build does it (``hatch_build.py``). A kernel that can not be compiled is left out: all works without it, slower.
"""

from __future__ import annotations

import sys
import sysconfig
import tempfile
from contextlib import suppress
from pathlib import Path

try:
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext
except ImportError:  # of a build that was told to look for nothing itself
    sys.exit("setuptools is not installed, which finds the compiler: nothing is compiled, cleanzh runs without, slower")

ROOT = Path(__file__).parents[1]
# What MSVC is told is its own; the other compilers understand these.
OPTIONS = [] if sys.platform == "win32" else ["-O3", "-std=c11", "-Wall", "-Wextra", "-Wno-unused-parameter"]


def compile_kernels(root: Path) -> list[str]:
    """Compile them into ``root/src``; the names of those that can be imported from there."""
    folder = root / "src/cleanzh/kernels"
    for old in folder.glob(f"*{sysconfig.get_config_var('EXT_SUFFIX')}"):
        with suppress(OSError):  # on Windows, where a process has it loaded
            old.unlink()  # what can not be compiled now is left out, and not what it was before
    extensions = [
        Extension(
            f"cleanzh.kernels.{source.stem}",
            [str(source)],
            depends=[str(header) for header in sorted(folder.glob("*.h"))],
            extra_compile_args=OPTIONS,
            optional=True,
        )
        for source in sorted(folder.glob("*.c"))
    ]
    command = build_ext(Distribution({"ext_modules": extensions, "package_dir": {"": str(root / "src")}}))
    with tempfile.TemporaryDirectory() as objects:
        command.build_lib, command.build_temp, command.inplace = str(root / "src"), objects, False
        command.ensure_finalized()
        command.run()
    return [extension.name for extension in extensions if Path(command.get_ext_fullpath(extension.name)).exists()]


if __name__ == "__main__":
    made = compile_kernels(ROOT)
    print(f"compiled: {', '.join(made) or 'nothing; cleanzh runs without, slower'}")
