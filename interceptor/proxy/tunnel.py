"""Tunnels to hosts that nobody owns: bytes are copied, never decrypted, never kept."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path

from interceptor.proxy.http1.writer import head_of
from interceptor.run.upstream import ProxyAddress, Upstream

_SECONDS_TO_CONNECT = 30.0
_MOST_HEAD = 64 * 1024


class TunnelError(Exception):
    """The target cannot be reached; the text gives the reason."""


class TunnelEnd(asyncio.Protocol):
    """One end of a tunnel: what arrives is written to the other end, no faster than that reads."""

    def __init__(self, other: asyncio.Transport, lost: Callable[[], None] = lambda: None) -> None:
        self._other = other
        self._lost = lost

    def data_received(self, data: bytes) -> None:
        self._other.write(data)

    def eof_received(self) -> bool:
        if not self._other.can_write_eof():
            return False
        self._other.write_eof()
        return True

    def pause_writing(self) -> None:
        self._other.pause_reading()

    def resume_writing(self) -> None:
        self._other.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost()
        if exc is None:
            self._other.close()
        else:
            self._other.abort()


class Tunnels:
    """Opens tunnels, through the proxies of the user's network where those apply.

    Args:
        upstream: those proxies.
        bundle: the authorities to trust, if such a proxy uses TLS.
        opened: called with our end of each connection.
        closed: called when it is closed.
    """

    def __init__(
        self,
        upstream: Upstream,
        bundle: Path,
        opened: Callable[[tuple[str, int]], None],
        closed: Callable[[tuple[str, int]], None],
    ) -> None:
        self._upstream = upstream
        self._bundle = bundle
        self._opened = opened
        self._closed = closed

    async def lead(self, client: asyncio.Transport, host: str, port: int, data: bytes) -> None:
        """Connect a client with a host; what it has sent already goes first.

        Raises:
            TunnelError: the host cannot be reached.
        """
        try:
            async with asyncio.timeout(_SECONDS_TO_CONNECT):
                server, early = await self._connect(client, host, port)
        except (OSError, TimeoutError) as error:
            raise TunnelError(f"no way to {host}:{port}: {error or 'no answer'}") from error
        client.set_protocol(TunnelEnd(server))
        if early:
            client.write(early)
        server.write(data)
        server.resume_reading()
        client.resume_reading()

    async def _connect(self, client: asyncio.Transport, host: str, port: int) -> tuple[asyncio.Transport, bytes]:
        """A connection that is not read yet, and what has already arrived on it."""
        proxy = self._upstream.route("https", host, port)
        loop = asyncio.get_running_loop()
        if proxy is None:
            server, _ = await loop.create_connection(_Unread, host, port)
            self._lead_back(server, client)
            return server, b""
        context = ssl.create_default_context(cafile=self._bundle) if proxy.scheme == "https" else None
        server, answer = await loop.create_connection(_ProxyAnswer, proxy.host, proxy.port, ssl=context)
        try:
            early = await _ask(server, answer, proxy, f"{f'[{host}]' if ':' in host else host}:{port}")
        except BaseException:
            server.abort()
            raise
        server.pause_reading()
        self._lead_back(server, client)
        return server, early

    def _lead_back(self, server: asyncio.Transport, client: asyncio.Transport) -> None:
        ours = server.get_extra_info("sockname")[:2]
        self._opened(ours)
        server.set_protocol(TunnelEnd(client, partial(self._closed, ours)))


class _Unread(asyncio.Protocol):
    """A connection that someone else will read later."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()


class _ProxyAnswer(asyncio.Protocol):
    """The head of a proxy's response to CONNECT, and what comes after it."""

    def __init__(self) -> None:
        self._received = b""
        self.answer: asyncio.Future[tuple[bytes, bytes]] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, rest = self._received.partition(b"\r\n\r\n")
        if self.answer.done():
            return
        if blank:
            self.answer.set_result((head, rest))
        elif len(head) > _MOST_HEAD:
            self.answer.set_exception(OSError("the proxy does not speak HTTP"))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc or OSError("the proxy closed the connection"))


async def _ask(server: asyncio.Transport, answer: _ProxyAnswer, proxy: ProxyAddress, end: str) -> bytes:
    """Ask a proxy for a tunnel; returns what has already arrived on it."""
    fields = [(b"Host", end.encode())]
    if proxy.authorization is not None:
        fields.append((b"Proxy-Authorization", proxy.authorization.encode()))
    server.write(head_of(b"CONNECT %b HTTP/1.1" % end.encode(), fields))
    head, rest = await answer.answer
    line = head.partition(b"\r\n")[0]
    if not re.match(rb"HTTP/1\.[01] 2\d\d\b", line):
        raise OSError(f"the proxy {proxy.host}:{proxy.port} answered {line.decode('latin-1')}")
    return rest
