"""`interceptor webhook` with the real client, and a broker we play."""

import json

import pytest

from tests.brokers import interceptor

pytestmark = pytest.mark.slow

PROVIDER = ("--provider", "Product API")
GITHUB = ("webhook", "github", "example/product-api", *PROVIDER, "--secret", "githubToken")

PAYLOAD = {
    "pact_url": "${pactbroker.pactUrl}",
    "consumer": "${pactbroker.consumerName}",
    "consumer_version": "${pactbroker.consumerVersionNumber}",
    "consumer_branch": "${pactbroker.consumerVersionBranch}",
    "provider_version": "${pactbroker.providerVersionNumber}",
    "provider_branch": "${pactbroker.providerVersionBranch}",
}

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
            "body": {"event_type": "pact", "client_payload": PAYLOAD},
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
                "variables": {name.upper(): value for name, value in PAYLOAD.items()},
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
            "body": PAYLOAD,
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


TOKEN = "made-up-token"


def test_a_broker_without_secrets_is_given_the_token(at_broker, monkeypatch):
    monkeypatch.setenv("CI_TOKEN", f"{TOKEN}\n")
    done = interceptor("webhook", "jenkins", "https://ci.example.com/job/a", *PROVIDER, "--token-variable", "CI_TOKEN")
    assert done.code == 0, done.err
    identity = done.out.split()[2].rstrip(":")
    (saved,) = at_broker.asked(f"/webhooks/{identity}", method="PUT")
    assert saved["request"]["headers"] == {"authorization": "aaaaa aaaa-aa-aaaaa"}  # the journal masks `Basic TOKEN`
    assert TOKEN not in done.out + done.err


@pytest.mark.parametrize("kind", ["github", "gitlab", "jenkins", "url"])
def test_no_output_shows_the_token(monkeypatch, kind):
    monkeypatch.setenv("CI_TOKEN", TOKEN)
    target = "https://ci.example.com" if kind in {"jenkins", "url"} else "example/product-api"
    done = interceptor("webhook", kind, target, *PROVIDER, "--token-variable", "CI_TOKEN", "--dry-run")
    assert done.code == 0, done.err
    assert TOKEN not in done.out
    assert "***" in done.out


def test_the_events_are_chosen(at_broker):
    events = ("contract_requiring_verification_published", "contract_published")
    options = [word for name in events for word in ("--event", name)]
    done = interceptor(*GITHUB, *options, "--consumer", "Events Site")
    assert done.code == 0, done.err
    assert done.out.endswith("when contract_requiring_verification_published or contract_published\n")
    identity = done.out.split()[2].rstrip(":")
    (saved,) = at_broker.asked(f"/webhooks/{identity}", method="PUT")
    assert saved["events"] == [{"name": name} for name in events]


def test_a_commit_status():
    done = interceptor("webhook", "github-status", "example/site", *PROVIDER, "--secret", "t", "--dry-run")
    shown = json.loads(done.out)
    assert [each["name"] for each in shown["events"]] == ["contract_published", "provider_verification_published"]
    assert shown["request"]["url"].endswith("/repos/example/site/statuses/${pactbroker.consumerVersionNumber}")
    assert shown["request"]["body"]["state"] == "${pactbroker.githubVerificationStatus}"


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
    (("github", "a/b", "--token-variable", "NO_SUCH_TOKEN"), "the variable NO_SUCH_TOKEN holds no token"),
    (("github", "a/b", "--token-variable", "A", "--secret", "b"), "do not go together"),
    (("github", "a/b", "--secret", "b", "--event", "never"), "contract_content_changed"),
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
