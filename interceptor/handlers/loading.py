"""Handler files -> loaded handlers: discover the files, normalise each handler once, validate it.

Every problem of every file is collected, and handlers that are sound are loaded beside those that are not, so that
one error never hides another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from interceptor.handlers.data import data_value
from interceptor.handlers.language import Handler, HandlerFileHead
from interceptor.handlers.normalisation import normalise
from interceptor.handlers.provider_calls import Call, calls_of
from interceptor.handlers.resources import Resource, data_name, is_resource, written_out
from interceptor.handlers.schema_files import with_schemas
from interceptor.pact.declared_rules import check_rules
from interceptor.project.config import Project
from interceptor.project.folder import Folder
from interceptor.project.handler_files import handler_paths
from interceptor.project.models import validate
from interceptor.project.yaml_file import parse, read
from interceptor.project.yaml_nodes import Node, from_json
from interceptor.values.did_you_mean import did_you_mean
from interceptor.values.errors import ConfigurationError, Problem
from interceptor.values.json_text import Json, NotJsonError, parse_json

RUN_TIME = "run-time handlers"
"""What messages call the file of handlers that a test sent."""


@dataclass(frozen=True)
class LoadedHandler:
    """One sound handler, where it stands, and what its file says about it."""

    model: Handler
    node: Node
    provider: str | None
    folder: Folder
    calls: list[tuple[Call, Node]] = field(default_factory=list)
    """What is sent after a response, and where it stands."""
    added_by: str | None = None
    """The test that added it while the proxy runs."""

    @property
    def place(self) -> str:
        """`handlers/products.yaml:12`; a handler that a test added has no file, so its request is named."""
        if self.added_by is None:
            return self.node.place
        part = self.model.request_part
        return f'{self.node.place} ({part.method} {part.url or part.path or "/*"}, added by "{self.added_by}")'


@dataclass
class Loaded:
    """All handler files of a project."""

    handlers: list[LoadedHandler] = field(default_factory=list)
    data: dict[str, Json] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    """Errors and warnings alike."""
    files: set[Path] = field(default_factory=set)
    """The handler files, and all that they name."""
    collections: list[tuple[str, Node]] = field(default_factory=list)
    """The names of the data that resources serve, and where the resources stand."""


def load_handlers(project: Project) -> Loaded:
    """Read every handler file of the project, in the order that gives their handlers priority."""
    loaded = Loaded()
    owners: dict[str, Node] = {}
    for file in handler_paths(project, loaded.problems):
        loaded.files.add(file)
        try:
            root, warnings = read(file, project.display(file))
        except ConfigurationError as error:
            loaded.problems += error.problems
            continue
        loaded.problems += warnings
        _load_file(root, Folder(file.parent, project.root, files=loaded.files), project, loaded, owners)
    loaded.problems += _check_collections(loaded)
    return loaded


def load_text(text: str, project: Project, test: str | None) -> Loaded:
    """Handlers that a test sends while the proxy runs, in YAML or JSON.

    Args:
        text: a handler file, a list of handlers, or one handler.
        project: the project whose providers they name.
        test: the name of the test, where it has one.

    Raises:
        ConfigurationError: where the text is not sound; problems of single handlers are among the loaded.
    """
    try:
        root = from_json(parse_json(text.encode()), RUN_TIME)
    except NotJsonError:
        root, _ = parse(text, RUN_TIME)
    if root.kind == "mapping" and not root.members.keys().isdisjoint(("request", "resource")):
        root = Node("list", root.file, root.line, root.column, items=[root])
    if root.kind == "list":
        root = Node("mapping", root.file, root.line, root.column, members={"handlers": root})
    if root.kind == "mapping" and "data" in root.members and "handlers" not in root.members:
        handlers = Node("list", root.file, root.line, root.column, items=[])
        root = replace(root, members={**root.members, "handlers": handlers})
    loaded = Loaded()
    _load_file(root, Folder(project.root, project.root), project, loaded, {})
    loaded.handlers = [replace(each, added_by=test) for each in loaded.handlers]
    return loaded


def _load_file(root: Node, folder: Folder, project: Project, loaded: Loaded, owners: dict[str, Node]) -> None:
    if root.kind != "mapping":
        loaded.problems.append(root.problem("a handler file must be a mapping with the key handlers"))
        return
    head, problems = validate(HandlerFileHead, root)
    loaded.problems += problems
    before = len(loaded.problems)
    name = provider_of(root, project, loaded.problems)
    if len(loaded.problems) > before:
        return
    if head is not None:
        _load_data(root.get("data"), folder, loaded, owners)
    handlers = root.get("handlers")
    for entry in handlers.items if handlers and handlers.kind == "list" else []:
        for node in _handler_nodes(entry, loaded):
            if handler := _load_handler(node, root.get("defaults"), name, folder, loaded.problems):
                loaded.handlers.append(handler)


def _handler_nodes(entry: Node, loaded: Loaded) -> list[Node]:
    """The handler that an entry of a file is, or those that it stands for."""
    if not is_resource(entry):
        return [entry]
    resource, problems = validate(Resource, entry)
    loaded.problems += problems
    if resource is None:
        return []
    loaded.collections.append((data_name(resource), entry))
    return written_out(resource, entry)


def _load_handler(
    node: Node, defaults: Node | None, provider: str | None, folder: Folder, problems: list[Problem]
) -> LoadedHandler | None:
    if node.kind != "mapping":
        problems.append(node.problem("a handler must be a mapping with at least a request"))
        return None
    complete, unread = normalise(node, defaults), list[Problem]()
    request = complete.members.get("request")
    if request is not None and (filled := with_schemas(request, folder, unread)) is not request:
        complete = replace(complete, members={**complete.members, "request": filled})
    model, found = validate(Handler, complete)
    calls, wrong = calls_of(complete)
    found += [*unread, *wrong]
    if model is not None:
        found += rule_problems(model, complete)
    problems += found
    return LoadedHandler(model, complete, provider, folder, calls) if model is not None and not found else None


def provider_of(node: Node, project: Project, problems: list[Problem]) -> str | None:
    """The provider that a file or a part of it names; an unknown one is added to the problems."""
    provider = node.get("provider")
    name = provider.textual().source if provider else None
    if provider and name is not None and name not in project.providers:
        message = f'unknown provider "{name}"{did_you_mean(name, list(project.providers))}'
        problems.append(provider.problem(message))
    return name


def rule_problems(model: Handler, node: Node) -> list[Problem]:
    """What is wrong with the matching rules of a handler, which its node has."""
    problems = []
    if rules := model.request_part.matching:
        request = node.at("request", "matching")
        problems += [request.at(place).problem(said) for place, said in check_rules("request", rules)]
    for index, entry in enumerate(model.entries):
        if rules := entry.matching:
            response = node.at("response").at(index, "matching")
            problems += [response.at(place).problem(said) for place, said in check_rules("response", rules)]
    return problems


def _check_collections(loaded: Loaded) -> Iterator[Problem]:
    for name, node in loaded.collections:
        if name not in loaded.data:
            message = f'there is no data "{name}"{did_you_mean(name, list(loaded.data))}'
            yield node.at("data" if "data" in node.members else "resource").problem(
                message, paste=f"data: {{{name}: []}}"
            )
            continue
        elements = loaded.data[name]
        if not isinstance(elements, list) or not all(isinstance(each, dict) for each in elements):
            yield node.problem(f'the data "{name}" is no list of objects, which a resource needs')


def _load_data(node: Node | None, folder: Folder, loaded: Loaded, owners: dict[str, Node]) -> None:
    """Values for templates; every handler file of a project sees the data of all of them."""
    for name, member in node.members.items() if node else ():
        if (first := owners.setdefault(name, member)) is not member:
            loaded.problems.append(member.problem(f'the data "{name}" is already defined at {first.place}'))
            continue
        try:
            loaded.data[name] = data_value(member, folder)
        except ConfigurationError as error:
            loaded.problems += error.problems
