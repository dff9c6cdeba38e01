"""A handler file of MSW as the answering side: the front end's mocks answer a suite in Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time

import httpx
import pytest

from interceptor.project.config import load_project
from interceptor.session import prepared
from interceptor.values.errors import ConfigurationError
from tests.clients.matrix import npm_folder
from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, serve, write

pytestmark = [pytest.mark.clients, pytest.mark.slow]

PROJECT = """\
consumer: Shop
providers: {Product API: {url: https://api.example.com/v1}}
handlers: [handlers/, {msw: src/mocks/handlers.ts}]
"""
YAML = """\
provider: Product API
handlers: [{request: GET /products/from-yaml, response: {json: {id: yaml}}}]
"""
CONTRACT = """\
provider: Product API
interactions:
  - {request: GET /products/:id, response: 404, given: "there is no product {{ params.id }}"}
  - {request: GET /products/:id, name: "a request for product {{ params.id }}"}
"""
DATA = """\
export interface Product { id: string; name: string }
export const products: Map<string, Product> = new Map([['10', { id: '10', name: 'Lamp' }]])
"""
HANDLERS = """\
import { http, graphql, HttpResponse, delay } from 'msw'
import { products } from './data'

console.log('noise on the standard output')
export const handlers = [
  http.get('*/v1/products/:id', async ({ params }) => {
    const found = products.get(String(params.id))
    await delay(5)
    return found ? HttpResponse.json(found) : new HttpResponse(null, { status: 404 })
  }),
  http.post('https://api.example.com/v1/products', async ({ request }) => {
    const sent = (await request.json()) as { name: string }
    products.set('11', { id: '11', name: sent.name })
    return HttpResponse.json(products.get('11'), { status: 201, headers: { 'set-cookie': 'a=1' } })
  }),
  http.post('*/v1/upload', async ({ request }) => HttpResponse.arrayBuffer(await request.arrayBuffer())),
  http.get('/v1/relative', () => HttpResponse.text('relative')),
  graphql.query('GetUser', ({ variables }) => HttpResponse.json({ data: { user: { id: variables.id } } })),
  http.get('*/v1/broken', () => HttpResponse.error()),
  http.get('*/v1/bug', () => { throw new Error('a bug in a handler') }),
  http.get('*/v1/end', () => process.exit(3)),
]
"""
SUITE = """
import httpx, pytest

@pytest.fixture
def api():
    with httpx.Client(base_url="https://api.example.com/v1") as client:
        yield client

def test_yaml_comes_first(api):
    assert api.get("/products/from-yaml").json() == {"id": "yaml"}

def test_state_in_javascript(api):
    assert api.get("/products/11").status_code == 404
    added = api.post("/products", json={"name": "Desk"})
    assert (added.status_code, added.headers["set-cookie"]) == (201, "a=1")
    assert api.get("/products/11").json() == {"id": "11", "name": "Desk"}

def test_bytes(api):
    assert api.post("/upload", content=bytes(range(256))).content == bytes(range(256))

def test_a_relative_address(api):
    assert api.get("/relative").text == "relative"

def test_graphql(api):
    query = {"query": "query GetUser($id: ID!) { user(id: $id) { id } }", "variables": {"id": "7"}}
    assert api.post("/graphql", json=query).json() == {"data": {"user": {"id": "7"}}}

def test_a_network_error(api):
    with pytest.raises(httpx.TransportError):
        api.get("/broken")
"""
MISSES = """
import httpx
with httpx.Client(base_url="https://api.example.com/v1", timeout=60) as api:
    print([api.get(path).status_code for path in ("/nothing", "/bug", "/end", "/products/10")])
"""


@pytest.fixture(scope="module")
def modules():
    found = npm_folder("msw@2.15.0", "esbuild@0.25.0")
    if found is None:
        pytest.skip("npm gives no packages here")
    return found / "node_modules"


@pytest.fixture
def folder(tmp_path, modules):
    files = {
        "interceptor.yaml": PROJECT,
        "handlers/a.yaml": YAML,
        "contract.yaml": CONTRACT,
        "src/mocks/handlers.ts": HANDLERS,
        "src/mocks/data.ts": DATA,
        "test_shop.py": SUITE,
        "misses.py": MISSES,
    }
    (tmp_path / "node_modules").symlink_to(modules)
    return write(tmp_path, files)


def run(folder, *command):
    words = [*INTERCEPTOR, "-v", "run", "--", sys.executable, *command]
    return subprocess.run(words, cwd=folder, env=clean_environment(), capture_output=True, text=True, check=False)


def test_a_suite_in_python_is_answered(folder):
    done = run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "6 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0, done.stderr
    assert "noise on the standard output" in done.stderr
    assert "noise" not in done.stdout
    (pact,) = (json.loads(file.read_text()) for file in folder.glob("msw_generated_pacts/*.json"))
    asked = sorted(f"{each['request']['method']} {each['request']['path']}" for each in pact["interactions"])
    assert asked == [
        "GET /products/11", "GET /products/11", "GET /products/from-yaml", "GET /relative", "POST /graphql",
        "POST /products", "POST /upload",
    ]  # fmt: skip
    assert "src/mocks/handlers.ts:6\n" in done.stderr  # the place of the handler, in TypeScript
    assert list((folder / ".interceptor").glob("msw-*")) == []


def test_what_goes_wrong_there_is_told_here(folder):
    done = run(folder, "misses.py")
    assert done.stdout == "[501, 500, 500, 500]\n", done.stderr
    assert done.returncode == 1
    assert "GET https://api.example.com/v1/nothing has no handler" in done.stderr
    assert "failed: src/mocks/handlers.ts: a bug in a handler" in done.stderr
    assert "src/mocks/handlers.ts: the Node process that runs the handlers has ended with exit code 3" in done.stderr
    assert "Traceback" not in done.stderr


def test_files_that_change_are_read_anew(folder):
    url = "https://api.example.com/v1/products/10"
    with (
        serve(folder, clean_environment()) as proxy,
        httpx.Client(proxy=proxy.url, verify=False, trust_env=False) as client,
    ):
        assert client.get(url).json()["name"] == "Lamp"
        (folder / "src/mocks/data.ts").write_text(DATA.replace("Lamp", "Desk"))
        deadline = time.monotonic() + 60
        while client.get(url).json()["name"] != "Desk":
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"src/mocks/handlers.ts": "export const handlers = [\n  oops(\n"}, "src/mocks/handlers.ts:3:1: "),
        ({"src/mocks/handlers.ts": "export const a = 1\n"}, "it exports no list of handlers"),
        ({"src/mocks/handlers.ts": "import './gone'\nexport default []\n"}, "src/mocks/handlers.ts:1:8: "),
        ({"src/mocks/handlers.ts": "throw new Error('as it is read')\n"}, "as it is read"),
        ({"src/mocks/handlers.ts": "process.exit(7)\n"}, "has ended with exit code 7"),
        ({"interceptor.yaml": PROJECT.replace("handlers.ts", "gone.ts")}, 'there is no file "src/mocks/gone.ts"'),
        ({"interceptor.yaml": PROJECT.replace("{msw:", "{mws:")}, 'unknown key "mws"'),
    ],
)
def test_files_that_cannot_be_read_are_told_with_their_place(folder, files, said):
    write(folder, files)
    with pytest.raises(ConfigurationError) as error, prepared(load_project(folder / "interceptor.yaml"), os.environ):
        pass
    assert said in error.value.message
    assert all("\n" not in problem.message for problem in error.value.problems)


def test_without_node_or_esbuild_it_says_what_is_needed(folder, tmp_path, modules):
    project = load_project(folder / "interceptor.yaml")
    with (
        pytest.raises(ConfigurationError, match=r"interceptor.yaml:3:29: there is no node on the PATH"),
        prepared(project, {**os.environ, "PATH": str(tmp_path)}),
    ):
        pass
    (folder / "node_modules").unlink()
    shutil.copytree(modules, folder / "node_modules", ignore=shutil.ignore_patterns("esbuild", "@esbuild"))
    node = subprocess.run(["node", "-p", "process.features.typescript"], capture_output=True, text=True, check=False)
    if node.stdout.strip() == "undefined":
        with (
            pytest.raises(ConfigurationError, match="reads no TypeScript: install esbuild"),
            prepared(project, os.environ),
        ):
            pass
