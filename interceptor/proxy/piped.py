"""A client whose bytes are passed on uninterpreted: WebSocket, HTTP/2."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from interceptor.proxy.forwarding import RawPipe


class PipedClient(asyncio.Protocol):
    """Gives a pipe the bytes that arrive."""

    def __init__(self, pipe: RawPipe) -> None:
        self._pipe = pipe

    def data_received(self, data: bytes) -> None:
        self._pipe.send(data)

    def eof_received(self) -> None:
        self._pipe.end()

    def pause_writing(self) -> None:
        self._pipe.pause()

    def resume_writing(self) -> None:
        self._pipe.resume()

    def connection_lost(self, _: Exception | None) -> None:
        self._pipe.close()


class PipeToBe(asyncio.Protocol):
    """Buffers bytes until there is a pipe."""

    def __init__(self, transport: asyncio.Transport, opening: Callable[[], Awaitable[RawPipe]]) -> None:
        self._transport = transport
        self._held: list[bytes] = []
        self._opening = asyncio.ensure_future(self._open(opening))

    async def _open(self, opening: Callable[[], Awaitable[RawPipe]]) -> None:
        pipe = await opening()
        self._transport.set_protocol(PipedClient(pipe))
        for data in self._held:
            pipe.send(data)

    def data_received(self, data: bytes) -> None:
        self._held.append(data)

    def connection_lost(self, _: Exception | None) -> None:
        self._opening.cancel()
