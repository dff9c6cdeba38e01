"""A command in a network of its own, in which owned hosts are ours on their real ports. Linux only.

Its sockets belong to that network, and we accept from them: nothing in it has to be led back out. Whatever the command
is written in, it has no other way to reach an owned host, and to others only the proxy's.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

from interceptor.run.command import Command, not_started
from interceptor.run.listeners import HOST, Listener, Listeners
from interceptor.run.reach.means import PRELOADS
from interceptor.run.trust import SYSTEM_BUNDLES
from interceptor.values.errors import UsageError
from interceptor.values.origins import Origin, is_loopback

_ENTER = PRELOADS / "enter.py"
_HOSTS = Path("/etc/hosts")
_NETWORK = "127.77.0.0"
"""Each host has an address of its own, so that every one of them can have its real ports."""
_PIECE = 1 << 16
_HINT = (
    "leave out --isolated; or let the system have user namespaces: in a container, "
    "--security-opt seccomp=unconfined --security-opt apparmor=unconfined; on Ubuntu, "
    "sysctl kernel.apparmor_restrict_unprivileged_userns=0"
)


class IsolationError(UsageError):
    """The system does not let us isolate a command."""


class InsideAddress(NamedTuple):
    """Where something listens in the command's network."""

    family: int
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Isolation:
    """A network for a command."""

    listeners: Listeners
    """What is to be there as it is outside, and at the real ports of owned origins."""
    allowed: tuple[int, ...]
    """Loopback ports of the host that are to be there too."""
    bundle: Path
    """Takes the place of the system's authorities."""
    folder: Path
    """Of the run."""

    def start(self, words: Sequence[str], environ: Mapping[str, str]) -> IsolatedCommand:
        """Start a command in the network.

        Raises:
            IsolationError: the system forbids it.
            CommandNotFoundError: there is no such program.
            CommandNotRunnableError: there is, but the system will not run it.
        """
        addresses = self._addresses()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            process = _enter(theirs, environ)
            theirs.close()
            try:
                sockets = _told(ours, self._plan(words, list(addresses)), len(addresses))
                _require_start(ours, words[0])
            except BaseException:
                process.kill()
                process.wait()
                raise
        return self._isolated(process, dict(zip(addresses.items(), sockets, strict=True)))

    def _addresses(self) -> dict[InsideAddress, Listener | int | None]:
        """What is at each address: a door, a port of the host, or the proxy."""
        addresses: dict[InsideAddress, Listener | int | None] = {_address(self.listeners.proxy): None}
        for listener in self.listeners.listeners:
            addresses |= {_address(each): listener for each in listener.sockets}
        hosts = self._hosts()
        for listener in self.listeners.listeners:
            origin = Origin.parse(listener.origin)
            if (inside := hosts.get(origin.host)) is not None:
                family = socket.AF_INET6 if ":" in inside else socket.AF_INET
                addresses.setdefault(InsideAddress(family, inside, int(origin.port)), listener)
        for port in self.allowed:
            addresses.setdefault(InsideAddress(socket.AF_INET, HOST, port), port)
        return addresses

    def _hosts(self) -> dict[str, str]:
        """The address of each owned host; those that are addresses of other machines cannot be had."""
        known = {"localhost": HOST, HOST: HOST, "[::1]": "::1"}
        hosts = dict.fromkeys(Origin.parse(each.origin).host for each in self.listeners.listeners)
        names = [host for host in hosts if host not in known and not _is_address(host)]
        inside = {name: str(ip_address(_NETWORK) + number) for number, name in enumerate(names, 1)}
        return {host: inside.get(host) or known[host] for host in hosts if host in inside or host in known}

    def _plan(self, words: Sequence[str], addresses: Sequence[InsideAddress]) -> dict[str, Any]:
        hosts = self.folder / "hosts"
        lines = [f"{address} {host}\n" for host, address in self._hosts().items() if not is_loopback(host)]
        hosts.write_text("".join(lines) + (_HOSTS.read_text() if _HOSTS.exists() else ""))
        hosts.chmod(0o644)
        bundles = {os.path.realpath(each) for each in SYSTEM_BUNDLES if Path(each).is_file()}
        files = [(str(self.bundle), each) for each in sorted(bundles)]
        if _HOSTS.exists():
            files.append((str(hosts), str(_HOSTS)))
        return {"words": list(words), "addresses": addresses, "files": files}

    def _isolated(
        self,
        process: subprocess.Popen[bytes],
        sockets: Mapping[tuple[InsideAddress, Listener | int | None], socket.socket],
    ) -> IsolatedCommand:
        def at(what: Listener | int | None) -> tuple[socket.socket, ...]:
            return tuple(each for (_, there), each in sockets.items() if there == what)

        doors = tuple(replace(each, sockets=(*each.sockets, *at(each))) for each in self.listeners.listeners)
        listeners = replace(self.listeners, listeners=doors, inside=at(None))
        return IsolatedCommand(process, listeners, {port: at(port) for port in self.allowed})


