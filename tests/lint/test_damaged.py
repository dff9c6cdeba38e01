"""Whatever a pact file holds, lint says what is wrong with it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interceptor.lint import lint
from interceptor.values.errors import InterceptorError
from tests.exchanges import project

RULES = {"body": {"$.id": {"matchers": [{"match": "regex", "regex": "^a$"}]}}}
PACT = {
    "consumer": {"name": "Product Site"},
    "provider": {"name": "Product API"},
    "interactions": [
        {
            "description": "a request",
            "type": "Synchronous/HTTP",
            "providerStates": [{"name": "a state", "params": {"id": 1}}],
            "request": {"method": "GET", "path": "/a", "query": {"q": ["1"]}, "headers": {"accept": ["text/plain"]}},
            "response": {
                "status": 200,
                "headers": {"content-type": ["application/json"]},
                "body": {"content": {"id": "a", "of": []}, "contentType": "application/json", "encoded": False},
                "matchingRules": RULES,
                "generators": {"body": {"$.id": {"type": "Uuid"}}},
            },
        },
        {"description": "a message", "type": "Asynchronous/Messages", "contents": {"content": "a"}},
    ],
    "metadata": {"pactSpecification": {"version": "4.0"}},
}
ODD = [None, [], {}, "", "\ud800", "\0", 1, -1.5, True, ["a"], {"a": 1}, [None], {"": [[]]}, "$[", "%zz", "http://["]
NAMES = ["\ud800", "", "$.a[", "matchers", "content", "4.0"]


def places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*at, key)
        yield from places(member, (*at, key))


PLACES = list(places(PACT))


DAMAGES = st.tuples(st.sampled_from(PLACES), st.sampled_from(ODD), st.none() | st.sampled_from(NAMES))


@pytest.mark.slow
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(damages=st.lists(DAMAGES, min_size=1, max_size=2))
def test_a_damaged_pact_ends_in_findings_or_in_an_error_of_ours(tmp_path_factory, damages):
    folder = tmp_path_factory.mktemp("damaged")
    pact: Any = copy.deepcopy(PACT)
    for (*above, key), odd, name in copy.deepcopy(damages):
        with suppress(LookupError, TypeError, AttributeError):  # another damage took the place away
            parent = pact
            for step in above:
                parent = parent[step]
            value = parent.pop(key)
            if isinstance(parent, list):
                parent.append(odd)
            elif name is None:
                parent[key] = odd
            else:
                parent[name] = value
    file = folder / "a.json"
    file.write_text(json.dumps(pact), encoding="utf-8")
    with suppress(InterceptorError):
        lint(project(folder), [file])
