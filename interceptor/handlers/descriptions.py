"""The contract file: what it says about exchanges that no handler answers, in the words of the handler language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from interceptor.handlers.language import Handler
from interceptor.handlers.loading import LoadedHandler, provider_of, rule_problems
from interceptor.handlers.normalisation import normalise
from interceptor.handlers.request_part import RequestShape
from interceptor.handlers.response_part import Given, Status, TemplateText
from interceptor.project.config import Project
from interceptor.project.folder import Folder
from interceptor.project.models import StrictModel, validate
from interceptor.project.yaml_file import read
from interceptor.project.yaml_nodes import Node
from interceptor.values.errors import ConfigurationError, Problem


class DescribedResponse(StrictModel):
    """Which responses an entry is about, and the rules for them."""

    status: Annotated[Status | None, Field(examples=[404])] = None
    """Only responses with this status; any if absent."""
    matching: Annotated[dict[str, Any], Field(examples=[{"$.id": {"regex": r"\d+"}}])] = {}
    """Pact rules by place: `$...` (body), `header.<name>`, `status`."""


class Description(StrictModel):
    """What a contract says about the exchanges that match; it answers nothing."""

    provider: Annotated[str | None, Field(examples=["Product API"])] = None
    """The provider below whose url the path is, where it is not the file's."""
    request: Annotated[RequestShape, Field(examples=["GET /products/:id"])]
    """The requests that it is about, as a handler says it. The first entry that matches counts."""
    response: Annotated[DescribedResponse, Field(examples=[404, {"matching": {"$.id": "integer"}}])] = (
        DescribedResponse()
    )
    """The responses that it is about: a status, or a mapping."""
    name: Annotated[TemplateText | None, Field(examples=["a request for product {{ params.id }}"])] = None
    """The description of the interaction in the pact."""
    given: Annotated[Given, Field(examples=["product {{ params.id }} exists"])] = []
    """The provider state or states, as a handler says them. If absent: those that the test declared."""
    when: Annotated[str | None, Field(examples=["request.query.page | int > 1"])] = None
    """An expression, without braces; where it is false the entry does not match."""
    record: bool = True
    """`false`: keep these exchanges out of the pact."""


class ContractFileHead(StrictModel):
    """A contract file without its entries, which are checked one by one so that no error hides another."""

    provider: Annotated[str | None, Field(examples=["Product API"])] = None
    """The provider below whose url the paths are. Without it, name one in each entry, or write absolute URLs."""
    interactions: list[Any]
    """The entries, in the order in which they are asked."""


@dataclass(frozen=True, slots=True)
class LoadedDescription:
    """One sound entry of the contract file."""

    handler: LoadedHandler
    """The same words as a handler's: what it matches, its name, its states and its rules."""
    status: int | None
    keeps_states: bool
    """Whether the states that the test declared stay: it has no `given`."""


def load_description_file(project: Project) -> tuple[list[LoadedDescription], list[Problem]]:
    """The entries of the project's contract file, and what is wrong or doubtful about it; neither without a file."""
    file = project.root / project.settings.contract
    if not file.is_file():
        return [], []
    try:
        root, problems = read(file, project.display(file))
    except ConfigurationError as error:
        return [], error.problems
    if root.kind != "mapping":
        return [], [*problems, root.problem("a contract file must be a mapping with the key interactions")]
    _, found = validate(ContractFileHead, root)
    problems += found
    provider = provider_of(root, project, problems)
    entries = root.get("interactions")
    folder = Folder(file.parent, project.root)
    loaded = [
        _load_entry(node, provider, folder, project, problems)
        for node in (entries.items if entries is not None and entries.kind == "list" else [])
    ]
    return [each for each in loaded if each is not None], problems


def _load_entry(
    node: Node, provider: str | None, folder: Folder, project: Project, problems: list[Problem]
) -> LoadedDescription | None:
    if node.kind != "mapping":
        problems.append(node.problem("an entry must be a mapping with at least a request"))
        return None
    complete = normalise(node, None)
    model, found = validate(Description, complete)
    own = provider_of(complete, project, found)
    if model is None or found:
        problems += found
        return None
    words = {key: value for key, value in complete.plain().items() if key != "provider"}
    handler = Handler.model_validate(words)
    if wrong := rule_problems(handler, complete):
        problems += wrong
        return None
    loaded = LoadedHandler(handler, complete, own or provider, folder)
    return LoadedDescription(loaded, model.response.status, "given" not in model.model_fields_set)
