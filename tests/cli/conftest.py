"""One broker for all commands that talk to one."""

import pytest

from tests import brokers


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    with brokers.serving(tmp_path_factory.mktemp("broker")) as served:
        yield served


@pytest.fixture
def at_broker(broker, monkeypatch, tmp_path):
    """The broker, known to the environment; the working folder is an empty one that is no git repository."""
    for name in ("PACT_BROKER_TOKEN", "PACT_BROKER_USERNAME", "PACT_BROKER_PASSWORD", "PACT_BROKER_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PACT_BROKER_BASE_URL", broker.url)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("PACT_BROKER_HTTP_RETRIES", "0")
    monkeypatch.chdir(tmp_path)
    return broker
