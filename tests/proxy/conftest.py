from __future__ import annotations

import pytest

from .live import clean_environment, origin_servers, serve, write

ANSWERS = {
    "interceptor.yaml": """
consumer: Product Site
providers:
  Product API:
    url: https://api.example.test/v1
    env: API_BASE_URL
  Plain API:
    url: http://plain.example.test
exclude: ["*/health"]
""",
    "handlers/api.yaml": """
provider: Product API
handlers:
  - request: GET /products/:id
    response: {json: {id: "{{ params.id }}"}}
  - request: POST /products
    response: {status: 201, json: {name: "{{ request.json.name }}"}}
  - request: DELETE /products/:id
    response: 204
  - request: GET /unchanged
    response: {status: 304, headers: {etag: '"1"'}}
  - request: GET /never
    response: {text: too late, delay: infinite}
  - request: GET /slow
    response: {text: slow, delay: 300ms}
""",
    "handlers/plain.yaml": """
provider: Plain API
handlers:
  - request: GET /turns
    response: [{text: first}, {text: second}]
  - request: GET /products/:id
    response: {json: {id: "{{ params.id }}"}}
  - request: POST /big
    response: {text: "{{ request.text | length }}"}
""",
}


@pytest.fixture(scope="session")
def origin(tmp_path_factory):
    """Real servers that the proxy may have to pass requests to."""
    with origin_servers(tmp_path_factory.mktemp("origin")) as servers:
        yield servers


@pytest.fixture(scope="session")
def proxy(tmp_path_factory, origin):
    """`interceptor serve` for a project that answers everything itself."""
    environ = clean_environment() | {"SSL_CERT_FILE": str(origin.certificate)}
    with serve(write(tmp_path_factory.mktemp("answers"), ANSWERS), environ) as serving:
        yield serving


@pytest.fixture(scope="session")
def passing(tmp_path_factory, origin):
    """`interceptor serve` for a project that lets real servers answer what no handler does."""
    files = {
        "interceptor.yaml": f"""
consumer: Product Site
providers:
  Real API:
    url: [http://localhost:{origin.plain}/real, https://localhost:{origin.tls}/real]
unhandled: bypass
others: error
""",
        "handlers/real.yaml": """
provider: Real API
handlers:
  - request: GET /mocked
    response: {text: mocked}
""",
    }
    environ = clean_environment() | {"SSL_CERT_FILE": str(origin.certificate)}
    with serve(write(tmp_path_factory.mktemp("passing"), files), environ) as serving:
        yield serving
