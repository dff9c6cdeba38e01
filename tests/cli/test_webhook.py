"""`interceptor webhook` with the real client, and a broker we play."""

import json

import pytest

from tests.brokers import interceptor

pytestmark = pytest.mark.slow

PROVIDER = ("--provider", "Product API")
GITHUB = ("webhook", "github", "example/product-api", *PROVIDER, "--secret", "githubToken")

# Each row: the arguments, and parts of the request that the broker will make.
RECEIVERS = [
    (
        ("github", "example/product-api", "--secret", "githubToken"),
        {
            "url": "https://api.github.com/repos/example/product-api/dispatches",
            "headers": {
                "accept": "application/vnd.github+json",
                "content-type": "application/json",
                "authorization": "Bearer ${user.githubToken}",
            },
            "body": {"event_type": "pact", "client_payload": {"pact_url": "${pactbroker.pactUrl}"}},
        },
    ),
    (
        ("gitlab", "group/product-api", "--secret", "trigger", "--ref", "trunk"),
        {
            "url": "https://gitlab.com/api/v4/projects/group%2Fproduct-api/trigger/pipeline",
            "headers": {"content-type": "application/json"},
            "body": {
                "token": "${user.trigger}",
                "ref": "trunk",
                "variables": {"PACT_URL": "${pactbroker.pactUrl}"},
            },
        },
    ),
    (
        ("jenkins", "https://ci.example.com/job/verify/", "--secret", "login"),
        {
            "url": "https://ci.example.com/job/verify/buildWithParameters?PACT_URL=${pactbroker.pactUrl}",
            "headers": {"authorization": "Basic ${user.login}"},
            "body": None,
        },
    ),
    (
        ("url", "https://ci.example.com/hook"),
        {
            "url": "https://ci.example.com/hook",
            "headers": {"content-type": "application/json"},
            "body": {"pact_url": "${pactbroker.pactUrl}"},
        },
    ),
]


@pytest.mark.parametrize(("arguments", "request_"), RECEIVERS, ids=[row[0][0] for row in RECEIVERS])
def test_what_the_broker_will_ask(arguments, request_):
    done = interceptor("webhook", *arguments, *PROVIDER, "--dry-run")
    assert done.code == 0, done.err
    shown = json.loads(done.out)
    assert shown["request"] == {"method": "POST", **request_}
    assert shown["events"] == [{"name": "contract_content_changed"}]


@pytest.mark.parametrize(("arguments", "request_"), RECEIVERS, ids=[row[0][0] for row in RECEIVERS])
def test_created_then_updated(at_broker, arguments, request_):
    first, second = (interceptor("webhook", *arguments, *PROVIDER, "--consumer", "Product Site") for _ in range(2))
    assert (first.code, second.code) == (0, 0), first.err
    assert first.out == second.out
    identity = first.out.split()[2].rstrip(":")
    created, updated = at_broker.asked(f"/webhooks/{identity}", method="PUT")
    assert created == updated
    assert created["consumer"] == {"name": "Product Site"}
    assert (created["request"]["method"], created["request"]["url"]) == ("POST", request_["url"])


def test_the_webhook_is_tested(at_broker):
    done = interceptor(*GITHUB, "--test", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["test"] == "the receiver answered 202"


def test_a_receiver_that_refuses_is_an_error(at_broker):
    done = interceptor("webhook", "url", "https://ci.example.com/hook", "--provider", "Refusing API", "--test")
    assert done.code == 1
    assert "the webhook does not work: the receiver answered 401" in done.err


# Each row: arguments, and what is said.
WRONG = [
    (("github", "example/product-api"), "--secret NAME"),
    (("github", "example/product-api", "--secret", "ghp-a.b"), "a secret is given by its name"),
    (("url", "ci.example.com"), "is not an HTTP URL"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_what_makes_no_webhook(arguments, said):
    done = interceptor("webhook", *arguments, *PROVIDER, "--dry-run")
    assert done.code == 2
    assert said in done.err


def test_a_wrong_token_is_refused_and_never_shown(at_broker, monkeypatch):
    monkeypatch.setenv("PACT_BROKER_TOKEN", "wrong")
    done = interceptor(*GITHUB)
    assert done.code == 1
    assert "401 Unauthorized" in done.err
    assert "wrong" not in done.out + done.err
