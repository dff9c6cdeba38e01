"""mitmproxy behind our own server: started when the first request has to leave, in the same loop, listening nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from mitmproxy.options import Options
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode
from mitmproxy.proxy.mode_specs import ProxyMode, UpstreamMode

from interceptor.project.config import Policy
from interceptor.proxy.dispatcher import ClientEnd, Dispatcher
from interceptor.proxy.forwarding import Interim, OutgoingRequest
from interceptor.proxy.http1.targets import Address
from interceptor.proxy.http1.writer import LAST_CHUNK, chunk
from interceptor.proxy.mitm.addon import InterceptAddon
from interceptor.proxy.mitm.forwarded import CONNECTION_ENDED, ForwardAddon, ForwardedAnswer
from interceptor.proxy.mitm.interim import answer_whole
from interceptor.proxy.mitm.loud import LoudHandler
from interceptor.proxy.mitm.master import Master, NextLayer, Proxyserver, TlsConfig
from interceptor.proxy.mitm.private import PrivateEnd
from interceptor.proxy.mitm.upstream import UpstreamWay
from interceptor.run.trust import TrustFiles
from interceptor.run.upstream import Upstream

_SECONDS_TO_HANG_UP = 2.0


class PrivateChannel:
    """A way through mitmproxy for the requests of one client's connection, one after the other."""

    def __init__(self, behind: Behind) -> None:
        self._behind = behind
        self._connection: PrivateConnection | None = None

    async def send(self, request: OutgoingRequest, interim: Interim) -> ForwardedAnswer:
        if self._connection is None or self._connection.closed:
            self._connection = PrivateConnection(self._behind)
        return await self._connection.exchange(request, interim)

    def upgrade(self, client: asyncio.Transport) -> PrivateConnection:
        assert self._connection is not None
        self._connection.lead(client)
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


class PrivateConnection:
    """One connection in memory, from our server to mitmproxy."""

    def __init__(self, behind: Behind, layer: Callable[[LoudHandler], HttpLayer] | None = None) -> None:
        self._behind = behind
        self._answer: ForwardedAnswer | None = None
        self._uploading: asyncio.Task[None] | None = None
        self._client: asyncio.Transport | None = None
        self._held: list[bytes] | None = None
        self.closed = False
        self._end = PrivateEnd(self._written, self._closed)
        self._id = behind.serve(self._end, layer or behind.forwarding)

    async def exchange(self, request: OutgoingRequest, interim: Interim) -> ForwardedAnswer:
        answer = self._answer = ForwardedAnswer(interim, self._end)
        self._behind.addon.answers[self._id] = answer
        self._held = []
        self._end.feed(request.head)
        self._uploading = asyncio.ensure_future(self._upload(request, answer))
        try:
            await answer.begun
        except BaseException:
            self.close()
            raise
        if answer.status != 101:
            self._held = None
        return answer

    async def _upload(self, request: OutgoingRequest, answer: ForwardedAnswer) -> None:
        async for piece in request.body:
            await self._end.taken()
            self._end.feed(chunk(piece) if request.chunked else piece)
        if request.chunked:
            self._end.feed(LAST_CHUNK)
        answer.complete = True

    def lead(self, client: asyncio.Transport) -> None:
        """Give the client what mitmproxy writes, from the head of its answer on."""
        self._client = self._end.client = client
        held, self._held = self._held or [], None
        for data in held:
            client.write(data)
        if self.closed:
            client.close()

    def _written(self, data: bytes) -> None:
        """Of an answer the hooks have told; what mitmproxy writes is for clients that it speaks to itself."""
        if self._held is not None:
            self._held.append(data)
        elif self._client is not None:
            self._client.write(data)

    def _closed(self) -> None:
        self.closed = True
        self._behind.addon.answers.pop(self._id, None)
        if self._uploading is not None:
            self._uploading.cancel()
        if self._answer is not None:
            self._answer.fail(CONNECTION_ENDED)
        if self._client is not None:
            self._client.close()

    # As a pipe for raw bytes -----------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        self._end.feed(data)

    def end(self) -> None:
        self._end.feed_end()

    def pause(self) -> None:
        self._end.pause()

    def resume(self) -> None:
        self._end.resume()

    def close(self) -> None:
        self._end.feed_end()
        self._behind.hang_up(self._id)
        self._end.close()


