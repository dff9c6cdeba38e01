"""Handler files -> loaded handlers: found, read, their defaults merged, checked one by one.

Every problem of every file is collected, and handlers that are sound are loaded beside those that are not, so that
one error never hides another.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interceptor.handlers.language import BODIES, BODY_MATCHERS, OPERATORS, Handler, HandlerFileHead, split_request
from interceptor.pact.declared_rules import check_rules
from interceptor.project.config import Project
from interceptor.project.folder import Folder
from interceptor.project.models import validate
from interceptor.project.yaml_file import Node, NodeKind, from_json, parse, read
from interceptor.values.did_you_mean import did_you_mean
from interceptor.values.errors import ConfigurationError, Problem
from interceptor.values.json_text import Json, NotJsonError, parse_json

RUN_TIME = "run-time handlers"
"""What messages call the file of handlers that a test sent."""
YAML_SUFFIXES = (".yaml", ".yml")
_SELF = "."
"""In the tables below: scalars at this very place are text."""
_EACH = "*"
"""In the tables below: every member."""

_TEXT_OPERATORS = tuple(operator for operator in OPERATORS if operator not in {"$any", "$absent"})
_STATE_TEXTS: dict[str, Any] = {_SELF: True, "name": True}
_REQUEST_TEXTS: dict[str, Any] = {
    **dict.fromkeys((_SELF, "method", "path", "url", "query", "headers", "cookies", "form", "text"), True),
    "multipart": {_EACH: {**dict.fromkeys((_SELF, "filename", "content_type", "text", *_TEXT_OPERATORS), True)}},
    "graphql": dict.fromkeys(("query", "mutation", "subscription", "operation"), True),
}
_RESPONSE_TEXTS: dict[str, Any] = {
    **dict.fromkeys(("headers", "text", "html", "xml", "form", "base64", "file", "name", "python"), True),
    "sse": dict.fromkeys(("event", "id"), True),
    "given": _STATE_TEXTS,
}
_TEXTS: dict[str, Any] = {
    "name": True,
    "when": True,
    "given": _STATE_TEXTS,
    "request": _REQUEST_TEXTS,
    "response": _RESPONSE_TEXTS,
}
"""Where a handler means text: the scalars there are taken as they are written (`page: 1.0` is "1.0")."""


@dataclass(frozen=True)
class LoadedHandler:
    """One sound handler, where it stands, and what its file says about it."""

    model: Handler
    node: Node
    provider: str | None
    folder: Folder

    @property
    def place(self) -> str:
        """`handlers/products.yaml:12`."""
        return self.node.place


@dataclass
class Loaded:
    """All handler files of a project."""

    handlers: list[LoadedHandler] = field(default_factory=list)
    data: dict[str, Json] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    """Errors and warnings alike."""
    files: set[Path] = field(default_factory=set)
    """The handler files, and all that they name."""


def load_handlers(project: Project) -> Loaded:
    """Read every handler file of the project, in the order that gives their handlers priority."""
    loaded = Loaded()
    owners: dict[str, Node] = {}
    for file in handler_paths(project, loaded.problems):
        loaded.files.add(file)
        try:
            root, warnings = read(file, project.shown(file))
        except ConfigurationError as error:
            loaded.problems += error.problems
            continue
        loaded.problems += warnings
        _load_file(root, Folder(file.parent, project.root, asked=loaded.files), project, loaded, owners)
    return loaded


def load_text(text: str, project: Project) -> Loaded:
    """Handlers that a test sends while the proxy runs, in YAML or JSON.

    Raises:
        ConfigurationError: where the text is not sound; problems of single handlers are among the loaded.
    """
    try:
        root = from_json(parse_json(text.encode()), RUN_TIME)
    except NotJsonError:
        root, _ = parse(text, RUN_TIME)
    if root.kind == "mapping" and "request" in root.members:
        root = _copy(root, items=[root], kind="list")
    if root.kind == "list":
        root = _copy(root, members={"handlers": root}, kind="mapping")
    loaded = Loaded()
    _load_file(root, Folder(project.root, project.root), project, loaded, {})
    return loaded


def handler_paths(project: Project, problems: list[Problem]) -> Iterator[Path]:
    """The handler files of a project; where there are none to be found is added to the problems."""
    seen: set[Path] = set()
    for index, entry in enumerate(project.settings.handlers):
        path = project.root / entry
        if path.is_dir():
            found = sorted(file for file in path.iterdir() if file.suffix in YAML_SUFFIXES and file.is_file())
        elif path.is_file():
            found = [path]
        else:
            found = sorted(file for file in project.root.glob(entry) if file.is_file()) if _is_glob(entry) else []
        if not found:
            where = project.node.at("handlers", index)
            problems.append(where.problem(f'there are no handler files at "{entry}"; create one, or change handlers'))
        for file in found:
            if file not in seen:
                seen.add(file)
                yield file


def _is_glob(entry: str) -> bool:
    return any(char in entry for char in "*?[") and not entry.startswith("/")


def _load_file(root: Node, folder: Folder, project: Project, loaded: Loaded, owners: dict[str, Node]) -> None:
    if root.kind != "mapping":
        loaded.problems.append(root.problem("a handler file is a mapping; its handlers stand under the key handlers"))
        return
    head, problems = validate(HandlerFileHead, root)
    loaded.problems += problems
    provider = root.get("provider")
    name = provider.textual().source if provider else None
    if provider and name is not None and name not in project.providers:
        message = f'unknown provider "{name}"{did_you_mean(name, list(project.providers))}'
        loaded.problems.append(provider.problem(message))
        return
    if head is not None:
        _load_data(root.at("data") if root.get("data") else None, folder, loaded, owners)
    handlers = root.get("handlers")
    for node in handlers.items if handlers and handlers.kind == "list" else []:
        if handler := _load_handler(node, root.get("defaults"), name, folder, loaded.problems):
            loaded.handlers.append(handler)


def _load_handler(
    node: Node, defaults: Node | None, provider: str | None, folder: Folder, problems: list[Problem]
) -> LoadedHandler | None:
    if node.kind != "mapping":
        problems.append(node.problem("a handler is a mapping with at least a request"))
        return None
    complete = _as_text(node if defaults is None else _with_defaults(node, defaults), _TEXTS)
    model, found = validate(Handler, complete)
    if model is not None:
        found += _check_rules(model, complete)
    problems += found
    return LoadedHandler(model, complete, provider, folder) if model is not None and not found else None


def _check_rules(model: Handler, node: Node) -> list[Problem]:
    request = node.at("request", "matching")
    problems = [request.at(place).problem(said) for place, said in check_rules("request", model.request_part.matching)]
    response = node.at("response")
    for index, entry in enumerate(model.entries):
        matching = response.at(index, "matching")
        problems += [matching.at(place).problem(said) for place, said in check_rules("response", entry.matching)]
    return problems


# Text ----------------------------------------------------------------------------------------------------------


def _as_text(node: Node, places: Any) -> Node:
    """The node with the scalars at the given places read as their source text."""
    if places is True:
        return node.textual()
    if not places:
        return node
    if node.kind == "scalar":
        return node.textual() if places.get(_SELF) else node
    if node.kind == "list":
        return _copy(node, items=[_as_text(item, places) for item in node.items])
    members = {key: _as_text(member, places.get(key, places.get(_EACH, {}))) for key, member in node.members.items()}
    return _copy(node, members=members)


def _copy(
    node: Node, *, items: list[Node] | None = None, members: dict[str, Node] | None = None, kind: NodeKind | None = None
) -> Node:
    return Node(
        kind or node.kind, node.file, node.line, node.column, items=items or [], members=members or {}, keys=node.keys
    )


# Defaults ------------------------------------------------------------------------------------------------------


def _with_defaults(handler: Node, defaults: Node) -> Node:
    """A handler with what its file's defaults say where the handler says nothing."""
    merged = dict(defaults.members)
    for key, member in handler.members.items():
        default = defaults.get(key)
        if default is None or default.kind != "mapping":
            merged[key] = member
        elif key == "request":
            merged[key] = _merge(_written_out_request(member), default, BODY_MATCHERS)
        elif key == "response" and member.kind == "list":
            merged[key] = _copy(
                member, items=[_merge(_written_out_response(each), default, BODIES) for each in member.items]
            )
        elif key == "response":
            merged[key] = _merge(_written_out_response(member), default, BODIES)
        else:
            merged[key] = member
    return Node(
        "mapping", handler.file, handler.line, handler.column, members=merged, keys={**defaults.keys, **handler.keys}
    )


