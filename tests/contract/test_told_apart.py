"""What tells two requests apart stays in the pact; rules are such that the tools keep them."""

from __future__ import annotations

import pytest

from tests.contract.played import play


def requests_of(pact):
    return {each["description"]: each["request"] for each in pact["interactions"]}


def test_the_cookies_of_a_request_part_are_kept_masked_and_others_are_not(tmp_path):
    handlers = """
{request: {method: GET, path: /home, cookies: {session: s1}}, name: the home page, response: {html: <h1>Ada</h1>}}
{request: GET /home, name: the home page of a stranger, response: {status: 302, headers: {location: /login}}}
"""
    asked = [("GET /home", {"cookie": "_ga=GA1.2; session=s1"}, b""), "GET /home"]
    pact, conversion, _ = play(tmp_path, handlers, asked)
    known = requests_of(pact)
    assert known["the home page"]["headers"] == {"cookie": "session=***"}
    rule = known["the home page"]["matchingRules"]["header"]["cookie"]["matchers"]
    assert rule == [{"match": "regex", "regex": "^session=.+$"}]
    assert "headers" not in known["the home page of a stranger"]
    assert not conversion.findings


@pytest.mark.parametrize(
    "condition",
    [
        "'x-tenant' in request.headers",
        "request.headers.x_tenant | default('')",
        "request.headers['X-Tenant'] | default('')",
        "request.headers.get('x-tenant')",
        "request.headers.all('x-tenant')",
    ],
)
def test_a_header_that_a_when_reads_stays(tmp_path, condition):
    handlers = f'{{request: GET /a, when: "{condition}", name: one, response: 204}}\n{{request: GET /a, name: two}}'
    pact, conversion, _ = play(tmp_path, handlers, [("GET /a", {"x-tenant": "t1", "x-other": "o"}, b""), "GET /a"])
    assert requests_of(pact)["one"]["headers"] == {"x-tenant": "t1"}
    assert not conversion.findings


def test_headers_and_cookies_that_templates_read_stay(tmp_path):
    handlers = """
{request: GET /a, name: one, response: {text: "{{ request.headers.x_tenant }} {{ request.cookies.lang }}"}}
{request: GET /f, name: two, response: {file: a.txt.j2}}
"""
    headers = {"x-tenant": "t1", "cookie": "lang=en; other=1"}
    files = {"handlers/a.txt.j2": "{% if request.headers.x_tenant == 't1' %}one{% endif %}"}
    pact, _, _ = play(tmp_path, handlers, [("GET /a", headers, b""), ("GET /f", headers, b"")], files=files)
    assert requests_of(pact)["one"]["headers"] == {"x-tenant": "t1", "cookie": "lang=***"}
    assert requests_of(pact)["two"]["headers"] == {"x-tenant": "t1"}


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        (304, {"if-none-match": '"1"', "if-modified-since": "Sat, 01 Jan 2000 00:00:00 GMT"}),
        (206, {"range": "bytes=0-9"}),
        (416, {"range": "bytes=0-9"}),
        (412, {"if-none-match": '"1"', "if-modified-since": "Sat, 01 Jan 2000 00:00:00 GMT", "if-match": '"2"'}),
        (200, None),
    ],
)
def test_the_condition_that_a_status_answers_to_stays(tmp_path, status, kept):
    headers = {
        "if-none-match": '"1"',
        "if-match": '"2"',
        "if-modified-since": "Tue, 01 Dec 2026 10:00:00 GMT",
        "range": "bytes=0-9",
    }
    pact, _, _ = play(tmp_path, f"{{request: GET /a, response: {status}}}", [("GET /a", headers, b"")])
    (interaction,) = pact["interactions"]
    assert interaction["request"].get("headers") == kept


def test_two_answers_that_a_header_tells_apart_name_it(tmp_path):
    handlers = """
{request: GET /a, response: [{text: one}, {text: two}]}
{request: GET /b, response: [{text: one}, {text: two}]}
"""
    asked = [
        (f"GET /{name}", {"x-tenant": tenant}, b"") for name in "ab" for tenant in ("t1", "t2" if name == "a" else "t1")
    ]
    _, conversion, _ = play(tmp_path, handlers, asked)
    first, second = (each.message for each in conversion.findings if each.code == "interaction.answers.ambiguous")
    assert 'the requests differ in the header "x-tenant": name it in `headers` of the handler\'s request' in first
    assert "the requests differ" not in second


RULES = [
    ({"hits": []}, None),
    ({"hits": [], "n": 1, "o": {"a": 1}}, {"$.n", "$.o"}),
    ({"o": {"hits": [], "n": "x"}, "list": [{"a": 1}]}, {"$.o.n", "$.list"}),
    ({"hits": [1]}, {"$", "$.hits"}),
]


@pytest.mark.parametrize(("body", "places"), RULES)
def test_no_rule_above_an_empty_array_lets_a_provider_fill_it(tmp_path, body, places):
    pact, _, _ = play(tmp_path, f"{{request: GET /a, response: {{json: {body}}}}}", ["GET /a"])
    rules = pact["interactions"][0]["response"].get("matchingRules", {}).get("body")
    assert (None if rules is None else set(rules)) == places


def test_an_empty_matching_means_that_there_are_no_rules(tmp_path):
    handlers = "{request: GET /a, response: {json: {n: 1, at: '{{ now() }}'}, matching: {}}}"
    pact, _, _ = play(tmp_path, handlers, ["GET /a"])
    (interaction,) = pact["interactions"]
    assert "matchingRules" not in interaction["response"]
    assert interaction["response"]["body"]["at"] == "2000-01-01T00:00:00.000Z"


XML = [
    ("<r at='{{ now() }}'><i>{{ params.id }}</i></r>", {"$.r['@at']"}),
    ("<r><i>{{ uuid() }}</i><i>{{ params.id }}</i></r>", {"$.r.i['#text']"}),
    ("<a:r xmlns:a='urn:x'><b>{{ now() }}</b></a:r>", {"$['urn:x:r'].b['#text']"}),
    ("<!DOCTYPE r><r>{{ now() }}</r>", set()),
    ("<r>{{ now() }}", set()),
]


@pytest.mark.parametrize(("xml", "places"), XML)
def test_the_rules_of_xml_are_of_its_elements(tmp_path, xml, places):
    pact, _, _ = play(tmp_path, f'{{request: "GET /a/:id", response: {{xml: "{xml}"}}}}', ["GET /a/1"])
    rules = pact["interactions"][0]["response"].get("matchingRules", {}).get("body", {})
    assert set(rules) == places


def test_header_rules_of_specification_2_stand_where_every_verifier_looks(tmp_path):
    handlers = """{request: GET /a, response: {headers: {etag: '"1"'}, matching: {header.etag: {regex: '".+"'}}}}"""
    pact, _, _ = play(tmp_path, handlers, ["GET /a"], specification=2)
    assert set(pact["interactions"][0]["response"]["matchingRules"]) == {"$.headers.etag"}
