"""A provider document with all its files: values with their places, and references followed."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from interceptor.openapi.files import is_url, read_file
from interceptor.openapi.named_schemas import HOLDS_DATA, HOLDS_NAMES, NamedSchemas, joined, named_schemas
from interceptor.values.errors import DocumentError
from interceptor.values.json_text import Json


@dataclass(frozen=True, slots=True)
class DocumentPlace:
    """Where a value stands: `openapi/products.yaml#/paths/~1products~1{id}/get`."""

    file: str
    steps: tuple[str, ...] = ()

    def below(self, *steps: str | int) -> DocumentPlace:
        return DocumentPlace(self.file, (*self.steps, *map(str, steps)))

    def __str__(self) -> str:
        return f"{self.file}#" + "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in self.steps)


@dataclass(frozen=True, slots=True)
class DocumentNode:
    """A value of a document and where it stands."""

    document: OpenApiDocument
    place: DocumentPlace
    value: Any

    def raw(self, *steps: str | int) -> DocumentNode:
        """What stands below, None where nothing does; a reference stays one."""
        value = self.value
        for step in steps:
            value = _member(value, step)
        return DocumentNode(self.document, self.place.below(*steps), value)

    def get(self, *steps: str | int) -> DocumentNode:
        """What stands below, None where nothing does, references followed on the way and at its end."""
        node = self.document.follow(self)
        for step in steps:
            node = self.document.follow(node.raw(step))
        return node

    def members(self) -> Iterator[tuple[str, DocumentNode]]:
        """The members of an object, references followed; nothing for anything else."""
        if isinstance(self.value, dict):
            for key in self.value:
                yield key, self.get(key)

    def items(self) -> Iterator[DocumentNode]:
        """The elements of an array, references followed; nothing for anything else."""
        if isinstance(self.value, list):
            for index in range(len(self.value)):
                yield self.get(index)


@dataclass(eq=False)
class OpenApiDocument:
    """A provider document; its files are read when a reference leads into them."""

    name: str
    """The root file as messages name it: relative to `folder`, or a URL."""
    folder: Path
    files: dict[str, Json] = field(default_factory=dict)
    reach: tuple[Path, ...] = ()
    """The folders that references may lead into."""
    broken: dict[DocumentPlace, str] = field(default_factory=dict)
    """References that lead nowhere and were met so far: what each one says."""
    _named: dict[str, NamedSchemas] = field(default_factory=dict)
    """By file."""
    _identifiers: dict[str, DocumentPlace] = field(default_factory=dict)
    """The schemas with an `$id`, by the address that this gives them."""
    _unread: dict[str, str] = field(default_factory=dict)
    """Why files that references lead to were not read."""

    @property
    def root(self) -> DocumentNode:
        return DocumentNode(self, DocumentPlace(self.name), self.files[self.name])

    @cached_property
    def version(self) -> str:
        """`2.0`, `3.0` or `3.1`."""
        value = self.root.value
        return ".".join(str(value.get("openapi") or value.get("swagger")).split(".")[:2])

    @property
    def is_swagger(self) -> bool:
        return self.version == "2.0"

    def follow(self, node: DocumentNode) -> DocumentNode:
        """The node that a reference leads to, however many there are in between; others are themselves.

        A reference that leads nowhere gives a node without a value and is noted in `broken`.
        """
        seen = set()
        while isinstance(node.value, dict) and isinstance(reference := node.value.get("$ref"), str):
            target = None if node.place in seen else self._target(reference, node.place)
            if target is None:
                self.broken[node.place.below("$ref")] = reference
                return DocumentNode(self, node.place, None)
            seen.add(node.place)
            node = target
        return node

    def all_broken(self) -> dict[DocumentPlace, str]:
        """Every reference of every file that leads nowhere, met or not."""
        walked: set[int] = set()
        queue = [self.root]
        found: dict[DocumentPlace, str] = {}
        while queue:
            node = queue.pop()
            if id(node.value) in walked:
                continue
            walked.add(id(node.value))
            if isinstance(node.value, list):
                queue += [node.raw(index) for index, each in enumerate(node.value) if isinstance(each, dict | list)]
                continue
            reference = node.value.get("$ref")
            if isinstance(reference, str):
                target = self._target(reference, node.place)
                if target is None:
                    found[node.place.below("$ref")] = reference
                elif isinstance(target.value, dict | list):
                    queue.append(target)
            named = node.place.steps[-1:] and node.place.steps[-1] in HOLDS_NAMES
            queue += [
                node.raw(key)
                for key, each in node.value.items()
                if isinstance(each, dict | list) and (named or key not in HOLDS_DATA)
            ]
        return found

    def why_broken(self, reference: str, place: DocumentPlace) -> str:
        """What is to be said about a reference of a place that leads nowhere: `leads nowhere: it is no file`."""
        name = self._relative(reference.partition("#")[0], place.file)
        reason = None if name is None else self._unread.get(name)
        return "leads nowhere" if reason is None else f"leads nowhere: {reason}"

    def anchored(self, anchor: str, file: str) -> list[DocumentNode]:
        """The schemas of a file that carry an `$anchor` or a `$dynamicAnchor`."""
        return [self._at(DocumentPlace(file, steps)) for steps in self._names(file).anchors.get(anchor, ())]

    def _target(self, reference: str, place: DocumentPlace) -> DocumentNode | None:
        address, _, fragment = reference.partition("#")
        base, resource = self._resource(place)
        roots = [
            resource,
            DocumentPlace(place.file),
        ]  # many write references from the root of the file below an `$id` too
        if address:
            identified = self._identified(joined(base, address))
            roots = [identified] if identified else []
            name = None if identified else self._relative(address, place.file)
            if name is not None and self._is_read(name):
                roots = [DocumentPlace(name)]
        if fragment and not fragment.startswith("/"):
            return next((node for root in roots for node in self.anchored(fragment, root.file)), None)
        steps = [unquote(step).replace("~1", "/").replace("~0", "~") for step in fragment.split("/")[1:]]
        found = (self._at(root.below(*steps)) for root in roots)
        return next((node for node in found if node.value is not None), None)

    def _at(self, place: DocumentPlace) -> DocumentNode:
        value = self.files[place.file]
        for step in place.steps:
            value = _member(value, step)
        return DocumentNode(self, place, value)

    def _resource(self, place: DocumentPlace) -> tuple[str, DocumentPlace]:
        """The address that references of a place start from, and the schema whose `$id` says so, or the file."""
        base, found = "", DocumentPlace(place.file)
        if self.version == "3.1":
            value = self.files[place.file]
            for depth, step in enumerate((*place.steps, "")):
                if isinstance(value, dict) and isinstance(value.get("$id"), str):
                    base, found = joined(base, value["$id"]), DocumentPlace(place.file, place.steps[:depth])
                value = _member(value, step)
        return base, found

    def _identified(self, address: str) -> DocumentPlace | None:
        if self.version != "3.1":
            return None
        for file in [] if len(self._named) == len(self.files) else list(self.files):
            self._names(file)
        return self._identifiers.get(address)

    def _names(self, file: str) -> NamedSchemas:
        if file not in self._named:
            self._named[file] = named_schemas(self.files[file])
            for address, steps in self._named[file].ids.items():
                self._identifiers.setdefault(address, DocumentPlace(file, steps))
        return self._named[file]

    def _relative(self, address: str, base: str) -> str | None:
        """The name of another file, None where it is out of reach: what is local stays so, what is remote too."""
        if is_url(base):
            url = joined(base, address)
            return url if _host(url) == _host(base) else None
        path = posixpath.join(posixpath.dirname(base), unquote(address))
        return None if "://" in address else posixpath.normpath(path)

    def _is_read(self, name: str) -> bool:
        if name not in self.files:
            self.files[name] = None
            try:
                if "\0" in name:
                    self._unread[name] = "a file's name has no NUL"
                elif is_url(name) or self._is_in_reach(name):
                    self.files[name] = read_file(name, self.folder)
                else:
                    self._unread[name] = (
                        "it is outside the document's folder (--refs FOLDER lets references lead there)"
                    )
            except (DocumentError, ValueError) as error:
                self._unread[name] = str(error)
        return self.files[name] is not None

    def _is_in_reach(self, name: str) -> bool:
        file = (self.folder / name).resolve()
        return any(file.is_relative_to(folder) for folder in self.reach)


def open_document(where: str, folder: Path, refs: Sequence[Path] = ()) -> OpenApiDocument:
    """Read a provider document.

    Args:
        where: a URL, or a path, relative to `folder`.
        folder: messages name files relative to it. References may lead into the folder of the document, and into
            this one where the document is in it.
        refs: further folders that references may lead into.

    Raises:
        DocumentError: where it cannot be read, or is no OpenAPI document of a version known here.
    """
    name = where if is_url(where) else os.path.relpath(folder / where, folder).replace(os.sep, "/")
    value = read_file(name, folder)
    remedy = "name an OpenAPI 3.0 or 3.1 or a Swagger 2.0 document"
    if not isinstance(value, dict) or not ("openapi" in value or "swagger" in value):
        raise DocumentError(f'{name} is not an OpenAPI document: it has neither "openapi" nor "swagger"', remedy)
    document = OpenApiDocument(name, folder, {name: value}, _reach(name, folder, refs))
    if document.version not in {"2.0", "3.0", "3.1"} or (document.is_swagger and "openapi" in value):
        kind = "openapi" if "openapi" in value else "swagger"
        raise DocumentError(f'{name} says "{kind}: {value[kind]}", which is not supported', remedy)
    if not isinstance(value.get("paths"), dict) and (document.version != "3.1" or "paths" in value):
        raise DocumentError(f'{name} is broken: its "paths" are missing, or no mapping', "correct the document")
    return document


def _reach(name: str, folder: Path, refs: Sequence[Path]) -> tuple[Path, ...]:
    around, own = folder.resolve(), (folder / name).resolve().parent
    return (around if own.is_relative_to(around) else own, *(each.resolve() for each in refs))


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return None


def _member(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(str(step))
    if isinstance(value, list) and str(step).isdecimal() and int(step) < len(value):
        return value[int(step)]
    return None
