"""The one place that each request passes, from our own server as from mitmproxy's flows."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

from interceptor.engine import Engine
from interceptor.proxy.calling import Calling
from interceptor.proxy.http1.reader import Fields
from interceptor.proxy.http1.targets import Address
from interceptor.proxy.resolving import settle
from interceptor.proxy.translate import make_request, request_fields
from interceptor.recorder.control import Control
from interceptor.recorder.recorder import Recorder
from interceptor.recorder.summary import Way
from interceptor.run.listeners import Listener, Listeners
from interceptor.values.decisions import Decision, Failed, Mocked, Resolving, Settled, Unhandled
from interceptor.values.exchange import LargeBody, Metadata
from interceptor.values.messages import Request, Response
from interceptor.values.origins import is_loopback
from interceptor.values.urls import DEFAULT_PORTS

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProxyReply:
    """A response to a request that is not the consumer's; it is never recorded."""

    response: Response


SocketEnd: TypeAlias = tuple[str, int]
"""Address and port of one end of a connection."""


class ClientEnd(NamedTuple):
    """The connection that a request arrived on."""

    peer: SocketEnd | None
    listener: Listener | None = None
    """The direct door."""
    scope: str = ""
    """The worker that it belongs to, if the requests do not say so themselves."""
    way: Way = Way.PROXY
    process: str = ""
    """The client's command line, if it is looked up."""


class RawRequest(NamedTuple):
    """A request as it is on the wire."""

    method: str
    address: Address
    target: bytes
    fields: Fields
    body: bytes
    websocket: bool


Patch: TypeAlias = Callable[[Response], Mocked | Failed]
DispatchDecision: TypeAlias = Decision | ProxyReply


@dataclass(slots=True)
class PendingRequest:
    """A request and the decision about it."""

    raw: RawRequest
    request: Request
    decision: DispatchDecision
    at: float
    """When it was complete, in POSIX seconds."""
    began: float


