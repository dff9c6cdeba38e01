"""What passing a request on asks of whoever does it: the one seam behind which mitmproxy works.

A client's connection opens one channel, when the first of its requests has to leave, and keeps it.
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
"""Is given answers that come before the final one: their status (103), and their headers."""


class NoAnswerError(Exception):
    """The real server gave no answer, or only a part of one; the text says why."""


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
    """Nothing but its end tells how long the body is."""

    @property
    def head(self) -> bytes:
        """Request line and headers as a proxy is asked (RFC 9112, section 3.2.2)."""
        url = b"%b://%b%b" % (self.address.scheme.encode(), netloc(self.address), self.target)
        return head_of(b"%b %b HTTP/1.1" % (self.method.encode(), url), self.fields)


class RealAnswer(Protocol):
    """The answer of a real server, whose body may still be on its way."""

    status: int
    reason: bytes
    fields: Fields
    complete: bool
    """True once the request has left as a whole; a server may answer before."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces of the body, as they come.

        Raises:
            NoAnswerError: where it breaks off.
        """
        ...


class RawPipe(Protocol):
    """Bytes between a client and what is behind us, which we do not understand."""

    def send(self, data: bytes) -> None: ...
    def end(self) -> None:
        """The client says no more."""

    def pause(self) -> None:
        """The client takes no more for now."""

    def resume(self) -> None: ...
    def close(self) -> None: ...


class Channel(Protocol):
    """A way to real servers, for one request after the other."""

    async def send(self, request: OutgoingRequest, interim: Interim) -> RealAnswer:
        """Have a request answered.

        Raises:
            NoAnswerError: where there is no answer.
        """
        ...

    def upgrade(self, client: asyncio.Transport) -> RawPipe:
        """Take the connection for raw bytes, after an answer of 101, which the client gets first."""
        ...

    def close(self) -> None: ...


class Forwarder(Protocol):
    """Opens channels."""

    async def channel(self) -> Channel: ...

    async def http2(self, client: ClientEnd, origin: Address, transport: asyncio.Transport) -> RawPipe:
        """Answer the HTTP/2 of a client at an origin."""
        ...
