"""The operations of a document, one form for every version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

from interceptor.openapi.document import DocumentNode, DocumentPlace, OpenApiDocument

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

Where: TypeAlias = Literal["path", "query", "header", "cookie"]
_STYLES: dict[Where, str] = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_COLLECTION_STYLES = {"ssv": "spaceDelimited", "tsv": "tabDelimited", "pipes": "pipeDelimited"}
_NOT_OF_A_SCHEMA = {"name", "in", "description", "required", "collectionFormat", "allowEmptyValue"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a request, or a header of a response."""

    name: str
    where: Where
    required: bool
    style: str
    explode: bool
    schema: DocumentNode
    place: DocumentPlace
    is_json: bool = False
    """Its value is one JSON text (`content`), whatever its style."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a body may be: media type to schema, as the document spells the types."""

    place: DocumentPlace
    types: Mapping[str, DocumentNode]
    """The media type objects; a `schema` stands below each that has one."""
    schema_of_all: DocumentNode | None = None
    """Swagger 2: one schema, whatever the type."""
    required: bool = False
    is_of_fields: bool = False
    """Swagger 2: the schema is made of `formData` parameters, which PactFlow's comparison does not look at."""

    def schema(self, media_type: str | None) -> DocumentNode | None:
        """The schema of one of `types`, or None."""
        if self.schema_of_all is not None:
            return self.schema_of_all
        found = None if media_type is None else self.types.get(media_type)
        if found is None or found.raw("schema").value is None:
            return None
        return found.raw("schema")


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """A documented response; `key` is its status, `2XX` or `default`."""

    key: str
    content: Content
    headers: tuple[Parameter, ...]
    place: DocumentPlace
    node: DocumentNode


@dataclass(frozen=True, slots=True)
class Scheme:
    """A security scheme; `name` is that of the header, query parameter or cookie of an API key."""

    kind: str
    name: str = ""
    where: str = ""
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path template."""

    method: str
    path: str
    place: DocumentPlace
    node: DocumentNode
    parameters: tuple[Parameter, ...]
    body: Content
    answers: Mapping[str, DocumentedResponse]
    security: tuple[tuple[Scheme, ...], ...]
    """Any one of these is enough, each asks for all its schemes. An empty one: no authorization is fine too."""

    def answer(self, status: int) -> DocumentedResponse | None:
        """The response that a document gives for a status: the exact one, its class (`2XX`), the default."""
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in self.answers:
                return self.answers[key]
        return None


def paths(document: OpenApiDocument) -> Iterator[tuple[str, str, DocumentNode]]:
    """Every operation as path template, method and path item; what the method says stands below it."""
    for path, item in document.root.get("paths").members():
        if path.startswith("/") and isinstance(item.value, dict):
            yield from ((path, method, item) for method in METHODS if isinstance(item.value.get(method), dict))


def operation(path: str, method: str, item: DocumentNode) -> Operation:
    """The operation of a path item."""
    node = item.get(method)
    given = [*_parameters(node), *_parameters(item)]
    parameters = {(each.where, each.name): each for each in reversed([each for each in given if each is not None])}
    return Operation(
        method.upper(),
        path,
        node.place,
        node,
        tuple(reversed(parameters.values())),
        _body(node, item),
        {_status(key): _answer(_status(key), each, node) for key, each in node.get("responses").members()},
        tuple(_security(node)),
    )


def _status(key: str) -> str:
    return key.upper() if key.lower().endswith("xx") else key


def _parameters(node: DocumentNode) -> Iterator[Parameter]:
    for each in node.get("parameters").items():
        value = each.value
        if isinstance(value, dict) and isinstance(value.get("name"), str) and value.get("in") in list(_STYLES):
            yield parameter(each, value["name"], cast(Where, value["in"]))


def parameter(node: DocumentNode, name: str, where: Where) -> Parameter:
    """A parameter or header object."""
    value = node.value if isinstance(node.value, dict) else {}
    required = value.get("required") is True or where == "path"
    if isinstance(content := value.get("content"), dict) and content:
        schema = node.get("content", next(iter(content))).raw("schema")
        return Parameter(name, where, required, "content", False, schema, node.place, is_json=True)
    if isinstance(value.get("schema"), dict | bool):
        style = str(value.get("style", _STYLES[where]))
        explode = value.get("explode", style == "form") is True
        return Parameter(name, where, required, style, explode, node.raw("schema"), node.place)
    schema = DocumentNode(
        node.document, node.place, {key: each for key, each in value.items() if key not in _NOT_OF_A_SCHEMA}
    )
    collection = str(value.get("collectionFormat", "csv"))
    style = _COLLECTION_STYLES.get(collection, _STYLES[where])
    return Parameter(name, where, required, style, collection == "multi", schema, node.place)


def _body(node: DocumentNode, item: DocumentNode) -> Content:
    document = node.document
    if not document.is_swagger:
        body = node.get("requestBody")
        required = isinstance(body.value, dict) and body.value.get("required") is True
        return Content(body.place, dict(body.get("content").members()), None, required)
    types = dict.fromkeys(_types(node, "consumes"), DocumentNode(document, node.place, None))
    fields = []
    for each in (*node.get("parameters").items(), *item.get("parameters").items()):
        if isinstance(each.value, dict) and each.value.get("in") == "body":
            return Content(each.place, types, each.raw("schema"), each.value.get("required") is True)
        if isinstance(each.raw("name").value, str) and each.raw("in").value == "formData":
            fields.append(each)
    if not fields:
        return Content(node.place, types)
    schema = {
        "type": "object",
        "properties": {each.value["name"]: _field(each.value) for each in fields},
        "required": [each.value["name"] for each in fields if each.value.get("required") is True],
    }
    form = DocumentNode(document, node.place.below("parameters"), schema)
    return Content(form.place, types, form, bool(schema["required"]), is_of_fields=True)


def _field(value: dict[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in value.items() if key not in _NOT_OF_A_SCHEMA}


def _answer(key: str, node: DocumentNode, owner: DocumentNode) -> DocumentedResponse:
    headers = tuple(
        parameter(header, name, "header") for name, header in node.get("headers").members() if header.value is not None
    )
    if not owner.document.is_swagger:
        return DocumentedResponse(
            key, Content(node.place, dict(node.get("content").members())), headers, node.place, node
        )
    types = dict.fromkeys(_types(owner, "produces"), DocumentNode(owner.document, node.place, None))
    schema = node.raw("schema")
    content = Content(node.place, types, schema if schema.value is not None else None)
    return DocumentedResponse(key, content, headers, node.place, node)


def _types(node: DocumentNode, key: str) -> list[str]:
    listed = node.get(key).value or node.document.root.get(key).value
    return [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []


def _security(node: DocumentNode) -> Iterator[tuple[Scheme, ...]]:
    root = node.document.root
    schemes = root.get("securityDefinitions") if node.document.is_swagger else root.get("components", "securitySchemes")
    written = node.get("security") if isinstance(node.raw("security").value, list) else root.get("security")
    for requirement in written.items():
        if isinstance(requirement.value, dict):
            yield tuple(
                Scheme(
                    str(scheme.get("type", "")).lower(),
                    str(scheme.get("name", "")),
                    str(scheme.get("in", "")).lower(),
                    str(scheme.get("scheme", "")).lower(),
                )
                for name in requirement.value
                if isinstance(scheme := schemes.get(name).value, dict)
            )
