"""Every command that needs a broker, and every way in which there is none: one or two lines, and never the token."""

import contextlib
import json
import socket

import pytest

from tests.brokers import answering, interceptor
from tests.providers import interaction, pact, running

pytestmark = pytest.mark.slow

TOKEN = "t0ken-of-the-broker"
VERSION = ("--version", "1.0.0")
COMMANDS = {
    "publish": ("publish", "-a", "1.0.0", "--branch", "main"),
    "can-i-deploy": ("can-i-deploy", *VERSION, "--to-environment", "production"),
    "record-deployment": ("record-deployment", *VERSION, "--environment", "production"),
    "matrix": ("matrix",),
    "webhook": ("webhook", "url", "https://ci.example.com/hook", "--provider", "Product API"),
    "publish-provider": ("publish-provider", "openapi.yaml", "--provider", "Product API", *VERSION, "--branch", "main"),
    "verify": ("verify", "--from-broker", "--provider", "Product API", "--provider-branch", "main"),
}


@contextlib.contextmanager
def silent():
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextlib.contextmanager
def absent():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


# Each row: what is there, and what is said of it.
TROUBLES = {
    "absent": (absent, "it cannot be reached: "),
    "silent": (silent, "did not respond within 0.4 s"),
    "page": (lambda: answering(200, "text/html", "<h1>Log in</h1>"), "it answers with text/html, which no broker does"),
    "error page": (lambda: answering(502, "text/html", "<h1>Bad gateway</h1>"), "502 Bad Gateway"),
    "wrong token": (lambda: answering(401, "text/plain", "401 Unauthorized"), "401 Unauthorized"),
    "no permission": (lambda: answering(403, "application/json", '{"error": "no"}'), "403 Forbidden"),
}


@pytest.fixture
def called(tmp_path, monkeypatch):
    """Calls a command in a project with a pact, beside a running provider."""
    (tmp_path / "interceptor.yaml").write_text("consumer: Product Site\n")
    (tmp_path / "openapi.yaml").write_text("openapi: 3.0.3\n")
    (tmp_path / "msw_generated_pacts").mkdir()
    file = tmp_path / "msw_generated_pacts" / "Product Site-Product API.json"
    file.write_text(json.dumps(pact(interaction("a request", "/products", 200, None))))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("PACT_BROKER_HTTP_RETRIES", "0")
    monkeypatch.setenv("PACT_BROKER_TOKEN", TOKEN)
    monkeypatch.delenv("PACT_BROKER_HOST", raising=False)

    def call(command, url):
        monkeypatch.setenv("PACT_BROKER_BASE_URL", url)
        with running() as provider:
            where = ("--provider-url", provider.url) if command == "verify" else ()
            done = interceptor(*COMMANDS[command], *where)
        assert TOKEN not in done.out + done.err
        return done

    return call


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_broker_of_no_use_is_one_error(called, monkeypatch, command, trouble):
    server, said = TROUBLES[trouble]
    if server is silent:
        monkeypatch.setenv("INTERCEPTOR_BROKER_TIMEOUT", "0.4")
    with server() as url:
        done = called(command, url)
    assert done.code == 1
    error, remedy = done.err.splitlines()
    assert url in error
    assert said in error
    assert remedy.startswith("interceptor  ")


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_broker_the_variable_is_named(called, command):
    done = called(command, "")
    assert done.code == 2
    (error,) = done.err.splitlines()
    assert "PACT_BROKER_BASE_URL" in error
