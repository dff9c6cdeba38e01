"""JSON values as YAML that `yamlfile` reads back as the same values, laid out as a person would."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from interceptor.values.json_text import Json

_WIDEST_FLOW = 80
_LIKE_A_NUMBER = re.compile(r"[-+.]?\d")
"""YAML's own idea of numbers, which the emitter quotes by, is not JSON's, which the reader has."""
_ODD_BREAK = re.compile("[\r\x85\u2028\u2029]")
"""Line breaks to YAML, which only double quotes keep as they are."""


def as_yaml(value: Json) -> str:
    """The YAML of a value, without a line break at its end; short lists and mappings of scalars stay on one line."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**9)
    return text.removesuffix("\n").removesuffix("\n...")


class _Dumper(yaml.SafeDumper):
    """Block style but for what is short; no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the base class decides
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # as PyYAML calls it
        """Lists are indented below their key."""
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    style: str | None = "'" if _LIKE_A_NUMBER.match(value) else None
    if _ODD_BREAK.search(value):
        style = '"'
    elif "\n" in value.strip("\n"):
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _mapping(dumper: yaml.SafeDumper, value: dict[str, Json]) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=_is_short(value, value.values()))


def _list(dumper: yaml.SafeDumper, value: list[Json]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=_is_short(value, value))


def _is_short(value: Json, members: Any) -> bool:
    text = json.dumps(value)
    return (
        not any(isinstance(each, dict | list) for each in members) and len(text) <= _WIDEST_FLOW and "\\n" not in text
    )


_Dumper.add_representer(str, _text)
_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _list)
