"""Every file in `cases/` is a case: handlers, requests in order, and what each is answered.

handlers: |          the handler file
project: |           the project file, where it is not the usual one
files: {name: text}  further files of the project
steps:
  - request: GET /products/10          method and path below the provider, or a whole URL
    headers: {name: value}
    json | form | text | base64: ...   the body
    charset: iso-8859-1                in which the text of the body is written, where not in UTF-8; in an answer too
    answer: {status, headers, json, text, made, name, states, delay, record}    what is asserted of a mocked answer
    unhandled: [text, ...]             or: nobody answers, and the explanation holds these texts
    failed: [text, ...]                or: the answer could not be made, and the explanation holds these texts
    refused: {status, says: [text, ...]}   or: so with an answer of the provider's own, which is GraphQL's `errors`
    passes: excluded                   or: the real server answers, and why; `to` and `sent`, what is changed on the way
"""

from __future__ import annotations

import asyncio
import inspect
import json
from base64 import b64decode
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from interceptor.engine import Engine
from interceptor.project.yaml_file import read
from interceptor.values.decisions import Decision, Failed, Mocked, Passthrough, Resolving, Unhandled
from interceptor.values.messages import Request, Response
from tests.engines import PROJECT, BuildEngine

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
BASE = "https://api.example.com/v1"


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_case(file: Path, build_engine: BuildEngine) -> None:
    case = read(file)[0].plain()
    engine = build_engine(case["handlers"], project=case.get("project", PROJECT), files=case.get("files"))
    for step in case["steps"]:
        if "request" in step:
            check(step, decide(engine, request_of(step)))
        elif "states" in step:
            engine.declare_states(frozenset(step["states"]))
        elif "test" in step:
            engine.begin_test(step["test"])
        elif "add" in step:
            engine.add_handlers(step["add"])
        else:
            engine.reset()


def decide(engine: Engine, request: Request) -> Decision:
    """The decision, resolvers called the way a door calls them."""
    decision = engine.decide(request)
    while isinstance(decision, Resolving):
        try:
            result = decision.call()
            result = asyncio.run(result) if inspect.isawaitable(result) else result
        except Exception as error:  # noqa: BLE001  # whatever a resolver raises
            decision = decision.fail(error)
        else:
            decision = decision.finish(result)
    return decision


def request_of(step: dict[str, Any]) -> Request:
    method, _, target = step["request"].partition(" ")
    headers = [
        (name.lower(), str(line))
        for name, value in step.get("headers", {}).items()
        for line in (value if isinstance(value, list) else [value])
    ]
    body = b""
    if "json" in step:
        body = json.dumps(step["json"]).encode()
        headers.append(("content-type", "application/json"))
    elif "form" in step:
        body = urlencode(step["form"], doseq=True).encode()
        headers.append(("content-type", "application/x-www-form-urlencoded"))
    elif "text" in step:
        body = step["text"].encode(step.get("charset", "utf-8"))
    elif "base64" in step:
        body = b64decode(step["base64"])
    return Request(method, target if "://" in target else BASE + target, tuple(headers), body)


def check(step: dict[str, Any], decision: Decision) -> None:
    label = step["request"]
    if "passes" in step:
        assert isinstance(decision, Passthrough), (label, decision)
        assert (decision.why, decision.to) == (step["passes"], step.get("to")), label
        assert [list(each) for each in decision.headers] == step.get("sent", []), label
        if "upstream" not in step:
            return
        assert decision.patch is not None, label
        real = step["upstream"]
        decision = decision.patch(Response(real["status"], tuple(real["headers"].items()), real["text"].encode()))
    if "answer" in step:
        assert isinstance(decision, Mocked), (label, decision)
        check_answer(step["answer"], decision, label)
    elif "unhandled" in step:
        assert isinstance(decision, Unhandled), (label, decision)
        assert decision.response.status == 501, label
        for text in step["unhandled"]:
            assert text in decision.explanation, label
    elif "refused" in step:
        assert isinstance(decision, Failed), (label, decision)
        assert decision.response.status == step["refused"]["status"], label
        messages = [each["message"] for each in json.loads(decision.response.body)["errors"]]
        assert all(each in decision.explanation for each in messages), label
        for text in step["refused"]["says"]:
            assert text in decision.explanation, (label, decision.explanation)
    elif "failed" in step:
        assert isinstance(decision, Failed), (label, decision)
        assert decision.response.status == 500, label
        for text in step["failed"]:
            assert text in decision.explanation, label
    else:
        pytest.fail(f"{label}: the step asserts nothing")


def check_answer(expected: dict[str, Any], decision: Mocked, label: str) -> None:
    response, metadata = decision.response, decision.metadata
    got = {
        "status": response.status,
        "text": response.body.decode(expected.get("charset", "utf-8")),
        "delay": decision.delay,
        "name": metadata.name,
        "handler": metadata.handler,
        "states": [
            {"name": state.name, **({"params": state.params} if state.params else {})} for state in metadata.states
        ],
        "made": list(metadata.generated),
        "named": list(metadata.named),
        "record": metadata.record,
        "rules": metadata.rules,
        "provider": metadata.provider,
        "path": metadata.path,
        "test": metadata.test,
        "fault": decision.fault,
        "stream": [[chunk.delay, chunk.data.decode(expected.get("charset", "utf-8"))] for chunk in decision.stream],
    }
    for key, value in expected.items():
        if key == "headers":
            for name, text in value.items():
                lines = [line for key_, line in response.headers if key_ == name]
                assert lines == (text if isinstance(text, list) else [text]), (label, name)
        elif key == "charset":
            assert "text" in expected, (label, "a charset without a text to compare")
        elif key == "json":
            assert json.loads(response.body) == value, label
            assert json.dumps(json.loads(response.body)) == json.dumps(value), (label, "types or order")
        else:
            assert got[key] == value, (label, key)
