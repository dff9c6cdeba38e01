"""`interceptor doctor`: what real clients did under it is what it says of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forked import INTERCEPTOR
from tests.proxy.live import PATIENCE, clean_environment, write

pytestmark = pytest.mark.slow

FILES = {
    "interceptor.yaml": "consumer: Site\nproviders: {API: {url: ['http://api.test', 'https://api.test']}}\n",
    "handlers/api.yaml": "provider: API\nhandlers:\n  - {request: GET /same, response: {text: same}}\n",
}
TRUST = "have the client trust .interceptor/mitmproxy-ca-cert.pem (docs/clients.md)"
AROUND = (
    "if a client goes around the proxy: --isolated (Linux), "
    "or listen or env of the provider with that address in the client (docs/clients.md)"
)
NOTHING = {"what": "no request for a provider arrived", "remedy": AROUND, "process": None}
SILENT = """
import os, socket, ssl
port = int(os.environ["HTTP_PROXY"].rpartition(":")[2])
with socket.create_connection(("127.0.0.1", port)) as outer:
    outer.sendall(b"CONNECT api.test:443 HTTP/1.1\\r\\n\\r\\n")
    outer.recv(1000)
    with ssl.create_default_context().wrap_socket(outer, server_hostname="api.test") as inner:
        inner.unwrap()
"""


def doctor(folder, *arguments):
    return subprocess.run(
        [*INTERCEPTOR, "doctor", *arguments],
        cwd=folder,
        env={**clean_environment(), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def seen(folder, *command, options=()):
    """What it says of a command, to programs; of a process the command line alone, as ids differ."""
    got = doctor(folder, "--json", *options, "--", *command)
    found = json.loads(got.stdout.splitlines()[-1])["seen"]
    for each in found:
        each["process"] = each["process"] and each["process"].rpartition(" (pid ")[0]
    return found


@pytest.fixture
def project(tmp_path):
    return write(tmp_path, FILES)


def test_clients_are_told_apart_by_how_they_came(project):
    code = "import requests; s = requests.Session(); s.trust_env = {}; print(s.get('http://api.test/same').text)"
    script = [
        "curl -sS -A a-browser https://api.test/same",
        "curl -sS -A a-browser http://api.test/same",
        f'{sys.executable} -c "{code.format(True)}"',
        f'{sys.executable} -c "{code.format(False)}"',
    ]
    got = doctor(project, "--", "sh", "-c", "; ".join(script))
    assert got.stdout.count("same") == 4, got.stderr
    name = next(line for line in got.stderr.splitlines() if "python-requests" in line).split(": ")[1].split()[0]
    of_curl = r"interceptor  curl -sS -A a-browser {}://api\.test/same \(pid \d+\): a-browser"
    of_python = r"interceptor  python\S* -c import requests; .*\.\.\. \(pid \d+\): "
    for line, expected in zip(
        sorted(got.stderr.splitlines()),
        [
            f"{of_curl.format('http')} came by the proxy variables \\(1 connection\\)",
            f"{of_curl.format('https')} came by the proxy variables \\(1 connection\\)",
            f"{of_python}{name} came by a direct door \\(1 connection\\)",
            f"{of_python}{name} came by the proxy variables \\(1 connection\\)",
        ],
        strict=True,
    ):
        assert re.fullmatch(expected, re.sub(r"\d+(?=\): python)", "1", line)), line


def test_a_process_that_went_around_is_named_with_where_and_what_reaches_it(project):
    script = "env -i PATH=$PATH curl -sS https://api.test/same; curl -sS https://api.test/same"
    name = "curl/"
    found = seen(project, "sh", "-c", script, options=["--isolated"])
    around, proxied = sorted(found, key=lambda each: each["remedy"] is None)
    assert around["process"] == proxied["process"] == "curl -sS https://api.test/same"
    assert re.fullmatch(name + r"\S+ went around the proxy to api\.test \(1 connection\)", around["what"])
    assert around["remedy"] == f"it is reached by {AROUND.removeprefix('if a client goes around the proxy: ')}"
    assert "came by the proxy variables" in proxied["what"]


def test_a_client_that_refuses_the_certificate_is_told_what_to_trust(project):
    found = seen(project, "curl", "-s", "--cacert", "/dev/null", "https://api.test/same")
    what = "a client refused the certificate for api.test (1 time)"
    process = "curl -s --cacert /dev/null https://api.test/same"
    assert found == [{"what": what, "remedy": TRUST, "process": process}, NOTHING]


def test_a_client_that_asks_nothing_is_not_blamed(project):
    (project / "silent.py").write_text(SILENT)
    found = seen(project, sys.executable, "silent.py")
    assert found == [
        {
            "what": "a client opened TLS to api.test and asked nothing (1 time)",
            "remedy": f"if it does not trust the certificate, {TRUST}; "
            "if it needs HTTP/2, http2: true in the project file",
            "process": f"{Path(sys.executable).name} silent.py",
        },
        NOTHING,
    ]


def test_a_client_that_begins_with_http2_is_told_how_it_is_offered(project):
    words = ["curl", "-s", "--proxytunnel", "--http2-prior-knowledge", "http://api.test:80/same"]
    assert {
        "what": "a client began with HTTP/2 at api.test (1 time)",
        "remedy": "http2: true in the project file offers it",
        "process": " ".join(words),
    } in seen(project, *words)


def test_http2_that_is_offered_is_named(project):
    with (project / "interceptor.yaml").open("a") as file:
        file.write("http2: true\n")
    words = ["curl", "-sS", "--http2", "https://api.test/same"]
    found = seen(project, *words)
    what = "a client of api.test came by HTTP/2 (1 connection)"
    assert found == [{"what": what, "remedy": None, "process": " ".join(words)}]


def test_another_host_is_named_with_what_it_looks_like(project):
    found = seen(project, "curl", "-s", "http://api.test:8081/same")
    (elsewhere,) = (each for each in found if each["what"].startswith("http://api.test:8081"))
    assert "is no provider's, and was asked through the proxy (1 time): " in elsewhere["what"]
    assert elsewhere["remedy"] == "if it is a provider's, add it to that provider's url: http://api.test:8081"


def test_requests_to_the_proxy_itself_are_no_clients_of_a_provider(project):
    found = seen(project, "sh", "-c", "curl -sS $INTERCEPTOR_URL/test")
    assert found == [NOTHING]


def test_the_exit_code_is_the_commands_and_nothing_is_exported(project):
    got = doctor(project, "--json", "--", "sh", "-c", "curl -sS https://api.test/missing; exit 3")
    assert got.returncode == 3
    assert json.loads(got.stdout.splitlines()[-1])["exit_code"] == 3
    assert not list(project.glob("**/*Site*.json"))
    assert doctor(project, "--", "true").returncode == 0
