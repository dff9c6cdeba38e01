"""The exported pacts in the hands of the real Pact tools."""

from __future__ import annotations

import json
import uuid

import pytest
import requests
from exchanges import exchange, journal, project

from interceptor.convert import convert

ORDER_ID = "6f1be6ac-7a31-4be2-90b3-91a8d4bb2f0e"
SPECIFICATIONS = [2, 3, 4]


def recorded():
    """What a consumer asked; the provider of these tests keeps to it."""
    headers = {"accept": "application/json, text/plain, */*", "authorization": "Bearer consumer-secret"}
    form = {"content-type": "application/x-www-form-urlencoded"}
    moment = "2026-11-21T20:46:04.000Z"
    return [
        exchange(
            "GET /products/10?tag=b&full=1&tag=a",
            {"id": "10", "price": 1, "tags": ["a"], "more": None},
            headers=headers,
            states=["product 10 exists"],
            rules={"response": {"$.id": {"regex": r"\d+"}}},
        ),
        exchange("GET /products", {"items": [{"id": "7", "sizes": [5]}], "next": None, "empty": []}),
        exchange(
            "POST /orders",
            {"id": ORDER_ID, "at": moment, "reference": ORDER_ID},
            body={"reference": ORDER_ID},
            status=201,
            response_headers={"location": f"/orders/{ORDER_ID}"},
            named=["response.headers.location"],
            made=["response.$", "response.headers.location"],
        ),
        exchange("DELETE /products/10", status=204),
        exchange("GET /logo", b"\x89PNG\r\n\x1a\n\x00\xff", response_headers={"content-type": "image/png"}),
        exchange("GET /hello", b"hello", response_headers={"content-type": "text/plain"}),
        exchange("GET /word", "hello"),
        exchange("POST /login", {"ok": True}, body=b"user=bob&password=hunter2", headers=form),
    ]


@pytest.fixture
def exported(tmp_path):
    """Export exchanges in one specification and give the pact file."""

    def export(specification, exchanges, text=None):
        here = project(tmp_path, *([text] if text else []))
        recording = journal(tmp_path / f"{uuid.uuid4()}.jsonl", exchanges)
        conversion = convert(here, [recording], specification=specification, output=tmp_path / f"v{specification}")
        (pact,) = conversion.pacts
        return pact.path

    return export


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_a_provider_that_keeps_the_contract_is_verified(exported, verify, product_api, specification):
    result = verify(exported(specification, recorded()))
    assert result.returncode == 0, result.stdout
    assert "product 10 exists" in product_api.states


@pytest.mark.parametrize("specification", SPECIFICATIONS)
@pytest.mark.parametrize(
    ("breach", "interaction"),
    [
        ("type", "GET /products/10"),
        ("empty", "GET /products returns"),
        ("header", "POST /orders"),
        ("status", "DELETE /products/10"),
        ("binary", "GET /logo"),
        ("text", "GET /hello"),
    ],
)
def test_a_provider_that_breaks_the_contract_fails(exported, verify, product_api, specification, breach, interaction):
    pact = exported(specification, [each for each in recorded() if _description(each).startswith(interaction)])
    assert verify(pact).returncode == 0
    product_api.breaks = breach
    assert verify(pact).returncode == 1


def _description(each):
    return f"{each.request.method} {each.path} returns {each.response.status}"


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_the_mock_server_accepts_what_was_recorded_and_refuses_the_rest(exported, mock, specification):
    with mock(exported(specification, [*recorded(), multipart("3f2a")])) as url:

        def status(method, target, **more):
            return requests.request(method, url + target, timeout=10, **more).status_code

        headers = {"accept": "application/json, text/plain, */*", "authorization": "Bearer quite-another"}
        assert status("GET", "/products/10?full=1&tag=b&tag=a", headers=headers) == 200
        assert status("GET", "/products/10?full=1&tag=a&tag=b", headers=headers) == 500
        assert status("GET", "/products/10?full=1&tag=b&tag=a", headers=headers | {"authorization": "Basic x"}) == 500
        assert status("POST", "/orders", json={"reference": str(uuid.uuid4())}) == 201
        assert status("POST", "/orders", json={"reference": "12"}) == 500
        assert status("POST", "/login", data={"user": "bob", "password": "another"}) == 200
        assert status("POST", "/login", data={"user": "eve", "password": "another"}) == 500
        assert status("POST", "/upload", files={"note": (None, "hi")}) == 200
        assert status("POST", "/upload", files={"other": (None, "hi")}) == 500
        assert status("DELETE", "/products/10") == 204
        assert status("DELETE", "/products/11") == 500


