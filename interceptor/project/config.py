"""The project file, `interceptor.yaml`, as models."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from interceptor.project.models import StrictModel, validate
from interceptor.project.yaml_file import read
from interceptor.project.yaml_nodes import Node
from interceptor.values.errors import ConfigurationError, Problem
from interceptor.values.origins import Owners
from interceptor.values.place import parse_path
from interceptor.values.variables import STATE_DIR

PROJECT_FILE = "interceptor.yaml"
CONTRACT_FILE = "contract.yaml"
LARGEST_BODY = 1_000_000
"""Bytes; what is larger tells a reader of a contract nothing."""

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kM]?)B\Z")
_AUTHORITY = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::(\d{1,5}|\*))?\Z")
_UNITS = {"": 1, "k": 1000, "M": 1000**2}

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
    match = _AUTHORITY.match(parts.netloc)
    if match is None or ((match[1] or "").isdigit() and int(match[1]) > 65535):
        raise ValueError(f'"{url}" is not a base URL: "{parts.netloc}" is no host with a port')
    if "*" in parts.path:
        raise ValueError(f'"{url}": * is allowed in host and port only')
    return url.rstrip("/")


def _bytes(value: Any) -> Any:
    """`"500kB"` -> 500000."""
    if not isinstance(value, str):
        return value
    match = _SIZE.match(value.strip())
    if match is None:
        raise ValueError(f'"{value}" is not a size; write for example 500kB or 2MB')
    return int(float(match[1]) * _UNITS[match[2]])


def _json_path(path: str) -> str:
    parse_path(path)
    return path


def _header_names(names: list[str]) -> list[str]:
    return [name.lower() for name in names]


BaseUrlText: TypeAlias = Annotated[str, AfterValidator(_base_url)]
HeaderNames: TypeAlias = Annotated[list[str], AfterValidator(_header_names)]
JsonPath: TypeAlias = Annotated[str, AfterValidator(_json_path)]
Port: TypeAlias = Annotated[int, Field(ge=1, le=65535)]
Name: TypeAlias = Annotated[str, Field(min_length=1)]


class Provider(StrictModel):
    """One provider: its base URLs, the first of them canonical, and what is known about it."""

    url: Annotated[
        list[BaseUrlText],
        BeforeValidator(_listed),
        Field(
            min_length=1,
            examples=["https://api.example.com/v1", ["https://api.example.com", "https://*.example.com:*"]],
        ),
    ]
    """Base URL or URLs: origin and optional base path, `*` allowed in host and port. The first is canonical."""
    openapi: Annotated[str | None, Field(examples=["openapi/products.yaml"])] = None
    """The provider's OpenAPI document: a file in the project, or a URL."""
    graphql: Annotated[str | None, Field(examples=["schema.graphql"])] = None
    """The provider's GraphQL schema: a file in the project, of definitions or of an introspection in JSON."""
    listen: Annotated[Port | None, Field(examples=[3000])] = None
    """Also serve this provider at `http://localhost:PORT`, for clients that ignore proxy variables."""
    env: Annotated[Name | None, Field(examples=["API_BASE_URL"])] = None
    """Set this variable to the provider's local address, base path included. Without `listen`, at a free port."""


class MswHandlers(StrictModel):
    """Handlers of MSW, version 2 or later, that answer what the YAML handlers do not."""

    msw: Annotated[Name, Field(examples=["src/mocks/handlers.ts"])]
    """A JavaScript or TypeScript file that exports them as `handlers`, or by default."""


def _kind_of_handlers(value: Any) -> str:
    return "text" if isinstance(value, str) else "mapping"


HandlersEntry: TypeAlias = Annotated[
    Annotated[str, Tag("text")] | Annotated[MswHandlers, Tag("mapping")], Discriminator(_kind_of_handlers)
]


class KeptHeaders(StrictModel):
    """Headers kept in the pact, beyond the usual ones."""

    request: Annotated[HeaderNames, Field(examples=[["x-tenant"]])] = []
    """Names of request headers."""
    response: Annotated[HeaderNames, Field(examples=[["location"]])] = []
    """Names of response headers."""


