"""GnuTLS accepts our authority, whose keys are on a curve; those of `matrix.py` and the browsers do so there."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.proxy.live import clean_environment, inside, write

pytestmark = [pytest.mark.clients, pytest.mark.slow]

HOST = "secure.client.test"
FILES = {
    "interceptor.yaml": f"consumer: Many Clients\nproviders: {{Secure: {{url: 'https://{HOST}'}}}}\n",
    "handlers/secure.yaml": "provider: Secure\nhandlers: [{request: GET /item, response: {text: trusted}}]\n",
}


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    with inside(write(tmp_path_factory.mktemp("authority"), FILES), clean_environment()) as running:
        yield running


@pytest.mark.skipif(shutil.which("gnutls-cli") is None, reason="this machine has no gnutls-cli")
def test_gnutls(proxy):
    authority = proxy.context.project.state_dir / "mitmproxy-ca-cert.pem"
    names = (f"--sni-hostname={HOST}", f"--verify-hostname={HOST}")
    port = proxy.context.doors[f"https://{HOST}:443"]
    done = subprocess.run(
        ["gnutls-cli", f"--x509cafile={authority}", *names, f"--port={port}", "127.0.0.1"],
        input=f"GET /item HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "The certificate is trusted" in done.stdout, done.stdout + done.stderr
    assert "\ntrusted" in done.stdout.partition("HTTP/1.1 200")[2]
