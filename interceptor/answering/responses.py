"""A handler's answers: static ones computed once, the others rendered for the request."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlencode

from interceptor.answering.delays import Wait, compile_delay, waited
from interceptor.answering.files import validators
from interceptor.answering.passing import CompiledPassing, compile_passing
from interceptor.answering.rendering import (
    KNOWN_NAMES,
    Compiler,
    Render,
    RenderFault,
    TemplateValues,
    constant_text,
    constant_value,
    generate_file,
    with_low,
)
from interceptor.answering.stream_marks import StreamMarks
from interceptor.answering.streams import compile_events, compile_stream
from interceptor.answering.template import TemplateFault
from interceptor.answering.templates import compile_file
from interceptor.handlers.response_part import PassedOn, ResponseEntry
from interceptor.project.folder import Folder, file_type
from interceptor.project.yaml_nodes import Node
from interceptor.values.decisions import Chunk, Fault
from interceptor.values.generated import GeneratedMarks, in_base64
from interceptor.values.json_text import Json
from interceptor.values.media_types import FORM_MEDIA_TYPE, JSON_MEDIA_TYPE, media_type
from interceptor.values.messages import BODILESS, Headers, Response

EVENT_STREAM_MEDIA_TYPE = "text/event-stream"
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_BREAKS_HEADER = re.compile(r"[\r\n\0]")
_TEXT_TYPES = {"text": "text/plain", "html": "text/html", "xml": "text/xml"}


@dataclass(frozen=True, slots=True)
class RenderedBody:
    """The bytes of a body, its content type where it has one, and its JSON value where it was given as JSON."""

    data: bytes = b""
    content_type: str | None = None
    json: Json = None
    stream: tuple[Chunk, ...] = ()
    text: str | None = None
    """Where it was given as text, which a charset may have written in other bytes."""
    validators: Headers = ()
    """Of a file that is given as it is."""


BodyOf: TypeAlias = RenderedBody | Callable[[TemplateValues, GeneratedMarks], RenderedBody]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one entry answers to one request."""

    response: Response
    json: Json
    generated: GeneratedMarks | None = None
    """None where nothing was generated."""
    stream: tuple[Chunk, ...] = ()
    is_file: bool = False
    """True where a client may ask for a part of it, or whether it is another one by now."""


@dataclass(frozen=True, slots=True)
class CompiledEntry:
    """One entry of a handler's list of answers."""

    model: ResponseEntry
    node: Node
    status: int | Render
    headers: Sequence[tuple[str, str | Render]]
    body: BodyOf
    static: Answer | None = None
    wait: Wait = 0.0
    pace: ResponseEntry | None = None
    """The entry, if it says that a whole body is sent in pieces."""
    passing: CompiledPassing | None = None
    """Where a request goes that is passed on otherwise than unchanged."""
    fault: Fault | None = None
    """How the connection fails; if it does between two pieces, the response is truncated there."""

    @property
    def declared_headers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name, _ in self.headers))

    def delay(self, values: TemplateValues) -> float:
        """Milliseconds to wait before this answer, infinity for never."""
        return waited(self.wait, values)

    def answer(self, values: TemplateValues) -> Answer:
        """The answer to a request.

        Raises:
            RenderFault: where a template fails.
        """
        if self.static is not None:
            return self.static
        generated = GeneratedMarks()
        body = self.body if isinstance(self.body, RenderedBody) else self.body(values, generated)
        given = [
            (name, value if isinstance(value, str) else self._header(name, value(values, generated)))
            for name, value in self.headers
        ]
        headers = [(name, value) for name, value in given if value is not None]
        status = self.status if isinstance(self.status, int) else self._status(self.status(values, generated))
        return _answer(self.node, status, headers, body, generated)

    def _status(self, value: Any) -> int:
        try:
            status = int(value)
        except (TypeError, ValueError):
            status = 0
        if not 200 <= status <= 599:
            raise RenderFault(self.node.at("status"), f"{value!r} is not a status from 200 to 599")
        return status

    def _header(self, name: str, value: Any) -> str | None:
        """The text of a header; None, so that there is none, where its template gives null."""
        if value is None:
            return None
        text = str(value)
        if _BREAKS_HEADER.search(text):
            raise RenderFault(self.node.at("headers", name), f'the value of "{name}" holds a line break')
        return text


