"""A connection in memory: mitmproxy's end of it, and what we do at ours. No socket, so nobody else can use it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_NOBODY = ("interceptor", 0)
"""In the place of addresses, which mitmproxy wants to format."""
_LIMIT = 1 << 16
"""Bytes that wait to be read at mitmproxy's end before we are to wait."""


class PrivateEnd(asyncio.Transport):
    """mitmproxy's end, as the transport of an `asyncio` stream.

    Args:
        written: is given what mitmproxy writes.
        closed: is called once, when mitmproxy closes the connection.
    """

    client: asyncio.Transport | None = None
    """Who sends what is fed, where that is to wait for mitmproxy."""

    def __init__(self, written: Callable[[bytes], None], closed: Callable[[], None]) -> None:
        super().__init__({"peername": _NOBODY, "sockname": _NOBODY})
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._written = written
        self._told_closed = closed
        self._closing = self._paused = False
        self._readable = asyncio.Event()
        self._readable.set()
        self.reader = asyncio.StreamReader(_LIMIT, loop)
        self._protocol = asyncio.StreamReaderProtocol(self.reader, loop=loop)
        self._protocol.connection_made(self)
        self.writer = asyncio.StreamWriter(self, self._protocol, self.reader, loop)

    # Our side --------------------------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        if not self._closing and data:
            self.reader.feed_data(data)

    async def taken(self) -> None:
        """Wait until mitmproxy has read most of what it was fed."""
        await self._readable.wait()

    def feed_end(self) -> None:
        if not self._closing:
            self.reader.feed_eof()

    def pause(self) -> None:
        """Have mitmproxy wait before it reads more from the real server."""
        if not self._paused:
            self._paused = True
            self._protocol.pause_writing()

    def resume(self) -> None:
        if self._paused:
            self._paused = False
            self._protocol.resume_writing()

    # mitmproxy's side ------------------------------------------------------------------------------------------

    def pause_reading(self) -> None:
        self._readable.clear()
        if self.client is not None:
            self.client.pause_reading()

    def resume_reading(self) -> None:
        self._readable.set()
        if self.client is not None:
            self.client.resume_reading()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._closing:
            self._written(bytes(data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """mitmproxy says no more; it closes in a moment."""

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._readable.set()
        self._loop.call_soon(self._protocol.connection_lost, None)
        self._told_closed()

    def abort(self) -> None:
        self.close()
