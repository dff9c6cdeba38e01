from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

PACT = Path(sys.executable).with_name("pact")
ENVIRONMENT = os.environ | {"PACT_DO_NOT_TRACK": "true"}


Answer: TypeAlias = tuple[int, str | None, bytes, Mapping[str, str | Sequence[str]]]
"""Status, content type, body, and more headers."""


class Api:
    """A provider over HTTP that answers what `answer` gives, and nothing beside it: no date, no server."""

    def __init__(self) -> None:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                status, content_type, content, more = api.answer(self.command, self.path, self.headers, body)
                self.send_response_only(status)
                if content_type:
                    self.send_header("content-type", content_type)
                for name, values in more.items():
                    for value in [values] if isinstance(values, str) else values:
                        self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_HEAD = do_OPTIONS = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def answer(self, method, target, headers, body) -> Answer:
        raise NotImplementedError


class ProductApi(Api):
    """What the exchanges of these tests agree upon; `breaks` makes it answer what nobody agreed upon."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.breaks: str | None = None
        super().__init__()

    def answer(self, method, target, headers, body) -> Answer:
        parts = urlsplit(target)
        match method, parts.path:
            case "POST", "/states":
                self.states.append(json.loads(body)["state"])
                return self._json({})
            case "GET", "/products/10" if parse_qs(parts.query) != {"tag": ["b", "a"], "full": ["1"]}:
                return self._json({"wrong": parts.query}, 400)
            case "GET", "/products/10" if "authorization" in headers:
                price = "free" if self.breaks == "type" else 12
                return self._json({"id": "4711", "price": price, "tags": ["x", "y"], "more": None})
            case "GET", "/products":
                items = [] if self.breaks == "empty" else [{"id": "1", "sizes": [1, 2]}, {"id": "2", "sizes": [3]}]
                return self._json({"items": items, "next": None, "empty": [1] if self.breaks == "filled" else []})
            case "POST", "/orders":
                return self._order(json.loads(body))
            case "DELETE", "/products/10":
                return (500 if self.breaks == "status" else 204), None, b"", {}
            case "POST", "/login":
                return self._json({"ok": True}, 200 if parse_qs(body.decode())["user"] == ["bob"] else 401)
        return self._fixed(parts.path)

    def _order(self, order) -> Answer:
        generated = {"id": "0b5f1c1e-1f6a-4b7e-8f0c-7a2d54a9d0aa", "at": "2031-05-06T07:08:09.123Z", **order}
        where = "nowhere" if self.breaks == "header" else generated["id"]
        return self._json(generated, 201, {"location": f"/orders/{where}"})

    def _fixed(self, path) -> Answer:
        match path:
            case "/logo":
                return 200, "image/png", b"\x89PNG\r\n\x1a\n\x00\xff" + (b"!" if self.breaks == "binary" else b""), {}
            case "/hello":
                content = b"bye" if self.breaks == "text" else b"hello"
                return 200, "text/plain", content, {"cache-control": "no-cache, no-store"}
            case "/word":
                return self._json("hello")
        return self._json({"unknown": path}, 404)

    @staticmethod
    def _json(value: object, status: int = 200, more: dict[str, str] | None = None) -> Answer:
        return status, "application/json", json.dumps(value).encode(), more or {}


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()
    yield api
    api.close()


@pytest.fixture
def product_api() -> Iterator[ProductApi]:
    api = ProductApi()
    yield api
    api.close()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def verified(file: Path, port: int, *, states: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the real verifier on a pact file against a provider, which is told the states unless it has none."""
    command = [PACT, "verifier", "--file", file, "--hostname", "127.0.0.1", "--port", str(port)]
    command += ["--provider-name", "Product API", "--no-colour", "--request-timeout", "5000"]
    if states:
        command += ["--state-change-url", f"http://127.0.0.1:{port}/states"]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def verify(product_api: ProductApi) -> Callable[[Path], subprocess.CompletedProcess[str]]:
    return partial(verified, port=product_api.port)


@contextmanager
def running(command: list[str | Path], port: int, folder: Path) -> Iterator[str]:
    """A pact server while it answers; its base URL."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=ENVIRONMENT, cwd=folder, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def stub(tmp_path: Path) -> Callable[[Path], object]:
    """`with stub(file) as url`: the real stub server with a pact."""

    def start(file: Path) -> object:
        port = free_port()
        return running([PACT, "stub", "--file", file, "--port", str(port), "--loglevel", "none"], port, tmp_path)

    return start


class MockServers:
    """The master of the real mock servers: one for each pact that is `created`."""

    def __init__(self, port: int) -> None:
        self._port = port

    def create(self, file: Path) -> MockServer:
        """A mock server with a pact; it answers 500 to what the pact does not hold."""
        # As it stands: `pact mock create` writes a pact anew before it sends it here, and loses some of it.
        created = requests.post(f"http://127.0.0.1:{self._port}/", data=file.read_bytes(), timeout=10)
        assert created.status_code == 200, created.text
        server = created.json()["mockServer"]
        return MockServer(server["port"], f"http://127.0.0.1:{self._port}/mockserver/{server['id']}")

    def require_all(self, file: Path, ask: Callable[[int], None]) -> None:
        """Have `ask` send requests to the port of a mock server, which then must have seen all that the pact holds.

        Of some hundred mock servers on a busy machine one forgets to count a request that it has answered.
        """
        for _ in range(3):
            server = self.create(file)
            ask(server.port)
            if server.all_matched():
                return
        pytest.fail(f"the mock server misses requests: {requests.get(server.admin, timeout=10).text}")


@dataclass
class MockServer:
    """One mock server."""

    port: int
    admin: str

    def all_matched(self) -> bool:
        """Whether each interaction was asked for, and nothing else; the server answers before it counts."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            with suppress(requests.ConnectionError):
                if requests.get(self.admin, timeout=10).json()["status"] == "ok":
                    return True
            time.sleep(0.02)
        return False


@pytest.fixture(scope="module")
def mock_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockServers]:
    port = free_port()
    command = [PACT, "mock", "start", "--host", "127.0.0.1", "--port", str(port), "--no-file-log", "--loglevel", "none"]
    with running(command, port, tmp_path_factory.mktemp("mock")):
        yield MockServers(port)


@pytest.fixture
def mock(mock_servers: MockServers) -> Callable[[Path], str]:
    """`mock(file)`: the URL of a real mock server with a pact."""
    return lambda file: f"http://127.0.0.1:{mock_servers.create(file).port}"
