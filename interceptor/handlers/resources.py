"""`resource`: one entry of a handler file that stands for the handlers of a collection of `data`.

It is written out as the handlers that one would write by hand, so that whatever is true of those is true of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from interceptor.handlers.language import Handler
from interceptor.handlers.normalisation import response_over
from interceptor.handlers.request_part import PathText
from interceptor.project.models import StrictModel
from interceptor.project.yaml_nodes import Node
from interceptor.values.did_you_mean import did_you_mean
from interceptor.values.nouns import singular, words

RESOURCE_OPERATIONS = ("list", "one", "create", "replace", "patch", "delete")
ID_KINDS = ("number", "uuid")
_PARAMETER = re.compile(r":([A-Za-z_]\w*)\Z")


def _each_known(names: list[str]) -> list[str]:
    for name in names:
        if name not in RESOURCE_OPERATIONS:
            raise ValueError(f'there is no operation "{name}"{did_you_mean(name, list(RESOURCE_OPERATIONS))}')
    return names


def _collection_path(path: str) -> str:
    if not path.startswith(("/", "http://", "https://")):
        raise ValueError("a resource has no method; write the path of a collection, such as /products")
    *_, last = path.rstrip("/").split("/")
    if not last or re.search(r"[:*?(+]", last):
        raise ValueError("the path is that of a collection, such as /products or /products/:product/reviews")
    if ":id" in path.split("/"):
        raise ValueError(f':id is the id of an element; call the other one differently, "{_renamed(path)}"')
    return path.rstrip("/")


def _renamed(path: str) -> str:
    before, _, after = path.partition("/:id")
    return f"{before}/:{singular(words(before.rpartition('/')[2])).replace(' ', '_') or 'owner'}{after}"


def _id_member(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1:
        ((_, kind),) = value.items()
        if kind not in ID_KINDS:
            raise ValueError(f'an id is made as "number" or "uuid"{did_you_mean(str(kind), list(ID_KINDS))}')
    elif not isinstance(value, str) or not value:
        raise ValueError("the name of a member, or {name: number}, or {name: uuid}")
    return value


class Page(StrictModel):
    """How a list is given in pages."""

    size: Annotated[int, Field(ge=1)] = 20
    """Elements of a page, if the request does not say."""
    parameters: Annotated[list[str], Field(min_length=1, max_length=2, examples=[["page", "per_page"]])] = ["page"]
    """The query parameters of the page's number, from 1, and of its size."""
    links: bool = True
    """Give a Link header to the other pages."""


class ByOperation(StrictModel):
    """Something for each operation; `missing` and `conflict` are responses of their own."""

    list: Any = None
    """GET of the collection."""
    one: Any = None
    """GET of an element."""
    create: Any = None
    """POST to the collection."""
    replace: Any = None
    """PUT of an element."""
    patch: Any = None
    """PATCH of an element, a JSON Merge Patch."""
    delete: Any = None
    """DELETE of an element."""
    missing: Any = None
    """404, of an element that does not exist."""
    conflict: Any = None
    """409, POST of an element whose id is taken."""


IdMember: TypeAlias = Annotated[Any, BeforeValidator(_id_member)]
Only: TypeAlias = Annotated[list[str], AfterValidator(_each_known)]


class Resource(StrictModel):
    """A collection of `data`, served as REST APIs serve one."""

    resource: Annotated[PathText, AfterValidator(_collection_path), Field(examples=["/products"])]
    """The path of the collection; its elements are below it. Parameters in it are members of the elements."""
    data: Annotated[str | None, Field(min_length=1, examples=["products"])] = None
    """The name of the list in `data`; by default the last part of the path."""
    id: Annotated[IdMember, Field(examples=["id", {"sku": "uuid"}])] = "id"
    """The member that is an element's id, or `{member: number}` or `{member: uuid}`, how one is made."""
    filter: Annotated[list[str], Field(examples=[["name", "price", "owner.name"]])] = []
    """The members by which a query filters: `?name=Lamp&price_gte=10`."""
    page: Page | None = None
    """How a list is given in pages; by default it is given as a whole."""
    only: Annotated[Only, Field(min_length=1, examples=[["list", "one"]])] = list(RESOURCE_OPERATIONS)
    """The operations that there are; by default all."""
    names: Annotated[ByOperation, Field(examples=[{"one": "a request for product {{ params.id }}"}])] = ByOperation()
    """Descriptions in the pact, in the place of the usual ones."""
    given: Annotated[ByOperation, Field(examples=[{"one": "product {{ params.id }} is on sale"}])] = ByOperation()
    """Provider states, in the place of the usual ones; `[]` for none."""
    responses: Annotated[ByOperation, Field(examples=[{"missing": {"json": {"error": "not found"}}}])] = ByOperation()
    """Parts of responses, in the place of the usual ones."""
    record: bool = True
    """`false`: answer, but keep it out of the pact."""

    @model_validator(mode="after")
    def _only_what_there_is(self) -> Resource:
        for said in (self.names, self.given, self.responses):
            for operation in said.model_fields_set & set(RESOURCE_OPERATIONS):
                if operation not in self.only:
                    raise ValueError(f'"{operation}" is not among the operations of only')
        return self


@dataclass(frozen=True, slots=True)
class _Operation:
    """A handler to write out: `kind` is the key of what is said about it."""

    kind: str
    method: str
    name: str
    given: list[str] | None
    response: dict[str, Any]
    when: str | None = None
    then: str | None = None


def written_out(resource: Resource, node: Node) -> list[Node]:
    """The handlers that a resource stands for, each at its place in the file."""
    return [_handler(each, resource, node) for each in _operations(resource)]


