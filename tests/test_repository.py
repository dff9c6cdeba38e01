"""The repository's own habits: workflows that parse, commands that exist, versions that stand once."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
(PACKAGE,) = find_spec("check_jsonschema").submodule_search_locations
SCHEMAS = Path(PACKAGE) / "builtin_schemas" / "vendor"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WITH_COMMANDS = [
    *WORKFLOWS,
    ROOT / ".ci" / "run",
    ROOT / ".pre-commit-config.yaml",
    ROOT / ".github" / "PULL_REQUEST_TEMPLATE.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "README.md",
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CONSTRAINTS = (ROOT / "constraints.txt").read_text("utf-8")
DIRECT = [
    *PROJECT["project"]["dependencies"],
    *(each for group in PROJECT["dependency-groups"].values() for each in group if isinstance(each, str)),
]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read(path: Path) -> dict[str, Any]:
    document = yaml.safe_load(path.read_text("utf-8"))
    if True in document:
        document["on"] = document.pop(True)  # YAML 1.1 reads a truth value where the service reads a word
    return document


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        *((path, "github-workflows.json") for path in WORKFLOWS),
        (ROOT / ".github" / "dependabot.yml", "dependabot.json"),
    ],
    ids=lambda value: value if isinstance(value, str) else name_of(value),
)
def test_it_is_what_the_service_reads(path: Path, schema: str) -> None:
    jsonschema.validate(read(path), json.loads((SCHEMAS / schema).read_text("utf-8")))


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_a_workflow_may_read_alone_and_pins_its_actions(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    actions = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert actions
    assert [action for action in actions if not re.search(r"@(release/)?v\d+$", action)] == []


@pytest.mark.parametrize("path", WITH_COMMANDS, ids=name_of)
def test_every_target_that_is_named_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|[`$:;]\s*|^\s+)make ([a-z][a-z-]*)", path.read_text("utf-8"), re.MULTILINE))
    assert named
    assert named <= targets


def test_the_gate_runs_on_every_supported_python() -> None:
    prefix = "Programming Language :: Python :: "
    supported = {each.removeprefix(prefix) for each in PROJECT["project"]["classifiers"] if each.startswith(prefix)}
    matrix = read(ROOT / ".github" / "workflows" / "gate.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert set(matrix["python"]) == supported - {"3"}


def test_the_constraints_name_versions_and_no_place() -> None:
    lines = [line for line in CONSTRAINTS.splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.match(r"[a-z0-9-]+==[0-9][^\s/@]*( ; [^/@]+)?$", line)] == []
    assert "://" not in CONSTRAINTS


@pytest.mark.parametrize("requirement", DIRECT)
def test_the_constraints_hold_what_is_asked_for(requirement: str) -> None:
    asked = Requirement(requirement)
    pinned = [Requirement(line) for line in CONSTRAINTS.splitlines() if not line.startswith("#")]
    versions = [
        version.version
        for each in pinned
        if each.name == asked.name.lower() and (each.marker is None or each.marker.evaluate())
        for version in each.specifier
    ]
    assert len(versions) == 1
    assert asked.specifier.contains(versions[0])


def test_the_hooks_are_local() -> None:
    assert [each["repo"] for each in read(ROOT / ".pre-commit-config.yaml")["repos"]] == ["local"]
