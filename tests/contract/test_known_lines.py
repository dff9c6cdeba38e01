"""Reading off lines that differ in volatile values only gives what taking each of them apart gives."""

from __future__ import annotations

import json
import random
import uuid

import pytest

from interceptor.contract.pinning.known_lines import KnownLines
from interceptor.conversion import convert
from tests.exchanges import exchange, journal, project

AT = "2026-11-21T20:46:04.001Z"


def ids(seed):
    rng = random.Random(seed)
    while True:
        yield str(uuid.UUID(int=rng.getrandbits(128), version=4))


def an_id_in_two_places(new):
    one = next(new)
    return exchange(f"GET /orders/{one}", {"id": one}, generated=["response.$.id"])


def two_ids(new):
    return exchange(f"GET /orders/{next(new)}", {"id": next(new), "n": 1}, generated=["response.$.id"])


def an_id_as_a_name(new):
    one = next(new)
    return exchange("GET /by-id", {one: {"id": one}}, generated=["response.$"])


def an_id_that_is_literal_elsewhere(new):
    one = next(new)
    return exchange(f"GET /fixed/{one}", {"id": one}, generated=[])


def several_states(new):
    return exchange("GET /states", {"id": 1}, states=[f"{next(new)} exists", f"{next(new)} is gone"])


def a_time_of_its_own(new):
    return exchange("GET /now", {"seconds": 1795293964 + int(next(new)[:2], 16)}, generated=["response.$.seconds"])


def a_query(new):
    return exchange(
        f"GET /search?id={next(new)}&at=2026-11-21T20%3A46%3A04Z", {"id": next(new)}, generated=["response.$.id"]
    )


KINDS = [
    an_id_in_two_places,
    two_ids,
    an_id_as_a_name,
    an_id_that_is_literal_elsewhere,
    several_states,
    a_time_of_its_own,
    a_query,
]


@pytest.mark.parametrize(
    "kinds", [*([kind] for kind in KINDS), KINDS], ids=lambda kinds: "+".join(k.__name__ for k in kinds)
)
def test_shortcuts_change_nothing(tmp_path, monkeypatch, kinds):
    here = project(tmp_path)
    new = ids(len(kinds))
    path = journal(tmp_path / "run.jsonl", [kind(new) for _ in range(4) for kind in kinds])
    (written,) = convert(here, [path]).pacts
    with_shortcuts = written.path.read_bytes()
    monkeypatch.setattr(KnownLines, "take", lambda *_: False)
    convert(here, [path])
    assert written.path.read_bytes() == with_shortcuts


def test_most_lines_need_not_be_taken_apart(tmp_path, monkeypatch):
    learnt = []
    learn = KnownLines.learn
    monkeypatch.setattr(KnownLines, "learn", lambda self, *what: (learnt.append(what), learn(self, *what)))
    new = ids(1)
    path = journal(tmp_path / "run.jsonl", [an_id_in_two_places(new) for _ in range(50)])
    (written,) = convert(project(tmp_path), [path]).pacts
    assert len(learnt) == 1
    (interaction,) = json.loads(written.path.read_bytes())["interactions"]
    assert interaction["request"]["path"] == "/orders/00000000-0000-4000-8000-000000000001"


def test_one_value_that_a_handler_says_is_found_among_very_many(tmp_path):
    """What is remembered of exchanges that are all alike is bounded, but for values that are no accident."""
    new = ids(2)
    fixed = next(new)
    said = exchange("GET /orders", {"first": fixed})
    many = [two_ids(new) for _ in range(1100)]
    last = exchange(f"GET /orders/{fixed}", {"id": next(new), "n": 1}, generated=["response.$.id"])
    (written,) = convert(project(tmp_path), [journal(tmp_path / "run.jsonl", [said, *many, last])]).pacts
    paths = {each["request"]["path"] for each in json.loads(written.path.read_bytes())["interactions"]}
    assert paths == {"/orders", f"/orders/{fixed}", "/orders/00000000-0000-4000-8000-000000000002"}


def test_what_is_settled_early_stays_what_it_is(tmp_path, monkeypatch):
    """Of very many exchanges the first are settled before the last are read; that leaves no trace."""
    here = project(tmp_path)
    new = ids(3)
    exchanges = []
    for _ in range(40):
        order = next(new)
        exchanges += [
            exchange("POST /orders", {"id": order, "key": next(new)}, generated=["response.$"]),
            exchange(f"GET /orders/{order}", {"id": order}, generated=["response.$.id"]),
            exchange("GET /value", {"value": "V1StGXR8_Z5jdHi6B-myT"}, generated=["response.$"]),
        ]
    path = journal(tmp_path / "run.jsonl", exchanges)
    results = set()
    for most in (10**6, 10, 7, 3):
        monkeypatch.setattr("interceptor.contract.interactions.MOST_GATHERED", most)
        (written,) = convert(here, [path]).pacts
        results.add(written.path.read_bytes())
    assert len(results) == 1
    read, value, generated = json.loads(results.pop())["interactions"]
    assert read["request"]["path"] == f"/orders/{generated['response']['body']['content']['id']}"
    assert value["response"]["body"]["content"] == {"value": "V1StGXR8_Z5jdHi6B-myT"}


def test_what_was_settled_just_before_is_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr("interceptor.contract.interactions.MOST_GATHERED", 2)
    new = ids(4)
    order = next(new)
    asked = [
        exchange("POST /orders", {"id": order}, generated=["response.$.id"]),
        exchange(f"GET /orders/{order}", {"n": 1}),
        *(
            exchange("GET /value", {"value": value, "id": next(new)}, generated=["response.$"])
            for value in ("V1StGXR8_Z5jdHi6B-myT", "x9StGXR8_Z5jdHi6B-myU", "V1StGXR8_Z5jdHi6B-myT")
        ),
    ]
    exchanges = [each for one in asked for each in (one, exchange(f"GET /other/{next(new)}", {"n": 1}))]
    (written,) = convert(project(tmp_path), [journal(tmp_path / "run.jsonl", exchanges)]).pacts
    found = {each["description"]: each for each in json.loads(written.path.read_bytes())["interactions"]}
    generated, value = (found[f"{line} returns 200"] for line in ("POST /orders", "GET /value"))
    assert f"GET /orders/{generated['response']['body']['content']['id']} returns 200" in found
    assert value["response"]["body"]["content"]["value"].startswith("xTk0000")


# What JSON may write in more than one way, so that it has to be read before it is known to hold nothing volatile.
SPELLINGS = [
    b'{"value": "6f1be6ac\\u002d7a31-4be2-90b3-91a8d4bb2f1b"}',
    b'{"value": "\\n6f1be6ac-7a31-4be2-90b3-91a8d4bb2f1b"}',
    b'{"value": 1.795293964E9}',
    b'{"value": 17952939640e-1}',
]


@pytest.mark.parametrize("body", SPELLINGS)
def test_no_spelling_hides_a_value(tmp_path, body):
    headers = {"content-type": "application/json"}
    one = exchange("GET /a", body, response_headers=headers, generated=["response.$"], at=AT)
    (written,) = convert(project(tmp_path), [journal(tmp_path / "run.jsonl", [one])]).pacts
    (interaction,) = json.loads(written.path.read_bytes())["interactions"]
    assert "$.value" in interaction["response"]["matchingRules"]["body"]
