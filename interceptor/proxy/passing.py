"""Passes a request on to a real server: both bodies are streamed, and kept as far as a contract needs them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, Protocol

from interceptor.engine import SCOPE_HEADER
from interceptor.engine.dialogues import as_request
from interceptor.proxy.dispatcher import Dispatcher, PendingRequest, problem
from interceptor.proxy.forwarding import Channel, NoAnswerError, OutgoingRequest, RealAnswer
from interceptor.proxy.http1.reader import Fields, WireRequest
from interceptor.proxy.http1.targets import Address, destination, netloc
from interceptor.proxy.http1.writer import LAST_CHUNK, answer, chunk, end_to_end, has_body, head_of
from interceptor.proxy.later import Wire, give
from interceptor.proxy.noted_body import NotedBody
from interceptor.proxy.piped import PipedClient
from interceptor.proxy.translate import MOST_DECODED, coding_of, make_request, make_response
from interceptor.recorder.recorder import is_recorded
from interceptor.values.decisions import Passthrough
from interceptor.values.exchange import LargeBody
from interceptor.values.messages import Response

_PIECE = 1 << 16
_MOST_QUEUED = 1 << 18
"""Bytes of an upload that wait for the real server, above which reading pauses."""
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
_NOT_FOR_SERVERS = _FRAMING | {b"proxy-authorization", b"proxy-connection", SCOPE_HEADER.encode()}


class PassingWire(Wire, Protocol):
    """The client's connection, as far as a request that passes needs it."""

    async def channel(self) -> Channel: ...


class Upload:
    """A body on its way from the client.

    Args:
        wanted: called when reading from the client should resume.
    """

    def __init__(self, wanted: Callable[[], None]) -> None:
        self._wanted = wanted
        self._pieces: list[bytes] = []
        self._size = 0
        self._ended = False
        self._news = asyncio.Event()

    @property
    def full(self) -> bool:
        """True if so much waits that reading from the client should pause."""
        return self._size > _MOST_QUEUED

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        self._news.set()

    def end(self) -> None:
        self._ended = True
        self._news.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._pieces or not self._ended:
            pieces, self._pieces, self._size = self._pieces, [], 0
            self._news.clear()
            self._wanted()
            for piece in pieces:
                yield piece
            if not self._pieces and not self._ended:
                await self._news.wait()


