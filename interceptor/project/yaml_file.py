"""YAML that means what it says: JSON's scalars, exact places, and messages with the line to paste.

`parse` composes nodes with libyaml and never lets YAML guess: true, false, null and JSON numbers are what they are
in JSON, everything else is text (`NO`, `12:30`, `2024-01-01`, `1e999`). Every node knows its line, its column and
its source, so that an error found much later still points at the character that caused it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import yaml

from interceptor.project.shallow_parser import ShallowParser, TooDeepError
from interceptor.project.yaml_mistakes import quoted_text, syntax_problem
from interceptor.project.yaml_nodes import Node, Scalar
from interceptor.values.errors import ConfigurationError, Problem
from interceptor.values.nesting import DEEPEST, TOO_DEEP

_STARTS_NUMBER = frozenset("-+0123456789")
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?\Z")
_LEADING_ZERO = re.compile(r"[-+]?0\d+(\.\d+)?\Z")
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None, "": None}
_LONGEST_INTEGER = 4000
"""Digits; CPython refuses to convert longer ones, and no API means a number by them."""
_MOST_ALIASED = 100_000
"""Values beyond those that a text can spell. Aliases multiply: a few lines of them would otherwise fill the memory."""
_PLAIN = ("", None)
_UNTAGGED = ""
_NAMES = frozenset({"name", "given", "request", "path", "url", "$regex", "regex", "$contains"})
"""Keys whose values rarely end before a comment that has no space after its `#`."""


def read(path: Path, display: str | None = None) -> tuple[Node, list[Problem]]:
    """The root node of a file, and the warnings about it.

    Args:
        path: the file.
        display: how messages name it, normally its path relative to the project.

    Raises:
        ConfigurationError: with every problem found, where the file cannot be read or is not what we call YAML.
    """
    name = display or str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8 (byte {error.start}); save it as UTF-8"
        raise ConfigurationError([Problem(name, 1, 1, message)]) from error
    except OSError as error:
        message = f"cannot read the file: {error.strerror}"
        raise ConfigurationError([Problem(name, 1, 1, message)]) from error
    return parse(text, name)


def parse(text: str, name: str) -> tuple[Node, list[Problem]]:
    """The root node of a YAML text and the warnings about it; see `read`."""
    try:
        composed = yaml.compose(text, Loader=_Parser)  # type: ignore[arg-type]  # the stub asks for a whole Loader
    except TooDeepError as error:
        raise ConfigurationError([Problem(name, error.line, error.column, TOO_DEEP)]) from error
    except yaml.YAMLError as error:
        raise ConfigurationError([syntax_problem(error, text, name)]) from error
    except ValueError as error:
        raise ConfigurationError([Problem(name, 1, 1, f"not YAML: {error}")]) from error
    if composed is None:
        return Node("mapping", name, 1, 1), []
    builder = _Builder(text, name)
    root = builder.build(composed, 0)
    if any(problem.severity == "error" for problem in builder.problems):
        raise ConfigurationError(builder.problems)
    return root, builder.problems


class _Parser(ShallowParser):
    """Gives nodes without a tag of their own none."""

    def resolve(self, *_: object) -> str:
        return _UNTAGGED


class _Builder:
    """Composed nodes -> Node, collecting what newcomers stumble over."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.lines = text.splitlines()
        self.name = name
        self.problems: list[Problem] = []
        self.count = 0

    def build(self, node: yaml.Node, depth: int) -> Node:
        self.count += 1
        if self.count > len(self.text) + _MOST_ALIASED or depth > DEEPEST:
            what = TOO_DEEP if depth > DEEPEST else "aliases make it too large"
            raise ConfigurationError([*self.problems, self._problem(node, what)])
        start = node.start_mark
        built = Node("scalar", self.name, start.line + 1, start.column + 1)
        if node.tag is not _UNTAGGED or self.text.startswith("!", start.index):
            self._complain(node, "YAML tags are not supported; remove this one")
        if isinstance(node, yaml.ScalarNode):
            built.value, built.source = self._scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            built.kind = "list"
            built.items = [self.build(item, depth + 1) for item in node.value]
        elif isinstance(node, yaml.MappingNode) and node.flow_style and self._is_bare_template(node):
            source = self._source(node)
            self._complain(node, "a template must be quoted", f'"{source}"' if '"' not in source else f"'{source}'")
        elif isinstance(node, yaml.MappingNode):
            built.kind = "mapping"
            self._members(node, built, depth)
        return built

    def _members(self, node: yaml.MappingNode, built: Node, depth: int) -> None:
        members: dict[str, Node] = {}
        keys: dict[str, tuple[int, int]] = {}
        built.members, built.keys = members, keys
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._complain(key, "a key must be text")
                continue
            if node.flow_style and _is_missing(value) and not self._has_colon(key):
                self._missing_value(node, key)
                continue
            name = key.value
            if name in members:
                self._complain(key, f'the key "{name}" is here twice; the first one is in line {keys[name][0]}')
                continue
            keys[name] = (key.start_mark.line + 1, key.start_mark.column + 1)
            members[name] = self.build(value, depth + 1)
            if name in _NAMES:
                self._swallowed(name, value)

    def _has_colon(self, key: yaml.ScalarNode) -> bool:
        """True for `{flag: , page: 1}`: an empty value that somebody meant."""
        return self.text[key.end_mark.index :].lstrip(" ").startswith(":")

    def _missing_value(self, node: yaml.MappingNode, key: yaml.ScalarNode) -> None:
        """`{a:1}` and `{text: hello, world}`: YAML reads a key without a value in both."""
        name, colon, rest = key.value.partition(":")
        if colon and rest and key.style in _PLAIN:
            self._complain(key, "a colon in a flow mapping needs a space after it", f"{name}: {rest}")
            return
        keys = [each for each, _ in node.value]
        index = keys.index(key)
        if index and key.style in _PLAIN:
            before = node.value[index - 1][1]
            if isinstance(before, yaml.ScalarNode) and before.style in _PLAIN and not _is_missing(before):
                start, end = before.start_mark.index, key.end_mark.index
                quoted = quoted_text(self.text[start:end])
                self._complain(
                    key,
                    "a comma ends a value in a flow mapping; quote a value that contains one",
                    self._line_with(before.start_mark, end, quoted),
                    whole_line=True,
                )
                return
        self._complain(key, f'the key "{key.value}" has no value', f"{key.value}: ...")

    def _is_bare_template(self, node: yaml.MappingNode) -> bool:
        return any(isinstance(key, yaml.MappingNode) and _is_missing(value) for key, value in node.value)

    def _scalar(self, node: yaml.ScalarNode) -> tuple[Scalar, str]:
        text = node.value
        if node.style not in _PLAIN:
            return text, text
        if text in _WORDS:
            return _WORDS[text], text
        if text[0] not in _STARTS_NUMBER:
            return text, text
        if match := _JSON_NUMBER.match(text):
            if match[1] is None and match[2] is None:
                return (int(text) if len(text) <= _LONGEST_INTEGER else text), text
            number = float(text)
            return (number if abs(number) != float("inf") else text), text
        if _LEADING_ZERO.match(text):
            self._complain(node, "JSON numbers have no leading zero; quote it to make it text", f'"{text}"')
        return text, text

    def _swallowed(self, key: str, value: yaml.Node) -> None:
        """Warn where ` #` ends a name or a pattern: the rest of the line was most likely meant to be in it."""
        if not isinstance(value, yaml.ScalarNode) or value.style not in _PLAIN or _is_missing(value):
            return
        line = self.lines[value.end_mark.line] if value.end_mark.line < len(self.lines) else ""
        comment = re.match(r"\s+#[^\s#]\S*.*", line[value.end_mark.column :])
        if comment:
            whole = quoted_text(f"{value.value}{comment[0].rstrip()}")
            message = f"` #` starts a comment here; `{comment[0].strip()}` is not part of the value"
            self.problems.append(self._problem(value, message, f"{key}: {whole}", severity="warning"))

    def _source(self, node: yaml.Node) -> str:
        return self.text[node.start_mark.index : node.end_mark.index]

    def _complain(
        self, node: yaml.Node, message: str, replacement: str | None = None, *, whole_line: bool = False
    ) -> None:
        paste = replacement
        if replacement is not None and not whole_line:
            end = node.end_mark.index
            if isinstance(node, yaml.ScalarNode) and self.text[end : end + 1] == "":
                end = len(self.text)
            paste = self._line_with(node.start_mark, end, replacement)
        self.problems.append(self._problem(node, message, paste))

    def _line_with(self, start: yaml.Mark, end: int, replacement: str) -> str:
        """The line of `start` with the text from there to `end` replaced."""
        line = self.lines[start.line] if start.line < len(self.lines) else ""
        rest = self.text[end:].split("\n", 1)[0]
        return f"{line[: start.column]}{replacement}{rest}".strip()

    def _problem(
        self,
        node: yaml.Node,
        message: str,
        paste: str | None = None,
        severity: Literal["error", "warning"] = "error",
    ) -> Problem:
        mark = node.start_mark
        return Problem(self.name, mark.line + 1, mark.column + 1, message, paste, severity)


def _is_missing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style in _PLAIN and node.start_mark.index == node.end_mark.index
