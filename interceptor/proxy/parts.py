"""What the connections of the server share, and what each one knows about itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias
from weakref import WeakSet

from interceptor.project.config import Policy
from interceptor.proxy.dispatcher import ClientEnd, Dispatcher, SocketEnd
from interceptor.proxy.forwarding import Forwarder
from interceptor.proxy.guard import Guard
from interceptor.proxy.http1.targets import Address
from interceptor.proxy.tls import Certificates
from interceptor.proxy.tunnel import Tunnels

OpenTunnel: TypeAlias = Callable[[str, int, str, bytes], None]
"""Called with the host and port of a CONNECT, the scope, and what the client has sent after it."""


@dataclass(frozen=True, slots=True)
class ServerParts:
    """What all connections share."""

    dispatcher: Dispatcher
    certificates: Certificates
    forwarder: Forwarder
    tunnels: Tunnels
    others: Policy
    guard: Guard
    http2: bool
    """Offered to clients."""
    process_of: Callable[[SocketEnd], str] | None = None
    """Names the process at the other end of a connection; None where nobody asks."""
    transports: WeakSet[asyncio.Transport] = field(default_factory=WeakSet)
    """The connections of clients, which are closed at the end."""
    upgraded: WeakSet[asyncio.Protocol] = field(default_factory=WeakSet)
    """Those that speak something else than HTTP by now."""
    tasks: set[asyncio.Task[bool]] = field(default_factory=set)
    """Running tasks."""


@dataclass(frozen=True, slots=True)
class Meant:
    """The origin that the requests of a connection are for."""

    client: ClientEnd
    origin: Address | None = None
    """None at the proxy's own address, where each request names its origin."""
    keeps_host: bool = False
    """The client's Host header is kept: inside a tunnel the client speaks to the origin itself."""
    only_http2: bool = False
    """The client speaks HTTP/2 and nothing else."""
    objection: str | None = None
    """What is wrong with this way to the origin; every request is refused with this text."""