class PactSettings(StrictModel):
    """Where pacts go and what they look like."""

    dir: Name = "msw_generated_pacts"
    """The folder of the pact files, inside the project."""
    specification: Specification = 4
    """Version of the Pact specification; pact-ruby providers read 2."""
    matching: Literal["types", "none"] = "types"
    """`types`: bodies are compared by type. `none`: only by the rules that handlers declare."""
    examples: Literal["all", "one-per-shape", "keep"] = "all"
    """`all`: every distinct exchange. `one-per-shape`: one of those whose bodies have the same members and types.
    `keep`: as `all`, with the examples of the pact on disk wherever they still have the same members and types."""
    max_body: Annotated[int, BeforeValidator(_bytes), Field(ge=0, examples=["500kB", "2MB"])] = LARGEST_BODY
    """Larger bodies are left out of journal and pact. A number of bytes, or a text with a unit."""
    comments: bool = False
    """Specification 4 only: add the names of the tests to each interaction."""
    headers: Annotated[KeptHeaders, Field(examples=[{"request": ["x-tenant"], "response": ["location"]}])] = (
        KeptHeaders()
    )
    """Headers to keep, beyond the usual ones: those that a handler names, content-type, accept, authorization."""


class Observe(StrictModel):
    """Mocks inside the consumer's processes whose responses are recorded, as if handlers had given them."""

    msw: bool = True
    """Mock Service Worker in Node, versions 1 to 3."""
    nock: bool = True
    """nock, version 13 and later."""
    python: bool = True
    """respx, pytest-httpx, responses, requests-mock, vcrpy and aioresponses in Python processes."""


class Reach(StrictModel):
    """How clients that read no proxy variables reach the proxy."""

    node: bool = True
    """Load a file into Node processes, by NODE_OPTIONS."""
    python: bool = True
    """Load a `sitecustomize` into Python processes, by PYTHONPATH."""
    java: bool = True
    """Set properties by JAVA_TOOL_OPTIONS. Each Java process says on its standard error that it picked them up."""
    isolated: bool = False
    """Run the command in its own network if possible (Linux): there, owned hosts resolve to the proxy."""


class Redaction(StrictModel):
    """Names of secrets beyond the built-in lists."""

    headers: Annotated[HeaderNames, Field(examples=[["x-session"]])] = []
    """Names of headers."""
    query: Annotated[list[str], Field(examples=[["ticket"]])] = []
    """Names of query parameters and form fields."""
    json_: Annotated[list[JsonPath], Field(alias="json", examples=[["$..password"]])] = []
    """Paths of members of JSON bodies."""


