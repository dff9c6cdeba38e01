"""The thin addon between mitmproxy's flows and the engine."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import assert_never
from urllib.parse import urlsplit

from mitmproxy import connection, http, tls
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from interceptor.config import Policy
from interceptor.decisions import Failed, Mocked, Passthrough, Unhandled
from interceptor.doors import Listener
from interceptor.engine import Engine
from interceptor.journal import timestamp
from interceptor.messages import DEFAULT_PORTS, Headers, Request, Response
from interceptor.owners import is_loopback
from interceptor.proxy.translate import request_of, response_of, to_mitmproxy
from interceptor.recorder import Recorder, is_recorded

log = logging.getLogger(__name__)

SCOPE_HEADER = "x-interceptor-scope"
"""Keeps the parallel workers of a suite apart; a word between the suite and us, so it goes no further."""


@dataclass
class _Passing:
    """A request on its way to the real server."""

    request: Request
    decision: Passthrough
    at: str
    began: float
    body: bytearray = field(default_factory=bytearray)


class InterceptAddon:
    """Answers flows as the engine decides, and notes them.

    Args:
        engine: decides.
        recorder: notes.
        others: the project's policy for requests that nobody owns.
        listeners: the providers' own addresses by port.
    """

    def __init__(
        self, engine: Engine, recorder: Recorder, others: Policy, listeners: Mapping[int, Listener] | None = None
    ) -> None:
        self._engine = engine
        self._recorder = recorder
        self._others = others
        self._listeners = listeners or {}
        self._passing: dict[str, _Passing] = {}
        self._gone: dict[str, asyncio.Event] = {}
        self._our_ends: set[tuple[str, int]] = set()

    def client_connected(self, client: connection.Client) -> None:
        self._gone[client.id] = asyncio.Event()

    def client_disconnected(self, client: connection.Client) -> None:
        if (gone := self._gone.pop(client.id, None)) is not None:
            gone.set()

    def server_connected(self, data: ServerConnectionHookData) -> None:
        if (end := _end(data.server.sockname)) is not None:
            self._our_ends.add(end)

    def server_disconnected(self, data: ServerConnectionHookData) -> None:
        if (end := _end(data.server.sockname)) is not None:
            self._our_ends.discard(end)

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """Tunnel what nobody owns: its certificate is the real server's, its content stays closed."""
        address = data.context.server.address
        if address is None:
            return
        host, port = address[0], address[1]
        names = [host, data.client_hello.sni or host]
        if any(self._engine.opens("https", name, port) for name in names):
            return
        if self._others == "error" and not is_loopback(host):
            return
        data.ignore_connection = True
        self._recorder.note_tunnel(host, port, reported=self._others == "warn" and not is_loopback(host))

    def tls_failed_client(self, data: tls.TlsData) -> None:
        if data.conn.error is not None and "disconnected" in data.conn.error:
            return  # without a word about the certificate: browsers open connections that they never use
        address = data.context.server.address
        self._recorder.note_refused(data.conn.sni or (address[0] if address else "the proxy itself"))

    async def request(self, flow: http.HTTPFlow) -> None:
        if not _open(flow):
            return
        if _end(flow.client_conn.peername) in self._our_ends:
            flow.response = to_mitmproxy(_LOOP, flow.request.method)
            return
        began, stamp = time.perf_counter(), timestamp()
        listener = self._listener(flow)
        scope = flow.request.headers.pop(SCOPE_HEADER, "")
        try:
            request = request_of(flow)
            cors: Headers = ()
            decision = self._engine.decide(request, listener=listener.provider if listener else None, scope=scope)
            match decision:
                case Mocked():
                    cors = decision.cors
                    answer = decision.response if await self._wait(flow, decision.delay) else None
                case Unhandled() | Failed():
                    answer = decision.response
                case Passthrough():
                    self._passing[flow.id] = _Passing(request, decision, stamp, began)
                    return
                case _:
                    assert_never(decision)
            if answer is not None:
                flow.response = to_mitmproxy(answer, request.method, cors)
            self._recorder.note(request, decision, answer, at=stamp, ms=_milliseconds(began))
        except Exception as error:  # noqa: BLE001  # a fault of ours must not let a request escape to the real server
            text = self._report(flow.request.method, flow.request.path.partition("?")[0], error)
            flow.response = to_mitmproxy(_problem(500, f"interceptor {text}"), flow.request.method)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Let real answers flow as they come, so that event streams and large files do not wait for their end."""
        if (passing := self._passing.get(flow.id)) is not None and flow.response is not None:
            flow.response.stream = _collector(passing.body) if is_recorded(passing.decision) else True

    def response(self, flow: http.HTTPFlow) -> None:
        passing = self._passing.pop(flow.id, None)
        if passing is None or flow.response is None:
            return
        if is_recorded(passing.decision):
            flow.response.data.content = bytes(passing.body)
        self._note_passed(passing, flow.response)

    def error(self, flow: http.HTTPFlow) -> None:
        if (passing := self._passing.pop(flow.id, None)) is not None:
            self._note_passed(passing, None)

    def _note_passed(self, passing: _Passing, real: http.Response | None) -> None:
        try:
            answer = None if real is None else response_of(real)
            self._recorder.note(
                passing.request, passing.decision, answer, at=passing.at, ms=_milliseconds(passing.began)
            )
        except Exception as error:  # noqa: BLE001  # the answer is on its way already: all that is left is to tell
            self._report(passing.request.method, passing.request.path, error)

    def _report(self, method: str, path: str, error: Exception) -> str:
        log.error("could not deal with %s %s", method, path, exc_info=error)
        text = f"could not deal with {method} {path}: {type(error).__name__}: {error}"
        self._recorder.note_failure(text)
        return text

    def _listener(self, flow: http.HTTPFlow) -> Listener | None:
        """The provider's own address that a request came in at, directly or through the proxy's.

        The request then becomes one for the provider.
        """
        client, request = flow.client_conn.sockname, flow.request
        listener = self._listeners.get(client[1]) if client else None
        if listener is None and is_loopback(request.host):
            listener = self._listeners.get(request.port)
        if listener is not None:
            origin = urlsplit(listener.origin)
            request.scheme = origin.scheme
            request.host = origin.hostname or ""
            request.port = origin.port or DEFAULT_PORTS[origin.scheme]
        return listener

    async def _wait(self, flow: http.HTTPFlow, ms: float) -> bool:
        """Let the delay of an answer pass; False where the client went away meanwhile."""
        if ms <= 0:
            return True
        gone = self._gone.get(flow.client_conn.id)
        if gone is not None:
            try:
                await asyncio.wait_for(gone.wait(), None if math.isinf(ms) else ms / 1000)
            except TimeoutError:
                return True
        if flow.killable:
            flow.kill()
        return False


def _open(flow: http.HTTPFlow) -> bool:
    """Whether a flow is still ours to answer: not answered, dead or replayed by another addon."""
    return flow.live and flow.response is None and flow.error is None and flow.is_replay is None


def _end(address: connection.Address | None) -> tuple[str, int] | None:
    return None if address is None else (address[0], address[1])


def _milliseconds(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)


def _collector(body: bytearray) -> Callable[[bytes], bytes]:
    def pass_on(chunk: bytes) -> bytes:
        body.extend(chunk)
        return chunk

    return pass_on


def _problem(status: int, text: str) -> Response:
    headers = (("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store"))
    return Response(status, headers, f"{text}\n".encode())


_LOOP = _problem(508, "This is the address of interceptor itself: it is a proxy, and asking it for itself never ends.")
