"""`Proxy`, from programs of a user's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import httpx
import pytest

from interceptor import InterceptorError, Proxy
from interceptor.values.errors import UsageError
from tests.controlled import PROJECT
from tests.forked import INTERCEPTOR
from tests.proxy.live import PATIENCE, clean_environment, write

pytestmark = pytest.mark.slow

API = "http://api.example.com/v1"
REFUSED = "provider: Product API\nhandlers: [{request: GET /refused, response: 403}]\n"
SUITE = """
import unittest
from urllib.error import HTTPError
from urllib.request import build_opener
from interceptor import Proxy

proxy = Proxy()
setUpModule = lambda: unittest.enterModuleContext(proxy)

class CatalogueTest(unittest.TestCase):
    def setUp(self):
        proxy.control.begin_test(self.id())

    def test_a_product(self):
        proxy.control.given("product 10 exists")
        with build_opener().open("http://api.example.com/v1/products/10") as answer:
            self.assertEqual(b'{"id":"10"}', answer.read())

    def test_missed(self):
        with self.assertRaises(HTTPError) as raised, build_opener().open("http://api.example.com/v1/missed"):
            pass
        raised.exception.close()
        self.assertEqual(1, len(proxy.control.missed()))
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(write(tmp_path, {**PROJECT, "handlers/refused.yaml": REFUSED}))
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    monkeypatch.delenv("INTERCEPTOR_URL", raising=False)
    return tmp_path


def pacts(project):
    return [json.loads(file.read_text()) for file in project.glob("msw_generated_pacts/*")]


def test_its_variables_end_with_it_and_the_pacts_are_written(project, monkeypatch):
    isolated = f"{PROJECT['interceptor.yaml']}reach: {{isolated: true}}\n"  # which is for commands, and we are here
    write(project, {"interceptor.yaml": isolated})
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    before = dict(os.environ)
    with Proxy() as proxy:
        assert "ALL_PROXY" not in os.environ
        proxy.control.use({"handlers": [{"request": f"GET {API}/made-here", "response": {"json": "é"}}]})
        assert httpx.get(f"{API}/made-here").json() == "é"
        assert [each["outcome"] for each in proxy.control.exchanges()] == ["mocked"]
        with pytest.raises(UsageError, match="has not stopped"):
            proxy.recording.exists()
    assert dict(os.environ) == before
    assert proxy.recording.parent == project / ".interceptor" / "recordings"
    assert "1 request" in proxy.output
    assert proxy.result["mocked"] == 1
    assert [each["request"]["path"] for each in pacts(project)[0]["interactions"]] == ["/made-here"]
    assert proxy.stop()


def test_a_request_without_a_handler_ends_it_with_an_error_and_no_pact(project):
    with pytest.raises(InterceptorError, match=r"GET http://api\.example\.com/v1/missed has no handler"), Proxy():
        assert httpx.get(f"{API}/missed").status_code == 501
    assert pacts(project) == []


def test_an_exception_passes_and_no_pact_is_written(project):
    with pytest.raises(httpx.HTTPStatusError), Proxy() as proxy:
        httpx.get(f"{API}/refused").raise_for_status()
    assert proxy.result["command"]["exit_code"] == 1
    assert pacts(project) == []


def test_a_project_file_that_is_missing_is_named(project):
    with pytest.raises(UsageError, match=r"(?s)the proxy could not be started.*nowhere\.yaml"):
        Proxy("nowhere.yaml").start()


def test_it_ends_when_its_program_is_killed(project):
    program = """
import os, signal
from interceptor import Proxy
proxy = Proxy()
proxy.start()
print(os.environ["INTERCEPTOR_URL"], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    words = [sys.executable, "-c", program]
    killed = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert killed.stdout.startswith("http://127.0.0.1:"), killed.stderr
    end = time.monotonic() + PATIENCE
    while list((project / ".interceptor").glob("run-*")) and time.monotonic() < end:
        time.sleep(0.05)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{killed.stdout.strip()}/test")
    assert pacts(project) == []


UNDER_A_RUN = [*INTERCEPTOR, "run", "--"]


@pytest.mark.parametrize(
    ("under", "missing"),
    [
        pytest.param([], False, id="that passes"),
        pytest.param([], True, id="that misses a handler"),
        pytest.param(UNDER_A_RUN, False, id="under a run"),
    ],
)
def test_a_suite_of_unittest(project, under, missing):
    suite = SUITE if missing else SUITE[: SUITE.index("    def test_missed")]
    (project / "test_it.py").write_text(suite)
    words = [*under, sys.executable, "-W", "error", "-m", "unittest"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == missing, done.stderr
    assert ("/missed has no handler" in done.stderr) == missing
    names = [each["description"] for pact in pacts(project) for each in pact["interactions"]]
    assert names == ([] if missing else ["GET /products/10 returns 200"])