class ProjectFile(StrictModel):
    """Everything `interceptor.yaml` may say."""

    consumer: Annotated[Name, Field(examples=["Product Site"])]
    """The consumer's name in pacts and broker."""
    providers: Annotated[
        dict[str, Provider],
        Field(default_factory=dict, examples=[{"Product API": {"url": "https://api.example.com/v1"}}]),
    ]
    """By name. The provider with the longest matching url owns a request."""
    handlers: Annotated[
        list[HandlersEntry],
        BeforeValidator(_listed),
        Field(examples=["handlers/", ["handlers/*.yaml", {"msw": "src/mocks/handlers.ts"}]]),
    ] = ["handlers/"]
    """Handler files: files, folders (their *.yaml and *.yml, sorted) or globs. Their order is their priority.
    `{msw: FILE}`: handlers of MSW, which are asked after all others."""
    contract: Annotated[Name, Field(examples=["mocks/contract.yaml"])] = CONTRACT_FILE
    """The contract file: names, states and rules for exchanges that no handler answers. It need not exist."""
    unhandled: Policy = "error"
    """Owned requests that no handler matches. `error`: the client gets a 501, and the run fails.
    `warn`, `bypass`: they go to the real server, with a warning or without."""
    others: Policy = "bypass"
    """Requests that nobody owns. `bypass`: they go to the real server, and TLS is not decrypted."""
    record: Literal["mocked", "all"] = "mocked"
    """`mocked`: responses of handlers reach the pact. `all`: also those of real providers."""
    include: Annotated[list[str], Field(examples=[["https://api.example.com/v1/*"]])] = []
    """Globs of URLs. If there are some, only what matches one reaches the pact."""
    exclude: Annotated[list[str], Field(examples=[["*/health", "*.woff2"]])] = []
    """Globs of URLs that pass through and are never recorded."""
    pact: PactSettings = PactSettings()
    """Where pacts go and what they look like."""
    redact: Redaction = Redaction()
    """Names of secrets beyond the built-in lists."""
    upstream_proxy: Annotated[str | None, Field(examples=["http://proxy.example.com:8080"])] = None
    """The proxy to real servers. Default: that of the proxy variables when `run` started."""
    authority: Literal["owned", "any"] = "owned"
    """`owned`: the project's certificate authority can vouch for the hosts of providers and handler files only.
    `any`: for every host, as clients need that meet hosts of handlers added by tests; so it is with `others: error`."""
    reach: Reach = Reach()
    """How clients that read no proxy variables reach the proxy."""
    observe: Observe = Observe()
    """Mocks inside the consumer's processes whose responses are recorded."""
    calls: Annotated[list[str], Field(examples=[["hooks.example.com", "*.test"]])] = []
    """Hosts, beyond loopback, to which handlers may send calls after their responses; `*` for any part."""
    seed: int = 0
    """Of what handlers do by `chance`: the same seed, the same draws."""
    real_headers: bool = False
    """`GET /exchanges?headers=real` shows a test the headers of its own requests unmasked. They are never written."""
    http2: bool = False
    """Offer HTTP/2 to clients; mitmproxy speaks it with them."""


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

    @property
    def owners(self) -> Owners:
        return Owners({name: provider.url for name, provider in self.providers.items()})

    def display(self, path: Path) -> str:
        """A path as messages name it: relative to the project where it is inside."""
        return display_path(path, self.root)


def display_path(path: Path, root: Path) -> str:
    """`path` relative to `root` where it is inside, else as it is."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return str(path)


def load_project(file: Path | str) -> Project:
    """Read and check the project file.

    Raises:
        ConfigurationError: with every problem in it.
    """
    file = Path(file)
    name = display_path(file, Path.cwd())
    if not file.exists():
        message = "there is no project file here; write one with `interceptor init`, or name another with --config"
        raise ConfigurationError([Problem(name, 1, 1, message)])
    root = file.resolve().parent
    node, _ = read(file, name)
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
    problems = _check_providers(settings, node, root)
    if "contract" in settings.model_fields_set and not (root / settings.contract).is_file():
        problems.append(node.at("contract").problem(f'there is no file "{settings.contract}"'))
    for index, entry in enumerate(settings.handlers):
        if isinstance(entry, MswHandlers) and not (root / entry.msw).is_file():
            problems.append(node.at("handlers", index, "msw").problem(f'there is no file "{entry.msw}"'))
    if not _inside(root / settings.pact.dir, root):
        problems.append(node.at("pact", "dir").problem("the pact directory must be inside the project"))
    return problems


def _check_providers(settings: ProjectFile, node: Node, root: Path) -> list[Problem]:
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
            message = "a provider with listen or env needs a first url without *"
            problems.append(where.at("url", 0).problem(message))
        problems += _documents(provider, where, root)
    return problems


def _documents(provider: Provider, where: Node, root: Path) -> Iterator[Problem]:
    if provider.openapi and "://" not in provider.openapi and not (root / provider.openapi).is_file():
        yield where.at("openapi").problem(f'there is no file "{provider.openapi}"')
    if provider.graphql and not (root / provider.graphql).is_file():
        yield where.at("graphql").problem(f'there is no file "{provider.graphql}"')
    elif provider.graphql and not _inside(root / provider.graphql, root):
        yield where.at("graphql").problem(f'"{provider.graphql}" is outside the project')


def _inside(path: Path, root: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
