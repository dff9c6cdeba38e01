from pathlib import Path

import yaml
from fastapi.testclient import TestClient
from product_api import app

client = TestClient(app)


def test_a_product_is_there_once_it_is_added():
    added = client.post("/products", json={"name": "Lamp", "price": 30}).json()
    assert client.get(f"/products/{added['id']}").json() == {"id": added["id"], "name": "Lamp", "price": 30}


def test_a_product_that_is_not_there():
    assert client.get("/products/none").status_code == 404


def test_a_product_has_a_price():
    assert client.post("/products", json={"name": "Lamp", "price": 0}).status_code == 422


def test_the_document_has_what_the_api_has():
    document = yaml.safe_load((Path(__file__).parent / "openapi.yaml").read_text())
    assert {path: set(each) for path, each in document["paths"].items()} == {
        path: set(each) for path, each in app.openapi()["paths"].items()
    }
