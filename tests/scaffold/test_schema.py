"""The schemas against everything that is written in the project's own files, and against mistakes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from interceptor.engine import load_engine
from interceptor.engine.descriptions import load_descriptions
from interceptor.project.config import load_project
from interceptor.project.yaml_file import parse
from interceptor.scaffold.schema import contract_schema, handlers_schema, project_schema
from interceptor.values.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
SCHEMAS = {"project": project_schema(), "handlers": handlers_schema(), "contract": contract_schema()}
VALIDATORS = {kind: Draft202012Validator(schema) for kind, schema in SCHEMAS.items()}


def written() -> dict[str, tuple[str, str]]:
    """Every project file and handler file that this repository shows or runs, by where it stands."""
    found: dict[str, tuple[str, str]] = {}
    for document in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        blocks = re.findall(r"^```yaml\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE)
        for number, block in enumerate(blocks):
            found[f"{document.name}-{number}"] = (_kind(block), block)
    for file in sorted([*ROOT.glob("examples/*/*.yaml"), *ROOT.glob("examples/*/handlers/*.yaml")]):
        if file.name != "openapi.yaml":
            found[str(file.relative_to(ROOT))] = (_kind(file.read_text()), file.read_text())
    for case in sorted((ROOT / "tests/engine/cases").glob("*.yaml")):
        parts = parse(case.read_text(), case.name)[0].plain()
        found[f"{case.stem}-handlers"] = ("handlers", parts["handlers"])
        if "project" in parts:
            found[f"{case.stem}-project"] = ("project", parts["project"])
    return found


def _kind(text: str) -> str:
    if re.search("^interactions:", text, re.MULTILINE):
        return "contract"
    return "project" if re.search("^consumer:", text, re.MULTILINE) else "handlers"


def errors(kind: str, text: str) -> list[str]:
    value = parse(text, "f.yaml")[0].plain()
    return [f"{error.json_path}: {error.message}" for error in VALIDATORS[kind].iter_errors(value)]


@pytest.mark.parametrize("kind", SCHEMAS)
def test_they_are_schemas(kind: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[kind])


@pytest.mark.parametrize(("kind", "text"), [pytest.param(*each, id=name) for name, each in written().items()])
def test_whatever_we_write_is_valid(kind: str, text: str) -> None:
    assert errors(kind, text) == []


CONTRACT = "provider: A\ninteractions:\n  - "
HEAD = "provider: A\nhandlers:\n  - "
WRONG = [
    ("handlers", "provider: A\n"),
    ("handlers", "handlers: {}\n"),
    ("handlers", "handlres: []\n"),
    ("handlers", HEAD + "GET /a\n"),
    ("handlers", HEAD + "{reqest: GET /a}\n"),
    ("handlers", HEAD + "{request: GET}\n"),
    ("handlers", HEAD + "{request: {method: GET}}\n"),
    ("handlers", HEAD + "{request: {path: /a, url: 'https://a.example.com/a'}}\n"),
    ("handlers", HEAD + "{request: {path: /a, json: 1, text: a}}\n"),
    ("handlers", HEAD + "{request: {path: /a, query: {q: {$regx: x}}}}\n"),
    ("handlers", HEAD + "{request: {path: /a, query: {q: {a: 1}}}}\n"),
    ("handlers", HEAD + "{request: {path: /a, json: {$regex: a, b: 1}}}\n"),
    ("handlers", HEAD + "{request: {path: /a, json: {a: [{$type: strin}]}}}\n"),
    ("handlers", HEAD + "{request: {path: /a, json: {$one_of: []}}}\n"),
    ("handlers", HEAD + "{request: {path: /a, json: {a: {$any: false}}}}\n"),
    ("handlers", HEAD + "{request: {path: /a, multipart: {f: {filname: a}}}}\n"),
    ("handlers", HEAD + "{request: {graphql: {query: A, mutation: B}}}\n"),
    ("handlers", HEAD + "{request: {graphql: {variables: {}}}}\n"),
    ("handlers", HEAD + "{request: GET /a, response: 99}\n"),
    ("handlers", HEAD + "{request: GET /a, response: []}\n"),
    ("handlers", HEAD + "{request: GET /a, response: {stauts: 200}}\n"),
    ("handlers", HEAD + "{request: GET /a, response: {json: 1, html: a}}\n"),
    ("handlers", HEAD + "{request: GET /a, response: {delay: soon}}\n"),
    ("handlers", HEAD + "{request: GET /a, response: {delay: {min: 1}}}\n"),
    ("handlers", HEAD + "{request: GET /a, response: {error: boom}}\n"),
    ("handlers", HEAD + "{request: GET /a, response: {python: create}}\n"),
    ("handlers", HEAD + "{request: GET /a, response: {matching: {$.a: regx}}}\n"),
    ("handlers", HEAD + "{request: GET /a, response: {matching: {path: type}}}\n"),
    ("handlers", HEAD + "{request: GET /a, response: {matching: {status: fine}}}\n"),
    ("handlers", HEAD + "{request: GET /a, once: 1}\n"),
    ("handlers", HEAD + "{request: GET /a, then: {call: {ulr: 'http://localhost/'}}}\n"),
    ("handlers", HEAD + "{request: GET /a, then: {call: {url: 'http://localhost/', sign: {header: x}}}}\n"),
    ("handlers", HEAD + "{resource: /a, nmaes: {}}\n"),
    ("handlers", HEAD + "{resource: /a, only: [lst]}\n"),
    ("handlers", HEAD + "{resource: /a, id: {id: uid}}\n"),
    ("handlers", HEAD + "{resource: /a, names: {lst: a}}\n"),
    ("handlers", HEAD + "{resource: /a, responses: {one: {jsn: 1}}}\n"),
    ("handlers", HEAD + "{resource: /a, page: {sze: 2}}\n"),
    ("contract", "provider: A\n"),
    ("contract", "interactions: {}\n"),
    ("contract", CONTRACT + "{name: a}\n"),
    ("contract", CONTRACT + "{request: GET /a, once: true}\n"),
    ("contract", CONTRACT + "{request: {method: GET}}\n"),
    ("contract", CONTRACT + "{request: GET /a, response: 99}\n"),
    ("contract", CONTRACT + "{request: GET /a, response: {json: 1}}\n"),
    ("contract", CONTRACT + "{request: GET /a, response: {matching: {$.a: regx}}}\n"),
    ("contract", CONTRACT + "{request: {path: /a, query: {q: {$regx: x}}}}\n"),
    ("project", "providers: {}\n"),
    ("project", "consumer: A\nunhandeld: error\n"),
    ("project", "consumer: A\nunhandled: explode\n"),
    ("project", "consumer: A\nproviders: {B: {url: api.example.com}}\n"),
    ("project", "consumer: A\nproviders: {B: {url: 'https://x', listen: 99999}}\n"),
    ("project", "consumer: A\npact: {specification: 5}\n"),
    ("project", "consumer: A\nredact: {jsn: []}\n"),
]


@pytest.mark.parametrize(("kind", "text"), WRONG)
def test_mistakes_are_not_and_the_loader_agrees(kind: str, text: str, tmp_path: Path) -> None:
    assert errors(kind, text) != []
    project = text if kind == "project" else "consumer: C\nproviders: {A: {url: https://a.example.com}}\n"
    (tmp_path / "interceptor.yaml").write_text(project)
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "a.yaml").write_text(text if kind == "handlers" else "handlers: []\n")
    (tmp_path / "contract.yaml").write_text(text if kind == "contract" else "interactions: []\n")
    with pytest.raises(ConfigurationError):
        _load(tmp_path / "interceptor.yaml")


def _load(file: Path) -> None:
    project = load_project(file)
    load_engine(project)
    load_descriptions(project)


@pytest.mark.parametrize(
    "text",
    [
        "defaults: {request: {path: /a}}\nhandlers: [{response: 200}]\n",
        "defaults: {request: {path: /a}}\nhandlers: [{request: {query: {q: 1}}}]\n",
    ],
)
def test_a_request_may_come_from_the_defaults(text: str) -> None:
    assert errors("handlers", text) == []


def test_every_key_is_described() -> None:
    for schema in SCHEMAS.values():
        for name, definition in {"": schema, **schema["$defs"]}.items():
            for key, each in definition.get("properties", {}).items():
                assert "description" in each or "$ref" in each or name == "Names", f"{name}.{key}"


def test_every_example_of_a_key_is_valid() -> None:
    for schema in SCHEMAS.values():
        for name, definition in {"": schema, **schema["$defs"]}.items():
            for key, each in definition.get("properties", {}).items():
                check = Draft202012Validator({**each, "$defs": schema["$defs"]})
                for example in each.get("examples", []):
                    assert [error.message for error in check.iter_errors(example)] == [], f"{name}.{key}"
