"""Hosts that a pattern owns have no door: the preloads tell the proxy which of them is meant."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, write

pytestmark = [pytest.mark.clients, pytest.mark.slow]

FILES = {
    "interceptor.yaml": """
consumer: Wild
providers:
  Plain: {url: http://*.plain.test}
  Secure: {url: "https://*.eu.*.secure.test:8443/v1"}
handlers: handlers.yaml
""",
    "handlers.yaml": """
handlers:
  - {request: GET http://*.plain.test/item, response: {text: plain}}
  - {request: "GET https://*.eu.*.secure.test:8443/v1/item", response: {text: secure}}
""",
    "ask.py": """
import asyncio, aiohttp, http.client, socket, ssl
URLS = ["http://a.plain.test/item", "https://b.eu.c.secure.test:8443/v1/item"]
for kind, host, path in [
    (http.client.HTTPConnection, "a.plain.test", "/item"),
    (http.client.HTTPSConnection, "b.eu.c.secure.test:8443", "/v1/item"),
]:
    connection = kind(host)
    connection.request("GET", path)
    print(connection.getresponse().read().decode())
async def ask():
    async with aiohttp.ClientSession() as session:
        for url in URLS:
            async with session.get(url) as response:
                print(await response.text())
asyncio.run(ask())
for other in "plain.test", "b.us.c.secure.test":
    try:
        print(socket.getaddrinfo(other, 8443))
    except OSError:
        print("unknown")
""",
    "ask.mjs": """
import https from 'node:https';
const url = 'https://b.eu.c.secure.test:8443/v1/item';
console.log(await (await fetch('http://a.plain.test/item')).text());
https.get(url, { agent: new https.Agent() }, (response) => response.on('data', (data) => console.log(String(data))));
""",
}


def run(folder, *command, **environ):
    ended = subprocess.run(
        [*INTERCEPTOR, "run", "--", *command],
        cwd=folder,
        env=clean_environment() | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    (journal,) = (folder / ".interceptor" / "recordings").glob("*.jsonl")
    scopes = {json.loads(line).get("scope") for line in journal.read_text().splitlines() if '"outcome"' in line}
    return ended.stdout.split(), scopes


@pytest.mark.parametrize("worker", [None, "gw1"])
def test_clients_of_python_that_use_no_proxy_arrive(tmp_path, worker):
    environ = {} if worker is None else {"PYTEST_XDIST_WORKER": worker}
    said, scopes = run(write(tmp_path, FILES), sys.executable, "ask.py", **environ)
    assert said == ["plain", "secure", "plain", "secure", "unknown", "unknown"]
    assert scopes == {worker}


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here")
@pytest.mark.parametrize("worker", [None, "2"])
def test_clients_of_node_that_use_no_proxy_arrive(tmp_path, worker):
    environ = {} if worker is None else {"JEST_WORKER_ID": worker}
    assert run(write(tmp_path, FILES), "node", "ask.mjs", **environ) == (["plain", "secure"], {worker})
