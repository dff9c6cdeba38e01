"""The exported pacts in the hands of the real Pact tools."""

from __future__ import annotations

import json
import re
import uuid
from urllib.parse import urlencode

import pytest
import requests

from interceptor.conversion import convert
from tests.exchanges import exchange, journal, project

pytestmark = pytest.mark.slow

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
            generated=["response.$", "response.headers.location"],
        ),
        exchange("DELETE /products/10", status=204),
        exchange("GET /logo", b"\x89PNG\r\n\x1a\n\x00\xff", response_headers={"content-type": "image/png"}),
        exchange(
            "GET /hello",
            b"hello",
            response_headers={"content-type": "text/plain", "cache-control": "no-cache, no-store"},
            named=["response.headers.cache-control"],
        ),
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
        ("filled", "GET /products returns"),
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
    return f"{each.request.method} {each.metadata.path} returns {each.response.status}"


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_the_mock_server_accepts_what_was_recorded_and_refuses_the_rest(exported, mock, specification):
    url = mock(exported(specification, [*recorded(), multipart("3f2a")]))

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
    odd_exchange = exchange("POST /odd?a[]=1&it's=2&x-token=3", odd, body=odd, generated=["response.$"])
    with stub(exported(specification, [odd_exchange])) as url:
        answer = requests.post(f"{url}/odd", params={"a[]": "1", "it's": "2", "x-token": "9"}, json=odd, timeout=10)
        assert answer.status_code == 200
        assert answer.json().keys() == odd.keys()


RULES = {
    "$.type": "type",
    "$.integer": "integer",
    "$.decimal": "decimal",
    "$.number": "number",
    "$.boolean": "boolean",
    "$.uuid": "uuid",
    "$.some": "not_empty",
    "$.nothing": "null",
    "$.version": "semver",
    "$.word": {"regex": "[a-z]+"},
    "$.each": {"type": "integer", "min": 1},
    "$.least": {"min": 2},
    "$.most": {"max": 2},
    "$.sentence": {"include": "a (b)"},
    "$.same": {"equality": True},
    "$.date": {"date": "yyyy-MM-dd"},
    "$.time": {"time": "HH:mm:ss"},
    "$.moment": {"datetime": "yyyy-MM-dd'T'HH:mm:ssX"},
    "header.x-count": "integer",
    "header.x-day": {"date": "yyyy-MM-dd"},
    "status": "2xx",
}
EXAMPLE = {
    "type": "any",
    "integer": 1,
    "decimal": 1.5,
    "number": 2,
    "boolean": True,
    "uuid": ORDER_ID,
    "some": "x",
    "nothing": None,
    "version": "1.0.0",
    "word": "abc",
    "each": [1],
    "least": ["a", "b"],
    "most": ["a"],
    "sentence": "xa (b)x",
    "same": "same",
    "date": "2000-01-01",
    "time": "10:00:00",
    "moment": "2000-01-01T00:00:00Z",
    "x-count": "1",
    "x-day": "2000-01-01",
    "status": 200,
}
OTHER = {
    "type": "other",
    "integer": 20,
    "decimal": 2.25,
    "number": 7,
    "boolean": False,
    "uuid": "ABCDEF00-0000-4000-8000-00000000000a",
    "some": "y z",
    "nothing": None,
    "version": "2.10.0-rc.1",
    "word": "zzz",
    "each": [4, 5, 6],
    "least": ["c", "d", "e"],
    "most": ["x", "y"],
    "sentence": "other a (b)",
    "same": "same",
    "date": "2031-12-31",
    "time": "23:59:59",
    "moment": "2031-12-31T23:59:59+02",
    "x-count": "33",
    "x-day": "2031-12-31",
    "status": 200,
}
# (what is answered otherwise, with what, the specifications that can say so)
WRONG = [
    ("type", 5, {2, 3, 4}),
    ("integer", "1", {2, 3, 4}),
    ("integer", 1.5, {3, 4}),
    ("decimal", "1.5", {2, 3, 4}),
    ("decimal", 3, {3, 4}),
    ("number", "2", {2, 3, 4}),
    ("boolean", "maybe", {2, 3, 4}),
    ("uuid", "not-a-uuid", {2, 3, 4}),
    ("some", "", {2, 3, 4}),
    ("nothing", 1, {2, 3, 4}),
    ("version", "two", {2, 3, 4}),
    ("word", "ABC", {2, 3, 4}),
    ("each", [], {2, 3, 4}),
    ("each", ["x"], {2, 3, 4}),
    ("each", [1.5], {3, 4}),
    ("least", ["a"], {2, 3, 4}),
    ("most", ["a", "b", "c"], {2, 3, 4}),
    ("sentence", "something else", {2, 3, 4}),
    ("same", "different", {2, 3, 4}),
    ("date", "31.12.2031", {2, 3, 4}),
    ("time", "noon", {2, 3, 4}),
    ("moment", "2031-12-31", {2, 3, 4}),
    ("x-count", "many", {2, 3, 4}),
    ("x-day", "tomorrow", {2, 3, 4}),
    ("status", 500, {2, 3, 4}),
    # Without a rule the status has to be the very same.
    ("status", 201, {2, 3}),
]


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_every_declared_rule_of_an_answer_is_held_by_the_verifier(exported, verify, product_api, specification):
    answers = [OTHER, *({**OTHER, name: value} for name, value, _ in WRONG)]

    def answer(_method, target, *_):
        body = dict(answers[int(target.removeprefix("/everything/"))]) if target != "/states" else OTHER
        headers = {name: body[name] for name in ("x-count", "x-day")}
        plain = {name: value for name, value in body.items() if name not in {*headers, "status"}}
        return body["status"], "application/json", json.dumps(plain).encode(), headers

    product_api.answer = answer
    headers = {name: EXAMPLE[name] for name in ("x-count", "x-day")}
    body = {name: value for name, value in EXAMPLE.items() if name not in {*headers, "status"}}
    pact = exported(
        specification,
        [
            exchange(f"GET /everything/{n}", body, name=f"<{n}>", response_headers=headers, rules={"response": RULES})
            for n in range(len(answers))
        ],
    )
    failed = {int(number) for number in re.findall(r"^ *\d+\) .*<(\d+)>$", verify(pact).stdout, re.MULTILINE)}
    assert [wrong for n, wrong in enumerate(WRONG, 1) if (n in failed) != (specification in wrong[2])] == []
    assert 0 not in failed


