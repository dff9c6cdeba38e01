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

from interceptor.control import Control
from interceptor.decisions import Decision, Failed, Mocked, Note, Passthrough, Resolving, Settled, Unhandled
from interceptor.engine import Engine
from interceptor.matching.owners import is_loopback
from interceptor.messages import DEFAULT_PORTS, Request, Response
from interceptor.proxy.resolving import settle
from interceptor.proxy.translate import Address, Fields, make_request, request_fields
from interceptor.recorder import Recorder
from interceptor.stage.doors import Doors, Listener

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Aside:
    """An answer to what is no business of the consumer's; it is never noted."""

    response: Response


class Arrival(NamedTuple):
    """A request as it is on the wire, whichever door it came in by."""

    method: str
    address: Address
    target: bytes
    fields: Fields
    body: bytes
    websocket: bool


Patch: TypeAlias = Callable[[Response], Mocked | Failed]
Verdict: TypeAlias = Decision | Aside


@dataclass(slots=True)
class Case:
    """A request, and what is to be done about it."""

    request: Request
    decision: Verdict
    at: float
    """When it was complete, POSIX seconds."""
    began: float
    origin: Address | None = None
    """The real server, where the request came in at a provider's own address."""


class Desk:
    """Knows whose request it is, has the engine decide, and takes the notes.

    Args:
        engine: decides.
        recorder: notes.
        doors: our own addresses; None where somebody else runs the proxy.
        control: answers at the control address.
    """

    def __init__(
        self, engine: Engine, recorder: Recorder, doors: Doors | None = None, control: Control | None = None
    ) -> None:
        self.engine = engine
        self.recorder = recorder
        self._control = control
        self._port = doors.port if doors is not None else None
        self._listeners: Mapping[int, Listener] = {each.port: each for each in doors.listeners} if doors else {}
        self._our_ends: set[connection.Address] = set()
        self._handed: dict[str, Case] = {}

    def arrived(self, client: connection.Client, arrival: Arrival) -> Case:
        """Decide about a request. A fault of ours must not let it escape to the real server: it is answered then."""
        at, began = time.time(), time.perf_counter()
        decision: Verdict
        listener = None
        try:
            listener = self._listener(client, arrival.address)
            address = _origin(listener) if listener else arrival.address
            request = make_request(arrival.method, address, arrival.target, arrival.fields, arrival.body)
            scope = request_fields(arrival.fields).scope
            decision = self._at_our_own_address(client, request, address, scope) or self._decide(
                request, listener, scope, websocket=arrival.websocket
            )
        except Exception as error:  # noqa: BLE001
            request = Request(arrival.method, "")
            decision = self.at_a_loss(f"{arrival.method} {arrival.target.decode('latin-1')}", error)
        return Case(request, decision, at, began, _origin(listener) if listener else None)

    def _decide(self, request: Request, listener: Listener | None, scope: str, *, websocket: bool) -> Decision:
        decision = self.engine.decide(request, listener=listener.provider if listener else None, scope=scope)
        if websocket and not isinstance(decision, Passthrough):
            return _no_websocket(request, decision)
        return decision

    async def settle(self, case: Case) -> None:
        """Have the resolvers called that a case depends on."""
        if not isinstance(case.decision, Resolving):
            return
        try:
            case.decision = await settle(case.decision)
        except Exception as error:  # noqa: BLE001
            case.decision = self.at_a_loss(f"{case.request.method} {case.request.path}", error)

    def patched(self, case: Case, patch: Patch, real: Response) -> Mocked | Failed | Aside:
        """What a handler makes of the real answer."""
        try:
            return patch(real)
        except Exception as error:  # noqa: BLE001
            return self.at_a_loss(f"{case.request.method} {case.request.path}", error)

    def note(self, case: Case, decision: Settled, answer: Response | None) -> None:
        """Note what the client was given; the answer is on its way already, so that faults are only told."""
        try:
            ms = round((time.perf_counter() - case.began) * 1000, 1)
            self.recorder.note(case.request, decision, answer, at=case.at, ms=ms)
        except Exception as error:  # noqa: BLE001
            self.at_a_loss(f"{case.request.method} {case.request.path}", error)

    def at_a_loss(self, what: str, error: Exception) -> Aside:
        """Tell the user and the client of a fault of ours with a request; its query may hold secrets."""
        what = what.partition("?")[0]
        log.error("could not deal with %s", what, exc_info=error)
        text = f"could not deal with {what}: {type(error).__name__}: {error}"
        self.recorder.note_failure(text)
        return Aside(problem(500, f"interceptor {text}"))

    # From the lane to the flows --------------------------------------------------------------------------------

    def hand_over(self, client: connection.Client, case: Case) -> None:
        """The lane decided about a request that mitmproxy is to deal with; no request is decided about twice."""
        self._handed[client.id] = case

    def handed_over(self, client: connection.Client) -> Case | None:
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
    ) -> Aside | None:
        if address.port == self._port and is_loopback(address.host):
            if self._control is None or request.path.count("/") < 2:
                return _LOOP
            return Aside(self._control.answer(request, scope))
        return _LOOP if client.peername is not None and client.peername[:2] in self._our_ends else None


@lru_cache
def _origin(listener: Listener) -> Address:
    parts = urlsplit(listener.origin)
    return Address(parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme])


def problem(status: int, text: str) -> Response:
    headers = (("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store"))
    return Response(status, headers, f"{text}\n".encode("utf-8", "replace"))


_LOOP = Aside(
    problem(508, "This is the address of interceptor itself: it is a proxy, and asking it for itself never ends.")
)


def _no_websocket(request: Request, decision: Mocked | Unhandled | Failed | Resolving) -> Unhandled:
    text = f"{request.method} {request.url.partition('?')[0]} asks for a WebSocket, which handlers cannot answer yet"
    headers = (("content-type", "application/problem+json"), ("cache-control", "no-store"))
    body = json.dumps({"title": "No WebSockets yet", "status": 501, "detail": text}, ensure_ascii=False).encode()
    known = Note() if isinstance(decision, Resolving) else decision.note
    note = Note(provider=known.provider, path=known.path, test=known.test, scope=known.scope)
    return Unhandled(Response(501, headers, body), note, text)
