"""Variables that lead clients to a proxy: what the run and the tests within it agree on, and where to find them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

CONTROL_VARIABLE = "INTERCEPTOR_URL"
"""The control address."""
DROPPED_VARIABLES = ("ALL_PROXY", "all_proxy")
"""A SOCKS proxy in them would win over ours in some clients."""
STATE_DIR = ".interceptor"
"""The folder in a project that keeps its state."""
_NAME = "variables-{}.sh"


def note_variables(folder: Path, variables: Mapping[str, str]) -> None:
    """Write the variables of this process's proxy into a folder that is gone when it ends.

    They hold the token of the control address, so nobody else may read them.
    """
    file = folder / _NAME.format(os.getpid())
    unfinished = file.with_suffix(".tmp")
    lines = (f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        opened.writelines(lines)
    unfinished.replace(file)


def noted_variables(root: Path, pid: int | None = None) -> str | None:
    """What a shell has to read to use a proxy; None where there is none.

    Args:
        root: the project's folder.
        pid: of the proxy's process; by default the one that was started last.
    """
    files = list(root.glob(f"{STATE_DIR}/run-*/{_NAME.format('*' if pid is None else pid)}"))
    alive = [file for file in files if _is_alive(int(file.stem.rpartition("-")[2]))]
    newest = max(alive, key=lambda file: file.stat().st_mtime_ns, default=None)
    return None if newest is None else newest.read_text(encoding="utf-8")


def read_variables(text: str) -> dict[str, str]:
    """Name to value."""
    words = shlex.split(text)
    return dict(each.split("=", 1) for each in words if each != "export")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:  # somebody else's processes are not our proxies either
        return False
    return True
