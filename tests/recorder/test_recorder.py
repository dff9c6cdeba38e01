from __future__ import annotations

import pytest

from interceptor.project.config import Provider
from interceptor.recorder.recorder import Recorder
from interceptor.recorder.summary import MOST_DISTINCT, as_plain
from interceptor.redaction.redactor import Redactor
from interceptor.report.lookalikes import lookalike
from interceptor.report.summary import hit_lines, summary_lines
from interceptor.values.decisions import Failed, Mocked, Passthrough, Unhandled
from interceptor.values.exchange import Metadata, Outcome
from interceptor.values.messages import Request, Response

REQUEST = Request("GET", "https://api.example.com/v1/products?token=abc")
ANSWER = Response(200)
NOTE = Metadata(provider="Product API", path="/products", handler="handlers/a.yaml:3")


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
    return Recorder(pages, Redactor(), ["handlers/a.yaml:3", "handlers/a.yaml:9"])


def last_line(recorder):
    return list(summary_lines(recorder.summary))[-1]


def test_an_answer_is_written_with_all_that_is_known(recorder, pages):
    recorder.note(REQUEST, Mocked(ANSWER, NOTE), ANSWER, at=1767225600.0, ms=1.5)
    (exchange,) = pages.written
    assert (exchange.outcome, exchange.metadata) == (Outcome.MOCKED, NOTE)
    assert (exchange.at, exchange.ms) == ("2026-01-01T00:00:00.000Z", 1.5)


def test_what_is_written_and_told_is_redacted_first(recorder, pages):
    request = Request("POST", f"{REQUEST.url}&b=1", (("authorization", "Bearer s3cr3tb3ar3r"),))
    failed = Failed(Response(500), NOTE, f"handlers/a.yaml:3: {request.url}: no such user: s3cr3tb3ar3r")
    recorder.note(request, failed, None)
    (exchange,) = pages.written
    assert exchange.request.url == "https://api.example.com/v1/products?token=aaa&b=1"
    assert next(summary_lines(recorder.summary)) == (
        f"failed: handlers/a.yaml:3: {exchange.request.url}: no such user: ***"
    )
    recorder.note_failure("could not deal with GET /ghp_abcdefghijklmnopqrstuvwxyz0123456789")
    assert "could not deal with GET /***" in recorder.summary.failures.counts


