"""The npm package as its users have it: packed, unpacked, and called by tests of vitest, jest and node:test."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

import interceptor
from tests.clients.matrix import npm_folder
from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, write

pytestmark = [pytest.mark.clients, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
PACKAGES = ("vitest@3.2.4", "jest@29.7.0", "msw@2.15.0", "typescript@5.7.3")
API = "https://api.client.test/v1"
(DOCUMENTED,) = re.findall(r"^```js\n(.*?)^```", (ROOT / "docs/control.md").read_text(), re.DOTALL | re.MULTILINE)
BODY = f"""
const status = async (path) => (await fetch(`{API}${{path}}`)).status
const equal = (one, other) => {{
  if (JSON.stringify(one) !== JSON.stringify(other)) throw new Error(JSON.stringify(one))
}}
const refused = async (asked, why) => {{
  const message = await asked.then(() => 'nothing is refused', (error) => error.message)
  if (!why.test(message)) throw new Error(message)
}}
const teapot = {{ request: 'GET /products/10', response: 418 }}
const body = async (name) => {{
  await client.beginTest(name)
  await client.given('there is nothing')
  equal(await status('/products/10'), 404)
  await client.given()
  equal(await status('/products/10'), 200)
  const added = await client.use({{ provider: 'API', handlers: [teapot] }})
  equal(added, [`run-time handlers:1 (GET /products/10, added by "${{name}}")`])
  equal(await status('/products/10'), 418)
  const seen = await client.exchanges()
  equal(seen.map((each) => [each.test, each.response.status]), [[name, 404], [name, 200], [name, 418]])
  await client.reset()
  equal(await status('/products/10'), 200)
  equal(await client.missed(), [])
  await refused(client.use('nothing: true'), /cannot POST .handlers: the handlers are not valid\\n[^]*nothing/)
  const url = process.env.INTERCEPTOR_URL
  process.env.INTERCEPTOR_URL = `${{url}}0`
  await refused(client.reset(), /cannot POST .reset: there is nothing here/)
  process.env.INTERCEPTOR_URL = 'http://127.0.0.1:1/token'
  await refused(client.reset(), /the proxy at INTERCEPTOR_URL, .*, does not answer: /)
  delete process.env.INTERCEPTOR_URL
  await refused(client.reset(), /INTERCEPTOR_URL is not set/)
  process.env.INTERCEPTOR_URL = url
  equal((await client.summary()).unhandled, 0)
}}
"""
FILES = {
    "interceptor.yaml": f"""
