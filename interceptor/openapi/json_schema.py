"""Schemas of OpenAPI -> JSON Schema 2020-12, as seen by one direction of the traffic.

A consumer may send more than a schema lists and must send what it requires; of an answer it may use less than a schema
lists and nothing more. So in answers `required` is dropped and objects are closed, compositions as a whole
(`unevaluatedProperties`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import jsonschema_rs

from interceptor.openapi.document import DocumentNode, DocumentPlace, OpenApiDocument
from interceptor.values.json_text import Json

_TYPES = frozenset({"null", "boolean", "object", "array", "number", "integer", "string"})
_AS_IT_IS = (
    *("enum", "const", "multipleOf", "maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"),
    *("maxLength", "minLength", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains"),
    *("maxProperties", "minProperties", "format"),
)
_ONE_SCHEMA = ("items", "contains", "propertyNames", "unevaluatedItems")
_SAYS_NOTHING = {"$ref", "title", "description", "summary", "example", "deprecated", "readOnly", "writeOnly"}
_SHAPES_OBJECTS = frozenset({"properties", "patternProperties", "additionalProperties", "allOf"})
_INTEGERS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}


class Direction(Enum):
    """Who wrote the value that a schema is held against."""

    REQUEST = "request"
    RESPONSE = "response"


class _Mode(Enum):
    """How the object that a schema describes stands to other schemas."""

    WHOLE = "whole"
    """It is the whole value."""
    PART = "part"
    """It is one part of a composition, which decides together what is too much."""
    EXACT = "exact"
    """It is a condition (`not`, `if`), and means exactly what it says."""


@dataclass(slots=True)
class _Definition:
    schema: Json = True
    refers_to: set[str] = field(default_factory=set)


@dataclass(eq=False)
class Translator:
    """Translates schemas for one direction, each of them once."""

    document: OpenApiDocument
    direction: Direction
    unusable: dict[DocumentPlace, str] = field(default_factory=dict)
    """Where a document says something that is no JSON Schema, and what."""
    places: dict[str, DocumentPlace] = field(default_factory=dict)
    """The place of each definition, by its name."""
    _definitions: dict[str, _Definition] = field(default_factory=dict)
    _names: dict[tuple[DocumentPlace, _Mode], str] = field(default_factory=dict)
    _pending: list[tuple[_Definition, DocumentNode, _Mode]] = field(default_factory=list)
    _current: _Definition = field(default_factory=_Definition)

    def name(self, node: DocumentNode) -> str:
        """The name that a schema has in every bundle."""
        if (node.place, _Mode.WHOLE) in self._names:
            return self._names[node.place, _Mode.WHOLE]
        self._current = _Definition()
        name = self._names[node.place, _Mode.WHOLE] = self._named(node, _Mode.WHOLE)
        while self._pending:  # one after the other: references may lead on further than calls may be nested
            self._current, each, mode = self._pending.pop()
            self._current.schema = self._schema(each, mode)
        return name

    def bundle(self, name: str) -> dict[str, Json]:
        """A schema and all that it refers to: a schema of objects that hold values under the names of their schemas."""
        reached, queue = {name}, [name]
        while queue:
            new = self._definitions[queue.pop()].refers_to - reached
            reached |= new
            queue += new
        names = sorted(reached, key=int)
        return {
            "$defs": {each: self._definitions[each].schema for each in names},
            "properties": {each: {"$ref": f"#/$defs/{each}"} for each in names},
        }

    @property
    def _is_response(self) -> bool:
        return self.direction is Direction.RESPONSE

    def _named(self, node: DocumentNode, mode: _Mode) -> str:
        """The name of the definition of a schema."""
        node = self._static(node)
        node = self.document.follow(node) if _is_bare_reference(node.value) else node
        name = self._names.get((node.place, mode))
        if name is None:
            name = self._names[node.place, mode] = self._reserve(node.place)
            self._pending.append((self._definitions[name], node, mode))
        self._current.refers_to.add(name)
        return name

    def _static(self, node: DocumentNode) -> DocumentNode:
        """A `$dynamicRef` as a reference to the one schema that it can mean; not compared where there are several."""
        value = node.value
        if not isinstance(value, dict) or not isinstance(value.get("$dynamicRef"), str):
            return node
        written = value["$dynamicRef"]
        rest = {key: each for key, each in value.items() if key != "$dynamicRef"}
        if len(self.document.anchored(written.removeprefix("#"), node.place.file)) > 1 or "$ref" in rest:
            self.unusable[node.place.below("$dynamicRef")] = "may mean several schemas"
            return DocumentNode(node.document, node.place, rest)
        return DocumentNode(node.document, node.place, rest | {"$ref": written})

    def _reserve(self, place: DocumentPlace) -> str:
        name = str(len(self._definitions))
        self._definitions[name] = _Definition()
        self.places[name] = place
        return name

    def _reference(self, node: DocumentNode, mode: _Mode) -> Json:
        return {"$ref": f"#/$defs/{self._named(node, mode)}"}

    def _sub(self, node: DocumentNode, mode: _Mode) -> Json:
        """A schema inside another one, in place; what is referred to becomes a definition."""
        node = self._static(node)
        return self._reference(node, mode) if _is_bare_reference(node.value) else self._schema(node, mode)

    def _schema(self, node: DocumentNode, mode: _Mode) -> Json:
        schema = node.value
        if isinstance(schema, bool) or schema is None:
            return schema is not False
        if not isinstance(schema, dict):
            self.unusable[node.place] = "is no schema"
            return True
        if mode is _Mode.WHOLE and "discriminator" in schema and not _unions(schema):
            heirs = list(self._heirs(node))
            if heirs:
                return self._base_or_heir(node, heirs)
        inner = _Mode.EXACT if mode is _Mode.EXACT else _Mode.WHOLE
        result = self._assertions(node)
        for key in _ONE_SCHEMA:
            if isinstance(schema.get(key), dict | bool):
                result[key] = self._sub(node.raw(key), inner)
        if isinstance(schema.get("prefixItems"), list):
            items = node.raw("prefixItems")
            result["prefixItems"] = [self._sub(items.raw(index), inner) for index in range(len(items.value))]
        self._properties(node, mode, inner, result)
        self._conditions(node, mode, result)
        self._compose(node, mode, result)
        if not (schema.get("nullable") is True or schema.get("x-nullable") is True):
            return result
        if "type" in result:
            result["type"] = list(dict.fromkeys([*_listed(result["type"]), "null"]))
        return self._or_null(node, result) if _is_composed(schema) else result

    def _or_null(self, node: DocumentNode, schema: Json) -> Json:
        name = self._reserve(node.place)
        self._definitions[name].schema = schema
        self._definitions[name].refers_to = self._current.refers_to
        self._current.refers_to.add(name)
        return {"anyOf": [{"type": "null"}, {"$ref": f"#/$defs/{name}"}]}

    def _assertions(self, node: DocumentNode) -> dict[str, Json]:
        """The keywords that hold no schemas, exclusive bounds and types in their new form."""
        schema = node.value
        result = {key: schema[key] for key in _AS_IT_IS if key in schema}
        for bound in ("maximum", "minimum"):
            exclusive = f"exclusive{bound.capitalize()}"
            if schema.get(exclusive) is True and bound in result:
                result[exclusive] = result.pop(bound)
            elif isinstance(schema.get(exclusive), bool):
                del result[exclusive]
        if "type" in schema:
            types = [each for each in _listed(schema["type"]) if isinstance(each, str) and each in _TYPES]
            if len(types) < len(_listed(schema["type"])) and schema["type"] != "file":
                self.unusable[node.place.below("type")] = f"names no type of JSON Schema: {schema['type']!r}"
            if types:
                result["type"] = types[0] if len(types) == 1 else types
        if "pattern" in schema:
            if isinstance(schema["pattern"], str) and _is_pattern(schema["pattern"]):
                result["pattern"] = schema["pattern"]
            else:
                self.unusable[node.place.below("pattern")] = f"is no regular expression: {schema['pattern']!r}"
        result |= _of_format(schema)
        return result

    def _properties(self, node: DocumentNode, mode: _Mode, inner: _Mode, result: dict[str, Json]) -> None:
        schema = node.value
        for key in ("properties", "patternProperties"):
            if isinstance(schema.get(key), dict):
                result[key] = {name: self._sub(node.raw(key, name), inner) for name in schema[key]}
        never_sent = set() if mode is _Mode.EXACT else self._never_sent(node)
        if self._is_response:
            result.get("properties", {}).update(dict.fromkeys(never_sent, False))
        if mode is _Mode.EXACT or not self._is_response:
            required = _listed(schema.get("required"))
            result["required"] = [each for each in required if isinstance(each, str) and each not in never_sent]
        for key in ("additionalProperties", "unevaluatedProperties"):
            more = schema.get(key)
            if isinstance(more, dict) or (mode is _Mode.EXACT and isinstance(more, bool)):
                result[key] = self._sub(node.raw(key), inner)
        if mode is _Mode.WHOLE and self._is_closed(node):
            result["unevaluatedProperties" if _is_composed(schema) else "additionalProperties"] = False

    def _never_sent(self, node: DocumentNode) -> set[str]:
        """The properties that only the other side sends: `writeOnly` ones in answers, `readOnly` ones in requests."""
        keyword = "writeOnly" if self._is_response else "readOnly"
        written = node.raw("properties")
        return {
            name
            for name, described in node.get("properties").members()
            if (isinstance(described.value, dict) and described.value.get(keyword) is True)
            or written.raw(name, keyword).value is True
        }

    def _is_closed(self, node: DocumentNode) -> bool:
        """Whether an object may have no other properties than those its schema lists."""
        schema = node.value
        parts = list(self._parts(node))
        if any(part.get(key) is False for part in parts for key in ("additionalProperties", "unevaluatedProperties")):
            return True
        if not self._is_response or any(isinstance(schema.get(key), dict) for key in ("additionalProperties",)):
            return False
        is_pure_union = _unions(schema) and not schema.keys() & _SHAPES_OBJECTS
        return not is_pure_union and any("object" in _listed(part.get("type")) for part in parts)

    def _parts(self, node: DocumentNode) -> Iterator[dict[str, Any]]:
        """A schema and those that it is composed of by `allOf` and `$ref`."""
        queue, seen = [node], set()
        while queue:
            part = queue.pop()
            if not isinstance(part.value, dict) or part.place in seen:
                continue
            seen.add(part.place)
            yield part.value
            if "$ref" in part.value:
                queue.append(self.document.follow(part))
            queue += [member for _, member in _branches(part, "allOf")]

    def _conditions(self, node: DocumentNode, mode: _Mode, result: dict[str, Json]) -> None:
        schema = node.value
        part = _Mode.EXACT if mode is _Mode.EXACT else _Mode.PART
        for key, kind in (("not", _Mode.EXACT), ("if", _Mode.EXACT), ("then", part), ("else", part)):
            if isinstance(schema.get(key), dict | bool):
                result[key] = self._sub(node.raw(key), kind)
        if isinstance(schema.get("dependentSchemas"), dict):
            schemas = node.raw("dependentSchemas")
            result["dependentSchemas"] = {name: self._sub(schemas.raw(name), part) for name in schemas.value}
        if isinstance(schema.get("dependentRequired"), dict) and (mode is _Mode.EXACT or not self._is_response):
            result["dependentRequired"] = schema["dependentRequired"]

    def _compose(self, node: DocumentNode, mode: _Mode, result: dict[str, Json]) -> None:
        schema = node.value
        part = _Mode.EXACT if mode is _Mode.EXACT else _Mode.PART
        if isinstance(schema.get("$ref"), str):
            result["$ref"] = self._reference(self.document.follow(node), part)["$ref"]
        members = [self._sub(member, part) for _, member in _branches(node, "allOf")]
        if members:
            result["allOf"] = [*result.get("allOf", []), *members]
        # The branches of a union beside properties of its own are parts of one object: each alone would be too narrow.
        beside = bool(schema.keys() & _SHAPES_OBJECTS) or mode is _Mode.PART
        branch_mode = part if self._is_response and beside else mode
        for key in ("oneOf", "anyOf"):
            branches = _branches(node, key)
            tagged = list(self._tagged(node, branches)) if key == "oneOf" else []
            if tagged:
                tag = schema["discriminator"]["propertyName"]
                result["allOf"] = [
                    *result.get("allOf", []),
                    *(_when(tag, tags, self._sub(branch, branch_mode)) for tags, branch in tagged),
                    _one_of_tags(tag, [each for tags, _ in tagged for each in tags]),
                ]
            elif branches:
                # Without `required` and closed objects nothing tells branches apart any more.
                lenient = self._is_response and branch_mode is _Mode.PART
                result["anyOf" if lenient else key] = [self._sub(branch, branch_mode) for _, branch in branches]

    def _tagged(
        self, node: DocumentNode, branches: list[tuple[str, DocumentNode]]
    ) -> Iterator[tuple[list[str], DocumentNode]]:
        """The branches of a union with the values of the discriminator that select each; none where it cannot."""
        discriminator = node.value.get("discriminator")
        if not isinstance(discriminator, dict) or not isinstance(discriminator.get("propertyName"), str):
            return
        found = []
        for _, branch in branches:
            tags = self._tags(branch, discriminator, node.place.file)
            if not tags:
                return
            found.append((tags, branch))
        yield from found

    def _tags(self, branch: DocumentNode, discriminator: dict[str, Any], file: str) -> list[str]:
        target = self.document.follow(branch)
        tag = target.get("properties", discriminator["propertyName"]).value
        tags = _listed(tag.get("enum", tag.get("const", []))) if isinstance(tag, dict) else []
        tags = [each for each in tags if isinstance(each, str)]
        mapping = discriminator.get("mapping")
        for value, reference in (mapping if isinstance(mapping, dict) else {}).items():
            if not isinstance(reference, str):
                continue
            reference = reference if "/" in reference or "#" in reference else f"#/components/schemas/{reference}"  # noqa: PLW2901
            if (
                self.document.follow(DocumentNode(self.document, DocumentPlace(file), {"$ref": reference})).place
                == target.place
            ):
                tags.append(value)
        if not tags and target.place != branch.place and target.place.steps:
            tags = [target.place.steps[-1]]
        return list(dict.fromkeys(tags))

    def _heirs(self, node: DocumentNode) -> Iterator[tuple[list[str], DocumentNode]]:
        """The schemas that are composed of a base schema with a discriminator, with the values that select them."""
        written = node.value["discriminator"]
        discriminator = {"propertyName": written} if isinstance(written, str) else written
        if not isinstance(discriminator, dict) or not isinstance(discriminator.get("propertyName"), str):
            return
        schemas = self.document.root.get(*(["definitions"] if self.document.is_swagger else ["components", "schemas"]))
        for name, heir in schemas.members():
            if any(self.document.follow(part).place == node.place for _, part in _branches(heir, "allOf")):
                pointer = "/".join((*schemas.place.steps, name))
                reference = DocumentNode(self.document, DocumentPlace(schemas.place.file), {"$ref": f"#/{pointer}"})
                tags = self._tags(reference, discriminator, node.place.file)
                yield tags, heir

    def _base_or_heir(self, node: DocumentNode, heirs: list[tuple[list[str], DocumentNode]]) -> Json:
        written = node.value["discriminator"]
        tag = written if isinstance(written, str) else written["propertyName"]
        base = {key: value for key, value in node.value.items() if key != "discriminator"}
        tags = [each for of_heir, _ in heirs for each in of_heir]
        no_heir = {"not": {"properties": {tag: {"enum": tags}}, "required": [tag]}}
        itself = self._schema(DocumentNode(self.document, node.place, base), _Mode.WHOLE)
        return {
            "allOf": [
                {"if": no_heir, "then": itself},
                *(_when(tag, of_heir, self._reference(heir, _Mode.WHOLE)) for of_heir, heir in heirs),
            ]
        }


def _of_format(schema: dict[str, Any]) -> dict[str, Json]:
    """What the formats of OpenAPI mean that JSON Schema does not have."""
    if schema.get("format") == "url":
        return {"format": "uri"}
    bounds = _INTEGERS.get(str(schema.get("format")))
    if bounds is None:
        return {}
    whole = {} if "integer" in _listed(schema.get("type")) else {"multipleOf": 1}
    return {"allOf": [{"minimum": bounds[0], "maximum": bounds[1], **whole}]}


def _when(tag: str, tags: list[str], schema: Json) -> Json:
    return {"if": {"type": "object", "properties": {tag: {"enum": tags}}, "required": [tag]}, "then": schema}


def _one_of_tags(tag: str, tags: list[str]) -> Json:
    return {"type": "object", "required": [tag], "properties": {tag: {"enum": tags}}}


def _branches(node: DocumentNode, key: str) -> list[tuple[str, DocumentNode]]:
    listed = node.raw(key)
    if not isinstance(listed.value, list):
        return []
    return [(str(index), listed.raw(index)) for index in range(len(listed.value))]


def _unions(schema: dict[str, Any]) -> bool:
    return "oneOf" in schema or "anyOf" in schema


def _is_composed(schema: dict[str, Any]) -> bool:
    return _unions(schema) or "allOf" in schema or "$ref" in schema


def _is_bare_reference(value: Any) -> bool:
    """A reference with nothing beside it that asserts anything."""
    return isinstance(value, dict) and isinstance(value.get("$ref"), str) and not value.keys() - _SAYS_NOTHING


def _is_pattern(text: str) -> bool:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": text})
    except ValueError:
        return False
    return True


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
