"""The files of a new project; whatever can be detected is not asked for."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import chain, count
from pathlib import Path
from typing import Any

from jinja2 import Environment

from interceptor.project.config import PROJECT_FILE
from interceptor.project.yaml_text import as_yaml
from interceptor.scaffold.schema import SCHEMA_DIR
from interceptor.values.errors import UsageError
from interceptor.values.json_text import Json, parse_json
from interceptor.values.variables import STATE_DIR

HANDLERS_DIR = "handlers"

FIRST_HANDLER: dict[str, Json] = {
    "request": "GET /products/:id",
    "name": "a request for product {{ params.id }}",
    "given": "product {{ params.id }} exists",
    "response": {"json": {"id": "{{ params.id }}", "name": "Kettle"}},
}
"""The example in a new handler file, to be replaced by a request of the consumer."""


@dataclass(frozen=True, slots=True)
class NewProvider:
    """A provider of the new project, with its handlers and the files that they need (by path below their folder)."""

    name: str
    urls: list[str]
    handlers: list[dict[str, Json]]
    fixtures: Mapping[str, bytes]
    openapi: str | None = None
    """Its OpenAPI document: a path inside the project, or a URL."""
    data: Mapping[str, Json] = field(default_factory=dict)
    """Values for templates and conditions."""


def consumer_name(root: Path) -> str:
    """The name of the project in a folder, from its package manager's manifest, else the folder's name."""
    for manifest, read in _MANIFESTS.items():
        try:
            name = read((root / manifest).read_text(encoding="utf-8"))
        except (OSError, ValueError, LookupError, TypeError, RecursionError):  # tomllib has no limit of its own
            continue
        if isinstance(name, str) and name.strip():
            return name.strip()
    return root.resolve().name or "consumer"


def _go_module(text: str) -> str:
    """`module github.com/acme/shop/v2` -> `shop`"""
    match = re.search(r"^module\s+\"?([^\s\"]+)", text, re.MULTILINE)
    return re.sub(r"/v\d+$", "", match[1]).rpartition("/")[2] if match else ""


def _python_project(text: str) -> Any:
    document = tomllib.loads(text)
    return document["project"]["name"] if "project" in document else document["tool"]["poetry"]["name"]


_MANIFESTS: dict[str, Callable[[str], Any]] = {
    "package.json": lambda text: parse_json(text.encode())["name"].rpartition("/")[2],
    "pyproject.toml": _python_project,
    "Cargo.toml": lambda text: tomllib.loads(text)["package"]["name"],
    "go.mod": _go_module,
    "composer.json": lambda text: parse_json(text.encode())["name"].rpartition("/")[2],
}


def project_files(consumer: str, providers: Iterable[NewProvider], name: str = PROJECT_FILE) -> dict[str, bytes]:
    """The files of a new project, by path below its folder; `name` is that of the project file."""
    providers = list(providers)
    shown = [
        {
            "name": as_yaml(each.name),
            "url": as_yaml(each.urls[0] if len(each.urls) == 1 else each.urls),
            "openapi": each.openapi and as_yaml(each.openapi),
        }
        for each in providers
    ]
    written = {
        name: _rendered(
            "interceptor.yaml.j2",
            schema=f"{STATE_DIR}/{SCHEMA_DIR}/project.json",
            consumer=as_yaml(consumer),
            providers=shown,
        )
    }
    for provider in providers:
        written[_handler_file(provider.name, written)] = _rendered(
            "handlers.yaml.j2",
            schema=f"../{STATE_DIR}/{SCHEMA_DIR}/handlers.json",
            provider=as_yaml(provider.name),
            data=as_yaml({"data": dict(provider.data)}) if provider.data else "",
            handlers="\n\n".join(_item(handler) for handler in provider.handlers),
        )
        written |= {f"{HANDLERS_DIR}/{name}": content for name, content in provider.fixtures.items()}
    return written


def write_files(root: Path, written: Mapping[str, bytes], *, force: bool = False) -> list[Path]:
    """Write files below a folder; if one exists already, none is written.

    Raises:
        UsageError: a file exists and must not be overwritten, or the folder cannot be written.
    """
    there = [name for name in written if os.path.lexists(root / name)]  # a link to nowhere is a file, too
    if there and not force:
        raise UsageError(f"already exists: {', '.join(there)}", "use --force to overwrite")
    paths = []
    for name, content in written.items():
        path = root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}", "check the rights of the folder") from error
        paths.append(path)
    return paths


def _rendered(template: str, **values: Any) -> bytes:
    environment = Environment(keep_trailing_newline=True, trim_blocks=True, autoescape=False)  # noqa: S701  # YAML
    text = files("interceptor.templates").joinpath(template).read_text(encoding="utf-8")
    return environment.from_string(text).render(values).encode()


def _item(handler: dict[str, Json]) -> str:
    """A handler as an element of the list under `handlers`."""
    return "\n".join(f"  {line}" if line else "" for line in as_yaml([handler]).removeprefix("  ").split("\n"))


def _handler_file(provider: str, taken: Container[str]) -> str:
    """`Product API` -> `handlers/product-api.yaml`, or `handlers/product-api-2.yaml` if that one is taken."""
    stem = re.sub(r"[^a-z0-9.]+", "-", provider.lower()).strip("-.") or "provider"
    names = (f"{HANDLERS_DIR}/{stem}{suffix}.yaml" for suffix in chain([""], (f"-{number}" for number in count(2))))
    return next(name for name in names if name not in taken)
