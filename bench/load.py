"""A closed loop of connections: each sends a request, reads the answer to its end, sends the next.

Sockets and a selector only, so that one process of Python asks faster than anything that it measures answers; how
fast it can ask is measured as well, against `bench/bare.py`.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

ANSWER = b'{"id":"10","name":"Kettle","price":39.5}'
"""The body of every answer, byte for byte."""

HOST = "api.example.com"
_PATIENCE = 30.0
"""Seconds without any answer, after which a measurement gives up."""


class BenchError(Exception):
    """What answers is not what is to be measured."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go: a proxy is asked for a whole URL or for a tunnel, a server for the path alone."""

    port: int
    proxy: bool
    tls: bool = False
    path: str = "/products/10"
    """A `%d` in it is the number of the request, so that each differs from the others."""
    body: bytes = b""
    """JSON to be posted; without one, the request is a GET."""

    @property
    def request(self) -> bytes:
        """The bytes of a request, where `path` has no number."""
        target = f"http://{HOST}{self.path}" if self.proxy and not self.tls else self.path
        head = f"{'POST' if self.body else 'GET'} {target} HTTP/1.1\r\nhost: {HOST}\r\naccept: application/json\r\n"
        if self.body:
            head += f"content-type: application/json\r\ncontent-length: {len(self.body)}\r\n"
        return f"{head}\r\n".encode() + self.body


@dataclass(frozen=True, slots=True)
class Load:
    """How much one measurement asks: until one of the two is used up."""

    connections: int = 1
    seconds: float = _PATIENCE
    requests: float = float("inf")
    keep_alive: bool = True
    """False: every request on a connection of its own, whose making is a part of its latency."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement: requests per second, latencies in milliseconds, and how many answers there were."""

    rate: float
    p50: float
    p99: float
    answers: int


def measure(target: Target, load: Load) -> Sample:
    """Ask, and time the answers.

    Raises:
        BenchError: where an answer is not the expected one.
        OSError: where nobody listens, or nobody answers.
    """
    with selectors.DefaultSelector() as selector:
        return _Run(target, load, selector).measured()


def wait_for_answer(target: Target, still_there: Callable[[], bool]) -> float:
    """Seconds until the first right answer came.

    Raises:
        BenchError: where none came.
    """
    started = time.perf_counter()
    while still_there() and time.perf_counter() - started < _PATIENCE:
        try:
            measure(target, Load(requests=1))
        except (OSError, BenchError):
            time.sleep(0.002)
        else:
            return time.perf_counter() - started
    raise BenchError(f"no answer from port {target.port}")


class _Run:
    """One measurement under way."""

    def __init__(self, target: Target, load: Load, selector: selectors.BaseSelector) -> None:
        self.target, self.load, self.selector = target, load, selector
        self.request = target.request
        self.numbered = b"%d" in self.request
        self.context = _trusting() if target.tls else None
        self.latencies: list[float] = []
        self.asked = 0
        self.active = 0
        self.opening = 0
        self.deadline = 0.0

    def measured(self) -> Sample:
        clients = [_Client(self) for _ in range(self.load.connections)]
        try:
            if self.load.keep_alive:
                self.opening = len(clients)
                for client in clients:
                    client.open()
                self._turn(lambda: self.opening)
            started = time.perf_counter()
            self.deadline = started + self.load.seconds
            self.active = len(clients)
            for client in clients:
                client.go_on()
            self._turn(lambda: self.active)
            seconds = time.perf_counter() - started
        finally:
            for client in clients:
                client.close()
        self.latencies.sort()
        return Sample(len(self.latencies) / seconds, self._quantile(0.5), self._quantile(0.99), len(self.latencies))

    def next_request(self) -> bytes | None:
        """None when enough was asked."""
        if self.asked >= self.load.requests or time.perf_counter() >= self.deadline:
            self.active -= 1
            return None
        self.asked += 1
        return self.request % self.asked if self.numbered else self.request

    def _turn(self, wanted: Callable[[], int]) -> None:
        select = self.selector.select
        while wanted():
            ready = select(_PATIENCE)
            if not ready:
                raise TimeoutError(f"no answer from port {self.target.port} for {_PATIENCE:.0f} s")
            for key, _ in ready:
                key.data.turn()

    def _quantile(self, share: float) -> float:
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * share))] * 1000