def compile_entry(entry: ResponseEntry, node: Node, folder: Folder, compiler: Compiler) -> CompiledEntry:
    """Compile one entry; what is wrong with it is added to the compiler's problems."""
    status: int | Render = 200
    if isinstance(entry.status, int):
        status = entry.status
    elif entry.status is not None:
        template = compiler.text(entry.status, node.at("status"), "response.status")
        if isinstance(template, str):
            compiler.problems.append(node.at("status").problem(f'"{template}" is not a status; write a number'))
        else:
            status = template
    headers = _compile_headers(entry.headers, node.at("headers"), compiler)
    body = _compile_body(entry, node, folder, compiler)
    if entry.body_kind and status in BODILESS:
        compiler.problems.append(node.at(entry.body_kind).problem(f"a response with status {status} has no body"))
    _refuse_coding(entry, headers, node, compiler)
    fault: Fault | None = "truncated" if any(piece.error for piece in entry.stream or ()) else entry.error
    wait = compile_delay(entry.delay, node.at("delay"), compiler)
    pace = None if entry.dribble is None and entry.bandwidth is None else entry
    passing = None
    if isinstance(entry.passthrough, PassedOn):
        passing = compile_passing(entry.passthrough, node.at("passthrough"), compiler)
    plain, static = [(name, value) for name, value in headers if isinstance(value, str)], None
    if isinstance(status, int) and isinstance(body, RenderedBody) and len(plain) == len(headers):
        try:
            static = _answer(node, status, plain, body, None)
        except RenderFault as broken:
            compiler.problems.append(broken.node.problem(broken.message))
    return CompiledEntry(entry, node, status, headers, body, static, wait, pace, passing, fault)


def _refuse_coding(
    entry: ResponseEntry, headers: Sequence[tuple[str, str | Render]], node: Node, compiler: Compiler
) -> None:
    """Bodies are sent as they are; of those that are no bytes in the handler, none is in a content coding."""
    coded = any(name == "content-encoding" and value != "identity" for name, value in headers)
    if coded and (entry.passthrough is not None or entry.body_kind not in {None, "base64", "file"}):
        message = "the body is not sent in a content coding: leave content-encoding out, or give coded bytes as a file"
        compiler.problems.append(_header_node(node, "content-encoding").problem(message))


def _answer(
    node: Node, status: int, headers: Sequence[tuple[str, str]], body: RenderedBody, generated: GeneratedMarks | None
) -> Answer:
    complete: Headers = tuple(headers)
    if body.content_type == EVENT_STREAM_MEDIA_TYPE and all(name != "cache-control" for name, _ in headers):
        complete = (*complete, ("cache-control", "no-cache"))
    said = next((value for name, value in headers if name == "content-type"), None)
    if body.content_type and said is None:
        complete = (("content-type", body.content_type), *complete)
    is_file = status == 200 and bool(body.validators)
    if is_file:
        names = {name for name, _ in headers}
        complete = (*complete, *(each for each in body.validators if each[0] not in names))
    data = body.data if body.text is None else _encoded(body.text, media_type(said).charset, node)
    return Answer(Response(status, complete, data), body.json, generated, body.stream, is_file)


def _encoded(text: str, charset: str, node: Node) -> bytes:
    if charset.lower() == "utf-8":
        return text.encode("utf-8", "replace")
    try:
        return text.encode(charset)
    except (LookupError, ValueError) as error:
        where = _header_node(node, "content-type")
        raise RenderFault(where, f'the body cannot be written in the charset "{charset}": {error}') from error


def _header_node(node: Node, name: str) -> Node:
    """Where a header stands, whatever its capitals."""
    headers = node.at("headers")
    return next((headers.at(each) for each in headers.members if each.lower() == name), headers)


def _compile_headers(
    headers: Mapping[str, str | list[str]], node: Node, compiler: Compiler
) -> list[tuple[str, str | Render]]:
    compiled: list[tuple[str, str | Render]] = []
    for name, value in headers.items():
        where = node.at(name)
        if not _HEADER_NAME.match(name):
            compiler.problems.append(where.problem(f'"{name}" cannot be the name of a header'))
        for index, each in enumerate(value if isinstance(value, list) else [value]):
            if _BREAKS_HEADER.search(each):
                compiler.problems.append(where.problem(f'the value of "{name}" holds a line break'))
            place = f"response.headers.{name.lower()}"
            key = f"{place}[{index}]" if isinstance(value, list) else place
            compiled.append((name.lower(), compiler.text(each, where.at(index), place, key)))
    return compiled


def _compile_body(entry: ResponseEntry, node: Node, folder: Folder, compiler: Compiler) -> BodyOf:
    kind = entry.body_kind
    if kind is None:
        return RenderedBody()
    where = node.at(kind)
    match kind:
        case "json":
            return _json_body(entry.json_, where, compiler)
        case "text" | "html" | "xml":
            return _text_body(getattr(entry, kind) or "", _TEXT_TYPES[kind], where, compiler)
        case "form":
            return _form_body(entry.form or {}, where, compiler)
        case "base64":
            return _base64_body(entry.base64 or "", where, compiler)
        case "sse" | "stream":
            return _stream_body(entry, where, folder, compiler)
        case _:
            return _file_body(entry.file or "", where, folder, compiler)


def _json_body(value: Json, node: Node, compiler: Compiler) -> BodyOf:
    def body(value: Json) -> RenderedBody:
        try:
            data = _as_json(value).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise RenderFault(node, f"the value cannot be written as JSON: {error}") from error
        return RenderedBody(data, JSON_MEDIA_TYPE, value)

    render = compiler.json(value, node, "response.$")
    return body(value) if render is None else lambda values, generated: body(render(values, generated))


