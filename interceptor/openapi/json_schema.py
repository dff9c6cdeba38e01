"""Schemas of OpenAPI -> JSON Schema 2020-12, as seen by one direction of the traffic.

A consumer may send more than a schema lists and must send what it requires; of an answer it may use less than a schema
lists and nothing more. So in answers `required` is dropped and objects are closed. Whether one is closed is decided
where all schemas that apply to it are known: those that `allOf` lists are laid side by side, and what a union's branch
says about a member is joined with what stands beside the union.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial

from interceptor.openapi.composition import (
    UNIONS,
    Member,
    Nodes,
    allows_null,
    branches,
    conditionals,
    contested,
    has_unions,
    is_closed,
    meaning,
    members,
    others,
    parts,
    says_something,
    shapes_objects,
)
from interceptor.openapi.document import DocumentNode, DocumentPlace, OpenApiDocument
from interceptor.openapi.keywords import as_the_broker_has_it, assertions, is_nullable, laid_over, listed
from interceptor.openapi.tagged import heirs, one_of_tags, tag_name, tagged, when
from interceptor.values.json_text import Json

_ONE_SCHEMA = ("contains", "propertyNames", "unevaluatedItems")
_EXACT_ONES = (
    *(*_ONE_SCHEMA, "items", "additionalProperties", "unevaluatedProperties"),
    *("not", "if", "then", "else"),
)
_EXACT_LISTS = ("prefixItems", "allOf", "oneOf", "anyOf")
_EXACT_NAMED = ("properties", "patternProperties", "dependentSchemas")
_COMPOSES = {"allOf", "$ref", *UNIONS}
_MOST = 20_000
"""Definitions; what refers to more of them is not compared any further."""


class Direction(Enum):
    """Who wrote the value that a schema is held against."""

    REQUEST = "request"
    RESPONSE = "response"


class _Mode(Enum):
    """How the object that a schema describes stands to other schemas."""

    WHOLE = "whole"
    """It is the whole value."""
    PART = "part"
    """It is one alternative beside other schemas, which decide together what is too much."""
    OPEN = "open"
    """Another schema decides what is too much, here and below."""
    EXACT = "exact"
    """It is a condition (`not`, `if`), and means exactly what it says."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """What stands beside an alternative about one of its members; several groups of alternatives leave that open."""

    member: Member
    nodes: Nodes
    is_open: bool

    @property
    def key(self) -> Hashable:
        return self.member, tuple(node.place for node in self.nodes), self.is_open


_Beside = tuple[_Shared, ...]


@dataclass(slots=True)
class _Definition:
    schema: Json = True
    refers_to: set[str] = field(default_factory=set)


@dataclass(eq=False)
class Translator:
    """Translates schemas for one direction, each of them once."""

    document: OpenApiDocument
    direction: Direction
    as_broker: bool = False
    """Ask for no more than the broker's comparison does, also where it loses what a document says."""
    unusable: dict[DocumentPlace, str] = field(default_factory=dict)
    """Where a document says something that is no JSON Schema, and what."""
    places: dict[str, DocumentPlace] = field(default_factory=dict)
    """The place of each definition, by its name."""
    _definitions: dict[str, _Definition] = field(default_factory=dict)
    _names: dict[Hashable, str] = field(default_factory=dict)
    _pending: list[tuple[_Definition, Callable[[], Json]]] = field(default_factory=list)
    _current: _Definition = field(default_factory=_Definition)

    def name(self, *nodes: DocumentNode) -> str:
        """The name that a schema has in every bundle, or several that apply together."""
        asked = ("asked", *(node.place for node in nodes))
        known = self._names.get(asked)
        if known is not None:
            return known
        self._current = _Definition()
        name = self._names[asked] = self._named(nodes, _Mode.WHOLE)
        while self._pending:  # one after the other: references may lead on further than calls may be nested
            self._current, render = self._pending.pop()
            self._current.schema = render()
        return name

    def bundle(self, name: str) -> dict[str, Json]:
        """A schema and all that it refers to: a schema of objects that hold values under the names of their schemas."""
        reached, queue = {name}, [name]
        while queue:
            new = self._definitions[queue.pop()].refers_to - reached
            reached |= new
            queue += new
        names = sorted(reached, key=int)
        return {
            "$defs": {each: self._definitions[each].schema for each in names},
            "properties": {each: {"$ref": f"#/$defs/{each}"} for each in names},
        }

    @property
    def _is_response(self) -> bool:
        return self.direction is Direction.RESPONSE

    def _define(self, key: Hashable, place: DocumentPlace, render: Callable[[], Json]) -> str:
        """The name of a definition, which is rendered later."""
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = str(len(self._definitions))
            self._definitions[name] = _Definition()
            self.places[name] = place
            if len(self._definitions) > _MOST:
                self.unusable[place] = "leads to more schemas than are compared"
            else:
                self._pending.append((self._definitions[name], render))
        self._current.refers_to.add(name)
        return name

    def _named(self, nodes: Sequence[DocumentNode], mode: _Mode, beside: _Beside = ()) -> str:
        meant = self._meant(nodes)
        place = (meant or tuple(nodes))[0].place
        return self._define(_key(meant or tuple(nodes), mode, beside), place, lambda: self._schema(meant, mode, beside))

    def _reference(self, nodes: Sequence[DocumentNode], mode: _Mode, beside: _Beside = ()) -> Json:
        return {"$ref": f"#/$defs/{self._named(nodes, mode, beside)}"}

    def _sub(self, node: DocumentNode, mode: _Mode, beside: _Beside = ()) -> Json:
        """A schema inside another one, in place; what is referred to becomes a definition."""
        if meaning(node).place != node.place:
            return self._reference([node], mode, beside)
        return self._schema(self._meant([node]), mode, beside)

    def _meant(self, nodes: Sequence[DocumentNode]) -> Nodes:
        """The schemas that say something, references followed, each of them once."""
        found = {node.place: node for node in map(meaning, nodes)}
        for node in found.values():
            if not isinstance(node.value, dict | bool | None):
                self.unusable[node.place] = "is no schema"
        return tuple(filter(says_something, found.values()))

    def _schema(self, nodes: Nodes, mode: _Mode, beside: _Beside = ()) -> Json:
        """The schema of values that all of some schemas apply to."""
        if any(node.value is False for node in nodes):
            return False
        if mode is _Mode.EXACT:
            return self._exactly(nodes[0]) if nodes else True
        if mode is _Mode.WHOLE and len(nodes) == 1 and not any(key in nodes[0].value for key in UNIONS):
            selected = list(heirs(nodes[0]))
            if selected and (self._is_response or not self.as_broker):
                return self._base_or_heir(nodes[0], selected)
        return self._together(nodes, mode, beside)

    def _together(self, nodes: Nodes, mode: _Mode, beside: _Beside) -> Json:
        """What schemas say with all that they are composed of; null passes where all of them let it."""
        these = parts(nodes)
        if any(part.value is False for part in these):
            return False
        composed = len(these) > 1 or any(part.value.keys() & _COMPOSES for part in these)
        may_be_null = composed and any(is_nullable(part.value) for part in these)
        if not (may_be_null and all(map(allows_null, nodes))):
            return self._composed(nodes, these, mode, beside)
        key = ("not null", *_key(nodes, mode, beside))
        name = self._define(key, nodes[0].place, lambda: self._composed(nodes, these, mode, beside))
        return {"anyOf": [{"type": "null"}, {"$ref": f"#/$defs/{name}"}]}

    def _composed(self, nodes: Nodes, these: Nodes, mode: _Mode, beside: _Beside) -> Json:
        known = members(these)
        next_to = {shared.member: shared for shared in beside}
        held = contested(these, (*known, *next_to))
        whole = _Whole(
            these,
            mode,
            tuple(_joined(member, known.get(member, ()), next_to.get(member), held[member]) for member in held),
            self._never_sent(known),
            _union_mode(these, mode, self.direction),
        )
        in_place = [part.place for part in these] == [node.place for node in nodes] and len(nodes) == 1
        result = self._alone(these[0], whole) if in_place else self._side_by_side(whole)
        for (key, *name), schema in self._members(known, held, next_to, mode, in_place=in_place):
            if name:
                result.setdefault(key, {})[name[0]] = schema
            else:
                result[key] = schema
        self._others(whole, result)
        if self._is_response and not self.as_broker:
            result.get("properties", {}).update(dict.fromkeys(whole.never_sent, False))
        return result

    def _side_by_side(self, whole: _Whole) -> dict[str, Json]:
        """Each part as a definition of its own, so that findings lead to where it stands."""
        names = [
            self._define(("part", part.place, *whole.key), part.place, partial(self._alone, part, whole))
            for part in whole.parts
        ]
        return {"allOf": [{"$ref": f"#/$defs/{name}"} for name in names]} if names else {}

    def _members(
        self,
        known: dict[Member, Nodes],
        held: dict[Member, bool],
        next_to: dict[Member, _Shared],
        mode: _Mode,
        *,
        in_place: bool,
    ) -> Iterator[tuple[Member, Json]]:
        """The schemas of members; those that alternatives speak of are decided there."""
        for member in dict.fromkeys((*known, *next_to)):
            nodes, shared = known.get(member, ()), next_to.get(member)
            is_open = member in held or mode is _Mode.OPEN or (shared is not None and shared.is_open)
            if shared is not None and not is_open:
                yield member, self._reference((*nodes, *shared.nodes), _Mode.WHOLE)
            elif nodes:
                inner = _Mode.OPEN if is_open else _Mode.WHOLE
                yield member, self._sub(nodes[0], inner) if in_place else self._reference(nodes, inner)

    def _others(self, whole: _Whole, result: dict[str, Json]) -> None:
        """What may stand beside the members that the schemas list."""
        inner = _Mode.OPEN if whole.mode is _Mode.OPEN else _Mode.WHOLE
        further = others(whole.parts)
        if isinstance(further, tuple):
            result["additionalProperties"] = self._reference(further, inner)
        unevaluated = [part.raw("unevaluatedProperties") for part in whole.parts]
        if left := [each for each in unevaluated if isinstance(each.value, dict)]:
            result["unevaluatedProperties"] = self._reference(left, inner)
        has_alternatives = any(True for part in whole.parts for _ in conditionals(part))
        decides = whole.mode is _Mode.WHOLE and (
            further is False or whole.union_mode is _Mode.PART or not has_unions(whole.parts)
        )
        if decides and is_closed(whole.parts, in_answers=self._is_response):
            result.setdefault("properties", {})  # without it, findings would not say which property is too much
            result["unevaluatedProperties" if has_alternatives else "additionalProperties"] = False

    def _never_sent(self, known: dict[Member, Nodes]) -> frozenset[str]:
        """The properties that only the other side sends: `writeOnly` ones in answers, `readOnly` ones in requests."""
        keyword = "writeOnly" if self._is_response else "readOnly"
        return frozenset(
            member[1]
            for member, nodes in known.items()
            if member[0] == "properties"
            and any(node.raw(keyword).value is True or node.get(keyword).value is True for node in nodes)
        )

    def _alone(self, part: DocumentNode, whole: _Whole) -> dict[str, Json]:
        """What one part says, but for the members of the value."""
        schema, inner = part.value, _Mode.OPEN if whole.mode is _Mode.OPEN else _Mode.WHOLE
        result = assertions(part, self.unusable)
        if self.as_broker:
            result = as_the_broker_has_it(part, whole.parts, result)
        if "$dynamicRef" in schema:
            self.unusable[part.place.below("$dynamicRef")] = "may mean several schemas"
        for key in _ONE_SCHEMA:
            if isinstance(schema.get(key), dict | bool):
                result[key] = self._sub(part.raw(key), inner)
        if first := branches(part, "prefixItems"):
            inner = inner if len(whole.parts) == 1 else _Mode.OPEN
            if not self.as_broker:
                result["prefixItems"] = [self._sub(each, inner) for each in first]
            result["items"] = self._sub(part.raw("items"), inner)
        if not self._is_response:
            result["required"] = self._required(part, whole)
        self._conditions(part, whole, result)
        self._unions(part, whole, result)
        return result

    def _required(self, part: DocumentNode, whole: _Whole) -> list[str]:
        lists = [listed(each.value.get("required")) for each in whole.parts]
        counted = laid_over(lists) if self.as_broker else listed(part.value.get("required"))
        written = (name for name in listed(part.value.get("required")) if isinstance(name, str))
        return [name for name in written if name not in whole.never_sent and name in counted]

    def _conditions(self, part: DocumentNode, whole: _Whole, result: dict[str, Json]) -> None:
        schema = part.value
        mode = _Mode.OPEN if whole.mode is _Mode.OPEN else _Mode.PART
        for key in ("not", "if"):
            if isinstance(schema.get(key), dict | bool):
                result[key] = self._sub(part.raw(key), _Mode.EXACT)
        for key in ("then", "else"):
            if isinstance(schema.get(key), dict | bool):
                result[key] = self._sub(part.raw(key), mode, whole.shared)
        if isinstance(schema.get("dependentSchemas"), dict):
            named = part.raw("dependentSchemas")
            result["dependentSchemas"] = {name: self._sub(named.raw(name), mode, whole.shared) for name in named.value}
        if isinstance(schema.get("dependentRequired"), dict) and not self._is_response:
            result["dependentRequired"] = schema["dependentRequired"]

    def _unions(self, part: DocumentNode, whole: _Whole, result: dict[str, Json]) -> None:
        mode = whole.union_mode
        for key in UNIONS:
            union = branches(part, key)
            selected = tagged(part, union) if key == "oneOf" else []
            tag = tag_name(part) if selected else None
            if tag is not None:
                result["allOf"] = [
                    *result.get("allOf", []),
                    *(when(tag, tags, self._sub(branch, mode, whole.shared)) for tags, branch in selected),
                    one_of_tags(tag, [each for tags, _ in selected for each in tags]),
                ]
            elif union:
                # Without `required` and closed objects nothing tells branches apart any more.
                lenient = self._is_response and mode is not _Mode.WHOLE
                result["anyOf" if lenient else key] = [self._sub(branch, mode, whole.shared) for branch in union]

    def _base_or_heir(self, node: DocumentNode, selected: list[tuple[list[str], DocumentNode]]) -> Json:
        tag = tag_name(node) or ""
        tags = [each for of_heir, _ in selected for each in of_heir]
        no_heir = {"not": {"properties": {tag: {"enum": tags}}, "required": [tag]}}
        found = [when(tag, of_heir, {"$ref": f"#/$defs/{self._heir(heir)}"}) for of_heir, heir in selected]
        return {"allOf": [{"if": no_heir, "then": self._together((node,), _Mode.WHOLE, ())}, *found]}

    def _heir(self, heir: DocumentNode) -> str:
        return self._define(("heir", heir.place), heir.place, lambda: self._together((heir,), _Mode.WHOLE, ()))

    def _exactly(self, node: DocumentNode) -> Json:
        """A schema word for word."""
        schema = node.value
        result: dict[str, Json] = assertions(node, self.unusable)
        for key in _EXACT_ONES:
            if isinstance(schema.get(key), dict | bool):
                result[key] = self._sub(node.raw(key), _Mode.EXACT)
        for key in _EXACT_LISTS:
            if listing := branches(node, key):
                result[key] = [*result.get(key, []), *(self._sub(each, _Mode.EXACT) for each in listing)]
        for key in _EXACT_NAMED:
            if isinstance(schema.get(key), dict):
                result[key] = {name: self._sub(node.raw(key, name), _Mode.EXACT) for name in schema[key]}
        result["required"] = [name for name in listed(schema.get("required")) if isinstance(name, str)]
        if isinstance(schema.get("dependentRequired"), dict):
            result["dependentRequired"] = schema["dependentRequired"]
        if isinstance(schema.get("$ref"), str):
            result |= self._reference([self.document.follow(node)], _Mode.EXACT)
        is_optional = is_nullable(schema) and schema.keys() & _COMPOSES
        return {"anyOf": [{"type": "null"}, result]} if is_optional else result


