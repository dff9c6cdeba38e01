"""Values against schemas of a document; each schema is compiled once for each direction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs

from interceptor.openapi.document import DocumentNode, DocumentPlace, OpenApiDocument
from interceptor.openapi.json_schema import Direction, Translator
from interceptor.values.json_text import Json
from interceptor.values.place import below

_Kind = jsonschema_rs.ValidationErrorKind
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z")
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class SchemaMismatch:
    """What of a value does not fit: `Mismatch(".items[0].id", '12 is not of type "string"', ...)`."""

    at: str
    message: str
    document_place: DocumentPlace


@dataclass(eq=False)
class Validation:
    """Holds values against the schemas of one document."""

    document: OpenApiDocument
    _translators: dict[Direction, Translator] = field(default_factory=dict)
    _compiled: dict[tuple[Direction, str], jsonschema_rs.Draft202012Validator | None] = field(default_factory=dict)
    """By the names of schemas; what is compiled for one schema serves all that it refers to."""

    def mismatches(self, schema: DocumentNode, value: Json, direction: Direction) -> list[SchemaMismatch]:
        """Everything of a value that its schema does not allow."""
        translator = self._translators.setdefault(direction, Translator(self.document, direction))
        name = translator.name(schema)
        if (direction, name) not in self._compiled:
            self._compile(translator, name)
        validator, named = self._compiled[direction, name], {name: value}
        if validator is None or validator.is_valid(named):
            return []
        errors = [each for error in validator.iter_errors(named) for each in _innermost(error)]
        return [mismatch for error in _telling(errors) for mismatch in self._told(error, value, direction)]

    @property
    def unusable(self) -> dict[DocumentPlace, str]:
        """Where schemas that were used are no JSON Schema, and why."""
        return {place: why for each in self._translators.values() for place, why in each.unusable.items()}

    def _compile(self, translator: Translator, name: str) -> None:
        bundle = translator.bundle(name)
        try:
            validator = jsonschema_rs.Draft202012Validator(
                bundle, validate_formats=True, formats={"byte": _is_base64}, offline=True
            )
        except (ValueError, TypeError) as error:
            said = str(error).partition("\n")[0]
            translator.unusable[translator.places[name]] = f"is no JSON Schema: {_short(said)}"
            self._compiled[translator.direction, name] = None
            return
        for each in bundle["$defs"]:
            self._compiled.setdefault((translator.direction, each), validator)

    def _told(
        self, error: jsonschema_rs.ValidationError, value: Json, direction: Direction
    ) -> Iterator[SchemaMismatch]:
        at = ""
        for step in error.instance_path[1:]:
            key = str(step) if isinstance(value, dict) else step
            at, value = below(at, key), value[key]
        place = self._place(error.schema_path, direction)
        kind = error.kind
        if isinstance(kind, _Kind.AdditionalProperties | _Kind.UnevaluatedProperties):
            for name in kind.unexpected:
                yield SchemaMismatch(below(at, name), "the schema knows no such property", place)
        elif isinstance(kind, _Kind.FalseSchema):
            yield SchemaMismatch(at, "it is never sent in this direction", place)
        elif isinstance(kind, _Kind.Required):
            yield SchemaMismatch(at, f'the required property "{kind.property}" is missing', place)
        elif isinstance(kind, _Kind.OneOfMultipleValid):
            message = "it fits more than one schema of oneOf; what would tell them apart is missing"
            yield SchemaMismatch(at, message, place)
        else:
            yield SchemaMismatch(at, _short(error.message), place)

    def _place(self, path: list[str | int], direction: Direction) -> DocumentPlace:
        """The place in the document of a keyword of the translated schema, as deep as both agree."""
        place = self._translators[direction].places[str(path[1])]
        value: Any = (
            DocumentNode(self.document, DocumentPlace(place.file), self.document.files[place.file])
            .raw(*place.steps)
            .value
        )
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
        if len(fitting) == 1:
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


def _is_base64(text: str) -> bool:
    return _BASE64.match("".join(text.split())) is not None


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} ... {text[-_LONGEST // 2 :]}"
