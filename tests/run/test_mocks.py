"""Suites that have mocks already: `interceptor run` makes their contracts, and they notice nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, write

pytestmark = [pytest.mark.clients, pytest.mark.slow]

PROJECT = """
consumer: Product Site
providers: {Product API: {url: http://api.example.com}}
handlers: []
"""
SUITE = """
import asyncio, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
import httpx, requests, responses, respx, vcr

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
    assert "7 passed" in done.stdout
    assert done.returncode == 0, done.stderr
    assert asked(pact) == ["GET /products/1", *(f"GET /products/{number}" for number in "2456"), "POST /products"]
    (posted,) = (each for each in pact["interactions"] if each["request"]["method"] == "POST")
    assert posted["request"]["body"]["content"] == {"name": "Lamp"}
    assert posted["response"]["status"] == 201


def test_mocks_can_be_left_alone(tmp_path):
    project = PROJECT + "observe: {python: false}\n"
    folder = write(tmp_path, {"interceptor.yaml": project, "test_all.py": SUITE, "cassette.yaml": CASSETTE})
    done, pact = run(
        folder, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_all.py", "-k", "respx"
    )
    assert "1 passed" in done.stdout
    assert pact is None


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
