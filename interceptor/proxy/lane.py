"""The fast lane: requests that handlers answer, without mitmproxy's flows.

A layer of mitmproxy in the place of its `HttpLayer`, for HTTP/1 from clients. It reads a request, has it decided, and
answers. What a real server has to answer it leaves to mitmproxy, with all that follows on that connection; so it does
with the inside of a tunnel, where another lane may begin once TLS is opened.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, TypeVar, assert_never

from mitmproxy import connection
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import modes
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode

from interceptor.proxy.dispatcher import Dispatcher, PendingRequest, ProxyReply, RawRequest, problem
from interceptor.proxy.http1 import NotHttpError, RequestReader, WireRequest
from interceptor.proxy.targets import destination, path_of, tunnel_end
from interceptor.proxy.translate import Address, body_of, length_of, meant_host, reason_of, wire_fields
from interceptor.values.decisions import Failed, Mocked, Passthrough, Resolving, Unhandled
from interceptor.values.messages import Headers, Response

log = logging.getLogger(__name__)

T = TypeVar("T")
Session: TypeAlias = Generator[commands.Command | None, events.Event | None, T]
"""Gives commands, and None where it wants the next event."""

_LOOKS_LIKE_HTTP = re.compile(rb"(?!SSH-)\s*[A-Za-z][!#$%&'*+.^_`|~0-9A-Za-z-]*(?: |\Z)")
_HTTP_1 = frozenset({None, b"", b"http/1.0", b"http/1.1"})
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_TUNNEL = b"HTTP/1.1 200 Connection established\r\n\r\n"
_NONSENSE = b"\x00\x01 this is no HTTP \xff\xfe\r\n\r\n"
_LINGER = 1.0
"""Seconds for a client to read why it was refused, before the connection goes (RFC 9112, section 9.6)."""
_LATER = 10.0
"""Milliseconds until a look at a client that is slow to read."""
_MOST_UNSENT = 1 << 20
_MOST_UNREAD = 64 << 20
"""Bytes of further requests from a client that has not got its answer yet."""


@dataclass(frozen=True, slots=True)
class Transport:
    """The connections of clients, below all layers."""

    unsent: Callable[[connection.Client], int]
    """Bytes that a client has not taken yet."""
    reset: Callable[[connection.Client], None]
    """Break a connection so that the client sees a reset."""


@dataclass(slots=True)
class Resolution:
    """A case whose decision depends on a resolver."""

    case: PendingRequest
    abandoned: bool = False
    """The client did not wait for it."""


@dataclass
class InterceptorResolveHook(commands.StartHook):
    """A resolver has to be called: the addon does it."""

    resolution: Resolution


class HandedOver(layer.NextLayer):
    """Asks mitmproxy, and no more this lane, what to make of a connection."""


class LaneAddon:
    """Has mitmproxy take the lane."""

    def __init__(self, dispatcher: Dispatcher, transport: Transport) -> None:
        self._desk = dispatcher
        self._transport = transport

    def next_layer(self, nextlayer: layer.NextLayer) -> None:
        context = nextlayer.context
        if (
            nextlayer.layer is None
            and not isinstance(nextlayer, HandedOver)
            and context.client.alpn in _HTTP_1
            and not nextlayer.data_server()
            and looks_like_http(data := nextlayer.data_client())
            # Behind another proxy, a tunnel's first line decides which way it goes: that is for UpstreamAddon to say.
            and not (isinstance(context.layers[0], modes.HttpUpstreamProxy) and data.lstrip().startswith(b"CONNECT "))
        ):
            nextlayer.layer = Lane(context, self._desk, self._transport)

    async def interceptor_resolve(self, resolution: Resolution) -> None:
        case = resolution.case
        await self._desk.settle(case)
        if resolution.abandoned and not isinstance(case.decision, Resolving | ProxyReply):
            self._desk.note(case, case.decision, None)


def looks_like_http(data: bytes) -> bool:
    """True where a client's first bytes are, or may become, a request of HTTP/1."""
    return _LOOKS_LIKE_HTTP.match(data) is not None