def _merge(node: Node, default: Node, bodies: tuple[str, ...]) -> Node:
    """A request or response over its default; maps of names are merged, a body replaces a body of any kind."""
    if node.kind != "mapping":
        return node
    merged = dict(default.members)
    if any(body in node.members for body in bodies):
        merged = {key: member for key, member in merged.items() if key not in bodies}
    if "path" in node.members or "url" in node.members:
        merged = {key: member for key, member in merged.items() if key not in {"path", "url"}}
    for key, member in node.members.items():
        below = merged.get(key)
        if (
            below is not None
            and key in {"headers", "query", "cookies", "matching"}
            and member.kind == below.kind == "mapping"
        ):
            merged[key] = below.copy_with(**member.members)
        else:
            merged[key] = member
    return Node("mapping", node.file, node.line, node.column, members=merged, keys={**default.keys, **node.keys})


def _written_out_request(node: Node) -> Node:
    if node.kind != "scalar":
        return node
    try:
        method, path = split_request(node.source)
    except ValueError:
        return node
    parts = {"method": method, "path": path}
    members = {key: Node("scalar", node.file, node.line, node.column, value, value) for key, value in parts.items()}
    return Node("mapping", node.file, node.line, node.column, members=members)


def _written_out_response(node: Node) -> Node:
    if node.kind != "scalar":
        return node
    return Node("mapping", node.file, node.line, node.column, members={"status": node})


