"""Discriminators: which value of a property selects which schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from interceptor.openapi.composition import branches, parts
from interceptor.openapi.document import DocumentNode, DocumentPlace
from interceptor.openapi.keywords import listed
from interceptor.values.json_text import Json


def tag_name(node: DocumentNode) -> str | None:
    """The property that discriminates, None without one; Swagger 2 writes its name alone."""
    written = node.value.get("discriminator")
    name = written.get("propertyName") if isinstance(written, dict) else written
    return name if isinstance(name, str) else None


def tagged(node: DocumentNode, union: Sequence[DocumentNode]) -> list[tuple[list[str], DocumentNode]]:
    """The branches of a union with the values that select each; nothing where the discriminator cannot select."""
    if not isinstance(node.value.get("discriminator"), dict) or tag_name(node) is None:
        return []
    found = [(_tags(branch, node), branch) for branch in union]
    return found if all(tags for tags, _ in found) else []


def heirs(node: DocumentNode) -> Iterator[tuple[list[str], DocumentNode]]:
    """The schemas that are composed of a base schema with a discriminator, with the values that select them."""
    if tag_name(node) is None:
        return
    document = node.document
    schemas = document.root.get(*(["definitions"] if document.is_swagger else ["components", "schemas"]))
    for name, heir in schemas.members():
        inherits = heir.place != node.place and any(part.place == node.place for part in parts(branches(heir, "allOf")))
        if inherits:
            pointer = "/".join((*schemas.place.steps, name.replace("~", "~0").replace("/", "~1")))
            reference = DocumentNode(document, DocumentPlace(schemas.place.file), {"$ref": f"#/{pointer}"})
            yield _tags(reference, node), heir


def when(tag: str, tags: list[str], schema: Json) -> Json:
    """A schema that counts where the tag has one of these values."""
    return {"if": {"type": "object", "properties": {tag: {"enum": tags}}, "required": [tag]}, "then": schema}


def one_of_tags(tag: str, tags: list[str]) -> Json:
    return {"type": "object", "required": [tag], "properties": {tag: {"enum": tags}}}


def _tags(branch: DocumentNode, owner: DocumentNode) -> list[str]:
    """The values for a branch: its own `enum`, the mapping, else the name of its schema."""
    document, discriminator = owner.document, owner.value["discriminator"]
    target = document.follow(branch)
    own = target.get("properties", str(tag_name(owner))).value
    tags = listed(own.get("enum", own.get("const", []))) if isinstance(own, dict) else []
    tags = [each for each in tags if isinstance(each, str)]
    for value, reference in _mapping(discriminator):
        written = reference if "/" in reference or "#" in reference else f"#/components/schemas/{reference}"
        meant = DocumentNode(document, DocumentPlace(owner.place.file), {"$ref": written})
        if document.follow(meant).place == target.place:
            tags.append(value)
    if not tags and target.place != branch.place and target.place.steps:
        tags = [target.place.steps[-1]]
    return list(dict.fromkeys(tags))


def _mapping(discriminator: Any) -> Iterator[tuple[str, str]]:
    mapping = discriminator.get("mapping") if isinstance(discriminator, dict) else None
    for value, reference in (mapping if isinstance(mapping, dict) else {}).items():
        if isinstance(reference, str):
            yield value, reference
