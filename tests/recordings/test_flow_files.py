"""What a plain mitmproxy wrote (`mitmdump -w`) converts like our own recordings."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from mitmproxy import http
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow

from interceptor.conversion import convert
from interceptor.proxy.mitm.flow_files import read_flows
from interceptor.values.exchange import Outcome
from tests.exchanges import BASE_URL, exchange, journal, project


def flow(method, target, answer=None, status=200, headers=()):
    request = http.Request.make(method, BASE_URL + target, headers=http.Headers([*headers]))
    request.timestamp_start = 1795293964.001
    generated = tflow.tflow(req=request, resp=False)
    generated.client_conn.sni = None
    if answer is not None:
        body = json.dumps(answer).encode()
        generated.response = http.Response.make(status, body, {"content-type": "application/json"})
        generated.response.encode("gzip")
    return generated


@pytest.fixture
def traffic(tmp_path):
    path = tmp_path / "traffic.flow"
    with path.open("wb") as file:
        writer = FlowWriter(file)
        for each in (
            flow("GET", "/products/10?a=1", {"id": "10"}, headers=[(b"Authorization", b"Bearer s3cr3t-4711")]),
            flow("GET", "/products/11"),
            tflow.ttcpflow(),
            tflow.twebsocketflow(),
        ):
            writer.add(each)
    return path


def test_flows_become_the_pact_that_a_run_would_have_made(tmp_path, traffic):
    here = project(tmp_path)
    conversion = convert(here, [traffic], read_flows=read_flows)
    assert (conversion.findings, conversion.warnings) == ([], [])
    from_flows = conversion.pacts[0].path.read_bytes()
    headers = {"authorization": "Bearer other"}
    same = replace(exchange("GET /products/10?a=1", {"id": "10"}, headers=headers), outcome=Outcome.PASSED)
    every = project(tmp_path / "all", (tmp_path / "interceptor.yaml").read_text() + "record: all\n")
    (written,) = convert(every, [journal(tmp_path / "run.jsonl", [same])]).pacts
    assert from_flows == written.path.read_bytes()
    assert b"s3cr3t" not in from_flows


def test_a_torn_flow_file_gives_what_it_holds(tmp_path, traffic):
    whole = traffic.read_bytes()
    traffic.write_bytes(whole[: whole.index(b",", 10) + 4000])
    conversion = convert(project(tmp_path), [traffic], read_flows=read_flows)
    assert [each.code for each in conversion.findings] == ["recording.damaged"]
