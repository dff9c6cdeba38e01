"""`pytest --interceptor`, in sessions of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from tests.controlled import PROJECT
from tests.proxy.live import write

pytestmark = pytest.mark.slow

pytest_plugins = ["pytester"]

SUITE = """
import os
from urllib.request import Request, build_opener
import pytest

def ask(path, headers):
    try:
        # an opener of its own: the shared one keeps the proxies that it met first in this process
        with build_opener().open(Request("http://api.example.com/v1" + path, headers=headers)) as answer:
            return answer.read().decode()
    except OSError as error:
        return str(error)

@pytest.fixture
def untidy(interceptor):
    yield
    ask("/while-tearing-down", interceptor.headers)

def test_handled(interceptor):
    assert ask("/count", interceptor.headers) == "0"
    handler = {"request": "GET /count", "response": {"text": "no"}}
    interceptor.use({"provider": "Product API", "handlers": [handler]})
    assert ask("/count", interceptor.headers) == "no"
    assert [each["test"] for each in interceptor.exchanges()] == ["test_suite.py::test_handled"] * 2

def test_afresh(interceptor):
    assert ask("/count", interceptor.headers) == "0"
    assert interceptor.summary()["test"]["name"] == "test_suite.py::test_afresh"

def test_missed(interceptor):
    assert "501" in ask("/missed", interceptor.headers)

def test_failing_handler(interceptor):
    assert "500" in ask("/broken?n=0", interceptor.headers)

def test_missed_and_failed(interceptor):
    assert ask("/missed-too", interceptor.headers) == "1"

def test_untidy(untidy):
    pass
"""
OTHER_SCOPE = """
from urllib.error import HTTPError
from urllib.request import build_opener
import pytest

def test_elsewhere():
    with pytest.raises(HTTPError):
        build_opener().open("http://api.example.com/v1/elsewhere")
"""


OPTIONS = ("-p", "interceptor", "-p", "no:cacheprovider")


@pytest.fixture
def suite(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(test_suite=SUITE)
    return pytester


@pytest.mark.parametrize("worker", ["", "gw7"])
def test_a_test_fails_for_what_nobody_answered_in_it(environment, suite, monkeypatch, worker):
    monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
    result = suite.runpytest_inprocess("--interceptor", "--junitxml=report.xml", *OPTIONS)
    result.assert_outcomes(passed=3, failed=3, errors=1)
    assert "/missed-too has no handler" in (suite.path / "report.xml").read_text()
    lines = result.stdout
    lines.fnmatch_lines(["*_ ERROR at teardown of test_untidy _*", "GET */while-tearing-down has no handler"])
    lines.fnmatch_lines(["*_ test_missed _*", "GET http://api.example.com/v1/missed has no handler", "  near *"])
    lines.fnmatch_lines(["*_ test_failing_handler _*", "*handlers/products.yaml:*"])
    lines.fnmatch_lines(
        ["*_ test_missed_and_failed _*", "E *assert *", "*- interceptor -*", "GET */missed-too has no *"]
    )


def test_without_a_proxy_one_is_started_for_the_session(suite, monkeypatch):
    monkeypatch.delenv("INTERCEPTOR_URL", raising=False)
    write(suite.path, PROJECT)
    suite.makepyfile(test_other=OTHER_SCOPE)
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    result = suite.runpytest_subprocess("--interceptor", *OPTIONS, "-k", "handled or elsewhere")
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED  # for the request that belongs to no test
    result.stdout.fnmatch_lines(
        ["*= interceptor =*", "*GET */elsewhere has no handler", "*3 requests * 2 mocked * 1 *"]
    )
    assert list((suite.path / ".interceptor").glob("run-*")) == []
    assert not (suite.path / "msw_generated_pacts").exists()


PARALLEL = """
import unittest
from urllib.error import HTTPError
from urllib.request import build_opener
import pytest

API = "http://api.example.com/v1"
pytestmark = [pytest.mark.given("there is no product")]

def status(path):
    try:
        with build_opener().open(API + path) as answer:
            return answer.status
    except HTTPError as error:
        return error.code

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.fixture
async def closed(interceptor):
    interceptor.use({"provider": "Product API", "handlers": [{"request": "GET /open", "response": 418}]})
    yield 418
    assert [each["response"]["status"] for each in interceptor.exchanges()] == [418]