def _text_body(text: str, content_type: str, node: Node, compiler: Compiler) -> BodyOf:
    def body(value: Any) -> RenderedBody:
        content = str(value)
        parameter = "" if content.isascii() else "; charset=utf-8"
        return RenderedBody(content_type=content_type + parameter, text=content)

    render = compiler.text(text, node, "response.body")
    return body(render) if isinstance(render, str) else lambda values, generated: body(render(values, generated))


def _form_body(fields: Mapping[str, Any], node: Node, compiler: Compiler) -> BodyOf:
    def body(value: Mapping[str, Any]) -> RenderedBody:
        return RenderedBody(urlencode(value, doseq=True).encode(), FORM_MEDIA_TYPE)

    render = compiler.json(dict(fields), node, "response.form")
    if render is None:
        return body(fields)

    def rendered_form(values: TemplateValues, generated: GeneratedMarks) -> RenderedBody:
        given = render(values, generated)
        if (generated.spans or generated.constants) and any(map(_is_nested, given.values())):
            low = body(constant_value(render, values)).data
            generated.constants["response.body"] = in_base64(low)
        return body(given)

    return rendered_form


def _is_nested(value: Json) -> bool:
    """Whether the value of a field is no text, number or list of these, so that parts of it have no place."""
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, dict | list) for v in value))


def _base64_body(text: str, node: Node, compiler: Compiler) -> BodyOf:
    def body(value: Any) -> RenderedBody:
        try:
            data = base64.b64decode("".join(str(value).split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise RenderFault(node, f"not base64: {error}") from error
        return RenderedBody(data, "application/octet-stream")

    render = compiler.text(text, node, "response.body")
    if not isinstance(render, str):

        def rendered_bytes(values: TemplateValues, generated: GeneratedMarks) -> RenderedBody:
            coded = GeneratedMarks()
            given = body(render(values, coded))
            generated.places += coded.places
            if coded.spans or coded.constants:
                low = body(constant_text(render, values))
                generated.constants["response.body"] = in_base64(low.data)
            return given

        return rendered_bytes
    try:
        return body(render)
    except RenderFault as fault:
        compiler.problems.append(node.problem(fault.message))
        return RenderedBody()


def _file_body(name: str, node: Node, folder: Folder, compiler: Compiler) -> BodyOf:
    def body(name: str, values: TemplateValues, generated: GeneratedMarks) -> RenderedBody:
        content = folder.content(name)
        if not name.endswith(".j2"):
            return RenderedBody(content, file_type(name), validators=validators(content))
        template = compile_file(content.decode(), KNOWN_NAMES, name)
        place = "response.$" if media_type(file_type(name.removesuffix(".j2"))).is_json else "response.body"
        generated.places.append(place)
        text = str(generate_file(template, node, values, place, generated))
        return RenderedBody(content_type=file_type(name.removesuffix(".j2")), text=text)

    def rendered_name(values: TemplateValues, generated: GeneratedMarks) -> RenderedBody:
        marks = GeneratedMarks()
        chosen = name if isinstance(render, str) else str(render(values, marks))
        try:
            if not (marks.constants or marks.spans):
                return body(chosen, values, generated)
            low = with_low(lambda low: body(constant_text(render, low), low, GeneratedMarks()), values)
            generated.constants["response.body"] = in_base64(low.data if low.text is None else low.text.encode())
            given = body(chosen, values, marks)
        except (ValueError, TemplateFault) as error:
            raise RenderFault(node, str(error)) from error
        generated.places += marks.places
        return given

    render = compiler.text(name, node, "response.file")
    if not isinstance(render, str):
        return rendered_name
    try:
        if not name.endswith(".j2"):
            return body(name, {}, GeneratedMarks())
        compiler.reads |= compile_file(folder.content(name).decode(), KNOWN_NAMES, name).reads
    except (ValueError, TemplateFault) as error:
        compiler.problems.append(node.problem(str(error)))
    return rendered_name


def _stream_body(entry: ResponseEntry, node: Node, folder: Folder, compiler: Compiler) -> BodyOf:
    said = next((value for name, value in entry.headers.items() if name.lower() == "content-type"), None)
    charset = media_type(said).charset if isinstance(said, str) and "{{" not in said else "utf-8"
    if entry.sse is not None:
        pieces, content_type = compile_events(entry.sse, node, charset, compiler), EVENT_STREAM_MEDIA_TYPE
    else:
        pieces, content_type = compile_stream(entry.stream or [], node, folder, charset, compiler)

    def body(values: TemplateValues, generated: GeneratedMarks) -> RenderedBody:
        marks = StreamMarks()
        chunks = pieces(values, marks)
        if not marks.note(generated, charset):
            low = with_low(lambda low: pieces(low, StreamMarks()), values)
            generated.constants["response.body"] = in_base64(b"".join(chunk.data for chunk in low))
        return RenderedBody(b"".join(chunk.data for chunk in chunks), content_type, None, chunks)

    return body
