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
from interceptor.answering.rendering import (
    STAND_INS,
    Compiler,
    Render,
    RenderFault,
    StandIn,
    TemplateValues,
    asks_chance,
    asks_sources,
    rendered,
    with_stand_ins,
)
from interceptor.answering.stream_marks import StreamMarks, Write
from interceptor.answering.template import Template, TemplateFault
from interceptor.answering.templates import compile_expression
from interceptor.handlers.response_part import ServerSentEvent, StreamPiece
from interceptor.project.folder import Folder
from interceptor.project.yaml_nodes import Node
from interceptor.values.decisions import Chunk
from interceptor.values.generated import GeneratedMarks
from interceptor.values.json_text import Json

Pieces: TypeAlias = Callable[[TemplateValues, StreamMarks], tuple[Chunk, ...]]

_EVENT_KEYS = {"event", "data", "id", "retry", "comment"}
_MOST_PIECES = 100_000


@dataclass(frozen=True, slots=True)
class _Piece:
    """One piece as it was compiled, or one for each item of a list."""

    model: ServerSentEvent | StreamPiece
    node: Node
    value: Json
    render: Render | None
    write: Write
    charset: str
    items: Template | None
    wait: Wait

    def chunks(self, values: TemplateValues, marks: StreamMarks) -> Iterator[Chunk]:
        if isinstance(self.model, StreamPiece) and self.model.error is not None:
            yield Chunk(b"", waited(self.wait, values), self.model.error)
            return
        for scope in self._scopes(values, marks):
            generated = GeneratedMarks()
            value = self.value if self.render is None else self.render(scope, generated)
            yield Chunk(self.data(value), waited(self.wait, scope))
            marks.add(value, generated, self.write)

    def _scopes(self, values: TemplateValues, marks: StreamMarks) -> Iterator[TemplateValues]:
        if self.items is None:
            yield values
            return
        items = items_of(self.items, self.node, values)
        others = with_stand_ins(self.items.render, values) if asks_sources(self.items, values) else None
        if others is None:
            yield from ({**values, "item": item} for item in items)
            return
        if any(not isinstance(other, list) or len(other) != len(items) for other in others):
            marks.lose()
            yield from ({**values, "item": item} for item in items)
            return
        chance, made = asks_chance(self.items, values), values.get(STAND_INS) or {}
        for item, low, high in zip(items, *others, strict=True):
            yield {**values, "item": item, STAND_INS: {**made, "item": StandIn(low, high, chance)}}

    def data(self, value: Json) -> bytes:
        try:
            written = self.write(value)
            return written if isinstance(written, bytes) else _encoded(written, self.charset)
        except (ValueError, TypeError, RecursionError) as error:
            raise RenderFault(self.node, str(error)) from error


def items_of(items: Template, node: Node, values: TemplateValues) -> list[Json]:
    """The list that a `for_each` gives.

    Raises:
        RenderFault: it gives none, or too long a one.
    """
    where = node.at("for_each")
    found = rendered(items, where, values)
    if not isinstance(found, list):
        raise RenderFault(where, "for_each needs a list, and this gives none")
    if len(found) > _MOST_PIECES:
        raise RenderFault(where, f"for_each gives {len(found)} pieces; {_MOST_PIECES} are the most")
    return found


def compile_events(events: Sequence[ServerSentEvent], node: Node, charset: str, compiler: Compiler) -> Pieces:
    """Server-sent events; what is wrong with them is added to the compiler's problems."""
    pieces = [
        _compiled(
            each, at, each.model_dump(include=_EVENT_KEYS, exclude_none=True), compiler, write=_event, charset=charset
        )
        for each, at in _placed(events, node)
    ]
    return partial(_chunks, pieces)


def compile_stream(
    pieces: Sequence[StreamPiece], node: Node, folder: Folder, charset: str, compiler: Compiler
) -> tuple[Pieces, str]:
    """The pieces of a stream, and the content type that they make together."""
    write: dict[str, Write] = {
        "json": _json_line,
        "text": str,
        "base64": _bytes,
        "file": partial(_file, folder=folder),
        "error": str,
    }
    compiled = []
    for each, at in _placed(pieces, node):
        kind = each.kind
        value = None if kind == "error" else getattr(each, "json_" if kind == "json" else kind)
        compiled.append(_compiled(each, at, value, compiler, write=write[kind], charset=charset, key=kind))
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


def _compiled(
    model: Any, node: Node, value: Json, compiler: Compiler, *, write: Write, charset: str, key: str = ""
) -> _Piece:
    where = node.at(key) if key else node
    items = None
    if model.for_each is not None:
        items = compile_items(model.for_each, node.at("for_each"), compiler)
        compiler = replace(compiler, known=(*compiler.known, "item"))
    render = compiler.json(value, where, "response.body")
    wait = compile_delay(model.delay, node.at("delay"), compiler)
    piece = _Piece(model, where if isinstance(model, StreamPiece) else node, value, render, write, charset, items, wait)
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


def _chunks(pieces: Sequence[_Piece], values: TemplateValues, marks: StreamMarks) -> tuple[Chunk, ...]:
    return tuple(chunk for piece in pieces for chunk in piece.chunks(values, marks))


def _event(fields: Any) -> str:
    return event_text(fields)


def _json_line(value: Json) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the value cannot be written as JSON: {error}") from error


def _encoded(text: str, charset: str) -> bytes:
    try:
        return text.encode(charset)
    except (LookupError, ValueError) as error:
        raise ValueError(f'the text cannot be written in the charset "{charset}": {error}') from error


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode("".join(str(value).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"not base64: {error}") from error


def _file(name: Any, folder: Folder) -> bytes:
    return folder.content(str(name))
