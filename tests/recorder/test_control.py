"""The control address of a running proxy, and workers that share it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from interceptor.testing.control_client import ControlClient
from interceptor.values.errors import UsageError
from interceptor.values.nesting import TOO_DEEP
from tests.controlled import PROJECT
from tests.proxy.live import clean_environment, serve, write

pytestmark = pytest.mark.slow

API = "http://api.example.com/v1"


@pytest.fixture
def scope(request):
    return request.node.name


@pytest.fixture
def control(proxy, scope):
    return ControlClient(proxy.variables["INTERCEPTOR_URL"], scope)


@pytest.fixture
def consumer(proxy, scope):
    with httpx.Client(proxy=proxy.url, headers={"x-interceptor-scope": scope}, trust_env=False) as client:
        yield client


def test_states_choose_among_handlers_until_the_next_test(control, consumer):
    control.begin_test("one")
    assert consumer.get(f"{API}/products/1").status_code == 200
    control.given("there is no product")
    assert consumer.get(f"{API}/products/1").status_code == 404
    control.begin_test("another")
    assert consumer.get(f"{API}/products/1").status_code == 200


def test_added_handlers_answer_until_a_reset_the_newest_first(control, consumer):
    for text in ("first", "second"):
        handler = {"request": "GET /products/:id", "response": {"text": text}}
        assert control.use({"provider": "Product API", "handlers": [handler]}) == ["run-time handlers:1"]
    assert consumer.get(f"{API}/products/1").text == "second"
    control.reset()
    assert consumer.get(f"{API}/products/1").json() == {"id": "1"}


def test_counts_and_data_start_afresh(control, consumer):
    asked = [consumer.get(f"{API}/count").text for _ in range(2)]
    control.reset()
    asked.append(consumer.get(f"{API}/count").text)
    control.begin_test("next")
    asked.append(consumer.get(f"{API}/count").text)
    assert asked == ["0", "1", "0", "0"]


def test_exchanges_and_misses_are_those_of_the_test(control, consumer, scope):
    consumer.get(f"{API}/before")
    control.begin_test("the test")
    consumer.get(f"{API}/products/1")
    consumer.get(f"{API}/products/1")
    consumer.get(f"{API}/product/1")
    consumer.get(f"{API}/broken?n=0")
    noted = [(each["test"], each["scope"], each["outcome"]) for each in control.exchanges()]
    outcomes = ["mocked", "mocked", "unhandled", "failed"]
    assert noted == [("the test", scope, outcome) for outcome in outcomes]
    test = control.test()
    assert test["name"] == "the test"
    assert [text.splitlines()[0] for text in test["unhandled"]] == [f"GET {API}/product/1 has no handler"]
    assert len(test["failed"]) == 1
    summary = control.summary()
    assert summary["test"] == test
    assert summary["handlers"]["handlers/products.yaml:4"] >= 2


def test_workers_in_parallel_never_see_each_others_overrides(proxy):
    def work(number):
        name = f"worker {number}"
        control = ControlClient(proxy.variables["INTERCEPTOR_URL"], name)
        with httpx.Client(proxy=proxy.url, headers=control.headers, trust_env=False) as consumer:
            for turn in range(10):
                control.begin_test(f"{name}, test {turn}")
                handler = {"request": "GET /mine", "response": {"text": f"{name} {turn} {{{{ call }}}}"}}
                control.use({"provider": "Product API", "handlers": [handler]})
                answers = [consumer.get(f"{API}/mine").text for _ in range(2)]
                assert answers == [f"{name} {turn} 1", f"{name} {turn} 2"]
                assert {each["test"] for each in control.exchanges()} == {f"{name}, test {turn}"}
                control.reset()
                assert consumer.get(f"{API}/mine").status_code == 501
        return len(control.exchanges())

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [3] * 4


def test_the_scope_header_goes_no_further(control, consumer):
    control.begin_test("headers")
    consumer.get(f"{API}/products/1")
    (exchange,) = control.exchanges()
    assert "x-interceptor-scope" not in dict(exchange["request"]["headers"])


@pytest.mark.parametrize(
    ("method", "name", "body", "status", "said"),
    [
        ("PUT", "test", "name", 400, "send JSON"),
        ("PUT", "test", '{"name": 1}', 400, "the name of a test must be a text"),
        ("PUT", "states", "[1]", 400, "provider states must be a list of names"),
        ("PUT", "states", "", 400, "send JSON"),
        ("POST", "handlers", "request: GET /x", 400, "no provider"),
        ("POST", "handlers", "request: [", 400, "run-time handlers:2:1: not YAML"),
        ("POST", "handlers", "[" * 1000, 400, f"run-time handlers:1:1: {TOO_DEEP}"),
        ("PUT", "states", "[" * 1000, 400, TOO_DEEP),
        ("POST", "handlers", b"\xff\xfe\x00", 400, "the handlers are not valid"),
        ("POST", "test", "{}", 404, "known: PUT /test"),
        ("GET", "elsewhere", "", 404, "known: PUT /test"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_the_reason(proxy, method, name, body, status, said):
    answer = httpx.request(method, f"{proxy.variables['INTERCEPTOR_URL']}/{name}", content=body, trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    assert said in answer.text


def test_who_does_not_know_the_token_finds_nothing(proxy):
    for path in ("/0123456789abcdefghijkl/summary", "//summary", "/%ff/summary"):
        assert httpx.get(f"{proxy.url}{path}", trust_env=False).status_code == 404


FROM_A_PAGE = {
    "a page's origin": {"origin": "http://localhost:5173"},
    "no origin at all": {"origin": "null"},
    "a page of another site": {"sec-fetch-site": "cross-site"},
    "a page at another port": {"sec-fetch-site": "same-site"},
}


@pytest.mark.parametrize("headers", FROM_A_PAGE.values(), ids=FROM_A_PAGE)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_page_is_refused_even_with_the_token(proxy, method, headers):
    asked = {**headers, "access-control-request-method": "PUT"}
    answer = httpx.request(method, f"{proxy.variables['INTERCEPTOR_URL']}/summary", headers=asked, trust_env=False)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert "pages in a browser may not ask here" in answer.text


def test_a_failure_is_told_without_the_secrets_of_its_request(control, consumer):
    token = "ghp_" + "a1B2" * 9
    failing = {"request": "GET /fails/:word", "response": {"json": "{{ {}[request.headers['x-api-key']] }}"}}
    control.use({"provider": "Product API", "handlers": [failing]})
    answer = consumer.get(f"{API}/fails/{token}", headers={"x-api-key": "hunter22pass"})
    control.reset()
    assert answer.status_code == 500
    assert answer.json()["handler"].startswith("run-time handlers:")
    assert token not in answer.text
    assert "hunter22pass" not in answer.text


def test_another_name_of_this_machine_is_refused(proxy):
    url = proxy.variables["INTERCEPTOR_URL"]
    rebound = {"host": f"rebound.attacker.example:{proxy.port}"}
    through = httpx.get(f"{url}/summary", headers=rebound, trust_env=False)
    assert through.status_code != 200
    assert httpx.get(f"{url}/summary", headers={"host": f"localhost:{proxy.port}"}, trust_env=False).status_code == 200


def test_the_client_says_what_is_wrong(proxy, control):
    with pytest.raises(UsageError, match=r"cannot POST /handlers: the handlers are not valid\nrun-time handlers:1:1: "):
        control.use("nothing: true")
    with pytest.raises(UsageError, match="does not answer"):
        ControlClient("http://127.0.0.1:1/token").test()
    with pytest.raises(UsageError, match="is not a control address"):
        ControlClient(proxy.url).test()


def test_no_secret_survives_in_journal_summary_or_log(tmp_path):
    secrets = ["kZ8!pw", "tok en/1", "s3cr3tb3ar3r", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "c00kie"]
    with serve(write(tmp_path, PROJECT), clean_environment()) as proxy:
        with httpx.Client(proxy=proxy.url, trust_env=False) as consumer:
            headers = {"authorization": f"Bearer {secrets[2]}", "cookie": f"session={secrets[4]}"}
            body = {"user": secrets[3], "password": secrets[0]}
            url = f"{API}/login?token={secrets[1]}"
            missed = consumer.post(url, headers=headers, json=body)
            assert missed.json()["nearest"][0]["differs"][0]["got"] == '"Bearer ***"'
            consumer.get(f"{API}/reset/{secrets[3]}")
            failed = consumer.post(url, headers={**headers, "authorization": "Bearer good"}, json=body)
            assert failed.status_code == 500
        control = ControlClient(proxy.variables["INTERCEPTOR_URL"])
        told = json.dumps([control.summary(), control.exchanges()])
        said = proxy.stop()
    (journal,) = (tmp_path / ".interceptor" / "recordings").glob("*.jsonl")
    assert "POST http://api.example.com/v1/login" in said
    assert "GET /reset/*" in said
    assert "password: {$any: true}" in said
    for text in (told, said, journal.read_text()):
        assert [each for each in (*secrets, "tok+en", "tok%20en") if each in text] == []
