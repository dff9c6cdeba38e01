"""`$schema: {file: ...}`: the schema of a file in the place of its name."""

from __future__ import annotations

from dataclasses import replace

from interceptor.handlers.data import read_data
from interceptor.project.folder import Folder
from interceptor.project.yaml_nodes import Node, from_json
from interceptor.values.errors import ConfigurationError, Problem


def with_schemas(node: Node, folder: Folder, problems: list[Problem]) -> Node:
    """A handler's request part with the schemas of files read in; what cannot be read is added to the problems."""
    if node.kind == "list":
        items = [with_schemas(item, folder, problems) for item in node.items]
        return node if all(map(_same, items, node.items)) else replace(node, items=items)
    if node.kind == "mapping":
        members = {
            key: _schema(member, folder, problems) if key == "$schema" else with_schemas(member, folder, problems)
            for key, member in node.members.items()
        }
        return node if all(map(_same, members.values(), node.members.values())) else replace(node, members=members)
    return node


def _same(one: Node, other: Node) -> bool:
    return one is other


def _schema(node: Node, folder: Folder, problems: list[Problem]) -> Node:
    if node.kind != "mapping" or set(node.members) != {"file"}:
        return node
    where = node.at("file")
    try:
        schema = from_json(read_data(folder, where.source), where.file)
    except ConfigurationError as error:
        problems += error.problems
    except ValueError as error:
        problems.append(where.problem(str(error)))
    else:
        return _moved(schema, where)
    return node


def _moved(node: Node, where: Node) -> Node:
    """A complaint about the schema is one about the line that names it."""
    node.line, node.column = where.line, where.column
    for child in (*node.items, *node.members.values()):
        _moved(child, where)
    return node
