"""A pytest session that tells the proxy about its tests, and starts the proxy where there is none."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from interceptor.testing.control_client import ControlClient
from interceptor.testing.proxy import Proxy
from interceptor.values.errors import UsageError


class InterceptorSession:
    """The hooks of `pytest --interceptor`.

    With pytest-xdist they run in its workers too. The session that starts the workers starts the proxy before them,
    so that they find it in their variables, and stops it after them.
    """

    def __init__(self, config: Path) -> None:
        self._proxy = Proxy(config)
        self._told: set[str] = set()
        self._missed = ""

    @property
    def control(self) -> ControlClient:
        return self._proxy.control

    def pytest_sessionstart(self) -> None:
        try:
            self._proxy.start()
            self.control.test()
        except UsageError as error:
            raise pytest.UsageError(error.message) from error

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self._told.clear()
        self.control.begin_test(item.nodeid)
        if states := [name for marker in item.iter_markers("given") for name in marker.args]:
            self.control.given(*states)
        return (yield from self._watched())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, Any, Any]:
        return (yield from self._watched())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, Any, Any]:
        return (yield from self._watched())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Say what nobody answered in the report of a phase that failed by itself.

        Failures of unittest's cases come here only: they are no exceptions to the hooks above.
        """
        report = yield
        if self._missed and report.failed and self._missed not in report.longreprtext:
            if (add_section := getattr(report.longrepr, "addsection", None)) is not None:
                add_section("interceptor", self._missed)
            else:
                report.longrepr = f"{report.longreprtext}\n\n{self._missed}"
        return report

    @pytest.hookimpl(trylast=True)  # when the workers have ended
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        succeeded = session.exitstatus == pytest.ExitCode.OK
        # Requests between the tests, or of another scope, fail no test.
        if not self._proxy.stop(succeeded=succeeded) and succeeded:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._proxy.output:
            terminalreporter.section("interceptor")
            terminalreporter.write(self._proxy.output)

    def pytest_unconfigure(self) -> None:
        self._proxy.stop(succeeded=False)

    def _watched(self) -> Generator[None, Any, Any]:
        """Fail a phase of a test for what nobody answered in it."""
        self._missed = ""
        try:
            result = yield
        finally:
            self._missed = self._news()
        if self._missed:
            pytest.fail(self._missed, pytrace=False)
        return result

    def _news(self) -> str:
        news = [text for text in self.control.missed() if text not in self._told]
        self._told.update(news)
        return "\n".join(news)
