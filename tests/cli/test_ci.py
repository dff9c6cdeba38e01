"""The workflows that `init --ci` writes and the action: as their services read them, and their steps as shell."""

import json
import os
import subprocess
import sysconfig
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import pytest
import yaml

from interceptor.scaffold.ci import workflow_files
from tests.brokers import clean_environment, interceptor
from tests.forked import program
from tests.providers import running

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
(PACKAGE,) = find_spec("check_jsonschema").submodule_search_locations
SCHEMAS = Path(PACKAGE) / "builtin_schemas" / "vendor"
WORKFLOWS = {"github": ".github/workflows/contract.yml", "gitlab": ".gitlab/contract.yml"}
PROJECT = "consumer: Product Site\nproviders: {Product API: {url: http://api.example.com}}\nhandlers: handlers.yaml\n"
HANDLERS = """
provider: Product API
handlers:
  - {request: GET /products/10, name: a request for product 10, response: {json: {id: "10"}}}
"""
MAKEFILE = "test:\n\tcurl --silent --fail http://api.example.com/products/10\n\techo\n"


@pytest.fixture
def project(at_broker, tmp_path):
    """A consumer with a commit, and the environment of a CI service."""
    (tmp_path / "interceptor.yaml").write_text(PROJECT)
    (tmp_path / "handlers.yaml").write_text(HANDLERS)
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / ".gitignore").write_text(".interceptor\nmsw_generated_pacts\n")
    return tmp_path


def commit(project):
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    for command in (("init", "-q", "-b", "main"), ("add", "."), (*identity, "commit", "-q", "-m", "first")):
        subprocess.run(["git", *command], cwd=project, env=clean_environment(), check=True)


def valid(file, schema):
    document = yaml.safe_load(file.read_text())
    if True in document:
        document["on"] = document.pop(True)  # YAML 1.1 reads a truth value where the service reads a word
    jsonschema.validate(document, json.loads((SCHEMAS / schema).read_text()))
    return document


@pytest.mark.parametrize(("service", "schema"), [("github", "github-workflows.json"), ("gitlab", "gitlab-ci.json")])
def test_the_workflows_are_what_their_service_reads(project, service, schema):
    done = interceptor("init", "--ci", service)
    assert done.code == 0, done.err
    assert done.err.splitlines() == [
        f"interceptor  wrote {WORKFLOWS[service]}",
        "interceptor  wrote provider-workflows/product-api.yml",
    ]
    valid(project / WORKFLOWS[service], schema)
    valid(project / "provider-workflows/product-api.yml", schema)
    again = interceptor("init", "--ci", service)
    assert again.code == 2
    assert "already exists" in again.err


def test_the_action_is_what_github_reads():
    assert valid(ROOT / "action.yml", "github-actions.json")["runs"]["using"] == "composite"


def test_every_input_of_the_action_is_used():
    text = (ROOT / "action.yml").read_text()
    unused = [name for name in yaml.safe_load(text)["inputs"] if f"inputs.{name}" not in text]
    assert unused == []


def test_a_new_project_with_its_workflows(at_broker, tmp_path):
    done = interceptor("init", "--ci", "github")
    assert done.code == 0, done.err
    for name in ("interceptor.yaml", WORKFLOWS["github"], "provider-workflows/product-api.yml"):
        assert (tmp_path / name).is_file()


def test_the_steps_of_the_action(project, at_broker):
    commit(project)
    steps = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    script = "\n".join(step["run"] for step in steps if step["name"] != "Install")
    variables = {"INTERCEPTOR_COMMAND": "make test && true", "INTERCEPTOR_ENVIRONMENT": "production"}
    done = run(script, project, PACT_BROKER_BASE_URL=at_broker.url, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "interceptor  yes: Product Site" in done.stdout


PYTHON = """#!/bin/sh
mkdir -p "$3/bin"
printf '#!/bin/sh\\necho "$@" > "%s/installed"\\nln -s "{interceptor}" "%s/bin/interceptor"\\n' "$3" "$3" > "$3/bin/pip"
chmod +x "$3/bin/pip"
"""


def test_the_action_shows_nothing_but_the_command(tmp_path):
    (tmp_path / "python3").write_text(PYTHON.format(interceptor=program(tmp_path / "program") / "interceptor"))
    (tmp_path / "python3").chmod(0o755)
    (install,) = [
        step for step in yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"] if step["name"] == "Install"
    ]
    shown = tmp_path / "path"
    variables = {"RUNNER_TEMP": str(tmp_path), "GITHUB_PATH": str(shown), "INTERCEPTOR_VERSION": "==1.2.3"}
    script = f'export PATH="{tmp_path}:$PATH"; {install["run"]}'
    done = run(script, tmp_path, **variables)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "pact-interceptor/installed").read_text() == "install pact-interceptor==1.2.3\n"
    folder = Path(shown.read_text().strip())
    assert [each.name for each in folder.iterdir()] == ["interceptor"]
    assert "interceptor" in run(f"{folder}/interceptor --version", tmp_path).stdout


