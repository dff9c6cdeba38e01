"""The contract of a resource and of fakes: the same in every world, and kept by a provider that behaves as they do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from interceptor.engine import Engine, load_engine
from interceptor.project.config import load_project
from interceptor.values.decisions import Mocked
from interceptor.values.messages import Request
from tests.contract.played import URL, Asked, play

from .conftest import Answer, Api, verified

HANDLERS = """\
provider: API
data:
  products: [{id: 1, name: Lamp, price: 20}, {id: 2, name: Kettle, price: 30}]
  orders: []
handlers:
  - {resource: /products, filter: [price], page: {size: 1}}
  - resource: /shops/:shop/orders
    id: {id: uuid}
    only: [list, create]
    given: {list: 'shop {{ params.shop }} has an order'}
  - request: GET /people/:id
    name: person {{ params.id }}
    response: {json: {name: '{{ fake.name() }}', at: '{{ now() }}'}}
"""


def sent(line: str, **body: object) -> Asked:
    return line, {"content-type": "application/json"}, json.dumps(body).encode()


ASKED: list[Asked] = [
    "GET /products?price_gte=25",
    "GET /products?page=2",
    "GET /products/1",
    "GET /products/9",
    sent("POST /products", name="Desk", price=5),
    sent("POST /products", id=1, name="Lamp", price=20),
    sent("PUT /products/2", name="Pot", price=9),
    sent("PATCH /products/2", price=None),
    sent("PATCH /products/9", price=1),
    "DELETE /products/2",
    sent("POST /shops/7/orders", product=1),
    "GET /shops/7/orders",
    "GET /people/1",
]


class Handled(Api):
    """A provider that does what handlers do; a state begins with the data as it was."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        super().__init__()

    def answer(self, method, target, headers, body) -> Answer:
        if target == "/states":
            self.engine.reset()
            if json.loads(body)["state"] == "shop 7 has an order":
                self.engine.decide(Request("POST", f"{URL}/shops/7/orders", (), b'{"product": 2}'))
            return 200, None, b"", {}
        given = tuple((name.lower(), value) for name, value in headers.items())
        decision = self.engine.decide(Request(method, URL + target, given, body))
        assert isinstance(decision, Mocked), decision
        more = dict(decision.response.headers)
        return decision.response.status, more.pop("content-type", None), decision.response.body, more


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Handled]:
    (tmp_path / "of the provider" / "handlers").mkdir(parents=True)
    file = tmp_path / "of the provider" / "interceptor.yaml"
    file.write_text(f"consumer: C\nproviders: {{API: {{url: {URL}}}}}\n")
    (file.parent / "handlers" / "api.yaml").write_text(HANDLERS)
    provider = Handled(load_engine(load_project(file)))
    yield provider
    provider.close()


@pytest.mark.slow
def test_a_resource_gives_one_contract_and_a_provider_can_keep_it(tmp_path: Path, provider: Handled) -> None:
    pact, conversion, content = play(tmp_path / "runs", HANDLERS, ASKED)
    assert play(tmp_path / "runs", HANDLERS, ASKED, seed=2)[2] == content
    assert [finding.code for finding in conversion.findings] == []
    assert {
        each["description"]: [state["name"] for state in each.get("providerStates", [])]
        for each in pact["interactions"]
    } == {
        "a request to list products by price_gte=25": [],
        "a request to list products by page=2": [],
        "a request for product 1": ["product 1 exists"],
        "a request for product 9": ["product 9 does not exist"],
        "a request to create product 3": [],
        "a request to create product 1": ["product 1 exists"],
        "a request to replace product 2": ["product 2 exists"],
        "a request to update product 2": ["product 2 exists"],
        "a request to update product 9": ["product 9 does not exist"],
        "a request to delete product 2": ["product 2 exists"],
        "a request to create order 00000000-0000-4000-8000-000000000001 of shop 7": [],
        "a request to list orders of shop 7": ["shop 7 has an order"],
        "person 1": [],
    }
    result = verified(conversion.pacts[0].path, provider.port)
    assert result.returncode == 0, result.stdout
