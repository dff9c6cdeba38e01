"""Which process is at the other end of a connection: what the system says of its sockets. Linux only."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_LONGEST = 100
"""Characters of a command line."""
_LOCAL, _INODE = 1, 9
"""The columns of the table of sockets (proc_net_tcp of the kernel's documentation)."""


class Processes:
    """The processes of a network.

    Args:
        inside: the id of a process in it; None for our own.
    """

    def __init__(self, inside: int | None = None) -> None:
        self._network = Path(f"/proc/{inside or 'self'}/net")

    def at(self, end: tuple[str, int]) -> str:
        """`curl -sS https://api.example.com (pid 4711)`; empty where the system does not say."""
        inode = self._inode(*end) if sys.platform == "linux" else None
        if inode is None:
            return ""
        for process in _numbered(Path("/proc")):
            with suppress(OSError):  # it has ended, or is somebody else's
                if any(_link(each) == f"socket:[{inode}]" for each in _numbered(process / "fd")):
                    return f"{_command_line(process)} (pid {process.name})"
        return ""

    def _inode(self, host: str, port: int) -> str | None:
        family, table = (socket.AF_INET6, "tcp6") if ":" in host else (socket.AF_INET, "tcp")
        packed = socket.inet_pton(family, host)
        words = [int.from_bytes(packed[at : at + 4], sys.byteorder) for at in range(0, len(packed), 4)]
        wanted = f"{''.join(f'{word:08X}' for word in words)}:{port:04X}"
        with suppress(OSError):  # the process has ended
            for line in (self._network / table).read_text().splitlines():
                columns = line.split()
                if columns[_LOCAL] == wanted:
                    return columns[_INODE]
        return None


def _link(descriptor: Path) -> str:
    with suppress(OSError):  # closed meanwhile
        return str(descriptor.readlink())
    return ""


def _numbered(folder: Path) -> Iterator[Path]:
    return (each for each in folder.iterdir() if each.name.isdigit())


def _command_line(process: Path) -> str:
    words = (process / "cmdline").read_bytes().decode("utf-8", "replace").rstrip("\0").split("\0")
    line = " ".join([Path(words[0]).name, *words[1:]]).replace("\n", " ")
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."
