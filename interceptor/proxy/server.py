"""mitmproxy's master with the few addons that are needed here, on sockets that are bound already."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from mitmproxy.connection import Client
from mitmproxy.options import Options
from mitmproxy.proxy.mode_servers import ServerInstance
from mitmproxy.proxy.mode_specs import ProxyMode

from interceptor.engine import Engine
from interceptor.project.config import Policy
from interceptor.proxy.dispatcher import Dispatcher
from interceptor.proxy.lane import LaneAddon, Transport
from interceptor.proxy.mitm.addon import InterceptAddon
from interceptor.proxy.mitm.master import Master, NextLayer, Proxyserver, TlsConfig
from interceptor.proxy.mitm.upstream import UpstreamAddon
from interceptor.recorder.control import Control
from interceptor.recorder.recorder import Recorder
from interceptor.run.listeners import BACKLOG, Listeners
from interceptor.run.trust import TrustFiles
from interceptor.run.upstream import Upstream

_ROUNDS = 32
"""Of the loop, at the end: what clients did last still waits in the sockets, a word against our certificate perhaps."""
_SECONDS_TO_HANG_UP = 2.0


@asynccontextmanager
async def serving(
    doors: Listeners,
    engine: Engine,
    recorder: Recorder,
    *,
    others: Policy,
    trust: TrustFiles,
    upstream: Upstream,
    control: Control | None = None,
    http2: bool = False,
) -> AsyncIterator[None]:
    """Answer at the doors for as long as the context is open; connections queued before are answered too.

    Args:
        doors: the sockets.
        engine: decides about requests.
        recorder: notes them.
        others: the project's policy for requests that nobody owns.
        trust: our authority, and whom to trust behind us.
        upstream: the proxies of the user's network.
        control: answers what the consumer's tests say at the proxy's own address.
        http2: offered to clients; what comes in by it does not take the lane.
    """
    master = Master(Options(confdir=str(trust.confdir), ssl_verify_upstream_trusted_ca=str(trust.bundle)))
    proxyserver = Proxyserver()
    dispatcher = Dispatcher(engine, recorder, doors, control)
    lane = LaneAddon(dispatcher, Transport(partial(_unsent, proxyserver), partial(_reset, proxyserver)))
    intercept = InterceptAddon(dispatcher, others)
    master.addons.add(lane, intercept, UpstreamAddon(upstream), proxyserver, NextLayer(), TlsConfig())
    master.options.update(
        server=False,  # the doors are ours
        connection_strategy="lazy",  # a mocked host need not exist
        http2=http2,  # else curl would speak it inside its tunnels, for nothing
    )
    running = asyncio.create_task(master.run())
    instance: ServerInstance[ProxyMode] = ServerInstance.make(UpstreamAddon.mode(upstream), proxyserver)
    servers = [await asyncio.start_server(instance.handle_stream, sock=each, backlog=BACKLOG) for each in doors.sockets]
    try:
        yield
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
    finally:
        for server in servers:
            server.close()
        await _hang_up(proxyserver)
        master.shutdown()
        await running


def _unsent(proxyserver: Proxyserver, client: Client) -> int:
    writer = _writer(proxyserver, client)
    return 0 if writer is None else writer.transport.get_write_buffer_size()


def _reset(proxyserver: Proxyserver, client: Client) -> None:
    """Close with a reset: a socket that does not linger sends no FIN."""
    writer = _writer(proxyserver, client)
    if writer is not None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


def _writer(proxyserver: Proxyserver, client: Client) -> asyncio.StreamWriter | None:
    handler = proxyserver.connections.get(client.id)
    transport = None if handler is None else handler.transports.get(client)
    writer = None if transport is None else transport.writer
    return writer if isinstance(writer, asyncio.StreamWriter) else None


async def _hang_up(proxyserver: Proxyserver) -> None:
    """Close the clients' connections one by one: those that are cancelled with the loop complain, and note nothing."""
    for handler in list(proxyserver.connections.values()):
        if handler.client in handler.transports:
            handler.close_connection(handler.client)
    with suppress(TimeoutError):
        async with asyncio.timeout(_SECONDS_TO_HANG_UP):
            while proxyserver.connections:  # noqa: ASYNC110  # mitmproxy tells nobody when it is done with one
                await asyncio.sleep(0)
