"""A client in Go and its provider in FastAPI, as their READMEs say: one writes the contract, the other one keeps it."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.forked import INTERCEPTOR
from tests.proxy.live import PATIENCE, clean_environment

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
CLIENT, PROVIDER = EXAMPLES / "go-client", EXAMPLES / "product-api"
PACT = Path("msw_generated_pacts") / "Go Shop-Product API.json"


def run(*command, cwd):
    done = subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, check=False, timeout=4 * PATIENCE
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def environment():
    return clean_environment() | {"PYTHONDONTWRITEBYTECODE": "1", "PACT_DO_NOT_TRACK": "true"}


def copy_of(example, folder):
    return shutil.copytree(
        example, folder / example.name, ignore=shutil.ignore_patterns("msw_generated_pacts", ".interceptor")
    )


@pytest.mark.skipif(shutil.which("go") is None, reason="this machine has no Go")
def test_the_client_s_tests_give_the_committed_contract(tmp_path):
    client = copy_of(CLIENT, tmp_path)
    said = run(*INTERCEPTOR, "run", "--", "go", "test", "-count=1", "./...", cwd=client)
    assert "3 requests · 3 mocked · 0 unhandled" in said
    assert (client / PACT).read_bytes() == (CLIENT / PACT).read_bytes()


def test_the_provider_s_own_tests_pass(tmp_path):
    assert "4 passed" in run(sys.executable, "-m", "pytest", "-q", cwd=copy_of(PROVIDER, tmp_path))


def test_the_provider_keeps_the_contract(tmp_path):
    provider = copy_of(PROVIDER, tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    words = [sys.executable, "-m", "uvicorn", "--port", str(port), "product_api_with_states:app"]
    shown = (PROVIDER / "README.md").read_text()
    with subprocess.Popen(words, cwd=provider, env=environment(), stderr=subprocess.DEVNULL) as started:
        try:
            wait_for(port)
            where = ("--provider-url", url, "--states-url", f"{url}/_pact/states")
            said = run(*INTERCEPTOR, "verify", *where, str(CLIENT / PACT), cwd=provider)
        finally:
            started.terminate()
    assert said.splitlines() == re.findall(r"^interceptor  .*", shown, re.MULTILINE)


def wait_for(port):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert time.monotonic() < end, "the provider does not start"
            time.sleep(0.05)
        else:
            return


def test_the_contract_fits_the_provider_s_document(tmp_path):
    said = run(*INTERCEPTOR, "check", str(CLIENT / PACT), "--openapi", str(PROVIDER / "openapi.yaml"), cwd=tmp_path)
    assert "3 interactions compared · 0 errors · 0 warnings" in said


def test_the_workflows_and_the_states_are_those_that_are_written(tmp_path):
    client = copy_of(CLIENT, tmp_path)
    shutil.copy(PROVIDER / "openapi.yaml", client)
    project = (client / "interceptor.yaml").read_text()
    (client / "interceptor.yaml").write_text(project.replace("/v1\n", "/v1\n    openapi: openapi.yaml\n"))
    run(*INTERCEPTOR, "init", "--ci", "github", cwd=client)
    for ours, theirs in (
        ("product-api.yml", "contract.yml"),
        ("product-api.documented.yml", "contract.documented.yml"),
    ):
        written = (client / "provider-workflows" / ours).read_text()
        assert written == (PROVIDER / ".github" / "workflows" / theirs).read_text()
    provider = copy_of(PROVIDER, tmp_path)
    assert "has every state already" in run(
        *INTERCEPTOR, "states", str(CLIENT / PACT), "--scaffold", "fastapi", cwd=provider
    )
