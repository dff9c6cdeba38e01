"""Schemas that carry names of their own: `$id`, `$anchor` and `$dynamicAnchor` of OpenAPI 3.1."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

HOLDS_DATA = frozenset({"example", "examples", "default", "enum", "const"})
"""What stands below these is data of the provider, whatever it looks like."""
HOLDS_NAMES = frozenset({"properties", "patternProperties", "schemas", "definitions", "$defs", "paths"})
"""What stands below these are names of the provider's own, `example` and `default` included."""

_Steps = tuple[str, ...]


@dataclass(slots=True)
class NamedSchemas:
    """Where in one file the schemas with names stand."""

    ids: dict[str, _Steps] = field(default_factory=dict)
    """By the address that they have; relative ones are relative to the schema around them."""
    anchors: dict[str, list[_Steps]] = field(default_factory=dict)


def named_schemas(file: Any) -> NamedSchemas:
    """Look through all of a file."""
    found = NamedSchemas()
    queue: list[tuple[_Steps, Any, str]] = [((), file, "")]
    walked: set[int] = set()
    while queue:
        steps, value, base = queue.pop()
        if id(value) in walked:  # YAML's aliases can multiply
            continue
        walked.add(id(value))
        if isinstance(value, list):
            queue += [
                ((*steps, str(index)), each, base) for index, each in enumerate(value) if isinstance(each, dict | list)
            ]
        elif isinstance(value, dict):
            if isinstance(value.get("$id"), str):
                base = joined(base, value["$id"])
                found.ids.setdefault(base, steps)
            for key in ("$anchor", "$dynamicAnchor"):
                if isinstance(value.get(key), str):
                    found.anchors.setdefault(value[key], []).append(steps)
            all_names = steps[-1:] and steps[-1] in HOLDS_NAMES
            queue += [
                ((*steps, key), each, base)
                for key, each in value.items()
                if isinstance(each, dict | list) and (all_names or key not in HOLDS_DATA)
            ]
    return found


def joined(base: str, address: str) -> str:
    """An address as it is from another one; what is no address at all stays as it is, and leads nowhere."""
    try:
        return urljoin(base, address)
    except ValueError:
        return address
