from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

import pytest

PACT = Path(sys.executable).with_name("pact")
ENVIRONMENT = os.environ | {"PACT_DO_NOT_TRACK": "true"}


Answer: TypeAlias = tuple[int, str | None, bytes, dict[str, str]]


class ProductApi:
    """A provider over HTTP; `break_contract` makes it answer what nobody agreed upon."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.breaks: str | None = None
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def do_DELETE(self) -> None:
                self._answer()

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                status, content_type, content, more = api.answer(self.command, self.path, self.headers, body)
                self.send_response(status)
                if content_type:
                    self.send_header("content-type", content_type)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

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
                return self._json({"items": items, "next": None, "empty": [1]})
            case "POST", "/orders":
                return self._order(json.loads(body))
            case "DELETE", "/products/10":
                return (500 if self.breaks == "status" else 204), None, b"", {}
            case "POST", "/login":
                return self._json({"ok": True}, 200 if parse_qs(body.decode())["user"] == ["bob"] else 401)
        return self._fixed(parts.path)

    def _order(self, order) -> Answer:
        made = {"id": "0b5f1c1e-1f6a-4b7e-8f0c-7a2d54a9d0aa", "at": "2031-05-06T07:08:09.123Z", **order}
        where = "nowhere" if self.breaks == "header" else made["id"]
        return self._json(made, 201, {"location": f"/orders/{where}"})

    def _fixed(self, path) -> Answer:
        match path:
            case "/logo":
                return 200, "image/png", b"\x89PNG\r\n\x1a\n\x00\xff" + (b"!" if self.breaks == "binary" else b""), {}
            case "/hello":
                return 200, "text/plain", b"bye" if self.breaks == "text" else b"hello", {}
            case "/word":
                return self._json("hello")
        return self._json({"unknown": path}, 404)

    @staticmethod
    def _json(value: object, status: int = 200, more: dict[str, str] | None = None) -> Answer:
        return status, "application/json", json.dumps(value).encode(), more or {}


@pytest.fixture
def product_api() -> Iterator[ProductApi]:
    api = ProductApi()
    yield api
    api.close()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.fixture
def verify(product_api: ProductApi) -> Callable[[Path], subprocess.CompletedProcess[str]]:
    """Run the real verifier on a pact file against the provider."""

    def run(file: Path) -> subprocess.CompletedProcess[str]:
        command = [PACT, "verifier", "--file", file, "--hostname", "127.0.0.1", "--port", str(product_api.port)]
        command += ["--provider-name", "Product API", "--no-colour"]
        command += ["--state-change-url", f"http://127.0.0.1:{product_api.port}/states"]
        return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)

    return run


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


@pytest.fixture
def mock(tmp_path: Path) -> Callable[[Path], object]:
    """`with mock(file) as url`: the real mock server with a pact; it answers 500 to what the pact does not hold."""

    @contextmanager
    def start(file: Path) -> Iterator[str]:
        port = free_port()
        address = ["--host", "127.0.0.1", "--port", str(port)]
        specification = json.loads(file.read_text())["metadata"]["pactSpecification"]["version"][0]
        master = [PACT, "mock", "start", *address, "--no-file-log", "--loglevel", "none"]
        create = [PACT, "mock", "create", *address, "--file", file, "--specification", f"v{specification}"]
        with running(master, port, tmp_path):
            created = subprocess.run(create, env=ENVIRONMENT, capture_output=True, text=True, timeout=20, check=True)
            own = re.search(r"started on port (\d+)", created.stdout)
            assert own, created
            yield f"http://127.0.0.1:{own[1]}"

    return start
