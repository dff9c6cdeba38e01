"""A connection within mitmproxy that fails aloud, and reads an answer that came too early."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Literal

from mitmproxy.connection import Connection
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler
from mitmproxy.proxy.mode_specs import ProxyMode

from interceptor.proxy.mitm.master import Master
from interceptor.proxy.mitm.private import PrivateEnd

_READ = 1 << 16


class LoudHandler(ProxyConnectionHandler):
    """One connection within mitmproxy; a crash in its layers is told, and leaves nobody waiting."""

    def __init__(
        self, master: Master, end: PrivateEnd, mode: ProxyMode, crashed: Callable[[BaseException], None]
    ) -> None:
        super().__init__(master, end.reader, end.writer, master.options, mode)  # type: ignore[no-untyped-call]  # theirs
        self._crashed = crashed

    def log(
        self,
        message: str,
        level: int = logging.INFO,
        exc_info: Literal[True] | tuple[type[BaseException], BaseException, TracebackType | None] | None = None,
    ) -> None:
        if not exc_info:
            super().log(message, level)
            return
        error = exc_info[1] if isinstance(exc_info, tuple) else sys.exception()
        assert error is not None
        self._crashed(error)
        if self.client in self.transports:
            self.close_connection(self.client)

    async def handle_connection(self, connection: Connection) -> None:
        """Read a server to its end, also where it takes no more of a request: it may have answered before that."""
        reader: Any = self.transports[connection].reader
        writer: Any = self.transports[connection].writer
        if connection is not self.client:
            reader.set_exception = lambda _: _read_the_rest(reader, writer)
        await super().handle_connection(connection)

    async def drain_writers(self) -> None:
        """Wait for the writers; one that cannot be written to any more may still be read, and has answered perhaps."""
        for transport in list(self.transports.values()):
            if transport.writer is not None:
                with suppress(OSError):
                    await transport.writer.drain()


def _read_the_rest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What lies in a socket that asyncio gives up, as it cannot be written to; called just before that is closed."""
    with suppress(OSError):
        while data := os.read(writer.get_extra_info("socket").fileno(), _READ):
            reader.feed_data(data)
    reader.feed_eof()
