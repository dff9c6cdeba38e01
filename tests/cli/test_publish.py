"""`interceptor publish` with the real `pact` client, against a broker that our own handlers play."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from pathlib import Path

import pytest

from interceptor.journal import read_journal

INTERCEPTOR = str(Path(sysconfig.get_path("scripts")) / "interceptor")
BROKER = Path(__file__).parents[1] / "broker"
PRODUCTS = "Product Site-Product API.json"
STOCK = "Product Site-Stock API.json"
VERSION = "9.9.9"
"""Of tests that publish nothing."""
OURS = ("PACT_", "GIT_", "CI", "GITHUB_")


def clean_environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**kept, "GIT_CONFIG_GLOBAL": "/dev/null", **more}


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """The address of a broker, and the folder in which its journal is; every test publishes versions of its own."""
    folder = tmp_path_factory.mktemp("broker")
    shutil.copytree(BROKER, folder, dirs_exist_ok=True)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    project = folder / "interceptor.yaml"
    project.write_text(project.read_text().replace("env: PACT_BROKER_BASE_URL", f"listen: {port}"))
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen([INTERCEPTOR, "serve"], cwd=folder, env=clean_environment(), stdout=log, stderr=log) as server,
    ):
        try:
            wait_for(port, server, folder / "log")
            yield f"http://localhost:{port}", folder
        finally:
            server.send_signal(signal.SIGINT)


def wait_for(port, server, log):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text())


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
    return subprocess.run(
        [INTERCEPTOR, "publish", *options],
        cwd=project,
        env=clean_environment(PACT_BROKER_BASE_URL=url, GIT_CEILING_DIRECTORIES=str(project.parent), **variables),
        capture_output=True,
        text=True,
        check=False,
    )


def outcomes(done):
    return {each["provider"]: each["outcome"] for each in json.loads(done.stdout)["pacts"]}


def published(folder, version):
    """What the client has sent under a version, from the journal of the broker's interceptor."""
    time.sleep(0.3)  # the journal may be a tenth of a second behind
    (journal,) = folder.glob(".interceptor/recordings/*.jsonl")
    sent = [exchange.request.json for exchange in read_journal(journal) if exchange.request.method == "POST"]
    return [each for each in sent if each["pacticipantVersionNumber"] == version]


def test_first_created_then_unchanged_then_refused(broker, project):
    url, _ = broker
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

    assert publish(project, url, "-a", "1.0.1", "--branch", "main").returncode == 0


def test_a_person_reads_one_line_for_each_pact(broker, project):
    url, _ = broker
    done = publish(project, url, "-a", "2.0.0", "--branch", "main")
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        f"interceptor  publishing to {url} as version 2.0.0 on branch main",
        f"interceptor  created    {PRODUCTS}  http://broker.example.com/pacts/provider/Product%20API/version/2.0.0",
        f"interceptor  created    {STOCK}  http://broker.example.com/pacts/provider/Stock%20API/version/2.0.0",
    ]


def test_the_broker_is_told_everything(broker, project):
    url, folder = broker
    options = ("--tag", "dev", "--tag", "feat", "--build-url", "https://ci.example.com/7", "--merge")
    done = publish(project, url, "-a", "-1", "--branch", "-feat", *options)
    assert done.returncode == 0, done.stderr
    first, second = published(folder, "-1")
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
    url, folder = broker
    (project / ".gitignore").write_text("msw_generated_pacts\n")
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    for command in (("init", "-q", "-b", "trunk"), ("add", "."), (*identity, "commit", "-q", "-m", "first")):
        subprocess.run(["git", *command], cwd=project, env=clean_environment(), check=True)
    done = publish(project, url)
    assert done.returncode == 0, done.stderr
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, check=True, capture_output=True, text=True)
    commit = asked.stdout.strip()
    assert [each["branch"] for each in published(folder, commit)] == ["trunk", "trunk"]

    (project / "interceptor.yaml").write_text("consumer: Product Site\nunhandled: warn\n")
    dirty = publish(project, url)
    assert dirty.returncode == 2
    assert "interceptor.yaml" in dirty.stderr
    assert "--consumer-app-version" in dirty.stderr
    assert len(published(folder, commit)) == 2


def test_outside_of_git_a_version_must_be_named(broker, project):
    done = publish(project, broker[0])
    assert done.returncode == 2
    assert "--consumer-app-version" in done.stderr


def test_a_version_without_a_branch_is_warned_about(broker, project):
    done = publish(project, broker[0], "-a", "3.0.0")
    assert done.returncode == 0
    assert "warning: no branch is known" in done.stderr


@pytest.mark.parametrize(
    "credentials",
    [{"PACT_BROKER_TOKEN": "wrong"}, {"PACT_BROKER_USERNAME": "site", "PACT_BROKER_PASSWORD": "wrong"}],
)
def test_the_credentials_are_sent_and_never_shown(broker, project, credentials):
    done = publish(project, broker[0], "-a", VERSION, "--branch", "main", **credentials)
    assert done.returncode == 1
    assert f"cannot use the broker at {broker[0]}: " in done.stderr
    assert "401 Unauthorized" in done.stderr
    assert "wrong" not in done.stdout + done.stderr


def test_another_refusal_is_said_in_the_brokers_words(broker, project):
    done = publish(project, broker[0], "-a", "refused", "--branch", "main")
    assert done.returncode == 1
    assert done.stdout.count("refused  ") == 2
    assert "branch: is not allowed here" in done.stdout


def test_a_dry_run_sends_nothing(broker, project):
    url, folder = broker
    done = publish(project, url, "-a", VERSION, "--branch", "main", "--dry-run")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:] == [f"interceptor  checked    {PRODUCTS}", f"interceptor  checked    {STOCK}"]
    assert published(folder, VERSION) == []


def test_a_broker_that_is_not_there_is_one_error(project):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = publish(project, url, "-a", VERSION, "--branch", "main", "--retries", "0")
    assert done.returncode == 1
    assert f"cannot use the broker at {url}: " in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_broker_one_line_names_the_variable(project):
    done = publish(project, "", "-a", VERSION)
    assert done.returncode == 2
    assert "PACT_BROKER_BASE_URL" in done.stderr


def test_a_file_that_is_no_pact_stops_before_anything_is_sent(broker, project):
    url, folder = broker
    (project / "msw_generated_pacts" / "notes.json").write_text("{}")
    done = publish(project, url, "-a", VERSION, "--branch", "main")
    assert done.returncode == 1
    assert "notes.json: not a pact" in done.stderr
    assert published(folder, VERSION) == []
