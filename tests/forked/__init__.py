"""`interceptor` as a process of its own that starts in no time.

An interpreter needs a second of the processor to import the product, and the tests start it hundreds of times. So one
process imports it once (`server.py`) and is forked for each command. What a test starts is `client.py`, a process like
any other: it passes its arguments, variables, folder and standard streams on, forwards signals, and ends as the fork
ends. Where a start, a terminal, a limit or a namespace matters, the tests start a real interpreter.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import sys
import tempfile
from pathlib import Path

FOLDER_VARIABLE = "INTERCEPTOR_TESTS_FOLDER"
"""Where the socket of the server is; without it, the client becomes a real interpreter."""
INTERCEPTOR = [sys.executable, "-I", "-S", str(Path(__file__).parent / "client.py")]
"""The words of the program."""
REAL = [sys.executable, "-m", "interceptor"]
"""The same with an interpreter of its own."""


def begin() -> None:
    """Prepare the session; the server starts with the first command."""
    folder = Path(tempfile.mkdtemp(prefix="interceptor-tests-"))
    (folder / "session").write_text(str(os.getpid()))
    os.environ[FOLDER_VARIABLE] = str(folder)
    atexit.register(_end, folder)


def _end(folder: Path) -> None:
    """End the server and what it forked, and wait for them."""
    (folder / "over").touch()
    with (folder / "alive").open("w") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
    shutil.rmtree(folder)


def program(folder: Path) -> Path:
    """A folder to put on the PATH, in which the program is called `interceptor`."""
    file = folder / "interceptor"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f'#!/bin/sh\nexec {" ".join(INTERCEPTOR)} "$@"\n')
    file.chmod(0o755)
    return folder
