"""A way out where the interpreter is held: a resolver may call what never gives it back, and no signal is handled then.

Python writes a signal's number to a pipe even so. A process of its own reads there, and ends us if the number is not
followed by a zero, which we write as we handle the signal, and if the command is gone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_SECONDS = 2
_WATCHER = f"""
import os, select, signal, subprocess, sys
parent, command = map(int, sys.argv[1:])

def gone():
    if not os.path.exists("/proc/self/stat"):
        said = subprocess.run(["ps", "-o", "stat=", "-p", str(command)], capture_output=True).stdout.split()
        return not said or said[0].startswith(b"Z")
    try:
        with open(f"/proc/{{command}}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] in (b"Z", b"X")
    except OSError:
        return True

waits = False
while True:
    if select.select([0], [], [], {_SECONDS} if waits else None)[0]:
        said = os.read(0, 64)
        if not said:
            break
        waits = said[-1] != 0
    elif gone():
        os.kill(parent, signal.SIGKILL)
        break
"""


@contextmanager
def watched(command: int) -> Iterator[Callable[[], None]]:
    """Have ourselves ended if a signal is not handled in two seconds and the command is gone.

    Args:
        command: its process.

    Yields:
        what has to be called as a signal is handled.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    arguments = [sys.executable, "-S", "-E", "-c", _WATCHER, str(os.getpid()), str(command)]
    try:
        watcher = subprocess.Popen(arguments, stdin=reading, start_new_session=True)  # noqa: S603  # a program of ours
    except OSError:  # the system has no process left for what is hardly ever needed
        os.close(writing)
        yield lambda: None
        return
    finally:
        os.close(reading)
    with watcher:
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

        def handled() -> None:
            with suppress(BlockingIOError, BrokenPipeError):
                os.write(writing, b"\0")

        try:
            yield handled
        finally:
            signal.set_wakeup_fd(-1)
            os.close(writing)