# Data ----------------------------------------------------------------------------------------------------------


def _load_data(node: Node | None, folder: Folder, loaded: Loaded, owners: dict[str, Node]) -> None:
    """Values for templates; every handler file of a project sees the data of all of them."""
    for name, member in node.members.items() if node else ():
        if (first := owners.setdefault(name, member)) is not member:
            loaded.problems.append(member.problem(f'the data "{name}" is already defined at {first.place}'))
            continue
        if member.kind == "mapping" and set(member.members) == {"file"}:
            where = member.at("file")
            try:
                loaded.data[name] = read_data(folder, where.source)
            except ValueError as error:
                loaded.problems.append(where.problem(str(error)))
            except ConfigurationError as error:
                loaded.problems += error.problems
        else:
            loaded.data[name] = member.plain()


def read_data(folder: Folder, name: str) -> Json:
    """The value of a JSON, YAML or CSV file; CSV gives a list of objects of text, named by its first line.

    Raises:
        ValueError: where the file is outside the project, unreadable, or not what its name says.
        ConfigurationError: for YAML that is not sound.
    """
    content = folder.content(name)
    suffix = Path(name).suffix.lower()
    try:
        if suffix == ".json":
            return parse_json(content)
        text = content.decode("utf-8-sig")
    except NotJsonError as error:
        raise ValueError(f'"{name}" is not JSON: {error}') from error
    except UnicodeDecodeError as error:
        raise ValueError(f'"{name}" is not UTF-8 (byte {error.start})') from error
    if suffix in YAML_SUFFIXES:
        return parse(text, name)[0].plain()
    if suffix == ".csv":
        try:
            return list(csv.DictReader(io.StringIO(text)))
        except csv.Error as error:
            raise ValueError(f'"{name}" is not CSV: {error}') from error
    raise ValueError(f'"{name}" must end in .json, .yaml, .yml or .csv to be read as data')