class _Client:
    """One connection after the other, or one for all requests; `turn` is what to do when there is something to read."""

    turn: Callable[[], None]

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._socket: socket.socket | None = None
        self._request: bytes | None = None
        self._received = b""
        self._started = 0.0

    def open(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        # Where the queue of new connections is full, one waits without holding up the others.
        if (failure := self._socket.connect_ex(("127.0.0.1", self._run.target.port))) not in {0, errno.EINPROGRESS}:
            raise OSError(failure, os.strerror(failure))
        self._run.selector.register(self._socket, selectors.EVENT_WRITE, self)
        self.turn = self._connected

    def close(self) -> None:
        if self._socket is not None:
            self._run.selector.unregister(self._socket)
            self._socket.close()
            self._socket = None

    def go_on(self) -> None:
        """Send the next request, if there is one."""
        self._request = self._run.next_request()
        if self._request is None:
            return
        self._started = time.perf_counter()
        if self._socket is None:
            self.open()
        else:
            self._ask()

    def _connected(self) -> None:
        assert self._socket is not None
        if failure := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(failure, os.strerror(failure))
        self._run.selector.modify(self._socket, selectors.EVENT_READ, self)
        if self._run.context is None:
            self._opened()
        elif self._run.target.proxy:
            self._socket.send(f"CONNECT {HOST}:443 HTTP/1.1\r\nhost: {HOST}:443\r\n\r\n".encode())
            self.turn = self._tunnel
        else:
            self._start_tls(self._run.context)

    def _tunnel(self) -> None:
        head = self._read()
        if b"\r\n\r\n" not in head:
            return
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise BenchError(f"no tunnel: {head!r}")
        self._received = b""
        assert self._run.context is not None
        self._start_tls(self._run.context)

    def _start_tls(self, context: ssl.SSLContext) -> None:
        assert self._socket is not None
        self._run.selector.unregister(self._socket)
        self._socket = context.wrap_socket(self._socket, server_hostname=HOST, do_handshake_on_connect=False)
        self._run.selector.register(self._socket, selectors.EVENT_READ, self)
        self.turn = self._shake_hands
        self._shake_hands()

    def _shake_hands(self) -> None:
        assert isinstance(self._socket, ssl.SSLSocket)
        try:
            self._socket.do_handshake()
        except ssl.SSLWantReadError:
            return
        self._opened()

    def _opened(self) -> None:
        self.turn = self._answer
        if self._run.opening:
            self._run.opening -= 1
        else:
            self._ask()

    def _ask(self) -> None:
        assert self._socket is not None
        assert self._request is not None
        self._socket.send(self._request)

    def _answer(self) -> None:
        received = self._read()
        if not _is_whole(received):
            return
        self._run.latencies.append(time.perf_counter() - self._started)
        if not received.startswith(b"HTTP/1.1 200") or ANSWER not in received:
            raise BenchError(f"not the expected answer: {received[:2000]!r}")
        self._received = b""
        if not self._run.load.keep_alive:
            self.close()
        self.go_on()

    def _read(self) -> bytes:
        """All that has come since the last whole message."""
        assert self._socket is not None
        try:
            data = self._socket.recv(65536)
        except ssl.SSLWantReadError:
            return self._received
        if not data:
            raise ConnectionResetError(f"port {self._run.target.port} closed the connection: {self._received[:2000]!r}")
        self._received = self._received + data if self._received else data
        return self._received


def _is_whole(answer: bytes) -> bool:
    """True at the end of an answer; a chunked one ends with its last chunk."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    _, told, rest = answer[: end + 2].lower().partition(b"\r\ncontent-length:")
    if told:
        return len(answer) >= end + 4 + int(rest.partition(b"\r\n")[0])
    return answer.endswith(b"\r\n0\r\n\r\n")


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
