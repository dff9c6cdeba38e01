"""Whatever stands in the files and whatever a client sends: problems and decisions, never another exception."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interceptor.answering.responses import BODILESS
from interceptor.engine import Engine, load_engine
from interceptor.handlers.language import Handler, HandlerFileHead
from interceptor.handlers.request_part import OPERATORS, RequestPart
from interceptor.handlers.response_part import ResponseEntry
from interceptor.project.config import load_project
from interceptor.project.yaml_file import read
from interceptor.project.yaml_text import as_yaml
from interceptor.values.decisions import Failed, Mocked, Passthrough, Unhandled
from interceptor.values.errors import ConfigurationError
from interceptor.values.messages import Request
from tests.engines import PROJECT

pytestmark = pytest.mark.slow

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

texts = st.sampled_from(["", "a", "1", "*", "(", "^a", "\\d", "é", "{{", "x y", "200ms", "application/json"]) | st.text(
    max_size=8
)
templates = texts | st.sampled_from(
    ["{{ params.id }}", "{{ data.a.b }}", "{{ request.json.a }}", "{{ call }}", "{{ now() }}!", "{{ [1, uuid()] }}",
     "{{ 1 / 0 }}", "{{ request.query.all('a') | join }}", "{{ request.json | first }}", "{{ request.form.a | int }}",
     "{{ request.url.x }}"]
)  # fmt: skip
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
anything = st.recursive(
    scalars | templates,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "$regex", "$$x", "file"]), inner, max_size=3)
    ),
    max_leaves=8,
)
matchers = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["a", "b", "$$x"]), inner, max_size=2),
        st.builds(lambda key, value: {key: value}, st.sampled_from([*OPERATORS, "$exact"]), inner | st.just(True)),
        st.builds(lambda values: {"$any_of": values}, st.lists(inner, min_size=1, max_size=2)),
    ),
    max_leaves=5,
)
named = st.dictionaries(st.sampled_from(["a", "b", "content-type", "$$x", "$exact"]), matchers, max_size=2)
paths = st.sampled_from(
    ["/a", "/:id", "/*", "/:x?", "/:y+", "/a/:z(\\d+)", "/a\\:b", "*/a", "https://*.example.com/a", "/a?b", "//"]
)
requests_ = st.one_of(
    st.tuples(st.sampled_from(["GET", "ANY", "post"]), paths).map(" ".join),
    st.fixed_dictionaries(
        {"path": paths},
        optional={"query": named, "headers": named, "cookies": named},
    ),
    st.builds(lambda body: {"path": "/a", **body}, st.one_of(
        st.fixed_dictionaries({"json": matchers}),
        st.fixed_dictionaries({"form": named}),
        st.fixed_dictionaries({"multipart": named}),
        st.fixed_dictionaries({"text": matchers}),
        st.fixed_dictionaries({"graphql": st.fixed_dictionaries({"query": matchers, "variables": matchers})}),
    )),
)  # fmt: skip
rules = st.dictionaries(
    st.sampled_from(["$", "$.a", "$..b", "$['a'][*]", "header.a", "status", "path"]),
    st.sampled_from(["type", "integer", {"regex": "a"}, {"regex": "("}, {"min": 1}, {}, "2xx", [200]]),
    max_size=2,
)
bodies_ = st.one_of(
    st.fixed_dictionaries({"json": anything}),
    st.fixed_dictionaries({"text": templates}),
    st.fixed_dictionaries({"form": st.dictionaries(texts, templates, max_size=2)}),
    st.fixed_dictionaries({"base64": templates}),
    st.fixed_dictionaries({"file": templates}),
    st.fixed_dictionaries({"sse": st.lists(st.fixed_dictionaries({"data": anything}), max_size=2)}),
    st.fixed_dictionaries({"passthrough": st.just(True) | st.just({"to": "http://x/"}), "json": anything}),
    st.fixed_dictionaries({"error": st.sampled_from(["reset", "truncated", "boom"])}),
    st.just({}),
)
entries = st.builds(
    lambda body, more: {**body, **more},
    bodies_,
    st.fixed_dictionaries(
        {},
        optional={
            "status": st.sampled_from([200, 204, 99, "{{ params.id | int }}", "{{ request.json }}"]),
            "headers": st.dictionaries(st.sampled_from(["a", "x y", "content-type"]), templates, max_size=2),
            "delay": st.sampled_from([0, "5ms", "infinite", {"min": 1, "max": 2}, -1]),
            "matching": rules,
        },
    ),
)
handlers = st.fixed_dictionaries(
    {"request": requests_},
    optional={
        "response": entries | st.lists(entries, min_size=1, max_size=2) | st.integers(90, 600),
        "name": templates,
        "given": templates | st.just({"name": "{{ params.id }}", "params": {"a": 1}}),
        "when": st.sampled_from(["true", "params.id", "request.json.a > 1", "data.a.b", "x", "1 +"]),
        "then": st.dictionaries(st.sampled_from(["a", "b"]), anything, max_size=2),
        "once": st.booleans(),
        "cycle": st.booleans(),
    },
)
keys = sorted({*Handler.known_keys(), *RequestPart.known_keys(), *ResponseEntry.known_keys()})
odd_handlers = st.dictionaries(st.sampled_from(keys), anything, max_size=4) | anything
files = st.fixed_dictionaries(
    {"handlers": st.lists(handlers, min_size=1, max_size=2)},
    optional={
        "data": st.just({"a": {"b": [1]}}),
        "defaults": st.fixed_dictionaries({}, optional={"response": entries}),
    },
).map(lambda file: {"provider": "Product API", **file})
odd_files = st.fixed_dictionaries(
    {"handlers": st.lists(odd_handlers, max_size=2) | anything},
    optional={"defaults": odd_handlers, "data": anything, "provider": texts},
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "interceptor.yaml").write_text(PROJECT)
    (tmp_path / "handlers").mkdir()
    return tmp_path


def loaded(project: Path, text: str) -> Engine | None:
    (project / "handlers" / "api.yaml").write_text(text, encoding="utf-8", errors="replace")
    try:
        return load_engine(load_project(project / "interceptor.yaml"))
    except ConfigurationError:
        return None


@SETTINGS
@given(file=files, body=anything, path=st.sampled_from(["/a", "/a/1", "/"]))
def test_handlers_that_load_answer_whatever_is_asked(project: Path, file: Any, body: Any, path: str) -> None:
    engine = loaded(project, as_yaml(file))
    if engine is not None:
        for method in ("GET", "POST"):
            ask(engine, Request(method, f"https://api.example.com/v1{path}", JSON, json.dumps(body).encode()))


@SETTINGS
@given(file=odd_files)
def test_any_keys_and_values_load_or_are_refused_with_places(project: Path, file: Any) -> None:
    loaded(project, as_yaml(file))


@SETTINGS
@given(text=st.text(max_size=120) | st.text("handlers: {}[]\n -provider&*!|>'\"%@`#\t?", max_size=80))
def test_any_text_loads_or_is_refused_with_places(project: Path, text: str) -> None:
    loaded(project, text)
    with contextlib.suppress(ConfigurationError):
        loaded(project, "handlers: []")
        load_engine(load_project(project / "interceptor.yaml")).add_handlers(text)


@SETTINGS
@given(text=st.text(max_size=120), value=anything, key=st.sampled_from(sorted(HandlerFileHead.known_keys())))
def test_any_project_file_loads_or_is_refused_with_places(project: Path, text: str, value: Any, key: str) -> None:
    for content in (text, json.dumps({"consumer": "C", "providers": value}), json.dumps({"consumer": "C", key: value})):
        (project / "interceptor.yaml").write_text(content, encoding="utf-8", errors="replace")
        with contextlib.suppress(ConfigurationError):
            load_project(project / "interceptor.yaml")


JSON = (("content-type", "application/json"),)
urls = st.sampled_from(
    [
        "https://api.example.com/v1",
        "https://api.example.com",
        "http://api.example.com:80/v1/",
        "http://[::1]:1",
        "http://x",
    ]
)
targets = st.text("/aéproducts:10%2F.?&=+*()$\\ \x00", max_size=20).map(lambda text: f"/{text}")
content_types = st.sampled_from(
    [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "x",
    ]
)
bodies = st.one_of(
    st.binary(max_size=60),
    anything.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"--b\r\n", b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--", b"a=%ff&=&b"]),
    st.sampled_from(
        [b'{"query": "query A { a }"}', b'[{"query": "{"}]', b'{"query": 1, "variables": []}', b"[]", b"[1]"]
    ),
)
requests = st.builds(
    lambda method, url, target, content_type, more, body: Request(
        method, url + target, (("content-type", content_type), *more), body
    ),
    st.sampled_from(["GET", "POST", "OPTIONS", "HEAD", "PURGE"]),
    urls,
    targets,
    content_types,
    st.lists(
        st.tuples(st.sampled_from(["cookie", "origin", "accept", "access-control-request-method"]), texts), max_size=3
    ),
    bodies,
)


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> list[Engine]:
    """An engine for each case of the language that needs no project file of its own."""
    built = []
    for case in CASES:
        parts = read(case)[0].plain()
        root = tmp_path_factory.mktemp(case.stem)
        for name, text in {
            "interceptor.yaml": parts.get("project", PROJECT),
            "handlers/api.yaml": parts["handlers"],
            **parts.get("files", {}),
        }.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        built.append(load_engine(load_project(root / "interceptor.yaml")))
    return built


@SETTINGS
@given(request=requests)
def test_any_request_gets_a_decision(engines: list[Engine], request: Request) -> None:
    for engine in engines:
        ask(engine, request)


def ask(engine: Engine, request: Request) -> None:
    """A decision, resolvers left alone, and an answer that can be sent."""
    decision = engine.decide(request)
    if isinstance(decision, Mocked | Unhandled | Failed):
        response = decision.response
        assert 100 <= response.status <= 599
        assert all(isinstance(part, str) and "\n" not in part for header in response.headers for part in header)
        assert not (response.status in BODILESS and response.body)
    if isinstance(decision, Passthrough) and decision.to is not None:
        assert decision.to.startswith("http")