def steps(file, service):
    """The shell of a workflow, without what installs and starts things."""
    document = yaml.safe_load(file.read_text())
    if service == "github":
        (job,) = document["jobs"].values()
        lines = [step["run"] for step in job["steps"] if "run" in step]
    else:
        jobs = [job for job in document.values() if isinstance(job, dict) and "script" in job]
        lines = [line for job in jobs for line in job["script"]]
    return "\n".join(line for line in lines if not line.startswith(("pip install", "make start")))


def run(script, folder, **variables):
    path = os.pathsep.join((str(program(folder / ".interceptor")), sysconfig.get_path("scripts"), os.environ["PATH"]))
    return subprocess.run(
        ["bash", "-e", "-u", "-c", script],
        cwd=folder,
        env=clean_environment(PATH=path, PACT_BROKER_HTTP_RETRIES="0", **variables),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("service", ["github", "gitlab"])
def test_the_steps_of_the_consumer(project, at_broker, service):
    interceptor("init", "--ci", service)
    commit(project)
    done = run(steps(project / WORKFLOWS[service], service), project, PACT_BROKER_BASE_URL=at_broker.url)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout.splitlines()
    assert [line.split()[1] for line in said if line.startswith("interceptor  ")] == [
        "no",
        "publishing",
        "created",
        "yes:",
        "Product",
    ]


@pytest.mark.parametrize("service", ["github", "gitlab"])
@pytest.mark.parametrize("by_webhook", [False, True])
def test_the_steps_of_the_provider(project, at_broker, service, by_webhook):
    interceptor("init", "--ci", service)
    commit(project)
    script = steps(project / "provider-workflows/product-api.yml", service)
    pact = f"{at_broker.url}/pacts/provider/Product%20API/consumer/Product%20Site/pact-version/78edc824"
    with running() as provider:
        variables = {"PROVIDER": "Product API", "PROVIDER_URL": f"{provider.url}/v1", "PACT_URL": pact * by_webhook}
        script = script.replace("/v1/_pact", "/_pact")
        done = run(script, project, PACT_BROKER_BASE_URL=at_broker.url, **variables)
    assert done.returncode == int(by_webhook), done.stdout + done.stderr  # no token is known; else the pact is pending
    assert (project / "contract.xml").exists()
    assert "published the result for version" in done.stdout


@pytest.mark.parametrize("service", ["github", "gitlab"])
def test_providers_with_names_alike_get_files_of_their_own(service):
    files = workflow_files(service, "Product Site", {"Product API": False, "product-api": False})
    assert list(files)[1:] == ["provider-workflows/product-api.yml", "provider-workflows/product-api-2.yml"]
    assert b"product-api" in files["provider-workflows/product-api-2.yml"]


SCHEMATHESIS = """#!/bin/sh
echo "<testsuites/>" > report.xml
exit $FOUND
"""


@pytest.mark.parametrize("service", ["github", "gitlab"])
@pytest.mark.parametrize("found", [0, 1])
def test_the_steps_of_a_provider_with_a_document(project, at_broker, service, found):
    (project / "interceptor.yaml").write_text(PROJECT.replace("example.com}", "example.com, openapi: openapi.yaml}"))
    (project / "openapi.yaml").write_text("openapi: 3.0.3\n")
    interceptor("init", "--ci", service)
    commit(project)
    file = project / "provider-workflows/product-api.documented.yml"
    valid(file, "github-workflows.json" if service == "github" else "gitlab-ci.json")
    (project / "schemathesis").write_text(SCHEMATHESIS)
    (project / "schemathesis").chmod(0o755)
    asked = {"CONSUMER": "Product Site", "CONSUMER_VERSION": "1.0.0", "CONSUMER_BRANCH": "main"}
    with running() as provider:
        variables = {"PROVIDER": "Product API", "PROVIDER_URL": provider.url, "DOCUMENT": "openapi.yaml", **asked}
        script = f'PATH="{project}:$PATH"\n{steps(file, service)}'
        done = run(script, project, PACT_BROKER_BASE_URL=at_broker.url, FOUND=str(found), **variables)
    sent = at_broker.asked("/provider-contracts/provider/Product%20API/publish")[-1]
    result = sent["contract"]["selfVerificationResults"]
    assert (result["success"], result["verifier"], result["format"]) == (not found, "schemathesis", "junit")
    assert (project / "consumer.txt").read_text() == "consumer=Product Site\ncommit=1.0.0\nbranch=main\n"
    assert done.returncode == found, done.stdout + done.stderr
    assert ("is in production" in done.stdout) == (not found)
