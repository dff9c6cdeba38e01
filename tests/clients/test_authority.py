"""Clients with a TLS of their own accept our authority, whose keys are on a curve; those of `matrix.py` do so there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.proxy.live import clean_environment, inside, write

pytestmark = [pytest.mark.clients, pytest.mark.slow]

PROGRAMS = Path(__file__).parent / "programs"
HOST = "secure.client.test"
URL = f"https://{HOST}/item"
FILES = {
    "interceptor.yaml": f"consumer: Many Clients\nproviders: {{Secure: {{url: 'https://{HOST}'}}}}\n",
    "handlers/secure.yaml": "provider: Secure\nhandlers: [{request: GET /item, response: {text: trusted}}]\n",
}
NOTHING_LEAVES = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
"""Where our proxy sends what Firefox asks its maker by itself: nobody listens there."""
PREFERENCES = """
user_pref("network.proxy.type", 1);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", PORT);
user_pref("network.dns.disableIPv6", true);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.normandy.enabled", false);
"""


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    with inside(write(tmp_path_factory.mktemp("authority"), FILES), clean_environment() | NOTHING_LEAVES) as running:
        yield running


@pytest.fixture
def say(tmp_path):
    """Runs a program with a home of its own; what it printed."""

    def run(*words, **variables):
        home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
        done = subprocess.run(
            [str(word) for word in words],
            env=clean_environment() | home | variables,
            input=f"GET /item HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def needs(*programs):
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"this machine has no {' and no '.join(missing)}")


def authority(proxy):
    return proxy.context.project.state_dir / "mitmproxy-ca-cert.pem"


@needs("gnutls-cli")
def test_gnutls(proxy, say):
    names = (f"--sni-hostname={HOST}", f"--verify-hostname={HOST}")
    port = proxy.context.doors[f"https://{HOST}:443"]
    said = say("gnutls-cli", f"--x509cafile={authority(proxy)}", *names, f"--port={port}", "127.0.0.1")
    assert "The certificate is trusted" in said
    assert "\ntrusted" in said.partition("HTTP/1.1 200")[2]


@needs("go")
def test_go(proxy, say, tmp_path):
    variables = {"HTTPS_PROXY": proxy.url, "SSL_CERT_FILE": proxy.bundle, "GOCACHE": str(tmp_path / "go")}
    assert say("go", "run", PROGRAMS / "client.go", URL, **variables, GO111MODULE="off", GOPROXY="off") == "trusted"


@needs("mono", "mcs")
def test_mono(proxy, say, tmp_path):
    say("mcs", f"-out:{tmp_path / 'client.exe'}", PROGRAMS / "Client.cs")
    assert say("mono", tmp_path / "client.exe", proxy.url, URL, authority(proxy)) == "trusted"


@needs("firefox", "certutil")
def test_firefox(proxy, say, tmp_path):
    profile = tmp_path / "profile"
    profile.mkdir()
    (profile / "user.js").write_text(PREFERENCES.replace("PORT", str(proxy.port)))
    say("certutil", "-N", "-d", f"sql:{profile}", "--empty-password")
    say("certutil", "-A", "-d", f"sql:{profile}", "-n", "ours", "-t", "C,,", "-i", authority(proxy))
    before = len(proxy.noted(0))
    picture = tmp_path / "page.png"
    say("firefox", "--headless", "--no-remote", "--profile", profile, "--screenshot", picture, URL)
    asked = proxy.noted(before + 1)[before:]
    assert {"firefox" in str(each["request"]["headers"]).lower() for each in asked} == {True}
    assert "/item" in {each["request"]["path"] for each in asked}
