"""The interface for passing requests on, which mitmproxy implements.

A client's connection opens one channel, when its first request has to leave, and keeps it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from interceptor.proxy.dispatcher import ClientEnd
from interceptor.proxy.http1.reader import Fields
from interceptor.proxy.http1.targets import Address, netloc
from interceptor.proxy.http1.writer import head_of

Interim: TypeAlias = Callable[[int, Fields], None]
"""Called with interim responses: their status (103) and headers."""

Heard: TypeAlias = Callable[[bool, str | bytes], None]
"""Called with each message on a WebSocket, and whether it is the client's."""


class NoAnswerError(Exception):
    """The real server did not respond, or only in part; the text gives the reason."""


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """A request for a real server."""

    method: str
    address: Address
    target: bytes
    """The path and the query."""
    fields: Fields
    body: AsyncIterator[bytes]
    chunked: bool
    """The length of the body is not known before its end."""

    @property
    def head(self) -> bytes:
        """Request line and headers in the form for a proxy (RFC 9112, section 3.2.2)."""
        url = b"%b://%b%b" % (self.address.scheme.encode(), netloc(self.address), self.target)
        return head_of(b"%b %b HTTP/1.1" % (self.method.encode(), url), self.fields)


class RealAnswer(Protocol):
    """The response of a real server, whose body may still be on its way."""

    status: int
    reason: bytes
    fields: Fields
    complete: bool
    """True once the whole request was sent; a server may respond before."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces of the body, as they arrive.

        Raises:
            NoAnswerError: the body is incomplete.
        """
        ...

    def hear(self, heard: Heard) -> None:
        """Tell of the messages on the WebSocket that a 101 opens, those that have come already first."""


class RawPipe(Protocol):
    """A pipe for bytes between a client and a real server that we do not interpret."""

    def send(self, data: bytes) -> None: ...
    def end(self) -> None:
        """The client has closed its side."""

    def pause(self) -> None:
        """The client is not reading fast enough."""

    def resume(self) -> None: ...
    def close(self) -> None: ...


class Channel(Protocol):
    """A channel to real servers, for one request after the other."""

    async def send(self, request: OutgoingRequest, interim: Interim) -> RealAnswer:
        """Pass a request on and return the response.

        Raises:
            NoAnswerError: there is no response.
        """
        ...

    def upgrade(self, client: asyncio.Transport) -> RawPipe:
        """Use the channel for raw bytes after a 101, which the client gets first."""
        ...

    def close(self) -> None: ...


class Forwarder(Protocol):
    """Opens channels."""

    async def channel(self) -> Channel: ...

    async def http2(self, client: ClientEnd, origin: Address, transport: asyncio.Transport) -> RawPipe:
        """Serve a client's HTTP/2 connection to an origin."""
        ...
