"""Where a connection begins: finds out whether it is TLS or HTTP, whom it is for, and whether to decrypt it.

The first byte tells TLS from everything else. The inside of a tunnel begins here again: what nobody owns is passed on
without being decrypted.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from urllib.parse import unquote

from interceptor.proxy.connection import ClientConnection
from interceptor.proxy.dispatcher import ClientEnd, origin_of
from interceptor.proxy.http1.reader import NotHttpError
from interceptor.proxy.http1.targets import Address, is_host, is_ip_address, tunnel_end
from interceptor.proxy.http2 import PREFACE
from interceptor.proxy.parts import Meant, OpenTunnel, ServerParts
from interceptor.proxy.piped import PipeToBe
from interceptor.proxy.tls import HANDSHAKE, NotTlsError, client_hello
from interceptor.proxy.translate import meant_host
from interceptor.proxy.tunnel import TunnelError
from interceptor.recorder.summary import Way
from interceptor.run.listeners import HOST, Listener
from interceptor.values.origins import is_loopback

log = logging.getLogger(__name__)

_GREETING = b"INTERCEPTOR/1 "
"""What the preloads of `run/reach` send first, followed by the name of a test runner's worker, and by a space and the
address if that has no door: `a.example.com:443`."""
_LONGEST_GREETING = 1000
_SECONDS_TO_SHAKE_HANDS = 10
_SECONDS_TO_PART = 1
_SECONDS_TO_SPEAK = 0.2
"""Seconds in which the client of a foreign tunnel may send first; in some protocols the server does."""


class Doorstep(asyncio.Protocol):
    """Waits for the first bytes.

    Args:
        parts: what all connections share.
        listener: the direct door; None at the proxy's own address.
        tunnel: the host and port of the client's CONNECT.
        scope: the worker that the tunnel belongs to.
        process: the client's, where that is known; it may have ended since.
    """

    def __init__(
        self,
        parts: ServerParts,
        listener: Listener | None = None,
        tunnel: tuple[str, int] | None = None,
        scope: str = "",
        process: str = "",
    ) -> None:
        self._parts = parts
        self._client = ClientEnd(None, listener, scope, process=process)
        self._tunnel = tunnel
        self._transport: asyncio.Transport
        self._received = b""
        self._only_http2 = False
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._parts.transports.add(transport)
        peer = transport.get_extra_info("peername")
        self._client = self._client._replace(peer=peer[:2] if peer else None)
        if self._client.listener is not None:
            ours = transport.get_extra_info("sockname")[1]
            self._client = self._client._replace(way=Way.DOOR if ours == self._client.listener.port else Way.AROUND)
        if peer and self._parts.process_of is not None and not self._client.process:
            self._client = self._client._replace(process=self._parts.process_of(peer[:2]))
        if self._is_foreign and not self._is_named_later:
            self._wait(_SECONDS_TO_SPEAK, self._lead_on)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._tunnel is None and self._received[:1] == _GREETING[:1] and not self._greeted():
            return
        if self._received[0] != HANDSHAKE:
            self._plain()
            return
        try:
            hello = client_hello(self._received)
        except NotTlsError as error:
            log.info("closed a connection: %s", error)
            self._transport.close()
            return
        if hello is not None:
            self._only_http2 = hello.only_http2
            self._tls(hello.name if is_host(hello.name) else "")
        elif self._timer is None:
            self._wait(_SECONDS_TO_SHAKE_HANDS, self._transport.close)

    def connection_lost(self, _: Exception | None) -> None:
        self._stop_waiting()
        if self._task is not None:
            self._task.cancel()
        if self._received:
            self._parts.dispatcher.recorder.note_unfinished()

    def _greeted(self) -> bool:
        """Take the greeting of a redirected client; False until it is complete.

        At the proxy's own address it can open a tunnel, as CONNECT does, unless that requires a token.
        """
        begins = self._received[: len(_GREETING)]
        if not _GREETING.startswith(begins):
            return True
        line, end, rest = self._received.partition(b"\r\n")
        if len(line) > _LONGEST_GREETING:
            return True
        if not end:
            return False
        scope, _, address = line[len(_GREETING) :].partition(b" ")
        self._client = self._client._replace(scope=unquote(scope.decode("ascii", "replace")))
        if address and self._client.listener is None and self._parts.guard.token is None:
            with suppress(NotHttpError):
                self._tunnel = tunnel_end(address)
                self._client = self._client._replace(way=Way.DOOR)
        self._received = rest
        return bool(rest)

    # Whom it is for --------------------------------------------------------------------------------------------

    def _plain(self) -> None:
        listener = self._door
        if listener is not None:
            origin = origin_of(listener)
            objection = None
            if origin.scheme == "https" and listener.provider is None:
                objection = f"{listener.origin} is asked by TLS; this is plain HTTP"
            self._speak_http(Meant(self._client._replace(listener=listener), origin, objection=objection))
        elif self._tunnel is None:
            self._speak_http(Meant(self._client))
        elif self._is_foreign:
            self._lead_on()
        else:
            origin = Address("http", *self._tunnel)
            objection = None
            if self._opens("https") and not self._opens("http"):
                objection = f"https://{origin.host}:{origin.port} is asked by TLS; this is plain HTTP"
            self._speak_http(Meant(self._client, origin, keeps_host=True, objection=objection))

    def _tls(self, name: str) -> None:
        listener = self._door
        if listener is not None:
            origin = origin_of(listener)
            objection = None if origin.scheme == "https" else f"{listener.origin} is asked by plain HTTP; this is TLS"
            self._open(
                name or origin.host, Meant(self._client._replace(listener=listener), origin, objection=objection)
            )
        elif self._tunnel is None:
            self._open(name or HOST, Meant(self._client))
        elif self._is_foreign and not (name and self._opens("https", name)):
            self._lead_on()
        else:
            host, port = self._tunnel
            origin = Address("https", meant_host(host, name or None), port)
            objection = None
            if self._opens("http") and not self._opens("https"):
                objection = f"http://{host}:{port} is asked by plain HTTP; this is TLS"
            self._open(name or host, Meant(self._client, origin, keeps_host=True, objection=objection))

    @property
    def _door(self) -> Listener | None:
        """The direct door that the client connected to, or asked the proxy for."""
        if self._tunnel is None:
            return self._client.listener
        return self._parts.dispatcher.listener_at(*self._tunnel)

    def _opens(self, scheme: str, name: str | None = None) -> bool:
        assert self._tunnel is not None
        return self._parts.dispatcher.engine.opens(scheme, name or self._tunnel[0], self._tunnel[1])

    @property
    def _is_foreign(self) -> bool:
        """True for the target of a foreign tunnel, unless the handshake names another host."""
        if self._tunnel is None or self._door is not None or self._opens("https") or self._opens("http"):
            return False
        return self._parts.others != "error" or is_loopback(self._tunnel[0])

    @property
    def _is_named_later(self) -> bool:
        """True if the tunnel leads to an IP address, so that only the handshake tells whose it is."""
        assert self._tunnel is not None
        return is_ip_address(self._tunnel[0]) and not is_loopback(self._tunnel[0])

    # What happens to it ----------------------------------------------------------------------------------------

    def _speak_http(self, meant: Meant) -> None:
        self._stop_waiting()
        data, self._received = self._received, b""
        protocol: asyncio.Protocol
        if data.startswith(PREFACE) and self._parts.http2 and meant.origin is not None and meant.objection is None:
            protocol = self._speak_http2(self._transport, meant.client, meant.origin)
        else:
            protocol = ClientConnection(self._parts, meant, self._tunnels(self._transport, meant))
            protocol.connection_made(self._transport)
        self._transport.set_protocol(protocol)
        protocol.data_received(data)

    def _speak_http2(self, transport: asyncio.Transport, client: ClientEnd, origin: Address) -> PipeToBe:
        self._parts.dispatcher.recorder.note_arrival(Way.HTTP2, "", origin.host, client.process)
        return PipeToBe(transport, partial(self._parts.forwarder.http2, client, origin, transport))

    def _open(self, host: str, meant: Meant) -> None:
        """Start TLS. `loop.start_tls` would lose the bytes already read, and would not tell the protocol."""
        self._stop_waiting()
        try:
            context = self._parts.certificates.context(host)
        except (ValueError, ssl.SSLError, OSError) as error:
            self._parts.dispatcher.internal_error(f"TLS for {host}", error)
            self._transport.abort()
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        waiter.add_done_callback(partial(self._shaken, host))
        opened = SSLProtocol(
            loop,
            _Opened(self, meant),
            context,
            waiter,
            server_side=True,
            ssl_handshake_timeout=_SECONDS_TO_SHAKE_HANDS,
            ssl_shutdown_timeout=_SECONDS_TO_PART,
        )
        self._transport.set_protocol(opened)
        opened.connection_made(self._transport)
        data, self._received = self._received, b""
        while data:
            buffer = opened.get_buffer(len(data))
            size = min(len(buffer), len(data))
            buffer[:size] = data[:size]
            opened.buffer_updated(size)
            data = data[size:]

    def opened(self, transport: asyncio.Transport, meant: Meant) -> asyncio.Protocol:
        """Serve the inside of TLS."""
        protocol = transport.get_extra_info("ssl_object").selected_alpn_protocol()
        if protocol == "h2" and meant.origin is not None and meant.objection is None:
            return self._speak_http2(transport, meant.client, meant.origin)
        if self._only_http2:
            meant = replace(meant, only_http2=True)
        connection = ClientConnection(self._parts, meant, self._tunnels(transport, meant))
        connection.connection_made(transport)
        return connection

    def _shaken(self, host: str, waiter: asyncio.Future[None]) -> None:
        """Count a client that did not accept our certificate: by an alert, or by hanging up in the middle."""
        error = waiter.exception()
        alert = isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or "")
        if alert or isinstance(error, ConnectionResetError):
            recorder = self._parts.dispatcher.recorder
            note = recorder.note_http2 if self._only_http2 and not self._parts.http2 else recorder.note_refused
            note(host, self._client.process)
        elif error is not None:
            log.info("TLS for %s: %s", host, error)

    def _tunnels(self, transport: asyncio.Transport, meant: Meant) -> OpenTunnel | None:
        """Serve the inside of a CONNECT tunnel."""
        if meant.origin is not None:
            return None

        def enter(host: str, port: int, scope: str, data: bytes) -> None:
            inner = Doorstep(self._parts, None, (host, port), scope, self._client.process)
            transport.set_protocol(inner)
            inner.connection_made(transport)
            if data:
                inner.data_received(data)

        return enter

    def _lead_on(self) -> None:
        """Pass the tunnel on without decrypting it."""
        assert self._tunnel is not None
        self._stop_waiting()
        host, port = self._tunnel
        reported = self._parts.others == "warn" and not is_loopback(host)
        self._parts.dispatcher.recorder.note_tunnel(host, port, reported=reported)
        self._transport.pause_reading()
        data, self._received = self._received, b""
        self._task = asyncio.ensure_future(self._lead(host, port, data))

    async def _lead(self, host: str, port: int, data: bytes) -> None:
        try:
            await self._parts.tunnels.lead(self._transport, host, port, data)
        except TunnelError as error:
            log.info("%s", error)
            self._transport.close()

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._stop_waiting()
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Opened(asyncio.Protocol):
    """The inside of TLS, after the handshake."""

    def __init__(self, doorstep: Doorstep, meant: Meant) -> None:
        self._doorstep = doorstep
        self._meant = meant

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.set_protocol(self._doorstep.opened(transport, self._meant))
