"""WebSockets of Node, by the preload, and of a page in Chromium, by the proxy variables; one run for all of them."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from tests.chromium import CHROMIUM
from tests.clients.matrix import npm_folder
from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, write

from .test_browser import NOTHING_LEAVES

pytestmark = [pytest.mark.clients, pytest.mark.slow]

FILES = {
    "interceptor.yaml": """
consumer: Chat
providers:
  Site: {url: https://site.client.test}
  Chat: {url: [https://chat.client.test, http://plain.client.test]}
handlers: handlers.yaml
""",
    "handlers.yaml": """
provider: Chat
handlers:
  - {request: GET https://site.client.test/page, response: {headers: {content-type: text/html}, file: page.html}}
  - {request: GET https://site.client.test/never, response: {delay: infinite}}
  - request: {websocket: /:client, query: {room: blue}}
    name: '{{ params.client }} joins'
    response:
      open: {json: {hello: '{{ params.client }}'}}
      messages:
        - {json: {say: {$type: string}}, send: {json: {said: '{{ message.json.say | upper }}'}}}
        - {binary: {size: 3}, send: [{base64: AAEC}, {close: {code: 4002, reason: enough}}]}
""",
    "talk.js": """
function talk(WebSocket, url, protocols) {
  return new Promise((done) => {
    const heard = []
    const socket = new WebSocket(url, protocols)
    socket.binaryType = 'arraybuffer'
    socket.onmessage = ({ data }) => {
      heard.push(typeof data === 'string' ? data : [...new Uint8Array(data)].join('-'))
      if (heard.length === 1) socket.send('{"say": "yes"}')
      if (heard.length === 2) socket.send(new Uint8Array([1, 2, 3]))
    }
    socket.onerror = (event) => done(`error ${event.message}`)
    socket.onclose = ({ code, reason }) => done([socket.protocol, ...heard, code, reason].join(' '))
  })
}
if (typeof module === 'object') module.exports = talk
""",
    "node.cjs": """
const talk = require('./talk.js')
async function all() {
  const { WebSocket: Ws } = require('ws')
  console.log('ws', await talk(Ws, 'wss://chat.client.test/ws?room=blue', ['v1']))
  console.log('plain', await talk(Ws, 'ws://plain.client.test/plain?room=blue', []))
  console.log('global', await talk(globalThis.WebSocket, 'wss://chat.client.test/global?room=blue', ['v1', 'v2']))
}
all()
""",
    "browse.sh": """
set -e
node --experimental-websocket node.cjs
test -z "$1" || "$1" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \\
  --disable-background-networking --disable-component-update --disable-sync --user-data-dir="$PWD/profile" \\
  --dump-dom $INTERCEPTOR_CHROMIUM_ARGS https://site.client.test/page
""",
}
PAGE = """<!doctype html><p>waiting</p><img src="/never"><script>
{talk}
talk(WebSocket, 'wss://chat.client.test/page?room=blue', ['v1']).then((heard) => {{
  document.querySelector('p').textContent = `page ${{heard}}`
  document.querySelector('img').src = 'data:,'
}})
</script>
"""
"""The page is loaded, and so shown, when its image is given up."""


def said(client, protocol):
    return f'{client} {protocol} {{"hello":"{client}"}} {{"said":"YES"}} 0-1-2 4002 enough'


@pytest.mark.skipif(shutil.which("node") is None, reason="this machine has no Node")
def test_clients_in_javascript(tmp_path):
    packages = npm_folder("ws@8")
    if packages is None:
        pytest.skip("npm gives no packages")
    project = write(tmp_path, FILES | {"page.html": PAGE.format(talk=FILES["talk.js"])})
    (project / "node_modules").symlink_to(packages / "node_modules")
    ended = subprocess.run(
        [*INTERCEPTOR, "run", "--", "sh", "browse.sh", CHROMIUM or ""],
        cwd=project,
        env=clean_environment() | NOTHING_LEAVES,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for client, protocol in (("ws", "v1"), ("plain", ""), ("global", "v1")):
        assert said(client, protocol) in ended.stdout
    if CHROMIUM is not None:
        assert f"<p>{said('page', 'v1')}</p>" in ended.stdout
    (journal,) = (project / ".interceptor" / "recordings").glob("*.jsonl")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    names = {line["name"] for line in lines if line.get("websocket") == "opened"}
    assert names >= {"ws joins", "plain joins", "global joins"}
    assert not list((project / "msw_generated_pacts").glob("*-Chat.json"))
