"""Imports the product once, and is forked for each command that a client sends."""

from __future__ import annotations

import contextlib
import fcntl
import gc
import marshal
import os
import selectors
import shutil
import signal
import socket
import sys
from importlib import import_module
from pathlib import Path

from interceptor.cli import COMMANDS

REST = ("interceptor.checking", "interceptor.conversion", "interceptor.proxy.mitm.behind", "interceptor.verification")
"""What the commands import when they need it."""


class Server:
    """Forks, and tells each client how its fork ended.

    A client that goes away, as it was killed, takes its fork along.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.alive = (folder / "alive").open("w")
        """Locked for as long as this process or a fork lives."""
        fcntl.flock(self.alive, fcntl.LOCK_EX)
        self.session = int((folder / "session").read_text())
        self.clients: dict[int, socket.socket] = {}
        """By the fork's process."""
        self.selector = selectors.DefaultSelector()
        self.ended, self.waking = socket.socketpair()
        self.waking.setblocking(False)
        signal.set_wakeup_fd(self.waking.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(folder / "new"))
        self.listener.listen(64)
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(self.ended, selectors.EVENT_READ)
        (folder / "new").rename(folder / "socket")

    def serve(self) -> None:
        """Work until the tests are over; in a fork, run its command."""
        while not (self.folder / "over").exists() and lives(self.session):
            for key, _ in self.selector.select(0.2):
                if key.fileobj is self.listener:
                    words = self._fork()
                    if words is not None:
                        return become(words)
                elif key.fileobj is self.ended:
                    self.ended.recv(4096)
                else:
                    self._left(key.data)
            self._reap()
        for process in self.clients:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        if not lives(self.session):  # it was killed, and cannot clear up
            shutil.rmtree(self.folder, ignore_errors=True)
        return None

    def _fork(self) -> list[str] | None:
        """None in the server; in the fork, which has the client's streams, folder and variables, its arguments."""
        client, _ = self.listener.accept()
        size, streams, _, _ = socket.recv_fds(client, 8, 3)
        request = client.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
        words, folder, variables = marshal.loads(request)
        process = os.fork()
        if process:
            for stream in streams:
                os.close(stream)
            self.clients[process] = client
            self.selector.register(client, selectors.EVENT_READ, process)
            client.sendall(process.to_bytes(8, "big"))
            return None
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.selector.close()
        for each in (client, self.listener, self.ended, self.waking, *self.clients.values()):
            each.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(variables)
        return words

    def _reap(self) -> None:
        while self.clients:
            process, status = os.waitpid(-1, os.WNOHANG)
            if not process:
                return
            with self.clients.pop(process) as client, contextlib.suppress(OSError):
                with contextlib.suppress(KeyError):  # it left before
                    self.selector.unregister(client)
                client.sendall(os.waitstatus_to_exitcode(status).to_bytes(8, "big", signed=True))

    def _left(self, process: int) -> None:
        if (client := self.clients.get(process)) is not None:  # it says no more once it has asked
            self.selector.unregister(client)
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def become(words: list[str]) -> None:
    """Be the program, with streams of its own."""
    sys.argv = ["interceptor", *words]
    sys.stdin = sys.__stdin__ = open(0, closefd=False)  # noqa: SIM115  # as long as the process lives
    sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # noqa: SIM115  # as above
    sys.stderr = sys.__stderr__ = open(2, "w", closefd=False, errors="backslashreplace", buffering=1)  # noqa: SIM115  # as above
    from interceptor.__main__ import main  # noqa: PLC0415  # the program begins here

    main()


if __name__ == "__main__":
    for name in (*(f"interceptor.cli.{command.replace('-', '_')}" for command in COMMANDS), *REST):
        import_module(name)
    gc.freeze()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored where the tests run in the background
    Server(Path(sys.argv[1])).serve()
