"""Suites that have mocks already, untouched: their pacts are the same in every run, and a provider can keep them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.clients.matrix import npm_folder
from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment

pytestmark = [pytest.mark.clients, pytest.mark.slow]

EXAMPLES = Path(__file__).parents[2] / "examples"
PYTEST = (sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider")
NODE = {"vitest": ("node", "node_modules/vitest/vitest.mjs", "run"), "jest": ("node", "node_modules/jest/bin/jest.js")}
NAMES = ["POST /products returns 201", "a request for a missing product", "a request for product 10"]


@dataclass(frozen=True)
class Suite:
    """An example, how its tests are run, and how in another order, and by four workers."""

    folder: str
    command: tuple[str, ...]
    backwards: tuple[str, ...]
    by_four: tuple[str, ...]
    passed: str


BACKWARDS, BY_FOUR = ("test_reading.py", "test_adding.py"), ("-n", "4")
SUITES = [
    Suite(
        "vitest-msw",
        NODE["vitest"],
        ("--sequence.shuffle.tests", "--sequence.seed=3"),
        ("--pool=threads", "--poolOptions.threads.minThreads=4", "--poolOptions.threads.maxThreads=4"),
        "6 passed",
    ),
    Suite("jest-nock", NODE["jest"], ("-i",), ("-w", "4"), "3 passed"),
    Suite("pytest-respx", PYTEST, BACKWARDS, BY_FOUR, "3 passed"),
    Suite("pytest-vcrpy", PYTEST, BACKWARDS, BY_FOUR, "3 passed"),
    Suite("msw-for-python", PYTEST, BACKWARDS, BY_FOUR, "3 passed"),
]


@pytest.fixture(params=SUITES, ids=lambda suite: suite.folder)
def suite(request, tmp_path):
    """An example and a copy of it, with its packages."""
    found = request.param
    shutil.copytree(EXAMPLES / found.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("node_modules"))
    manifest = tmp_path / "copy" / "package.json"
    if manifest.exists():
        packages = json.loads(manifest.read_text())["devDependencies"]
        modules = npm_folder(*(f"{name}@{version}" for name, version in packages.items()))
        if modules is None:
            pytest.skip("npm gives no packages here")
        (tmp_path / "copy" / "node_modules").symlink_to(modules / "node_modules")
    return found, tmp_path / "copy"


def pact_of(folder, suite, *more):
    """The pact's bytes after a run of its tests."""
    shutil.rmtree(folder / "msw_generated_pacts", ignore_errors=True)
    words = [*INTERCEPTOR, "run", "--", *suite.command, *more]
    done = subprocess.run(words, cwd=folder, env=clean_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert suite.passed in done.stdout + done.stderr
    (pact,) = (folder / "msw_generated_pacts").iterdir()
    return pact.read_bytes()


class Provider(BaseHTTPRequestHandler):
    """The real Product API, which keeps what the consumers expect."""

    def do_GET(self):
        known = self.path == "/products/10"
        self._answer(200 if known else 404, {"id": "10", "name": "Lamp"} if known else None)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        self._answer(201, {"id": "12", **body} if self.path == "/products" else {})

    def _answer(self, status, value):
        content = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        if content:
            self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def test_the_same_bytes_in_every_run_and_a_provider_keeps_them(suite):
    found, folder = suite
    first = pact_of(folder, found)
    assert sorted(each["description"] for each in json.loads(first)["interactions"]) == NAMES
    assert pact_of(folder, found, *found.backwards) == first
    assert pact_of(folder, found, *found.by_four) == first

    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        words = [*INTERCEPTOR, "verify", "--provider-url", url]
        done = subprocess.run(words, cwd=folder, env=clean_environment(), capture_output=True, text=True, check=False)
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 0, done.stdout + done.stderr
