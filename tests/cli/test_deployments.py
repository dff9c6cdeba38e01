"""`interceptor can-i-deploy`, `record-deployment`, `matrix`, `broker`: the real client, and a broker we play."""

import json
import socket
import subprocess

import pytest

from tests.brokers import answering, clean_environment, interceptor
from tests.certificates import make_certificate
from tests.forked import INTERCEPTOR

pytestmark = pytest.mark.slow

SITE = ("--participant", "Product Site")
PRODUCTION = ("--to-environment", "production", *SITE)


def test_a_verified_version_may_be_deployed(at_broker):
    done = interceptor("can-i-deploy", "--version", "1.0.0", *PRODUCTION)
    assert done.code == 0
    assert done.out.splitlines() == [
        "interceptor  yes: Product Site 1.0.0 to production",
        "             All required verification results are published and successful",
        "  CONSUMER      VERSION  PROVIDER     VERSION  RESULT",
        "  Product Site  1.0.0    Product API  p1       verified",
    ]


def test_it_asks_again_until_the_result_is_there(at_broker):
    done = interceptor("can-i-deploy", "--version", "soon", "--retry-interval", "0.1", "--json", *PRODUCTION)
    assert done.code == 0
    assert done.err == "interceptor  Product API has not verified it yet; asking again in 0.1 s\n"
    assert json.loads(done.out)["deployable"] is True


def test_what_stays_unknown_may_not_be_deployed_and_says_what_is_missing(at_broker):
    done = interceptor("can-i-deploy", "--version", "never", "--retry-while-unknown", "0", *PRODUCTION)
    assert done.code == 1
    assert "not yet known: Product Site never to production" in done.out
    assert "There is no verified pact between version 1.0.0 of Product Site" in done.out
    assert "verify the pact at Product API: interceptor verify --from-broker --publish," in done.out


def test_a_provider_that_is_not_there_yet_is_said(at_broker):
    done = interceptor("can-i-deploy", "--version", "alone", "--retry-while-unknown", "0", *PRODUCTION)
    assert done.code == 1
    assert "deploy Product API first, or record its deployment: interceptor record-deployment" in done.out
    assert "verify the pact" not in done.out


def test_a_version_that_was_never_published_is_said(at_broker):
    done = interceptor("can-i-deploy", "--version", "unpublished", *PRODUCTION)
    assert done.code == 1
    assert done.out.splitlines() == [
        "interceptor  no: Product Site unpublished to production",
        "             No pacts or verifications have been published for version unpublished of Product Site",
        "             publish it first: interceptor publish, or for a provider interceptor verify --publish",
    ]


def test_a_failed_verification_is_a_no(at_broker):
    done = interceptor("can-i-deploy", "--version", "failed", "--json", *PRODUCTION)
    assert done.code == 1
    assert json.loads(done.out) == {
        "deployable": False,
        "reasons": ["The verification for the pact between Product Site and Product API failed"],
        "matrix": [
            {
                "consumer": "Product Site",
                "consumer_version": "failed",
                "provider": "Product API",
                "provider_version": "p1",
                "success": False,
                "url": "http://broker.example.com/results/100",
            }
        ],
    }


def test_an_unknown_environment_is_said_with_what_to_do(at_broker):
    done = interceptor("can-i-deploy", "--version", "1.0.0", "--to-environment", "nowhere", *SITE)
    assert done.code == 1
    assert "Environment with name 'nowhere' does not exist" in done.err
    assert "interceptor broker -- create-environment --name nowhere" in done.err


# Each row: the version, further options, and what is said.
USELESS = [
    ("slow", ("--timeout", "0.5"), "did not respond within 0.5 s"),
    ("page", (), "502 Bad Gateway"),
]


@pytest.mark.parametrize(("version", "options", "said"), USELESS)
def test_a_broker_of_no_use_is_one_error(at_broker, version, options, said):
    done = interceptor("can-i-deploy", "--version", version, "--retry-while-unknown", "0", *options, *PRODUCTION)
    assert done.code == 1
    assert said in done.err
    assert len(done.err.splitlines()) == 2


@pytest.mark.parametrize("command", [("can-i-deploy", "--to-environment"), ("record-deployment", "--environment")])
def test_a_wrong_token_is_refused_and_never_shown(at_broker, monkeypatch, command):
    monkeypatch.setenv("PACT_BROKER_TOKEN", "wrong")
    done = interceptor(*command, "production", "--version", "1.0.0", *SITE)
    assert done.code == 1
    assert "401 Unauthorized" in done.err
    assert "wrong" not in done.out + done.err


