"""With a compiler a wheel of this platform is built, with kernels; without one a pure one, which does the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT, SEEDS

pytest.importorskip("hatchling", reason="hatchling is not installed: pip install --group test")
pytest.importorskip("editables", reason="editables is not installed: pip install --group test")
pytest.importorskip("setuptools", reason="setuptools is not installed: pip install --group test")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # it is built three times, and each reads all rules

KERNELS = sorted(path.stem for path in (ROOT / "src/cleanzh/kernels").glob("*.c"))
COMPILED = {f"cleanzh/kernels/{name}{sysconfig.get_config_var('EXT_SUFFIX')}" for name in KERNELS}
SAYS_KERNELS = "from cleanzh.kernels import kernel; print(*(name for name in {!r} if kernel(name)))"

needs_a_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """In an environment without anything of this checkout, or of what calls the tests."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CLEANZH"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**environment, "PYTHONUTF8": "1", **variables},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(source: Path, target: str, **variables: str) -> Path:
    """What hatchling builds in ``source``: the one new file in its ``dist``."""
    dist = source / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    run(sys.executable, "-m", "hatchling", "build", "-t", target, cwd=source, **variables)
    [made] = dist.iterdir()
    return made


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, as a checkout has it."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "hatch_build.py"):
        shutil.copy(ROOT / name, copy)
    (copy / "scripts").mkdir()
    for name in ("compile_kernels.py", "prepare.py"):
        shutil.copy(ROOT / "scripts" / name, copy / "scripts")
    ours = shutil.ignore_patterns("__pycache__", "prepared.bin", "*.so", "*.pyd")
    shutil.copytree(ROOT / "src", copy / "src", ignore=ours)
    return copy


@pytest.fixture(scope="module")
def compiled(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built from the source distribution, where there is a compiler."""
    folder = tmp_path_factory.mktemp("sdist")
    run("tar", "-xf", build(source, "sdist"), cwd=folder)
    [unpacked] = folder.iterdir()
    return build(unpacked, "wheel")


@pytest.fixture(scope="module")
def in_place(source: Path) -> list[str]:
    """What an editable installation leaves in the folder of the kernels."""
    script = "import hatchling.build; print(hatchling.build.build_editable('editable'))"
    run(sys.executable, "-c", script, cwd=source)
    return sorted(f"cleanzh/kernels/{path.name}" for path in (source / "src/cleanzh/kernels").iterdir())


@pytest.fixture(scope="module")
def pure(source: Path, in_place: list[str]) -> Path:
    """The wheel that is built without a compiler, in a folder where one has compiled before."""
    return build(source, "wheel", CC="false")


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def installed(wheel: Path, folder: Path) -> Path:
    """A new environment with the wheel; what it needs is found where it is installed for the tests."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    options = ("--quiet", "--no-deps", "--no-index", "--no-compile")
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, wheel, cwd=folder)
    asks_where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    there = Path(run(python, "-c", asks_where, cwd=folder).strip())
    (there / "of_the_tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def cleaned(python: Path, folder: Path) -> bytes:
    """What the installed command makes of a seed."""
    [seed] = SEEDS.glob("003_*.txt")
    run(python.with_name("cleanzh"), "clean", seed, folder / "out", "--progress", "none", cwd=folder)
    return (folder / "out" / seed.name).read_bytes()


@needs_a_compiler
def test_the_source_distribution_holds_what_is_compiled(compiled: Path) -> None:
    there = compiled.parents[1] / "src/cleanzh/kernels"
    assert sorted(path.stem for path in there.glob("*.c")) == KERNELS
    assert (there / "text.h").exists()


@needs_a_compiler
def test_with_a_compiler_the_wheel_holds_the_kernels_for_this_platform(compiled: Path) -> None:
    assert not compiled.name.endswith("-any.whl")
    assert f"-cp{sys.version_info.major}{sys.version_info.minor}-" in compiled.name
    assert {name for name in names(compiled) if "/kernels/" in name} == {*COMPILED, "cleanzh/kernels/__init__.py"}
    assert "cleanzh/prepared.bin" in names(compiled)


@needs_a_compiler
def test_an_editable_installation_compiles_in_place(in_place: list[str]) -> None:
    assert set(in_place) >= COMPILED


def test_without_a_compiler_the_wheel_is_pure(pure: Path) -> None:
    assert pure.name.endswith("-py3-none-any.whl")
    assert {name for name in names(pure) if "/kernels/" in name} == {"cleanzh/kernels/__init__.py"}


@needs_a_compiler
def test_both_wheels_work_alike_in_a_new_environment(compiled: Path, pure: Path, tmp_path: Path) -> None:
    outputs = []
    for wheel, kernels in ((compiled, KERNELS), (pure, [])):
        folder = tmp_path / wheel.stem
        python = installed(wheel, folder)
        assert run(python, "-c", SAYS_KERNELS.format(KERNELS), cwd=folder).split() == kernels
        outputs.append(cleaned(python, folder))
    assert outputs[0] == outputs[1] != b""


def test_where_no_compiler_is_found_nothing_fails(source: Path, tmp_path: Path) -> None:
    script = source / "scripts/compile_kernels.py"
    said = run(sys.executable, script, cwd=source, CC="no-such-compiler", PATH=str(tmp_path))
    assert said.startswith("compiled: nothing")
