"""Whose request it is, where nothing in the request says so: parallel workers of test runners."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections import Counter

import pytest

from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, serve, write

pytestmark = [pytest.mark.clients, pytest.mark.slow]

FILES = {
    "interceptor.yaml": """
consumer: Workers
providers:
  Plain: {url: http://plain.client.test}
  Secure: {url: https://secure.client.test}
handlers: handlers.yaml
""",
    "handlers.yaml": """
handlers:
  - {request: GET http://plain.client.test/item, given: it is there, response: {text: plain}}
  - {request: GET https://secure.client.test/item, given: it is there, response: {text: secure}}
""",
    "ask.py": """
import http.client, json, os, urllib.request
control = urllib.request.Request(os.environ["INTERCEPTOR_URL"] + "/test", b'{"name": "mine"}', method="PUT")
urllib.request.urlopen(control)
for kind, host in (http.client.HTTPConnection, "plain"), (http.client.HTTPSConnection, "secure"):
    direct = kind(f"{host}.client.test")
    direct.request("GET", "/item")
    assert direct.getresponse().read() == host.encode()
    by_proxy = urllib.request.urlopen(f"http{'s' * (host == 'secure')}://{host}.client.test/item")
    assert by_proxy.read() == host.encode()
""",
    "ask.mjs": """
import https from 'node:https';
await fetch(`${process.env.INTERCEPTOR_URL}/test`, { method: 'PUT', body: '{"name": "mine"}' });
for (const url of ['http://plain.client.test/item', 'https://secure.client.test/item']) await (await fetch(url)).text();
https.get('https://secure.client.test/item', { agent: new https.Agent() }, (response) => response.resume());
""",
}


@pytest.fixture
def project(tmp_path):
    return write(tmp_path, FILES)


def scopes(project, script, **environ):
    """Which scopes and tests a script's requests were of, with how often; it is run with certain variables."""
    subprocess.run(
        [*INTERCEPTOR, "run", "--export", "never", "--", "sh", "-c", script],
        cwd=project,
        env=clean_environment() | environ,
        check=True,
        timeout=60,
    )
    (journal,) = (project / ".interceptor" / "recordings").glob("*.jsonl")
    exchanges: list[dict] = []
    for line in map(json.loads, journal.read_text().splitlines()):
        for index, count in line.get("repeats", ()):
            exchanges[index]["count"] = count
        if "outcome" in line:
            exchanges.append(line)
    seen: Counter[tuple[str | None, str | None]] = Counter()
    for each in exchanges:
        seen[each.get("scope"), each.get("test")] += each.get("count", 1)
    return seen


def test_a_worker_of_pytest_is_a_scope_for_its_requests_and_its_control_address(project):
    script = f"for worker in gw0 gw1; do PYTEST_XDIST_WORKER=$worker {sys.executable} ask.py || exit 1; done"
    assert scopes(project, script) == {("gw0", "mine"): 4, ("gw1", "mine"): 4}


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here")
@pytest.mark.parametrize("variable", ["JEST_WORKER_ID", "VITEST_POOL_ID", "TEST_WORKER_INDEX"])
def test_a_worker_of_a_runner_for_javascript_is_a_scope(project, variable):
    assert scopes(project, f"{variable}=3 node ask.mjs") == {("3", "mine"): 3}


@pytest.mark.parametrize(("scope", "expected"), [("mine/1 é", "mine/1 é"), ("", None)])
def test_a_process_can_name_its_scope_or_say_that_it_is_in_none(project, scope, expected):
    environ = {"INTERCEPTOR_SCOPE": scope, "PYTEST_XDIST_WORKER": "gw0", "JEST_WORKER_ID": "1"}
    assert scopes(project, f"{sys.executable} ask.py", **environ) == {(expected, "mine"): 4}


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here")
def test_so_can_one_of_node(project):
    assert scopes(project, "INTERCEPTOR_SCOPE='mine/1 é' JEST_WORKER_ID=1 node ask.mjs") == {("mine/1 é", "mine"): 3}


def test_the_user_of_the_proxy_names_one_for_any_client_and_a_header_another(project):
    script = """
        proxy=http://gw9:secret@${HTTP_PROXY#http://}
        curl -sf -x $proxy http://plain.client.test/item https://secure.client.test/item || exit 1
        curl -sf -x $proxy -H 'x-interceptor-scope: own' https://secure.client.test/item || exit 1
    """
    assert scopes(project, script) == {("gw9", None): 2, ("own", None): 1}


def test_the_line_that_names_a_scope_may_come_in_pieces(project):
    with serve(project, clean_environment()) as serving:
        with socket.create_connection(("127.0.0.1", serving.port)) as client:
            for piece in (
                b"I",
                b"NTERCEPTOR/1 gw",
                b"5\r",
                b"\n",
                b"GET http://plain.client.test/item HTTP/1.0\r\n\r\n",
            ):
                client.sendall(piece)
            assert client.makefile("rb").read().endswith(b"plain")
        assert serving.noted("http://plain.client.test/item")[0]["scope"] == "gw5"


def test_a_line_that_is_too_long_is_refused(project):
    with (
        serve(project, clean_environment()) as serving,
        socket.create_connection(("127.0.0.1", serving.port)) as client,
    ):
        client.sendall(b"INTERCEPTOR/1 " + b"a" * 2000 + b"\r\n\r\n")
        assert client.makefile("rb").read().startswith(b"HTTP/1.1 400 ")
