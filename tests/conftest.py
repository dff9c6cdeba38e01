"""What the tests of every room share."""

import os

from hypothesis import settings

from tests import forked
from tests.controlled import environment, proxy
from tests.engines import build_engine

__all__ = ["build_engine", "environment", "proxy"]  # fixtures


def pytest_configure(config):
    os.environ.pop("GITHUB_STEP_SUMMARY", None)  # a run of the tests is not to add to the job's summary
    if not hasattr(config, "workerinput"):  # its workers share what the session itself starts
        forked.begin()


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("clients") is None)  # what takes longest begins first


# The same examples in every run: a gate that fails by chance is not believed when it is right. To look for new ones:
# pytest --hypothesis-profile=search
settings.register_profile("gate", derandomize=True, database=None, deadline=None)
settings.register_profile("search", max_examples=1000, deadline=None)
settings.load_profile("gate")
