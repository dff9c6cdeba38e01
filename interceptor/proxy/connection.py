"""Serves HTTP/1 to one client: reads requests, has them decided, and answers in order.

Immediate responses are written in the same turn of the event loop, and recorded afterwards. Whatever takes time is a
task, one at a time: meanwhile further requests wait in the reader, and a client that sends too much is paused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import assert_never

from interceptor.proxy.breaking import break_tls, reset
from interceptor.proxy.dispatcher import PendingRequest, ProxyReply, RawRequest, problem
from interceptor.proxy.forwarding import Channel
from interceptor.proxy.guard import NotAdmittedError, challenge
from interceptor.proxy.http1.reader import Http2Error, NotHttpError, RequestReader, WireRequest
from interceptor.proxy.http1.targets import path_of, tunnel_end
from interceptor.proxy.http1.writer import CONTINUE, TUNNEL_OPEN, answer
from interceptor.proxy.http2 import refuse_http2
from interceptor.proxy.later import give, settle
from interceptor.proxy.parts import Meant, OpenTunnel, ServerParts
from interceptor.proxy.passing import PassingRequest, Upload, pass_on
from interceptor.proxy.translate import request_fields, user_agent
from interceptor.values.decisions import Failed, Mocked, Passthrough, Resolving, Settled, Unhandled
from interceptor.values.messages import Headers, Response

log = logging.getLogger(__name__)

_HIGH_WATER = 1 << 18
"""Bytes of responses that the client has not taken, above which it gets no further responses."""
_MOST_UNREAD = 1 << 18
"""Bytes of further requests while a client waits for its response, above which reading pauses."""
_WORTH_STREAMING = 1 << 16
"""Bytes; smaller bodies are read as a whole."""
_TURN = 32
"""Requests of one client that are answered before other clients get their turn."""
_LINGER = 1.0
"""Seconds for a client to read why it was refused, before the connection closes (RFC 9112, section 9.6)."""


class ClientConnection(asyncio.Protocol):
    """Serves one connection, or the inside of a tunnel.

    Args:
        parts: what all connections share.
        meant: the origin that the requests are for.
        open_tunnel: takes the connection after a CONNECT; None inside a tunnel.
    """

    def __init__(self, parts: ServerParts, meant: Meant, open_tunnel: OpenTunnel | None = None) -> None:
        self._parts = parts
        self._dispatcher = parts.dispatcher
        self._meant = meant
        self._open_tunnel = open_tunnel
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._reader = RequestReader()
        self._considered: WireRequest | None = None
        self._out: list[bytes] = []
        self._unsent = 0
        self._notes: list[tuple[PendingRequest, Settled, Response]] = []
        self._task: asyncio.Task[bool] | None = None
        self._patient = False
        """The task continues when the client closes its side."""
        self._upload: Upload | None = None
        self._channel: Channel | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._yielding = self._reading_paused = self._ended = self._over = self._closing = self._lost = False
        self._introduced = False
        self._heard = False
        """The client has sent something, valid or not."""

    # Called by the event loop ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(_HIGH_WATER)

    def data_received(self, data: bytes) -> None:
        self._heard = self._heard or bool(data)
        if self._over:
            return
        self._reader.feed(data)
        if self._upload is not None:
            self._go_on_uploading(self._upload)
        else:
            self._go_on()

    def eof_received(self) -> bool:
        """The client has closed its side. If it waits for a delayed response, it is taken to be gone."""
        self._ended = True
        if self._upload is not None or (self._task is not None and not self._patient):
            self._abandon()
        else:
            self._go_on()
        return self._transport.can_write_eof()

    def connection_lost(self, _: Exception | None) -> None:
        self._lost = True
        if not self._over and (self._reader.awaited is not None or self._reader.waiting):
            self._dispatcher.recorder.note_unfinished()
        origin = self._meant.origin
        if origin is not None and origin.scheme == "https" and not self._heard:
            recorder = self._dispatcher.recorder
            note = recorder.note_http2 if self._meant.only_http2 else recorder.note_silent
            note(origin.host, self._meant.client.process)
        self._over = True
        self._writable.set()
        self._abandon()
        if self._channel is not None:
            self._channel.close()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()
        self._go_on()

    # Answering -------------------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Answer what has arrived, up to this client's share of a turn."""
        if self._over:
            return
        if self._task is None and not self._yielding and self._writable.is_set():
            try:
                self._answer_some()
            except NotHttpError as error:
                self._refuse(error)
            except Exception as error:  # noqa: BLE001  # a fault of ours closes one connection, and is reported
                self._dispatcher.internal_error("a connection", error)
                self._transport.abort()
        self._throttle()

    def _answer_some(self) -> None:
        for _ in range(_TURN):
            message = self._reader.next()
            if message is None:
                self._flush()
                self._await_more()
                return
            self._deal_with(message)
            if self._unsent > _HIGH_WATER:
                self._flush()
            if self._task is not None or self._over or not self._writable.is_set():
                break
        self._flush()
        if self._task is None and not self._over and self._writable.is_set():
            self._yielding = True
            self._loop.call_soon(self._next_turn)

    def _next_turn(self) -> None:
        self._yielding = False
        self._go_on()

    def _throttle(self) -> None:
        """Pause reading while too much waits, and resume when it is done."""
        held = (
            self._upload.full if self._upload is not None else self._must_wait and self._reader.waiting > _MOST_UNREAD
        )
        if held != self._reading_paused and not self._lost:
            self._reading_paused = held
            if held:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    @property
    def _must_wait(self) -> bool:
        return self._task is not None or self._yielding or not self._writable.is_set()

    def _flush(self) -> None:
        """Send the responses, then record them."""
        if self._out:
            data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
            self._out.clear()
            self._unsent = 0
            self._transport.write(data)
        if self._notes:
            notes, self._notes = self._notes, []
            for case, decision, response in notes:
                self._dispatcher.note(case, decision, response)
        if self._closing:
            self._transport.close()

    def _await_more(self) -> None:
        message = self._reader.awaited
        if message is None:
            if self._ended and not self._over:
                self._transport.close()
        elif self._ended:
            self._transport.close()
        elif message is not self._considered:
            self._considered = message
            self._consider(message)

    def _consider(self, message: WireRequest) -> None:
        """Look at a request whose body is on its way: it may pass already, or expect a 100 (RFC 9110, 10.1.1)."""
        self._check(message)
        if message.minor and message.headers.expects:
            self._transport.write(CONTINUE)
        if not (message.headers.chunked or message.headers.length > _WORTH_STREAMING):
            return
        case = self._dispatcher.arriving(self._meant.client, self._raw(message))
        if case is not None:
            self._upload = Upload(self._throttle)
            self._begin(self._pass_on(message, case, self._upload), patient=True)
            self._go_on_uploading(self._upload)

    def _go_on_uploading(self, upload: Upload) -> None:
        try:
            piece, done = self._reader.take()
        except NotHttpError as error:
            log.info("gave up a request: %s", error)
            self._abandon()
            return
        if piece:
            upload.add(piece)
        if done:
            upload.end()
            self._upload = None
        self._throttle()

    # One request -----------------------------------------------------------------------------------------------

    def _deal_with(self, message: WireRequest) -> None:
        self._check(message)
        if message.method == "CONNECT":
            self._connect(message)
            return
        raw = self._raw(message)
        if self._notes and self._dispatcher.is_our_own(raw.address):
            self._flush()  # it may ask about what was recorded
        case = self._dispatcher.arrived(self._meant.client, raw)
        decision = case.decision
        match decision:
            case Mocked() if not (decision.delay or decision.stream or decision.fault or decision.dialogue):
                self._answer(message, decision.response, decision.cors)
                self._notes.append((case, decision, decision.response))
            case Unhandled() | Failed():
                self._answer(message, decision.response)
                self._notes.append((case, decision, decision.response))
            case ProxyReply():
                self._answer(message, decision.response)
            case Mocked() | Passthrough() | Resolving():
                self._begin(self._take_time(message, case), patient=isinstance(decision, Passthrough))
            case _:
                assert_never(decision)

    def _check(self, message: WireRequest) -> None:
        """Refuse a request that uses the wrong protocol, or lacks the token.

        Raises:
            NotHttpError: with the reason.
        """
        if self._meant.objection is not None:
            raise NotHttpError(400, self._meant.objection)
        if self._meant.origin is None:
            self._parts.guard.check(message)

    def _raw(self, message: WireRequest) -> RawRequest:
        """The origin that a request is for, and the path there.

        Raises:
            NotHttpError: the request does not tell.
        """
        headers, fields = message.headers, message.headers.fields
        if self._meant.origin is None:
            address, target = self._parts.guard.destination(message)
            fields = self._parts.guard.known(fields)
        else:
            address, target = self._meant.origin, path_of(message.target)
        if not self._introduced and not self._dispatcher.is_our_own(address):
            self._introduced = True
            client = self._meant.client
            self._dispatcher.recorder.note_arrival(client.way, user_agent(fields), address.host, client.process)
        return RawRequest(message.method, address, target, fields, message.body, headers.websocket)

    def _answer(self, message: WireRequest, response: Response, further: Headers = ()) -> None:
        data, closes = answer(response, message.method, further, minor=message.minor, closes=not message.persistent)
        self._out.append(data)
        self._unsent += len(data)
        if closes:
            self._over = self._closing = True

    def _connect(self, message: WireRequest) -> None:
        if self._open_tunnel is None:
            raise NotHttpError(405, "a tunnel leads from the proxy's own address, and from nowhere else")
        host, port = tunnel_end(message.target)
        self._out.append(TUNNEL_OPEN)
        self._flush()
        self._over = True
        scope = request_fields(self._parts.guard.known(message.headers.fields)).scope or self._meant.client.scope
        self._open_tunnel(host, port, scope, self._reader.rest())

    def _refuse(self, error: NotHttpError) -> None:
        log.info("refused a request: %s", error)
        if isinstance(error, Http2Error):
            self._refuse_http2()
            return
        words = f"interceptor did not understand the request: {error}"
        response = challenge() if isinstance(error, NotAdmittedError) else problem(error.status, words)
        self._out.append(answer(response, "GET", closes=True)[0])
        self._flush()
        self._part()

    def _refuse_http2(self) -> None:
        host = self._meant.origin.host if self._meant.origin else "the proxy"
        self._dispatcher.recorder.note_http2(host, self._meant.client.process)
        self._over = True
        refuse_http2(self._transport, self._reader.rest())

    def _part(self) -> None:
        """Close, but let a client that still sends read the response first: a close with unread bytes is a reset."""
        self._over = True
        if self._ended or self._lost:
            self._transport.close()
            return
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._loop.call_later(_LINGER, self._transport.close)

    # Tasks -----------------------------------------------------------------------------------------------------

    def _begin(self, work: Coroutine[None, None, bool], *, patient: bool = False) -> None:
        self._flush()
        self._patient = patient
        self._task = self._loop.create_task(work)
        self._parts.tasks.add(self._task)
        self._task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[bool]) -> None:
        self._parts.tasks.discard(task)
        self._task = None
        sends, self._upload = self._upload is not None, None
        if self._lost or self._over:
            return
        if task.cancelled():
            self._over = True
            self._transport.close()
        elif (error := task.exception()) is not None:
            assert isinstance(error, Exception)
            self._dispatcher.internal_error("a connection", error)
            self._transport.abort()
        elif task.result():
            self._go_on()
        elif sends:
            self._part()
            self._throttle()
        else:
            self._over = True
            self._transport.close()

    def _abandon(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _take_time(self, message: WireRequest, case: PendingRequest) -> bool:
        if isinstance(case.decision, Resolving):
            await settle(self._dispatcher, case)
        decision = case.decision
        if isinstance(decision, Passthrough):
            return await self._pass_on(message, case, None)
        assert not isinstance(decision, Resolving)
        return await give(self, self._dispatcher, message, case, decision)

    async def _pass_on(self, message: WireRequest, case: PendingRequest, upload: Upload | None) -> bool:
        assert isinstance(case.decision, Passthrough)
        self._patient = True
        passing = PassingRequest(message, upload, case, case.decision, self._meant.keeps_host)
        return await pass_on(self, self._dispatcher, passing)

    # What tasks need of the connection

    def write(self, data: bytes) -> None:
        if not self._lost:
            self._transport.write(data)

    async def drained(self) -> None:
        await self._writable.wait()

    def break_tls(self) -> None:
        break_tls(self._transport)

    def reset(self) -> None:
        reset(self._transport)

    async def channel(self) -> Channel:
        if self._channel is None:
            self._channel = await self._parts.forwarder.channel()
        return self._channel

    def upgrade(self, make: Callable[[asyncio.Transport], asyncio.Protocol]) -> None:
        self._channel = None
        self._over = True
        protocol = make(self._transport)
        self._transport.set_protocol(protocol)
        self._parts.upgraded.add(protocol)
        protocol.data_received(self._reader.rest())