@dataclass(frozen=True, slots=True)
class PassingRequest:
    """A request on its way to a real server.

    Args:
        message: the request, with its body where there is no upload.
        upload: its body, if that is still on its way.
        case: the pending request.
        decision: the decision that it passes.
        keeps_host: pass the client's Host header on.
    """

    message: WireRequest
    upload: Upload | None
    case: PendingRequest
    decision: Passthrough
    keeps_host: bool

    def outgoing(self, sent: NotedBody) -> OutgoingRequest:
        """The request for the real server; its body is recorded on the way."""
        address, target = self._end
        fields = self._fields(address)
        headers, body = self.message.headers, self.message.body
        chunked = self.upload is not None and headers.chunked
        if chunked:
            fields += ((b"Transfer-Encoding", b"chunked"),)
        elif self.upload is not None or headers.length or headers.chunked or body or self.message.method == "POST":
            length = headers.length if self.upload is not None else len(body)
            fields += ((b"Content-Length", b"%d" % length),)
        return OutgoingRequest(self.message.method, address, target, fields, self._body(sent), chunked=chunked)

    @property
    def _end(self) -> tuple[Address, bytes]:
        """The real server behind a provider's own address, or the one that a handler names."""
        if self.decision.to is not None:
            return destination(self.decision.to.encode(), None)
        return self.case.raw.address, self.case.raw.target

    def _fields(self, address: Address) -> Fields:
        fields = self._own_fields(address)
        if not self.decision.headers:
            return fields
        changed = {name.encode() for name, _ in self.decision.headers}
        kept = (field for field in fields if field[0].lower() not in changed)
        return (*kept, *((name.encode(), value.encode()) for name, value in self.decision.headers if value is not None))

    def _own_fields(self, address: Address) -> Fields:
        """The client's fields, as far as they are for the server that is asked."""
        fields = [
            field for field in end_to_end(self.message.headers.fields) if field[0].lower() not in _NOT_FOR_SERVERS
        ]
        if self.message.headers.websocket:
            fields += [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
        if self.keeps_host and self.decision.to is None and self.message.headers.host:
            return tuple(fields)
        others = (field for field in fields if field[0].lower() != b"host")
        return ((b"Host", netloc(address)), *others)  # RFC 9112, section 3.2.2

    async def _body(self, sent: NotedBody) -> AsyncIterator[bytes]:
        if self.upload is None:
            for start in range(0, len(self.message.body), _PIECE):
                yield self.message.body[start : start + _PIECE]
            return
        async for piece in self.upload:
            sent.add(piece)
            yield piece


async def pass_on(wire: PassingWire, dispatcher: Dispatcher, passing: PassingRequest) -> bool:
    """Have a real server answer; True if the client's connection stays open."""
    recorder, case, decision = dispatcher.recorder, passing.case, passing.decision
    sent, received = NotedBody(recorder.largest_body), NotedBody(recorder.largest_body)
    answering = _Answering(wire, passing.message)
    try:
        channel = await wire.channel()
        real = await channel.send(passing.outgoing(sent), answering.interim)
        if decision.patch is not None:
            return await _patch(wire, dispatcher, passing, real)
        if real.status == 101:
            _note(dispatcher, replace(passing, decision=_part(decision, "opened")), sent, real, received)
            real.hear(partial(_note_message, dispatcher, passing))
            wire.upgrade(lambda transport: PipedClient(channel.upgrade(transport)))
            return True
        answering.begin(real)
        async for piece in real:
            received.add(piece)
            answering.go_on(piece)
            await wire.drained()
        goes_on = answering.end()
    except NoAnswerError as error:
        dispatcher.note(case, decision, None)
        if is_recorded(decision):
            recorder.note_unanswered(case.request, str(error))
        answering.fail(str(error))
        return False
    except asyncio.CancelledError:
        dispatcher.note(case, decision, None)
        raise
    _note(dispatcher, passing, sent, real, received)
    return goes_on and real.complete


def _note(
    dispatcher: Dispatcher, passing: PassingRequest, sent: NotedBody, real: RealAnswer, received: NotedBody
) -> None:
    """Record both messages; of a body that is too large for a contract, the size and digest."""
    case, large = passing.case, dict[str, LargeBody]()
    if not is_recorded(passing.decision):
        dispatcher.note(case, passing.decision, None)
        return
    raw = case.raw
    if passing.upload is not None:
        content, too_large = sent.noted(coding_of(raw.fields))
        if too_large is not None:
            large["request"] = too_large
        case.request = make_request(raw.method, raw.address, raw.target, raw.fields, content)
    content, too_large = received.noted(coding_of(real.fields))
    if too_large is not None:
        large["response"] = too_large
    dispatcher.note(case, passing.decision, make_response(real.status, real.fields, content), large)


def _part(decision: Passthrough, part: Literal["opened", "message", "sent"]) -> Passthrough:
    return replace(decision, metadata=replace(decision.metadata, websocket=part))


def _note_message(dispatcher: Dispatcher, passing: PassingRequest, from_client: bool, content: str | bytes) -> None:  # noqa: FBT001  # see Heard
    """Record a message on a WebSocket."""
    if not is_recorded(passing.decision):
        return
    opened = passing.case.request
    message, bare = as_request(opened, content), replace(opened, headers=())
    decision = _part(passing.decision, "message" if from_client else "sent")
    response = None if from_client else Response(101, message.headers, message.body)
    request = message if from_client else bare
    case = PendingRequest(passing.case.raw, request, decision, time.time(), time.perf_counter())
    dispatcher.note(case, decision, response)


async def _patch(wire: PassingWire, dispatcher: Dispatcher, passing: PassingRequest, real: RealAnswer) -> bool:
    """Answer with the real response as patched by a handler."""
    content = bytearray()
    async for piece in real:
        content += piece
        if len(content) > MOST_DECODED:
            raise NoAnswerError(f"the answer is larger than the {MOST_DECODED >> 20} MB that can be patched")
    assert passing.decision.patch is not None
    response = make_response(real.status, real.fields, bytes(content))
    patched = dispatcher.patched(passing.case, passing.decision.patch, response)
    goes_on = await give(wire, dispatcher, passing.message, passing.case, patched)
    return goes_on and real.complete


class _Answering:
    """Write a real response to the client as it arrives."""

    def __init__(self, wire: Wire, message: WireRequest) -> None:
        self._wire = wire
        self._message = message
        self._begun = self._chunked = self._closes = False

    def interim(self, status: int, fields: Fields) -> None:
        """Pass an interim response on, except 100, which we have sent ourselves if it was expected."""
        if self._message.minor and status != 100 and not self._begun:
            self._wire.write(head_of(b"HTTP/1.1 %d" % status, end_to_end(fields)))

    def begin(self, real: RealAnswer) -> None:
        fields = end_to_end(real.fields)
        bodiless = self._message.method == "HEAD" or not has_body(real.status)
        measured = bodiless or any(name.lower() == b"content-length" for name, _ in fields)
        self._chunked = not measured and self._message.minor == 1
        # A client that is answered before it has sent everything cannot know where its next request would begin.
        self._closes = not (self._message.persistent and real.complete and (measured or self._chunked))
        if self._chunked:
            fields += ((b"transfer-encoding", b"chunked"),)
        if self._closes:
            fields += ((b"connection", b"close"),)
        elif not self._message.minor:
            fields += ((b"connection", b"keep-alive"),)
        self._begun = True
        self._wire.write(head_of(b"HTTP/1.1 %d %b" % (real.status, real.reason), fields))

    def go_on(self, piece: bytes) -> None:
        self._wire.write(chunk(piece) if self._chunked else piece)

    def end(self) -> bool:
        """True if the connection stays open."""
        if self._chunked:
            self._wire.write(LAST_CHUNK)
        return not self._closes

    def fail(self, why: str) -> None:
        """Answer that there is no response; if it has begun, only a reset can tell that it is incomplete."""
        if self._begun:
            self._wire.reset()
            return
        response: Response = problem(502, f"interceptor got no answer from the real server: {why}")
        data, _ = answer(response, self._message.method, closes=True)
        self._wire.write(data)
