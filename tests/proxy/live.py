"""Real parts for the tests of the proxy: servers behind it, a proxy in front of them, and the product itself."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from interceptor.project.config import load_project
from interceptor.proxy.server import serving
from interceptor.recorder.control import Control
from interceptor.recorder.recorder import Recorder, recording
from interceptor.session import RunContext, prepared
from interceptor.values.messages import Response
from interceptor.values.variables import noted_variables, read_variables
from tests.certificates import make_certificate
from tests.forked import INTERCEPTOR

BIG = 50 * 1024 * 1024
PATIENCE = 60.0


def clean_environment() -> dict[str, str]:
    """The machine's variables without those that steer clients and their trust, or say which worker asks."""
    steering = ("PROXY", "CERT", "CA_BUNDLE", "CA_INFO", "CAINFO", "SSL", "XDIST_WORKER")
    return {name: value for name, value in os.environ.items() if not any(word in name.upper() for word in steering)}


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


class RealServer(BaseHTTPRequestHandler):
    """What a provider might really answer."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.endswith("/big"):
            self._answer(b"x" * BIG, "application/octet-stream")
        elif self.path.endswith("/events"):
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            self.wfile.write(b"data: first\n\n")
            self.wfile.flush()
            self.server.over.wait(PATIENCE)  # type: ignore[attr-defined]
            self.close_connection = True
        else:
            body = json.dumps({"path": self.path, "real": True}).encode()
            self._answer(gzip.compress(body), "application/json", ("content-encoding", "gzip"))

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length)
        self._answer(json.dumps({"received": len(body)}).encode(), "application/json")

    def _answer(self, body: bytes, content_type: str, *headers: tuple[str, str]) -> None:
        self.send_response(200)
        for name, value in (("content-type", content_type), ("content-length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@dataclass(frozen=True)
class Origin:
    """A plain and a TLS server with a certificate of their own."""

    plain: int
    tls: int
    certificate: Path
    der: bytes


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[int]:
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def origin_servers(folder: Path) -> Iterator[Origin]:
    certificate, key = make_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    plain = ThreadingHTTPServer(("127.0.0.1", 0), RealServer)
    tls = ThreadingHTTPServer(("127.0.0.1", 0), RealServer)
    tls.socket = context.wrap_socket(tls.socket, server_side=True)
    over = threading.Event()
    plain.over = tls.over = over  # type: ignore[attr-defined]
    with running(plain) as plain_port, running(tls) as tls_port:
        yield Origin(plain_port, tls_port, certificate, ssl.PEM_cert_to_DER_cert(certificate.read_text()))
        over.set()


class CorporateProxy(BaseHTTPRequestHandler):
    """A proxy of a user's network: answers plain URLs itself, leads tunnels to the test's TLS server, takes notes."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._note()
        body = b'{"by": "the corporate proxy"}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self) -> None:
        self._note()
        with socket.create_connection(("127.0.0.1", self.server.tunnel_to)) as there:  # type: ignore[attr-defined]
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_pump, args=(there, self.connection))
            back.start()
            _pump(self.connection, there)
            back.join()
        self.close_connection = True

    def _note(self) -> None:
        notes: list[tuple[str, str | None]] = self.server.notes  # type: ignore[attr-defined]
        notes.append((f"{self.command} {self.path}", self.headers["proxy-authorization"]))

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@dataclass
class Serving:
    """`interceptor serve` as a process of its own."""

    folder: Path
    process: subprocess.Popen[str]
    variables: dict[str, str]
    errors: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def url(self) -> str:
        return self.variables["HTTP_PROXY"]

    @property
    def bundle(self) -> str:
        return self.variables["SSL_CERT_FILE"]

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.bundle)

    def exchanges(self) -> list[dict]:
        """What the journal holds now."""
        (journal,) = (self.folder / ".interceptor" / "recordings").glob("*.jsonl")
        lines = [json.loads(line) for line in journal.read_text().splitlines()]
        return [line for line in lines if "outcome" in line]

    def noted(self, url: str, count: int = 1) -> list[dict]:
        """The journal's exchanges with a URL, once there are so many; it is written every tenth of a second."""
        end = time.monotonic() + PATIENCE
        while True:
            found = [each for each in self.exchanges() if each["request"]["url"] == url]
            if len(found) >= count or time.monotonic() > end:
                return found
            time.sleep(0.05)

    def stop(self) -> str:
        """End it as Ctrl-C does, and give what it said on the standard error."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE)
        return "".join(self.errors)


def served(folder: Path, process: subprocess.Popen) -> dict[str, str]:
    """The variables of `interceptor serve`, once it is there."""
    while (noted := noted_variables(folder)) is None:
        assert process.poll() is None, "it ended"
        time.sleep(0.02)
    return read_variables(noted)


@contextmanager
def serve(folder: Path, environ: Mapping[str, str], *options: str) -> Iterator[Serving]:
    with subprocess.Popen(
        [*INTERCEPTOR, "serve", *options],
        cwd=folder,
        env=dict(environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        errors: list[str] = []
        drain = threading.Thread(target=lambda: errors.extend(process.stderr or []))
        drain.start()
        try:
            yield Serving(folder, process, served(folder, process), errors)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
            drain.join()


@dataclass
class Inside:
    """The proxy in a thread of this process, with all that the product itself knows of it."""

    context: RunContext
    recorder: Recorder
    journal: Path

    @property
    def port(self) -> int:
        return self.context.listeners.port

    @property
    def url(self) -> str:
        return self.context.listeners.proxy_url

    @property
    def bundle(self) -> str:
        return str(self.context.trust.bundle)

    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.bundle)

    def connect(self, door: str | None = None) -> socket.socket:
        """A connection to the proxy, or to the door of an origin."""
        port = self.port if door is None else self.context.doors[door]
        return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)

    def noted(self, count: int = 1) -> list[dict]:
        """The exchanges of the journal, once there are so many."""
        end = time.monotonic() + PATIENCE
        while True:
            lines = [json.loads(line) for line in self.journal.read_text().splitlines()]
            found = [line for line in lines if "outcome" in line]
            if len(found) >= count or time.monotonic() > end:
                return found
            time.sleep(0.02)


@contextmanager
def inside(folder: Path, environ: Mapping[str, str], page: Callable[[], Response] | None = None) -> Iterator[Inside]:
    project = load_project(folder / "interceptor.yaml")
    with (
        prepared(project, environ, page=page) as context,
        recording(project, context.engine.handler_places) as (recorder, writer),
    ):
        loop = asyncio.new_event_loop()
        over, ready = asyncio.Event(), threading.Event()

        async def serve_until_over() -> None:
            settings = project.settings
            async with serving(
                context.listeners,
                context.engine,
                recorder,
                others=settings.others,
                trust=context.trust,
                upstream=context.upstream,
                control=Control(context.engine, recorder, context.token, context.page),
                http2=settings.http2,
                guard=context.token if context.guarded else None,
            ):
                ready.set()
                await over.wait()

        thread = threading.Thread(target=loop.run_until_complete, args=(serve_until_over(),))
        thread.start()
        try:
            assert ready.wait(PATIENCE)
            yield Inside(context, recorder, writer.path)
        finally:
            loop.call_soon_threadsafe(over.set)
            thread.join()
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()


@contextmanager
def scripted(*answers: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A server that reads a head and whatever comes with it, says what it is told, and closes; what it was asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked: list[bytes] = []

        def work() -> None:
            for answer in answers:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    heard = b""
                    while b"\r\n\r\n" not in heard and (data := connection.recv(65536)):
                        heard += data
                    asked.append(heard)
                    connection.sendall(answer)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield server.getsockname()[1], asked
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
