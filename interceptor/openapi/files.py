"""The files of a document: JSON or YAML, from the disk or from a URL, as JSON values."""

from __future__ import annotations

import json
import re
from errno import EINVAL
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from interceptor.project.shallow_parser import ShallowParser
from interceptor.values.errors import DocumentError
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.nesting import DEEPEST, TOO_DEEP
from interceptor.values.place import children

_REMEDY = "check the path that names it"
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""What may spell half a character in JSON."""
_PATIENCE = 20
"""Seconds for a document behind a URL."""
_CORE: dict[str, tuple[str, list[str]]] = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    "float": (r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
    "merge": (r"<<", ["<"]),
}
"""YAML 1.2's core schema: dates, `on` and `yes` stay text. https://yaml.org/spec/1.2.2/#103-core-schema"""


def is_url(where: str) -> bool:
    return where.startswith(("http://", "https://"))


def read_file(where: str, root: Path) -> Json:
    """The JSON value of one file of a document.

    Args:
        where: a path, relative to `root`, or a URL.
        root: the folder that relative paths start from.

    Raises:
        DocumentError: where there is no such file, or it is neither JSON nor YAML.
    """
    content = _fetched(where) if is_url(where) else _read(where, root)
    try:
        value = parse_json(content)
        return _without_halves(value) if _HALF.search(content) else value
    except NotJsonError:
        pass
    try:
        return _of_yaml(content.decode("utf-8-sig"))
    except (yaml.YAMLError, ValueError) as error:
        raise _unreadable(where, error) from error


def _without_halves(value: Json) -> Json:
    """Halves of characters, which no message could show, as question marks."""
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _unreadable(where: str, error: Exception) -> DocumentError:
    mark = getattr(error, "problem_mark", None)
    at = "" if mark is None else f":{mark.line + 1}:{mark.column + 1}"
    said = getattr(error, "problem", None) or error
    return DocumentError(f"{where}{at} is neither JSON nor YAML: {said}", "correct the document")


def _read(where: str, root: Path) -> bytes:
    try:
        file = root / where
        if not (file.is_file() or file.is_fifo() or not file.exists()):
            raise OSError(EINVAL, "it is no file")  # noqa: TRY301  # told like all others
        return file.read_bytes()
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise DocumentError(f"cannot read the OpenAPI document {where}: {said}", _REMEDY) from error


def _fetched(url: str) -> bytes:
    from urllib.error import URLError  # noqa: PLC0415  # most documents are files
    from urllib.request import urlopen  # noqa: PLC0415  # as above

    try:
        with urlopen(url, timeout=_PATIENCE) as response:  # noqa: S310  # `is_url` allows http and https only
            content: bytes = response.read()
            return content
    except (URLError, OSError, ValueError) as error:
        said = getattr(error, "reason", error)
        raise DocumentError(f"cannot read the OpenAPI document {url}: {said}", "check the address") from error


class _Loader(ShallowParser, SafeConstructor):
    """libyaml's parser with the scalars of YAML 1.2, and text for every key of a mapping."""

    def __init__(self, stream: str) -> None:
        ShallowParser.__init__(self, stream)
        SafeConstructor.__init__(self)

    def construct_int(self, node: yaml.ScalarNode) -> int:
        text = node.value
        return int(text, 0) if text.startswith(("0o", "0x")) else int(text)

    def construct_number(self, node: yaml.ScalarNode) -> float | str:
        number = float(node.value)
        return number if abs(number) != float("inf") else str(node.value)

    def construct_object_of(self, node: yaml.MappingNode) -> dict[str, Any]:
        self.flatten_mapping(node)
        return {
            str(key.value): self.construct_object(value, deep=True)
            for key, value in node.value
            if isinstance(key, yaml.ScalarNode)
        }


for _tag, (_pattern, _first) in _CORE.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first)
_Loader.yaml_constructors = {
    **SafeConstructor.yaml_constructors,
    "tag:yaml.org,2002:int": _Loader.construct_int,
    "tag:yaml.org,2002:float": _Loader.construct_number,
    "tag:yaml.org,2002:map": _Loader.construct_object_of,
}


def _of_yaml(text: str) -> Json:
    value = yaml.load(text, Loader=_Loader)  # type: ignore[arg-type]  # noqa: S506  # it constructs JSON values only
    level = {id(value): value}
    for _ in range(DEEPEST + 1):  # aliases nest deeper than the text
        level = {id(each): each for parent in level.values() for _, each in children(parent)}
    if level:
        raise ValueError(TOO_DEEP)
    return value