def test_a_broker_that_is_not_there(at_broker, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("PACT_BROKER_BASE_URL", url)
        done = interceptor("matrix", *SITE)
    assert done.code == 1
    assert f"cannot use the broker at {url}: it cannot be reached: " in done.err


def test_a_certificate_of_the_users_own(at_broker, monkeypatch, tmp_path):
    answer = json.dumps({"summary": {"deployable": True}, "notices": [], "matrix": []})
    with answering(200, "application/hal+json", answer, certificate=make_certificate(tmp_path)) as url:
        monkeypatch.setenv("PACT_BROKER_BASE_URL", url)
        unknown = interceptor("can-i-deploy", "--version", "1.0.0", *PRODUCTION)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        known = interceptor("can-i-deploy", "--version", "1.0.0", *PRODUCTION)
    assert unknown.code == 1
    assert "certificate verify failed" in unknown.err
    assert "SSL_CERT_FILE" in unknown.err
    assert (known.code, known.out) == (0, "interceptor  yes: Product Site 1.0.0 to production\n")


def test_the_project_names_the_consumer_and_git_the_version(at_broker, tmp_path):
    (tmp_path / "interceptor.yaml").write_text("consumer: Product Site\n")
    assert interceptor("can-i-deploy", "--to-environment", "production", "--version", "1.0.0").code == 0
    no_commit = interceptor("can-i-deploy", "--to-environment", "production")
    assert no_commit.code == 2
    assert "name it with --version" in no_commit.err


def test_a_version_that_the_client_cannot_read_is_refused(at_broker):
    done = interceptor("can-i-deploy", "--version", "-1", *PRODUCTION)
    assert done.code == 2
    assert 'the version "-1" begins with a dash' in done.err


def test_without_a_project_the_consumer_must_be_named(at_broker):
    done = interceptor("matrix")
    assert done.code == 2
    assert "--participant" in done.err


def test_the_matrix_of_the_latest_version(at_broker):
    done = interceptor("matrix", *SITE)
    assert done.code == 0
    assert done.out.splitlines()[1] == "  Product Site  1.0.0    Product API  p1       verified"


def test_the_matrix_of_a_newcomer_is_empty(at_broker):
    done = interceptor("matrix", "--participant", "Newcomer")
    assert done.out == "interceptor  the broker has no pact of Newcomer\n"


def test_a_deployment_is_recorded(at_broker):
    before = len(at_broker.asked("/versions/1.0.0/deployed-versions/"))
    done = interceptor("record-deployment", "--environment", "production", "--version", "1.0.0", *SITE)
    assert (done.code, done.out) == (0, "interceptor  Product Site 1.0.0 is in production\n")
    assert len(at_broker.asked("/versions/1.0.0/deployed-versions/")) == before + 1


# Each row: version, environment, and what is said.
NOT_RECORDED = [
    ("unheard-of", "production", "the broker does not know version unheard-of of Product Site"),
    ("1.0.0", "nowhere", "list-environments"),
]


@pytest.mark.parametrize(("version", "environment", "said"), NOT_RECORDED)
def test_a_deployment_that_cannot_be_recorded(at_broker, version, environment, said):
    done = interceptor("record-deployment", "--environment", environment, "--version", version, *SITE)
    assert done.code == 1
    assert said in done.err


def test_the_rest_of_the_client(at_broker):
    done = subprocess.run(
        [*INTERCEPTOR, "broker", "--", "list-environments", "--output", "json"],
        env=clean_environment(PACT_BROKER_BASE_URL=at_broker.url),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "production" in done.stdout


# Each row: the options of the version, and what is said about it.
CHOICES = [
    (("--branch", "feat/x", "--ignore", "Stock API"), "latest of branch feat/x"),
    (("--main-branch",), "latest of the main branch"),
    (("--tag", "prod"), "latest with tag prod"),
]


@pytest.mark.parametrize(("options", "said"), CHOICES)
def test_the_latest_version_of_a_branch_or_a_tag(at_broker, options, said):
    done = interceptor("can-i-deploy", *options, *PRODUCTION)
    assert done.code == 0, done.out + done.err
    assert done.out.splitlines()[0] == f"interceptor  yes: Product Site {said} to production"


def test_the_matrix_of_a_tag_in_an_environment(at_broker):
    done = interceptor("matrix", "--tag", "prod", "--environment", "production", *SITE)
    assert done.code == 0, done.err
    assert "Product Site  1.0.0    Product API  p1       verified" in done.out


def test_one_version_is_chosen_in_one_way(at_broker):
    done = interceptor("can-i-deploy", "--version", "1.0.0", "--main-branch", *PRODUCTION)
    assert done.code == 2
    assert "do not go together" in done.err


def test_a_release_is_recorded(at_broker):
    done = interceptor("record-release", "--version", "1.0.0", "--environment", "production", *SITE)
    assert done.code == 0, done.err
    assert done.out == "interceptor  Product Site 1.0.0 is released to production\n"
    released = "/pacticipants/Product%20Site/versions/1.0.0/released-versions/environment/08ec6bea"
    assert len(at_broker.asked(released)) == 1


def test_a_release_of_an_unknown_version_is_said(at_broker):
    done = interceptor("record-release", "--version", "unheard-of", "--environment", "production", *SITE)
    assert done.code == 1
    assert "the broker does not know version unheard-of of Product Site" in done.err


def test_the_clients_own_commands_come_to_an_end(at_broker):
    slow = ("can-i-deploy", "--pacticipant", "Product Site", "--version", "slow")
    done = interceptor("broker", "--timeout", "0.5", "--", *slow)
    assert done.code == 1
    assert "the client did not end within 0.5 s" in done.err


def test_an_undeployment_is_recorded(at_broker):
    done = interceptor("record-undeployment", "--environment", "production", *SITE)
    assert (done.code, done.out) == (0, "interceptor  Product Site is no longer in production\n")


@pytest.mark.parametrize(
    ("environment", "participant", "said"),
    [
        ("nowhere", "Product Site", "Environment nowhere not found"),
        ("production", "Product API", "Product API is not deployed to production"),
    ],
)
def test_an_undeployment_that_cannot_be_recorded_says_why(at_broker, environment, participant, said):
    done = interceptor("record-undeployment", "--environment", environment, "--participant", participant)
    assert done.code == 1
    assert said in done.err
