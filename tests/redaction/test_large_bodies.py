"""Bodies above `pact.max_body`: noted by size and digest, left out of the pact, never looked through."""

from __future__ import annotations

import json
import time
from hashlib import sha256

import pytest

from interceptor.conversion import convert
from interceptor.journal import JournalWriter, read_journal
from interceptor.redaction.redactor import Redactor
from interceptor.values.errors import ConfigurationError
from interceptor.values.exchange import LargeBody
from tests.exchanges import PROJECT, exchange, journal, project

LARGE = json.dumps({"password": "s3cr3t-4711", "rows": ["x" * 100] * 11_000}).encode()


def test_a_large_body_becomes_a_size_and_a_digest(tmp_path):
    plain = exchange("POST /upload", {"id": 1}, body=LARGE, headers={"content-type": "application/json"})
    path = journal(tmp_path / "run.jsonl", [plain, plain])
    assert len(path.read_bytes()) < 2000
    (each,) = read_journal(path)
    assert each.large == {"request": LargeBody(len(LARGE), sha256(LARGE).hexdigest())}
    assert (each.request.body, each.count) == (b"", 2)
    conversion = convert(project(tmp_path), [path])
    (finding,) = conversion.findings
    assert (finding.code, finding.type, finding.place) == ("body.large", "warning", "request.$")
    assert f"{len(LARGE):,} bytes" in finding.message
    (interaction,) = json.loads(conversion.pacts[0].path.read_bytes())["interactions"]
    assert interaction["request"] == {
        "method": "POST",
        "path": "/upload",
        "headers": {"content-type": ["application/json"]},
    }
    assert interaction["response"]["body"]["content"] == {"id": 1}


@pytest.mark.parametrize(("size", "large"), [("4", True), ("4B", True), ("0.5kB", False), ("1MB", False), ("9", False)])
def test_the_size_is_configurable(tmp_path, size, large):
    here = project(tmp_path, f"{PROJECT}pact: {{max_body: {size}}}\n")
    masked = Redactor.of(here)(exchange("GET /a", {"a": 1}))
    assert bool(masked.large) is large


@pytest.mark.parametrize("size", ["4 apples", "-1", "true"])
def test_a_size_that_is_none_is_an_error(tmp_path, size):
    with pytest.raises(ConfigurationError, match="max_body"):
        project(tmp_path, f"{PROJECT}pact: {{max_body: {size}}}\n")


def test_fifty_megabytes_hold_nobody_up(tmp_path):
    body = b'{"token":"' + b"eyJ" * (50_000_000 // 3) + b'"}'
    each = exchange("GET /dump", body, response_headers={"content-type": "application/json"})
    redact = Redactor()
    began = time.perf_counter()
    with JournalWriter(tmp_path / "run.jsonl", consumer="C") as writer:
        writer.write(redact(each))
    assert time.perf_counter() - began < 2