class IsolatedCommand(Command):
    """A command that runs in a network of its own.

    Args:
        process: the command.
        listeners: ours, with the sockets in that network.
        allowed: the sockets that stand for ports of the host.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        listeners: Listeners,
        allowed: Mapping[int, tuple[socket.socket, ...]],
    ) -> None:
        super().__init__(process)
        self.listeners = listeners
        self.allowed = allowed

    def stop(self) -> None:
        super().stop()
        doors = (each for door in self.listeners.listeners for each in door.sockets)
        for each in (*self.listeners.inside, *doors, *(each for sockets in self.allowed.values() for each in sockets)):
            each.close()


@asynccontextmanager
async def forwarding(allowed: Mapping[int, Sequence[socket.socket]]) -> AsyncIterator[None]:
    """Lead connections from a command's network to ports of the host, for as long as the context is open."""
    servers = [
        await asyncio.start_server(partial(_forward, port), sock=each)
        for port, sockets in allowed.items()
        for each in sockets
    ]
    try:
        yield
    finally:
        for server in servers:
            server.close()


async def _forward(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        there_reader, there_writer = await asyncio.open_connection(HOST, port)
    except OSError:
        writer.transport.abort()  # as refused as it would be without us
        return
    await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))
    there_writer.close()
    writer.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(_PIECE):
            sink.write(data)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()
    except OSError:
        sink.transport.abort()


def _enter(theirs: socket.socket, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """The process that becomes the command."""
    if sys.platform != "linux":
        raise IsolationError("--isolated works on Linux only", "leave out --isolated")
    words = [sys.executable, "-I", "-S", str(_ENTER), str(theirs.fileno())]
    return subprocess.Popen(words, env=dict(environ), pass_fds=[theirs.fileno()])  # noqa: S603  # our own


def _told(ours: socket.socket, plan: Mapping[str, Any], count: int) -> list[socket.socket]:
    """Tell the process what to do, and take the sockets that it has bound.

    Raises:
        IsolationError: it could not.
    """
    ours.sendall(json.dumps(plan).encode() + b"\n")
    answer = json.loads(_line(ours) or '{"step": "begin", "error": "it ended"}')
    if answer["step"] is not None:
        raise IsolationError(f"cannot isolate the command: cannot {answer['step']}: {answer['error']}", _HINT)
    descriptors: list[int] = []
    while len(descriptors) < count:
        _, more, _, _ = socket.recv_fds(ours, 1, count)
        descriptors += more
    return [socket.socket(fileno=each) for each in descriptors]


def _require_start(ours: socket.socket, program: str) -> None:
    """Wait for the process to become the command: its end of the connection closes then."""
    if answer := _line(ours):
        raise not_started(program, OSError(json.loads(answer)["errno"], os.strerror(json.loads(answer)["errno"])))


def _line(ours: socket.socket) -> bytes:
    """One line; no byte beyond it, as sockets come with the next one."""
    line = b""
    while not line.endswith(b"\n") and (byte := ours.recv(1)):
        line += byte
    return line


def _address(listening: socket.socket) -> InsideAddress:
    host, port = listening.getsockname()[:2]
    return InsideAddress(listening.family, host, port)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