@pytest.mark.anyio
async def test_an_async_fixture(closed):
    assert status("/open") == closed

def test_a_marker_of_the_module():
    assert status("/products/1") == 404

@pytest.mark.parametrize("number", [pytest.param(n, marks=pytest.mark.given(f"product {n} exists")) for n in range(9)])
def test_a_marker_of_a_parameter(number, interceptor):
    assert status(f"/products/{number}") == 200
    interceptor.given("there is no product")
    assert status(f"/products/{number}") == 404
    interceptor.given("there is no product", f"product {number} exists")
    assert status(f"/products/{number}") == 200
    interceptor.reset()
    assert status("/count") == 200
    assert len(interceptor.exchanges()) == 4
    assert interceptor.missed() == []

class Cases(unittest.TestCase):
    def test_of_unittest(self):
        self.assertEqual(status("/count"), 200)
"""
FAILING = """
    def test_that_fails(self):
        self.assertEqual(status("/missed-by-unittest"), 200)
"""


def test_workers_share_a_proxy_and_the_pacts_are_written_once(suite, monkeypatch):
    monkeypatch.delenv("INTERCEPTOR_URL", raising=False)
    write(suite.path, {f"mocks/{name}": text for name, text in PROJECT.items()})
    suite.makeini("[pytest]\ninterceptor = true\ninterceptor_config = mocks/interceptor.yaml\n")
    suite.path.joinpath("test_suite.py").unlink()
    suite.makepyfile(test_parallel=PARALLEL)
    words = [*OPTIONS, "-p", "xdist", "-p", "anyio", "--strict-markers", "-n", "2"]
    result = suite.runpytest_subprocess(*words)
    result.assert_outcomes(passed=12)
    assert result.ret == pytest.ExitCode.OK
    assert len(re.findall("Product Site-Product API.json", result.stdout.str())) == 1
    (journal,) = (suite.path / "mocks" / ".interceptor" / "recordings").glob("*.jsonl")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert {line["scope"] for line in lines if "outcome" in line} == {"gw0", "gw1"}
    (file,) = (suite.path / "mocks" / "msw_generated_pacts").iterdir()
    whole = file.read_text()
    assert {each["request"]["path"] for each in json.loads(whole)["interactions"]} >= {"/products/8", "/open", "/count"}

    part = suite.runpytest_subprocess(*OPTIONS, "-p", "anyio", "-k", "unittest")
    assert part.ret == pytest.ExitCode.OK
    part.stdout.fnmatch_lines(["*is left as it is: it would lose interactions that are still answered*"])
    assert file.read_text() == whole

    suite.makepyfile(test_parallel=PARALLEL + FAILING)
    failed = suite.runpytest_subprocess(*words)
    failed.assert_outcomes(passed=12, failed=1)
    failed.stdout.fnmatch_lines(
        ["*AssertionError: 501 != 200", "*- interceptor -*", "GET */missed-by-unittest has no *"]
    )
    assert file.read_text() == whole


def test_a_proxy_that_cannot_start_says_why(suite, monkeypatch):
    monkeypatch.delenv("INTERCEPTOR_URL", raising=False)
    result = suite.runpytest_inprocess("--interceptor", *OPTIONS)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: the proxy could not be started", "*interceptor.yaml*"])


def test_a_proxy_that_is_gone_is_named(suite, monkeypatch):
    monkeypatch.setenv("INTERCEPTOR_URL", "http://127.0.0.1:1/token")
    result = suite.runpytest_inprocess("--interceptor", *OPTIONS)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: the proxy at INTERCEPTOR_URL, http://127.0.0.1:1/token, does not answer*"])


def test_without_the_option_the_plugin_does_nothing(suite):
    result = suite.runpytest_inprocess(*OPTIONS, "-k", "handled")
    result.stdout.fnmatch_lines(["the fixture interceptor needs the option --interceptor, or *"])


def test_loading_the_plugin_imports_nothing_else_of_ours():
    code = "import sys, interceptor.testing.pytest_plugin; print(sorted(m for m in sys.modules if m[:6] == 'interc'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['interceptor', 'interceptor.testing', 'interceptor.testing.pytest_plugin']\n"