ASKED = {
    "$.integer": "integer",
    "$.decimal": "decimal",
    "$.number": "number",
    "$.boolean": "boolean",
    "$.uuid": "uuid",
    "$.some": "not_empty",
    "$.version": "semver",
    "$.word": {"regex": "[a-z]+"},
    "$.each": {"type": "integer", "min": 1},
    "$.most": {"max": 2},
    "$.sentence": {"include": "a (b)"},
    "$.date": {"date": "yyyy-MM-dd"},
    "$.time": {"time": "HH:mm:ss"},
    "$.moment": {"datetime": "yyyy-MM-dd'T'HH:mm:ssX"},
    "header.x-count": "integer",
    "header.x-word": {"regex": "[a-z]+"},
    "query.page": "integer",
    "query.since": {"date": "yyyy-MM-dd"},
    "query.sort": {"regex": "(up|down)"},
    "path": {"regex": r"/ask/\d+"},
}
# What is asked otherwise, with what; and whether a mock server still answers.
ASKED_OTHERWISE = [
    *((name, OTHER[name], True) for name in ("integer", "decimal", "uuid", "some", "version", "word", "each", "most")),
    *((name, OTHER[name], True) for name in ("sentence", "date", "time", "moment", "x-count")),
    *((name, value, False) for name, value, held in WRONG if held == {2, 3, 4} and f"$.{name}" in ASKED),
    ("same", "same", True),
    ("same", "different", False),
    ("x-word", "zzz", True),
    ("x-word", "ABC", False),
    ("x-count", "many", False),
    ("page", "7", True),
    ("page", "seven", False),
    ("since", "2031-12-31", True),
    ("since", "tomorrow", False),
    ("sort", "down", True),
    ("sort", "sideways", False),
    ("path", "/ask/4711", True),
    ("path", "/ask/x", False),
]


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_every_declared_rule_of_a_request_is_held_by_the_mock_server(exported, mock, specification):
    query = {"page": "1", "since": "2000-01-01", "sort": "up"}
    headers = {"x-count": "1", "x-word": "abc"}
    body = {name: EXAMPLE[name] for name in EXAMPLE if f"$.{name}" in ASKED or name == "same"}
    url = mock(
        exported(
            specification,
            [exchange(f"POST /ask/1?{urlencode(query)}", {}, body=body, headers=headers, rules={"request": ASKED})],
        )
    )

    def status(name, value):
        path = value if name == "path" else "/ask/1"
        sent = [part | ({name: value} if name in part else {}) for part in (query, headers, body)]
        return requests.post(url + path, params=sent[0], headers=sent[1], json=sent[2], timeout=10).status_code

    assert [(name, value) for name, value, fits in ASKED_OTHERWISE if (status(name, value) == 200) != fits] == []
