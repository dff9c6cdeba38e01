"""A pytest session that tells the proxy about its tests, and starts the proxy where there is none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from interceptor.testing.control_client import ControlClient
from interceptor.values.errors import UsageError
from interceptor.values.variables import CONTROL_VARIABLE, DROPPED_VARIABLES, noted_variables, read_variables

_SECONDS_TO_STOP = 20.0
_SECONDS_BETWEEN_LOOKS = 0.02


class InterceptorSession:
    """The hooks of `pytest --interceptor`."""

    control: ControlClient

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._started: _Proxy | None = None
        self._last_words: list[str] = []
        self._told: set[str] = set()

    def pytest_sessionstart(self) -> None:
        url = os.environ.get(CONTROL_VARIABLE)
        if url is None:
            file = Path(self._config.rootpath, self._config.getoption("--interceptor-config"))
            self._started = _Proxy(file)
            url = self._started.url
        # pytest-xdist says in this variable which of its workers we are.
        self.control = ControlClient(url, os.environ.get("PYTEST_XDIST_WORKER", ""))
        try:
            self.control.test()
        except UsageError as error:
            raise pytest.UsageError(error.message) from error

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self._told.clear()
        self.control.begin_test(item.nodeid)
        return (yield from self._watched(item, "setup"))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        return (yield from self._watched(item, "call"))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        return (yield from self._watched(item, "teardown"))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._started is None:
            return
        summary = self.control.summary()
        self._last_words = self._started.stop()
        # Requests between the tests, or of another scope, fail no test.
        if session.exitstatus == pytest.ExitCode.OK and any(summary["explanations"].values()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._last_words:
            terminalreporter.section("interceptor")
            terminalreporter.write("".join(self._last_words))

    def pytest_unconfigure(self) -> None:
        if self._started is not None:
            self._started.stop()

    def _watched(self, item: pytest.Item, when: str) -> Generator[None, Any, Any]:
        """Fail a phase of a test for what nobody answered in it; where it failed by itself, say so beside it."""
        try:
            result = yield
        except BaseException:
            if news := self._news():
                item.add_report_section(when, "interceptor", news)
            raise
        if news := self._news():
            pytest.fail(news, pytrace=False)
        return result

    def _news(self) -> str:
        test = self.control.test()
        news = [text for text in (*test["unhandled"], *test["failed"]) if text not in self._told]
        self._told.update(news)
        return "\n".join(news)


class _Proxy:
    """`interceptor serve` beside the session; its variables are ours until it stops.

    In a process group of its own, so that Ctrl-C does not end it before the tests.
    """

    def __init__(self, file: Path) -> None:
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # closed by `stop`
        self._process = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-m", "interceptor", "serve", "--config", str(file)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            start_new_session=True,
        )
        variables = self._variables(file.resolve().parent)
        self._environment = pytest.MonkeyPatch()
        if CONTROL_VARIABLE not in variables:
            said = "".join(self.stop())
            raise pytest.UsageError(f"INTERCEPTOR_URL is not set, and no proxy could be started\n{said}")
        self.url = variables[CONTROL_VARIABLE]
        for name in DROPPED_VARIABLES:
            self._environment.delenv(name, raising=False)
        for name, value in variables.items():
            self._environment.setenv(name, value)

    def _variables(self, root: Path) -> dict[str, str]:
        """Those that lead to it, once it is there; none where it has ended."""
        while self._process.poll() is None:
            if (noted := noted_variables(root, self._process.pid)) is not None:
                return read_variables(noted)
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return {}

    def stop(self) -> list[str]:
        """End it as Ctrl-C does; what it said. A second call says nothing."""
        if self._errors.closed:
            return []
        self._environment.undo()
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with self._errors as errors:
            errors.seek(0)
            return errors.readlines()
