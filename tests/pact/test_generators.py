"""Pacts with generators in the hands of the real Pact tools."""

from __future__ import annotations

import json
import re

import pytest
import requests

from interceptor.contract.pinning.detect import timestamp_format
from interceptor.conversion import convert
from interceptor.values.exchange import ProviderState
from tests.exchanges import PROJECT, exchange, journal, known, project

from .conftest import ENVIRONMENT

pytestmark = pytest.mark.slow

NEWER = [3, 4]
MOMENTS = {
    "day": "2026-11-21",
    "time": "20:46:00",
    "time_ms": "20:46:01.123",
    "time_zone": "20:46:02+01:00",
    "minutes": "2026-11-21T20:46",
    "seconds": "2026-11-21T20:46:03Z",
    "spaced": "2026-11-21 20:46:04",
    "ms": "2026-11-21T20:46:05.123Z",
    "us": "2026-11-21T20:46:06.123456Z",
    "ns": "2026-11-21T20:46:07.123456789Z",
    "zone": "2026-11-21T20:46:08.123+01:00",
    "basic_zone": "2026-11-21T20:46:09+0100",
    "tenths": "2026-10-21T20:46:11.1Z",
    "http": "Sat, 21 Nov 2026 20:46:10 GMT",
}
WITHOUT = {"ticks": "2026-11-21T20:46:12.1234567Z", "odd key's": "2026-11-22"}
"""Digits of a second that the tools die of; and a name that no path can hold."""
ODD = {name: f"2026-12-{number:02}" for number, name in enumerate(("a b", 'a"b', "a.b", "a[0]", "ä", "*"), 1)}
PRODUCT = ProviderState("product 10 exists", {"id": "10", "size": 7})


def given(asked, *states):
    return known(asked, states=states)


def form(moment):
    return re.sub("[A-Z][a-z]{2}", "Aaa", re.sub("[0-9]", "0", moment))


@pytest.fixture
def exported(tmp_path):
    def export(specification, *exchanges, text=None):
        here = project(tmp_path, *([text] if text else []))
        recording = journal(tmp_path / "recording.jsonl", exchanges)
        (pact,) = convert(here, [recording], specification=specification).pacts
        return pact.path

    return export


class Received(list):
    def __init__(self):
        super().__init__()
        self.states = {}


@pytest.fixture
def received(product_api):
    """What the provider is asked; its state handler gives what `received.states` holds."""

    asked = Received()

    def answer(method, target, headers, body):
        if target == "/states":
            return 200, "application/json", json.dumps(asked.states).encode(), {}
        asked.append((target, dict(headers), json.loads(body) if body else None))
        product = {"id": "10", "size": 7} | asked.states
        return 200, "application/json", json.dumps(product | {"at": "2031-05-06T07:08:09.123Z"}).encode(), {}

    product_api.answer = answer
    return asked


def written(file):
    """The generators of the first interaction, request and response."""
    (interaction, *_) = json.loads(file.read_text())["interactions"]
    return [interaction[side].get("generators") for side in ("request", "response")]


@pytest.mark.parametrize("specification", NEWER)
def test_the_verifier_sends_the_present_time_in_the_form_of_the_recorded_one(
    exported, verify, received, specification, monkeypatch
):
    monkeypatch.setitem(ENVIRONMENT, "TZ", "Asia/Kolkata")
    body = MOMENTS | WITHOUT | {"list": [{"at": "2026-11-23"}], **ODD}
    pact = exported(specification, exchange("POST /orders?since=2026-11-25", {"at": "x"}, body=body))
    asked, _ = written(pact)
    assert verify(pact).returncode == 0
    ((target, _, sent),) = received
    assert not target.startswith("/orders?since=2000")
    assert asked["query"].keys() == {"since"}
    plain, odd = {f"$.{name}" for name in MOMENTS}, {f"$['{name}']" for name in ODD}
    assert asked["body"].keys() == plain | odd | {"$.list[0].at"}
    constants = json.loads(pact.read_text())["interactions"][0]["request"]["body"]
    constants = constants.get("content", constants)
    for name in MOMENTS:
        assert sent[name] != constants[name]
        assert form(sent[name]) == form(constants[name])
    assert not any(sent[name].startswith("2000") for name in ODD)
    assert {name: sent[name] for name in WITHOUT} == {name: constants[name] for name in WITHOUT}


