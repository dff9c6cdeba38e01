"""Has the server fork a command, and ends as the command ends; started without `site`, which takes long to import."""

from __future__ import annotations

import contextlib
import fcntl
import marshal
import os
import signal
import socket
import subprocess
import sys
import time

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OF_THE_START = {"PYTHONHASHSEED", "PYTHONIOENCODING", "PYTHONPATH", "PYTHONUTF8", "LC_ALL"}
"""Variables that an interpreter reads as it starts."""


def main() -> None:
    folder = os.environ.get("INTERCEPTOR_TESTS_FOLDER")
    words = sys.argv[1:]
    forks = sys.platform == "linux"  # the frameworks of macOS are not made for forks
    if not forks or folder is None or OF_THE_START & os.environ.keys() or not all(map(is_open, (0, 1, 2))):
        os.execv(sys.executable, [sys.executable, "-m", "interceptor", *words])
    with socket.socket(socket.AF_UNIX) as server:
        connect(server, folder)
        request = marshal.dumps((words, os.getcwd(), dict(os.environ)))  # noqa: PTH109  # as below
        socket.send_fds(server, [len(request).to_bytes(8, "big")], [0, 1, 2])
        server.sendall(request)
        process = int.from_bytes(server.recv(8, socket.MSG_WAITALL), "big")

        def forward(number: int, _frame: object) -> None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

        for number in FORWARDED:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, forward)
        end = server.recv(8, socket.MSG_WAITALL)
    if len(end) < 8:
        sys.exit("the server of forks is gone")
    code = int.from_bytes(end, "big", signed=True)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def connect(server: socket.socket, folder: str) -> None:
    """Connect, and start the server where there is none yet."""
    path = os.path.join(folder, "socket")  # noqa: PTH118  # pathlib takes long to import
    with open(os.path.join(folder, "lock"), "w") as lock:  # noqa: PTH118, PTH123  # as above
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):  # noqa: PTH110  # as above
            script = os.path.join(os.path.dirname(__file__), "server.py")  # noqa: PTH118, PTH120  # as above
            nowhere = subprocess.DEVNULL
            subprocess.Popen(
                [sys.executable, script, folder], stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True
            )
            while not os.path.exists(path):  # noqa: PTH110  # as above
                time.sleep(0.02)
    server.connect(path)


if __name__ == "__main__":
    main()
