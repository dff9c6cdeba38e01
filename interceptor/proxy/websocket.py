"""A WebSocket that a handler answers (RFC 6455): wsproto speaks the protocol, a dialogue says what is said.

wsproto is imported with the first WebSocket, so that nobody else waits for it.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from interceptor.engine.dialogues import as_request
from interceptor.proxy.dispatcher import Dispatcher, PendingRequest
from interceptor.proxy.http1.reader import WireRequest
from interceptor.proxy.resolving import in_a_thread
from interceptor.values.decisions import Failed, Mocked, PendingReaction, Reaction, ServerAct, Unhandled
from interceptor.values.messages import Response

if TYPE_CHECKING:
    from wsproto.connection import Connection

_LARGEST_MESSAGE = 16 << 20
"""Bytes of a message from a client; a larger one closes the connection (1009)."""
_MOST_PENDING = 64
"""Messages of a client that are being answered, above which it is read no further."""
_PATIENCE = 5.0
"""Seconds for a client to confirm that the connection ends."""
_TOO_BIG, _GOING_AWAY, _ABNORMAL, _FAULT = 1009, 1001, 1006, 1011

_By: TypeAlias = Literal["client", "server", "end of the run", "nobody"]


def objection(message: WireRequest) -> tuple[int, str] | None:
    """The status and the reason why a request opens no WebSocket (RFC 6455, section 4.2.1), None for a sound one."""
    if not _header(message, b"sec-websocket-key"):
        return 400, "a request that opens a WebSocket needs the header sec-websocket-key"
    if _header(message, b"sec-websocket-version") != b"13":
        return 426, "the version of WebSockets that is spoken here is 13"
    return None


def opening(message: WireRequest, protocol: str | None, response: Response) -> bytes:
    """The answer that opens a WebSocket."""
    from wsproto.utilities import generate_accept_token  # noqa: PLC0415  # see above

    accepted = generate_accept_token(_header(message, b"sec-websocket-key"))
    lines = [b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade"]
    lines.append(b"Sec-WebSocket-Accept: " + accepted)
    if protocol is not None:
        lines.append(b"Sec-WebSocket-Protocol: " + protocol.encode())
    lines += [f"{name}: {value}".encode("utf-8", "surrogateescape") for name, value in response.headers]
    return b"\r\n".join([*lines, b"", b""])


def _header(message: WireRequest, wanted: bytes) -> bytes:
    return next((value for name, value in message.headers.fields if name.lower() == wanted), b"")


@dataclass(slots=True, eq=False)
class _Said:
    """A reaction, and what of it has been sent."""

    reaction: Reaction | PendingReaction
    message: str | bytes | None
    """Of the client; None for what the server sends by itself."""
    at: float = field(default_factory=time.time)
    began: float = field(default_factory=time.perf_counter)
    sent: list[str | bytes] = field(default_factory=list)


class WebSocketClient(asyncio.Protocol):
    """Serves one WebSocket.

    Reactions that take time do not hold up one another; what one sends keeps its order.

    Args:
        transport: the connection, upgraded.
        dispatcher: notes what is said.
        case: the request that opened it.
        decision: the handler's, with its dialogue.
    """

    def __init__(
        self, transport: asyncio.Transport, dispatcher: Dispatcher, case: PendingRequest, decision: Mocked
    ) -> None:
        from wsproto.connection import Connection, ConnectionType  # noqa: PLC0415  # see above

        self._transport = transport
        self._dispatcher = dispatcher
        self._case = case
        self._metadata = decision.metadata
        assert decision.dialogue is not None
        self._dialogue = decision.dialogue
        self._protocol: Connection = Connection(ConnectionType.SERVER)
        self._pieces: list[Any] = []
        self._size = 0
        self._pending: dict[asyncio.Task[None], _Said] = {}
        self._writable = asyncio.Event()
        self._writable.set()
        self._closed: tuple[int, str, _By] | None = None
        self._over = False
        transport.resume_reading()
        self._react(self._dialogue.opened(), None)

    # Called by the event loop ----------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self._over or not data:
            return
        try:
            self._receive(data)
        except Exception as error:  # noqa: BLE001  # a fault of ours closes one connection, and is reported
            self._dispatcher.internal_error("a WebSocket", error)
            self._close(_FAULT, "", "server")
        self._throttle()

    def _receive(self, data: bytes) -> None:
        from wsproto import events  # noqa: PLC0415  # see above

        self._protocol.receive_data(data)
        for event in self._protocol.events():
            match event:
                case events.Message() if self._closed is None:
                    self._take(event.data, finished=event.message_finished)
                case events.Ping() if self._closed is None:
                    self._transport.write(self._protocol.send(event.response()))
                case events.CloseConnection():
                    self._end(event)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, _: Exception | None) -> None:
        self._over = True
        pending, self._pending = self._pending, {}
        for task, said in pending.items():
            task.cancel()
            self._note(said)
        code, reason, by = self._closed or (_ABNORMAL, "", "nobody")
        end = json.dumps({"code": code, "reason": reason, "by": by}, ensure_ascii=False)
        response = Response(101, (("content-type", "application/json"),), end.encode())
        closed = Mocked(response, replace(self._metadata, websocket="closed"))
        self._note_one(_Said(Reaction(()), None), closed, None, response)

    def go_away(self) -> None:
        """The run has ended."""
        self._close(_GOING_AWAY, "", "end of the run")
        self._transport.close()

    # What is said ----------------------------------------------------------------------------------------------

    def _take(self, piece: Any, *, finished: bool) -> None:
        """A message, or a piece of one."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > _LARGEST_MESSAGE:
            self._pieces, self._size = [], 0
            self._close(_TOO_BIG, f"a message has {_LARGEST_MESSAGE >> 20} MB at most", "server")
        elif finished:
            pieces, self._pieces, self._size = self._pieces, [], 0
            text = isinstance(pieces[0], str)
            message: str | bytes = "".join(pieces) if text else b"".join(pieces)
            self._react(self._dialogue.received(message), message)

    def _react(self, reaction: Reaction | PendingReaction, message: str | bytes | None) -> None:
        said = _Said(reaction, message)
        task = asyncio.get_running_loop().create_task(self._act(said))
        self._pending[task] = said
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        said = self._pending.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            assert isinstance(error, Exception)
            self._dispatcher.internal_error("a WebSocket", error)
        if said is not None:
            self._note(said)
            self._throttle()

    async def _act(self, said: _Said) -> None:
        while isinstance(said.reaction, PendingReaction):
            result, error = await in_a_thread(said.reaction.call)
            said.reaction = said.reaction.finish(result) if error is None else said.reaction.fail(error)
        for act in said.reaction.acts:
            if act.delay > 0:
                await asyncio.sleep(act.delay / 1000)
            await self._writable.wait()
            if self._over or self._closed is not None:
                return
            self._send(act)
            if act.message is not None:
                said.sent.append(act.message)

    def _send(self, act: ServerAct) -> None:
        from wsproto import events  # noqa: PLC0415  # see above

        match act:
            case ServerAct(close=(code, reason)):
                self._close(code, reason, "server")
            case ServerAct(ping=bytes(payload)):
                self._transport.write(self._protocol.send(events.Ping(payload)))
            case ServerAct(message=str(text)):
                self._transport.write(self._protocol.send(events.TextMessage(text)))
            case ServerAct(message=bytes(data)):
                self._transport.write(self._protocol.send(events.BytesMessage(data)))

    def _close(self, code: int, reason: str, by: _By) -> None:
        from wsproto import events  # noqa: PLC0415  # see above

        if self._closed is None and not self._over:
            self._closed = code, reason, by
            self._transport.write(self._protocol.send(events.CloseConnection(code, reason or None)))
            asyncio.get_running_loop().call_later(_PATIENCE, self._transport.close)

    def _end(self, event: Any) -> None:
        """The client closes or confirms that; or it sent what is no WebSocket, which wsproto tells in the same way."""
        from wsproto.connection import ConnectionState  # noqa: PLC0415  # see above

        self._over = True
        if self._closed is None:
            by: _By = "server" if self._protocol.state is ConnectionState.OPEN else "client"
            self._closed = int(event.code), event.reason or "", by
            self._transport.write(self._protocol.send(event.response()))
        self._transport.close()

    def _throttle(self) -> None:
        if self._over:
            return
        if len(self._pending) > _MOST_PENDING:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    # What is noted ---------------------------------------------------------------------------------------------

    def _note(self, said: _Said) -> None:
        """A message with its first answer, and each further one; what the server sends by itself."""
        if isinstance(said.reaction, PendingReaction) or said.reaction.decision is None:
            return
        decision, text = said.reaction.decision, said.message
        answers = [as_request(self._case.request, each) for each in said.sent]
        responses = [Response(101, each.headers, each.body) for each in answers]
        if not isinstance(decision, Mocked):
            self._note_one(said, decision, text, None)
        elif text is not None:
            self._note_one(said, decision, text, responses.pop(0) if responses else None)
        metadata = replace(decision.metadata, websocket="sent")
        for response in responses:
            self._note_one(said, Mocked(response, metadata), None, response)

    def _note_one(
        self, said: _Said, decision: Mocked | Unhandled | Failed, message: str | bytes | None, response: Response | None
    ) -> None:
        opened = self._case.request
        request = replace(opened, headers=()) if message is None else as_request(opened, message)
        case = PendingRequest(self._case.raw, request, decision, said.at, said.began)
        self._dispatcher.note(case, decision, response)
