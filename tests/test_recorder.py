from __future__ import annotations

import pytest

from interceptor.decisions import Failed, Mocked, Note, Passthrough, Unhandled
from interceptor.messages import Outcome, Request, Response
from interceptor.recorder import MOST_DISTINCT, Recorder
from interceptor.summary import summary_lines

REQUEST = Request("GET", "https://api.example.com/v1/products?token=abc")
ANSWER = Response(200)
NOTE = Note(provider="Product API", path="/products", handler="handlers/a.yaml:3")


class Pages:
    """A journal in memory."""

    def __init__(self):
        self.written = []

    def write(self, exchange):
        self.written.append(exchange)


@pytest.fixture
def pages():
    return Pages()


@pytest.fixture
def recorder(pages):
    return Recorder(pages, lambda exchange: exchange, ["handlers/a.yaml:3", "handlers/a.yaml:9"])


def last_line(recorder):
    return list(summary_lines(recorder.summary))[-1]


def test_an_answer_is_written_with_all_that_is_known(recorder, pages):
    recorder.note(REQUEST, Mocked(ANSWER, NOTE), ANSWER, at="2026-01-01T00:00:00.000Z", ms=1.5)
    (exchange,) = pages.written
    assert (exchange.outcome, exchange.provider, exchange.handler) == (Outcome.MOCKED, "Product API", NOTE.handler)
    assert (exchange.path, exchange.at, exchange.ms) == ("/products", "2026-01-01T00:00:00.000Z", 1.5)


def test_what_is_written_is_redacted_first(pages):
    def fail(exchange):
        raise ValueError("cannot mask")

    with pytest.raises(ValueError, match="cannot mask"):
        Recorder(pages, fail).note(REQUEST, Mocked(ANSWER, NOTE), ANSWER)
    assert pages.written == []


@pytest.mark.parametrize(
    ("decision", "written"),
    [
        (Passthrough("unhandled", NOTE), True),
        (Passthrough("others", Note()), False),
        (Passthrough("loopback", Note()), False),
        (Passthrough("excluded", Note()), False),
        (Unhandled(Response(501), NOTE, "no handler"), True),
        (Failed(Response(500), NOTE, "broken"), True),
    ],
)
def test_only_the_consumers_own_traffic_is_written(recorder, pages, decision, written):
    recorder.note(REQUEST, decision, ANSWER)
    assert bool(pages.written) == written
    assert recorder.summary.requests == int(written)


def test_a_clean_run_is_summed_up_in_one_line(recorder):
    for _ in range(14):
        recorder.note(REQUEST, Mocked(ANSWER, NOTE), ANSWER)
    assert list(summary_lines(recorder.summary)) == [
        "14 requests · 14 mocked · 0 unhandled · 1 handler never used (handlers/a.yaml:9)"
    ]
    assert recorder.summary.clean


def test_misses_are_explained_once_and_counted(recorder):
    for _ in range(2):
        recorder.note(REQUEST, Unhandled(Response(501), NOTE, "GET /x has no handler\n  near a:1"), None)
    assert next(summary_lines(recorder.summary)) == "GET /x has no handler (2 times)\n  near a:1"
    assert last_line(recorder).startswith("2 requests · 0 mocked · 2 unhandled")
    assert not recorder.summary.clean


def test_failures_fail_the_run(recorder):
    recorder.note(REQUEST, Failed(Response(500), NOTE, "handlers/a.yaml:3: broken"), None)
    assert next(summary_lines(recorder.summary)) == "failed: handlers/a.yaml:3: broken"
    assert "1 failed" in last_line(recorder)
    assert not recorder.summary.clean


def test_a_client_in_a_loop_does_not_fill_the_memory(recorder):
    for number in range(MOST_DISTINCT + 50):
        recorder.note(REQUEST, Unhandled(Response(501), NOTE, f"miss {number}"), None)
    assert len(recorder.summary.unhandled.counts) == MOST_DISTINCT
    lines = list(summary_lines(recorder.summary))
    assert "and at least 190 more" in lines
    assert f"{MOST_DISTINCT + 50} unhandled" in lines[-1]


def test_real_answers_are_reported_where_the_project_asks(recorder):
    recorder.note(REQUEST, Passthrough("unhandled", NOTE, reported=True), ANSWER)
    assert next(summary_lines(recorder.summary)) == "went to the real server: GET https://api.example.com/v1/products"
    recorder.note_tunnel("elsewhere.example.com", 443, reported=True)
    assert "went to the real server: CONNECT elsewhere.example.com:443" in list(summary_lines(recorder.summary))


def test_a_handler_without_a_provider_is_reported(recorder):
    recorder.note(REQUEST, Mocked(ANSWER, Note(handler="handlers/a.yaml:9")), ANSWER)
    assert "handlers/a.yaml:9 answered for a URL that no provider owns" in next(summary_lines(recorder.summary))


def test_a_client_that_distrusts_us_is_named(recorder):
    recorder.note_refused("api.example.com")
    assert "did not trust the certificate for api.example.com" in next(summary_lines(recorder.summary))


def test_a_run_that_saw_nothing_says_why(recorder):
    recorder.note_tunnel("elsewhere.example.com", 443, reported=False)
    first = next(summary_lines(recorder.summary))
    assert first.startswith("no request for a provider reached the proxy (1 request to other hosts passed)")