def multipart(boundary):
    body = f'--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n--{boundary}--\r\n'
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    return exchange("POST /upload", b"done", body=body.encode(), headers=headers, response_headers=TEXT)


TEXT = {"content-type": "text/plain"}


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_the_stub_server_answers_as_recorded(exported, stub, specification):
    with stub(exported(specification, recorded())) as url:
        logo = requests.get(f"{url}/logo", timeout=10)
        assert logo.content == b"\x89PNG\r\n\x1a\n\x00\xff"
        assert logo.headers["content-type"] == "image/png"
        assert requests.get(f"{url}/hello", timeout=10).text == "hello"
        assert requests.get(f"{url}/word", timeout=10).json() == "hello"
        order = requests.post(f"{url}/orders", json={"reference": str(uuid.uuid4())}, timeout=10)
        assert order.status_code == 201
        assert order.headers["location"] == f"/orders/{order.json()['id']}"
        assert requests.delete(f"{url}/products/10", timeout=10).status_code == 204


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_a_pact_with_odd_names_is_loaded(exported, stub, specification):
    odd = {
        name: {"id": ORDER_ID, "token": "abc1", "list": [1]} for name in ("", "it's", 'a"b', "a.b", "a[0]", "ä", "*")
    }
    odd_exchange = exchange("POST /odd?a[]=1&it's=2&x-token=3", odd, body=odd, made=["response.$"])
    with stub(exported(specification, [odd_exchange])) as url:
        answer = requests.post(f"{url}/odd", params={"a[]": "1", "it's": "2", "x-token": "9"}, json=odd, timeout=10)
        assert answer.status_code == 200
        assert answer.json().keys() == odd.keys()


RULES = {
    "$.integer": "integer",
    "$.decimal": "decimal",
    "$.number": "number",
    "$.boolean": "boolean",
    "$.uuid": "uuid",
    "$.some": "not_empty",
    "$.nothing": "null",
    "$.version": "semver",
    "$.word": {"regex": "[a-z]+"},
    "$.list": {"type": "integer", "min": 1, "max": 3},
    "$.sentence": {"include": "a (b)"},
    "$.same": {"equality": True},
    "$.date": {"date": "yyyy-MM-dd"},
    "$.time": {"time": "HH:mm:ss"},
    "$.moment": {"datetime": "yyyy-MM-dd'T'HH:mm:ssX"},
    "header.x-count": "integer",
    "status": "2xx",
}
EXAMPLE = {
    "integer": 1,
    "decimal": 1.5,
    "number": 2,
    "boolean": True,
    "uuid": ORDER_ID,
    "some": "x",
    "nothing": None,
    "version": "1.0.0",
    "word": "abc",
    "list": [1],
    "sentence": "xa (b)x",
    "same": "same",
    "date": "2000-01-01",
    "time": "10:00:00",
    "moment": "2000-01-01T00:00:00Z",
}
OTHER = {
    "integer": 20,
    "decimal": 2.25,
    "number": 7,
    "boolean": False,
    "uuid": "ABCDEF00-0000-4000-8000-00000000000a",
    "some": "y z",
    "nothing": None,
    "version": "2.10.0-rc.1",
    "word": "zzz",
    "list": [4, 5, 6],
    "sentence": "other a (b)",
    "same": "same",
    "date": "2031-12-31",
    "time": "23:59:59",
    "moment": "2031-12-31T23:59:59+02",
}
WRONG = [
    ("uuid", "not-a-uuid"),
    ("word", "ABC"),
    ("list", []),
    ("sentence", "something else"),
    ("same", "different"),
    ("date", "31.12.2031"),
    ("version", "two"),
]


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_every_declared_rule_is_held_by_the_verifier(exported, verify, product_api, specification):
    answers = [(OTHER, 0)] + [({**OTHER, name: value}, 1) for name, value in WRONG]
    pact = exported(
        specification,
        [
            exchange(
                "GET /everything",
                EXAMPLE,
                response_headers={"x-count": "1"},
                named=["response.headers.x-count"],
                rules={"response": RULES},
            )
        ],
    )
    for answer, expected in answers:
        product_api.answer = lambda *_, answer=answer: (
            200,
            "application/json",
            json.dumps(answer).encode(),
            {"x-count": "33"},
        )
        result = verify(pact)
        assert result.returncode == expected, (answer, result.stdout)
