"""Our own server on sockets that are already bound; mitmproxy starts behind it when a request has to leave."""

from __future__ import annotations

import asyncio
import encodings.idna  # noqa: F401  # Python imports it with the first name that it looks up, when clients wait
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from interceptor.engine import Engine
from interceptor.project.config import Policy
from interceptor.proxy.accepting import accepting
from interceptor.proxy.dispatcher import ClientEnd, Dispatcher, SocketEnd
from interceptor.proxy.doorstep import Doorstep
from interceptor.proxy.forwarding import Channel, RawPipe
from interceptor.proxy.guard import Guard
from interceptor.proxy.http1.targets import Address
from interceptor.proxy.parts import ServerParts
from interceptor.proxy.tls import Certificates
from interceptor.proxy.tunnel import Tunnels
from interceptor.proxy.websocket import WebSocketClient
from interceptor.recorder.control import Control
from interceptor.recorder.recorder import Recorder
from interceptor.run.listeners import HOST, Listeners
from interceptor.run.trust import TrustFiles
from interceptor.run.upstream import Upstream

if TYPE_CHECKING:
    from interceptor.proxy.mitm.behind import Behind

_ROUNDS = 32
"""Turns of the event loop at the end: the sockets may still hold what clients sent last, such as a TLS alert."""
_SECONDS_TO_HANG_UP = 2.0


@asynccontextmanager
async def serving(
    listeners: Listeners,
    engine: Engine,
    recorder: Recorder,
    *,
    others: Policy,
    trust: TrustFiles,
    upstream: Upstream,
    control: Control | None = None,
    http2: bool = False,
    guard: str | None = None,
    process_of: Callable[[SocketEnd], str] | None = None,
) -> AsyncIterator[None]:
    """Serve the sockets while the context is open; connections queued before are answered, too.

    Args:
        listeners: the sockets.
        engine: decides about requests.
        recorder: records them.
        others: the project's policy for requests without an owner.
        trust: our certificate authority, and the authorities to trust for real servers.
        upstream: the proxies of the user's network.
        control: answers the consumer's tests at the proxy's own address.
        http2: offer HTTP/2 to clients; mitmproxy speaks it with them.
        guard: the token that the proxy requires; None if it requires none.
        process_of: names the process at the other end of a connection.
    """
    dispatcher = Dispatcher(engine, recorder, listeners, control)
    forwarder = LazyForwarder(dispatcher, others, trust, upstream, http2=http2)
    certificates = Certificates(trust.authority, trust.confdir, http2=http2)
    tunnels = Tunnels(upstream, trust.bundle, dispatcher.opened, dispatcher.closed)
    parts = ServerParts(
        dispatcher,
        certificates,
        forwarder,
        tunnels,
        others,
        Guard(Address("http", HOST, listeners.port), guard),
        http2,
        process_of,
    )
    sockets = [
        *((each, None) for each in (listeners.proxy, *listeners.inside)),
        *((each, door) for door in listeners.listeners for each in door.sockets),
    ]
    try:
        with accepting((each, partial(Doorstep, parts, door)) for each, door in sockets):
            yield
            for _ in range(_ROUNDS):
                await asyncio.sleep(0)
    finally:
        await dispatcher.calling.stop()
        await _hang_up(parts)
        await forwarder.stop()


async def _hang_up(parts: ServerParts) -> None:
    """Close the clients' connections; pending requests are recorded as unanswered."""
    for protocol in list(parts.upgraded):
        if isinstance(protocol, WebSocketClient):
            protocol.go_away()
    await asyncio.sleep(0)  # until that is on its way
    for transport in list(parts.transports):
        transport.abort()
    await asyncio.sleep(0)  # until the connections know
    if parts.tasks:
        await asyncio.wait(parts.tasks, timeout=_SECONDS_TO_HANG_UP)


class LazyForwarder:
    """mitmproxy, imported and started when the first request has to leave, so that mocked ones need not wait for it."""

    def __init__(
        self, dispatcher: Dispatcher, others: Policy, trust: TrustFiles, upstream: Upstream, *, http2: bool
    ) -> None:
        self._start = partial(_start, dispatcher, others, trust, upstream, http2=http2)
        self._starting: asyncio.Task[Behind] | None = None

    async def channel(self) -> Channel:
        return await (await self._behind()).channel()

    async def http2(self, client: ClientEnd, origin: Address, transport: asyncio.Transport) -> RawPipe:
        return await (await self._behind()).http2(client, origin, transport)

    async def stop(self) -> None:
        if self._starting is not None:
            await (await self._starting).stop()

    async def _behind(self) -> Behind:
        if self._starting is None:
            self._starting = asyncio.ensure_future(self._start())
        return await asyncio.shield(self._starting)


async def _start(
    dispatcher: Dispatcher, others: Policy, trust: TrustFiles, upstream: Upstream, *, http2: bool
) -> Behind:
    await asyncio.to_thread(_import_mitmproxy)  # it takes a third of a second, which blocks nobody in a thread
    from interceptor.proxy.mitm.behind import Behind  # noqa: PLC0415  # imported already

    behind = Behind(dispatcher, others, trust, upstream, http2=http2)
    await behind.start()
    return behind


def _import_mitmproxy() -> None:
    import interceptor.proxy.mitm.behind  # noqa: F401, PLC0415  # in a thread of its own
