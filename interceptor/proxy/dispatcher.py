"""What both doors of the proxy share, mitmproxy's flows and the fast lane: each request comes by here once."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

from mitmproxy import connection

from interceptor.engine import Engine
from interceptor.project.origins import is_loopback
from interceptor.proxy.http1 import Fields
from interceptor.proxy.resolving import settle
from interceptor.proxy.translate import Address, make_request, request_fields
from interceptor.recorder.control import Control
from interceptor.recorder.recorder import Recorder
from interceptor.run.listeners import Listener, Listeners
from interceptor.values.decisions import Decision, Failed, Mocked, Passthrough, Resolving, Settled, Unhandled
from interceptor.values.exchange import Metadata
from interceptor.values.messages import Request, Response
from interceptor.values.urls import DEFAULT_PORTS

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProxyReply:
    """An answer to what is no business of the consumer's; it is never noted."""

    response: Response


class RawRequest(NamedTuple):
    """A request as it is on the wire, whichever door it came in by."""

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
    """A request, and what is to be done about it."""

    request: Request
    decision: DispatchDecision
    at: float
    """When it was complete, POSIX seconds."""
    began: float
    origin: Address | None = None
    """The real server, where the request came in at a provider's own address."""


class Dispatcher:
    """Knows whose request it is, has the engine decide, and takes the notes.

    Args:
        engine: decides.
        recorder: notes.
        doors: our own addresses; None where somebody else runs the proxy.
        control: answers at the control address.
    """

    def __init__(
        self, engine: Engine, recorder: Recorder, doors: Listeners | None = None, control: Control | None = None
    ) -> None:
        self.engine = engine
        self.recorder = recorder
        self._control = control
        self._port = doors.port if doors is not None else None
        self._listeners: Mapping[int, Listener] = {each.port: each for each in doors.listeners} if doors else {}
        self._our_ends: set[connection.Address] = set()
        self._handed: dict[str, PendingRequest] = {}

    def arrived(self, client: connection.Client, raw: RawRequest) -> PendingRequest:
        """Decide about a request. A fault of ours must not let it escape to the real server: it is answered then."""
        at, began = time.time(), time.perf_counter()
        decision: DispatchDecision
        listener = None
        try:
            listener = self._listener(client, raw.address)
            address = _origin(listener) if listener else raw.address
            request = make_request(raw.method, address, raw.target, raw.fields, raw.body)
            scope = request_fields(raw.fields).scope
            decision = self._at_our_own_address(client, request, address, scope) or self._decide(
                request, listener, scope, websocket=raw.websocket
            )
        except Exception as error:  # noqa: BLE001
            request = Request(raw.method, "")
            decision = self.internal_error(f"{raw.method} {raw.target.decode('latin-1')}", error)
        return PendingRequest(request, decision, at, began, _origin(listener) if listener else None)

    def _decide(self, request: Request, listener: Listener | None, scope: str, *, websocket: bool) -> Decision:
        decision = self.engine.decide(request, listener=listener.provider if listener else None, scope=scope)
        if websocket and not isinstance(decision, Passthrough):
            return _no_websocket(request, decision)
        return decision

    async def settle(self, case: PendingRequest) -> None:
        """Have the resolvers called that a case depends on."""
        if not isinstance(case.decision, Resolving):
            return
        try:
            case.decision = await settle(case.decision)
        except Exception as error:  # noqa: BLE001
            case.decision = self.internal_error(f"{case.request.method} {case.request.path}", error)

    def patched(self, case: PendingRequest, patch: Patch, real: Response) -> Mocked | Failed | ProxyReply:
        """What a handler makes of the real answer."""
        try:
            return patch(real)
        except Exception as error:  # noqa: BLE001
            return self.internal_error(f"{case.request.method} {case.request.path}", error)

    def note(self, case: PendingRequest, decision: Settled, answer: Response | None) -> None:
        """Note what the client was given; the answer is on its way already, so that faults are only told."""
        try:
            ms = round((time.perf_counter() - case.began) * 1000, 1)
            self.recorder.note(case.request, decision, answer, at=case.at, ms=ms)
        except Exception as error:  # noqa: BLE001
            self.internal_error(f"{case.request.method} {case.request.path}", error)

    def internal_error(self, what: str, error: Exception) -> ProxyReply:
        """Tell the user and the client of a fault of ours with a request; its query may hold secrets."""
        what = what.partition("?")[0]
        log.error("could not deal with %s", what, exc_info=error)
        text = f"could not deal with {what}: {type(error).__name__}: {error}"
        self.recorder.note_failure(text)
        return ProxyReply(problem(500, f"interceptor {text}"))

    # From the lane to the flows --------------------------------------------------------------------------------

    def hand_over(self, client: connection.Client, case: PendingRequest) -> None:
        """The lane decided about a request that mitmproxy is to deal with; no request is decided about twice."""
        self._handed[client.id] = case

    def handed_over(self, client: connection.Client) -> PendingRequest | None:
        return self._handed.pop(client.id, None)

    # Our own addresses -----------------------------------------------------------------------------------------

    def opened(self, end: connection.Address | None) -> None:
        """We have a connection of our own to somewhere: what comes in from its end comes from us."""
        if end is not None:
            self._our_ends.add(end[:2])

    def closed(self, end: connection.Address | None) -> None:
        if end is not None:
            self._our_ends.discard(end[:2])

    def _listener(self, client: connection.Client, address: Address) -> Listener | None:
        """The provider's own address that a request came in at, directly or through the proxy's."""
        if not self._listeners:
            return None
        listener = self._listeners.get(client.sockname[1]) if client.sockname else None
        if listener is None and is_loopback(address.host):
            return self._listeners.get(address.port)
        return listener

    def _at_our_own_address(
        self, client: connection.Client, request: Request, address: Address, scope: str
    ) -> ProxyReply | None:
        if address.port == self._port and is_loopback(address.host):
            if self._control is None or request.path.count("/") < 2:
                return _LOOP
            return ProxyReply(self._control.answer(request, scope))
        return _LOOP if client.peername is not None and client.peername[:2] in self._our_ends else None


@lru_cache
def _origin(listener: Listener) -> Address:
    parts = urlsplit(listener.origin)
    return Address(parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme])


def problem(status: int, text: str) -> Response:
    headers = (("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store"))
    return Response(status, headers, f"{text}\n".encode("utf-8", "replace"))


_LOOP = ProxyReply(
    problem(508, "This is the address of interceptor itself: it is a proxy, and asking it for itself never ends.")
)


def _no_websocket(request: Request, decision: Mocked | Unhandled | Failed | Resolving) -> Unhandled:
    text = f"{request.method} {request.url.partition('?')[0]} asks for a WebSocket, which handlers cannot answer yet"
    headers = (("content-type", "application/problem+json"), ("cache-control", "no-store"))
    body = json.dumps({"title": "No WebSockets yet", "status": 501, "detail": text}, ensure_ascii=False).encode()
    known = Metadata() if isinstance(decision, Resolving) else decision.metadata
    metadata = Metadata(provider=known.provider, path=known.path, test=known.test, scope=known.scope)
    return Unhandled(Response(501, headers, body), metadata, text)
