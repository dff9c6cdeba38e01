"""The way from the verifier to the provider, where real values take the place of masked ones.

The verifier's own header option replaces a header in every request that has it and adds it to every one that has
not, state changes included, and everyone on the machine can read it among the verifier's arguments. Here a value is
put only where the pact holds a mask, and the verifier never knows it.

State changes come this way too: the verifier repeats one that ends with 500 or more for two minutes, and then says
nothing of what the provider answered.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import SplitResult, urlsplit

from interceptor.values.errors import VerificationError
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.messages import BODILESS
from interceptor.verification.real_values import RealValues

_OF_ONE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "host"}
_MOST_SHOWN = 500
"""Bytes of what a failed state change answered."""


class VerificationProxy(ThreadingHTTPServer):
    """A server on loopback that hands requests to the provider.

    `problems` says why a target got no answer or a state could not be set up, by target and by state.
    """

    daemon_threads = True

    def __init__(self, passing: type[_Passing], provider: SplitResult, values: RealValues, seconds: float) -> None:
        super().__init__(("127.0.0.1", 0), passing)
        self.provider = provider
        self.values = values
        self.seconds = seconds
        self.problems: dict[str, str] = {}
        self._lock = Lock()
        self._asked = 0
        self._last = time.monotonic()

    @property
    def netloc(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While the provider is being asked."""
        with self._lock:
            self._asked += 1
        try:
            yield
        finally:
            with self._lock:
                self._asked -= 1
                self._last = time.monotonic()

    def idle(self) -> float:
        """The seconds since the verifier has last waited for the provider."""
        with self._lock:
            return 0.0 if self._asked else time.monotonic() - self._last

    def connect(self) -> HTTPConnection:
        """A connection to the provider, not yet open."""
        host, port = self.provider.hostname or "", self.provider.port
        if self.provider.scheme == "https":
            return HTTPSConnection(host, port, timeout=self.seconds, context=ssl.create_default_context())
        return HTTPConnection(host, port, timeout=self.seconds)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The verifier went away: it says so itself."""


@contextmanager
def gate(url: str, seconds: float, values: RealValues | None = None) -> Iterator[VerificationProxy]:
    """A gate to what runs at `url` while the context is open.

    Args:
        url: the provider's, with its base path; or that for state changes, where there are no values.
        seconds: how long an answer may take.
        values: what takes the place of masked ones.

    Raises:
        VerificationError: where nothing listens.
    """
    passing = _StateChange if values is None else _Passing
    with VerificationProxy(passing, urlsplit(url), values or RealValues(), seconds) as server:
        probe = server.connect()
        try:
            probe.connect()
        except OSError as error:
            is_trust = isinstance(error, ssl.SSLError)
            hint = "name the authority of its certificate in SSL_CERT_FILE" if is_trust else "start the provider first"
            raise VerificationError(f"nothing can be reached at {url}: {error}", hint) from error
        finally:
            probe.close()
        thread = Thread(target=server.serve_forever, args=(0.05,), name="gate", daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Passing(BaseHTTPRequestHandler):
    """One request, to the provider and back."""

    protocol_version = "HTTP/1.1"
    server: VerificationProxy

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # whatever the method is
            return self._pass
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it
        """Nothing: the verifier tells what it does."""

    @property
    def subject(self) -> str:
        """What a problem is noted under."""
        return self.path

    def _pass(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("content-length") or 0))
        connection = self.server.connect()
        with self.server.asking():
            try:
                self._ask(connection)
                self._answer(connection.getresponse())
            except TimeoutError:
                self._give_up(f"the provider gave no answer within {self.server.seconds:g} s")
            except (OSError, HTTPException) as error:
                self._give_up(f"the provider gave no answer: {error or type(error).__name__}")
            finally:
                connection.close()

    def _ask(self, connection: HTTPConnection) -> None:
        values = self.server.values
        body = values.in_body(self.headers.get("content-type"), self.body)
        connection.putrequest(self.command, values.in_target(self.path), skip_host=True, skip_accept_encoding=True)
        connection.putheader("host", self.server.provider.netloc)
        for name, value in self.headers.items():
            if name.lower() == "content-length":
                connection.putheader(name, str(len(body)))
            elif name.lower() not in _OF_ONE_CONNECTION:
                connection.putheader(name, values.in_header(name, value))
        connection.endheaders(body or None)

    def _answer(self, response: HTTPResponse) -> None:
        body = response.read()
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in {*_OF_ONE_CONNECTION, "content-length"}:
                self.send_header(name, value)
        if self.command == "HEAD":
            self.send_header("content-length", response.getheader("content-length") or "0")
        elif response.status not in BODILESS:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _give_up(self, problem: str) -> None:
        self.server.problems[self.subject] = problem
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class _StateChange(_Passing):
    """One state change; whatever is wrong with it becomes a 400, which the verifier takes as final."""

    @property
    def subject(self) -> str:
        try:
            said: Json = parse_json(self.body)
        except NotJsonError:
            return self.path
        return str(said.get("state"))

    def _answer(self, response: HTTPResponse) -> None:
        if response.status < 400:
            super()._answer(response)
        else:
            said = response.read(_MOST_SHOWN).decode("utf-8", "replace").strip()
            self._give_up(f"{response.status} {said}".rstrip())

    def _give_up(self, problem: str) -> None:
        self.server.problems[self.subject] = problem
        self.send_response_only(400)
        self.send_header("content-length", "0")
        self.end_headers()
