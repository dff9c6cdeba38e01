"""HAR files, in the dialects that tools write, become the same exchanges that our own proxy would have noted."""

from __future__ import annotations

import base64
import json

import pytest

from interceptor.conversion import convert
from interceptor.recordings import open_recording, unreadable_flows
from interceptor.values.errors import RecordingError
from tests.exchanges import BASE_URL, project

PNG = b"\x89PNG\r\n\x1a\n\x00\xff"
SECRET = "s3cr3t-4711-xyz"


def entry(request=None, response=None, **more):
    request = {"method": "GET", "url": f"{BASE_URL}/products/10", "headers": [], "queryString": []} | (request or {})
    response = {"status": 200, "headers": [], "content": {"size": 0, "mimeType": "x-unknown"}} | (response or {})
    return {"startedDateTime": "2026-11-21T21:46:04.001+01:00", "request": request, "response": response} | more


def json_answer(value, **more):
    text = json.dumps(value)
    return {
        "headers": [{"name": "Content-Type", "value": "application/json; charset=utf-8"}],
        "content": {"size": len(text), "mimeType": "application/json", "text": text},
    } | more


def read(tmp_path, *entries, text=None):
    path = tmp_path / "traffic.har"
    path.write_bytes((text or json.dumps({"log": {"version": "1.2", "entries": list(entries)}})).encode())
    capture = open_recording(path, project(tmp_path), unreadable_flows)
    return list(capture.distinct(set())), [damage.message for damage in capture.damages]


def test_an_entry_is_a_real_answer_of_the_provider_that_owns_its_url(tmp_path):
    exchanges, damages = read(tmp_path, entry(response=json_answer({"id": "10"})))
    (each,) = exchanges
    assert (each.metadata.provider, each.metadata.path, each.outcome, each.at) == (
        "Product API",
        "/products/10",
        "passed",
        "2026-11-21T20:46:04.001Z",
    )
    assert json.loads(each.response.body) == {"id": "10"}
    assert each.response.headers == (("content-type", "application/json; charset=utf-8"),)
    assert damages == []


FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x1"

PART = (
    b'--x1\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\nA\r\n--x1--\r\n"
)

# (posted data, the header that the client sent, body)
POSTED = [
    ({"mimeType": "application/json", "text": '{"a":1}'}, "application/json", b'{"a":1}'),
    ({"mimeType": FORM, "params": [{"name": "a b", "value": "ü"}, {"name": "c"}]}, FORM, b"a+b=%C3%BC&c="),
    ({"mimeType": FORM, "text": "a=1", "params": [{"name": "a", "value": "2"}]}, None, b"a=1"),
    ({"mimeType": "image/png", "text": base64.b64encode(PNG).decode(), "encoding": "base64"}, None, PNG),
    (
        {
            "mimeType": MULTIPART,
            "params": [{"name": "f", "fileName": "a.txt", "contentType": "text/plain", "value": "A"}],
        },
        MULTIPART,
        PART,
    ),
    ({"mimeType": "text/plain; charset=iso-8859-1", "text": "ü"}, "text/plain; charset=iso-8859-1", b"\xfc"),
    ({"mimeType": "", "text": ""}, None, b""),
]


@pytest.mark.parametrize(("posted", "sent", "body"), POSTED)
def test_posted_data(tmp_path, posted, sent, body):
    headers = [{"name": "Content-Type", "value": sent}] if sent else []
    request = {"method": "POST", "headers": headers, "postData": posted}
    ((each,), _) = read(tmp_path, entry(request))
    assert each.request.body == body
    assert each.request.header("content-type") == (sent or (posted["mimeType"] or None))


# (response, body, content type)
ANSWERED = [
    (json_answer([1]), b"[1]", "application/json; charset=utf-8"),
    (
        {"content": {"size": 9, "mimeType": "image/png", "text": base64.b64encode(PNG).decode(), "encoding": "base64"}},
        PNG,
        "image/png",
    ),
    ({"headers": [{"name": "content-encoding", "value": "br"}], "content": {"text": "hi"}}, b"hi", None),
    ({"status": 204, "content": {"size": 0}}, b"", None),
]


@pytest.mark.parametrize(("response", "body", "content_type"), ANSWERED)
def test_answers(tmp_path, response, body, content_type):
    ((each,), damages) = read(tmp_path, entry(response=response))
    assert each.response.body == body
    assert each.response.header("content-type") == content_type
    assert each.response.header("content-encoding") is None
    assert damages == []


