"""Chromium: a page and what it fetches under `interceptor run`; and a page that is after the control address."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from interceptor.testing.control_client import ControlClient
from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, running, serve, write

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.clients,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="this machine has no Chromium"),
]

FILES = {
    "interceptor.yaml": """
consumer: Browser
providers:
  Site: {url: https://site.client.test}
  API: {url: https://api.client.test}
handlers: handlers/
""",
    "handlers/site.yaml": """
provider: Site
handlers:
  - request: GET /page
    response: {headers: {content-type: text/html}, file: page.html}
""",
    "handlers/api.yaml": """
provider: API
handlers:
  - request: GET /item
    response: {headers: {access-control-allow-origin: "*"}, json: {name: Lamp}}
""",
    "handlers/page.html": """<!doctype html>
<p>waiting</p>
<script>
fetch('https://api.client.test/item')
  .then((response) => response.json())
  .then((item) => { document.querySelector('p').textContent = `item: ${item.name}` })
</script>
""",
    "browse.sh": """
exec "$1" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \\
  --disable-component-update --disable-sync --user-data-dir="$PWD/profile" --virtual-time-budget=10000 --dump-dom \\
  $INTERCEPTOR_CHROMIUM_ARGS https://site.client.test/page
""",
}
NOTHING_LEAVES = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
"""Where our proxy sends what Chromium asks its maker by itself, in spite of all options: nobody listens there."""


def test_a_page_and_its_fetch_are_answered_recorded_and_in_the_pacts(tmp_path):
    project = write(tmp_path, FILES)
    ended = subprocess.run(
        [*INTERCEPTOR, "run", "--", "sh", "browse.sh", str(CHROMIUM)],
        cwd=project,
        env=clean_environment() | NOTHING_LEAVES,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert "<p>item: Lamp</p>" in ended.stdout, ended.stderr
    assert ended.returncode == 0, ended.stderr
    (journal,) = (project / ".interceptor" / "recordings").glob("*.jsonl")
    lines = map(json.loads, journal.read_text().splitlines())
    asked = {(line["provider"], line["request"]["path"]) for line in lines if "outcome" in line}
    assert {("Site", "/page"), ("API", "/item")} <= asked
    pacts = [json.loads(file.read_text()) for file in (project / "msw_generated_pacts").glob("*.json")]
    assert {(pact["provider"]["name"], each["request"]["path"]) for pact in pacts for each in pact["interactions"]} == {
        ("Site", "/page"),
        ("API", "/item"),
    }


ATTACK = """<!doctype html>
<p>waiting</p>
<iframe name="frame"></iframe>
<form id="form" method="post" target="frame" enctype="text/plain" action="http://127.0.0.2:{port}/{token}/handlers">
  <input name="provider: API&#10;handlers: [{{request: GET /item, response: taken}}]&#10;x" value="1">
</form>
<script>
const urls = ['http://127.0.0.2:{port}/{token}', 'http://rebound.attacker.example:{port}/{token}']
const yaml = 'provider: API\\nhandlers: [{{request: GET /item, response: {{text: taken}}}}]\\n'
const attempts = urls.flatMap((url) => [
  () => fetch(`${{url}}/summary`).then((answer) => answer.text()),
  () => fetch(`${{url}}/test`, {{method: 'PUT', body: '{{"name": "taken"}}'}}).then((answer) => answer.text()),
  () => fetch(`${{url}}/handlers`, {{method: 'POST', mode: 'no-cors', body: yaml}}).then((answer) => answer.type),
  () => new Promise((done) => {{
    const image = new Image()
    image.onerror = image.onload = () => done('image')
    image.src = `${{url}}/exchanges`
  }}),
])
const said = []
for (const attempt of attempts) said.push(attempt().catch((error) => `refused: ${{error.message}}`))
document.getElementById('form').submit()
Promise.all(said).then((texts) => {{ document.querySelector('p').textContent = `done: ${{texts.join(' | ')}}` }})
</script>
"""
TOKEN = "a-token-of-the-tests"


def _dom(url, profile):
    """What Chromium has of a page, with a name of the attacker that leads to this machine."""
    return subprocess.run(
        [
            str(CHROMIUM),
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
            *("--disable-background-networking", "--disable-component-update", f"--user-data-dir={profile}"),
            *("--no-proxy-server", "--virtual-time-budget=10000", "--dump-dom"),
            "--host-resolver-rules=MAP rebound.attacker.example 127.0.0.2, MAP attacker.example 127.0.0.1",
            url,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    ).stdout


def test_a_page_of_an_attacker_gets_nothing_from_the_control_address(tmp_path):
    environ = {**clean_environment(), "INTERCEPTOR_TOKEN": TOKEN}
    with serve(write(tmp_path / "project", FILES), environ, "--host", "127.0.0.2") as proxy:
        control = ControlClient(proxy.variables["INTERCEPTOR_URL"])
        control.begin_test("kept")
        page = ATTACK.format(port=proxy.port, token=TOKEN)

        class Attacker(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *_):
                """Tests are quiet."""

        with running(ThreadingHTTPServer(("127.0.0.1", 0), Attacker)) as address:
            dom = _dom(f"http://attacker.example:{address}/", tmp_path / "first")
        said, _, _ = dom.partition("</p>")
        assert "done: " in said
        assert said.count("refused: Failed to fetch") == 4, said  # and those of no-cors are opaque
        rebound = _dom(f"http://rebound.attacker.example:{proxy.port}/{TOKEN}/summary", tmp_path / "second")
        assert "which is not called" in rebound
        assert control.summary()["test"]["name"] == "kept"
        trust = ssl.create_default_context(cafile=proxy.variables["SSL_CERT_FILE"])
        with httpx.Client(proxy=proxy.url, trust_env=False, verify=trust) as client:
            assert client.get("https://api.client.test/item").json() == {"name": "Lamp"}
