"""Responses that echo the ids of the path, in the type that the document gives them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from interceptor.openapi.composition import parts
from interceptor.openapi.document import DocumentNode
from interceptor.openapi.examples import Examples
from interceptor.openapi.json_schema import Direction
from interceptor.openapi.operations import Operation, Parameter
from interceptor.openapi.validation import Validation
from interceptor.scaffold.answers import plain
from interceptor.scaffold.wording import PathParameter
from interceptor.values.json_text import Json

_ENVELOPES = ("data", "result")
_OTHERS: dict[str, tuple[Json, ...]] = {"string": ("x1", "a-longer-one"), "integer": (1, 7, 12345)}
"""Another id to try, if the document does not limit ids."""
_LIMITS = {"enum", "const", "format", "pattern", "minLength", "maxLength", "minimum", "maximum", "multipleOf"}


class Echo:
    """Puts the parameters of a path into the responses of one operation, wherever any value would fit."""

    def __init__(self, each: Operation, parameters: list[PathParameter], validation: Validation) -> None:
        self._validation = validation
        declared = {each.name: each for each in each.parameters if each.where == "path"}
        self._parameters = [(known, declared.get(known.written)) for known in parameters]

    def into(self, value: Json, schema: DocumentNode) -> Json:
        """A response as a handler has it, with no templates but the echoes."""
        written = plain(value)
        for envelope in ((), *((name,) for name in _ENVELOPES)):
            inside, shown = _below(value, envelope), _below(written, envelope)
            if isinstance(inside, dict):
                for known, declared in self._parameters:
                    if declared is not None:
                        self._put(inside, shown, known, declared, (value, schema))
        return written

    def _put(
        self,
        inside: dict[str, Json],
        shown: dict[str, Json],
        known: PathParameter,
        declared: Parameter,
        whole: tuple[Json, DocumentNode],
    ) -> None:
        is_last = known is self._parameters[-1][0]
        for name, old in inside.items():
            if not _is_named(name, known, is_last=is_last):
                continue
            asked = list(_asked(declared, self._validation))
            if asked and all(type(each) is type(old) and self._fits(inside, name, each, whole) for each in asked):
                shown[name] = f"{{{{ params.{known.name}{' | int' if isinstance(old, int) else ''} }}}}"

    def _fits(self, inside: dict[str, Json], name: str, other: Json, whole: tuple[Json, DocumentNode]) -> bool:
        """True if the response still fits its schema with another value in it."""
        value, schema = whole
        old, inside[name] = inside[name], other
        fits = self._validation.allows((schema,), value, Direction.RESPONSE)
        inside[name] = old
        return fits


def _is_named(name: str, known: PathParameter, *, is_last: bool) -> bool:
    """True if a member has the name of a parameter; `id` stands for the last one, if that is an id."""
    bare, parameter = _bare(name), _bare(known.written)
    return bare == parameter or (is_last and bare == "id" and parameter in {"id", f"{_bare(known.noun)}id"})


def _asked(declared: Parameter, validation: Validation) -> Iterator[Json]:
    """Values that a parameter may have."""
    example = Examples(validation, Direction.REQUEST).value(declared.schema)
    if isinstance(example, str | int) and not isinstance(example, bool):
        yield example
        limits = {key for part in parts([declared.schema]) if isinstance(part.value, dict) for key in part.value}
        if not limits & _LIMITS:
            yield from _OTHERS["integer" if isinstance(example, int) else "string"]


def _below(value: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
