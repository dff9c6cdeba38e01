"""A proxy between the verifier and the provider, which replaces masked values by real ones.

The verifier's own header option sets a header in every request, state changes included, and anyone on the machine can
read it among the verifier's arguments. Here a value is set only where the pact holds a mask, and the verifier never
sees it.

State changes pass through here too: the verifier repeats one that fails with 500 or more for two minutes, and then
does not say what the provider answered; nor does it say whose state it is.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import SplitResult, urlsplit

from interceptor.values.errors import VerificationError
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.messages import LENGTHLESS
from interceptor.verification.real_values import RealValues

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "host"}
_MOST_SHOWN = 500
"""Bytes of what a failed state change answered."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_UNREADABLE = "\xff"
"""A location that is no UTF-8. The verifier follows the first location that it can read, and there is no option against
that: before this one it neither follows nor, when it compares, sees any but the second."""


@dataclass(frozen=True, slots=True)
class ProxyRoute:
    """What is behind a proxy: the provider, or where its states are set up.

    Args:
        url: the provider's, with its base path; or where state changes go, if `values` is None.
        seconds: how long an answer may take.
        begun: shared by the proxy of the provider and that of its states: set while an interaction has had a state
            change and no request yet.
        values: what replaces masked ones.
        consumer: whose pacts are verified, where that is known.
    """

    url: str
    seconds: float
    begun: Event
    values: RealValues | None = None
    consumer: str | None = None

    @property
    def target(self) -> SplitResult:
        return urlsplit(self.url)


class VerificationProxy(ThreadingHTTPServer):
    """A server on loopback that forwards requests to the provider.

    `problems` says why a target got no answer, or why a state could not be set up, by target and by state.
    """

    daemon_threads = True

    def __init__(self, route: ProxyRoute) -> None:
        super().__init__(("127.0.0.1", 0), _StateChange if route.values is None else _ForwardedRequest)
        self.route = route
        self.problems: dict[str, str] = {}
        self._lock = Lock()
        self._pending = 0
        self._last = time.monotonic()

    @property
    def netloc(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Waiting for the provider, while the context is open."""
        with self._lock:
            self._pending += 1
        try:
            yield
        finally:
            with self._lock:
                self._pending -= 1
                self._last = time.monotonic()

    def idle(self) -> float:
        """Seconds since the verifier last waited for the provider."""
        with self._lock:
            return 0.0 if self._pending else time.monotonic() - self._last

    def connect(self) -> HTTPConnection:
        """A connection to the provider, not yet open."""
        target, seconds = self.route.target, self.route.seconds
        host = target.hostname or ""
        if target.scheme == "https":
            return HTTPSConnection(host, target.port, timeout=seconds, context=ssl.create_default_context())
        return HTTPConnection(host, target.port, timeout=seconds)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: the verifier says itself that it went away."""


@contextmanager
def verification_proxy(route: ProxyRoute) -> Iterator[VerificationProxy]:
    """A proxy for what is at the end of a route, while the context is open.

    Raises:
        VerificationError: nothing listens there.
    """
    with VerificationProxy(route) as server:
        probe = server.connect()
        try:
            probe.connect()
        except OSError as error:
            is_trust = isinstance(error, ssl.SSLError)
            hint = "name the certificate authority in SSL_CERT_FILE" if is_trust else "start the provider first"
            raise VerificationError(f"cannot reach {route.url}: {error}", hint) from error
        finally:
            probe.close()
        thread = Thread(target=server.serve_forever, args=(0.05,), name="verification proxy", daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _ForwardedRequest(BaseHTTPRequestHandler):
    """A request of the verifier, forwarded to the provider."""

    protocol_version = "HTTP/1.1"
    server: VerificationProxy
    may_be_followed = False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # whatever the method is
            return self._forward
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it
        """Nothing: the verifier reports what it does."""

    @property
    def subject(self) -> str:
        """The key under which a problem is recorded."""
        return self.path

    def _forward(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self._begin()
        connection = self.server.connect()
        with self.server.waiting():
            try:
                self._ask(connection)
                self._answer(connection.getresponse())
            except TimeoutError:
                self._give_up(f"the provider did not respond within {self.server.route.seconds:g} s")
            except (OSError, HTTPException) as error:
                self._give_up(f"the provider gave no answer: {error or type(error).__name__}")
            finally:
                connection.close()

    def _begin(self) -> None:
        self.server.route.begun.clear()

    def _ask(self, connection: HTTPConnection) -> None:
        values = self.server.route.values or RealValues()
        body = values.in_body(self.headers.get("content-type"), self.body)
        connection.putrequest(self.command, values.in_target(self.path), skip_host=True, skip_accept_encoding=True)
        connection.putheader("host", self.server.route.target.netloc)
        for name, value in self.headers.items():
            if name.lower() == "content-length":
                connection.putheader(name, str(len(body)))
            elif name.lower() not in _HOP_BY_HOP:
                connection.putheader(name, values.in_header(name, value))
        connection.endheaders(body or None)

    def _answer(self, response: HTTPResponse) -> None:
        body = response.read()
        self.send_response_only(response.status, response.reason)
        if response.status in _REDIRECTS and not self.may_be_followed:
            self.send_header("location", _UNREADABLE)
        for name, value in response.getheaders():
            if name.lower() not in {*_HOP_BY_HOP, "content-length"}:
                self.send_header(name, value)
        if self.command == "HEAD":
            self.send_header("content-length", response.getheader("content-length") or "0")
        elif response.status not in LENGTHLESS:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _give_up(self, problem: str) -> None:
        self.server.problems[self.subject] = problem
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class _StateChange(_ForwardedRequest):
    """A state change; any failure becomes a 400, which the verifier does not repeat.

    Its body says more than the verifier's: `consumer`, and whether it is the `first` state of its interaction.
    """

    may_be_followed = True

    @property
    def subject(self) -> str:
        return str(self._change.get("state"))

    def _begin(self) -> None:
        try:
            self._change: Json = parse_json(self.body)
        except NotJsonError:
            self._change = {}
            return
        if self.server.route.consumer is not None:
            self._change["consumer"] = self.server.route.consumer
        if self._change.get("action") == "setup":
            self._change["first"] = not self.server.route.begun.is_set()
            self.server.route.begun.set()
        self.body = json.dumps(self._change, ensure_ascii=False).encode("utf-8", "surrogatepass")

    def _answer(self, response: HTTPResponse) -> None:
        if response.status < 400:
            super()._answer(response)
        else:
            text = response.read(_MOST_SHOWN).decode("utf-8", "replace").strip()
            self._give_up(f"{response.status} {text}".rstrip())

    def _give_up(self, problem: str) -> None:
        self.server.route.begun.clear()
        self.server.problems[self.subject] = problem
        self.send_response_only(400)
        self.send_header("content-length", "0")
        self.end_headers()
