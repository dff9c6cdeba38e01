"""`interceptor verify` with the real verifier, against a provider whose states matter."""

import json
import socket
from xml.etree import ElementTree as ET

import pytest

from tests.brokers import answering, interceptor
from tests.providers import TOKEN, interaction, pact, running

pytestmark = pytest.mark.slow

KETTLE = interaction(
    "a request for product 10",
    "/products/10",
    200,
    {"id": "10", "name": "Kettle"},
    states=[("product 10 exists", {})],
    authorization="Bearer ***",
)
NO_TOKEN = interaction("a request without a token", "/products/10", 401, {"error": "no token"})
OWN_TOKEN = interaction(
    "a request with a token of the test's own",
    "/products/10",
    401,
    {"error": "no token"},
    authorization="Bearer made-up",
)
SENT = interaction("a new product", "/products", 201, {"name": "Pot"}, method="POST", sent={"name": "Pot"})
GONE = interaction("the end of a product", "/products/10", 204, None, method="DELETE")
HEAD = interaction("a look at a product", "/products/10", 200, None, method="HEAD")
WRONG = interaction("a request for product 11", "/products/11", 200, {"id": "11"}, authorization="Bearer ***")
REAL = ("--header", "Authorization=${SHOP_TOKEN}")


@pytest.fixture
def provider():
    with running() as one:
        yield one


@pytest.fixture
def verify(provider, tmp_path, monkeypatch):
    """Calls the command with a pact of some interactions."""
    monkeypatch.setenv("SHOP_TOKEN", TOKEN)
    monkeypatch.setenv("PACT_BROKER_BASE_URL", "http://127.0.0.1:1")  # files need no broker
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)

    def call(*interactions, options=(), **names):
        file = tmp_path / "pact.json"
        file.write_text(json.dumps(pact(*interactions, **names)))
        states = ("--states-url", f"{provider.url}/states")
        return interceptor("verify", str(file), "--provider-url", f"{provider.url}/v1", *states, *options)

    return call


def test_a_provider_that_gives_what_the_pact_asks_for(verify, provider):
    done = verify(KETTLE, NO_TOKEN, OWN_TOKEN, SENT, GONE, HEAD, options=REAL)
    assert done.code == 0, done.out
    assert done.out.splitlines() == [
        "interceptor  ok       Product Site: a request for product 10, given product 10 exists",
        "interceptor  ok       Product Site: a request without a token",
        "interceptor  ok       Product Site: a request with a token of the test's own",
        "interceptor  ok       Product Site: a new product",
        "interceptor  ok       Product Site: the end of a product",
        "interceptor  ok       Product Site: a look at a product",
        "interceptor  Product API: 6 interactions · 6 ok · 0 failed",
    ]
    assert done.err == ""


@pytest.mark.parametrize("location", ["/v1/login", "/v1/elsewhere"])
def test_a_redirect_is_compared_and_not_followed(verify, provider, location):
    old = interaction("a visit without a session", "/old", 302, None)
    old["response"]["headers"] = {"location": [location]}
    done = verify(old, options=("--json",))
    (one,) = json.loads(done.out)["interactions"]
    assert [path for _, path, _ in provider.asked if path != "/states"] == ["/v1/old"]
    if location == "/v1/login":
        assert (done.code, one["outcome"]) == (0, "ok")
    else:
        assert (done.code, one["outcome"]) == (1, "failed")
        assert "'/v1/elsewhere'" in one["reasons"][0]
        assert "'/v1/login'" in one["reasons"][0]


def test_a_folder_of_pacts(verify, provider, tmp_path):
    verify(HEAD)
    (tmp_path / "pacts").mkdir()
    (tmp_path / "pact.json").rename(tmp_path / "pacts" / "pact.json")
    done = interceptor("verify", "pacts", "--provider-url", f"{provider.url}/v1")
    assert (done.code, done.out.count("ok       ")) == (0, 1), done.err


TWO_STATES = interaction(
    "a request for both",
    "/products/10",
    401,
    {"error": "no token"},
    states=[("product 10 exists", {}), ("the shop is open", {"until": "8 pm"})],
)


def test_each_state_change_says_whose_it_is_and_which_is_the_first(verify, provider, tmp_path):
    (tmp_path / "other.json").write_text(json.dumps(pact(TWO_STATES, consumer="Shop App")))
    done = verify(NO_TOKEN, TWO_STATES, options=("other.json", "--teardown", "--json"))
    assert done.code == 0, done.out
    setups = [each for each in provider.states if each["action"] == "setup"]
    assert [(each["consumer"], each["state"], each["first"]) for each in setups] == [
        ("Product Site", "", True),
        ("Product Site", "product 10 exists", True),
        ("Product Site", "the shop is open", False),
        ("Shop App", "product 10 exists", True),
        ("Shop App", "the shop is open", False),
    ]
    assert setups[-1]["params"] == {"until": "8 pm"}
    named = [(each["consumer"], each["given"]) for each in json.loads(done.out)["interactions"]]
    assert named[1:] == [(name, "product 10 exists and the shop is open") for name in ("Product Site", "Shop App")]


