"""Handlers that a test adds, and headers that a test sent: both have a face for that test."""

from __future__ import annotations

import json

import pytest

from interceptor.engine import load_engine
from interceptor.project.config import load_project
from interceptor.recorder.control import Control
from interceptor.recorder.recorder import recording
from interceptor.values.decisions import Mocked
from interceptor.values.messages import Request

API = "https://api.example.com/v1"
SECRET = "Bearer ghp_" + "a1B2" * 9


class Asked:
    """A control address, and a consumer."""

    def __init__(self, engine, recorder):
        self.engine, self.recorder = engine, recorder
        self.control = Control(engine, recorder, "token")

    def ask(self, method, name, said=None, scope=""):
        body = b"" if said is None else json.dumps(said).encode()
        response = self.control.answer(
            Request(method, f"http://127.0.0.1/token/{name}", (("host", "127.0.0.1"),), body), scope
        )
        return response.status, json.loads(response.body) if response.body else None

    def send(self, path, scope="", **headers):
        request = Request("GET", API + path, tuple(headers.items()))
        decision = self.engine.decide(request, scope=scope)
        assert isinstance(decision, Mocked), decision
        self.recorder.note(request, decision, decision.response)
        return decision.response.body.decode()


@pytest.fixture
def project(tmp_path):
    """`project("real_headers: true")` -> the control address of a run, and the folder of the project."""
    opened = []

    def make(more=""):
        (tmp_path / "handlers").mkdir()
        (tmp_path / "handlers" / "a.yaml").write_text(
            "provider: API\ndata: {stock: []}\nhandlers:\n"
            "  - {request: GET /stock, response: {json: '{{ data.stock }}'}}\n"
        )
        text = f"consumer: Shop\nproviders: {{API: {{url: '{API}'}}}}\n{more}\n"
        (tmp_path / "interceptor.yaml").write_text(text)
        loaded = load_project(tmp_path / "interceptor.yaml")
        manager = recording(loaded, [])
        opened.append(manager)
        recorder, _ = manager.__enter__()
        return Asked(load_engine(loaded), recorder)

    yield make
    for manager in opened:
        manager.__exit__(None, None, None)


def test_a_handler_is_known_by_its_test_and_its_request(project):
    asked = project()
    handlers = {"provider": "API", "handlers": [{"request": "GET /products/:id", "response": {"text": "one"}}]}
    assert asked.ask("POST", "handlers", handlers)[1] == {"handlers": ["run-time handlers:1"]}
    asked.ask("PUT", "test", {"name": "shows one"})
    place = 'run-time handlers:1 (GET /products/:id, added by "shows one")'
    assert asked.ask("POST", "handlers", handlers)[1] == {"handlers": [place]}
    assert asked.send("/products/7") == "one"
    assert asked.ask("GET", "exchanges")[1][0]["handler"] == place
    assert asked.ask("GET", "summary")[1]["handlers"] == {place: 1}


def test_data_is_seeded_alone(project):
    asked = project()
    assert asked.ask("POST", "handlers", {"data": {"stock": [1, 2]}}) == (200, {"handlers": []})
    assert asked.send("/stock") == "[1,2]"
    asked.ask("POST", "reset")
    assert asked.send("/stock") == "[]"


def test_real_headers_are_shown_to_their_test_and_written_nowhere(project, tmp_path):
    asked = project("real_headers: true")
    asked.ask("PUT", "test", {"name": "mine"}, "w1")
    asked.ask("PUT", "test", {"name": "other"}, "w2")
    asked.send("/stock", "w1", authorization=SECRET)
    asked.send("/stock", "w1", authorization=SECRET)
    masked = asked.ask("GET", "exchanges", scope="w1")[1]
    assert [SECRET in json.dumps(each) for each in masked] == [False, False]
    _, real = asked.ask("GET", "exchanges?headers=real", scope="w1")
    assert [each["request"]["headers"] for each in real] == [[["authorization", SECRET]]] * 2
    assert all("masked" not in each for each in real)
    assert asked.ask("GET", "exchanges?headers=real", scope="w2")[1] == []
    asked.ask("PUT", "test", {"name": "next"}, "w1")
    assert asked.ask("GET", "exchanges?headers=real", scope="w1")[1] == []
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()


def test_real_headers_need_the_flag(project):
    asked = project()
    status, said = asked.ask("GET", "exchanges?headers=real")
    assert (status, said["error"]) == (400, "real headers are not kept; write `real_headers: true` in the project file")
    assert asked.ask("GET", "exchanges?headers=odd")[0] == 400
