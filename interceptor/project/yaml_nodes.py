"""Values of a file, each with its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from interceptor.values.errors import Problem

NodeKind: TypeAlias = Literal["scalar", "list", "mapping"]
Scalar: TypeAlias = str | int | float | bool | None
_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(slots=True, eq=False)
class Node:
    """One value of a YAML file and where it stands; `line` and `column` count from 1."""

    kind: NodeKind
    file: str
    line: int
    column: int
    value: Scalar = None
    source: str = ""
    """A scalar's text before it was taken for a number or a word."""
    items: Sequence[Node] = ()
    members: Mapping[str, Node] = field(default_factory=lambda: _NONE)
    keys: Mapping[str, tuple[int, int]] = field(default_factory=lambda: _NONE)
    """Line and column of the keys of a mapping, for complaints about a key."""

    @property
    def place(self) -> str:
        """`handlers/products.yaml:12`."""
        return f"{self.file}:{self.line}"

    def plain(self) -> Any:
        """The JSON value below this node."""
        match self.kind:
            case "scalar":
                return self.value
            case "list":
                return [item.plain() for item in self.items]
            case "mapping":
                return {
                    key: member.value if member.kind == "scalar" else member.plain()
                    for key, member in self.members.items()
                }

    def get(self, key: str) -> Node | None:
        return self.members.get(key)

    def at(self, *path: str | int) -> Node:
        """The node at a path, as deep as the path can be followed; steps that do not exist are passed over."""
        node = self
        for step in path:
            if isinstance(step, int) and step < len(node.items):
                node = node.items[step]
            elif isinstance(step, str) and step in node.members:
                node = node.members[step]
        return node

    def problem(
        self, message: str, *, paste: str | None = None, severity: Literal["error", "warning"] = "error"
    ) -> Problem:
        return Problem(self.file, self.line, self.column, message, paste, severity)

    def key_problem(self, key: str, message: str) -> Problem:
        """A complaint about a key of a mapping, at the mapping where it is not known where the key stands."""
        line, column = self.keys.get(key, (self.line, self.column))
        return Problem(self.file, line, column, message)

    def walk(self) -> Iterator[Node]:
        yield self
        for child in (*self.items, *self.members.values()):
            yield from child.walk()

    def with_items(self, items: Sequence[Node]) -> Node:
        return Node("list", self.file, self.line, self.column, items=items)

    def with_members(self, members: Mapping[str, Node], keys: Mapping[str, tuple[int, int]]) -> Node:
        return Node("mapping", self.file, self.line, self.column, members=members, keys=keys)

    def textual(self) -> Node:
        """This node with every scalar read as its source text: what a header or a query value means."""
        if self.kind == "scalar":
            if self.value is self.source:
                return self
            return Node("scalar", self.file, self.line, self.column, self.source, self.source)
        return Node(
            self.kind,
            self.file,
            self.line,
            self.column,
            items=[item.textual() for item in self.items],
            members={
                key: member if key in {"$any", "$absent", "$length", "$schema"} else member.textual()
                for key, member in self.members.items()
            },
            keys=self.keys,
        )


def from_json(value: Any, name: str) -> Node:
    """The nodes of a JSON value, all in its first line: JSON escapes beyond what YAML reads."""
    if isinstance(value, dict):
        members = {str(key): from_json(member, name) for key, member in value.items()}
        return Node("mapping", name, 1, 1, members=members, keys=dict.fromkeys(members, (1, 1)))
    if isinstance(value, list):
        return Node("list", name, 1, 1, items=[from_json(item, name) for item in value])
    source = value if isinstance(value, str) else json.dumps(value)
    return Node("scalar", name, 1, 1, value, source)
