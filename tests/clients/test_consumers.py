"""Consumers' own suites under `interceptor run`: several runners, documents and Nodes; no test knows of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.clients.matrix import NODES, npm_folder
from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, write

pytestmark = [pytest.mark.clients, pytest.mark.slow]

PACKAGES = (
    "axios@1.7.9",
    "happy-dom@20.0.0",
    "jest@29.7.0",
    "jest-environment-jsdom@29.7.0",
    "jsdom@26.0.0",
    "mocha@11.7.0",
    "vitest@3.2.4",
    *(f"{name}@{spec}" for name, spec in NODES.items()),
)
PROJECT = """
consumer: Shop
providers: {API: {url: https://api.client.test/v1}}
handlers: handlers.yaml
"""
HANDLERS = """
provider: API
handlers:
  - request: GET /products/10
    response: {json: {id: "10", name: Lamp}}
  - request: GET /products/11
    response: 404
  - request: {method: POST, path: /products, json: {name: Lamp}}
    response: {status: 201, json: {name: Lamp}}
"""
SOURCE = """
const axios = require('axios')
const api = axios.create({ baseURL: 'https://api.client.test/v1' })
exports.product = async (id) => (await api.get(`/products/${id}`)).data
exports.add = async (name) => (await api.post('/products', { name })).status
exports.fetched = async (id) => (await (await fetch(`https://api.client.test/v1/products/${id}`)).json()).name
"""
BY_FETCH = """
const api = 'https://api.client.test/v1/products'
const ask = async (...words) => {
  const response = await fetch(...words)
  if (!response.ok) throw { response }
  return response
}
exports.product = async (id) => (await ask(`${api}/${id}`)).json()
const lamp = { method: 'POST', body: JSON.stringify({ name: 'Lamp' }), headers: { 'content-type': 'application/json' } }
exports.add = async () => (await ask(api, lamp)).status
"""
"""The same without axios, whose packages vitest cannot load in its virtual machines."""
SUITE = """
const assert = require('node:assert')
const { add, product } = require('PRODUCTS')
test('reads a product', async () => assert.deepEqual(await product(10), { id: '10', name: 'Lamp' }))
test('adds a product', async () => assert.equal(await add('Lamp'), 201))
test('is told of what is missing', async () => {
  await assert.rejects(product(11), (error) => error.response.status === 404)
})
"""
IN_A_DOCUMENT = "test('runs in a document', () => assert.ok(window.document.location.href))\n"
FETCHES = "test('fetches', async () => assert.equal(await require('PRODUCTS').fetched(10), 'Lamp'))\n"
ASKED = {("GET", "/products/10"), ("GET", "/products/11"), ("POST", "/products")}

VITEST = ("node_modules/vitest/vitest.mjs", "run", "--globals", "--root", ".")
JEST = ("node_modules/jest/bin/jest.js", "--ci", "--no-cache", "--workers=2")
MOCHA = ("node_modules/mocha/bin/mocha.js", "--ui", "qunit", "--spec", "*.test.cjs")
SUITES = {
    "vitest-jsdom": ((*VITEST, "--environment=jsdom", "--pool=forks"), IN_A_DOCUMENT),
    "vitest-happy-dom": ((*VITEST, "--environment=happy-dom", "--pool=threads"), IN_A_DOCUMENT + FETCHES),
    "vitest-vm-threads": ((*VITEST, "--environment=node", "--pool=vmThreads"), ""),
    "jest-jsdom": ((*JEST, "--env=jsdom"), IN_A_DOCUMENT),
    "jest-node": ((*JEST, "--env=node"), FETCHES),
    "mocha": (MOCHA, FETCHES),
}
OF_NODE = {
    "node20": ("vitest-jsdom", "vitest-happy-dom", "vitest-vm-threads", "jest-jsdom", "jest-node", "mocha"),
    "node22": ("vitest-jsdom", "vitest-happy-dom", "jest-jsdom"),
    "node24": ("vitest-jsdom", "vitest-happy-dom", "jest-jsdom", "mocha"),
}
"""Every suite on the Node that needs us most, and those of most users on all."""


def consumer(folder: Path, name: str) -> Path:
    """One suite; two files of it, so that runners have something to do at the same time."""
    suite = SUITE + SUITES[name][1]
    files = {
        "package.json": json.dumps(
            {"name": "shop", "jest": {"moduleFileExtensions": ["cjs", "js", "json"], "testMatch": ["**/*.test.cjs"]}}
        ),
        "products.cjs": BY_FETCH if name == "vitest-vm-threads" else SOURCE,
        **{f"{file}.test.cjs": suite.replace("PRODUCTS", "./products.cjs") for file in ("one", "two")},
        "interceptor.yaml": PROJECT,
        "handlers.yaml": HANDLERS,
    }
    return write(folder, files)


@pytest.mark.parametrize("node", NODES)
def test_suites_are_answered_recorded_and_in_the_pact(tmp_path, node):
    modules = npm_folder(*PACKAGES)
    if modules is None:
        pytest.skip("npm gives no packages here")
    for name in OF_NODE[node]:
        folder = consumer(tmp_path / name, name)
        (folder / "node_modules").symlink_to(modules / "node_modules")
        words, _ = SUITES[name]
        ended = subprocess.run(
            [*INTERCEPTOR, "run", "--", str(modules / "node_modules" / node / "bin" / "node"), *words],
            cwd=folder,
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert ended.returncode == 0, f"{name}: {ended.stdout}{ended.stderr}"
        (journal,) = (folder / ".interceptor" / "recordings").glob("*.jsonl")
        lines = map(json.loads, journal.read_text().splitlines())
        assert {asked(line) for line in lines if "outcome" in line} == ASKED, name
        (pact,) = (folder / "msw_generated_pacts").glob("*.json")
        assert {asked(each) for each in json.loads(pact.read_text())["interactions"]} == ASKED, name


def asked(exchange: dict) -> tuple[str, str]:
    return exchange["request"]["method"], exchange["request"]["path"]
