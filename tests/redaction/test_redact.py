"""What is masked before anything is written, and what is not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from interceptor.project.config import Redaction
from interceptor.redaction.names import is_secret_name
from interceptor.redaction.redactor import Redactor
from interceptor.values.exchange import Outcome
from tests.exchanges import exchange

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
AWS = "AKIA" + "IOSFODNN7ABCDEFG"

# (name, value, masked value)
HEADERS = [
    ("authorization", "Bearer abc.def", "Bearer ***"),
    ("authorization", "Basic dXNlcjpwYXNz", "Basic ***"),
    ("authorization", "abcdef", "***"),
    ("proxy-authorization", "Basic dXNlcjpwYXNz", "Basic ***"),
    ("cookie", "session=abc; theme=dark", "session=***; theme=***"),
    ("x-api-key", "k-123", "***"),
    ("x-auth-token", "t", "***"),
    ("ocp-apim-subscription-key", "k", "***"),
    ("x-trace", f"before {AWS} after", "before *** after"),
    (
        "referer",
        "https://a.example/b?page=2&access_token=x-1#id_token=y",
        "https://a.example/b?page=2&access_token=***#id_token=***",
    ),
    ("accept", "application/json", "application/json"),
    ("sec-websocket-key", "x", "x"),
    ("x-idempotency-key", "7", "7"),
]


@pytest.mark.parametrize(("name", "value", "masked"), HEADERS)
def test_headers(name, value, masked):
    result = Redactor()(exchange("GET /a", headers={name: value}))
    assert result.request.header(name) == masked
    assert result.masked == ((f"request.headers.{name}",) if masked != value else ())


# (query, masked query, names)
QUERIES = [
    ("access_token=aB3-x&page=2", "access_token=aa0-a&page=2", ["access_token"]),
    ("page_token=abc&nextPageToken=b", "page_token=abc&nextPageToken=b", []),
    ("sig=%2Fa1&SIG=b", "sig=%2Fa0&SIG=a", ["sig", "SIG"]),
    ("q=4111+1111+1111+1111", "q=0000+0000+0000+0000", ["q"]),
    ("q=4111+1111+1111+1112", "q=4111+1111+1111+1112", []),
    ("token&token=", "token&token=", []),
]


@pytest.mark.parametrize(("query", "masked", "names"), QUERIES)
def test_query_parameters(query, masked, names):
    result = Redactor()(exchange(f"GET /a?{query}"))
    assert result.request.url.partition("?")[2] == masked
    assert list(result.masked) == [f"request.query.{name}" for name in names]


# (value, masked value, places below the body)
BODIES = [
    ({"password": "s3cr3t-Värd"}, {"password": "a0aa0a-aaaa"}, ["$.password"]),
    ({"a": [{"apiKey": 4711}]}, {"a": [{"apiKey": 1000}]}, ["$.a[0].apiKey"]),
    ({"pin": 7, "cvv": -12.5}, {"pin": 0, "cvv": 0.0}, ["$.pin", "$.cvv"]),
    ({"secret": True, "token": None}, {"secret": True, "token": None}, []),
    ({"credentials": {"user": "bob"}}, {"credentials": {"user": "aaa"}}, ["$.credentials.user"]),
    ({"card": "5555-5555-5555-4444"}, {"card": "0000-0000-0000-0000"}, ["$.card"]),
    ({"card": 4111111111111111}, {"card": 1000000000000000}, ["$.card"]),
    ({"id": 4111111111111112}, {"id": 4111111111111112}, []),
    ({"note": f"use {AWS}"}, {"note": "use aaaaaaaaaaaaaaaaaaaa"}, ["$.note"]),
    ({"tokens": 5, "token_type": "Bearer"}, {"tokens": 5, "token_type": "Bearer"}, []),
    (
        {"token": "6f1be6ac-7a31-4be2-90b3-91a8d4bb2f0e"},
        {"token": "00000000-0000-4000-8000-000000000000"},
        ["$.token"],
    ),
    ({"a-b": {"c d": {"pwd": "x"}}}, {"a-b": {"c d": {"pwd": "a"}}}, ["$['a-b']['c d'].pwd"]),
]


@pytest.mark.parametrize(("value", "masked", "places"), BODIES)
def test_json_bodies(value, masked, places):
    result = Redactor()(exchange("POST /a", body=value))
    assert result.request.json == masked
    assert list(result.masked) == [f"request.{place}" for place in places]


# (content type, body, masked body, place)
TEXTS = [
    ("application/x-www-form-urlencoded", "user=bob&password=a+b%211", "user=bob&password=a+a%210", "form.password"),
    ("application/x-www-form-urlencoded", "card=4111+1111+1111+1111", "card=0000+0000+0000+0000", "form.card"),
    ("text/xml", "<a><x:password b='c'>hey</x:password></a>", "<a><x:password b='c'>***</x:password></a>", "body"),
    ("text/plain", f"token {JWT}.", "token ***.", "body"),
    ("text/plain", "at https://bob:hunter2@a.example/b", "at https://***@a.example/b", "body"),
    (
        "application/json",
        '{"at":"//a:b@c","next":"ftp://bob:h-7@a"}',
        '{"at":"//a:b@c","next":"ftp://aaa:a-0@a"}',
        "$.next",
    ),
    ("text/html", '<a href="/b?a=1&amp;&token=x1">', '<a href="/b?a=1&amp;&token=***">', "body"),
    ("application/json", '{"next":"/b?page_token=1&sig=x1"}', '{"next":"/b?page_token=1&sig=a0"}', "$.next"),
    ("application/json", '{"password": "cut off', '{"password": "cut off', None),
    ("application/json", '{"password": "x", "a": ', '{"password": "***", "a": ', "body"),
    (
        "multipart/form-data; boundary=b",
        '--b\r\ncontent-disposition: form-data; name="password"\r\n\r\nx y\r\n--b--\r\n',
        '--b\r\ncontent-disposition: form-data; name="password"\r\n\r\n***\r\n--b--\r\n',
        "body",
    ),
    (
        "text/plain",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
        "***",
        "body",
    ),
]


@pytest.mark.parametrize(("content_type", "body", "masked", "place"), TEXTS)
def test_other_bodies(content_type, body, masked, place):
    result = Redactor()(exchange("POST /a", body=body.encode(), headers={"content-type": content_type}))
    assert result.request.text == masked
    assert result.masked == (() if place is None else (f"request.{place}",))


def test_a_password_beside_an_upload():
    part = b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
    body = part % (b"file", b"\x89\xff\x00") + part % (b"password", b"hunter22") + b"--b--\r\n"
    result = Redactor()(exchange("POST /a", body=body, headers={"content-type": "multipart/form-data; boundary=b"}))
    assert result.request.body == body.replace(b"hunter22", b"***")


def test_a_secret_in_the_text_of_another_charset():
    body = f"für {JWT}, grüße".encode("latin-1")
    headers = {"content-type": "text/plain; charset=iso-8859-1"}
    result = Redactor()(exchange("POST /a", body=body, headers=headers))
    assert result.request.body == "für ***, grüße".encode("latin-1")


def test_a_secret_in_the_path():
    result = Redactor()(exchange(f"GET /reset/{JWT}/form?a=1"))
    assert result.metadata.path == "/reset/***/form"
    assert result.request.url.endswith("/v1/reset/***/form?a=1")
    assert result.masked == ("request.path",)


def test_what_a_handler_says_literally_stays():
    said = {"password": "literal", "jwt": JWT}
    result = Redactor()(exchange("GET /a", said, response_headers={"set-cookie": "session=abc"}))
    assert json.loads(result.response.body) == said
    assert result.masked == ()


def test_what_a_template_made_up_is_masked():
    result = Redactor()(exchange("GET /a", {"token": "abc1", "password": "literal"}, generated=["response.$.token"]))
    assert json.loads(result.response.body) == {"token": "aaa0", "password": "literal"}
    assert result.masked == ("response.$.token",)


def test_an_echoed_secret_is_masked_where_it_was_made_up():
    answer = {"echo": "you said hunter22", "fixed": "hunter22"}
    sent = exchange(
        "POST /a", answer, body={"password": "hunter22"}, generated=["response.$.echo"], name="log in with hunter22"
    )
    result = Redactor()(sent)
    assert json.loads(result.response.body) == {"echo": "you said aaaaaa00", "fixed": "hunter22"}
    assert result.metadata.name == "log in with ***"


def test_a_real_answer_is_masked_everywhere():
    headers = {"set-cookie": "session=abc; Path=/; HttpOnly"}
    answer = exchange("GET /a", {"client_secret": "abc"}, response_headers=headers, outcome=Outcome.PASSED)
    result = Redactor()(answer)
    assert json.loads(result.response.body) == {"client_secret": "aaa"}
    assert result.response.header("set-cookie") == "session=***; Path=/; HttpOnly"
    assert set(result.masked) == {"response.$.client_secret", "response.headers.set-cookie"}


def test_a_project_adds_names():
    settings = Redaction(headers=["X-Session"], query=["who"], json=["$..iban", "$.owner.name", "$.all[*]"])
    body = {"deep": [{"iban": "DE1"}], "owner": {"name": "Bob"}, "name": "kept", "all": ["x", 1]}
    result = Redactor(settings)(exchange("POST /a?who=me&what=x", body=body, headers={"x-session": "s"}))
    assert result.request.json == {
        "deep": [{"iban": "aa0"}],
        "owner": {"name": "aaa"},
        "name": "kept",
        "all": ["a", 0],
    }
    assert result.request.header("x-session") == "***"
    assert result.request.query == (("who", "aa"), ("what", "x"))


def test_an_exchange_without_secrets_is_passed_on_as_it_is():
    plain = exchange("GET /products/10?full=1", {"id": "10"}, headers={"accept": "application/json"})
    assert Redactor()(plain) is plain


NAMES = st.sampled_from(["password", "token", "user", "api_key", "items", "page_token", "a b", "it's", ""])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=4),
    max_leaves=12,
)


@pytest.mark.slow
@given(JSON)
def test_masking_twice_changes_nothing(body):
    once = Redactor()(exchange("POST /a", body=body))
    again = Redactor()(replace(once, masked=()))
    assert again.request == once.request


@given(JSON)
def test_a_masked_body_keeps_its_structure(body):
    masked = Redactor()(exchange("POST /a", body=body)).request.json
    assert _structure(masked) == _structure(body)


def _structure(value):
    match value:
        case dict():
            return {name: _structure(member) for name, member in value.items()}
        case list():
            return [_structure(element) for element in value]
        case str():
            return len(value)
    return type(value)


@given(st.sampled_from(["password", "api-key", "Access_Token"]), st.text(st.characters(categories=["L"]), min_size=9))
def test_no_secret_survives(name, secret):
    assume(secret not in repr(exchange("POST /a", body={name: "a" * len(secret)}, headers={name.lower(): "***"})))
    sent = exchange("POST /a", body={name: secret}, headers={name.lower(): secret})
    assert secret not in repr(Redactor()(sent))


@pytest.mark.parametrize(
    "name", ["clientSecret", "X-Api-Key", "refresh_token", "newPassword", "sessionId", "card_number"]
)
def test_names_of_secrets(name):
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["author", "tokens", "nextPageToken", "keyboard", "passenger", "spin", "token_type"])
def test_names_of_other_things(name):
    assert not is_secret_name(name)


@given(st.binary())
def test_no_body_is_too_odd(body):
    sent = exchange("POST /a", body=body, headers={"content-type": "application/json"})
    Redactor()(sent)
