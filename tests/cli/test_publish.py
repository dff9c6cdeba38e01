"""`interceptor publish` with the real `pact` client, against a broker that our own handlers play."""

import json
import os
import socket
import subprocess
from contextlib import chdir
from unittest.mock import patch

import pytest

from tests.brokers import clean_environment, interceptor

pytestmark = pytest.mark.slow

PRODUCTS = "Product Site-Product API.json"
STOCK = "Product Site-Stock API.json"
VERSION = "9.9.9"
"""Of tests that publish nothing."""


def pact(provider, name="Kettle"):
    return {
        "consumer": {"name": "Product Site"},
        "provider": {"name": provider},
        "interactions": [
            {
                "type": "Synchronous/HTTP",
                "description": "a request for product 10",
                "request": {"method": "GET", "path": "/products/10"},
                "response": {"status": 200, "body": {"content": {"name": name}, "contentType": "application/json"}},
            }
        ],
        "metadata": {"pactSpecification": {"version": "4.0"}},
    }


@pytest.fixture
def project(tmp_path):
    """A consumer with two pacts, which is no git repository."""
    (tmp_path / "interceptor.yaml").write_text("consumer: Product Site\n")
    folder = tmp_path / "msw_generated_pacts"
    folder.mkdir()
    (folder / PRODUCTS).write_text(json.dumps(pact("Product API")))
    (folder / STOCK).write_text(json.dumps(pact("Stock API")))
    return tmp_path


def publish(project, url, *options, **variables):
    environment = clean_environment(PACT_BROKER_BASE_URL=url, GIT_CEILING_DIRECTORIES=str(project.parent), **variables)
    with chdir(project), patch.dict(os.environ, environment, clear=True):
        done = interceptor("publish", *options)
    return subprocess.CompletedProcess(options, done.code, done.out, done.err)


def outcomes(done):
    return {each["provider"]: each["outcome"] for each in json.loads(done.stdout)["pacts"]}


def published(broker, version):
    """What the client has sent under a version."""
    return [each for each in broker.asked("/contracts/publish") if each["pacticipantVersionNumber"] == version]


def test_first_created_then_unchanged_then_refused(broker, project):
    url = broker.url
    first = publish(project, url, "-a", "1.0.0", "--branch", "main", "--json")
    assert outcomes(first) == {"Product API": "created", "Stock API": "created"}
    assert first.returncode == 0

    again = publish(project, url, "-a", "1.0.0", "--branch", "main", "--json")
    assert outcomes(again) == {"Product API": "unchanged", "Stock API": "unchanged"}
    assert again.returncode == 0

    (project / "msw_generated_pacts" / PRODUCTS).write_text(json.dumps(pact("Product API", "Pot")))
    changed = publish(project, url, "-a", "1.0.0", "--branch", "main", "--json")
    assert outcomes(changed) == {"Product API": "refused", "Stock API": "unchanged"}
    assert changed.returncode == 1
    (refused,) = [each for each in json.loads(changed.stdout)["pacts"] if each["outcome"] == "refused"]
    assert "Cannot change the content of the pact for Product Site version 1.0.0" in refused["reason"]
    assert '+ "name": "Pot"' in refused["reason"]
    (change,) = refused["changes"]
    assert (change["kind"], change["description"], change["handler"]) == ("changed", "a request for product 10", None)
    assert change["fields"] == [
        {
            "place": "response.body.$.name",
            "before": {"example": "Kettle", "rules": []},
            "after": {"example": "Pot", "rules": []},
            "effect": "stricter",
        }
    ]

    assert publish(project, url, "-a", "1.0.1", "--branch", "main").returncode == 0


def test_a_person_reads_one_line_for_each_pact(broker, project):
    url = broker.url
    done = publish(project, url, "-a", "2.0.0", "--branch", "main")
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        f"interceptor  publishing to {url} as version 2.0.0 on branch main",
        f"interceptor  created    {PRODUCTS}  http://broker.example.com/pacts/provider/Product%20API/version/2.0.0",
        f"interceptor  created    {STOCK}  http://broker.example.com/pacts/provider/Stock%20API/version/2.0.0",
    ]


