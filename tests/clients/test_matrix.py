"""Every client reaches the proxy under `interceptor run`, whatever it knows of proxies and certificates."""

from __future__ import annotations

import pytest

from tests.clients.rows import NOT_BY_RUN, NOT_ISOLATED, ROWS, Measured, documented, measure
from tests.clients.test_isolation import ALLOWED

pytestmark = [pytest.mark.clients, pytest.mark.slow]
OF_ROWS = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> Measured:
    return measure(tmp_path_factory.mktemp("clients"), isolation=ALLOWED)


def require(measured, row):
    if row.program in measured.missing:
        pytest.skip(measured.missing[row.program])


@OF_ROWS
def test_a_client_is_answered_recorded_and_in_the_pact(measured, row):
    require(measured, row)
    assert measured.by_run(row) == NOT_BY_RUN.get(row.name, "yes"), measured.matrix.output(row.program)
    if measured.isolated is not None and row.name in NOT_BY_RUN:
        expected = NOT_ISOLATED.get(row.name, "yes")
        assert measured.by_isolation(row) == expected, measured.isolated.output(row.program)


@OF_ROWS
def test_the_table_in_the_documentation_says_so(measured, row):
    require(measured, row)
    by_run, isolated = documented()[row.language, row.title]
    assert by_run == measured.by_run(row), "make clients-table"
    if measured.isolated is not None:
        assert isolated == measured.by_isolation(row), "make clients-table"


def test_the_table_has_a_place_for_every_client_and_for_nothing_else():
    assert documented().keys() == {(row.language, row.title) for row in ROWS}


def test_nobody_else_was_seen(measured):
    assert {client for client, _ in measured.matrix.asked} <= {row.name for row in ROWS}
    assert "unhandled" not in measured.matrix.errors.replace("0 unhandled", ""), measured.matrix.errors
