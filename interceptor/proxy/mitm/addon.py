"""The thin addon between mitmproxy's flows and the engine."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import assert_never

from mitmproxy import connection, http, tls
from mitmproxy.flow import Error
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from interceptor.engine import SCOPE_HEADER
from interceptor.project.config import Policy
from interceptor.proxy.dispatcher import ClientEnd, Dispatcher, PendingRequest, ProxyReply, RawRequest, no_websocket
from interceptor.proxy.mitm.flows import address_of, response_of, to_mitmproxy
from interceptor.proxy.noted_body import NotedBody
from interceptor.proxy.translate import coding_of, make_response
from interceptor.recorder.recorder import is_recorded
from interceptor.values.decisions import Failed, Mocked, Passthrough, Resolving, Unhandled
from interceptor.values.messages import Headers, Response
from interceptor.values.origins import is_loopback

_OF_THE_CLIENT = ("Client disconnected.", Error.KILLED_MESSAGE)
"""Errors of mitmproxy's for which the real server is not to blame."""


@dataclass
class _Passing:
    """A request on its way to the real server."""

    case: PendingRequest
    decision: Passthrough
    body: NotedBody


class InterceptAddon:
    """Answers flows as the engine decides, and notes them.

    In somebody else's mitmproxy these are all requests, as its other addons want to see the flows; behind our own
    server it is HTTP/2 alone. A stream is sent as a whole, and every fault ends the connection.

    Args:
        dispatcher: decides and notes.
        others: the project's policy for requests that nobody owns.
        forwarded: the ids of clients whose requests are decided about already.
    """

    def __init__(self, dispatcher: Dispatcher, others: Policy, forwarded: Container[str] = ()) -> None:
        self.clients: dict[str, ClientEnd] = {}
        """By the id of mitmproxy's client: the real client, where that is another."""
        self._dispatcher = dispatcher
        self._others = others
        self._forwarded = forwarded
        self._passing: dict[str, _Passing] = {}
        self._gone: dict[str, asyncio.Event] = {}

    def client_connected(self, client: connection.Client) -> None:
        self._gone[client.id] = asyncio.Event()

    def client_disconnected(self, client: connection.Client) -> None:
        self.clients.pop(client.id, None)
        if (gone := self._gone.pop(client.id, None)) is not None:
            gone.set()

    def server_connected(self, data: ServerConnectionHookData) -> None:
        self._dispatcher.opened(_end(data.server.sockname))

    def server_disconnected(self, data: ServerConnectionHookData) -> None:
        self._dispatcher.closed(_end(data.server.sockname))

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """Tunnel what nobody owns: its certificate is the real server's, its content stays closed."""
        address = data.context.server.address
        if address is None:
            return
        host, port = address[0], address[1]
        names = [host, data.client_hello.sni or host]
        if any(self._dispatcher.engine.opens("https", name, port) for name in names):
            return
        if self._others == "error" and not is_loopback(host):
            return
        data.ignore_connection = True
        self._dispatcher.recorder.note_tunnel(host, port, reported=self._others == "warn" and not is_loopback(host))

    def tls_failed_client(self, data: tls.TlsData) -> None:
        if data.conn.error is not None and "disconnected" in data.conn.error:
            return  # without a word about the certificate: browsers open connections that they never use
        address = data.context.server.address
        self._dispatcher.recorder.note_refused(data.conn.sni or (address[0] if address else "the proxy itself"))

    async def request(self, flow: http.HTTPFlow) -> None:
        if not _open(flow) or flow.client_conn.id in self._forwarded:
            return
        gone = self._gone.get(flow.client_conn.id)
        client = self.clients.get(flow.client_conn.id) or ClientEnd(_end(flow.client_conn.peername))
        case = self._dispatcher.arrived(client, _arrival(flow))
        flow.request.headers.pop(SCOPE_HEADER, None)
        await self._dispatcher.settle(case)
        decision = case.decision
        if isinstance(decision, Mocked) and decision.dialogue is not None:
            decision = no_websocket(case.request, decision)
        match decision:
            case Passthrough():
                _redirect(flow, case, decision)
                self._passing[flow.id] = _Passing(case, decision, NotedBody(self._dispatcher.recorder.largest_body))
            case ProxyReply():
                flow.response = to_mitmproxy(decision.response, flow.request.method)
            case Mocked() | Unhandled() | Failed():
                await self._answer(flow, case, decision, gone)
            case Resolving():
                raise AssertionError("a resolver's decision is settled above")
            case _:
                assert_never(decision)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Let real answers flow as they come, so that event streams and large files do not wait for their end."""
        passing = self._passing.get(flow.id)
        if passing is not None and flow.response is not None and passing.decision.patch is None:
            flow.response.stream = _collector(passing.body) if is_recorded(passing.decision) else True

    async def response(self, flow: http.HTTPFlow) -> None:
        passing = self._passing.pop(flow.id, None)
        if passing is None or flow.response is None:
            return
        case, decision = passing.case, passing.decision
        if decision.patch is not None:
            gone = self._gone.get(flow.client_conn.id)
            patched = self._dispatcher.patched(case, decision.patch, response_of(flow.response))
            if isinstance(patched, ProxyReply):
                flow.response = to_mitmproxy(patched.response, flow.request.method)
            else:
                await self._answer(flow, case, patched, gone)
            return
        fields = flow.response.headers.fields
        content, large = passing.body.noted(coding_of(fields))
        answer = make_response(flow.response.status_code, fields, content)
        self._dispatcher.note(case, decision, answer, {"response": large} if large else {})

    def error(self, flow: http.HTTPFlow) -> None:
        if (passing := self._passing.pop(flow.id, None)) is not None:
            self._dispatcher.note(passing.case, passing.decision, None)
            why = flow.error.msg if flow.error is not None else ""
            if is_recorded(passing.decision) and why not in _OF_THE_CLIENT:
                self._dispatcher.recorder.note_unanswered(passing.case.request, why)

    async def _answer(
        self,
        flow: http.HTTPFlow,
        case: PendingRequest,
        decision: Mocked | Unhandled | Failed,
        gone: asyncio.Event | None,
    ) -> None:
        """Give the client its answer, if it still waits for one when its time has come."""
        answer: Response | None = decision.response
        cors: Headers = ()
        if isinstance(decision, Mocked):
            cors = decision.cors
            delay = math.inf if decision.fault == "timeout" else decision.delay
            if not await _wait(gone, delay) or decision.fault is not None:
                answer = None
        if answer is not None:
            flow.response = to_mitmproxy(answer, flow.request.method, cors)
        elif flow.killable:
            flow.kill()
        self._dispatcher.note(case, decision, answer)


async def _wait(gone: asyncio.Event | None, ms: float) -> bool:
    """Let the delay of an answer pass; False where the client went away meanwhile."""
    if gone is None:
        return False
    if ms > 0:
        try:
            await asyncio.wait_for(gone.wait(), None if math.isinf(ms) else ms / 1000)
        except TimeoutError:
            return True
    return not gone.is_set()


def _open(flow: http.HTTPFlow) -> bool:
    """Whether a flow is still ours to answer: not answered, dead or replayed by another addon."""
    return flow.live and flow.response is None and flow.error is None and flow.is_replay is None


def _arrival(flow: http.HTTPFlow) -> RawRequest:
    request = flow.request
    return RawRequest(
        request.method,
        address_of(flow),
        request.data.path,
        request.headers.fields,
        request.raw_content or b"",
        websocket=request.headers.get("upgrade", "").lower() == "websocket",
    )


def _redirect(flow: http.HTTPFlow, case: PendingRequest, decision: Passthrough) -> None:
    """Have the real server asked that a provider's own address stands for, or that a handler names."""
    if case.raw.address != address_of(flow):
        flow.request.scheme, flow.request.host, flow.request.port = case.raw.address
    if decision.to is not None:
        flow.request.url = decision.to
    for name, _ in decision.headers:
        flow.request.headers.pop(name, None)
    for name, value in decision.headers:
        if value is not None:
            flow.request.headers.add(name, value)


def _end(address: connection.Address | None) -> tuple[str, int] | None:
    return None if address is None else (address[0], address[1])


def _collector(body: NotedBody) -> Callable[[bytes], bytes]:
    def pass_on(chunk: bytes) -> bytes:
        body.add(chunk)
        return chunk

    return pass_on
