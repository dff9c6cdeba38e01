"""Random test data changes the pact in each run: that is told once, and `examples: keep` prevents it."""

from __future__ import annotations

import json

import pytest
import yaml

from interceptor.cli import main

PACT = "msw_generated_pacts/Shop-Users.json"
CHANGED = "changed in values only"


@pytest.fixture
def export(capsys, tmp_path, monkeypatch):
    """`export(user, ..., examples="keep")` -> the interactions on disk, and what was said."""
    monkeypatch.chdir(tmp_path)

    def run(*users, examples="all", status=201, path="/users"):
        settings = {"consumer": "Shop", "providers": {"Users": {"url": "https://users.example.com"}}}
        (tmp_path / "interceptor.yaml").write_text(yaml.safe_dump({**settings, "pact": {"examples": examples}}))
        head = {
            "interceptor": "journal",
            "version": 1,
            "run": "r",
            "consumer": "Shop",
            "started": "2026-11-21T20:46:03.120Z",
            "tool": "0.1.0",
        }
        lines = [head, *(exchange(path, user, status) for user in users)]
        text = "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in lines)
        (tmp_path / "run.jsonl").write_text(text)
        with pytest.raises(SystemExit) as ended:
            main(["export", "run.jsonl"])
        said = capsys.readouterr()
        assert ended.value.code == 0, said
        return (tmp_path / PACT).read_text(), said.out + said.err

    return run


def exchange(path, user, status):
    json_type = [["content-type", "application/json"]]
    path = path.format(**user)
    return {
        "at": "2026-11-21T20:46:04.001Z",
        "ms": 1,
        "provider": "Users",
        "outcome": "mocked",
        "handler": "handlers/a.yaml:3",
        "entry": 0,
        "path": path,
        "request": {
            "method": "POST",
            "url": f"https://users.example.com{path}",
            "headers": json_type,
            "body": {"text": json.dumps(user)},
        },
        "response": {"status": status, "headers": json_type, "body": {"text": json.dumps({"id": 1, **user})}},
    }


@pytest.mark.parametrize("path", ["/users", "/users/{name}"])
def test_values_that_differ_in_every_run_are_told_once_with_the_remedy(export, path):
    assert CHANGED not in export({"name": "Ada"}, {"name": "Grace"}, path=path)[1]
    assert CHANGED not in export({"name": "Ada"}, {"name": "Grace"}, path=path)[1]
    _, said = export({"name": "Barbara"}, {"name": "Edsger"}, path=path)
    assert said.count(CHANGED) == 1
    assert f"2 interactions {CHANGED}" in said
    for remedy in ("seed its generator", "examples: keep", "examples: one-per-shape", "matching"):
        assert remedy in said


@pytest.mark.parametrize("path", ["/users", "/users/{name}"])
def test_kept_examples_give_the_same_bytes(export, path):
    first, _ = export({"name": "Ada"}, {"name": "Grace"}, examples="keep", path=path)
    second, said = export({"name": "Barbara"}, {"name": "Edsger"}, examples="keep", path=path)
    assert second == first
    assert CHANGED not in said


def test_an_example_of_other_types_or_status_is_not_kept(export):
    export({"name": "Ada"}, examples="keep")
    pact, said = export({"name": "Barbara", "age": 7}, examples="keep")
    assert ("Barbara" in pact, "Ada" in pact, CHANGED in said) == (True, False, False)
    pact, _ = export({"name": 7}, examples="keep")
    assert '"name": 7' in pact
    pact, _ = export({"name": 8}, examples="keep", status=200)
    assert '"name": 8' in pact


def test_what_is_new_beside_kept_examples_is_added(export):
    export({"name": "Ada"}, examples="keep", path="/users/{name}")
    pact, _ = export({"name": "Barbara"}, {"name": "Edsger"}, examples="keep", path="/users/{name}")
    assert len(json.loads(pact)["interactions"]) == 2
    assert "Ada" in pact
