"""Schemas that apply to one and the same value: what `allOf` and references make of them together.

OpenAPI's `allOf` builds one object out of several: what one part says about a member and what another says about it
belong together, however deep. So the parts are laid side by side before anything is decided about the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from interceptor.openapi.document import DocumentNode, DocumentPlace
from interceptor.openapi.keywords import is_nullable, listed

Member: TypeAlias = tuple[str, ...]
"""A place right below a value, and the keyword that describes it: `("properties", "name")`, `("items",)`."""
Nodes: TypeAlias = tuple[DocumentNode, ...]

UNIONS = ("oneOf", "anyOf")
_SAYS_NOTHING = {"title", "description", "summary", "example", "examples", "deprecated", "readOnly", "writeOnly"}
_SHAPES_OBJECTS = ("properties", "patternProperties", "additionalProperties")
_NAMED = ("properties", "patternProperties")


def is_bare_reference(value: Any) -> bool:
    """A reference with nothing beside it that asserts anything."""
    return (
        isinstance(value, dict) and isinstance(value.get("$ref"), str) and not value.keys() - {*_SAYS_NOTHING, "$ref"}
    )


def static(node: DocumentNode) -> DocumentNode:
    """A `$dynamicRef` as a reference to the one schema that it can mean; it stays where it may mean several."""
    value = node.value
    if not isinstance(value, dict) or not isinstance(written := value.get("$dynamicRef"), str) or "$ref" in value:
        return node
    if len(node.document.anchored(written.removeprefix("#"), node.place.file)) > 1:
        return node
    rest = {key: each for key, each in value.items() if key != "$dynamicRef"}
    return DocumentNode(node.document, node.place, rest | {"$ref": written})


def meaning(node: DocumentNode) -> DocumentNode:
    """The schema that a reference, or an `allOf` of one alone, stands for; any other is itself."""
    node, seen = static(node), set[DocumentPlace]()
    while node.place not in seen:
        seen.add(node.place)
        if is_bare_reference(node.value):
            node = static(node.document.follow(node))
        elif len(only := branches(node, "allOf")) == 1 and not node.value.keys() - {*_SAYS_NOTHING, "allOf"}:
            node = static(only[0])
    return node


def says_something(node: DocumentNode) -> bool:
    """Whether a schema asserts anything at all."""
    value = node.value
    return value is False or (isinstance(value, dict) and bool(value.keys() - _SAYS_NOTHING))


def branches(node: DocumentNode, key: str) -> list[DocumentNode]:
    """The schemas of a list such as `allOf`, references as they stand."""
    schemas = node.raw(key)
    return [schemas.raw(index) for index in range(len(schemas.value))] if isinstance(schemas.value, list) else []


def parts(nodes: Sequence[DocumentNode]) -> Nodes:
    """All schemas that apply where these do: themselves, what they refer to, and what their `allOf` lists."""
    queue, found = list(reversed(nodes)), dict[DocumentPlace, DocumentNode]()
    while queue:
        node = static(queue.pop())
        if is_bare_reference(node.value):
            node = static(node.document.follow(node))
        if node.place in found:
            found[node.place] = found.pop(node.place)  # what it says replaces what stands before it
            continue
        found[node.place] = node
        if isinstance(node.value, dict):
            further = branches(node, "allOf")
            if isinstance(node.value.get("$ref"), str):
                further = [node.document.follow(node), *further]
            queue += reversed(further)
    return tuple(node for node in found.values() if says_something(node))


def members(these: Nodes) -> dict[Member, Nodes]:
    """What the parts of a value say about each of its members."""
    found: dict[Member, list[DocumentNode]] = {}
    for part in these:
        for member in _members(part.value):
            found.setdefault(member, []).append(part.raw(*member))
    return {member: tuple(nodes) for member, nodes in found.items()}


def _members(schema: Any) -> Iterator[Member]:
    if isinstance(schema, dict):
        for key in _NAMED:
            yield from ((key, name) for name in (schema[key] if isinstance(schema.get(key), dict) else ()))
        if isinstance(schema.get("items"), dict | bool) and not isinstance(schema.get("prefixItems"), list):
            yield ("items",)


def conditionals(part: DocumentNode) -> Iterator[list[DocumentNode]]:
    """The alternatives of a schema, each group of which one or none applies to a value."""
    schema = part.value
    yield from (found for key in UNIONS if (found := branches(part, key)))
    if outcomes := [part.raw(key) for key in ("then", "else") if key in schema]:
        yield outcomes
    if isinstance(schema.get("dependentSchemas"), dict):
        yield from ([part.raw("dependentSchemas", name)] for name in schema["dependentSchemas"])


def contested(these: Nodes, known: Sequence[Member]) -> dict[Member, bool]:
    """The members that alternatives also speak of, and whether more than one group of alternatives does."""
    groups = [group for part in these if isinstance(part.value, dict) for group in conditionals(part)]
    counts = Counter(member for group in groups for member in {m for each in group for m in _touched(each)})
    return {member: count > 1 for member, count in counts.items() if count > 1 or member in known}


def _touched(node: DocumentNode) -> set[Member]:
    queue, found, seen = [node], set[Member](), set[DocumentPlace]()
    while queue:
        for part in parts([queue.pop()]):
            if part.place not in seen and isinstance(part.value, dict):
                seen.add(part.place)
                found |= set(_members(part.value))
                queue += [each for group in conditionals(part) for each in group]
    return found


def has_unions(these: Nodes) -> bool:
    return any(branches(part, key) for part in these for key in UNIONS)


def shapes_objects(these: Nodes) -> bool:
    """Whether the parts beside their alternatives say which members there are, or the alternatives are several."""
    groups = sum(1 for part in these for _ in conditionals(part))
    return groups > 1 or any(key in part.value for part in these for key in _SHAPES_OBJECTS)


def others(these: Nodes) -> bool | Nodes:
    """What the parts say about further properties: what the last one says counts, schemas in a row together."""
    found: bool | Nodes = True
    for part in these:
        said = part.value.get("additionalProperties")
        if isinstance(said, bool):
            found = said
        elif isinstance(said, dict):
            found = (*(found if isinstance(found, tuple) else ()), part.raw("additionalProperties"))
    return found


def is_closed(these: Nodes, *, in_answers: bool) -> bool:
    """Whether an object may have no other properties than those its schemas list.

    In answers `type: object` is enough, as a consumer may not use more than a provider offers. An object that may be
    null, or whose alternatives are open, is open as well.
    """
    further = others(these)
    if further is False or any(part.value.get("unevaluatedProperties") is False for part in these):
        return True
    if not in_answers or isinstance(further, tuple) or not _is_object(these):
        return False
    unions = [found for part in these for key in UNIONS if (found := branches(part, key))]
    return not unions or any(all(_is_closed_alone(each) for each in union) for union in unions)


def _is_closed_alone(branch: DocumentNode) -> bool:
    these = parts([branch])
    if not these or any(part.value is False or any(key in part.value for key in UNIONS) for part in these):
        return False
    return is_closed(these, in_answers=True)


def _is_object(these: Nodes) -> bool:
    last = _last_typed(these)
    return last.get("type") == "object" and not is_nullable(last)


def _last_typed(these: Nodes) -> dict[str, Any]:
    """The last part that says what kind of value it is: parts further on replace what earlier ones say."""
    typed = [part.value for part in these if "type" in part.value or is_nullable(part.value)]
    return typed[-1] if typed else {}


def allows_null(node: DocumentNode, seen: frozenset[DocumentPlace] = frozenset()) -> bool:
    """Whether null is a value of a schema, as its `type` and `nullable` say it."""
    these = parts([node])
    if any(part.value is False for part in these):
        return False
    last = _last_typed(these)
    if last:
        own = node.value if isinstance(node.value, dict) else {}
        return is_nullable(own) or is_nullable(last) or "null" in listed(last.get("type"))
    unions = [branches(part, key) for part in these if part.place not in seen for key in UNIONS]
    seen |= {part.place for part in these}
    return all(any(allows_null(each, seen) for each in union) for union in unions if union)
