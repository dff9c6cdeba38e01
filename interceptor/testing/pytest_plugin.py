"""`pytest --interceptor`: names each test at the control address, and fails one that made an unhandled request.

pytest imports this module in every project that has the package installed, so all else is imported on demand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from interceptor.testing.control_client import ControlClient

_SESSION = "interceptor-session"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("interceptor", "interceptor: mock handlers and pacts")
    group.addoption(
        "--interceptor",
        action="store_true",
        help="Name each test at the proxy's control address, and fail tests that make unhandled requests. "
        "Without `interceptor run` around pytest, the proxy is started for the session, and writes the pacts at its "
        "end.",
    )
    group.addoption(
        "--interceptor-config",
        metavar="FILE",
        help="The project file for a proxy that is started. Default: interceptor.yaml in the root directory.",
    )
    parser.addini("interceptor", "The same as --interceptor.", type="bool", default=False)
    parser.addini("interceptor_config", "The same as --interceptor-config.", default="interceptor.yaml")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "given(*names): the provider states that hold while the test runs (interceptor)")
    if config.getoption("--interceptor") or config.getini("interceptor"):
        from interceptor.testing.pytest_session import InterceptorSession  # noqa: PLC0415  # as above

        file = config.getoption("--interceptor-config") or config.getini("interceptor_config")
        config.pluginmanager.register(InterceptorSession(config.rootpath / file), _SESSION)


@pytest.fixture
def interceptor(request: pytest.FixtureRequest) -> Iterator[ControlClient]:
    """Declare states, add handlers, look at exchanges; all of it is forgotten after the test."""
    session = request.config.pluginmanager.get_plugin(_SESSION)
    if session is None:
        reason = "the fixture interceptor needs the option --interceptor, or interceptor = true in pytest's settings"
        pytest.fail(reason, pytrace=False)
    yield session.control
    session.control.reset()
