"""What of a document its consumer's contract uses: operations, statuses, parameters and properties."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from interceptor.openapi.composition import Nodes, conditionals, meaning, members, parts
from interceptor.openapi.document import DocumentNode, DocumentPlace, OpenApiDocument
from interceptor.openapi.operations import Content, Operation, operation, paths
from interceptor.openapi.routes import Routes
from interceptor.pact.read import PactInteraction
from interceptor.values.coverage import CoverageKind, CoveredItem, DocumentCoverage
from interceptor.values.json_text import Json
from interceptor.values.media_types import media_type

_OfferKey: TypeAlias = tuple[str, ...]
_DEEPEST = 8
"""Levels of properties that are counted; schemas that refer to themselves have no end."""


@dataclass(frozen=True, slots=True)
class DocumentUse:
    """What an interaction, or a handler, uses of a document."""

    method: str
    path: str
    status: int
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()
    request_body: Json = None
    response_body: Json = None


@dataclass(frozen=True, slots=True)
class _Offer:
    key: _OfferKey
    kind: CoverageKind
    name: str
    place: DocumentPlace


def use_of(interaction: PactInteraction) -> DocumentUse:
    """What an interaction of a pact uses."""
    request, response = interaction.request, interaction.response
    cookies = ";".join(request.headers.get("cookie", [])).split(";")
    return DocumentUse(
        interaction.method,
        interaction.path,
        interaction.status,
        tuple(interaction.query),
        tuple(request.headers),
        tuple(each.partition("=")[0].strip() for each in cookies),
        request.body,
        response.body,
    )


def document_coverage(
    provider: str,
    document: OpenApiDocument,
    contract: Iterable[DocumentUse],
    handlers: Iterable[DocumentUse],
    *,
    servers: bool = False,
) -> DocumentCoverage:
    """What of a document a contract uses, what only handlers have, and what nothing has.

    Args:
        provider: its name.
        document: its document.
        contract: what the interactions of its pacts use.
        handlers: what its handlers answer.
        servers: whether paths are below those of OpenAPI 3's `servers`.
    """
    routes = Routes(document, servers=servers)
    in_contract = {key for use in contract for key in _used(use, routes)}
    in_handlers = {key for use in handlers for key in _used(use, routes)}
    return DocumentCoverage(
        provider,
        tuple(
            CoveredItem(
                offer.kind,
                offer.name,
                "contract" if offer.key in in_contract else "handlers" if offer.key in in_handlers else "nothing",
                str(offer.place),
            )
            for path, method, item in paths(document)
            for offer in _offers(operation(path, method, item))
        ),
    )


def _offers(each: Operation) -> Iterator[_Offer]:
    name, key = f"{each.method} {each.path}", (each.method, each.path)
    yield _Offer(key, "operation", name, each.place)
    for parameter in each.parameters:
        if parameter.where != "path":
            said = f"{name} {parameter.where} {parameter.name}"
            yield _Offer((*key, parameter.where, _bare(parameter.name)), "parameter", said, parameter.place)
    yield from _properties(each.body, (*key, "body"), f"{name} request", "readOnly")
    for answer in each.answers.values():
        yield _Offer((*key, "status", answer.key), "status", f"{name} {answer.key}", answer.place)
        in_body = (*key, "status", answer.key, "body")
        yield from _properties(answer.content, in_body, f"{name} {answer.key}", "writeOnly")


def _properties(content: Content, key: _OfferKey, name: str, never: str) -> Iterator[_Offer]:
    """The properties of a JSON body, each place once, but for those that are `never` sent in its direction."""
    kinds = [kind for kind in content.types if media_type(kind).is_json]
    schemas = [content.schema_of_all, *(content.schema(kind) for kind in kinds)]
    found: dict[_OfferKey, _Offer] = {}
    for schema in schemas:
        for steps, place in () if schema is None else _places((schema,), (), (), never):
            said = f"{name} {'.'.join(steps).replace('.[]', '[]')}"
            found.setdefault(steps, _Offer((*key, *steps), "property", said, place))
    yield from found.values()


def _places(
    nodes: Nodes, steps: _OfferKey, above: tuple[DocumentPlace, ...], never: str
) -> Iterator[tuple[_OfferKey, DocumentPlace]]:
    place = meaning(nodes[0]).place
    if place in above or len(steps) > _DEEPEST:
        return
    for (keyword, *name), below in members(_with_alternatives(nodes)).items():
        if keyword != "patternProperties" and not any(node.get(never).value is True for node in below):
            inner = (*steps, *(name or ("[]",)))
            if name:
                yield inner, below[0].place
            yield from _places(below, inner, (*above, place), never)


def _with_alternatives(nodes: Nodes) -> Nodes:
    """All schemas that a value may have to fit, those of all branches of its unions included."""
    found: dict[DocumentPlace, DocumentNode] = {}
    queue = list(nodes)
    while queue:
        for part in parts([queue.pop(0)]):
            if part.place not in found and isinstance(part.value, dict):
                found[part.place] = part
                queue += [branch for group in conditionals(part) for branch in group]
    return tuple(found.values())


def _used(use: DocumentUse, routes: Routes) -> Iterator[_OfferKey]:
    found = routes.find(use.method, use.path if use.path.startswith("/") else f"/{use.path}")
    if found is None:
        return
    key = (found.operation.method, found.operation.path)
    yield key
    named = {"query": use.query, "header": use.headers, "cookie": use.cookies}
    yield from ((*key, where, _bare(name)) for where, names in named.items() for name in names)
    yield from _steps(use.request_body, (*key, "body"))
    answer = found.operation.answer(use.status)
    if answer is not None:
        yield (*key, "status", answer.key)
        yield from _steps(use.response_body, (*key, "status", answer.key, "body"))


def _steps(value: Json, key: _OfferKey) -> Iterator[_OfferKey]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield (*key, str(name))
            yield from _steps(member, (*key, str(name)))
    elif isinstance(value, list):
        for element in value:
            yield from _steps(element, (*key, "[]"))


def _bare(name: str) -> str:
    """A parameter's name as it is compared: without capitals, and without the brackets of its members."""
    return name.partition("[")[0].lower() or name.lower()
