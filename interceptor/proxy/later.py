"""Responses that take time: resolvers, delays, streams, and connection faults."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias, assert_never

from interceptor.proxy.dispatcher import Dispatcher, PendingRequest, ProxyReply, problem
from interceptor.proxy.http1.reader import WireRequest
from interceptor.proxy.http1.writer import LAST_CHUNK, answer, answer_head, chunk, truncated
from interceptor.proxy.websocket import WebSocketClient, objection, opening
from interceptor.values.decisions import Failed, Mocked, Resolving, Unhandled
from interceptor.values.messages import Headers, Response

_NONSENSE = b"\x00\x01 this is no HTTP \xff\xfe\r\n\r\n"

OwnAnswer: TypeAlias = Mocked | Unhandled | Failed | ProxyReply
"""The responses that we give ourselves."""


class Wire(Protocol):
    """The client's connection, as far as a response needs it."""

    def write(self, data: bytes) -> None: ...

    async def drained(self) -> None:
        """Wait until the client has read most of what was written."""

    def upgrade(self, make: Callable[[asyncio.Transport], asyncio.Protocol]) -> None:
        """From now on, what this makes has the connection."""

    def break_tls(self) -> None:
        """Send what no TLS is, where the connection is encrypted, and break it."""

    def reset(self) -> None:
        """Break the connection so that the client sees a reset."""


async def settle(dispatcher: Dispatcher, case: PendingRequest) -> None:
    """Call the resolvers that a request depends on; if the client does not wait, their result is recorded anyway."""
    settling = asyncio.ensure_future(dispatcher.settle(case))

    def note(_: asyncio.Future[None]) -> None:
        if not isinstance(case.decision, Resolving | ProxyReply):
            dispatcher.note(case, case.decision, None)

    try:
        await asyncio.shield(settling)
    except asyncio.CancelledError:
        settling.add_done_callback(note)
        raise


async def give(
    wire: Wire, dispatcher: Dispatcher, message: WireRequest, case: PendingRequest, decision: OwnAnswer
) -> bool:
    """Answer a request after its delay; True if the connection stays open."""
    match decision:
        case Mocked(dialogue=None):
            return await _mock(wire, dispatcher, message, case, decision)
        case Mocked():
            return await _open_websocket(wire, dispatcher, message, case, decision)
        case Unhandled() | Failed():
            goes_on = _send(wire, message, decision.response)
            dispatcher.note(case, decision, decision.response)
            return goes_on
        case ProxyReply():
            return _send(wire, message, decision.response)
        case _:
            assert_never(decision)


async def _mock(
    wire: Wire, dispatcher: Dispatcher, message: WireRequest, case: PendingRequest, decision: Mocked
) -> bool:
    await _delay(dispatcher, case, decision)
    streamed = bool(decision.stream) and message.method != "HEAD"
    if decision.fault is None and not streamed:
        goes_on = _send(wire, message, decision.response, decision.cors)
        dispatcher.note(case, decision, decision.response)
        return goes_on
    dispatcher.note(case, decision, None if decision.fault else decision.response)
    match decision.fault:
        case None | "truncated" if streamed:
            return await _stream(wire, message, decision)
        case "truncated":
            wire.write(truncated(decision.response, decision.cors))
        case "malformed":
            wire.write(_NONSENSE)
        case "refused" | "dns":
            _unreachable(wire, message, decision.fault)
        case "tls":
            wire.break_tls()
        case "reset":
            wire.reset()
        case None | "close" | "timeout":
            pass
        case _:
            assert_never(decision.fault)
    return False


async def _delay(dispatcher: Dispatcher, case: PendingRequest, decision: Mocked) -> None:
    try:
        await _pause(math.inf if decision.fault == "timeout" else decision.delay)
    except asyncio.CancelledError:
        dispatcher.note(case, decision, None)
        raise


async def _open_websocket(
    wire: Wire, dispatcher: Dispatcher, message: WireRequest, case: PendingRequest, decision: Mocked
) -> bool:
    assert decision.dialogue is not None
    await _delay(dispatcher, case, decision)
    if (refused := objection(message)) is not None:
        return _send(wire, message, problem(*refused))
    wire.write(opening(message, decision.dialogue.protocol, decision.response))
    dispatcher.note(case, decision, decision.response)
    wire.upgrade(lambda transport: WebSocketClient(transport, dispatcher, case, decision))
    return True


def _unreachable(wire: Wire, message: WireRequest, fault: Literal["refused", "dns"]) -> None:
    """Say it as a proxy does that cannot reach the server; where the client knows of no proxy, only a reset says it."""
    if not message.target.startswith(b"http"):
        wire.reset()
        return
    why = "the connection was refused" if fault == "refused" else "there is no such host"
    data, _ = answer(problem(502, f"no answer from the server: {why}"), message.method, closes=True)
    wire.write(data)


def _send(wire: Wire, message: WireRequest, response: Response, further: Headers = ()) -> bool:
    data, closes = answer(response, message.method, further, minor=message.minor, closes=not message.persistent)
    wire.write(data)
    return not closes


async def _stream(wire: Wire, message: WireRequest, decision: Mocked) -> bool:
    """A response in pieces; without chunks, for HTTP/1.0, closing the connection ends it."""
    response, chunked = decision.response, message.minor == 1
    closes = not (chunked and message.persistent)
    head, closes = answer_head(response.status, response.headers, decision.cors, message.minor, closes=closes)
    wire.write(head + (b"transfer-encoding: chunked\r\n\r\n" if chunked else b"\r\n"))
    for piece in decision.stream:
        await _pause(math.inf if piece.fault == "timeout" else piece.delay)
        if piece.fault == "reset":
            wire.reset()
        if piece.fault is not None:
            return False
        wire.write(chunk(piece.data) if chunked else piece.data)
        await wire.drained()
    if decision.fault is not None:
        return False
    if chunked:
        wire.write(LAST_CHUNK)
    return not closes


async def _pause(ms: float) -> None:
    """Wait; cancelled if the client goes away."""
    if math.isinf(ms):
        await asyncio.get_running_loop().create_future()
    elif ms > 0:
        await asyncio.sleep(ms / 1000)
