"""The wheel, built and installed for real, away from the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("interceptor", "addons", "templates", "pyproject.toml", "README.md", "LICENSE")


def run(*command: str, cwd: Path) -> str:
    """What a command prints that succeeds."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def build_wheel(source: Path) -> Path:
    """The wheel of what a release holds, copied into a folder of its own."""
    source.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, source / part)
        else:
            shutil.copy(ROOT / part, source)
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir", "dist")
    run(sys.executable, "-m", "pip", "wheel", *options, ".", cwd=source)
    (built,) = (source / "dist").glob("*.whl")
    return built


def install_wheel(wheel: Path, folder: Path) -> Path:
    """The bin folder of an environment that holds the wheel, and borrows its dependencies from this one."""
    venv.create(folder)
    python = folder / "bin" / "python"
    options = ("--no-deps", "--no-index", "--quiet", "--no-compile")
    run(sys.executable, "-m", "pip", "--python", str(python), "install", *options, str(wheel), cwd=folder)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    (site_packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"
