"""A handler's node, written out: shorthands as mappings, defaults below, text as it is spelt.

One way down the node gives the one form that is validated; what is compiled later points into it.
"""

from __future__ import annotations

from typing import Any

from interceptor.handlers.request_part import BODY_MATCHERS, OPERATORS, split_request
from interceptor.handlers.response_part import BODIES
from interceptor.project.yaml_nodes import Node

_SELF = "."
"""In the tables below: scalars at this very place are text."""
_EACH = "*"
"""In the tables below: every member."""

_MAPS_OF_NAMES = frozenset({"headers", "query", "cookies", "matching"})
_TEXT_OPERATORS = tuple(each for each in OPERATORS if each not in {"$any", "$absent", "$length", "$schema"})
_STATE_TEXTS: dict[str, Any] = {_SELF: True, "name": True}
_REQUEST_TEXTS: dict[str, Any] = {
    **dict.fromkeys(
        (_SELF, "method", "path", "url", "websocket", "protocol", "query", "headers", "cookies", "form", "text", "xml"),
        True,
    ),
    "multipart": {_EACH: {**dict.fromkeys((_SELF, "filename", "content_type", "text", *_TEXT_OPERATORS), True)}},
    "binary": dict.fromkeys(("sha256", "starts_with", "base64"), True),
    "graphql": dict.fromkeys(("query", "mutation", "subscription", "operation"), True),
}
_ACT_TEXTS: dict[str, Any] = {
    **dict.fromkeys(("text", "base64", "file", "ping", "for_each"), True),
    "close": {"reason": True},
}
_MESSAGE_TEXTS: dict[str, Any] = {
    **{key: _REQUEST_TEXTS[key] for key in ("text", "binary", "graphql")},
    **dict.fromkeys(("name", "python"), True),
    "send": _ACT_TEXTS,
    "close": {"reason": True},
}
_RESPONSE_TEXTS: dict[str, Any] = {
    **dict.fromkeys(("headers", "text", "html", "xml", "form", "base64", "file", "name", "python", "when"), True),
    "sse": dict.fromkeys(("event", "id", "comment", "for_each"), True),
    "stream": dict.fromkeys(("text", "base64", "file", "for_each"), True),
    "open": _ACT_TEXTS,
    "messages": _MESSAGE_TEXTS,
    "passthrough": {"to": True, "request": dict.fromkeys(("path", "query", "headers"), True)},
    "given": _STATE_TEXTS,
}
_TEXTS: dict[str, Any] = {
    "name": True,
    "when": True,
    "then": {"call": dict.fromkeys(("url", "headers", "text"), True)},
    "given": _STATE_TEXTS,
    "request": _REQUEST_TEXTS,
    "response": _RESPONSE_TEXTS,
}
"""Where a handler means text: the scalars there are taken as they are written (`page: 1.0` is "1.0")."""


def normalise(handler: Node, defaults: Node | None) -> Node:
    """The canonical node of a handler: `request: GET /a` and `response: 404` written out, over its file's defaults."""
    below = {} if defaults is None else defaults.members
    keys = handler.keys if defaults is None else {**defaults.keys, **handler.keys}
    said = {**below, **handler.members}
    return handler.with_members({key: _member(key, node, below.get(key)) for key, node in said.items()}, keys)


def response_over(usual: Node, own: Node) -> Node:
    """A response over another: maps of names are merged, a body replaces one of any kind."""
    return _over(usual, _response(own), BODIES)


def _member(key: str, node: Node, default: Node | None) -> Node:
    if key == "request":
        node = _over(default, _request(node), BODY_MATCHERS)
    elif key == "response" and node.kind == "list":
        node = node.with_items([_over(default, _response(entry), BODIES) for entry in node.items])
    elif key == "response":
        node = _over(default, _response(node), BODIES)
    return _as_text(node, _TEXTS.get(key, {}))


def _request(node: Node) -> Node:
    """`GET /a` as a mapping; what is not a method and a path stays as it is, for the model to complain about."""
    if node.kind != "scalar":
        return node
    try:
        method, path = split_request(node.source)
    except ValueError:
        return node
    parts = {"method": method, "path": path}
    return _mapping_at(
        node, {key: Node("scalar", node.file, node.line, node.column, part, part) for key, part in parts.items()}
    )


def _response(node: Node) -> Node:
    """`404` as a mapping."""
    is_number = isinstance(node.value, int) and not isinstance(node.value, bool)
    return _mapping_at(node, {"status": node}) if is_number else node


def _mapping_at(node: Node, members: dict[str, Node]) -> Node:
    return Node("mapping", node.file, node.line, node.column, members=members)


def _over(default: Node | None, node: Node, bodies: tuple[str, ...]) -> Node:
    """A request or response over its default; maps of names are merged, a body replaces a body of any kind."""
    if default is None or not node.kind == default.kind == "mapping":
        return node
    replaced = {
        key
        for one_of in (bodies, ("path", "url", "websocket"))
        if not node.members.keys().isdisjoint(one_of)
        for key in one_of
    }
    merged = {key: member for key, member in default.members.items() if key not in replaced}
    for key, member in node.members.items():
        below = merged.get(key)
        if below is not None and key in _MAPS_OF_NAMES and member.kind == below.kind == "mapping":
            merged[key] = below.with_members({**below.members, **member.members}, {**below.keys, **member.keys})
        else:
            merged[key] = member
    return node.with_members(merged, {**default.keys, **node.keys})


def _as_text(node: Node, places: Any) -> Node:
    """The node with the scalars at the given places read as their source text."""
    if places is True:
        return node.textual()
    if not places:
        return node
    if node.kind == "scalar":
        return node.textual() if places.get(_SELF) else node
    if node.kind == "list":
        return node.with_items([_as_text(item, places) for item in node.items])
    each = places.get(_EACH, {})
    return node.with_members(
        {key: _as_text(member, places.get(key, each)) for key, member in node.members.items()}, node.keys
    )
