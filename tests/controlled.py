from __future__ import annotations

import pytest

from tests.proxy.live import clean_environment, serve, write

PROJECT = {
    "interceptor.yaml": """
consumer: Product Site
providers:
  Product API: {url: [https://api.example.com/v1, http://api.example.com/v1]}
""",
    "handlers/products.yaml": """\
provider: Product API
data: {count: 0}
handlers:
  - request: GET /products/:id
    given: product {{ params.id }} exists
    response: {json: {id: "{{ params.id }}"}}
  - request: GET /products/:id
    given: there is no product
    response: 404
  - request: GET /count
    response: {json: "{{ data.count }}"}
    then: {count: "{{ data.count + 1 }}"}
  - request: {method: POST, path: /login, headers: {authorization: Bearer good}, json: {user: {$type: string}}}
    response: {json: "{{ data[request.json.user] }}"}
  - {request: GET /broken, response: {json: "{{ 1 // (request.query.n | int) }}"}}
""",
}


@pytest.fixture(scope="session")
def proxy(tmp_path_factory):
    """`interceptor serve` for tests that speak to its control address."""
    with serve(write(tmp_path_factory.mktemp("control"), PROJECT), clean_environment()) as serving:
        yield serving


@pytest.fixture
def environment(proxy, monkeypatch):
    """The variables of the proxy, as a consumer's tests find them."""
    for name, value in proxy.variables.items():
        monkeypatch.setenv(name, value)
