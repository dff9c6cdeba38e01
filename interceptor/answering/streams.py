"""Bodies in pieces: events, lines of JSON, texts, bytes and files, each after its own delay, also one for each item.

A piece holds what it sends as a JSON value; what is no template in it is written once, when the handler is compiled.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from interceptor.answering.delays import Wait, compile_delay, waited
from interceptor.answering.event_streams import event_text
from interceptor.answering.rendering import Compiler, GeneratedMarks, Render, RenderFault, TemplateValues, rendered
from interceptor.answering.template import Template, TemplateFault
from interceptor.answering.templates import compile_expression
from interceptor.handlers.response_part import ServerSentEvent, StreamPiece
from interceptor.project.folder import Folder
from interceptor.project.yaml_nodes import Node
from interceptor.values.decisions import Chunk
from interceptor.values.json_text import Json

Pieces: TypeAlias = Callable[[TemplateValues, GeneratedMarks], tuple[Chunk, ...]]
_Write: TypeAlias = Callable[[Json], bytes]

_EVENT_KEYS = {"event", "data", "id", "retry", "comment"}
_MOST_PIECES = 100_000


@dataclass(frozen=True, slots=True)
class _Piece:
    """One piece as it was compiled, or one for each item of a list."""

    model: ServerSentEvent | StreamPiece
    node: Node
    value: Json
    render: Render | None
    write: _Write
    items: Template | None
    wait: Wait

    def chunks(self, values: TemplateValues, generated: GeneratedMarks) -> Iterator[Chunk]:
        if isinstance(self.model, StreamPiece) and self.model.error is not None:
            yield Chunk(b"", waited(self.wait, values), self.model.error)
            return
        for scope in scopes(self.items, self.node, values):
            value = self.value if self.render is None else self.render(scope, generated)
            yield Chunk(self.data(value), waited(self.wait, scope))

    def data(self, value: Json) -> bytes:
        try:
            return self.write(value)
        except (ValueError, TypeError, RecursionError) as error:
            raise RenderFault(self.node, str(error)) from error


def scopes(items: Template | None, node: Node, values: TemplateValues) -> Iterator[TemplateValues]:
    """The values for each `item` of a list, or just the values where there is none.

    Raises:
        RenderFault: `for_each` gives no list, or too long a one.
    """
    if items is None:
        yield values
        return
    where = node.at("for_each")
    found = rendered(items, where, values)
    if not isinstance(found, list):
        raise RenderFault(where, "for_each needs a list, and this gives none")
    if len(found) > _MOST_PIECES:
        raise RenderFault(where, f"for_each gives {len(found)} pieces; {_MOST_PIECES} are the most")
    for item in found:
        yield {**values, "item": item}


def compile_events(events: Sequence[ServerSentEvent], node: Node, compiler: Compiler) -> Pieces:
    """Server-sent events; what is wrong with them is added to the compiler's problems."""
    pieces = [
        _compiled(each, at, each.model_dump(include=_EVENT_KEYS, exclude_none=True), compiler, write=_event)
        for each, at in _placed(events, node)
    ]
    return partial(_chunks, pieces)


def compile_stream(
    pieces: Sequence[StreamPiece], node: Node, folder: Folder, charset: str, compiler: Compiler
) -> tuple[Pieces, str]:
    """The pieces of a stream, and the content type that they make together."""
    write: dict[str, _Write] = {
        "json": _json_line,
        "text": partial(_text, charset=charset),
        "base64": _bytes,
        "file": partial(_file, folder=folder),
        "error": _text,
    }
    compiled = []
    for each, at in _placed(pieces, node):
        kind = each.kind
        value = None if kind == "error" else getattr(each, "json_" if kind == "json" else kind)
        compiled.append(_compiled(each, at, value, compiler, write=write[kind], key=kind))
    for each, at in [*_placed(pieces, node)][:-1]:
        if each.error is not None:
            compiler.problems.append(at.problem("nothing can be sent after the error; put it last"))
    return partial(_chunks, compiled), _content_type({each.kind for each in pieces} - {"error"})


def _placed(pieces: Sequence[Any], node: Node) -> Iterator[tuple[Any, Node]]:
    """Each piece and where it stands; a single one may be written without a list."""
    yield from ((piece, node.at(index)) for index, piece in enumerate(pieces))


def _content_type(kinds: set[str]) -> str:
    if kinds == {"json"}:
        return "application/x-ndjson"
    return "text/plain; charset=utf-8" if kinds <= {"json", "text"} else "application/octet-stream"


def _compiled(model: Any, node: Node, value: Json, compiler: Compiler, *, write: _Write, key: str = "") -> _Piece:
    where = node.at(key) if key else node
    items = None
    if model.for_each is not None:
        items = compile_items(model.for_each, node.at("for_each"), compiler)
        compiler = replace(compiler, known=(*compiler.known, "item"))
    render = compiler.json(value, where, "response.body")
    wait = compile_delay(model.delay, node.at("delay"), compiler)
    piece = _Piece(model, where if isinstance(model, StreamPiece) else node, value, render, write, items, wait)
    if render is None and getattr(model, "error", None) is None:
        try:
            piece.data(value)
        except RenderFault as fault:
            compiler.problems.append(fault.node.problem(fault.message))
    return replace(piece, node=node)


def compile_items(expression: str, node: Node, compiler: Compiler) -> Template | None:
    """The list of a `for_each`; what is wrong with it is added to the compiler's problems."""
    bare = expression.strip()
    if compiler.literal:
        compiler.problems.append(node.problem("a resolver writes each piece out; leave for_each out"))
        return None
    if bare.startswith("{{") and bare.endswith("}}"):
        message = "for_each is an expression already; leave out the braces"
        compiler.problems.append(node.problem(message, paste=f"for_each: {bare[2:-2].strip()}"))
        return None
    try:
        return compile_expression(expression, compiler.known)
    except TemplateFault as fault:
        compiler.problems.append(node.problem(str(fault)))
        return None


def _chunks(pieces: Sequence[_Piece], values: TemplateValues, generated: GeneratedMarks) -> tuple[Chunk, ...]:
    return tuple(chunk for piece in pieces for chunk in piece.chunks(values, generated))


def _event(fields: Any) -> bytes:
    return event_text(fields).encode()


def _json_line(value: Json) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the value cannot be written as JSON: {error}") from error


def _text(value: Any, charset: str = "utf-8") -> bytes:
    try:
        return str(value).encode(charset)
    except (LookupError, ValueError) as error:
        raise ValueError(f'the text cannot be written in the charset "{charset}": {error}') from error


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode("".join(str(value).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"not base64: {error}") from error


def _file(name: Any, folder: Folder) -> bytes:
    return folder.content(str(name))