class Behind:
    """mitmproxy's master with the few addons that are needed here.

    Args:
        dispatcher: decides about what comes by HTTP/2, and is told of our connections.
        others: the project's policy for requests that nobody owns.
        trust: whom to trust behind us.
        upstream: the proxies of the user's network.
        http2: offered to clients.
    """

    def __init__(
        self, dispatcher: Dispatcher, others: Policy, trust: TrustFiles, upstream: Upstream, *, http2: bool
    ) -> None:
        way = UpstreamWay(upstream)
        self.addon = ForwardAddon(way)
        self._dispatcher = dispatcher
        self._proxyserver = Proxyserver()
        self._intercept = InterceptAddon(dispatcher, others, self.addon.answers)
        with trust.with_authority() as confdir:
            self._master = Master(Options(confdir=str(confdir), ssl_verify_upstream_trusted_ca=str(trust.bundle)))
            self._master.addons.add(self.addon, self._intercept, way, self._proxyserver, NextLayer(), TlsConfig())
        self._master.options.update(
            server=False,
            connection_strategy="lazy",  # a mocked host need not exist
            http2=http2,
        )
        self._mode = ProxyMode.parse(way.mode)
        self._tasks: set[asyncio.Task[None]] = set()
        answer_whole(self.addon.interim)

    async def start(self) -> None:
        await self._master.running()

    async def stop(self) -> None:
        """Close the connections one by one: those that are cancelled with the loop complain."""
        for client in list(self._proxyserver.connections):
            self.hang_up(str(client))
        with suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS_TO_HANG_UP):
                while self._proxyserver.connections:  # noqa: ASYNC110  # mitmproxy tells nobody when it is done with one
                    await asyncio.sleep(0)
        await self._master.done()

    async def channel(self) -> PrivateChannel:
        return PrivateChannel(self)

    async def http2(self, client: ClientEnd, origin: Address, transport: asyncio.Transport) -> PrivateConnection:
        def layer(handler: LoudHandler) -> HttpLayer:
            context = handler.layer.context
            secure = origin.scheme == "https"
            context.client.alpn, context.client.tls = b"h2", secure
            context.client.sni = origin.host
            context.server.address, context.server.tls = (origin.host, origin.port), secure
            context.layers.clear()
            self._intercept.clients[handler.client.id] = client
            return HttpLayer(context, HTTPMode.transparent)

        connection = PrivateConnection(self, layer)
        connection.lead(transport)
        return connection

    def forwarding(self, handler: LoudHandler) -> HttpLayer:
        """The layer for requests that our own server passes on."""
        mode = HTTPMode.upstream if isinstance(self._mode, UpstreamMode) else HTTPMode.regular
        return HttpLayer(handler.layer.context, mode)

    def serve(self, end: PrivateEnd, layer: Callable[[LoudHandler], HttpLayer]) -> str:
        """Serve a private connection; the id of mitmproxy's client."""
        handler = LoudHandler(self._master, end, self._mode, self._crashed)
        handler.layer = layer(handler)
        client = handler.client
        task = asyncio.get_running_loop().create_task(self._handle(client.id, handler))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return client.id

    async def _handle(self, client: str, handler: LoudHandler) -> None:
        with self._proxyserver.register_connection(client, handler):
            await handler.handle_client()

    def _crashed(self, error: BaseException) -> None:
        if isinstance(error, Exception):
            self._dispatcher.internal_error("a request within mitmproxy", error)

    def hang_up(self, client: str) -> None:
        handler = self._proxyserver.connections.get(client)
        if handler is not None and handler.client in handler.transports:
            handler.close_connection(handler.client)
