"""`interceptor export`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from interceptor.cli import main
from tests.exchanges import exchange, journal, project


@pytest.fixture
def called(capsys, tmp_path, monkeypatch):
    here = project(tmp_path)
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(["export", *map(str, arguments)])
        output = capsys.readouterr()
        return ended.value.code, output.out, output.err

    call.project = here
    return call


def test_the_latest_run_is_exported(called, tmp_path):
    recordings = called.project.recordings
    journal(recordings / "2026-11-21T20-46-03Z-aaaa.jsonl", [exchange("GET /old", {"a": 1})])
    journal(recordings / "2026-11-22T20-46-03Z-aaaa.jsonl", [exchange("GET /new", {"a": 1})])
    code, out, err = called()
    assert (code, out) == (0, "")
    assert "interceptor  msw_generated_pacts/Product Site-Product API.json   1 interaction   +1 ~0 -0\n" in err
    written = json.loads((tmp_path / "msw_generated_pacts" / "Product Site-Product API.json").read_text())
    assert [each["description"] for each in written["interactions"]] == ["GET /new returns 200"]


def test_without_a_recording_it_says_how_to_make_one(called):
    code, _, err = called()
    assert code == 2
    assert "interceptor run -- COMMAND" in err


def test_options(called, tmp_path):
    one = journal(tmp_path / "1.jsonl", [exchange("GET /a", {"a": 1})])
    two = journal(tmp_path / "2.jsonl", [exchange("GET /b", {"a": 1})])
    code, _, err = called(one, "--output", "there", "--specification", "2", "--consumer", "Me")
    assert (code, "there/Me-Product API.json   1 interaction   +1 ~0 -0\n" in err) == (0, True)
    code, _, err = called(two, "-o", "there", "--specification", "2", "--consumer", "Me", "--merge")
    assert (code, "there/Me-Product API.json   2 interactions   +1 ~0 -0\n" in err) == (0, True)
    assert called(one, "--specification", "5")[0] == 2


def test_json(called, tmp_path):
    path = journal(tmp_path / "1.jsonl", [exchange("GET /a", {"a": 1})])
    path.write_text(path.read_text() + "nonsense\n")
    code, out, err = called(path, "--json")
    assert (code, err) == (1, "")
    said = json.loads(out)
    assert said["pacts"] == [
        {
            "consumer": "Product Site",
            "provider": "Product API",
            "file": "msw_generated_pacts/Product Site-Product API.json",
            "interactions": 1,
            "added": 1,
            "changed": 0,
            "removed": [],
        }
    ]
    assert [finding["code"] for finding in said["findings"]] == ["recording.damaged"]
    assert said["without_exchanges"] == []


def test_a_provider_without_exchanges_is_named(called, tmp_path):
    code, _, err = called(journal(tmp_path / "1.jsonl", []))
    assert code == 0
    assert "no exchange with Product API: its pact is unchanged" in err


@pytest.mark.slow
def test_exporting_does_not_import_the_proxy(called, tmp_path):
    journal(called.project.recordings / "1.jsonl", [exchange("GET /a", {"a": 1})])
    check = (
        "import sys\nfrom interceptor.cli import main\n"
        "try: main(['export'])\nexcept SystemExit as end: assert end.code == 0\n"
        "assert not [name for name in sys.modules if name.partition('.')[0] == 'mitmproxy']"
    )
    subprocess.run([sys.executable, "-c", check], cwd=tmp_path, check=True, timeout=60, capture_output=True)