class Lane(layer.Layer):
    """Serves one connection: a session that is given each event, and gives commands until it wants the next.

    mitmproxy's own `handle_event` would hold back all events while a hook runs; but a client that goes away has to be
    seen while its resolver works.
    """

    def __init__(self, context: Context, dispatcher: Dispatcher, transport: Transport) -> None:
        self._at_our_door = len(context.layers) == 1 and isinstance(
            context.layers[0], modes.HttpProxy | modes.HttpUpstreamProxy
        )
        super().__init__(context)
        self._desk = dispatcher
        self._transport = transport
        self._client = context.client
        self._reader = RequestReader()
        self._encouraged: WireRequest | None = None
        self._ended = False
        self._successor: layer.Layer | None = None
        self._session = self._serve()

    def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if self._successor is not None:
            yield from self._successor.handle_event(event)
            return
        if isinstance(event, events.ConnectionEvent) and event.connection is not self._client:
            return
        try:
            command = self._session.send(None if isinstance(event, events.Start) else event)
            while command is not None:
                yield command
                command = next(self._session)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001  # mitmproxy would leave the client waiting
            self._desk.internal_error("a connection", error)
            yield commands.CloseConnection(self._client)

    _handle_event = handle_event

    # The session -----------------------------------------------------------------------------------------------

    def _serve(self) -> Session[None]:
        """Answer one request after the other."""
        goes_on = True
        while goes_on:
            try:
                message = self._reader.next()
                if message is not None:
                    goes_on = yield from self._deal_with(message)
                elif self._ended:
                    break
                else:
                    yield from self._encourage()
                    yield from self._more()
            except NotHttpError as error:
                yield from self._refuse(error)
                break
            if self._reader.waiting and not (yield from self._throttle()):
                break
        if self._successor is None:
            yield commands.CloseConnection(self._client)

    def _deal_with(self, message: WireRequest) -> Session[bool]:
        """Answer a request; True where the connection goes on."""
        if message.method == "CONNECT":
            return (yield from self._open_tunnel(message))
        headers = message.headers
        address, path = self._destination(message)
        case = self._desk.arrived(
            self._client, RawRequest(message.method, address, path, headers.fields, message.body, headers.websocket)
        )
        if isinstance(case.decision, Resolving) and not (yield from self._resolve(case)):
            return False
        decision = case.decision
        match decision:
            case Mocked():
                return (yield from self._mock(message, case, decision))
            case Unhandled() | Failed():
                self._desk.note(case, decision, decision.response)
                return (yield from self._send(message, decision.response))
            case ProxyReply():
                return (yield from self._send(message, decision.response))
            case Passthrough():
                self._desk.hand_over(self._client, case)
                return (yield from self._hand_over(message))
            case Resolving():
                raise AssertionError("a resolver's decision is settled above")
            case _:
                assert_never(decision)

    def _mock(self, message: WireRequest, case: PendingRequest, decision: Mocked) -> Session[bool]:
        delay = math.inf if decision.fault == "timeout" else decision.delay
        if delay > 0 and not (yield from self._pause(delay)):
            self._desk.note(case, decision, None)
            return False
        self._desk.note(case, decision, None if decision.fault else decision.response)
        match decision.fault:
            case None | "truncated" if decision.stream and message.method != "HEAD":
                return (yield from self._stream(message, decision))
            case None:
                return (yield from self._send(message, decision.response, decision.cors))
            case "truncated":
                yield commands.SendData(self._client, _truncated(decision))
            case "malformed":
                yield commands.SendData(self._client, _NONSENSE)
            case "reset":
                self._transport.reset(self._client)
            case "close" | "timeout":
                pass
            case _:
                assert_never(decision.fault)
        return False

    def _send(self, message: WireRequest, response: Response, further: Headers = ()) -> Session[bool]:
        head, closes = _head(response.status, response.headers, further, message.minor, closes=not message.persistent)
        length = b"".join(b"%b: %b\r\n" % field for field in length_of(response, message.method))
        body = b"" if message.method == "HEAD" else body_of(response)
        yield commands.SendData(self._client, b"%b%b\r\n%b" % (head, length, body))
        return not closes

    def _stream(self, message: WireRequest, decision: Mocked) -> Session[bool]:
        """An answer in pieces; without chunks, for HTTP/1.0, its end is that of the connection."""
        response, chunked = decision.response, message.minor == 1
        closes = not (chunked and message.persistent)
        head, closes = _head(response.status, response.headers, decision.cors, message.minor, closes=closes)
        yield commands.SendData(self._client, head + (b"transfer-encoding: chunked\r\n\r\n" if chunked else b"\r\n"))
        for chunk in decision.stream:
            if chunk.delay > 0 and not (yield from self._pause(chunk.delay)):
                return False
            if chunk.data:
                data = b"%x\r\n%b\r\n" % (len(chunk.data), chunk.data) if chunked else chunk.data
                yield commands.SendData(self._client, data)
                if not (yield from self._throttle()):
                    return False
        if decision.fault is not None:
            return False
        if chunked:
            yield commands.SendData(self._client, b"0\r\n\r\n")
        return not closes

    def _refuse(self, error: NotHttpError) -> Session[None]:
        """Say what is wrong, and leave the client the time to read it: a close with bytes unread is a reset."""
        log.info("refused a request: %s", error)
        response = problem(error.status, f"interceptor did not understand the request: {error}")
        head, _ = _head(response.status, response.headers, (), 1, closes=True)
        yield commands.SendData(self._client, _with_length(head, len(response.body), response.body))
        if self._ended:
            return
        if self._at_our_door:
            yield commands.CloseTcpConnection(self._client, half_close=True)
        yield commands.RequestWakeup(_LINGER)
        while isinstance((yield None), events.DataReceived):
            pass

    def _hand_over(self, message: WireRequest) -> Session[bool]:
        """Leave the connection to mitmproxy, from this request on.

        The request is written anew from what was understood of it, so that no other reader can understand it
        differently.
        """
        self.context.layers.remove(self)
        successor = HandedOver(self.context) if self._at_our_door else HttpLayer(self.context, HTTPMode.transparent)
        return (yield from self._succeeded_by(successor, message.wire))

    def _succeeded_by(self, successor: layer.Layer, data: bytes) -> Session[bool]:
        self._successor = successor
        yield from successor.handle_event(events.Start())
        if data := data + self._reader.rest():
            yield from successor.handle_event(events.DataReceived(self._client, data))
        if self._ended:
            yield from successor.handle_event(events.ConnectionClosed(self._client))
        return False

    def _open_tunnel(self, message: WireRequest) -> Session[bool]:
        """Leave what a tunnel holds to mitmproxy: it finds TLS in it, or asks for a lane of its own."""
        if not self._at_our_door or isinstance(self.context.layers[0], modes.HttpUpstreamProxy):
            return (yield from self._hand_over(message))
        self.context.server.address = tunnel_end(message.target)
        yield commands.SendData(self._client, _TUNNEL)
        return (yield from self._succeeded_by(layer.NextLayer(self.context), b""))

    # Waiting ---------------------------------------------------------------------------------------------------

    def _more(self) -> Session[None]:
        """Wait for bytes, or for their end."""
        event = yield None
        if isinstance(event, events.DataReceived):
            self._reader.feed(event.data)
        elif isinstance(event, events.ConnectionClosed):
            self._ended = True

    def _encourage(self) -> Session[None]:
        """Tell a client that waits for it to send its body (RFC 9110, section 10.1.1)."""
        message = self._reader.awaited
        if message is not None and message.minor and message.headers.expects and message is not self._encouraged:
            self._encouraged = message
            yield commands.SendData(self._client, _CONTINUE)

    def _resolve(self, case: PendingRequest) -> Session[bool]:
        hook = InterceptorResolveHook(Resolution(case))
        hook.blocking = self  # type: ignore[assignment]  # as mitmproxy does: the layers around need not wait
        completed = yield from self._completed(hook)
        hook.resolution.abandoned = not completed
        return completed

    def _pause(self, ms: float) -> Session[bool]:
        """Let some time pass; False where the client went away meanwhile."""
        return (yield from self._completed(None if math.isinf(ms) else commands.RequestWakeup(ms / 1000)))

    def _completed(self, command: commands.Command | None) -> Session[bool]:
        """Wait for the end of a command, or for ever; False where the client went away meanwhile.

        A client that ends its side while it waits is taken to be gone, as mitmproxy has it: one that gave up looks
        the same, and is far more common.
        """
        if command is not None:
            yield command
        while self._reader.waiting <= _MOST_UNREAD:
            event = yield None
            if isinstance(event, events.DataReceived):
                self._reader.feed(event.data)
            elif isinstance(event, events.ConnectionClosed):
                self._ended = True
                return False
            elif isinstance(event, events.CommandCompleted) and event.command is command:
                return True
        return False

    def _throttle(self) -> Session[bool]:
        """Answer no further while the client does not read; False where it asks for far more meanwhile.

        A client that has ended its side may still read.
        """
        while self._transport.unsent(self._client) > _MOST_UNSENT:
            if not (yield from self._pause(_LATER)) and not self._ended:
                return False
        return True

    # The request -----------------------------------------------------------------------------------------------

    def _destination(self, message: WireRequest) -> tuple[Address, bytes]:
        """Whom a request is for, and the path there.

        Raises:
            NotHttpError: where it does not say.
        """
        if self._at_our_door:
            return destination(message.target, message.headers.host)
        server = self.context.server
        assert server.address is not None
        host = meant_host(server.address[0], self._client.sni)
        return Address("https" if server.tls else "http", host, server.address[1]), path_of(message.target)


