"""One limit of nesting, wherever JSON is read: ours, in our words, before any parser's own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.broker.publishing import read_pacts
from interceptor.conversion import convert
from interceptor.engine import load_engine
from interceptor.journal import read_journal
from interceptor.openapi.document import open_document
from interceptor.pact.read import read_pact
from interceptor.project.config import load_project
from interceptor.recordings.har import is_har
from interceptor.values.errors import ConfigurationError, DocumentError, PactError, RecordingError
from interceptor.values.json_text import NotJsonError, parse_json
from interceptor.values.messages import Request
from interceptor.values.nesting import DEEPEST, TOO_DEEP, is_deeper
from tests.exchanges import exchange, journal, project

JUST = b"[" * DEEPEST + b"1" + b"]" * DEEPEST
DEEP = b"[" * (DEEPEST + 1) + b"1" + b"]" * (DEEPEST + 1)
ENDLESS = [b"[" * 100_000, b'{"a":' * 100_000, DEEP, b'["]",' * (DEEPEST + 1), b'{"a": "\\\\", "b":' * (DEEPEST + 1)]
TEXTS = st.text('[]{}",\\: a', max_size=4)
VALUES = st.recursive(
    st.none() | TEXTS, lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXTS, below, max_size=3)
)


def depth(value: Any) -> int:
    members = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, members), default=0) if isinstance(value, dict | list) else 0


@given(VALUES, st.integers(0, 6))
def test_the_depth_is_that_of_the_value(value: Any, limit: int) -> None:
    assert is_deeper(json.dumps(value).encode(), limit) == (depth(value) > limit)


@pytest.mark.parametrize("text", ENDLESS)
def test_json_is_refused_before_a_parser_sees_it(text: bytes) -> None:
    with pytest.raises(NotJsonError, match=f"^{TOO_DEEP}$"):
        parse_json(text)


def test_what_is_as_deep_as_allowed_is_read() -> None:
    assert depth(parse_json(JUST)) == DEEPEST
    assert parse_json(b'"' + b"[" * 1000 + b'"') == "[" * 1000
    assert parse_json(b"[" + b",".join([b"[]"] * 1000) + b"]") == [[]] * 1000


def test_a_body_that_is_too_deep_matches_no_json(tmp_path) -> None:
    (tmp_path / "interceptor.yaml").write_text("consumer: A\nproviders: {B: {url: http://b.test}}\n")
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "b.yaml").write_text(
        "provider: B\nhandlers:\n  - {request: {method: POST, path: /, json: {$any: true}}, response: 201}\n"
        "  - {request: POST /, response: 202}\n"
    )
    engine = load_engine(load_project(tmp_path / "interceptor.yaml"))

    statuses = [engine.decide(Request("POST", "http://b.test/", (), body)).response.status for body in (JUST, DEEP)]

    assert statuses == [201, 202]


def test_files_of_the_project_are_refused_by_place(tmp_path) -> None:
    file = tmp_path / "interceptor.yaml"
    file.write_bytes(b"consumer: A\nproviders: " + DEEP)
    with pytest.raises(ConfigurationError, match=rf"interceptor.yaml:2:\d+: {TOO_DEEP}"):
        load_project(file)
    file.write_text("consumer: A\nproviders: {B: {url: http://b.test}}\n")
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "deep.json").write_bytes(DEEP)
    (tmp_path / "handlers" / "b.yaml").write_text("provider: B\ndata: {d: {file: deep.json}}\nhandlers: []\n")
    with pytest.raises(ConfigurationError, match=TOO_DEEP):
        load_engine(load_project(file))


def test_an_openapi_document_is_refused(tmp_path) -> None:
    (tmp_path / "api.json").write_bytes(b'{"openapi": "3.0.3", "x-deep": ' + DEEP + b"}")
    with pytest.raises(DocumentError, match=TOO_DEEP):
        open_document("api.json", tmp_path)


def test_a_pact_is_refused(tmp_path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b'{"interactions": ' + DEEP + b"}")
    with pytest.raises(PactError, match=f"a.json is not a pact: {TOO_DEEP}"):
        read_pact(file)
    with pytest.raises(PactError, match=f"a.json: {TOO_DEEP}"):
        read_pacts(tmp_path)


def test_a_pact_with_the_deepest_body_is_read_again(tmp_path) -> None:
    value = parse_json(b"[" * 100 + b"1" + b"]" * 100)
    recording = journal(tmp_path / "run.jsonl", [exchange("GET /a", value), exchange("GET /b", [value])])

    conversion = convert(project(tmp_path), [recording])

    (written,) = conversion.pacts
    first, _ = read_pact(written.path).interactions
    assert depth(first.response.body) == 100
    assert [finding.code for finding in conversion.findings] == ["body.unreadable"]


def test_a_line_of_a_journal_is_damaged(tmp_path) -> None:
    path = journal(tmp_path / "run.jsonl", [exchange("GET /a", {})])
    with path.open("ab") as file:
        file.write(b'{"at": ' + DEEP + b"}\n")
    recording = read_journal(path)
    assert len(list(recording)) == 1
    assert [damage.message for damage in recording.damages] == [TOO_DEEP]


def test_a_har_file_is_refused(tmp_path) -> None:
    path = tmp_path / "a.har"
    path.write_bytes(b'{"log": {"entries": ' + DEEP + b"}}")
    assert not is_har(path)
    with pytest.raises(RecordingError, match="is not a"):
        read_journal(path)
