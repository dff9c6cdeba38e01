"""Providers on the machine itself, and pages on other ports than their APIs."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.clients.matrix import npm_folder
from tests.clients.test_browser import CHROMIUM, NOTHING_LEAVES
from tests.clients.test_consumers import PACKAGES
from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, running, write

pytestmark = [pytest.mark.clients, pytest.mark.slow]

PAGE = """<!doctype html>
<p>waiting</p>
<script>
const headers = { 'content-type': 'application/json', 'x-own': 'yes' }
fetch('API/item', { method: 'PUT', body: '{}', headers, credentials: 'include' })
  .then(async (response) => `${response.headers.get('x-more')} ${(await response.json()).name}`)
  .catch((error) => `failed: ${error}`)
  .then((text) => { document.querySelector('p').textContent = text })
</script>
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def run(folder, script, **environ):
    ended = subprocess.run(
        [*INTERCEPTOR, "run", "--", "sh", "-c", script],
        cwd=folder,
        env=clean_environment() | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.parametrize("node", ["node20", "node24"])
def test_axios_arrives_at_localhost(tmp_path, node):
    modules = npm_folder(*PACKAGES)
    if modules is None:
        pytest.skip("npm gives no packages here")
    url = f"http://localhost:{free_port()}"
    project = write(
        tmp_path,
        {
            "interceptor.yaml": f"consumer: Local\nproviders: {{API: {{url: '{url}'}}}}\nhandlers: handlers.yaml\n",
            "handlers.yaml": "provider: API\nhandlers:\n  - {request: GET /item, response: {text: here}}\n",
            "ask.cjs": f"""
const axios = require('axios');
const urls = ['{url}/item', '{url}/item'.replace('localhost', 'LOCALHOST')];
Promise.all(urls.map((url) => axios.get(url))).then((all) => console.log(all.map((each) => each.data).join(' ')));
""",
        },
    )
    (project / "node_modules").symlink_to(modules / "node_modules")
    assert run(project, f"node_modules/{node}/bin/node ask.cjs") == "here here\n"


class Site(BaseHTTPRequestHandler):
    """The consumer's own site."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(self.server.page)

    def log_message(self, *_):
        """Tests are quiet."""


@pytest.mark.skipif(CHROMIUM is None, reason="this machine has no Chromium")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_page_on_another_port_reads_what_any_handler_answers(tmp_path, scheme):
    """With a preflight, which `ANY` leaves to us, credentials, and a header of the handler's own."""
    api = f"{scheme}://localhost:{free_port()}"
    project = write(
        tmp_path,
        {
            "interceptor.yaml": f"consumer: Page\nproviders: {{API: {{url: '{api}'}}}}\nhandlers: handlers.yaml\n",
            "handlers.yaml": """
provider: API
handlers:
  - {request: ANY /item, response: {headers: {x-more: seen}, json: {name: Lamp}}}
""",
        },
    )
    site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    site.page = PAGE.replace("API", api).encode()
    with running(site) as port:
        script = f"""{shutil.which(CHROMIUM)} --headless --no-sandbox --disable-gpu --no-first-run \\
            --disable-background-networking --disable-component-update --disable-sync --user-data-dir="$PWD/profile" \\
            --virtual-time-budget=10000 --dump-dom $INTERCEPTOR_CHROMIUM_ARGS http://localhost:{port}/"""
        assert "<p>seen Lamp</p>" in run(project, script, **NOTHING_LEAVES)
    (pact,) = (project / "msw_generated_pacts").glob("*.json")
    (interaction,) = json.loads(pact.read_text())["interactions"]
    assert interaction["request"]["method"] == "PUT"
    assert "origin" not in json.dumps(interaction["request"].get("headers", {})).lower()