class Dispatcher:
    """Finds out whose request it is, has the engine decide, and tells the recorder.

    Args:
        engine: decides.
        recorder: notes.
        listeners: our own addresses; None in the user's own mitmproxy.
        control: answers at the control address.
    """

    def __init__(
        self, engine: Engine, recorder: Recorder, listeners: Listeners | None = None, control: Control | None = None
    ) -> None:
        self.engine = engine
        self.recorder = recorder
        self.calling = Calling(recorder, engine.may_call)
        self._control = control
        self._port = listeners.port if listeners is not None else None
        self._listeners: Mapping[int, Listener] = {each.port: each for each in listeners.listeners} if listeners else {}
        self._our_ends: set[SocketEnd] = set()

    def arrived(self, client: ClientEnd, raw: RawRequest) -> PendingRequest:
        """Decide about a request. If we fail, it is answered with an error and does not escape to the real server."""
        at, began = time.time(), time.perf_counter()
        decision: DispatchDecision
        try:
            raw, listener = self._located(client, raw)
            request = make_request(raw.method, raw.address, raw.target, raw.fields, raw.body)
            scope = request_fields(raw.fields).scope or client.scope
            decision = self._at_our_own_address(client, request, raw.address, scope) or self.engine.decide(
                request, listener=listener.provider if listener else None, scope=scope
            )
            if isinstance(decision, Failed):
                decision = self._without_secrets(request, decision)
        except Exception as error:  # noqa: BLE001  # whatever fails here is reported, and no request escapes
            request = Request(raw.method, "")
            decision = self.internal_error(f"{raw.method} {raw.target.decode('latin-1')}", error)
        return PendingRequest(raw, request, decision, at, began)

    def arriving(self, client: ClientEnd, raw: RawRequest) -> PendingRequest | None:
        """A request whose body has not arrived, where it passes whatever that says; None where it has to be read."""
        at, began = time.time(), time.perf_counter()
        raw, listener = self._located(client, raw)
        if self.is_our_own(raw.address) or client.peer in self._our_ends:
            return None
        request = make_request(raw.method, raw.address, raw.target, raw.fields, b"")
        provider, scope = listener.provider if listener else None, request_fields(raw.fields).scope
        decision = self.engine.decide_unread(request, listener=provider, scope=scope or client.scope)
        return None if decision is None else PendingRequest(raw, request, decision, at, began)

    async def settle(self, case: PendingRequest) -> None:
        """Have the resolvers called that a case depends on."""
        resolving = case.decision
        if not isinstance(resolving, Resolving):
            return
        try:
            settled = await settle(resolving)
            case.decision = self._without_secrets(case.request, settled) if isinstance(settled, Failed) else settled
        except asyncio.CancelledError:  # the run has ended
            self.note(case, resolving.left(), None)
            raise
        except Exception as error:  # noqa: BLE001  # whatever fails here is reported, and no request escapes
            case.decision = self.internal_error(f"{case.request.method} {case.request.path}", error)

    def patched(self, case: PendingRequest, patch: Patch, real: Response) -> Mocked | Failed | ProxyReply:
        """What a handler makes of the real answer."""
        try:
            patched = patch(real)
            return self._without_secrets(case.request, patched) if isinstance(patched, Failed) else patched
        except Exception as error:  # noqa: BLE001  # whatever fails here is reported, and no request escapes
            return self.internal_error(f"{case.request.method} {case.request.path}", error)

    def _without_secrets(self, request: Request, failed: Failed) -> Failed:
        """A failure as the client may be told of it: what it prints of that ends up in logs."""
        response = failed.response
        text = self.recorder.masked(response.body.decode("utf-8", "replace"), request)
        return replace(failed, response=Response(response.status, response.headers, text.encode()))

    def note(
        self,
        case: PendingRequest,
        decision: Settled,
        answer: Response | None,
        large: Mapping[str, LargeBody] = MappingProxyType({}),
    ) -> None:
        """Note what the client was given; the answer is on its way already, so that faults are only told."""
        try:
            ms = round((time.perf_counter() - case.began) * 1000, 1)
            self.recorder.note(case.request, decision, answer, at=case.at, ms=ms, large=large)
            if isinstance(decision, Mocked) and decision.calls and answer is not None:
                self.calling.start(decision.calls, decision.metadata)
        except Exception as error:  # noqa: BLE001  # whatever fails here is reported, and no request escapes
            self.internal_error(f"{case.request.method} {case.request.path}", error)

    def internal_error(self, what: str, error: Exception) -> ProxyReply:
        """Tell the user and the client of a fault of ours with a request; its query may hold secrets."""
        what = self.recorder.masked(what.partition("?")[0])
        if self._control is not None:
            what = what.replace(self._control.token, "***")
        log.error("could not deal with %s", what, exc_info=error)
        text = f"could not deal with {what}: {type(error).__name__}: {error}"
        self.recorder.note_failure(text)
        return ProxyReply(problem(500, f"interceptor {self.recorder.masked(text)}"))

    # Our own addresses -----------------------------------------------------------------------------------------

    def opened(self, end: SocketEnd | None) -> None:
        """We have a connection of our own to somewhere: what comes in from its end comes from us."""
        if end is not None:
            self._our_ends.add(end)

    def closed(self, end: SocketEnd | None) -> None:
        if end is not None:
            self._our_ends.discard(end)

    def is_our_own(self, address: Address) -> bool:
        """True for the proxy's own port."""
        return address.port == self._port and is_loopback(address.host)

    def listener_at(self, host: str, port: int) -> Listener | None:
        """The direct door at an address that somebody asks the proxy for."""
        return self._listeners.get(port) if self._listeners and is_loopback(host) else None

    def _located(self, client: ClientEnd, raw: RawRequest) -> tuple[RawRequest, Listener | None]:
        """The request for the origin that it means, and the direct door that stands for that."""
        listener = client.listener or self.listener_at(raw.address.host, raw.address.port)
        return (raw, None) if listener is None else (raw._replace(address=origin_of(listener)), listener)

    def _at_our_own_address(
        self, client: ClientEnd, request: Request, address: Address, scope: str
    ) -> ProxyReply | None:
        if self.is_our_own(address):
            if request.path == _HEALTH and request.method in {"GET", "HEAD"}:
                return _HEALTHY
            if self._control is None or request.path.count("/") < 2:
                return _LOOP
            return ProxyReply(self._control.answer(request, scope))
        return _LOOP if client.peer in self._our_ends else None


@lru_cache  # one for each provider's own address
def origin_of(listener: Listener) -> Address:
    """The origin that a direct door stands for."""
    parts = urlsplit(listener.origin)
    return Address(parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme])


def problem(status: int, text: str) -> Response:
    headers = (("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store"))
    return Response(status, headers, f"{text}\n".encode("utf-8", "replace"))


_LOOP = ProxyReply(
    problem(508, "This is the address of interceptor itself: it is a proxy, and asking it for itself never ends.")
)
_HEALTH = "/health"
_HEALTHY = ProxyReply(problem(200, "ok"))


def no_websocket(request: Request, decision: Mocked) -> Unhandled:
    """Where mitmproxy has the client's connection, no handler can speak on it."""
    text = f"{request.method} {request.url.partition('?')[0]} asks for a WebSocket, which handlers cannot answer here"
    headers = (("content-type", "application/problem+json"), ("cache-control", "no-store"))
    body = json.dumps({"title": "No WebSockets here", "status": 501, "detail": text}, ensure_ascii=False).encode()
    known = decision.metadata
    metadata = Metadata(provider=known.provider, path=known.path, test=known.test, scope=known.scope)
    return Unhandled(Response(501, headers, body), metadata, text)
