"""A consumer's own suite, vitest with jsdom and axios, under `interceptor run`: its tests know nothing of it."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.clients.matrix import npm_folder
from tests.forked import INTERCEPTOR
from tests.proxy.live import clean_environment, write

pytestmark = [pytest.mark.clients, pytest.mark.slow]

PACKAGES = ("vitest@3.2.4", "jsdom@26.0.0", "axios@1.7.9")
FILES = {
    "package.json": '{"name": "shop", "type": "module"}',
    "vitest.config.js": "export default { test: { environment: 'jsdom' } }\n",
    "src/products.js": """
import axios from 'axios'
const api = axios.create({ baseURL: 'https://api.client.test/v1' })
export const product = async (id) => (await api.get(`/products/${id}`)).data
export const add = async (name) => (await api.post('/products', { name })).status
""",
    "src/products.test.js": """
import { expect, test } from 'vitest'
import { add, product } from './products.js'
test('reads a product', async () => expect(await product(10)).toEqual({ id: '10', name: 'Lamp' }))
test('adds a product', async () => expect(await add('Lamp')).toBe(201))
test('is told of what is missing', async () => {
  await expect(product(11)).rejects.toMatchObject({ response: { status: 404 } })
})
test('runs in a document', () => expect(window.document.location.href).toContain('localhost'))
""",
    "handlers.yaml": """
provider: API
handlers:
  - request: GET /products/10
    response: {json: {id: "10", name: Lamp}}
  - request: GET /products/11
    response: 404
  - request: {method: POST, path: /products, json: {name: Lamp}}
    response: {status: 201, json: {name: Lamp}}
""",
}
PROJECT = """
consumer: Shop
providers: {API: {url: https://api.client.test/v1}}
handlers: handlers.yaml
"""
ASKED = {("GET", "/products/10"), ("GET", "/products/11"), ("POST", "/products")}


NOT_OBSERVED = "observe: {msw: false, nock: false}\n"


@pytest.mark.parametrize("observed", ["", NOT_OBSERVED], ids=["mocks observed", "mocks not observed"])
def test_a_suite_is_answered_recorded_and_in_the_pact(tmp_path, observed):
    modules = npm_folder(*PACKAGES)
    if modules is None:
        pytest.skip("npm gives no packages here")
    project = write(tmp_path, {**FILES, "interceptor.yaml": PROJECT + observed})
    (project / "node_modules").symlink_to(modules / "node_modules")
    ended = subprocess.run(
        [*INTERCEPTOR, "run", "--", "node", "node_modules/vitest/vitest.mjs", "run"],
        cwd=project,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "4 passed" in ended.stdout
    (journal,) = (project / ".interceptor" / "recordings").glob("*.jsonl")
    lines = map(json.loads, journal.read_text().splitlines())
    assert {_asked(line) for line in lines if "outcome" in line} >= ASKED
    (pact,) = (project / "msw_generated_pacts").glob("*.json")
    assert {_asked(each) for each in json.loads(pact.read_text())["interactions"]} == ASKED


def _asked(exchange: dict) -> tuple[str, str]:
    return exchange["request"]["method"], exchange["request"]["path"]