def is_resource(node: Node) -> bool:
    """True for an entry of a handler file that is meant as a resource, perhaps with its first key misspelt."""
    if node.kind != "mapping" or "request" in node.members:
        return "resource" in node.members
    strange = [key for key in node.members if key not in Handler.known_keys()]
    return any("did you mean" in did_you_mean(key, ["resource"]) for key in strange)


def data_name(resource: Resource) -> str:
    return resource.data or resource.resource.rpartition("/")[2]


def _handler(each: _Operation, resource: Resource, node: Node) -> Node:
    path = resource.resource if each.kind in {"list", "create", "conflict"} else f"{resource.resource}/:id"
    request: dict[str, Any] = {"method": each.method, "url" if "://" in path else "path": path}
    if each.method in {"POST", "PUT", "PATCH"}:
        request["json"] = {"$type": "object"}
    said: dict[str, Any] = {"request": request, "name": each.name, "response": each.response}
    said |= {} if each.given is None else {"given": each.given}
    said |= {} if each.when is None else {"when": each.when}
    said |= {} if each.then is None else {"then": {data_name(resource): each.then}}
    said |= {} if resource.record else {"record": False}
    members = {key: _placed(value, node) for key, value in said.items()}
    for key, group in (("name", "names"), ("given", "given")):
        if (own := node.at(group).get(each.kind) if group in node.members else None) is not None:
            members[key] = own
    if "responses" in node.members and (own := node.at("responses").get(each.kind)) is not None:
        members["response"] = response_over(members["response"], own)
    return node.with_members(members, node.keys)


def _operations(resource: Resource) -> Iterator[_Operation]:
    key, kind = next(iter(resource.id.items())) if isinstance(resource.id, dict) else (resource.id, "any")
    segments = re.sub(r"^https?://[^/]*", "", resource.resource).split("/")
    plural, thing = words(segments[-1]), f"{singular(words(segments[-1]))} {{{{ params.id }}}}"
    parents = [
        (words(before) or words(match[1]), match[1])
        for before, each in pairwise(segments)
        if (match := _PARAMETER.match(each))
    ]
    of = "".join(f" of {singular(before)} {{{{ params.{name} }}}}" for before, name in reversed(parents))
    members = ", ".join(f"{_literal(name)}: params.{name}" for _, name in parents)
    those = f"collection(data[{_literal(data_name(resource))}], {_literal(key)}, {{{members}}})"
    page = {} if resource.page is None else resource.page.model_dump(include={"size", "parameters"})
    how = f"{_literal(resource.filter)}, {_literal(page)}"
    exists, missing = [f"{thing}{of} exists"], [f"{thing}{of} does not exist"]
    here, only = f"{those}.has(params.id)", set(resource.only)
    if "list" in only:
        link = f"{{{{ {those}.links(request, {how}) }}}}"
        paged = resource.page is not None and resource.page.links
        response: dict[str, Any] = {"json": f"{{{{ {those}.listed(request.query, {how}) }}}}"}
        name = f"a request to list {plural}{of}{{{{ {those}.asked(request.query, {how}) }}}}"
        yield _Operation("list", "GET", name, None, response | ({"headers": {"link": link}} if paged else {}))
    if "one" in only:
        name = f"a request for {thing}{of}"
        yield _Operation("one", "GET", name, exists, {"json": f"{{{{ {those}.one(params.id) }}}}"}, here)
        yield _Operation("missing", "GET", name, missing, {"status": 404})
    if "create" in only:
        made = f"{those}.made(request.json, {_literal(kind)}, request.path, call)"
        new = f"a request to create {singular(plural)} {{{{ {made}[{_literal(key)}] }}}}{of}"
        taken = f"{singular(plural)} {{{{ request.json[{_literal(key)}] }}}}{of} exists"
        conflict = new.replace(made, "request.json")
        yield _Operation("conflict", "POST", conflict, [taken], {"status": 409}, f"{those}.holds(request.json)")
        headers = {"location": f"{{{{ {those}.location(request.url, {made}) }}}}"}
        response = {"status": 201, "headers": headers, "json": f"{{{{ {made} }}}}"}
        yield _Operation("create", "POST", new, None, response, None, f"{{{{ {those}.including(response.json) }}}}")
    for operation, method, verb, change in (
        ("replace", "PUT", "replace", "replaced"),
        ("patch", "PATCH", "update", "patched"),
    ):
        if operation in only:
            name = f"a request to {verb} {thing}{of}"
            response = {"json": f"{{{{ {those}.{change}(params.id, request.json) }}}}"}
            then = f"{{{{ {those}.including(response.json) }}}}"
            yield _Operation(operation, method, name, exists, response, here, then)
            yield _Operation("missing", method, name, missing, {"status": 404})
    if "delete" in only:
        name = f"a request to delete {thing}{of}"
        then = f"{{{{ {those}.excluding(params.id) }}}}"
        yield _Operation("delete", "DELETE", name, exists, {"status": 204}, here, then)
        yield _Operation("missing", "DELETE", name, missing, {"status": 404})


def _literal(value: Any) -> str:
    """A value of JSON in an expression."""
    return json.dumps(value)


def _placed(value: Any, node: Node) -> Node:
    """The nodes of a value that stands nowhere in the file; complaints about it name the resource."""
    if isinstance(value, dict):
        return node.with_members({key: _placed(member, node) for key, member in value.items()}, {})
    if isinstance(value, list):
        return Node("list", node.file, node.line, node.column, items=[_placed(item, node) for item in value])
    source = value if isinstance(value, str) else json.dumps(value)
    return Node("scalar", node.file, node.line, node.column, value, source)