def test_http_2_and_repeated_headers(tmp_path):
    headers = [{"name": ":authority", "value": "x"}, {"name": "ACCEPT", "value": "application/json"}]
    cookies = [{"name": "set-cookie", "value": "a=1\nb=2"}]
    ((each,), _) = read(tmp_path, entry({"headers": headers}, {"headers": cookies}))
    assert each.request.headers == (("accept", "application/json"),)
    assert [name for name, _ in each.response.headers] == ["set-cookie", "set-cookie"]


def test_a_query_that_stands_beside_the_url(tmp_path):
    query = [{"name": "a", "value": "1 2"}, {"name": "a", "value": "3"}]
    exchanges, _ = read(
        tmp_path,
        entry({"queryString": query}),
        entry({"url": f"{BASE_URL}/products/10?b=1#top", "queryString": [{"name": "b", "value": "1"}]}),
    )
    assert [each.request.query for each in exchanges] == [(("a", "1 2"), ("a", "3")), (("b", "1"),)]


# What is no exchange over HTTP, or has no answer.
PASSED_OVER = [
    entry({"url": "data:image/png;base64,AA=="}),
    entry({"url": "wss://api.example.com/v1/socket"}, {"status": 101}),
    entry(_webSocketMessages=[{"type": "send", "data": "x"}]),
    entry(response={"status": 0, "_error": "net::ERR_ABORTED"}),
    entry({"method": "CONNECT", "url": "http://api.example.com:443"}),
]


def test_what_is_no_exchange_is_passed_over(tmp_path):
    assert read(tmp_path, *PASSED_OVER) == ([], [])


def test_an_odd_entry_costs_no_other(tmp_path):
    odd = (None, {}, entry({"url": 7}), entry({"url": "http:///a"}), entry(response={"status": "odd"}))
    exchanges, damages = read(tmp_path, *odd, entry())
    assert len(exchanges) == 1
    assert [damage.partition(" is not")[0] for damage in damages] == [f"entry {number}" for number in range(1, 6)]


def test_a_body_that_the_file_does_not_hold_is_a_warning(tmp_path):
    missing = entry(response={"content": {"size": 4711, "mimeType": "application/json"}})
    exchanges, damages = read(tmp_path, missing, entry({"method": "HEAD"}, {"content": {"size": 4711}}))
    assert [each.response.body for each in exchanges] == [b"", b""]
    assert damages == ["entry 1: the file lacks the body of this response; the pact says nothing about it"]


def test_secrets_and_strangers_stay_out_of_the_pact_and_repeats_collapse(tmp_path):
    headers = [{"name": "Authorization", "value": f"Bearer {SECRET}"}, {"name": "Cookie", "value": f"sid={SECRET}"}]
    answer = json_answer({"id": "6f1be6ac-7a31-4be2-90b3-91a8d4bb2f0e", "access_token": SECRET})
    own = entry({"headers": headers}, answer)
    other = entry({"url": "https://elsewhere.example.com/a"}, json_answer({"b": 2}))
    preflight = entry({"method": "OPTIONS", "headers": [{"name": "Access-Control-Request-Method", "value": "GET"}]})
    path = tmp_path / "traffic.har"
    path.write_text("\ufeff" + json.dumps({"log": {"entries": [own, own, other, preflight]}}), encoding="utf-8")
    (written,) = convert(project(tmp_path), [path]).pacts
    text = written.path.read_text()
    assert SECRET not in text
    (interaction,) = json.loads(text)["interactions"]
    assert interaction["description"] == "GET /products/10 returns 200"
    assert interaction["request"]["headers"] == {"authorization": ["Bearer ***"]}
    assert interaction["response"]["body"]["content"]["id"] == "00000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize("text", ["{}", '{"log": 1}', '{"other": {"entries": []}}', "[]", '{"log": ', "<har/>"])
def test_what_is_no_recording_is_refused(tmp_path, text):
    with pytest.raises(RecordingError, match="is not a"):
        read(tmp_path, text=text)


def test_a_file_without_entries_is_refused(tmp_path):
    with pytest.raises(RecordingError, match="has no entries"):
        read(tmp_path, text='{"log": {}}')