@lru_cache(maxsize=512)  # most answers have the headers of another
def _head(status: int, headers: Headers, further: Headers, minor: int, *, closes: bool) -> tuple[bytes, bool]:
    """The head of an answer, without the header about its length; and whether the connection ends with it."""
    fields = wire_fields(headers, further)
    declared = [value.lower() for name, value in fields if name == b"connection"]
    final = status >= 200  # nothing but the end of the connection keeps a client from waiting for another answer
    closes = closes or not final or any(b"close" in value for value in declared)
    lines = [b"HTTP/1.1 %d %b\r\n" % (status, reason_of(status))]
    lines += [b"%b: %b\r\n" % field for field in fields]
    if not declared and (closes or not minor):
        lines.append(b"connection: close\r\n" if closes else b"connection: keep-alive\r\n")
    return b"".join(lines), closes


def _truncated(decision: Mocked) -> bytes:
    """An answer that ends in the middle."""
    response, body = decision.response, body_of(decision.response)
    head, _ = _head(response.status, response.headers, decision.cors, 1, closes=True)
    return _with_length(head, max(len(body), 1), body[: len(body) // 2])


def _with_length(head: bytes, length: int, body: bytes) -> bytes:
    return b"%bcontent-length: %d\r\n\r\n%b" % (head, length, body)
