"""Every example of the documentation does what it says."""

from __future__ import annotations

import json
import math
import re
from importlib.metadata import version
from pathlib import Path

import pytest

from interceptor.engine import Engine
from interceptor.values.decisions import Decision, Dialogue, Failed, Mocked, Passthrough, Unhandled
from interceptor.values.messages import Request, Response
from tests.documents import CONTROL, Example, Step, examples, params, same_body, steps, table
from tests.engine.test_cases import decide
from tests.engines import BuildEngine

DOCS = Path(__file__).parents[2] / "docs"
CONSTRAINTS = (Path(__file__).parents[2] / "constraints.txt").read_text()
EXAMPLES = [each for name in ("handlers.md", "coming-from-msw.md") for each in examples(DOCS / name)]
_ANSWER = re.compile(r"(?P<status>\d{3})(?: after (?P<delay>infinite|\d+ms))?(?: (?P<body>.+))?")
_FAULT = re.compile(r"(?P<fault>reset|close|timeout|malformed|truncated)(?: (?P<body>.+))?")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_example(example: Example, build_engine: BuildEngine) -> None:
    assert example.steps, "an example says what it does"
    if "{{ fake" in example.handlers and f"faker=={version('faker')}\n" not in CONSTRAINTS:
        pytest.skip("another version of Faker invents other values")
    engine = build_engine(example.handlers, files=example.files)
    assert engine.warnings == []
    for step in example.steps:
        if step.target.startswith(CONTROL):
            told(engine, step.target.removeprefix(CONTROL), step.body.decode())
        else:
            check(step, decide(engine, Request(step.method, step.url, tuple(step.headers), step.body)))


def told(engine: Engine, act: str, body: str) -> None:
    """What the control address does with it."""
    match act:
        case "test":
            engine.begin_test(json.loads(body)["name"])
        case "states":
            engine.declare_states(frozenset(json.loads(body)))
        case "handlers":
            engine.add_handlers(body)
        case "reset":
            engine.reset()
        case _:
            pytest.fail(f"the control address knows no {act}")


def check(step: Step, decision: Decision) -> None:
    first, *further = step.answers
    if first.startswith("passes"):
        assert isinstance(decision, Passthrough), decision
        match = re.fullmatch(r"passes(?: to (?P<to>\S+))?(?:, answers (?P<real>.+))?", first)
        assert match is not None, first
        assert decision.to == match["to"]
        if match["real"] is None:
            return
        assert decision.patch is not None
        headers = (("content-type", "application/json"),)
        decision = decision.patch(Response(200, headers, match["real"].encode()))
        first, *further = further
    kind, _, said = first.partition(": ")
    if kind in {"unhandled", "failed"}:
        assert isinstance(decision, Unhandled if kind == "unhandled" else Failed), decision
        assert said in decision.explanation
        return
    assert isinstance(decision, Mocked), decision
    check_answer(decision, first, further)
    if decision.dialogue is not None:
        check_dialogue(decision.dialogue, [note for note in step.notes if note.startswith(("sends", "on "))])
    for note in step.notes:
        check_note(decision, note)


def check_dialogue(dialogue: Dialogue, notes: list[str]) -> None:
    sent = [f"sends: {act.message}" for act in dialogue.opened().acts]
    assert notes[: len(sent)] == sent
    for note in notes[len(sent) :]:
        message, _, said = note.removeprefix("on ").partition(": ")
        reaction = dialogue.received(message)
        if isinstance(reaction.decision, Unhandled):
            assert said == "unhandled"
        else:
            assert (
                " ".join(str(a.message) if a.close is None else "close {} {}".format(*a.close) for a in reaction.acts)
                == said
            )


def check_answer(decision: Mocked, first: str, headers: list[str]) -> None:
    response = decision.response
    if fault := _FAULT.fullmatch(first):
        assert decision.fault == fault["fault"]
        assert fault["body"] is None or same_body(fault["body"], response.body)
        return
    said = _ANSWER.fullmatch(first)
    assert said is not None, first
    assert (response.status, decision.fault) == (int(said["status"]), None)
    if said["delay"]:
        assert decision.delay == (math.inf if said["delay"] == "infinite" else float(said["delay"].removesuffix("ms")))
    if said["body"]:
        assert same_body(said["body"], response.body), response.body
    sent = [f"{name}: {value}" for name, value in response.headers]
    assert [header for header in headers if header not in sent] == []


def check_note(decision: Mocked, said: str) -> None:
    kind, _, text = said.partition(": ")
    match kind:
        case "name":
            assert decision.metadata.name == text
        case "given":
            assert ", ".join(state.name for state in decision.metadata.states) == text
        case _ if said.startswith(("sends: ", "on ")):
            pass  # see check_dialogue
        case "calls":
            (call,) = decision.calls
            sent = f"{call.request.method} {call.request.url} {call.request.body.decode()} after {call.delay:g}ms"
            assert sent == text
        case "header of the call":
            (call,) = decision.calls
            assert text in [f"{name}: {value}" for name, value in call.request.headers]
        case "not recorded":
            assert decision.metadata.record is False
        case _:
            pytest.fail(f"nothing is noted under {kind}")


@pytest.mark.parametrize(("pattern", "target", "expected"), table(DOCS / "handlers.md", "Paths, case by case"))
def test_paths_case_by_case(pattern: str, target: str, expected: str, build_engine: BuildEngine) -> None:
    handler = {"request": {"path": pattern}, "response": {"json": "{{ params }}"}}
    engine = build_engine(json.dumps({"provider": "Product API", "handlers": [handler]}))
    url = target if "://" in target else f"https://api.example.com/v1{target}"
    decision = engine.decide(Request("GET", url))
    got = json.loads(decision.response.body) if isinstance(decision, Mocked) else None
    assert got == params(expected)


def test_the_table_of_msw_counts_the_requests_of_each_section() -> None:
    text = (DOCS / "coming-from-msw.md").read_text(encoding="utf-8")
    sections = re.split(r"^###? ", text, flags=re.MULTILINE)[1:]
    tried = {
        section.partition("\n")[0]: sum(
            not step.target.startswith(CONTROL)
            for said in re.findall(r"^```text\n(>.*?)^```", section, re.DOTALL | re.MULTILINE)
            for step in steps(said)
        )
        for section in sections
    }
    rows = re.findall(r"^\| \[(.+?)\]\(#.+?\) \| .+ \| (\d+) \|$", text, re.MULTILINE)
    assert rows == [(title, str(count)) for title, count in tried.items() if count]
