"""Nobody goes around unseen: what a run says of clients that did not arrive."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, write

pytestmark = [pytest.mark.clients, pytest.mark.slow]

FILES = {
    "interceptor.yaml": """
consumer: Seen
providers: {API: {url: "https://api.client.test/v1"}}
handlers: handlers.yaml
others: error
""",
    "handlers.yaml": "provider: API\nhandlers:\n  - {request: GET /item, response: {text: here}}\n",
    "tls.py": """
import socket, ssl, sys
client = ssl.create_default_context().wrap_socket(
    socket.create_connection(("api.client.test", 443)), server_hostname="api.client.test"
)
if sys.argv[1:] == ["http2"]:
    client.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n")
    client.recv(1000)
client.close()
""",
    "distrust.py": """
import socket, ssl, certifi
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
try:
    context.wrap_socket(socket.create_connection(("api.client.test", 443)), server_hostname="api.client.test")
except ssl.SSLError:
    pass
""",
}


@pytest.fixture
def project(tmp_path):
    return write(tmp_path, FILES)


def run(folder, *script, options=()):
    """Exit code, and what was said."""
    ended = subprocess.run(
        [*INTERCEPTOR, "run", "--export", "never", *options, "--", *script],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return ended.returncode, ended.stderr


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (["tls.py"], "a client connected to api.client.test and asked nothing: it may not trust"),
        (
            ["tls.py", "http2"],
            "a client began with HTTP/2 at api.client.test; http2: true in the project file offers it",
        ),
        (
            ["distrust.py"],
            "a client refused the certificate for api.client.test; how to have it trusted: docs/clients.md",
        ),
    ],
)
def test_a_client_that_did_not_arrive_is_named(project, script, said):
    code, errors = run(project, sys.executable, *script)
    assert errors.startswith(f"interceptor  {said}")
    assert "no request for a provider arrived: the clients named above did not get as far as a request" in errors
    assert code == 1


def test_a_run_that_knows_that_it_asks_nothing_is_fine(project):
    assert run(project, "true")[0] == 1
    code, errors = run(project, "true", options=["--allow-empty"])
    assert code == 0
    assert "no request for a provider arrived: the command asks nothing, or its clients go around" in errors


def test_a_host_that_looks_like_a_provider_is_named(project):
    (project / "interceptor.yaml").write_text(FILES["interceptor.yaml"].replace("others: error", "others: bypass"))
    code, errors = run(project, "curl", "-s", "-o", "/dev/null", "http://api.client.test/v1/item")
    assert "other hosts were asked: http://api.client.test (1)\n" in errors
    assert (
        "http://api.client.test is no provider's, and went to the real server: like API, but http for https\n" in errors
    )
    assert code == 1