def test_the_broker_is_told_everything(broker, project):
    url = broker.url
    options = ("--tag", "dev", "--tag", "feat", "--build-url", "https://ci.example.com/7", "--merge")
    done = publish(project, url, "-a", "-1", "--branch", "-feat", *options)
    assert done.returncode == 0, done.stderr
    first, second = published(broker, "-1")
    assert [each["contracts"][0]["providerName"] for each in (first, second)] == ["Product API", "Stock API"]
    assert first["contracts"][0]["onConflict"] == "merge"
    assert {key: value for key, value in first.items() if key != "contracts"} == {
        "pacticipantName": "Product Site",
        "pacticipantVersionNumber": "-1",
        "branch": "-feat",
        "tags": ["dev", "feat"],
        "buildUrl": "https://ci.example.com/7",
    }


def test_version_and_branch_come_from_git(broker, project):
    url = broker.url
    (project / ".gitignore").write_text("msw_generated_pacts\n")
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    for command in (("init", "-q", "-b", "trunk"), ("add", "."), (*identity, "commit", "-q", "-m", "first")):
        subprocess.run(["git", *command], cwd=project, env=clean_environment(), check=True)
    done = publish(project, url)
    assert done.returncode == 0, done.stderr
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, check=True, capture_output=True, text=True)
    commit = asked.stdout.strip()
    assert [each["branch"] for each in published(broker, commit)] == ["trunk", "trunk"]

    (project / "interceptor.yaml").write_text("consumer: Product Site\nunhandled: warn\n")
    dirty = publish(project, url)
    assert dirty.returncode == 2
    assert "interceptor.yaml" in dirty.stderr
    assert "--consumer-app-version" in dirty.stderr
    assert len(published(broker, commit)) == 2


def test_outside_of_git_a_version_must_be_named(broker, project):
    done = publish(project, broker.url)
    assert done.returncode == 2
    assert "--consumer-app-version" in done.stderr


def test_a_version_without_a_branch_is_warned_about(broker, project):
    done = publish(project, broker.url, "-a", "3.0.0")
    assert done.returncode == 0
    assert "warning: no branch is known" in done.stderr


@pytest.mark.parametrize(
    "credentials",
    [{"PACT_BROKER_TOKEN": "wrong"}, {"PACT_BROKER_USERNAME": "site", "PACT_BROKER_PASSWORD": "wrong"}],
)
def test_the_credentials_are_sent_and_never_shown(broker, project, credentials):
    done = publish(project, broker.url, "-a", VERSION, "--branch", "main", **credentials)
    assert done.returncode == 1
    assert f"cannot use the broker at {broker.url}: " in done.stderr
    assert "401 Unauthorized" in done.stderr
    assert "wrong" not in done.stdout + done.stderr


def test_another_refusal_is_said_in_the_brokers_words(broker, project):
    done = publish(project, broker.url, "-a", "refused", "--branch", "main")
    assert done.returncode == 1
    assert done.stdout.count("refused  ") == 2
    assert "branch: is not allowed here" in done.stdout


# Each row: the version at which the broker answers so, and what is said.
OF_NO_USE = [
    ("read-only", "401 Unauthorized", "one with write access"),
    ("forbidden", "403 Forbidden", "ask for it"),
    ("page", "it answers with text/html, which no broker does", "PACT_BROKER_BASE_URL"),
    ("out-of-order", "503 Service Unavailable", "try again later"),
]


@pytest.mark.parametrize(("version", "said", "remedy"), OF_NO_USE)
def test_a_broker_that_does_not_take_pacts_is_one_error(broker, project, version, said, remedy):
    done = publish(project, broker.url, "-a", version, "--branch", "main", "--retries", "0")
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first.startswith(f"interceptor  cannot use the broker at {broker.url}: {said}")
    assert remedy in second


def test_a_dry_run_sends_nothing(broker, project):
    url = broker.url
    done = publish(project, url, "-a", VERSION, "--branch", "main", "--dry-run")
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines()[1:] if line.startswith("interceptor")] == [
        f"interceptor  checked    {PRODUCTS}",
        f"interceptor  checked    {STOCK}",
    ]
    assert published(broker, VERSION) == []


def test_a_dry_run_shows_what_changes_for_the_broker(broker, project):
    publish(project, broker.url, "-a", "6.0.0", "--branch", "main")
    file = project / "msw_generated_pacts" / PRODUCTS
    file.write_text(json.dumps(pact("Product API", "Teapot")))
    done = publish(project, broker.url, "-a", VERSION, "--branch", "main", "--dry-run")
    assert done.stdout.splitlines() == [
        f"interceptor  would publish to {broker.url} as version {VERSION} on branch main",
        f"interceptor  checked    {PRODUCTS}",
        "             against the broker's latest pact:",
        "             changed: a request for product 10",
        '               response.body.$.name: "Kettle" -> "Teapot"  (the provider could notice)',
        f"interceptor  checked    {STOCK}",
        "             against the broker's latest pact: no change",
    ]