consumer: Shop
providers: {{API: {{url: {API}}}, Product API: {{url: https://api.example.com/v1}}}}
handlers: [handlers.yaml, documented.yaml]
""",
    "documented.yaml": """
provider: Product API
handlers: [{request: GET /products/10, given: product 10 exists, response: {json: {id: "10"}}}]
""",
    "handlers.yaml": """
provider: API
handlers:
  - {request: GET /products/10, given: there is a product, response: {json: {id: "10"}}}
  - {request: GET /products/10, given: there is nothing, response: 404}
  - {request: GET /preloaded, response: {text: preloaded}}
""",
    "package.json": '{"name": "shop"}',
    "vitest/suite.test.mjs": f"""
import {{ test }} from 'vitest'
import {{ setupServer }} from 'msw/node'
import * as client from 'pact-interceptor'
{BODY}
test('vitest', () => body('of vitest'))
test('beside MSW', async () => {{
  const server = setupServer()
  server.listen({{ onUnhandledRequest: 'error' }})
  await client.given('there is nothing')
  equal((await client.exchanges()).length, 4)
  server.close()
}})
""",
    "vitest/documented.test.mjs": DOCUMENTED,
    "jest/suite.test.js": f"""
const client = require('pact-interceptor')
{BODY}
test('jest', () => body('of jest'))
test('another worker', () => equal(client.headers()['x-interceptor-scope'], process.env.JEST_WORKER_ID))
""",
    "jest.config.js": "module.exports = { testMatch: ['**/jest/*.test.js'] }\n",
    "node.test.mjs": f"""
import test from 'node:test'
import * as client from 'pact-interceptor'
{BODY}
test('node', () => body('of node'))
""",
    "preloaded.mjs": f"""
const answer = await (await fetch('{API}/preloaded')).text()
if (answer !== 'preloaded') throw new Error(answer)
""",
    "observed.mjs": f"""
import {{ http, HttpResponse }} from 'msw'
import {{ setupServer }} from 'msw/node'
setupServer(http.get('{API}/observed', () => HttpResponse.json({{}}))).listen()
await (await fetch('{API}/observed')).text()
""",
    "all.sh": """
set -e
node node_modules/vitest/vitest.mjs run --dir vitest
node node_modules/jest/bin/jest.js
node --test node.test.mjs
NODE_OPTIONS= node --require pact-interceptor/preload preloaded.mjs
node --require pact-interceptor/preload preloaded.mjs
NODE_OPTIONS= node --require pact-interceptor/msw observed.mjs
""",
    "right.mts": """
import { beginTest, exchanges, given, headers, missed, reset, summary, use } from 'pact-interceptor'
import type { Exchange } from 'pact-interceptor'
await beginTest('a test')
await given('a state', 'another')
const places: string[] = await use({ provider: 'API', handlers: [{ request: 'GET /', response: 204 }] })
const seen: Exchange[] = await exchanges()
const outcome: 'mocked' | 'passed' | 'unhandled' | 'failed' = seen[0].outcome
const texts: string[] = [...places, ...(await missed()), seen[0].request.url, ...Object.values(headers()), outcome]
await reset()
export default [texts, await summary()]
""",
    "right.cts": "import client = require('pact-interceptor')\nclient.given('a state').then(() => client.reset())\n",
    "wrong.mts": "import { given, use } from 'pact-interceptor'\nawait given(7)\nawait use(7)\n",
}


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The folder that npm makes of the package; from a copy, so that the repository stays as it is."""
    if shutil.which("npm") is None:
        pytest.skip("there is no npm here")
    copy = tmp_path_factory.mktemp("pack")
    for name in ("npm", "interceptor/run/reach/preload", "LICENSE"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, copy / name)
    done = subprocess.run(
        ["npm", "pack", "--json", "--offline"],
        cwd=copy / "npm",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    (file,) = (copy / "npm").glob("*.tgz")
    with tarfile.open(file) as archive:
        archive.extractall(copy, filter="data")
    return copy / "package"


def test_what_is_packed(packed):
    names = {file.relative_to(packed).as_posix() for file in packed.rglob("*") if file.is_file()}
    assert names == {
        *("LICENSE", "README.md", "package.json", "index.cjs", "index.d.cts", "index.d.mts", "index.mjs"),
        *("preload.cjs", "msw.cjs", "preload/interceptor.cjs", "preload/observe.cjs"),
    }
    described = json.loads((packed / "package.json").read_text())
    assert described["version"] == interceptor.__version__
    assert "dependencies" not in described


def test_its_types_are_those_of_what_it_exports(packed):
    exported = re.search(r"module\.exports = \{ (.*) \}", (packed / "index.cjs").read_text())[1].split(", ")
    typed = re.findall(r"^export function (\w+)", (packed / "index.d.cts").read_text(), re.MULTILINE)
    assert sorted(exported) == sorted(typed)
    assert f"{{ {', '.join(exported)} }}" in (packed / "index.mjs").read_text()


@pytest.fixture
def project(packed, tmp_path):
    modules = npm_folder(*PACKAGES)
    if modules is None:
        pytest.skip("npm gives no packages here")
    write(tmp_path, FILES)
    shutil.copytree(packed, tmp_path / "node_modules" / "pact-interceptor")
    for name in ("vitest", "jest", "msw", "typescript"):
        (tmp_path / "node_modules" / name).symlink_to(modules / "node_modules" / name)
    return tmp_path


def test_suites_of_three_runners_use_it(project):
    done = subprocess.run(
        [*INTERCEPTOR, "run", "--", "sh", "all.sh"],
        cwd=project,
        env={**clean_environment(), "CI": "true"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (journal,) = (project / ".interceptor" / "recordings").glob("*.jsonl")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    tests = {line.get("test") for line in lines if line.get("request", {}).get("path") == "/products/10"}
    assert tests == {"of vitest", "of jest", "of node", "shows a product"}
    assert {"/preloaded", "/observed"} <= {line["request"]["path"] for line in lines if "outcome" in line}


def test_a_users_files_are_typed(project):
    words = ["node", "node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--module", "nodenext"]
    words += ["--target", "es2022", "right.mts", "right.cts", "wrong.mts"]
    environ = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(words, cwd=project, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert re.findall(r"^(.*?)\(", done.stdout, re.MULTILINE) == ["wrong.mts", "wrong.mts"], done.stdout
