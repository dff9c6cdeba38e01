"""Directories of cases: a recording of any form and a project file, the pacts and the findings that must come of them.

After a change that is meant to change pacts, write them anew with `interceptor export`, put `(ours)` in the place of
our version, and read the difference.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from interceptor import __version__
from interceptor.conversion import convert
from interceptor.project.config import load_project
from interceptor.proxy.mitm.flow_files import read_flows

CASES = sorted(folder for folder in (Path(__file__).parent / "cases").iterdir() if folder.is_dir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case, tmp_path):
    project = load_project(case / "interceptor.yaml")
    conversion = convert(project, sorted(case.glob("recording.*")), output=tmp_path, read_flows=read_flows)
    version = f'"version": "{__version__}"'
    written = {
        path.name: path.read_text(encoding="utf-8").replace(version, '"version": "(ours)"')
        for path in tmp_path.iterdir()
    }
    expected = {path.name: path.read_text(encoding="utf-8") for path in (case / "expected").glob("*.json")}
    assert written == expected
    findings = [f"{finding.code} {finding.handler or ''}".strip() for finding in conversion.findings]
    file = case / "expected" / "findings.txt"
    assert findings == (file.read_text(encoding="utf-8").splitlines() if file.exists() else [])
