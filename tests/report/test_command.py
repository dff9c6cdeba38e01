"""`interceptor report` and `check --report`: what goes into the page, and what is said where something cannot."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.report.page import report_page
from interceptor.report.page_data import ReportContents
from tests.proxy.live import write
from tests.report.conftest import FILES, interceptor


def data(file, name="data"):
    return json.loads(re.search(rf'id="{name}">(.*?)</script>', file.read_text(), re.DOTALL)[1])


@pytest.fixture
def copy(project, tmp_path):
    """The project without git and recordings."""
    ignored = shutil.ignore_patterns(".git", ".interceptor")
    return shutil.copytree(project, tmp_path / "copy", ignore=ignored)


def test_without_git_and_recordings_the_contract_is_left(copy, monkeypatch, capsys):
    monkeypatch.chdir(copy)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(copy.parent))
    assert interceptor("report", "-o", "page.html") in {None, 0}
    assert capsys.readouterr().err == "interceptor  the report is in page.html\n"
    found = data(copy / "page.html")
    (pact,) = found["pacts"]
    assert len(pact["interactions"]) == 3
    assert pact["against"] is None
    assert (found["exchanges"], found["run"]) == (0, {})
    assert found["coverage"]


def test_check_writes_it_too(copy, monkeypatch):
    monkeypatch.chdir(copy)
    assert interceptor("check", "--report", "deep/page.html") == 1
    codes = {each["code"] for each in data(copy / "deep" / "page.html")["findings"] if each["by"] == "check"}
    assert "response.body.incompatible" in codes


def test_what_cannot_be_read_is_said_and_left_out(copy, monkeypatch, capsys):
    monkeypatch.chdir(copy)
    (copy / "msw_generated_pacts" / "broken.json").write_text("{")
    (copy / "openapi.json").write_text("[]")
    assert interceptor("report", "-o", "page.html") in {None, 0}
    said = capsys.readouterr().err
    assert "left out of the report: broken.json is not a pact" in said
    assert "left out of the report: " in said.replace("left out of the report: broken.json", "")
    assert len(data(copy / "page.html")["pacts"]) == 1


def test_a_revision_that_git_does_not_know_is_an_error(project, monkeypatch, capsys):
    monkeypatch.chdir(project)
    assert interceptor("report", "--against", "nowhere") == 2
    assert 'git knows no revision "nowhere"' in capsys.readouterr().err


def test_a_page_that_cannot_be_written_is_an_error(copy, monkeypatch, capsys):
    monkeypatch.chdir(copy)
    assert interceptor("report", "-o", "interceptor.yaml/page.html") == 2
    assert "cannot write interceptor.yaml/page.html" in capsys.readouterr().err


@given(
    text=st.text(), value=st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.lists(inner, max_size=3))
)
def test_whatever_the_data_say_they_come_back_and_end_no_element(text, value):
    line = {"outcome": "passed", "name": value, "request": {"method": text}, "response": None}
    page = report_page(ReportContents(text, text, exchanges=[line], run={text: {text: 1}})).decode()
    found = [re.search(rf'id="{name}">(.*?)</script>', page, re.DOTALL)[1] for name in ("data", "traffic")]
    assert not re.search("[<>&\u2028\u2029]", "".join(found))
    (read,) = json.loads(found[1])
    if text.isprintable():
        assert read["request"]["method"] == text
        assert json.loads(found[0])["consumer"] == text


def test_a_number_too_large_for_json_is_shown_as_text(tmp_path):
    line = {"outcome": "passed", "name": [float("-inf"), 1.5], "request": {}, "response": None}
    (tmp_path / "page.html").write_bytes(report_page(ReportContents("Site", "", exchanges=[line])))
    assert data(tmp_path / "page.html", "traffic")[0]["name"] == ["-1e999", 1.5]


def test_very_long_bodies_are_cut(tmp_path, monkeypatch):
    monkeypatch.chdir(write(tmp_path, FILES))
    entry = {
        "startedDateTime": "2026-11-21T20:46:04.000Z",
        "request": {"method": "GET", "url": "https://api.example.com/v1/big", "headers": [], "queryString": []},
        "response": {
            "status": 200,
            "headers": [{"name": "content-type", "value": "text/plain"}],
            "content": {"mimeType": "text/plain", "text": "x" * 50_000},
        },
    }
    (tmp_path / "traffic.har").write_text(json.dumps({"log": {"version": "1.2", "entries": [entry]}}))
    assert interceptor("report", "traffic.har") in {None, 0}
    found = data(tmp_path / ".interceptor" / "report.html")
    (line,) = data(tmp_path / ".interceptor" / "report.html", "traffic")
    assert line["response"]["body"] == {"text": "x" * 20_000, "cut": 50_000}
    assert (found["run"]["requests"], found["run"]["passed"]) == (1, 1)
