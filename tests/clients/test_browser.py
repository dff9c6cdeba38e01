"""Chromium under `interceptor run`: a page and what it fetches, both at https."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, write

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
