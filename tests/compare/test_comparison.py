"""Each case is a directory: a document, a pact, and what the comparison finds.

`differs` says where PactFlow's own engine has other codes; docs/check.md explains each of these.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from interceptor.check import check
from interceptor.openapi.files import read_file

CASES = sorted((Path(__file__).parent / "cases").iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_pact_is_compared_with_a_document(case, monkeypatch):
    monkeypatch.chdir(case)

    checked = check([Path("pact.json")], None, openapi="openapi.yaml")

    expected = read_file("expected.yaml", case)["findings"]
    assert [_as_written(finding) for finding in checked.findings] == [_in_full(finding) for finding in expected]
    assert all(finding.message for finding in checked.findings)


def _as_written(finding):
    place = finding.document_place and finding.document_place.removeprefix("openapi.yaml")
    return (finding.interaction, finding.code, finding.type, finding.place, place)


def _in_full(expected):
    return tuple(expected.get(key) for key in ("interaction", "code", "type", "place", "document_place"))