@dataclass(frozen=True, slots=True)
class _Whole:
    """Schemas that apply to one value, and what their parts need to know of each other."""

    parts: Nodes
    mode: _Mode
    shared: _Beside
    """What alternatives find beside themselves."""
    never_sent: frozenset[str]
    union_mode: _Mode

    @property
    def key(self) -> tuple[Hashable, ...]:
        places = tuple(part.place for part in self.parts)
        return (places, self.mode, tuple(each.key for each in self.shared))


def _key(nodes: Nodes, mode: _Mode, beside: _Beside) -> tuple[Hashable, ...]:
    return (tuple(node.place for node in nodes), mode, tuple(each.key for each in beside))


def _joined(member: Member, own: Nodes, outer: _Shared | None, several: bool) -> _Shared:  # noqa: FBT001  # internal
    if outer is None:
        return _Shared(member, own, several)
    return _Shared(member, (*own, *outer.nodes), several or outer.is_open)


def _union_mode(these: Nodes, mode: _Mode, direction: Direction) -> _Mode:
    """The branches of a union beside other schemas are parts of one object: each alone would be too narrow."""
    is_beside = shapes_objects(these) and (direction is Direction.RESPONSE or len(these) > 1)
    return _Mode.PART if mode is _Mode.WHOLE and is_beside else mode
