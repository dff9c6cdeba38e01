"""Accepts clients, and lets them wait in the sockets' queues while descriptors are short.

The servers of asyncio take every descriptor that there is. Then everything else that needs one fails: a connection to
a real server, a file, a certificate, a module that is imported late.
"""

from __future__ import annotations

import asyncio
import errno
import os
import resource
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from socket import socket
from typing import TypeAlias

_WANTED = 10_240
"""Descriptors, where the system lets us have them; macOS gives a process no more, and begins with 256."""
_BATCH = 32
"""Clients that are accepted at once, before others get their turn."""
_SECONDS_TO_WAIT = 0.05
"""Until we look again whether there are descriptors."""
_SHORT = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

Begin: TypeAlias = Callable[[], asyncio.Protocol]
"""Makes the protocol of a new client."""


@contextmanager
def accepting(sockets: Iterable[tuple[socket, Begin]]) -> Iterator[None]:
    """Accept clients while the context is open; at the end the sockets are closed.

    Half of the free descriptors are for clients: each may need another one, for its connection to a real server.
    """
    limit = _raised_limit()
    acceptors = [_Acceptor(each, begin, (limit + each.fileno()) // 2) for each, begin in sockets]
    try:
        yield
    finally:
        for each in acceptors:
            each.close()


def _raised_limit() -> int:
    """How many descriptors we may have, now that we asked for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return _WANTED if soft == resource.RLIM_INFINITY else soft
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return soft


def _lowest_free(open_socket: socket) -> int:
    """The system gives the lowest number that is free, so it tells how many are in use."""
    number = os.dup(open_socket.fileno())
    os.close(number)
    return number


class _Acceptor:
    """Accepts the clients of one socket, while there are fewer than so many descriptors in use."""

    def __init__(self, listening: socket, begin: Begin, most: int) -> None:
        self._listening = listening
        self._begin = begin
        self._most = most
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: asyncio.TimerHandle | None = None
        listening.setblocking(False)
        self._go_on()

    def close(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()

    def _go_on(self) -> None:
        self._waiting = None
        self._loop.add_reader(self._listening, self._accept)

    def _wait(self) -> None:
        self._loop.remove_reader(self._listening)
        self._waiting = self._loop.call_later(_SECONDS_TO_WAIT, self._go_on)

    def _accept(self) -> None:
        for _ in range(_BATCH):
            try:
                if _lowest_free(self._listening) >= self._most:
                    self._wait()
                    return
                client, _ = self._listening.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _SHORT:
                    self._wait()
                    return
                continue  # a client that is gone already
            task = self._loop.create_task(self._begun(client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _begun(self, client: socket) -> None:
        client.setblocking(False)
        try:
            await self._loop.connect_accepted_socket(self._begin, client)
        except OSError:
            client.close()  # gone already