@pytest.mark.parametrize("specification", NEWER)
def test_a_provider_state_gives_the_ids(exported, verify, received, specification):
    asked = exchange(
        "POST /products/10/parts?id=10&page=1",
        {"id": "10", "size": 7, "at": "x"},
        body={"size": 7, "other": 7, "id": "10"},
        headers={"x-id": "10"},
        named=["request.headers.x-id"],
    )
    pact = exported(specification, given(asked, PRODUCT))
    assert verify(pact).returncode == 0
    received.states = {"id": "a-4711", "size": 9}
    assert verify(pact).returncode == 0
    as_recorded, as_given = received
    assert as_recorded[0] == "/products/10/parts?id=10&page=1"
    assert as_given[0] == "/products/a-4711/parts?id=a-4711&page=1"
    assert as_given[1]["x-id"] == "a-4711"
    assert as_given[2] == {"size": 9, "other": 7, "id": "a-4711"}


def test_the_mock_server_answers_with_the_present_time(exported, mock):
    pact = exported(4, exchange("GET /orders/1", {"at": MOMENTS["ms"]}, generated=["response.$.at"]))
    answer = requests.get(f"{mock(pact)}/orders/1", timeout=10).json()["at"]
    assert re.fullmatch(r"20[^0]\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer)


# (exchanges, more of the project file, specification): none of them has a generator
TWICE = exchange("GET /a?at=2026-11-21", {"day": "2026-11-21"}, generated=["response.$.day"])
ONCE = exchange("GET /a", {"day": "2026-11-21"}, generated=["response.$.day"])
WITHOUT_GENERATORS = {
    "a value that occurs twice": ([TWICE], "", 4),
    "a value that another interaction repeats": ([ONCE, exchange("GET /b?at=2026-11-21")], "", 4),
    "specification 2": ([given(ONCE, ProviderState("a exists", {"id": "a"}))], "", 2),
    "no rules": ([given(ONCE, ProviderState("a exists", {"id": "a"}))], "pact: {matching: none}\n", 4),
    "what the handler says literally": ([exchange("GET /a", {"day": "2026-11-21"})], "", 4),
    "a form that the handler declares": ([known(ONCE, rules={"response": {"$.day": {"regex": "2.*"}}})], "", 4),
    "only a part of a text": ([exchange("GET /a", {"day": "on 2026-11-21"}, generated=["response.$.day"])], "", 4),
    "one of several values": ([exchange("GET /a?at=2026-11-21&at=x")], "", 4),
    "two segments of one value": ([given(exchange("GET /10/10"), PRODUCT)], "", 4),
    "two parameters of one value": ([given(exchange("GET /a/1"), ProviderState("s", {"id": "1", "count": 1}))], "", 4),
    "one parameter of two values": (
        [given(exchange("GET /a/1"), ProviderState("s", {"id": "1"}), ProviderState("t", {"id": "2"}))], "", 4,
    ),
    "a part of a segment": ([given(exchange("GET /a/10.json"), PRODUCT)], "", 4),
    "another type": ([given(exchange("POST /a", body={"size": "7", "id": 10}), PRODUCT)], "", 4),
    "several places of another name": ([given(exchange("POST /a", body={"b": "10", "c": "10"}), PRODUCT)], "", 4),
    "an answer, in which it would be of no effect": ([given(exchange("GET /a", {"id": "10"}), PRODUCT)], "", 4),
}  # fmt: skip


@pytest.mark.parametrize("case", WITHOUT_GENERATORS)
def test_there_is_no_generator_for(exported, case):
    exchanges, more, specification = WITHOUT_GENERATORS[case]
    assert '"generators"' not in exported(specification, *exchanges, text=PROJECT + more).read_text()


def test_the_formats():
    assert timestamp_format("date:0000-00-00T00:00:00.000Z") == ("DateTime", "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
    assert timestamp_format("uuid:a") is None
