"""Values against schemas of a document; each schema is compiled once for each direction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import jsonschema_rs

from interceptor.openapi.composition import Nodes
from interceptor.openapi.document import DocumentNode, DocumentPlace, OpenApiDocument
from interceptor.openapi.json_schema import Direction, Translator
from interceptor.values.json_text import Json
from interceptor.values.place import below

_Kind = jsonschema_rs.ValidationErrorKind
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z")
_LONGEST = 160
_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)
"""Most patterns take linear time; those with look-around or back references may step back this often."""


@dataclass(frozen=True, slots=True)
class SchemaMismatch:
    """What of a value does not fit: `Mismatch(".items[0].id", '12 is not of type "string"', ...)`."""

    at: str
    message: str
    document_place: DocumentPlace
    is_doubtful: bool = False
    """The broker's comparison lets it pass."""


@dataclass(eq=False)
class Validation:
    """Holds values against the schemas of one document."""

    document: OpenApiDocument
    _readings: dict[tuple[Direction, bool], _Reading] = field(default_factory=dict)

    def mismatches(self, schema: DocumentNode, value: Json, direction: Direction) -> list[SchemaMismatch]:
        """Everything of a value that its schema does not allow.

        What the broker's comparison would not find is doubtful, as long as that finds anything else, or nothing.
        """
        found = self._reading(direction).mismatches((schema,), value)
        if not found:
            return []
        by_broker = self._reading(direction, as_broker=True).mismatches((schema,), value)
        same = {(each.at, each.message) for each in by_broker}
        if same and not any((each.at, each.message) in same for each in found):
            return found
        return [replace(each, is_doubtful=(each.at, each.message) not in same) for each in found]

    def allows(self, schemas: Nodes, value: Json, direction: Direction) -> bool:
        """Whether several schemas that apply together allow a value."""
        return not self._reading(direction).mismatches(schemas, value)

    @property
    def unusable(self) -> dict[DocumentPlace, str]:
        """Where schemas that were used are no JSON Schema, and why."""
        return {place: why for each in self._readings.values() for place, why in each.translator.unusable.items()}

    def _reading(self, direction: Direction, *, as_broker: bool = False) -> _Reading:
        key = (direction, as_broker)
        if key not in self._readings:
            self._readings[key] = _Reading(Translator(self.document, direction, as_broker))
        return self._readings[key]


@dataclass(eq=False)
class _Reading:
    """The schemas of a document as one translator understands them."""

    translator: Translator
    _compiled: dict[str, jsonschema_rs.Draft202012Validator | None] = field(default_factory=dict)
    """By the names of schemas; what is compiled for one schema serves all that it refers to."""

    def mismatches(self, schemas: Nodes, value: Json) -> list[SchemaMismatch]:
        name = self.translator.name(*schemas)
        if name not in self._compiled:
            self._compile(name)
        validator, named = self._compiled[name], {name: value}
        if validator is None or validator.is_valid(named):
            return []
        errors = [each for error in validator.iter_errors(named) for each in _innermost(error)]
        told = [mismatch for error in _telling(errors) for mismatch in self._told(error, value)]
        return list({(each.at, each.message): each for each in reversed(told)}.values())[::-1]

    def _compile(self, name: str) -> None:
        bundle = self.translator.bundle(name)
        formats = {"byte": _is_base64} | ({"date-time": _is_loose_time} if self.translator.as_broker else {})
        try:
            validator = jsonschema_rs.Draft202012Validator(
                bundle, validate_formats=True, formats=formats, offline=True, pattern_options=_PATTERNS
            )
        except (ValueError, TypeError) as error:
            said = str(error).partition("\n")[0]
            self.translator.unusable[self.translator.places[name]] = f"is no JSON Schema: {_short(said)}"
            self._compiled[name] = None
            return
        for each in bundle["$defs"]:
            self._compiled.setdefault(each, validator)

    def _told(self, error: jsonschema_rs.ValidationError, value: Json) -> Iterator[SchemaMismatch]:
        at = ""
        for step in error.instance_path[1:]:
            key = str(step) if isinstance(value, dict) else step
            at, value = below(at, key), value[key]
        place = self._place(error.schema_path)
        kind = error.kind
        if isinstance(kind, _Kind.AdditionalProperties | _Kind.UnevaluatedProperties):
            for name in kind.unexpected:
                yield SchemaMismatch(below(at, name), "the schema knows no such property", place)
        else:
            yield SchemaMismatch(at, _said(error), place)

    def _place(self, path: list[str | int]) -> DocumentPlace:
        """The place in the document of a keyword of the translated schema, as deep as both agree."""
        place, document = self.translator.places[str(path[1])], self.translator.document
        whole_file = DocumentNode(document, DocumentPlace(place.file), document.files[place.file])
        value: Any = whole_file.raw(*place.steps).value
        for step in path[2:]:
            inside = value.get(str(step)) if isinstance(value, dict) else None
            if isinstance(value, list) and isinstance(step, int) and step < len(value):
                inside = value[step]
            if inside is None:
                break
            place, value = place.below(step), inside
        return place


def _innermost(error: jsonschema_rs.ValidationError) -> Iterator[jsonschema_rs.ValidationError]:
    """The errors of the one branch of a union that the value was meant for, where that can be said."""
    kind = error.kind
    if isinstance(kind, _Kind.AnyOf | _Kind.OneOfNotValid):
        fitting = [
            branch
            for branch in kind.context
            if not any(each.kind.name == "type" and each.instance_path == error.instance_path for each in branch)
        ]
        alike = {tuple((tuple(each.instance_path), each.message) for each in branch) for branch in fitting}
        if len(alike) == 1:
            for inner in fitting[0]:
                yield from _innermost(inner)
            return
    yield error


def _telling(errors: list[jsonschema_rs.ValidationError]) -> list[jsonschema_rs.ValidationError]:
    """Without complaints about unlisted properties where a part of the object does not fit: it would list them."""

    def follows(error: jsonschema_rs.ValidationError) -> bool:
        path = error.instance_path
        return error.kind.name == "unevaluatedProperties" and any(
            other.kind.name != "unevaluatedProperties" and other.instance_path[: len(path)] == path for other in errors
        )

    return [error for error in errors if not follows(error)]


def _said(error: jsonschema_rs.ValidationError) -> str:
    match error.kind:
        case _Kind.FalseSchema():
            return "it is never sent in this direction"
        case _Kind.Required() as kind:
            return f'the required property "{kind.property}" is missing'
        case _Kind.OneOfMultipleValid():
            return "it fits more than one schema of oneOf; what would tell them apart is missing"
        case _:
            return _short(error.message)


def _is_base64(text: str) -> bool:
    return _BASE64.match("".join(text.split())) is not None


def _is_loose_time(text: str) -> bool:
    """A date and a time with a space in between pass as well."""
    return jsonschema_rs.is_valid({"format": "date-time"}, text.replace(" ", "T", 1), validate_formats=True)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} ... {text[-_LONGEST // 2 :]}"