def test_a_dry_run_needs_no_broker(project):
    done = publish(project, "", "-a", VERSION, "--branch", "main", "--dry-run")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        f"interceptor  would publish as version {VERSION} on branch main",
        f"interceptor  checked    {PRODUCTS}",
        f"interceptor  checked    {STOCK}",
    ]


@pytest.mark.parametrize("what", ["msw_generated_pacts", f"msw_generated_pacts/{PRODUCTS}"])
def test_a_folder_or_a_file_needs_no_project_file(broker, project, what):
    (project / "interceptor.yaml").unlink()
    done = publish(project, broker.url, "-a", "7.0.0", "--branch", "main", "--json", what)
    assert done.returncode == 0, done.stderr
    assert len(outcomes(done)) == (2 if what == "msw_generated_pacts" else 1)


def test_a_broker_that_is_not_there_is_one_error(project):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = publish(project, url, "-a", VERSION, "--branch", "main", "--retries", "0")
    assert done.returncode == 1
    assert f"cannot use the broker at {url}: it cannot be reached: " in done.stderr
    assert "Connection refused" in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_without_a_broker_one_line_names_the_variable(project):
    done = publish(project, "", "-a", VERSION)
    assert done.returncode == 2
    assert "PACT_BROKER_BASE_URL" in done.stderr


def test_a_file_that_is_no_pact_stops_before_anything_is_sent(broker, project):
    url = broker.url
    (project / "msw_generated_pacts" / "notes.json").write_text("{}")
    done = publish(project, url, "-a", VERSION, "--branch", "main")
    assert done.returncode == 1
    assert "notes.json: not a pact" in done.stderr
    assert published(broker, VERSION) == []


def test_a_refusal_names_the_handlers(broker, project):
    journal = project / ".interceptor/recordings/2026-11-21T20-46-03Z-4f2a.jsonl"
    journal.parent.mkdir(parents=True)
    journal.write_text("\n".join(map(json.dumps, (RUN, EXCHANGE))) + "\n")
    folder = project / "msw_generated_pacts"
    publish(project, broker.url, "-a", "4.0.0", "--branch", "main")
    (folder / PRODUCTS).write_text(json.dumps(pact("Product API", "Pot")))
    done = publish(project, broker.url, "-a", "4.0.0", "--branch", "main", "--no-check")
    assert done.returncode == 1
    said = done.stdout.splitlines()
    change = said.index("             changed: a request for product 10 (handlers/products.yaml:12)")
    assert said[change + 1].startswith('               response.body.$.name: "Kettle" -> "Pot"')
    assert said[change + 2] == "             a published version cannot change: commit, then publish the new version"


RUN = {
    "interceptor": "journal",
    "version": 1,
    "run": "2026-11-21T20-46-03Z-4f2a",
    "consumer": "Product Site",
    "started": "2026-11-21T20:46:03.120Z",
    "tool": "1.0.0",
}
EXCHANGE = {
    "at": "2026-11-21T20:46:04.001Z",
    "ms": 0.4,
    "provider": "Product API",
    "outcome": "mocked",
    "handler": "handlers/products.yaml:12",
    "entry": 0,
    "name": "a request for product 10",
    "request": {"method": "GET", "url": "http://a/products/10", "path": "/products/10", "headers": [], "body": None},
    "response": {"status": 200, "headers": [], "body": None},
}


def test_several_folders(broker, project):
    (project / "more").mkdir()
    (project / "msw_generated_pacts" / STOCK).rename(project / "more" / STOCK)
    done = publish(project, broker.url, "-a", "5.0.0", "--branch", "main", "msw_generated_pacts", "more", "--json")
    assert outcomes(done) == {"Product API": "created", "Stock API": "created"}


def test_a_slow_broker_is_one_error(broker, project):
    done = publish(project, broker.url, "-a", "slow", "--branch", "main", "--timeout", "0.5")
    assert done.returncode == 1
    assert f"the broker at {broker.url} did not respond within 0.5 s" in done.stderr


def test_the_environment_says_how_patient_to_be(broker, project):
    done = publish(project, broker.url, "-a", "slow", "--branch", "main", INTERCEPTOR_BROKER_TIMEOUT="0.4")
    assert f"the broker at {broker.url} did not respond within 0.4 s" in done.stderr