@pytest.mark.parametrize(
    ("decision", "written"),
    [
        (Passthrough("unhandled", NOTE), True),
        (Passthrough("handler", NOTE), True),
        (Passthrough("others", Metadata()), False),
        (Passthrough("loopback", Metadata()), False),
        (Passthrough("excluded", Metadata()), False),
        (Unhandled(Response(501), NOTE, "no handler"), True),
        (Failed(Response(500), NOTE, "broken"), True),
        (Mocked(Response(204), Metadata(provider="Product API", record=False)), False),  # a preflight, answered by us
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
    recorder.note(REQUEST, Mocked(ANSWER, Metadata(handler="handlers/a.yaml:9")), ANSWER)
    assert "handlers/a.yaml:9 answered for a URL of no provider" in next(summary_lines(recorder.summary))


def test_a_client_that_distrusts_us_is_named(recorder):
    recorder.note_refused("api.example.com")
    assert "a client refused the certificate for api.example.com" in next(summary_lines(recorder.summary))


SAID = {
    "nothing": "the command asks nothing, or its clients go around the proxy (docs/clients.md)",
    "others": "the command asks other URLs than the providers', as named above, or its clients go around the proxy",
    "refused": "the clients named above did not get as far as a request, "
    "or others go around the proxy (docs/clients.md)",
}


@pytest.mark.parametrize("seen", SAID)
def test_a_run_that_saw_nothing_names_the_two_likeliest_reasons(recorder, seen):
    if seen != "nothing":
        recorder.note_tunnel("elsewhere.example.com", 443, reported=False)
    if seen == "refused":
        recorder.note_refused("api.example.com")
    lines = list(summary_lines(recorder.summary))
    assert lines[-2] == f"no request for a provider arrived: {SAID[seen]}; if that is fine: --allow-empty"


def test_clients_that_asked_nothing_are_named_with_what_may_be_the_cause(recorder):
    for _ in range(3):
        recorder.note_silent("api.example.com")
    recorder.note_http2("api.example.com")
    first, second, *_ = summary_lines(recorder.summary)
    assert first == "a client began with HTTP/2 at api.example.com; http2: true in the project file offers it"
    assert second.startswith("a client connected to api.example.com and asked nothing (3 times): it may not trust")


def test_other_hosts_are_named_with_how_often_the_first_few(recorder):
    for number in range(7):
        for _ in range(number + 1):
            recorder.note_tunnel(f"{number}.example.org", 443, reported=False)
    recorder.note_tunnel("localhost", 5000, reported=False)
    first = next(summary_lines(recorder.summary))
    assert first == (
        "other hosts were asked: https://6.example.org (7), https://5.example.org (6), https://4.example.org (5), "
        "https://3.example.org (4), https://2.example.org (3) and 2 more"
    )


@pytest.mark.parametrize(
    ("asked", "likeness"),
    [
        ("http://api.example.com", "like Product API, but http for https"),
        ("https://api.example.com:8443", "like Product API, but port 8443 for 443"),
        ("https://apl.example.com", "like Product API, but apl.example.com for api.example.com"),
        ("https://api.example.com", "a path outside https://api.example.com/v1 (Product API)"),
        ("https://shop.example.com", None),
        ("http://apl.example.com", None),
    ],
)
def test_a_host_that_looks_like_a_provider_is_told_from_others(asked, likeness):
    assert lookalike(asked, {"Product API": Provider(url=["https://api.example.com/v1"])}) == likeness


def test_every_handler_of_a_batch_is_used(recorder):
    metadata = Metadata(
        provider="Product API", handler="handlers/a.yaml:3", further_handlers=("handlers/a.yaml:9",) * 2
    )
    recorder.note(REQUEST, Mocked(ANSWER, metadata), ANSWER)
    assert recorder.summary.never_used == []
    assert list(hit_lines(recorder.summary)) == ["     1  handlers/a.yaml:3", "     2  handlers/a.yaml:9"]


def test_a_summary_for_programs(recorder):
    recorder.note(REQUEST, Mocked(ANSWER, Metadata(provider="Product API", handler="run-time handlers:1")), ANSWER)
    recorder.note(REQUEST, Unhandled(Response(501), NOTE, "GET /x has no handler"), None)
    assert as_plain(recorder.summary) == {
        "requests": 2,
        "mocked": 1,
        "passed": 0,
        "unhandled": 1,
        "failed": 0,
        "called": 0,
        "handlers": {"handlers/a.yaml:3": 1, "handlers/a.yaml:9": 0, "run-time handlers:1": 1},
        "never_used": ["handlers/a.yaml:9"],
        "explanations": {"unhandled": {"GET /x has no handler": 1}, "failed": {}},
        "unowned": {},
        "reported": {},
        "unanswered": {},
        "uncalled": {},
        "lost": {},
        "clients": {"arrived": {}, "refused": {}, "silent": {}, "http2": {}, "elsewhere": {}},
    }


def test_what_was_told_when_it_happened_is_only_counted_in_the_end(recorder, caplog):
    for _ in range(2):
        recorder.note(
            REQUEST, Unhandled(Response(501), Metadata(provider="Product API"), "GET /x has no handler"), None
        )
    assert caplog.messages == ["GET /x has no handler"]
    assert list(summary_lines(recorder.summary, explained=True)) == [last_line(recorder)]


def test_what_outlives_its_test_is_not_the_next_ones(recorder):
    def miss(test, scope=None):
        metadata = Metadata(provider="Product API", test=test, scope=scope)
        recorder.note(REQUEST, Unhandled(Response(501), metadata, f"{test} {scope}"), None)

    miss(None)
    recorder.begin_test("first")
    miss("first")
    assert list(recorder.seen_by().unhandled.counts) == ["first None"]
    recorder.begin_test("second")
    recorder.begin_test("other", "gw0")
    miss("first")
    miss("other", "gw0")
    assert (recorder.seen_by().test, bool(recorder.seen_by().unhandled)) == ("second", False)
    assert recorder.exchanges_of() == []
    assert list(recorder.seen_by("gw0").unhandled.counts) == ["other gw0"]
    assert [each.metadata.test for each in recorder.exchanges_of("gw0")] == ["other"]


def test_exchanges_and_scopes_are_kept_in_bounded_memory(recorder):
    large = Response(200, body=b"x" * ((1 << 19) - 1000))
    for _ in range(40):
        recorder.note(REQUEST, Mocked(large, NOTE), large)
    assert len(recorder.exchanges_of()) == 32
    for number in range(2500):
        recorder.note(REQUEST, Mocked(ANSWER, NOTE), ANSWER)
        recorder.begin_test("test", f"scope {number}")
    assert len(recorder.exchanges_of()) == 2000
    assert recorder.seen_by("scope 0").test is None
    assert recorder.seen_by("scope 2499").test == "test"