def test_after_a_state_that_failed_the_next_one_is_a_first_one(verify, provider):
    provider.fails = True
    verify(TWO_STATES, TWO_STATES)
    assert all(each["first"] for each in provider.states)


def test_the_real_token_goes_where_the_mask_is_and_nowhere_else(verify, provider):
    done = verify(KETTLE, NO_TOKEN, OWN_TOKEN, options=REAL)
    assert done.code == 0, done.out
    tokens = [token for _, path, token in provider.asked if path.startswith("/v1/")]
    assert tokens == [TOKEN, None, "Bearer made-up"]
    assert {token for _, path, token in provider.asked if path == "/states"} == {None}


@pytest.mark.parametrize("name", ["Authorization", "authorization"])
@pytest.mark.parametrize("spelled", ["Authorization", "authorization"])
def test_both_spellings_of_a_header(verify, provider, name, spelled):
    written = json.loads(json.dumps(KETTLE).replace("authorization", spelled))
    assert verify(written, options=("--header", f"{name}={TOKEN}")).code == 0


SECRETS = ("--query", "api_key=r&al key", "--field", "password=${SHOP_PASSWORD}", "--field", "pin=4711")
PASSWORD = "r&al pässword"
LOGIN = {"user": "aaa", "password": "a0aa0a-a", "pin": 1000, "other": {"password": ["aaaa", None, True, "typed in"]}}


