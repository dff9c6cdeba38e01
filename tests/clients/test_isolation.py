"""`interceptor run --isolated`: a command in a network of its own reaches owned hosts with nothing set at all."""

from __future__ import annotations

import shutil
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.forked import INTERCEPTOR, REAL
from tests.proxy.live import clean_environment, running, write

UNSHARE = shutil.which("unshare")
ALLOWED = UNSHARE is not None and subprocess.run([UNSHARE, "-Urmn", "true"], check=False).returncode == 0
pytestmark = [
    pytest.mark.clients,
    pytest.mark.slow,
    pytest.mark.skipif(not ALLOWED, reason="this system lets nobody have namespaces"),
]
FILES = {
    "interceptor.yaml": """
consumer: Isolated
providers:
  Plain: {url: http://plain.client.test}
  Secure: {url: ["https://secure.client.test/v1", "https://other.client.test:8443", "http://localhost:3999"]}
handlers: handlers/
""",
    "handlers/plain.yaml": """
provider: Plain
handlers:
  - request: GET /:name
    response: {json: {plain: "{{ params.name }}"}}
""",
    "handlers/secure.yaml": """
provider: Secure
handlers:
  - request: GET /:name
    response: {json: {secure: "{{ params.name }}"}}
""",
}
BARE = "env -i PATH=/usr/bin:/bin"
"""Nothing of what a run sets."""


class Service(BaseHTTPRequestHandler):
    """A service of the host that tests need, as a database would be."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"the service")

    def log_message(self, *_):
        """Tests are quiet."""


@pytest.fixture
def project(tmp_path):
    return write(tmp_path, FILES)


def run(folder, script, *options, before=()):
    program = REAL if before else INTERCEPTOR  # what comes before is for the program itself
    words = [*before, *program, "run", "--export", "never", *options, "--", "sh", "-c", script]
    return subprocess.run(
        words, cwd=folder, env=clean_environment(), capture_output=True, text=True, check=False, timeout=60
    )


def test_a_client_that_knows_nothing_reaches_every_owned_host(project):
    script = f"""
        {BARE} curl -s http://plain.client.test/a
        {BARE} curl -s https://secure.client.test/v1/b
        {BARE} curl -s https://other.client.test:8443/c
        {BARE} curl -s http://localhost:3999/d
        {BARE} {sys.executable} -I -c 'import urllib.request as r; print(r.urlopen("https://secure.client.test/v1/e").read())'
    """
    ended = run(project, script, "--isolated")
    assert ended.stdout == """{"plain":"a"}{"secure":"b"}{"secure":"c"}{"secure":"d"}b'{"secure":"e"}'\n"""
    assert ended.stderr.startswith("interceptor  5 requests · 5 mocked · 0 unhandled\n")


@pytest.mark.skipif(shutil.which("wget") is None, reason="there is no wget here")
def test_a_client_with_authorities_of_the_system_reaches_them_too(project):
    assert run(project, f"{BARE} wget -qO- https://secure.client.test/v1/b", "--isolated").stdout == '{"secure":"b"}'


def test_clients_that_read_the_variables_work_as_ever(project):
    script = "curl -s https://secure.client.test/v1/a && curl -s $INTERCEPTOR_URL/test"
    assert run(project, script, "--isolated").stdout.startswith('{"secure":"a"}{"name":')


def test_services_of_the_host_are_reached_when_they_are_named(project):
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Service)) as port:
        script = f"curl -s --noproxy '*' http://127.0.0.1:{port}/"
        assert run(project, script, "--isolated", "--allow-port", str(port)).stdout == "the service"
        assert run(project, script, "--isolated").returncode == 7


def test_a_port_that_nobody_serves_breaks_the_connection(project):
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Service)) as port:
        pass
    script = f"curl -s --noproxy '*' http://127.0.0.1:{port}/"
    assert run(project, script, "--isolated", "--allow-port", str(port)).returncode in {52, 56}


def test_the_command_keeps_its_user_its_streams_and_its_exit_code(project):
    ended = run(project, "id -u; cat; echo oops >&2; exit 7", "--isolated")
    assert ended.stdout == run(project, "id -u").stdout
    assert ended.stderr.startswith("oops\n")
    assert ended.returncode == 7


def test_a_command_that_cannot_be_run_is_told_as_ever(project):
    words = [*INTERCEPTOR, "run", "--isolated", "--", "no-such-program"]
    ended = subprocess.run(words, cwd=project, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (
        127,
        'interceptor  cannot run "no-such-program": there is no such program\n',
    )


FORBIDDEN = ("unshare", "-Ur", "sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', "sh")
"""A system in which nobody may have a namespace."""


def test_a_system_that_forbids_it_is_an_error_with_what_to_do(project):
    ended = run(project, "true", "--isolated", before=FORBIDDEN)
    assert ended.returncode == 2
    assert ended.stderr.startswith("interceptor  cannot isolate the command: cannot make a network of its own: ")
    assert "leave out --isolated" in ended.stderr


def test_where_only_the_project_asks_for_it_the_run_goes_on_without(project):
    (project / "interceptor.yaml").write_text(FILES["interceptor.yaml"] + "reach: {isolated: true}\n")
    ended = run(project, "curl -s http://plain.client.test/a", before=FORBIDDEN)
    assert ended.stdout == '{"plain":"a"}'
    first = ended.stderr.splitlines()[0]
    assert first.startswith("interceptor  cannot isolate the command: cannot make a network of its own: ")
    assert first.endswith("; continuing without isolation")


def test_a_project_can_ask_for_it(project):
    (project / "interceptor.yaml").write_text(FILES["interceptor.yaml"] + "reach: {isolated: true}\n")
    assert run(project, f"{BARE} curl -s http://plain.client.test/a").stdout == '{"plain":"a"}'
