"""The base of every model of a project's files: strict keys, and pydantic's errors as located problems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from interceptor.project.yaml_nodes import Node
from interceptor.values.did_you_mean import did_you_mean
from interceptor.values.errors import Problem

Model = TypeVar("Model", bound="StrictModel")


class StrictModel(BaseModel):
    """A frozen model that refuses unknown keys, naming the nearest valid one."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @classmethod
    @cache  # one for each model
    def known_keys(cls) -> dict[str, None]:
        return dict.fromkeys(field.alias or name for name, field in cls.model_fields.items())

    @model_validator(mode="wrap")
    @classmethod
    def _name_unknown_keys(cls, value: Any, validate_rest: ModelWrapValidatorHandler[Self]) -> Self:
        """Report unknown keys beside the errors of the known ones; `extra="forbid"` alone cannot name neighbours."""
        known = cls.known_keys()
        if not isinstance(value, dict) or value.keys() <= known.keys():
            return validate_rest(value)
        unknown = [key for key in value if key not in known]
        errors = [
            InitErrorDetails(
                type=PydanticCustomError("unknown_key", "unknown key", {"unknown": unknown, "known": [*known]}),
                input=None,
            )
        ]
        try:
            validate_rest({key: member for key, member in value.items() if key in known})
        except ValidationError as error:
            errors += [
                InitErrorDetails(
                    type=PydanticCustomError(
                        detail["type"], detail["msg"].replace("{", "(").replace("}", ")"), detail.get("ctx")
                    ),
                    loc=detail["loc"],
                    input=None,
                )
                for detail in error.errors()
            ]
        raise ValidationError.from_exception_data(cls.__name__, errors)


def validate(model: type[Model], node: Node, value: Any = None) -> tuple[Model | None, list[Problem]]:
    """The model of a node, or the problems that forbid it, each at the place that causes it.

    Args:
        model: what the node should be.
        node: gives the value, and the places of the problems.
        value: validated in the place of the node's own plain value.
    """
    try:
        return model.model_validate(node.plain() if value is None else value), []
    except ValidationError as error:
        return None, [problem for detail in error.errors() for problem in _problems(node, detail)]


def _problems(root: Node, detail: Any) -> Iterator[Problem]:
    location: Sequence[str | int] = detail["loc"]
    node = root.at(*location)
    if detail["type"] == "unknown_key":
        for key in detail["ctx"]["unknown"]:
            yield node.key_problem(key, f'unknown key "{key}"{did_you_mean(key, detail["ctx"]["known"])}')
        return
    key = next((part for part in reversed(location) if isinstance(part, str) and _is_key(part)), "")
    message = _MESSAGES.get(detail["type"]) or detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "missing":
        yield node.problem(f'the key "{location[-1]}" is missing')
    elif detail["type"] == "union_tag_invalid":
        kinds = [_KINDS[tag.strip(" '")] for tag in detail["ctx"]["expected_tags"].split(",")]
        yield node.problem(f'"{key}" must be {" or ".join(kinds)}' if key else f"must be {' or '.join(kinds)}")
    elif detail["type"] in _MESSAGES:
        got = "" if node.kind != "scalar" else f", not {_display(node)}"
        yield node.problem(f'"{key}" {message}{got}' if key else f"{message}{got}")
    else:
        yield node.problem(f'"{key}": {message}' if key else message)


def _display(node: Node) -> str:
    return f'"{node.source}"' if isinstance(node.value, str) else (node.source or "nothing")


def _is_key(part: str) -> bool:
    """False for the tags that pydantic puts into locations for the branches of a union."""
    return part.replace("_", "").replace("-", "").isalnum() and part not in UNION_TAGS


_KINDS = {"number": "a number", "text": "text", "list": "a list", "mapping": "a mapping", "flag": "true or false"}
UNION_TAGS = frozenset(_KINDS)

_MESSAGES = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
}
