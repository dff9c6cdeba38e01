"""The proxy at an address that others may reach: what it asks of them, and what it says to everybody."""

from __future__ import annotations

import base64
import json
import socket
import subprocess

import pytest

from tests.forked import INTERCEPTOR
from tests.proxy.live import PATIENCE, clean_environment, serve, write

pytestmark = pytest.mark.slow

HOST = "127.0.0.2"
TOKEN = "a-token-of-the-tests"
FILES = {
    "interceptor.yaml": "consumer: Site\nproviders: {API: {url: ['http://api.test', 'https://api.test']}}\n",
    "handlers/api.yaml": """
provider: API
handlers:
  - {request: GET /same, response: {text: same}}
  - {request: POST /upload, response: {passthrough: true}}
""",
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    environ = {**clean_environment(), "INTERCEPTOR_TOKEN": TOKEN}
    with serve(write(tmp_path_factory.mktemp("guarded"), FILES), environ, "--host", HOST) as serving:
        yield serving


def ask(port, *lines, host=HOST):
    """The status and the whole answer to a request of these lines."""
    with socket.create_connection((host, port), timeout=PATIENCE) as connection:
        connection.sendall("".join(f"{line}\r\n" for line in (*lines, "Connection: close", "")).encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    return int(answer.split()[1]), answer


def credentials(user, password):
    return f"Proxy-Authorization: Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def test_it_listens_at_the_address_and_at_no_other(guarded):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", guarded.port), timeout=PATIENCE)
    assert guarded.url == f"http://{TOKEN}@{HOST}:{guarded.port}"
    assert guarded.variables["INTERCEPTOR_URL"] == f"http://{HOST}:{guarded.port}/{TOKEN}"


@pytest.mark.parametrize(
    "said",
    [
        (),
        (credentials("worker", "wrong"),),
        (credentials("wrong", ""),),
        (credentials(TOKEN, "wrong"),),
        (f"Proxy-Authorization: Bearer {TOKEN}",),
        ("Proxy-Authorization: Basic !",),
    ],
    ids=["none", "wrong password", "wrong user", "token beside a wrong password", "bearer", "no base64"],
)
@pytest.mark.parametrize(
    "request_line",
    [
        "GET http://api.test/same HTTP/1.1",
        "CONNECT api.test:443 HTTP/1.1",
        "OPTIONS * HTTP/1.1",
    ],
)
def test_without_the_token_it_asks_for_it(guarded, request_line, said):
    status, answer = ask(guarded.port, request_line, "Host: api.test", *said)
    assert status == 407
    assert 'proxy-authenticate: Basic realm="interceptor"' in answer
    assert TOKEN not in answer


def test_an_upload_that_would_pass_is_refused_before_its_body(guarded):
    status, _ = ask(
        guarded.port,
        "POST http://api.test/upload HTTP/1.1",
        "Host: api.test",
        "Content-Length: 5000000",
        "Expect: 100-continue",
    )
    assert status == 407


@pytest.mark.parametrize(("user", "password", "scope"), [("gw1", TOKEN, "gw1"), (TOKEN, "", None), ("", TOKEN, None)])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_token_lets_a_client_in_and_a_user_beside_it_is_the_scope(guarded, scheme, user, password, scope):
    proxy = f"http://{HOST}:{guarded.port}"
    url = f"{scheme}://api.test/same?{scheme}={scope}-{password}"
    command = ["curl", "-sS", "--proxy-user", f"{user}:{password}", "-x", proxy, "--cacert", guarded.bundle, url]
    got = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=PATIENCE, env=clean_environment()
    )
    assert got.stdout == "same", got.stderr
    assert [each.get("scope") for each in guarded.noted(url)] == [scope]


def test_the_variables_that_it_prints_let_a_client_in(guarded):
    command = ["curl", "-sS", "https://api.test/same"]
    got = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**clean_environment(), **guarded.variables},
    )
    assert got.stdout == "same", got.stderr


@pytest.mark.parametrize("name", [HOST, "interceptor", "api.test"])
def test_the_control_address_is_there_under_every_name_by_its_token(guarded, name):
    host = f"Host: {name}:{guarded.port}"
    status, answer = ask(guarded.port, f"GET /{TOKEN}/test HTTP/1.1", host)
    assert status == 200
    assert json.loads(answer.partition("\r\n\r\n")[2])["unhandled"] == []
    assert ask(guarded.port, "GET /another-token-of-16/test HTTP/1.1", host)[0] == 404


@pytest.mark.parametrize("name", ["interceptor:41873", "api.test", "127.0.0.2"])
def test_what_names_no_url_is_for_the_proxy_and_reaches_no_handler(guarded, name):
    assert ask(guarded.port, "GET /same HTTP/1.1", f"Host: {name}")[0] == 508


def test_its_health_is_no_secret_and_all_that_it_says(guarded):
    status, answer = ask(guarded.port, "GET /health HTTP/1.1", "Host: interceptor")
    assert status == 200
    assert answer.partition("\r\n\r\n")[2] == "ok\n"
    assert ask(guarded.port, "POST /health HTTP/1.1", "Host: interceptor", "Content-Length: 0")[0] == 508


def test_without_a_token_health_is_at_the_proxys_own_address_alone(tmp_path):
    with serve(write(tmp_path, FILES), clean_environment()) as serving:
        own = f"Host: 127.0.0.1:{serving.port}"
        assert ask(serving.port, "GET /health HTTP/1.1", own, host="127.0.0.1")[0] == 200
        assert ask(serving.port, "GET /same HTTP/1.1", "Host: api.test", host="127.0.0.1")[0] == 200
        status, answer = ask(serving.port, "GET /health HTTP/1.1", "Host: api.test", host="127.0.0.1")
        assert (status, "GET /health" in answer) == (501, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--host", "0.0.0.0"), "other machines could use the proxy"),
        (("--host", "::"), "other machines could use the proxy"),
        (("--host", "192.0.2.1"), "other machines could use the proxy"),
        (("--host", "192.0.2.1", "--token", TOKEN), "cannot listen on 192.0.2.1"),
        (("--host", "example.test", "--token", TOKEN), "--host example.test: this is no IP address"),
        (("--host", "0.0.0.0", "--token", ""), "--token: use sixteen or more"),
        (("--token", "secret"), "--token: use sixteen or more"),
        (("--token", "a/token/that/is/a/path"), "--token: use sixteen or more"),
    ],
)
def test_what_would_let_others_in_is_refused(tmp_path, options, words):
    command = [*INTERCEPTOR, "serve", *options]
    folder = write(tmp_path, FILES)
    got = subprocess.run(
        command, cwd=folder, env=clean_environment(), check=False, capture_output=True, text=True, timeout=PATIENCE
    )
    assert got.returncode == 2
    assert words in got.stderr
    assert "Traceback" not in got.stderr
