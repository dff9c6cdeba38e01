"""The project file, `interceptor.yaml`, as models."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from interceptor.errors import ConfigurationError, Problem
from interceptor.jsonpath import parse_path
from interceptor.models import StrictModel, validate
from interceptor.yamlfile import Node, read

PROJECT_FILE = "interceptor.yaml"
STATE_DIR = ".interceptor"

Policy: TypeAlias = Literal["error", "warn", "bypass"]
Specification: TypeAlias = Literal[2, 3, 4]


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError(f'"{url}" is not a base URL; write for example https://api.example.com/v1')
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f'"{url}" is not a base URL; leave out user, query and fragment')
    if "*" in parts.path:
        raise ValueError(f'"{url}": * is allowed in host and port only')
    return url.rstrip("/")


def _json_path(path: str) -> str:
    parse_path(path)
    return path


def _header_names(names: list[str]) -> list[str]:
    return [name.lower() for name in names]


BaseUrl: TypeAlias = Annotated[str, AfterValidator(_base_url)]
HeaderNames: TypeAlias = Annotated[list[str], AfterValidator(_header_names)]
JsonPath: TypeAlias = Annotated[str, AfterValidator(_json_path)]
Port: TypeAlias = Annotated[int, Field(ge=1, le=65535)]
Name: TypeAlias = Annotated[str, Field(min_length=1)]


class Provider(StrictModel):
    """One provider: its base URLs, the first of them canonical, and what is known about it."""

    url: Annotated[list[BaseUrl], BeforeValidator(_listed), Field(min_length=1)]
    openapi: str | None = None
    listen: Port | None = None
    env: Name | None = None


class KeptHeaders(StrictModel):
    """Headers kept in the pact beyond the policy."""

    request: HeaderNames = []
    response: HeaderNames = []


class PactSettings(StrictModel):
    """Where pacts go and what they look like."""

    dir: Name = "msw_generated_pacts"
    specification: Specification = 4
    matching: Literal["types", "none"] = "types"
    examples: Literal["all", "one-per-shape"] = "all"
    comments: bool = False
    headers: KeptHeaders = KeptHeaders()


class Redaction(StrictModel):
    """Names of secrets beyond the built-in lists."""

    headers: HeaderNames = []
    query: list[str] = []
    json_: Annotated[list[JsonPath], Field(alias="json")] = []


class ProjectFile(StrictModel):
    """Everything `interceptor.yaml` may say."""

    consumer: Name
    providers: Annotated[dict[str, Provider], Field(default_factory=dict)]
    handlers: Annotated[list[str], BeforeValidator(_listed)] = ["handlers/"]
    unhandled: Policy = "error"
    others: Policy = "bypass"
    record: Literal["mocked", "all"] = "mocked"
    exclude: list[str] = []
    pact: PactSettings = PactSettings()
    redact: Redaction = Redaction()
    upstream_proxy: str | None = None


@dataclass(frozen=True)
class Project:
    """The project file together with where it stands; every path in it is relative to `root`."""

    root: Path
    file: Path
    settings: ProjectFile
    node: Node

    @property
    def state_dir(self) -> Path:
        """Recordings and the certificate authority; the folder ignores itself in git."""
        return self.root / STATE_DIR

    @property
    def recordings(self) -> Path:
        return self.state_dir / "recordings"

    @property
    def pact_dir(self) -> Path:
        return self.root / self.settings.pact.dir

    @property
    def providers(self) -> Mapping[str, Provider]:
        return self.settings.providers

    def shown(self, path: Path) -> str:
        """A path as messages name it: relative to the project where it is inside."""
        return shown_path(path, self.root)


def shown_path(path: Path, root: Path) -> str:
    """`path` relative to `root` where it is inside, else as it is."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return str(path)


def load_project(file: Path) -> Project:
    """Read and check the project file.

    Raises:
        ConfigurationError: with every problem in it.
    """
    shown = shown_path(file, Path.cwd())
    if not file.exists():
        message = "there is no project file here; write one that names the consumer, its providers and its handlers"
        raise ConfigurationError([Problem(shown, 1, 1, message)])
    root = file.resolve().parent
    node, _ = read(file, shown)
    if node.kind != "mapping":
        raise ConfigurationError([node.problem("the project file must be a mapping")])
    settings, problems = validate(ProjectFile, node)
    if settings is not None:
        problems = _cross_check(settings, node, root)
    if settings is None or problems:
        raise ConfigurationError(problems)
    return Project(root, file, settings, node)


def _cross_check(settings: ProjectFile, node: Node, root: Path) -> list[Problem]:
    """What no single key can know: files that exist, ports and URLs that are used once."""
    problems: list[Problem] = []
    urls: dict[str, str] = {}
    ports: dict[int, str] = {}
    variables: dict[str, str] = {}
    for name, provider in settings.providers.items():
        where = node.at("providers", name)
        if not name.strip():
            problems.append(where.problem("a provider needs a name"))
        for index, url in enumerate(provider.url):
            if (owner := urls.setdefault(url.lower(), name)) != name:
                problems.append(where.at("url", index).problem(f'"{url}" already belongs to {owner}'))
        if provider.listen is not None and (owner := ports.setdefault(provider.listen, name)) != name:
            problems.append(where.at("listen").problem(f"port {provider.listen} already belongs to {owner}"))
        if provider.env is not None and (owner := variables.setdefault(provider.env, name)) != name:
            problems.append(where.at("env").problem(f"{provider.env} is already set for {owner}"))
        if (provider.listen or provider.env) and "*" in provider.url[0]:
            message = "a provider that is served on an address of its own needs a first url without *"
            problems.append(where.at("url", 0).problem(message))
        if provider.openapi and "://" not in provider.openapi and not (root / provider.openapi).is_file():
            problems.append(where.at("openapi").problem(f'there is no file "{provider.openapi}"'))
    if not _inside(root / settings.pact.dir, root):
        problems.append(node.at("pact", "dir").problem("the pact directory must be inside the project"))
    return problems


def _inside(path: Path, root: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