def test_real_values_of_query_and_body_go_where_the_masks_are(verify, provider, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    real = {"user": "aaa", "password": PASSWORD, "pin": 4711, "other": {"password": [PASSWORD, None, True, "typed in"]}}
    login = interaction("a login", "/products", 201, real, method="POST", sent=LOGIN)
    login["request"]["query"] = {"api_key": ["a-000"], "page": ["a"]}
    done = verify(login, options=SECRETS)
    assert done.code == 0, done.out
    assert [path for _, path, _ in provider.asked if path != "/states"] == ["/v1/products?api_key=r%26al+key&page=a"]


def test_real_values_of_a_form(verify, provider, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    login = interaction("a login", "/products", 201, {"user": "aaa", "password": PASSWORD}, method="POST")
    login["request"]["headers"]["content-type"] = ["application/x-www-form-urlencoded"]
    form = "application/x-www-form-urlencoded"
    login["request"]["body"] = {"content": "user=aaa&password=a0aa0a-a", "contentType": form, "encoded": False}
    done = verify(login, options=SECRETS)
    assert done.code == 0, done.out


def test_values_that_are_no_masks_are_sent_as_they_are(verify, provider):
    sent = {"password": "typed in", "pin": 12}
    own = interaction("a login of its own", "/products", 201, sent, method="POST", sent=sent)
    own["request"]["query"] = {"api_key": ["key-7"]}
    done = verify(own, options=("--query", "api_key=other", "--field", "password=other", "--field", "pin=1"))
    assert done.code == 0, done.out
    assert [path for _, path, _ in provider.asked if path != "/states"] == ["/v1/products?api_key=key-7"]


def test_an_echoed_secret_is_not_shown(verify, monkeypatch, tmp_path):
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    login = interaction("a login", "/products", 201, {"password": "a0aa0a-a"}, method="POST", sent={"password": "a0"})
    done = verify(login, options=(*SECRETS, "--junit", "result.xml"))
    assert done.code == 1
    assert "Expected '***' (String) to be equal to 'a0aa0a-a' (String)" in done.out
    assert "pässword" not in done.out + (tmp_path / "result.xml").read_text("utf-8")


def test_a_line_break_after_a_token_does_not_count(verify, monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", f"{TOKEN}\n")
    assert verify(KETTLE, options=REAL).code == 0


def test_states_matter(verify, provider):
    other = {**KETTLE, "providerStates": [{"name": "product 10 does not exist"}]}
    done = verify(other, options=REAL)
    assert done.code == 1
    assert done.out.splitlines() == [
        "interceptor  failed   Product Site: a request for product 10, given product 10 does not exist",
        "                      body $: Actual map is missing the following keys: id, name",
        "                      status: expected 200 but was 404",
        "interceptor  Product API: 1 interaction · 0 ok · 1 failed",
    ]


def test_the_result_for_programs(verify, tmp_path):
    done = verify(KETTLE, WRONG, options=(*REAL, "--json", "--junit", "result.xml"))
    assert done.code == 1
    result = json.loads(done.out)
    assert (result["provider"], result["success"], result["published"]) == ("Product API", False, False)
    assert [each["outcome"] for each in result["interactions"]] == ["ok", "failed"]
    assert "status: expected 200 but was 404" in result["interactions"][1]["reasons"]
    suite = ET.parse(tmp_path / "result.xml").getroot().find("testsuite")
    assert {name: suite.get(name) for name in ("tests", "failures", "skipped")} == {
        "tests": "2",
        "failures": "1",
        "skipped": "0",
    }
    assert "expected 200 but was 404" in suite.find("testcase[2]/failure").text
    assert TOKEN not in done.out + (tmp_path / "result.xml").read_text()


def test_a_hanging_provider(verify, provider):
    provider.hangs = 2
    done = verify(KETTLE, options=(*REAL, "--timeout", "0.3"))
    assert done.code == 1
    assert "the provider did not respond within 0.3 s" in done.out


def test_a_state_that_cannot_be_set_up_is_said_at_once(verify, provider):
    provider.fails = True
    done = verify(KETTLE, options=REAL)
    assert done.code == 1
    assert 'provider state product 10 exists: 500 {"error": "no such table"}' in done.out
    assert [path for _, path, _ in provider.asked] == ["/states"]


def test_no_command_line_shows_the_token(verify, provider):
    assert verify(KETTLE, options=REAL).code == 0
    assert "pact verifier" in provider.processes
    assert TOKEN not in provider.processes


def test_a_provider_that_is_not_there(verify):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = verify(KETTLE, options=("--provider-url", url))
    assert done.code == 1
    assert f"cannot reach {url}: " in done.err
    assert "start the provider first" in done.err


def test_without_a_states_url_it_warns(provider, tmp_path, monkeypatch):
    (tmp_path / "pact.json").write_text(json.dumps(pact(KETTLE)))
    done = interceptor("verify", str(tmp_path / "pact.json"), "--provider-url", provider.url)
    assert (
        done.err == "interceptor  warning: 1 interaction has provider states that nothing sets up; give --states-url\n"
    )


def test_a_pact_by_its_address(at_broker, provider, monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", TOKEN)
    monkeypatch.delenv("PACT_BROKER_BASE_URL")
    url = f"{at_broker.url}/pacts/provider/Product%20API/consumer/Product%20Site/pact-version/78edc824"
    done = interceptor("verify", "--url", url, "--provider", "Product API", *at(provider), *REAL)
    assert done.code == 0, done.out + done.err


# Each row: status, media type, body; and what is said.
NO_PACTS = [
    ((404, "text/html", "<h1>Not found</h1>"), "404 Not Found"),
    ((200, "text/html", "<h1>Log in</h1>"), "it is not JSON"),
]


@pytest.mark.parametrize(("answer", "said"), NO_PACTS)
@pytest.mark.parametrize("of_the_broker", [True, False])
def test_an_address_without_a_pact(at_broker, provider, monkeypatch, answer, said, of_the_broker):
    with answering(*answer) as url:
        monkeypatch.setenv("PACT_BROKER_BASE_URL", url if of_the_broker else "")
        done = interceptor("verify", "--url", f"{url}/pact", "--provider", "Product API", *at(provider))
    assert done.code == 1
    assert f"cannot load the pact at {url}/pact: {said}" in done.err
    assert "check the URL" in done.err


def test_a_token_is_for_the_broker_only(at_broker, provider, monkeypatch):
    monkeypatch.setenv("PACT_BROKER_TOKEN", "the-brokers-token")
    monkeypatch.delenv("PACT_BROKER_BASE_URL")
    with answering(401, "text/plain", "401 Unauthorized") as url:
        done = interceptor("verify", "--url", f"{url}/pact", "--provider", "Product API", *at(provider))
    assert done.err.splitlines() == [
        f"interceptor  cannot load the pact at {url}/pact: 401 Unauthorized",
        "interceptor  name the broker in PACT_BROKER_BASE_URL: its token is sent to no other server",
    ]


def test_settings_of_the_verifier_do_not_come_between(verify, monkeypatch):
    monkeypatch.setenv("PACT_PROVIDER_TRANSPORT", "https")
    monkeypatch.setenv("PACT_PROVIDER_STATE_CHANGE_AS_QUERY", "true")
    monkeypatch.setenv("PACT_PROVIDER_STATE_CHANGE_TEARDOWN", "true")
    assert verify(KETTLE, options=REAL).code == 0


def at(provider):
    return ("--provider-url", f"{provider.url}/v1", "--states-url", f"{provider.url}/states")


FROM_BROKER = ("verify", "--from-broker", "--provider", "Product API", "--provider-branch", "main")


@pytest.mark.usefixtures("at_broker")
class TestFromTheBroker:
    @pytest.fixture(autouse=True)
    def token(self, monkeypatch):
        monkeypatch.setenv("SHOP_TOKEN", TOKEN)

    def test_the_selectors_choose(self, at_broker, provider):
        options = ("--selector", "branch=feat/x", "--selector", '{"deployed": true}', "--no-pending")
        done = interceptor(*FROM_BROKER, *at(provider), *REAL, *options)
        assert done.code == 0, done.out + done.err
        assert at_broker.asked("/for-verification")[-1] == {
            "consumerVersionSelectors": [{"branch": "feat/x"}, {"deployed": True}],
            "includePendingStatus": False,
            "providerVersionBranch": "main",
        }

    def test_what_is_asked_for_unless_told_otherwise(self, at_broker, provider):
        done = interceptor(*FROM_BROKER, *at(provider), *REAL, "--wip-since", "2026-01-31")
        assert done.code == 0, done.out + done.err
        assert at_broker.asked("/for-verification")[-1] == {
            "consumerVersionSelectors": [{"mainBranch": True}, {"matchingBranch": True}, {"deployedOrReleased": True}],
            "includePendingStatus": True,
            "includeWipPactsSince": "2026-01-31",
            "providerVersionBranch": "main",
        }

    def test_a_pending_pact_may_fail(self, provider):
        done = interceptor(*FROM_BROKER, *at(provider))
        assert done.code == 0
        assert "pending  Product Site 1.0.0: a request for product 10, given product 10 exists" in done.out
        assert done.out.endswith("interceptor  Product API: 1 interaction · 0 ok · 0 failed · 1 pending\n")

    def test_the_result_is_published(self, at_broker, provider):
        under = ("--publish", "--provider-version", "p2", "--provider-tag", "dev", "--provider-tag", "feat")
        done = interceptor(*FROM_BROKER, *at(provider), *REAL, *under)
        assert done.code == 0, done.out + done.err
        assert "published the result for version p2" in done.out
        result = at_broker.asked("/verification-results")[-1]
        assert (result["providerApplicationVersion"], result["success"]) == ("p2", True)
        for put in ("branches/main/versions/p2", "versions/p2/tags/dev", "versions/p2/tags/feat"):
            assert len(at_broker.asked(f"/pacticipants/Product%20API/{put}", method="PUT")) == 1

    def test_a_failure_is_published_too(self, at_broker, provider):
        options = ("--no-pending", "--publish", "--provider-version", "p3")
        done = interceptor(*FROM_BROKER, *at(provider), *options)
        assert done.code == 1
        result = at_broker.asked("/verification-results")[-1]
        assert (result["providerApplicationVersion"], result["success"]) == ("p3", False)

    def test_the_pact_of_a_webhook(self, at_broker, provider):
        url = f"{at_broker.url}/pacts/provider/Product%20API/consumer/Product%20Site/pact-version/78edc824"
        which = ("--url", url, "--provider", "Product API", "--provider-branch", "main")
        done = interceptor("verify", *which, *at(provider), *REAL, "--publish", "--provider-version", "p4")
        assert done.code == 0, done.out + done.err
        assert at_broker.asked("/verification-results")[-1]["providerApplicationVersion"] == "p4"

    def test_the_brokers_token_stays_in_the_environment(self, provider, monkeypatch):
        monkeypatch.setenv("PACT_BROKER_TOKEN", "the-brokers-token")
        assert interceptor(*FROM_BROKER, *at(provider), *REAL).code == 0
        assert "pact verifier" in provider.processes
        assert "the-brokers-token" not in provider.processes

    def test_a_result_that_the_broker_refuses_is_a_failure(self, provider):
        done = interceptor(*FROM_BROKER, *at(provider), *REAL, "--publish", "--provider-version", "refused")
        assert done.code == 1
        assert "cannot publish the result: " in done.out

    def test_a_result_that_a_token_may_not_publish(self, provider):
        done = interceptor(*FROM_BROKER, *at(provider), *REAL, "--publish", "--provider-version", "read-only")
        assert done.code == 1
        assert "cannot publish the result: 401 Unauthorized; check PACT_BROKER_TOKEN" in done.out

    def test_a_broker_that_hangs(self, at_broker, provider):
        which = ("verify", "--from-broker", "--provider", "Hangs", "--provider-branch", "main")
        done = interceptor(*which, *at(provider), "--broker-timeout", "0.5")
        assert done.code == 1
        assert done.err.splitlines() == [
            f"interceptor  the broker at {at_broker.url} did not respond within 0.5 s",
            "interceptor  try again, or allow more time",
        ]

    def test_a_broker_that_hangs_when_it_is_told_the_result(self, at_broker, provider, monkeypatch):
        monkeypatch.setenv("INTERCEPTOR_BROKER_TIMEOUT", "0.6")
        done = interceptor(*FROM_BROKER, *at(provider), *REAL, "--publish", "--provider-version", "hangs")
        assert done.code == 1
        assert f"the broker at {at_broker.url} did not respond within 0.6 s" in done.err

    def test_a_slow_provider_is_not_taken_for_a_broker_that_hangs(self, provider):
        provider.hangs = 2
        done = interceptor(*FROM_BROKER, *at(provider), "--no-pending", "--timeout", "2.5", "--broker-timeout", "1.5")
        assert done.code == 1
        assert done.err == ""
        assert "0 ok · 1 failed" in done.out

    def test_a_broker_that_is_not_there(self, provider, monkeypatch):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
            monkeypatch.setenv("PACT_BROKER_BASE_URL", url)
            done = interceptor(*FROM_BROKER, *at(provider))
        assert done.code == 1
        assert f"cannot use the broker at {url}: it cannot be reached: " in done.err

    def test_no_pacts(self, provider):
        done = interceptor(
            "verify", "--from-broker", "--provider", "Nobody", "--provider-branch", "main", *at(provider)
        )
        assert done.code == 1
        assert "check the provider's name and the selectors" in done.err

    def test_a_wrong_token_is_refused_and_never_shown(self, provider, monkeypatch):
        monkeypatch.setenv("PACT_BROKER_TOKEN", "wrong")
        done = interceptor(*FROM_BROKER, *at(provider))
        assert done.code == 1
        assert "401 Unauthorized" in done.err
        assert "wrong" not in done.out + done.err


# Each row: arguments, exit code, and what is said.
URL = ("--provider-url", "http://127.0.0.1:9")
MISUSED = [
    (("--provider-url", "localhost:8000"), 2, "is not an HTTP URL"),
    (("--provider-url", "http://localhost:port"), 2, '--provider-url "http://localhost:port" is not an HTTP URL'),
    (("--provider-url", "http://[::1"), 2, "is not an HTTP URL"),
    (("--provider-url", "http://me:secret@localhost"), 2, "--provider-url has a user and a password"),
    (("pact.json", "--states-url", "localhost/states", *URL), 2, '--states-url "localhost/states" is not an HTTP URL'),
    (("pact.json", "--from-broker", *URL), 2, "exclude each other"),
    (("--from-broker", *URL), 2, "give it with --provider"),
    (("pact.json", "--publish", "--provider-version", "1", *URL), 2, "results for local files cannot be published"),
    (("pact.json", "--publish", *URL), 2, "name it with --provider-version"),
    (("pact.json", "--header", "authorization", *URL), 2, "--header needs a name and a value"),
    (("pact.json", "--header", "authorization=${NOT_SET_AT_ALL}", *URL), 2, "NOT_SET_AT_ALL is not set"),
    (("pact.json", "--header", "authorization=Bearer a\nb", *URL), 2, "characters that no header may have"),
    (("pact.json", "--query", "api_key", *URL), 2, "--query needs a name and a value"),
    (("pact.json", "--field", "password=${NOT_SET_AT_ALL}", *URL), 2, "--field password: the variable NOT_SET_AT_ALL"),
    (("broken.json", *URL), 1, "broken.json is not a pact"),
    (("missing.json", *URL), 2, "cannot read the pact missing.json"),
    (("pact.json", "--provider", "Stock API", *URL), 1, "there is no pact with Stock API"),
    (("pact.json", "other.json", *URL), 2, "choose one with --provider"),
    (("--from-broker", "--provider", "A", "--selector", "main", *URL), 2, "is not a selector"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), MISUSED)
def test_misuse(at_broker, tmp_path, arguments, code, said):
    (tmp_path / "pact.json").write_text(json.dumps(pact(NO_TOKEN)))
    (tmp_path / "other.json").write_text(json.dumps(pact(NO_TOKEN, provider="Price API")))
    (tmp_path / "broken.json").write_text("{")
    done = interceptor("verify", *arguments)
    assert done.code == code
    assert said in done.err
    assert len([line for line in done.err.splitlines() if "warning" not in line]) <= 2
